//! Which elements explain most for what naming them costs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::evidence::{Evidence, KINDS};
use super::lattice::Lattice;

/// An element that is taken as shifted, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The element.
    pub(crate) element: usize,
    /// Its kind of shift.
    pub(crate) kind: usize,
}

/// Elements at most in one explanation.
const MOST: usize = 8;
/// Rounds of replacing elements by better ones.
const ROUNDS: usize = 4;
/// Nats for each leaf by which one element may explain less than two that lie in it. How uneven a shift is
/// depends on attributes too, so that evidence for its pattern is overstated; leaves outside the two must
/// not speak against the one.
const UNSURE: f64 = 0.3;
/// The same as a share of all that is explained; the smaller of the two counts.
const UNSURE_SHARE: f64 = 0.1;

/// What the search works on.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    lattice: &'a Lattice,
    evidence: &'a Evidence,
    /// For each element: the sum of its leaves' ratios under the kind of shift that suits it best.
    peak: Vec<f64>,
    /// That kind.
    kind: Vec<usize>,
    /// For each element: log of the mean over the kinds of its likelihood ratio.
    mean: Vec<f64>,
    /// Nats that an element must explain beyond its cost.
    threshold: f64,
    /// What single choices explain of each element, by element and kind.
    known: RefCell<Known>,
}

/// By element and kind, the nats of each element.
type Known = HashMap<(usize, usize), Rc<Vec<f32>>>;

/// An element with the nats that it adds beyond its cost.
type Gain = (Choice, f64);

impl<'a> Search<'a> {
    /// Sums ratios over elements.
    pub(crate) fn new(lattice: &'a Lattice, evidence: &'a Evidence, level: f64) -> Self {
        let mut search = Self {
            lattice,
            evidence,
            peak: Vec::with_capacity(lattice.len()),
            kind: Vec::with_capacity(lattice.len()),
            mean: Vec::with_capacity(lattice.len()),
            threshold: -level.ln(),
            known: RefCell::default(),
        };
        for cuboid in &lattice.cuboids {
            let mut sums = vec![[0.0; KINDS]; cuboid.size];
            for (place, row) in cuboid.place.iter().zip(evidence.ratio.chunks_exact(KINDS)) {
                for (sum, ratio) in sums[*place as usize].iter_mut().zip(row) {
                    *sum += f64::from(*ratio);
                }
            }
            for sums in &sums {
                search.keep(sums);
            }
        }
        search
    }

    fn keep(&mut self, sums: &[f64; KINDS]) {
        let mut kind = 0;
        for (index, sum) in sums.iter().enumerate() {
            if *sum > sums[kind] {
                kind = index;
            }
        }
        let total: f64 = sums.iter().map(|sum| (sum - sums[kind]).exp()).sum();
        self.peak.push(sums[kind]);
        self.kind.push(kind);
        self.mean.push(sums[kind] + (total / KINDS as f64).ln());
    }

    /// Log of the mean likelihood ratio of an element over the kinds of shifts.
    pub(crate) fn log_ratio(&self, element: usize) -> f64 {
        self.mean[element]
    }

    /// Log of the e-value of the whole cube: likelihood ratios of all elements and kinds, averaged with
    /// the weights that their costs are.
    pub(crate) fn log_e_value(&self) -> f64 {
        let logs: Vec<f64> = self.different().map(|element| self.net(element)).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest
            + logs
                .iter()
                .map(|log| (log - largest).exp())
                .sum::<f64>()
                .ln()
    }

    /// Elements by what they explain alone less their cost, best first.
    pub(crate) fn ranking(&self, most: usize) -> Vec<usize> {
        let mut ranked: Vec<usize> = self
            .different()
            .filter(|one| self.net(*one) > 0.0)
            .collect();
        ranked.sort_by(|a, b| self.net(*b).total_cmp(&self.net(*a)).then(a.cmp(b)));
        ranked.truncate(most);
        ranked
    }

    /// Elements of different sets of leaves.
    fn different(&self) -> impl Iterator<Item = usize> {
        (0..self.lattice.len()).filter(|element| self.lattice.cost[*element].is_finite())
    }

    fn net(&self, element: usize) -> f64 {
        self.mean[element] - self.lattice.cost[element]
    }

    /// The explanation, beginning with one found before: elements in the order in which they were
    /// settled. A leaf in several belongs to the last of them.
    pub(crate) fn explain(&self, before: &[Choice]) -> Vec<Choice> {
        let mut chosen: Vec<Choice> = before
            .iter()
            .map(|choice| Choice {
                element: choice.element,
                kind: self.kind[choice.element],
            })
            .collect();
        self.improve(&mut chosen);
        for _ in 0..MOST {
            let Some(choice) = self.next(&chosen, |_| true) else {
                break;
            };
            chosen.push(choice);
            self.improve(&mut chosen);
        }
        self.gather(&mut chosen);
        chosen
    }

    /// Replaces elements by better ones, by several inside them, or pairs by one, and drops those that no
    /// longer pay.
    fn improve(&self, chosen: &mut Vec<Choice>) {
        for _ in 0..ROUNDS {
            let before = chosen.clone();
            for choice in &before {
                let rest = without(chosen, &[*choice]);
                if rest.len() == chosen.len() {
                    continue;
                }
                let split = self.split(choice.element, &rest);
                let whole = self.worth(chosen);
                *chosen = if self.worth(&split) > whole + self.doubt(choice.element, whole) {
                    split
                } else {
                    let better = self.next(&rest, |_| true);
                    rest.into_iter().chain(better).collect()
                };
            }
            self.merge(chosen);
            if same(&before, chosen) {
                break;
            }
        }
    }

    /// An explanation with elements inside another in its place.
    fn split(&self, whole: usize, rest: &[Choice]) -> Vec<Choice> {
        let mut chosen = rest.to_vec();
        while chosen.len() < MOST {
            let Some(choice) = self.next(&chosen, |element| {
                element != whole && self.contains(whole, element)
            }) else {
                break;
            };
            chosen.push(choice);
        }
        chosen
    }

    /// Puts one element in the place of two where that explains more for its cost.
    fn merge(&self, chosen: &mut Vec<Choice>) {
        let mut value = self.worth(chosen);
        for one in chosen.clone() {
            for other in chosen.clone() {
                let both = chosen.contains(&one) && chosen.contains(&other);
                if one.element >= other.element || !both {
                    continue;
                }
                let mut fewer = without(chosen, &[one, other]);
                if let Some((choice, _)) = self.best(&fewer, |_| true) {
                    fewer.push(choice);
                    let worth = self.worth(&fewer);
                    if worth > value {
                        value = worth;
                        *chosen = fewer;
                    }
                }
            }
        }
    }

    /// Puts one element in the place of all that lie in it, two or more, where no more than what is
    /// unsure speaks against it.
    fn gather(&self, chosen: &mut Vec<Choice>) {
        let mut value = self.worth(chosen);
        for one in chosen.clone() {
            for whole in self.lattice.supersets(one.element) {
                if !chosen.contains(&one) {
                    break;
                }
                let (inside, mut fewer): (Vec<Choice>, Vec<Choice>) = chosen
                    .iter()
                    .partition(|choice| self.contains(whole, choice.element));
                if inside.len() < 2 {
                    continue;
                }
                let kind = self.kind[whole];
                fewer.insert(
                    0,
                    Choice {
                        element: whole,
                        kind,
                    },
                );
                let worth = self.worth(&fewer);
                if worth > value - self.doubt(whole, value) {
                    value = worth;
                    *chosen = fewer;
                }
            }
        }
    }

    /// Nats by which one element may explain less than several that lie in it, of an explanation worth `value`.
    fn doubt(&self, whole: usize, value: f64) -> f64 {
        let for_leaves = UNSURE * f64::from(self.lattice.leaves[whole]);
        for_leaves.min(UNSURE_SHARE * value.max(0.0))
    }

    /// Whether an element has all leaves of another.
    fn contains(&self, whole: usize, part: usize) -> bool {
        let cuboid = self.lattice.cuboid(whole);
        let place = (whole - cuboid.first) as u32;
        let sample = self.lattice.sample[part] as usize;
        cuboid.place[sample] == place
            && self.lattice.leaves[part] <= self.lattice.leaves[whole]
            && self
                .lattice
                .members(part)
                .all(|leaf| cuboid.place[leaf] == place)
    }

    /// Nats that an explanation explains, less cost and threshold of each of its elements.
    fn worth(&self, chosen: &[Choice]) -> f64 {
        let explained: f64 = self.explained(chosen).into_iter().map(f64::from).sum();
        let price: f64 = chosen
            .iter()
            .map(|choice| self.price(choice.element) + self.threshold)
            .sum();
        explained - price
    }

    fn price(&self, element: usize) -> f64 {
        self.lattice.cost[element] + (KINDS as f64).ln()
    }

    /// The ratio of each leaf under the explanation.
    fn explained(&self, chosen: &[Choice]) -> Vec<f32> {
        let mut current = vec![0.0; self.lattice.rows.len()];
        for choice in chosen {
            for leaf in self.lattice.members(choice.element) {
                current[leaf] = self.evidence.ratio[leaf * KINDS + choice.kind];
            }
        }
        current
    }

    /// What an explanation explains of each element's leaves.
    fn already(&self, chosen: &[Choice]) -> Vec<f32> {
        let mut already = vec![0.0; self.lattice.len()];
        let mut times = vec![0_u8; self.lattice.rows.len()];
        for choice in chosen {
            for (sum, own) in already.iter_mut().zip(self.alone(*choice).iter()) {
                *sum += own;
            }
            for leaf in self.lattice.members(choice.element) {
                times[leaf] += 1;
            }
        }
        // A leaf in several belongs to the last of them and was counted for each.
        let shared: Vec<usize> = (0..times.len()).filter(|leaf| times[*leaf] > 1).collect();
        if !shared.is_empty() {
            let mut surplus = vec![0.0_f32; times.len()];
            for choice in chosen {
                for leaf in self.lattice.members(choice.element) {
                    surplus[leaf] += self.evidence.ratio[leaf * KINDS + choice.kind];
                }
            }
            for (leaf, current) in self.explained(chosen).into_iter().enumerate() {
                surplus[leaf] -= current;
            }
            for cuboid in &self.lattice.cuboids {
                for leaf in &shared {
                    already[cuboid.first + cuboid.place[*leaf] as usize] -= surplus[*leaf];
                }
            }
        }
        already
    }

    /// What one choice alone explains of each element's leaves; kept, as it is asked for again and again.
    fn alone(&self, choice: Choice) -> Rc<Vec<f32>> {
        if let Some(known) = self.known.borrow().get(&(choice.element, choice.kind)) {
            return Rc::clone(known);
        }
        let mut sums = vec![0.0; self.lattice.len()];
        let members: Vec<usize> = self.lattice.members(choice.element).collect();
        for cuboid in &self.lattice.cuboids {
            for leaf in &members {
                let ratio = self.evidence.ratio[*leaf * KINDS + choice.kind];
                sums[cuboid.first + cuboid.place[*leaf] as usize] += ratio;
            }
        }
        let sums = Rc::new(sums);
        let key = (choice.element, choice.kind);
        self.known.borrow_mut().insert(key, Rc::clone(&sums));
        sums
    }

    /// The element that adds most to an explanation, if it adds enough.
    fn next(&self, chosen: &[Choice], allowed: impl Fn(usize) -> bool) -> Option<Choice> {
        let (choice, nats) = self.best(chosen, allowed)?;
        (nats > self.threshold).then_some(choice)
    }

    /// The element that adds most to an explanation.
    fn best(&self, chosen: &[Choice], allowed: impl Fn(usize) -> bool) -> Option<Gain> {
        let already = self.already(chosen);
        let mut best: Option<Gain> = None;
        for element in self.different() {
            let nats = self.peak[element] - f64::from(already[element]) - self.price(element);
            if best.is_none_or(|(_, most)| nats > most) && allowed(element) {
                let kind = self.kind[element];
                best = Some((Choice { element, kind }, nats));
            }
        }
        best
    }
}

fn without(chosen: &[Choice], gone: &[Choice]) -> Vec<Choice> {
    chosen
        .iter()
        .filter(|choice| !gone.contains(choice))
        .copied()
        .collect()
}

fn same(one: &[Choice], other: &[Choice]) -> bool {
    one.len() == other.len() && one.iter().all(|choice| other.contains(choice))
}
