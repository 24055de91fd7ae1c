//! The part of a change set that is about deliveries, and what keeps inputs from counting twice.

use std::collections::BTreeMap;

use landfall_domain::ids::PersonKey;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::ChangeSet;

use super::{Numbers, latest, number};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::row::{json, person_column};

pub(super) fn write(
    connection: &mut Connection,
    changes: &ChangeSet,
    numbers: &mut Numbers,
) -> Result<(), Failure> {
    deliveries(connection, changes)?;
    moved(connection, changes)?;
    facts(connection, changes, &mut numbers.fact)?;
    messages(connection, changes)?;
    names(connection, changes)?;
    waiting(connection, changes, &mut numbers.waiting)?;
    seen(connection, changes)
}

fn deliveries(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let deliveries = latest(&changes.deliveries, |delivery| delivery.key);
    if deliveries.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = deliveries
        .iter()
        .map(|delivery| i64::from(delivery.key.0))
        .collect();
    let ids: Vec<&[u8]> = deliveries
        .iter()
        .map(|delivery| delivery.id.as_bytes())
        .collect();
    let people: Vec<Option<i64>> = deliveries
        .iter()
        .map(|delivery| person_column(delivery.person))
        .collect();
    let bodies: Vec<String> = deliveries
        .iter()
        .map(|delivery| json("delivery", delivery))
        .collect::<Result<_, _>>()?;
    connection.execute(
        "INSERT INTO delivery (key, id, person, body)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[])
         ON CONFLICT (key) DO UPDATE
            SET id = excluded.id, person = excluded.person, body = excluded.body",
        &[&keys, &ids, &people, &bodies],
    )?;
    Ok(())
}

/// After the deliveries of the same change set: those that were decided before the merge, and still
/// name the first person, follow too.
fn moved(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let (from, to): (Vec<i64>, Vec<i64>) = destinations(&changes.moved)
        .into_iter()
        .filter(|(from, to)| from != to)
        .map(|(from, to)| (i64::from(from.0), i64::from(to.0)))
        .unzip();
    if from.is_empty() {
        return Ok(());
    }
    connection.execute(
        "UPDATE delivery SET person = moved.to_person
           FROM unnest($1::bigint[], $2::bigint[]) moved (from_person, to_person)
          WHERE delivery.person = moved.from_person",
        &[&from, &to],
    )?;
    Ok(())
}

/// Where each person ends up when the moves are made one after the other.
pub(crate) fn destinations(moved: &[(PersonKey, PersonKey)]) -> BTreeMap<PersonKey, PersonKey> {
    let mut destinations: BTreeMap<PersonKey, PersonKey> = BTreeMap::new();
    for (from, to) in moved {
        for destination in destinations.values_mut() {
            if destination == from {
                *destination = *to;
            }
        }
        destinations.entry(*from).or_insert(*to);
    }
    destinations
}

fn facts(connection: &mut Connection, changes: &ChangeSet, last: &mut i64) -> Result<(), Failure> {
    if changes.facts.is_empty() {
        return Ok(());
    }
    let numbers = number(last, changes.facts.len());
    let deliveries: Vec<i64> = changes
        .facts
        .iter()
        .map(|fact| i64::from(fact.delivery.0))
        .collect();
    let bodies: Vec<String> = changes
        .facts
        .iter()
        .map(|fact| json("fact", fact))
        .collect::<Result<_, _>>()?;
    connection.execute(
        "INSERT INTO fact (number, delivery, body)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])",
        &[&numbers, &deliveries, &bodies],
    )?;
    Ok(())
}

fn messages(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let messages = latest(&changes.messages, |entry| entry.key);
    if messages.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = messages
        .iter()
        .map(|entry| i64::from(entry.key.0))
        .collect();
    let bodies: Vec<String> = messages
        .iter()
        .map(|entry| json("message", entry))
        .collect::<Result<_, _>>()?;
    connection.execute(
        "INSERT INTO message (key, body)
         SELECT * FROM unnest($1::bigint[], $2::text[])
         ON CONFLICT (key) DO UPDATE SET body = excluded.body",
        &[&keys, &bodies],
    )?;
    Ok(())
}

fn names(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let names = latest(&changes.names, |(of, _)| of);
    if names.is_empty() {
        return Ok(());
    }
    let of: Vec<String> = names
        .iter()
        .map(|(of, _)| json("message_name", of))
        .collect::<Result<_, _>>()?;
    let texts: Vec<&[u8]> = names.iter().map(|(_, name)| name.as_bytes()).collect();
    connection.execute(
        "INSERT INTO message_name (of, name)
         SELECT * FROM unnest($1::text[], $2::bytea[])
         ON CONFLICT (of) DO UPDATE SET name = excluded.name",
        &[&of, &texts],
    )?;
    Ok(())
}

/// Empties what was released, then adds what waits now.
fn waiting(
    connection: &mut Connection,
    changes: &ChangeSet,
    last: &mut i64,
) -> Result<(), Failure> {
    if !changes.released.is_empty() {
        let released: Vec<&[u8]> = changes.released.iter().map(|id| id.as_bytes()).collect();
        connection.execute(
            "DELETE FROM waiting
              USING unnest($1::bytea[]) released (id)
              WHERE sha256(waiting.delivery_id) = sha256(released.id)",
            &[&released],
        )?;
    }
    if changes.quarantined.is_empty() {
        return Ok(());
    }
    let numbers = number(last, changes.quarantined.len());
    let (ids, inputs): (Vec<&[u8]>, Vec<_>) = changes
        .quarantined
        .iter()
        .map(|(id, input)| (id.as_bytes(), input))
        .unzip();
    let bodies: Vec<String> = inputs
        .into_iter()
        .map(|input| json("waiting", input))
        .collect::<Result<_, _>>()?;
    connection.execute(
        "INSERT INTO waiting (number, delivery_id, body)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[])",
        &[&numbers, &ids, &bodies],
    )?;
    Ok(())
}

fn seen(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let hashes: Vec<&[u8]> = latest(&changes.seen, |hash| hash)
        .into_iter()
        .map(|hash| hash.as_slice())
        .collect();
    if hashes.is_empty() {
        return Ok(());
    }
    let taken = taken_at(changes).map(Timestamp::millis);
    connection.execute(
        "INSERT INTO seen (hash, taken)
         SELECT hash, $2 FROM unnest($1::bytea[]) AS hash
         ON CONFLICT (hash) DO UPDATE SET taken = excluded.taken",
        &[&hashes, &taken],
    )?;
    Ok(())
}

/// The time of a change set: the newest time of arrival in it, if anything in it has one.
fn taken_at(changes: &ChangeSet) -> Option<Timestamp> {
    let activities = changes
        .activities
        .iter()
        .map(|activity| activity.received_at);
    let facts = changes.facts.iter().map(|fact| fact.received_at);
    let moves = changes.token_moves.iter().map(|line| line.received_at);
    activities.chain(facts).chain(moves).max()
}
