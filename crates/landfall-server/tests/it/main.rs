//! Black-box tests: the real binary, real clients, over HTTP.

mod clients;
mod commands;
mod crash;
mod harness;
mod phones;
mod restart;
mod webhooks;
