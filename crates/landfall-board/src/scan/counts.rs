//! The fast scan: counts of rows or deliveries by creation. A row costs two lookups and an
//! addition.

mod tally;

use rustc_hash::FxHashMap;

use crate::board::Board;
use crate::index::{Address, row_of, segment_of};
use crate::plan::Plan;
use crate::query::CountBy;
use crate::scan::counts::tally::{Desk, Tables};
use crate::scan::stretch::Stretch;
use crate::scan::sums::{ROWS, Sums};
use crate::segment::Segment;

/// Most cells of a block; questions with more go row by row.
const MAX_CELLS: usize = 1 << 20;
/// Most cells of all blocks together that are made at once.
const MAX_ALL: usize = if cfg!(test) { 1 << 10 } else { 1 << 18 };
/// Cells of all blocks of a thread before they are added up to make room.
const MAX_HELD: usize = 1 << 25;

/// What lookup tables the counting scan needs. A block is a matrix: a line for each group of
/// device facts and one for those that take no part; in each a cell for each combination of fate
/// group and counted marks, and one for fates that take no part.
pub(crate) struct CellPlan {
    /// Where a line begins, by set of device facts, and which cell of the line, by fate.
    tables: Tables,
    /// Fate group and counted bits of each cell, sorted.
    cells: Vec<(u32, u32)>,
    dims_groups: usize,
    /// Counted marks by fate, with [`ROWS`].
    bits: Vec<u32>,
}

impl CellPlan {
    /// `None` when a block would be too big to count in.
    pub(crate) fn new(plan: &Plan<'_>, marks: &[u32]) -> Option<Self> {
        let (dims, fates) = (&plan.selection.dims, &plan.selection.fates);
        let bits: Vec<u32> = marks
            .iter()
            .map(|marks| ROWS | marks & plan.wanted.marks)
            .collect();
        let cell = |fate: usize| (fates.of[fate], bits[fate]);
        let taking_part = |fate: &usize| fates.of[*fate] != fates.excluded();
        let mut cells: Vec<_> = (0..bits.len()).filter(taking_part).map(cell).collect();
        cells.sort_unstable();
        cells.dedup();
        let width = cells.len() + 1;
        let dims_groups = dims.keys.len();
        if (dims_groups + 1).saturating_mul(width) > MAX_CELLS {
            return None;
        }
        let numbers: FxHashMap<_, _> = cells.iter().zip(0_u32..).map(|(c, n)| (*c, n)).collect();
        let place = |fate| {
            numbers
                .get(&cell(fate))
                .copied()
                .unwrap_or(cells.len() as u32)
        };
        let places = (0..bits.len()).map(place).collect();
        let lines = dims.of.iter().map(|group| group * width as u32).collect();
        Some(Self {
            tables: Tables::new(lines, places, (dims_groups + 1) * width),
            cells,
            dims_groups,
            bits,
        })
    }

    const fn width(&self) -> usize {
        self.cells.len() + 1
    }

    const fn block_len(&self) -> usize {
        (self.dims_groups + 1) * self.width()
    }
}

/// Blocks by number: bucket times groups of messages, plus the message's group.
enum Blocks {
    /// All of them, one after the other, when that is not much.
    All(Vec<u32>),
    /// Those that were needed.
    Needed(FxHashMap<u64, Vec<u32>>),
}

impl Blocks {
    fn new(plan: &Plan<'_>, len: usize) -> Self {
        let numbers = plan.axis.len() as u64 * plan.selection.messages.groups();
        match usize::try_from(numbers.saturating_mul(len as u64)) {
            Ok(cells) if cells <= MAX_ALL => Self::All(vec![0; cells]),
            _ => Self::Needed(FxHashMap::default()),
        }
    }

    fn is_full(&self, len: usize) -> bool {
        matches!(self, Self::Needed(blocks) if blocks.len() * len > MAX_HELD)
    }

    fn block(&mut self, number: u64, len: usize) -> &mut [u32] {
        match self {
            Self::All(cells) => &mut cells[number as usize * len..][..len],
            Self::Needed(blocks) => blocks.entry(number).or_insert_with(|| vec![0; len]),
        }
    }
}

/// One thread's counting.
pub(crate) struct Counter<'scan> {
    plan: &'scan Plan<'scan>,
    cells: &'scan CellPlan,
    blocks: Blocks,
    desk: Desk,
}

impl<'scan> Counter<'scan> {
    pub(crate) fn new(plan: &'scan Plan<'scan>, cells: &'scan CellPlan) -> Self {
        Self {
            plan,
            cells,
            blocks: Blocks::new(plan, cells.block_len()),
            desk: Desk::default(),
        }
    }

    /// Counts a segment.
    pub(crate) fn count(&mut self, segment: &Segment, sums: &mut Sums) {
        let by_delivery = self.plan.query.count_by == CountBy::Delivery;
        let several = segment.several || segment.scattered.is_some();
        let (len, groups) = (
            self.cells.block_len(),
            self.plan.selection.messages.groups(),
        );
        for stretch in segment.stretches(&self.plan.selection, &self.plan.axis) {
            if self.blocks.is_full(len) {
                self.add_up(sums);
            }
            let number = stretch.bucket as u64 * groups + u64::from(stretch.message);
            let block = self.blocks.block(number, len);
            if by_delivery && several {
                Deliveries {
                    plan: self.plan,
                    cells: self.cells,
                    block,
                    sums,
                }
                .count(segment, stretch);
            } else {
                let rows = (stretch.start, stretch.end);
                self.cells
                    .tables
                    .tally(segment, rows, &mut self.desk, block);
            }
        }
    }

    /// Adds all blocks to `sums` and drops them.
    pub(crate) fn add_up(&mut self, sums: &mut Sums) {
        let none = Blocks::Needed(FxHashMap::default());
        match std::mem::replace(&mut self.blocks, none) {
            Blocks::All(cells) => {
                let blocks = cells.chunks_exact(self.cells.block_len());
                (0..)
                    .zip(blocks)
                    .for_each(|(number, block)| self.add_block(number, block, sums));
            }
            Blocks::Needed(blocks) => blocks
                .iter()
                .for_each(|(number, block)| self.add_block(*number, block, sums)),
        }
    }

    fn add_block(&self, number: u64, block: &[u32], sums: &mut Sums) {
        let groups = self.plan.selection.messages.groups();
        let (bucket, message) = ((number / groups) as usize, (number % groups) as u32);
        for (dims, line) in (0..self.cells.dims_groups as u32).zip(block.chunks(self.cells.width()))
        {
            let counts = line.iter().map(|count| u64::from(*count));
            let mut counts = self.cells.cells.iter().zip(counts).filter(|(_, n)| *n > 0);
            let Some(((fate, bits), count)) = counts.next() else {
                continue;
            };
            let group = |fate| self.plan.group(bucket, message, dims, fate);
            let mut last = *fate;
            let mut into = sums.group(group(last));
            into.add_bits(*bits, count);
            for ((fate, bits), count) in counts {
                if *fate != last {
                    last = *fate;
                    into = sums.group(group(last));
                }
                into.add_bits(*bits, count);
            }
        }
    }
}

/// Counting where a delivery may have several rows: next to each other, or all over the board.
/// The latter are left to [`scattered`].
struct Deliveries<'scan> {
    plan: &'scan Plan<'scan>,
    cells: &'scan CellPlan,
    block: &'scan mut [u32],
    sums: &'scan mut Sums,
}

impl Deliveries<'_> {
    fn count(&mut self, segment: &Segment, stretch: Stretch) {
        let mut row = stretch.start;
        while row < stretch.end {
            let delivery = segment.deliveries.get(row);
            let mut end = row + 1;
            while end < stretch.end && segment.deliveries.get(end) == delivery {
                end += 1;
            }
            if segment.is_scattered(row) {
                // Live rows of a delivery are all scattered or none is; single ones are passed
                // over here, for removed rows may stand between.
                end = row + 1;
            } else if end == row + 1 {
                let (dims, fate) = (segment.dims.get(row), segment.fates.get(row));
                self.block[self.cells.tables.cell(dims, fate)] += 1;
            } else {
                self.join(segment, stretch, row..end);
            }
            row = end;
        }
    }

    /// Counts the rows of one delivery once in each group.
    fn join(&mut self, segment: &Segment, stretch: Stretch, rows: std::ops::Range<usize>) {
        let mut seen = Seen::default();
        let selection = &self.plan.selection;
        for row in rows {
            let fate = segment.fates.get(row);
            if segment.is_scattered(row) {
                continue;
            }
            if let (Some(dims), Some(group)) = (
                selection.dims.group(segment.dims.get(row)),
                selection.fates.group(fate),
            ) {
                let group = self
                    .plan
                    .group(stretch.bucket, stretch.message, dims, group);
                seen.add(group, self.cells.bits[fate as usize]);
            }
        }
        seen.add_up(self.sums);
    }
}

/// Groups in which a delivery was seen, with the marks of its rows there.
#[derive(Default)]
struct Seen(Vec<(u64, u32)>);

impl Seen {
    fn add(&mut self, group: u64, bits: u32) {
        match self.0.iter_mut().find(|(known, _)| *known == group) {
            Some((_, known)) => *known |= bits,
            None => self.0.push((group, bits)),
        }
    }

    fn add_up(&mut self, sums: &mut Sums) {
        for (group, bits) in self.0.drain(..) {
            sums.group(group).add_bits(bits, 1);
        }
    }
}

/// Counts the deliveries whose rows do not stand together.
pub(crate) fn scattered(board: &Board, plan: &Plan<'_>, cells: &CellPlan, sums: &mut Sums) {
    let mut seen = Seen::default();
    for rows in board.index.scattered() {
        for at in rows {
            if let Some((group, bits)) = group_of(board, plan, cells, *at) {
                seen.add(group, bits);
            }
        }
        seen.add_up(sums);
    }
}

fn group_of(board: &Board, plan: &Plan<'_>, cells: &CellPlan, at: Address) -> Option<(u64, u32)> {
    let (segment, row) = (&board.segments[segment_of(at)], usize::from(row_of(at)));
    let selection = &plan.selection;
    let created = segment.times.get(row);
    if !selection.holds(created) {
        return None;
    }
    let fate = segment.fates.get(row);
    let group = plan.group(
        plan.axis.bucket(created),
        selection.messages.group(segment.message(row))?,
        selection.dims.group(segment.dims.get(row))?,
        selection.fates.group(fate)?,
    );
    Some((group, cells.bits[fate as usize]))
}
