//! What phones tell the server, as data. Whoever simulates turns it into calls or inputs.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::Timestamp;

/// A call of an SDK that reaches the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When it reaches the server.
    pub at: Timestamp,
    /// When it happened, as the call states it by the phone's clock. `None`: it states none, as the
    /// direct uploads of receipts (mobile-sdk.md 5.1 and 5.2).
    pub stated_at: Option<Timestamp>,
    /// When it was uploaded, by the phone's clock. `None`: not stated.
    pub sent_at: Option<Timestamp>,
    /// Number of the phone, from 0.
    pub phone: usize,
    /// Its platform.
    pub platform: Platform,
    /// The token that it is about.
    pub token: Arc<str>,
    /// What it says.
    pub what: What,
}

/// What a call of an SDK says.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `Device Created or Updated`: at every start of the app, after login, after a new token
    /// (mobile-sdk.md 4).
    Registered(Registration),
    /// `Device Deleted`: before another login, and for a token that was replaced.
    Deleted {
        /// From whom, a number from 0.
        person: u32,
    },
    /// A receipt: the push arrived.
    Delivered {
        /// Which.
        delivery_id: Arc<str>,
    },
    /// The notification was tapped.
    Opened {
        /// Which.
        delivery_id: Arc<str>,
    },
}

/// A device as the SDK describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// For whom, a number from 0.
    pub person: u32,
    /// Version of the app.
    pub app_version: String,
    /// Version of the SDK.
    pub sdk_version: String,
    /// Version of the operating system, as the SDK spells it.
    pub os: &'static str,
    /// Model.
    pub model: &'static str,
    /// Whether the app may show notifications.
    pub permission: bool,
}
