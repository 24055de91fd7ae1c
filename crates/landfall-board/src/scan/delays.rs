//! The fast scan of delays by creation: exact quantiles without sorting. Where a few segments
//! tell about where the wanted ranks are, one pass counts what lies beside those bands and keeps
//! what lies within. Otherwise, or when the guess was wrong, a first pass counts delays in classes
//! less than a hundredth wide, and a second one fetches only the delays of the few classes that
//! hold a wanted rank.

mod bands;
mod classes;
mod passes;

use std::collections::hash_map::Entry;
use std::sync::Arc;

use landfall_domain::marks::Mark;
use rustc_hash::FxHashMap;

use crate::plan::Plan;
use crate::query::{Cell, Measure};
use crate::scan::delays::bands::Bands;
use crate::scan::delays::classes::Classes;
use crate::scan::delays::passes::{Blocks, CountBetween, CountFine, Fetch, WantedClasses};
use crate::scan::facts::Hit;
use crate::scan::lookup::Lookup;
use crate::scan::share_out;
use crate::scan::sums::{Sums, rank};
use crate::segment::Segment;

/// Most numbers of all blocks together; questions with more groups go row by row.
const MAX_NUMBERS: usize = 1 << 23;

/// Every n-th segment is looked at for a guess.
const SAMPLE: usize = if cfg!(test) { 2 } else { 24 };
/// A guess allows for ranks being off by this part of the whole.
const DOUBT: usize = 400;

/// Bucket and group of the message: what a stretch has in common.
pub(crate) type Outer = (usize, u32);

/// One measure of delays.
pub(crate) struct DelayScan<'scan> {
    plan: &'scan Plan<'scan>,
    place: usize,
    mark: Mark,
    classes: Classes,
    /// Where the line of a set of device facts begins: a block for each group and one for those
    /// that take no part.
    lines: Lookup,
    /// Where in the line the classes of a fate begin, likewise.
    places: Lookup,
    fate_groups: usize,
    /// Group by fate; fates without the mark take no part.
    groups_of_fates: Vec<u32>,
    /// Whether all rows that have the mark are in the one group of fates.
    one_fate_group: bool,
    block_len: usize,
}

/// What the first pass finds.
#[derive(Default)]
struct Counted {
    /// With two copies of each block while fine classes are counted.
    blocks: Blocks,
    far: Far,
}

/// Delays that columns do not hold, by group.
type Far = FxHashMap<u64, Vec<i64>>;

/// Delays of wanted classes, by block and place of the class in it.
pub(crate) type Spots = FxHashMap<(Outer, usize), Vec<u32>>;

impl Counted {
    /// Adds the second copies of blocks to the first.
    fn join_copies(&mut self, block_len: usize) {
        for block in self.blocks.values_mut() {
            let (even, odd) = block.split_at_mut(block_len);
            even.iter_mut()
                .zip(odd)
                .for_each(|(even, odd)| *even += *odd);
            block.truncate(block_len);
        }
    }

    fn merge(&mut self, other: Self) {
        for (outer, block) in other.blocks {
            match self.blocks.entry(outer) {
                Entry::Vacant(vacant) => {
                    vacant.insert(block);
                }
                Entry::Occupied(mut mine) => {
                    for (count, more) in mine.get_mut().iter_mut().zip(block) {
                        *count += more;
                    }
                }
            }
        }
        merge_far(&mut self.far, other.far);
    }
}

fn merge_far(far: &mut Far, other: Far) {
    for (group, more) in other {
        far.entry(group).or_default().extend(more);
    }
}

impl<'scan> DelayScan<'scan> {
    /// `None` when there are too many groups for it, or the mark's delays are not all stored.
    pub(crate) fn new(
        plan: &'scan Plan<'scan>,
        marks: &[u32],
        place: usize,
        mark: Mark,
    ) -> Option<Self> {
        let (dims, fates) = (&plan.selection.dims, &plan.selection.fates);
        let classes = Classes::of(&plan.query.measures[place]);
        let (dims_groups, fate_groups) = (dims.keys.len(), fates.keys.len());
        let block_len = (dims_groups + 1) * (fate_groups + 1) * classes.count();
        let outers = plan.axis.len() as u64 * plan.selection.messages.groups();
        if mark == Mark::Created || 2 * block_len as u64 * outers > MAX_NUMBERS as u64 {
            return None;
        }
        let has = |fate: &usize| marks[*fate] & mark.bit() != 0;
        let groups_of_fates: Vec<u32> = (0..marks.len())
            .map(|fate| {
                if has(&fate) {
                    fates.of[fate]
                } else {
                    fates.excluded()
                }
            })
            .collect();
        let line = ((fate_groups + 1) * classes.count()) as u32;
        let places = groups_of_fates
            .iter()
            .map(|group| group * classes.count() as u32);
        Some(Self {
            lines: Lookup::new(dims.of.iter().map(|group| group * line).collect()),
            places: Lookup::new(places.collect()),
            plan,
            place,
            mark,
            classes,
            fate_groups,
            groups_of_fates,
            one_fate_group: fate_groups == 1
                && (1..marks.len()).all(|fate| !has(&fate) || fates.of[fate] == 0),
            block_len,
        })
    }

    /// Place of the measure in the query.
    pub(crate) const fn place(&self) -> usize {
        self.place
    }

    /// Scans, and puts the finished cells into `sums`.
    pub(crate) fn run(&self, threads: usize, segments: &[&Arc<Segment>], sums: &mut Sums) {
        let bands = self.guess(threads, segments);
        if let Some(found) = bands.and_then(|bands| bands.find(self, threads, segments)) {
            for (group, delays) in found {
                sums.group(group)
                    .answer(self.place, Cell::Delays(Some(delays)));
            }
            return;
        }
        let mut counted = self.count_all(threads, segments);
        match self.classes {
            Classes::Fine => self.quantiles(threads, segments, &mut counted, sums),
            Classes::Between(_) => self.histograms(&mut counted, sums),
        }
    }

    /// Bands that wanted ranks lie in if the whole is like a few of its segments.
    fn guess(&self, threads: usize, segments: &[&Arc<Segment>]) -> Option<Bands> {
        let shares = self.shares()?;
        if segments.len() < 2 * SAMPLE {
            return None;
        }
        let some: Vec<_> = segments.iter().copied().step_by(SAMPLE).collect();
        let counted = self.count_all(threads, &some);
        let mut totals = vec![0; self.classes.count()];
        let mut wanted = vec![false; self.classes.count()];
        for (outer, block) in &counted.blocks {
            for line in self.lines_of(*outer, block, self.classes.count()) {
                let mut count = 0;
                for (total, more) in totals.iter_mut().zip(line.counts) {
                    *total += u64::from(*more);
                    count += *more as usize;
                }
                for share in shares.iter().filter(|_| count > 0) {
                    let rank = rank(*share, count);
                    let first = class_of(line.counts, rank.saturating_sub(count / DOUBT)).0;
                    let last = class_of(line.counts, (rank + count / DOUBT).min(count - 1)).0;
                    wanted[first..=last].fill(true);
                }
            }
        }
        Bands::new(self, &wanted, &totals)
    }

    /// The wanted shares, when quantiles are asked for.
    fn shares(&self) -> Option<&'scan [f64]> {
        match &self.plan.query.measures[self.place] {
            Measure::DelayQuantiles { shares, .. } => Some(shares),
            _ => None,
        }
    }

    /// First pass: counts delays by class.
    fn count_all(&self, threads: usize, segments: &[&Arc<Segment>]) -> Counted {
        let shares = share_out(threads, segments, |next| {
            let mut counted = Counted::default();
            while let Some(segment) = next() {
                self.count(segment, &mut counted);
            }
            counted.join_copies(self.block_len);
            counted
        });
        let mut counted = Counted::default();
        for share in shares {
            counted.merge(share);
        }
        counted
    }

    /// Second pass: fetches the delays at `spots`.
    fn fetch_all(&self, threads: usize, segments: &[&Arc<Segment>], spots: &Spots) -> Spots {
        let classes = spots.keys().map(|(_, at)| at % self.classes.count());
        let wanted = WantedClasses::new(classes);
        // Delays that no column holds may be all that was wanted.
        let segments = if spots.is_empty() { &[] } else { segments };
        let shares = share_out(threads, segments, |next| {
            let mut fetched = spots.clone();
            while let Some(segment) = next() {
                self.fetch(segment, &wanted, &mut fetched);
            }
            fetched
        });
        let mut fetched = Spots::default();
        for (spot, delays) in shares.into_iter().flatten() {
            fetched.entry(spot).or_default().extend(delays);
        }
        fetched
    }

    fn fetch(&self, segment: &Segment, wanted: &WantedClasses, spots: &mut Spots) {
        for stretch in segment.stretches(&self.plan.selection, &self.plan.axis) {
            let outer = (stretch.bucket, stretch.message);
            let mut work = Fetch {
                outer,
                wanted,
                spots,
            };
            self.each(segment, stretch, &mut work);
        }
    }

    /// First pass over a segment.
    fn count(&self, segment: &Segment, counted: &mut Counted) {
        for stretch in segment.stretches(&self.plan.selection, &self.plan.axis) {
            let block = counted.blocks.entry((stretch.bucket, stretch.message));
            let block = block.or_insert_with(|| vec![0; 2 * self.block_len]);
            match &self.classes {
                Classes::Fine => {
                    let (even, odd) = block.split_at_mut(self.block_len);
                    self.each(segment, stretch, &mut CountFine { even, odd });
                }
                Classes::Between(bounds) => {
                    self.each(segment, stretch, &mut CountBetween { block, bounds });
                }
            }
        }
        self.gather_far(segment, &mut counted.far);
    }

    /// Takes the delays that the column does not hold.
    fn gather_far(&self, segment: &Segment, far: &mut Far) {
        for (row, delay) in &segment.delays[self.mark.index()].escapes {
            let created = segment.times.get(usize::from(*row));
            let hit = Hit::at(self.plan, segment, usize::from(*row));
            if let Some(group) = hit.and_then(|hit| hit.group(self.plan, created)) {
                far.entry(group).or_default().push(*delay);
            }
        }
    }

    /// Puts the histograms of all groups into `sums`.
    fn histograms(&self, counted: &mut Counted, sums: &mut Sums) {
        let Classes::Between(bounds) = &self.classes else {
            return;
        };
        for (outer, block) in &counted.blocks {
            for line in self.lines_of(*outer, block, self.classes.count()) {
                let far = counted.far.remove(&line.group).unwrap_or_default();
                let mut counts: Vec<u64> = line.counts.iter().map(|n| u64::from(*n)).collect();
                for delay in far {
                    counts[bounds.partition_point(|bound| *bound <= delay)] += 1;
                }
                if counts.iter().any(|count| *count > 0) {
                    sums.group(line.group)
                        .answer(self.place, Cell::Histogram(counts));
                }
            }
        }
    }

    /// Finds the wanted ranks of all groups, fetches what classes leave open, and puts the
    /// quantiles into `sums`.
    fn quantiles(
        &self,
        threads: usize,
        segments: &[&Arc<Segment>],
        counted: &mut Counted,
        sums: &mut Sums,
    ) {
        let Some(shares) = self.shares() else { return };
        let mut found = Vec::new();
        let mut missing = Spots::default();
        for (outer, block) in &counted.blocks {
            for line in self.lines_of(*outer, block, self.classes.count()) {
                let mut far = counted.far.remove(&line.group).unwrap_or_default();
                far.sort_unstable();
                let ranks: Vec<Rank> = ranks(shares, line.counts, &far);
                for rank in &ranks {
                    if let Rank::Within(class, _) = rank {
                        missing.insert((*outer, line.start + class), Vec::new());
                    }
                }
                if !ranks.is_empty() {
                    found.push((*outer, line.start, line.group, ranks));
                }
            }
        }
        let mut fetched = self.fetch_all(threads, segments, &missing);
        for (outer, start, group, ranks) in found {
            let mut value = |rank: &Rank| match rank {
                Rank::Is(delay) => *delay,
                Rank::Within(class, rank) => {
                    let delays: &mut Vec<u32> = fetched.entry((outer, start + class)).or_default();
                    i64::from(*delays.select_nth_unstable(*rank).1)
                }
            };
            let delays = ranks.iter().map(&mut value).collect();
            sums.group(group)
                .answer(self.place, Cell::Delays(Some(delays)));
        }
    }

    /// Each group of a block with its `count` classes, the last class left out.
    fn lines_of<'block>(
        &'block self,
        (bucket, message): Outer,
        block: &'block [u32],
        count: usize,
    ) -> impl Iterator<Item = Line<'block>> + 'block {
        let width = self.fate_groups + 1;
        let chunks = block.chunks_exact(count).enumerate();
        let taking_part = chunks.filter(move |(place, _)| {
            let dims_groups = self.plan.selection.dims.keys.len();
            place % width < self.fate_groups && place / width < dims_groups
        });
        taking_part.map(move |(place, counts)| {
            let (dims, fate) = ((place / width) as u32, (place % width) as u32);
            Line {
                group: self.plan.group(bucket, message, dims, fate),
                start: place * count,
                counts: &counts[..count - 1],
            }
        })
    }
}

/// A group's classes in a block.
struct Line<'block> {
    group: u64,
    /// Where its classes begin in the block.
    start: usize,
    counts: &'block [u32],
}

/// A wanted rank, as far as classes tell.
enum Rank {
    /// It is this delay.
    Is(i64),
    /// It is the n-th, from 0, of this class.
    Within(usize, usize),
}

/// Where the wanted ranks are; empty when there is no delay. `far` rises.
fn ranks(shares: &[f64], counts: &[u32], far: &[i64]) -> Vec<Rank> {
    let near = counts.iter().map(|count| *count as usize).sum::<usize>();
    let total = near + far.len();
    if total == 0 {
        return Vec::new();
    }
    let negative = far.partition_point(|delay| *delay < 0);
    let find = |share: &f64| {
        let rank = rank(*share, total);
        if rank < negative {
            return Rank::Is(far[rank]);
        }
        if rank >= negative + near {
            return Rank::Is(far[rank - near]);
        }
        let (class, left) = class_of(counts, rank - negative);
        Rank::Within(class, left)
    };
    shares.iter().map(find).collect()
}

/// The class that holds a rank, and the rank within it. Less than all are before the rank.
fn class_of(counts: &[u32], rank: usize) -> (usize, usize) {
    let (mut class, mut left) = (0, rank);
    while left >= counts[class] as usize {
        left -= counts[class] as usize;
        class += 1;
    }
    (class, left)
}
