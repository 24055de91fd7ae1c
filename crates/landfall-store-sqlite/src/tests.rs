//! Tests.

mod conformance;
mod journal;
mod layers;
mod people;
mod progress;
