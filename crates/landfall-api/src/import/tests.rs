//! Lines of each kind, good and bad.

use landfall_domain::channel::Channel;
use landfall_domain::input::{Body, DeliveryReport};
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::time::Timestamp;

use super::*;

fn rows(header: &str, lines: &str) -> Vec<Result<Row, Skipped>> {
    let header: Vec<String> = header.split(',').map(str::to_owned).collect();
    csv_rows(&header, lines.as_bytes())
}

fn delivery(header: &str, line: &str) -> Result<DeliveryReport, Skipped> {
    let row = rows(header, line).remove(0)?;
    match read(ImportKind::Deliveries, &row)?.body {
        Body::Delivery(report) => Ok(*report),
        other => panic!("not a delivery: {other:?}"),
    }
}

#[test]
fn a_delivery_export_names_its_columns_in_many_ways() {
    let report = delivery(
        "Delivery ID,Campaign ID,Campaign Name,Action ID,Type,Customer ID,Sent At,Opened,Failure-Message",
        "dlv1,31,Cart Recovery,77,push,u-42,2026-03-01T10:00:00Z,1772359260,",
    )
    .expect("a delivery");
    assert_eq!(report.delivery_id, "dlv1");
    assert_eq!(report.message.source, SourceKind::Campaign);
    assert_eq!(
        (report.message.source_id, report.message.step_id),
        (31, Some(77))
    );
    assert_eq!(report.message.channel, Channel::Push);
    assert_eq!(report.person.id.as_deref(), Some("u-42"));
    let marks = [
        (Mark::Sent, Timestamp::from_seconds(1_772_359_200)),
        (Mark::Opened, Timestamp::from_seconds(1_772_359_260)),
    ];
    assert_eq!(report.marks, marks);
    assert_eq!(report.names[0].1, "Cart Recovery");
    assert_eq!(report.failure_message, None);
}

#[test]
fn an_app_api_message_reads_as_well() {
    let line = br#"{"id":"dgOq6QWq==","type":"twilio","newsletter_id":5,"recipient":"+491700000",
        "customer_identifiers":{"id":"u1","email":"a@x.io","cio_id":"03000001"},
        "metrics":{"created":1790000000,"sent":1790000001,"bounced":1790000002}}"#;
    let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != b'\n').collect();
    let row = json_rows(&line).remove(0).expect("an object");
    let Body::Delivery(report) = read(ImportKind::Deliveries, &row).expect("a delivery").body
    else {
        panic!("not a delivery");
    };
    assert_eq!(report.message.channel, Channel::Sms);
    assert_eq!(report.person.cio_id.as_deref(), Some("03000001"));
    assert_eq!(report.recipients[0].address, "+491700000");
    assert_eq!(report.marks.len(), 3);
}

#[test]
fn lines_that_cannot_be_taken_say_why() {
    let why = |header, line| delivery(header, line).expect_err("a fault").reason;
    assert_eq!(
        why("type,customer_id,sent", "push,u1,1790000000"),
        "no delivery_id"
    );
    assert_eq!(
        why("id,customer_id,sent", "d,u1,1790000000"),
        "no type (push, email, ...)"
    );
    assert_eq!(
        why("id,type,customer_id,sent", "d,fax,u1,1790000000"),
        "unknown type"
    );
    assert_eq!(
        why("id,type,customer_id,sent", "d,push,u1,never"),
        "no time of any metric"
    );
    assert!(why("id,type,sent", "d,push,1790000000").starts_with("nobody is named"));
    assert!(why("id,type,sent", "d,push").starts_with("the number of columns"));
    let json = json_rows(b"[1]\n{broken\n\n{}\n");
    assert_eq!(json.len(), 3);
    assert!(json[0].is_err() && json[1].is_err() && json[2].is_ok());
}

#[test]
fn people_and_devices() {
    let row = rows("id,Email,plan,score", "u1,Ann@Example.org,pro,7")
        .remove(0)
        .expect("a row");
    let Body::Identify {
        who,
        claims,
        attributes,
        ..
    } = read(ImportKind::People, &row).expect("a person").body
    else {
        panic!("not a person");
    };
    assert_eq!(who.value(), "u1");
    assert_eq!(claims.email.as_deref(), Some("Ann@Example.org"));
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["plan", "score"]);

    let row = rows(
        "customer_id,token,platform,last_used,app_version",
        "u1,abc,iOS,1790000000,5.2",
    )
    .remove(0)
    .expect("a row");
    let Body::AddDevice { device, .. } = read(ImportKind::Devices, &row).expect("a device").body
    else {
        panic!("not a device");
    };
    assert_eq!(device.attributes["app_version"], "5.2");
    assert_eq!(
        device.last_used,
        Some(Timestamp::from_seconds(1_790_000_000))
    );
}

#[test]
fn the_same_line_has_the_same_key_and_another_line_another() {
    let key = |line: &str| {
        let row = rows("id,email", line).remove(0).expect("a row");
        read(ImportKind::People, &row).expect("a person").dedupe_key
    };
    assert_eq!(key("u1,a@x.io"), key("u1,a@x.io"));
    assert_ne!(key("u1,a@x.io"), key("u1,b@x.io"));
}

#[test]
fn times_as_exports_write_them() {
    let at = Some(Timestamp::from_seconds(1_790_000_000));
    for text in [
        "1790000000",
        "1790000000000",
        "2026-09-21T14:13:20Z",
        "2026-09-21 14:13:20 UTC",
        "2026-09-21T16:13:20+02:00",
    ] {
        assert_eq!(moment(text), at, "{text}");
    }
    for text in ["", "0", "-5", "soon", "99999999999999999"] {
        assert_eq!(moment(text), None, "{text}");
    }
}

#[test]
fn limits_hold_for_files_as_for_calls() {
    let long = "x".repeat(151);
    let value = "x".repeat(1_001);
    let token = "x".repeat(4_097);
    let rows = [
        (
            ImportKind::People,
            format!(r#"{{"id":"{long}"}}"#),
            "an identifier is longer than 150 bytes",
        ),
        (
            ImportKind::People,
            format!(r#"{{"id":"u1","email":"{long}"}}"#),
            "an identifier is longer than 150 bytes",
        ),
        (
            ImportKind::People,
            format!(r#"{{"id":"u1","a":"{value}"}}"#),
            "value for attribute 'a' cannot be longer than 1000 bytes",
        ),
        (
            ImportKind::People,
            r#"{"id":"u1","_timestamp":"soon"}"#.to_owned(),
            "_timestamp is not a time",
        ),
        (
            ImportKind::Devices,
            format!(r#"{{"id":"u1","token":"{token}"}}"#),
            "the token is longer than any push token",
        ),
        (
            ImportKind::Devices,
            r#"{"id":"u1","token":"t","last_used":-4}"#.to_owned(),
            "last_used is not a time",
        ),
        (
            ImportKind::Devices,
            format!(r#"{{"id":"u1","token":"t","a":"{value}"}}"#),
            "a cannot be longer than 1000 bytes",
        ),
        (
            ImportKind::Deliveries,
            format!(r#"{{"id":"{long}","type":"push","customer_id":"u","sent":5}}"#),
            "the delivery_id is longer than 150 bytes",
        ),
        (
            ImportKind::Deliveries,
            format!(r#"{{"id":"d","type":"push","email":"{long}","sent":5}}"#),
            "an identifier is longer than 150 bytes",
        ),
        (
            ImportKind::Deliveries,
            format!(r#"{{"id":"d","type":"push","customer_id":"u","sent":5,"token":"{token}"}}"#),
            "the recipient is longer than any push token",
        ),
    ];
    for (kind, line, reason) in rows {
        let row = json_rows(line.as_bytes()).remove(0).expect("an object");
        assert_eq!(read(kind, &row).expect_err("a fault").reason, reason);
    }
}

#[test]
fn what_is_not_an_attribute_is_not_imported_as_one() {
    let line =
        r#"{"id":"u1","cio_id":"0a","anonymous_id":"v1","_update":true,"plan":"pro","gone":null}"#;
    let row = json_rows(line.as_bytes()).remove(0).expect("an object");
    let Body::Identify {
        claims, attributes, ..
    } = read(ImportKind::People, &row).expect("a person").body
    else {
        panic!("not a person");
    };
    assert_eq!(claims.anonymous_id.as_deref(), Some("v1"));
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["gone", "plan"]);
}

#[test]
fn the_owner_of_a_device_may_be_named_in_many_ways() {
    let rows = [
        (r#"{"customer_id":"u1","id":"tok"}"#, "u1", "tok"),
        (r#"{"id":"u1","token":"tok"}"#, "u1", "tok"),
        (
            r#"{"email":"A@x.io","device_token":"tok"}"#,
            "a@x.io",
            "tok",
        ),
        (
            r#"{"cio_id":"0a","customer_id":"u1","device_id":"tok"}"#,
            "0a",
            "tok",
        ),
    ];
    for (line, owner, token) in rows {
        let row = json_rows(line.as_bytes()).remove(0).expect("an object");
        let Body::AddDevice { who, device } =
            read(ImportKind::Devices, &row).expect("a device").body
        else {
            panic!("not a device");
        };
        assert_eq!(
            (who.value(), device.token.as_str()),
            (owner, token),
            "{line}"
        );
    }
    let row = json_rows(br#"{"id":"tok","platform":"ios"}"#)
        .remove(0)
        .expect("an object");
    assert_eq!(
        read(ImportKind::Devices, &row).expect_err("a fault").reason,
        "no token"
    );
}

#[test]
fn a_csv_line_may_hold_quotes_breaks_and_bad_bytes() {
    let header = ["id".to_owned(), "\u{feff}Full Name".to_owned()];
    let lines = b"u1,\"Ann, the \"\"first\"\"\nof two\"\nu2,\xff\nu3,Bo\r\n";
    let rows = csv_rows(&header, lines);
    assert_eq!(rows.len(), 3);
    let first = rows[0].as_ref().expect("a row");
    assert_eq!(first["full_name"], "Ann, the \"first\"\nof two");
    assert_eq!(rows[1], Err(Skipped::because("not a CSV line in UTF-8")));
    assert_eq!(rows[2].as_ref().expect("a row")["full_name"], "Bo");
}
