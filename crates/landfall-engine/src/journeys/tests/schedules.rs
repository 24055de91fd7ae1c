//! Scheduled journeys: everybody gets one turn, by their clock and the rate, whatever happens meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_audience::Zone;
use landfall_domain::input::{Body, Input};
use landfall_domain::time::{Clock as _, Timestamp};
use serde_json::{Value, json};

use super::house::House;
use crate::SubmitError;
use crate::schedules::{Occurrence, Scheduler, occurrences};
use crate::segments::{Builder, Segment};
use crate::tests::faults::{Faulty, When};
use crate::tests::shop::{HOUR, NOW, Shop, identify, input, seconds, who};
use crate::timers::Timekeeper;

const MINUTE: i64 = 60;

fn journey(schedule: &Value, more: &[(&str, Value)]) -> Value {
    let mut journey = json!({
        "id": "sale",
        "name": "Sale",
        "trigger": {"schedule": schedule},
        "steps": [{"id": "end", "delay": "30d"}]
    });
    for (key, value) in more {
        journey[*key] = value.clone();
    }
    journey
}

/// A moment of universal time, `2026-11-24T08:00Z`.
fn moment(text: &str) -> i64 {
    let local = text.trim_end_matches('Z').parse().expect("a time");
    Zone::UTC.moment(local).seconds()
}

impl House {
    async fn scheduled(&self) -> Result<Option<Timestamp>, SubmitError> {
        let now = self.clock.now();
        let next = Scheduler::new(self.workspace().clone()).drain(now).await?;
        let keeper = Timekeeper::new(self.workspace().clone());
        Ok(next.into_iter().chain(keeper.drain(now).await?).min())
    }

    /// Lets time pass up to a moment, stopping wherever something is due.
    async fn until(&self, end: i64) {
        loop {
            let next = self.scheduled().await.expect("goes on");
            let stop = next
                .map_or(end, |next| (next.millis() + 999) / 1_000)
                .min(end);
            self.clock.advance((stop - self.now()).max(0) * 1_000);
            if stop >= end {
                self.scheduled().await.expect("goes on");
                return;
            }
        }
    }

    /// When each person's runs started, in seconds after a moment.
    fn started(&self, ids: &[&str], from: i64) -> BTreeMap<String, Vec<i64>> {
        let of = |id: &&str| {
            let runs = self.runs(id).into_iter();
            let starts = runs.map(|run| run.started_at.seconds() - from).collect();
            ((*id).to_owned(), starts)
        };
        ids.iter().map(of).collect()
    }

    fn occurrence(&self) -> Occurrence {
        let known = crate::journeys::all(self.shop.store.as_ref()).expect("reads");
        let (id, _) = known[0];
        let mut all = occurrences(self.shop.store.as_ref(), id).expect("reads");
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}

fn lives_in(id: &str, zone: Option<&str>) -> Input {
    match zone {
        Some(zone) => identify(NOW, id, [("timezone", json!(zone))]),
        None => identify(NOW, id, []),
    }
}

fn starts<const N: usize>(expected: [(&str, &[i64]); N]) -> BTreeMap<String, Vec<i64>> {
    let expected = expected.into_iter();
    expected
        .map(|(id, starts)| (id.to_owned(), starts.to_vec()))
        .collect()
}

#[tokio::test]
async fn everybody_starts_once_when_their_own_clock_shows_the_time_also_when_clocks_change() {
    let people = ["tokyo", "berlin", "york", "none", "odd"];
    let zones = [
        Some("Asia/Tokyo"),
        Some("Europe/Berlin"),
        Some("America/New_York"),
        None,
        Some("Nowhere/Land"),
    ];
    for (at, zone, expected) in [
        // Clocks of Berlin skip 2:30 on this day, those of New York have changed two weeks before.
        (
            "2027-03-28T02:30",
            None,
            [
                "2027-03-27T17:30Z",
                "2027-03-28T01:00Z",
                "2027-03-28T06:30Z",
                "2027-03-28T02:30Z",
            ],
        ),
        // Clocks of Berlin show 2:30 twice: the first time counts.
        (
            "2027-10-31T02:30",
            None,
            [
                "2027-10-30T17:30Z",
                "2027-10-31T00:30Z",
                "2027-10-31T06:30Z",
                "2027-10-31T02:30Z",
            ],
        ),
        (
            "2027-10-31T02:30",
            Some("Europe/Berlin"),
            ["2027-10-31T00:30Z"; 4],
        ),
    ] {
        let house = House::new();
        house
            .take(
                people
                    .iter()
                    .zip(zones)
                    .map(|(id, zone)| lives_in(id, zone))
                    .collect(),
            )
            .await;
        let mut schedule = json!({ "at": at });
        if let Some(zone) = zone {
            schedule["zone"] = zone.into();
        }
        house.start(&journey(&schedule, &[])).await;
        house.until(moment("2027-11-02T00:00Z")).await;
        let told = house.started(&people, 0);
        for (n, id) in people.iter().enumerate() {
            // Whoever lives nowhere goes by the workspace's clock.
            let expected = moment(expected[n.min(3)]);
            assert_eq!(told[*id], [expected], "{at} {zone:?} {id}");
        }
        assert_eq!(house.occurrence().turns, 5);
    }
}

#[tokio::test]
async fn a_rate_lets_people_start_one_after_the_other() {
    let house = House::new();
    let ids = ["a", "b", "c", "d", "e"];
    house.take(ids.map(|id| lives_in(id, None)).to_vec()).await;
    let schedule = json!({"at": "2026-11-24T09:00", "zone": "Europe/Berlin",
        "rate": {"people": 2, "per": "1m"}});
    house.start(&journey(&schedule, &[])).await;
    let begin = moment("2026-11-24T08:00Z");
    house.until(begin + 65).await;
    let expected = starts([
        ("a", &[0]),
        ("b", &[30]),
        ("c", &[60]),
        ("d", &[]),
        ("e", &[]),
    ]);
    assert_eq!(house.started(&ids, begin), expected);
    house.until(begin + HOUR).await;
    let expected = starts([
        ("a", &[0]),
        ("b", &[30]),
        ("c", &[60]),
        ("d", &[90]),
        ("e", &[120]),
    ]);
    assert_eq!(house.started(&ids, begin), expected);
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_within_six_hours_and_left_out_afterwards() {
    let ids = ["a", "b", "c"];
    let begin = moment("2026-11-24T08:00Z");
    let none: &[i64] = &[];
    for (rate, sleeps, expected, missed) in [
        // The program was down when the moment came.
        (
            "1m",
            (-HOUR, 5 * HOUR),
            [&[18_000][..], &[18_060], &[18_120]],
            0,
        ),
        ("1m", (-HOUR, 7 * HOUR), [none, none, none], 3),
        // It went down after turns had been given: the second and the third come while it is.
        ("1h", (60, 3 * HOUR), [&[0], &[10_800], &[10_800]], 0),
        ("1h", (60, 7 * HOUR + 60), [&[0], none, &[25_260]], 0),
        ("1h", (60, 9 * HOUR), [&[0], none, none], 0),
    ] {
        let house = House::new();
        house.take(ids.map(|id| lives_in(id, None)).to_vec()).await;
        let schedule = json!({"at": "2026-11-24T08:00", "zone": "UTC",
            "rate": {"people": 1, "per": rate}});
        house.start(&journey(&schedule, &[])).await;
        house.until(begin + sleeps.0).await;
        house.clock.advance((sleeps.1 - sleeps.0) * 1_000);
        let house = house.again().await;
        house.until(begin + 30 * HOUR).await;
        let expected = starts([("a", expected[0]), ("b", expected[1]), ("c", expected[2])]);
        assert_eq!(house.started(&ids, begin), expected, "{rate} {sleeps:?}");
        assert_eq!(house.occurrence().missed, missed, "{rate} {sleeps:?}");
        assert!(house.occurrence().done_at.is_some());
    }
}

#[tokio::test]
async fn the_audience_is_a_segment_and_whoever_has_left_it_by_their_turn_stays_out() {
    let house = House::new();
    let ids = ["a", "b", "c"];
    house.take(ids.map(|id| lives_in(id, None)).to_vec()).await;
    let manual = Segment::new("VIP", "", None, seconds(NOW));
    let segment = house
        .workspace()
        .add_segment(manual)
        .await
        .expect("is made");
    let edit = |id: &str, add| {
        let who = vec![who(id)];
        input(NOW, Body::EditSegment { segment, who, add })
    };
    house.take(vec![edit("a", true), edit("c", true)]).await;
    let schedule = json!({"at": "2026-11-24T08:00", "zone": "UTC", "segment": segment,
        "rate": {"people": 1, "per": "1h"}});
    house.start(&journey(&schedule, &[])).await;
    let begin = moment("2026-11-24T08:00Z");
    house.until(begin + MINUTE).await;
    assert_eq!(house.occurrence().turns, 2, "the rate counts members");
    house.take(vec![edit("c", false)]).await;
    house.until(begin + 3 * HOUR).await;
    let expected = starts([("a", &[0]), ("b", &[]), ("c", &[])]);
    assert_eq!(house.started(&ids, begin), expected);
}

#[tokio::test]
async fn a_paused_journey_starts_nothing_and_a_draft_waits_for_its_start() {
    let begin = moment("2026-11-24T08:00Z");
    let schedule = json!({"at": "2026-11-24T08:00", "zone": "UTC",
        "rate": {"people": 1, "per": "1h"}});
    let house = House::new();
    let ids = ["a", "b", "c"];
    house.take(ids.map(|id| lives_in(id, None)).to_vec()).await;
    let workspace = house.workspace().clone();
    house.apply(&journey(&schedule, &[])).await;
    house.until(begin + HOUR).await;
    // Started within the time in which a missed moment is made up for.
    workspace.start_journey("sale").await.expect("starts");
    house.until(begin + HOUR + MINUTE).await;
    workspace.pause_journey("sale").await.expect("pauses");
    house.until(begin + 2 * HOUR + MINUTE).await;
    workspace.start_journey("sale").await.expect("starts");
    house.until(begin + 9 * HOUR).await;
    let expected = starts([("a", &[HOUR]), ("b", &[]), ("c", &[3 * HOUR])]);
    assert_eq!(house.started(&ids, begin), expected);
}

#[tokio::test]
async fn another_moment_is_another_occurrence_and_the_same_one_is_none() {
    let house = House::new();
    house.take(vec![lives_in("a", None)]).await;
    let first = json!({"at": "2026-11-24T08:00", "zone": "UTC"});
    let again = [("entry", json!({"frequency": "every_time"}))];
    house.start(&journey(&first, &again)).await;
    let begin = moment("2026-11-24T08:00Z");
    house.until(begin + HOUR).await;
    let renamed = [again[0].clone(), ("name", json!("Big Sale"))];
    house.apply(&journey(&first, &renamed)).await;
    house.until(begin + 2 * HOUR).await;
    let later = json!({"at": "2026-11-24T11:00", "zone": "UTC"});
    house.apply(&journey(&later, &renamed)).await;
    let house = house.again().await;
    house.until(begin + 9 * HOUR).await;
    assert_eq!(
        house.started(&["a"], begin),
        starts([("a", &[0, 3 * HOUR])])
    );
}

/// Every call of the store fails once, before or after it did its work, and the program is killed there or
/// goes on.
#[tokio::test]
async fn a_kill_at_any_call_of_the_store_neither_loses_nor_doubles_anybody() {
    let ids = ["a", "b", "c", "d"];
    let zones = [None, Some("Asia/Tokyo"), None, Some("America/New_York")];
    let schedule = json!({"at": "2026-11-24T08:00", "rate": {"people": 1, "per": "10m"}});
    let live = async |at: Option<(usize, When)>, restarts: bool| {
        let shop = Shop::new();
        let store = Faulty::new(Arc::clone(&shop.store));
        let mut house = House::behind(shop, store.clone());
        let people = ids.iter().zip(zones).map(|(id, zone)| lives_in(id, zone));
        house.take(people.collect()).await;
        // Nothing but the schedule itself keeps people from coming twice.
        let every_time = [("entry", json!({"frequency": "every_time"}))];
        house.start(&journey(&schedule, &every_time)).await;
        Builder::new(house.workspace().clone())
            .drain()
            .await
            .expect("builds");
        store.strike.arm(at);
        let end = moment("2026-11-25T00:00Z");
        while house.now() < end {
            let next = match house.scheduled().await {
                Ok(next) => next,
                Err(error) => {
                    assert!(error.to_string().contains("the plug was pulled"), "{error}");
                    if restarts {
                        house.restart().await;
                    }
                    continue;
                }
            };
            let stop = next
                .map_or(end, |next| (next.millis() + 999) / 1_000)
                .min(end);
            house.clock.advance((stop - house.now()).max(0) * 1_000);
        }
        let told = house.started(&ids, moment("2026-11-24T08:00Z"));
        let turns = house.occurrence().turns;
        let (calls, struck) = (store.strike.calls(), store.strike.has_struck());
        house.close().await;
        (told, turns, calls, struck)
    };
    let (smooth, turns, calls, _) = live(None, true).await;
    let expected = starts([
        ("a", &[0]),
        ("b", &[-9 * HOUR]),
        ("c", &[10 * MINUTE]),
        ("d", &[5 * HOUR]),
    ]);
    assert_eq!((&smooth, turns), (&expected, 4));
    assert!(calls > 10, "there is something to fail");
    for (when, restarts) in [
        (When::Before, true),
        (When::After, true),
        (When::Before, false),
    ] {
        for n in 1..=calls {
            let (told, turns, _, struck) = live(Some((n, when)), restarts).await;
            assert!(struck, "{when:?} {n} of {calls}");
            assert_eq!(
                (&told, turns),
                (&expected, 4),
                "{when:?} call {n} of {calls}"
            );
        }
    }
}
