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

/// A body as it is stored.
pub(crate) fn text(
    table: &'static str,
    value: &impl serde::Serialize,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt(table, "new", error))
}

/// A stored body as a value.
pub(crate) fn value<T: serde::de::DeserializeOwned>(
    table: &'static str,
    row: impl std::fmt::Display,
    body: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::corrupt(table, row, error))
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
    let mut statement = connection
        .prepare_cached("SELECT body FROM person WHERE key = ?1")
        .map_err(failed)?;
    let mut rows = statement.query([key.0]).map_err(failed)?;
    let Some(row) = rows.next().map_err(failed)? else {
        return Ok(None);
    };
    let body = row.get_ref(0).map_err(failed)?;
    let body = body
        .as_str()
        .map_err(|error| StoreError::corrupt("person", key.0, error))?;
    value("person", key.0, body).map(Some)
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

/// A delivery; its person is the column's, which follows merges.
pub(crate) fn delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let key: u32 = row.get(0).map_err(failed)?;
    let person: Option<u32> = row.get(1).map_err(failed)?;
    let body = row.get_ref(2).map_err(failed)?;
    let body = body
        .as_str()
        .map_err(|error| StoreError::corrupt("delivery", key, error))?;
    let delivery: Delivery = value("delivery", key, body)?;
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
