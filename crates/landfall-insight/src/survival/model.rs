//! Discrete hazard: of tokens alive and silent for so long, how many turn out dead.

use std::collections::BTreeMap;

use serde::Serialize;

/// What is known of a token now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Days since the last evidence of life: open of the app, receipt, refresh.
    pub silent_days: u32,
    /// Its platform.
    pub platform: String,
    /// Its app version.
    pub app_version: String,
    /// Receipts in its last ten sends.
    pub receipts: u32,
    /// Sends since the last evidence of life without any receipt, where receipts were to be expected.
    pub unanswered: u32,
}

/// A token of the past, as it was known then, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What was known.
    pub token: Token,
    /// Whether it proved alive later: any evidence of life after that moment. A token that was
    /// rejected, or stayed silent for the whole time that followed, did not.
    pub alive: bool,
}

/// Upper ends of the intervals of silence, in days; the last is open. FCM calls a token stale after a
/// month and ends it after 270 days (diagnosis.md 5).
const SILENCE: [u32; 10] = [0, 1, 3, 7, 14, 21, 30, 60, 120, 270];

/// Cases that the parent counts in a cell of its own.
const PRIOR: f64 = 20.0;

/// The probability of being alive by what is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Model {
    /// Share alive over all.
    pub overall: f64,
    /// Samples that it was learned from.
    pub samples: u64,
    cells: BTreeMap<String, (f64, f64)>,
}

fn silence_of(days: u32) -> usize {
    SILENCE
        .iter()
        .position(|end| days <= *end)
        .unwrap_or(SILENCE.len())
}

/// How strongly sends without an answer speak: none, one or two, more.
const fn unanswered_of(sends: u32) -> u8 {
    match sends {
        0 => 0,
        1 | 2 => 1,
        _ => 2,
    }
}

/// The cells of a token, each a refinement of the one before. The first is coarsest.
fn cells_of(token: &Token) -> [String; 4] {
    let silence = silence_of(token.silent_days);
    let answers = u8::from(token.receipts > 0);
    let unanswered = unanswered_of(token.unanswered);
    [
        format!("{silence}"),
        format!("{silence}/{}", token.platform),
        format!("{silence}/{}/{answers}{unanswered}", token.platform),
        format!(
            "{silence}/{}/{answers}{unanswered}/{}",
            token.platform, token.app_version
        ),
    ]
}

impl Model {
    /// Learns from tokens whose fate is known. Each cell is drawn towards the coarser one by
    /// twenty cases, so that a version with three tokens speaks softly. `None` without samples.
    pub fn learn(samples: &[Sample]) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let mut cells: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        let mut alive = 0.0;
        for sample in samples {
            let one = f64::from(u8::from(sample.alive));
            alive += one;
            for cell in cells_of(&sample.token) {
                let counts = cells.entry(cell).or_default();
                counts.0 += one;
                counts.1 += 1.0;
            }
        }
        Some(Self {
            overall: alive / samples.len() as f64,
            samples: samples.len() as u64,
            cells,
        })
    }

    /// The probability that a token is alive, between 0 and 1.
    pub fn alive(&self, token: &Token) -> f64 {
        cells_of(token).iter().fold(self.overall, |parent, cell| {
            let (alive, all) = self.cells.get(cell).copied().unwrap_or_default();
            (alive + PRIOR * parent) / (all + PRIOR)
        })
    }

    /// The share of tokens alive at one interval of silence that are dead at the next, by interval: the
    /// discrete hazard. Each item is the last day of the interval and the hazard; `None` where there
    /// is nothing to compare.
    pub fn hazard(&self) -> Vec<(u32, Option<f64>)> {
        let share = |nth: usize| {
            let (alive, all) = self
                .cells
                .get(&nth.to_string())
                .copied()
                .unwrap_or_default();
            (all > 0.0).then(|| alive / all)
        };
        SILENCE
            .iter()
            .enumerate()
            .map(|(nth, end)| {
                let before = if nth == 0 { Some(1.0) } else { share(nth - 1) };
                let hazard = before.zip(share(nth)).filter(|(before, _)| *before > 0.0);
                (
                    *end,
                    hazard.map(|(before, now)| (1.0 - now / before).max(0.0)),
                )
            })
            .collect()
    }
}
