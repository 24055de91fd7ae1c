//! The one door in: order, atomicity, group commit, conflicts, failures, limits, the end.

mod conflicts;
mod failures;
mod stopping;

use std::sync::Arc;

use landfall_domain::decide::Taken;
use landfall_domain::marks::Mark;
use serde_json::json;

use super::faults::Faulty;
use super::shop::{
    DAY, NOW, Shop, found, identify, input, merge, person, receipt, seconds, sent, start, submit,
    track, who,
};
use crate::SubmitError;
use crate::workspace::QUEUE_MAX;
use landfall_board::Condition;
use landfall_domain::input::Body;
use landfall_store::{ActivityQuery, HistoryOf};

/// Names of the events stored for a person, newest first.
fn events(shop: &Shop, id: &str) -> Vec<String> {
    use landfall_domain::activity::PersonInput;
    let of = HistoryOf {
        person: person(shop.store.as_ref(), id),
        from: seconds(0),
    };
    let query = ActivityQuery {
        of: vec![of],
        kinds: vec!["tracked".to_owned()],
        limit: 1_000,
        ..ActivityQuery::default()
    };
    let page = shop.store.activities(&query).unwrap();
    let names = page
        .activities
        .into_iter()
        .filter_map(|stored| match stored.activity.input {
            PersonInput::Tracked { name, .. } => Some(name),
            _ => None,
        });
    names.collect()
}

#[test]
fn inputs_of_one_call_are_applied_in_their_order() {
    let shop = Shop::new();
    let opened = shop.open();
    let at = NOW - DAY;
    let taken = submit(
        &opened.workspace,
        vec![
            // Updates and receipts see what came before them in the same call.
            receipt(at + 5, "d1", Mark::Opened, None),
            identify(at, "ann", [("city", json!("Rome"))]),
            identify(at, "ann", [("city", json!("Oslo"))]),
            sent("d1", "ann", at),
            sent("d1", "ann", at),
            merge(at, who("ben"), who("ann")),
            track(at, "ben", "viewed"),
            merge(at, who("ben"), who("ann")),
        ],
    );
    use Taken::{Applied, Duplicate, Ignored, Quarantined};
    assert_eq!(
        taken,
        [
            Quarantined,
            Applied,
            Applied,
            Applied,
            Duplicate,
            Ignored,
            Applied,
            Applied
        ]
    );
    let ben = person(shop.store.as_ref(), "ben");
    let people = shop.store.people(&[ben]).unwrap();
    assert_eq!(people[0].attributes["city"].value, json!("Oslo"));
    let delivery = shop.store.delivery("d1").unwrap().unwrap();
    assert_eq!(delivery.person, Some(ben));
    assert_eq!(delivery.marks.at(Mark::Opened), Some(seconds(at + 5)));
    assert_eq!(
        found(&opened.workspace, vec![Condition::People(vec![ben])]),
        [delivery.key]
    );
    opened.stop();
}

#[test]
fn the_answer_has_one_entry_for_each_input_even_when_nothing_changes() {
    let shop = Shop::new();
    let opened = shop.open();
    assert_eq!(submit(&opened.workspace, Vec::new()), []);
    let nobody = Body::Delete { who: who("nobody") };
    let taken = submit(
        &opened.workspace,
        vec![input(NOW, nobody.clone()), input(NOW, nobody)],
    );
    assert_eq!(taken, [Taken::Ignored, Taken::Ignored]);
    assert_eq!(
        shop.store.start().unwrap().epoch,
        0,
        "nothing was committed"
    );
    opened.stop();
}

/// Everybody submits at once: all are answered, and the store has each exactly once.
#[test]
fn many_callers_at_once_share_commits() {
    const TASKS: usize = 400;
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    let keeper = store.commit_gate.close();
    let mut tasks = Vec::new();
    for number in 0..TASKS {
        let workspace = opened.workspace.clone();
        tasks.push(runtime.spawn(async move {
            let mut viewed = track(NOW - DAY, "ann", &format!("viewed {number}"));
            viewed.dedupe_key = Some(format!("message:{number}"));
            let delivery = sent(&format!("d{number}"), "ann", NOW - DAY);
            workspace.submit(vec![viewed, delivery]).await
        }));
    }
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let workspace = opened.workspace.clone();
            std::thread::spawn(move || {
                for number in 0..25 {
                    let name = format!("thread {thread} {number}");
                    submit(&workspace, vec![track(NOW, "ann", &name)]);
                }
            })
        })
        .collect();
    keeper.wait();
    drop(keeper);
    for task in tasks {
        let taken = runtime.block_on(task).unwrap();
        assert_eq!(taken, Ok(vec![Taken::Applied, Taken::Applied]));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let mut names = events(&shop, "ann");
    assert_eq!(names.len(), TASKS + 8 * 25);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TASKS + 8 * 25, "no event twice");
    assert_eq!(found(&opened.workspace, Vec::new()).len(), TASKS);
    assert_eq!(
        shop.store.start().unwrap().last_fact,
        TASKS as u64,
        "one fact for each delivery"
    );
    assert!(
        store.commits() < TASKS,
        "{} commits: callers shared none",
        store.commits()
    );
    opened.stop();
}

/// What arrives while a commit is on its way is one batch: decided together, stored together.
#[test]
fn what_waits_is_committed_together() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let keeper = store.commit_gate.close();
        let first = {
            let workspace = opened.workspace.clone();
            tokio::spawn(async move { workspace.submit(vec![track(NOW, "ann", "first")]).await })
        };
        tokio::task::yield_now().await;
        keeper.wait();
        let waiting: Vec<_> = (0..50)
            .map(|number| {
                let workspace = opened.workspace.clone();
                let event = track(NOW, "ann", &format!("later {number}"));
                tokio::spawn(async move { workspace.submit(vec![event]).await })
            })
            .collect();
        until_waiting(&opened.workspace, 50).await;
        drop(keeper);
        assert!(first.await.unwrap().is_ok());
        for answer in waiting {
            assert_eq!(answer.await.unwrap(), Ok(vec![Taken::Applied]));
        }
    });
    assert_eq!(store.commits(), 2);
    let mut later: Vec<String> = (0..50).map(|number| format!("later {number}")).collect();
    later.insert(0, "first".to_owned());
    later.reverse();
    assert_eq!(
        events(&shop, "ann"),
        later,
        "in the order of their submission"
    );
    opened.stop();
}

#[test]
fn a_caller_that_hangs_up_is_stored_all_the_same() {
    let shop = Shop::new();
    let opened = shop.open();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let workspace = opened.workspace.clone();
        let hasty = tokio::spawn(async move {
            let _ = workspace.submit(vec![track(NOW, "ann", "hasty")]).await;
        });
        tokio::task::yield_now().await;
        // It has run as far as it can: what it submitted waits or is stored.
        hasty.abort();
    });
    // Goes through the same queue, so what was before it is stored when it is.
    submit(&opened.workspace, vec![track(NOW, "ann", "patient")]);
    assert_eq!(events(&shop, "ann"), ["patient", "hasty"]);
    opened.stop();
}

/// A runtime that ends takes its callers along, not those of the next one.
#[test]
fn the_next_runtime_is_answered_too() {
    let shop = Shop::new();
    let opened = shop.open();
    for number in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let event = track(NOW, "ann", &format!("runtime {number}"));
        let answer = runtime.block_on(opened.workspace.submit(vec![event]));
        assert_eq!(answer, Ok(vec![Taken::Applied]));
    }
    opened.stop();
}

#[test]
fn a_full_queue_is_busy_and_takes_more_when_it_has_room() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = &opened.workspace;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let keeper = store.commit_gate.close();
        let mut waiting = vec![spawn_event(workspace, 0)];
        tokio::task::yield_now().await;
        keeper.wait();
        waiting.extend((1..=QUEUE_MAX).map(|n| spawn_event(workspace, n)));
        until_waiting(workspace, QUEUE_MAX).await;
        let one_more = workspace.submit(vec![track(NOW, "ann", "too many")]).await;
        assert_eq!(one_more, Err(SubmitError::Busy));
        drop(keeper);
        for answer in waiting {
            assert_eq!(answer.await.unwrap(), Ok(vec![Taken::Applied]));
        }
        let later = workspace.submit(vec![track(NOW, "ann", "in time")]).await;
        assert_eq!(later, Ok(vec![Taken::Applied]));
    });
    let started = shop.store.start().unwrap();
    assert_eq!(started.next.person, 1);
    assert_eq!(events(&shop, "ann")[0], "in time");
    assert!(!events(&shop, "ann").contains(&"too many".to_owned()));
    opened.stop();
}

type Answering = tokio::task::JoinHandle<Result<Vec<Taken>, SubmitError>>;

fn spawn_event(workspace: &crate::Workspace, number: usize) -> Answering {
    let workspace = workspace.clone();
    let event = track(NOW, "ann", &format!("event {number}"));
    tokio::spawn(async move { workspace.submit(vec![event]).await })
}

/// Lets tasks run until so many submissions wait in the queue.
async fn until_waiting(workspace: &crate::Workspace, submissions: usize) {
    while QUEUE_MAX - workspace.shared.queue.capacity() < submissions {
        tokio::task::yield_now().await;
    }
}
