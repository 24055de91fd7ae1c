//! Rows as values and values as columns.

use landfall_domain::activity::Activity;
use landfall_domain::channel::Platform;
use landfall_domain::delivery::Delivery;
use landfall_domain::device::{MoveCause, TokenKey, TokenMove, TokenRecord};
use landfall_domain::fact::Fact;
use landfall_domain::identifier::Holder;
use landfall_domain::ids::{DeviceKey, JourneyId, PersonKey, RunKey};
use landfall_domain::input::Source;
use landfall_domain::person::Person;
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Work, WorkKey};
use landfall_store::{StoreError, StoredActivity};
use postgres::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// A body as it is stored.
pub(crate) fn json(table: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt(table, "new", error))
}

/// A stored body.
pub(crate) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    row: impl std::fmt::Display,
    body: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::corrupt(table, row, error))
}

/// Text from a column that may hold any text.
pub(crate) fn text(table: &'static str, row: &Row, column: usize) -> Result<String, Failure> {
    let bytes: &[u8] = row.try_get(column)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(StoreError::corrupt(table, format!("{bytes:02x?}"), error).into()),
    }
}

/// A count, a number in a sequence, or an epoch.
pub(crate) fn count(table: &'static str, row: &Row, column: usize) -> Result<u64, Failure> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|error| StoreError::corrupt(table, number, error).into())
}

/// A key of a row.
pub(crate) fn key(table: &'static str, row: &Row, column: usize) -> Result<u32, Failure> {
    let number: i64 = row.try_get(column)?;
    u32::try_from(number).map_err(|error| StoreError::corrupt(table, number, error).into())
}

pub(crate) fn person_key(
    table: &'static str,
    row: &Row,
    column: usize,
) -> Result<Option<PersonKey>, Failure> {
    let Some(number) = row.try_get::<_, Option<i64>>(column)? else {
        return Ok(None);
    };
    match u32::try_from(number) {
        Ok(key) => Ok(Some(PersonKey(key))),
        Err(error) => Err(StoreError::corrupt(table, number, error).into()),
    }
}

/// A key for a column.
pub(crate) fn person_column(person: Option<PersonKey>) -> Option<i64> {
    person.map(|PersonKey(key)| i64::from(key))
}

/// A number as SQL sees it; beyond its range there is nothing anyway.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A page size for `LIMIT`.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(crate) fn time(row: &Row, column: usize) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

/// A member of a closed set, by its name in the column.
fn named<T>(
    table: &'static str,
    row: &Row,
    column: usize,
    find: fn(&str) -> Option<T>,
) -> Result<T, Failure> {
    let name: &str = row.try_get(column)?;
    find(name).ok_or_else(|| {
        let row = row.try_get::<_, i64>(0).unwrap_or(-1);
        StoreError::corrupt(table, row, format!("nothing is called `{name}`")).into()
    })
}

/// From a person's key, or null: suppressed.
pub(crate) fn holder(row: &Row, column: usize) -> Result<Holder, Failure> {
    let person = person_key("identifier", row, column)?;
    Ok(person.map_or(Holder::Suppressed, Holder::Person))
}

/// From `key, body`.
pub(crate) fn person(row: &Row) -> Result<Person, Failure> {
    let key = key("person", row, 0)?;
    let person: Person = from_json("person", key, row.try_get(1)?)?;
    if person.key != PersonKey(key) {
        return Err(StoreError::corrupt("person", key, "the body has another key").into());
    }
    Ok(person)
}

/// From `key, person, body`.
pub(crate) fn delivery(row: &Row) -> Result<Delivery, Failure> {
    let key = key("delivery", row, 0)?;
    let mut delivery: Delivery = from_json("delivery", key, row.try_get(2)?)?;
    if delivery.key.0 != key {
        return Err(StoreError::corrupt("delivery", key, "the body has another key").into());
    }
    delivery.person = person_key("delivery", row, 1)?;
    Ok(delivery)
}

/// From `number, body`.
pub(crate) fn fact(row: &Row) -> Result<Fact, Failure> {
    let number = count("fact", row, 0)?;
    Ok(from_json("fact", number, row.try_get(1)?)?)
}

/// From `key, body`.
pub(crate) fn work(row: &Row) -> Result<Work, Failure> {
    let key = count("work", row, 0)?;
    let work: Work = from_json("work", key, row.try_get(1)?)?;
    if work.key != WorkKey(key) {
        return Err(StoreError::corrupt("work", key, "the body has another key").into());
    }
    Ok(work)
}

/// A column that may be null.
fn perhaps_time(row: &Row, column: usize) -> Result<Option<Timestamp>, Failure> {
    let millis: Option<i64> = row.try_get(column)?;
    Ok(millis.map(Timestamp::from_millis))
}

pub(crate) fn run_state(
    table: &'static str,
    row: &Row,
    column: usize,
) -> Result<RunState, Failure> {
    named(table, row, column, RunState::named)
}

/// From `key, person, journey, version, state, started_at, ended_at, due, open, body`.
pub(crate) fn run(row: &Row) -> Result<RunRow, Failure> {
    Ok(RunRow {
        key: RunKey(key("run", row, 0)?),
        person: PersonKey(key("run", row, 1)?),
        journey: JourneyId(key("run", row, 2)?),
        version: key("run", row, 3)?,
        state: run_state("run", row, 4)?,
        started_at: time(row, 5)?,
        ended_at: perhaps_time(row, 6)?,
        due: perhaps_time(row, 7)?,
        open: row.try_get(8)?,
        body: row.try_get(9)?,
    })
}

/// From `person, due, body`.
pub(crate) fn profile(row: &Row) -> Result<ProfileRow, Failure> {
    Ok(ProfileRow {
        person: PersonKey(key("profile", row, 0)?),
        due: perhaps_time(row, 1)?,
        body: row.try_get(2)?,
    })
}

/// From `run, seq, at, body`.
pub(crate) fn trace(row: &Row) -> Result<TraceRow, Failure> {
    Ok(TraceRow {
        run: RunKey(key("trace", row, 0)?),
        seq: key("trace", row, 1)?,
        at: time(row, 2)?,
        body: row.try_get(3)?,
    })
}

/// From `key, app, platform, token, owner, since`.
pub(crate) fn token(row: &Row) -> Result<TokenRecord, Failure> {
    Ok(TokenRecord {
        key: DeviceKey(key("token", row, 0)?),
        token: TokenKey {
            app: text("token", row, 1)?,
            platform: named("token", row, 2, Platform::named)?,
            token: text("token", row, 3)?,
        },
        owner: person_key("token", row, 4)?,
        since: time(row, 5)?,
    })
}

/// From `number, device, from_person, to_person, cause, occurred_at, received_at`.
pub(crate) fn token_move(row: &Row) -> Result<TokenMove, Failure> {
    Ok(TokenMove {
        device: DeviceKey(key("token_move", row, 1)?),
        from: person_key("token_move", row, 2)?,
        to: person_key("token_move", row, 3)?,
        cause: named("token_move", row, 4, MoveCause::named)?,
        occurred_at: time(row, 5)?,
        received_at: time(row, 6)?,
    })
}

/// From `number, person, occurred_at, received_at, source, body`.
pub(crate) fn activity(row: &Row) -> Result<StoredActivity, Failure> {
    let number = count("activity", row, 0)?;
    Ok(StoredActivity {
        number,
        activity: Activity {
            person: person_key("activity", row, 1)?,
            occurred_at: time(row, 2)?,
            received_at: time(row, 3)?,
            source: named("activity", row, 4, Source::named)?,
            input: from_json("activity", number, row.try_get(5)?)?,
        },
    })
}
