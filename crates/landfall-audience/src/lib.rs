//! Who belongs to an audience, and who may be sent what.
//!
//! - [`Filter`]: the filter grammar of the App API.
//! - [`Condition`]: what must be true of a person, over attributes, events, messages, devices,
//!   consent and segments, with the moment at which the answer next changes by itself.
//! - [`Profile`]: what was counted about a person ([`Pattern`], [`Tally`]) and the segments that the
//!   person is in; [`Segments`] keeps them current, input by input.
//! - [`eligible`]: whether a message may go to a person now, under a [`Policy`].
//!
//! Pure: everything looks at a [`Person`](landfall_domain::person::Person) that somebody else loaded
//! and takes the time as an argument. No store, no provider, no clock.

mod answer;
pub mod built_in;
mod comparison;
mod condition;
pub mod definition;
mod device_filter;
mod eligibility;
mod event_data;
mod field;
mod fields;
mod filter;
mod glob;
mod happening;
mod hashing;
mod limits;
mod liveness;
mod logic;
mod path;
mod pattern;
mod policy;
mod profile;
mod reach;
#[cfg(test)]
mod sample;
mod segments;
mod tally;
mod touched;
mod value;
mod zone;

pub use answer::{Answer, EventInHand, Explanation, Scene};
pub use condition::Condition;
pub use device_filter::DeviceFilter;
pub use eligibility::{
    MessageFacts, Rule, RuleChecked, Verdict, eligible, explain_eligibility, may_leave,
};
pub use fields::{field, fields, text_of};
pub use filter::{
    DEPTH_MAX, Filter, FilterError, ManualSegments, NODES_MAX, Narrowing, SegmentMembership, Test,
};
pub use happening::{DeviceChange, Happening, MessageLabel, happenings_of};
pub use liveness::{Lesson, LessonOfKind, Liveness};
pub use pattern::{EventFilter, Pattern, PatternId, Patterns};
pub use policy::{Cap, Policy, QuietHours, QuietThen};
pub use profile::{Profile, ProfileError, RecentSend};
pub use reach::{TokenState, reach};
pub use segments::{SegmentChange, Segments};
pub use tally::Tally;
pub use touched::{Cause, Touched};
pub use zone::{TimeOfDay, WeekdaySet, WeeklyWindow, Zone};
