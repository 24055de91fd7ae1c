//! Rules of merge.
