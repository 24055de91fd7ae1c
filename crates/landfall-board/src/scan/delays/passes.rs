//! What the passes over delays do with each of them.

use rustc_hash::FxHashMap;

use crate::delays::Delays;
use crate::scan::delays::classes::Classes;
use crate::scan::delays::{DelayScan, Outer, Spots};
use crate::scan::lookup::{Code, OnCodes, on_codes};
use crate::scan::stretch::Stretch;
use crate::segment::Segment;

/// Delays that are looked at together to see whether any is wanted.
const CHUNK: usize = 16;

/// Work on delays. `at` is where the classes of a delay's group begin in the block. Absent and
/// escaped delays come along as themselves.
pub(crate) trait OnDelays {
    /// One delay.
    fn one(&mut self, at: u32, delay: u32);

    /// Neighbouring rows; `at` is asked only for what matters.
    fn many(&mut self, delays: &[u32], at: impl Fn(usize) -> u32) {
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
        let dims = &dims[..self.delays.len()];
        if self.scan.one_fate_group {
            self.work.many(self.delays, |row| dims[row].look_up(lines));
        } else {
            let fates = &fates[..self.delays.len()];
            let at = |row: usize| dims[row].look_up(lines) + fates[row].look_up(places);
            self.work.many(self.delays, at);
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

    fn many(&mut self, delays: &[u32], at: impl Fn(usize) -> u32) {
        let (chunks, rest) = delays.as_chunks::<CHUNK>();
        for (place, chunk) in chunks.iter().enumerate() {
            let classes = chunk.map(Classes::fine);
            let first = place * CHUNK;
            for pair in 0..CHUNK / 2 {
                self.even[(at(first + 2 * pair) + classes[2 * pair]) as usize] += 1;
                self.odd[(at(first + 2 * pair + 1) + classes[2 * pair + 1]) as usize] += 1;
            }
        }
        for (row, delay) in rest.iter().enumerate() {
            self.one(at(chunks.len() * CHUNK + row), *delay);
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

impl WantedClasses {
    pub(super) fn new(classes: impl Iterator<Item = usize>) -> Self {
        let mut wanted = vec![false; Classes::Fine.count()];
        classes.for_each(|class| wanted[class] = true);
        let wanted_classes = (0..wanted.len()).filter(|class| wanted[*class]);
        let mut ranges: Vec<(i32, i32)> = wanted_classes.map(Classes::reach).collect();
        // Gaps are closed, the narrowest first, until two ranges are left.
        while ranges.len() > 2 {
            let gap = |place: &usize| ranges[*place + 1].0 - ranges[*place].1;
            let narrowest = (0..ranges.len() - 1).min_by_key(gap).unwrap_or(0);
            ranges[narrowest].1 = ranges.remove(narrowest + 1).1;
        }
        let mut ranges = ranges.into_iter().chain([(1, 0); 2]);
        let ranges = [(); 2].map(|()| ranges.next().unwrap_or((1, 0)));
        Self { wanted, ranges }
    }

    /// Whether any of some delays lies in a range that holds wanted ones.
    #[inline(always)]
    fn any(ranges: [(i32, i32); 2], delays: &[u32; CHUNK]) -> bool {
        let [one, other] = ranges;
        let inside = |delay: u32| {
            let delay = delay.cast_signed();
            ((delay >= one.0) & (delay <= one.1)) | ((delay >= other.0) & (delay <= other.1))
        };
        delays
            .iter()
            .fold(0, |any, delay| any | u32::from(inside(*delay)))
            != 0
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

    fn many(&mut self, delays: &[u32], at: impl Fn(usize) -> u32) {
        let (chunks, rest) = delays.as_chunks::<CHUNK>();
        let wanted = self.wanted;
        let mut look = |row: usize, delay: u32| {
            if wanted.wanted[Classes::fine(delay) as usize] {
                self.one(at(row), delay);
            }
        };
        for (place, chunk) in chunks.iter().enumerate() {
            if WantedClasses::any(wanted.ranges, chunk) {
                for (row, delay) in chunk.iter().enumerate() {
                    look(place * CHUNK + row, *delay);
                }
            }
        }
        for (row, delay) in rest.iter().enumerate() {
            look(chunks.len() * CHUNK + row, *delay);
        }
    }
}

/// Delays by class, group by group, of all blocks.
pub(super) type Blocks = FxHashMap<Outer, Vec<u32>>;
