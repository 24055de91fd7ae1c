//! Listing deliveries, newest first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use landfall_domain::ids::DeliveryKey;
use landfall_domain::time::Timestamp;

use crate::board::Board;
use crate::catalogue::MessageInfo;
use crate::plan::{Axis, Selection};
use crate::query::{Position, QueryError, Search};
use crate::segment::Segment;

/// The newest positions found so far.
struct Newest {
    positions: BTreeSet<Position>,
    limit: usize,
}

impl Newest {
    /// The position that a newcomer must come after, once the list is full.
    fn floor(&self) -> Option<Position> {
        let full = self.positions.len() >= self.limit;
        full.then(|| self.positions.first().copied()).flatten()
    }

    fn offer(&mut self, position: Position) {
        if self.floor().is_some_and(|floor| position <= floor) {
            return;
        }
        self.positions.insert(position);
        if self.positions.len() > self.limit {
            self.positions.pop_first();
        }
    }
}

impl Board {
    /// Deliveries that pass, newest first, deliveries of the same millisecond by falling key. The
    /// last position is what [`Search::after`] of the next page takes.
    ///
    /// # Errors
    /// When the filter contradicts itself.
    pub fn search(
        &self,
        catalogue: &[MessageInfo],
        search: &Search,
    ) -> Result<Vec<Position>, QueryError> {
        let (filter, range) = (&search.filter, search.range);
        let mut selection = Selection::compile(self, catalogue, filter, range, &[])?;
        if let Some(after) = search.after {
            selection.end = selection.end.min(after.created.millis().saturating_add(1));
        }
        let mut newest = Newest {
            positions: BTreeSet::new(),
            limit: search.limit,
        };
        if search.limit == 0 || selection.is_empty() {
            return Ok(Vec::new());
        }
        let mut segments: Vec<_> = self
            .segments
            .iter()
            .filter(|segment| {
                let (start, end) = (selection.start, selection.end);
                segment.live > 0 && segment.created.touches(start, end)
            })
            .collect();
        segments.sort_unstable_by_key(|segment| Reverse(segment.created.max));
        for segment in segments {
            let floor = newest.floor();
            if floor.is_some_and(|floor| segment.created.max < floor.created.millis()) {
                break;
            }
            look_through(segment, &selection, search.after, &mut newest);
        }
        Ok(newest.positions.into_iter().rev().collect())
    }
}

fn look_through(
    segment: &Segment,
    selection: &Selection,
    after: Option<Position>,
    newest: &mut Newest,
) {
    let whole = Axis::whole();
    for stretch in segment.rising_stretches(selection, &whole) {
        // In a sealed segment a stretch rises in time, so its newest rows come last.
        for row in (stretch.start..stretch.end).rev() {
            let position = Position {
                created: Timestamp::from_millis(segment.times.get(row)),
                delivery: DeliveryKey(segment.deliveries.get(row)),
            };
            if newest.floor().is_some_and(|floor| position <= floor) {
                if segment.is_sealed() {
                    break;
                }
                continue;
            }
            if selection.holds(position.created.millis())
                && after.is_none_or(|after| position < after)
                && selection.admits(segment, row)
            {
                newest.offer(position);
            }
        }
    }
}
