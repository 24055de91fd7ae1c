//! Stores that cannot read or write for a while.

use std::sync::Arc;

use landfall_domain::decide::Taken;
use landfall_domain::marks::Mark;
use landfall_store::StoreError;

use super::{Faulty, Shop, events, found, receipt, sent, start, submit, track, until_waiting};
use crate::SubmitError;
use crate::tests::shop::{NOW, push, push_step, reported};

fn outage() -> StoreError {
    StoreError::Unavailable("the disk is full".to_owned())
}

fn assert_unavailable(answer: &Result<Vec<Taken>, SubmitError>) {
    match answer {
        Err(SubmitError::Unavailable(why)) => assert!(why.contains("the disk is full"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_store_that_cannot_write_is_unavailable_and_works_again_afterwards() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = &opened.workspace;
    let mut watching = workspace.watch();
    store.at_commit.plan([outage()]);
    let inputs = || vec![sent("d1", "ann", NOW), track(NOW, "ann", "viewed")];
    assert_unavailable(&workspace.submit_blocking(inputs()));
    assert_eq!(shop.store.start().unwrap().epoch, 0);
    assert_eq!(found(workspace, Vec::new()), []);
    assert_eq!(workspace.with_roster(crate::Roster::listed), 0);
    assert_eq!(workspace.catalogue().messages(), []);
    assert!(watching.try_recv().is_err());
    assert_eq!(submit(workspace, inputs()), [Taken::Applied; 2]);
    assert_eq!(events(&shop, "ann"), ["viewed"]);
    assert_eq!(found(workspace, Vec::new()).len(), 1);
    assert_eq!(workspace.catalogue().messages(), [push_step(12)]);
    opened.stop();
}

#[test]
fn a_store_that_cannot_read_is_unavailable_and_works_again_afterwards() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = &opened.workspace;
    store.at_load.plan([outage()]);
    assert_unavailable(&workspace.submit_blocking(vec![sent("d1", "ann", NOW)]));
    assert_eq!(shop.store.start().unwrap().epoch, 0);
    assert_eq!(
        submit(workspace, vec![sent("d1", "ann", NOW)]),
        [Taken::Applied]
    );
    opened.stop();
}

/// An outage lasts: the first look at the store after a failed commit fails, too. What the failed
/// batch decided (here: keys of a message, a person and a delivery) must not live on.
#[test]
fn nothing_of_a_failed_batch_lives_on_through_a_longer_outage() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = &opened.workspace;
    store.at_commit.plan([outage()]);
    store.at_start.plan([outage()]);
    assert_unavailable(&workspace.submit_blocking(vec![sent("d1", "ann", NOW)]));
    assert_unavailable(&workspace.submit_blocking(vec![sent("d1", "ann", NOW)]));
    let other = landfall_domain::input::DeliveryReport {
        message: push_step(13),
        ..push("d2", "ben", &[(Mark::Sent, NOW)])
    };
    submit(workspace, vec![sent("d1", "ann", NOW), reported(other)]);
    let started = shop.store.start().unwrap();
    let stored: Vec<_> = started
        .messages
        .iter()
        .map(|m| (m.key.0, m.message.step_id))
        .collect();
    assert_eq!(stored, [(0, Some(12)), (1, Some(13))]);
    assert_eq!(
        workspace.catalogue().messages(),
        [push_step(12), push_step(13)]
    );
    assert_eq!((started.next.person, started.next.delivery), (2, 2));
    assert_eq!(shop.store.delivery("d2").unwrap().unwrap().message.0, 1);
    opened.stop();
}

/// One row that cannot be read is the trouble of those who ask for it, not of whoever comes along.
#[test]
fn a_damaged_row_fails_only_the_calls_that_need_it() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = &opened.workspace;
    submit(
        workspace,
        vec![sent("bad", "ann", NOW), sent("good", "ann", NOW)],
    );
    *store.damaged.lock().unwrap() = Some("bad".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let answers = runtime.block_on(async {
        let keeper = store.commit_gate.close();
        let spawn = |inputs| {
            let workspace = workspace.clone();
            tokio::spawn(async move { workspace.submit(inputs).await })
        };
        let first = spawn(vec![track(NOW, "ann", "first")]);
        tokio::task::yield_now().await;
        keeper.wait();
        let batch = [
            spawn(vec![receipt(NOW, "good", Mark::Opened, None)]),
            spawn(vec![receipt(NOW, "bad", Mark::Opened, None)]),
            spawn(vec![track(NOW, "ann", "second")]),
        ];
        until_waiting(workspace, 3).await;
        drop(keeper);
        assert!(first.await.unwrap().is_ok());
        let mut answers = Vec::new();
        for answer in batch {
            answers.push(answer.await.unwrap());
        }
        answers
    });
    assert_eq!(answers[0], Ok(vec![Taken::Applied]));
    assert!(matches!(&answers[1], Err(SubmitError::Unavailable(why)) if why.contains("bad")));
    assert_eq!(answers[2], Ok(vec![Taken::Applied]));
    assert_eq!(events(&shop, "ann"), ["second", "first"]);
    opened.stop();
}
