//! What the passes over delays do with each of them.

use rustc_hash::FxHashMap;

use crate::delays::Delays;
use crate::scan::delays::classes::Classes;
use crate::scan::delays::{DelayScan, Outer, Spots};
use crate::scan::lookup::{Code, OnCodes, on_codes};
use crate::scan::stretch::Stretch;
use crate::segment::Segment;

/// Rows that are worked on together. Reading ahead in a loop that does nothing else keeps the
/// machine from waiting for memory in the loop that counts.
const BLOCK: usize = 256;
/// Delays that are looked at together to see whether any is wanted.
const CHUNK: usize = 16;

/// Work on delays. `at` is where the classes of a delay's group begin in the block. Absent and
/// escaped delays come along as themselves.
pub(crate) trait OnDelays {
    /// One delay.
    fn one(&mut self, at: u32, delay: u32);

    /// Neighbouring rows; `at` is asked only for what matters.
    #[inline(always)]
    fn block(&mut self, delays: &[u32; BLOCK], at: impl Fn(usize) -> u32) {
        for (row, delay) in delays.iter().enumerate() {
            self.one(at(row), *delay);
        }
    }
}

impl DelayScan<'_> {
    /// Has `work` look at the stored delays of a stretch.
    pub(super) fn each(&self, segment: &Segment, stretch: Stretch, work: &mut impl OnDelays) {
        match &segment.delays[self.mark.index()].delays {
            Delays::Empty => {}
            Delays::Dense(delays) => {
                let end = stretch.end.min(delays.len());
                let start = stretch.start.min(end);
                let mut dense = Dense {
                    scan: self,
                    delays: &delays[start..end],
                    work,
                };
                on_codes(&segment.dims, &segment.fates, (start, end), &mut dense);
            }
            Delays::Sparse(rows, delays) => {
                let from = rows.partition_point(|row| usize::from(*row) < stretch.start);
                let to = rows.partition_point(|row| usize::from(*row) < stretch.end);
                for (row, delay) in rows[from..to].iter().zip(&delays[from..to]) {
                    let line = self.lines.get(segment.dims.get(usize::from(*row)));
                    let place = self.places.get(segment.fates.get(usize::from(*row)));
                    work.one(line + place, *delay);
                }
            }
        }
    }
}

struct Dense<'scan, Work> {
    scan: &'scan DelayScan<'scan>,
    delays: &'scan [u32],
    work: &'scan mut Work,
}

impl<Work: OnDelays> OnCodes for Dense<'_, Work> {
    fn run<D: Code, F: Code>(&mut self, dims: &[D], fates: &[F]) {
        let (lines, places) = (&self.scan.lines, &self.scan.places);
        let (delays, delays_left) = self.delays.as_chunks::<BLOCK>();
        let (dims, dims_left) = dims.as_chunks::<BLOCK>();
        let (fates, fates_left) = fates.as_chunks::<BLOCK>();
        if self.scan.one_fate_group {
            for (delays, dims) in delays.iter().zip(dims) {
                self.work.block(delays, |row| dims[row].look_up(lines));
            }
        } else {
            for ((delays, dims), fates) in delays.iter().zip(dims).zip(fates) {
                let at = |row: usize| dims[row].look_up(lines) + fates[row].look_up(places);
                self.work.block(delays, at);
            }
        }
        for ((delay, dims), fate) in delays_left.iter().zip(dims_left).zip(fates_left) {
            let at = dims.look_up(lines) + fate.look_up(places);
            self.work.one(at, *delay);
        }
    }
}

/// First pass: counts by fine class, in two copies for rows in turn, since adding to the same
/// number twice in a row would have to wait.
pub(super) struct CountFine<'block> {
    pub(super) even: &'block mut [u32],
    pub(super) odd: &'block mut [u32],
}

impl OnDelays for CountFine<'_> {
    fn one(&mut self, at: u32, delay: u32) {
        self.even[(at + Classes::fine(delay)) as usize] += 1;
    }

    #[inline(always)]
    fn block(&mut self, delays: &[u32; BLOCK], at: impl Fn(usize) -> u32) {
        let mut classes = [0; BLOCK];
        for (class, delay) in classes.iter_mut().zip(delays) {
            *class = Classes::fine(*delay);
        }
        for pair in 0..BLOCK / 2 {
            self.even[(at(2 * pair) + classes[2 * pair]) as usize] += 1;
            self.odd[(at(2 * pair + 1) + classes[2 * pair + 1]) as usize] += 1;
        }
    }
}

/// The one pass of histograms.
pub(super) struct CountBetween<'block> {
    pub(super) block: &'block mut [u32],
    pub(super) bounds: &'block [i64],
}

impl OnDelays for CountBetween<'_> {
    fn one(&mut self, at: u32, delay: u32) {
        self.block[at as usize + Classes::between(self.bounds, delay)] += 1;
    }
}

/// Which classes are wanted by any group.
pub(super) struct WantedClasses {
    wanted: Vec<bool>,
    /// Outside of these two ranges, bounds included, no delay is wanted.
    ranges: [(i32, i32); 2],
}

/// Two ranges of delays, bounds included, that hold all wanted classes; empty ones are `(1, 0)`.
pub(super) fn two_ranges(wanted: &[bool]) -> [(i32, i32); 2] {
    let classes = (0..wanted.len()).filter(|class| wanted[*class]);
    let mut ranges: Vec<(i32, i32)> = classes.map(Classes::reach).collect();
    // Gaps are closed, the narrowest first, until two ranges are left.
    while ranges.len() > 2 {
        let gap = |place: &usize| ranges[*place + 1].0 - ranges[*place].1;
        let narrowest = (0..ranges.len() - 1).min_by_key(gap).unwrap_or(0);
        ranges[narrowest].1 = ranges.remove(narrowest + 1).1;
    }
    let mut ranges = ranges.into_iter();
    [(); 2].map(|()| ranges.next().unwrap_or((1, 0)))
}

impl WantedClasses {
    pub(super) fn new(classes: impl Iterator<Item = usize>) -> Self {
        let mut wanted = vec![false; Classes::Fine.count()];
        classes.for_each(|class| wanted[class] = true);
        let ranges = two_ranges(&wanted);
        Self { wanted, ranges }
    }

    /// Whether a delay lies in a range that holds wanted ones.
    #[inline(always)]
    fn inside(&self, delay: u32) -> bool {
        let ([one, other], delay) = (self.ranges, delay.cast_signed());
        ((delay >= one.0) & (delay <= one.1)) | ((delay >= other.0) & (delay <= other.1))
    }

    #[inline(always)]
    fn any(&self, delays: &[u32; CHUNK]) -> bool {
        let inside = |any, delay: &u32| any | u32::from(self.inside(*delay));
        delays.iter().fold(0, inside) != 0
    }
}

/// Second pass: fetches the delays of wanted classes.
pub(super) struct Fetch<'scan> {
    pub(super) outer: Outer,
    pub(super) wanted: &'scan WantedClasses,
    pub(super) spots: &'scan mut Spots,
}

impl OnDelays for Fetch<'_> {
    fn one(&mut self, at: u32, delay: u32) {
        let class = Classes::fine(delay) as usize;
        if self.wanted.wanted[class]
            && let Some(delays) = self.spots.get_mut(&(self.outer, at as usize + class))
        {
            delays.push(delay);
        }
    }

    #[inline(always)]
    fn block(&mut self, delays: &[u32; BLOCK], at: impl Fn(usize) -> u32) {
        let (chunks, _) = delays.as_chunks::<CHUNK>();
        for (place, chunk) in chunks.iter().enumerate() {
            if !self.wanted.any(chunk) {
                continue;
            }
            let (mut found, mut count) = ([0; CHUNK], 0);
            for (row, delay) in chunk.iter().enumerate() {
                found[count % CHUNK] = row;
                count += usize::from(self.wanted.inside(*delay));
            }
            for row in &found[..count.min(CHUNK)] {
                self.one(at(place * CHUNK + *row), chunk[*row]);
            }
        }
    }
}

/// Delays by class, group by group, of all blocks.
pub(super) type Blocks = FxHashMap<Outer, Vec<u32>>;
