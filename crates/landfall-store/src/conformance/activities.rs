//! What people did.

use landfall_domain::activity::Activity;
use landfall_domain::ids::PersonKey;
use landfall_domain::time::DAY_MS;
use landfall_domain::working_set::ChangeSet;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::Harness;
use super::model::Model;
use super::samples::{T0, activity, at, attributes_set, commit};
use super::traits::*;
use crate::{ActivityQuery, HistoryOf, Store};

const NAMES: [&str; 3] = ["bought", "viewed", "attributes_set"];

fn stored(activities: Vec<Activity>) -> ChangeSet {
    ChangeSet {
        activities,
        ..ChangeSet::default()
    }
}

fn query() -> ActivityQuery {
    ActivityQuery {
        limit: 1_000,
        ..ActivityQuery::default()
    }
}

pub(super) fn of(person: u32, from: i64) -> HistoryOf {
    HistoryOf {
        person: PersonKey(person),
        from: at(from),
    }
}

pub(super) fn random_activity(random: &mut SmallRng) -> Activity {
    let person = random.random_bool(0.8).then(|| random.random_range(0..6));
    let ms = T0 + random.random_range(-50..50);
    match person {
        Some(person) if random.random_bool(0.3) => attributes_set(person, ms),
        _ => activity(person, NAMES[random.random_range(0..3)], ms),
    }
}

pub(super) fn random_query(random: &mut SmallRng) -> ActivityQuery {
    let kinds = ["tracked", "attributes_set", "created"];
    let count = |random: &mut SmallRng| random.random_range(0..3_usize);
    ActivityQuery {
        of: (0..count(random) * 2)
            .map(|_| of(random.random_range(0..7), T0 + random.random_range(-60..60)))
            .collect(),
        kinds: (0..count(random))
            .map(|_| kinds[random.random_range(0..3)].to_owned())
            .collect(),
        name: random
            .random_bool(0.3)
            .then(|| NAMES[random.random_range(0..3)].to_owned()),
        since: random
            .random_bool(0.3)
            .then(|| at(T0 + random.random_range(-30..70))),
        before: None,
        limit: random.random_range(1..20),
    }
}

/// Follows a query page by page to its end and compares each page with the model's.
#[track_caller]
pub(super) fn compare_pages(store: &impl Store, model: &Model, mut query: ActivityQuery) {
    loop {
        let page = store.activities(&query).unwrap();
        assert_eq!(page, model.activities(&query), "{query:?}");
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
}

/// Pages by number are the model's, for any mixture of conditions and any page size.
pub fn activities_page(harness: &impl Harness) {
    let store = harness.open();
    let mut random = SmallRng::seed_from_u64(20_260_101);
    let mut model = Model::default();
    for _ in 0..10 {
        let changes = stored((0..20).map(|_| random_activity(&mut random)).collect());
        model.apply(&changes);
        commit(&store, &changes);
    }
    for _ in 0..200 {
        compare_pages(&store, &model, random_query(&mut random));
    }
    for limit in [1, 7, 199, 200, 201] {
        compare_pages(&store, &model, ActivityQuery { limit, ..query() });
    }
    // A cursor beyond the end is the end; one at the beginning finds nothing.
    for before in [0, 1, 2, 200, 201, u64::MAX] {
        let before = Some(before);
        compare_pages(&store, &model, ActivityQuery { before, ..query() });
    }
}

/// `from` is the first moment that counts, by the sender's clock; `since` the same by ours. A
/// record that is named twice is shown once, from the earlier moment.
pub fn activities_of_an_interval(harness: &impl Harness) {
    let store = harness.open();
    let changes = stored(
        [-10, 0, 10]
            .map(|ms| activity(Some(1), "x", T0 + ms))
            .to_vec(),
    );
    commit(&store, &changes);
    let numbers = |query: ActivityQuery| -> Vec<u64> {
        let page = store.activities(&query).unwrap();
        page.activities.iter().map(|stored| stored.number).collect()
    };
    let from = |of: &[HistoryOf]| {
        numbers(ActivityQuery {
            of: of.to_vec(),
            ..query()
        })
    };
    assert_eq!(from(&[of(1, i64::MIN)]), [3, 2, 1]);
    assert_eq!(from(&[of(1, T0)]), [3, 2]);
    assert_eq!(from(&[of(1, T0 + 1)]), [3]);
    assert!(from(&[of(1, i64::MAX), of(2, i64::MIN)]).is_empty());
    assert_eq!(from(&[of(1, T0 + 1), of(1, T0)]), [3, 2]);
    let since = |ms| {
        numbers(ActivityQuery {
            since: Some(at(ms)),
            ..query()
        })
    };
    assert_eq!(since(T0 + 20), [3, 2]);
    assert_eq!(since(T0 + 21), [3]);
}

/// Activities of nobody are among everybody's and under no one's name.
pub fn activities_of_nobody(harness: &impl Harness) {
    let store = harness.open();
    let changes = stored(vec![
        activity(None, "seen", T0),
        activity(Some(0), "seen", T0),
        activity(Some(u32::MAX), "seen", T0),
    ]);
    commit(&store, &changes);
    let count = |of: Vec<HistoryOf>| {
        let page = store.activities(&ActivityQuery { of, ..query() });
        page.unwrap().activities.len()
    };
    assert_eq!(count(Vec::new()), 3);
    assert_eq!(count(vec![of(0, 0)]), 1);
    assert_eq!(count(vec![of(u32::MAX, 0), of(3, 0)]), 1);
}

/// A replay gets all inputs of one record, oldest commit first, more than a page holds.
pub fn inputs_in_order(harness: &impl Harness) {
    let store = harness.open();
    let all: Vec<Activity> = (0..2_500)
        .map(|n| activity(Some(n % 2), &format!("n{n}"), T0 - i64::from(n)))
        .collect();
    let people = [1, 2, 0, 1].map(PersonKey);
    for (part, done) in all.chunks(900).zip([900, 1_800, 2_500]) {
        commit(&store, &stored(part.to_vec()));
        let of = |person| {
            all[..done]
                .iter()
                .filter(move |one| one.person == Some(person))
        };
        let each = people.map(|person| of(person).cloned().collect::<Vec<_>>());
        assert_eq!(store.inputs_of_each(&people).unwrap(), each);
        let wanted = |kind: &str, name: Option<&str>| {
            kind == "tracked" && name.is_some_and(|name| name.ends_with('7'))
        };
        let some = store.wanted_inputs_of_each(&people, &wanted).unwrap();
        let sevens = each.map(|mut inputs| {
            inputs.retain(|one| {
                one.input
                    .tracked_name()
                    .is_some_and(|name| name.ends_with('7'))
            });
            inputs
        });
        assert_eq!(some, sevens);
        assert!(some[0].len() > 10, "some are wanted");
    }
    for person in 0..2 {
        let person = PersonKey(person);
        let expected = all.iter().filter(|one| one.person == Some(person));
        assert!(store.inputs_of(person).unwrap().iter().eq(expected));
    }
    assert_eq!(store.inputs_of(PersonKey(2)).unwrap(), []);
    let page = store.activities(&ActivityQuery {
        limit: 5_000,
        ..query()
    });
    assert_eq!(page.unwrap().activities.len(), 1_000, "the largest page");
}

/// Cursors stay good: the number of an activity that a sweep took away is not given again.
pub fn numbers_are_never_reused(harness: &impl Harness) {
    for round in 0..3_u64 {
        let store = harness.open();
        commit(
            &store,
            &stored(vec![
                activity(None, "of nobody", T0),
                activity(None, "of nobody", T0),
            ]),
        );
        let page = store.activities(&query()).unwrap();
        let numbers: Vec<u64> = page.activities.iter().map(|stored| stored.number).collect();
        assert_eq!(numbers, [2 * round + 2, 2 * round + 1]);
        assert_eq!(store.sweep(T0 + 40 * DAY_MS).unwrap(), 2);
    }
}
