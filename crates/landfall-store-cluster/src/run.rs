//! Reading runs, profiles and traces.

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_store::{RunReader, StoreError};

use crate::PostgresStore;
use crate::row;

/// A query for what [`row::run`] reads.
pub(crate) fn select(rest: &str) -> String {
    format!(
        "SELECT key, person, journey, version, state, started_at, ended_at, due, open, body
           FROM run {rest}"
    )
}

impl RunReader for PostgresStore {
    fn due_runs(
        &self,
        after: Option<(Timestamp, RunKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, RunKey)>, StoreError> {
        let after = after.map(|(at, key)| (at, key.0));
        let due = self.due(
            "SELECT due, key FROM run
              WHERE due IS NOT NULL AND (due, key) > ($1, $2) AND due <= $3
              ORDER BY due, key LIMIT $4",
            after,
            until,
            limit,
        )?;
        Ok(due.into_iter().map(|(at, key)| (at, RunKey(key))).collect())
    }

    fn due_profiles(
        &self,
        after: Option<(Timestamp, PersonKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, PersonKey)>, StoreError> {
        let after = after.map(|(at, person)| (at, person.0));
        let due = self.due(
            "SELECT due, person FROM profile
              WHERE due IS NOT NULL AND (due, person) > ($1, $2) AND due <= $3
              ORDER BY due, person LIMIT $4",
            after,
            until,
            limit,
        )?;
        let due = due.into_iter();
        Ok(due.map(|(at, person)| (at, PersonKey(person))).collect())
    }

    fn run(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(&select("WHERE key = $1"), &[&i64::from(key.0)])?;
            rows.first().map(row::run).transpose()
        })
    }

    fn runs_of(&self, person: PersonKey) -> Result<Vec<RunRow>, StoreError> {
        self.read(|connection| {
            let sql = select("WHERE person = $1 ORDER BY key");
            let rows = connection.query(&sql, &[&i64::from(person.0)])?;
            rows.iter().map(row::run).collect()
        })
    }

    fn runs_in(
        &self,
        journey: JourneyId,
        after: Option<RunKey>,
        limit: usize,
    ) -> Result<Vec<RunRow>, StoreError> {
        let after = after.map_or(-1, |key| i64::from(key.0));
        self.read(|connection| {
            let sql = select("WHERE journey = $1 AND key > $2 ORDER BY key LIMIT $3");
            let parameters = (i64::from(journey.0), after, row::limit(limit));
            let rows = connection.query(&sql, &[&parameters.0, &parameters.1, &parameters.2])?;
            rows.iter().map(row::run).collect()
        })
    }

    fn run_counts(&self, journey: JourneyId) -> Result<Vec<(u32, RunState, u64)>, StoreError> {
        let mut counts = self.read(|connection| {
            let rows = connection.query(
                "SELECT version, state, count FROM run_count WHERE journey = $1 AND count > 0",
                &[&i64::from(journey.0)],
            )?;
            rows.iter()
                .map(|row| {
                    let version = row::key("run_count", row, 0)?;
                    let state = row::run_state("run_count", row, 1)?;
                    Ok((version, state, row::count("run_count", row, 2)?))
                })
                .collect::<Result<Vec<_>, _>>()
        })?;
        counts.sort_unstable();
        Ok(counts)
    }

    fn traces(&self, run: RunKey) -> Result<Vec<TraceRow>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT run, seq, at, body FROM trace WHERE run = $1 ORDER BY seq, number",
                &[&i64::from(run.0)],
            )?;
            rows.iter().map(row::trace).collect()
        })
    }

    fn profiles(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<ProfileRow>, StoreError> {
        let after = row::person_column(after).unwrap_or(-1);
        self.read(|connection| {
            let rows = connection.query(
                "SELECT person, due, body FROM profile WHERE person > $1 ORDER BY person LIMIT $2",
                &[&after, &row::limit(limit)],
            )?;
            rows.iter().map(row::profile).collect()
        })
    }
}

impl PostgresStore {
    /// A page of what is due.
    fn due(
        &self,
        sql: &str,
        after: Option<(Timestamp, u32)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        // No key is below zero.
        let (at, key) = after.map_or((i64::MIN, -1), |(at, key)| (at.millis(), i64::from(key)));
        self.read(|connection| {
            let parameters = (until.millis(), row::limit(limit));
            let rows = connection.query(sql, &[&at, &key, &parameters.0, &parameters.1])?;
            rows.iter()
                .map(|row| Ok((row::time(row, 0)?, row::key("due", row, 1)?)))
                .collect()
        })
    }
}
