//! Black-box tests: the real binary, real clients, over HTTP.

mod crash;
mod harness;
mod phones;
