//! The counts of an experiment.

use serde::{Deserialize, Serialize};

use super::CappedSum;

/// Where a person of an experiment has got to. The order is that of the way of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Eligible, and given to a variant.
    Assigned,
    /// Handed over to a provider.
    Sent,
    /// Taken by the provider.
    Accepted,
    /// Delivered, as far as reports say.
    Receipt,
    /// Opened.
    Opened,
}

impl Stage {
    /// All, from the first to the last.
    pub const ALL: [Self; 5] = [
        Self::Assigned,
        Self::Sent,
        Self::Accepted,
        Self::Receipt,
        Self::Opened,
    ];

    /// Its name in reports and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Receipt => "receipt",
            Self::Opened => "opened",
        }
    }
}

/// People of one variant; each person counts once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Name of the variant.
    pub name: String,
    /// Its share of the people by design, above 0.
    pub share: f64,
    /// Whether it sends nothing: the control of a holdout.
    pub silent: bool,
    /// People at each stage, in the order of [`Stage::ALL`].
    pub people: [u64; 5],
    /// People assigned who converted, with or without a message.
    pub converted: u64,
    /// People with a receipt who converted.
    pub converted_of_delivered: u64,
    /// Revenue of the people assigned.
    pub revenue: CappedSum,
    /// The same people by what was known before sending.
    pub strata: Vec<Stratum>,
}

impl Arm {
    /// People at a stage.
    pub const fn at(&self, stage: Stage) -> u64 {
        self.people[stage as usize]
    }
}

/// People of one variant who were alike before anything was sent: for example those whose token was
/// last seen alive within three days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// Name; strata of variants with the same name are compared.
    pub name: String,
    /// People assigned.
    pub assigned: u64,
    /// People with a receipt.
    pub delivered: u64,
    /// People with a receipt who converted.
    pub converted: u64,
}
