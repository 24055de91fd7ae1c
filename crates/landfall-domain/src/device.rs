//! Devices: push tokens, what is known about the app behind them, and who owned them when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::channel::{Platform, names};
use crate::ids::{DeviceKey, PersonKey};
use crate::time::Timestamp;

/// What makes a token unique within a workspace. At each moment it has at most one owner
/// (semantics.md 2.6, the recommended rule).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenKey {
    /// Bundle id or package of the app; empty where the API does not say, which is the usual case.
    pub app: String,
    /// The platform.
    pub platform: Platform,
    /// The push token as the provider issued it.
    pub token: String,
}

names!(
    /// What the last push to a device came to; Customer.io's `_last_status` (semantics.md 2.6).
    LastStatus {
        /// Nothing sent since the last registration.
        Unused = "",
        /// A provider accepted the last push.
        Sent = "sent",
        /// The provider rejected the last push.
        Bounced = "bounced",
        /// The last two pushes were rejected: no more sends until it registers again.
        Suppressed = "suppressed",
    }
);

/// A device as one person holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Its key.
    pub key: DeviceKey,
    /// App, platform and token.
    #[serde(flatten)]
    pub token: TokenKey,
    /// Attributes as the SDKs report them, all values as strings: `app_version`, `device_os`,
    /// `device_model`, `cio_sdk_version`, `device_locale`, `push_enabled` and custom ones.
    pub attributes: BTreeMap<String, String>,
    /// When the app was last used with it; only moves forward.
    pub last_used: Timestamp,
    /// When this person first registered it.
    pub registered_at: Timestamp,
    /// When this person last registered it (any re-registration counts).
    pub refreshed_at: Timestamp,
    /// What the last push came to.
    pub last_status: LastStatus,
}

impl Device {
    /// Whether the app may show notifications: `None` when it never said.
    pub fn permission(&self) -> Option<bool> {
        match self.attributes.get("push_enabled").map(String::as_str) {
            Some("true" | "1") => Some(true),
            Some("false" | "0") => Some(false),
            _ => None,
        }
    }

    /// Whether the token counts as valid: its provider did not reject it last time. A rejected one is
    /// tried once more before it is suppressed (semantics.md 2.6), but nobody is reached meanwhile.
    pub fn is_valid(&self) -> bool {
        !matches!(
            self.last_status,
            LastStatus::Bounced | LastStatus::Suppressed
        )
    }
}

/// One token in the registry, with its present owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// The device's key.
    pub key: DeviceKey,
    /// App, platform and token.
    pub token: TokenKey,
    /// Who owns it now.
    pub owner: Option<PersonKey>,
    /// The client's time of the event that decided the present owner: an older event that arrives
    /// later does not change it.
    pub since: Timestamp,
}

names!(
    /// Why a token changed hands.
    MoveCause {
        /// Registered for a person by an app or an API call.
        Registered = "registered",
        /// Another person registered it: it left the former owner.
        TakenOver = "taken_over",
        /// The app or an API call removed it (logout, rotation).
        Removed = "removed",
        /// The owner was merged into another person.
        Merged = "merged",
        /// The owner was deleted or suppressed.
        OwnerDeleted = "owner_deleted",
        /// The provider said that it is no longer registered.
        Unregistered = "unregistered",
        /// The person had too many devices; this one was used longest ago.
        Evicted = "evicted",
        /// An event arrived after a newer one had decided the owner: recorded, not applied.
        Stale = "stale",
        /// The rejection that had removed it turned out to be a fault of the sender.
        Restored = "restored",
        /// A repair of identities moved, removed or brought it back, or such a repair was undone.
        Repaired = "repaired",
    }
);

/// One line of a token's ownership history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMove {
    /// The device.
    pub device: DeviceKey,
    /// Owner before.
    pub from: Option<PersonKey>,
    /// Owner after.
    pub to: Option<PersonKey>,
    /// Why.
    pub cause: MoveCause,
    /// By the reporter's clock.
    pub occurred_at: Timestamp,
    /// By ours.
    pub received_at: Timestamp,
}

impl Platform {
    /// The platform that a push token looks like, where nobody says: a URL is a browser's
    /// subscription, 64 or more hexadecimal digits are Apple's, everything else is Android's.
    pub fn guess(token: &str) -> Self {
        if token.starts_with("https://") {
            Self::Web
        } else if token.len() >= 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Self::Ios
        } else {
            Self::Android
        }
    }
}
