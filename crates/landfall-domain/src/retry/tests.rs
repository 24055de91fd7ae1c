use super::*;

fn failure(provider: Provider, reason: Reason, number: u16) -> Failure {
    Failure {
        provider: Some(provider),
        reason,
        number,
        since_first_ms: 0,
        retry_after_ms: None,
        random: 0,
    }
}

#[test]
fn what_the_provider_judged_is_not_tried_again() {
    for reason in [
        Reason::TokenUnregistered,
        Reason::TokenInvalid,
        Reason::PayloadTooLarge,
        Reason::RenderError,
    ] {
        for provider in Provider::ALL {
            assert_eq!(next_try(&failure(*provider, reason, 1)), None, "{reason}");
        }
    }
}

#[test]
fn first_pauses_are_never_shorter_than_the_reference_says() {
    // providers.md 10: FCM 10 s after an outage and 60 s after a quota, device rates 60 s, SMS 5 s,
    // mail 5 min, Slack 1 s.
    let first = |provider, reason| next_try(&failure(provider, reason, 1));
    assert_eq!(
        first(Provider::Fcm, Reason::ProviderUnavailable),
        Some(10 * SECOND_MS)
    );
    assert_eq!(
        first(Provider::Fcm, Reason::ProviderThrottled),
        Some(MINUTE_MS)
    );
    assert_eq!(
        first(Provider::Fcm, Reason::DeviceThrottled),
        Some(MINUTE_MS)
    );
    assert_eq!(
        first(Provider::Apns, Reason::ProviderUnavailable),
        Some(SECOND_MS)
    );
    assert_eq!(
        first(Provider::SmsGateway, Reason::ProviderUnavailable),
        Some(5 * SECOND_MS)
    );
    assert_eq!(
        first(Provider::Smtp, Reason::ProviderUnavailable),
        Some(5 * MINUTE_MS)
    );
    assert_eq!(
        first(Provider::Slack, Reason::ProviderUnavailable),
        Some(SECOND_MS)
    );
    let second = next_try(&failure(Provider::Apns, Reason::ProviderUnavailable, 2));
    assert!(second >= Some(15 * MINUTE_MS));
}

#[test]
fn what_the_provider_asks_for_is_kept() {
    let asked = Failure {
        retry_after_ms: Some(90 * SECOND_MS),
        random: u32::MAX,
        ..failure(Provider::Fcm, Reason::ProviderThrottled, 1)
    };
    let pause = next_try(&asked).expect("it is tried again");
    assert!((90 * SECOND_MS..=100 * SECOND_MS).contains(&pause));
}

#[test]
fn tries_end() {
    for provider in Provider::ALL {
        for reason in Reason::ALL {
            if reason.retry() == Retry::Later {
                continue;
            }
            let last = next_try(&failure(*provider, *reason, TRIES_MAX));
            assert_eq!(last, None, "{provider} {reason}");
        }
    }
    let late = Failure {
        since_first_ms: HOUR_MS,
        ..failure(Provider::Fcm, Reason::ProviderUnavailable, 3)
    };
    assert_eq!(next_try(&late), None);
    assert_eq!(
        next_try(&failure(Provider::SmsGateway, Reason::ProviderThrottled, 3)),
        None
    );
}

#[test]
fn an_unknown_outcome_is_tried_again_where_a_copy_can_be_recognised() {
    let again = |provider| next_try(&failure(provider, Reason::OutcomeUnknown, 1));
    assert_eq!(again(Provider::Apns), Some(0));
    assert_eq!(again(Provider::Fcm), Some(0));
    assert_eq!(again(Provider::SmsGateway), None);
    let third = next_try(&failure(Provider::Apns, Reason::OutcomeUnknown, 2));
    assert_eq!(third, Some(4 * SECOND_MS));
    let mail = |number| next_try(&failure(Provider::Smtp, Reason::OutcomeUnknown, number));
    assert_eq!((mail(1), mail(2)), (Some(0), None));
}

#[test]
fn what_was_not_processed_goes_again_at_once_three_times() {
    let tries = |number| next_try(&failure(Provider::Apns, Reason::NotProcessed, number));
    assert_eq!((tries(1), tries(2), tries(3)), (Some(0), Some(0), None));
}
