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

/// A number as a column stores it.
pub(crate) trait Code: Copy {
    fn look_up(self, lookup: &Lookup) -> u32;
}

impl Code for u8 {
    #[inline(always)]
    fn look_up(self, lookup: &Lookup) -> u32 {
        lookup.narrow[usize::from(self)]
    }
}

impl Code for u16 {
    #[inline(always)]
    fn look_up(self, lookup: &Lookup) -> u32 {
        lookup.narrow[usize::from(self)]
    }
}

impl Code for u32 {
    #[inline(always)]
    fn look_up(self, lookup: &Lookup) -> u32 {
        lookup.wide[self as usize]
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
