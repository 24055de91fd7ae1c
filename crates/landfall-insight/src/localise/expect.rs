//! What each leaf's rate should be: a main-effects logit model of the baseline, and the leaf's own
//! baseline, each with the weight that it earns.

use super::special::{ln_beta_binomial, logistic, logit, peak};
use super::{Counts, Cube};

/// Expected rates of leaves, and how many cases each is worth.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// Expected rate of each leaf, strictly between 0 and 1.
    pub(crate) rate: Vec<f64>,
    /// Cases behind that rate: the leaf's own of the baseline and those that the model counts for.
    pub(crate) strength: Vec<f64>,
}

/// Rates are kept this far from 0 and 1.
const EDGE: f64 = 1e-7;
/// Sweeps over the attributes; effects of correlated attributes settle within these.
const SWEEPS: usize = 8;
/// Precision of the prior of an effect in log-odds: effects beyond a few units are not expected.
const RIDGE: f64 = 1.0;
/// Leaves at most by which the weight of the model is judged.
const SAMPLE: usize = 4_096;

/// Expected rates after the baseline, for all leaves of `cube` whose counts are `counts`.
pub(crate) fn expect(cube: &Cube, counts: &[Counts]) -> Expected {
    let model = main_effects(cube, counts);
    let weight = model_weight(counts, &model);
    let mut rate = Vec::with_capacity(counts.len());
    let mut strength = Vec::with_capacity(counts.len());
    for (count, p) in counts.iter().zip(&model) {
        let cases = count.n0 as f64 + weight;
        let expected = (count.x0 as f64 + weight * p) / cases;
        rate.push(expected.clamp(EDGE, 1.0 - EDGE));
        strength.push(cases);
    }
    Expected { rate, strength }
}

/// Rates of a logit model with one effect for each value of each attribute, fitted to the baseline by
/// Newton steps, one attribute after the other.
fn main_effects(cube: &Cube, counts: &[Counts]) -> Vec<f64> {
    let width = cube.attributes.len();
    let cases: u64 = counts.iter().map(|count| count.n0).sum();
    let hits: u64 = counts.iter().map(|count| count.x0).sum();
    let overall = logit((hits as f64 + 0.5) / (cases as f64 + 1.0));
    let mut odds = vec![overall; counts.len()];
    let varying: Vec<usize> = (0..width)
        .filter(|attribute| varies(cube, *attribute))
        .collect();
    let mut effects: Vec<Vec<f64>> = cube
        .attributes
        .iter()
        .map(|attribute| vec![0.0; attribute.values.len()])
        .collect();
    for _ in 0..SWEEPS {
        let mut largest = 0.0_f64;
        for &attribute in &varying {
            let step = newton_step(cube, counts, &odds, attribute, &effects[attribute]);
            for (effect, change) in effects[attribute].iter_mut().zip(&step) {
                *effect += change;
                largest = largest.max(change.abs());
            }
            for (leaf, odds) in odds.iter_mut().enumerate() {
                *odds += step[usize::from(cube.codes[leaf * width + attribute])];
            }
        }
        if largest < 1e-3 {
            break;
        }
    }
    odds.into_iter()
        .map(|odds| logistic(odds).clamp(EDGE, 1.0 - EDGE))
        .collect()
}

/// Whether leaves differ in an attribute.
pub(crate) fn varies(cube: &Cube, attribute: usize) -> bool {
    let width = cube.attributes.len();
    let mut codes = cube.codes.iter().skip(attribute).step_by(width);
    let first = codes.next();
    codes.any(|code| Some(code) != first)
}

/// How much the effects of one attribute's values change in one step.
fn newton_step(
    cube: &Cube,
    counts: &[Counts],
    odds: &[f64],
    attribute: usize,
    effects: &[f64],
) -> Vec<f64> {
    let width = cube.attributes.len();
    let mut slope = vec![0.0; effects.len()];
    let mut curve = vec![0.0; effects.len()];
    for (leaf, count) in counts.iter().enumerate() {
        if count.n0 > 0 {
            let code = usize::from(cube.codes[leaf * width + attribute]);
            let (cases, p) = (count.n0 as f64, logistic(odds[leaf]));
            slope[code] += count.x0 as f64 - cases * p;
            curve[code] += cases * p * (1.0 - p);
        }
    }
    (0..effects.len())
        .map(|code| {
            let step = (slope[code] - RIDGE * effects[code]) / (curve[code] + RIDGE);
            step.clamp(-1.5, 1.5)
        })
        .collect()
}

/// How many cases the model counts for beside a leaf's own: the likeliest precision of leaves' rates
/// around the model.
fn model_weight(counts: &[Counts], model: &[f64]) -> f64 {
    let known: Vec<usize> = (0..counts.len())
        .filter(|leaf| counts[*leaf].n0 > 1)
        .collect();
    if known.len() < 2 {
        return 1.0;
    }
    let stride = known.len().div_ceil(SAMPLE);
    let likelihood = |log_weight: f64| {
        let weight = log_weight.exp();
        known
            .iter()
            .step_by(stride)
            .map(|&leaf| ln_beta_binomial(counts[leaf].n0, counts[leaf].x0, model[leaf], weight))
            .sum()
    };
    peak(0.0, 13.0, 12, likelihood).exp()
}
