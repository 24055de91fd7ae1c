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

/// A token that is opened every `every` days in the mean until it is uninstalled at a hidden moment;
/// as it looks on some day, and whether it is still there.
fn drawn(draws: &mut Draws) -> Sample {
    let android = draws.happens(0.5);
    let every = 1.0 + 12.0 * draws.gamma(0.7);
    let life = 150.0 * draws.exponential() * if android { 0.6 } else { 1.0 };
    let age = 200.0 * draws.unit();
    let (mut at, mut last) = (0.0, 0.0);
    while at < life.min(age) {
        last = at;
        at += every * draws.exponential();
    }
    let silent_days = (age - last) as u32;
    let alive = life > age;
    Sample {
        token: Token {
            silent_days,
            platform: if android { "android" } else { "ios" }.to_owned(),
            app_version: "5.1".to_owned(),
            receipts: u32::from(draws.happens(if alive { 0.8 } else { 0.3 })),
            unanswered: if alive { 0 } else { silent_days / 10 },
        },
        alive,
    }
}

#[test]
fn silence_tells_and_probabilities_mean_what_they_say() {
    let mut draws = Draws::seeded(51);
    let past: Vec<Sample> = (0..8_000).map(|_| drawn(&mut draws)).collect();
    let model = Model::learn(&past).expect("samples");
    let now: Vec<Sample> = (0..8_000).map(|_| drawn(&mut draws)).collect();
    let outcomes: Vec<(f64, bool)> = now
        .iter()
        .map(|s| (model.alive(&s.token), s.alive))
        .collect();
    let quality = calibration(&outcomes).expect("outcomes");
    let alive = now.iter().filter(|s| s.alive).count() as f64;
    let valid_is_reachable = now.len() as f64 / alive - 1.0;
    assert!(valid_is_reachable > 0.3, "{valid_is_reachable}");
    assert!(quality.skill > 0.6, "{quality:?}");
    assert!(quality.error <= 0.015, "{quality:?}");
    let off = quality.reach_error.expect("some are alive");
    assert!(off.abs() < 0.025, "{off}");
    assert_eq!(quality.deciles.len(), 10);
    let hazard = model.hazard();
    assert_eq!(hazard.len(), 10);
    assert!(
        hazard
            .iter()
            .filter_map(|(_, h)| *h)
            .all(|h| (0.0..=1.0).contains(&h))
    );
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

#[test]
fn few_tokens_of_a_version_speak_softly() {
    let token = |app_version: &str, silent_days| Token {
        silent_days,
        platform: "ios".to_owned(),
        app_version: app_version.to_owned(),
        receipts: 1,
        unanswered: 0,
    };
    let mut samples: Vec<Sample> = (0..1_000)
        .map(|nth| Sample {
            token: token("5.1", 1),
            alive: nth % 10 != 0,
        })
        .collect();
    samples.push(Sample {
        token: token("5.2", 1),
        alive: false,
    });
    let model = Model::learn(&samples).expect("samples");
    let new = model.alive(&token("5.2", 1));
    assert!((0.8..0.9).contains(&new), "{new}");
    let unknown = model.alive(&token("9.9", 400));
    assert!((unknown - model.overall).abs() < 1e-9, "{unknown}");
    assert_eq!(Model::learn(&[]), None);
    assert_eq!(calibration(&[]), None);
}
