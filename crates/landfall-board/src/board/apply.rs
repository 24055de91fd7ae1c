//! Rows in: found and replaced, or added to the open segment.

use std::sync::Arc;

use landfall_domain::marks::Marks;
use landfall_domain::time::DAY_MS;

use crate::board::Board;
use crate::dictionary::Fate;
use crate::index::{Address, Place, address, row_of, segment_of};
use crate::row::RowUpdate;
use crate::segment::{Row, Segment};

/// A segment whose rows were created further apart than this is sealed early, to stay prunable.
const SPAN_MS: i64 = 30 * DAY_MS;
/// But not with fewer rows than this, so that rows in any order do not make a crowd of segments.
const EARLY_ROWS: usize = 8_192;
/// And not when so many segments exist that addresses could run out.
const EARLY_SEGMENTS: usize = 16_384;
/// Segments that addresses can name.
const MAX_SEGMENTS: usize = 65_535;

impl Board {
    /// Puts rows in. A row that is there already is replaced; giving the same row twice changes
    /// nothing. Rows of one delivery are best given together.
    pub fn apply(&mut self, updates: &[RowUpdate]) {
        for update in updates {
            let row = self.encode(update);
            match self.find(row.delivery, row.target) {
                Some(at) if self.stays(at, &row) => self.replace(at, &row, &update.marks),
                Some(at) => {
                    self.take(at);
                    self.append(&row, &update.marks);
                }
                None => self.append(&row, &update.marks),
            }
        }
    }

    fn encode(&mut self, update: &RowUpdate) -> Row {
        let dims = self
            .dims
            .find(&update.dims)
            .unwrap_or_else(|| Arc::make_mut(&mut self.dims).intern(&update.dims));
        let fate = self
            .fates
            .find(&update.marks, update.fate)
            .unwrap_or_else(|| {
                let (marks, codes) = (update.marks.bits(), update.fate);
                Arc::make_mut(&mut self.fates).intern(Fate { marks, codes })
            });
        let revenue = update.revenue.map(|revenue| {
            let known = self
                .currencies
                .0
                .iter()
                .position(|known| *known == revenue.currency);
            let currency = known.map_or_else(
                || Arc::make_mut(&mut self.currencies).intern(revenue.currency),
                |place| place as u16,
            );
            (currency, revenue.minor)
        });
        Row {
            delivery: update.delivery.0,
            target: update.target,
            created: update.created.millis(),
            message: update.message.0,
            dims,
            fate,
            person: update.person.map_or(0, |person| person.0 + 1),
            device: update.device.map_or(0, |device| device.0 + 1),
            revenue,
        }
    }

    fn find(&self, delivery: u32, target: u16) -> Option<Address> {
        let matches = |at: &Address| {
            let (segment, row) = (&self.segments[segment_of(*at)], usize::from(row_of(*at)));
            segment.targets.get(row) == u32::from(target) && !segment.is_removed(row)
        };
        match self.index.place(delivery) {
            Place::Nowhere => None,
            Place::Scattered(rows) => rows.iter().copied().find(matches),
            Place::From(first) => {
                let segment = &self.segments[segment_of(first)];
                (usize::from(row_of(first))..segment.len())
                    .take_while(|row| segment.deliveries.get(*row) == delivery)
                    .map(|row| address(segment_of(first), row))
                    .find(matches)
            }
        }
    }

    /// Whether the row may keep its place: segments are sorted by message and creation.
    fn stays(&self, at: Address, row: &Row) -> bool {
        let (segment, place) = (&self.segments[segment_of(at)], usize::from(row_of(at)));
        segment.times.get(place) == row.created && segment.message(place) == row.message
    }

    fn replace(&mut self, at: Address, row: &Row, marks: &Marks) {
        let segment = &mut self.segments[segment_of(at)];
        let old = segment.fates.get(usize::from(row_of(at)));
        let lost = self.fates.entries()[old as usize].marks & !marks.bits();
        Arc::make_mut(segment).replace(row_of(at), row, marks, lost);
    }

    /// Takes one row away that will come back elsewhere.
    fn take(&mut self, at: Address) {
        let (segment, row) = (segment_of(at), usize::from(row_of(at)));
        let delivery = self.segments[segment].deliveries.get(row);
        let mut rows = self.rows_of(delivery);
        rows.retain(|other| *other != at);
        let segment = Arc::make_mut(&mut self.segments[segment]);
        if segment.is_scattered(row) {
            segment.set_scattered(row, false);
        }
        segment.remove(row_of(at));
        self.list(delivery, rows);
    }

    fn append(&mut self, row: &Row, marks: &Marks) {
        let known = self.rows_of(row.delivery);
        self.make_room(row.created);
        let segment = self.segments.len() - 1;
        let open = Arc::make_mut(&mut self.segments[segment]);
        open.push(row, marks);
        let at = address(segment, open.len() - 1);
        if known.is_empty() {
            self.index.set_first(row.delivery, at);
        } else {
            // Sealing in `make_room` may have moved the rows.
            let mut rows = self.rows_of(row.delivery);
            if !rows.contains(&at) {
                rows.push(at);
            }
            self.list(row.delivery, rows);
        }
    }

    /// Sees to an open segment that takes a row created at `created`.
    fn make_room(&mut self, created: i64) {
        let Some(last) = self.segments.last() else {
            self.segments.push(Arc::new(Segment::open()));
            return;
        };
        let mut span = last.created;
        span.widen(created);
        let early = span.max - span.min > SPAN_MS
            && last.len() >= EARLY_ROWS
            && self.segments.len() < EARLY_SEGMENTS;
        if last.is_sealed() {
            self.add_segment();
        } else if early || last.len() >= self.segment_rows {
            self.seal();
            self.add_segment();
        }
    }

    fn add_segment(&mut self) {
        assert!(
            self.segments.len() < MAX_SEGMENTS,
            "rows have 32-bit addresses and deliveries 32-bit keys: no store holds so many"
        );
        self.segments.push(Arc::new(Segment::open()));
    }

    /// Seals the last segment and tells the index where its rows went.
    fn seal(&mut self) {
        let number = self.segments.len() - 1;
        let old = Arc::clone(&self.segments[number]);
        let (sealed, order) = old.sealed();
        let mut moved = vec![u16::MAX; old.len()];
        let mut scattered = Vec::new();
        let mut last = None;
        for (new, row) in order.iter().enumerate() {
            moved[usize::from(*row)] = new as u16;
            let delivery = sealed.deliveries.get(new);
            if old.is_scattered(usize::from(*row)) {
                scattered.push(delivery);
            } else if last != Some(delivery) {
                self.index.set_first(delivery, address(number, new));
            }
            last = Some(delivery);
        }
        scattered.sort_unstable();
        scattered.dedup();
        let scattered: Vec<_> = scattered
            .into_iter()
            .map(|delivery| (delivery, self.rows_of(delivery)))
            .collect();
        self.segments[number] = Arc::new(sealed);
        for (delivery, mut rows) in scattered {
            for row in rows.iter_mut().filter(|row| segment_of(**row) == number) {
                *row = address(number, usize::from(moved[usize::from(row_of(*row))]));
            }
            self.list(delivery, rows);
        }
    }

    /// Writes down where the rows of `delivery` are, and marks them as scattered or not.
    pub(crate) fn list(&mut self, delivery: u32, mut rows: Vec<Address>) {
        rows.sort_unstable();
        let together = rows.windows(2).all(|pair| self.adjacent(pair[0], pair[1]));
        for row in &rows {
            let segment = &mut self.segments[segment_of(*row)];
            let place = usize::from(row_of(*row));
            if segment.is_scattered(place) == together {
                Arc::make_mut(segment).set_scattered(place, !together);
            }
            if rows.len() > 1 && !segment.several {
                Arc::make_mut(segment).several = true;
            }
        }
        match rows.first() {
            None => self.index.forget(delivery),
            Some(first) if together => self.index.set_first(delivery, *first),
            Some(_) => self.index.scatter(delivery, rows),
        }
    }

    /// Whether two rows of a delivery stand next to each other and will do so when sorted.
    pub(crate) fn adjacent(&self, one: Address, next: Address) -> bool {
        let segment = &self.segments[segment_of(one)];
        let (row, after) = (usize::from(row_of(one)), usize::from(row_of(next)));
        next == one + 1
            && segment_of(one) == segment_of(next)
            && segment.times.get(row) == segment.times.get(after)
            && segment.message(row) == segment.message(after)
    }
}
