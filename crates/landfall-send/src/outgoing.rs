//! One message on its way to one address.

use landfall_domain::channel::Platform;
use landfall_domain::content::Content;
use landfall_domain::time::Timestamp;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A push token.
    Device {
        /// Token as the provider issued it; for the web the subscription's endpoint.
        token: String,
        /// Platform.
        platform: Platform,
        /// Bundle id or package; empty where the app did not say: the credential's is meant then.
        app: String,
        /// `p256dh` and `auth` of a browser's subscription, base64url.
        keys: Option<(String, String)>,
    },
    /// An e-mail address.
    Email(String),
    /// A phone number, E.164.
    Phone(String),
    /// A Slack channel or a server: the credential or the content says where.
    Configured,
}

/// One attempt: everything a sender needs, rendered and complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Id of the attempt, a lower-case UUID.
    pub attempt_id: String,
    /// Id of the delivery: `CIO-Delivery-ID`, `Message-ID`, and the collapse key where the content
    /// has none, so that a second copy of one delivery replaces the first (architecture.md 4).
    pub delivery_id: String,
    /// Where to.
    pub to: Address,
    /// What it says. Rendered: no templates in it.
    pub content: Content,
    /// When it is of no use any more.
    pub expires_at: Timestamp,
    /// `true`: the provider checks it and delivers nothing, where it can (FCM `validate_only`).
    pub dry_run: bool,
    /// Journey and step, by which the provider's own statistics can be joined with ours (FCM
    /// `analytics_label`, providers.md 2.2): at most 50 of the characters `a-zA-Z0-9-_.~%`; others are
    /// replaced and the rest is cut off. `None`: no label.
    pub analytics_label: Option<String>,
}

impl Outgoing {
    /// Whole seconds that are left at `now`, never negative.
    pub fn ttl_seconds(&self, now: Timestamp) -> i64 {
        self.expires_at.since(now).max(0) / 1_000
    }
}
