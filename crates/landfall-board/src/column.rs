//! Columns of unsigned numbers at the narrowest width that holds them.

/// The numbers of a column, at their width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ints {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
}

/// A column: each value is `base` plus a number. Open columns have base 0; [`Column::compact`]
/// finds the best base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) base: u32,
    pub(crate) ints: Ints,
}

impl Column {
    pub(crate) const fn new() -> Self {
        Self {
            base: 0,
            ints: Ints::U8(Vec::new()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.ints {
            Ints::U8(ints) => ints.len(),
            Ints::U16(ints) => ints.len(),
            Ints::U32(ints) => ints.len(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> u32 {
        self.base
            + match &self.ints {
                Ints::U8(ints) => u32::from(ints[row]),
                Ints::U16(ints) => u32::from(ints[row]),
                Ints::U32(ints) => ints[row],
            }
    }

    pub(crate) fn push(&mut self, value: u32) {
        self.make_room(value);
        let number = value - self.base;
        match &mut self.ints {
            Ints::U8(ints) => ints.push(number as u8),
            Ints::U16(ints) => ints.push(number as u16),
            Ints::U32(ints) => ints.push(number),
        }
    }

    pub(crate) fn set(&mut self, row: usize, value: u32) {
        self.make_room(value);
        let number = value - self.base;
        match &mut self.ints {
            Ints::U8(ints) => ints[row] = number as u8,
            Ints::U16(ints) => ints[row] = number as u16,
            Ints::U32(ints) => ints[row] = number,
        }
    }

    /// Widens in place until `value` fits.
    fn make_room(&mut self, value: u32) {
        if value < self.base {
            *self = Self::encode(0, u32::MAX, self.iter());
        }
        let number = value - self.base;
        match &self.ints {
            Ints::U8(ints) if number > u32::from(u8::MAX) => {
                self.ints = if number > u32::from(u16::MAX) {
                    Ints::U32(ints.iter().map(|&int| u32::from(int)).collect())
                } else {
                    Ints::U16(ints.iter().map(|&int| u16::from(int)).collect())
                };
            }
            Ints::U16(ints) if number > u32::from(u16::MAX) => {
                self.ints = Ints::U32(ints.iter().map(|&int| u32::from(int)).collect());
            }
            _ => {}
        }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Calls `work` with each row and its value: faster than [`Column::iter`] where a loop does
    /// little else.
    pub(crate) fn each(&self, mut work: impl FnMut(usize, u32)) {
        let base = self.base;
        match &self.ints {
            Ints::U8(ints) => {
                let rows = ints.iter().enumerate();
                rows.for_each(|(row, int)| work(row, base + u32::from(*int)));
            }
            Ints::U16(ints) => {
                let rows = ints.iter().enumerate();
                rows.for_each(|(row, int)| work(row, base + u32::from(*int)));
            }
            Ints::U32(ints) => {
                let rows = ints.iter().enumerate();
                rows.for_each(|(row, int)| work(row, base + *int));
            }
        }
    }

    fn encode(base: u32, widest: u32, values: impl Iterator<Item = u32>) -> Self {
        let numbers = values.map(|value| value - base);
        let ints = match widest - base {
            0..=0xff => Ints::U8(numbers.map(|number| number as u8).collect()),
            0x100..=0xffff => Ints::U16(numbers.map(|number| number as u16).collect()),
            _ => Ints::U32(numbers.collect()),
        };
        Self { base, ints }
    }

    /// The rows `order`, in that order, at the narrowest width; with a base when `keyed`.
    /// Dictionary columns keep base 0, so that lookup tables can be indexed by their numbers.
    pub(crate) fn compact(&self, order: &[u16], keyed: bool) -> Self {
        let values = || order.iter().map(|&row| self.get(usize::from(row)));
        let base = if keyed {
            values().min().unwrap_or(0)
        } else {
            0
        };
        Self::encode(base, values().max().unwrap_or(0), values())
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        match &self.ints {
            Ints::U8(ints) => ints.capacity(),
            Ints::U16(ints) => 2 * ints.capacity(),
            Ints::U32(ints) => 4 * ints.capacity(),
        }
    }
}
