//! The list of refused inputs.

use landfall_store::{RejectedInput, RejectedInputs, StoreError};
use rusqlite::{TransactionBehavior, params};

use crate::open::{SqliteStore, failed};
use crate::row;

/// How many are kept.
const KEPT: u32 = 10_000;

impl RejectedInputs for SqliteStore {
    fn record_rejected(&self, rejected: &[RejectedInput]) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let write = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        for input in rejected {
            write
                .prepare_cached("INSERT INTO rejected (body) VALUES (?1)")
                .and_then(|mut insert| insert.execute([serde_json::to_string(input).ok()]))
                .map_err(failed)?;
            write
                .prepare_cached(
                    "INSERT INTO rejected_count (surface, reason, count) VALUES (?1, ?2, 1)
                     ON CONFLICT (surface, reason) DO UPDATE SET count = count + 1",
                )
                .and_then(|mut count| count.execute(params![input.surface, input.reason]))
                .map_err(failed)?;
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
        self.ask(|connection| {
            row::all(connection, sql, [limit as u64], |row| {
                let (number, body): (u64, String) =
                    (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
                row::value("rejected", number, &body)
            })
        })
    }

    fn rejected_counts(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        let sql = "SELECT surface, reason, count FROM rejected_count ORDER BY surface, reason";
        self.ask(|connection| {
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
