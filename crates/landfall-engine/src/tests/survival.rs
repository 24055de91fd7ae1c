//! Learned from what a shop's store holds: how long tokens live, whose devices are there, whom a push reaches.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::input::{DeliveryReport, Input};
use landfall_domain::marks::Mark;
use landfall_domain::time::ManualClock;
use landfall_insight::draws::Draws;
use serde_json::json;

use super::shop::{DAY, NOW, Shop, device_of, person, push, recipient, reported, seconds, who};
use crate::segments::{Builder, Segment};
use crate::survival::{DeviceLiveness, SegmentReach};
use crate::{Opened, Options, Timekeeper};

/// Days that the shop has been open.
const DAYS: i64 = 240;

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

async fn stop(opened: Opened) {
    tokio::task::spawn_blocking(|| opened.stop()).await.unwrap();
}

/// A person's telephone, and when its owner removes the app.
struct Phone {
    id: String,
    dies: i64,
}

fn bounce(id: &str, at: i64) -> Input {
    let token = format!("t-{id}");
    let report = push(&format!("d-{id}"), id, &[(Mark::Bounced, at)]);
    reported(DeliveryReport {
        recipients: vec![recipient(&token, Some("Unregistered"))],
        ..report
    })
}

/// Everything that a person's telephone does until now, and the answer to a push after its end, if one went out:
/// half of the removed ones have been found out.
fn lives(draws: &mut Draws, nth: usize, inputs: &mut Vec<(i64, Input)>) -> Phone {
    let id = format!("p{nth}");
    let days = |days: f64| (days * DAY as f64) as i64;
    let born = NOW - days(DAYS as f64 * draws.unit()) - DAY;
    let dies = born + days(160.0 * draws.exponential());
    let every = 3.0 + 6.0 * draws.gamma(1.0);
    let mut at = born;
    while at < dies.min(NOW) {
        let version = [("app_version", "5.1")];
        let input = device_of(Platform::Ios, at, who(&id), &format!("t-{id}"), &version);
        inputs.push((at, input));
        at += days(every * draws.exponential()).max(600);
    }
    let answered = dies + days(1.0 + 20.0 * draws.unit());
    if answered < NOW && draws.happens(0.7) {
        inputs.push((answered, bounce(&id, answered)));
    }
    Phone { id, dies }
}

async fn filled(opened: &Opened, phones: usize) -> Vec<Phone> {
    let (mut draws, mut inputs) = (Draws::seeded(71), Vec::new());
    let phones = (0..phones).map(|nth| lives(&mut draws, nth, &mut inputs));
    let phones: Vec<Phone> = phones.collect();
    inputs.sort_by_key(|(at, _)| *at);
    let inputs: Vec<Input> = inputs.into_iter().map(|(_, input)| input).collect();
    for page in inputs.chunks(1_000) {
        opened.workspace.submit(page.to_vec()).await.unwrap();
    }
    phones
}

async fn liveness(opened: &Opened, shop: &Shop, id: &str) -> DeviceLiveness {
    let key = person(shop.store.as_ref(), id);
    let people = opened.workspace.read(move |store| store.people(&[key]));
    let person = people.await.unwrap().remove(0);
    let mut devices = opened.workspace.liveness_of(person).await.unwrap();
    assert_eq!(devices.len(), 1);
    devices.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_tokens_live_is_learned_once_a_day_and_kept_through_a_restart() {
    let shop = Shop::new();
    let clock = Arc::new(ManualClock::at(seconds(NOW)));
    let opened = open(&shop, &clock);
    let phones = filled(&opened, 500).await;
    assert_eq!(opened.workspace.survival().await.unwrap(), None);
    assert!(opened.workspace.keep_survival().await.unwrap());
    assert!(
        !opened.workspace.keep_survival().await.unwrap(),
        "once a day"
    );
    let known = opened.workspace.survival().await.unwrap().unwrap();
    assert_eq!(known.people, 500);
    let ios = &known.platforms[0];
    assert!(ios.evidence.suffices(), "{ios:?}");
    assert!(ios.ages.is_sorted_by(|a, b| a.survival >= b.survival));
    let whole = known
        .kinds
        .iter()
        .find(|kind| kind.reports.is_none())
        .unwrap();
    let alive: Vec<f64> = whole
        .rows
        .iter()
        .filter_map(|row| Some(row.alive?.alive))
        .collect();
    assert!(alive.len() >= 8, "{alive:?}");
    assert!(alive[0] > 0.95 && *alive.last().unwrap() < 0.6, "{alive:?}");
    let quality = known.calibration.as_ref().unwrap();
    assert!(quality.error < 0.08, "{quality:?}");
    // What it says of devices is true of as many of them.
    let (mut expected, mut there, mut looked) = (0.0, 0.0, 0.0);
    for phone in &phones {
        let device = liveness(&opened, &shop, &phone.id).await;
        if let Some(alive) = device.alive {
            assert!(device.valid);
            expected += alive.alive;
            looked += 1.0;
            there += f64::from(u8::from(phone.dies > NOW));
        }
    }
    assert!(
        looked > 200.0 && there < 0.93 * looked,
        "{there} of {looked}"
    );
    assert!(
        (expected - there).abs() < 0.06 * looked,
        "{expected} of {there}"
    );
    stop(opened).await;
    clock.advance(DAY * 1_000 - 1);
    let opened = open(&shop, &clock);
    assert!(!opened.workspace.keep_survival().await.unwrap());
    assert_eq!(
        opened.workspace.survival().await.unwrap().as_ref(),
        Some(&known)
    );
    clock.advance(1);
    assert!(opened.workspace.keep_survival().await.unwrap());
    stop(opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reach_of_a_segment_is_told_with_an_interval_that_holds_the_truth() {
    let shop = Shop::new();
    let clock = Arc::new(ManualClock::at(seconds(NOW)));
    let opened = open(&shop, &clock);
    let phones = filled(&opened, 400).await;
    let condition = json!({"device": {"platform": "ios"}});
    let segment = Segment::new("phones", "", Some(condition), seconds(NOW));
    let segment = opened.workspace.add_segment(segment).await.unwrap();
    Builder::new(opened.workspace.clone())
        .drain()
        .await
        .unwrap();
    let before = opened.workspace.segment_reach(segment).await.unwrap();
    assert_eq!(before.members, 400);
    // Nobody knows anything yet, and nothing is said.
    let SegmentReach {
        expected,
        unknown,
        valid,
        learned_at,
        ..
    } = before;
    assert_eq!((expected, learned_at), (None, None));
    assert!((unknown - valid).abs() < 1e-9);
    assert!(opened.workspace.keep_survival().await.unwrap());
    let told = opened.workspace.segment_reach(segment).await.unwrap();
    let (people, low, high) = told.expected.unwrap();
    let there = phones.iter().filter(|phone| phone.dies > NOW).count() as f64;
    assert!(low <= there && there <= high, "{there} in {low} to {high}");
    assert!(
        low < people && people < told.valid && told.valid < 400.0,
        "{told:?}"
    );
    assert_eq!(told.looked_at, 400);
    stop(opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_of_likely_devices_follows_what_is_learned_and_time() {
    let shop = Shop::new();
    let clock = Arc::new(ManualClock::at(seconds(NOW)));
    let opened = open(&shop, &clock);
    let phones = filled(&opened, 400).await;
    let condition = json!({"device": {"alive": {"at_least": 0.8}}});
    let segment = Segment::new("likely", "", Some(condition), seconds(NOW));
    let segment = opened.workspace.add_segment(segment).await.unwrap();
    let builder = Builder::new(opened.workspace.clone());
    builder.drain().await.unwrap();
    let members = || shop.store.members(segment, None, 1_000).unwrap();
    assert_eq!(members(), [], "nothing is known yet");
    assert!(opened.workspace.keep_survival().await.unwrap());
    builder.drain().await.unwrap();
    let mut sizes = Vec::new();
    for hours in [1, 24, 24 * 6, 24 * 20] {
        clock.advance(hours * 3_600_000);
        let now = landfall_domain::time::Clock::now(clock.as_ref());
        let keeper = Timekeeper::new(opened.workspace.clone());
        keeper.drain(now).await.unwrap();
        let mut expected = Vec::new();
        for phone in &phones {
            let device = liveness(&opened, &shop, &phone.id).await;
            let alive = device
                .alive
                .map(|known| (known.alive * 1_000.0).round() / 1_000.0);
            if alive.is_some_and(|alive| alive >= 0.8) {
                expected.push(person(shop.store.as_ref(), &phone.id));
            }
        }
        expected.sort_unstable();
        assert_eq!(members(), expected, "{hours} hours later");
        sizes.push(expected.len());
    }
    assert!(sizes[0] > 50 && sizes[0] < 400, "{sizes:?}");
    assert_eq!(sizes[3], 0, "nobody was seen for four weeks: {sizes:?}");
    stop(opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_few_tokens_nothing_is_said_of_any() {
    let shop = Shop::new();
    let clock = Arc::new(ManualClock::at(seconds(NOW)));
    let opened = open(&shop, &clock);
    assert!(opened.workspace.keep_survival().await.unwrap());
    assert!(!opened.workspace.keep_survival().await.unwrap());
    // Nobody was there: now that there are people it is looked at again before the day is over.
    filled(&opened, 15).await;
    assert!(opened.workspace.keep_survival().await.unwrap());
    let known = opened.workspace.survival().await.unwrap().unwrap();
    assert!(!known.platforms[0].evidence.suffices());
    assert!(known.platforms[0].ages.is_empty() && known.kinds.is_empty());
    assert_eq!(known.calibration, None);
    assert_eq!(liveness(&opened, &shop, "p1").await.alive, None);
    stop(opened).await;
}
