//! Times as clients write them.

use landfall_domain::time::Timestamp;

use super::*;
use crate::parse::time::{field, moment};

#[test]
fn seconds_milliseconds_and_iso_are_told_apart() {
    let at = |millis| Some(Timestamp::from_millis(millis));
    let rows = [
        (json!(1_790_000_000), at(1_790_000_000_000)),
        (json!(1_790_000_000.25), at(1_790_000_000_250)),
        (json!("1790000000"), at(1_790_000_000_000)),
        (json!(" 1790000000 "), at(1_790_000_000_000)),
        (json!(1_790_000_000_123_i64), at(1_790_000_000_123)),
        (json!("1790000000123"), at(1_790_000_000_123)),
        (json!("2026-09-21T14:13:20Z"), at(1_790_000_000_000)),
        (json!("2026-09-21T14:13:20.123Z"), at(1_790_000_000_123)),
        (json!("2026-09-21T16:13:20+02:00"), at(1_790_000_000_000)),
        (
            json!("2026-09-21T14:13:20.123456+00:00"),
            at(1_790_000_000_123),
        ),
        (json!(0), at(0)),
        (json!("1970-01-01T00:00:00Z"), at(0)),
        (json!("9999-12-30T00:00:00Z"), at(253_402_128_000_000)),
    ];
    for (value, expected) in rows {
        assert_eq!(moment(&value), expected, "{value}");
    }
}

#[test]
fn absurd_times_are_no_times() {
    let rows = [
        json!(-1),
        json!("-1"),
        json!("1969-12-31T23:59:59Z"),
        json!("10000-01-01T00:00:00Z"),
        json!(253_402_300_800_000_i64),
        // Microseconds and nanoseconds of today.
        json!(1_790_000_000_000_000_i64),
        json!(1_790_000_000_000_000_000_i64),
        json!(1e300),
        json!("NaN"),
        json!("inf"),
        json!("-inf"),
        json!("soon"),
        json!("2026-02-30T00:00:00Z"),
        json!("2026-09-21"),
        json!(""),
        json!(true),
        json!([1_790_000_000]),
        json!({"seconds": 1_790_000_000}),
    ];
    for value in rows {
        assert_eq!(moment(&value), None, "{value}");
        let map = json!({ "timestamp": value });
        let parsed = field(map.as_object().unwrap(), "timestamp");
        assert_eq!(
            refused(parsed),
            ("invalid", "timestamp".to_owned()),
            "{map}"
        );
    }
}

#[test]
fn an_absent_time_is_none() {
    for map in [json!({}), json!({"timestamp": null})] {
        assert_eq!(field(map.as_object().unwrap(), "timestamp"), Ok(None));
    }
}
