//! What becomes of pushes to devices that are away (providers.md 1.6).

use std::sync::{Arc, Mutex};

use landfall_domain::time::{DAY_MS, HOUR_MS, ManualClock};
use landfall_sim::apns::{Accepted, ApnsSim, Fate};

use crate::apns_peer::{NOW, Peer, Push, start};

type Seen<T> = Arc<Mutex<Vec<T>>>;

/// A simulator and what its hooks saw: pushes accepted, and ids with their fates.
struct Watched {
    sim: ApnsSim,
    clock: Arc<ManualClock>,
    accepted: Seen<Accepted>,
    fates: Seen<(String, Fate)>,
}

fn watched() -> Watched {
    let accepted = Seen::<Accepted>::default();
    let fates = Seen::<(String, Fate)>::default();
    let (on_accepted, on_fate) = (Arc::clone(&accepted), Arc::clone(&fates));
    let (sim, clock) = start(|options| {
        options.on_accepted = Some(Arc::new(move |push| {
            on_accepted.lock().expect("unharmed").push(push.clone());
        }));
        options.on_fate = Some(Arc::new(move |push, fate| {
            on_fate
                .lock()
                .expect("unharmed")
                .push((push.id.clone(), fate));
        }));
    });
    Watched {
        sim,
        clock,
        accepted,
        fates,
    }
}

impl Watched {
    /// The fates since the last call.
    fn told(&self) -> Vec<(String, Fate)> {
        std::mem::take(&mut self.fates.lock().expect("unharmed"))
    }
}

fn id(number: u8) -> String {
    format!("00000000-0000-4000-9000-0000000000{number:02}")
}

fn push(number: u8) -> Push {
    Push::to("aa").and("apns-id", Some(&id(number)))
}

#[tokio::test]
async fn a_device_that_is_there_gets_every_push_as_it_was_sent() {
    let seen = watched();
    let mut peer = Peer::connect(&seen.sim).await;
    let push = push(1)
        .and("apns-priority", Some("5"))
        .and("apns-expiration", Some("1900000000"))
        .and("apns-collapse-id", Some("m1"));
    peer.push(&push).await;
    peer.push(&push.header("apns-topic", None)).await;
    let accepted = seen.accepted.lock().expect("unharmed").clone();
    let wanted = Accepted {
        at: NOW,
        id: id(1),
        token: "aa".to_owned(),
        topic: "org.example.app".to_owned(),
        push_type: Some("alert".to_owned()),
        priority: 5,
        expiration: Some(1_900_000_000),
        collapse_id: Some("m1".to_owned()),
        payload: br#"{"aps":{"alert":"hello"}}"#.as_slice().into(),
    };
    assert_eq!(accepted, [wanted], "a refused push is no accepted one");
    assert_eq!(seen.told(), [(id(1), Fate::Delivered)]);
}

#[tokio::test]
async fn one_push_for_each_app_waits_for_a_device_that_is_away() {
    let seen = watched();
    let mut peer = Peer::connect(&seen.sim).await;
    seen.sim.device_offline("aa");
    let other = push(3).header("apns-topic", Some("org.example.other"));
    for push in [push(1), push(2), other, push(4)] {
        assert_eq!(peer.push(&push).await.status, 200);
    }
    let accepted = seen.accepted.lock().expect("unharmed").len();
    assert_eq!(accepted, 4, "all were accepted");
    assert_eq!(
        seen.told(),
        [(id(1), Fate::Superseded), (id(2), Fate::Superseded)]
    );
    let stored: Vec<_> = seen
        .sim
        .stored("aa")
        .iter()
        .map(|push| push.id.clone())
        .collect();
    assert_eq!(stored, [id(3), id(4)]);
    seen.sim.device_online("aa");
    assert_eq!(
        seen.told(),
        [(id(3), Fate::Delivered), (id(4), Fate::Delivered)]
    );
    assert!(seen.sim.stored("aa").is_empty());
    peer.push(&push(5)).await;
    assert_eq!(seen.told(), [(id(5), Fate::Delivered)]);
}

#[tokio::test]
async fn expirations_decide_how_long_a_push_waits() {
    let seen = watched();
    let mut peer = Peer::connect(&seen.sim).await;
    let in_an_hour = NOW.plus_millis(HOUR_MS).seconds().to_string();
    let expiring = |number, expiration: &str| push(number).and("apns-expiration", Some(expiration));

    seen.sim.device_offline("aa");
    peer.push(&expiring(1, "0")).await;
    peer.push(&expiring(2, "1700000000")).await;
    assert_eq!(
        seen.told(),
        [(id(1), Fate::Expired), (id(2), Fate::Expired)]
    );

    peer.push(&expiring(3, &in_an_hour)).await;
    seen.clock.advance(HOUR_MS - 1);
    seen.sim.device_online("aa");
    assert_eq!(seen.told(), [(id(3), Fate::Delivered)]);

    seen.sim.device_offline("aa");
    peer.push(&expiring(4, &in_an_hour)).await;
    seen.clock.advance(1);
    seen.sim.device_online("aa");
    assert_eq!(seen.told(), [(id(4), Fate::Expired)]);

    seen.sim.device_offline("aa");
    peer.push(&push(5)).await;
    seen.clock.advance(30 * DAY_MS);
    seen.sim.device_online("aa");
    assert_eq!(seen.told(), [(id(5), Fate::Expired)], "thirty days at most");
}

#[tokio::test]
async fn what_is_stored_for_a_token_that_dies_is_lost() {
    let seen = watched();
    let mut peer = Peer::connect(&seen.sim).await;
    seen.sim.device_offline("aa");
    peer.push(&push(1)).await;
    seen.sim.unregister("aa", NOW);
    assert_eq!(seen.told(), [(id(1), Fate::Unregistered)]);
    seen.sim.device_online("aa");
    assert!(seen.told().is_empty());
    assert_eq!(peer.push(&push(2)).await.status, 410);
}
