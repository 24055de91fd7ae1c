//! People, their identifiers, devices, activities and memberships.

use landfall_domain::activity::PersonInput;
use landfall_domain::identifier::Holder;
use landfall_domain::ids::PersonKey;
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
    people(write, changes, body)?;
    identifiers(write, changes)?;
    tokens(write, changes)?;
    token_moves(write, changes)?;
    activities(write, changes, &mut numbers.activity, body)?;
    memberships(write, changes)
}

fn people(write: &Transaction<'_>, changes: &ChangeSet, body: &mut Body) -> Result<(), StoreError> {
    let mut upsert = prepare(
        write,
        "INSERT INTO person (key, body) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET body = excluded.body",
    )?;
    for person in &changes.people {
        upsert
            .execute(params![person.key.0, body.of("person", person)?])
            .map_err(failed)?;
    }
    Ok(())
}

fn identifiers(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    let mut free = prepare(
        write,
        "DELETE FROM identifier WHERE kind = ?1 AND value = ?2",
    )?;
    let mut hold = prepare(
        write,
        "INSERT INTO identifier (kind, value, person) VALUES (?1, ?2, ?3)
         ON CONFLICT (kind, value) DO UPDATE SET person = excluded.person",
    )?;
    for (identifier, holder) in &changes.identifiers {
        let (kind, value) = (identifier.kind().name(), identifier.value());
        let person = match holder {
            None => {
                free.execute((kind, value)).map_err(failed)?;
                continue;
            }
            Some(Holder::Person(PersonKey(key))) => Some(*key),
            Some(Holder::Suppressed) => None,
        };
        hold.execute((kind, value, person)).map_err(failed)?;
    }
    Ok(())
}

fn tokens(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    let mut upsert = prepare(
        write,
        "INSERT INTO token (key, token, platform, app, owner, since_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (key) DO UPDATE
             SET token = excluded.token, platform = excluded.platform, app = excluded.app,
                 owner = excluded.owner, since_ms = excluded.since_ms",
    )?;
    for record in &changes.tokens {
        upsert
            .execute(params![
                record.key.0,
                record.token.token,
                record.token.platform.name(),
                record.token.app,
                record.owner.map(|owner| owner.0),
                record.since.millis()
            ])
            .map_err(failed)?;
    }
    Ok(())
}

fn token_moves(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    let mut append = prepare(
        write,
        "INSERT INTO token_move (device, from_person, to_person, cause, occurred_ms, received_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for line in &changes.token_moves {
        append
            .execute(params![
                line.device.0,
                line.from.map(|person| person.0),
                line.to.map(|person| person.0),
                line.cause.name(),
                line.occurred_at.millis(),
                line.received_at.millis()
            ])
            .map_err(failed)?;
    }
    Ok(())
}

fn activities(
    write: &Transaction<'_>,
    changes: &ChangeSet,
    last: &mut u64,
    body: &mut Body,
) -> Result<(), StoreError> {
    let mut append = prepare(
        write,
        "INSERT INTO activity
             (number, person, occurred_ms, received_ms, source, kind, name, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for activity in &changes.activities {
        *last += 1;
        let name = match &activity.input {
            PersonInput::Tracked { name, .. } => Some(name.as_str()),
            _ => None,
        };
        append
            .execute(params![
                *last,
                activity.person.map(|person| person.0),
                activity.occurred_at.millis(),
                activity.received_at.millis(),
                activity.source.name(),
                activity.input.kind(),
                name,
                body.of("activity", &activity.input)?
            ])
            .map_err(failed)?;
    }
    Ok(())
}

fn memberships(write: &Transaction<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    let mut add = prepare(
        write,
        "INSERT OR IGNORE INTO membership (segment, person) VALUES (?1, ?2)",
    )?;
    let mut remove = prepare(
        write,
        "DELETE FROM membership WHERE segment = ?1 AND person = ?2",
    )?;
    for (segment, person, added) in &changes.memberships {
        let statement = if *added { &mut add } else { &mut remove };
        statement
            .execute(params![segment, person.0])
            .map_err(failed)?;
    }
    Ok(())
}
