//! The board and the roster against the store: after commits, after merges, after any history.

mod filling;
mod histories;
mod rows;
mod snapshots;

use landfall_board::Condition;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::marks::Mark;

use super::shop::{
    DAY, NOW, Shop, anonymous, found, identify, input, merge, person, receipt, seconds, sent,
    submit, track, who,
};
use crate::Opened;
use crate::workspace::Rebuild;
use landfall_domain::activity::EventKind;
use landfall_domain::input::{Body, Claims};

/// No wait and no second look: a commit is on the board before its caller has the answer.
#[test]
fn the_board_shows_a_delivery_when_its_caller_has_the_answer() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = opened.workspace.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let workspace = workspace.clone();
            runtime.spawn(async move {
                for number in 0..20 {
                    let id = format!("d{task}-{number}");
                    workspace.submit(vec![sent(&id, "ann", NOW)]).await.unwrap();
                    let key = workspace.store().delivery(&id).unwrap().unwrap().key;
                    let of_it = || vec![Condition::Deliveries(vec![key])];
                    assert_eq!(found(&workspace, of_it()), [key]);
                    let opens = receipt(NOW, &id, Mark::Opened, None);
                    workspace.submit(vec![opens]).await.unwrap();
                    let opened = [of_it(), vec![Condition::Has(Mark::Opened)]].concat();
                    assert_eq!(found(&workspace, opened), [key]);
                }
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    assert_eq!(found(&workspace, Vec::new()).len(), 160);
    opened.stop();
}

#[test]
fn watchers_hear_of_each_delivery_that_changes() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let mut watching = workspace.watch();
    submit(
        workspace,
        vec![sent("d1", "ann", NOW), sent("d2", "ben", NOW)],
    );
    assert_eq!(
        *watching.try_recv().unwrap(),
        [DeliveryKey(0), DeliveryKey(1)]
    );
    submit(workspace, vec![track(NOW, "ann", "viewed")]);
    assert!(watching.try_recv().is_err(), "no delivery changed");
    submit(workspace, vec![receipt(NOW, "d2", Mark::Opened, None)]);
    assert_eq!(*watching.try_recv().unwrap(), [DeliveryKey(1)]);
    submit(workspace, vec![receipt(NOW, "d2", Mark::Opened, None)]);
    assert!(
        watching.try_recv().is_err(),
        "the same again changes nothing"
    );
    // A merge changes whose a delivery is.
    submit(workspace, vec![merge(NOW, who("ben"), who("ann"))]);
    assert_eq!(*watching.try_recv().unwrap(), [DeliveryKey(0)]);
    opened.stop();
}

#[test]
fn deliveries_follow_their_person_through_merges() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    for (delivery, id) in [("d1", "ann"), ("d2", "ben"), ("d3", "eve"), ("d4", "kim")] {
        submit(workspace, vec![sent(delivery, id, NOW)]);
    }
    let [ann, ben, eve, kim] =
        ["ann", "ben", "eve", "kim"].map(|id| person(shop.store.as_ref(), id));
    let of = |person| {
        let mut keys = found(workspace, vec![Condition::People(vec![person])]);
        keys.sort_unstable();
        keys.into_iter().map(|key| key.0).collect::<Vec<_>>()
    };
    // Two merges in one commit, the second of the survivor of the first.
    submit(
        workspace,
        vec![
            merge(NOW, who("ben"), who("ann")),
            merge(NOW, who("eve"), who("ben")),
        ],
    );
    assert_eq!((of(ann), of(ben)), (vec![], vec![]));
    assert_eq!(of(eve), [0, 1, 2]);
    assert_eq!(of(kim), [3]);
    // A new delivery to a person who is merged in the same commit.
    submit(
        workspace,
        vec![sent("d5", "kim", NOW), merge(NOW, who("eve"), who("kim"))],
    );
    assert_eq!(of(kim), Vec::<u32>::new());
    assert_eq!(of(eve), [0, 1, 2, 3, 4]);
    // An old delivery changes in the commit that moves it.
    submit(
        workspace,
        vec![
            identify(NOW, "pat", []),
            receipt(NOW, "d1", Mark::Opened, None),
            merge(NOW, who("pat"), who("eve")),
        ],
    );
    let pat = person(shop.store.as_ref(), "pat");
    assert_eq!(of(pat), [0, 1, 2, 3, 4]);
    opened.stop();
}

/// As before, when the deliveries were there already at the start.
#[test]
fn deliveries_from_before_the_start_follow_their_person() {
    let shop = Shop::new();
    let opened = shop.open_with_snapshot();
    submit(
        &opened.workspace,
        vec![sent("d1", "ann", NOW), identify(NOW, "ben", [])],
    );
    opened.stop();
    let starts: [fn(&Shop) -> Opened; 2] = [Shop::open, Shop::open_with_snapshot];
    for (start, (from, to)) in starts.iter().zip([("ann", "ben"), ("ben", "eve")]) {
        let opened = start(&shop);
        let workspace = &opened.workspace;
        submit(workspace, vec![identify(NOW, to, [])]);
        submit(workspace, vec![merge(NOW, who(to), who(from))]);
        let heir = person(shop.store.as_ref(), to);
        let of_heir = found(workspace, vec![Condition::People(vec![heir])]);
        assert_eq!(of_heir, [DeliveryKey(0)], "{from} to {to}");
        opened.stop();
        // The first start had no snapshot and left it as it was: it does not know of the merge.
        std::fs::remove_file(shop.snapshot()).unwrap();
        shop.open_with_snapshot().stop();
    }
}

/// A visitor who logs in becomes the person; the roster counts one, not two.
#[test]
fn a_login_ends_the_visitor() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let visit = Body::Track {
        who: None,
        anonymous_id: Some("a1".to_owned()),
        event: EventKind::Screen,
        name: "home".to_owned(),
        id: None,
        data: landfall_domain::event_data::EventData::NONE,
    };
    let token = super::shop::device(
        NOW - DAY,
        anonymous("a1"),
        "t1",
        &[("push_enabled", "true")],
    );
    submit(workspace, vec![input(NOW - DAY, visit), token]);
    assert_eq!(workspace.with_roster(crate::Roster::listed), 0);
    let login = Body::Identify {
        who: who("ann"),
        claims: Claims {
            anonymous_id: Some("a1".to_owned()),
            ..Claims::default()
        },
        attributes: [].into(),
        update_only: false,
    };
    submit(workspace, vec![input(NOW, login)]);
    workspace.with_roster(|roster| {
        assert_eq!(roster.listed(), 1);
        let coverage = roster.coverage(seconds(NOW - 2 * DAY), None);
        assert_eq!((coverage.active, coverage.confirmed), (1, 1));
    });
    assert_eq!(workspace.rebuild(), Rebuild::Done);
    opened.stop();
}
