//! Reading people, their devices' history and what they did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::device::{MoveCause, TokenMove, TokenRecord};
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeviceKey, PersonKey, SegmentId};
use landfall_domain::input::Source;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_store::{ActivityPage, ActivityQuery, PeopleReader, StoreError, StoredActivity};
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use crate::layers::Layers;
use crate::load::{self, number};
use crate::open::{SqliteStore, failed};
use crate::row;

/// Most activities on one page.
const PAGE_MAX: usize = 1_000;

const ACTIVITY_COLUMNS: &str = "number, person, occurred_ms, received_ms, source, body, kind, name";

impl PeopleReader for SqliteStore {
    fn holder(&self, identifier: &Identifier) -> Result<Option<Holder>, StoreError> {
        self.look_and_ask(
            |layers| layers.holder(identifier),
            |connection, known| match known {
                Some(known) => Ok(known),
                None => row::holder(connection, identifier),
            },
        )
    }

    fn people(&self, keys: &[PersonKey]) -> Result<Vec<Person>, StoreError> {
        let look = |layers: &Layers| -> Vec<Option<Arc<Person>>> {
            let known = keys.iter().map(|key| layers.person(*key).cloned());
            known.collect()
        };
        self.look_and_ask(look, |connection, known| {
            let mut people = Vec::with_capacity(keys.len());
            for (key, known) in keys.iter().zip(known) {
                match known {
                    Some(person) => people.push(Arc::unwrap_or_clone(person)),
                    None => people.extend(row::person(connection, *key)?),
                }
            }
            Ok(people)
        })
    }

    fn people_after(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<Person>, StoreError> {
        let look = |layers: &Layers| layers.unsettled_people(after);
        self.look_and_ask(look, |connection, mut newer| {
            let sql = "SELECT key, body FROM person WHERE key > ?1 ORDER BY key LIMIT ?2";
            let after = after.map_or(-1, |key| i64::from(key.0));
            let mut people = row::all(connection, sql, (after, row::bounded(limit)), |row| {
                let key = PersonKey(row.get(0).map_err(failed)?);
                match newer.remove(&key) {
                    Some(person) => Ok(Arc::unwrap_or_clone(person)),
                    None => row::body("person", row),
                }
            })?;
            let full = people.len() >= limit;
            let last = people.last().map(|person| person.key).filter(|_| full);
            let newer = newer.into_values();
            let newer = newer.filter(|person| last.is_none_or(|last| person.key < last));
            people.extend(newer.map(Arc::unwrap_or_clone));
            people.sort_unstable_by_key(|person| person.key);
            people.truncate(limit);
            Ok(people)
        })
    }

    fn person_keys_after(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<PersonKey>, StoreError> {
        let look = |layers: &Layers| -> BTreeSet<PersonKey> {
            let newer = layers.unsettled_people(after);
            newer.into_keys().collect()
        };
        self.look_and_ask(look, |connection, mut keys| {
            let sql = "SELECT key FROM person WHERE key > ?1 ORDER BY key LIMIT ?2";
            let after = after.map_or(-1, |key| i64::from(key.0));
            let settled = row::all(connection, sql, (after, row::bounded(limit)), |row| {
                Ok(PersonKey(row.get(0).map_err(failed)?))
            })?;
            keys.extend(settled);
            Ok(keys.into_iter().take(limit).collect())
        })
    }

    fn activities(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError> {
        let limit = query.limit.clamp(1, PAGE_MAX);
        let mut activities = self.ask(|connection| {
            if query.of.is_empty() {
                return page(connection, query, None, limit);
            }
            // Each record's newest by its own index, then the newest of all.
            let mut of: BTreeMap<PersonKey, Timestamp> = BTreeMap::new();
            for one in &query.of {
                let from = of.entry(one.person).or_insert(one.from);
                *from = one.from.min(*from);
            }
            let mut found = Vec::new();
            for one in of {
                found.extend(page(connection, query, Some(one), limit)?);
            }
            found.sort_unstable_by_key(|stored| std::cmp::Reverse(stored.number));
            Ok(found)
        })?;
        // One more than asked for tells whether there is more.
        let more = activities.len() > limit;
        activities.truncate(limit);
        let next = activities.last().filter(|_| more).map(|last| last.number);
        Ok(ActivityPage { activities, next })
    }

    fn inputs_of(&self, person: PersonKey) -> Result<Vec<Activity>, StoreError> {
        let sql =
            format!("SELECT {ACTIVITY_COLUMNS} FROM activity WHERE person = ?1 ORDER BY number");
        let stored = self.ask(|connection| row::all(connection, &sql, [person.0], activity))?;
        Ok(stored.into_iter().map(|stored| stored.activity).collect())
    }

    fn inputs_of_each(&self, people: &[PersonKey]) -> Result<Vec<Vec<Activity>>, StoreError> {
        self.wanted_inputs_of_each(people, &|_, _| true)
    }

    fn wanted_inputs_of_each(
        &self,
        people: &[PersonKey],
        wanted: &(dyn Fn(&str, Option<&str>) -> bool + Sync),
    ) -> Result<Vec<Vec<Activity>>, StoreError> {
        let sql =
            format!("SELECT {ACTIVITY_COLUMNS} FROM activity WHERE person = ?1 ORDER BY number");
        self.ask_histories(|connection| {
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            let mut each = Vec::with_capacity(people.len());
            for person in people {
                let mut inputs = Vec::new();
                let mut rows = statement.query([person.0]).map_err(failed)?;
                while let Some(row) = rows.next().map_err(failed)? {
                    if is_wanted(row, wanted)? {
                        inputs.push(activity(row)?.activity);
                    }
                }
                each.push(inputs);
            }
            Ok(each)
        })
    }

    fn token_moves(&self, device: DeviceKey) -> Result<Vec<TokenMove>, StoreError> {
        let sql = "SELECT device, from_person, to_person, cause, occurred_ms, received_ms
                   FROM token_move WHERE device = ?1 ORDER BY number";
        self.ask(|connection| row::all(connection, sql, [device.0], token_move))
    }

    fn token_moves_of(&self, person: PersonKey) -> Result<Vec<TokenMove>, StoreError> {
        let sql = "SELECT device, from_person, to_person, cause, occurred_ms, received_ms
                   FROM token_move WHERE from_person = ?1 OR to_person = ?1 ORDER BY number";
        self.ask(|connection| row::all(connection, sql, [person.0], token_move))
    }

    fn tokens(&self, keys: &[DeviceKey]) -> Result<Vec<TokenRecord>, StoreError> {
        self.ask(|connection| {
            let mut records = Vec::with_capacity(keys.len());
            for key in keys {
                records.extend(load::token(connection, *key)?);
            }
            Ok(records)
        })
    }

    fn members(
        &self,
        segment: SegmentId,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<PersonKey>, StoreError> {
        let after = after.map_or(-1, |key| i64::from(key.0));
        let sql = "SELECT person FROM membership WHERE segment = ?1 AND person > ?2
                   ORDER BY person LIMIT ?3";
        self.ask(|connection| {
            row::all(
                connection,
                sql,
                (segment, after, row::bounded(limit)),
                |row| Ok(PersonKey(row.get(0).map_err(failed)?)),
            )
        })
    }

    fn member_count(&self, segment: SegmentId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM membership WHERE segment = ?1";
        Ok(self
            .ask(|connection| number(connection, sql, [segment]))?
            .unwrap_or(0))
    }
}

/// The newest activities, of one record or of everybody: one more than `limit`.
fn page(
    connection: &Connection,
    query: &ActivityQuery,
    of: Option<(PersonKey, Timestamp)>,
    limit: usize,
) -> Result<Vec<StoredActivity>, StoreError> {
    let mut sql = format!("SELECT {ACTIVITY_COLUMNS} FROM activity WHERE number < ?1");
    let mut parameters: Vec<Value> = vec![query.before.map_or(i64::MAX, row::bounded).into()];
    let mut bind = |value: Value| {
        parameters.push(value);
        format!("?{}", parameters.len())
    };
    if let Some((person, from)) = of {
        let person = bind(i64::from(person.0).into());
        let from = bind(from.millis().into());
        let _ = write!(sql, " AND person = {person} AND occurred_ms >= {from}");
    }
    if !query.kinds.is_empty() {
        let kinds = query.kinds.iter().map(|kind| bind(kind.clone().into()));
        let kinds: Vec<String> = kinds.collect();
        let _ = write!(sql, " AND kind IN ({})", kinds.join(", "));
    }
    if let Some(name) = &query.name {
        let _ = write!(sql, " AND name = {}", bind(name.clone().into()));
    }
    if let Some(since) = query.since {
        let _ = write!(sql, " AND received_ms >= {}", bind(since.millis().into()));
    }
    let limit = bind(row::bounded(limit + 1).into());
    let _ = write!(sql, " ORDER BY number DESC LIMIT {limit}");
    let parameters = rusqlite::params_from_iter(parameters);
    row::all(connection, &sql, parameters, activity)
}

/// Whether a row is wanted by its kind and name.
fn is_wanted(
    row: &Row<'_>,
    wanted: &(dyn Fn(&str, Option<&str>) -> bool + Sync),
) -> Result<bool, StoreError> {
    let text = |column| row.get_ref(column).map_err(failed);
    let damaged = |error| StoreError::corrupt("activity", "of a person", error);
    let kind = text(6)?.as_str().map_err(damaged)?;
    let name = text(7)?.as_str_or_null().map_err(damaged)?;
    Ok(wanted(kind, name))
}

fn activity(row: &Row<'_>) -> Result<StoredActivity, StoreError> {
    let number: u64 = row.get(0).map_err(failed)?;
    let person: Option<u32> = row.get(1).map_err(failed)?;
    let damaged = |error: &dyn std::fmt::Display| StoreError::corrupt("activity", number, error);
    let text = |column| {
        let text = row.get_ref(column).map_err(failed)?.as_str();
        text.map_err(|error| damaged(&error))
    };
    let activity = Activity {
        person: person.map(PersonKey),
        occurred_at: Timestamp::from_millis(row.get(2).map_err(failed)?),
        received_at: Timestamp::from_millis(row.get(3).map_err(failed)?),
        source: Source::named(text(4)?).ok_or_else(|| damaged(&"unknown source"))?,
        input: PersonInput::read(text(6)?, text(5)?.as_bytes()).map_err(|error| damaged(&error))?,
    };
    Ok(StoredActivity { number, activity })
}

fn token_move(row: &Row<'_>) -> Result<TokenMove, StoreError> {
    let device: u32 = row.get(0).map_err(failed)?;
    let person = |column| -> Result<Option<PersonKey>, StoreError> {
        let key: Option<u32> = row.get(column).map_err(failed)?;
        Ok(key.map(PersonKey))
    };
    let cause: String = row.get(3).map_err(failed)?;
    Ok(TokenMove {
        device: DeviceKey(device),
        from: person(1)?,
        to: person(2)?,
        cause: MoveCause::named(&cause)
            .ok_or_else(|| StoreError::corrupt("token_move", device, "unknown cause"))?,
        occurred_at: Timestamp::from_millis(row.get(4).map_err(failed)?),
        received_at: Timestamp::from_millis(row.get(5).map_err(failed)?),
    })
}
