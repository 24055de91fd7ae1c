//! Storing a change set: one transaction.

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::delivery::Delivery;
use landfall_domain::device::{TokenMove, TokenRecord};
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::PersonKey;
use landfall_domain::time::DAY_MS;
use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::load::meta;
use crate::open::failed;
use crate::row::text;

pub(crate) fn commit(
    connection: &mut Connection,
    changes: &ChangeSet,
    expected: u64,
) -> Result<u64, StoreError> {
    let write = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found = meta(&write)?.epoch;
    if found != expected {
        return Err(StoreError::Conflict { expected, found });
    }
    people(&write, changes)?;
    deliveries(&write, changes)?;
    catalogue(&write, changes)?;
    seen(&write, changes)?;
    let next = changes.next;
    write
        .prepare_cached(
            "UPDATE meta SET epoch = ?1, next_person = ?2, next_device = ?3, next_delivery = ?4,
                 next_message = ?5",
        )
        .and_then(|mut statement| {
            let epoch = found + 1;
            statement.execute(params![
                epoch,
                next.person,
                next.device,
                next.delivery,
                next.message
            ])
        })
        .map_err(failed)?;
    write.commit().map_err(failed)?;
    Ok(found + 1)
}

fn people(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    let mut statement = write
        .prepare_cached("INSERT OR REPLACE INTO person (key, body) VALUES (?1, ?2)")
        .map_err(failed)?;
    for person in &changes.people {
        statement
            .execute(params![person.key.0, text("person", person)?])
            .map_err(failed)?;
    }
    for (identifier, holder) in &changes.identifiers {
        hold(write, identifier, *holder)?;
    }
    for record in &changes.tokens {
        token(write, record)?;
    }
    for moved in &changes.token_moves {
        token_move(write, moved)?;
    }
    for activity in &changes.activities {
        store_activity(write, activity)?;
    }
    for (segment, person, added) in &changes.memberships {
        let sql = if *added {
            "INSERT OR IGNORE INTO membership (segment, person) VALUES (?1, ?2)"
        } else {
            "DELETE FROM membership WHERE segment = ?1 AND person = ?2"
        };
        let mut statement = write.prepare_cached(sql).map_err(failed)?;
        statement
            .execute(params![segment, person.0])
            .map_err(failed)?;
    }
    Ok(())
}

fn hold(
    write: &Transaction<'_>,
    identifier: &Identifier,
    holder: Option<Holder>,
) -> Result<(), StoreError> {
    let (kind, value) = (identifier.kind().name(), identifier.value());
    let person = match holder {
        None => {
            return write
                .prepare_cached("DELETE FROM identifier WHERE kind = ?1 AND value = ?2")
                .and_then(|mut statement| statement.execute((kind, value)))
                .map(|_| ())
                .map_err(failed);
        }
        Some(Holder::Person(PersonKey(key))) => Some(key),
        Some(Holder::Suppressed) => None,
    };
    write
        .prepare_cached(
            "INSERT OR REPLACE INTO identifier (kind, value, person) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut statement| statement.execute((kind, value, person)))
        .map(|_| ())
        .map_err(failed)
}

fn token(write: &Transaction<'_>, record: &TokenRecord) -> Result<(), StoreError> {
    let TokenRecord {
        key,
        token,
        owner,
        since,
    } = record;
    write
        .prepare_cached(
            "INSERT INTO token (key, token, platform, app, owner, since_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, since_ms = excluded.since_ms",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                key.0,
                token.token,
                token.platform.name(),
                token.app,
                owner.map(|owner| owner.0),
                since.millis()
            ])
        })
        .map(|_| ())
        .map_err(failed)
}

fn token_move(write: &Transaction<'_>, moved: &TokenMove) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT INTO token_move
                 (device, from_person, to_person, cause, occurred_ms, received_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                moved.device.0,
                moved.from.map(|person| person.0),
                moved.to.map(|person| person.0),
                moved.cause.name(),
                moved.occurred_at.millis(),
                moved.received_at.millis()
            ])
        })
        .map(|_| ())
        .map_err(failed)
}

fn store_activity(write: &Transaction<'_>, activity: &Activity) -> Result<(), StoreError> {
    let body = text("activity", &activity.input)?;
    let name = match &activity.input {
        PersonInput::Tracked { name, .. } => Some(name.as_str()),
        _ => None,
    };
    write
        .prepare_cached(
            "INSERT INTO activity (person, occurred_ms, received_ms, source, kind, name, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                activity.person.map(|person| person.0),
                activity.occurred_at.millis(),
                activity.received_at.millis(),
                activity.source.name(),
                activity.input.kind(),
                name,
                body
            ])
        })
        .map(|_| ())
        .map_err(failed)
}

fn deliveries(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    for (from, to) in &changes.moved {
        write
            .prepare_cached("UPDATE delivery SET person = ?2 WHERE person = ?1")
            .and_then(|mut statement| statement.execute([from.0, to.0]))
            .map_err(failed)?;
    }
    for delivery in &changes.deliveries {
        store_delivery(write, delivery)?;
    }
    let mut statement = write
        .prepare_cached("INSERT INTO fact (delivery, body) VALUES (?1, ?2)")
        .map_err(failed)?;
    for fact in &changes.facts {
        statement
            .execute(params![fact.delivery.0, text("fact", fact)?])
            .map_err(failed)?;
    }
    let mut statement = write
        .prepare_cached("DELETE FROM quarantine WHERE delivery_id = ?1")
        .map_err(failed)?;
    for id in &changes.released {
        statement.execute([id]).map_err(failed)?;
    }
    let mut statement = write
        .prepare_cached("INSERT INTO quarantine (delivery_id, body) VALUES (?1, ?2)")
        .map_err(failed)?;
    for (id, input) in &changes.quarantined {
        statement
            .execute(params![id, text("quarantine", input)?])
            .map_err(failed)?;
    }
    Ok(())
}

fn store_delivery(write: &Transaction<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    let body = text("delivery", delivery)?;
    write
        .prepare_cached(
            "INSERT INTO delivery (key, id, person, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET person = excluded.person, body = excluded.body",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                delivery.key.0,
                delivery.id,
                delivery.person.map(|person| person.0),
                body
            ])
        })
        .map(|_| ())
        .map_err(failed)
}

fn catalogue(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    for entry in &changes.messages {
        write
            .prepare_cached("INSERT OR REPLACE INTO message (key, body) VALUES (?1, ?2)")
            .and_then(|mut statement| {
                statement.execute(params![entry.key.0, serde_json::to_string(entry).ok()])
            })
            .map_err(failed)?;
    }
    for (of, name) in &changes.names {
        let of = text("name", of)?;
        write
            .prepare_cached("INSERT OR REPLACE INTO name (of, name) VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![of, name]))
            .map_err(failed)?;
    }
    Ok(())
}

fn seen(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    if changes.seen.is_empty() {
        return Ok(());
    }
    // The newest time in the change set dates its ids; a set of nothing but ids is dated by the ids
    // that are there already.
    let activities = changes
        .activities
        .iter()
        .map(|activity| activity.received_at.millis());
    let facts = changes.facts.iter().map(|fact| fact.received_at.millis());
    let day = match activities.chain(facts).max() {
        Some(ms) => ms.div_euclid(DAY_MS),
        None => write
            .query_row("SELECT coalesce(max(day), 0) FROM seen", [], |row| {
                row.get(0)
            })
            .map_err(failed)?,
    };
    let mut statement = write
        .prepare_cached("INSERT OR IGNORE INTO seen (hash, day) VALUES (?1, ?2)")
        .map_err(failed)?;
    for hash in &changes.seen {
        statement.execute(params![&hash[..], day]).map_err(failed)?;
    }
    Ok(())
}
