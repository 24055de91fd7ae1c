//! Reading runs, profiles and traces.

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_store::{RunReader, StoreError};
use rusqlite::Row;

use crate::open::{SqliteStore, failed};
use crate::row;

/// Columns of [`run`].
macro_rules! run_columns {
    ($rest:literal) => {
        concat!(
            "SELECT key, person, journey, version, state, started_ms, ended_ms, due_ms, open, body
             FROM run ",
            $rest
        )
    };
}

pub(crate) const RUN_BY_KEY: &str = run_columns!("WHERE key = ?1");
/// Left to itself, SQLite may go by the table's own key, for the order: thus the index is named, here
/// and below.
pub(crate) const OPEN_RUNS: &str =
    "SELECT key FROM run INDEXED BY run_of_person WHERE person = ?1 AND open = 1";
pub(crate) const PROFILE_OF_PERSON: &str =
    "SELECT person, due_ms, body FROM profile WHERE person = ?1";

/// What is due at the very moment of a cursor, and what is due later: in one condition SQLite would
/// walk over all that is due at that moment.
const DUE_RUNS: [&str; 2] = [
    "SELECT due_ms, key FROM run INDEXED BY run_due
     WHERE due_ms = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
    "SELECT due_ms, key FROM run INDEXED BY run_due
     WHERE due_ms >= ?1 AND due_ms <= ?2 ORDER BY due_ms, key LIMIT ?3",
];
const DUE_PROFILES: [&str; 2] = [
    "SELECT due_ms, person FROM profile INDEXED BY profile_due
     WHERE due_ms = ?1 AND person > ?2 ORDER BY person LIMIT ?3",
    "SELECT due_ms, person FROM profile INDEXED BY profile_due
     WHERE due_ms >= ?1 AND due_ms <= ?2 ORDER BY due_ms, person LIMIT ?3",
];

impl RunReader for SqliteStore {
    fn due_runs(
        &self,
        after: Option<(Timestamp, RunKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, RunKey)>, StoreError> {
        let after = after.map(|(at, key)| (at, key.0));
        let due = self.due(DUE_RUNS, after, until, limit)?;
        Ok(due.into_iter().map(|(at, key)| (at, RunKey(key))).collect())
    }

    fn due_profiles(
        &self,
        after: Option<(Timestamp, PersonKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, PersonKey)>, StoreError> {
        let after = after.map(|(at, person)| (at, person.0));
        let due = self.due(DUE_PROFILES, after, until, limit)?;
        let due = due.into_iter();
        Ok(due.map(|(at, person)| (at, PersonKey(person))).collect())
    }

    fn run(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        self.ask(|connection| row::one(connection, RUN_BY_KEY, [key.0], run))
    }

    fn runs_of(&self, person: PersonKey) -> Result<Vec<RunRow>, StoreError> {
        let sql = run_columns!("INDEXED BY run_of_person WHERE person = ?1");
        let mut runs = self.ask(|connection| row::all(connection, sql, [person.0], run))?;
        runs.sort_unstable_by_key(|run| run.key);
        Ok(runs)
    }

    fn runs_in(
        &self,
        journey: JourneyId,
        after: Option<RunKey>,
        limit: usize,
    ) -> Result<Vec<RunRow>, StoreError> {
        let after = after.map_or(-1, |key| i64::from(key.0));
        let sql = run_columns!(
            "INDEXED BY run_in_journey WHERE journey = ?1 AND key > ?2 ORDER BY key LIMIT ?3"
        );
        let parameters = (journey.0, after, row::bounded(limit));
        self.ask(|connection| row::all(connection, sql, parameters, run))
    }

    fn run_counts(&self, journey: JourneyId) -> Result<Vec<(u32, RunState, u64)>, StoreError> {
        let sql = "SELECT version, state, count FROM run_count WHERE journey = ?1 AND count > 0";
        let mut counts = self.ask(|connection| {
            row::all(connection, sql, [journey.0], |row| {
                let state = state("run_count", journey.0, row, 1)?;
                Ok((
                    row.get(0).map_err(failed)?,
                    state,
                    row.get(2).map_err(failed)?,
                ))
            })
        })?;
        counts.sort_unstable();
        Ok(counts)
    }

    fn traces(&self, run: RunKey) -> Result<Vec<TraceRow>, StoreError> {
        let sql = "WITH RECURSIVE line (number) AS (
                       SELECT number FROM trace_last WHERE run = ?1
                       UNION ALL
                       SELECT trace.before FROM line JOIN trace ON trace.number = line.number
                       WHERE trace.before IS NOT NULL)
                   SELECT trace.seq, trace.at_ms, trace.body
                   FROM line JOIN trace ON trace.number = line.number
                   ORDER BY trace.seq, trace.number";
        self.ask(|connection| {
            row::all(connection, sql, [run.0], |row| {
                Ok(TraceRow {
                    run,
                    seq: row.get(0).map_err(failed)?,
                    at: Timestamp::from_millis(row.get(1).map_err(failed)?),
                    body: row.get(2).map_err(failed)?,
                })
            })
        })
    }

    fn profiles(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<ProfileRow>, StoreError> {
        let after = after.map_or(-1, |key| i64::from(key.0));
        let sql = "SELECT person, due_ms, body FROM profile
                   WHERE person > ?1 ORDER BY person LIMIT ?2";
        let parameters = (after, row::bounded(limit));
        self.ask(|connection| row::all(connection, sql, parameters, profile))
    }
}

impl SqliteStore {
    /// A page of what is due: the rest of the moment of the cursor, then what is due later.
    fn due(
        &self,
        [at_once, later]: [&str; 2],
        after: Option<(Timestamp, u32)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        let line = |row: &Row<'_>| {
            let at = Timestamp::from_millis(row.get(0).map_err(failed)?);
            Ok((at, row.get(1).map_err(failed)?))
        };
        self.ask(|connection| {
            let mut due = Vec::new();
            let mut from = Some(i64::MIN);
            if let Some((at, key)) = after.filter(|(at, _)| *at <= until) {
                let parameters = (at.millis(), key, row::bounded(limit));
                due = row::all(connection, at_once, parameters, line)?;
                from = at.millis().checked_add(1);
            } else if after.is_some() {
                from = None;
            }
            let Some(from) = from else { return Ok(due) };
            let rest = (
                from,
                until.millis(),
                row::bounded(limit - due.len().min(limit)),
            );
            due.extend(row::all(connection, later, rest, line)?);
            Ok(due)
        })
    }
}

/// From the columns of a run.
pub(crate) fn run(row: &Row<'_>) -> Result<RunRow, StoreError> {
    let key: u32 = row.get(0).map_err(failed)?;
    let ended: Option<i64> = row.get(6).map_err(failed)?;
    let due: Option<i64> = row.get(7).map_err(failed)?;
    Ok(RunRow {
        key: RunKey(key),
        person: PersonKey(row.get(1).map_err(failed)?),
        journey: JourneyId(row.get(2).map_err(failed)?),
        version: row.get(3).map_err(failed)?,
        state: state("run", key, row, 4)?,
        started_at: Timestamp::from_millis(row.get(5).map_err(failed)?),
        ended_at: ended.map(Timestamp::from_millis),
        due: due.map(Timestamp::from_millis),
        open: row.get(8).map_err(failed)?,
        body: row.get(9).map_err(failed)?,
    })
}

/// From `person, due_ms, body`.
pub(crate) fn profile(row: &Row<'_>) -> Result<ProfileRow, StoreError> {
    let due: Option<i64> = row.get(1).map_err(failed)?;
    Ok(ProfileRow {
        person: PersonKey(row.get(0).map_err(failed)?),
        due: due.map(Timestamp::from_millis),
        body: row.get(2).map_err(failed)?,
    })
}

fn state(
    table: &'static str,
    key: u32,
    row: &Row<'_>,
    column: usize,
) -> Result<RunState, StoreError> {
    let name = row.get_ref(column).map_err(failed)?.as_str();
    name.ok()
        .and_then(RunState::named)
        .ok_or_else(|| StoreError::corrupt(table, key, "unknown state"))
}
