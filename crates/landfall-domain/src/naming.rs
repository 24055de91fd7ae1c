//! Naming convention.
