//! Waivers: entries of a log that is only ever added to.

use landfall_domain::ids::JourneyId;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Requirement;

/// Longest reason, in characters.
pub const REASON_MAX: usize = 1_000;
/// Longest name of whoever waives, in characters.
pub const BY_MAX: usize = 200;

/// What an entry of the log does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaiverAction {
    /// The requirement need not be met.
    Waive,
    /// It has to be met again.
    Withdraw,
}

impl WaiverAction {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waive => "waive",
            Self::Withdraw => "withdraw",
        }
    }
}

/// One entry of the log: somebody gave up on a requirement, or came back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Of which journey.
    pub journey: JourneyId,
    /// Which requirement.
    pub requirement: Requirement,
    /// What was done.
    pub action: WaiverAction,
    /// For which version; `None`: for all, later ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Why, in somebody's words.
    pub reason: String,
    /// Who, as the caller said; not proven.
    pub by: String,
    /// The number of the app key that the call came with, which is; `None`: the program itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
    /// When.
    pub at: Timestamp,
}

/// The waiver of a requirement that is in force for a version: the latest for this version, or else the
/// latest for all versions, unless it was withdrawn since. Withdrawing for all versions withdraws those for
/// single ones too.
pub fn in_force(log: &[Waiver], requirement: Requirement, version: u32) -> Option<&Waiver> {
    let (mut for_all, mut for_this) = (None, None);
    for entry in log.iter().filter(|entry| entry.requirement == requirement) {
        match (entry.action, entry.version) {
            (WaiverAction::Waive, None) => for_all = Some(entry),
            (WaiverAction::Waive, Some(of)) if of == version => for_this = Some(entry),
            (WaiverAction::Withdraw, None) => (for_all, for_this) = (None, None),
            (WaiverAction::Withdraw, Some(of)) if of == version => for_this = None,
            (_, Some(_)) => {}
        }
    }
    for_this.or(for_all)
}
