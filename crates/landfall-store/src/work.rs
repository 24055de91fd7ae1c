//! Reading work: what is on its way to a provider.

use landfall_domain::ids::DeliveryKey;
use landfall_domain::work::{Work, WorkKey};

use crate::error::StoreError;

/// Reading work.
pub trait WorkReader: Send + Sync {
    /// Up to `limit` pieces of work that wait or are claimed, with keys above `after`, by key: what a
    /// queue is filled with at a start. Conformance: `open_works`.
    fn open_works(&self, after: Option<WorkKey>, limit: usize) -> Result<Vec<Work>, StoreError>;

    /// All work of a delivery, parked work too, by key. Conformance: `works_of_a_delivery`.
    fn works_of(&self, delivery: DeliveryKey) -> Result<Vec<Work>, StoreError>;
}
