//! The part of a change set that is about runs, profiles and traces.

use landfall_domain::working_set::ChangeSet;

use super::{latest, number};
use crate::connection::Connection;
use crate::failure::Failure;

pub(super) fn write(
    connection: &mut Connection,
    changes: &ChangeSet,
    last_trace: &mut i64,
) -> Result<(), Failure> {
    runs(connection, changes)?;
    profiles(connection, changes)?;
    traces(connection, changes, last_trace)
}

/// Stores runs, and counts where they stand now instead of where they stood. All parts of the statement
/// see the table as it was before.
const STORE_RUNS: &str = "
    WITH new AS (
        SELECT *
          FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                      $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[], $10::bytea[])
               new (key, person, journey, version, state, started_at, ended_at, due, open, body)
    ), changed AS (
        SELECT journey, version, state, sum(n) AS n
          FROM (SELECT journey, version, state, 1 AS n FROM new
                 UNION ALL
                SELECT journey, version, state, -1 FROM run WHERE key = ANY ($1::bigint[])) each
         GROUP BY journey, version, state
        HAVING sum(n) <> 0
    ), counted AS (
        INSERT INTO run_count (journey, version, state, count)
        SELECT journey, version, state, n FROM changed ORDER BY journey, version, state
        ON CONFLICT (journey, version, state)
        DO UPDATE SET count = run_count.count + excluded.count
    )
    INSERT INTO run
        (key, person, journey, version, state, started_at, ended_at, due, open, body)
    SELECT key, person, journey, version, state, started_at, ended_at, due, open, body FROM new
    ON CONFLICT (key) DO UPDATE
       SET person = excluded.person, journey = excluded.journey, version = excluded.version,
           state = excluded.state, started_at = excluded.started_at,
           ended_at = excluded.ended_at, due = excluded.due, open = excluded.open,
           body = excluded.body";

fn runs(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let runs = latest(&changes.runs, |run| run.key);
    if runs.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = runs.iter().map(|run| run.key.0.into()).collect();
    let people: Vec<i64> = runs.iter().map(|run| run.person.0.into()).collect();
    let journeys: Vec<i64> = runs.iter().map(|run| run.journey.0.into()).collect();
    let versions: Vec<i64> = runs.iter().map(|run| run.version.into()).collect();
    let states: Vec<&str> = runs.iter().map(|run| run.state.name()).collect();
    let started: Vec<i64> = runs.iter().map(|run| run.started_at.millis()).collect();
    let ended = runs.iter().map(|run| run.ended_at.map(|at| at.millis()));
    let ended: Vec<Option<i64>> = ended.collect();
    let due = runs.iter().map(|run| run.due.map(|at| at.millis()));
    let due: Vec<Option<i64>> = due.collect();
    let open: Vec<bool> = runs.iter().map(|run| run.open).collect();
    let bodies: Vec<&[u8]> = runs.iter().map(|run| run.body.as_slice()).collect();
    connection.execute(
        STORE_RUNS,
        &[
            &keys, &people, &journeys, &versions, &states, &started, &ended, &due, &open, &bodies,
        ],
    )?;
    Ok(())
}

fn profiles(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let mut forgotten: Vec<i64> = Vec::new();
    let mut people: Vec<i64> = Vec::new();
    let mut due: Vec<Option<i64>> = Vec::new();
    let mut bodies: Vec<&[u8]> = Vec::new();
    for (person, profile) in latest(&changes.profiles, |(person, _)| person) {
        let Some(profile) = profile else {
            forgotten.push(person.0.into());
            continue;
        };
        people.push(person.0.into());
        due.push(profile.due.map(|at| at.millis()));
        bodies.push(&profile.body);
    }
    if !forgotten.is_empty() {
        connection.execute(
            "DELETE FROM profile WHERE person = ANY ($1::bigint[])",
            &[&forgotten],
        )?;
    }
    if !people.is_empty() {
        connection.execute(
            "INSERT INTO profile (person, due, body)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
             ON CONFLICT (person) DO UPDATE SET due = excluded.due, body = excluded.body",
            &[&people, &due, &bodies],
        )?;
    }
    Ok(())
}

fn traces(connection: &mut Connection, changes: &ChangeSet, last: &mut i64) -> Result<(), Failure> {
    let traces = &changes.traces;
    if traces.is_empty() {
        return Ok(());
    }
    let numbers = number(last, traces.len());
    let runs: Vec<i64> = traces.iter().map(|trace| trace.run.0.into()).collect();
    let places: Vec<i64> = traces.iter().map(|trace| trace.seq.into()).collect();
    let times: Vec<i64> = traces.iter().map(|trace| trace.at.millis()).collect();
    let bodies: Vec<&[u8]> = traces.iter().map(|trace| trace.body.as_slice()).collect();
    connection.execute(
        "INSERT INTO trace (number, run, seq, at, body)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])",
        &[&numbers, &runs, &places, &times, &bodies],
    )?;
    Ok(())
}
