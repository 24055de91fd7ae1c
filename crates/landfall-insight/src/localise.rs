//! Localisation: which element of the recorded attributes explains that a rate changed.
//!
//! An element is a conjunction of attribute values, such as "platform = ios and app version = 5.2", of
//! up to [`Options::max_layer`] attributes, with sets of values allowed. The input is a cube of counts:
//! for each leaf the window looked at (`n`, `x`) and a baseline (`n0`, `x0`). The answer is a verdict
//! with a family-wise p-value, and has the right to say "no change" and "global, or outside what is
//! recorded". Everything is computed from counts and their known sampling noise (diagnosis.md 1.4):
//!
//! 1. `expect`: the expected rate of each leaf, from a main-effects model of the baseline and the leaf's
//!    own baseline, weighed by how well the model fits.
//! 2. `evidence`: how much likelier each leaf's count is under a shift than without one, over a grid of
//!    sizes and evennesses of the shift; beta-binomial, with dispersion estimated from the cube.
//! 3. `lattice`: all cuboids up to the layer, each leaf's place in each of them.
//! 4. `search`: elements are added while they explain more than naming them costs; each is replaced,
//!    and pairs are merged, while that explains more.
//! 5. `describe`: figures of each element, value sets, equivalent descriptions, verdict.

mod describe;
mod evidence;
mod expect;
mod lattice;
mod search;
mod settle;
mod special;

#[cfg(test)]
mod tests;

use serde::Serialize;

/// One attribute of the cube, such as the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Names of its values; a leaf's code is an index into them.
    pub values: Vec<String>,
}

/// What was counted in one leaf: in the window looked at, and in the baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases in the window, such as messages sent.
    pub n: u64,
    /// Hits among them, such as messages delivered; at most `n`.
    pub x: u64,
    /// Cases in the baseline.
    pub n0: u64,
    /// Hits among those; at most `n0`.
    pub x0: u64,
}

/// Why a leaf was not taken into a cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CubeError {
    /// Not one code for each attribute.
    #[error("a leaf needs {wanted} codes, one for each attribute, and has {got}")]
    Codes {
        /// Attributes of the cube.
        wanted: usize,
        /// Codes of the leaf.
        got: usize,
    },
    /// A code without a value.
    #[error("code {code} of attribute {attribute} has no value: codes are indices into its values")]
    Value {
        /// Index of the attribute.
        attribute: usize,
        /// The code.
        code: u16,
    },
    /// More hits than cases.
    #[error("more hits than cases: a rate needs x <= n and x0 <= n0")]
    Hits,
}

/// Leaves with their counts. One leaf stands for one combination of values.
#[derive(Clone, Debug, Default)]
pub struct Cube {
    attributes: Vec<Attribute>,
    codes: Vec<u16>,
    counts: Vec<Counts>,
}

impl Cube {
    /// A cube without leaves.
    pub fn new(attributes: Vec<Attribute>) -> Self {
        Self {
            attributes,
            codes: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Adds a leaf: a code for each attribute, and its counts. Each combination should come once; a
    /// second leaf of the same combination counts as a separate observation of it.
    ///
    /// # Errors
    ///
    /// The leaf does not fit the attributes, or has more hits than cases.
    pub fn push(&mut self, codes: &[u16], counts: Counts) -> Result<(), CubeError> {
        if codes.len() != self.attributes.len() {
            return Err(CubeError::Codes {
                wanted: self.attributes.len(),
                got: codes.len(),
            });
        }
        for (index, (code, attribute)) in codes.iter().zip(&self.attributes).enumerate() {
            if usize::from(*code) >= attribute.values.len() {
                return Err(CubeError::Value {
                    attribute: index,
                    code: *code,
                });
            }
        }
        if counts.x > counts.n || counts.x0 > counts.n0 {
            return Err(CubeError::Hits);
        }
        self.codes.extend_from_slice(codes);
        self.counts.push(counts);
        Ok(())
    }

    /// The attributes.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// Codes of a leaf, by the order in which leaves were added.
    ///
    /// # Panics
    ///
    /// There is no such leaf.
    pub fn codes(&self, leaf: usize) -> &[u16] {
        let width = self.attributes.len();
        &self.codes[leaf * width..(leaf + 1) * width]
    }

    /// Counts of a leaf, by the order in which leaves were added.
    ///
    /// # Panics
    ///
    /// There is no such leaf.
    pub fn counts(&self, leaf: usize) -> &Counts {
        &self.counts[leaf]
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// Which change is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The rate went up, as a rate of errors does.
    Rise,
    /// The rate went down, as a rate of deliveries does.
    Fall,
    /// Either; the level is split between the two.
    Either,
}

/// Settings of a localisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Most attributes in an element, at least 1; 3 by default.
    pub max_layer: usize,
    /// Probability, at most, with which anything is said when nothing changed; 0.01 by default.
    pub level: f64,
    /// Which change is looked for.
    pub direction: Direction,
    /// Least share of the total excess that a further element must explain to be told beside the
    /// first, from 0 to 1; 0.05 by default. Smaller ones are listed as candidates.
    pub least_share: f64,
    /// Seed of the hashes that recognise equal sets of leaves. Results do not depend on it, but for
    /// collisions of 64-bit hashes.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_layer: 3,
            level: 0.01,
            direction: Direction::Either,
            least_share: 0.05,
            seed: 0,
        }
    }
}

/// One attribute of an element, and the values that it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Part {
    /// Index of the attribute in the cube.
    pub attribute: usize,
    /// Codes of the values, ascending; more than one means "one of these".
    pub values: Vec<u16>,
}

/// A conjunction of parts, by ascending attribute: a leaf belongs to it when each part names the leaf's value.
pub type Description = Vec<Part>;

/// An element with its figures. Counts are those of the rate that was asked about, whichever way it went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Element {
    /// What it is.
    pub description: Description,
    /// Other descriptions of the same leaves, in this cube, such as "provider = apns" for "platform = ios".
    pub equivalents: Vec<Description>,
    /// Leaves with cases in the window.
    pub leaves: usize,
    /// Cases in the window.
    pub n: u64,
    /// Hits in the window.
    pub x: u64,
    /// Hits that were expected after the baseline.
    pub expected: f64,
    /// `x / n`.
    pub observed_rate: f64,
    /// `expected / n`.
    pub expected_rate: f64,
    /// `x - expected`: positive for a rise, negative for a fall.
    pub excess: f64,
    /// Share of the excess of the whole cube that lies in this element. Beyond 1 when the rest went
    /// the other way.
    pub share: f64,
    /// Binomial log-likelihood ratio `n KL(observed || expected)`, in nats, without dispersion.
    pub llr: f64,
    /// Log of how much likelier the window's counts are with this element shifted than without a change,
    /// in nats, over-dispersion taken into account. Elements are ranked by it, less what naming them costs.
    pub evidence: f64,
    /// Family-wise p-value of this element alone, an upper bound.
    pub p_value: f64,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing beyond what chance explains at the level.
    NoChange,
    /// Everything changed alike.
    Global,
    /// There is a change, but no element explains at least half of it: its cause is not among the
    /// attributes.
    OutsideRecorded,
    /// The elements explain the change.
    Elements,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Localisation {
    /// What is said.
    pub verdict: Verdict,
    /// Which way the rate went: never [`Direction::Either`], save where nothing changed.
    pub direction: Direction,
    /// Family-wise p-value over all elements looked at, an upper bound: the reciprocal of an e-value.
    pub p_value: f64,
    /// The elements that the verdict names, the largest excess first. With [`Verdict::Global`] and
    /// [`Verdict::OutsideRecorded`]: what was found beside.
    pub elements: Vec<Element>,
    /// Elements by how well each explains the change alone, at most ten, best first.
    pub candidates: Vec<Element>,
    /// The whole cube as an element without parts; `None` for a cube without cases.
    pub total: Option<Element>,
    /// Variance of a leaf's rate from window to window beyond sampling, as a share of `p (1 - p)`: the
    /// intra-class correlation of the beta-binomial.
    pub dispersion: f64,
}

/// Localises a change. Takes about 30 ms for 8,640 leaves of six attributes on one core, and less than a second for
/// 86,400; looking in both directions takes up to twice as long.
pub fn localise(cube: &Cube, options: &Options) -> Localisation {
    describe::answer(cube, options)
}
