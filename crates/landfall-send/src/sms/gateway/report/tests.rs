use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn read(body: &str) -> Result<GatewayReport, ReportError> {
    GatewayReport::read(body.as_bytes(), "", "")
}

#[test]
fn a_report_is_read_where_the_pointers_say() {
    let report =
        read(r#"{"id": 7, "reference": "a-1", "status": "Failed", "error": {"code": "E1"}}"#)
            .expect("a report");
    assert_eq!(report.id.as_deref(), Some("7"));
    assert_eq!(report.reference.as_deref(), Some("a-1"));
    assert_eq!(report.status, GatewayStatus::Failed);
    assert_eq!(report.error_code.as_deref(), Some("E1"));
    let body = br#"{"m": {"id": "x"}, "status": "DELIVRD", "err": 0}"#;
    let report = GatewayReport::read(body, "/m/id", "/err").expect("a report");
    assert_eq!(report.id.as_deref(), Some("x"));
    assert_eq!(
        (report.status, report.error_code),
        (GatewayStatus::Delivered, None)
    );
}

#[test]
fn what_is_no_report_says_why() {
    assert_eq!(read("id=1"), Err(ReportError::Json));
    assert_eq!(read(r#"{"status": "sent"}"#), Err(ReportError::Nameless));
    assert_eq!(
        read(r#"{"id": "1", "status": "lost"}"#),
        Err(ReportError::Status("lost".to_owned()))
    );
    assert_eq!(
        read(r#"{"id": "1"}"#),
        Err(ReportError::Status(String::new()))
    );
}

#[test]
fn every_status_has_its_meaning() {
    for (name, mark, reason) in [
        ("accepted", None, None),
        ("sent", Some(Mark::Sent), None),
        ("delivered", Some(Mark::Delivered), None),
        ("failed", Some(Mark::Bounced), Some(Reason::BouncedUnknown)),
        (
            "expired",
            Some(Mark::Failed),
            Some(Reason::ExpiredAtProvider),
        ),
        (
            "rejected",
            Some(Mark::Bounced),
            Some(Reason::CarrierBlocked),
        ),
        ("UNDELIV", Some(Mark::Bounced), Some(Reason::BouncedUnknown)),
    ] {
        let status = GatewayStatus::named(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((status.mark(), status.reason()), (mark, reason), "{name}");
    }
}

#[test]
fn only_a_fresh_report_with_the_right_secret_is_genuine() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
    let tag = hmac::sign(&key, b"1790000000.{}");
    let signature: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    let check = |secret: &str, timestamp: &str, body: &[u8], now: Timestamp| {
        is_genuine(secret, timestamp, body, &signature, now)
    };
    assert!(check("secret", "1790000000", b"{}", NOW));
    assert!(check(
        "secret",
        "1790000000",
        b"{}",
        NOW.plus_millis(300_000)
    ));
    assert!(!check(
        "secret",
        "1790000000",
        b"{}",
        NOW.plus_millis(301_000)
    ));
    assert!(!check(
        "secret",
        "1790000000",
        b"{}",
        NOW.plus_millis(-301_000)
    ));
    assert!(!check("other", "1790000000", b"{}", NOW));
    assert!(!check("secret", "1790000001", b"{}", NOW));
    assert!(!check("secret", "1790000000", b"{ }", NOW));
    assert!(!check("secret", "now", b"{}", NOW));
    for forged in ["", "zz", "abc", &signature[2..]] {
        assert!(!is_genuine("secret", "1790000000", b"{}", forged, NOW));
    }
}
