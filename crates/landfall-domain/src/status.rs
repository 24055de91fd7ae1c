//! What became of a delivery: one outcome and one status, both pure functions of its marks.
//!
//! # Outcome
//!
//! Every delivery has exactly one [`Outcome`] at each moment, and so does every target. People who
//! reached a message are therefore the sum of the outcomes, always (the books). The rules, first
//! match wins:
//!
//! | known about one address | outcome |
//! |---|---|
//! | a receipt or engagement (delivered, received, displayed, opened, clicked, replied, complaint, opt-out) | accepted |
//! | bounced | bounced: a rejection that comes after *sent* corrects it (semantics.md 1.1) |
//! | sent | accepted |
//! | failed, then expired, then dropped, then undeliverable | the same |
//! | converted | accepted: credit is given to messages that were sent |
//! | drafted, and not tried since | held |
//! | anything else | pending |
//!
//! A push goes to several devices. Its delivery is *accepted* when every device was accepted,
//! *partially accepted* when some were and others were refused or skipped, and *pending* while a
//! device is open and none has confirmed. A refusal of the whole delivery decides the devices that
//! are still open. When nothing was accepted, the strongest refusal names the outcome, in the order
//! of the table. For the other channels, delivery and address are one, and their marks count
//! together.
//!
//! # Status
//!
//! The status is the highest rank reached, not the last report (semantics.md 2.10, rule 3):
//! converted, spammed, unsubscribed, left a topic, replied, clicked, opened, delivered; below these
//! the outcome speaks. [`customerio_status`] says it with Customer.io's words (2.2);
//! [`landfall_status`] adds *partially sent*, *unconfirmed* and *expired*. `docs/states.md` lists
//! everything and is generated from here.

mod decision;
#[cfg(test)]
mod document;
#[cfg(test)]
mod tests;

pub use decision::{
    customerio_status, landfall_status, outcome, reason, target_outcome, target_reason,
};

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $text:literal $says:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* #[doc = $says] #[serde(rename = $text)] $variant = $code),+ }

        impl $name {
            /// Every member, by code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The member of that name, if there is one.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }

            /// The stable number: never changed, never reused.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The member of that number, if there is one.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// What it means, in one sentence for people.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $says),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

coded!(
    /// The one answer to "what became of it". Reached = the sum over outcomes.
    Outcome {
        Pending = 0 "pending" "Nothing is decided yet: being prepared, or tried again.",
        Held = 1 "held" "Rendered as a draft; it goes out when a human says so.",
        Accepted = 2 "accepted" "A provider took it for every device or address. Not a proof of arrival.",
        PartiallyAccepted = 3 "partially_accepted" "A provider took it for some devices; others were refused or skipped.",
        Bounced = 4 "bounced" "The provider rejected every address.",
        Failed = 5 "failed" "It never left: rendering, payload, credentials, or retries used up.",
        Expired = 6 "expired" "Its time to live passed before a provider took it.",
        Dropped = 7 "dropped" "Not tried, because the address is suppressed.",
        Undeliverable = 8 "undeliverable" "Deliberately not sent; the reason says why.",
    }
);

coded!(
    /// The single word shown for a delivery.
    Status {
        Created = 0 "created" "The person reached the message.",
        Queued = 1 "queued" "Its devices are chosen and nothing was tried yet.",
        Drafted = 2 "drafted" "Held as a draft until a human sends it.",
        Attempted = 3 "attempted" "Handing over was tried, or is open for some devices.",
        Deferred = 4 "deferred" "The receiving side is busy; the provider keeps trying.",
        Sent = 5 "sent" "Accepted by a provider for at least one address. Not a proof of arrival.",
        PartiallySent = 6 "partially_sent" "Accepted for some devices, refused or skipped for others.",
        Unconfirmed = 7 "unconfirmed" "Accepted, but no device that is able to report has confirmed it in time.",
        Bounced = 8 "bounced" "The provider rejected every address.",
        Failed = 9 "failed" "It never left.",
        Expired = 10 "expired" "Its time to live passed before a provider took it.",
        Dropped = 11 "dropped" "Not tried, because the address is suppressed. Customer.io's pages say suppressed.",
        Undeliverable = 12 "undeliverable" "Deliberately not sent.",
        Delivered = 13 "delivered" "A device, or for e-mail and text messages the provider, confirmed receipt.",
        Opened = 14 "opened" "Tapped, displayed (in-app) or pixel loaded.",
        Clicked = 15 "clicked" "A tracked link was used.",
        Replied = 16 "replied" "The person answered.",
        TopicUnsubscribed = 17 "topic_unsubscribed" "The person left a topic through it.",
        Unsubscribed = 18 "unsubscribed" "The person opted out through it.",
        Spammed = 19 "spammed" "The recipient complained.",
        Converted = 20 "converted" "The goal was met and it got the credit.",
    }
);

impl Outcome {
    /// Whether nothing more is expected of us: every outcome but pending and held.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Held)
    }

    /// Whether a provider took it, for at least one address.
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::PartiallyAccepted)
    }

    /// Whether it was refused or not sent at all.
    pub const fn is_refused(self) -> bool {
        self.is_final() && !self.is_accepted()
    }
}

impl Status {
    /// How far the delivery got. New facts about known targets never lower it, except that a conversion may
    /// be taken away when goals are computed anew; a new target may only lower it below
    /// [`Status::CONCLUDED`], back to waiting.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Created => 0,
            Self::Queued => 1,
            Self::Drafted => 2,
            Self::Attempted => 3,
            Self::Deferred => 4,
            Self::Sent
            | Self::PartiallySent
            | Self::Unconfirmed
            | Self::Bounced
            | Self::Failed
            | Self::Expired
            | Self::Dropped
            | Self::Undeliverable => Self::CONCLUDED,
            Self::Delivered => 6,
            Self::Opened => 7,
            Self::Clicked => 8,
            Self::Replied => 9,
            Self::TopicUnsubscribed => 10,
            Self::Unsubscribed => 11,
            Self::Spammed => 12,
            Self::Converted => 13,
        }
    }

    /// The rank of everything that is decided, but not confirmed by anybody.
    pub const CONCLUDED: u8 = 5;
}

/// Whether a receipt may still be hoped for. The caller knows the clock and the devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The window is open, or nobody asks.
    Awaited,
    /// The window has passed, and a target is able to report.
    Overdue,
    /// No target is able to report: *sent* is all that will ever be known.
    Impossible,
}
