//! The general scan: row by row, fact by fact, for every kind of question.

use landfall_domain::marks::Mark;

use crate::plan::{Plan, Wanted};
use crate::query::{Basis, CountBy};
use crate::scan::sums::{ROWS, Sums};
use crate::segment::Segment;

/// A row that passes the filter, with its groups. Its time has not been looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) row: usize,
    message: u32,
    dims: u32,
    fate: u32,
    /// Number of the fate itself.
    fate_entry: u32,
}

impl Hit {
    /// The hit of `row`, whose message has been found to take part.
    fn of(plan: &Plan<'_>, segment: &Segment, message: u32, row: usize) -> Option<Self> {
        let selection = &plan.selection;
        let fate_entry = segment.fates.get(row);
        let fate = selection.fates.group(fate_entry)?;
        let dims = selection.dims.group(segment.dims.get(row))?;
        selection.keys.admit(segment, row).then_some(Self {
            row,
            message,
            dims,
            fate,
            fate_entry,
        })
    }

    /// The hit of any row.
    pub(crate) fn at(plan: &Plan<'_>, segment: &Segment, row: usize) -> Option<Self> {
        let message = plan.selection.messages.group(segment.message(row))?;
        Self::of(plan, segment, message, row)
    }

    /// The group that a fact of this row falls into when it occurred `at`.
    pub(crate) fn group(&self, plan: &Plan<'_>, at: i64) -> Option<u64> {
        plan.selection.holds(at).then(|| {
            let bucket = plan.axis.bucket(at);
            plan.group(bucket, self.message, self.dims, self.fate)
        })
    }
}

/// A segment as the general scan sees it.
pub(crate) struct Facts<'scan> {
    pub(crate) plan: &'scan Plan<'scan>,
    /// What to look at.
    pub(crate) wanted: &'scan Wanted,
    /// Marks by fate.
    pub(crate) marks: &'scan [u32],
    pub(crate) segment: &'scan Segment,
}

impl Facts<'_> {
    /// Adds what the segment has to say to `sums`.
    pub(crate) fn gather(&self, sums: &mut Sums) {
        if self.wanted.revenue {
            self.gather_revenue(sums);
        }
        if !self.wanted.counts() && self.wanted.delays.is_empty() {
            return;
        }
        for (message, start, end) in self.segment.runs() {
            let Some(message) = self.plan.selection.messages.group(message) else {
                continue;
            };
            for row in start..end {
                if let Some(hit) = Hit::of(self.plan, self.segment, message, row) {
                    match self.plan.query.basis {
                        Basis::Created => self.by_creation(hit, sums),
                        Basis::Occurred => self.by_occurrence(hit, sums),
                    }
                }
            }
        }
    }

    /// Who is counted: key plus one, 0 for nobody. `None` when rows are counted.
    fn who(&self, row: usize) -> Option<u64> {
        let segment = self.segment;
        Some(match self.plan.query.count_by {
            CountBy::Row => return None,
            CountBy::Delivery => u64::from(segment.deliveries.get(row)) + 1,
            CountBy::Person => u64::from(segment.people.get(row)),
            CountBy::Device => u64::from(segment.devices.get(row)),
        })
    }

    fn by_creation(&self, hit: Hit, sums: &mut Sums) {
        let Some(group) = hit.group(self.plan, self.segment.times.get(hit.row)) else {
            return;
        };
        let marks = self.marks[hit.fate_entry as usize];
        if self.wanted.counts() {
            let bits = ROWS | marks & self.wanted.marks;
            sums.count(group, self.who(hit.row), bits);
        }
        for (place, mark) in &self.wanted.delays {
            if marks & mark.bit() != 0 {
                sums.delay(group, *place, self.segment.delay(*mark, hit.row));
            }
        }
    }

    fn by_occurrence(&self, hit: Hit, sums: &mut Sums) {
        let created = self.segment.times.get(hit.row);
        let marks = self.marks[hit.fate_entry as usize];
        let who = self.who(hit.row);
        if self.wanted.rows
            && let Some(group) = hit.group(self.plan, created)
        {
            sums.count(group, who, ROWS);
        }
        let mut left = marks & self.wanted.marks;
        while left != 0 {
            let mark = Mark::ALL[left.trailing_zeros() as usize];
            let at = created.saturating_add(self.segment.delay(mark, hit.row));
            if let Some(group) = hit.group(self.plan, at) {
                sums.count(group, who, mark.bit());
            }
            left &= left - 1;
        }
        for (place, mark) in &self.wanted.delays {
            if marks & mark.bit() != 0 {
                let delay = self.segment.delay(*mark, hit.row);
                if let Some(group) = hit.group(self.plan, created.saturating_add(delay)) {
                    sums.delay(group, *place, delay);
                }
            }
        }
    }

    /// Revenue is rare: its rows are listed, and only those are looked at.
    fn gather_revenue(&self, sums: &mut Sums) {
        let revenue = &self.segment.revenue;
        let amounts = revenue.currencies.iter().zip(&revenue.minor);
        for (row, (currency, minor)) in revenue.rows.iter().zip(amounts) {
            let Some(hit) = Hit::at(self.plan, self.segment, usize::from(*row)) else {
                continue;
            };
            let mut at = self.segment.times.get(hit.row);
            let converted = self.marks[hit.fate_entry as usize] & Mark::Converted.bit() != 0;
            if converted && self.plan.query.basis == Basis::Occurred {
                at = at.saturating_add(self.segment.delay(Mark::Converted, hit.row));
            }
            if let Some(group) = hit.group(self.plan, at) {
                sums.earn(group, *currency, *minor);
            }
        }
    }
}
