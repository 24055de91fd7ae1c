//! People, their identifiers, devices, activities and memberships.

use landfall_store::StoreError;
use rusqlite::{Transaction, params};

use super::prepare;
use crate::open::failed;
use crate::record::{Held, Row};
use crate::settle::Newest;

pub(super) fn write(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    people(step, rows)?;
    identifiers(step, rows)?;
    tokens(step, rows)?;
    histories(step, rows)?;
    memberships(step, rows)
}

fn people(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    // Nothing refers to a person's row, so it may be replaced: cheaper than finding it to update it.
    let mut replace = prepare(step, "REPLACE INTO person (key, body) VALUES (?1, ?2)")?;
    for (key, body) in &rows.people {
        replace.execute(params![key, body]).map_err(failed)?;
    }
    Ok(())
}

fn identifiers(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut free = prepare(
        step,
        "DELETE FROM identifier WHERE kind = ?1 AND value = ?2",
    )?;
    let mut hold = prepare(
        step,
        "INSERT INTO identifier (kind, value, person) VALUES (?1, ?2, ?3)
         ON CONFLICT (kind, value) DO UPDATE SET person = excluded.person",
    )?;
    for ((kind, value), held) in &rows.identifiers {
        let person = match held {
            Held::Free => {
                free.execute((kind, value)).map_err(failed)?;
                continue;
            }
            Held::By(person) => Some(person),
            Held::Suppressed => None,
        };
        hold.execute((kind, value, person)).map_err(failed)?;
    }
    Ok(())
}

fn tokens(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut upsert = prepare(
        step,
        "INSERT INTO token (key, token, platform, app, owner, since_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (key) DO UPDATE
             SET token = excluded.token, platform = excluded.platform, app = excluded.app,
                 owner = excluded.owner, since_ms = excluded.since_ms",
    )?;
    for row in rows.tokens.values() {
        upsert
            .execute(params![
                row.key,
                row.token,
                row.platform,
                row.app,
                row.owner,
                row.since_ms
            ])
            .map_err(failed)?;
    }
    Ok(())
}

fn histories(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut activity = prepare(
        step,
        "INSERT INTO activity
             (number, person, occurred_ms, received_ms, source, kind, name, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut token_move = prepare(
        step,
        "INSERT INTO token_move (device, from_person, to_person, cause, occurred_ms, received_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in &rows.appended {
        match row {
            Row::Activity(row) => activity.execute(params![
                row.number,
                row.person,
                row.occurred_ms,
                row.received_ms,
                row.source,
                row.kind,
                row.name,
                row.body
            ]),
            Row::TokenMove(row) => token_move.execute(params![
                row.device,
                row.from,
                row.to,
                row.cause,
                row.occurred_ms,
                row.received_ms
            ]),
            _ => continue,
        }
        .map_err(failed)?;
    }
    Ok(())
}

fn memberships(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut add = prepare(
        step,
        "INSERT OR IGNORE INTO membership (segment, person) VALUES (?1, ?2)",
    )?;
    let mut remove = prepare(
        step,
        "DELETE FROM membership WHERE segment = ?1 AND person = ?2",
    )?;
    let mut ordered: Vec<&((u32, u32), bool)> = rows.memberships.iter().collect();
    ordered.sort_by_key(|(of, _)| *of);
    // The last of each is the newest.
    for same in ordered.chunk_by(|(one, _), (other, _)| one == other) {
        let Some(((segment, person), added)) = same.last() else {
            continue;
        };
        let statement = if *added { &mut add } else { &mut remove };
        statement.execute([segment, person]).map_err(failed)?;
    }
    Ok(())
}
