//! What really happened: kept aside for tests, and never told to the server.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::Timestamp;

/// What became of one delivery on one token.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The delivery.
    pub delivery_id: Arc<str>,
    /// The token.
    pub token: Arc<str>,
    /// The platform; `None`: no phone of the fleet ever had the token.
    pub platform: Option<Platform>,
    /// When the provider took it first.
    pub accepted_at: Timestamp,
    /// How often the provider took it.
    pub copies: u32,
    /// What became of it; of several copies, the one that got farthest.
    pub fate: Fate,
    /// How often it arrived.
    pub arrivals: u32,
    /// When it was shown first.
    pub shown_at: Option<Timestamp>,
    /// How often it drew attention to itself: a copy that takes the place of the first on the screen, or
    /// that the SDK knows, does not.
    pub shown: u32,
    /// When another push took its place on the screen.
    pub replaced_at: Option<Timestamp>,
    /// When it was tapped.
    pub tapped_at: Option<Timestamp>,
    /// How often the server was told that it arrived.
    pub reports: u32,
    /// When the server was told first.
    pub reported_at: Option<Timestamp>,
    /// When the server was told of the tap.
    pub open_reported_at: Option<Timestamp>,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It never arrived.
    Lost(Lost),
    /// It is on its way, or waits at the provider.
    Waiting,
    /// The app's code or the screen got it.
    Arrived(Timestamp),
}

/// Why a push never arrived (providers.md 1.6, 1.7 and 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// No phone has the token: the provider does not know yet that it is dead.
    Unregistered,
    /// Another push took its place at the provider, which stores one for each app (APNs), or one for each
    /// collapse key and four keys (FCM).
    Superseded,
    /// More than a hundred waited, and FCM dropped them all.
    TooMany,
    /// Its time was over before the phone was back.
    Expired,
    /// The app was stopped by force (Android).
    ForceStopped,
    /// The app may not show notifications, so that the phone discards it (iOS).
    Disabled,
}

impl Lost {
    /// The reason in a word or two.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unregistered => "unregistered",
            Self::Superseded => "superseded",
            Self::TooMany => "too many waiting",
            Self::Expired => "expired",
            Self::ForceStopped => "force-stopped",
            Self::Disabled => "notifications off",
        }
    }
}

impl Truth {
    /// Whether it arrived.
    pub const fn arrived(&self) -> bool {
        matches!(self.fate, Fate::Arrived(_))
    }
}

/// What a provider says to a push for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderAnswer {
    /// It takes it.
    Accepted,
    /// The token is dead since then: APNs 410 with this timestamp, FCM 404 `UNREGISTERED`.
    Dead {
        /// Since when the provider knows.
        since: Timestamp,
    },
    /// No such token was ever issued.
    Unknown,
}
