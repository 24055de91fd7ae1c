//! Tokens and their owners (semantics.md 2.6).

use super::*;
use crate::device::{Device, MoveCause};
use crate::ids::DeviceKey;

const TOKEN: DeviceKey = DeviceKey(0);

fn causes(world: &World) -> Vec<MoveCause> {
    world.token_moves.iter().map(|line| line.cause).collect()
}

#[test]
fn an_account_switch_moves_the_token() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&register(id("ben"), "t1"), sec(10));
    assert!(world.who(&id("ann")).unwrap().devices.is_empty());
    let ben = world.who(&id("ben")).unwrap();
    assert_eq!(world.tokens[&TOKEN].owner, Some(ben.key));
    assert_eq!(
        causes(&world),
        [MoveCause::Registered, MoveCause::TakenOver]
    );
}

#[test]
fn a_registration_that_is_older_and_arrives_later_is_recorded_and_changes_nothing() {
    let mut world = World::default();
    world.apply(&at(sec(100), register(id("ben"), "t1")), sec(100));
    world.apply(&at(sec(50), register(id("ann"), "t1")), sec(110));
    let ben = world.who(&id("ben")).unwrap();
    assert_eq!(world.tokens[&TOKEN].owner, Some(ben.key));
    assert_eq!(causes(&world), [MoveCause::Registered, MoveCause::Stale]);
    // And a removal of before the registration leaves it where it is.
    world.apply(&at(sec(60), unregister(id("ben"), "t1")), sec(120));
    assert_eq!(world.who(&id("ben")).unwrap().devices.len(), 1);
}

#[test]
fn a_removal_concerns_its_person_only() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&identify(id("ben")), sec(1));
    assert_eq!(
        world.one(&unregister(id("ben"), "t1"), sec(2)),
        Taken::Ignored
    );
    world.apply(&unregister(id("ann"), "t1"), sec(3));
    assert_eq!(world.tokens[&TOKEN].owner, None);
    assert_eq!(causes(&world), [MoveCause::Registered, MoveCause::Removed]);
    // Registered again after that, the device goes on under its old key.
    world.apply(&register(id("ann"), "t1"), sec(4));
    assert_eq!(world.tokens.len(), 1);
}

#[test]
fn the_same_token_on_two_platforms_is_two_devices() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    let mut android = register(id("ben"), "t1");
    if let Body::AddDevice { device, .. } = &mut android.body {
        device.platform = Platform::Android;
    }
    world.apply(&android, sec(1));
    assert_eq!(world.who(&id("ann")).unwrap().devices.len(), 1);
    assert_eq!(world.who(&id("ben")).unwrap().devices.len(), 1);
}

#[test]
fn the_device_used_longest_ago_makes_room() {
    let mut world = World::default();
    for number in 0..26 {
        let token = format!("t{number}");
        world.apply(&register(id("ann"), &token), sec(number));
    }
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.devices.len(), 25);
    assert!(!ann.devices.contains_key(&TOKEN));
    assert_eq!(causes(&world).last(), Some(&MoveCause::Evicted));
}

#[test]
fn a_token_follows_merges_and_deletions() {
    let mut world = World::default();
    world.apply(&register(id("old"), "t1"), sec(0));
    world.apply(&identify(id("ann")), sec(1));
    world.apply(&merge(id("ann"), id("old")), sec(2));
    let ann = world.who(&id("ann")).unwrap().key;
    assert_eq!(world.tokens[&TOKEN].owner, Some(ann));
    world.apply(&input(Body::Delete { who: id("ann") }), sec(3));
    assert_eq!(world.tokens[&TOKEN].owner, None);
    let expected = [
        MoveCause::Registered,
        MoveCause::Merged,
        MoveCause::OwnerDeleted,
    ];
    assert_eq!(causes(&world), expected);
}

fn repair(from: Option<Identifier>, to: Option<Identifier>, device: &Device) -> Input {
    input(Body::MoveDevice {
        from,
        to,
        device: Box::new(device.clone()),
    })
}

#[test]
fn a_repair_moves_a_device_as_it_is_and_back() {
    let mut world = World::default();
    world.apply(&register(anonymous("x"), "t1"), sec(0));
    world.apply(&identify(id("ann")), sec(1));
    let (visitor, ann) = (
        world.who(&anonymous("x")).unwrap().clone(),
        world.who(&id("ann")).unwrap().clone(),
    );
    let device = visitor.devices[&TOKEN].clone();
    let (x, a) = (Some(anonymous("x")), Some(id("ann")));
    world.apply(&repair(x.clone(), a.clone(), &device), sec(9_000));
    let now = world.who(&id("ann")).unwrap();
    assert_eq!(now.devices[&TOKEN], device);
    assert_eq!(now.active_at, ann.active_at, "she did nothing");
    assert!(world.who(&anonymous("x")).unwrap().devices.is_empty());
    assert_eq!(world.tokens[&TOKEN].owner, Some(ann.key));
    // The plan was made before: nothing happens a second time, nor to whom does not have it.
    let late = repair(x.clone(), a.clone(), &device);
    assert_eq!(world.one(&late, sec(9_001)), Taken::Ignored);
    // A registration of before the repair that comes late does not take it back.
    world.apply(&at(sec(2), register(anonymous("x"), "t1")), sec(9_002));
    assert_eq!(world.tokens[&TOKEN].owner, Some(ann.key));
    world.apply(&repair(a, x, &device), sec(9_003));
    assert_eq!(world.who(&anonymous("x")).unwrap().devices, visitor.devices);
    assert!(world.who(&id("ann")).unwrap().devices.is_empty());
    let repaired = MoveCause::Repaired;
    assert_eq!(
        causes(&world),
        [MoveCause::Registered, repaired, MoveCause::Stale, repaired]
    );
}

#[test]
fn a_repair_takes_a_device_from_everybody_and_brings_it_back() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    let device = world.who(&id("ann")).unwrap().devices[&TOKEN].clone();
    world.apply(&repair(Some(id("ann")), None, &device), sec(1));
    assert_eq!(world.tokens[&TOKEN].owner, None);
    world.apply(&repair(None, Some(id("ann")), &device), sec(2));
    assert_eq!(world.who(&id("ann")).unwrap().devices[&TOKEN], device);
    for refused in [
        repair(None, Some(id("ann")), &device),
        repair(Some(id("ann")), Some(id("nobody")), &device),
        repair(Some(id("nobody")), None, &device),
        repair(Some(id("ann")), Some(id("ann")), &device),
        repair(None, None, &device),
    ] {
        assert_eq!(world.one(&refused, sec(3)), Taken::Ignored);
    }
    assert_eq!(
        world.tokens[&TOKEN].owner,
        Some(world.who(&id("ann")).unwrap().key)
    );
}
