//! Reading work.

use landfall_domain::ids::DeliveryKey;
use landfall_domain::work::{Work, WorkKey, WorkState};
use landfall_store::{StoreError, WorkReader};
use rusqlite::Connection;

use crate::open::SqliteStore;
use crate::row;

impl WorkReader for SqliteStore {
    fn open_works(&self, after: Option<WorkKey>, limit: usize) -> Result<Vec<Work>, StoreError> {
        let after = after.map_or(-1, |key| row::bounded(key.0));
        // Left to itself, SQLite goes by the table's own key, through all that is parked.
        let sql = "SELECT key, body FROM work INDEXED BY work_open
                   WHERE state < 2 AND key > ?1 ORDER BY key LIMIT ?2";
        self.ask(|connection| {
            row::all(connection, sql, (after, row::bounded(limit)), |row| {
                row::body("work", row)
            })
        })
    }

    fn works_of(&self, delivery: DeliveryKey) -> Result<Vec<Work>, StoreError> {
        self.ask(|connection| of_delivery(connection, delivery))
    }
}

/// All work that SQLite has of a delivery, by key.
pub(crate) fn of_delivery(
    connection: &Connection,
    delivery: DeliveryKey,
) -> Result<Vec<Work>, StoreError> {
    let range = WorkKey::range(delivery);
    let parameters = (range.start().0, range.end().0);
    let sql = "SELECT key, body FROM work WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
    row::all(connection, sql, parameters, |row| row::body("work", row))
}

/// The column `state`.
pub(crate) const fn state(work: &Work) -> u8 {
    match work.state {
        WorkState::Waiting => 0,
        WorkState::Claimed { .. } => 1,
        WorkState::Parked => 2,
    }
}
