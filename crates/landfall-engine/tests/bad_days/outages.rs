//! What providers do to a broadcast: keys that end, absence, quotas.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use landfall_domain::channel::Platform;
use landfall_domain::reason::Reason;
use landfall_domain::status::Outcome;
use landfall_domain::time::{HOUR_MS, MINUTE_MS};
use landfall_sim::apns;
use landfall_sim::fcm::{Refusal, Row, TokenAnswer};
use landfall_sim::http::RetryAfter;
use landfall_sim::script::{Match, Requests, Rule, Script};

use crate::world::{Special, World};

const PEOPLE: u32 = 400;

fn everybody(outcome: Outcome) -> BTreeMap<Outcome, usize> {
    BTreeMap::from([(outcome, PEOPLE as usize)])
}

#[tokio::test]
async fn keys_that_are_revoked_in_mid_broadcast_stop_the_queue_and_cost_no_token() {
    let world = World::special(PEOPLE, Special::slow_apple()).await;
    world.broadcast().await;
    let revoked = async {
        world.apple.until_requests(60).await;
        world.apple.revoke_key(&world.apple_key.id);
        let gone = TokenAnswer::refuse(400, "invalid_grant", "Invalid JWT Signature.");
        let gone = Script::of([Rule::always(gone)]);
        world.google.token_script().replace(gone);
        world.google.revoke_tokens();
    };
    tokio::join!(world.run_for(HOUR_MS), revoked);
    let tally = world.tally();
    let accepted = tally.get(&Outcome::Accepted).copied().unwrap_or(0);
    let pending = tally.get(&Outcome::Pending).copied().unwrap_or(0);
    assert!(accepted >= 50 && pending > 0, "{tally:?}");
    assert_eq!(accepted + pending, PEOPLE as usize, "{tally:?}");
    assert_eq!(world.devices(), PEOPLE as usize);
    let carrier = world.carriers.named("apns").expect("it is there");
    let open = carrier.health().open.expect("the breaker is open");
    assert_eq!(open.reason, Reason::ProviderAuth);
    world.assert_balanced();

    world.apple.add_key(world.apple_key.clone());
    world.google.token_script().clear();
    world.run_until_quiet().await;
    assert_eq!(world.tally(), everybody(Outcome::Accepted));
    world.assert_balanced();
}

#[tokio::test]
async fn providers_that_are_down_for_an_hour_get_everything_afterwards() {
    let world = World::special(PEOPLE, Special::slow_apple()).await;
    world.broadcast().await;
    let gone = async {
        world.apple.until_requests(60).await;
        world.apple_door.shut();
        world.google_door.shut();
    };
    tokio::join!(world.run_for(HOUR_MS), gone);
    let pending = world.tally().get(&Outcome::Pending).copied().unwrap_or(0);
    assert!(pending > 100, "the hour came in mid-broadcast: {pending}");
    world.assert_balanced();

    world.apple_door.open();
    world.google_door.open();
    world.run_until_quiet().await;
    assert_eq!(world.tally(), everybody(Outcome::Accepted));
    world.assert_balanced();
}

#[tokio::test]
async fn a_storm_of_429_is_waited_out_as_the_providers_ask() {
    let world = World::with_phones(PEOPLE).await;
    let storm = |requests: usize| {
        Match::default().requests(Requests {
            to: Some(requests as u64),
            ..Requests::from(NonZeroU64::MIN)
        })
    };
    let (ios, android) = (world.count(Platform::Ios), world.count(Platform::Android));
    let mut throttled = apns::Refusal::from(apns::Reason::TooManyRequests);
    throttled.retry_after = Some(30);
    let rule = Rule::new(storm(2 * ios), throttled.into());
    world.apple.script().replace(Script::of([rule]));
    let quota = Refusal::of(Row::QuotaExceeded).retry_after(RetryAfter::Seconds(60));
    let rule = Rule::new(storm(2 * android), quota.into());
    world.google.script().replace(Script::of([rule]));
    let start = world.now();
    world.broadcast().await;
    world.run_until_quiet().await;
    assert_eq!(world.tally(), everybody(Outcome::Accepted));
    let took = world.now().since(start);
    assert!((2 * MINUTE_MS..4 * MINUTE_MS).contains(&took), "{took} ms");
    assert_eq!(world.apple.counts().requests, 3 * ios as u64);
    world.assert_balanced();
}
