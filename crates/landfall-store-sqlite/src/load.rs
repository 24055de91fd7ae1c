//! Loading what a decision needs.

use std::collections::BTreeSet;

use landfall_domain::fact::TargetKey;
use landfall_domain::identifier::Holder;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::person::Standing;
use landfall_domain::working_set::{ChangeSet, Found, NextKeys, Want};
use landfall_store::{Start, StateStore, StoreError};
use rusqlite::{Connection, OptionalExtension as _};

use crate::open::{SqliteStore, failed};
use crate::row;

impl StateStore for SqliteStore {
    fn start(&self) -> Result<Start, StoreError> {
        self.ask(|connection| {
            let mut start = meta(connection)?;
            start.messages = row::all(
                connection,
                "SELECT key, body FROM message ORDER BY key",
                [],
                |row| row::body("message", row),
            )?;
            start.names = row::all(
                connection,
                "SELECT of, name FROM name ORDER BY of",
                [],
                |r| {
                    let of: String = r.get(0).map_err(failed)?;
                    let name = r.get(1).map_err(failed)?;
                    Ok((row::body_at("name", of, r, 0)?, name))
                },
            )?;
            Ok(start)
        })
    }

    fn load(&self, want: &Want) -> Result<Found, StoreError> {
        let mut writer = self.writer();
        // The writer's own connection: nobody else writes, and its cache holds what it wrote last.
        let view = writer.transaction().map_err(failed)?;
        let found = load(&view, want)?;
        view.finish().map_err(failed)?;
        Ok(found)
    }

    fn commit(&self, changes: &ChangeSet, expected: u64) -> Result<u64, StoreError> {
        crate::write::commit(&mut self.writer(), changes, expected)
    }

    fn sweep(&self, now_ms: i64) -> Result<u64, StoreError> {
        crate::sweep::sweep(self, now_ms)
    }
}

pub(crate) fn meta(connection: &Connection) -> Result<Start, StoreError> {
    connection
        .query_row(
            "SELECT epoch, salt, next_person, next_device, next_delivery, next_message, last_fact
             FROM meta",
            [],
            |row| {
                let next = NextKeys {
                    person: row.get(2)?,
                    device: row.get(3)?,
                    delivery: row.get(4)?,
                    message: row.get(5)?,
                };
                Ok(Start {
                    epoch: row.get(0)?,
                    salt: row.get(1)?,
                    next,
                    last_fact: row.get(6)?,
                    ..Start::default()
                })
            },
        )
        .map_err(failed)
}

fn load(view: &Connection, want: &Want) -> Result<Found, StoreError> {
    let mut found = Found {
        epoch: meta(view)?.epoch,
        ..Found::default()
    };
    let mut people = BTreeSet::new();
    for identifier in &want.identifiers {
        if let Some(holder) = row::holder(view, identifier)? {
            if let Holder::Person(key) = holder {
                people.insert(key);
            }
            found.identifiers.push((identifier.clone(), holder));
        }
    }
    let mut devices = BTreeSet::new();
    for token in &want.tokens {
        let sql = format!("SELECT {} FROM token WHERE token = ?1", row::TOKEN_COLUMNS);
        for record in row::all(view, &sql, [token], row::token)? {
            people.extend(record.owner);
            devices.insert(record.key);
            found.tokens.push(record);
        }
    }
    for id in &want.deliveries {
        load_delivery(view, id, &mut found, &mut people, &mut devices)?;
    }
    for hash in &want.seen {
        let mut statement = view
            .prepare_cached("SELECT 1 FROM seen WHERE hash = ?1")
            .map_err(failed)?;
        if statement.exists([&hash[..]]).map_err(failed)? {
            found.seen.push(*hash);
        }
    }
    load_people(view, people, &mut found)?;
    Ok(found)
}

fn load_delivery(
    view: &Connection,
    id: &str,
    found: &mut Found,
    people: &mut BTreeSet<PersonKey>,
    devices: &mut BTreeSet<DeviceKey>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {} FROM delivery WHERE id = ?1",
        row::DELIVERY_COLUMNS
    );
    for delivery in row::all(view, &sql, [id], row::delivery)? {
        people.extend(delivery.person);
        for target in &delivery.targets {
            let TargetKey::Device(device) = target.key else {
                continue;
            };
            if !devices.insert(device) {
                continue;
            }
            if let Some(record) = token(view, device)? {
                people.extend(record.owner);
                found.tokens.push(record);
            }
        }
        found.deliveries.push(delivery);
    }
    let sql = "SELECT number, body FROM quarantine WHERE delivery_id = ?1 ORDER BY number";
    let waiting = row::all(view, sql, [id], |row| row::body("quarantine", row))?;
    found
        .quarantined
        .extend(waiting.into_iter().map(|input| (id.to_owned(), input)));
    Ok(())
}

pub(crate) fn token(
    view: &Connection,
    device: DeviceKey,
) -> Result<Option<landfall_domain::device::TokenRecord>, StoreError> {
    let sql = format!("SELECT {} FROM token WHERE key = ?1", row::TOKEN_COLUMNS);
    Ok(row::all(view, &sql, [device.0], row::token)?.pop())
}

/// People, and whoever took over from those that were merged.
fn load_people(
    view: &Connection,
    people: BTreeSet<PersonKey>,
    found: &mut Found,
) -> Result<(), StoreError> {
    let mut waiting: Vec<PersonKey> = people.iter().copied().collect();
    let mut known = people;
    while let Some(key) = waiting.pop() {
        let Some(person) = row::person(view, key)? else {
            continue;
        };
        if let Standing::Merged(primary) = person.standing
            && known.insert(primary)
        {
            waiting.push(primary);
        }
        found.people.push(person);
    }
    found.people.sort_unstable_by_key(|person| person.key);
    Ok(())
}

/// One number, or `None` without a row.
pub(crate) fn number(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<u64>, StoreError> {
    connection
        .query_row(sql, parameters, |row| row.get(0))
        .optional()
        .map_err(failed)
}
