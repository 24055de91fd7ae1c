//! Forgetting what need not be kept, in steps that let writers in between.

use landfall_domain::limits::ANONYMOUS_ATTACH_MS;
use landfall_domain::time::DAY_MS;
use landfall_store::StoreError;
use rusqlite::{Connection, params};

use crate::open::{SqliteStore, failed};

/// Days for which ids of inputs are remembered.
const SEEN_DAYS: i64 = 35;
/// Rows that go in one transaction.
const ROWS_AT_ONCE: usize = 2_000;

/// Ids older than [`SEEN_DAYS`], activities of nobody that are too old to attach to anybody, and parked
/// work whose time has passed.
/// Ids whose commit did not say when it was begin to age at the first sweep after it.
pub(crate) fn sweep(store: &SqliteStore, now_ms: i64) -> Result<u64, StoreError> {
    store.shared.settle()?;
    let today = now_ms.div_euclid(DAY_MS);
    let mut swept = 0;
    for slice in 0..=u8::MAX {
        swept += seen(&mut store.shared.writer(), slice, today)?;
    }
    let of_nobody = "DELETE FROM activity WHERE number IN (
        SELECT number FROM activity WHERE person IS NULL AND received_ms < ?1 LIMIT ?2)";
    swept += before(store, of_nobody, now_ms.saturating_sub(ANONYMOUS_ATTACH_MS))?;
    let parked = "DELETE FROM work WHERE key IN (
        SELECT key FROM work WHERE state = 2 AND due_ms <= ?1 LIMIT ?2)";
    swept += before(store, parked, now_ms)?;
    Ok(swept as u64)
}

/// The ids that begin with one byte: hashes spread evenly, so each slice is a 256th of all.
fn seen(writer: &mut Connection, slice: u8, today: i64) -> Result<usize, StoreError> {
    let step = writer.transaction().map_err(failed)?;
    let (from, mut to) = ([slice], [u8::MAX; 16]);
    to[0] = slice;
    let gone = step
        .prepare_cached("DELETE FROM seen WHERE hash BETWEEN ?1 AND ?2 AND day < ?3")
        .and_then(|mut delete| {
            delete.execute(params![&from[..], &to[..], today.saturating_sub(SEEN_DAYS)])
        })
        .map_err(failed)?;
    step.prepare_cached("UPDATE seen SET day = ?3 WHERE hash BETWEEN ?1 AND ?2 AND day IS NULL")
        .and_then(|mut date| date.execute(params![&from[..], &to[..], today]))
        .map_err(failed)?;
    step.commit().map_err(failed)?;
    Ok(gone)
}

/// Deletes what is older than a moment.
fn before(store: &SqliteStore, sql: &str, moment: i64) -> Result<usize, StoreError> {
    let mut swept = 0;
    loop {
        let gone = store
            .shared
            .writer()
            .prepare_cached(sql)
            .and_then(|mut delete| delete.execute(params![moment, ROWS_AT_ONCE]))
            .map_err(failed)?;
        swept += gone;
        if gone < ROWS_AT_ONCE {
            return Ok(swept);
        }
    }
}
