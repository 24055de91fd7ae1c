//! Tests.

mod conformance;
mod journal;
mod layers;
