//! Tests.

mod conformance;
