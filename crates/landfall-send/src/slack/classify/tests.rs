use landfall_domain::reason::{Class, Retry};

use super::*;

/// The rows of providers.md 7 and 9: status, errors, class.
const ROWS: &[(u16, &[&str], Class)] = &[
    (
        400,
        &[
            "invalid_payload",
            "no_text",
            "too_many_attachments",
            "invalid_blocks",
            "msg_blocks_too_long",
        ],
        Class::Payload,
    ),
    (404, &["user_not_found", "channel_not_found"], Class::Config),
    (410, &["channel_is_archived"], Class::Config),
    (
        403,
        &[
            "action_prohibited",
            "posting_to_general_channel_denied",
            "team_disabled",
            "no_team",
        ],
        Class::Config,
    ),
    (
        404,
        &["no_service", "no_service_id", "no_active_hooks"],
        Class::Config,
    ),
    (403, &["invalid_token"], Class::Config),
    (500, &["rollup_error"], Class::ProviderOutage),
];

#[test]
fn every_documented_error_has_its_class() {
    for (status, errors, class) in ROWS {
        for error in *errors {
            let reason = refusal(*status, error).expect("a refusal");
            assert_eq!(reason.class(), *class, "{status} {error}");
            assert_eq!(code(error), Some(*error));
        }
    }
    let listed: usize = ROWS.iter().map(|(_, errors, _)| errors.len()).sum();
    assert_eq!(listed, ERRORS.len());
}

#[test]
fn only_ok_is_a_success() {
    assert_eq!(refusal(200, "ok"), None);
    assert_eq!(refusal(200, "ok\n"), None);
    assert_eq!(
        refusal(200, "<html>please log in</html>"),
        Some(Reason::FailedUnknown)
    );
    assert_eq!(refusal(200, ""), Some(Reason::FailedUnknown));
}

#[test]
fn a_limit_and_an_outage_are_tried_again_and_all_else_is_not() {
    assert_eq!(
        refusal(429, "rate_limited"),
        Some(Reason::ProviderThrottled)
    );
    assert_eq!(refusal(429, ""), Some(Reason::ProviderThrottled));
    for (status, body) in [(500, ""), (503, "<html></html>"), (408, "")] {
        let reason = refusal(status, body).expect("a refusal");
        assert_eq!(reason.retry(), Retry::Backoff, "{status}");
    }
    for (status, body) in [(400, "some_new_error"), (403, ""), (302, ""), (418, "")] {
        let reason = refusal(status, body).expect("a refusal");
        assert_eq!(reason.retry(), Retry::Never, "{status}");
    }
}

#[test]
fn a_page_is_no_code() {
    assert_eq!(code("<html><body>Bad Gateway</body></html>"), None);
    assert_eq!(code("ok"), None);
    assert_eq!(code("invalid_blocks: missing text"), Some("invalid_blocks"));
}
