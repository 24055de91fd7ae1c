//! The reasons, one by one.

use super::{Class, Fixer, Kind, Retry, Stage, TokenAction};

struct Entry {
    code: u16,
    name: &'static str,
    stage: Stage,
    class: Class,
    kind: Kind,
    token: TokenAction,
    retry: Retry,
    fixer: Fixer,
    explanation: &'static str,
    fix: &'static str,
}

macro_rules! reasons {
    ($($variant:ident $code:literal $name:literal: $stage:ident $class:ident $kind:ident,
       $token:ident $retry:ident $fixer:ident, $explanation:literal, $fix:literal;)+) => {
        /// Why a message was not sent, not accepted, or not received. Closed; numbers and names are
        /// never changed and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[repr(u16)]
        pub enum Reason { $(#[doc = $explanation] #[serde(rename = $name)] $variant = $code),+ }

        impl Reason {
            /// Every reason, by code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The reason of that name, if there is one.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// The reason of that number, if there is one.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            const fn entry(self) -> &'static Entry {
                match self { $(Self::$variant => &Entry {
                    code: $code, name: $name, stage: Stage::$stage, class: Class::$class, kind: Kind::$kind,
                    token: TokenAction::$token, retry: Retry::$retry, fixer: Fixer::$fixer,
                    explanation: $explanation, fix: $fix,
                }),+ }
            }
        }
    };
}

reasons! {
    NoDevice 100 "no_device": PreSend NoTarget Reach, Keep Never App,
        "The person has no device with a push token.",
        "Check that the app registers its token after login; ask for permission at a better moment.";
    DevicesSuspended 101 "devices_suspended": PreSend NoTarget Reach, Keep Never App,
        "All devices of the person are suspended after rejected pushes.",
        "Wait for the app to register again; if many people are affected, check keys and environments.";
    NoAddress 102 "no_address": PreSend NoTarget Reach, Keep Never DataQuality,
        "The person has no address for this channel.",
        "Collect the address, or choose a channel that the person has.";
    PermissionDenied 103 "permission_denied": PreSend PermissionDenied Reach, Keep Never Recipient,
        "Notifications are switched off on the device.",
        "Explain the benefit in the app before asking again; use another channel meanwhile.";
    UnsubscribedGlobal 104 "unsubscribed_global": PreSend Suppressed Policy, Keep Never Nobody,
        "The person opted out of all messages.",
        "Nothing to fix: respect the choice.";
    UnsubscribedTopic 105 "unsubscribed_topic": PreSend Suppressed Policy, Keep Never Nobody,
        "The person is not subscribed to this topic.",
        "Nothing to fix; check that the message has the right topic.";
    UnsubscribedChannel 106 "unsubscribed_channel": PreSend Suppressed Policy, Keep Never Nobody,
        "The person does not want messages over this channel.",
        "Nothing to fix; use a channel that the person agreed to.";
    MessageLimit 107 "message_limit": PreSend Suppressed Policy, Keep Later Sender,
        "The person reached the limit of messages for this period.",
        "Send less often, raise the limit, or exempt this message.";
    QuietHours 108 "quiet_hours": PreSend Suppressed Policy, Keep Later Nobody,
        "It is night where the person is.",
        "Nothing to fix; widen the sending window if too many messages wait.";
    DeviceSuppressed 109 "device_suppressed": PreSend Suppressed Reach, Keep Never App,
        "The token bounced before, so the device was skipped.",
        "The device comes back when the app registers again.";
    ProfileSuppressed 110 "profile_suppressed": PreSend Suppressed Policy, Keep Never Nobody,
        "The profile is deleted and blocked.",
        "Nothing to fix; lift the block if it was set by mistake.";
    AddressSuppressed 111 "address_suppressed": PreSend Suppressed Policy, Keep Never DataQuality,
        "The address is on a suppression list.",
        "Remove it from the list only when you know that it works again.";
    SourceCancelled 112 "source_cancelled": PreSend Cancelled Policy, Keep Never Sender,
        "The journey, broadcast or newsletter was cancelled or deleted before the send.",
        "Nothing to fix, unless the cancelling was a mistake.";
    DeliveryDisabled 113 "delivery_disabled": PreSend Cancelled Policy, Keep Never Configuration,
        "Sending is switched off for the workspace.",
        "Switch delivery on in the workspace's settings.";
    HeldAsDraft 114 "held_as_draft": PreSend Cancelled Policy, Keep Never Sender,
        "The message is set to draft and waits for a human.",
        "Send the drafts, or set the message to send automatically.";
    ActionOff 115 "action_off": PreSend Cancelled Policy, Keep Never Sender,
        "The message step is switched off.",
        "Switch the step on.";
    ConditionUnmet 116 "condition_unmet": PreSend Cancelled Policy, Keep Never Sender,
        "The person does not meet the condition of the step.",
        "Nothing to fix, unless the condition is too narrow.";
    Holdout 117 "holdout": PreSend Cancelled Policy, Keep Never Nobody,
        "The person is in the holdout group.",
        "Nothing to fix: the comparison needs them.";
    NotInJourney 118 "not_in_journey": PreSend Cancelled Policy, Keep Never Sender,
        "The person did not enter the journey, or has left it.",
        "Check the trigger, the filters and the exit conditions.";
    RenderError 119 "render_error": PreSend Payload Delivery, Keep Never Content,
        "The template could not be rendered.",
        "Correct the template; test it with real people before launch.";
    RenderMissingValue 120 "render_missing_value": PreSend Payload Delivery, Keep Never Content,
        "The template needs a value that the person or event does not have.",
        "Give the value a fallback, or filter people without it.";
    TokenMalformed 121 "token_malformed": PreSend InvalidToken Delivery, Suspend Never App,
        "The token does not have the form of this platform's tokens.",
        "Check what the app sends as its token, and the platform that it claims.";
    ProviderNotConfigured 122 "provider_not_configured": PreSend Config Delivery, Keep Later Configuration,
        "No provider is set up for this app and platform.",
        "Add the credentials of the provider.";
    ProviderPaused 123 "provider_paused": PreSend ProviderOutage Delivery, Keep Later Operations,
        "Sending to the provider is paused after repeated errors.",
        "Look at the errors that opened the breaker; sending resumes by itself when they stop.";
    ExpiredInQueue 124 "expired_in_queue": PreSend ExpiredTtl Delivery, Keep Never Operations,
        "The time to live passed while the message waited to be sent.",
        "Add capacity, or give the message more time.";
    OwnerChanged 125 "owner_changed": PreSend NoTarget Reach, Keep Never Nobody,
        "The device got another owner between the decision to send and the send.",
        "Nothing to fix: the message was not meant for the new owner.";
    PersonGone 126 "person_gone": PreSend NoTarget Reach, Keep Never DataQuality,
        "The person is not known, or was deleted.",
        "Identify people before you send to them; check the id in the call.";
    Duplicate 127 "duplicate": PreSend Suppressed Policy, Keep Never Sender,
        "The same message was sent to the person a short while ago.",
        "Nothing to fix, unless the message should come again so soon: then shorten the policy's time.";
    TokenSilent 128 "token_silent": PreSend Suppressed Policy, Keep Never Sender,
        "The token was silent for so long that it is likely gone, and the rules leave such tokens out.",
        "Reach the person over another channel; look at `alive_at_least` of the rules of sending.";
    ConnectionFailed 200 "connection_failed": Transport Transport Delivery, Keep Backoff Operations,
        "The provider could not be reached.",
        "Check name resolution, the firewall and certificates.";
    OutcomeUnknown 201 "outcome_unknown": Transport Transport Delivery, Keep Once Operations,
        "The connection broke after the request was written: nobody knows whether it was taken.",
        "Rare ones are normal; if they grow, check the network and the timeouts.";
    NotProcessed 202 "not_processed": Transport Transport None, Keep AtOnce Nobody,
        "The provider closed the connection before it processed the request.",
        "Nothing to fix: it is sent again at once.";
    TokenUnregistered 300 "token_unregistered": ProviderRejected Unregistered Delivery, RemoveIfOlder Never Nobody,
        "The token is no longer registered: the app was removed or got a new token.",
        "Nothing for one device; if many at once, check the app's last release and the keys.";
    TokenInvalid 301 "token_invalid": ProviderRejected InvalidToken Delivery, Suspend Never App,
        "The provider does not know the token.",
        "Check that the app sends the token unchanged, and that app and environment match.";
    TokenExpired 302 "token_expired": ProviderRejected Unregistered Delivery, RemoveIfOlder Never Nobody,
        "The token is too old.",
        "Nothing to fix: the app registers a new one when it is used.";
    ProviderEnvironment 303 "provider_env": ProviderRejected WrongEnvironment Delivery, Suspend Never Configuration,
        "The token belongs to the other environment (development or production).",
        "Send to the environment of the build that registered the token.";
    ProviderTopic 304 "provider_topic": ProviderRejected Config Delivery, Suspend Never Configuration,
        "The token belongs to another app than the one addressed.",
        "Compare the topic (bundle id) with the app that registered the token.";
    WrongProject 305 "wrong_project": ProviderRejected Config Delivery, Remove Never Configuration,
        "The token belongs to another project of the provider.",
        "Use the credentials of the project that the app was built with.";
    ProviderAuth 306 "provider_auth": ProviderRejected Credentials Delivery, Keep Later Configuration,
        "The provider refused our credentials.",
        "Renew or replace the key or certificate.";
    ProviderKeyScope 307 "provider_key_scope": ProviderRejected Credentials Delivery, Keep Later Configuration,
        "The key is not allowed for this app, topic or environment.",
        "Use a key with the right scope.";
    ProviderJwtExpired 308 "provider_jwt_expired": ProviderRejected Credentials None, Keep Once Operations,
        "The signed token that we identify with was too old.",
        "It renews itself; if it repeats, correct the machine's clock.";
    ProviderJwtRefresh 309 "provider_jwt_refresh": ProviderRejected Quota Delivery, Keep Backoff Operations,
        "We renewed the token that we identify with too often.",
        "Share one token between all senders of a key.";
    ProviderThirdParty 310 "provider_third_party": ProviderRejected Credentials Delivery, Keep Later Configuration,
        "The provider's own credentials for the platform behind it are wrong.",
        "Upload a valid APNs or Web Push key to the project at the provider.";
    ProviderConfig 311 "provider_config": ProviderRejected Config Delivery, Keep Never Configuration,
        "The provider does not accept this sender, number, channel or destination as it is set up.",
        "Check the settings at the provider.";
    PayloadInvalid 312 "payload_invalid": ProviderRejected Payload Delivery, Keep Never Content,
        "The provider refused the message as malformed.",
        "Check the custom payload against the provider's rules.";
    PayloadTooLarge 313 "payload_too_large": ProviderRejected Payload Delivery, Keep Never Content,
        "The message is too large.",
        "Shorten the text or the custom data.";
    SenderBug 314 "sender_bug": ProviderRejected Payload Delivery, Keep Never Operations,
        "The request that was built around the message is wrong.",
        "Report it with the provider's answer: the sending software has to be corrected.";
    ProviderThrottled 315 "provider_throttled": ProviderRejected Quota Delivery, Keep Backoff Sender,
        "The provider limits how fast we may send.",
        "Spread the send, or ask for a higher quota.";
    DeviceThrottled 316 "device_throttled": ProviderRejected DeviceRate Delivery, Keep Backoff Sender,
        "One device gets more messages than the provider allows.",
        "Send to this person less often.";
    ProviderUnavailable 317 "provider_unavailable": ProviderRejected ProviderOutage Delivery, Keep Backoff Provider,
        "The provider is down or overloaded.",
        "Wait; look at the provider's status page.";
    RetriesExhausted 318 "retries_exhausted": ProviderRejected ProviderOutage Delivery, Keep Never Operations,
        "All tries were used up.",
        "Look at the attempts: their reasons say what to do.";
    RecipientInvalid 319 "recipient_invalid": ProviderRejected RecipientInvalid Delivery, Remove Never DataQuality,
        "The address or number does not exist.",
        "Correct it at its source; confirm addresses when they are collected.";
    RecipientOptedOut 320 "recipient_opted_out": ProviderRejected OptedOut Policy, Suspend Never Recipient,
        "The recipient told the provider to stop messages.",
        "Nothing to fix: respect the choice.";
    ContentFiltered 321 "content_filtered": ProviderRejected ContentFiltered Delivery, Keep Never Content,
        "A filter or policy of the receiving side refused the content or the sender.",
        "Check the wording, links, sender registration and DNS records.";
    MailboxFull 322 "mailbox_full": ProviderRejected MailboxFull Delivery, Keep Later Nobody,
        "The mailbox is full.",
        "Nothing to fix for one; suspend the address if it stays full.";
    FraudGuard 323 "fraud_guard": ProviderRejected Suppressed Delivery, Suspend Never DataQuality,
        "The provider's fraud protection refused the number.",
        "Check where the number came from.";
    SubscriptionKeyMismatch 324 "subscription_key_mismatch": ProviderRejected Config Delivery, Suspend Never App,
        "The browser subscribed with another key than the one that we send with.",
        "Keep the key that the site subscribes with, or let the site subscribe anew.";
    ExpiredAtProvider 400 "expired_at_provider": AfterAcceptance ExpiredTtl Delivery, Keep Never Sender,
        "The provider gave up when the time to live had passed.",
        "Give the message more time if it is still useful later.";
    Superseded 401 "superseded": AfterAcceptance Superseded None, Keep Never Nobody,
        "A newer message with the same collapse key took its place.",
        "Nothing to fix.";
    PendingOverflow 402 "pending_overflow": AfterAcceptance Superseded Delivery, Keep Never Sender,
        "Too many messages waited for the device; the provider dropped them.",
        "Use collapse keys, and send less to devices that are away.";
    DeviceUnreachable 403 "device_unreachable": AfterAcceptance DeviceUnreachable Delivery, Keep Once Nobody,
        "The handset or device could not be reached.",
        "Nothing for one; suspend the address when it repeats.";
    DeviceInactive 404 "device_inactive": AfterAcceptance DeviceUnreachable Reach, Suspend Never Nobody,
        "The device has not been connected for a long time.",
        "Suspend old tokens; reach the person over another channel.";
    DevicePolicy 405 "device_policy": AfterAcceptance DevicePolicy Reach, Keep Never Recipient,
        "The operating system held the message back, such as after a forced stop of the app.",
        "Nothing to fix on the server.";
    CarrierBlocked 406 "carrier_blocked": AfterAcceptance OptedOut Delivery, Suspend Never Recipient,
        "The recipient or the carrier blocks messages of this sender.",
        "Suspend the number; check the sender's registration.";
    NoReceipt 407 "no_receipt": AfterAcceptance Unknown None, Keep Never Nobody,
        "Accepted, and nobody ever reported whether it arrived.",
        "Report it as unknown, not as failed.";
    DisplayBlocked 500 "display_blocked": Reported PermissionDenied Reach, Keep Never Recipient,
        "The device received it but was not allowed to show it.",
        "Explain the benefit in the app, and check the notification channel's settings.";
    ClientRenderError 501 "client_render_error": Reported Payload Delivery, Keep Never App,
        "The app could not decode or display it.",
        "Correct the app; break the figure down by app version.";
    Complaint 502 "complaint": Reported Complaint Policy, Suspend Never Content,
        "The recipient marked it as spam.",
        "Check consent, frequency and content.";
    OptedOut 503 "opted_out": Reported OptedOut Policy, Suspend Never Recipient,
        "The recipient opted out through this message.",
        "Nothing to fix: respect the choice; watch the rate.";
    BouncedUnknown 900 "bounced_unknown": ProviderRejected Unknown Delivery, Keep Never Operations,
        "The provider rejected the address and gave no reason that we know.",
        "Read the provider's own words; report them, so that they can be classified.";
    FailedUnknown 901 "failed_unknown": ProviderRejected Unknown Delivery, Keep Never Operations,
        "It never left, for no reason that we know.",
        "Read the reported text; report it, so that it can be classified.";
    AttemptUnknown 902 "attempt_unknown": ProviderRejected Unknown Delivery, Keep Backoff Operations,
        "A try did not succeed, for no reason that we know.",
        "Read the reported text; it is tried again.";
    UndeliverableUnknown 903 "undeliverable_unknown": PreSend Unknown Policy, Keep Never Sender,
        "It was deliberately not sent, and nobody said why.",
        "Look at the sender's message limits and at cancelled sends.";
    DeferredUnknown 904 "deferred_unknown": AfterAcceptance ProviderOutage None, Keep Backoff Nobody,
        "The receiving side is busy; the provider keeps trying.",
        "Nothing to fix, unless it lasts.";
}

impl Reason {
    /// The stable name on the wire.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The stable number.
    pub const fn code(self) -> u16 {
        self.entry().code
    }

    /// How far the message got.
    pub const fn stage(self) -> Stage {
        self.entry().stage
    }

    /// What sort of problem it is.
    pub const fn class(self) -> Class {
        self.entry().class
    }

    /// In which figure it counts.
    pub const fn kind(self) -> Kind {
        self.entry().kind
    }

    /// What to do with the token or address.
    pub const fn token_action(self) -> TokenAction {
        self.entry().token
    }

    /// Whether another try may help.
    pub const fn retry(self) -> Retry {
        self.entry().retry
    }

    /// Who is able to do something about it.
    pub const fn who_fixes(self) -> Fixer {
        self.entry().fixer
    }

    /// One sentence for people.
    pub const fn explanation(self) -> &'static str {
        self.entry().explanation
    }

    /// What to do about it, in one sentence.
    pub const fn fix(self) -> &'static str {
        self.entry().fix
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
