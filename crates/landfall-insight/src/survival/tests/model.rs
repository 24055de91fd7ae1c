use std::sync::Arc;

use super::super::*;
use crate::draws::Draws;

/// A moment in the simulated shop's life, in days.
const NOW: f64 = 500.0;

/// A token and the hidden day on which the app is removed.
struct Token {
    life: Life,
    dies: f64,
}

/// How tokens of a simulated shop live.
struct Ways {
    /// Mean days until the app is removed.
    lasts: f64,
    platform: &'static str,
    version: &'static str,
    /// Whether the app reports receipts.
    reports: bool,
}

/// A token that is registered some day, opened now and then by a habit of its own, and sent something every week;
/// its provider learns of the removal some days later and says so at the next send.
fn token(draws: &mut Draws, number: u32, ways: &Ways) -> Token {
    let born = NOW * draws.unit();
    let dies = born + ways.lasts * draws.exponential();
    let every = 1.0 + 10.0 * draws.gamma(0.7);
    let version: Option<Arc<str>> = Some(ways.version.into());
    let sign = |at: f64, receipt: bool| Sign {
        at,
        receipt,
        app_version: version.clone(),
    };
    let mut signs = vec![sign(born, false)];
    let mut at = born;
    loop {
        at += every * draws.exponential();
        if at >= dies.min(NOW) {
            break;
        }
        signs.push(sign(at, false));
    }
    let learned = dies + 60.0 * draws.exponential();
    let mut sent = born + 7.0 * draws.unit();
    let (mut until, mut end) = (NOW, End::Unseen);
    while sent < NOW {
        if sent >= learned {
            (until, end) = (sent, End::Rejected);
            break;
        }
        if sent < dies && ways.reports && draws.happens(0.5) {
            signs.push(sign(sent, true));
        }
        sent += 7.0;
    }
    signs.sort_by(|a, b| a.at.total_cmp(&b.at));
    let platform = ways.platform.into();
    let life = Life {
        token: number,
        platform,
        signs,
        until,
        end,
    };
    Token { life, dies }
}

const IOS: Ways = Ways {
    lasts: 400.0,
    platform: "ios",
    version: "5.1",
    reports: false,
};
const ANDROID: Ways = Ways {
    lasts: 150.0,
    platform: "android",
    version: "5.1",
    reports: true,
};

fn shop(seed: u64, each: u32, ways: &[Ways]) -> Vec<Token> {
    let mut draws = Draws::seeded(seed);
    let numbers = 0..each * ways.len() as u32;
    numbers
        .map(|number| token(&mut draws, number, &ways[number as usize % ways.len()]))
        .collect()
}

fn lives(tokens: &[Token]) -> Vec<Life> {
    tokens.iter().map(|token| token.life.clone()).collect()
}

/// What the model thinks of each token that its provider takes, and whether it is there.
fn judged(model: &Model, tokens: &[Token]) -> Vec<(Kind, f64, Option<Estimate>, bool)> {
    let valid = tokens.iter().filter_map(|token| {
        let silence = token.life.silent_at(NOW)?;
        (silence.ending == Ending::Unseen).then_some((silence, token.dies > NOW))
    });
    valid
        .map(|(silence, there)| {
            let estimate = model.alive(&silence.kind, silence.days);
            (silence.kind, silence.days, estimate, there)
        })
        .collect()
}

#[test]
fn what_is_learned_from_answers_is_the_hidden_truth() {
    let tokens = shop(61, 6_000, &[IOS, ANDROID]);
    let model = Model::learn(&lives(&tokens), NOW);
    // Another shop of the same kind: what is judged was not learned from.
    let others = shop(62, 6_000, &[IOS, ANDROID]);
    let judged = judged(&model, &others);
    let known: Vec<(f64, bool)> = judged
        .iter()
        .filter_map(|(_, _, estimate, there)| Some((estimate.as_ref()?.alive, *there)))
        .collect();
    assert!(known.len() as f64 > 0.97 * judged.len() as f64);
    let quality = calibration(&known).expect("tokens");
    assert!(quality.error <= 0.02, "{quality:?}");
    let off = quality.reach_error.expect("some are there");
    assert!(off.abs() < 0.02, "{off}");
    assert!(quality.skill > 0.3, "{quality:?}");
    // Interval by interval: the truth lies in the interval, as far as the tokens there tell it.
    let (mut cells, mut inside) = (0, 0);
    for platform in ["ios", "android"] {
        for (nth, end) in SILENCE_DAYS.iter().enumerate() {
            let here: Vec<_> = judged
                .iter()
                .filter(|(kind, days, ..)| &*kind.platform == platform && interval_of(*days) == nth)
                .collect();
            let Some((_, _, Some(estimate), _)) = here.first() else {
                continue;
            };
            if here.len() < 40 {
                continue;
            }
            let there = here.iter().filter(|(.., there)| *there).count() as u64;
            let truth =
                crate::rate::wilson(there, here.len() as u64, crate::rate::Z_95).expect("sound");
            cells += 1;
            let meets = truth.low <= estimate.interval.high && estimate.interval.low <= truth.high;
            inside += usize::from(meets);
            let share = there as f64 / here.len() as f64;
            assert!(
                meets || (estimate.alive - share).abs() < 0.08,
                "{platform} up to {end} days: {estimate:?}, truth {truth:?}"
            );
        }
    }
    assert!(cells >= 12, "{cells}");
    assert!(inside * 10 >= cells * 8, "{inside} of {cells}");
}

#[test]
fn what_was_expected_of_the_last_month_came_true() {
    let tokens = shop(63, 5_000, &[IOS, ANDROID]);
    let quality = held_out(&lives(&tokens), NOW, 30.0).expect("enough is known");
    assert_eq!(quality.deciles.len(), 10);
    assert!(quality.error <= 0.02, "{quality:?}");
    assert!(quality.skill > 0.3, "{quality:?}");
}

#[test]
fn silence_means_more_where_receipts_are_to_be_expected() {
    let silent = Ways {
        reports: false,
        version: "4.0",
        ..ANDROID
    };
    let tokens = shop(64, 5_000, &[silent, ANDROID]);
    let model = Model::learn(&lives(&tokens), NOW);
    let alive = |reports, version: &str| {
        let kind = Kind {
            platform: "android".into(),
            reports,
            app_version: Some(version.into()),
        };
        model.alive(&kind, 25.0).expect("known").alive
    };
    assert!(alive(true, "5.1") + 0.2 < alive(false, "4.0"));
    // Each version has a table of its own; a version that nobody knows is like others that report.
    let cell = |reports, version: Option<&str>| Cell {
        platform: "android".into(),
        reports: Some(reports),
        app_version: version.map(Into::into),
    };
    for known in [cell(false, Some("4.0")), cell(true, Some("5.1"))] {
        assert!(model.tables().contains_key(&known), "{known:?}");
    }
    let unknown = Kind {
        platform: "android".into(),
        reports: true,
        app_version: Some("9.9".into()),
    };
    assert_eq!(model.table(&unknown), model.tables().get(&cell(true, None)));
}

#[test]
fn where_too_little_is_known_nothing_is_said() {
    let few = lives(&shop(65, 40, &[IOS]));
    let model = Model::learn(&few, NOW);
    let kind = |platform: &str| Kind {
        platform: platform.into(),
        reports: false,
        app_version: None,
    };
    assert!(model.tables().is_empty());
    assert!(model.evidence()["ios"].rejected < REJECTIONS_MIN);
    assert_eq!(model.alive(&kind("ios"), 3.0), None);
    assert_eq!(held_out(&few, NOW, 30.0), None);
    // Long ago nobody had been silent for months yet.
    let young = Model::learn(&lives(&shop(66, 6_000, &[ANDROID])), 80.0);
    assert!(young.alive(&kind("android"), 2.0).is_some());
    assert_eq!(young.alive(&kind("android"), 70.0), None);
    assert_eq!(young.alive(&kind("ios"), 2.0), None);
    let nobody = Model::learn(&[], NOW);
    assert_eq!(nobody, Model::default());
    assert_eq!(calibration(&[]), None);
}

#[test]
fn the_order_of_lives_changes_nothing() {
    let mut all = lives(&shop(67, 800, &[IOS, ANDROID]));
    let model = Model::learn(&all, NOW);
    all.reverse();
    let reversed = Model::learn(&all, NOW);
    assert_eq!(model.tables().len(), reversed.tables().len());
    for (cell, table) in model.tables() {
        for (one, other) in table.rows.iter().zip(&reversed.tables()[cell].rows) {
            let alive = |row: &Row| row.alive.map(|known| (known.alive * 1e6).round());
            assert_eq!(alive(one), alive(other), "{cell:?}");
        }
    }
}
