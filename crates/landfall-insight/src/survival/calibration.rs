//! Whether probabilities mean what they say.

use serde::{Deserialize, Serialize};

use super::life::{End, Life};
use super::model::Model;
use crate::rate::{Interval, Z_95};

/// Tokens with similar probabilities, and what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decile {
    /// Tokens.
    pub tokens: u64,
    /// Their mean probability.
    pub predicted: f64,
    /// Share that proved alive.
    pub observed: f64,
    /// 95 % interval of that share.
    pub interval: Option<Interval>,
}

/// How good probabilities were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Ten groups from the least to the most likely alive.
    pub deciles: Vec<Decile>,
    /// Mean squared error (Brier); 0 is perfect.
    pub brier: f64,
    /// Share of the error of a constant that is taken away: 1 is perfect, 0 no better than a constant.
    pub skill: f64,
    /// Mean difference between predicted and observed in the groups.
    pub error: f64,
    /// Predicted number alive over the true one, less one.
    pub reach_error: Option<f64>,
}

/// Compares probabilities with what became of the tokens. `None` without any.
pub fn calibration(outcomes: &[(f64, bool)]) -> Option<Calibration> {
    if outcomes.is_empty() {
        return None;
    }
    let mut ordered = outcomes.to_vec();
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = ordered.len() as f64;
    let value = |alive: bool| f64::from(u8::from(alive));
    let alive: f64 = ordered.iter().map(|(_, alive)| value(*alive)).sum();
    let brier = ordered
        .iter()
        .map(|(p, alive)| (p - value(*alive)).powi(2))
        .sum::<f64>()
        / n;
    let constant = alive / n * (1.0 - alive / n);
    let size = ordered.len().div_ceil(10);
    let deciles: Vec<Decile> = ordered.chunks(size).map(decile).collect();
    let error = deciles
        .iter()
        .map(|d| d.tokens as f64 / n * (d.predicted - d.observed).abs())
        .sum();
    let predicted: f64 = ordered.iter().map(|(p, _)| p).sum();
    Some(Calibration {
        deciles,
        brier,
        skill: if constant > 0.0 {
            1.0 - brier / constant
        } else {
            0.0
        },
        error,
        reach_error: (alive > 0.0).then(|| predicted / alive - 1.0),
    })
}

fn decile(group: &[(f64, bool)]) -> Decile {
    let tokens = group.len() as u64;
    let alive = group.iter().filter(|(_, alive)| *alive).count() as u64;
    Decile {
        tokens,
        predicted: group.iter().map(|(p, _)| p).sum::<f64>() / tokens.max(1) as f64,
        observed: alive as f64 / tokens.max(1) as f64,
        interval: crate::rate::wilson(alive, tokens, Z_95),
    }
}

/// Whether what is expected comes true: learned from everything but the last `days`, how many tokens should
/// have shown life in them, and how many did. Tokens that left for other reasons are not asked about. `None`
/// where nothing could be expected.
pub fn held_out(lives: &[Life], as_of: f64, days: f64) -> Option<Calibration> {
    let cut = as_of - days;
    let model = Model::learn(lives, cut);
    let outcomes = lives.iter().filter_map(|life| {
        let silence = life.silent_at(cut)?;
        let showed = life
            .signs
            .iter()
            .any(|sign| sign.at > cut && sign.at <= as_of);
        if !showed && life.end == End::Unseen && life.until < as_of {
            return None;
        }
        let expected = model.shows_life_within(&silence.kind, silence.days, days)?;
        Some((expected, showed))
    });
    calibration(&outcomes.collect::<Vec<_>>())
}
