//! The watch in virtual time: three journeys on two platforms, quarter hour by quarter hour.

use landfall_domain::time::{MINUTE_MS, Timestamp};

use super::*;
use crate::alerts::{Desk, Tell, group};
use crate::draws::Draws;

const QUARTER: i64 = 15 * MINUTE_MS;
const JOURNEYS: [&str; 3] = ["cart", "welcome", "winback"];
const PLATFORMS: [&str; 2] = ["ios", "android"];
/// Quarter hours that are learned from.
const LEARNED: usize = 28 * 96;

fn start(nth: usize) -> Timestamp {
    // A Monday at midnight.
    Timestamp::from_millis(1_788_134_400_000 + nth as i64 * QUARTER)
}

fn place(journey: &str, platform: &str, version: &str) -> Place {
    Place {
        journey: journey.to_owned(),
        platform: platform.to_owned(),
        version: version.to_owned(),
    }
}

/// A world: who has which version, and how much is delivered.
struct World {
    draws: Draws,
    /// Cases of each part in a quarter hour.
    volume: f64,
    /// By how much whole days differ, on the logit scale.
    days: f64,
    day: (usize, f64),
}

impl World {
    fn seeded(seed: u64) -> Self {
        Self {
            draws: Draws::seeded(seed),
            volume: 40.0,
            days: 0.0,
            day: (usize::MAX, 0.0),
        }
    }

    /// The counts of one quarter hour. `rate` says what is delivered of a part, and `share` which part of
    /// its platform a version has.
    fn quarter(
        &mut self,
        nth: usize,
        versions: &[(&str, f64)],
        rate: impl Fn(&Place) -> f64,
    ) -> Settled {
        if self.day.0 != nth / 96 {
            self.day = (nth / 96, self.days * self.draws.normal());
        }
        let hour = (nth % 96) as f64 / 96.0 * std::f64::consts::TAU;
        let mut tallies = Vec::new();
        for journey in JOURNEYS {
            for platform in PLATFORMS {
                for (version, share) in versions {
                    let place = place(journey, platform, version);
                    let mean = self.volume * share * (1.0 - 0.7 * hour.cos());
                    let cases = mean.round() as u64;
                    let healthy = rate(&place) + 0.02 * hour.sin();
                    let logit = (healthy / (1.0 - healthy)).ln() + self.day.1;
                    let rate = 1.0 / (1.0 + (-logit).exp());
                    let hits = self.draws.beta_binomial(cases, rate, 0.001);
                    tallies.push(Tally { place, cases, hits });
                }
            }
        }
        Settled {
            metric: Metric::Delivered,
            start: start(nth),
            tallies,
        }
    }

    fn learned(&mut self) -> (Watch, Vec<Settled>) {
        let history: Vec<Settled> = (0..LEARNED)
            .map(|nth| self.quarter(nth, OLD, |_| 0.9))
            .collect();
        let mut watch = Watch::new(Settings::default(), Memory::default());
        watch.learn(Metric::Delivered, &history);
        (watch, history)
    }
}

const OLD: &[(&str, f64)] = &[("5.0", 0.3), ("5.1", 0.7)];
const RELEASED: &[(&str, f64)] = &[("5.0", 0.2), ("5.1", 0.5), ("5.2", 0.3)];

/// Steps a watch and a desk, and answers what is told, by quarter hour.
fn live(
    world: &mut World,
    watch: &mut Watch,
    desk: &mut Desk,
    quarters: std::ops::Range<usize>,
    versions: &[(&str, f64)],
    rate: impl Fn(usize, &Place) -> f64,
) -> Vec<(usize, Tell)> {
    let mut told = Vec::new();
    for nth in quarters {
        watch.observe(&world.quarter(nth, versions, |place| rate(nth, place)));
        let tells = desk.take(group(&watch.signals()), start(nth + 1));
        told.extend(tells.into_iter().map(|tell| (nth, tell)));
    }
    told
}

#[test]
fn a_fault_is_one_incident_that_is_told_and_ends() {
    let mut world = World::seeded(71);
    let (mut watch, _) = world.learned();
    // The whole, 2 platforms, 4 versions, and the same for 3 journeys.
    assert_eq!(watch.watching(), 28);
    let mut desk = Desk::default();
    // Two healthy days, four hours without half of iOS, and half a day after it.
    let (from, to) = (LEARNED + 192, LEARNED + 208);
    let told = live(
        &mut world,
        &mut watch,
        &mut desk,
        LEARNED..to + 48,
        OLD,
        |nth, place| {
            if place.platform == "ios" && (from..to).contains(&nth) {
                0.45
            } else {
                0.9
            }
        },
    );
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(matches!(told[0].1, Tell::New(_)), "{told:?}");
    assert!(
        (from..from + 3).contains(&told[0].0),
        "after {} quarters",
        told[0].0 - from
    );
    assert!(matches!(told[1].1, Tell::Over(_)), "{told:?}");
    let incident = &desk.incidents[0];
    let ios = SliceOf::of([("platform", "ios")]);
    assert_eq!(incident.finding.head.slice, ios);
    let early = incident.finding.since().since(start(from)).abs();
    assert!(early <= 2 * QUARTER, "{early} ms from the truth");
    assert!(!incident.is_live(), "{incident:?}");
    let memory = watch.memory();
    assert!(memory.alarms.is_empty(), "{memory:?}");
    assert!(memory.past.iter().all(|span| ios.contains(&span.slice)));
}

#[test]
fn a_version_that_stops_delivering_is_found_by_its_name() {
    let mut world = World::seeded(75);
    let (mut watch, _) = world.learned();
    let mut desk = Desk::default();
    let told = live(
        &mut world,
        &mut watch,
        &mut desk,
        LEARNED..LEARNED + 48,
        RELEASED,
        |_, place| match (&*place.platform, &*place.version) {
            ("ios", "5.2") => 0.35,
            _ => 0.9,
        },
    );
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0 <= LEARNED + 4, "{told:?}");
    let head = &desk.incidents[0].finding.head;
    let version = SliceOf::of([("platform", "ios"), ("app_version", "5.2")]);
    assert_eq!(head.slice, version);
    let (rate, usual) = head.rates().expect("cases");
    assert!(
        (rate - 0.35).abs() < 0.1 && (usual - 0.9).abs() < 0.03,
        "{head:?}"
    );
}

#[test]
fn it_stays_silent_when_nothing_happens() {
    let mut signals = 0;
    for seed in 0..8 {
        let mut world = World::seeded(1_000 + seed);
        // Every second world has days that differ, as offers make them differ.
        world.days = if seed % 2 == 0 { 0.0 } else { 0.12 };
        let (mut watch, _) = world.learned();
        // A version is released, and is as good as the others but for three points.
        for nth in LEARNED..LEARNED + 14 * 96 {
            let versions = if nth < LEARNED + 4 * 96 {
                OLD
            } else {
                RELEASED
            };
            watch.observe(&world.quarter(nth, versions, |place| {
                if place.version == "5.2" { 0.87 } else { 0.9 }
            }));
            signals += watch.signals().len();
        }
    }
    // Sixteen weeks of 28 to 38 series in all.
    assert_eq!(signals, 0);
}

#[test]
fn a_restart_neither_forgets_nor_repeats() {
    let mut world = World::seeded(77);
    let (mut watch, mut history) = world.learned();
    let mut desk = Desk::default();
    let broken = |_: usize, place: &Place| match &*place.platform {
        "ios" => 0.5,
        _ => 0.9,
    };
    for nth in LEARNED..LEARNED + 12 {
        let settled = world.quarter(nth, OLD, |place| broken(nth, place));
        watch.observe(&settled);
        desk.take(group(&watch.signals()), start(nth + 1));
        history.push(settled);
    }
    assert_eq!(desk.incidents.len(), 1);
    let json = serde_json::to_string(&watch.memory()).expect("it is stored");
    let memory: Memory = serde_json::from_str(&json).expect("it is read");
    let before = watch.signals();

    let mut again = Watch::new(Settings::default(), memory);
    again.learn(Metric::Delivered, &history);
    for settled in &history[history.len() - 192..] {
        again.replay(settled);
    }
    let mut after = again.signals();
    after.sort_by_key(|signal| signal.slice.clone());
    let mut before = before;
    before.sort_by_key(|signal| signal.slice.clone());
    assert_eq!(after, before);
    let usual = again.usual(
        Metric::Delivered,
        &place("cart", "ios", "5.1"),
        start(LEARNED),
    );
    assert!(
        usual.expect("it is known") > 0.85,
        "the fault taught nothing: {usual:?}"
    );

    let quarters = LEARNED + 12..LEARNED + 40;
    let told = live(
        &mut world,
        &mut again,
        &mut desk,
        quarters.clone(),
        OLD,
        broken,
    );
    assert_eq!(told, vec![], "it is known");
    let quarters = quarters.end..quarters.end + 24;
    let told = live(&mut world, &mut again, &mut desk, quarters, OLD, |_, _| 0.9);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(matches!(told[0].1, Tell::Over(_)), "{told:?}");
}

#[test]
fn more_of_a_weak_platform_is_no_incident() {
    let mut world = World::seeded(78);
    let mut watch = Watch::new(Settings::default(), Memory::default());
    let rate = |place: &Place| if place.platform == "ios" { 0.95 } else { 0.6 };
    let history: Vec<Settled> = (0..LEARNED)
        .map(|nth| world.quarter(nth, OLD, rate))
        .collect();
    watch.learn(Metric::Delivered, &history);
    for nth in LEARNED..LEARNED + 192 {
        let mut settled = world.quarter(nth, OLD, rate);
        settled
            .tallies
            .retain(|tally| tally.place.platform == "android" || nth % 4 == 0);
        watch.observe(&settled);
    }
    assert_eq!(watch.signals(), vec![]);
}

#[test]
fn what_has_no_past_at_all_is_passed_over() {
    let mut watch = Watch::new(Settings::default(), Memory::default());
    let mut world = World::seeded(73);
    watch.observe(&world.quarter(0, OLD, |_| 0.1));
    assert!(watch.signals().is_empty());
    assert_eq!((watch.watching(), watch.learning()), (0, 0));
}

/// A fifth of the pushes of one version on one platform fall away for two days: the journeys that it has a part
/// in are no news beside it.
#[test]
fn a_version_that_is_told_of_explains_every_journey_that_it_has_a_part_in() {
    let mut world = World::seeded(23);
    let (mut watch, _) = world.learned();
    let mut desk = Desk::default();
    let told = live(
        &mut world,
        &mut watch,
        &mut desk,
        LEARNED..LEARNED + 192,
        RELEASED,
        |_, place| match (place.platform.as_str(), place.version.as_str()) {
            ("ios", "5.2") => 0.3,
            _ => 0.9,
        },
    );
    let new = told.iter().filter(|(_, tell)| matches!(tell, Tell::New(_)));
    assert_eq!(new.count(), 1, "{told:?}\n{:#?}", desk.incidents);
}

#[test]
fn a_journey_without_a_past_is_expected_to_be_taken_as_its_platform_does() {
    let mut world = World::seeded(29);
    let mut taken = |nth: usize, journey: Option<&str>, rate: f64| {
        let mut settled = world.quarter(nth, OLD, |_| 0.9);
        settled.metric = Metric::Accepted;
        settled.tallies.extend(journey.map(|journey| Tally {
            place: place(journey, "ios", "5.2"),
            cases: 20,
            hits: (20.0 * rate) as u64,
        }));
        settled
    };
    let history: Vec<Settled> = (0..LEARNED).map(|nth| taken(nth, None, 0.9)).collect();
    for (rate, alarms) in [(0.85, false), (0.3, true)] {
        let mut watch = Watch::new(Settings::default(), Memory::default());
        watch.learn(Metric::Accepted, &history);
        for nth in LEARNED..LEARNED + 4 {
            watch.observe(&taken(nth, Some("check"), rate));
        }
        let signals = watch.signals();
        assert_eq!(!signals.is_empty(), alarms, "{rate}: {signals:#?}");
        let is_placed = |signal: &Signal| signal.slice.0.contains_key("app_version");
        assert!(!alarms || signals.iter().any(is_placed), "{signals:#?}");
    }
}
