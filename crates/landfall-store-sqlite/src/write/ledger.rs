//! Deliveries, facts, the catalogue, and what keeps inputs from counting twice.

use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;
use rusqlite::{Transaction, params};

use super::{Body, Numbers, prepare};
use crate::open::failed;

pub(super) fn write(
    write: &Transaction<'_>,
    changes: &ChangeSet,
    numbers: &mut Numbers,
    body: &mut Body,
) -> Result<(), StoreError> {
    deliveries(write, changes, body)?;
    facts(write, changes, &mut numbers.fact, body)?;
    catalogue(write, changes, body)?;
    quarantine(write, changes, body)?;
    seen(write, changes)
}

/// Moves come last: a delivery that the same change set stores for the first person follows too.
fn deliveries(
    write: &Transaction<'_>,
    changes: &ChangeSet,
    body: &mut Body,
) -> Result<(), StoreError> {
    let mut upsert = prepare(
        write,
        "INSERT INTO delivery (key, id, person, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE
             SET id = excluded.id, person = excluded.person, body = excluded.body",
    )?;
    for delivery in &changes.deliveries {
        upsert
            .execute(params![
                delivery.key.0,
                delivery.id,
                delivery.person.map(|person| person.0),
                body.of("delivery", delivery)?
            ])
            .map_err(failed)?;
    }
    let mut follow = prepare(write, "UPDATE delivery SET person = ?2 WHERE person = ?1")?;
    for (from, to) in &changes.moved {
        follow.execute([from.0, to.0]).map_err(failed)?;
    }
    Ok(())
}

fn facts(
    write: &Transaction<'_>,
    changes: &ChangeSet,
    last: &mut u64,
    body: &mut Body,
) -> Result<(), StoreError> {
    let mut append = prepare(
        write,
        "INSERT INTO fact (number, delivery, body) VALUES (?1, ?2, ?3)",
    )?;
    for fact in &changes.facts {
        *last += 1;
        append
            .execute(params![*last, fact.delivery.0, body.of("fact", fact)?])
            .map_err(failed)?;
    }
    Ok(())
}

fn catalogue(
    write: &Transaction<'_>,
    changes: &ChangeSet,
    body: &mut Body,
) -> Result<(), StoreError> {
    let mut message = prepare(
        write,
        "INSERT OR REPLACE INTO message (key, body) VALUES (?1, ?2)",
    )?;
    for entry in &changes.messages {
        message
            .execute(params![entry.key.0, body.of("message", entry)?])
            .map_err(failed)?;
    }
    let mut name = prepare(
        write,
        "INSERT OR REPLACE INTO name (of, name) VALUES (?1, ?2)",
    )?;
    for (of, given) in &changes.names {
        name.execute(params![body.of("name", of)?, given])
            .map_err(failed)?;
    }
    Ok(())
}

/// Empties what was released, then adds what waits now.
fn quarantine(
    write: &Transaction<'_>,
    changes: &ChangeSet,
    body: &mut Body,
) -> Result<(), StoreError> {
    let mut release = prepare(write, "DELETE FROM quarantine WHERE delivery_id = ?1")?;
    for id in &changes.released {
        release.execute([id]).map_err(failed)?;
    }
    let mut wait = prepare(
        write,
        "INSERT INTO quarantine (delivery_id, body) VALUES (?1, ?2)",
    )?;
    for (id, input) in &changes.quarantined {
        wait.execute(params![id, body.of("quarantine", input)?])
            .map_err(failed)?;
    }
    Ok(())
}

fn seen(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    if changes.seen.is_empty() {
        return Ok(());
    }
    let day = taken_at(changes).map(|at| at.millis().div_euclid(DAY_MS));
    let mut remember = prepare(
        write,
        "INSERT INTO seen (hash, day) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET day = excluded.day",
    )?;
    for hash in &changes.seen {
        remember.execute(params![&hash[..], day]).map_err(failed)?;
    }
    Ok(())
}

/// The time of a change set: the newest time of arrival in it, if anything in it has one.
fn taken_at(changes: &ChangeSet) -> Option<Timestamp> {
    let activities = changes.activities.iter().map(|row| row.received_at);
    let facts = changes.facts.iter().map(|row| row.received_at);
    let moves = changes.token_moves.iter().map(|row| row.received_at);
    activities.chain(facts).chain(moves).max()
}
