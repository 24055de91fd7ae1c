use std::collections::BTreeSet;

use super::{Class, Kind, Reason, Retry, Stage, TokenAction};
use crate::channel::Channel;
use crate::marks::Mark;

#[test]
fn codes_and_names_are_unique_and_round_trip() {
    let mut codes = BTreeSet::new();
    for reason in Reason::ALL {
        assert!(codes.insert(reason.code()), "{reason}");
        assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        assert_eq!(Reason::named(reason.name()), Some(*reason));
        let json = serde_json::to_string(reason).unwrap();
        assert_eq!(json, format!("\"{}\"", reason.name()));
        assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
    }
    assert_eq!(Reason::from_code(0), None);
    assert_eq!(Reason::named("nonsense"), None);
}

#[test]
fn the_taxonomy_holds_together() {
    for reason in Reason::ALL {
        assert!(reason.explanation().ends_with('.'), "{reason}");
        assert!(reason.fix().ends_with('.'), "{reason}");
        let removes = matches!(
            reason.token_action(),
            TokenAction::Remove | TokenAction::RemoveIfOlder
        );
        if removes {
            assert_eq!(reason.retry(), Retry::Never, "{reason}");
            assert_eq!(reason.kind(), Kind::Delivery, "{reason}");
        }
        if reason.kind() == Kind::Reach {
            assert_ne!(reason.stage(), Stage::ProviderRejected, "{reason}");
        }
        if reason.class() == Class::Suppressed && reason.stage() == Stage::PreSend {
            assert_ne!(reason.kind(), Kind::Delivery, "{reason}");
        }
    }
}

/// What the classification rests on stands behind each line: S = semantics.md 2.5,
/// W = reporting-webhooks.md, P = providers.md.
const PUSH: &[(Mark, &str, Reason)] = &[
    (Mark::Bounced, "UNREGISTERED", Reason::TokenUnregistered), // W 7, P 2.3
    (
        Mark::Sent,
        "token not registered",
        Reason::TokenUnregistered,
    ), // W 7
    (
        Mark::Failed,
        "credentials rejected by provider",
        Reason::ProviderAuth,
    ), // W 7
    (Mark::Bounced, "Unregistered", Reason::TokenUnregistered), // P 1.4
    (Mark::Bounced, "410 Unregistered", Reason::TokenUnregistered), // P 1.4
    (Mark::Bounced, "apns: BadDeviceToken", Reason::TokenInvalid), // P 1.4
    (Mark::Bounced, "NotRegistered", Reason::TokenUnregistered), // P 9, older FCM name
    (Mark::Bounced, "InvalidRegistration", Reason::TokenInvalid), // P 9
    (Mark::Bounced, "MismatchSenderId", Reason::WrongProject),  // P 9
    (Mark::Bounced, "SENDER_ID_MISMATCH", Reason::WrongProject), // P 2.3
    (
        Mark::Bounced,
        "DeviceTokenNotForTopic",
        Reason::ProviderTopic,
    ), // P 1.4
    (Mark::Bounced, "ExpiredToken", Reason::TokenExpired),      // P 1.4
    (Mark::Failed, "PayloadTooLarge", Reason::PayloadTooLarge), // P 1.4
    (
        Mark::Failed,
        "{\"reason\":\"InvalidProviderToken\"}",
        Reason::ProviderAuth,
    ), // P 1.4
    (
        Mark::Failed,
        "THIRD_PARTY_AUTH_ERROR",
        Reason::ProviderThirdParty,
    ), // P 2.3
    (Mark::Failed, "TopicMismatch", Reason::ProviderKeyScope),  // P 1.4
    (
        Mark::Attempted,
        "ExpiredProviderToken",
        Reason::ProviderJwtExpired,
    ), // P 1.4
    (
        Mark::Attempted,
        "429 TooManyRequests",
        Reason::DeviceThrottled,
    ), // P 1.4
    (
        Mark::Attempted,
        "QUOTA_EXCEEDED: project",
        Reason::ProviderThrottled,
    ), // P 2.3
    (
        Mark::Attempted,
        "QUOTA_EXCEEDED for this device",
        Reason::DeviceThrottled,
    ), // P 2.3
    (Mark::Attempted, "UNAVAILABLE", Reason::ProviderUnavailable), // P 2.3
    (
        Mark::Attempted,
        "dial tcp: connection refused",
        Reason::ConnectionFailed,
    ), // P 9
    (
        Mark::Attempted,
        "context deadline: request timed out",
        Reason::ConnectionFailed,
    ), // P 9
    (
        Mark::Bounced,
        "INVALID_ARGUMENT: The registration token is not a valid FCM registration token",
        Reason::TokenInvalid,
    ), // P 2.3
    (
        Mark::Failed,
        "INVALID_ARGUMENT: data must be strings",
        Reason::PayloadInvalid,
    ), // P 2.3
    (
        Mark::Failed,
        "Liquid syntax error: unknown tag",
        Reason::RenderError,
    ), // S
    (
        Mark::Failed,
        "undefined variable customer.name",
        Reason::RenderMissingValue,
    ), // S
    (
        Mark::Undeliverable,
        "Message limit reached",
        Reason::MessageLimit,
    ), // S
    (
        Mark::Undeliverable,
        "newsletter was cancelled",
        Reason::SourceCancelled,
    ), // S
    (
        Mark::Undeliverable,
        "Delivery is disabled for this workspace",
        Reason::DeliveryDisabled,
    ), // S
    (Mark::Dropped, "UNREGISTERED", Reason::DeviceSuppressed),  // W 7: same text as bounced
    (
        Mark::Dropped,
        "device is suppressed",
        Reason::DeviceSuppressed,
    ), // S
    (
        Mark::Failed,
        "no device found for the profile",
        Reason::NoDevice,
    ), // S
    (Mark::Bounced, "zzz", Reason::TokenInvalid), // W 6.1: bounced means invalid token
    (Mark::Dropped, "zzz", Reason::DeviceSuppressed), // W 6.1
    (Mark::Failed, "zzz", Reason::FailedUnknown),
    (Mark::Attempted, "zzz", Reason::AttemptUnknown),
    (Mark::Undeliverable, "", Reason::UndeliverableUnknown),
];

const OTHERS: &[(Channel, Mark, &str, Reason)] = &[
    (
        Channel::Email,
        Mark::Bounced,
        "550 5.1.1 mailbox unavailable",
        Reason::RecipientInvalid,
    ),
    (
        Channel::Email,
        Mark::Bounced,
        "550 5.1.7 sender address is not valid",
        Reason::ProviderConfig,
    ), // RFC 3463: the sender's address
    (
        Channel::Email,
        Mark::Bounced,
        "550 5.1.8 sender domain not found",
        Reason::ProviderConfig,
    ),
    (
        Channel::Email,
        Mark::Bounced,
        "550 5.1.10 null MX",
        Reason::RecipientInvalid,
    ),
    (
        Channel::Email,
        Mark::Bounced,
        "552 5.2.2 over quota",
        Reason::MailboxFull,
    ),
    (
        Channel::Email,
        Mark::Bounced,
        "554 5.7.1 rejected",
        Reason::ContentFiltered,
    ),
    (
        Channel::Email,
        Mark::Bounced,
        "unknown user",
        Reason::RecipientInvalid,
    ),
    (
        Channel::Email,
        Mark::Dropped,
        "on the suppression list",
        Reason::AddressSuppressed,
    ),
    (Channel::Email, Mark::Bounced, "zzz", Reason::BouncedUnknown),
    (Channel::Email, Mark::Spammed, "", Reason::Complaint),
    (
        Channel::Email,
        Mark::Deferred,
        "greylisted",
        Reason::DeferredUnknown,
    ),
    (
        Channel::Sms,
        Mark::Failed,
        "30034: unregistered number",
        Reason::ProviderConfig,
    ),
    (
        Channel::Sms,
        Mark::Failed,
        "14107 rate exceeded",
        Reason::ProviderThrottled,
    ),
    (
        Channel::Sms,
        Mark::Bounced,
        "error 21610",
        Reason::RecipientOptedOut,
    ),
    (
        Channel::Sms,
        Mark::Bounced,
        "30003: unreachable",
        Reason::DeviceUnreachable,
    ),
    (
        Channel::Sms,
        Mark::Bounced,
        "30006",
        Reason::RecipientInvalid,
    ),
    (
        Channel::Sms,
        Mark::Failed,
        "30007 carrier filter",
        Reason::ContentFiltered,
    ),
    // Words of push providers mean nothing elsewhere, and Twilio's numbers nothing in push.
    (
        Channel::Email,
        Mark::Bounced,
        "UNREGISTERED",
        Reason::BouncedUnknown,
    ),
    (
        Channel::Push,
        Mark::Failed,
        "id 21610",
        Reason::FailedUnknown,
    ),
];

#[test]
fn reports_are_classified() {
    for (mark, text, reason) in PUSH {
        assert_eq!(
            Reason::from_report(Channel::Push, *mark, text),
            *reason,
            "{mark}: {text}"
        );
    }
    for (channel, mark, text, reason) in OTHERS {
        let found = Reason::from_report(*channel, *mark, text);
        assert_eq!(found, *reason, "{channel} {mark}: {text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_is_classified(text in ".{0,200}") {
        for channel in Channel::ALL {
            for mark in Mark::ALL {
                let reason = Reason::from_report(*channel, *mark, &text);
                proptest::prop_assert!(Reason::ALL.contains(&reason));
            }
        }
    }
}

#[test]
fn a_text_that_begins_with_the_name_of_a_reason_states_it() {
    for reason in Reason::ALL {
        let text = format!("{}: 550 5.1.1 not registered", reason.name());
        assert_eq!(
            Reason::from_report(Channel::Email, Mark::Bounced, &text),
            *reason
        );
        assert_eq!(
            Reason::from_report(Channel::Push, Mark::Failed, reason.name()),
            *reason
        );
    }
}
