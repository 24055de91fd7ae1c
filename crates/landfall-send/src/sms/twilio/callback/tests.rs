use super::*;

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn a_report_is_read_from_its_form() {
    let report = StatusCallback::read(&fields(&[
        ("MessageSid", "SM1"),
        ("AccountSid", "AC1"),
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "30003"),
        ("ErrorMessage", "Unreachable destination handset"),
        ("To", "+15550001111"),
        ("From", "+15550002222"),
        ("ApiVersion", "2010-04-01"),
        ("RawDlrDoneDate", "2611301404"),
    ]))
    .expect("a report");
    assert_eq!(report.message_sid, "SM1");
    assert_eq!(report.status, MessageStatus::Undelivered);
    assert_eq!(report.error_code, Some(30003));
    assert_eq!(report.reason(), Some(Reason::DeviceUnreachable));
    assert_eq!(report.status.mark(), Some(Mark::Bounced));
}

#[test]
fn a_report_without_sid_or_status_is_none() {
    let error = StatusCallback::read(&fields(&[("MessageStatus", "sent")]));
    assert_eq!(error, Err(CallbackError::Missing("MessageSid")));
    let error = StatusCallback::read(&fields(&[("MessageSid", "SM1"), ("MessageStatus", " ")]));
    assert_eq!(error, Err(CallbackError::Missing("MessageStatus")));
}

#[test]
fn a_message_that_comes_in_is_no_report() {
    let pairs = [("MessageSid", "SM1"), ("MessageStatus", "received")];
    assert_eq!(
        StatusCallback::read(&fields(&pairs)),
        Err(CallbackError::Status("received".to_owned()))
    );
}

#[test]
fn every_documented_status_has_its_meaning() {
    for (name, mark, terminal) in [
        ("accepted", None, false),
        ("scheduled", None, false),
        ("queued", None, false),
        ("sending", None, false),
        ("sent", Some(Mark::Sent), false),
        ("delivered", Some(Mark::Delivered), true),
        ("partially_delivered", Some(Mark::Delivered), true),
        ("read", Some(Mark::Opened), true),
        ("undelivered", Some(Mark::Bounced), true),
        ("failed", Some(Mark::Bounced), true),
        ("canceled", Some(Mark::Undeliverable), true),
    ] {
        let status = MessageStatus::named(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(status.mark(), mark, "{name}");
        assert_eq!(status.is_terminal(), terminal, "{name}");
    }
}

#[test]
fn a_failure_without_a_known_code_has_an_unknown_reason() {
    let refusal = |status: MessageStatus, code| status.refusal(code);
    assert_eq!(
        refusal(MessageStatus::Undelivered, None),
        Some(Reason::BouncedUnknown)
    );
    assert_eq!(
        refusal(MessageStatus::Failed, Some(99_999)),
        Some(Reason::FailedUnknown)
    );
    assert_eq!(
        refusal(MessageStatus::Canceled, None),
        Some(Reason::SourceCancelled)
    );
    assert_eq!(refusal(MessageStatus::Delivered, None), None);
}

#[test]
fn late_and_repeated_reports_change_nothing() {
    use MessageStatus::{Canceled, Delivered, Failed, Queued, Read, Sending, Sent, Undelivered};
    assert!(Sent.advances(Queued));
    assert!(Delivered.advances(Sent));
    assert!(Undelivered.advances(Sent));
    assert!(Read.advances(Delivered));
    for (late, known) in [
        (Sent, Delivered),
        (Sending, Sent),
        (Sent, Sent),
        (Undelivered, Delivered),
        (Delivered, Undelivered),
        (Failed, Undelivered),
        (Canceled, Failed),
        (Delivered, Read),
    ] {
        assert!(!late.advances(known), "{late:?} after {known:?}");
    }
}
