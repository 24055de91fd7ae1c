//! Lookup tables for the numbers of a dictionary column.

use crate::column::{Column, Ints};

/// Entries that 16 bits can name.
const NARROW: usize = 1 << 16;

/// An answer for each number. The first 65,536 stand in an array of exactly that length, so that
/// an 8 or 16-bit number needs no bounds check.
pub(crate) struct Lookup {
    narrow: Box<[u32; NARROW]>,
    wide: Vec<u32>,
}

impl Lookup {
    pub(crate) fn new(answers: Vec<u32>) -> Self {
        let mut narrow = vec![0; NARROW];
        let known = answers.len().min(NARROW);
        narrow[..known].copy_from_slice(&answers[..known]);
        let narrow = narrow.into_boxed_slice().try_into();
        Self {
            narrow: narrow.expect("it was made with that length"),
            wide: answers,
        }
    }

    /// The answer for any number of the dictionary.
    pub(crate) fn get(&self, number: u32) -> u32 {
        self.wide[number as usize]
    }
}

/// Like [`Lookup`], for answers of one byte: a quarter of the cache, and sums of two answers can
/// number the cells of an array of 256 without a bounds check.
pub(crate) struct ByteLookup {
    narrow: Box<[u8; NARROW]>,
    wide: Vec<u8>,
}

impl ByteLookup {
    /// `None` when an answer is greater than a byte.
    pub(crate) fn new(answers: &[u32]) -> Option<Self> {
        let wide: Result<Vec<u8>, _> = answers.iter().map(|answer| u8::try_from(*answer)).collect();
        let wide = wide.ok()?;
        let mut narrow = vec![0; NARROW];
        let known = wide.len().min(NARROW);
        narrow[..known].copy_from_slice(&wide[..known]);
        let narrow = narrow.into_boxed_slice().try_into();
        Some(Self {
            narrow: narrow.expect("it was made with that length"),
            wide,
        })
    }

    /// The answer for any number of the dictionary.
    pub(crate) fn get(&self, number: u32) -> u8 {
        self.wide[number as usize]
    }

    /// The table by its parts, so that a loop need not fetch their addresses for each row.
    pub(crate) fn parts(&self) -> ByteTable<'_> {
        ByteTable {
            narrow: &self.narrow,
            wide: &self.wide,
        }
    }
}

/// A [`ByteLookup`] in a loop.
#[derive(Clone, Copy)]
pub(crate) struct ByteTable<'scan> {
    narrow: &'scan [u8; NARROW],
    wide: &'scan [u8],
}

/// A number as a column stores it.
pub(crate) trait Code: Copy {
    fn look_up(self, lookup: &Lookup) -> u32;
    fn look_up_byte(self, table: ByteTable<'_>) -> u8;
}

impl Code for u8 {
    #[inline(always)]
    fn look_up(self, lookup: &Lookup) -> u32 {
        lookup.narrow[usize::from(self)]
    }

    #[inline(always)]
    fn look_up_byte(self, table: ByteTable<'_>) -> u8 {
        table.narrow[usize::from(self)]
    }
}

impl Code for u16 {
    #[inline(always)]
    fn look_up(self, lookup: &Lookup) -> u32 {
        lookup.narrow[usize::from(self)]
    }

    #[inline(always)]
    fn look_up_byte(self, table: ByteTable<'_>) -> u8 {
        table.narrow[usize::from(self)]
    }
}

impl Code for u32 {
    #[inline(always)]
    fn look_up(self, lookup: &Lookup) -> u32 {
        lookup.wide[self as usize]
    }

    #[inline(always)]
    fn look_up_byte(self, table: ByteTable<'_>) -> u8 {
        table.wide[self as usize]
    }
}

/// Work that is compiled for each pair of widths.
pub(crate) trait OnCodes {
    fn run<D: Code, F: Code>(&mut self, dims: &[D], fates: &[F]);
}

/// Runs `work` on rows `start..end` of two dictionary columns, which have base 0.
pub(crate) fn on_codes(
    dims: &Column,
    fates: &Column,
    (start, end): (usize, usize),
    work: &mut impl OnCodes,
) {
    fn second<D: Code>(
        dims: &[D],
        fates: &Column,
        (start, end): (usize, usize),
        work: &mut impl OnCodes,
    ) {
        match &fates.ints {
            Ints::U8(fates) => work.run(dims, &fates[start..end]),
            Ints::U16(fates) => work.run(dims, &fates[start..end]),
            Ints::U32(fates) => work.run(dims, &fates[start..end]),
        }
    }
    match &dims.ints {
        Ints::U8(dims) => second(&dims[start..end], fates, (start, end), work),
        Ints::U16(dims) => second(&dims[start..end], fates, (start, end), work),
        Ints::U32(dims) => second(&dims[start..end], fates, (start, end), work),
    }
}
