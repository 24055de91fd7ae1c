//! Which of the elements found are causes to be told, and which are parts or details of others.
//!
//! The search compares explanations in which each leaf has one cause. Three things are left to do: put
//! together what it took apart, leave out the unevenness of one cause, and leave out ripples.

use super::describe::Look;

/// An element inside others is a matter of its own when its shift is at least this many times that of the
/// rest of them; below, it is the unevenness of one cause.
const OF_ITS_OWN: f64 = 2.0;
/// Share of cases that must lie in others for an element, or the rest of a parent, to count as inside them.
const INSIDE: f64 = 0.9;
/// An element that explains less than the least share is told nevertheless when its shift is at least this
/// share of that of the element that explains most: a small cause, not a ripple of the large one.
const STRONG: f64 = 0.33;
/// Such an element must explain this share of the least share.
const LITTLE: f64 = 0.2;
/// The rest of a parent belongs to the cause when it is shifted, beyond what others do to it, by this share
/// of the element's shift: nearer to shifted alike than to not at all.
const ALIKE: f64 = 0.5;

/// An element and its leaves as flags.
#[derive(Clone)]
struct Member {
    element: usize,
    inside: Vec<bool>,
}

/// Sums over a set of leaves.
#[derive(Clone, Copy, Default)]
struct Sum {
    cases: f64,
    hits: f64,
    expected: f64,
}

impl Sum {
    fn excess(self) -> f64 {
        self.hits - self.expected
    }

    /// Log of the share that is left of what was no hit: causes that hit independently multiply it.
    fn left(self) -> f64 {
        ((self.cases - self.hits + 0.5) / (self.cases - self.expected + 0.5)).ln()
    }

    /// Shift in log-odds.
    fn shift(self) -> f64 {
        let odds = |hits: f64| ((hits + 0.5) / (self.cases - hits + 0.5)).ln();
        odds(self.hits) - odds(self.expected)
    }
}

/// The causes among the elements named: without parts and details of others, and without those that
/// explain less than `least` of the excess beside the others.
pub(crate) fn causes(look: &Look<'_>, named: &[usize], least: f64) -> Vec<usize> {
    let mut members: Vec<Member> = named.iter().map(|element| member(look, *element)).collect();
    while let Some(detail) = (0..members.len()).find(|index| is_detail(look, &members, *index)) {
        members.remove(detail);
    }
    while generalise(look, &mut members) || unite(look, &mut members) {}
    drop_ripples(look, &mut members, least);
    members.iter().map(|member| member.element).collect()
}

fn member(look: &Look<'_>, element: usize) -> Member {
    let mut inside = vec![false; look.counts.len()];
    for leaf in look.lattice.members(element) {
        inside[leaf] = true;
    }
    Member { element, inside }
}

/// Leaves out the element that explains least beside the others, as long as that is too little.
fn drop_ripples(look: &Look<'_>, members: &mut Vec<Member>, least: f64) {
    while members.len() > 1 {
        let own: Vec<Sum> = (0..members.len())
            .map(|index| {
                sum(look, |leaf| {
                    let mut all = members.iter().enumerate();
                    all.all(|(other, member)| member.inside[leaf] == (other == index))
                })
            })
            .collect();
        let by_excess = |a: &usize, b: &usize| own[*a].excess().total_cmp(&own[*b].excess());
        let largest = (0..own.len()).max_by(by_excess).unwrap_or(0);
        let weak = |index: &usize| {
            let small = own[*index];
            let strong = small.shift() >= STRONG * own[largest].shift();
            small.excess() < least && !(strong && small.excess() >= LITTLE * least)
        };
        let Some(gone) = (0..own.len()).filter(weak).min_by(by_excess) else {
            break;
        };
        members.remove(gone);
    }
}

/// Whether an element lies in the others and is shifted much like the rest of them.
fn is_detail(look: &Look<'_>, members: &[Member], index: usize) -> bool {
    let own = &members[index];
    let around: Vec<&Member> = members
        .iter()
        .filter(|other| other.element != own.element && overlaps(other, own))
        .collect();
    let whole = sum(look, |leaf| own.inside[leaf]);
    let covered = sum(look, |leaf| own.inside[leaf] && in_any(&around, leaf));
    if covered.cases < INSIDE * whole.cases {
        return false;
    }
    let rest = sum(look, |leaf| !own.inside[leaf] && in_any(&around, leaf));
    whole.shift() < OF_ITS_OWN * rest.shift()
}

/// Puts a parent in the place of an element when the rest of the parent lies in other elements and
/// is shifted there beyond what those do elsewhere. Siblings inside the parent go with it.
fn generalise(look: &Look<'_>, members: &mut Vec<Member>) -> bool {
    for index in 0..members.len() {
        for parent in look.lattice.supersets(members[index].element) {
            let parent = member(look, parent);
            if is_cause(look, members, index, &parent) {
                members.retain(|other| !within(other, &parent));
                members.push(parent);
                return true;
            }
        }
    }
    false
}

/// Whether the parent of an element is the cause rather than the element.
fn is_cause(look: &Look<'_>, members: &[Member], index: usize, parent: &Member) -> bool {
    let own = &members[index];
    let others: Vec<&Member> = members
        .iter()
        .filter(|other| other.element != own.element && overlaps(other, parent))
        .collect();
    let rest = sum(look, |leaf| parent.inside[leaf] && !own.inside[leaf]);
    let covered = sum(look, |leaf| {
        parent.inside[leaf] && !own.inside[leaf] && in_any(&others, leaf)
    });
    if parent.element == 0 || covered.cases < INSIDE * rest.cases {
        return false;
    }
    // What crossing elements do outside the parent is expected of them inside; siblings are the question.
    let crossing: Vec<(&Member, f64)> = others
        .iter()
        .filter(|other| !within(other, parent))
        .map(|other| {
            let outside = sum(look, |leaf| other.inside[leaf] && !parent.inside[leaf]);
            (*other, outside.left())
        })
        .collect();
    let mut beyond = Sum::default();
    for leaf in 0..look.counts.len() {
        if parent.inside[leaf] && !own.inside[leaf] {
            let moved: f64 = crossing
                .iter()
                .filter(|(other, _)| other.inside[leaf])
                .map(|(_, left)| left)
                .sum();
            let count = look.counts[leaf];
            let left = (1.0 - look.expected.rate[leaf]) * moved.exp();
            beyond.cases += count.n as f64;
            beyond.hits += count.x as f64;
            beyond.expected += count.n as f64 * (1.0 - left.min(1.0));
        }
    }
    let alone = sum(look, |leaf| {
        own.inside[leaf] && !crossing.iter().any(|(other, _)| other.inside[leaf])
    });
    beyond.left() <= ALIKE * alone.left()
}

/// Puts one element in the place of two whose leaves together are exactly its leaves.
fn unite(look: &Look<'_>, members: &mut Vec<Member>) -> bool {
    for index in 0..members.len() {
        for other in index + 1..members.len() {
            let (one, two) = (members[index].element, members[other].element);
            if overlaps(&members[index], &members[other]) {
                continue;
            }
            if let Some(whole) = look.lattice.union(one, two) {
                members.remove(other);
                members[index] = member(look, whole);
                return true;
            }
        }
    }
    false
}

fn overlaps(one: &Member, other: &Member) -> bool {
    one.inside.iter().zip(&other.inside).any(|(a, b)| *a && *b)
}

fn within(one: &Member, other: &Member) -> bool {
    one.inside.iter().zip(&other.inside).all(|(a, b)| !*a || *b)
}

fn in_any(members: &[&Member], leaf: usize) -> bool {
    members.iter().any(|member| member.inside[leaf])
}

fn sum(look: &Look<'_>, belongs: impl Fn(usize) -> bool) -> Sum {
    let mut sum = Sum::default();
    for leaf in (0..look.counts.len()).filter(|leaf| belongs(*leaf)) {
        let count = look.counts[leaf];
        sum.cases += count.n as f64;
        sum.hits += count.x as f64;
        sum.expected += count.n as f64 * look.expected.rate[leaf];
    }
    sum
}
