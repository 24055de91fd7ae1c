//! Where a delivery's rows are.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Deliveries on one page.
const PAGE: usize = 16_384;
/// No row.
const NONE: u32 = u32::MAX;

/// Address of a row: segment in the upper 16 bits, row in the lower.
pub(crate) type Address = u32;

pub(crate) const fn address(segment: usize, row: usize) -> Address {
    (segment as u32) << 16 | row as u32
}

pub(crate) const fn segment_of(address: Address) -> usize {
    (address >> 16) as usize
}

pub(crate) const fn row_of(address: Address) -> u16 {
    (address & 0xffff) as u16
}

#[derive(Clone, Debug)]
struct Page {
    /// First row of each delivery; its other rows follow it.
    first: Vec<Address>,
    /// Deliveries whose rows do not stand next to each other, with all of their rows, rising.
    scattered: FxHashMap<u16, Vec<Address>>,
}

/// Where the rows of a delivery are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'index> {
    /// It has none.
    Nowhere,
    /// From here on, for as long as the rows are of that delivery.
    From(Address),
    /// Exactly these.
    Scattered(&'index [Address]),
}

/// Rows by delivery. Keys are dense, so this is an array, in pages that views share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pages: Vec<Option<Arc<Page>>>,
}

const fn split(delivery: u32) -> (usize, usize) {
    (delivery as usize / PAGE, delivery as usize % PAGE)
}

impl Index {
    pub(crate) fn place(&self, delivery: u32) -> Place<'_> {
        let (page, slot) = split(delivery);
        let Some(Some(page)) = self.pages.get(page) else {
            return Place::Nowhere;
        };
        if !page.scattered.is_empty()
            && let Some(rows) = page.scattered.get(&(slot as u16))
        {
            return Place::Scattered(rows);
        }
        match page.first[slot] {
            NONE => Place::Nowhere,
            first => Place::From(first),
        }
    }

    fn page_mut(&mut self, page: usize) -> &mut Page {
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let page = self.pages[page].get_or_insert_with(|| {
            Arc::new(Page {
                first: vec![NONE; PAGE],
                scattered: FxHashMap::default(),
            })
        });
        Arc::make_mut(page)
    }

    /// All rows of `delivery` stand together from `first` on.
    pub(crate) fn set_first(&mut self, delivery: u32, first: Address) {
        let (page, slot) = split(delivery);
        let page = self.page_mut(page);
        page.first[slot] = first;
        if !page.scattered.is_empty() {
            page.scattered.remove(&(slot as u16));
        }
    }

    /// The rows of `delivery` are exactly `rows`, not all together.
    pub(crate) fn scatter(&mut self, delivery: u32, rows: Vec<Address>) {
        let (page, slot) = split(delivery);
        let page = self.page_mut(page);
        page.first[slot] = rows.first().copied().unwrap_or(NONE);
        page.scattered.insert(slot as u16, rows);
    }

    /// `delivery` has no rows.
    pub(crate) fn forget(&mut self, delivery: u32) {
        self.set_first(delivery, NONE);
    }

    /// Every delivery whose rows do not stand together.
    pub(crate) fn scattered(&self) -> impl Iterator<Item = &[Address]> + '_ {
        let pages = self.pages.iter().flatten();
        pages.flat_map(|page| page.scattered.values().map(Vec::as_slice))
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let pages = self.pages.iter().flatten();
        pages
            .map(|page| {
                let scattered = page.scattered.values().map(|rows| 4 * rows.capacity() + 32);
                4 * page.first.capacity() + scattered.sum::<usize>()
            })
            .sum()
    }
}
