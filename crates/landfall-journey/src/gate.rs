//! The launch gate: what a journey must have before anybody enters it, and what was waived with a reason.
//!
//! Pure: the definition, the names that its messages have in reports, the latest run of its test profiles,
//! and the log of waivers come in; one standing for each requirement comes out. Whoever keeps journeys asks
//! at every way to a start.

mod checks;
#[cfg(test)]
mod tests;
mod waivers;

use landfall_audience::definition::Fault;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::Definition;

pub use waivers::{BY_MAX, REASON_MAX, Waiver, WaiverAction, in_force};

/// What the gate asks for, in the order in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Names of messages follow the convention, so that reports and filters find them.
    Naming,
    /// It is said what the journey is for.
    Goal,
    /// Whoever has no device is reached in another way.
    Fallback,
    /// Text messages go to people who said yes to them.
    Consent,
    /// It is said whom to ask.
    Owner,
    /// Somebody is told when deliveries drop.
    Alert,
    /// The test profiles of this very version did what was expected.
    Qa,
}

impl Requirement {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Naming,
        Self::Goal,
        Self::Fallback,
        Self::Consent,
        Self::Owner,
        Self::Alert,
        Self::Qa,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naming => "naming",
            Self::Goal => "goal",
            Self::Fallback => "fallback",
            Self::Consent => "consent",
            Self::Owner => "owner",
            Self::Alert => "alert",
            Self::Qa => "qa",
        }
    }

    /// The requirement of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The name that a message has in reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageInUse {
    /// Where it stands in the definition, such as `steps[2].reach.channels[0]`.
    pub path: String,
    /// The whole name.
    pub name: String,
}

/// What came of the latest run of the test profiles of this very version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QaResult {
    /// When they ran.
    pub at: Timestamp,
    /// How many there were.
    pub profiles: usize,
    /// The names of those that did not do what was expected.
    pub red: Vec<String>,
}

/// Everything that the gate looks at.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// What is to start.
    pub definition: &'a Definition,
    /// Which version of the journey that is, or would be.
    pub version: u32,
    /// What its messages are called in reports.
    pub names: &'a [MessageInUse],
    /// The latest run of the test profiles of this version; `None`: there was none.
    pub qa: Option<&'a QaResult>,
    /// The journey's log of waivers, oldest first.
    pub log: &'a [Waiver],
}

/// How a launch stands with one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is nothing to do.
    Met,
    /// This is wrong, each with what to do about it.
    Missing(Vec<Fault>),
    /// This is wrong, and somebody answers for it.
    Waived {
        /// What is wrong.
        lacks: Vec<Fault>,
        /// Who waived it, and why.
        waiver: Waiver,
    },
}

/// A requirement, and how a launch stands with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub requirement: Requirement,
    /// How it stands.
    pub standing: Standing,
}

impl Judged {
    /// Whether it keeps the journey from starting.
    pub const fn blocks(&self) -> bool {
        matches!(self.standing, Standing::Missing(_))
    }

    /// What is wrong; empty: nothing.
    pub fn lacks(&self) -> &[Fault] {
        match &self.standing {
            Standing::Met => &[],
            Standing::Missing(lacks) | Standing::Waived { lacks, .. } => lacks,
        }
    }
}

/// Judges a launch by every requirement, in the order of [`Requirement::ALL`]. What is met needs no waiver,
/// so a waiver shows only where something is wrong.
pub fn judge(launch: &Launch<'_>) -> Vec<Judged> {
    let judged = Requirement::ALL.into_iter().map(|requirement| {
        let lacks = checks::lacks(launch, requirement);
        let waiver = in_force(launch.log, requirement, launch.version);
        let standing = match waiver {
            _ if lacks.is_empty() => Standing::Met,
            None => Standing::Missing(lacks),
            Some(waiver) => Standing::Waived {
                lacks,
                waiver: waiver.clone(),
            },
        };
        Judged {
            requirement,
            standing,
        }
    });
    judged.collect()
}
