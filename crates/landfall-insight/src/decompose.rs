//! What each stage of a funnel contributed to a change of revenue, exactly.
//!
//! Revenue is a sum over cells (platforms) of products: people who qualified, shares of the cells,
//! rates of the stages, value of an order. The contribution of a factor is the integral of its part
//! of the change along the straight line from one period to the other. For such functions this is
//! Shapley's value over all orderings of the factors (diagnosis.md 2.1), and five nodes of
//! Gauss and Legendre evaluate it without error for up to ten factors. Contributions add up to the
//! change of revenue, whatever the factors are: zeros and refunds too.
//!
//! [`nested`] puts versions below platforms, so that a broken release shows as the stage that it
//! broke and not as a change of the mix. [`funnel`] knows the stages of messages, and
//! [`uncertain`] gives intervals.

pub mod funnel;
pub mod nested;
#[cfg(test)]
mod tests;
pub mod uncertain;

use serde::Serialize;

/// A figure in the period that is looked at and in the one that it is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Shift {
    /// In the period to compare with.
    pub before: f64,
    /// In the period that is looked at.
    pub after: f64,
}

impl Shift {
    /// Before and after.
    pub const fn new(before: f64, after: f64) -> Self {
        Self { before, after }
    }

    /// How much was added.
    pub fn change(self) -> f64 {
        self.after - self.before
    }

    fn at(self, t: f64) -> f64 {
        self.before + t * self.change()
    }
}

/// One cell: its share of the whole, and the factors that make its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its share; over all cells shares add up to the same sum (1) in both periods.
    pub share: Shift,
    /// Its factors, as many and in the same order in each cell.
    pub factors: Vec<Shift>,
}

/// What is decomposed: the product of `whole`, times the sum over the cells of share and factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Factors of everything, such as how many people qualified.
    pub whole: Vec<Shift>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// What each factor contributed. Everything adds up to the change of `total`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The product in both periods.
    pub total: Shift,
    /// Contributions of the factors of everything.
    pub whole: Vec<f64>,
    /// Contribution of each cell's share, centred: positive when a cell that is better than the
    /// average grew, or one that is worse shrank.
    pub mix: Vec<f64>,
    /// Contributions by cell and factor.
    pub factors: Vec<Vec<f64>>,
    /// By cell and factor, what a change of the factor by 1 contributes: contribution = slope x change.
    pub slopes: Vec<Vec<f64>>,
}

/// Why something cannot be decomposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecomposeError {
    /// More than ten factors, the share included: the quadrature would not be exact.
    #[error(
        "{0} factors cannot be decomposed exactly: leave at most {FACTORS_MAX}, the share included"
    )]
    TooManyFactors(usize),
    /// Cells with different numbers of factors.
    #[error("every cell must have the same factors")]
    UnevenCells,
    /// Shares that do not add up to the same in both periods.
    #[error("the shares of the cells must add up to the same in both periods")]
    Shares,
    /// A figure that is infinite or not a number.
    #[error("every figure must be a finite number")]
    NotFinite,
}

/// Factors that a product may have, the share included: then what is integrated is a polynomial of
/// degree nine at most, for which the quadrature is exact.
pub const FACTORS_MAX: usize = 10;

/// Nodes and weights of the five-point rule of Gauss and Legendre on [0, 1].
const NODES: [(f64, f64); 5] = [
    (0.046_910_077_030_668_004, 0.118_463_442_528_094_54),
    (0.230_765_344_947_158_45, 0.239_314_335_249_683_23),
    (0.5, 0.284_444_444_444_444_44),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_23),
    (0.953_089_922_969_332, 0.118_463_442_528_094_54),
];

/// Decomposes the change of a product into contributions of its factors (diagnosis.md 2.2).
///
/// # Errors
/// [`DecomposeError`] says which property the product lacks.
pub fn attribute(product: &Product) -> Result<Attribution, DecomposeError> {
    let width = check(product)?;
    let cells = product.cells.len();
    let mut out = Attribution {
        total: Shift::new(value_at(product, 0.0), value_at(product, 1.0)),
        whole: vec![0.0; product.whole.len()],
        mix: vec![0.0; cells],
        factors: vec![vec![0.0; width]; cells],
        slopes: vec![vec![0.0; width]; cells],
    };
    let mut here = vec![0.0; width];
    let mut slopes = vec![0.0; width];
    let mut values = vec![0.0; cells];
    let mut whole_slopes = vec![0.0; product.whole.len()];
    let mut whole_here = vec![0.0; product.whole.len()];
    for (t, weight) in NODES {
        for (slot, factor) in whole_here.iter_mut().zip(&product.whole) {
            *slot = factor.at(t);
        }
        let whole = leave_one_out(&whole_here, &mut whole_slopes);
        let (mut sum, mut shares) = (0.0, 0.0);
        for (index, cell) in product.cells.iter().enumerate() {
            for (slot, factor) in here.iter_mut().zip(&cell.factors) {
                *slot = factor.at(t);
            }
            let share = cell.share.at(t);
            values[index] = leave_one_out(&here, &mut slopes);
            for (total, slope) in out.slopes[index].iter_mut().zip(&slopes) {
                *total += weight * whole * share * slope;
            }
            sum += share * values[index];
            shares += share;
        }
        let average = if shares == 0.0 { 0.0 } else { sum / shares };
        for (index, cell) in product.cells.iter().enumerate() {
            out.mix[index] += weight * whole * cell.share.change() * (values[index] - average);
        }
        for (index, slope) in whole_slopes.iter().enumerate() {
            out.whole[index] += weight * product.whole[index].change() * slope * sum;
        }
    }
    for (index, cell) in product.cells.iter().enumerate() {
        for (k, factor) in cell.factors.iter().enumerate() {
            out.factors[index][k] = out.slopes[index][k] * factor.change();
        }
    }
    Ok(out)
}

/// The product of `factors`; puts the product of all the others into each of `others`.
fn leave_one_out(factors: &[f64], others: &mut [f64]) -> f64 {
    let mut left = 1.0;
    for (slot, factor) in others.iter_mut().zip(factors) {
        *slot = left;
        left *= factor;
    }
    let mut right = 1.0;
    for (slot, factor) in others.iter_mut().zip(factors).rev() {
        *slot *= right;
        right *= factor;
    }
    left
}

fn value_at(product: &Product, t: f64) -> f64 {
    let whole: f64 = product.whole.iter().map(|factor| factor.at(t)).product();
    let cells = product.cells.iter().map(|cell| {
        let factors: f64 = cell.factors.iter().map(|factor| factor.at(t)).product();
        cell.share.at(t) * factors
    });
    whole * cells.sum::<f64>()
}

/// The number of factors of each cell.
fn check(product: &Product) -> Result<usize, DecomposeError> {
    let width = product.cells.first().map_or(0, |cell| cell.factors.len());
    if product.cells.iter().any(|cell| cell.factors.len() != width) {
        return Err(DecomposeError::UnevenCells);
    }
    let count = product.whole.len() + 1 + width;
    if count > FACTORS_MAX {
        return Err(DecomposeError::TooManyFactors(count));
    }
    let cells = product.cells.iter();
    let figures = cells.flat_map(|cell| cell.factors.iter().chain([&cell.share]));
    if figures
        .chain(&product.whole)
        .any(|shift| !shift.before.is_finite() || !shift.after.is_finite())
    {
        return Err(DecomposeError::NotFinite);
    }
    let moved: f64 = product.cells.iter().map(|cell| cell.share.change()).sum();
    let size: f64 = product.cells.iter().map(|c| c.share.before.abs()).sum();
    if moved.abs() > 1e-9 * size.max(1.0) {
        return Err(DecomposeError::Shares);
    }
    Ok(width)
}
