//! The board's snapshot: a cache that is used when it is right, and only then.

use std::sync::Arc;

use landfall_board::Condition;
use landfall_domain::marks::Mark;

use super::super::faults::Faulty;
use super::super::picture::picture;
use super::super::shop::{
    DAY, NOW, Shop, anonymous, device, found, merge, person, push, receipt, reported, sent, start,
    submit, who,
};
use crate::workspace::Rebuild;

/// A shop with two deliveries and a snapshot of its board.
fn with_snapshot() -> Shop {
    let shop = Shop::new();
    let opened = shop.open_with_snapshot();
    submit(
        &opened.workspace,
        vec![sent("d1", "ann", NOW - DAY), sent("d2", "ben", NOW - DAY)],
    );
    opened.stop();
    assert!(shop.snapshot().exists());
    shop
}

/// Opens with the snapshot as it lies there and compares with a rebuild. Returns whether the
/// snapshot was used.
#[track_caller]
fn opens_right(shop: &Shop) -> bool {
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), Some(shop.snapshot())).filled();
    assert_eq!(opened.workspace.rebuild(), Rebuild::Done);
    let rebuilt = shop.open();
    assert_eq!(picture(&opened.workspace), picture(&rebuilt.workspace));
    rebuilt.stop();
    opened.stop();
    store.pages() == 0
}

#[test]
fn a_snapshot_is_saved_at_the_stop_and_used_at_the_start() {
    let shop = with_snapshot();
    assert!(opens_right(&shop));
    assert!(opens_right(&shop), "and so on");
}

#[test]
fn facts_from_after_the_snapshot_are_caught_up_with() {
    let shop = with_snapshot();
    let opened = shop.open();
    submit(
        &opened.workspace,
        vec![
            receipt(NOW, "d1", Mark::Opened, None),
            sent("d3", "eve", NOW),
            sent("d4", "ann", NOW - 40 * DAY),
        ],
    );
    opened.stop();
    assert!(opens_right(&shop));
}

/// More facts than one page of catching up, many for one delivery.
#[test]
fn many_facts_are_caught_up_with_page_by_page() {
    let shop = with_snapshot();
    let opened = shop.open();
    let many = (0..6_000).map(|number| sent(&format!("n{number}"), "ann", NOW - number));
    submit(&opened.workspace, many.collect());
    opened.stop();
    let store = Faulty::new(Arc::clone(&shop.store));
    let opened = start(store.clone(), Some(shop.snapshot())).filled();
    assert_eq!(store.pages(), 0);
    assert_eq!(found(&opened.workspace, Vec::new()).len(), 6_002);
    opened.stop();
}

#[test]
fn a_damaged_snapshot_is_not_used() {
    let shop = with_snapshot();
    let whole = std::fs::read(shop.snapshot()).unwrap();
    for place in (0..whole.len()).step_by(whole.len() / 24) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        std::fs::write(shop.snapshot(), damaged).unwrap();
        assert!(!opens_right(&shop), "byte {place}");
    }
    for length in [0, 7, 12, 40, whole.len() / 2, whole.len() - 1] {
        std::fs::write(shop.snapshot(), &whole[..length]).unwrap();
        assert!(!opens_right(&shop), "the first {length} bytes");
    }
    std::fs::write(shop.snapshot(), [&whole[..], b"and more"].concat()).unwrap();
    assert!(!opens_right(&shop));
    std::fs::write(shop.snapshot(), &whole).unwrap();
    assert!(opens_right(&shop), "the original is fine");
}

/// What is there instead of a file cannot be read, replaced or removed: the board does without.
#[test]
fn a_folder_in_the_snapshots_place_is_no_snapshot() {
    let shop = Shop::new();
    std::fs::create_dir(shop.snapshot()).unwrap();
    let opened = shop.open_with_snapshot();
    submit(&opened.workspace, vec![sent("d1", "ann", NOW)]);
    opened.stop();
    assert!(!opens_right(&shop));
}

/// The store was put back from a backup, the snapshot was left in its place.
#[test]
fn a_snapshot_that_knows_more_than_the_store_is_not_used() {
    let shop = with_snapshot();
    let older = Shop::new();
    let opened = older.open();
    submit(&opened.workspace, vec![sent("other", "kim", NOW)]);
    opened.stop();
    std::fs::copy(shop.snapshot(), older.snapshot()).unwrap();
    let opened = older.open_with_snapshot();
    assert_eq!(found(&opened.workspace, Vec::new()).len(), 1);
    // The process dies now. Meanwhile the store has got as many facts as the snapshot.
    submit(
        &opened.workspace,
        vec![sent("more", "kim", NOW), sent("most", "kim", NOW)],
    );
    assert!(!older.snapshot().exists());
    assert!(!opens_right(&older));
    opened.stop();
}

/// What `change` does is not found by looking at new facts. When the process dies right after it,
/// the snapshot from before must be gone.
fn assert_forgotten(change: impl FnOnce(&crate::Workspace)) {
    let shop = with_snapshot();
    let opened = shop.open_with_snapshot();
    change(&opened.workspace);
    assert!(!shop.snapshot().exists());
    assert!(!opens_right(&shop));
    opened.stop();
}

#[test]
fn a_merge_outdates_the_snapshot() {
    assert_forgotten(|workspace| {
        submit(workspace, vec![merge(NOW, who("ann"), who("ben"))]);
    });
}

#[test]
fn a_merge_beside_many_facts_outdates_the_snapshot() {
    assert_forgotten(|workspace| {
        let merge = merge(NOW, who("ann"), who("ben"));
        submit(
            workspace,
            vec![merge, sent("d3", "eve", NOW), sent("d4", "eve", NOW)],
        );
    });
}

/// The person of a delivery becomes known by a report that says nothing else.
#[test]
fn a_person_who_becomes_known_outdates_the_snapshot() {
    let shop = Shop::new();
    let opened = shop.open_with_snapshot();
    submit(&opened.workspace, vec![sent("d1", "", NOW)]);
    opened.stop();
    let opened = shop.open_with_snapshot();
    // In the same commit another delivery gets two facts.
    let two = push("d2", "eve", &[(Mark::Sent, NOW), (Mark::Delivered, NOW)]);
    submit(
        &opened.workspace,
        vec![reported(push("d1", "ann", &[])), reported(two)],
    );
    let ann = person(shop.store.as_ref(), "ann");
    assert_eq!(
        found(&opened.workspace, vec![Condition::People(vec![ann])]).len(),
        1
    );
    assert!(!opens_right(&shop));
    opened.stop();
}

#[test]
fn facts_alone_leave_the_snapshot_in_its_place() {
    let shop = with_snapshot();
    let opened = shop.open_with_snapshot();
    submit(
        &opened.workspace,
        vec![
            receipt(NOW, "d1", Mark::Opened, None),
            sent("d3", "eve", NOW),
        ],
    );
    assert!(shop.snapshot().exists());
    assert!(opens_right(&shop));
    opened.stop();
}

/// Logins are frequent: they must not cost the snapshot of a process that dies later.
#[test]
fn a_login_leaves_the_snapshot_in_its_place() {
    let shop = with_snapshot();
    let opened = shop.open_with_snapshot();
    let visit = device(NOW, anonymous("a1"), "t1", &[]);
    let login = merge(NOW, who("ann"), anonymous("a1"));
    submit(&opened.workspace, vec![visit]);
    submit(&opened.workspace, vec![login, sent("d3", "ann", NOW)]);
    assert!(shop.snapshot().exists());
    assert!(opens_right(&shop));
    opened.stop();
}

/// Somebody whose deliveries are all younger than the snapshot is merged after a start that had not
/// caught up with them yet. The snapshot knows nothing of them, so it may stay.
#[test]
fn a_merge_while_catching_up_is_right_after_the_next_start_too() {
    let shop = with_snapshot();
    let opened = shop.open();
    submit(&opened.workspace, vec![sent("d3", "eve", NOW)]);
    opened.stop();
    let store = Faulty::new(Arc::clone(&shop.store));
    let keeper = store.page_gate.close();
    let opened = start(store, Some(shop.snapshot()));
    keeper.wait();
    submit(&opened.workspace, vec![merge(NOW, who("ann"), who("eve"))]);
    drop(keeper);
    let opened = opened.filled();
    let ann = person(shop.store.as_ref(), "ann");
    let of_ann = vec![Condition::People(vec![ann])];
    assert_eq!(found(&opened.workspace, of_ann).len(), 2);
    opens_right(&shop);
    opened.stop();
}
