use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn params(query: &str) -> Params {
    let uri: axum::http::Uri = format!("/?{query}").parse().unwrap();
    let (mut parts, ()) = axum::http::Request::builder()
        .uri(uri)
        .body(())
        .unwrap()
        .into_parts();
    futures_util::FutureExt::now_or_never(
        <Params as axum::extract::FromRequestParts<()>>::from_request_parts(&mut parts, &()),
    )
    .unwrap()
    .unwrap()
}

/// A Monday, 08:30 in New York.
const NOW: &str = "2026-11-23T13:30:00Z";

fn steps(query: &str) -> Steps {
    Steps::of(&params(query), at(NOW)).unwrap()
}

#[track_caller]
fn check(query: &str, count: usize, first: &str, second: &str, end: &str) {
    let steps = steps(query);
    assert_eq!(steps.starts.len(), count, "buckets of {query}");
    assert_eq!(steps.starts[0], at(first), "first of {query}");
    assert_eq!(steps.starts[1], at(second), "second of {query}");
    assert_eq!(steps.end, at(end), "end of {query}");
}

#[test]
fn version_1_looks_back_in_eastern_time() {
    // Clocks went back on 2026-11-01: days begin at 04:00 UTC before and at 05:00 UTC after.
    let tomorrow = "2026-11-24T05:00:00Z";
    check(
        "",
        45,
        "2026-10-10T04:00:00Z",
        "2026-10-11T04:00:00Z",
        tomorrow,
    );
    check(
        "steps=3",
        3,
        "2026-11-21T05:00:00Z",
        "2026-11-22T05:00:00Z",
        tomorrow,
    );
    check(
        "steps=1",
        2,
        "2026-11-22T05:00:00Z",
        "2026-11-23T05:00:00Z",
        tomorrow,
    );
    check(
        "steps=0",
        45,
        "2026-10-10T04:00:00Z",
        "2026-10-11T04:00:00Z",
        tomorrow,
    );
    check(
        "steps=99",
        45,
        "2026-10-10T04:00:00Z",
        "2026-10-11T04:00:00Z",
        tomorrow,
    );
    let hour = "2026-11-23T14:00:00Z";
    check(
        "period=hours&steps=2",
        2,
        "2026-11-23T12:00:00Z",
        "2026-11-23T13:00:00Z",
        hour,
    );
    let sunday = "2026-11-29T05:00:00Z";
    check(
        "period=weeks&steps=4",
        4,
        "2026-11-01T04:00:00Z",
        "2026-11-08T05:00:00Z",
        sunday,
    );
    let december = "2026-12-01T05:00:00Z";
    check(
        "period=months",
        12,
        "2025-12-01T05:00:00Z",
        "2026-01-01T05:00:00Z",
        december,
    );
    assert_eq!(steps("period=months&steps=0").starts.len(), 121);
    assert_eq!(steps("version=1&period=weeks").starts.len(), 12);
}

#[test]
fn version_2_takes_a_range_and_a_zone() {
    let (start, end) = (at("2026-10-24T10:00:00Z"), at("2026-10-27T00:00:00Z"));
    let range = format!("start={}&end={}", start.seconds(), end.seconds());
    let paris = steps(&format!("version=2&res=days&tz=Europe/Paris&{range}"));
    assert_eq!(
        paris.starts.len(),
        4,
        "24th to 27th, the last one an hour long"
    );
    assert_eq!(paris.starts[0], at("2026-10-23T22:00:00Z"));
    assert_eq!(paris.from, start, "nothing before the range counts");
    assert_eq!(
        paris.starts[2],
        at("2026-10-25T23:00:00Z"),
        "after the day of 25 hours"
    );
    assert_eq!(paris.index(at("2026-10-25T22:59:59Z")), Some(1));
    assert_eq!(paris.index(at("2026-10-25T23:00:00Z")), Some(2));
    assert_eq!(paris.index(end), None);
    let hours = steps(&format!("resolution=hourly&{range}"));
    assert_eq!(hours.starts.len(), 62);
}

#[test]
fn bad_parameters_are_refused() {
    let now = at(NOW);
    for query in [
        "period=minutes",
        "steps=many",
        "version=3",
        "version=2&start=0",
        "version=2&res=days",
        "version=2&res=years&start=0",
        "version=2&res=days&start=10&end=5",
        "version=2&res=days&start=0&end=400000000",
        "version=2&res=hours&start=1700000000&end=1763000000",
        "version=2&res=days&start=1700000000&tz=Mars/Base",
        "version=2&res=days&start=99999999999999999",
    ] {
        assert!(Steps::of(&params(query), now).is_err(), "{query}");
    }
}
