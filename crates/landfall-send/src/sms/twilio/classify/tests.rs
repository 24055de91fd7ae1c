use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::reason::{Class, Fixer, Kind, TokenAction};

use super::*;

/// The rows of providers.md 5.1 and 9 as they stand there: codes, class, what becomes of the number.
const ROWS: &[(&[u32], Class, TokenAction)] = &[
    (
        &[21211, 21214, 21217, 21401, 21614, 14101, 30006, 30005],
        Class::RecipientInvalid,
        TokenAction::Remove,
    ),
    (&[21610], Class::OptedOut, TokenAction::Suspend),
    (&[21408, 21608], Class::Config, TokenAction::Keep),
    (
        &[21606, 21212, 21659, 21703, 21704, 21612],
        Class::Config,
        TokenAction::Keep,
    ),
    (
        &[21602, 21617, 21619, 14103],
        Class::Payload,
        TokenAction::Keep,
    ),
    (&[20003, 20404], Class::Credentials, TokenAction::Keep),
    (
        &[20429, 21611, 14107, 30001, 63018, 63038],
        Class::Quota,
        TokenAction::Keep,
    ),
    (&[30002], Class::Credentials, TokenAction::Keep),
    (&[30003], Class::DeviceUnreachable, TokenAction::Keep),
    (&[30004], Class::OptedOut, TokenAction::Suspend),
    (&[30007], Class::ContentFiltered, TokenAction::Keep),
    (
        &[30008, 30410, 30500, 20500],
        Class::ProviderOutage,
        TokenAction::Keep,
    ),
    (&[30017], Class::ProviderOutage, TokenAction::Keep),
    (&[30019], Class::Payload, TokenAction::Keep),
    (&[30022, 30023], Class::Quota, TokenAction::Keep),
    (
        &[30032, 30034, 30035, 30042],
        Class::Config,
        TokenAction::Keep,
    ),
    (&[30036], Class::ExpiredTtl, TokenAction::Keep),
    (&[30450, 30453], Class::Suppressed, TokenAction::Suspend),
];

#[test]
fn a_code_means_the_same_in_a_text_as_in_an_answer() {
    for (code, reason) in CODES {
        let text = format!("error {code}");
        let read = Reason::from_report(Channel::Sms, Mark::Failed, &text);
        assert_eq!(read, *reason, "{code}");
    }
}

#[test]
fn every_documented_code_has_its_class_and_its_effect_on_the_number() {
    for (codes, class, action) in ROWS {
        for code in *codes {
            let reason = of_code(*code).unwrap_or_else(|| panic!("{code} is not known"));
            assert_eq!(reason.class(), *class, "{code}");
            assert_eq!(reason.token_action(), *action, "{code}");
        }
    }
}

#[test]
fn no_code_stands_in_the_table_twice() {
    let mut codes: Vec<u32> = CODES.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all);
}

#[test]
fn codes_of_other_channels_are_classed_one_by_one() {
    for (code, class) in [
        (63016, Class::Payload),
        (63024, Class::RecipientInvalid),
        (63032, Class::OptedOut),
        (63036, Class::DeviceUnreachable),
    ] {
        assert_eq!(of_code(code).map(Reason::class), Some(class), "{code}");
    }
}

#[test]
fn an_unknown_code_is_classed_by_the_status() {
    for (status, reason) in [
        (400, Reason::PayloadInvalid),
        (401, Reason::ProviderAuth),
        (403, Reason::ProviderAuth),
        (404, Reason::ProviderConfig),
        (302, Reason::ProviderConfig),
        (413, Reason::PayloadTooLarge),
        (418, Reason::FailedUnknown),
        (429, Reason::ProviderThrottled),
        (500, Reason::ProviderUnavailable),
        (503, Reason::ProviderUnavailable),
    ] {
        assert_eq!(of_refusal(status, Some(99_999)), reason, "{status}");
        assert_eq!(of_refusal(status, None), reason, "{status}");
    }
}

#[test]
fn a_known_code_counts_more_than_the_status() {
    assert_eq!(of_refusal(400, Some(21610)), Reason::RecipientOptedOut);
    assert_eq!(of_refusal(400, Some(20429)), Reason::ProviderThrottled);
}

#[test]
fn an_opt_out_is_policy_and_a_wrong_number_is_a_failure_of_the_data() {
    let stopped = of_code(21610).expect("known");
    assert_eq!(stopped.kind(), Kind::Policy);
    let wrong = of_code(21211).expect("known");
    assert_eq!(
        (wrong.kind(), wrong.who_fixes()),
        (Kind::Delivery, Fixer::DataQuality)
    );
}
