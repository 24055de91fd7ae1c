//! Repairs: what they change, that a second one changes nothing, and that undoing brings back what was.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_domain::device::{Device, MoveCause};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::input::Input;
use landfall_domain::time::ManualClock;
use landfall_insight::coverage::Kind;
use landfall_insight::draws::Draws;
use landfall_store::Store;

use super::super::shop::{DAY, NOW, Shop, anonymous, device, person, seconds, who};
use super::{doubled, look, lost, opened, stranded};
use crate::identity::repair::RepairError;
use crate::{Opened, Workspace};

/// Everybody's devices, and the owner of each token.
type State = (
    BTreeMap<PersonKey, BTreeMap<DeviceKey, Device>>,
    BTreeMap<DeviceKey, Option<PersonKey>>,
);

fn state(store: &dyn Store) -> State {
    let people = store.people_after(None, 1_000).unwrap();
    let devices: Vec<DeviceKey> = (0..1_000).map(DeviceKey).collect();
    let owners = store.tokens(&devices).unwrap();
    (
        people.into_iter().map(|p| (p.key, p.devices)).collect(),
        owners.into_iter().map(|t| (t.key, t.owner)).collect(),
    )
}

async fn stop(opened: Opened) {
    tokio::task::spawn_blocking(|| opened.stop()).await.unwrap();
}

async fn counts(workspace: &Workspace) -> Vec<(Kind, u64, u64)> {
    let found = look(workspace).await;
    let counts = found.found.iter();
    counts
        .map(|found| (found.problem.kind, found.problem.count, found.automatic))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn repaired_problems_are_gone_undone_ones_are_back_and_a_second_time_changes_nothing() {
    for seed in 0..6 {
        let mut draws = Draws::seeded(900 + seed);
        let inputs: Vec<Input> = (0..12)
            .flat_map(|number| match (draws.unit() * 6.0) as u32 {
                0 => stranded(number),
                1 => lost(number),
                2 => doubled(number),
                3 => {
                    let mut unclear = stranded(number);
                    unclear.push(super::both(NOW - DAY, "ben", &format!("x{number}")));
                    unclear
                }
                4 => vec![device(
                    NOW - DAY,
                    anonymous(&format!("z{number}")),
                    &format!("z{number}"),
                    &[],
                )],
                _ => vec![device(
                    NOW - DAY,
                    who(&format!("p{number}")),
                    &format!("p{number}"),
                    &[],
                )],
            })
            .collect();
        let (shop, opened) = opened(inputs).await;
        let (workspace, store) = (&opened.workspace, shop.store.as_ref());
        let (before, found) = (state(store), counts(workspace).await);
        let clear: u64 = found.iter().map(|(_, _, clear)| clear).sum();
        let plan = workspace.plan_repair(&Kind::ALL).await.unwrap();
        assert_eq!((plan.id, plan.moves.len() as u64), (0, clear));
        assert_eq!(state(store), before, "a plan changes nothing");
        let done = workspace.repair(&Kind::ALL, "ops").await.unwrap();
        assert_eq!((done.moved(), done.left), (clear, 0), "seed {seed}");
        let after = counts(workspace).await;
        for ((kind, was, clear), (_, is, left)) in found.iter().zip(&after) {
            assert_eq!((*is, *left), (was - clear, 0), "{kind:?}, seed {seed}");
        }
        let repaired = state(store);
        let again = workspace.repair(&Kind::ALL, "ops").await.unwrap();
        assert_eq!((again.id, again.moved()), (0, 0));
        assert_eq!(state(store), repaired, "a second repair changes nothing");
        if clear > 0 {
            let undone = workspace.undo_repair(done.id, "ops").await.unwrap();
            let told = undone.undone.clone().unwrap();
            assert_eq!((told.moved, told.kept), (clear, 0));
            assert_eq!(workspace.undo_repair(done.id, "ops").await.unwrap(), undone);
        }
        assert_eq!(state(store), before, "seed {seed}");
        assert_eq!(counts(workspace).await, found, "seed {seed}");
        stop(opened).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_is_in_the_histories_and_survives_a_restart() {
    let (shop, first) = opened(stranded(1)).await;
    let done = first
        .workspace
        .repair(&[Kind::StrandedToken], "ops")
        .await
        .unwrap();
    assert_eq!(done.moved(), 1);
    let ann = person(shop.store.as_ref(), "ann1");
    let moves = shop.store.token_moves_of(ann).unwrap();
    assert_eq!(moves.last().unwrap().cause, MoveCause::Repaired);
    let inputs = shop.store.inputs_of(ann).unwrap();
    let replayed = landfall_domain::person::Person::replay(&inputs).unwrap();
    let stored = shop.store.people(&[ann]).unwrap().remove(0);
    assert_eq!(
        replayed, stored,
        "the record is still the fold of its inputs"
    );
    assert_eq!(stored.devices.len(), 1);
    assert_eq!(replayed.active_at, {
        let events = inputs.iter().filter(|one| one.input.kind() == "tracked");
        let last = events.map(|one| one.occurred_at).max().unwrap();
        last.plus_millis(-last.millis().rem_euclid(3_600_000))
    });
    stop(first).await;
    let again = shop.open();
    assert_eq!(
        again.workspace.repairs().await.unwrap(),
        std::slice::from_ref(&done)
    );
    again.workspace.undo_repair(done.id, "ops").await.unwrap();
    assert!(shop.store.people(&[ann]).unwrap()[0].devices.is_empty());
    stop(again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_kinds_that_were_asked_for_are_repaired() {
    let (_shop, opened) = opened([stranded(1), lost(2)].concat()).await;
    let done = opened
        .workspace
        .repair(&[Kind::MergeLostToken], "ops")
        .await
        .unwrap();
    assert_eq!(done.moves.len(), 1);
    let left = counts(&opened.workspace).await;
    assert_eq!(left[0], (Kind::StrandedToken, 1, 1));
    assert_eq!(left[1], (Kind::MergeLostToken, 0, 0));
    stop(opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_app_has_registered_since_is_not_taken_back() {
    let (shop, clock) = (Shop::new(), Arc::new(ManualClock::at(seconds(NOW))));
    let options = crate::Options {
        id: "ws_1".to_owned(),
        name: "shop".to_owned(),
        clock: Arc::clone(&clock) as Arc<dyn landfall_domain::time::Clock>,
        snapshot: None,
        salt: [7; 16],
        fixed_share: None,
    };
    let opened = crate::open(Arc::clone(&shop.store), options)
        .unwrap()
        .filled();
    opened.workspace.submit(stranded(1)).await.unwrap();
    let done = opened.workspace.repair(&Kind::ALL, "ops").await.unwrap();
    clock.advance(1_000);
    let registered = device(NOW + 1, who("ann1"), "t1", &[("app_version", "5.3")]);
    opened.workspace.submit(vec![registered]).await.unwrap();
    let undone = opened.workspace.undo_repair(done.id, "ops").await.unwrap();
    let told = undone.undone.unwrap();
    assert_eq!((told.moved, told.kept), (0, 1));
    let ann = person(shop.store.as_ref(), "ann1");
    assert_eq!(shop.store.people(&[ann]).unwrap()[0].devices.len(), 1);
    stop(opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_does_not_exist_cannot_be_undone() {
    let (_shop, opened): (Shop, Opened) = opened(Vec::new()).await;
    let missing = opened.workspace.undo_repair(7, "ops").await;
    assert!(matches!(missing, Err(RepairError::Missing(7))));
    stop(opened).await;
}
