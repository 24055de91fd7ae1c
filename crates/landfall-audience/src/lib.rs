//! Who belongs to an audience: the filter grammar of the App API and what its fields mean.
//!
//! Pure: a [`Filter`] looks at a [`Person`](landfall_domain::person::Person) that somebody else
//! loaded, and asks a [`SegmentMembership`] about segments. No store, no provider, no clock.

mod fields;
mod filter;

pub use fields::{field, fields, text_of};
pub use filter::{
    DEPTH_MAX, Filter, FilterError, ManualSegments, NODES_MAX, Narrowing, SegmentMembership, Test,
};
