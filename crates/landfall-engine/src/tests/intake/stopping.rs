//! The end: what was accepted is answered, what comes later is refused.

use std::sync::Arc;

use landfall_domain::decide::Taken;

use super::{Faulty, Shop, events, found, sent, spawn_event, start, submit, track, until_waiting};
use crate::SubmitError;
use crate::tests::shop::NOW;

#[test]
fn a_stop_answers_what_was_accepted_and_refuses_what_comes_later() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), None).filled();
    let workspace = opened.workspace.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let keeper = store.commit_gate.close();
        let mut accepted = vec![spawn_event(&workspace, 0)];
        tokio::task::yield_now().await;
        keeper.wait();
        accepted.extend((1..100).map(|number| spawn_event(&workspace, number)));
        until_waiting(&workspace, 99).await;
        let stopping = std::thread::spawn(move || opened.stop());
        drop(keeper);
        for answer in accepted {
            assert_eq!(answer.await.unwrap(), Ok(vec![Taken::Applied]));
        }
        stopping.join().unwrap();
        let late = workspace.submit(vec![track(NOW, "ann", "late")]).await;
        assert_eq!(late, Err(SubmitError::Stopped));
    });
    let late = workspace.submit_blocking(vec![track(NOW, "ann", "late")]);
    assert_eq!(late, Err(SubmitError::Stopped));
    let stored = events(&shop, "ann");
    assert_eq!(stored.len(), 100);
    assert!(!stored.contains(&"late".to_owned()));
}

#[test]
fn reads_go_on_after_a_stop() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = opened.workspace.clone();
    submit(&workspace, vec![sent("d1", "ann", NOW)]);
    opened.stop();
    assert_eq!(found(&workspace, Vec::new()).len(), 1);
    assert!(workspace.store().delivery("d1").unwrap().is_some());
}
