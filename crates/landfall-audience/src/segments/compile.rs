//! Putting segments in order, and refusing those that have none.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::ids::SegmentId;
use rustc_hash::FxHashMap;

use super::Segments;
use crate::condition::Condition;
use crate::definition::Fault;
use crate::touched::Cause;

impl Segments {
    /// Compiles the segments. `manual`: the segments that are kept by hand, which conditions may ask
    /// about too.
    ///
    /// # Errors
    /// Segments that depend on themselves or on missing ones, or that look at an event in hand; two
    /// of one number, or one that is kept by hand.
    pub fn compile(
        definitions: impl IntoIterator<Item = (SegmentId, Condition)>,
        manual: &BTreeSet<SegmentId>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut conditions: BTreeMap<SegmentId, Condition> = BTreeMap::new();
        for (id, condition) in definitions {
            if manual.contains(&id) || conditions.contains_key(&id) {
                faults.push(Fault::new(
                    place(id),
                    format!("there is a segment {id} already"),
                    "give it another number",
                ));
                continue;
            }
            if condition.looks_at_event() {
                faults.push(Fault::new(
                    place(id),
                    "a segment has no event in hand",
                    "ask with `event` and `where` instead of `this_event`",
                ));
            }
            conditions.insert(id, condition);
        }
        for (id, condition) in &conditions {
            for asked in condition.asks_about() {
                if !conditions.contains_key(asked) && !manual.contains(asked) {
                    faults.push(Fault::new(
                        place(*id),
                        format!("it asks about segment {asked}, which does not exist"),
                        "correct the number, or define that segment first",
                    ));
                }
            }
        }
        let order = order(&conditions, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self::in_order(order, conditions))
    }

    fn in_order(order: Vec<SegmentId>, mut conditions: BTreeMap<SegmentId, Condition>) -> Self {
        let list: Vec<(SegmentId, Condition)> = order
            .into_iter()
            .filter_map(|id| Some((id, conditions.remove(&id)?)))
            .collect();
        let mut positions = FxHashMap::default();
        let mut dependents: FxHashMap<Cause, Vec<usize>> = FxHashMap::default();
        for (position, (id, condition)) in list.iter().enumerate() {
            positions.insert(*id, position);
            for cause in condition.needs() {
                dependents.entry(*cause).or_default().push(position);
            }
        }
        Self {
            list,
            positions,
            dependents,
        }
    }
}

fn place(id: SegmentId) -> String {
    format!("segment {id}")
}

/// Each after those that it asks about; a circle is a fault, told once, with the way round.
fn order(conditions: &BTreeMap<SegmentId, Condition>, faults: &mut Vec<Fault>) -> Vec<SegmentId> {
    let mut order = Vec::with_capacity(conditions.len());
    let mut done: BTreeSet<SegmentId> = BTreeSet::new();
    for start in conditions.keys() {
        // The way down from `start`, each with how many of its questions were followed. Not by
        // recursion: a chain of thousands of segments is no reason to run out of stack.
        let mut way: Vec<(SegmentId, usize)> = Vec::new();
        if !done.contains(start) {
            way.push((*start, 0));
        }
        while let Some((id, followed)) = way.last_mut() {
            let asked = conditions
                .get(id)
                .and_then(|one| one.asks_about().get(*followed));
            let Some(asked) = asked.copied() else {
                order.push(*id);
                done.insert(*id);
                way.pop();
                continue;
            };
            *followed += 1;
            if let Some(begin) = way.iter().position(|(id, _)| *id == asked) {
                let circle: Vec<String> =
                    way[begin..].iter().map(|(id, _)| id.to_string()).collect();
                faults.push(Fault::new(
                    place(asked),
                    format!("it depends on itself: {} → {asked}", circle.join(" → ")),
                    "take one of these questions out",
                ));
            } else if !done.contains(&asked) && conditions.contains_key(&asked) {
                way.push((asked, 0));
            }
        }
    }
    order
}
