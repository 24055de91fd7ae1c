//! Runs, profiles and traces.

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, Found, NextKeys, Want};

use super::Harness;
use super::audience::{of_profiles, of_runs, over, profile, run, trace};
use super::model::{Model, sorted};
use super::samples::{T0, at, commit, delivery, delivery_id, held_by, id, merged, person};
use super::traits::*;
use crate::StoreError;

const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

fn with_audience(people: impl IntoIterator<Item = u32>) -> Want {
    Want {
        people: people.into_iter().map(PersonKey).collect(),
        audience: true,
        ..Want::default()
    }
}

fn wanted_runs(runs: impl IntoIterator<Item = u32>) -> Want {
    Want {
        runs: runs.into_iter().map(RunKey).collect(),
        ..Want::default()
    }
}

fn keys(runs: &[RunRow]) -> Vec<u32> {
    runs.iter().map(|run| run.key.0).collect()
}

/// A run is kept whole, whatever its numbers, times and bytes, and is replaced whole; the last word of
/// a change set counts.
pub fn runs_are_stored_and_replaced(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut take = |changes: &ChangeSet| {
        model.apply(changes);
        commit(&store, changes);
        model.compare(&store);
    };
    let extreme = RunRow {
        journey: JourneyId(u32::MAX),
        version: u32::MAX,
        started_at: at(i64::MIN),
        ended_at: Some(at(i64::MAX)),
        due: Some(at(i64::MIN)),
        body: Vec::new(),
        ..run(u32::MAX, u32::MAX)
    };
    let large = RunRow {
        body: vec![0xA7; 300_000],
        ..run(3, 1)
    };
    take(&of_runs([run(0, 0), extreme.clone(), large]));
    for &state in RunState::ALL {
        take(&of_runs([RunRow { state, ..run(0, 0) }]));
    }
    take(&of_runs([over(extreme, RunState::Converted), run(3, 1)]));
    let other = RunRow {
        journey: JourneyId(2),
        version: 9,
        started_at: at(T0 + 1),
        body: vec![1],
        ..run(0, 5)
    };
    take(&of_runs([other]));
    take(&of_runs([
        over(run(3, 1), RunState::Ended),
        run(3, 1),
        run(3, 2),
    ]));
    assert_eq!(store.run(RunKey(3)).unwrap(), Some(run(3, 2)));
    assert_eq!(store.run(RunKey(1)).unwrap(), None);
}

/// A profile is kept whole, replaced whole, and gone when it is forgotten; what is not there may be
/// forgotten, and what was forgotten may come again.
pub fn profiles_are_stored_and_forgotten(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut take = |changes: &ChangeSet| {
        model.apply(changes);
        commit(&store, changes);
        model.compare(&store);
    };
    let forget = |person| ChangeSet {
        profiles: vec![(PersonKey(person), None)],
        ..ChangeSet::default()
    };
    let due = ProfileRow {
        due: Some(at(T0)),
        body: Vec::new(),
        ..profile(1)
    };
    take(&of_profiles([profile(0), profile(1), profile(u32::MAX)]));
    take(&of_profiles([due.clone()]));
    take(&of_profiles([ProfileRow {
        body: vec![0],
        ..due
    }]));
    take(&of_profiles([profile(1)]));
    take(&forget(1));
    take(&forget(1));
    take(&of_profiles([profile(1)]));
    let mut back_and_forth = forget(0);
    back_and_forth
        .profiles
        .push((PersonKey(0), Some(profile(0))));
    back_and_forth
        .profiles
        .push((PersonKey(1), Some(profile(1))));
    back_and_forth.profiles.push((PersonKey(1), None));
    take(&back_and_forth);
    let left = store.profiles(None, 9).unwrap();
    assert_eq!(left, [profile(0), profile(u32::MAX)]);
    assert_eq!(store.profiles(Some(PersonKey(0)), 1).unwrap(), left[1..]);
}

/// A decision sees each step of a run at once, whether or not anybody reads the store in between.
pub fn decisions_see_runs_on_their_way(harness: &impl Harness) {
    for read in [false, true] {
        let store = harness.open();
        let people = ChangeSet {
            people: vec![person(0).into(), person(1).into()],
            ..ChangeSet::default()
        };
        commit(&store, &people);
        let later = RunRow {
            due: Some(at(T0 + 90_000)),
            ..run(5, 0)
        };
        let mut expected: Vec<RunRow> = store.runs_of(PersonKey(0)).unwrap();
        for next in [
            run(5, 0),
            later,
            over(run(5, 0), RunState::Finished),
            run(5, 1),
            run(5, 0),
            over(run(5, 0), RunState::Ended),
        ] {
            assert_eq!(store.load(&wanted_runs([5])).unwrap().runs, expected);
            commit(&store, &of_runs([next.clone()]));
            if read {
                assert_eq!(store.run(next.key).unwrap().as_ref(), Some(&next));
            }
            let found = store.load(&wanted_runs([5])).unwrap();
            assert_eq!(found.runs, std::slice::from_ref(&next));
            assert_eq!(found.people.len(), 1);
            for of in 0..2 {
                let open = (next.open && next.person.0 == of).then(|| next.clone());
                let found = store.load(&with_audience([of])).unwrap();
                assert_eq!(found.runs, Vec::from_iter(open));
            }
            expected = vec![next];
        }
    }
}

/// The same of profiles.
pub fn decisions_see_profiles_on_their_way(harness: &impl Harness) {
    for read in [false, true] {
        let store = harness.open();
        let people = ChangeSet {
            people: vec![person(0).into()],
            ..ChangeSet::default()
        };
        commit(&store, &people);
        let due = ProfileRow {
            due: Some(at(T0)),
            ..profile(0)
        };
        for next in [Some(profile(0)), Some(due), None, Some(profile(0)), None] {
            let changes = ChangeSet {
                profiles: vec![(PersonKey(0), next.clone())],
                ..ChangeSet::default()
            };
            commit(&store, &changes);
            let expected = Vec::from_iter(next);
            if read {
                assert_eq!(store.profiles(None, 2).unwrap(), expected);
            }
            let found = store.load(&with_audience([0])).unwrap();
            assert_eq!(found.profiles, expected);
        }
    }
}

/// Wanted runs bring their people; with the audience, everybody in the answer, for whatever reason,
/// brings profile and open runs, and nobody else does.
pub fn runs_load_with_their_people(harness: &impl Harness) {
    let store = harness.open();
    let people = [person(0), merged(1, 2), person(2), person(3), person(9)];
    let changes = ChangeSet {
        people: people.into_iter().map(Into::into).collect(),
        identifiers: vec![(id("ann"), held_by(0))],
        deliveries: vec![delivery(0, Some(3))],
        profiles: of_profiles([0, 1, 2, 9, 77].map(profile)).profiles,
        ..of_runs([
            run(0, 0),
            over(run(1, 0), RunState::Finished),
            run(2, 0),
            run(3, 1),
            run(4, 2),
            run(5, 3),
            run(6, 9),
            run(7, 77),
        ])
    };
    let mut model = Model::default();
    model.apply(&changes);
    commit(&store, &changes);
    let load = |want: &Want| -> Found {
        let found = sorted(store.load(want).unwrap());
        assert_eq!(found, model.load(want));
        found
    };
    let people = |found: &Found| -> Vec<u32> { found.people.iter().map(|p| p.key.0).collect() };
    let profiles =
        |found: &Found| -> Vec<u32> { found.profiles.iter().map(|p| p.person.0).collect() };

    let alone = load(&wanted_runs([1, 3, 55]));
    assert_eq!(
        (keys(&alone.runs), people(&alone)),
        (vec![1, 3], vec![0, 1, 2])
    );
    assert_eq!(alone.profiles, []);
    let with = load(&Want {
        audience: true,
        ..wanted_runs([1, 3, 55])
    });
    assert_eq!(keys(&with.runs), [0, 1, 2, 3, 4]);
    assert_eq!(profiles(&with), [0, 1, 2]);

    let by_person = load(&with_audience([1, 3, 77]));
    assert_eq!(people(&by_person), [1, 2, 3]);
    // Nobody is there with key 77, though there are rows that name it.
    assert_eq!(keys(&by_person.runs), [3, 4, 5]);
    assert_eq!(profiles(&by_person), [1, 2]);

    let by_others = load(&Want {
        identifiers: [id("ann")].into_iter().collect(),
        deliveries: [delivery_id(0)].into(),
        audience: true,
        ..Want::default()
    });
    assert_eq!(keys(&by_others.runs), [0, 2, 5]);
    let unasked = load(&Want {
        audience: false,
        ..with_audience([0])
    });
    assert_eq!((people(&unasked), unasked.runs.len()), (vec![0], 0));
}

/// In order of the moment and then of the key, up to a moment, page by page; what is not due any more
/// is not there, and what has ended but is due is.
pub fn due_runs(harness: &impl Harness) {
    let store = harness.open();
    let due = |key, ms| RunRow {
        due: Some(at(ms)),
        ..run(key, key)
    };
    let ended = RunRow {
        due: Some(at(T0 + 2)),
        ..over(run(2, 2), RunState::Finished)
    };
    commit(
        &store,
        &of_runs([
            due(5, T0),
            due(1, T0 + 1),
            due(0, T0 + 1),
            due(7, T0 + 1),
            ended,
            due(8, T0 + 3),
            due(9, i64::MAX),
            over(run(6, 6), RunState::Ended),
        ]),
    );
    let ask = |after: Option<(i64, u32)>, until, limit| -> Vec<u32> {
        let after = after.map(|(ms, key)| (at(ms), RunKey(key)));
        let due = store.due_runs(after, until, limit).unwrap();
        due.into_iter().map(|(_, key)| key.0).collect()
    };
    assert_eq!(ask(None, NEVER, 99), [5, 0, 1, 7, 2, 8, 9]);
    assert_eq!(ask(None, at(T0 + 2), 99), [5, 0, 1, 7, 2]);
    assert_eq!(ask(None, at(T0 - 1), 99), [0; 0]);
    assert_eq!(ask(None, NEVER, 3), [5, 0, 1]);
    assert_eq!(ask(Some((T0 + 1, 1)), NEVER, 2), [7, 2]);
    assert_eq!(ask(Some((T0 + 1, 7)), at(T0 + 1), 2), [0; 0]);
    assert_eq!(ask(Some((T0 + 5, 0)), at(T0 + 1), 2), [0; 0]);
    assert_eq!(ask(Some((i64::MAX, 9)), NEVER, 2), [0; 0]);
    commit(
        &store,
        &of_runs([due(5, T0 + 9), over(run(0, 0), RunState::Ended)]),
    );
    assert_eq!(ask(None, at(T0 + 9), 99), [1, 7, 2, 8, 5]);
}

/// The same of profiles.
pub fn due_profiles(harness: &impl Harness) {
    let store = harness.open();
    let due = |person, ms| ProfileRow {
        due: Some(at(ms)),
        ..profile(person)
    };
    let rows = [due(3, T0), due(1, T0 + 1), due(0, T0 + 1), profile(2)];
    commit(&store, &of_profiles(rows));
    let line = |ms, person| (at(ms), PersonKey(person));
    let all = [line(T0, 3), line(T0 + 1, 0), line(T0 + 1, 1)];
    assert_eq!(store.due_profiles(None, NEVER, 9).unwrap(), all);
    assert_eq!(store.due_profiles(None, at(T0), 9).unwrap(), all[..1]);
    let rest = store.due_profiles(Some(all[1]), NEVER, 9).unwrap();
    assert_eq!(rest, all[2..]);
    let mut changes = of_profiles([profile(3)]);
    changes.profiles.push((PersonKey(0), None));
    commit(&store, &changes);
    assert_eq!(store.due_profiles(None, NEVER, 9).unwrap(), all[2..]);
}

/// All of them, by key, also those that have ended; they follow a run's own person and no merge.
pub fn runs_of_people(harness: &impl Harness) {
    let store = harness.open();
    let changes = ChangeSet {
        moved: vec![(PersonKey(1), PersonKey(2))],
        ..of_runs([
            run(4, 1),
            over(run(2, 1), RunState::ExitedEarly),
            run(3, 2),
            run(9, 1),
        ])
    };
    commit(&store, &changes);
    let of = |person| keys(&store.runs_of(PersonKey(person)).unwrap());
    assert_eq!((of(1), of(2), of(0)), (vec![2, 4, 9], vec![3], vec![]));
    commit(&store, &of_runs([run(4, 2)]));
    assert_eq!((of(1), of(2)), (vec![2, 9], vec![3, 4]));
}

/// By key, in pages, of all versions.
pub fn runs_of_journeys(harness: &impl Harness) {
    let store = harness.open();
    let through = |key, journey, version| RunRow {
        journey: JourneyId(journey),
        version,
        ..run(key, 0)
    };
    let rows = [
        through(4, 1, 2),
        through(1, 1, 1),
        through(2, 2, 1),
        over(through(7, 1, 1), RunState::Finished),
    ];
    commit(&store, &of_runs(rows));
    let ask = |journey, after: Option<u32>, limit| -> Vec<u32> {
        let page = store.runs_in(JourneyId(journey), after.map(RunKey), limit);
        keys(&page.unwrap())
    };
    assert_eq!(ask(1, None, 9), [1, 4, 7]);
    assert_eq!(ask(1, None, 2), [1, 4]);
    assert_eq!(ask(1, Some(4), 2), [7]);
    assert_eq!(ask(2, None, 2), [2]);
    assert_eq!(ask(3, None, 2), [0; 0]);
}

/// Counts are of runs as they are now, through every change of state, version and journey.
pub fn run_counts_follow_each_change(harness: &impl Harness) {
    let store = harness.open();
    let counts = |journey| store.run_counts(JourneyId(journey)).unwrap();
    assert_eq!(counts(1), []);
    commit(&store, &of_runs([run(0, 0), run(1, 1), run(2, 2)]));
    assert_eq!(counts(1), [(1, RunState::Running, 3)]);
    // A step leaves the counts as they are.
    let stepped = RunRow {
        due: None,
        body: vec![],
        ..run(0, 0)
    };
    commit(&store, &of_runs([stepped]));
    assert_eq!(counts(1), [(1, RunState::Running, 3)]);
    let newer = RunRow {
        version: 2,
        ..run(3, 3)
    };
    let finished = over(run(1, 1), RunState::Finished);
    commit(&store, &of_runs([newer.clone(), finished.clone()]));
    let mut expected = vec![
        (1, RunState::Running, 2),
        (1, RunState::Finished, 1),
        (2, RunState::Running, 1),
    ];
    assert_eq!(counts(1), expected);
    // The same again, and twice within one change set.
    commit(&store, &of_runs([finished.clone(), run(1, 1), finished]));
    assert_eq!(counts(1), expected);
    let elsewhere = RunRow {
        journey: JourneyId(2),
        ..newer
    };
    commit(&store, &of_runs([elsewhere]));
    expected.pop();
    assert_eq!(counts(1), expected);
    assert_eq!(counts(2), [(2, RunState::Running, 1)]);
}

/// By their place within the run, whatever the order in which they came.
pub fn traces_in_order(harness: &impl Harness) {
    let store = harness.open();
    let of = |traces: Vec<_>| ChangeSet {
        traces,
        ..ChangeSet::default()
    };
    commit(&store, &of(vec![trace(1, 0), trace(2, 0), trace(1, 1)]));
    commit(
        &store,
        &of(vec![trace(1, 3), trace(1, u32::MAX), trace(1, 2)]),
    );
    let expected = [0, 1, 2, 3, u32::MAX].map(|seq| trace(1, seq));
    assert_eq!(store.traces(RunKey(1)).unwrap(), expected);
    assert_eq!(store.traces(RunKey(2)).unwrap(), [trace(2, 0)]);
    assert_eq!(store.traces(RunKey(0)).unwrap(), []);
}

/// Runs, profiles and traces are stored with everything else or not at all.
pub fn runs_are_stored_with_all_or_not_at_all(harness: &impl Harness) {
    let store = harness.open();
    let changes = ChangeSet {
        people: vec![person(0).into()],
        profiles: of_profiles([profile(0)]).profiles,
        traces: vec![trace(0, 0)],
        next: NextKeys {
            run: 1,
            ..NextKeys::default()
        },
        ..of_runs([run(0, 0)])
    };
    let refused = store.commit(&changes, 1);
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    Model::default().compare(&store);
    store.commit(&changes, 0).unwrap();
    let mut model = Model::default();
    model.apply(&changes);
    model.compare(&store);
}

/// Thousands of runs with their people, profiles and traces go in at once and come back at once.
pub fn a_batch_of_runs(harness: &impl Harness) {
    const ROWS: u32 = 10_000;
    let store = harness.open();
    let changes = ChangeSet {
        people: (0..ROWS).map(|n| person(n).into()).collect(),
        profiles: of_profiles((0..ROWS).map(profile)).profiles,
        traces: (0..ROWS).map(|n| trace(n, 0)).collect(),
        ..of_runs((0..ROWS).map(|n| run(n, n)))
    };
    commit(&store, &changes);
    let want = Want {
        audience: true,
        ..wanted_runs(0..ROWS)
    };
    for read in [false, true] {
        if read {
            assert_eq!(
                store.run_counts(JourneyId(1)).unwrap()[0].2,
                u64::from(ROWS)
            );
        }
        let found = sorted(store.load(&want).unwrap());
        assert_eq!(found.runs, changes.runs);
        assert_eq!(found.people, changes.people);
        assert!(
            found
                .profiles
                .iter()
                .eq(changes.profiles.iter().flat_map(|row| &row.1))
        );
    }
}

/// What was acknowledged is there after the store was closed and opened again, with the key of the
/// next run.
pub fn reopening_keeps_runs(harness: &impl Harness) {
    let mut model = Model::default();
    for round in 0..3 {
        let store = harness.open();
        model.compare(&store);
        let changes = ChangeSet {
            people: vec![person(round).into()],
            profiles: of_profiles([profile(round)]).profiles,
            traces: vec![trace(0, round)],
            next: NextKeys {
                run: round + 1,
                ..NextKeys::default()
            },
            ..of_runs([run(0, 0), over(run(round, round), RunState::Finished)])
        };
        model.apply(&changes);
        commit(&store, &changes);
    }
    model.compare(&harness.open());
}
