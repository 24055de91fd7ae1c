//! Loading what a decision needs and storing what it changed.

use landfall_domain::message::{MessageEntry, NameOf};
use landfall_domain::working_set::{ChangeSet, Found, NextKeys, Want};

use crate::error::StoreError;

/// What a writer needs when it starts (or starts again after a conflict).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// The next free keys.
    pub next: NextKeys,
    /// The whole catalogue, by key.
    pub messages: Vec<MessageEntry>,
    /// All names given so far.
    pub names: Vec<(NameOf, String)>,
    /// Makes internal ids of different workspaces different; chosen when the store was created.
    pub salt: u16,
    /// The store's commit counter.
    pub epoch: u64,
    /// Number of the newest fact, counted from one in order of commit; 0 without facts.
    pub last_fact: u64,
}

/// The write side.
pub trait StateStore: Send + Sync {
    /// What a writer starts from. Conformance: `start_after_commit`.
    fn start(&self) -> Result<Start, StoreError>;

    /// Loads everything in `want` and what hangs on it, in one consistent view:
    /// holders of identifiers and the people they name (merged people included, and whoever they
    /// were merged into); records of tokens and their owners; deliveries, their people, and the
    /// token records of their device targets; quarantined inputs; seen ids; wanted work with its
    /// deliveries (by the keys within the work's keys, whether the work is there or not), which
    /// load as if they were wanted by id; all work of the deliveries in `works_of`, which load too;
    /// wanted people; wanted runs and their people. With `audience`, every person in the answer brings
    /// the profile and the open runs.
    /// Conformance: `load_closure`, `works_load_with_their_deliveries`, `runs_load_with_their_people`.
    fn load(&self, want: &Want) -> Result<Found, StoreError>;

    /// Stores all of `changes` or nothing, durably, and returns the new epoch.
    ///
    /// Upserts are by key: people, tokens, deliveries, identifiers (`None` frees), runs. Activities,
    /// facts and traces are appended. `moved` re-points the deliveries that are stored for the first
    /// person; runs and profiles stay where they are. Work and profiles that are `None` are deleted.
    /// `seen` ids may be forgotten 35 days later at the earliest.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the store's epoch is not `expected`; nothing is stored then.
    /// Conformance: `commit_is_atomic`, `commit_checks_epoch`.
    fn commit(&self, changes: &ChangeSet, expected: u64) -> Result<u64, StoreError>;

    /// Whether this process is the only one that can write: claims of others are void at a start then.
    fn is_exclusive(&self) -> bool;

    /// Deletes parked work that is due (it was kept long enough), and seen ids and activities of
    /// nobody that are older than they need to be kept; returns how many rows went. Called now and
    /// then; `now_ms` is the current time. It is not a commit: the epoch stays.
    /// Conformance: `sweep_keeps_what_is_young`, `parked_work_is_swept_when_due`.
    fn sweep(&self, now_ms: i64) -> Result<u64, StoreError>;
}
