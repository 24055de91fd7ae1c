//! Small runs, profiles and traces to build cases from, and random changes of them.

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::ChangeSet;
use rand::Rng as _;
use rand::rngs::SmallRng;

use super::samples::{T0, at};

/// Every byte, so that nobody takes a body for text.
fn body(first: u32) -> Vec<u8> {
    first.to_be_bytes().into_iter().chain(0..=255).collect()
}

/// A run on its way, due a minute after [`T0`], through journey 1.
pub(super) fn run(key: u32, person: u32) -> RunRow {
    RunRow {
        key: RunKey(key),
        person: PersonKey(person),
        journey: JourneyId(1),
        version: 1,
        state: RunState::Running,
        started_at: at(T0),
        ended_at: None,
        due: Some(at(T0 + 60_000)),
        open: true,
        body: body(key),
    }
}

/// A run that has ended for good.
pub(super) fn over(run: RunRow, state: RunState) -> RunRow {
    RunRow {
        state,
        ended_at: Some(at(T0 + 9)),
        due: None,
        open: false,
        ..run
    }
}

/// A profile that time alone does not change.
pub(super) fn profile(person: u32) -> ProfileRow {
    ProfileRow {
        person: PersonKey(person),
        due: None,
        body: body(person),
    }
}

pub(super) fn trace(run: u32, seq: u32) -> TraceRow {
    TraceRow {
        run: RunKey(run),
        seq,
        at: at(T0 + i64::from(seq)),
        body: body(seq),
    }
}

pub(super) fn of_runs(runs: impl IntoIterator<Item = RunRow>) -> ChangeSet {
    ChangeSet {
        runs: runs.into_iter().collect(),
        ..ChangeSet::default()
    }
}

pub(super) fn of_profiles(profiles: impl IntoIterator<Item = ProfileRow>) -> ChangeSet {
    let profiles = profiles.into_iter().map(|row| (row.person, Some(row)));
    ChangeSet {
        profiles: profiles.collect(),
        ..ChangeSet::default()
    }
}

/// Some moment out of few, or none: many things are due at once.
fn some_time(random: &mut SmallRng) -> Option<Timestamp> {
    let due = random.random_bool(0.7);
    due.then(|| at([i64::MIN, T0, T0 + 1, i64::MAX][random.random_range(0..4)]))
}

/// Random changes of runs, profiles and traces.
pub(super) fn change_audience(random: &mut SmallRng, changes: &mut ChangeSet) {
    const PEOPLE: u32 = 6;
    const RUNS: u32 = 9;
    for _ in 0..random.random_range(1..5) {
        let key = random.random_range(0..RUNS);
        // Most runs stay with one person, as they do.
        let person = match random.random_bool(0.9) {
            true => key % PEOPLE,
            false => random.random_range(0..PEOPLE),
        };
        changes.runs.push(RunRow {
            journey: JourneyId(random.random_range(0..2)),
            version: random.random_range(1..3),
            state: RunState::ALL[random.random_range(0..RunState::ALL.len())],
            ended_at: some_time(random),
            due: some_time(random),
            open: random.random_bool(0.6),
            body: random.random::<u64>().to_be_bytes().into(),
            ..run(key, person)
        });
        let seq = random.random_range(0..20);
        changes
            .traces
            .push(trace(random.random_range(0..RUNS), seq));
    }
    let person = random.random_range(0..PEOPLE);
    let row = random.random_bool(0.8).then(|| ProfileRow {
        due: some_time(random),
        body: random.random::<u64>().to_be_bytes().into(),
        ..profile(person)
    });
    changes.profiles.push((PersonKey(person), row));
}
