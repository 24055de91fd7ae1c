//! Work: targets on their way to a provider.

use std::sync::Arc;

use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::time::DAY_MS;
use landfall_domain::work::{Work, WorkKey};
use landfall_domain::working_set::{ChangeSet, Found, Want};

use super::Harness;
use super::model::{Model, sorted};
use super::samples::{
    T0, claimed, commit, delivery, delivery_id, fact, merged, of_works, parked, person, receipt,
    to_devices, token, work,
};
use super::traits::*;
use crate::{Store, StoreError};

const ROOT: u8 = WorkKey::ROOT;

fn done(key: WorkKey) -> ChangeSet {
    ChangeSet {
        works: vec![(key, None)],
        ..ChangeSet::default()
    }
}

fn want(works: impl IntoIterator<Item = WorkKey>) -> Want {
    Want {
        works: works.into_iter().collect(),
        ..Want::default()
    }
}

fn loaded(store: &impl Store, key: WorkKey) -> Option<Work> {
    let mut works = store.load(&want([key])).unwrap().works;
    assert!(works.len() <= 1);
    works.pop()
}

/// Work is kept whole, replaced whole, and gone when it is done with; the last word of a change set
/// counts, and what is not there may be deleted.
pub fn work_is_stored_and_deleted(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut take = |changes: &ChangeSet| {
        model.apply(changes);
        commit(&store, changes);
        model.compare(&store);
    };
    let (one, other) = (work(0, 0), work(u32::MAX, ROOT));
    take(&of_works([one.clone(), other.clone(), work(3, 1)]));
    take(&of_works([claimed(one.clone()), parked(other.clone(), T0)]));
    take(&done(work(3, 1).key));
    take(&done(work(3, 1).key));
    take(&of_works([claimed(one.clone()), one.clone()]));
    let mut back_and_forth = done(one.key);
    back_and_forth.works.push((one.key, Some(one.clone())));
    back_and_forth.works.push((other.key, Some(other.clone())));
    back_and_forth.works.push((other.key, None));
    take(&back_and_forth);
    assert_eq!(store.open_works(None, 9).unwrap(), [one]);
    assert_eq!(store.works_of(DeliveryKey(u32::MAX)).unwrap(), []);
}

/// A decision sees each step of work at once, whether or not anybody reads the store in between.
pub fn decisions_see_work_on_its_way(harness: &impl Harness) {
    for read in [false, true] {
        let store = harness.open();
        let (mut epoch, mut expected) = (store.start().unwrap().epoch, None);
        let key = work(5, 2).key;
        let waiting = work(5, 2);
        let again = Work {
            tries: 1,
            ..work(5, 2)
        };
        let gone = parked(again.clone(), T0 + DAY_MS);
        for next in [
            Some(waiting),
            Some(claimed(work(5, 2))),
            Some(again),
            Some(gone),
            None,
            Some(work(5, 2)),
            None,
        ] {
            assert_eq!(loaded(&store, key), expected);
            let changes = ChangeSet {
                works: vec![(key, next.clone())],
                deliveries: vec![delivery(5, None)],
                ..ChangeSet::default()
            };
            epoch = store.commit(&changes, epoch).unwrap();
            expected = next;
            if read {
                let works: Vec<Work> = expected.iter().cloned().collect();
                assert_eq!(store.works_of(key.delivery()).unwrap(), works);
            }
            assert_eq!(loaded(&store, key), expected);
        }
    }
}

/// Wanted work brings its delivery as if that were wanted by its id, with its person, the records of
/// its targets, their owners and what waits for it, also when the work itself is gone.
pub fn works_load_with_their_deliveries(harness: &impl Harness) {
    let store = harness.open();
    let changes = ChangeSet {
        people: vec![
            person(0).into(),
            merged(1, 2).into(),
            person(2).into(),
            person(3).into(),
            person(9).into(),
        ],
        tokens: vec![
            token(0, "a", Some(0)),
            token(1, "b", Some(3)),
            token(2, "c", Some(9)),
        ],
        deliveries: vec![
            to_devices(delivery(0, Some(0)), &[0, 1]),
            to_devices(delivery(1, Some(1)), &[0]),
            to_devices(delivery(2, Some(9)), &[2]),
        ],
        quarantined: [0, 2]
            .map(delivery_id)
            .map(|id| (id.clone(), receipt(&id, "x")))
            .into(),
        ..of_works([work(0, 0), work(0, 1), work(2, 0), work(7, 0)])
    };
    let mut model = Model::default();
    let check = |model: &Model, want: &Want| -> Found {
        let found = sorted(store.load(want).unwrap());
        assert_eq!(found, model.load(want));
        found
    };
    model.apply(&changes);
    commit(&store, &changes);
    let mut wanted = want([work(0, 0).key, work(1, 4).key]);
    let found = check(&model, &wanted);
    assert_eq!(found.works, [work(0, 0)]);
    assert_eq!(found.deliveries, changes.deliveries[..2]);
    assert_eq!(found.tokens, changes.tokens[..2]);
    assert_eq!(found.quarantined, changes.quarantined[..1]);
    let people: Vec<u32> = found.people.iter().map(|person| person.key.0).collect();
    assert_eq!(people, [0, 1, 2, 3]);
    // In several ways at once, each thing comes once.
    wanted.works.insert(work(0, 1).key);
    wanted.works_of = [0, 1, 5].map(delivery_id).into();
    wanted.deliveries = [0, 2].map(delivery_id).into();
    let found = check(&model, &wanted);
    assert_eq!(found.works, [work(0, 0), work(0, 1)]);
    assert_eq!((found.deliveries.len(), found.quarantined.len()), (3, 2));
    // Work without a delivery is work all the same.
    let alone = check(&model, &want([work(7, 0).key, WorkKey(u64::MAX)]));
    assert_eq!((alone.works, alone.deliveries), (vec![work(7, 0)], vec![]));
    // A merge between two looks.
    let merge = ChangeSet {
        people: vec![merged(0, 3).into()],
        moved: vec![(PersonKey(0), PersonKey(3))],
        ..ChangeSet::default()
    };
    model.apply(&merge);
    commit(&store, &merge);
    let found = check(&model, &want([work(0, 0).key]));
    assert_eq!(found.deliveries[0].person, Some(PersonKey(3)));
}

/// All work of one delivery, by key, of no other; as a reader and as a decision sees it.
pub fn works_of_a_delivery(harness: &impl Harness) {
    let store = harness.open();
    let own = [
        work(4, 0),
        claimed(work(4, 1)),
        parked(work(4, 30), T0 + DAY_MS),
        parked(work(4, ROOT), T0),
    ];
    let neighbours = [work(3, 0), work(3, ROOT), work(5, 0)];
    let changes = ChangeSet {
        deliveries: vec![delivery(3, None), delivery(4, None)],
        ..of_works(own.clone().into_iter().rev().chain(neighbours))
    };
    commit(&store, &changes);
    let by_id = Want {
        works_of: [delivery_id(4), "unheard of".to_owned()].into(),
        ..Want::default()
    };
    let found = sorted(store.load(&by_id).unwrap());
    assert_eq!(found.works, own);
    assert_eq!(found.deliveries, changes.deliveries[1..]);
    assert_eq!(store.works_of(DeliveryKey(4)).unwrap(), own);
    assert_eq!(store.works_of(DeliveryKey(6)).unwrap(), []);
    commit(&store, &done(own[1].key));
    let found = sorted(store.load(&by_id).unwrap());
    assert_eq!(found.works.len(), 3);
    assert_eq!(found.works, store.works_of(DeliveryKey(4)).unwrap());
}

/// Work that waits or is claimed, in pages, by key; what is parked is passed over.
pub fn open_works(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.open_works(None, 10).unwrap(), []);
    let mut model = Model::default();
    let all = (0..40_u32).map(|n| match n % 4 {
        0 => work(n, (n % 3) as u8),
        1 => claimed(work(n, ROOT)),
        _ => parked(work(n, 1), T0 + DAY_MS),
    });
    let changes = of_works(all);
    model.apply(&changes);
    commit(&store, &changes);
    for limit in [1, 3, 20, 21, usize::MAX] {
        let (mut after, mut met) = (None, Vec::new());
        loop {
            let page = store.open_works(after, limit).unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            met.extend(page);
        }
        assert_eq!(met.len(), 20);
        assert_eq!(met, model.open_works(None, 20), "pages of {limit}");
    }
    assert_eq!(store.open_works(None, 0).unwrap(), []);
    let beyond = Some(WorkKey(u64::MAX));
    assert_eq!(store.open_works(beyond, 5).unwrap(), []);
    // What was parked is open again, and the other way round.
    let changes = of_works([work(2, 1), parked(work(0, 0), T0)]);
    model.apply(&changes);
    commit(&store, &changes);
    assert_eq!(
        store.open_works(None, 99).unwrap(),
        model.open_works(None, 99)
    );
}

/// A sweep takes parked work that is due, and no other, without being a commit; decisions and
/// readers see it go.
pub fn parked_work_is_swept_when_due(harness: &impl Harness) {
    let store = harness.open();
    let open = [work(0, 0), claimed(work(1, 0))];
    let kept = parked(work(2, 0), T0 + 1);
    let due = [parked(work(3, 0), T0), parked(work(3, 1), T0 - DAY_MS)];
    commit(
        &store,
        &of_works(open.iter().chain(&due).chain([&kept]).cloned()),
    );
    assert_eq!(loaded(&store, due[0].key).as_ref(), Some(&due[0]));
    assert_eq!(store.sweep(T0 - DAY_MS - 1).unwrap(), 0);
    assert_eq!(store.sweep(T0).unwrap(), 2);
    assert_eq!(store.works_of(DeliveryKey(3)).unwrap(), []);
    for gone in &due {
        assert_eq!(loaded(&store, gone.key), None);
    }
    assert_eq!(loaded(&store, kept.key), Some(kept));
    assert_eq!(store.sweep(T0).unwrap(), 0);
    assert_eq!(store.sweep(T0 + 4_000 * DAY_MS).unwrap(), 1);
    assert_eq!(store.open_works(None, 9).unwrap(), open);
    assert_eq!(store.start().unwrap().epoch, 1, "a sweep is not a commit");
}

/// Parked work that was released before the sweep is not swept.
pub fn work_outlives_its_park(harness: &impl Harness) {
    let store = harness.open();
    commit(
        &store,
        &of_works([parked(work(0, 0), T0), parked(work(1, 0), T0)]),
    );
    assert_eq!(store.sweep(T0 - 1).unwrap(), 0);
    let released = Work {
        due: work(0, 0).due,
        ..work(0, 0)
    };
    commit(&store, &of_works([released.clone()]));
    assert_eq!(store.sweep(T0 + DAY_MS).unwrap(), 1);
    assert_eq!(loaded(&store, released.key), Some(released));
    assert_eq!(loaded(&store, work(1, 0).key), None);
}

/// Of several who claim the same work on the same state, one is taken; the others see whose it is.
pub fn one_of_two_claims_wins(harness: &impl Harness) {
    let store = harness.open();
    commit(&store, &of_works([work(0, 0)]));
    let claim = || {
        let mut found = store.load(&want([work(0, 0).key])).unwrap();
        let waiting = found.works.pop().unwrap();
        if waiting != work(0, 0) {
            return 0;
        }
        match store.commit(&of_works([claimed(waiting)]), found.epoch) {
            Ok(_) => 1,
            Err(StoreError::Conflict { .. }) => 0,
            Err(other) => panic!("{other}"),
        }
    };
    let won: u32 = std::thread::scope(|scope| {
        let claims: Vec<_> = (0..4).map(|_| scope.spawn(claim)).collect();
        claims.into_iter().map(|claim| claim.join().unwrap()).sum()
    });
    assert_eq!(won, 1);
    assert_eq!(loaded(&store, work(0, 0).key), Some(claimed(work(0, 0))));
}

/// A batch of the size in which an engine works goes through creation, claim and conclusion.
pub fn a_batch_of_work(harness: &impl Harness) {
    const ROWS: u32 = 2_048;
    let store = harness.open();
    let keys = || (0..ROWS).map(|n| work(n, 0).key);
    let made = ChangeSet {
        people: (0..ROWS).map(person).map(Arc::new).collect(),
        deliveries: (0..ROWS).map(|n| delivery(n, Some(n))).collect(),
        ..of_works((0..ROWS).map(|n| work(n, 0)))
    };
    commit(&store, &made);
    let found = sorted(store.load(&want(keys())).unwrap());
    assert!(found.works.into_iter().eq((0..ROWS).map(|n| work(n, 0))));
    assert_eq!(found.deliveries, made.deliveries);
    assert_eq!(found.people, made.people);
    commit(&store, &of_works((0..ROWS).map(|n| claimed(work(n, 0)))));
    let found = sorted(store.load(&want(keys())).unwrap());
    let expected = (0..ROWS).map(|n| claimed(work(n, 0)));
    assert!(found.works.into_iter().eq(expected));
    let concluded = ChangeSet {
        works: keys().map(|key| (key, None)).collect(),
        deliveries: made.deliveries.clone(),
        facts: (0..ROWS).map(|n| fact(n, "sent")).collect(),
        ..ChangeSet::default()
    };
    commit(&store, &concluded);
    let found = sorted(store.load(&want(keys())).unwrap());
    assert_eq!((found.works, found.deliveries), (vec![], made.deliveries));
    assert_eq!(store.open_works(None, 9).unwrap(), []);
}

/// Work is there after the store was closed and opened again, in the state in which it was.
pub fn reopening_keeps_work(harness: &impl Harness) {
    let mut model = Model::default();
    for changes in [
        of_works([work(0, 0), work(1, ROOT), parked(work(2, 0), T0)]),
        of_works([claimed(work(0, 0)), parked(work(1, ROOT), T0)]),
        done(work(2, 0).key),
    ] {
        let store = harness.open();
        model.compare(&store);
        model.apply(&changes);
        commit(&store, &changes);
        drop(store);
        model.compare(&harness.open());
    }
}
