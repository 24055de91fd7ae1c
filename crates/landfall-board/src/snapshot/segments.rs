//! Segments in a snapshot, and the index that follows from them.

use landfall_domain::marks::MARK_COUNT;
use rustc_hash::FxHashMap;

use crate::board::Board;
use crate::column::Column;
use crate::delays::{DelayColumn, Delays};
use crate::index::{Address, Place, address};
use crate::segment::{MAX_ROWS, Messages, RevenueColumn, Segment, Span, Times};
use crate::snapshot::SnapshotError;
use crate::snapshot::bytes::{Input, Output};

impl Segment {
    pub(super) fn put(&self, output: &mut Output) {
        match &self.times {
            Times::Near(base, offsets) => {
                output.u8(1);
                output.i64(*base);
                output.u32s(offsets);
            }
            Times::Far(times) => {
                output.u8(2);
                output.i64s(times);
            }
        }
        match &self.messages {
            Messages::Each(messages) => {
                output.u8(1);
                output.column(messages);
            }
            Messages::Runs(runs) => {
                output.u8(2);
                output.u32s(&runs.iter().map(|(message, _)| *message).collect::<Vec<_>>());
                output.u32s(&runs.iter().map(|(_, end)| *end).collect::<Vec<_>>());
            }
        }
        for column in [
            &self.dims,
            &self.fates,
            &self.people,
            &self.devices,
            &self.deliveries,
            &self.targets,
        ] {
            output.column(column);
        }
        self.delays
            .iter()
            .for_each(|column| put_delays(column, output));
        output.u16s(&self.revenue.rows);
        output.u16s(&self.revenue.currencies);
        output.i64s(&self.revenue.minor);
        output.u64(self.live as u64);
        output.u8(u8::from(self.several));
        for span in std::iter::once(&self.created).chain(&self.occurred) {
            output.i64(span.min);
            output.i64(span.max);
        }
    }

    /// Whether all columns are of one length and name only what dictionaries know.
    fn is_sound(&self, board: &Board) -> bool {
        let rows = self.len();
        let columns = [
            &self.dims,
            &self.people,
            &self.devices,
            &self.deliveries,
            &self.targets,
        ];
        let times = match &self.times {
            Times::Near(_, offsets) => offsets.len(),
            Times::Far(times) => times.len(),
        };
        let messages = match &self.messages {
            Messages::Each(messages) => messages.len(),
            Messages::Runs(runs) => runs.last().map_or(0, |(_, end)| *end as usize),
        };
        let known = |column: &Column, entries: usize| {
            column.base == 0 && column.iter().all(|number| (number as usize) < entries)
        };
        rows <= MAX_ROWS
            && self.live <= rows
            && columns.iter().all(|column| column.len() == rows)
            && times == rows
            && messages == rows
            && known(&self.dims, board.dims.entries().len())
            && known(&self.fates, board.fates.entries().len())
            && known_currencies(&self.revenue, board.currencies.0.len())
    }
}

fn known_currencies(revenue: &RevenueColumn, known: usize) -> bool {
    revenue.rows.len() == revenue.currencies.len()
        && revenue.rows.len() == revenue.minor.len()
        && revenue
            .currencies
            .iter()
            .all(|currency| usize::from(*currency) < known)
}

fn put_delays(column: &DelayColumn, output: &mut Output) {
    match &column.delays {
        Delays::Empty => output.u8(0),
        Delays::Sparse(rows, delays) => {
            output.u8(1);
            output.u16s(rows);
            output.u32s(delays);
        }
        Delays::Dense(delays) => {
            output.u8(2);
            output.u32s(delays);
        }
    }
    output.u64(column.escapes.len() as u64);
    for (row, delay) in &column.escapes {
        output.u16(*row);
        output.i64(*delay);
    }
}

fn take_delays(input: &mut Input<'_>) -> Result<DelayColumn, SnapshotError> {
    let delays = match input.u8()? {
        0 => Delays::Empty,
        1 => Delays::Sparse(input.u16s()?, input.u32s()?),
        2 => Delays::Dense(input.u32s()?),
        _ => return Err(SnapshotError::Damaged),
    };
    let mut escapes = FxHashMap::default();
    for _ in 0..input.len()? {
        escapes.insert(input.u16()?, input.i64()?);
    }
    Ok(DelayColumn { delays, escapes })
}

fn take_span(input: &mut Input<'_>) -> Result<Span, SnapshotError> {
    Ok(Span {
        min: input.i64()?,
        max: input.i64()?,
    })
}

impl Board {
    pub(super) fn take_segment(&self, input: &mut Input<'_>) -> Result<Segment, SnapshotError> {
        let times = match input.u8()? {
            1 => Times::Near(input.i64()?, input.u32s()?),
            2 => Times::Far(input.i64s()?),
            _ => return Err(SnapshotError::Damaged),
        };
        let messages = match input.u8()? {
            1 => Messages::Each(input.column()?),
            2 => Messages::Runs(input.u32s()?.into_iter().zip(input.u32s()?).collect()),
            _ => return Err(SnapshotError::Damaged),
        };
        let segment = Segment {
            times,
            messages,
            dims: input.column()?,
            fates: input.column()?,
            people: input.column()?,
            devices: input.column()?,
            deliveries: input.column()?,
            targets: input.column()?,
            delays: (0..MARK_COUNT)
                .map(|_| take_delays(input))
                .collect::<Result<_, _>>()?,
            revenue: RevenueColumn {
                rows: input.u16s()?,
                currencies: input.u16s()?,
                minor: input.i64s()?,
            },
            live: input.len()?,
            several: input.u8()? == 1,
            scattered: None,
            created: take_span(input)?,
            occurred: (0..MARK_COUNT)
                .map(|_| take_span(input))
                .collect::<Result<_, _>>()?,
        };
        if segment.is_sound(self) {
            Ok(segment)
        } else {
            Err(SnapshotError::Damaged)
        }
    }

    /// Builds the index of all rows.
    pub(super) fn index_all(&mut self) {
        let mut scattered: FxHashMap<u32, Vec<Address>> = FxHashMap::default();
        for number in 0..self.segments.len() {
            let segment = std::sync::Arc::clone(&self.segments[number]);
            let mut last = None;
            for row in (0..segment.len()).filter(|row| !segment.is_removed(*row)) {
                let (delivery, at) = (segment.deliveries.get(row), address(number, row));
                let follows = last == Some((delivery, at.wrapping_sub(1)));
                last = Some((delivery, at));
                if follows && self.adjacent(at - 1, at) && !scattered.contains_key(&delivery) {
                    continue;
                }
                match self.index.place(delivery) {
                    Place::Nowhere => self.index.set_first(delivery, at),
                    _ => scattered
                        .entry(delivery)
                        .or_insert_with(|| self.rows_of(delivery))
                        .push(at),
                }
            }
        }
        for (delivery, mut rows) in scattered {
            rows.sort_unstable();
            rows.dedup();
            self.list(delivery, rows);
        }
    }
}
