//! Reasons: the closed answer to "why". Each has a stable name, a stable number and a place in the
//! taxonomy of failures: how far the message got, what class of problem it is, whether it counts as
//! a delivery problem at all, what to do with the address, whether to try again, and who can fix it.
//!
//! The names for what a sender decides follow semantics.md 2.5; the taxonomy follows providers.md 9.
//! Free text is read by [`Reason::from_report`]. `docs/reasons.md` is generated from here.

mod catalogue;
mod classify;
#[cfg(test)]
mod document;
#[cfg(test)]
mod tests;

pub use catalogue::Reason;

use crate::channel::names;

names!(
    /// How far the message got before it stopped.
    Stage {
        /// No provider was called.
        PreSend = "pre_send",
        /// The provider gave no answer.
        Transport = "transport",
        /// The provider answered no.
        ProviderRejected = "provider_rejected",
        /// The provider took it, and it was lost later.
        AfterAcceptance = "after_acceptance",
        /// A device or the recipient said so.
        Reported = "reported",
    }
);

names!(
    /// What sort of problem it is.
    Class {
        /// There is no address to send to.
        NoTarget = "no_target",
        /// A rule or a suppression list holds it.
        Suppressed = "suppressed",
        /// The device does not allow notifications.
        PermissionDenied = "permission_denied",
        /// The token is not one.
        InvalidToken = "invalid_token",
        /// The token was one and is no longer.
        Unregistered = "unregistered",
        /// The token belongs to the other provider environment.
        WrongEnvironment = "wrong_environment",
        /// The sender could not prove who it is.
        Credentials = "credentials",
        /// Sender, app and provider do not fit together.
        Config = "config",
        /// The content was refused.
        Payload = "payload",
        /// The sender sends too much.
        Quota = "quota",
        /// One device gets too much.
        DeviceRate = "device_rate",
        /// The provider is down or overloaded.
        ProviderOutage = "provider_outage",
        /// The network between us and the provider.
        Transport = "transport",
        /// The time to live passed.
        ExpiredTtl = "expired_ttl",
        /// A newer message took its place.
        Superseded = "superseded",
        /// The device is off or away.
        DeviceUnreachable = "device_unreachable",
        /// The operating system held it back.
        DevicePolicy = "device_policy",
        /// A filter judged the content.
        ContentFiltered = "content_filtered",
        /// The address does not exist.
        RecipientInvalid = "recipient_invalid",
        /// The mailbox is full.
        MailboxFull = "mailbox_full",
        /// The recipient opted out.
        OptedOut = "opted_out",
        /// The recipient complained.
        Complaint = "complaint",
        /// The sender took it back or switched it off.
        Cancelled = "cancelled",
        /// Nobody said.
        Unknown = "unknown",
    }
);

names!(
    /// In which figure it counts.
    Kind {
        /// The failure rate, and alerts.
        Delivery = "delivery",
        /// Coverage: this audience cannot be reached. Not a failure.
        Reach = "reach",
        /// Our own or the sender's rules worked as intended.
        Policy = "policy",
        /// No figure: not a failure, or not yet.
        None = "none",
    }
);

names!(
    /// What to do with the token or address.
    TokenAction {
        /// Nothing.
        Keep = "keep",
        /// Exclude it from sends until it registers again or a probe succeeds.
        Suspend = "suspend",
        /// Forget it.
        Remove = "remove",
        /// Forget it when its last registration is older than the rejection.
        RemoveIfOlder = "remove_if_older",
    }
);

names!(
    /// Whether another try may help.
    Retry {
        /// No.
        Never = "never",
        /// Once.
        Once = "once",
        /// At once, on a new connection: the provider did not process it.
        AtOnce = "at_once",
        /// Yes, with growing pauses, until the time to live ends.
        Backoff = "backoff",
        /// Not now; when the rule that holds it allows.
        Later = "later",
    }
);

names!(
    /// Who is able to do something about it.
    Fixer {
        /// Nobody has to.
        Nobody = "nobody",
        /// The recipient.
        Recipient = "recipient",
        /// Whoever develops the app.
        App = "app",
        /// Whoever writes the message.
        Content = "content",
        /// Whoever decides how often and how long to send.
        Sender = "sender",
        /// Whoever holds keys and settings.
        Configuration = "configuration",
        /// Whoever runs the machines and the network.
        Operations = "operations",
        /// The provider.
        Provider = "provider",
        /// Whoever collects addresses.
        DataQuality = "data_quality",
    }
);
