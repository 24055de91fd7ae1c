use super::*;
use crate::draws::Draws;

/// The fifteen p-values of the documentation of onlineFDR, in their order (diagnosis.md 3.5, DET-4).
const P_VALUES: [f64; 15] = [
    2.90e-17, 0.06743, 0.01514, 0.08174, 0.00171, 3.60e-05, 0.79149, 0.27201, 0.28295, 7.59e-08,
    0.69274, 0.30443, 0.00136, 0.72342, 0.54757,
];

#[test]
fn lord_spends_the_published_levels() {
    let mut lord = Lord::new(0.05);
    for (p_value, level) in P_VALUES.into_iter().zip([
        0.000_267_583_9,
        0.002_466_445_7,
        0.000_573_281_8,
        0.000_487_280_5,
        0.000_405_906_6,
        0.000_344_728_6,
        0.002_974_501_3,
    ]) {
        assert!((lord.level() - level).abs() < 1e-9, "{}", lord.level());
        lord.test(p_value);
    }
}

#[test]
fn saffron_spends_the_published_levels() {
    let mut saffron = Saffron::new(0.05);
    for (p_value, level) in P_VALUES.into_iter().zip([
        0.005_468_627,
        0.010_937_254,
        0.010_937_254,
        0.010_937_254,
        0.010_937_254,
        0.021_874_508,
        0.032_811_762,
        0.010_823_845,
    ]) {
        assert!(
            (saffron.level() - level).abs() < 1e-9,
            "{}",
            saffron.level()
        );
        saffron.test(p_value);
    }
}

#[test]
fn spending_adds_up_to_one() {
    let lord: f64 = (1..2_000_000).map(lord_spending).sum();
    let saffron: f64 = (1..2_000_000).map(saffron_spending).sum();
    // The series of LORD converges slowly; what is missing lies beyond two million tests.
    assert!((0.5..=1.0).contains(&lord), "{lord}");
    assert!((0.999..=1.000_1).contains(&saffron), "{saffron}");
}

#[test]
fn a_stream_that_forgets_keeps_its_power() {
    let mut remembering = Lord::new(0.05);
    let mut forgetting = Lord::new(0.05).forgetting(0.99);
    for _ in 0..50_000 {
        remembering.test(0.7);
        forgetting.test(0.7);
    }
    assert!(remembering.level() < 1e-8, "{}", remembering.level());
    assert!(forgetting.level() > 4e-5, "{}", forgetting.level());
}

#[test]
fn few_discoveries_are_false() {
    let mut draws = Draws::seeded(17);
    let mut shares = Vec::new();
    for _ in 0..200 {
        let mut lord = Lord::new(0.05);
        let (mut found, mut wrong) = (0.0, 0.0);
        for _ in 0..300 {
            let real = draws.happens(0.2);
            let p_value = if real {
                1e-5 * draws.unit()
            } else {
                draws.unit()
            };
            if lord.test(p_value) {
                found += 1.0;
                wrong += f64::from(u8::from(!real));
            }
        }
        shares.push(wrong / f64::max(found, 1.0));
    }
    let rate = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!(rate <= 0.05, "{rate}");
}

#[test]
fn e_values_are_discoveries_when_enough_of_them_are_large() {
    // Four tests at 0.1: one alone needs 40, two need 20 each.
    assert_eq!(
        discoveries(&[39.0, 1.0, 0.0, 2.0], 0.1),
        Vec::<usize>::new()
    );
    assert_eq!(discoveries(&[1.0, 40.0, 0.0, 2.0], 0.1), vec![1]);
    assert_eq!(discoveries(&[20.0, 1.0, 0.5, 21.0], 0.1), vec![0, 3]);
    assert_eq!(discoveries(&[], 0.1), Vec::<usize>::new());
}

fn series(parent: Option<usize>, evidence: f64) -> Series {
    Series { parent, evidence }
}

#[test]
fn children_are_opened_by_the_alarm_of_their_parent() {
    // Two roots with ten children each; one child of each has the same evidence.
    let mut tree = vec![series(None, 200.0), series(None, 1.0)];
    for parent in 0..2 {
        for child in 0..10 {
            tree.push(series(Some(parent), if child == 3 { 410.0 } else { 0.5 }));
        }
    }
    assert_eq!(hierarchy(&tree, 0.05), vec![0, 5]);
}

#[test]
fn a_small_series_is_found_without_its_parent() {
    let mut tree = vec![series(None, 1.0)];
    for child in 0..10 {
        tree.push(series(Some(0), if child == 7 { 5_000.0 } else { 0.5 }));
    }
    assert_eq!(hierarchy(&tree, 0.05), vec![8]);
    assert!(hierarchy(&[], 0.05).is_empty());
}

#[test]
fn a_tree_in_which_nothing_happens_stays_silent() {
    // E-values of a healthy world: likelihood ratios with mean 1, children correlated with parents.
    let mut draws = Draws::seeded(23);
    let mut alarms = 0;
    for _ in 0..2_000 {
        let mut tree = Vec::new();
        for _ in 0..5 {
            let at = tree.len();
            let shared = draws.normal();
            tree.push(series(None, (2.0 * shared - 2.0).exp()));
            for _ in 0..8 {
                let own = 0.8 * shared + 0.6 * draws.normal();
                tree.push(series(Some(at), (2.0 * own - 2.0).exp()));
            }
        }
        alarms += usize::from(!hierarchy(&tree, 0.05).is_empty());
    }
    assert!(alarms <= 100, "{alarms} of 2,000 at a rate of 0.05");
}
