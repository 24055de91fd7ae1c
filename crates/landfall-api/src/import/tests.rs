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
