//! The numbers of diagnosis.md 6.3, from GrowthBook, scipy and confseq.

use super::*;

#[track_caller]
fn near(found: f64, wanted: f64, slack: f64) {
    assert!((found - wanted).abs() < slack, "{found} wants {wanted}");
}

fn sums() -> (Moments, Moments) {
    (
        Moments::of_sums(3_407, 1_396.87, 52_377.976_7).expect("people"),
        Moments::of_sums(3_461, 2_422.7, 134_698.29).expect("people"),
    )
}

const ONE_LOOK: Certainty = Certainty::OneLook { alpha: 0.05 };

#[track_caller]
fn effect(pair: (Moments, Moments), scale: Scale, certainty: Certainty, wanted: [f64; 3]) -> f64 {
    let effect = compare(pair.0, pair.1, scale, certainty).expect("an effect");
    near(effect.estimate, wanted[0], 6e-6);
    near(effect.low, wanted[1], 6e-6);
    near(effect.high, wanted[2], 6e-6);
    effect.p_value
}

#[test]
fn one_look_has_the_published_intervals() {
    let p = effect(
        sums(),
        Scale::Relative,
        ONE_LOOK,
        [0.70732, -0.03526, 1.44989],
    );
    near(p, 0.06191, 6e-6);
    let p = effect(sums(), Scale::Absolute, ONE_LOOK, [0.29, 0.04538, 0.53462]);
    near(p, 0.02016, 6e-6);
    let shares = (
        Moments::of_share(14, 28).expect("cases"),
        Moments::of_share(16, 30).expect("cases"),
    );
    let p = effect(
        shares,
        Scale::Relative,
        ONE_LOOK,
        [0.06667, -0.47767, 0.61101],
    );
    near(p, 0.80707, 6e-6);
}

#[test]
fn many_looks_have_the_published_intervals() {
    let shares = (
        Moments::of_share(1_396, 3_000).expect("cases"),
        Moments::of_share(2_422, 3_461).expect("cases"),
    );
    let tuned = |tuned_to| Certainty::AlwaysValid {
        alpha: 0.05,
        tuned_to,
    };
    effect(
        shares,
        Scale::Relative,
        tuned(5_000.0),
        [0.50386, 0.40098, 0.60675],
    );
    let pair = (
        Moments::of_sums(3_000, 1_396.87, 52_377.976_7).expect("people"),
        sums().1,
    );
    effect(
        pair,
        Scale::Relative,
        tuned(1_000.0),
        [0.50336, -0.55844, 1.56516],
    );
}

#[test]
fn the_p_value_of_many_looks_agrees_with_the_interval() {
    let (a, b) = sums();
    let certainty = Certainty::AlwaysValid {
        alpha: 0.05,
        tuned_to: 5_000.0,
    };
    let mut told_apart = 0;
    for step in 0..200 {
        let moved = Moments {
            mean: a.mean + f64::from(step) * 0.01,
            ..b
        };
        let effect = compare(a, moved, Scale::Absolute, certainty).expect("an effect");
        assert_eq!(
            effect.p_value < 0.05,
            effect.is_distinguishable(),
            "{effect:?}"
        );
        told_apart += usize::from(effect.is_distinguishable());
    }
    assert!((50..190).contains(&told_apart), "{told_apart}");
}

#[test]
fn sample_ratios_have_the_published_chi_squares() {
    for (observed, shares, statistic, p_value) in [
        (vec![1_000, 1_100], vec![0.5, 0.5], 4.761_904_8, 0.029_096_3),
        (
            vec![821_588, 815_482],
            vec![0.5, 0.5],
            22.774_368_8,
            1.821_8e-6,
        ),
        (
            vec![5_000, 4_750, 250],
            vec![0.5, 0.47, 0.03],
            8.865_248_2,
            0.011_883_3,
        ),
    ] {
        let found = chi_square(&observed, &shares).expect("cases");
        near(found.0, statistic, 6e-8);
        near(found.1, p_value, 6e-8);
    }
    assert_eq!(chi_square(&[0, 0], &[0.5, 0.5]), None);
    assert_eq!(chi_square(&[3, 2], &[1.0, 0.0]), None);
}

#[test]
fn bernoulli_sequences_have_the_published_ends() {
    for (hits, cases, tuned_to, low, high) in [
        (700, 1_000, 100.0, 0.651_629, 0.745_949),
        (15, 50, 50.0, 0.129_556, 0.511_896),
        (5, 50, 50.0, 0.013_021, 0.269_264),
        (1, 50, 50.0, 0.0, 0.134_89),
        (100, 200, 1.0, 0.328_923, 0.671_076),
    ] {
        let found = bernoulli_interval(hits, cases, 0.05, tuned_to).expect("cases");
        near(found.low, low, 1e-5);
        near(found.high, high, 1e-5);
    }
    assert_eq!(bernoulli_interval(0, 0, 0.05, 10.0), None);
}

#[test]
fn mixtures_have_the_published_values_and_bounds() {
    for (mixture, log, bound) in [
        (
            Mixture::two_sided_normal(100.0, 0.05),
            -0.651_005_2,
            30.352_09,
        ),
        (
            Mixture::one_sided_normal(100.0, 0.05),
            -0.065_023_91,
            27.660_71,
        ),
        (
            Mixture::gamma_exponential(100.0, 0.05, 2.0),
            -0.249_016_5,
            33.020_17,
        ),
        (
            Mixture::beta_binomial(100.0, 0.05, (0.2, 0.8), true),
            -0.071_340_19,
            28.412_38,
        ),
    ] {
        near(mixture.log_value(10.0, 100.0), log, 1e-6);
        near(mixture.bound(100.0, 0.05), bound, 1e-4);
    }
}
