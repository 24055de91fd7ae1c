//! Rows and their JSON bodies.

use landfall_domain::delivery::Delivery;
use landfall_domain::device::{TokenKey, TokenRecord};
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_store::StoreError;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::open::failed;

/// A limit or cursor as SQLite takes it; beyond its range is as good as its end.
pub(crate) fn bounded<T: TryInto<i64>>(number: T) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The value in the columns `(key or number, body)`.
pub(crate) fn body<T: serde::de::DeserializeOwned>(
    table: &'static str,
    row: &Row<'_>,
) -> Result<T, StoreError> {
    let number: i64 = row.get(0).map_err(failed)?;
    body_at(table, number, row, 1)
}

/// The value in a body's column.
pub(crate) fn body_at<T: serde::de::DeserializeOwned>(
    table: &'static str,
    number: impl std::fmt::Display,
    row: &Row<'_>,
    column: usize,
) -> Result<T, StoreError> {
    let text = row.get_ref(column).map_err(failed)?.as_bytes();
    let text = text.map_err(|error| StoreError::corrupt(table, &number, error))?;
    serde_json::from_slice(text).map_err(|error| StoreError::corrupt(table, number, error))
}

pub(crate) fn holder(
    connection: &Connection,
    identifier: &Identifier,
) -> Result<Option<Holder>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT person FROM identifier WHERE kind = ?1 AND value = ?2")
        .map_err(failed)?;
    let found: Option<Option<u32>> = statement
        .query_row((identifier.kind().name(), identifier.value()), |row| {
            row.get(0)
        })
        .optional()
        .map_err(failed)?;
    Ok(found.map(|person| person.map_or(Holder::Suppressed, |key| Holder::Person(PersonKey(key)))))
}

pub(crate) fn person(
    connection: &Connection,
    key: PersonKey,
) -> Result<Option<Person>, StoreError> {
    let sql = "SELECT key, body FROM person WHERE key = ?1";
    one(connection, sql, [key.0], |row| body("person", row))
}

/// Columns of [`token`].
pub(crate) const TOKEN_COLUMNS: &str = "key, token, platform, app, owner, since_ms";

pub(crate) fn token(row: &Row<'_>) -> Result<TokenRecord, StoreError> {
    let key: u32 = row.get(0).map_err(failed)?;
    let platform: String = row.get(2).map_err(failed)?;
    let platform = landfall_domain::channel::Platform::named(&platform)
        .ok_or_else(|| StoreError::corrupt("token", key, "unknown platform"))?;
    let owner: Option<u32> = row.get(4).map_err(failed)?;
    Ok(TokenRecord {
        key: DeviceKey(key),
        token: TokenKey {
            app: row.get(3).map_err(failed)?,
            platform,
            token: row.get(1).map_err(failed)?,
        },
        owner: owner.map(PersonKey),
        since: Timestamp::from_millis(row.get(5).map_err(failed)?),
    })
}

/// Columns of [`delivery`].
pub(crate) const DELIVERY_COLUMNS: &str = "key, person, body";
pub(crate) const DELIVERY_BY_ID: &str = "SELECT key, person, body FROM delivery WHERE id = ?1";
pub(crate) const DELIVERY_BY_KEY: &str = "SELECT key, person, body FROM delivery WHERE key = ?1";
pub(crate) const WORK_BY_KEY: &str = "SELECT key, body FROM work WHERE key = ?1";

/// A delivery; its person is the column's, which follows merges.
pub(crate) fn delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let key: u32 = row.get(0).map_err(failed)?;
    let person: Option<u32> = row.get(1).map_err(failed)?;
    let delivery: Delivery = body_at("delivery", key, row, 2)?;
    Ok(Delivery {
        person: person.map(PersonKey),
        ..delivery
    })
}

/// Runs a query and shapes every row.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    mut shape: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query(parameters).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push(shape(row)?);
    }
    Ok(found)
}

/// Runs a query and shapes its first row.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    shape: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query(parameters).map_err(failed)?;
    rows.next().map_err(failed)?.map(shape).transpose()
}
