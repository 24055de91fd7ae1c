//! Loading what a decision needs.

mod audience;

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_domain::delivery::Delivery;
use landfall_domain::fact::TargetKey;
use landfall_domain::identifier::Holder;
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::person::{Person, Standing};
use landfall_domain::work::WorkKey;
use landfall_domain::working_set::{DedupeHash, Found, NextKeys, Want};
use landfall_store::{Start, StoreError};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;

pub(crate) fn start(connection: &mut Connection) -> Result<Start, Failure> {
    let meta = connection.one(
        "SELECT salt, epoch, next_person, next_device, next_delivery, next_message, last_fact,
                next_run
           FROM meta",
        &[],
    )?;
    let salt: i32 = meta.try_get(0)?;
    let messages = connection
        .query("SELECT key, body FROM message ORDER BY key", &[])?
        .iter()
        .map(|row| {
            Ok(row::from_json(
                "message",
                row::key("message", row, 0)?,
                row.try_get(1)?,
            )?)
        })
        .collect::<Result<_, Failure>>()?;
    let names = connection
        .query(
            r#"SELECT of, name FROM message_name ORDER BY of COLLATE "C""#,
            &[],
        )?
        .iter()
        .map(|row| {
            let of: &str = row.try_get(0)?;
            let name = row::text("message_name", row, 1)?;
            Ok((row::from_json("message_name", of, of)?, name))
        })
        .collect::<Result<_, Failure>>()?;
    Ok(Start {
        next: NextKeys {
            person: row::key("meta", &meta, 2)?,
            device: row::key("meta", &meta, 3)?,
            delivery: row::key("meta", &meta, 4)?,
            message: row::key("meta", &meta, 5)?,
            run: row::key("meta", &meta, 7)?,
        },
        messages,
        names,
        salt: u16::try_from(salt).map_err(|error| StoreError::corrupt("meta", salt, error))?,
        epoch: row::count("meta", &meta, 1)?,
        last_fact: row::count("meta", &meta, 6)?,
    })
}

/// Everything in `want` and what hangs on it.
pub(crate) fn load(connection: &mut Connection, want: &Want) -> Result<Found, Failure> {
    let epoch = connection.one("SELECT epoch FROM meta", &[])?;
    let mut found = Found {
        epoch: row::count("meta", &epoch, 0)?,
        ..Found::default()
    };
    identifiers(connection, want, &mut found)?;
    deliveries(connection, want, &mut found)?;
    waiting(connection, want, &mut found)?;
    works(connection, want, &mut found)?;
    tokens(connection, want, &mut found)?;
    seen(connection, want, &mut found)?;
    audience::runs(connection, want, &mut found)?;
    let mut named = named_people(&found);
    named.extend(&want.people);
    found.people = people(connection, named)?;
    if want.audience {
        audience::of_people(connection, &mut found)?;
    }
    Ok(found)
}

fn identifiers(connection: &mut Connection, want: &Want, found: &mut Found) -> Result<(), Failure> {
    if want.identifiers.is_empty() {
        return Ok(());
    }
    let wanted: Vec<_> = want.identifiers.iter().collect();
    let kinds: Vec<&str> = wanted.iter().map(|wanted| wanted.kind().name()).collect();
    let values: Vec<&[u8]> = wanted
        .iter()
        .map(|wanted| wanted.value().as_bytes())
        .collect();
    let rows = connection.query(
        "SELECT wanted.place, identifier.person
           FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY wanted (kind, value, place)
           JOIN identifier ON identifier.kind = wanted.kind
            AND sha256(identifier.value) = sha256(wanted.value)
          ORDER BY wanted.place",
        &[&kinds, &values],
    )?;
    for row in &rows {
        // Places count from one.
        let place = row.try_get::<_, i64>(0)? as usize - 1;
        let holder = row::holder(row, 1)?;
        found.identifiers.push((wanted[place].clone(), holder));
    }
    Ok(())
}

/// The wanted deliveries, by id, and those of the wanted work, by key.
fn deliveries(connection: &mut Connection, want: &Want, found: &mut Found) -> Result<(), Failure> {
    let ids: Vec<&[u8]> = want
        .deliveries
        .union(&want.works_of)
        .map(|id| id.as_bytes())
        .collect();
    if !ids.is_empty() {
        let rows = connection.query(
            "SELECT delivery.key, delivery.person, delivery.body
               FROM unnest($1::bytea[]) wanted (id)
               JOIN delivery ON sha256(delivery.id) = sha256(wanted.id)
              ORDER BY delivery.key",
            &[&ids],
        )?;
        let read = rows.iter().map(|row| row::delivery(row).map(Arc::new));
        found.deliveries = read.collect::<Result<_, _>>()?;
    }
    let mut keys: BTreeSet<DeliveryKey> = want.works.iter().map(|work| work.delivery()).collect();
    for delivery in &found.deliveries {
        keys.remove(&delivery.key);
    }
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = keys.into_iter().map(|key| i64::from(key.0)).collect();
    let rows = connection.query(
        "SELECT key, person, body FROM delivery WHERE key = ANY ($1::bigint[]) ORDER BY key",
        &[&keys],
    )?;
    for row in &rows {
        found.deliveries.push(Arc::new(row::delivery(row)?));
    }
    Ok(())
}

/// What waits for the deliveries, whether they are there or not.
fn waiting(connection: &mut Connection, want: &Want, found: &mut Found) -> Result<(), Failure> {
    let wanted = want.deliveries.union(&want.works_of).map(String::as_str);
    let found_ids = found.deliveries.iter().map(|delivery| delivery.id.as_str());
    let ids: BTreeSet<&str> = wanted.chain(found_ids).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = ids.into_iter().map(str::as_bytes).collect();
    let rows = connection.query(
        "SELECT waiting.number, waiting.delivery_id, waiting.body
           FROM unnest($1::bytea[]) wanted (id)
           JOIN waiting ON sha256(waiting.delivery_id) = sha256(wanted.id)
          ORDER BY waiting.number",
        &[&ids],
    )?;
    for row in &rows {
        let number = row::count("waiting", row, 0)?;
        let input = row::from_json("waiting", number, row.try_get(2)?)?;
        found
            .quarantined
            .push((row::text("waiting", row, 1)?, input));
    }
    Ok(())
}

/// The wanted work, and all work of the deliveries of which it is wanted.
fn works(connection: &mut Connection, want: &Want, found: &mut Found) -> Result<(), Failure> {
    let whole: BTreeSet<DeliveryKey> = found
        .deliveries
        .iter()
        .filter(|delivery| want.works_of.contains(&delivery.id))
        .map(|delivery| delivery.key)
        .collect();
    if !whole.is_empty() {
        let (first, last): (Vec<i64>, Vec<i64>) = whole
            .iter()
            .map(|delivery| WorkKey::range(*delivery))
            .map(|range| (row::bound(range.start().0), row::bound(range.end().0)))
            .unzip();
        let rows = connection.query(
            "SELECT work.key, work.body
               FROM unnest($1::bigint[], $2::bigint[]) wanted (first, last)
               JOIN work ON work.key BETWEEN wanted.first AND wanted.last
              ORDER BY work.key",
            &[&first, &last],
        )?;
        found.works = rows.iter().map(row::work).collect::<Result<_, _>>()?;
    }
    let single = want.works.iter();
    let single = single.filter(|work| !whole.contains(&work.delivery()));
    let keys: Vec<i64> = single.map(|work| row::bound(work.0)).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let rows = connection.query(
        "SELECT key, body FROM work WHERE key = ANY ($1::bigint[]) ORDER BY key",
        &[&keys],
    )?;
    for row in &rows {
        found.works.push(row::work(row)?);
    }
    Ok(())
}

/// The wanted tokens, and those of the deliveries' devices.
fn tokens(connection: &mut Connection, want: &Want, found: &mut Found) -> Result<(), Failure> {
    let devices = targets(&found.deliveries);
    if want.tokens.is_empty() && devices.is_empty() {
        return Ok(());
    }
    let tokens: Vec<&[u8]> = want.tokens.iter().map(|token| token.as_bytes()).collect();
    let devices: Vec<i64> = devices.into_iter().map(|key| i64::from(key.0)).collect();
    let rows = connection.query(
        "SELECT key, app, platform, token, owner, since
           FROM token WHERE key = ANY ($2::bigint[])
          UNION
         SELECT token.key, token.app, token.platform, token.token, token.owner, token.since
           FROM unnest($1::bytea[]) wanted (token)
           JOIN token ON sha256(token.token) = sha256(wanted.token)
          ORDER BY 1",
        &[&tokens, &devices],
    )?;
    found.tokens = rows.iter().map(row::token).collect::<Result<_, _>>()?;
    Ok(())
}

fn seen(connection: &mut Connection, want: &Want, found: &mut Found) -> Result<(), Failure> {
    if want.seen.is_empty() {
        return Ok(());
    }
    let hashes: Vec<&[u8]> = want.seen.iter().map(|hash| hash.as_slice()).collect();
    let rows = connection.query(
        "SELECT hash FROM seen WHERE hash = ANY ($1::bytea[]) ORDER BY hash",
        &[&hashes],
    )?;
    for row in &rows {
        let hash: &[u8] = row.try_get(0)?;
        let hash = DedupeHash::try_from(hash)
            .map_err(|error| StoreError::corrupt("seen", format!("{hash:02x?}"), error))?;
        found.seen.push(hash);
    }
    Ok(())
}

fn targets(deliveries: &[Arc<Delivery>]) -> BTreeSet<DeviceKey> {
    deliveries
        .iter()
        .flat_map(|delivery| &delivery.targets)
        .filter_map(|target| match target.key {
            TargetKey::Device(device) => Some(device),
            TargetKey::Address(_) => None,
        })
        .collect()
}

fn named_people(found: &Found) -> BTreeSet<PersonKey> {
    let held = found
        .identifiers
        .iter()
        .filter_map(|(_, holder)| match holder {
            Holder::Person(key) => Some(*key),
            Holder::Suppressed => None,
        });
    let owners = found.tokens.iter().filter_map(|record| record.owner);
    let recipients = found
        .deliveries
        .iter()
        .filter_map(|delivery| delivery.person);
    let on_their_way = found.runs.iter().map(|run| run.person);
    held.chain(owners)
        .chain(recipients)
        .chain(on_their_way)
        .collect()
}

/// These people and whoever they were merged into, by key.
fn people(
    connection: &mut Connection,
    mut asked: BTreeSet<PersonKey>,
) -> Result<Vec<Arc<Person>>, Failure> {
    let mut people: Vec<Arc<Person>> = Vec::new();
    let mut missing: Vec<i64> = asked.iter().map(|key| i64::from(key.0)).collect();
    while !missing.is_empty() {
        let rows = connection.query(
            "SELECT key, body FROM person WHERE key = ANY ($1::bigint[])",
            &[&missing],
        )?;
        missing.clear();
        for row in &rows {
            let person = row::person(row)?;
            if let Standing::Merged(into) = person.standing
                && asked.insert(into)
            {
                missing.push(i64::from(into.0));
            }
            people.push(Arc::new(person));
        }
    }
    people.sort_unstable_by_key(|person| person.key);
    Ok(people)
}
