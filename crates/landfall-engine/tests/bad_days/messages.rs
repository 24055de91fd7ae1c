//! Messages and devices that are wrong: too large, of another environment, of somebody else.

use landfall_domain::channel::Platform;
use landfall_domain::content::PushContent;
use landfall_domain::device::LastStatus;
use landfall_domain::reason::Reason;
use landfall_domain::status::Outcome;

use crate::world::{World, hello};

fn titled(characters: usize) -> PushContent {
    PushContent {
        title: Some("x".repeat(characters)),
        ..PushContent::default()
    }
}

/// How many bytes Apple's payload has beside the title, and what fits then.
fn room_at_apple(world: &World) -> usize {
    let taken = world.apple.taken();
    let last = taken.last().expect("a push was taken");
    4_096 - last.payload.len()
}

#[tokio::test]
async fn a_payload_one_byte_too_large_is_not_sent_and_says_so() {
    let world = World::with_phones(20).await;
    let phone = world.phone(Platform::Ios);
    world.send(phone.person, "d0", titled(1_000)).await;
    world.run_until_quiet().await;
    let fits = 1_000 + room_at_apple(&world);
    world.send(phone.person, "d1", titled(fits)).await;
    world.send(phone.person, "d2", titled(fits + 1)).await;
    world.run_until_quiet().await;
    assert_eq!(world.came_to("d1"), (Outcome::Accepted, None));
    let too_large = (Outcome::Failed, Some(Reason::PayloadTooLarge));
    assert_eq!(world.came_to("d2"), too_large);
    assert_eq!(world.apple.counts().requests, 2, "Apple is not even asked");
    let facts = world.facts("d2");
    let said = facts.iter().find_map(|fact| fact.detail.as_deref());
    assert!(said.is_some_and(|said| said.contains("4097")), "{said:?}");
    world.assert_balanced();
}

#[tokio::test]
async fn tokens_of_another_environment_bounce_and_are_not_sent_to_again() {
    let world = World::with_phones(200).await;
    let (apple, google) = (world.phone(Platform::Ios), world.phone(Platform::Android));
    world.apple.move_to_other_environment(&apple.token);
    world.google.move_to_other_project(&google.token);
    world.broadcast().await;
    world.run_until_quiet().await;
    let of_apple = world.came_to(&format!("b{}", apple.person));
    let invalid = (Outcome::Bounced, Some(Reason::TokenInvalid));
    assert_eq!(of_apple, invalid);
    let of_google = world.came_to(&format!("b{}", google.person));
    let elsewhere = (Outcome::Bounced, Some(Reason::WrongProject));
    assert_eq!(of_google, elsewhere);
    assert_eq!(world.tally().get(&Outcome::Accepted), Some(&198));
    assert_eq!(world.last_status(apple.person), LastStatus::Bounced);
    assert_eq!(
        world.devices(),
        199,
        "the token is not of this app of Google's"
    );
    // Apple's token is tried once more, and then not until it registers again.
    for again in ["c", "d"] {
        world.broadcast_as(again).await;
        world.run_until_quiet().await;
    }
    let of_apple = world.came_to(&format!("d{}", apple.person));
    let suspended = (Outcome::Undeliverable, Some(Reason::DevicesSuspended));
    assert_eq!(of_apple, suspended);
    let of_google = world.came_to(&format!("d{}", google.person));
    assert_eq!(of_google, (Outcome::Undeliverable, Some(Reason::NoDevice)));
    assert_eq!(world.devices(), 199, "a suspended device can come back");
    world.assert_balanced();
}

#[tokio::test]
async fn when_every_token_is_of_another_environment_nobody_is_lost() {
    let world = World::with_phones(300).await;
    for phone in &world.phones {
        world.apple.move_to_other_environment(&phone.token);
    }
    world.broadcast().await;
    world.run_until_quiet().await;
    let tally = world.tally();
    let apples = world.count(Platform::Ios);
    assert_eq!(tally.get(&Outcome::Bounced), Some(&apples), "{tally:?}");
    let carrier = world.carriers.named("apns").expect("it is there");
    let guarded = carrier.health().guarded.len();
    assert_eq!(guarded, 1, "the fault is taken for ours");
    assert_eq!(world.devices(), 300);
    world.assert_balanced();
    // The fault is mended, and everybody is reached again.
    for phone in &world.phones {
        world.apple.register(&phone.token, None);
    }
    world.broadcast_as("c").await;
    world.run_until_quiet().await;
    let accepted = world.tally().get(&Outcome::Accepted).copied();
    assert_eq!(accepted, Some(300 - apples + 300));
    world.assert_balanced();
}

#[tokio::test]
async fn a_device_that_changed_hands_in_the_queue_does_not_get_the_former_owners_message() {
    let world = World::with_phones(20).await;
    for platform in [Platform::Ios, Platform::Android] {
        let phone = world.phone(platform);
        let delivery = format!("{platform:?}");
        world.send(phone.person, &delivery, hello()).await;
        world.give(&phone, 1_000).await;
        world.run_until_quiet().await;
        let (outcome, reason) = world.came_to(&delivery);
        assert_eq!(outcome, Outcome::Undeliverable);
        assert_eq!(reason, Some(Reason::OwnerChanged));
    }
    assert_eq!(world.truth(), [], "no phone got anything");
    world.assert_balanced();
}
