//! What was found, why it is believed, and what helps.

use landfall_domain::channel::Platform;
use landfall_domain::device::{Device, MoveCause, TokenMove};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::Person;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::coverage::{IdentityProblem, Kind};

use crate::coverage::ACTIVE_DAYS;

/// A record as a finding names it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Who {
    /// Its key.
    pub key: PersonKey,
    /// Its internal id.
    pub cio_id: String,
    /// Its id, or else its address, or else the internal id.
    pub name: String,
}

impl Who {
    pub(super) fn of(person: &Person) -> Self {
        Self {
            key: person.key,
            cio_id: person.cio_id.clone(),
            name: person.called().to_owned(),
        }
    }
}

/// Why a problem is believed to be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Events named the person together with the anonymous id while that held the token.
    SeenTogether {
        /// The anonymous id.
        anonymous_id: String,
        /// The last such event.
        last: Timestamp,
    },
    /// The person still holds a token of the same installation of the app.
    SameInstallation {
        /// What the app calls its installation.
        installation: String,
    },
    /// The anonymous profile took the token from the person, who did not log out and was seen since.
    TakenFrom {
        /// When.
        at: Timestamp,
    },
    /// A token was removed from a record just before that was merged, and nobody has it since.
    RemovedBeforeMerge {
        /// When it was merged.
        merged: Timestamp,
    },
    /// A merge brought a token, which was removed at once, and nobody has it since.
    RemovedAfterMerge {
        /// When it was merged.
        merged: Timestamp,
    },
    /// Two people took a token from each other without a logout.
    TakenInTurn {
        /// How often in 30 days.
        times: u32,
    },
    /// Two tokens of one installation of the app are held.
    OneInstallation {
        /// What the app calls its installation.
        installation: String,
    },
    /// One app registered two tokens at one moment, and again.
    RegisteredTogether,
    /// A token fell silent when another of the same model began.
    Superseded,
}

impl Evidence {
    /// It in words.
    pub fn words(&self) -> String {
        match self {
            Self::SeenTogether { anonymous_id, .. } => format!(
                "events named the person together with the anonymous id {anonymous_id} while that held the token"
            ),
            Self::SameInstallation { installation } => format!(
                "the person holds an older token of the same installation ({installation}) of the app"
            ),
            Self::TakenFrom { .. } => {
                "the anonymous profile took the token from the person, who had not logged out \
                                       and was seen since"
                    .to_owned()
            }
            Self::RemovedBeforeMerge { .. } => {
                "the token was removed from the record that was merged, just before the merge"
                    .to_owned()
            }
            Self::RemovedAfterMerge { .. } => {
                "the merge brought the token, and it was removed at once".to_owned()
            }
            Self::TakenInTurn { times } => {
                format!("it changed hands {times} times in 30 days without a logout")
            }
            Self::OneInstallation { installation } => {
                format!("both tokens are of one installation ({installation}) of the app")
            }
            Self::RegisteredTogether => {
                "one app registered both tokens at the same moment, more than once".to_owned()
            }
            Self::Superseded => {
                "it fell silent when another token of the same model began".to_owned()
            }
        }
    }
}

/// What a person must decide, because there is more than one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may have been a logout.
    PerhapsLogout,
    /// Several people used the anonymous id or the token.
    SeveralPeople,
    /// They are one person, or two who share a phone.
    OneOrTwo,
    /// The phone may have been replaced by one of the same model, or it lies in a drawer.
    PerhapsTwoPhones,
    /// The person has as many devices as there can be.
    NoRoom,
}

impl Decision {
    /// The question, with what to do for each answer.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PerhapsLogout => {
                "did the person log out? If so, all is well; if not, let the app identify the person again, which \
                 registers the token"
            }
            Self::SeveralPeople => {
                "whose phone is it? Let the app identify its owner, which registers the token for that person"
            }
            Self::OneOrTwo => {
                "is it one person? Then merge the two; if not, let the app remove the device at logout"
            }
            Self::PerhapsTwoPhones => {
                "is the silent phone still in use? If not, remove its device from the person"
            }
            Self::NoRoom => "the person holds 25 devices: remove one of them first",
        }
    }
}

/// What helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The one clear answer: the device goes from here to there, where `None` is nobody.
    Move {
        /// Who has it.
        from: Option<Who>,
        /// Who gets it.
        to: Option<Who>,
    },
    /// There is more than one answer.
    Decide(Decision),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// Since when, as far as is known.
    pub at: Timestamp,
    /// The device whose token it is about, as it is held, or was when it was lost.
    pub device: Device,
    /// The person whom it concerns.
    pub person: Who,
    /// The other record that is involved: the anonymous profile, what was merged, the other claimant.
    pub other: Option<Who>,
    /// Why it is believed.
    pub evidence: Evidence,
    /// People who are out of reach because of it: active, subscribed, and without another device that would do.
    pub out_of_reach: Vec<PersonKey>,
    /// What helps.
    pub remedy: Remedy,
}

/// What was found of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The problem with its counts, without a value.
    pub problem: IdentityProblem,
    /// How many of them have one clear remedy.
    pub automatic: u64,
}

/// What a look at everybody found.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// When it began.
    pub at: Timestamp,
    /// Records that were looked at.
    pub people: u64,
    /// By kind, in the order of [`Kind::ALL`]; counts are of all findings, also of those that are not kept.
    pub found: Vec<Found>,
    /// The findings, at most [`Look::KEPT_MAX`] of each kind; those with a clear remedy are kept first.
    pub findings: Vec<Finding>,
    /// Whether everything was looked at: not when more anonymous profiles hold tokens than can be looked at.
    pub complete: bool,
}

impl Look {
    /// Findings of one kind that are kept.
    pub const KEPT_MAX: usize = 2_000;
}

/// Whether a person would be within reach with one more good token.
pub(super) fn is_out_of_reach(person: &Person, now: Timestamp) -> bool {
    let off = |name: &str| {
        let choice = person.consent.channels.get(name);
        choice.is_some_and(|choice| !choice.subscribed)
    };
    let mut devices = person.devices.values();
    person.is_known()
        && now.since(person.active_at) <= ACTIVE_DAYS * DAY_MS
        && !person.is_unsubscribed()
        && !off("push")
        && !devices.any(is_good)
}

/// Whether a push to a device would be shown, as far as is known.
pub(super) fn is_good(device: &Device) -> bool {
    device.is_valid() && device.permission() != Some(false)
}

/// The last change of hands that was not a repair's doing, or undoing.
pub(super) fn last_change(moves: &[TokenMove]) -> Option<&TokenMove> {
    let ours = |cause| matches!(cause, MoveCause::Stale | MoveCause::Repaired);
    moves.iter().rfind(|moved| !ours(moved.cause))
}

/// What an app calls its own installation, which outlives a change of its token.
pub(super) fn installation(device: &Device) -> Option<(Platform, &str)> {
    const NAMES: [&str; 5] = [
        "installation_id",
        "installationId",
        "device_id",
        "deviceId",
        "idfv",
    ];
    /// Placeholders of simulators and of phones that refuse (such as zeros) are no ids.
    fn says_something(id: &&str) -> bool {
        let mut letters = id.chars().filter(char::is_ascii_alphanumeric);
        let first = letters.next();
        id.len() >= 8 && letters.any(|letter| Some(letter) != first)
    }
    let named = NAMES.iter().filter_map(|name| device.attributes.get(*name));
    let id = named.map(|id| id.trim()).find(says_something)?;
    Some((device.token.platform, id))
}
