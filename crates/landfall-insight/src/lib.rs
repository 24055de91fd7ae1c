//! Placeholder crate doc, replaced in the first slice.
