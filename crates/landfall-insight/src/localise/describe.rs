//! Figures of elements, value sets, equivalent descriptions, and the verdict.

use std::cmp::Reverse;

use super::evidence::{self, Evidence, kind};
use super::expect::{self, Expected};
use super::lattice::Lattice;
use super::search::{Choice, Search};
use super::settle;
use super::{Counts, Cube, Description, Direction, Element, Localisation, Options, Part, Verdict};

/// Elements listed as candidates.
const CANDIDATES: usize = 10;
/// The dispersion is taken from the leaves outside an explanation when it is this much smaller there.
const CALMER: f64 = 0.7;
/// Share of the excess that elements must explain together.
const MOST_OF_IT: f64 = 0.5;

/// One direction looked at.
pub(crate) struct Look<'a> {
    cube: &'a Cube,
    pub(crate) lattice: &'a Lattice,
    /// Counts of the leaves, hits being what became more.
    pub(crate) counts: Vec<Counts>,
    pub(crate) expected: Expected,
    evidence: Evidence,
    direction: Direction,
    /// Directions looked at.
    looks: f64,
}

/// The answer for a cube.
pub(crate) fn answer(cube: &Cube, options: &Options) -> Localisation {
    let lattice = Lattice::new(cube, options.max_layer.max(1), options.seed);
    if lattice.rows.is_empty() {
        return Localisation {
            verdict: Verdict::NoChange,
            direction: options.direction,
            p_value: 1.0,
            elements: Vec::new(),
            candidates: Vec::new(),
            total: None,
            dispersion: 0.0,
        };
    }
    let directions: &[Direction] = match options.direction {
        Direction::Either => &[Direction::Fall, Direction::Rise],
        Direction::Rise => &[Direction::Rise],
        Direction::Fall => &[Direction::Fall],
    };
    let basis = Basis::new(cube, &lattice);
    let mut answers: Vec<Localisation> = directions
        .iter()
        .map(|direction| {
            Look::new(cube, &lattice, &basis, *direction, directions.len()).answer(options)
        })
        .collect();
    answers.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    let mut first = answers.swap_remove(0);
    if first.verdict == Verdict::NoChange {
        first.direction = options.direction;
    }
    first
}

/// Evidence of the best candidate, by which one of two directions is told.
fn strength(answer: &Localisation) -> f64 {
    answer.candidates.first().map_or(0.0, |best| best.evidence)
}

/// What is the same in both directions, for the rate as it was counted.
struct Basis {
    counts: Vec<Counts>,
    expected: Expected,
    dispersion: f64,
}

impl Basis {
    fn new(cube: &Cube, lattice: &Lattice) -> Self {
        let everything = expect::expect(cube, &cube.counts);
        let of_rows = |all: &[f64]| lattice.rows.iter().map(|row| all[*row]).collect();
        let expected = Expected {
            rate: of_rows(&everything.rate),
            strength: of_rows(&everything.strength),
        };
        let counts: Vec<Counts> = lattice.rows.iter().map(|row| cube.counts[*row]).collect();
        let dispersion = evidence::estimate_dispersion(&counts, &expected, |_| false);
        Self {
            counts,
            expected,
            dispersion,
        }
    }
}

impl<'a> Look<'a> {
    fn new(
        cube: &'a Cube,
        lattice: &'a Lattice,
        basis: &Basis,
        direction: Direction,
        looks: usize,
    ) -> Self {
        let mut counts = basis.counts.clone();
        let mut expected = basis.expected.clone();
        if direction == Direction::Fall {
            for count in &mut counts {
                (count.x, count.x0) = (count.n - count.x, count.n0 - count.x0);
            }
            for rate in &mut expected.rate {
                *rate = 1.0 - *rate;
            }
        }
        let dispersion = basis.dispersion;
        let evidence = evidence::weigh(&counts, &expected, dispersion);
        Self {
            cube,
            lattice,
            counts,
            expected,
            evidence,
            direction,
            looks: looks as f64,
        }
    }

    /// The dispersion without the leaves of an explanation, which many small leaves of a large change
    /// would inflate; `None` when it is much the same.
    fn calmer(&self, chosen: &[Choice]) -> Option<f64> {
        let mut taken = vec![false; self.counts.len()];
        for choice in chosen.iter().filter(|choice| choice.element != 0) {
            for leaf in self.lattice.members(choice.element) {
                taken[leaf] = true;
            }
        }
        let dispersion =
            evidence::estimate_dispersion(&self.counts, &self.expected, |leaf| taken[leaf]);
        (dispersion < CALMER * self.evidence.dispersion).then_some(dispersion)
    }

    fn answer(mut self, options: &Options) -> Localisation {
        let level = options.level / self.looks;
        let mut search = Search::new(self.lattice, &self.evidence, level);
        let p_value = (self.looks * (-search.log_e_value()).exp()).min(1.0);
        let mut chosen = Vec::new();
        if p_value <= options.level {
            chosen = search.explain(&[]);
            if let Some(dispersion) = self.calmer(&chosen) {
                self.evidence = evidence::weigh(&self.counts, &self.expected, dispersion);
                search = Search::new(self.lattice, &self.evidence, level);
                chosen = search.explain(&chosen);
            }
        }
        let whole = self.element(&search, &[0], 1.0);
        let total = whole.excess.abs().max(f64::MIN_POSITIVE);
        let candidates: Vec<Element> = search
            .ranking(CANDIDATES + 1)
            .into_iter()
            .filter(|element| *element != 0)
            .take(CANDIDATES)
            .map(|element| self.element(&search, &[element], total))
            .collect();
        let (verdict, elements) = self.judge(&search, &chosen, total, options);
        Localisation {
            verdict,
            direction: self.direction,
            p_value,
            elements,
            candidates,
            total: Some(whole),
            dispersion: self.evidence.dispersion,
        }
    }

    fn judge(
        &self,
        search: &Search<'_>,
        chosen: &[Choice],
        total: f64,
        options: &Options,
    ) -> (Verdict, Vec<Element>) {
        if chosen.is_empty() {
            return (Verdict::NoChange, Vec::new());
        }
        let root = chosen.iter().find(|choice| choice.element == 0);
        let named: Vec<usize> = chosen
            .iter()
            .filter(|choice| choice.element != 0)
            .map(|choice| choice.element)
            .collect();
        let named = settle::causes(self, &named, options.least_share * total);
        let mut elements: Vec<Element> = value_sets(self, &named)
            .into_iter()
            .map(|set| self.element(search, &set, total))
            .collect();
        elements.sort_by(|a, b| b.excess.abs().total_cmp(&a.excess.abs()));
        let explained = self.union_share(&named, total);
        let verdict = if explained >= MOST_OF_IT {
            Verdict::Elements
        } else if root.is_some_and(|choice| kind(choice.kind).uneven < 0.9) {
            Verdict::Global
        } else if root.is_some() {
            Verdict::OutsideRecorded
        } else {
            Verdict::Elements
        };
        (verdict, elements)
    }

    /// Share of the excess that lies in any of the elements.
    fn union_share(&self, elements: &[usize], total: f64) -> f64 {
        let mut inside = vec![false; self.counts.len()];
        for element in elements {
            for leaf in self.lattice.members(*element) {
                inside[leaf] = true;
            }
        }
        let excess: f64 = (0..self.counts.len())
            .filter(|leaf| inside[*leaf])
            .map(|leaf| self.excess(leaf))
            .sum();
        excess / total
    }

    fn excess(&self, leaf: usize) -> f64 {
        let count = self.counts[leaf];
        count.x as f64 - count.n as f64 * self.expected.rate[leaf]
    }

    fn element(&self, search: &Search<'_>, set: &[usize], total: f64) -> Element {
        let (mut leaves, mut n, mut hits, mut expected) = (0, 0, 0, 0.0);
        for leaf in set
            .iter()
            .flat_map(|element| self.lattice.members(*element))
        {
            let count = self.counts[leaf];
            leaves += 1;
            n += count.n;
            hits += count.x;
            expected += count.n as f64 * self.expected.rate[leaf];
        }
        let cases = n as f64;
        let llr = binomial_llr(cases, hits as f64, expected);
        let evidence: f64 = set.iter().map(|element| search.log_ratio(*element)).sum();
        let cost: f64 = set.iter().map(|element| self.lattice.cost[*element]).sum();
        let share = (hits as f64 - expected) / total;
        let (x, expected) = if self.direction == Direction::Fall {
            (n - hits, cases - expected)
        } else {
            (hits, expected)
        };
        let (description, equivalents) = self.names(set);
        Element {
            description,
            equivalents,
            leaves,
            n,
            x,
            expected,
            observed_rate: x as f64 / cases,
            expected_rate: expected / cases,
            excess: x as f64 - expected,
            share,
            llr,
            evidence,
            p_value: (self.looks * (cost - evidence).exp()).min(1.0),
        }
    }

    /// Description of a set of siblings; for a single element also the other names of its leaves.
    fn names(&self, set: &[usize]) -> (Description, Vec<Description>) {
        let mut description = self.describe(set[0]);
        for element in &set[1..] {
            for (part, more) in description.iter_mut().zip(self.describe(*element)) {
                part.values.extend(more.values);
                part.values.sort_unstable();
                part.values.dedup();
            }
        }
        let equivalents = if set.len() == 1 {
            (set[0] + 1..self.lattice.len())
                .filter(|other| self.lattice.canonical[*other] as usize == set[0])
                .map(|other| self.describe(other))
                .collect()
        } else {
            Vec::new()
        };
        (description, equivalents)
    }

    fn describe(&self, element: usize) -> Description {
        let row = self.lattice.rows[self.lattice.sample[element] as usize];
        let width = self.cube.attributes.len();
        self.lattice
            .cuboid(element)
            .attributes
            .iter()
            .map(|attribute| Part {
                attribute: *attribute,
                values: vec![self.cube.codes[row * width + attribute]],
            })
            .collect()
    }
}

/// Siblings, elements that differ in the value of one attribute only, become one element with a set of values.
fn value_sets(look: &Look<'_>, elements: &[usize]) -> Vec<Vec<usize>> {
    let mut sets: Vec<(Vec<usize>, Option<usize>)> = Vec::new();
    let mut ordered = elements.to_vec();
    ordered.sort_unstable_by_key(|element| Reverse(look.lattice.leaves[*element]));
    for element in ordered {
        let description = look.describe(element);
        let home = sets.iter_mut().find_map(|(set, attribute)| {
            let differs = difference(&look.describe(set[0]), &description)?;
            let leaves = |element: &usize| look.lattice.leaves[*element] as usize;
            let together: usize = set.iter().chain([&element]).map(leaves).sum();
            // All values of an attribute are no set of values.
            let some = together < look.counts.len();
            (some && attribute.is_none_or(|attribute| attribute == differs))
                .then_some((set, attribute, differs))
        });
        match home {
            Some((set, attribute, differs)) => {
                set.push(element);
                *attribute = Some(differs);
            }
            None => sets.push((vec![element], None)),
        }
    }
    sets.into_iter().map(|(set, _)| set).collect()
}

/// The one attribute in whose value two descriptions differ.
fn difference(one: &Description, other: &Description) -> Option<usize> {
    if one.len() != other.len() {
        return None;
    }
    let mut differs = None;
    for (a, b) in one.iter().zip(other) {
        if a.attribute != b.attribute || (a.values != b.values && differs.is_some()) {
            return None;
        }
        if a.values != b.values {
            differs = Some(a.attribute);
        }
    }
    differs
}

/// `n KL(x / n || expected / n)`.
fn binomial_llr(n: f64, x: f64, expected: f64) -> f64 {
    let part = |observed: f64, wanted: f64| {
        if observed > 0.0 {
            observed * (observed / wanted).ln()
        } else {
            0.0
        }
    };
    if n > 0.0 {
        (part(x, expected) + part(n - x, n - expected)).max(0.0)
    } else {
        0.0
    }
}
