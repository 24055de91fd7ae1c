//! Stretches: neighbouring rows of one group of messages whose creation lies in the range and in
//! one time bucket. Within one, a scan has only device facts and fates left to look at.

use crate::board::Board;
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

impl Board {
    /// The stretches in which rows may pass, with their segments.
    pub(crate) fn stretches_of<'b>(
        &'b self,
        selection: &'b Selection,
    ) -> impl Iterator<Item = (&'b Segment, Stretch)> {
        let reached = |segment: &&Segment| {
            let (start, end) = (selection.start, selection.end);
            segment.live > 0 && segment.created.touches(start, end) && !selection.is_empty()
        };
        let whole = Axis::whole();
        let reached = self.segments.iter().map(AsRef::as_ref).filter(reached);
        reached.flat_map(move |segment| {
            let stretches = segment.rising_stretches(selection, &whole);
            stretches.into_iter().map(move |stretch| (segment, stretch))
        })
    }
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
        let mut stretches = Vec::with_capacity(16);
        match &self.messages {
            Messages::Runs(_) => self.cut_runs(selection, axis, &mut stretches),
            Messages::Each(_) => self.cut_rows(selection, axis, &mut stretches),
        }
        stretches
    }

    /// Sealed: runs rise by message and each rises in time, so both are cut by bisection.
    fn cut_runs(&self, selection: &Selection, axis: &Axis, into: &mut Vec<Stretch>) {
        let Messages::Runs(runs) = &self.messages else {
            return;
        };
        let whole = self.created.within(selection.start, selection.end);
        // Often all rows that take part are of one bucket. Then no row's time is looked at.
        let first_bucket = axis.bucket(self.created.min.max(selection.start));
        let one_bucket =
            self.created.max.min(selection.end.saturating_sub(1)) < axis.end(first_bucket);
        let (first, last) = selection.messages.reach();
        let place = runs.partition_point(|(message, _)| *message < first);
        let mut begin = place.checked_sub(1).map_or(0, |before| runs[before].1) as usize;
        for (message, run_end) in &runs[place..] {
            let (mut start, mut end) = (begin, *run_end as usize);
            begin = end;
            if *message > last {
                break;
            }
            let Some(message) = selection.messages.group(*message) else {
                continue;
            };
            if !whole {
                start = self.times.first_from(selection.start, start, end);
                end = self.times.first_from(selection.end, start, end);
            }
            while start < end {
                let mut bucket = first_bucket;
                let mut cut = end;
                if !one_bucket {
                    bucket = axis.bucket(self.times.get(start));
                    let next = axis.end(bucket);
                    if self.created.max >= next {
                        cut = self.times.first_from(next, start, end);
                    }
                }
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

    /// Open: rows stand in order of arrival, so each is looked at.
    fn cut_rows(&self, selection: &Selection, axis: &Axis, into: &mut Vec<Stretch>) {
        let Messages::Each(messages) = &self.messages else {
            return;
        };
        messages.each(|row, message| {
            let Some(message) = selection.messages.group(message) else {
                return;
            };
            let at = self.times.get(row);
            if selection.holds(at) {
                let bucket = axis.bucket(at);
                match into.last_mut() {
                    Some(last)
                        if (last.end, last.message, last.bucket) == (row, message, bucket) =>
                    {
                        last.end = row + 1;
                    }
                    _ => into.push(Stretch {
                        message,
                        bucket,
                        start: row,
                        end: row + 1,
                    }),
                }
            }
        });
    }
}
