//! Commits while the read models are being filled: what the store gave before is older.

use std::sync::Arc;

use landfall_board::Condition;
use landfall_domain::marks::Mark;
use landfall_store::StoreError;

use super::super::faults::Faulty;
use super::super::picture::picture;
use super::super::shop::{
    DAY, NOW, Shop, device, found, identify, merge, person, positions, receipt, sent, start,
    submit, who,
};
use crate::workspace::Rebuild;
use crate::{Opened, Workspace};

/// A shop with deliveries and people, and a workspace on it whose filling stands still with a page
/// of deliveries in its hands while `meanwhile` goes on.
fn while_filling(meanwhile: impl FnOnce(&Workspace)) -> (Shop, Opened) {
    let shop = Shop::new();
    before(&shop);
    let store = Faulty::new(Arc::clone(&shop.store));
    let keeper = store.page_gate.close();
    let opened = start(store, None);
    keeper.wait();
    meanwhile(&opened.workspace);
    drop(keeper);
    (shop, opened.filled())
}

fn before(shop: &Shop) {
    let opened = shop.open();
    let deliveries = [("d1", "ann"), ("d2", "ben"), ("d3", "eve")];
    submit(
        &opened.workspace,
        deliveries
            .map(|(delivery, id)| sent(delivery, id, NOW - DAY))
            .to_vec(),
    );
    opened.stop();
}

/// What the workspace says is what one says that sees the store for the first time.
#[track_caller]
fn assert_as_rebuilt(shop: &Shop, opened: Opened) {
    let rebuilt = shop.open();
    assert_eq!(picture(&opened.workspace), picture(&rebuilt.workspace));
    rebuilt.stop();
    opened.stop();
}

#[test]
fn a_change_is_not_undone() {
    let (shop, opened) = while_filling(|workspace| {
        submit(workspace, vec![receipt(NOW, "d1", Mark::Opened, None)]);
        let opens = positions(workspace, vec![Condition::Has(Mark::Opened)]);
        assert_eq!(opens.len(), 1, "the commit is shown at once");
    });
    let opens = found(&opened.workspace, vec![Condition::Has(Mark::Opened)]);
    assert_eq!(opens.len(), 1);
    assert_as_rebuilt(&shop, opened);
}

#[test]
fn a_merge_is_not_undone() {
    let (shop, opened) = while_filling(|workspace| {
        submit(workspace, vec![merge(NOW, who("ben"), who("ann"))]);
        submit(workspace, vec![merge(NOW, who("eve"), who("ben"))]);
    });
    let eve = person(shop.store.as_ref(), "eve");
    let hers = found(&opened.workspace, vec![Condition::People(vec![eve])]);
    assert_eq!(hers.len(), 3);
    assert_as_rebuilt(&shop, opened);
}

#[test]
fn a_delivery_that_changes_and_then_moves_is_right() {
    let (shop, opened) = while_filling(|workspace| {
        submit(workspace, vec![receipt(NOW, "d1", Mark::Opened, None)]);
        submit(
            workspace,
            vec![merge(NOW, who("ben"), who("ann")), sent("d4", "ben", NOW)],
        );
        submit(workspace, vec![sent("d5", "ann", NOW)]);
    });
    assert_eq!(found(&opened.workspace, Vec::new()).len(), 5);
    assert_as_rebuilt(&shop, opened);
}

#[test]
fn people_are_not_undone() {
    let shop = Shop::new();
    before(&shop);
    let store = Faulty::new(Arc::clone(&shop.store));
    let keeper = store.people_gate.close();
    let opened = start(store, None);
    keeper.wait();
    submit(
        &opened.workspace,
        vec![
            identify(NOW, "kim", []),
            device(NOW, who("ann"), "t1", &[("push_enabled", "true")]),
            merge(NOW, who("eve"), who("ben")),
        ],
    );
    drop(keeper);
    let opened = opened.filled();
    assert_eq!(opened.workspace.with_roster(crate::Roster::listed), 3);
    assert_as_rebuilt(&shop, opened);
}

#[test]
fn a_change_while_catching_up_with_a_snapshot_is_not_undone() {
    let shop = Shop::new();
    let opened = shop.open_with_snapshot();
    submit(
        &opened.workspace,
        vec![sent("d1", "ann", NOW), sent("d2", "ben", NOW)],
    );
    opened.stop();
    // Facts that the snapshot does not have.
    let opened = shop.open();
    let bounce = |id| receipt(NOW, id, Mark::Delivered, None);
    submit(
        &opened.workspace,
        vec![bounce("d1"), bounce("d2"), sent("d3", "ann", NOW)],
    );
    opened.stop();
    let store = Faulty::new(Arc::clone(&shop.store));
    let keeper = store.page_gate.close();
    let opened = start(store.clone(), Some(shop.snapshot()));
    keeper.wait();
    submit(
        &opened.workspace,
        vec![receipt(NOW, "d1", Mark::Opened, None)],
    );
    submit(&opened.workspace, vec![merge(NOW, who("ann"), who("ben"))]);
    drop(keeper);
    let opened = opened.filled();
    assert_eq!(store.pages(), 0, "the snapshot was used");
    assert_as_rebuilt(&shop, opened);
}

#[test]
fn a_board_that_cannot_be_filled_says_so_and_is_not_saved() {
    let shop = Shop::new();
    before(&shop);
    let store = Faulty::new(Arc::clone(&shop.store));
    store
        .at_page
        .plan([StoreError::Unavailable("the disk is gone".to_owned())]);
    let opened = start(store, Some(shop.snapshot())).filled();
    assert_eq!(opened.workspace.rebuild(), Rebuild::Failed);
    opened.stop();
    assert!(!shop.snapshot().exists());
}

#[test]
fn a_stop_does_not_wait_for_the_filling_and_saves_no_half_of_a_board() {
    let shop = Shop::new();
    before(&shop);
    let store = Faulty::new(Arc::clone(&shop.store));
    let keeper = store.page_gate.close();
    let opened = start(store.clone(), Some(shop.snapshot()));
    keeper.wait();
    let workspace = opened.workspace.clone();
    let stopping = std::thread::spawn(move || opened.stop());
    // Until the stop is under way, submissions are taken.
    while workspace.submit_blocking(Vec::new()).is_ok() {
        std::thread::yield_now();
    }
    drop(keeper);
    stopping.join().unwrap();
    assert_eq!(store.pages(), 1, "no further page was read");
    assert!(!shop.snapshot().exists());
    assert!(matches!(workspace.rebuild(), Rebuild::Running { .. }));
}
