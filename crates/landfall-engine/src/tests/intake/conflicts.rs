//! Other writers on the same store.

use std::sync::Arc;

use landfall_domain::decide::Taken;
use landfall_domain::marks::Mark;
use landfall_store::StoreError;

use super::{Faulty, Shop, events, found, merge, person, receipt, sent, start, submit, track, who};
use crate::SubmitError;
use crate::tests::shop::{DAY, NOW};
use landfall_board::Condition;

fn conflict() -> StoreError {
    StoreError::Conflict {
        expected: 1,
        found: 2,
    }
}

#[test]
fn a_conflict_is_decided_again_and_nothing_is_lost_or_doubled() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = &opened.workspace;
    submit(workspace, vec![sent("d0", "ann", NOW - DAY)]);
    store.at_commit.plan([conflict(), conflict(), conflict()]);
    let taken = submit(
        workspace,
        vec![
            track(NOW, "ann", "viewed"),
            sent("d1", "ann", NOW),
            receipt(NOW, "d0", Mark::Opened, None),
        ],
    );
    assert_eq!(taken, [Taken::Applied; 3]);
    assert_eq!(events(&shop, "ann"), ["viewed"]);
    assert_eq!(shop.store.start().unwrap().last_fact, 3);
    assert_eq!(found(workspace, Vec::new()).len(), 2);
    assert_eq!(
        found(workspace, vec![Condition::Has(Mark::Opened)]).len(),
        1
    );
    opened.stop();
}

#[test]
fn a_writer_that_never_gets_through_says_so_and_stores_nothing() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    store.at_commit.plan((0..64).map(|_| conflict()));
    let refused = opened
        .workspace
        .submit_blocking(vec![sent("d1", "ann", NOW)]);
    assert!(
        matches!(refused, Err(SubmitError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(shop.store.start().unwrap().epoch, 0);
    assert_eq!(found(&opened.workspace, Vec::new()), []);
    submit(&opened.workspace, vec![sent("d1", "ann", NOW)]);
    assert_eq!(found(&opened.workspace, Vec::new()).len(), 1);
    opened.stop();
}

/// Two engines write to one store at the same time, about the same people and messages.
#[test]
fn two_writers_lose_nothing_and_double_nothing() {
    const EACH: usize = 60;
    let shop = Shop::new();
    let engines = [shop.open(), shop.open()];
    let threads: Vec<_> = engines
        .iter()
        .enumerate()
        .map(|(engine, opened)| {
            let workspace = opened.workspace.clone();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    let id = ["ann", "ben", "eve"][number % 3];
                    let mut both = track(NOW, "ann", &format!("both {number}"));
                    both.dedupe_key = Some(format!("message:{number}"));
                    let own = track(NOW, "ann", &format!("own {engine} {number}"));
                    let delivery = sent(&format!("d{engine}-{number}"), id, NOW);
                    let shared = sent(&format!("shared-{number}"), id, NOW - DAY);
                    submit(&workspace, vec![both, own, delivery, shared]);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let mut expected: Vec<String> = (0..EACH)
        .flat_map(|n| {
            let own = [0, 1].map(|engine| format!("own {engine} {n}"));
            own.into_iter().chain([format!("both {n}")])
        })
        .collect();
    let mut stored = events(&shop, "ann");
    stored.sort_unstable();
    expected.sort_unstable();
    assert_eq!(stored, expected);
    let started = shop.store.start().unwrap();
    assert_eq!(started.next.person, 3);
    assert_eq!(started.next.delivery, 3 * EACH as u32);
    assert_eq!(started.last_fact, 3 * EACH as u64);
    assert_eq!(
        started.messages.len(),
        1,
        "one catalogue line for one message"
    );
    for engine in engines {
        engine.stop();
    }
    // The next start sees everybody's.
    let opened = shop.open();
    let ann = person(shop.store.as_ref(), "ann");
    assert_eq!(found(&opened.workspace, Vec::new()).len(), 3 * EACH);
    assert_eq!(
        found(&opened.workspace, vec![Condition::People(vec![ann])]).len(),
        EACH
    );
    opened.stop();
}

/// The snapshot of an engine that missed what another one wrote would hide it for ever.
#[test]
fn what_another_writer_stored_is_seen_at_the_next_start_in_spite_of_a_snapshot() {
    let shop = Shop::new();
    let mine = shop.open_with_snapshot();
    let other = shop.open();
    submit(&mine.workspace, vec![sent("d1", "ann", NOW)]);
    submit(&other.workspace, vec![sent("d2", "ann", NOW)]);
    mine.stop();
    other.stop();
    let again = shop.open_with_snapshot();
    assert_eq!(found(&again.workspace, Vec::new()).len(), 2);
    // Also when a commit of our own came after the other's.
    let other = shop.open();
    submit(&other.workspace, vec![sent("d3", "ann", NOW)]);
    submit(&again.workspace, vec![sent("d4", "ann", NOW)]);
    other.stop();
    again.stop();
    let again = shop.open_with_snapshot();
    assert_eq!(found(&again.workspace, Vec::new()).len(), 4);
    again.stop();
}

/// The same when the process dies after it has met the other writer, whose merge is not among the
/// facts that a start catches up with.
#[test]
fn a_snapshot_is_given_up_when_another_writer_is_met() {
    let shop = Shop::new();
    let mine = shop.open_with_snapshot();
    submit(
        &mine.workspace,
        vec![sent("d1", "ann", NOW), sent("d2", "ben", NOW)],
    );
    mine.stop();
    let mine = shop.open_with_snapshot();
    let other = shop.open();
    submit(&other.workspace, vec![merge(NOW, who("ben"), who("ann"))]);
    submit(&mine.workspace, vec![sent("d3", "eve", NOW)]);
    other.stop();
    let again = shop.open_with_snapshot();
    let ben = person(shop.store.as_ref(), "ben");
    let of_ben = vec![Condition::People(vec![ben])];
    assert_eq!(found(&again.workspace, of_ben).len(), 2);
    again.stop();
    mine.stop();
}
