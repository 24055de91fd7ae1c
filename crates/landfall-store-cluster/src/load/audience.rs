//! Loading runs and profiles.

use landfall_domain::working_set::{Found, Want};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::run;

/// The wanted runs.
pub(super) fn runs(
    connection: &mut Connection,
    want: &Want,
    found: &mut Found,
) -> Result<(), Failure> {
    if want.runs.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = want.runs.iter().map(|key| key.0.into()).collect();
    let sql = run::select("WHERE key = ANY ($1::bigint[]) ORDER BY key");
    let rows = connection.query(&sql, &[&keys])?;
    found.runs = rows.iter().map(row::run).collect::<Result<_, _>>()?;
    Ok(())
}

/// What comes with the people that were found.
pub(super) fn of_people(connection: &mut Connection, found: &mut Found) -> Result<(), Failure> {
    if found.people.is_empty() {
        return Ok(());
    }
    let people: Vec<i64> = found.people.iter().map(|row| row.key.0.into()).collect();
    let rows = connection.query(
        "SELECT person, due, body FROM profile WHERE person = ANY ($1::bigint[]) ORDER BY person",
        &[&people],
    )?;
    found.profiles = rows.iter().map(row::profile).collect::<Result<_, _>>()?;
    let sql = run::select("WHERE person = ANY ($1::bigint[]) AND open");
    for row in &connection.query(&sql, &[&people])? {
        found.runs.push(row::run(row)?);
    }
    // Wanted ones are there already.
    found.runs.sort_unstable_by_key(|run| run.key);
    found.runs.dedup_by_key(|run| run.key);
    Ok(())
}
