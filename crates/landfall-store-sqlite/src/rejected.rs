//! The list of refused inputs.

use landfall_store::{RejectedInput, RejectedInputs, StoreError};
use rusqlite::{TransactionBehavior, params};

use crate::open::{SqliteStore, failed};
use crate::row;

/// How many are kept.
const KEPT: u32 = 10_000;

impl RejectedInputs for SqliteStore {
    fn record_rejected(&self, rejected: &[RejectedInput]) -> Result<(), StoreError> {
        let mut writer = self.shared.writer();
        let write = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        {
            let mut list = write
                .prepare_cached("INSERT INTO rejected (body) VALUES (?1)")
                .map_err(failed)?;
            let mut count = write
                .prepare_cached(
                    "INSERT INTO rejected_count (surface, reason, count) VALUES (?1, ?2, 1)
                     ON CONFLICT (surface, reason) DO UPDATE SET count = count + 1",
                )
                .map_err(failed)?;
            for input in rejected {
                let body = serde_json::to_string(input)
                    .map_err(|error| StoreError::corrupt("rejected", "new", error))?;
                list.execute([body]).map_err(failed)?;
                count
                    .execute(params![input.surface, input.reason])
                    .map_err(failed)?;
            }
        }
        write
            .execute(
                "DELETE FROM rejected WHERE number <= (SELECT max(number) FROM rejected) - ?1",
                [KEPT],
            )
            .map_err(failed)?;
        write.commit().map_err(failed)
    }

    fn rejected(&self, limit: usize) -> Result<Vec<RejectedInput>, StoreError> {
        let sql = "SELECT number, body FROM rejected ORDER BY number DESC LIMIT ?1";
        self.shared.view(|connection| {
            row::all(connection, sql, [row::bounded(limit)], |row| {
                row::body("rejected", row)
            })
        })
    }

    fn rejected_counts(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        let sql = "SELECT surface, reason, count FROM rejected_count ORDER BY surface, reason";
        self.shared.view(|connection| {
            row::all(connection, sql, [], |row| {
                Ok((
                    row.get(0).map_err(failed)?,
                    row.get(1).map_err(failed)?,
                    row.get(2).map_err(failed)?,
                ))
            })
        })
    }
}
