mod model;

use super::*;
use crate::draws::Draws;

/// The data set `waltons` of lifelines (MIT), as time, events, censored.
const CONTROL: [(u32, usize, usize); 20] = [
    (7, 1, 1),
    (17, 1, 0),
    (32, 1, 0),
    (33, 1, 0),
    (38, 2, 0),
    (41, 7, 0),
    (45, 9, 1),
    (48, 8, 0),
    (51, 3, 0),
    (53, 7, 0),
    (54, 2, 0),
    (56, 18, 0),
    (58, 4, 0),
    (60, 15, 1),
    (61, 9, 2),
    (63, 9, 0),
    (66, 3, 0),
    (68, 9, 1),
    (69, 12, 1),
    (75, 1, 0),
];
const MIR_137: [(u32, usize, usize); 13] = [
    (6, 1, 0),
    (9, 3, 0),
    (13, 3, 0),
    (15, 2, 0),
    (19, 3, 0),
    (22, 4, 0),
    (26, 5, 0),
    (29, 5, 0),
    (33, 2, 0),
    (36, 2, 0),
    (43, 1, 0),
    (47, 1, 0),
    (62, 2, 0),
];

fn lives(table: &[(u32, usize, usize)]) -> Vec<Observed> {
    let life = |until: u32, ended| Observed {
        entered: 0.0,
        until: f64::from(until),
        ended,
    };
    table
        .iter()
        .flat_map(|(until, ended, seen)| {
            let ended = std::iter::repeat_n(life(*until, true), *ended);
            ended.chain(std::iter::repeat_n(life(*until, false), *seen))
        })
        .collect()
}

fn survival_at(curve: &[Curve], time: f64) -> Curve {
    let before = |step: &&Curve| step.at <= time;
    *curve.iter().rev().find(before).expect("a step before")
}

#[test]
fn the_published_curve_is_reproduced() {
    let (one, other) = (lives(&CONTROL), lives(&MIR_137));
    let all: Vec<Observed> = one.iter().chain(&other).copied().collect();
    assert_eq!(all.len(), 163);
    let curve = kaplan_meier(&all);
    assert!((survival_at(&curve, 30.0).survival - 0.827_223_926_4).abs() < 1e-9);
    assert!((survival_at(&curve, 60.0).survival - 0.311_523_659_4).abs() < 1e-9);
    let median = curve
        .iter()
        .find(|step| step.survival <= 0.5)
        .expect("a median");
    assert_eq!(median.at as u32, 56);
    let interval = survival_at(&curve, 30.0)
        .interval(0.05)
        .expect("an interval");
    assert!((interval.low - 0.759_669).abs() < 1e-6, "{interval:?}");
    assert!((interval.high - 0.877_313).abs() < 1e-6, "{interval:?}");
    let (statistic, p_value) = log_rank(&one, &other);
    assert!((statistic - 122.249_125_57).abs() < 1e-7, "{statistic}");
    assert!(p_value < 1e-20);
}

#[test]
fn tokens_that_enter_late_count_from_then_on() {
    // lifelines 0.30.3 with `entry` gives these shares.
    let life = |(entered, until, ended): (u32, u32, bool)| Observed {
        entered: f64::from(entered),
        until: f64::from(until),
        ended,
    };
    let all = [
        (0, 3, true),
        (0, 5, false),
        (1, 6, true),
        (2, 7, true),
        (3, 8, false),
        (0, 9, true),
        (4, 9, true),
        (5, 10, false),
    ]
    .map(life);
    let curve = kaplan_meier(&all);
    for (time, share) in [
        (3.0, 0.8),
        (6.0, 0.666_667),
        (7.0, 0.533_333),
        (9.0, 0.177_778),
    ] {
        let found = survival_at(&curve, time).survival;
        assert!((found - share).abs() < 1e-6, "{found} at {time}");
    }
}

#[test]
fn the_reach_of_a_segment_lies_in_its_interval() {
    let mut draws = Draws::seeded(52);
    let mut inside = 0;
    for _ in 0..400 {
        let probabilities: Vec<f64> = (0..300).map(|_| draws.beta(2.0, 1.0)).collect();
        let alive = probabilities.iter().filter(|p| draws.happens(**p)).count() as f64;
        let forecast = reach(&probabilities, 0.0);
        inside += usize::from(forecast.low <= alive && alive <= forecast.high);
    }
    assert!((368..=392).contains(&inside), "{inside} of 400 at 95 %");
    let nobody = reach(&[], 0.01);
    assert_eq!(
        (nobody.valid, nobody.low as u64, nobody.high as u64),
        (0, 0, 0)
    );
    assert!(reach(&[0.5; 1_000], 0.02).high > reach(&[0.5; 1_000], 0.0).high);
}
