//! Reading deliveries and facts.

use landfall_domain::delivery::Delivery;
use landfall_domain::fact::Fact;
use landfall_domain::ids::{DeliveryKey, PersonKey};

use crate::error::StoreError;

/// Deliveries read at a time where all are wanted.
const PAGE: usize = 1_000;

/// A page of a person's deliveries, newest key first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Key to continue below; `None`: that was all.
    pub next: Option<DeliveryKey>,
}

/// Reading the ledger.
pub trait LedgerReader: Send + Sync {
    /// One delivery by its outside id.
    fn delivery(&self, id: &str) -> Result<Option<Delivery>, StoreError>;

    /// These deliveries, in the order of the keys; unknown keys are left out. At most 10,000.
    /// Conformance: `deliveries_by_key`.
    fn deliveries(&self, keys: &[DeliveryKey]) -> Result<Vec<Delivery>, StoreError>;

    /// Up to `limit` deliveries with keys above `after`, by key: a full scan in pages.
    fn deliveries_after(
        &self,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Deliveries of these records, newest key first, below `before`.
    fn deliveries_of(
        &self,
        people: &[PersonKey],
        before: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError>;

    /// All deliveries of some records, in the order of the keys, those of each newest key first. Conformance:
    /// `deliveries_of_people`.
    fn deliveries_of_each(&self, people: &[PersonKey]) -> Result<Vec<Vec<Delivery>>, StoreError> {
        let all = people.iter().map(|person| {
            let mut deliveries = Vec::new();
            let mut before = None;
            loop {
                let page = self.deliveries_of(&[*person], before, PAGE)?;
                deliveries.extend(page.deliveries);
                before = page.next;
                if before.is_none() {
                    return Ok(deliveries);
                }
            }
        });
        all.collect()
    }

    /// All facts of these deliveries, by delivery in the order given, then in order of commit.
    fn facts(&self, deliveries: &[DeliveryKey]) -> Result<Vec<Fact>, StoreError>;

    /// Keys of deliveries that have a fact numbered above `fact`, up to `limit` facts at a time, and
    /// the number of the last fact looked at: how a board catches up with the ledger.
    /// Conformance: `changed_since`.
    fn changed_since(&self, fact: u64, limit: usize)
    -> Result<(Vec<DeliveryKey>, u64), StoreError>;

    /// Facts numbered above `after`, up to `limit`, with their numbers, in order: how a follower reads
    /// the ledger. Conformance: `facts_after`.
    fn facts_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, Fact)>, StoreError>;

    /// Ids of deliveries that receipts wait for in quarantine, with how many wait, up to `limit`.
    fn quarantine(&self, limit: usize) -> Result<Vec<(String, u64)>, StoreError>;
}
