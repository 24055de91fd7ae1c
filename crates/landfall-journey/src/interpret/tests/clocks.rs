//! Time in each kind of step: clocks that jump, daylight saving, zones of people.

use landfall_audience::Zone;
use landfall_domain::person::Attribute;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use serde_json::{Value, json};

use crate::Stimulus;
use crate::sample::{NOON, Stage, minute, push};

/// A moment by the wall of a zone.
fn at(zone: &str, local: &str) -> Timestamp {
    Zone::named(zone).unwrap().moment(local.parse().unwrap())
}

fn starts(steps: Value, zone: &str, local: &str) -> Stage {
    let mut stage = Stage::new(steps, json!({}));
    stage.person.attributes.insert(
        "timezone".to_owned(),
        Attribute {
            value: zone.into(),
            set_at: NOON,
        },
    );
    stage.now = at(zone, local);
    stage.enter();
    stage
}

fn due(step: &Value, zone: &str, local: &str) -> Timestamp {
    let stage = starts(json!([step, push("then")]), zone, local);
    stage.run().due.expect("it waits")
}

#[test]
fn a_fixed_delay_of_a_day_has_24_hours_also_when_clocks_change() {
    let day = json!({ "id": "wait", "delay": "1d" });
    let berlin = "Europe/Berlin";
    for (local, shows) in [
        ("2026-03-28T12:00", "2026-03-29T13:00"),
        ("2026-10-24T12:00", "2026-10-25T11:00"),
        ("2026-06-01T12:00", "2026-06-02T12:00"),
    ] {
        assert_eq!(due(&day, berlin, local), at(berlin, shows), "{local}");
    }
}

#[test]
fn a_delay_until_a_time_ends_when_clocks_show_it() {
    let berlin = "Europe/Berlin";
    let half_past_two = json!({ "id": "wait", "delay": { "until": { "time": "02:30" } } });
    for (local, expected) in [
        // Clocks jump from 02:00 to 03:00: the moment of the jump.
        ("2026-03-29T01:00", at(berlin, "2026-03-29T03:00")),
        // Clocks show it twice: the first time.
        (
            "2026-10-25T01:00",
            at(berlin, "2026-10-25T01:30").plus_millis(HOUR_MS),
        ),
        ("2026-06-01T02:30", at(berlin, "2026-06-01T02:30")),
        ("2026-06-01T02:31", at(berlin, "2026-06-02T02:30")),
    ] {
        let stage = starts(json!([half_past_two, push("then")]), berlin, local);
        let waits = stage.run().due.unwrap_or(stage.now);
        assert_eq!(waits, expected, "{local}");
    }
}

#[test]
fn a_delay_until_a_weekday_finds_the_next_one_in_the_zone_that_is_meant() {
    let monday =
        json!({ "id": "wait", "delay": { "until": { "time": "09:00", "weekdays": "mon" } } });
    let tokyo = "Asia/Tokyo";
    // 1 May 2026 is a Friday.
    assert_eq!(
        due(&monday, tokyo, "2026-05-01T12:00"),
        at(tokyo, "2026-05-04T09:00")
    );
    assert_eq!(
        due(&monday, tokyo, "2026-05-04T09:01"),
        at(tokyo, "2026-05-11T09:00")
    );
    let mut there = monday;
    there["delay"]["until"]["zone"] = "America/New_York".into();
    assert_eq!(
        due(&there, tokyo, "2026-05-01T12:00"),
        at("America/New_York", "2026-05-04T09:00")
    );
}

#[test]
fn a_window_holds_until_it_opens_across_changes_of_clocks() {
    let berlin = "Europe/Berlin";
    let window = json!({ "id": "day", "window": { "from": "09:00", "to": "20:00" } });
    assert_eq!(
        due(&window, berlin, "2026-03-28T21:00"),
        at(berlin, "2026-03-29T09:00")
    );
    assert_eq!(
        due(&window, berlin, "2026-10-24T21:00"),
        at(berlin, "2026-10-25T09:00")
    );
    let open = starts(json!([window, push("then")]), berlin, "2026-03-29T10:00");
    assert_eq!(open.sends().len(), 1);
    let night =
        json!({ "id": "night", "window": { "from": "22:00", "to": "02:30", "weekdays": ["sat"] } });
    assert_eq!(
        due(&night, berlin, "2026-03-29T03:10"),
        at(berlin, "2026-04-04T22:00")
    );
}

#[test]
fn a_window_is_looked_at_again_when_the_person_has_moved_meanwhile() {
    let window = json!({ "id": "day", "window": { "from": "09:00", "to": "20:00" } });
    let mut stage = starts(
        json!([window, push("then")]),
        "Europe/Berlin",
        "2026-06-01T21:00",
    );
    let zone = stage.person.attributes.get_mut("timezone").unwrap();
    zone.value = "America/New_York".into();
    stage.until(at("Europe/Berlin", "2026-06-02T09:00"));
    assert!(stage.sends().is_empty());
    stage.until(at("America/New_York", "2026-06-02T09:00"));
    assert_eq!(stage.sends().len(), 1);
}

#[test]
fn days_of_supply_make_a_delay_within_its_bounds() {
    let by = json!({ "id": "wait", "delay": { "by": { "value": "event.days_of_supply", "times": 0.8,
        "least": "5d", "most": "60d", "otherwise": "21d" } } });
    for (supply, days) in [
        (json!(30), 24),
        (json!("30"), 24),
        (json!(1), 5),
        (json!(1_000_000), 60),
        (json!(-3), 5),
        (json!(null), 21),
        (json!("soon"), 21),
        (json!({ "days": 30 }), 21),
    ] {
        let mut stage = Stage::new(json!([by, push("then")]), json!({}));
        let data = json!({ "days_of_supply": supply });
        stage.enter_with(data, crate::History::default()).unwrap();
        assert_eq!(
            stage.run().due,
            Some(NOON.plus_millis(days * DAY_MS)),
            "{supply}"
        );
    }
}

#[test]
fn a_clock_that_goes_back_makes_nobody_wait_twice_nor_early() {
    let mut stage = Stage::new(
        json!([{ "id": "wait", "delay": "1h" }, push("then")]),
        json!({}),
    );
    stage.enter();
    stage.now = minute(-600);
    stage.does(Stimulus::Wake);
    stage.does(Stimulus::Changed);
    assert!(stage.sends().is_empty());
    assert_eq!(stage.run().due, Some(minute(60)));
    stage.now = minute(60);
    stage.does(Stimulus::Wake);
    assert_eq!(stage.sends().len(), 1);
    stage.now = minute(59);
    stage.does(Stimulus::Wake);
    assert_eq!(stage.sends().len(), 1);
}

#[test]
fn a_clock_that_jumps_a_year_ahead_does_each_step_once() {
    let name = |step: &str| json!({ "step": step, "delay": "1h", "intent": "Remind" });
    let steps = json!([
        { "id": "wait", "delay": "1h" },
        { "id": "day", "window": { "from": "09:00", "to": "20:00" } },
        { "id": "remind", "reach": { "channels": [
            { "push": { "body": "It waits" }, "not_delivered_within": "15m", "name": name("Push 1") },
            { "email": { "body": "It waits" }, "name": name("Mail 1") } ] } },
        { "id": "again", "delay": { "until": { "time": "10:00" } } },
        push("last"),
    ]);
    let mut stage = Stage::new(steps, json!({}));
    stage.enter();
    stage.now = NOON.plus_millis(365 * DAY_MS);
    stage.does(Stimulus::Wake);
    stage.told("remind/push", landfall_domain::marks::Mark::Sent);
    for _ in 0..3 {
        stage.now = stage.now.plus_millis(365 * DAY_MS);
        stage.does(Stimulus::Wake);
    }
    stage.told("remind/email", landfall_domain::marks::Mark::Sent);
    stage.now = stage.now.plus_millis(365 * DAY_MS);
    stage.does(Stimulus::Wake);
    let steps: Vec<&str> = stage.rulings().into_iter().map(|(step, _)| step).collect();
    assert_eq!(steps, ["remind/push", "remind/email", "last"]);
    assert!(!stage.run().is_running());
}
