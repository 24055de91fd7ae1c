//! Tests.

mod conformance;
mod journal;
