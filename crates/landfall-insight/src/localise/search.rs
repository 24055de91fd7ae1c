//! Which elements explain most for what naming them costs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::evidence::{Evidence, KINDS};
use super::lattice::Lattice;

/// An element that is taken as shifted, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    known: RefCell<Known>,
}

/// What was computed already: the search comes back to the same explanations again and again.
#[derive(Debug, Default)]
struct Known {
    /// What single choices explain of each element.
    alone: HashMap<Choice, Rc<Vec<f32>>>,
    /// What explanations are worth.
    worth: HashMap<Vec<Choice>, f64>,
    /// The element that adds most to each of them.
    best: HashMap<Vec<Choice>, Option<Gain>>,
    /// Explanations with elements inside another in its place, by that element and the others.
    split: HashMap<(usize, Vec<Choice>), Vec<Choice>>,
}

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
            let Some(choice) = self.next(&chosen) else {
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
                    let better = self.next(&rest);
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
        let key = (whole, rest.to_vec());
        if let Some(known) = self.known.borrow().split.get(&key) {
            return known.clone();
        }
        let mut chosen = rest.to_vec();
        while chosen.len() < MOST {
            let inside = |element| element != whole && self.contains(whole, element);
            let Some((choice, _)) = self.best_of(&chosen, inside).filter(|gain| self.pays(gain))
            else {
                break;
            };
            chosen.push(choice);
        }
        self.known.borrow_mut().split.insert(key, chosen.clone());
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
                if let Some((choice, _)) = self.best(&fewer) {
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
        if let Some(known) = self.known.borrow().worth.get(chosen) {
            return *known;
        }
        let explained: f64 = self.explained(chosen).into_iter().map(f64::from).sum();
        let price: f64 = chosen
            .iter()
            .map(|choice| self.price(choice.element) + self.threshold)
            .sum();
        let worth = explained - price;
        self.known.borrow_mut().worth.insert(chosen.to_vec(), worth);
        worth
    }

    fn price(&self, element: usize) -> f64 {
        self.lattice.cost[element] + (KINDS as f64).ln()
    }

    /// The ratio of each leaf under the explanation.
    fn explained(&self, chosen: &[Choice]) -> Vec<f32> {
        let mut current = vec![0.0; self.lattice.rows.len()];
        for choice in chosen {
            for leaf in self.lattice.members(choice.element) {
                current[leaf] = self.ratio(leaf, choice.kind);
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
        let mut surplus = vec![0.0_f32; times.len()];
        let mut last = vec![0.0_f32; times.len()];
        for choice in chosen {
            for leaf in self.lattice.members(choice.element) {
                if times[leaf] > 1 {
                    last[leaf] = self.ratio(leaf, choice.kind);
                    surplus[leaf] += last[leaf];
                }
            }
        }
        let shared = (0..times.len()).filter(|leaf| times[*leaf] > 1);
        let shared: Vec<(usize, f32)> = shared
            .map(|leaf| (leaf, surplus[leaf] - last[leaf]))
            .collect();
        for cuboid in &self.lattice.cuboids {
            let already = &mut already[cuboid.first..cuboid.first + cuboid.size];
            for (leaf, surplus) in &shared {
                already[cuboid.place[*leaf] as usize] -= surplus;
            }
        }
        already
    }

    /// The ratio of a leaf under a kind of shift.
    fn ratio(&self, leaf: usize, kind: usize) -> f32 {
        self.evidence.ratio[leaf * KINDS + kind]
    }

    /// What one choice alone explains of each element's leaves; kept, as it is asked for again and again.
    fn alone(&self, choice: Choice) -> Rc<Vec<f32>> {
        if let Some(known) = self.known.borrow().alone.get(&choice) {
            return Rc::clone(known);
        }
        let mut sums = vec![0.0; self.lattice.len()];
        let members = self.lattice.leaves_of(choice.element);
        let ratios: Vec<f32> = members
            .iter()
            .map(|leaf| self.ratio(*leaf as usize, choice.kind))
            .collect();
        for cuboid in &self.lattice.cuboids {
            let sums = &mut sums[cuboid.first..cuboid.first + cuboid.size];
            for (leaf, ratio) in members.iter().zip(&ratios) {
                sums[cuboid.place[*leaf as usize] as usize] += ratio;
            }
        }
        let sums = Rc::new(sums);
        let mut known = self.known.borrow_mut();
        known.alone.insert(choice, Rc::clone(&sums));
        sums
    }

    /// The element that adds most to an explanation, if it adds enough.
    fn next(&self, chosen: &[Choice]) -> Option<Choice> {
        let gain = self.best(chosen).filter(|gain| self.pays(gain));
        gain.map(|(choice, _)| choice)
    }

    fn pays(&self, (_, nats): &Gain) -> bool {
        *nats > self.threshold
    }

    /// The element that adds most to an explanation.
    fn best(&self, chosen: &[Choice]) -> Option<Gain> {
        if let Some(known) = self.known.borrow().best.get(chosen) {
            return *known;
        }
        let best = self.best_of(chosen, |_| true);
        self.known.borrow_mut().best.insert(chosen.to_vec(), best);
        best
    }

    /// The element that adds most to an explanation, among those that are allowed.
    fn best_of(&self, chosen: &[Choice], allowed: impl Fn(usize) -> bool) -> Option<Gain> {
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
