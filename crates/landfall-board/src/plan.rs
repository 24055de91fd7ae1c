//! A query, decided: for each dictionary entry whether its rows take part, and in which group.

mod axis;
mod parts;

use landfall_domain::marks::Mark;
use rustc_hash::FxHashSet;

pub(crate) use axis::Axis;
pub(crate) use parts::Part;

use crate::board::Board;
use crate::catalogue::MessageInfo;
use crate::query::{
    Basis, Condition, Dimension, Filter, Measure, Query, QueryError, TimeRange, Value,
};
use crate::segment::{Segment, Span};

/// Most dimensions of a query.
const MAX_DIMENSIONS: usize = 3;
/// Most bounds of a histogram.
const MAX_BOUNDS: usize = 1_000;

/// Where a dimension's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Time,
    Message,
    Dims,
    Fate,
}

impl Dimension {
    pub(crate) const fn source(self) -> Source {
        match self {
            Self::Time(_) => Source::Time,
            Self::Journey | Self::Step | Self::NamePart(_) | Self::Variant | Self::Channel => {
                Source::Message
            }
            Self::Outcome
            | Self::Reason
            | Self::Status
            | Self::TargetOutcome
            | Self::TargetReason => Source::Fate,
            _ => Source::Dims,
        }
    }
}

/// What a filter says about rows one by one, beyond the dictionaries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) people: Option<FxHashSet<u32>>,
    pub(crate) devices: Option<FxHashSet<u32>>,
    pub(crate) deliveries: Option<FxHashSet<u32>>,
}

impl Keys {
    fn of(filter: &Filter) -> Self {
        let mut keys = Self::default();
        for condition in &filter.0 {
            let (slot, wanted): (_, FxHashSet<u32>) = match condition {
                Condition::People(people) => (
                    &mut keys.people,
                    people.iter().map(|key| key.0 + 1).collect(),
                ),
                Condition::Devices(devices) => (
                    &mut keys.devices,
                    devices.iter().map(|key| key.0 + 1).collect(),
                ),
                Condition::Deliveries(deliveries) => (
                    &mut keys.deliveries,
                    deliveries.iter().map(|key| key.0).collect(),
                ),
                _ => continue,
            };
            *slot = Some(match slot.take() {
                None => wanted,
                Some(known) => known.intersection(&wanted).copied().collect(),
            });
        }
        keys
    }

    /// Whether every row passes.
    pub(crate) const fn is_open(&self) -> bool {
        self.people.is_none() && self.devices.is_none() && self.deliveries.is_none()
    }

    /// Whether a row passes.
    #[inline]
    pub(crate) fn admit(&self, segment: &Segment, row: usize) -> bool {
        let has = |keys: &Option<FxHashSet<u32>>, key: &dyn Fn() -> u32| {
            keys.as_ref().is_none_or(|keys| keys.contains(&key()))
        };
        has(&self.deliveries, &|| segment.deliveries.get(row))
            && has(&self.people, &|| segment.people.get(row))
            && has(&self.devices, &|| segment.devices.get(row))
    }
}

/// Which rows take part.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) messages: Part,
    pub(crate) dims: Part,
    pub(crate) fates: Part,
    pub(crate) keys: Keys,
}

impl Selection {
    pub(crate) fn compile(
        board: &Board,
        catalogue: &[MessageInfo],
        filter: &Filter,
        range: TimeRange,
        group_by: &[Dimension],
    ) -> Result<Self, QueryError> {
        Ok(Self {
            start: range.start.map_or(i64::MIN, |start| start.millis()),
            end: range.end.map_or(i64::MAX, |end| end.millis()),
            messages: Part::of_messages(catalogue, filter, group_by)?,
            dims: Part::of_dims(&board.dims, filter, group_by)?,
            fates: Part::of_fates(&board.fates, filter, group_by)?,
            keys: Keys::of(filter),
        })
    }

    /// Whether no row can pass.
    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
            || self.messages.is_empty()
            || self.dims.is_empty()
            || self.fates.is_empty()
    }

    /// Whether a row passes, its message and time left aside.
    #[inline]
    pub(crate) fn admits(&self, segment: &Segment, row: usize) -> bool {
        self.fates.group(segment.fates.get(row)).is_some()
            && self.dims.group(segment.dims.get(row)).is_some()
            && self.keys.admit(segment, row)
    }

    /// Whether an instant lies in the range.
    #[inline]
    pub(crate) const fn holds(&self, at: i64) -> bool {
        self.start <= at && at < self.end
    }
}

/// A query, decided.
#[derive(Debug)]
pub(crate) struct Plan<'query> {
    pub(crate) query: &'query Query,
    pub(crate) selection: Selection,
    pub(crate) axis: Axis,
    pub(crate) wanted: Wanted,
}

/// The facts that the measures look at, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whether rows are counted.
    pub(crate) rows: bool,
    /// Bits of the marks that are counted.
    pub(crate) marks: u32,
    pub(crate) revenue: bool,
    /// Places of the measures of delays, and whose delays.
    pub(crate) delays: Vec<(usize, Mark)>,
}

impl Wanted {
    fn by(measures: &[Measure]) -> Self {
        let mut wanted = Self::default();
        for (place, measure) in measures.iter().enumerate() {
            match measure {
                Measure::Rows => wanted.rows = true,
                Measure::Marked(mark) => wanted.marks |= mark.bit(),
                Measure::Revenue => wanted.revenue = true,
                Measure::DelayQuantiles { mark, .. } | Measure::DelayHistogram { mark, .. } => {
                    wanted.delays.push((place, *mark));
                }
            }
        }
        wanted
    }

    /// Whether anything is counted.
    pub(crate) const fn counts(&self) -> bool {
        self.rows || self.marks != 0
    }

    /// Whether nothing is left to look at.
    pub(crate) const fn is_empty(&self) -> bool {
        !self.counts() && !self.revenue && self.delays.is_empty()
    }
}

impl<'query> Plan<'query> {
    pub(crate) fn compile(
        board: &Board,
        catalogue: &[MessageInfo],
        query: &'query Query,
    ) -> Result<Self, QueryError> {
        check(query)?;
        let (filter, group_by) = (&query.filter, &query.group_by);
        let mut selection = Selection::compile(board, catalogue, filter, query.range, group_by)?;
        let mut data = Span::EMPTY;
        for segment in board.segments.iter().filter(|segment| segment.live > 0) {
            let span = reach(query, segment);
            data.min = data.min.min(span.min);
            data.max = data.max.max(span.max);
        }
        // Time beyond the data holds nothing, and a calendar need not reach it.
        selection.start = selection.start.max(data.min);
        selection.end = selection.end.min(data.max.saturating_add(1));
        let bucket = group_by.iter().find_map(|dimension| match dimension {
            Dimension::Time(bucket) => Some(*bucket),
            _ => None,
        });
        let axis = match bucket {
            Some(bucket) => Axis::new(bucket, &query.zone, selection.start, selection.end)?,
            None => Axis::whole(),
        };
        Ok(Self {
            query,
            selection,
            axis,
            wanted: Wanted::by(&query.measures),
        })
    }

    /// Number of the group of these parts.
    #[inline]
    pub(crate) fn group(&self, bucket: usize, message: u32, dims: u32, fate: u32) -> u64 {
        let selection = &self.selection;
        let number = bucket as u64 * selection.messages.groups() + u64::from(message);
        let number = number * selection.dims.groups() + u64::from(dims);
        number * selection.fates.groups() + u64::from(fate)
    }

    /// Values of the dimensions of a group.
    pub(crate) fn key(&self, group: u64) -> Vec<Value> {
        let selection = &self.selection;
        let (group, fate) = divide(group, selection.fates.groups());
        let (group, dims) = divide(group, selection.dims.groups());
        let (bucket, message) = divide(group, selection.messages.groups());
        let mut message = selection.messages.keys[message as usize].iter();
        let mut dims = selection.dims.keys[dims as usize].iter();
        let mut fate = selection.fates.keys[fate as usize].iter();
        let value = |dimension: &Dimension| match dimension.source() {
            Source::Time => Some(self.axis.value(bucket as usize)),
            Source::Message => message.next().cloned(),
            Source::Dims => dims.next().cloned(),
            Source::Fate => fate.next().cloned(),
        };
        self.query.group_by.iter().filter_map(value).collect()
    }

    /// Whether a segment may hold anything.
    pub(crate) fn reaches(&self, segment: &Segment) -> bool {
        let span = reach(self.query, segment);
        segment.live > 0
            && !self.selection.is_empty()
            && span.touches(self.selection.start, self.selection.end)
    }
}

const fn divide(number: u64, by: u64) -> (u64, u64) {
    (number / by, number % by)
}

/// The times of a segment that a query looks at.
fn reach(query: &Query, segment: &Segment) -> Span {
    let mut span = segment.created;
    if query.basis == Basis::Occurred {
        for measure in &query.measures {
            let mark = match measure {
                Measure::Rows => continue,
                Measure::Revenue => Mark::Converted,
                Measure::Marked(mark)
                | Measure::DelayQuantiles { mark, .. }
                | Measure::DelayHistogram { mark, .. } => *mark,
            };
            let occurred = segment.occurred[mark.index()];
            span.min = span.min.min(occurred.min);
            span.max = span.max.max(occurred.max);
        }
    }
    span
}

fn check(query: &Query) -> Result<(), QueryError> {
    let dimensions = &query.group_by;
    let kinds: Vec<_> = dimensions
        .iter()
        .map(|dimension| match dimension {
            Dimension::Time(_) => None,
            other => Some(other),
        })
        .collect();
    let twice = (1..kinds.len()).any(|place| kinds[..place].contains(&kinds[place]));
    if dimensions.len() > MAX_DIMENSIONS || twice {
        return Err(QueryError::GroupBy);
    }
    for measure in &query.measures {
        match measure {
            Measure::DelayQuantiles { shares, .. }
                if !shares.iter().all(|share| (0.0..=1.0).contains(share)) =>
            {
                return Err(QueryError::Share);
            }
            Measure::DelayHistogram { bounds, .. }
                if bounds.is_empty()
                    || bounds.len() > MAX_BOUNDS
                    || bounds.windows(2).any(|pair| pair[0] >= pair[1]) =>
            {
                return Err(QueryError::Bounds);
            }
            _ => {}
        }
    }
    Ok(())
}
