//! Up to 61,440 rows in columns. An open segment takes rows in order of arrival; sealing sorts
//! it by message and time, so that scans run over stretches of one message in time order.

mod seal;

use landfall_domain::marks::{MARK_COUNT, Mark, Marks};

use crate::column::Column;
use crate::delays::DelayColumn;
use crate::dictionary::REMOVED;

/// Most rows of a segment. A row's number must fit 16 bits; that columns stay somewhat below a
/// power of two in bytes lets allocators pack them without much waste.
pub(crate) const MAX_ROWS: usize = 61_440;

/// When rows were created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// Milliseconds after a base.
    Near(i64, Vec<u32>),
    /// Milliseconds since the epoch: open segments, and those that span over 49 days.
    Far(Vec<i64>),
}

impl Times {
    #[inline]
    pub(crate) fn get(&self, row: usize) -> i64 {
        match self {
            Self::Near(base, offsets) => base + i64::from(offsets[row]),
            Self::Far(times) => times[row],
        }
    }

    /// The first of the rows `start..end`, which rise in time, that was created at `at` or later.
    pub(crate) fn first_from(&self, at: i64, start: usize, end: usize) -> usize {
        let before = match self {
            Self::Near(base, _) if at <= *base => 0,
            Self::Near(base, offsets) => {
                let offset = u32::try_from(at.saturating_sub(*base));
                offset.map_or(end - start, |offset| {
                    count_before(&offsets[start..end], offset)
                })
            }
            Self::Far(times) => times[start..end].partition_point(|time| *time < at),
        };
        start + before
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Near(_, offsets) => 4 * offsets.capacity(),
            Self::Far(times) => 8 * times.capacity(),
        }
    }
}

/// How many of the rising `offsets` are below `bound`. Messages go out evenly enough that a guess
/// by proportion ends up near; a search that starts there touches less memory than bisection.
fn count_before(offsets: &[u32], bound: u32) -> usize {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
        return 0;
    };
    if bound <= *first {
        return 0;
    }
    if *last < bound {
        return offsets.len();
    }
    let steps = u64::from(bound - first) * (offsets.len() as u64 - 1);
    let guess = (steps / u64::from(last - first)) as usize;
    let (mut low, mut high, mut step) = (guess, guess, 8);
    if offsets[guess] < bound {
        while high < offsets.len() && offsets[high] < bound {
            (low, high, step) = (high + 1, high + step, step * 2);
        }
        high = high.min(offsets.len());
    } else {
        while low > 0 && offsets[low] >= bound {
            (high, low, step) = (low, low.saturating_sub(step), step * 2);
        }
    }
    low + offsets[low..high].partition_point(|offset| *offset < bound)
}

/// Which message each row is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Messages {
    /// One for each row.
    Each(Column),
    /// Sealed: messages with the end of their stretch of rows.
    Runs(Vec<(u32, u32)>),
}

/// First and last instant of something; empty when `min > max`. May be wider than the truth
/// after updates, never narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Span {
    pub(crate) const EMPTY: Self = Self {
        min: i64::MAX,
        max: i64::MIN,
    };

    pub(crate) fn widen(&mut self, at: i64) {
        self.min = self.min.min(at);
        self.max = self.max.max(at);
    }

    /// Whether it has an instant in common with `start..end`.
    pub(crate) const fn touches(&self, start: i64, end: i64) -> bool {
        self.min < end && self.max >= start
    }

    /// Whether it lies in `start..end` as a whole.
    pub(crate) const fn within(&self, start: i64, end: i64) -> bool {
        self.min >= start && self.max < end
    }
}

/// Revenue of the few rows that have some, by rising row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RevenueColumn {
    pub(crate) rows: Vec<u16>,
    pub(crate) currencies: Vec<u16>,
    pub(crate) minor: Vec<i64>,
}

impl RevenueColumn {
    fn set(&mut self, row: u16, revenue: Option<(u16, i64)>) {
        match (self.rows.binary_search(&row), revenue) {
            (Ok(place), Some((currency, minor))) => {
                self.currencies[place] = currency;
                self.minor[place] = minor;
            }
            (Ok(place), None) => {
                self.rows.remove(place);
                self.currencies.remove(place);
                self.minor.remove(place);
            }
            (Err(place), Some((currency, minor))) => {
                self.rows.insert(place, row);
                self.currencies.insert(place, currency);
                self.minor.insert(place, minor);
            }
            (Err(_), None) => {}
        }
    }

    pub(crate) fn get(&self, row: u16) -> Option<(u16, i64)> {
        let place = self.rows.binary_search(&row).ok()?;
        Some((self.currencies[place], self.minor[place]))
    }

    fn bytes(&self) -> usize {
        2 * self.rows.capacity() + 2 * self.currencies.capacity() + 8 * self.minor.capacity()
    }
}

/// A row in the segment's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) delivery: u32,
    pub(crate) target: u16,
    pub(crate) created: i64,
    pub(crate) message: u32,
    pub(crate) dims: u32,
    pub(crate) fate: u32,
    /// Person's key plus one, 0 for none.
    pub(crate) person: u32,
    /// Device's key plus one, 0 for none.
    pub(crate) device: u32,
    /// Currency and amount.
    pub(crate) revenue: Option<(u16, i64)>,
}

/// Rows in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) times: Times,
    pub(crate) messages: Messages,
    pub(crate) dims: Column,
    pub(crate) fates: Column,
    pub(crate) people: Column,
    pub(crate) devices: Column,
    pub(crate) deliveries: Column,
    pub(crate) targets: Column,
    pub(crate) delays: Vec<DelayColumn>,
    pub(crate) revenue: RevenueColumn,
    /// Rows that were not removed.
    pub(crate) live: usize,
    /// Whether a delivery may have several rows here.
    pub(crate) several: bool,
    /// One bit for each row whose delivery has rows elsewhere, not next to it.
    pub(crate) scattered: Option<Vec<u64>>,
    pub(crate) created: Span,
    /// When marks occurred, by mark.
    pub(crate) occurred: Vec<Span>,
}

impl Segment {
    pub(crate) fn open() -> Self {
        Self {
            times: Times::Far(Vec::new()),
            messages: Messages::Each(Column::new()),
            dims: Column::new(),
            fates: Column::new(),
            people: Column::new(),
            devices: Column::new(),
            deliveries: Column::new(),
            targets: Column::new(),
            delays: vec![DelayColumn::default(); MARK_COUNT],
            revenue: RevenueColumn::default(),
            live: 0,
            several: false,
            scattered: None,
            created: Span::EMPTY,
            occurred: vec![Span::EMPTY; MARK_COUNT],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.fates.len()
    }

    pub(crate) const fn is_sealed(&self) -> bool {
        matches!(self.messages, Messages::Runs(_))
    }

    pub(crate) fn message(&self, row: usize) -> u32 {
        match &self.messages {
            Messages::Each(messages) => messages.get(row),
            Messages::Runs(runs) => {
                let run = runs.partition_point(|(_, end)| *end as usize <= row);
                runs[run].0
            }
        }
    }

    /// Stretches of rows of one message: message, first row, row after the last.
    pub(crate) fn runs(&self) -> Vec<(u32, usize, usize)> {
        match &self.messages {
            Messages::Runs(runs) => {
                let starts = std::iter::once(0).chain(runs.iter().map(|(_, end)| *end as usize));
                let runs = runs.iter().zip(starts);
                runs.map(|((message, end), start)| (*message, start, *end as usize))
                    .collect()
            }
            Messages::Each(messages) => {
                let mut runs: Vec<(u32, usize, usize)> = Vec::new();
                for (row, message) in messages.iter().enumerate() {
                    match runs.last_mut() {
                        Some((last, _, end)) if *last == message => *end = row + 1,
                        _ => runs.push((message, row, row + 1)),
                    }
                }
                runs
            }
        }
    }

    pub(crate) fn is_removed(&self, row: usize) -> bool {
        self.fates.get(row) == REMOVED
    }

    pub(crate) fn is_scattered(&self, row: usize) -> bool {
        let bits = self.scattered.as_ref();
        bits.is_some_and(|bits| {
            bits.get(row / 64)
                .is_some_and(|word| word >> (row % 64) & 1 == 1)
        })
    }

    pub(crate) fn set_scattered(&mut self, row: usize, scattered: bool) {
        let bits = self.scattered.get_or_insert_default();
        if bits.len() <= row / 64 {
            bits.resize(row / 64 + 1, 0);
        }
        bits[row / 64] &= !(1 << (row % 64));
        bits[row / 64] |= u64::from(scattered) << (row % 64);
    }

    /// Adds a row at the end of an open segment; `marks` are its first times.
    pub(crate) fn push(&mut self, row: &Row, marks: &Marks) {
        let (Times::Far(times), Messages::Each(messages)) = (&mut self.times, &mut self.messages)
        else {
            unreachable!("rows are only added to the open segment")
        };
        times.push(row.created);
        messages.push(row.message);
        self.dims.push(row.dims);
        self.fates.push(row.fate);
        self.people.push(row.person);
        self.devices.push(row.device);
        self.deliveries.push(row.delivery);
        self.targets.push(u32::from(row.target));
        self.live += 1;
        self.created.widen(row.created);
        let at = (self.len() - 1) as u16;
        if row.revenue.is_some() {
            self.revenue.set(at, row.revenue);
        }
        self.set_delays(at, row.created, marks);
    }

    /// Replaces a row; message and creation stay. `lost` are bits of marks it no longer has.
    pub(crate) fn replace(&mut self, at: u16, row: &Row, marks: &Marks, lost: u32) {
        let place = usize::from(at);
        self.dims.set(place, row.dims);
        self.fates.set(place, row.fate);
        self.people.set(place, row.person);
        self.devices.set(place, row.device);
        self.revenue.set(at, row.revenue);
        for mark in Mark::ALL.iter().filter(|mark| lost & mark.bit() != 0) {
            self.delays[mark.index()].clear(at);
        }
        self.set_delays(at, row.created, marks);
    }

    fn set_delays(&mut self, at: u16, created: i64, marks: &Marks) {
        let len = self.len();
        for (mark, time) in marks.iter() {
            self.occurred[mark.index()].widen(time.millis());
            let delay = time.millis().saturating_sub(created);
            let column = &mut self.delays[mark.index()];
            if mark == Mark::Created && delay == 0 {
                column.clear(at);
            } else {
                column.set(at, delay, len);
            }
        }
    }

    /// Time from creation to `mark`, which the row must have.
    pub(crate) fn delay(&self, mark: Mark, row: usize) -> i64 {
        self.delays[mark.index()].get(row as u16).unwrap_or(0)
    }

    /// Takes a row away. Its delivery stays readable, so that neighbours are still found.
    pub(crate) fn remove(&mut self, at: u16) {
        self.fates.set(usize::from(at), REMOVED);
        self.revenue.set(at, None);
        for column in &mut self.delays {
            column.clear(at);
        }
        self.live -= 1;
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let messages = match &self.messages {
            Messages::Each(messages) => messages.bytes(),
            Messages::Runs(runs) => 8 * runs.capacity(),
        };
        let columns = [
            &self.dims,
            &self.fates,
            &self.people,
            &self.devices,
            &self.deliveries,
            &self.targets,
        ];
        let delays = self.delays.iter().map(DelayColumn::bytes).sum::<usize>();
        self.times.bytes()
            + messages
            + columns.into_iter().map(Column::bytes).sum::<usize>()
            + delays
            + self.revenue.bytes()
            + self
                .scattered
                .as_ref()
                .map_or(0, |bits| 8 * bits.capacity())
            + MARK_COUNT * (size_of::<DelayColumn>() + size_of::<Span>())
            + size_of::<Self>()
    }
}
