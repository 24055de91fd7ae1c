use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::*;
use crate::decompose::funnel::{Entrance, Platform, Steps, Version};

/// A lookup that knows nothing but a series and the adoption of a release.
#[derive(Default)]
struct Known {
    series: Vec<Point>,
    adoption: Vec<Adoption>,
    place: Option<Place>,
    rates: Option<Contrast>,
}

impl Lookup for Known {
    fn place(&self, _: Factor) -> Option<Place> {
        self.place.clone()
    }
    fn series(&self, _: Factor, _: &Slice) -> Vec<Point> {
        self.series.clone()
    }
    fn rates(&self, _: Factor, _: &Slice) -> Option<Contrast> {
        self.rates
    }
    fn adoption(&self, _: Factor, _: &str, _: &str) -> Vec<Adoption> {
        self.adoption.clone()
    }
}

/// Rates of a version: sent, delivered, opened, orders after an open, after a receipt, after neither,
/// value of an order.
type Rates = [f64; 7];

const USUAL: Rates = [0.98, 0.80, 0.11, 0.09, 0.004, 0.004, 60.0];

fn steps(devices: f64, rates: Rates) -> Steps {
    let sent = devices * rates[0];
    let delivered = sent * rates[1];
    let opened = delivered * rates[2];
    let orders = [
        opened * rates[3],
        (delivered - opened) * rates[4],
        (sent - delivered) * rates[5],
    ];
    Steps {
        devices,
        sent,
        delivered,
        opened,
        converted_opened: orders[0],
        converted_unopened: orders[1],
        converted_unconfirmed: orders[2],
        value_opened: orders[0] * rates[6],
        value_unopened: orders[1] * rates[6],
        value_unconfirmed: orders[2] * rates[6],
    }
}

fn version(name: &str, before: f64, after: f64, rates: Rates) -> Version {
    Version {
        name: name.to_owned(),
        before: steps(before, USUAL),
        after: steps(after, rates),
    }
}

fn entrance(people: f64, covered: f64, eligible: f64) -> Entrance {
    Entrance {
        qualified: people,
        covered: people * covered,
        eligible: people * covered * eligible,
    }
}

/// A week and the week before, alike but for what `after` says about iOS 5.2, a new version.
fn picture(after: Rates) -> Picture {
    let people = 60_000.0;
    let devices = people * 0.6 * 0.95;
    Picture {
        funnel: Funnel {
            before: entrance(people, 0.6, 0.95),
            after: entrance(people, 0.6, 0.95),
            platforms: vec![
                Platform::of_versions(
                    "ios",
                    vec![
                        version("5.1", 0.45 * devices, 0.15 * devices, USUAL),
                        version("5.2", 0.0, 0.30 * devices, after),
                    ],
                ),
                Platform::of_versions(
                    "android",
                    vec![version("5.1", 0.55 * devices, 0.55 * devices, USUAL)],
                ),
            ],
        },
        qualified_before: vec![59_000.0, 61_000.0, 60_500.0, people],
        ..Picture::default()
    }
}

fn verdict(picture: &Picture) -> Verdict {
    let diagnosis = judge(picture, &Known::default(), 1).expect("counts");
    assert_eq!(diagnosis.verdict.facts.len(), 3, "{:?}", diagnosis.verdict);
    diagnosis.verdict
}

fn only(index: usize, rate: f64) -> Rates {
    let mut rates = USUAL;
    rates[index] = rate;
    rates
}

fn everywhere(picture: &mut Picture, change: impl Fn(&mut Steps)) {
    let platforms = picture.funnel.platforms.iter_mut();
    for message in platforms.flat_map(|platform| &mut platform.messages) {
        for version in &mut message.versions {
            change(&mut version.after);
        }
    }
}

#[test]
fn a_quiet_week_gets_no_verdict() {
    let verdict = verdict(&picture(USUAL));
    assert_eq!(verdict.problem, Problem::Nothing);
    assert!(verdict.says.starts_with("Nothing beyond chance"));
}

#[test]
fn tokens_that_a_release_lost_are_delivery() {
    let mut picture = picture(only(0, 0.40));
    picture.reasons.push(ReasonCount {
        reason: Reason::TokenUnregistered,
        count: Shift::new(680.0, 6_600.0),
    });
    let verdict = verdict(&picture);
    assert_eq!(
        (verdict.problem, verdict.cause),
        (Problem::Delivery, Cause::TokenChurn)
    );
    assert_eq!(
        verdict.place.slice.to_string(),
        "platform ios, app_version 5.2"
    );
    assert_eq!(verdict.reason, Some("token_unregistered"));
    // 10,260 devices, 58 points of 98, at what a sent push brings.
    let sent = steps(10_260.0, USUAL);
    let worth = sent.value() / sent.sent * 10_260.0 * 0.58;
    assert!(
        (verdict.money.lost / worth - 1.0).abs() < 0.05,
        "{}",
        verdict.money.lost
    );
    assert!(verdict.money.interval.low < worth && worth < verdict.money.interval.high);
    assert_eq!(verdict.confidence, Confidence::High);
}

#[test]
fn suspended_tokens_at_the_next_step_are_the_same_problem() {
    let mut picture = picture(only(0, 0.40));
    picture.funnel.after = entrance(60_000.0, 0.52, 0.95);
    everywhere(&mut picture, |steps| {
        let kept = 0.52 / 0.60;
        *steps = Steps {
            devices: steps.devices * kept,
            sent: steps.sent * kept,
            delivered: steps.delivered * kept,
            opened: steps.opened * kept,
            converted_opened: steps.converted_opened * kept,
            converted_unopened: steps.converted_unopened * kept,
            converted_unconfirmed: steps.converted_unconfirmed * kept,
            value_opened: steps.value_opened * kept,
            value_unopened: steps.value_unopened * kept,
            value_unconfirmed: steps.value_unconfirmed * kept,
        };
    });
    for (reason, before, after) in [
        (Reason::TokenUnregistered, 680.0, 5_700.0),
        (Reason::DevicesSuspended, 900.0, 5_700.0),
    ] {
        picture.reasons.push(ReasonCount {
            reason,
            count: Shift::new(before, after),
        });
    }
    let verdict = verdict(&picture);
    assert_eq!(
        (verdict.problem, verdict.cause, verdict.factor),
        (Problem::Delivery, Cause::TokenChurn, Some(Factor::Sent))
    );
}

#[test]
fn receipts_that_fall_alone_are_measurement_and_with_opens_delivery() {
    // Opens among sent stay as they were: 0.80 x 0.11.
    let mut lost = only(1, 0.17);
    lost[2] = 0.088 / 0.17;
    let verdict_of_lost = verdict(&picture(lost));
    assert_eq!(verdict_of_lost.problem, Problem::Measurement);
    assert!(verdict_of_lost.money.lost.abs() < 1.0);
    let verdict_of_fallen = verdict(&picture(only(1, 0.17)));
    assert_eq!(
        (verdict_of_fallen.problem, verdict_of_fallen.cause),
        (Problem::Delivery, Cause::NotReceived)
    );
}

#[test]
fn silence_is_health_only_where_there_is_something_to_hear() {
    let standing = |picture: &Picture| {
        let diagnosis = judge(picture, &Known::default(), 1).expect("counts");
        diagnosis.standing()
    };
    let mut lost = only(1, 0.17);
    lost[2] = 0.088 / 0.17;
    assert_eq!(standing(&picture(USUAL)), Standing::Healthy);
    assert_eq!(standing(&picture(only(1, 0.17))), Standing::Losing);
    assert_eq!(standing(&picture(lost)), Standing::Unreported);
    let mut few = picture(USUAL);
    few.funnel.before = entrance(39.0, 0.6, 0.95);
    few.funnel.after = entrance(41.0, 0.6, 0.95);
    for platform in &mut few.funnel.platforms {
        for version in &mut platform.messages[0].versions {
            (version.before, version.after) = (steps(10.0, USUAL), steps(10.0, USUAL));
        }
    }
    assert_eq!(standing(&few), Standing::TooLittle);
    few.funnel.before = entrance(40.0, 0.6, 0.95);
    assert_eq!(standing(&few), Standing::Healthy);
}

#[test]
fn a_new_version_is_named_with_its_platform_and_held_against_what_was_before() {
    let of = |parts: &[(&str, &str)]| {
        let parts = parts.iter();
        Slice(
            parts
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        )
    };
    let version = of(&[("app_version", "5.2")]);
    let fuller = of(&[("platform", "ios"), ("app_version", "5.2")]);
    let known = Known {
        place: Some(Place {
            slice: version.clone(),
            also: vec![
                of(&[("app_version", "5.2"), ("provider", "apns")]),
                fuller.clone(),
            ],
            p_value: 1e-9,
            share: 0.95,
        }),
        rates: Some(Contrast {
            inside: Ratio {
                hits: Shift::new(0.0, 40.0),
                of: Shift::new(0.0, 1_000.0),
            },
            outside: Ratio {
                hits: Shift::new(3_900.0, 2_300.0),
                of: Shift::new(5_000.0, 3_000.0),
            },
        }),
        ..Known::default()
    };
    let diagnosis = judge(&picture(only(1, 0.17)), &known, 1).expect("counts");
    let verdict = diagnosis.verdict;
    assert_eq!(verdict.place.slice, fuller);
    assert!(verdict.place.also.contains(&version), "{:?}", verdict.place);
    assert_eq!(verdict.rates, Some(Shift::new(0.78, 0.04)));
    let fact = &verdict.facts[0];
    assert_eq!(
        fact.says,
        "delivered, platform ios, app_version 5.2: 4.0 % of 1000 instead of 78.0 % of 5000 elsewhere, for it is new"
    );
    assert!(fact.z < -20.0, "{fact:?}");
}

#[test]
fn permissions_and_rules_are_told_by_their_reasons() {
    let mut lost = picture(USUAL);
    lost.funnel.after = entrance(60_000.0, 0.50, 0.95);
    lost.reasons.push(ReasonCount {
        reason: Reason::PermissionDenied,
        count: Shift::new(15_000.0, 21_000.0),
    });
    let found = verdict(&lost);
    assert_eq!(
        (found.problem, found.cause),
        (Problem::Coverage, Cause::PermissionChange)
    );
    let mut capped = picture(USUAL);
    capped.funnel.after = entrance(60_000.0, 0.60, 0.70);
    capped.reasons.push(ReasonCount {
        reason: Reason::MessageLimit,
        count: Shift::new(1_000.0, 9_900.0),
    });
    let found = verdict(&capped);
    assert_eq!(
        (found.problem, found.cause),
        (Problem::Eligibility, Cause::Cap)
    );
}

#[test]
fn opens_and_orders_tell_the_creative_from_the_offer() {
    let mut dull = picture(USUAL);
    everywhere(&mut dull, |s| *s = steps(s.devices, only(2, 0.06)));
    assert_eq!(verdict(&dull).problem, Problem::Engagement);
    let mut dear = picture(USUAL);
    everywhere(&mut dear, |s| *s = steps(s.devices, only(3, 0.04)));
    let found = verdict(&dear);
    assert_eq!(
        (found.problem, found.cause),
        (Problem::Offer, Cause::Conversion)
    );
    let mut small = picture(USUAL);
    everywhere(&mut small, |s| *s = steps(s.devices, only(6, 40.0)));
    let found = verdict(&small);
    assert_eq!(
        (found.problem, found.cause),
        (Problem::Offer, Cause::OrderValue)
    );
}

fn hours(count: i64, n: f64, x: impl Fn(i64) -> f64) -> Vec<Point> {
    let start = Timestamp::from_seconds(1_790_000_000);
    let points = (0..count).map(|hour| Point {
        at: start.plus_millis(hour * HOUR_MS),
        n,
        x: x(hour),
    });
    points.collect()
}

#[test]
fn orders_that_vanish_by_every_channel_are_not_the_offer() {
    let mut silent = picture(USUAL);
    everywhere(&mut silent, |s| {
        *s = steps(s.devices, [0.98, 0.80, 0.11, 0.03, 0.0013, 0.0013, 60.0]);
    });
    silent.orders = hours(336, 400.0, |hour| if hour < 224 { 4.0 } else { 0.0 });
    assert_eq!(verdict(&silent).problem, Problem::OrderTracking);
    // Another journey still gets its orders: then it is the offer of this one.
    silent.others = Some(Beside {
        qualified: Shift::new(9_000.0, 9_000.0),
        sent: Shift::new(9_000.0, 9_000.0),
        converted: Shift::new(90.0, 88.0),
        ..Beside::default()
    });
    assert_eq!(verdict(&silent).problem, Problem::Offer);
}

#[test]
fn fewer_people_are_the_season_only_when_others_are_quieter_too() {
    let mut fewer = picture(USUAL);
    fewer.funnel.after = entrance(42_000.0, 0.6, 0.95);
    everywhere(&mut fewer, |s| *s = steps(s.devices * 0.7, USUAL));
    let found = verdict(&fewer);
    assert_eq!(
        (found.problem, found.cause),
        (Problem::Eligibility, Cause::AudienceShrink)
    );
    fewer.others = Some(Beside {
        qualified: Shift::new(9_000.0, 6_500.0),
        ..Beside::default()
    });
    assert_eq!(verdict(&fewer).problem, Problem::Seasonality);
}

#[test]
fn the_onset_is_found_with_the_change_that_coincides() {
    let mut broken = picture(only(0, 0.40));
    let began = Timestamp::from_seconds(1_790_000_000).plus_millis(200 * HOUR_MS);
    broken.changes = vec![
        Change {
            at: began.plus_millis(HOUR_MS / 2),
            what: "credential apns-main replaced".to_owned(),
        },
        Change {
            at: began.plus_millis(-3 * DAY_MS),
            what: "journey applied".to_owned(),
        },
    ];
    let known = Known {
        series: hours(336, 100.0, |hour| if hour < 200 { 98.0 } else { 40.0 }),
        adoption: (0..7)
            .map(|day| Adoption {
                n: 200.0 * f64::from(day),
                x: 80.0 * f64::from(day),
                other_n: 2_000.0 - 200.0 * f64::from(day),
                other_x: 1_960.0 - 196.0 * f64::from(day),
            })
            .collect(),
        ..Known::default()
    };
    let verdict = judge(&broken, &known, 1).expect("counts").verdict;
    assert_eq!(verdict.since.map(|since| since.at), Some(began));
    assert_eq!(verdict.coincides.len(), 1);
    assert!(verdict.coincides[0].what.starts_with("credential"));
    let release = verdict.release.expect("the release differs from the rest");
    assert!((release.effect + 0.58).abs() < 1e-9);
    assert!((release.explains - 1.0).abs() < 1e-9);
    assert!(
        verdict
            .facts
            .iter()
            .any(|fact| fact.says.contains("other versions"))
    );
}

#[test]
fn an_onset_needs_a_change() {
    let steady = hours(200, 100.0, |hour| 90.0 + f64::from((hour % 5) as i32));
    assert_eq!(onset(&steady, 1.0, 3.5), None);
    assert_eq!(onset(&[], 1.0, 3.5), None);
}

#[test]
fn a_release_that_is_like_the_others_explains_nothing() {
    let days = [Adoption {
        n: 1_000.0,
        x: 600.0,
        other_n: 1_000.0,
        other_x: 600.0,
    }];
    let effect = adoption_effect("ios", "5.2", &days, 0.9, 1.0).expect("both are there");
    assert!(!effect.coincides());
    assert_eq!(adoption_effect("ios", "5.2", &[], 0.9, 1.0), None);
}

/// Days with `n` cases and `x` hits each, the last seven of them from `START` on.
fn days(before: i64, x: impl Fn(i64) -> f64) -> (Vec<Point>, Timestamp) {
    let start = Timestamp::from_millis(20_000 * DAY_MS);
    let points = (-before..7).map(|day| Point {
        at: start.plus_millis(day * DAY_MS),
        n: 3_000.0,
        x: x(day),
    });
    (points.collect(), start)
}

#[test]
fn weeks_before_tell_what_one_week_is_too_short_for() {
    let (orders, start) = days(28, |day| if day < 2 { 45.0 } else { 30.0 });
    let recent = recent::of_rate(&orders, start, 1.0).expect("four weeks");
    assert!(recent.z < -4.0, "{recent:?}");
    assert!((recent.ratio - 30.0 / 45.0).abs() < 0.02, "{recent:?}");
    // Five days at two thirds, in a week of which two were as usual.
    assert!((recent.undone - 315.0 / 240.0).abs() < 0.02, "{recent:?}");
    let (people, start) = days(28, |day| if day < 3 { 8_000.0 } else { 6_400.0 });
    let recent = recent::of_count(&people, start).expect("four weeks");
    assert!(
        recent.z < -5.0 && (recent.ratio - 0.8).abs() < 1e-9,
        "{recent:?}"
    );
    let (steady, start) = days(28, |day| 45.0 + f64::from((day.rem_euclid(7)) as i32));
    let recent = recent::of_rate(&steady, start, 1.0).expect("four weeks");
    assert!(
        recent.z > -1.0,
        "days of the week are no change: {recent:?}"
    );
    let (short, start) = days(5, |_| 45.0);
    assert_eq!(recent::of_rate(&short, start, 1.0), None);
    assert_eq!(recent::of_count(&short, start), None);
}
