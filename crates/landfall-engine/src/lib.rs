//! The loops that make Landfall run, between the doors (`landfall-api`) and the stores.
//!
//! [`Workspace`] is the handle: inputs are submitted to it and are durable when it answers; reads,
//! board queries and live changes come from it. [`open`] starts a workspace on a store.

pub mod broadcast;
pub mod catalogue;
pub mod coverage;
pub mod credentials;
pub mod definitions;
pub mod diagnosis;
pub mod directory;
pub mod dispatch;
pub mod experiments;
pub mod feed;
pub mod forecast;
pub mod heartbeat;
pub mod identity;
pub mod intake;
mod interests;
pub mod journey_hooks;
pub mod journeys;
pub mod links;
mod live;
pub mod monitor;
mod open;
pub mod qa;
pub mod random;
mod reactor;
pub mod replay;
pub mod reporting;
pub mod roster;
pub mod rules;
pub mod runbook_ticks;
pub mod schedules;
pub mod seal;
pub mod segments;
pub mod snippets;
pub mod survival;
#[cfg(test)]
mod tests;
pub mod timers;
pub mod verdicts;
pub mod views;
pub mod workspace;

pub use catalogue::Catalogue;
pub use credentials::Sending;
pub use directory::Directory;
pub use dispatch::Dispatcher;
pub use heartbeat::Heartbeat;
pub use intake::SubmitError;
pub use interests::ProductFollower;
pub use landfall_domain::decide::Taken;
pub use links::Links;
pub use monitor::Monitor;
pub use open::{Opened, Options, open};
pub use reporting::{Reporter, Reporting};
pub use roster::Roster;
pub use schedules::Scheduler;
pub use timers::Timekeeper;
pub use workspace::{Rebuild, Workspace};

/// Something that Landfall does by itself, as an input.
pub(crate) const fn input_of_ours(
    body: landfall_domain::input::Body,
) -> landfall_domain::input::Input {
    landfall_domain::input::Input {
        source: landfall_domain::input::Source::Landfall,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}
