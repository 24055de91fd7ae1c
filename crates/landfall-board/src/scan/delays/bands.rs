//! Quantiles in one pass: when bands of delays are known that very likely hold the wanted ranks,
//! it is enough to count how many delays lie below, between and above them, and to keep those
//! within. A rank that turns out to lie outside of the bands is not found, and says so.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::delays::{Delays, LIMIT};
use crate::scan::delays::classes::Classes;
use crate::scan::delays::passes::two_ranges;
use crate::scan::delays::{DelayScan, Far, Outer, Rank, merge_far, ranks};
use crate::scan::lookup::{ByteLookup, Code, OnCodes, on_codes};
use crate::scan::share_out;
use crate::scan::stretch::Stretch;
use crate::segment::Segment;

/// Below, within and between two bands, above them, and last what is no stored delay. Odd ones
/// are within.
const ZONES: usize = 7;
/// Zones of all groups of a block: what a byte can name.
const BYTE: usize = 256;
/// Bands are of no use when they hold more than this part of all delays.
const WORTH: u64 = if cfg!(test) { 1 } else { 12 };
/// Rows that are worked on together: few enough that the machine already fetches the next ones
/// while it counts these.
const BLOCK: usize = 64;
/// Rows whose zones are found at once.
const LINE: usize = 16;
/// Copies of the zones, for rows in turn: adding to the same number twice in a row would have to
/// wait.
const COPIES: usize = 4;

/// Two bands of delays, and where each group's zones are counted.
pub(super) struct Bands {
    /// First delay and last delay of each.
    bounds: [(i32, i32); 2],
    /// Where the line of a set of device facts begins.
    lines: ByteLookup,
    /// Where in the line the zones of a fate begin.
    places: ByteLookup,
    block_len: usize,
}

/// What was found about one bucket and group of messages.
struct Block {
    counts: Vec<u32>,
    /// Delays within bands, by zone of a group.
    within: Vec<Vec<u32>>,
}

/// One thread's finds.
#[derive(Default)]
struct Finds {
    blocks: FxHashMap<Outer, Block>,
    far: Far,
}

impl Bands {
    /// Bands that hold the `wanted` fine classes. `None` when they would hold too many of the
    /// delays, which `totals` estimates by class, or there are too many groups.
    pub(super) fn new(scan: &DelayScan<'_>, wanted: &[bool], totals: &[u64]) -> Option<Self> {
        let dims = &scan.plan.selection.dims;
        let line = ZONES * (scan.fate_groups + 1);
        let block_len = line * (dims.keys.len() + 1);
        let [one, other] = two_ranges(wanted);
        if block_len > BYTE || one.0 > one.1 {
            return None;
        }
        let last = LIMIT.cast_signed() - 1;
        let other = if other.0 > other.1 {
            (last + 1, last)
        } else {
            (other.0.max(one.1 + 1), other.1.min(last))
        };
        let bounds = [(one.0, one.1.min(last)), other];
        let touched = |class: &usize| {
            let (first, next) = Classes::reach(*class);
            let meets = |band: &(i32, i32)| first <= band.1 && next >= band.0;
            bounds.iter().any(meets)
        };
        let within: u64 = (0..totals.len())
            .filter(touched)
            .map(|class| totals[class])
            .sum();
        if within * WORTH > totals.iter().sum() {
            return None;
        }
        let lines: Vec<u32> = dims.of.iter().map(|group| group * line as u32).collect();
        let places = scan.groups_of_fates.iter();
        let places: Vec<u32> = places.map(|group| group * ZONES as u32).collect();
        Some(Self {
            bounds,
            lines: ByteLookup::new(&lines)?,
            places: ByteLookup::new(&places)?,
            block_len,
        })
    }

    /// The zone of a stored delay. All in 32 bits, which machines do for several delays at once.
    #[inline(always)]
    fn zone(&self, delay: u32) -> u8 {
        let ([one, other], delay) = (self.bounds, delay.cast_signed());
        let passed = |bound| i32::from(delay >= bound);
        let zone = passed(one.0) + passed(one.1 + 1) + passed(other.0) + passed(other.1 + 1);
        (zone + 2 * passed(LIMIT.cast_signed())) as u8
    }

    /// Groups with their quantiles; `None` when a rank lies outside of the bands.
    pub(super) fn find(
        &self,
        scan: &DelayScan<'_>,
        threads: usize,
        segments: &[&Arc<Segment>],
    ) -> Option<Vec<(u64, Vec<i64>)>> {
        let shares = share_out(threads, segments, |next| {
            let (mut finds, mut desk) = (Finds::default(), [[0; BYTE]; COPIES]);
            while let Some(segment) = next() {
                self.look(scan, segment, &mut finds, &mut desk);
            }
            finds
        });
        let mut all = Finds::default();
        for finds in shares {
            merge_far(&mut all.far, finds.far);
            for (outer, block) in finds.blocks {
                match all.blocks.get_mut(&outer) {
                    Some(known) => known.merge(block),
                    None => {
                        all.blocks.insert(outer, block);
                    }
                }
            }
        }
        self.quantiles(scan, all)
    }

    fn quantiles(&self, scan: &DelayScan<'_>, finds: Finds) -> Option<Vec<(u64, Vec<i64>)>> {
        let Finds { blocks, mut far } = finds;
        let mut found = Vec::new();
        for (outer, block) in blocks {
            let Block { counts, mut within } = block;
            for line in scan.lines_of(outer, &counts, ZONES) {
                let mut far = far.remove(&line.group).unwrap_or_default();
                far.sort_unstable();
                let value = |rank: Rank| match rank {
                    Rank::Is(delay) => Some(delay),
                    Rank::Within(zone, rank) if zone % 2 == 1 => {
                        let delays = &mut within[line.start + zone];
                        Some(i64::from(*delays.select_nth_unstable(rank).1))
                    }
                    Rank::Within(..) => None,
                };
                let ranks = ranks(scan.shares()?, line.counts, &far);
                if !ranks.is_empty() {
                    let delays: Option<Vec<i64>> = ranks.into_iter().map(value).collect();
                    found.push((line.group, delays?));
                }
            }
        }
        Some(found)
    }

    fn look(
        &self,
        scan: &DelayScan<'_>,
        segment: &Segment,
        finds: &mut Finds,
        desk: &mut [[u32; BYTE]; COPIES],
    ) {
        for stretch in segment.stretches(&scan.plan.selection, &scan.plan.axis) {
            let block = finds.blocks.entry((stretch.bucket, stretch.message));
            let block = block.or_insert_with(|| Block {
                counts: vec![0; self.block_len],
                within: vec![Vec::new(); self.block_len],
            });
            match &segment.delays[scan.mark.index()].delays {
                Delays::Empty => {}
                Delays::Sparse(rows, delays) => {
                    let from = rows.partition_point(|row| usize::from(*row) < stretch.start);
                    let to = rows.partition_point(|row| usize::from(*row) < stretch.end);
                    for (row, delay) in rows[from..to].iter().zip(&delays[from..to]) {
                        self.one(segment, usize::from(*row), *delay, block);
                    }
                }
                Delays::Dense(delays) => {
                    self.look_dense(scan, segment, delays, stretch, block, desk);
                }
            }
        }
        scan.gather_far(segment, &mut finds.far);
    }

    fn look_dense(
        &self,
        scan: &DelayScan<'_>,
        segment: &Segment,
        delays: &[u32],
        stretch: Stretch,
        block: &mut Block,
        desk: &mut [[u32; BYTE]; COPIES],
    ) {
        let end = stretch.end.min(delays.len());
        let start = stretch.start.min(end);
        let (_, left) = delays[start..end].as_chunks::<BLOCK>();
        let whole = end - left.len();
        let mut dense = Dense {
            bands: self,
            delays: &delays[start..whole],
            one_fate_group: scan.one_fate_group,
            within: &mut block.within,
            desk,
        };
        on_codes(&segment.dims, &segment.fates, (start, whole), &mut dense);
        if start < whole {
            for (cell, count) in block.counts.iter_mut().enumerate() {
                for copy in desk.iter_mut() {
                    *count += std::mem::take(&mut copy[cell]);
                }
            }
        }
        for (row, delay) in (whole..end).zip(left) {
            self.one(segment, row, *delay, block);
        }
    }

    fn one(&self, segment: &Segment, row: usize, delay: u32, block: &mut Block) {
        let line = self.lines.get(segment.dims.get(row));
        let place = self.places.get(segment.fates.get(row));
        let zone = self.zone(delay);
        let cell = usize::from(line + place + zone);
        block.counts[cell] += 1;
        if zone % 2 == 1 {
            block.within[cell].push(delay);
        }
    }
}

impl Block {
    fn merge(&mut self, other: Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        for (delays, more) in self.within.iter_mut().zip(other.within) {
            delays.extend(more);
        }
    }
}

struct Dense<'scan> {
    bands: &'scan Bands,
    delays: &'scan [u32],
    one_fate_group: bool,
    within: &'scan mut [Vec<u32>],
    desk: &'scan mut [[u32; BYTE]; COPIES],
}

impl OnCodes for Dense<'_> {
    fn run<D: Code, F: Code>(&mut self, dims: &[D], fates: &[F]) {
        let (lines, places) = (self.bands.lines.parts(), self.bands.places.parts());
        let (delays, _) = self.delays.as_chunks::<BLOCK>();
        let (dims, _) = dims.as_chunks::<BLOCK>();
        let (fates, _) = fates.as_chunks::<BLOCK>();
        let lines = |dims: D| dims.look_up_byte(lines);
        if self.one_fate_group {
            for (delays, dims) in delays.iter().zip(dims) {
                self.block(delays, dims, lines, |_| 0);
            }
        } else {
            for ((delays, dims), fates) in delays.iter().zip(dims).zip(fates) {
                self.block(delays, dims, lines, |row| fates[row].look_up_byte(places));
            }
        }
    }
}

impl Dense<'_> {
    /// Neighbouring rows.
    #[inline(always)]
    fn block<D: Code>(
        &mut self,
        delays: &[u32; BLOCK],
        dims: &[D; BLOCK],
        line: impl Fn(D) -> u8,
        place: impl Fn(usize) -> u8,
    ) {
        let mut zones = [0; BLOCK];
        let from = delays.as_chunks::<LINE>().0.iter();
        let into = zones.as_chunks_mut::<LINE>().0.iter_mut();
        for (delays, zones) in from.zip(into) {
            for (zone, delay) in zones.iter_mut().zip(delays) {
                *zone = self.bands.zone(*delay);
            }
        }
        let start = |row: usize| line(dims[row]).wrapping_add(place(row));
        for (chunk, four) in zones.as_chunks::<COPIES>().0.iter().enumerate() {
            for (copy, (zone, row)) in four.iter().zip(COPIES * chunk..).enumerate() {
                self.desk[copy][usize::from(start(row).wrapping_add(*zone))] += 1;
            }
        }
        for (chunk, eight) in zones.as_chunks::<8>().0.iter().enumerate() {
            let mut odd = u64::from_le_bytes(*eight) & 0x0101_0101_0101_0101;
            while odd != 0 {
                let row = 8 * chunk + odd.trailing_zeros() as usize / 8;
                let cell = start(row).wrapping_add(zones[row]);
                self.within[usize::from(cell)].push(delays[row]);
                odd &= odd - 1;
            }
        }
    }
}
