//! Delays from creation to a mark, one column for each mark, as dense as the mark is frequent.

use rustc_hash::FxHashMap;

/// No delay here. The greatest number that is not negative as a signed one either: scans compare
/// and convert delays as signed numbers, which machines do faster.
pub(crate) const ABSENT: u32 = i32::MAX as u32;
/// The delay does not fit; it stands in the column's `escapes`.
pub(crate) const ESCAPED: u32 = ABSENT - 1;
/// From here on, after more than 24 days, delays escape. The bound keeps [`ABSENT`] and
/// [`ESCAPED`] in a class of their own when delays are classed by their leading bits.
pub(crate) const LIMIT: u32 = 0x7fff_0000;
/// Up to here a column stays a list however short the segment is.
const SMALL: usize = 64;

/// Where the delays of one mark stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Delays {
    /// No row has one.
    #[default]
    Empty,
    /// The rows that have one, rising, and the delay of each.
    Sparse(Vec<u16>, Vec<u32>),
    /// One for each row up to the last that has one, [`ABSENT`] between.
    Dense(Vec<u32>),
}

/// One mark's delays in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DelayColumn {
    pub(crate) delays: Delays,
    /// Negative ones, and those from [`LIMIT`] on.
    pub(crate) escapes: FxHashMap<u16, i64>,
}

impl DelayColumn {
    pub(crate) fn get(&self, row: u16) -> Option<i64> {
        let stored = match &self.delays {
            Delays::Empty => return None,
            Delays::Sparse(rows, delays) => delays[rows.binary_search(&row).ok()?],
            Delays::Dense(delays) => *delays.get(usize::from(row))?,
        };
        self.decode(row, stored)
    }

    /// The delay that `stored` stands for in `row`.
    pub(crate) fn decode(&self, row: u16, stored: u32) -> Option<i64> {
        match stored {
            ABSENT => None,
            ESCAPED => self.escapes.get(&row).copied(),
            delay => Some(i64::from(delay)),
        }
    }

    /// Puts `delay` into `row` of a segment that has `len` rows.
    pub(crate) fn set(&mut self, row: u16, delay: i64, len: usize) {
        let stored = match u32::try_from(delay) {
            Ok(delay) if delay < LIMIT => delay,
            _ => ESCAPED,
        };
        if stored == ESCAPED {
            self.escapes.insert(row, delay);
        } else if !self.escapes.is_empty() {
            self.escapes.remove(&row);
        }
        self.put(row, stored);
        self.thicken(len);
    }

    fn put(&mut self, row: u16, stored: u32) {
        match &mut self.delays {
            Delays::Empty => self.delays = Delays::Sparse(vec![row], vec![stored]),
            Delays::Sparse(rows, delays) => match rows.binary_search(&row) {
                Ok(place) => delays[place] = stored,
                Err(place) => {
                    rows.insert(place, row);
                    delays.insert(place, stored);
                }
            },
            Delays::Dense(delays) => {
                let row = usize::from(row);
                if delays.len() <= row {
                    delays.resize(row + 1, ABSENT);
                }
                delays[row] = stored;
            }
        }
    }

    /// Becomes dense when more than a quarter of `len` rows have a delay.
    fn thicken(&mut self, len: usize) {
        if let Delays::Sparse(rows, delays) = &self.delays
            && rows.len() > SMALL
            && rows.len() * 4 > len
        {
            let mut dense = vec![ABSENT; len];
            for (row, delay) in rows.iter().zip(delays) {
                dense[usize::from(*row)] = *delay;
            }
            self.delays = Delays::Dense(dense);
        }
    }

    /// Takes the delay of `row` away.
    pub(crate) fn clear(&mut self, row: u16) {
        self.escapes.remove(&row);
        match &mut self.delays {
            Delays::Empty => {}
            Delays::Sparse(rows, delays) => {
                if let Ok(place) = rows.binary_search(&row) {
                    rows.remove(place);
                    delays.remove(place);
                }
            }
            Delays::Dense(delays) => {
                if let Some(delay) = delays.get_mut(usize::from(row)) {
                    *delay = ABSENT;
                }
            }
        }
    }

    /// The rows `order`, in that order, list or dense as fits their number. Dense columns of
    /// sealed segments are as long as the segment, so that scans need no second bound.
    pub(crate) fn compact(&self, order: &[u16]) -> Self {
        if self.delays == Delays::Empty {
            return Self::default();
        }
        let mut dense = vec![ABSENT; order.len()];
        let mut escapes = FxHashMap::default();
        let mut count = 0;
        for (new, old) in order.iter().enumerate() {
            let Some(delay) = self.get(*old) else {
                continue;
            };
            count += 1;
            dense[new] = match u32::try_from(delay) {
                Ok(delay) if delay < LIMIT => delay,
                _ => {
                    escapes.insert(new as u16, delay);
                    ESCAPED
                }
            };
        }
        let delays = if count * 4 > order.len() {
            Delays::Dense(dense)
        } else {
            let kept = || {
                dense
                    .iter()
                    .enumerate()
                    .filter(|(_, delay)| **delay != ABSENT)
            };
            let mut rows = Vec::with_capacity(count);
            let mut delays = Vec::with_capacity(count);
            rows.extend(kept().map(|(row, _)| row as u16));
            delays.extend(kept().map(|(_, delay)| *delay));
            Delays::Sparse(rows, delays)
        };
        Self { delays, escapes }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let columns = match &self.delays {
            Delays::Empty => 0,
            Delays::Sparse(rows, delays) => 2 * rows.capacity() + 4 * delays.capacity(),
            Delays::Dense(delays) => 4 * delays.capacity(),
        };
        columns + 16 * self.escapes.capacity()
    }
}
