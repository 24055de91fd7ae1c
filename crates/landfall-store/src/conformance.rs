//! The suite that every store must pass.
//!
//! A backend says in one line that it passes:
//!
//! ```ignore
//! landfall_store::store_conformance!(Workspace::new());
//! ```
//!
//! Each case is a test of its own on a store of its own. A bug of any store becomes a case here
//! before it is mended.
#![expect(
    clippy::unwrap_used,
    reason = "the suite is test code; a failing call is a failing test"
)]

pub mod activities;
mod audience;
pub mod commits;
pub mod documents;
pub mod histories;
pub mod ledger;
pub mod loading;
mod model;
pub mod people;
pub mod readers;
pub mod rejected;
pub mod runs;
mod samples;
pub mod sweeping;
pub mod text;
pub mod work;

use crate::Store;

/// The store's traits, for their methods.
mod traits {
    pub(super) use crate::{
        DocumentStore as _, LedgerReader as _, PeopleReader as _, RejectedInputs as _,
        RunReader as _, StateStore as _, WorkReader as _,
    };
}

/// The salt with which a harness creates its store.
pub const SALT: u16 = 0xBEEF;

/// One workspace for one case: makes it, opens it, and takes it away when it is dropped.
pub trait Harness {
    /// The store under test.
    type Store: Store;

    /// Opens the workspace. The first call finds it new and empty, with [`SALT`]; later calls find
    /// what was committed. A case drops a store before it opens the next.
    fn open(&self) -> Self::Store;
}

/// Makes one `#[test]` of each case. The argument is an expression that makes a [`Harness`] with a
/// new workspace; it is evaluated once for each case.
#[macro_export]
macro_rules! store_conformance {
    ($harness:expr) => {
        $crate::store_conformance!(@cases $harness;
            activities: activities_page, activities_of_an_interval, activities_of_nobody,
                inputs_in_order, numbers_are_never_reused;
            commits: start_of_a_new_store, start_after_commit, commit_is_atomic,
                commit_checks_epoch, an_empty_commit_counts, a_commit_replaces_rows,
                the_same_commit_twice, the_last_word_counts, big_change_sets, reopening_keeps_everything;
            documents: documents, documents_of_kinds_are_apart, document_numbers_stay_used,
                large_documents;
            histories: any_history_gives_the_same_answers, another_history_gives_the_same_answers,
                a_third_history_gives_the_same_answers, decisions_see_what_nobody_read;
            ledger: deliveries_by_key, deliveries_in_pages, deliveries_of_people,
                moved_deliveries, moves_follow_each_other, facts_in_order, changed_since,
                facts_after, quarantine;
            loading: load_of_nothing, load_closure, load_follows_merges, load_of_deliveries,
                load_of_tokens, load_of_many;
            people: holders, people_by_key, people_pages, token_records, token_history, membership;
            readers: readers_see_a_commit_at_once, readers_see_whole_commits,
                one_of_two_writers_wins;
            rejected: rejected_newest_first, rejected_keeps_the_newest, rejected_counts;
            runs: runs_are_stored_and_replaced, profiles_are_stored_and_forgotten,
                decisions_see_runs_on_their_way, decisions_see_profiles_on_their_way,
                runs_load_with_their_people, due_runs, due_profiles, runs_of_people, runs_of_journeys,
                run_counts_follow_each_change, traces_in_order, runs_are_stored_with_all_or_not_at_all,
                a_batch_of_runs, reopening_keeps_runs;
            sweeping: seen_ids, sweep_keeps_what_is_young, sweep_keeps_what_belongs_to_somebody;
            text: text_survives, emails_are_compared_as_given, digits_stay_text, long_tokens,
                extreme_times, exotic_values;
            work: work_is_stored_and_deleted, decisions_see_work_on_its_way,
                works_load_with_their_deliveries, works_of_a_delivery, open_works,
                parked_work_is_swept_when_due, work_outlives_its_park, one_of_two_claims_wins,
                a_batch_of_work, reopening_keeps_work;
        );
    };
    (@cases $harness:expr; $($topic:ident: $($case:ident),+;)+) => {
        $($(
            #[test]
            fn $case() {
                $crate::conformance::$topic::$case(&$harness);
            }
        )+)+
    };
}
