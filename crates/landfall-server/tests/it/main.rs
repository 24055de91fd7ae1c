//! Black-box tests: the real binary, real clients, over HTTP.

mod alerts;
mod clients;
mod commands;
mod crash;
mod credentials;
mod demo;
mod docs;
mod experiments;
mod fleet;
mod harness;
mod identity;
mod journeys;
mod phones;
mod policy;
mod restart;
mod segments;
mod sending;
mod unsubscribe;
mod webhooks;
mod webhooks_out;
