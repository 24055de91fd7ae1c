use landfall_audience::Zone;
use landfall_domain::activity::EventKind;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::person::Attribute;
use serde_json::{Value, json};

use crate::definition::{Schedule, Trigger};
use crate::sample::{NOON, event, journey, minute, person, plan, push};

fn trigger(trigger: &Value) -> Trigger {
    let plan = plan(&journey(
        json!([push("one")]),
        json!({ "trigger": trigger }),
    ));
    plan.definition.trigger.clone()
}

fn with(name: &str, value: Value) -> landfall_domain::person::Person {
    let mut person = person();
    let set_at = NOON;
    person
        .attributes
        .insert(name.to_owned(), Attribute { value, set_at });
    person
}

#[test]
fn a_price_event_names_its_product_when_the_price_fell_enough() {
    let Trigger::Product(product) = trigger(
        &json!({ "product": { "event": "price_changed", "product": "sku",
        "drop": { "price": "price", "was": "was", "at_least": 10 },
        "interest": [{ "event": "product_viewed", "product": "sku" },
            { "event": "cart_updated", "product": "skus" }, { "attribute": "lists.wishlist" }],
        "within": "30d" } }),
    ) else {
        panic!("a product trigger")
    };
    for (price, was, expected) in [
        (json!(90), json!(100), Some("s1")),
        (json!("90.00"), json!("100"), Some("s1")),
        (json!(90.01), json!(100), None),
        (json!(100), json!(90), None),
        (json!(0), json!(0), None),
        (json!("free"), json!(100), None),
    ] {
        let event = event(
            "price_changed",
            json!({ "sku": "s1", "price": price, "was": was }),
            NOON,
        );
        assert_eq!(
            product.product_of(&event).as_deref(),
            expected,
            "{price} {was}"
        );
    }
    let wants = |name: &str, data: Value| product.wanted_by(EventKind::Event, name, &data);
    assert_eq!(wants("product_viewed", json!({ "sku": 17 })), ["17"]);
    assert_eq!(
        wants("cart_updated", json!({ "skus": ["a", null, "b", {}] })),
        ["a", "b"]
    );
    assert!(wants("other", json!({ "sku": "a" })).is_empty());
    let wishes = with("lists", json!({ "wishlist": ["a", "b"] }));
    assert_eq!(product.wished_by(&wishes), ["a", "b"]);
    assert!(product.wished_by(&person()).is_empty());
}

#[test]
fn dates_come_once_monthly_or_yearly_also_on_days_that_a_month_lacks() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let at = |local: &str| berlin.moment(local.parse().unwrap());
    let table = [
        (
            json!({}),
            json!("2026-06-01"),
            "2026-05-01T12:00",
            Some("2026-06-01T09:00"),
        ),
        (json!({}), json!("2026-06-01"), "2026-06-01T09:00", None),
        (
            json!({ "days": 60, "at": "10:00" }),
            json!(1_777_636_800),
            "2026-05-02T00:00",
            Some("2026-06-30T10:00"),
        ),
        (
            json!({ "repeat": "yearly" }),
            json!("1984-02-29"),
            "2026-05-01T12:00",
            Some("2027-02-28T09:00"),
        ),
        (
            json!({ "repeat": "yearly", "days": -3 }),
            json!("1984-01-02"),
            "2026-12-29T12:00",
            Some("2026-12-30T09:00"),
        ),
        (
            json!({ "repeat": "monthly" }),
            json!("2026-01-31"),
            "2026-02-01T12:00",
            Some("2026-02-28T09:00"),
        ),
        (
            json!({ "repeat": "monthly", "at": "02:30" }),
            json!("2026-01-29"),
            "2026-03-01T12:00",
            Some("2026-03-29T03:00"),
        ),
        (json!({}), json!("some day"), "2026-05-01T12:00", None),
        (
            json!({}),
            json!("2026-06-01T23:30:00Z"),
            "2026-05-01T12:00",
            Some("2026-06-02T09:00"),
        ),
    ];
    for (mut date, value, after, expected) in table {
        date["attribute"] = "day".into();
        let Trigger::Date(date) = trigger(&json!({ "date": date })) else {
            panic!("a date trigger")
        };
        let next = date.next(&with("day", value.clone()), &berlin, at(after));
        assert_eq!(next, expected.map(at), "{value} after {after}");
    }
}

#[test]
fn a_schedule_begins_by_each_persons_clock_and_keeps_its_rate() {
    let Trigger::Schedule(schedule) = trigger(&json!({ "schedule": { "at": "2026-05-02T09:00",
        "rate": { "people": 1000, "per": "1h" } } }))
    else {
        panic!("a schedule")
    };
    for zone in ["Asia/Tokyo", "America/New_York"] {
        let expected = Zone::named(zone)
            .unwrap()
            .moment("2026-05-02T09:00".parse().unwrap());
        let person = with("timezone", json!(zone));
        assert_eq!(schedule.begins_for(&person, &Zone::UTC), Some(expected));
    }
    assert_eq!(schedule.turn(NOON, 0), NOON);
    assert_eq!(schedule.turn(NOON, 1_000), minute(60));
    assert_eq!(schedule.turn(NOON, 500), minute(30));
}

#[test]
fn a_schedule_begins_between_the_first_and_the_last_zone_and_on_days_of_changing_clocks_too() {
    let of = |schedule: Value| match trigger(&json!({ "schedule": schedule })) {
        Trigger::Schedule(schedule) => schedule,
        other => panic!("{other:?}"),
    };
    // 29 March 2026: Berlin's clocks go from 2:00 to 3:00; 25 October 2026: from 3:00 back to 2:00.
    for (at, zone, first, last) in [
        (
            "2026-05-02T09:00",
            None,
            "2026-05-01T19:00Z",
            "2026-05-02T21:00Z",
        ),
        (
            "2026-05-02T09:00",
            Some("Europe/Berlin"),
            "2026-05-02T07:00Z",
            "2026-05-02T07:00Z",
        ),
        (
            "2026-03-29T02:30",
            Some("Europe/Berlin"),
            "2026-03-29T01:00Z",
            "2026-03-29T01:00Z",
        ),
        (
            "2026-10-25T02:30",
            Some("Europe/Berlin"),
            "2026-10-25T00:30Z",
            "2026-10-25T00:30Z",
        ),
        (
            "2026-12-01T09:00",
            Some("Pacific/Kiritimati"),
            "2026-11-30T19:00Z",
            "2026-11-30T19:00Z",
        ),
    ] {
        let mut definition = json!({ "at": at });
        if let Some(zone) = zone {
            definition["zone"] = zone.into();
        }
        let schedule = of(definition);
        let (from, to) = schedule.begins_between().expect("a moment");
        let moment = |text: &str| {
            let moment: jiff::Timestamp = text.parse().expect("a time");
            landfall_domain::time::Timestamp::from_millis(moment.as_millisecond())
        };
        assert_eq!((from, to), (moment(first), moment(last)), "{at} {zone:?}");
        for zone in ["Pacific/Kiritimati", "Etc/GMT+12", "America/St_Johns"] {
            let person = with("timezone", json!(zone));
            let begins = schedule.begins_for(&person, &Zone::UTC).expect("a moment");
            assert!((from..=to).contains(&begins), "{at} {zone}");
        }
    }
    let late = |hours: i64| Schedule::is_too_late(NOON, minute(60 * hours));
    assert_eq!([late(0), late(6), late(7)], [false, false, true]);
}

#[test]
fn a_call_names_a_person_brings_data_and_is_told_from_others() {
    let of = |definition: &Value| match trigger(definition) {
        Trigger::Webhook(webhook) => webhook,
        other => panic!("{other:?}"),
    };
    let plain = of(&json!("webhook"));
    assert_eq!(of(&json!({ "webhook": {} })), plain);
    let mapped = of(&json!({ "webhook": { "person": { "email": "buyer.mail" },
        "data": "order", "key": "id", "unknown": "create" } }));
    let ann = || {
        let ann = Identifier::new(IdentifierKind::Email, "ann@shop.example");
        ann.expect("not blank")
    };
    let order = json!({ "id": 7, "buyer": { "mail": " Ann@shop.example " }, "order": { "n": 1 } });
    let call = mapped.read(&order).expect("can be read");
    assert_eq!(
        (call.who, call.data, call.key),
        (ann(), json!({ "n": 1 }), Some("7".to_owned()))
    );
    let call = plain
        .read(&json!({ "id": 12, "n": 1 }))
        .expect("can be read");
    assert_eq!(call.who.value(), "12");
    assert_eq!((call.data, call.key), (json!({ "id": 12, "n": 1 }), None));
    for (webhook, body, path) in [
        (&plain, json!({}), "id"),
        (&plain, json!({ "id": " " }), "id"),
        (&plain, json!({ "id": 1.5 }), "id"),
        (&plain, json!({ "id": "x".repeat(151) }), "id"),
        (&plain, json!([1]), "id"),
        (&mapped, json!({ "id": 7, "buyer": "ann" }), "buyer.mail"),
        (
            &mapped,
            json!({ "buyer": { "mail": "a@b" }, "order": {} }),
            "id",
        ),
        (
            &mapped,
            json!({ "id": "", "buyer": { "mail": "a@b" } }),
            "id",
        ),
        (
            &mapped,
            json!({ "id": 7, "buyer": { "mail": "a@b" }, "order": 5 }),
            "order",
        ),
    ] {
        let fault = webhook.read(&body).expect_err("cannot be read");
        assert_eq!(fault.path, path, "{body}");
    }
}
