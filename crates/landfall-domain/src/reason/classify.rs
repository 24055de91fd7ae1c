//! Reading reasons out of free text: the only carrier of reasons in Customer.io's webhooks and
//! exports (semantics.md 2.5), and the codes of the providers that are found in it (providers.md 9).

use super::Reason;
use crate::channel::Channel;
use crate::marks::Mark;

/// Provider codes for push, in lower case without separators: APNs (providers.md 1.4), FCM HTTP v1
/// and its older names (2.3, 2.7), Web Push at Apple (3.2).
const PUSH_CODES: &[(&str, Reason)] = &[
    ("unregistered", Reason::TokenUnregistered),
    ("notregistered", Reason::TokenUnregistered),
    ("missingregistrations", Reason::TokenUnregistered),
    ("expiredtoken", Reason::TokenExpired),
    ("baddevicetoken", Reason::TokenInvalid),
    ("invalidregistration", Reason::TokenInvalid),
    ("missingregistration", Reason::TokenInvalid),
    ("missingdevicetoken", Reason::SenderBug),
    ("devicetokennotfortopic", Reason::ProviderTopic),
    ("topicdisallowed", Reason::ProviderTopic),
    ("mismatchsenderid", Reason::WrongProject),
    ("senderidmismatch", Reason::WrongProject),
    ("unauthorizedregistration", Reason::WrongProject),
    ("badcertificate", Reason::ProviderAuth),
    ("badcertificateenvironment", Reason::ProviderEnvironment),
    ("invalidprovidertoken", Reason::ProviderAuth),
    ("missingprovidertoken", Reason::ProviderAuth),
    ("forbidden", Reason::ProviderAuth),
    ("authenticationerror", Reason::ProviderAuth),
    ("invalidgrant", Reason::ProviderAuth),
    ("invalidclient", Reason::ProviderAuth),
    ("badjwttoken", Reason::ProviderAuth),
    ("badauthorizationheader", Reason::ProviderAuth),
    ("badvapidpublickey", Reason::ProviderAuth),
    ("vapidpkhashmismatch", Reason::ProviderKeyScope),
    ("unrelatedkeyidintoken", Reason::ProviderKeyScope),
    ("badenvironmentkeyidintoken", Reason::ProviderKeyScope),
    ("badenvironmentkeyintoken", Reason::ProviderKeyScope),
    ("topicmismatch", Reason::ProviderKeyScope),
    ("expiredprovidertoken", Reason::ProviderJwtExpired),
    ("toomanyprovidertokenupdates", Reason::ProviderJwtRefresh),
    ("thirdpartyautherror", Reason::ProviderThirdParty),
    ("invalidapnscredential", Reason::ProviderThirdParty),
    ("featurenotenabled", Reason::ProviderConfig),
    ("missingchannelid", Reason::ProviderConfig),
    ("badchannelid", Reason::ProviderConfig),
    ("channelnotregistered", Reason::ProviderConfig),
    ("cannotcreatechannelconfig", Reason::ProviderConfig),
    ("invalidpackagename", Reason::ProviderConfig),
    ("payloadtoolarge", Reason::PayloadTooLarge),
    ("messagetoobig", Reason::PayloadTooLarge),
    ("payloadempty", Reason::PayloadInvalid),
    ("invalidargument", Reason::PayloadInvalid),
    ("invalidparameters", Reason::PayloadInvalid),
    ("invaliddatakey", Reason::PayloadInvalid),
    ("invalidttl", Reason::PayloadInvalid),
    ("badpath", Reason::SenderBug),
    ("methodnotallowed", Reason::SenderBug),
    ("duplicateheaders", Reason::SenderBug),
    ("badmessageid", Reason::SenderBug),
    ("badpriority", Reason::SenderBug),
    ("badexpirationdate", Reason::SenderBug),
    ("badcollapseid", Reason::SenderBug),
    ("invalidpushtype", Reason::SenderBug),
    ("missingpushtype", Reason::SenderBug),
    ("missingtopic", Reason::SenderBug),
    ("badtopic", Reason::SenderBug),
    ("badrequestparams", Reason::SenderBug),
    ("badrequestpayload", Reason::SenderBug),
    ("badttl", Reason::SenderBug),
    ("badurgency", Reason::SenderBug),
    ("badwebpushtopic", Reason::SenderBug),
    ("badwebpushrequest", Reason::SenderBug),
    ("toomanyrequests", Reason::DeviceThrottled),
    ("devicemessagerateexceeded", Reason::DeviceThrottled),
    ("messagerateexceeded", Reason::ProviderThrottled),
    ("quotaexceeded", Reason::ProviderThrottled),
    ("resourceexhausted", Reason::ProviderThrottled),
    ("internalservererror", Reason::ProviderUnavailable),
    ("serviceunavailable", Reason::ProviderUnavailable),
    ("shutdown", Reason::ProviderUnavailable),
    ("idletimeout", Reason::ProviderUnavailable),
    ("unavailable", Reason::ProviderUnavailable),
    ("internal", Reason::ProviderUnavailable),
    ("messagereceivedinternalerror", Reason::ProviderUnavailable),
];

/// Twilio's numbers (providers.md 5.1 and 9).
const SMS_CODES: &[(&str, Reason)] = &[
    ("21211", Reason::RecipientInvalid),
    ("21214", Reason::RecipientInvalid),
    ("21217", Reason::RecipientInvalid),
    ("21401", Reason::RecipientInvalid),
    ("21614", Reason::RecipientInvalid),
    ("14101", Reason::RecipientInvalid),
    ("30005", Reason::RecipientInvalid),
    ("30006", Reason::RecipientInvalid),
    ("63024", Reason::RecipientInvalid),
    ("63036", Reason::DeviceUnreachable),
    ("30003", Reason::DeviceUnreachable),
    ("21610", Reason::RecipientOptedOut),
    ("30004", Reason::CarrierBlocked),
    ("63032", Reason::CarrierBlocked),
    ("30007", Reason::ContentFiltered),
    ("30450", Reason::FraudGuard),
    ("30453", Reason::FraudGuard),
    ("20003", Reason::ProviderAuth),
    ("20404", Reason::ProviderAuth),
    ("30002", Reason::ProviderAuth),
    ("21408", Reason::ProviderConfig),
    ("21603", Reason::ProviderConfig),
    ("21609", Reason::ProviderConfig),
    ("21701", Reason::ProviderConfig),
    ("21606", Reason::ProviderConfig),
    ("21608", Reason::ProviderConfig),
    ("21612", Reason::ProviderConfig),
    ("21212", Reason::ProviderConfig),
    ("21659", Reason::ProviderConfig),
    ("21703", Reason::ProviderConfig),
    ("21704", Reason::ProviderConfig),
    ("30032", Reason::ProviderConfig),
    ("30034", Reason::ProviderConfig),
    ("30035", Reason::ProviderConfig),
    ("30042", Reason::ProviderConfig),
    ("21602", Reason::PayloadInvalid),
    ("21619", Reason::PayloadInvalid),
    ("14103", Reason::PayloadInvalid),
    ("63016", Reason::PayloadInvalid),
    ("21617", Reason::PayloadTooLarge),
    ("30019", Reason::PayloadTooLarge),
    ("14107", Reason::ProviderThrottled),
    ("20429", Reason::ProviderThrottled),
    ("21611", Reason::ProviderThrottled),
    ("30001", Reason::ProviderThrottled),
    ("30022", Reason::ProviderThrottled),
    ("30023", Reason::ProviderThrottled),
    ("63018", Reason::ProviderThrottled),
    ("63038", Reason::ProviderThrottled),
    ("30008", Reason::ProviderUnavailable),
    ("30017", Reason::ProviderUnavailable),
    ("30410", Reason::ProviderUnavailable),
    ("30500", Reason::ProviderUnavailable),
    ("20500", Reason::ProviderUnavailable),
    ("30036", Reason::ExpiredAtProvider),
];

/// Enhanced status codes by their start, the longer before the shorter (RFC 3463; providers.md 6.1 and
/// 9). 5.1.7 and 5.1.8 are about the sender's address.
const EMAIL_CODES: &[(&str, Reason)] = &[
    ("5.1.7", Reason::ProviderConfig),
    ("5.1.8", Reason::ProviderConfig),
    ("5.1.", Reason::RecipientInvalid),
    ("5.2.1", Reason::RecipientInvalid),
    ("5.2.2", Reason::MailboxFull),
    ("4.2.2", Reason::MailboxFull),
    ("5.2.3", Reason::PayloadTooLarge),
    ("5.3.4", Reason::PayloadTooLarge),
    ("5.6.", Reason::PayloadInvalid),
    ("5.7.", Reason::ContentFiltered),
];

/// What people and programs write, in lower case; the first that occurs decides.
/// Customer.io: semantics.md 2.5, reporting-webhooks.md 6 and 7.
const PHRASES: &[(&str, Reason)] = &[
    ("message limit", Reason::MessageLimit),
    ("frequency cap", Reason::MessageLimit),
    ("quiet hours", Reason::QuietHours),
    ("delivery is disabled", Reason::DeliveryDisabled),
    ("delivery disabled", Reason::DeliveryDisabled),
    ("sending is disabled", Reason::DeliveryDisabled),
    ("cancelled", Reason::SourceCancelled),
    ("canceled", Reason::SourceCancelled),
    ("newsletter was deleted", Reason::SourceCancelled),
    ("campaign was deleted", Reason::SourceCancelled),
    ("holdout", Reason::Holdout),
    ("no device", Reason::NoDevice),
    ("without a device", Reason::NoDevice),
    ("not registered", Reason::TokenUnregistered),
    ("no longer registered", Reason::TokenUnregistered),
    ("requested entity was not found", Reason::TokenUnregistered),
    ("registration token is not", Reason::TokenInvalid),
    ("registration token is invalid", Reason::TokenInvalid),
    ("invalid registration", Reason::TokenInvalid),
    ("invalid device token", Reason::TokenInvalid),
    ("invalid token", Reason::TokenInvalid),
    ("bad device token", Reason::TokenInvalid),
    ("previously bounced", Reason::DeviceSuppressed),
    ("bounced before", Reason::DeviceSuppressed),
    ("device is suppressed", Reason::DeviceSuppressed),
    ("suppression list", Reason::AddressSuppressed),
    ("suppressed", Reason::AddressSuppressed),
    ("mailbox full", Reason::MailboxFull),
    ("mailbox is full", Reason::MailboxFull),
    ("over quota", Reason::MailboxFull),
    ("too large", Reason::PayloadTooLarge),
    ("payload too big", Reason::PayloadTooLarge),
    ("undefined variable", Reason::RenderMissingValue),
    ("missing attribute", Reason::RenderMissingValue),
    ("is blank", Reason::RenderMissingValue),
    ("liquid", Reason::RenderError),
    ("render", Reason::RenderError),
    ("template", Reason::RenderError),
    ("credential", Reason::ProviderAuth),
    ("certificate", Reason::ProviderAuth),
    ("unauthorized", Reason::ProviderAuth),
    ("authentication", Reason::ProviderAuth),
    ("wrong environment", Reason::ProviderEnvironment),
    ("sender id", Reason::WrongProject),
    ("senderid", Reason::WrongProject),
    ("rate limit", Reason::ProviderThrottled),
    ("quota", Reason::ProviderThrottled),
    ("throttl", Reason::ProviderThrottled),
    ("too many requests", Reason::ProviderThrottled),
    ("timed out", Reason::ConnectionFailed),
    ("timeout", Reason::ConnectionFailed),
    ("connection", Reason::ConnectionFailed),
    ("no such host", Reason::ConnectionFailed),
    ("service unavailable", Reason::ProviderUnavailable),
    ("internal error", Reason::ProviderUnavailable),
    ("internal server error", Reason::ProviderUnavailable),
    ("bad gateway", Reason::ProviderUnavailable),
    ("unknown user", Reason::RecipientInvalid),
    ("user unknown", Reason::RecipientInvalid),
    ("does not exist", Reason::RecipientInvalid),
    ("no such user", Reason::RecipientInvalid),
    ("invalid recipient", Reason::RecipientInvalid),
    ("not a valid phone number", Reason::RecipientInvalid),
    ("unsubscribed", Reason::UnsubscribedGlobal),
    ("opted out", Reason::RecipientOptedOut),
    ("blocklist", Reason::ContentFiltered),
    ("blacklist", Reason::ContentFiltered),
    ("spam", Reason::ContentFiltered),
    ("malformed", Reason::PayloadInvalid),
    ("invalid payload", Reason::PayloadInvalid),
    ("invalid json", Reason::PayloadInvalid),
    ("expired", Reason::ExpiredInQueue),
];

impl Reason {
    /// The reason that a reporter's free text states about `mark`. Codes count before phrases; what
    /// nobody knows becomes the reason that the mark itself suggests
    /// ([`Reason::suggested_by`]), or the mark's unknown reason.
    /// What begins with the name of a reason of ours states that reason: parts of Landfall tell each other
    /// so.
    pub fn from_report(channel: Channel, mark: Mark, text: &str) -> Self {
        let first = text.split(':').next().unwrap_or_default();
        if let Some(named) = Self::named(first.trim()) {
            return named;
        }
        let text = text.to_lowercase();
        let found = by_code(channel, &text).or_else(|| by_phrase(&text));
        found.map_or_else(
            || Self::suggested_by(channel, mark).unwrap_or(Self::FailedUnknown),
            |found| refined(found, channel, mark, &text),
        )
    }

    /// The reason that lies in the mark itself, where a report gives none; `None` for marks that
    /// need no reason. A bounced push is by definition an invalid token, and a dropped one a token
    /// that bounced before (reporting-webhooks.md 6.1).
    pub const fn suggested_by(channel: Channel, mark: Mark) -> Option<Self> {
        let push = matches!(channel, Channel::Push | Channel::LiveNotification);
        Some(match mark {
            Mark::Bounced if push => Self::TokenInvalid,
            Mark::Bounced => Self::BouncedUnknown,
            Mark::Dropped if push => Self::DeviceSuppressed,
            Mark::Dropped => Self::AddressSuppressed,
            Mark::Failed => Self::FailedUnknown,
            Mark::Attempted => Self::AttemptUnknown,
            Mark::Undeliverable => Self::UndeliverableUnknown,
            Mark::Deferred => Self::DeferredUnknown,
            Mark::Expired => Self::ExpiredInQueue,
            Mark::Drafted => Self::HeldAsDraft,
            Mark::Spammed => Self::Complaint,
            Mark::Unsubscribed | Mark::TopicUnsubscribed => Self::OptedOut,
            _ => return None,
        })
    }
}

fn by_code(channel: Channel, text: &str) -> Option<Reason> {
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
    let listed = |table: &[(&str, Reason)], word: &str| {
        let found = table.iter().find(|(code, _)| *code == word);
        found.map(|(_, reason)| *reason)
    };
    match channel {
        Channel::Push | Channel::LiveNotification => {
            words().find_map(|word| listed(PUSH_CODES, &word.replace(['_', '-'], "")))
        }
        Channel::Sms | Channel::WhatsApp => words().find_map(|word| listed(SMS_CODES, word)),
        Channel::Email => text.split_whitespace().find_map(|word| {
            let word = word.trim_start_matches(|c: char| !c.is_ascii_digit());
            let found = EMAIL_CODES.iter().find(|(code, _)| word.starts_with(code));
            found.map(|(_, reason)| *reason)
        }),
        _ => None,
    }
}

fn by_phrase(text: &str) -> Option<Reason> {
    let found = PHRASES.iter().find(|(phrase, _)| text.contains(phrase));
    found.map(|(_, reason)| *reason)
}

/// Some words mean different things in different places.
fn refined(found: Reason, channel: Channel, mark: Mark, text: &str) -> Reason {
    let push = matches!(channel, Channel::Push | Channel::LiveNotification);
    match found {
        // FCM answers INVALID_ARGUMENT for bad tokens too, and says so in the message.
        Reason::PayloadInvalid if text.contains("registration token") => Reason::TokenInvalid,
        Reason::ProviderThrottled if push && text.contains("device") => Reason::DeviceThrottled,
        Reason::AddressSuppressed if push => Reason::DeviceSuppressed,
        // What is known of a token says why it was skipped, not what the provider answered now.
        Reason::TokenInvalid | Reason::TokenUnregistered | Reason::TokenExpired
            if mark == Mark::Dropped =>
        {
            Reason::DeviceSuppressed
        }
        Reason::TokenInvalid | Reason::TokenUnregistered if !push => Reason::RecipientInvalid,
        Reason::ExpiredInQueue if push && mark == Mark::Bounced => Reason::TokenExpired,
        other => other,
    }
}
