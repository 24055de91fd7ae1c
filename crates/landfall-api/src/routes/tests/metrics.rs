//! `GET /landfall/v1/metrics`: every dimension and measure, against figures worked out by hand.

use super::house::NOW;
use super::*;
use crate::landfall::dimension::NAMED;

/// Two people with three devices, one campaign with two steps, a newsletter:
///
/// | delivery | message | person | device | what happened |
/// |---|---|---|---|---|
/// | d1 | 31/77 | ann | ios 5.2 | sent, delivered after 2 s, opened after 60 s |
/// | d2 | 31/77 | ben | android 5.1 | bounced, token unregistered |
/// | d3 | 31/78 | ann | ios 5.2 | sent |
/// | d4 | newsletter 5 | ann | ios 5.2 | sent, delivered after 4 s, the day before |
pub(super) async fn shop() -> House {
    let house = House::open();
    for (person, token, platform, version, os) in [
        ("ann", "tok-ann", "ios", "5.2", "18.1"),
        ("ben", "tok-ben", "android", "5.1", "15"),
    ] {
        let device = json!({"device": {"id": token, "platform": platform, "attributes": {
            "app_version": version, "device_os": os, "cio_sdk_version": "3.9.0",
            "device_model": "M1", "push_enabled": "true"}}});
        let call = format!("PUT /api/v1/customers/{person}/devices");
        assert_eq!(house.track(&call, device.to_string()).await.status, 200);
    }
    let at = |seconds: i64| NOW - 7_200 + seconds;
    let day = -86_400;
    let events = [
        ("sent", "d1", 77, "ann", at(0)),
        ("delivered", "d1", 77, "ann", at(2)),
        ("opened", "d1", 77, "ann", at(60)),
        ("bounced", "d2", 77, "ben", at(10)),
        ("sent", "d3", 78, "ann", at(20)),
        ("sent", "d4", 0, "ann", at(day)),
        ("delivered", "d4", 0, "ann", at(day + 4)),
    ];
    for (index, (metric, delivery, step, person, at)) in events.into_iter().enumerate() {
        let mut recipient = json!({"device_id": format!("tok-{person}"),
            "device_platform": if person == "ann" { "ios" } else { "android" }});
        if metric == "bounced" {
            recipient["failure_message"] = "UNREGISTERED".into();
        }
        let mut data = json!({"delivery_id": delivery, "identifiers": {"id": person},
                              "recipients": [recipient]});
        if step == 0 {
            data["newsletter_id"] = 5.into();
            data["content_id"] = 21.into();
        } else {
            data["campaign_id"] = 31.into();
            data["action_id"] = step.into();
        }
        let event = json!({"event_id": format!("01JM{index:04}"), "object_type": "push",
                           "metric": metric, "timestamp": at, "data": data});
        assert_eq!(house.hook(&event).await.status, 200);
    }
    let names = json!({"names": [
        {"source": "campaign", "source_id": 31, "name": "Cart recovery"},
        {"source": "campaign", "source_id": 31, "step_id": 77, "name": "Cart | Push 1 | 1h | Remind"},
    ]});
    let named = house.own(1, "PUT /landfall/v1/names", names.to_string());
    assert_eq!(named.await.status, 200);
    house
}

async fn ask(house: &House, question: &str) -> Value {
    let call = format!("GET /landfall/v1/metrics?{question}");
    let answer = house.own(1, &call, "").await;
    assert_eq!(answer.status, 200, "{question}: {}", answer.text);
    answer.json()
}

/// Rows as `value of the groups -> count`.
async fn counted(house: &House, by: &str, measure: &str, more: &str) -> Vec<(String, u64)> {
    let answer = ask(house, &format!("by={by}&measures={measure}{more}")).await;
    let rows = answer["rows"].as_array().unwrap();
    let mut counted: Vec<(String, u64)> = rows
        .iter()
        .map(|row| {
            let group = row["group"].as_array().unwrap();
            let values: Vec<&str> = group.iter().map(|v| v["value"].as_str().unwrap()).collect();
            (values.join(" "), row["counts"][measure].as_u64().unwrap())
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    counted.sort();
    counted
}

#[track_caller]
fn same(found: &[(String, u64)], expected: &[(&str, u64)]) {
    let found: Vec<(&str, u64)> = found.iter().map(|(v, n)| (v.as_str(), *n)).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn every_dimension_tells_its_groups() {
    let house = shop().await;
    for (by, expected) in [
        ("journey", &[("campaign:31", 3), ("newsletter:5", 1)][..]),
        ("step", &[("77", 2), ("78", 1), ("none", 1)]),
        ("variant", &[("21", 1), ("none", 3)]),
        ("channel", &[("push", 4)]),
        ("platform", &[("android", 1), ("ios", 3)]),
        ("app_version", &[("5.1", 1), ("5.2", 3)]),
        ("os_version", &[("15", 1), ("18.1", 3)]),
        ("sdk_version", &[("3.9.0", 4)]),
        ("device_model", &[("M1", 4)]),
        ("permission", &[("true", 4)]),
        ("receipt_capable", &[("true", 4)]),
        ("outcome", &[("accepted", 3), ("bounced", 1)]),
        ("reason", &[("none", 3), ("token_unregistered", 1)]),
        (
            "status",
            &[("bounced", 1), ("delivered", 1), ("opened", 1), ("sent", 1)],
        ),
        ("target_outcome", &[("accepted", 3), ("bounced", 1)]),
        ("target_reason", &[("none", 3), ("token_unregistered", 1)]),
        ("name_step", &[("Push 1", 2), ("none", 2)]),
        (
            "name_journey",
            &[("Cart", 2), ("Cart recovery", 1), ("none", 1)],
        ),
        ("name_delay", &[("1h", 2), ("none", 2)]),
        ("name_intent", &[("Remind", 2), ("none", 2)]),
        (
            "day",
            &[
                ("2026-11-22T00:00:00+00:00", 1),
                ("2026-11-23T00:00:00+00:00", 3),
            ],
        ),
        ("month", &[("2026-11-01T00:00:00+00:00", 4)]),
        (
            "week",
            &[
                ("2026-11-16T00:00:00+00:00", 1),
                ("2026-11-23T00:00:00+00:00", 3),
            ],
        ),
        (
            "platform,outcome",
            &[("android bounced", 1), ("ios accepted", 3)],
        ),
        (
            "journey,step,platform",
            &[
                ("campaign:31 77 android", 1),
                ("campaign:31 77 ios", 1),
                ("campaign:31 78 ios", 1),
                ("newsletter:5 none ios", 1),
            ],
        ),
    ] {
        same(&counted(&house, by, "reached", "").await, expected);
    }
    // The rest are told too; who has none is told as such.
    for (name, _) in NAMED {
        let total: u64 = counted(&house, name, "reached", "")
            .await
            .iter()
            .map(|(_, n)| n)
            .sum();
        assert_eq!(total, 4, "{name}");
    }
}

#[tokio::test]
async fn counts_rates_delays_and_what_is_counted() {
    let house = shop().await;
    let whole = ask(
        &house,
        "measures=reached,sent,delivered,opened,bounced,delivered_rate,opened/sent,time_to_delivered",
    )
    .await;
    let row = &whole["rows"][0];
    let counts = json!({"reached": 4, "sent": 3, "delivered": 2, "opened": 1, "bounced": 1});
    assert_eq!(row["counts"], counts);
    let rate = &row["rates"]["delivered/sent"];
    assert_eq!(
        (&rate["numerator"], &rate["denominator"]),
        (&json!("delivered"), &json!("sent"))
    );
    assert_eq!((&rate["hits"], &rate["of"]), (&json!(2), &json!(3)));
    // Wilson, 95 %, 2 of 3.
    let close = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-4;
    assert!(
        close(&rate["value"], 0.666_667) && close(&rate["low"], 0.207_655),
        "{rate}"
    );
    assert!(close(&rate["high"], 0.938_508), "{rate}");
    assert_eq!(row["rates"]["opened/sent"]["hits"], 1);
    assert_eq!(
        row["delays"]["delivered"],
        json!({"p50_ms": 2_000, "p95_ms": 4_000})
    );
    for (count, reached, sent) in [
        ("delivery", 4, 3),
        ("person", 2, 1),
        ("device", 2, 1),
        ("target", 4, 3),
    ] {
        let answer = ask(&house, &format!("measures=reached,sent&count={count}")).await;
        assert_eq!(
            answer["rows"][0]["counts"],
            json!({"reached": reached, "sent": sent}),
            "{count}"
        );
        assert_eq!(answer["counted_by"], count);
    }
}

#[tokio::test]
async fn filters_narrow_and_turn_round() {
    let house = shop().await;
    for (filter, reached) in [
        ("platform=ios", 3),
        ("platform!=ios", 1),
        ("platform=ios,android", 4),
        ("outcome=bounced", 1),
        ("outcome!=accepted", 1),
        ("reason=token_unregistered", 1),
        ("journey=31", 3),
        ("journey=campaign:31", 3),
        ("journey=cart%20recovery", 3),
        ("step=77", 2),
        ("app_version=5.2&step=77", 1),
        ("has=opened", 1),
        ("lacks=delivered", 2),
        ("q=cart", 3),
        ("q=winback", 0),
        ("range=2026-11-22", 1),
        ("range=today", 3),
        ("range=1h", 0),
    ] {
        let answer = ask(&house, &format!("measures=reached&{filter}")).await;
        let found = answer["rows"][0]["counts"]["reached"].as_u64().unwrap_or(0);
        assert_eq!(found, reached, "{filter}");
    }
}

#[tokio::test]
async fn created_and_occurred_are_two_clocks() {
    let house = House::open();
    // Created the day before, opened today.
    let yesterday = NOW - 86_400;
    house.hook(&push_event("e1", "sent", "d1", yesterday)).await;
    house
        .hook(&push_event("e2", "opened", "d1", NOW - 60))
        .await;
    let by_day = |basis: &'static str| counted_owned(&house, basis);
    same(
        &by_day("created").await,
        &[("2026-11-22T00:00:00+00:00", 1)],
    );
    same(
        &by_day("occurred").await,
        &[("2026-11-23T00:00:00+00:00", 1)],
    );
}

async fn counted_owned(house: &House, basis: &str) -> Vec<(String, u64)> {
    counted(house, "day", "opened", &format!("&basis={basis}")).await
}

#[tokio::test]
async fn days_begin_where_the_zone_says() {
    let house = House::open();
    // 23:30 UTC is the next day in Oslo.
    let late = NOW - NOW.rem_euclid(86_400) - 1_800;
    house.hook(&push_event("e1", "sent", "d1", late)).await;
    same(
        &counted(&house, "day", "sent", "").await,
        &[("2026-11-22T00:00:00+00:00", 1)],
    );
    same(
        &counted(&house, "day", "sent", "&tz=Europe/Oslo").await,
        &[("2026-11-23T00:00:00+01:00", 1)],
    );
}

#[tokio::test]
async fn fresh_groups_are_marked_as_settling_and_old_ones_are_not() {
    let house = House::open();
    house
        .hook(&push_event("e1", "sent", "fresh", NOW - 30))
        .await;
    house
        .hook(&push_event("e2", "sent", "old", NOW - 30 * 86_400))
        .await;
    let answer = ask(&house, "measures=delivered_rate&by=day").await;
    let settling = |at: usize| answer["rows"][at]["settling"].as_bool().unwrap();
    assert_eq!((settling(0), settling(1)), (false, true), "{answer}");
}

#[tokio::test]
async fn metrics_equal_a_recount_of_the_deliveries() {
    let house = shop().await;
    let listed = house
        .own(1, "GET /landfall/v1/deliveries?limit=1000", "")
        .await
        .json();
    let deliveries = listed["deliveries"].as_array().unwrap();
    for dimension in ["outcome", "status", "reason", "journey", "step", "channel"] {
        let mut recount = std::collections::BTreeMap::new();
        for delivery in deliveries {
            let value = match &delivery[dimension] {
                Value::Null => "none".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            *recount.entry(value).or_insert(0) += 1;
        }
        let recount: Vec<(String, u64)> = recount.into_iter().collect();
        assert_eq!(
            counted(&house, dimension, "reached", "").await,
            recount,
            "{dimension}"
        );
    }
}
