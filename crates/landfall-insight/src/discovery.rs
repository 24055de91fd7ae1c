//! Many series at once: control of the false discovery rate (diagnosis.md 3.1).
//!
//! [`Lord`] and [`Saffron`] test a stream of p-values, one after the other, for ever. [`discoveries`]
//! and [`hierarchy`] test e-values, which may depend on each other in any way: series of one journey
//! always do.

pub mod hierarchy;

pub use hierarchy::{Series, hierarchy};

/// How a stream of tests spends its error budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The false discovery rate to stay under, above 0 and below 1.
    pub rate: f64,
    /// What may be spent before the first discovery, above 0 and at most `rate`.
    pub start: f64,
}

/// LORD++ (Ramdas, Yang, Wainwright and Jordan, NIPS 2017), with the optional decaying memory of
/// Rebjock and others (NeurIPS 2021): without it, a stream in which little happens loses its power.
#[derive(Clone, Debug)]
pub struct Lord {
    budget: Budget,
    /// Weight that a discovery loses with each later test; 1 forgets nothing.
    memory: f64,
    tests: u64,
    discoveries: Vec<u64>,
}

impl Lord {
    /// A stream at the rate `rate`, a tenth of which may be spent before the first discovery.
    pub fn new(rate: f64) -> Self {
        Self {
            budget: Budget {
                rate,
                start: rate / 10.0,
            },
            memory: 1.0,
            tests: 0,
            discoveries: Vec::new(),
        }
    }

    /// Forgets discoveries and tests alike: `memory` is above 0 and below 1, such as 0.99. What is
    /// controlled is then the rate among the tests that are remembered.
    pub fn forgetting(mut self, memory: f64) -> Self {
        self.memory = memory;
        self
    }

    /// The level at which the next p-value is tested.
    pub fn level(&self) -> f64 {
        let next = self.tests + 1;
        let Budget { rate, start } = self.budget;
        let earned: f64 = self
            .discoveries
            .iter()
            .enumerate()
            .map(|(nth, at)| {
                let worth = if nth == 0 { rate - start } else { rate };
                let age = next - at;
                worth * self.memory.powf(age as f64) * lord_spending(age)
            })
            .sum();
        let floor = if self.memory < 1.0 {
            // The renewing part of decaying memory: a test far from the start gets its share of the
            // remembered ones.
            start * lord_spending(next).max(1.0 - self.memory)
        } else {
            start * lord_spending(next)
        };
        floor + earned
    }

    /// Tests the next p-value: whether it is a discovery.
    pub fn test(&mut self, p_value: f64) -> bool {
        let found = p_value <= self.level();
        self.tests += 1;
        if found {
            self.discoveries.push(self.tests);
        }
        found
    }
}

/// The share of the budget that LORD spends on the n-th test after an event (Javanmard and
/// Montanari, Annals of Statistics 46, 2018); the shares add up to one.
fn lord_spending(nth: u64) -> f64 {
    let t = nth as f64;
    0.077_208_38 * t.max(2.0).ln() / (t * t.ln().sqrt().exp())
}

/// SAFFRON (Ramdas, Zrnic, Wainwright and Jordan, ICML 2018): tests whose p-values are large cost
/// nothing, which helps where much is wrong.
#[derive(Clone, Debug)]
pub struct Saffron {
    budget: Budget,
    /// A p-value up to this is a candidate and costs.
    candidate: f64,
    tests: u64,
    /// Candidates before the first discovery.
    candidates: u64,
    /// Each discovery: its number, and the candidates after it.
    discoveries: Vec<(u64, u64)>,
}

impl Saffron {
    /// A stream at the rate `rate`, half of which may be spent before the first discovery;
    /// candidates are p-values up to one half.
    pub fn new(rate: f64) -> Self {
        Self {
            budget: Budget {
                rate,
                start: rate / 2.0,
            },
            candidate: 0.5,
            tests: 0,
            candidates: 0,
            discoveries: Vec::new(),
        }
    }

    /// The level at which the next p-value is tested.
    pub fn level(&self) -> f64 {
        let next = self.tests + 1;
        let Budget { rate, start } = self.budget;
        let mut level = start * saffron_spending(next - self.candidates);
        for (nth, (at, candidates)) in self.discoveries.iter().enumerate() {
            let worth = if nth == 0 { rate - start } else { rate };
            level += worth * saffron_spending(next - at - candidates);
        }
        ((1.0 - self.candidate) * level).min(self.candidate)
    }

    /// Tests the next p-value: whether it is a discovery.
    pub fn test(&mut self, p_value: f64) -> bool {
        let found = p_value <= self.level();
        self.tests += 1;
        if p_value <= self.candidate {
            self.candidates += 1;
            for (_, candidates) in &mut self.discoveries {
                *candidates += 1;
            }
        }
        if found {
            self.discoveries.push((self.tests, 0));
        }
        found
    }
}

/// The share that SAFFRON spends on the n-th test, proportional to n^-1.6; the shares add up to one.
fn saffron_spending(nth: u64) -> f64 {
    0.437_490_165_8 / (nth as f64).powf(1.6)
}

/// e-BH (Wang and Ramdas, JRSS B 84, 2022): which of these e-values are discoveries at the rate
/// `rate`, whatever their dependence. Answers their positions, in ascending order.
pub fn discoveries(e_values: &[f64], rate: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..e_values.len()).collect();
    order.sort_by(|a, b| e_values[*b].total_cmp(&e_values[*a]));
    let all = e_values.len() as f64;
    let found = order
        .iter()
        .enumerate()
        .rposition(|(rank, at)| (rank + 1) as f64 * e_values[*at] * rate >= all)
        .map_or(0, |last| last + 1);
    order.truncate(found);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests;
