//! Reading work.

use landfall_domain::ids::DeliveryKey;
use landfall_domain::work::{Work, WorkKey};
use landfall_store::{StoreError, WorkReader};

use crate::PostgresStore;
use crate::row;

impl WorkReader for PostgresStore {
    fn open_works(&self, after: Option<WorkKey>, limit: usize) -> Result<Vec<Work>, StoreError> {
        let after = after.map_or(-1, |key| row::bound(key.0));
        self.read(|connection| {
            let rows = connection.query(
                "SELECT key, body FROM work WHERE state < 2 AND key > $1 ORDER BY key LIMIT $2",
                &[&after, &row::limit(limit)],
            )?;
            rows.iter().map(row::work).collect()
        })
    }

    fn works_of(&self, delivery: DeliveryKey) -> Result<Vec<Work>, StoreError> {
        let range = WorkKey::range(delivery);
        self.read(|connection| {
            let rows = connection.query(
                "SELECT key, body FROM work WHERE key BETWEEN $1 AND $2 ORDER BY key",
                &[&row::bound(range.start().0), &row::bound(range.end().0)],
            )?;
            rows.iter().map(row::work).collect()
        })
    }
}
