//! What answers do to tokens (providers.md 9.1).

use super::*;
use crate::device::{Device, LastStatus, MoveCause};
use crate::ids::DeviceKey;

const TOKEN: DeviceKey = DeviceKey(0);

fn one_device() -> World {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(10));
    world
}

fn device(world: &World) -> Option<&Device> {
    world.who(&id("ann"))?.devices.get(&TOKEN)
}

fn gone_since(at: Timestamp) -> Answer {
    Answer {
        dead_since: Some(at),
        status: Some(410),
        ..Answer::refused(Reason::TokenUnregistered)
    }
}

#[test]
fn a_dead_token_leaves_its_owner_and_its_history_says_so() {
    let mut world = one_device();
    world.send_all(&gone_since(sec(5)), sec(11));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Bounced);
    assert_eq!(device(&world), None);
    let last = world.token_moves.last().map(|line| line.cause);
    assert_eq!(last, Some(MoveCause::Unregistered));
    world.apply(&send(push("d2", "ann")), sec(20));
    assert_eq!(reason(world.delivery("d2")), Some(Reason::NoDevice));
}

#[test]
fn a_token_that_was_registered_after_its_death_lives() {
    // providers.md 1.4: only when our latest registration is older than the timestamp.
    let mut world = one_device();
    world.apply(&register(id("ann"), "t1"), sec(8));
    world.send_all(&gone_since(sec(5)), sec(11));
    assert!(device(&world).is_some());
    assert_eq!(outcome(world.delivery("d1")), Outcome::Bounced);
}

#[test]
fn a_token_that_registers_while_it_is_being_rejected_lives() {
    let mut world = one_device();
    let claimed = world.claim(sec(11));
    world.apply(&register(id("ann"), "t1"), sec(12));
    let said = Answer::refused(Reason::TokenUnregistered);
    world.apply(&conclude(answer(&claimed[0], said, sec(11))), sec(13));
    assert!(device(&world).is_some());
}

#[test]
fn a_token_that_is_not_known_is_tried_once_more_and_then_suspended() {
    let mut world = one_device();
    let unknown = Answer::refused(Reason::TokenInvalid);
    world.send_all(&unknown, sec(11));
    assert_eq!(
        device(&world).map(|d| d.last_status),
        Some(LastStatus::Bounced)
    );
    world.apply(&send(push("d2", "ann")), sec(20));
    world.send_all(&unknown, sec(21));
    assert_eq!(
        device(&world).map(|d| d.last_status),
        Some(LastStatus::Suppressed)
    );
    world.apply(&send(push("d3", "ann")), sec(30));
    assert_eq!(reason(world.delivery("d3")), Some(Reason::DevicesSuspended));
    world.apply(&register(id("ann"), "t1"), sec(40));
    world.apply(&send(push("d4", "ann")), sec(41));
    world.send_all(&accepted(), sec(42));
    assert_eq!(
        device(&world).map(|d| d.last_status),
        Some(LastStatus::Sent)
    );
}

#[test]
fn under_guard_nothing_is_removed() {
    let mut world = one_device();
    for assignment in world.claim(sec(11)) {
        let mut said = answer(&assignment, gone_since(sec(5)), sec(11));
        said.guarded = true;
        world.apply(&conclude(said), sec(12));
    }
    assert_eq!(
        device(&world).map(|d| d.last_status),
        Some(LastStatus::Bounced)
    );
    assert_eq!(outcome(world.delivery("d1")), Outcome::Bounced);
}

#[test]
fn what_was_removed_by_mistake_comes_back_as_it_was() {
    let mut world = one_device();
    let before = device(&world).cloned().expect("a device");
    world.send_all(&gone_since(sec(5)), sec(11));
    let restore = ours(Body::RestoreDevice {
        who: id("ann"),
        device: Box::new(before.clone()),
    });
    world.apply(&restore, sec(20));
    assert_eq!(device(&world), Some(&before));
    let last = world.token_moves.last().map(|line| line.cause);
    assert_eq!(last, Some(MoveCause::Restored));
    world.apply(&send(push("d2", "ann")), sec(21));
    assert_eq!(world.claim(sec(21)).len(), 1);
}

#[test]
fn what_somebody_else_has_by_now_is_not_brought_back() {
    let mut world = one_device();
    let before = device(&world).cloned().expect("a device");
    world.send_all(&gone_since(sec(5)), sec(11));
    world.apply(&register(id("ben"), "t1"), sec(12));
    let restore = ours(Body::RestoreDevice {
        who: id("ann"),
        device: Box::new(before),
    });
    assert_eq!(world.one(&restore, sec(20)), Taken::Ignored);
    world.check();
}

#[test]
fn the_answer_to_a_wrong_key_says_nothing_about_tokens_and_the_push_waits_for_a_right_one() {
    let mut world = one_device();
    world.send_all(&Answer::refused(Reason::ProviderAuth), sec(11));
    assert_eq!(
        device(&world).map(|d| d.last_status),
        Some(LastStatus::Unused)
    );
    assert_eq!(outcome(world.delivery("d1")), Outcome::Pending);
    assert_eq!(reason(world.delivery("d1")), Some(Reason::ProviderAuth));
    world.send_all(&accepted(), sec(11 + 60));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
}
