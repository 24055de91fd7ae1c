//! Black-box tests: the real binary, real clients, over HTTP.

mod clients;
mod crash;
mod harness;
mod phones;
