use std::sync::Arc;

use landfall_domain::time::ManualClock;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_764_500_000);
const SENDER: &str = "+15005550006";

fn options() -> Options {
    Options::plain(Arc::new(ManualClock::at(NOW)))
}

fn fields(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A right message with some fields in place of its own.
fn but(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let right = [("To", "+4915112345678"), ("From", SENDER), ("Body", "Hi")];
    let kept = right
        .into_iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    fields(&kept.chain(changes.iter().copied()).collect::<Vec<_>>())
}

fn created(
    account: &mut Account,
    form: &[(String, String)],
    course: &Course,
) -> Result<Message, u32> {
    account.create(&options(), form, course, NOW).cloned()
}

#[test]
fn each_mistake_has_its_code() {
    let long = "x".repeat(1_601);
    let service = format!("MG{}", "b".repeat(32));
    let cases: Vec<(Vec<(&str, &str)>, u32)> = vec![
        (vec![("To", "")], 21_604),
        (vec![("To", "015112345678")], 21_211),
        (vec![("To", "+0151123456")], 21_211),
        (vec![("To", "+1555")], 21_211),
        (vec![("From", "")], 21_603),
        (vec![("From", "+15005550001")], 21_606),
        (vec![("From", "OTHERSHOP")], 21_606),
        (vec![("From", "not a sender!")], 21_212),
        (vec![("From", ""), ("MessagingServiceSid", "MG1")], 21_701),
        (vec![("Body", "")], 21_602),
        (vec![("Body", &long)], 21_617),
        (vec![("StatusCallback", "hooks/twilio")], 21_609),
        (vec![("ValidityPeriod", "0")], 21_624),
        (vec![("ValidityPeriod", "36001")], 21_624),
        (vec![("ScheduleType", "fixed")], 35_118),
        (
            vec![("ScheduleType", "fixed"), ("MessagingServiceSid", &service)],
            35_111,
        ),
        (
            vec![
                ("ScheduleType", "fixed"),
                ("MessagingServiceSid", &service),
                ("SendAt", "2025-11-30T10:58:20Z"),
            ],
            35_115,
        ),
    ];
    let mut account = Account::new(0);
    for (changes, code) in cases {
        let refused = created(&mut account, &but(&changes), &Course::default());
        assert_eq!(refused.err(), Some(code), "{changes:?}");
    }
    account.stop("+4915112345678");
    assert_eq!(
        created(&mut account, &but(&[]), &Course::default()).err(),
        Some(21_610)
    );
    account.start_again("+4915112345678");
    assert!(created(&mut account, &but(&[]), &Course::default()).is_ok());
    let media = but(&[("Body", ""), ("MediaUrl", "https://cdn.example/a.png")]);
    assert!(created(&mut account, &media, &Course::default()).is_ok());
    assert!(
        created(
            &mut account,
            &but(&[("Body", &"ü".repeat(1_600))]),
            &Course::default()
        )
        .is_ok()
    );
    assert_eq!(
        account.messages().len(),
        3,
        "what is refused leaves nothing"
    );
}

/// Statuses and codes of the reports of a message that goes some way.
fn reports(form: &[(String, String)], course: &Course) -> Vec<(Status, Option<String>)> {
    let mut account = Account::new(0);
    created(&mut account, form, course).expect("taken");
    while account.advance(&options(), NOW) > 0 {}
    account
        .next_callbacks()
        .into_iter()
        .map(|report| {
            let code = form::value(&report.fields, "ErrorCode").map(str::to_owned);
            (report.status, code)
        })
        .collect()
}

#[test]
fn a_message_goes_the_way_that_its_course_says() {
    let form = but(&[("StatusCallback", "https://push.example/hook")]);
    let plain = |status| (status, None);
    let coded = |status, code: &str| (status, Some(code.to_owned()));
    for (course, reported) in [
        (
            Course::Delivered,
            vec![plain(Status::Sent), plain(Status::Delivered)],
        ),
        (
            Course::Undelivered(30_003),
            vec![plain(Status::Sent), coded(Status::Undelivered, "30003")],
        ),
        (Course::Failed(30_007), vec![coded(Status::Failed, "30007")]),
        (Course::WithoutReceipt, vec![plain(Status::Sent)]),
        (Course::Stuck, vec![]),
        (
            Course::Steps(vec![Status::Sending.into(), Status::Read.into()]),
            vec![plain(Status::Sending), plain(Status::Read)],
        ),
    ] {
        assert_eq!(reports(&form, &course), reported, "{course:?}");
    }
    assert_eq!(
        reports(&but(&[]), &Course::Delivered),
        [],
        "nobody asked for reports"
    );
    let service = format!("MG{}", "b".repeat(32));
    let changes = [
        ("From", ""),
        ("MessagingServiceSid", service.as_str()),
        ("StatusCallback", "https://push.example/hook"),
    ];
    let by_service = reports(&but(&changes), &Course::WithoutReceipt);
    assert_eq!(by_service, [plain(Status::Queued), plain(Status::Sent)]);
}

#[test]
fn a_message_that_waits_too_long_fails() {
    let mut account = Account::new(0);
    let form = but(&[("ValidityPeriod", "60")]);
    created(&mut account, &form, &Course::Stuck).expect("taken");
    assert_eq!(account.advance(&options(), NOW.plus_millis(59_999)), 0);
    assert_eq!(account.advance(&options(), NOW.plus_millis(60_000)), 1);
    let message = &account.messages()[0];
    assert_eq!(
        (message.status, message.error),
        (Status::Failed, Some(30_036))
    );
}

#[test]
fn a_scheduled_message_waits_for_its_time_or_is_taken_back() {
    let service = format!("MG{}", "b".repeat(32));
    let form = but(&[
        ("From", ""),
        ("MessagingServiceSid", &service),
        ("ScheduleType", "fixed"),
        ("SendAt", "2025-11-30T11:53:20Z"),
        ("StatusCallback", "https://push.example/hook"),
    ]);
    let mut account = Account::new(0);
    let first = created(&mut account, &form, &Course::Delivered).expect("taken");
    let second = created(&mut account, &form, &Course::Delivered).expect("taken");
    assert_eq!(first.status, Status::Scheduled);
    assert_eq!(account.advance(&options(), NOW.plus_millis(3_599_000)), 0);
    let canceled = account
        .cancel(&options(), &second.sid, NOW)
        .map(|one| one.status);
    assert_eq!(canceled, Ok(Status::Canceled));
    assert_eq!(
        account.cancel(&options(), &second.sid, NOW).err(),
        Some(30_409)
    );
    assert_eq!(account.cancel(&options(), "SM0", NOW).err(), Some(20_404));
    let later = NOW.plus_millis(3_600_000);
    while account.advance(&options(), later) > 0 {}
    let statuses: Vec<_> = account
        .next_callbacks()
        .into_iter()
        .map(|report| report.status)
        .collect();
    assert_eq!(
        statuses,
        [
            Status::Canceled,
            Status::Accepted,
            Status::Queued,
            Status::Sent,
            Status::Delivered
        ]
    );
}
