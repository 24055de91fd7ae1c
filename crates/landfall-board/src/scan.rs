//! From a plan to an answer.

mod counts;
mod delays;
mod facts;
mod lookup;
mod stretch;
mod sums;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::board::Board;
use crate::catalogue::MessageInfo;
use crate::plan::Plan;
use crate::query::{Basis, CountBy, Query, QueryError, Table};
use crate::scan::counts::{CellPlan, Counter};
use crate::scan::delays::DelayScan;
use crate::scan::facts::Facts;
use crate::scan::sums::Sums;
use crate::segment::Segment;

/// Rows below which another thread costs more than it brings.
const WORTH_A_THREAD: usize = if cfg!(test) { 8 } else { 1 << 18 };

impl Board {
    /// Answers `query` with up to `threads` threads. `catalogue` says what message keys stand
    /// for.
    ///
    /// # Errors
    /// When the query contradicts itself: too many dimensions or buckets, values of a wrong kind.
    pub fn query(
        &self,
        catalogue: &[MessageInfo],
        query: &Query,
        threads: usize,
    ) -> Result<Table, QueryError> {
        let plan = Plan::compile(self, catalogue, query)?;
        let marks: Vec<u32> = self.fates.entries().iter().map(|fate| fate.marks).collect();
        let segments: Vec<_> = self
            .segments
            .iter()
            .filter(|segment| plan.reaches(segment))
            .collect();
        let rows = segments.iter().map(|segment| segment.len()).sum::<usize>();
        let threads = threads.clamp(1, 1 + rows / WORTH_A_THREAD);

        let mut left = plan.wanted.clone();
        let by_creation = query.basis == Basis::Created && plan.selection.keys.is_open();
        let by_row = matches!(query.count_by, CountBy::Row | CountBy::Delivery);
        let cells = (by_creation && by_row && left.counts())
            .then(|| CellPlan::new(&plan, &marks))
            .flatten();
        if cells.is_some() {
            (left.rows, left.marks) = (false, 0);
        }
        let mut delay_scans = Vec::new();
        if by_creation {
            left.delays.retain(|(place, mark)| {
                let scan = DelayScan::new(&plan, &marks, *place, *mark);
                delay_scans.extend(scan);
                delay_scans.last().is_none_or(|scan| scan.place() != *place)
            });
        }

        let shares = share_out(threads, &segments, |next| {
            let mut sums = Sums::default();
            let mut counter = cells.as_ref().map(|cells| Counter::new(&plan, cells));
            while let Some(segment) = next() {
                if let Some(counter) = &mut counter {
                    counter.count(segment, &mut sums);
                }
                if !left.is_empty() {
                    let facts = Facts {
                        plan: &plan,
                        wanted: &left,
                        marks: &marks,
                        segment,
                    };
                    facts.gather(&mut sums);
                }
            }
            if let Some(counter) = &mut counter {
                counter.add_up(&mut sums);
            }
            sums
        });
        let mut sums = Sums::default();
        for share in shares {
            sums.merge(share);
        }
        if let (Some(cells), CountBy::Delivery) = (&cells, query.count_by) {
            counts::scattered(self, &plan, cells, &mut sums);
        }
        for scan in &delay_scans {
            scan.run(threads, &segments, &mut sums);
        }
        Ok(sums.table(&plan, &self.currencies))
    }
}

/// Lets `threads` threads take segments in turn until none is left; the answers of all.
fn share_out<'board, Answer: Send>(
    threads: usize,
    segments: &[&'board Arc<Segment>],
    work: impl Fn(&mut dyn FnMut() -> Option<&'board Segment>) -> Answer + Sync,
) -> Vec<Answer> {
    let taken = AtomicUsize::new(0);
    let one = || {
        let mut next = || {
            let place = taken.fetch_add(1, Ordering::Relaxed);
            segments.get(place).map(|segment| &***segment)
        };
        work(&mut next)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let mut answers = vec![one()];
        for other in others {
            answers.push(other.join().expect("a scan does not panic"));
        }
        answers
    })
}
