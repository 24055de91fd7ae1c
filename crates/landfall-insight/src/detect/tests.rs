use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

use super::*;
use crate::draws::Draws;

const QUARTER: i64 = 15 * MINUTE_MS;

fn start(nth: usize) -> Timestamp {
    Timestamp::from_millis(nth as i64 * QUARTER)
}

/// `days` of quarter hours of `cases` cases whose rate is told by the hour of the day.
fn series(
    days: usize,
    cases: u64,
    dispersion: f64,
    draws: &mut Draws,
    rate: impl Fn(usize) -> f64,
) -> Vec<Bucket> {
    (0..days * 96)
        .map(|nth| {
            let hits = draws.beta_binomial(cases, rate(nth % 96 / 4), dispersion);
            Bucket::settled(start(nth), cases, hits)
        })
        .collect()
}

fn calibration() -> Calibration {
    Calibration::once_in(2_880.0, 9)
}

#[test]
fn the_ratio_is_that_of_the_likelihoods() {
    // By hand: 3 of 4 at 0.5 instead of 0.9 is (0.5^4) / (0.9^3 * 0.1).
    let wanted = (0.0625_f64 / 0.0729).ln();
    assert!((log_ratio(3, 4, 0.9, 0.5, 0.0) - wanted).abs() < 1e-12);
    // A beta-binomial that hardly varies is a binomial; few cases and many are counted alike.
    for (hits, cases) in [(3, 4), (180, 200), (9, 9), (0, 12)] {
        let plain = log_ratio(hits, cases, 0.9, 0.5, 0.0);
        assert!((log_ratio(hits, cases, 0.9, 0.5, 2e-7) - plain).abs() < 1e-2);
    }
    // With the correlation 1/3 and the rate 1/2 the prior is uniform: every count is as likely.
    let to_half = |hits| log_ratio(hits, 20, 0.25, 0.5, 1.0 / 3.0);
    let sum: f64 = (0..=20).map(|hits| (-to_half(hits)).exp() / 21.0).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
}

#[test]
fn a_baseline_finds_hours_and_dispersion_again() {
    let mut draws = Draws::seeded(1);
    let by_day = |hour: usize| if hour < 8 { 0.8 } else { 0.92 };
    let history = series(28, 200, 0.002, &mut draws, by_day);
    let baseline = Baseline::learn(&history).expect("enough");
    assert!(
        (0.0014..0.0026).contains(&baseline.dispersion),
        "{}",
        baseline.dispersion
    );
    for hour in 0..168 {
        let at = Timestamp::from_millis(hour as i64 * HOUR_MS);
        let off = baseline.expected(at) - by_day(hour % 24);
        assert!(off.abs() < 0.015, "hour {hour} is off by {off}");
    }
    assert_eq!(baseline.left_out, 0);
}

#[test]
fn equal_hours_are_not_told_apart() {
    let mut draws = Draws::seeded(2);
    let history = series(28, 20, 0.0, &mut draws, |_| 0.92);
    let baseline = Baseline::learn(&history).expect("enough");
    let widest = baseline
        .by_hour
        .iter()
        .map(|rate| (rate - 0.92).abs())
        .fold(0.0, f64::max);
    assert!(widest < 0.012, "{widest}");
    assert!(baseline.dispersion < 0.004, "{}", baseline.dispersion);
}

#[test]
fn incidents_of_the_past_teach_nothing() {
    let mut draws = Draws::seeded(3);
    let mut history = series(28, 200, 0.002, &mut draws, |_| 0.92);
    for bucket in &mut history[1_000..1_030] {
        bucket.hits = 20;
    }
    let baseline = Baseline::learn(&history).expect("enough");
    assert!(
        (30..=33).contains(&baseline.left_out),
        "{}",
        baseline.left_out
    );
    assert!(
        (baseline.overall - 0.92).abs() < 0.002,
        "{}",
        baseline.overall
    );
    assert!(baseline.dispersion < 0.003, "{}", baseline.dispersion);
}

#[test]
fn rare_hits_in_small_buckets_are_not_taken_for_incidents() {
    let mut draws = Draws::seeded(12);
    for (cases, rate) in [(1, 0.92), (3, 0.99), (20, 0.004)] {
        let history = series(28, cases, 0.0, &mut draws, |_| rate);
        let baseline = Baseline::learn(&history).expect("enough");
        let off = (baseline.overall / rate - 1.0).abs();
        assert!(off < 0.2, "{rate} in buckets of {cases} is off by {off}");
    }
}

#[test]
fn little_teaches_nothing() {
    let mut draws = Draws::seeded(4);
    assert_eq!(Baseline::learn(&[]), None);
    assert_eq!(
        Baseline::learn(&series(1, 200, 0.0, &mut draws, |_| 0.9)),
        None
    );
    assert_eq!(
        Baseline::learn(&series(28, 0, 0.0, &mut draws, |_| 0.9)),
        None
    );
}

#[test]
fn rates_at_the_edge_stay_finite() {
    let mut draws = Draws::seeded(5);
    for rate in [0.0, 1.0] {
        let history = series(4, 200, 0.0, &mut draws, |_| rate);
        let baseline = Baseline::learn(&history).expect("enough");
        for direction in [Direction::Fall, Direction::Rise] {
            let mut detector = Detector::with_threshold(baseline.clone(), direction, 2_880.0);
            for bucket in &history {
                let reading = detector.observe(bucket);
                assert!(
                    reading.statistic.is_finite() && !reading.alarm,
                    "{reading:?}"
                );
            }
        }
    }
}

#[test]
fn a_drop_is_found_with_its_start_and_size() {
    let mut draws = Draws::seeded(6);
    let history = series(28, 200, 0.002, &mut draws, |_| 0.92);
    let baseline = Baseline::learn(&history).expect("enough");
    let mut detector = Detector::new(baseline, Direction::Fall, calibration());
    let from = 28 * 96;
    for nth in from..from + 40 {
        let hits = draws.beta_binomial(200, 0.92, 0.002);
        assert!(
            !detector
                .observe(&Bucket::settled(start(nth), 200, hits))
                .alarm
        );
    }
    let alarm = (from + 40..from + 60).find_map(|nth| {
        let hits = draws.beta_binomial(200, 0.8, 0.002);
        let reading = detector.observe(&Bucket::settled(start(nth), 200, hits));
        reading.alarm.then_some((nth, reading))
    });
    let (nth, reading) = alarm.expect("a drop from 92 to 80 %");
    assert!(nth < from + 44, "after {} buckets", nth - from - 39);
    let suspicion = reading.suspicion.expect("a suspicion");
    let early = suspicion.since.since(start(from + 40));
    assert!(early.abs() <= 2 * QUARTER, "{early} ms from the truth");
    assert!(suspicion.missing() > 10.0, "{suspicion:?}");
    detector.restart();
    let healthy = detector.observe(&Bucket::settled(start(nth + 1), 200, 184));
    assert!(!healthy.alarm && healthy.statistic < 3.0, "{healthy:?}");
}

#[test]
fn a_healthy_series_alarms_as_seldom_as_stated() {
    let mut draws = Draws::seeded(7);
    let (mut alarms, mut buckets) = (0_u32, 0_u32);
    for seed in 0..8 {
        let history = series(28, 200, 0.002, &mut draws, |_| 0.92);
        let baseline = Baseline::learn(&history).expect("enough");
        let calibration = Calibration::once_in(300.0, seed);
        let mut detector = Detector::new(baseline, Direction::Fall, calibration);
        for bucket in series(30, 200, 0.002, &mut draws, |_| 0.92) {
            buckets += 1;
            if detector.observe(&bucket).alarm {
                alarms += 1;
                detector.restart();
            }
        }
    }
    // 77 are allowed in 23,040 buckets; twice the noise on top.
    assert!(alarms <= 77 + 18, "{alarms} alarms in {buckets} buckets");
    assert!(
        alarms >= 30,
        "{alarms} alarms: the threshold is too high to be of use"
    );
}

#[test]
fn a_fresh_bucket_is_judged_by_what_is_reported_by_now() {
    let mut draws = Draws::seeded(8);
    let history = series(28, 2_000, 0.002, &mut draws, |_| 0.92);
    let baseline = Baseline::learn(&history).expect("enough");
    let detector = Detector::with_threshold(baseline, Direction::Fall, 2_880.0);
    let nth = 28 * 96;
    let fresh = |hits| Bucket {
        reported: 0.6,
        ..Bucket::settled(start(nth), 2_000, hits)
    };
    // 92 % of 2,000, of which 60 % report by now: 1,104.
    assert!(!detector.clone().observe(&fresh(1_104)).alarm);
    let raw = Bucket::settled(start(nth), 2_000, 1_104);
    assert!(
        detector.clone().observe(&raw).alarm,
        "a naive comparison would alarm"
    );
    assert!(detector.clone().observe(&fresh(700)).alarm);
}

#[test]
fn more_bounces_are_a_rise_and_fewer_are_none() {
    let mut draws = Draws::seeded(9);
    let history = series(28, 500, 0.001, &mut draws, |_| 0.02);
    let baseline = Baseline::learn(&history).expect("enough");
    let mut detector = Detector::new(baseline, Direction::Rise, calibration());
    for nth in 0..200 {
        let reading = detector.observe(&Bucket::settled(start(28 * 96 + nth), 500, 4));
        assert!(!reading.alarm, "fewer bounces");
    }
    let alarm = (0..20).position(|nth| {
        let bucket = Bucket::settled(start(28 * 96 + 200 + nth), 500, 40);
        detector.observe(&bucket).alarm
    });
    assert!(alarm.is_some_and(|after| after <= 2), "{alarm:?}");
}

#[test]
fn empty_buckets_tell_nothing() {
    let mut draws = Draws::seeded(10);
    let history = series(28, 200, 0.0, &mut draws, |_| 0.92);
    let baseline = Baseline::learn(&history).expect("enough");
    let mut detector = Detector::with_threshold(baseline, Direction::Fall, 2_880.0);
    let before = detector.observe(&Bucket::settled(start(3_000), 200, 170));
    let after = detector.observe(&Bucket::settled(start(3_001), 0, 0));
    assert_eq!(before, after);
}

/// Ten versions whose first-day users open a quarter more often than the platform.
fn releases() -> Vec<VersionDay> {
    (0..10)
        .flat_map(|version| {
            let day = |phase, rate: f64| VersionDay {
                version,
                phase,
                cases: 10_000,
                hits: (10_000.0 * rate) as u64 + u64::from(version) * 8,
                platform: 0.08,
            };
            [day(Phase::FirstDay, 0.1), day(Phase::Remainder, 0.05)]
        })
        .collect()
}

#[test]
fn early_adopters_and_those_left_behind_are_no_incident() {
    let adoption = Adoption::learn(&releases());
    let first = adoption.expected(Phase::FirstDay, 0.08);
    let last = adoption.expected(Phase::Remainder, 0.08);
    assert!(first > 0.09 && last < 0.065, "{first} {last}");
    // The last users of a version open 5 %: against the platform that is a fall, here it is none.
    let usual = adoption.evidence(Phase::Remainder, 0.08, (10_000, 520), 0.3);
    assert!(usual < 0.0, "{usual}");
    // They open 1 %: that is one.
    let broken = adoption.evidence(Phase::Remainder, 0.08, (10_000, 100), 0.6);
    assert!(broken > 2.0, "{broken}");
}

#[test]
fn without_earlier_releases_a_version_may_differ_more() {
    let none = Adoption::learn(&[]);
    let some = Adoption::learn(&releases());
    assert!((none.expected(Phase::FirstDay, 0.08) - 0.08).abs() < 1e-12);
    let spread = |adoption: &Adoption| adoption.dispersion(Phase::FirstDay, 0.08);
    assert!(spread(&none) > 2.0 * spread(&some));
    assert_eq!(some.movements(Phase::FirstDay).versions, 10);
}

#[test]
fn a_version_passes_through_its_phases() {
    for (age, share, phase) in [
        (0, 0.01, Phase::FirstDay),
        (2, 0.1, Phase::FirstDays),
        (6, 0.4, Phase::FirstWeek),
        (20, 0.6, Phase::Settled),
        (60, 0.3, Phase::Fading),
        (90, 0.05, Phase::Remainder),
    ] {
        assert_eq!(Phase::of(age, share, 0.7), phase);
    }
    assert_eq!(
        hour_of_week(Timestamp::from_millis(8 * DAY_MS + HOUR_MS)),
        25
    );
}

#[test]
fn weights_add_up_and_go_to_what_a_series_can_see() {
    let mut draws = Draws::seeded(11);
    let mut of_five_percent = Vec::new();
    for cases in [1, 20, 2_000] {
        let history = series(28, cases, 0.0, &mut draws, |_| 0.92);
        let baseline = Baseline::learn(&history).expect("enough");
        for direction in [Direction::Fall, Direction::Rise] {
            let sum: f64 = direction.weights(&baseline).iter().sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
        of_five_percent.push(Direction::Fall.weights(&baseline)[2]);
    }
    let [few, some, many] = of_five_percent[..] else {
        panic!("three volumes");
    };
    assert!(few < many && many < some, "{few} {some} {many}");
}
