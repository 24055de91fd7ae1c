//! What decisions read from SQLite since something was settled last. Whoever claims a message concludes
//! it a moment later, and sees the same rows again.
//!
//! Nothing in here is older than a row of SQLite that no layer has: what is committed meanwhile is in a
//! layer, and layers are asked first. When a layer retires, all of this goes or moves on.

use std::sync::Arc;

use landfall_domain::delivery::Delivery;
use landfall_domain::device::TokenRecord;
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::person::Person;
use rustc_hash::{FxHashMap, FxHashSet};

/// Rows of one kind after which it starts anew.
const ROWS: usize = 50_000;

/// Rows as SQLite has them.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) people: FxHashMap<PersonKey, Arc<Person>>,
    pub(crate) tokens: FxHashMap<DeviceKey, TokenRecord>,
    /// With their people after all moves.
    pub(crate) deliveries: FxHashMap<DeliveryKey, Arc<Delivery>>,
    /// Ids that no delivery has.
    pub(crate) absent: FxHashSet<String>,
}

impl Loaded {
    /// Before a load: keeps it bounded when nothing is settled for long.
    pub(crate) fn make_room(&mut self) {
        let rows = [
            self.people.len(),
            self.tokens.len(),
            self.deliveries.len(),
            self.absent.len(),
        ];
        if rows.into_iter().any(|rows| rows > ROWS) {
            *self = Self::default();
        }
    }
}
