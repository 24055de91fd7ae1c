//! The innermost loop of counting.

use crate::scan::lookup::{ByteLookup, Code, Lookup, OnCodes, on_codes};
use crate::segment::Segment;

/// Cells that a byte can name.
const BYTE: usize = 256;
/// Copies of the cells on the desk, for rows in turn: adding to the same cell twice in a row
/// would have to wait.
const COPIES: usize = 4;

/// Where a block's line begins by set of device facts, and which cell of it by fate.
pub(crate) enum Tables {
    /// For blocks of up to 256 cells.
    Bytes(ByteLookup, ByteLookup),
    Words(Lookup, Lookup),
}

/// What a thread counts on: small enough to stay in the innermost cache. All zero between
/// stretches.
pub(crate) struct Desk(Box<[[u32; BYTE]; COPIES]>);

impl Default for Desk {
    fn default() -> Self {
        Self(Box::new([[0; BYTE]; COPIES]))
    }
}

impl Tables {
    /// Tables for blocks of `len` cells.
    pub(crate) fn new(lines: Vec<u32>, places: Vec<u32>, len: usize) -> Self {
        let bytes = (len <= BYTE)
            .then(|| Some((ByteLookup::new(&lines)?, ByteLookup::new(&places)?)))
            .flatten();
        match bytes {
            Some((lines, places)) => Self::Bytes(lines, places),
            None => Self::Words(Lookup::new(lines), Lookup::new(places)),
        }
    }

    /// The cell of a set of device facts and a fate.
    pub(crate) fn cell(&self, dims: u32, fate: u32) -> usize {
        match self {
            Self::Bytes(lines, places) => usize::from(lines.get(dims) + places.get(fate)),
            Self::Words(lines, places) => (lines.get(dims) + places.get(fate)) as usize,
        }
    }

    /// Counts rows into `block`.
    pub(crate) fn tally(
        &self,
        segment: &Segment,
        rows: (usize, usize),
        desk: &mut Desk,
        block: &mut [u32],
    ) {
        let (dims, fates) = (&segment.dims, &segment.fates);
        match self {
            // Few rows are not worth clearing the desk for.
            Self::Bytes(lines, places) if rows.1 - rows.0 > block.len() => {
                let mut work = ByBytes {
                    lines,
                    places,
                    desk,
                };
                on_codes(dims, fates, rows, &mut work);
                for (cell, count) in block.iter_mut().enumerate() {
                    for copy in desk.0.iter_mut() {
                        *count += std::mem::take(&mut copy[cell]);
                    }
                }
            }
            Self::Bytes(..) => {
                for row in rows.0..rows.1 {
                    block[self.cell(dims.get(row), fates.get(row))] += 1;
                }
            }
            Self::Words(lines, places) => {
                let mut work = ByWords {
                    lines,
                    places,
                    block,
                };
                on_codes(dims, fates, rows, &mut work);
            }
        }
    }
}

struct ByBytes<'scan> {
    lines: &'scan ByteLookup,
    places: &'scan ByteLookup,
    desk: &'scan mut Desk,
}

impl OnCodes for ByBytes<'_> {
    fn run<D: Code, F: Code>(&mut self, dims: &[D], fates: &[F]) {
        let (lines, places) = (self.lines.parts(), self.places.parts());
        let desk = &mut *self.desk.0;
        let cell = |dims: D, fate: F| {
            let cell = dims
                .look_up_byte(lines)
                .wrapping_add(fate.look_up_byte(places));
            usize::from(cell)
        };
        let (dims, dims_left) = dims.as_chunks::<COPIES>();
        let (fates, fates_left) = fates.as_chunks::<COPIES>();
        for (dims, fates) in dims.iter().zip(fates) {
            for ((copy, dims), fate) in desk.iter_mut().zip(dims).zip(fates) {
                copy[cell(*dims, *fate)] += 1;
            }
        }
        for (dims, fate) in dims_left.iter().zip(fates_left) {
            desk[0][cell(*dims, *fate)] += 1;
        }
    }
}

struct ByWords<'scan> {
    lines: &'scan Lookup,
    places: &'scan Lookup,
    block: &'scan mut [u32],
}

impl OnCodes for ByWords<'_> {
    fn run<D: Code, F: Code>(&mut self, dims: &[D], fates: &[F]) {
        for (dims, fate) in dims.iter().zip(fates) {
            let cell = dims.look_up(self.lines) + fate.look_up(self.places);
            self.block[cell as usize] += 1;
        }
    }
}
