//! The list of refused inputs.

use std::collections::BTreeMap;

use landfall_store::{RejectedInput, RejectedInputs, StoreError};

use crate::PostgresStore;
use crate::row;

/// How many are kept.
const KEPT: i64 = 10_000;

impl RejectedInputs for PostgresStore {
    fn record_rejected(&self, rejected: &[RejectedInput]) -> Result<(), StoreError> {
        if rejected.is_empty() {
            return Ok(());
        }
        let bodies: Vec<String> = rejected
            .iter()
            .map(|input| row::json("rejected", input))
            .collect::<Result<_, _>>()?;
        let mut counts: BTreeMap<(&[u8], &[u8]), i64> = BTreeMap::new();
        for input in rejected {
            *counts
                .entry((input.surface.as_bytes(), input.reason.as_bytes()))
                .or_default() += 1;
        }
        let surfaces: Vec<&[u8]> = counts.keys().map(|(surface, _)| *surface).collect();
        let reasons: Vec<&[u8]> = counts.keys().map(|(_, reason)| *reason).collect();
        let times: Vec<i64> = counts.values().copied().collect();
        self.write(|connection| {
            // The counter has no gaps and is locked until the end: the list is exactly its tail.
            let counter = connection.one(
                "INSERT INTO counter (name, last) VALUES ('rejected', $1)
                 ON CONFLICT (name) DO UPDATE SET last = counter.last + excluded.last
                 RETURNING last",
                &[&row::limit(bodies.len())],
            )?;
            let last: i64 = counter.try_get(0)?;
            connection.execute(
                "INSERT INTO rejected (number, body)
                 SELECT $2::bigint - cardinality($1::text[]) + place, body
                   FROM unnest($1::text[]) WITH ORDINALITY new (body, place)",
                &[&bodies, &last],
            )?;
            connection.execute("DELETE FROM rejected WHERE number <= $1", &[&(last - KEPT)])?;
            connection.execute(
                "INSERT INTO rejected_count (surface, reason, count)
                 SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[])
                 ON CONFLICT (sha256(surface), sha256(reason))
                 DO UPDATE SET count = rejected_count.count + excluded.count",
                &[&surfaces, &reasons, &times],
            )?;
            Ok(())
        })
    }

    fn rejected(&self, limit: usize) -> Result<Vec<RejectedInput>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT number, body FROM rejected ORDER BY number DESC LIMIT $1",
                &[&row::limit(limit)],
            )?;
            rows.iter()
                .map(|row| {
                    let number = row::count("rejected", row, 0)?;
                    Ok(row::from_json("rejected", number, row.try_get(1)?)?)
                })
                .collect()
        })
    }

    fn rejected_counts(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT surface, reason, count FROM rejected_count ORDER BY surface, reason",
                &[],
            )?;
            rows.iter()
                .map(|row| {
                    Ok((
                        row::text("rejected_count", row, 0)?,
                        row::text("rejected_count", row, 1)?,
                        row::count("rejected_count", row, 2)?,
                    ))
                })
                .collect()
        })
    }
}
