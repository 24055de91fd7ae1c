//! Scores: exact F1 over causes, first places of the labels, F1 over sets of leaves, overlap.

use landfall_insight::localise::{Description, Element, Localisation, Verdict};

/// Found, wrongly named and missed causes, and where labels stood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    pub cases: usize,
    pub found: usize,
    pub wrong: usize,
    pub missed: usize,
    pub top: [usize; 3],
    pub overlap: f64,
    pub seconds: f64,
    pub slowest: f64,
}

impl Score {
    pub fn f1(&self) -> f64 {
        2.0 * self.found as f64 / (2 * self.found + self.wrong + self.missed) as f64
    }

    /// Counts said against true causes by an equality of any kind.
    pub fn count<T: PartialEq>(&mut self, said: &[T], causes: &[T]) {
        let found = causes.iter().filter(|cause| said.contains(cause)).count();
        self.found += found;
        self.missed += causes.len() - found;
        self.wrong += said.iter().filter(|one| !causes.contains(one)).count();
    }

    pub fn timed(&mut self, seconds: f64) {
        self.seconds += seconds;
        self.slowest = self.slowest.max(seconds);
    }
}

/// The elements of a verdict with each set of values taken apart.
pub fn said(answer: &Localisation) -> Vec<Description> {
    if answer.verdict != Verdict::Elements {
        return Vec::new();
    }
    answer
        .elements
        .iter()
        .flat_map(|element| apart(&element.description))
        .collect()
}

fn apart(description: &Description) -> Vec<Description> {
    let mut all = vec![Vec::new()];
    for part in description {
        let mut longer = Vec::new();
        for start in &all {
            for value in &part.values {
                let mut one: Description = start.clone();
                let mut single = part.clone();
                single.values = vec![*value];
                one.push(single);
                longer.push(one);
            }
        }
        all = longer;
    }
    all
}

/// First candidates, those of the verdict first: what a person would look at in this order.
pub fn ranked(answer: &Localisation) -> Vec<Description> {
    let mut ranked: Vec<Description> = Vec::new();
    let all = answer.elements.iter().chain(&answer.candidates);
    for description in all.flat_map(|element: &Element| apart(&element.description)) {
        if !ranked.contains(&description) {
            ranked.push(description);
        }
    }
    ranked
}
