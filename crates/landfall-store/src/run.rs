//! Reading runs, profiles and traces, and when something is due.

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;

use crate::error::StoreError;

/// Reading runs, profiles and traces.
///
/// What is due is read in pages, each from after the last line of the page before. The same calls fill
/// timers at a start (with the end of time as `until`) and find what is due now.
pub trait RunReader: Send + Sync {
    /// Up to `limit` runs that are due at or before `until`, ended ones too, in order of the moment and
    /// then of the key, from after `after`. Conformance: `due_runs`.
    fn due_runs(
        &self,
        after: Option<(Timestamp, RunKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, RunKey)>, StoreError>;

    /// The same of profiles, by person. Conformance: `due_profiles`.
    fn due_profiles(
        &self,
        after: Option<(Timestamp, PersonKey)>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, PersonKey)>, StoreError>;

    /// One run. Conformance: `runs_are_stored_and_replaced`.
    fn run(&self, key: RunKey) -> Result<Option<RunRow>, StoreError>;

    /// All runs of one record, ended ones too, by key. Conformance: `runs_of_people`.
    fn runs_of(&self, person: PersonKey) -> Result<Vec<RunRow>, StoreError>;

    /// Up to `limit` runs of a journey, of all versions, with keys above `after`, by key.
    /// Conformance: `runs_of_journeys`.
    fn runs_in(
        &self,
        journey: JourneyId,
        after: Option<RunKey>,
        limit: usize,
    ) -> Result<Vec<RunRow>, StoreError>;

    /// How many runs of a journey stand where, by version and then by state in the order of
    /// [`RunState::ALL`]; what no run is in is left out. It costs the same however many runs there are.
    /// Conformance: `run_counts_follow_each_change`.
    fn run_counts(&self, journey: JourneyId) -> Result<Vec<(u32, RunState, u64)>, StoreError>;

    /// What the steps of a run did, by [`TraceRow::seq`], and of equal ones in order of commit.
    /// Conformance: `traces_in_order`.
    fn traces(&self, run: RunKey) -> Result<Vec<TraceRow>, StoreError>;

    /// Up to `limit` profiles of people with keys above `after`, by person.
    /// Conformance: `profiles_are_stored_and_forgotten`.
    fn profiles(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<ProfileRow>, StoreError>;
}
