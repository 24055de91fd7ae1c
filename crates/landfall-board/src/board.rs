//! The board: segments of rows, the dictionaries that they refer to, and the index of deliveries.

mod apply;

use std::sync::Arc;

use landfall_domain::ids::{DeliveryKey, PersonKey};

use crate::dictionary::{Currencies, DimsDictionary, FateDictionary};
use crate::index::{Address, Index, Place, address, row_of, segment_of};
use crate::segment::{MAX_ROWS, Segment};

/// All rows, in columns. A clone is cheap and shares what neither side changes afterwards, so a
/// clone is a view that stands still while the board goes on.
#[derive(Clone, Debug)]
pub struct Board {
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) index: Index,
    pub(crate) dims: Arc<DimsDictionary>,
    pub(crate) fates: Arc<FateDictionary>,
    pub(crate) currencies: Arc<Currencies>,
    /// Rows at which a segment is sealed.
    pub(crate) segment_rows: usize,
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    /// An empty board.
    pub fn new() -> Self {
        Self::with_segment_rows(MAX_ROWS)
    }

    /// An empty board whose segments hold fewer rows, for tests of what happens between segments.
    pub(crate) fn with_segment_rows(segment_rows: usize) -> Self {
        Self {
            segments: Vec::new(),
            index: Index::default(),
            dims: Arc::default(),
            fates: Arc::new(FateDictionary::new()),
            currencies: Arc::default(),
            segment_rows: segment_rows.clamp(1, MAX_ROWS),
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.segments.iter().map(|segment| segment.live).sum()
    }

    /// Bytes in memory of columns and index, by capacity; dictionaries are left out.
    pub fn bytes(&self) -> usize {
        let segments = self.segments.iter().map(|segment| segment.bytes());
        segments.sum::<usize>() + self.index.bytes()
    }

    /// Takes deliveries away with all of their rows. Unknown ones are passed over.
    pub fn remove(&mut self, deliveries: &[DeliveryKey]) {
        for delivery in deliveries {
            for row in self.rows_of(delivery.0) {
                let segment = Arc::make_mut(&mut self.segments[segment_of(row)]);
                if segment.is_scattered(usize::from(row_of(row))) {
                    segment.set_scattered(usize::from(row_of(row)), false);
                }
                segment.remove(row_of(row));
            }
            self.index.forget(delivery.0);
        }
        self.drop_empty();
    }

    /// Frees the columns of sealed segments without rows. Their numbers stay taken, so that
    /// addresses of other rows stand.
    fn drop_empty(&mut self) {
        for segment in &mut self.segments {
            if segment.is_sealed() && segment.live == 0 && segment.len() > 0 {
                *segment = Arc::new(Segment::open().sealed().0);
            }
        }
    }

    /// Gives deliveries to another person, after a merge. Unknown ones are passed over.
    pub fn move_person(&mut self, deliveries: &[DeliveryKey], person: PersonKey) {
        for delivery in deliveries {
            for row in self.rows_of(delivery.0) {
                let segment = Arc::make_mut(&mut self.segments[segment_of(row)]);
                segment.people.set(usize::from(row_of(row)), person.0 + 1);
            }
        }
    }

    /// Whose each row's delivery is, in no particular order; rows without a person are left out.
    pub fn recipients(&self) -> impl Iterator<Item = (DeliveryKey, PersonKey)> + '_ {
        self.segments.iter().flat_map(|segment| {
            (0..segment.len()).filter_map(|row| {
                let person = segment.people.get(row).checked_sub(1)?;
                let live = !segment.is_removed(row);
                live.then(|| (DeliveryKey(segment.deliveries.get(row)), PersonKey(person)))
            })
        })
    }

    /// The live rows of a delivery, rising.
    pub(crate) fn rows_of(&self, delivery: u32) -> Vec<Address> {
        match self.index.place(delivery) {
            Place::Nowhere => Vec::new(),
            Place::Scattered(rows) => rows.to_vec(),
            Place::From(first) => {
                let segment = &self.segments[segment_of(first)];
                (usize::from(row_of(first))..segment.len())
                    .take_while(|row| segment.deliveries.get(*row) == delivery)
                    .filter(|row| !segment.is_removed(*row))
                    .map(|row| address(segment_of(first), row))
                    .collect()
            }
        }
    }
}
