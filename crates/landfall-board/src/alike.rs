//! Rows that are alike, counted once: the input of a diagnosis, which looks at every dimension at once.
//!
//! A query groups by three dimensions. Whoever asks which of many combinations explains a change would
//! need a hundred of them; here one pass over the rows gives all combinations that occur, with what
//! happened to them.

use landfall_domain::ids::MessageKey;
use landfall_domain::marks::Mark;
use rustc_hash::FxHashMap;

use crate::board::Board;
use crate::catalogue::MessageInfo;
use crate::dictionary::{DimsDictionary, PackedDims, platform, provider, token_age};
use crate::plan::Selection;
use crate::query::{Filter, QueryError, TimeRange};
use crate::row::{Currency, DeviceDims, FateCodes};

/// Rows of one message, with the same device facts, marks and fate.
#[derive(Clone, Debug, PartialEq)]
pub struct Alike {
    /// The message, a position in the catalogue.
    pub message: MessageKey,
    /// Whether they are for a device.
    pub has_device: bool,
    /// Whether each is the first row of its delivery: these stand for deliveries.
    pub is_first: bool,
    /// What is known of the devices.
    pub dims: DeviceDims,
    /// How they ended.
    pub fate: FateCodes,
    marks: u32,
    /// How many rows.
    pub rows: u64,
    /// What they earned, by currency.
    pub revenue: Vec<Earned>,
}

/// What rows earned in one currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earned {
    /// In which currency.
    pub currency: Currency,
    /// Rows with revenue.
    pub rows: u64,
    /// Sum, in the smallest unit.
    pub minor: i64,
    /// Sum of the squares, for how much orders vary.
    pub squares: f64,
}

impl Alike {
    /// Whether the rows have the mark.
    pub const fn has(&self, mark: Mark) -> bool {
        self.marks & mark.bit() != 0
    }
}

/// What makes rows alike: numbers of message, device facts and fate, and two yes-or-no facts.
type Key = (u32, u32, u32, bool, bool);

impl Board {
    /// The rows that pass and were created in `range`, those that are alike counted together, in no
    /// particular order.
    ///
    /// # Errors
    /// When the filter contradicts itself.
    pub fn alike(
        &self,
        catalogue: &[MessageInfo],
        filter: &Filter,
        range: TimeRange,
    ) -> Result<Vec<Alike>, QueryError> {
        let selection = Selection::compile(self, catalogue, filter, range, &[])?;
        let mut groups: FxHashMap<Key, (u64, Vec<Earned>)> = FxHashMap::default();
        for (segment, stretch) in self.stretches_of(&selection) {
            let earned = &segment.revenue;
            for row in stretch.start..stretch.end {
                if !selection.admits(segment, row) {
                    continue;
                }
                let key = (
                    segment.message(row),
                    segment.dims.get(row),
                    segment.fates.get(row),
                    segment.devices.get(row) != 0,
                    segment.targets.get(row) == 0,
                );
                let group = groups.entry(key).or_default();
                group.0 += 1;
                if let Ok(place) = earned.rows.binary_search(&(row as u16)) {
                    let currency = self.currencies.0[usize::from(earned.currencies[place])];
                    earn(&mut group.1, currency, earned.minor[place]);
                }
            }
        }
        let rows = groups.into_iter().map(|(key, (rows, revenue))| {
            let (message, dims, fate, has_device, is_first) = key;
            let fate = self.fates.entries()[fate as usize];
            Alike {
                message: MessageKey(message),
                has_device,
                is_first,
                dims: unpacked(&self.dims, &self.dims.entries()[dims as usize]),
                fate: fate.codes,
                marks: fate.marks,
                rows,
                revenue,
            }
        });
        Ok(rows.collect())
    }

    /// What the rows that pass and were created in `range` earned, by currency, in no particular order. Only rows
    /// with revenue are looked at.
    ///
    /// # Errors
    /// When the filter contradicts itself.
    pub fn earned(
        &self,
        catalogue: &[MessageInfo],
        filter: &Filter,
        range: TimeRange,
    ) -> Result<Vec<Earned>, QueryError> {
        let selection = Selection::compile(self, catalogue, filter, range, &[])?;
        let mut sums = Vec::new();
        for (segment, stretch) in self.stretches_of(&selection) {
            let revenue = &segment.revenue;
            let before = |end: usize| revenue.rows.partition_point(|row| usize::from(*row) < end);
            for place in before(stretch.start)..before(stretch.end) {
                if selection.admits(segment, usize::from(revenue.rows[place])) {
                    let currency = self.currencies.0[usize::from(revenue.currencies[place])];
                    earn(&mut sums, currency, revenue.minor[place]);
                }
            }
        }
        Ok(sums)
    }
}

fn earn(revenue: &mut Vec<Earned>, currency: Currency, minor: i64) {
    let place = revenue
        .iter()
        .position(|earned| earned.currency == currency);
    let place = place.unwrap_or_else(|| {
        revenue.push(Earned {
            currency,
            rows: 0,
            minor: 0,
            squares: 0.0,
        });
        revenue.len() - 1
    });
    let earned = &mut revenue[place];
    earned.rows += 1;
    earned.minor += minor;
    earned.squares += (minor as f64).powi(2);
}

fn unpacked(dictionary: &DimsDictionary, packed: &PackedDims) -> DeviceDims {
    let text = |number: u32| dictionary.texts.text(number).cloned();
    DeviceDims {
        platform: platform(u32::from(packed.platform)),
        provider: provider(u32::from(packed.provider)),
        app: text(packed.app),
        app_version: text(packed.app_version),
        os_version: text(packed.os_version),
        sdk_version: text(packed.sdk_version),
        device_model: text(packed.device_model),
        token_age: token_age(u32::from(packed.token_age)),
        permission: packed.permission.checked_sub(1).map(|given| given == 1),
        receipt_capable: packed.receipt_capable == 1,
    }
}
