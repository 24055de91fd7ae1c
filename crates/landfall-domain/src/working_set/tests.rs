//! Tests of profiles, runs and marks in a working set.

use rustc_hash::FxHashMap;

use super::{ChangeSet, Found, NextKeys, WorkingSet};
use crate::activity::{Activity, PersonInput};
use crate::channel::Channel;
use crate::ids::{JourneyId, MessageKey, PersonKey, RunKey};
use crate::input::Source;
use crate::message::{MessageRef, SourceKind};
use crate::run::{ProfileRow, RunRow, RunState, TraceRow};
use crate::time::Timestamp;

const ANN: PersonKey = PersonKey(1);
const BOB: PersonKey = PersonKey(2);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn run(key: u32, person: PersonKey) -> RunRow {
    RunRow {
        key: RunKey(key),
        person,
        journey: JourneyId(1),
        version: 3,
        state: RunState::Running,
        started_at: at(10),
        ended_at: None,
        due: Some(at(20)),
        open: true,
        body: vec![0, 255],
    }
}

fn profile(person: PersonKey, body: u8) -> ProfileRow {
    ProfileRow {
        person,
        due: None,
        body: vec![body],
    }
}

fn keys(set: &WorkingSet, person: PersonKey) -> Vec<u32> {
    set.runs_of(person).map(|run| run.key.0).collect()
}

fn set() -> WorkingSet {
    let next = NextKeys {
        run: 7,
        ..NextKeys::default()
    };
    let mut set = WorkingSet::new(next, FxHashMap::default(), 0);
    let closed = RunRow {
        open: false,
        ..run(4, ANN)
    };
    set.take(Found {
        profiles: vec![profile(ANN, 1)],
        runs: vec![run(5, ANN), run(3, ANN), closed, run(6, BOB)],
        ..Found::default()
    });
    set
}

#[test]
fn open_runs_are_found_by_person_in_order_of_their_keys() {
    let set = set();
    assert_eq!(keys(&set, ANN), [3, 5]);
    assert_eq!(keys(&set, BOB), [6]);
    assert_eq!(keys(&set, PersonKey(0)), [0; 0]);
    assert!(set.run(RunKey(4)).is_some_and(|run| !run.open));
}

#[test]
fn a_run_that_is_closed_or_given_to_another_person_is_found_where_it_belongs() {
    let mut set = set();
    set.put_run(run(5, BOB));
    set.put_run(RunRow {
        open: false,
        ..run(3, ANN)
    });
    assert_eq!((keys(&set, ANN), keys(&set, BOB)), (vec![], vec![5, 6]));
    let changes = set.finish();
    let changed: Vec<u32> = changes.runs.iter().map(|run| run.key.0).collect();
    assert_eq!(changed, [3, 5]);
    assert!(keys(&set, BOB).is_empty() && set.run(RunKey(6)).is_none());
}

#[test]
fn what_was_changed_or_forgotten_is_not_loaded_over() {
    let mut set = set();
    set.forget_profile(ANN);
    set.forget_profile(BOB);
    set.put_run(run(5, BOB));
    set.take(Found {
        profiles: vec![profile(ANN, 1)],
        runs: vec![run(5, ANN)],
        ..Found::default()
    });
    assert_eq!(set.profile(ANN), None);
    assert_eq!(keys(&set, BOB), [5, 6]);
    assert_eq!(set.finish().profiles, [(ANN, None)]);
}

#[test]
fn a_batch_leaves_its_rows_in_the_change_set_and_nothing_behind() {
    let mut set = set();
    let key = set.new_run_key();
    assert_eq!(key, RunKey(7));
    set.put_run(run(key.0, BOB));
    set.put_profile(profile(BOB, 2));
    let trace = TraceRow {
        run: key,
        seq: 0,
        at: at(11),
        body: Vec::new(),
    };
    set.push_trace(trace.clone());
    set.set_membership(9, BOB, true);
    let changes = set.finish();
    assert_eq!(changes.runs, [run(7, BOB)]);
    assert_eq!(changes.profiles, [(BOB, Some(profile(BOB, 2)))]);
    assert_eq!(changes.traces, [trace]);
    assert_eq!(changes.memberships, [(9, BOB, true)]);
    assert_eq!(changes.next.run, 8);
    assert!(set.finish().is_empty() && set.profile(ANN).is_none());
}

#[test]
fn a_change_set_of_a_run_alone_is_not_empty() {
    let changes = ChangeSet {
        runs: vec![run(1, ANN)],
        ..ChangeSet::default()
    };
    assert!(!changes.is_empty());
}

#[test]
fn a_reset_drops_changes_of_runs_and_profiles() {
    let mut set = set();
    set.put_run(run(5, BOB));
    set.put_profile(profile(BOB, 2));
    set.new_run_key();
    let next = NextKeys::default();
    set.reset(next, FxHashMap::default());
    assert!(set.finish().is_empty());
    assert_eq!(set.new_run_key(), RunKey(0));
}

#[test]
fn a_mark_tells_what_came_later() {
    let mut set = set();
    let happened = |ms| Activity {
        person: Some(ANN),
        occurred_at: at(ms),
        received_at: at(ms),
        source: Source::App,
        input: PersonInput::MergedInto { primary: BOB },
    };
    set.log.activities.push(happened(1));
    set.log.moved.push((BOB, ANN));
    let mark = set.log_len();
    assert!(set.activities_since(mark).is_empty());
    set.log.activities.push(happened(2));
    set.log.moved.push((ANN, BOB));
    assert_eq!(set.activities_since(mark), [happened(2)]);
    assert_eq!(set.moved_since(mark), [(ANN, BOB)]);
}

#[test]
fn messages_are_found_by_key() {
    let message = MessageRef {
        source: SourceKind::Campaign,
        source_id: 1,
        step_id: None,
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Push,
    };
    let known = std::iter::once((message.clone(), MessageKey(4))).collect();
    let set = WorkingSet::new(NextKeys::default(), known, 0);
    assert_eq!(set.message_of(MessageKey(4)), Some(&message));
    assert_eq!(set.message_of(MessageKey(0)), None);
}
