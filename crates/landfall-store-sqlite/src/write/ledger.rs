//! Deliveries, facts, the catalogue, and what keeps inputs from counting twice.

use landfall_store::StoreError;
use rusqlite::{Transaction, params};

use super::prepare;
use crate::open::failed;
use crate::record::Row;
use crate::settle::Newest;

pub(super) fn write(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    deliveries(step, rows)?;
    works(step, rows)?;
    catalogue(step, rows)?;
    in_order(step, rows)?;
    let mut remember = prepare(
        step,
        "INSERT INTO seen (hash, day) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET day = excluded.day",
    )?;
    for (hash, day) in &rows.seen {
        remember.execute(params![&hash[..], day]).map_err(failed)?;
    }
    Ok(())
}

fn deliveries(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    // An upsert would write both indexes anew, though id and person seldom change.
    let mut update = prepare(
        step,
        "UPDATE delivery SET body = ?4 WHERE key = ?1 AND id = ?2 AND person IS ?3",
    )?;
    let mut upsert = prepare(
        step,
        "INSERT INTO delivery (key, id, person, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE
             SET id = excluded.id, person = excluded.person, body = excluded.body",
    )?;
    for (key, row) in &rows.deliveries {
        let row = params![key, row.id, row.person, row.body];
        if update.execute(row).map_err(failed)? == 0 {
            upsert.execute(row).map_err(failed)?;
        }
    }
    Ok(())
}

fn works(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut upsert = prepare(
        step,
        "INSERT INTO work (key, state, due_ms, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE
             SET state = excluded.state, due_ms = excluded.due_ms, body = excluded.body",
    )?;
    let mut delete = prepare(step, "DELETE FROM work WHERE key = ?1")?;
    let mut advance = prepare(
        step,
        "UPDATE work SET state = ?2, due_ms = ?3, body = json_patch(body, ?4) WHERE key = ?1",
    )?;
    for (key, news) in &rows.works {
        match &news.row {
            Some(Some(row)) => upsert.execute(params![key, row.state, row.due_ms, row.body]),
            Some(None) => delete.execute([key]),
            None => Ok(0),
        }
        .map_err(failed)?;
        if let Some(row) = &news.progress {
            advance
                .execute(params![key, row.state, row.due_ms, row.patch])
                .map_err(failed)?;
        }
    }
    Ok(())
}

fn catalogue(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut message = prepare(
        step,
        "INSERT OR REPLACE INTO message (key, body) VALUES (?1, ?2)",
    )?;
    for (key, body) in &rows.messages {
        message.execute(params![key, body]).map_err(failed)?;
    }
    let mut name = prepare(
        step,
        "INSERT OR REPLACE INTO name (of, name) VALUES (?1, ?2)",
    )?;
    for (of, given) in &rows.names {
        name.execute(params![of, given]).map_err(failed)?;
    }
    Ok(())
}

/// Facts, and what waits for deliveries: released before it waits again.
fn in_order(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut fact = prepare(
        step,
        "INSERT INTO fact (number, delivery, body) VALUES (?1, ?2, ?3)",
    )?;
    let mut release = prepare(step, "DELETE FROM quarantine WHERE delivery_id = ?1")?;
    let mut wait = prepare(
        step,
        "INSERT INTO quarantine (delivery_id, body) VALUES (?1, ?2)",
    )?;
    for row in &rows.appended {
        match row {
            Row::Fact(number, delivery, body) => fact.execute(params![number, delivery, body]),
            Row::Release(id) => release.execute([id]),
            Row::Waiting(id, body) => wait.execute([id, body]),
            _ => continue,
        }
        .map_err(failed)?;
    }
    Ok(())
}
