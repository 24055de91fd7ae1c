//! The waterfall, counted by hand, and flows that add up whatever happens.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::input::{Body, Input};
use landfall_domain::time::ManualClock;
use landfall_insight::coverage::{Place, Step, flows};
use landfall_insight::draws::Draws;
use serde_json::json;

use super::shop::{DAY, NOW, Shop, device_of, identify, input, seconds, track, who};
use crate::coverage::Week;
use crate::roster::By;
use crate::{Opened, Options};

fn open(shop: &Shop, clock: &Arc<ManualClock>) -> Opened {
    let options = Options {
        id: "ws_1".to_owned(),
        name: "shop".to_owned(),
        clock: Arc::clone(clock) as Arc<dyn landfall_domain::time::Clock>,
        snapshot: None,
        salt: [7; 16],
        fixed_share: None,
    };
    crate::open(Arc::clone(&shop.store), options)
        .unwrap()
        .filled()
}

async fn take(opened: &Opened, inputs: Vec<Input>) {
    opened.workspace.submit(inputs).await.unwrap();
}

async fn stop(opened: Opened) {
    tokio::task::spawn_blocking(|| opened.stop()).await.unwrap();
}

fn removed(at: i64, id: &str, token: &str) -> Input {
    let body = Body::DeleteDevice {
        who: who(id),
        token: token.to_owned(),
        platform: None,
    };
    input(at, body)
}

#[tokio::test]
async fn everybody_is_lost_at_the_first_step_that_fails_also_after_a_restart() {
    let shop = Shop::new();
    let clock = Arc::new(ManualClock::at(seconds(NOW)));
    let opened = open(&shop, &clock);
    let device = |at, id: &str, attributes: &[(&str, &str)]| {
        device_of(Platform::Ios, at, who(id), &format!("t-{id}"), attributes)
    };
    let german = [("app_version", "5.2"), ("device_locale", "de-DE")];
    take(
        &opened,
        vec![
            device(NOW - DAY, "reached", &german),
            identify(NOW - DAY, "never", [("country", json!("fr"))]),
            device(NOW - 2 * DAY, "gone", &german),
            removed(NOW - DAY, "gone", "t-gone"),
            device(NOW - DAY, "off", &[("push_enabled", "false")]),
            device(NOW - DAY, "left", &german),
            identify(NOW - DAY, "left", [("unsubscribed", json!(true))]),
            device(NOW - 50 * DAY, "silent", &german),
            track(NOW - DAY, "silent", "viewed"),
            device(NOW - 50 * DAY, "inactive", &german),
        ],
    )
    .await;
    let steps = [
        (Step::AppKnown, 1),
        (Step::Token, 0),
        (Step::Valid, 1),
        (Step::Permission, 1),
        (Step::Consent, 1),
        (Step::NotStale, 1),
    ];
    let (since, stale) = (seconds(NOW - 30 * DAY), seconds(NOW - 30 * DAY));
    let check = |opened: &Opened| {
        opened.workspace.with_roster(|roster| {
            let found = roster.waterfall(since, stale).unwrap();
            assert_eq!((found.active, found.reachable), (6, 1));
            let lost: Vec<(Step, u64)> = found.rungs.iter().map(|r| (r.step, r.lost)).collect();
            assert_eq!(lost, steps);
            for by in By::ALL.into_iter().filter(|by| *by != By::Platform) {
                let slices = roster.waterfalls(by, since, stale, seconds(NOW)).unwrap();
                let sum: u64 = slices.iter().map(|(_, fall)| fall.active).sum();
                assert_eq!(sum, 6, "{by:?} divides everybody");
            }
            let by = |by| roster.waterfalls(by, since, stale, seconds(NOW)).unwrap();
            let countries = by(By::Country);
            let german = countries.iter().find(|(name, _)| name == "DE").unwrap();
            assert_eq!((german.1.active, german.1.reachable), (3, 1));
            assert!(countries.iter().any(|(name, _)| name == "FR"));
            assert!(by(By::AppVersion).iter().any(|(name, _)| name == "ios 5.2"));
        });
    };
    check(&opened);
    stop(opened).await;
    let opened = open(&shop, &clock);
    check(&opened);
    stop(opened).await;
}

/// Then plus in less out is now, for each place.
fn adds_up(week: &Week) -> Vec<(Place, u64, u64)> {
    let told = flows(&week.flows);
    for (place, then, now, _) in &told.places {
        let moved = week.flows.iter().filter(|flow| flow.from != flow.to);
        let into: u64 = moved
            .clone()
            .filter(|f| f.to == *place)
            .map(|f| f.people)
            .sum();
        let out: u64 = moved.filter(|f| f.from == *place).map(|f| f.people).sum();
        assert_eq!(then + into - out, *now, "{place:?}");
    }
    told.places
        .iter()
        .map(|(place, then, now, _)| (*place, *then, *now))
        .collect()
}

#[tokio::test]
async fn last_week_and_in_less_out_is_this_week_whatever_people_do() {
    let shop = Shop::new();
    let clock = Arc::new(ManualClock::at(seconds(NOW)));
    let mut opened = open(&shop, &clock);
    let mut draws = Draws::seeded(77);
    for day in 0..36 {
        let at = NOW + day * DAY;
        let mut inputs = Vec::new();
        for number in 0..40 {
            let id = format!("p{number}");
            let token = format!("t{number}");
            let happened = (draws.unit() * 12.0) as u32;
            inputs.extend(match happened {
                0 => Some(device_of(Platform::Ios, at, who(&id), &token, &[])),
                1 => Some(removed(at, &id, &token)),
                2 => Some(track(at, &id, "viewed")),
                3 => Some(identify(
                    at,
                    &id,
                    [("unsubscribed", json!(draws.happens(0.5)))],
                )),
                4 => Some(device_of(
                    Platform::Ios,
                    at,
                    who(&id),
                    &token,
                    &[("push_enabled", "false")],
                )),
                _ => None,
            });
        }
        take(&opened, inputs).await;
        opened.workspace.keep_coverage().await.unwrap();
        clock.advance(DAY * 1_000);
        if day == 17 {
            stop(opened).await;
            opened = open(&shop, &clock);
        }
    }
    let (history, now) = opened.workspace.coverage_history().await.unwrap();
    // The clock stands a day after the last count: today is counted as it is asked for.
    assert_eq!(history.days.len(), 37);
    assert_eq!(history.weeks.len(), 5);
    let mut weeks = history.weeks.clone();
    weeks.extend(now);
    let sums: Vec<_> = weeks.iter().map(adds_up).collect();
    for (pair, told) in weeks.windows(2).zip(sums.windows(2)) {
        assert_eq!(pair[0].to, pair[1].from);
        let known = |place: &Place| *place != Place::Outside;
        let end: Vec<_> = told[0]
            .iter()
            .filter(|t| known(&t.0))
            .map(|t| t.2)
            .collect();
        let start: Vec<_> = told[1]
            .iter()
            .filter(|t| known(&t.0))
            .map(|t| t.1)
            .collect();
        assert_eq!(end, start, "a week begins where the one before ended");
        assert!(end.iter().sum::<u64>() > 0);
    }
    stop(opened).await;
}
