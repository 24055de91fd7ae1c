use landfall_domain::marks::Mark;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::delay::{DelayLaw, Early, chance_of_so_few, delay_change};
use super::ladder::{Triangle, TriangleError, ladder, nowcast};
use super::law::{beta_binomial_below, negative_binomial, normal_below, normal_quantile};
use super::*;
use crate::draws::Draws;

#[track_caller]
fn near(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() < tolerance, "{got} is not {wanted}");
}

#[test]
fn a_fresh_bucket_settles_and_an_old_one_does_not() {
    let end = Timestamp::from_seconds(1_790_000_000);
    let delivered = Settling::default_for(Mark::Delivered);
    assert!(delivered.is_settling(end, end.plus_millis(3 * DAY_MS - 1)));
    assert!(!delivered.is_settling(end, end.plus_millis(3 * DAY_MS)));
    assert!(!Settling::default_for(Mark::Sent).is_settling(end, end.plus_millis(HOUR_MS)));
}

fn triangle(text: &str) -> Triangle {
    let rows = text.lines().map(|line| {
        let counts = line.split_whitespace();
        counts.map(|c| c.parse().expect("a number")).collect()
    });
    Triangle::cumulative(rows.collect()).expect("a triangle")
}

/// Two data sets of the actuaries' literature (RAA; Taylor and Ashe), as in diagnosis.md 4.3.
const RAA: &str = "\
5012 8269 10907 11805 13539 16181 18009 18608 18662 18834
106 4285 5396 10666 13782 15599 15496 16169 16704
3410 8992 13873 16141 18735 22214 22863 23466
5655 11555 15766 21266 23425 26083 27067
1092 9565 15836 22169 25955 26180
1513 6445 11702 12935 15852
557 4020 10946 12314
1351 6947 13112
3133 5395
2063";
const GENINS: &str = "\
357848 1124788 1735330 2218270 2745596 3319994 3466336 3606286 3833515 3901463
352118 1236139 2170033 3353322 3799067 4120063 4647867 4914039 5339085
290507 1292306 2218525 3235179 3985995 4132918 4628910 4909315
310608 1418858 2195047 3757447 4029929 4381982 4588268
443160 1136350 2128333 2897821 3402672 3873311
396132 1333217 2180715 2985752 3691712
440832 1288463 2419861 3483130
359480 1421128 2864498
376686 1363294
344014";

#[track_caller]
fn check(text: &str, factors: [f64; 9], to_come: f64, error: f64) {
    let triangle = triangle(text);
    let ladder = ladder(&triangle);
    for (got, wanted) in ladder.factors.iter().zip(factors) {
        near(*got, wanted, 1e-6);
    }
    near(ladder.to_come(&triangle), to_come, 1e-6);
    near(ladder.standard_error(&triangle), error, 0.01);
}

#[test]
fn the_chain_ladder_gives_the_golden_numbers() {
    check(
        RAA,
        [
            2.999_359, 1.623_523, 1.270_888, 1.171_675, 1.113_385, 1.041_935, 1.033_264, 1.016_936,
            1.009_217,
        ],
        52_135.228_261,
        26_880.74,
    );
    check(
        GENINS,
        [
            3.490_607, 1.747_333, 1.457_413, 1.173_852, 1.103_824, 1.086_269, 1.053_874, 1.076_555,
            1.017_725,
        ],
        18_680_855.611_924,
        2_441_364.13,
    );
}

#[test]
fn what_is_no_triangle_is_refused() {
    let of = |rows: Vec<Vec<f64>>| Triangle::cumulative(rows).expect_err("refused");
    assert_eq!(of(vec![]), TriangleError::Empty);
    assert_eq!(of(vec![vec![1.0], vec![]]), TriangleError::Empty);
    assert_eq!(
        of(vec![vec![1.0], vec![1.0, 2.0]]),
        TriangleError::Growing(1)
    );
    assert_eq!(of(vec![vec![f64::NAN]]), TriangleError::NotFinite(0));
}

/// Shares of the reports that come at each delay, around which days vary.
const COMING: [f64; 6] = [0.55, 0.2, 0.12, 0.08, 0.03, 0.02];

fn day(mean: f64, draws: &mut Draws) -> Vec<f64> {
    let size = mean * draws.gamma(60.0) / 60.0;
    let weights: Vec<f64> = COMING
        .iter()
        .map(|share| draws.gamma(share * 80.0))
        .collect();
    let sum: f64 = weights.iter().sum();
    let counts = weights.iter().map(|weight| {
        let mean = size * weight / sum;
        (mean + mean.sqrt() * draws.normal()).round().max(0.0)
    });
    counts.collect()
}

#[test]
fn nowcasts_hold_what_comes_as_often_as_they_say() {
    let mut draws = Draws::seeded(6);
    let days: Vec<Vec<f64>> = (0..220).map(|_| day(400.0, &mut draws)).collect();
    let (mut held, mut off, mut raw, mut count) = (0.0, 0.0, 0.0, 0.0);
    for today in 80..days.len() {
        let known = days[today - 80..=today]
            .iter()
            .enumerate()
            .map(|(index, day)| {
                let age = 80 - index;
                day[..(age + 1).min(day.len())].to_vec()
            });
        let triangle = Triangle::incremental(known.collect()).expect("a triangle");
        let casts = nowcast(&triangle, 60);
        for (age, cast) in casts.iter().rev().enumerate().take(COMING.len() - 1) {
            let truth: f64 = days[today - age].iter().sum();
            let inside = cast.quantile(0.025) <= truth && truth <= cast.quantile(0.975);
            held += f64::from(u8::from(inside));
            off += (cast.total - truth).abs();
            raw += (cast.seen - truth).abs();
            count += 1.0;
        }
    }
    let share = held / count;
    assert!((0.92..=0.98).contains(&share), "{share}");
    assert!(off < raw / 2.5, "{off} is hardly better than {raw}");
}

#[test]
fn a_row_that_shows_nothing_yet_may_still_come_to_something() {
    let triangle = triangle("10 20 20\n10 20 20\n0");
    let casts = nowcast(&triangle, 10);
    near(casts[2].complete, 0.5, 1e-12);
    near(casts[2].total, 1.0, 1e-12);
}

const BOUNDS: [i64; 4] = [HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS];

#[test]
fn delays_are_learned_and_lent_to_slices_with_little_history() {
    let cohorts = vec![vec![700, 100, 100, 95, 5], vec![700, 100, 100, 95, 5]];
    let platform = DelayLaw::learn(&BOUNDS, &cohorts, None).expect("reports");
    near(platform.share_by(HOUR_MS), 0.7, 1e-12);
    near(platform.share_by(HOUR_MS / 2), 0.35, 1e-12);
    near(platform.share_by(2 * DAY_MS), 0.9475, 1e-12);
    assert_eq!(platform.settling().after_ms, 3 * DAY_MS);
    assert_eq!(platform.share_by(0), 0.0);
    // Four reports, all of them late, move it a little.
    let few = DelayLaw::learn(&BOUNDS, &[vec![0, 0, 4, 0, 0]], Some(&platform)).expect("lent");
    near(few.share_by(HOUR_MS), 140.0 / 204.0, 1e-12);
    let none = DelayLaw::learn(&BOUNDS, &[], Some(&platform)).expect("lent");
    assert_eq!(none, platform);
    assert_eq!(DelayLaw::learn(&BOUNDS, &[vec![0; 5]], None), None);
}

#[test]
fn fresh_counts_say_what_is_expected_to_come() {
    let cohorts = vec![vec![800, 100, 50, 50, 0]; 9];
    let law = DelayLaw::learn(&BOUNDS, &cohorts, None).expect("reports");
    let half = law.expect(400.0, &[(HOUR_MS, 1_000.0), (0, 1_000.0)]);
    near(half.complete, 0.4, 1e-12);
    near(half.total, (400.0 + 0.6) / 0.4, 1e-9);
    assert!(half.low < half.total && half.total < half.high && half.low > half.seen);
    assert!(half.is_settling());
    let old = law.expect(400.0, &[(9 * DAY_MS, 500.0)]);
    assert!(!old.is_settling());
    near(old.total, 400.0, 5.0);
}

/// Buckets of `n` pushes, looked at when the share `complete` of their reports is here.
fn flagged(n: u64, rate: f64, complete: f64, rho: f64, seed: u64) -> (f64, f64) {
    const ROUNDS: u32 = 2_000;
    let mut draws = Draws::seeded(seed);
    let (mut naive, mut aware) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        let usual = 0.9 * complete;
        let size = (1.0 - rho) / rho;
        let p = draws.beta(usual * size, (1.0 - usual) * size) * rate / 0.9;
        let mean = n as f64 * p;
        let seen = (mean + (mean * (1.0 - p)).sqrt() * draws.normal()).round();
        let z = (seen - 0.9 * n as f64) / (0.09 * n as f64).sqrt();
        naive += f64::from(u8::from(z < -3.0));
        let chance = chance_of_so_few(seen.max(0.0) as u64, n, 0.9, complete, rho);
        aware += f64::from(u8::from(chance < 0.00135));
    }
    (naive / f64::from(ROUNDS), aware / f64::from(ROUNDS))
}

#[test]
fn healthy_fresh_buckets_stay_silent_and_real_drops_do_not() {
    // diagnosis.md 4.3 and LAG-1: delays vary, rho .003.
    for (n, complete) in [
        (50, 0.8),
        (200, 0.8),
        (2_000, 0.8),
        (2_000, 0.95),
        (5_000, 0.8),
    ] {
        let (_, aware) = flagged(n, 0.9, complete, 0.003, n);
        assert!(aware <= 0.005, "{n} at {complete}: {aware}");
    }
    let (naive, _) = flagged(2_000, 0.9, 0.8, 0.003, 3);
    assert!(
        naive > 0.95,
        "a raw comparison is wrong nearly always: {naive}"
    );
    let (_, power) = flagged(2_000, 0.9 * 0.8, 0.8, 0.003, 4);
    assert!(power > 0.9, "a drop by a fifth: {power}");
}

#[test]
fn slower_reports_are_a_change_of_the_delay() {
    let early = |early: f64, all: f64| Early { early, all };
    let slower = delay_change(early(800.0, 1_000.0), early(600.0, 1_000.0), 1.0);
    assert!(slower.is_some_and(|z| z < -9.0));
    let fewer = delay_change(early(800.0, 1_000.0), early(400.0, 500.0), 1.0);
    near(fewer.expect("reports"), 0.0, 1e-12);
    assert_eq!(delay_change(early(0.0, 0.0), early(4.0, 5.0), 1.0), None);
}

#[test]
fn laws_give_published_chances() {
    // R: qnorm, pnorm, pbinom, qpois, qnbinom.
    near(normal_quantile(0.975), 1.959_963_984_540_054, 1e-8);
    near(normal_quantile(0.001), -3.090_232_306_167_813, 1e-8);
    near(normal_below(-1.0), 0.158_655_253_931_457, 1e-9);
    near(normal_below(-5.0) / 2.866_515_718_791_94e-7, 1.0, 1e-6);
    near(normal_below(2.0), 0.977_249_868_051_821, 1e-9);
    near(beta_binomial_below(3, 10, 0.5, 0.0), 0.171_875, 1e-12);
    // Uniform when both shapes are 1.
    near(
        beta_binomial_below(3, 10, 0.5, 1.0 / 3.0),
        4.0 / 11.0,
        1e-12,
    );
    near(beta_binomial_below(10, 10, 0.5, 0.1), 1.0, 1e-12);
    near(negative_binomial(10.0, 0.0, 0.975), 17.0, 0.5);
    near(negative_binomial(10.0, 0.2, 0.5), 9.0, 0.5);
    near(negative_binomial(1_000.0, 0.0, 0.975), 1_062.5, 1.0);
}
