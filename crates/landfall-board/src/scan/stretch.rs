//! Stretches: neighbouring rows of one group of messages whose creation lies in the range and in one time
//! bucket. Within one, a scan has only device facts and fates left to look at.

use crate::plan::{Axis, Selection};
use crate::segment::{Messages, Segment};

/// Rows `start..end` of one group of messages and bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The message's group.
    pub(crate) message: u32,
    pub(crate) bucket: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Segment {
    /// The stretches of this segment whose message takes part, neighbours of one group and bucket
    /// joined.
    pub(crate) fn stretches(&self, selection: &Selection, axis: &Axis) -> Vec<Stretch> {
        let mut stretches = self.rising_stretches(selection, axis);
        stretches.dedup_by(|next, kept| {
            let joins = next.message == kept.message
                && next.bucket == kept.bucket
                && next.start == kept.end;
            if joins {
                kept.end = next.end;
            }
            joins
        });
        stretches
    }

    /// The stretches of this segment whose message takes part. In a sealed segment each rises in
    /// time.
    pub(crate) fn rising_stretches(&self, selection: &Selection, axis: &Axis) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        match &self.messages {
            Messages::Runs(_) => self.cut_runs(selection, axis, &mut stretches),
            Messages::Each(_) => self.cut_rows(selection, axis, &mut stretches),
        }
        stretches
    }

    /// Sealed: each run rises in time, so its cuts are found by bisection.
    fn cut_runs(&self, selection: &Selection, axis: &Axis, into: &mut Vec<Stretch>) {
        let whole = self.created.within(selection.start, selection.end);
        for (message, mut start, mut end) in self.runs() {
            let Some(message) = selection.messages.group(message) else {
                continue;
            };
            if !whole {
                start = self.first_from(selection.start, start, end);
                end = self.first_from(selection.end, start, end);
            }
            while start < end {
                let bucket = axis.bucket(self.times.get(start));
                let next = axis.end(bucket);
                let cut = if self.created.max < next {
                    end
                } else {
                    self.first_from(next, start, end)
                };
                into.push(Stretch {
                    message,
                    bucket,
                    start,
                    end: cut,
                });
                start = cut;
            }
        }
    }

    /// The first of the rows `start..end`, which rise in time, that was created at `at` or later.
    fn first_from(&self, at: i64, start: usize, end: usize) -> usize {
        let (mut low, mut high) = (start, end);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.times.get(middle) < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Open: rows stand in order of arrival, so each is looked at.
    fn cut_rows(&self, selection: &Selection, axis: &Axis, into: &mut Vec<Stretch>) {
        for (message, start, end) in self.runs() {
            let Some(message) = selection.messages.group(message) else {
                continue;
            };
            let mut last: Option<Stretch> = None;
            for row in start..end {
                let at = self.times.get(row);
                if !selection.holds(at) {
                    into.extend(last.take());
                    continue;
                }
                let bucket = axis.bucket(at);
                match &mut last {
                    Some(stretch) if stretch.bucket == bucket => stretch.end = row + 1,
                    other => into.extend(other.replace(Stretch {
                        message,
                        bucket,
                        start: row,
                        end: row + 1,
                    })),
                }
            }
            into.extend(last);
        }
    }
}
