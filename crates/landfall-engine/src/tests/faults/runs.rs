//! Reading runs, which does not fail by itself.

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_store::{RunReader, StoreError};

use super::Faulty;

impl RunReader for Faulty {
    fn due_runs(
        &self,
        after: Option<(Timestamp, RunKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, RunKey)>, StoreError> {
        self.behind.due_runs(after, until, limit)
    }

    fn due_profiles(
        &self,
        after: Option<(Timestamp, PersonKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, PersonKey)>, StoreError> {
        self.behind.due_profiles(after, until, limit)
    }

    fn run(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        self.behind.run(key)
    }

    fn runs_of(&self, person: PersonKey) -> Result<Vec<RunRow>, StoreError> {
        self.behind.runs_of(person)
    }

    fn runs_in(
        &self,
        journey: JourneyId,
        after: Option<RunKey>,
        limit: usize,
    ) -> Result<Vec<RunRow>, StoreError> {
        self.behind.runs_in(journey, after, limit)
    }

    fn run_counts(&self, journey: JourneyId) -> Result<Vec<(u32, RunState, u64)>, StoreError> {
        self.behind.run_counts(journey)
    }

    fn traces(&self, run: RunKey) -> Result<Vec<TraceRow>, StoreError> {
        self.behind.traces(run)
    }

    fn profiles(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<ProfileRow>, StoreError> {
        self.behind.profiles(after, limit)
    }
}
