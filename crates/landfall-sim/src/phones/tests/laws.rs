//! What holds for every fleet, on one in which everything happens often.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// A busy fleet that lives for some days and gets pushes all the time, on every token that was ever
/// registered.
struct Days {
    fleet: Fleet,
    told: Vec<Happening>,
    /// When each dead token was first seen dead.
    dead: BTreeMap<Arc<str>, Timestamp>,
    expiries: BTreeMap<Arc<str>, Timestamp>,
}

fn busy(people: u32) -> FleetSpec {
    FleetSpec {
        uninstalls: 0.1,
        restores: 0.1,
        account_switches: 0.1,
        permission_changes: 0.2,
        force_stops: 0.2,
        opens: 2.0,
        taps: 0.3,
        away_days: 0.2,
        receipts: ReceiptSpec {
            lost: 0.1,
            deferred: 0.2,
            duplicated: 0.1,
            ..ReceiptSpec::default()
        },
        ..FleetSpec::new(people, START)
    }
}

fn live(seed: u64, backwards: bool) -> Days {
    let mut fleet = Fleet::new(busy(120), seed);
    let mut told = fleet.advance(START);
    let mut tokens: BTreeSet<Arc<str>> = BTreeSet::new();
    let (mut dead, mut expiries) = (BTreeMap::new(), BTreeMap::new());
    let mut known = 0;
    for hour in 0..6 * 24 {
        let now = after(hour * HOUR_MS);
        told.extend(fleet.advance(now));
        tokens.extend(told[known..].iter().map(|call| Arc::clone(&call.token)));
        known = told.len();
        let mut order: Vec<_> = tokens.iter().cloned().collect();
        if backwards {
            order.reverse();
        }
        for token in order {
            if matches!(
                fleet.provider_answer(&token, now),
                ProviderAnswer::Dead { .. }
            ) {
                dead.entry(token).or_insert(now);
                continue;
            }
            assert!(!dead.contains_key(&token), "a dead token lives again");
            let id = format!("{hour}-{token}");
            let expires = now.plus_millis((hour % 9) * HOUR_MS);
            let mut push = Push::shown(&token, &id, expires);
            push.high_priority = hour % 3 > 0;
            push.collapse_key =
                [None, Some(format!("k{}", hour % 7))][usize::from(hour % 2 == 0)].clone();
            expiries.insert(Arc::from(id), expires);
            fleet.accept(push, now);
        }
    }
    told.extend(fleet.advance(after(12 * DAY_MS)));
    Days {
        fleet,
        told,
        dead,
        expiries,
    }
}

#[test]
fn there_is_no_receipt_without_an_arrival_and_none_before_it() {
    let days = live(1, false);
    let (mut delivered, mut opened) = (0, 0);
    for call in &days.told {
        let (What::Delivered { delivery_id } | What::Opened { delivery_id }) = &call.what else {
            continue;
        };
        let truth = days.fleet.truth_of(delivery_id, &call.token).unwrap();
        let Fate::Arrived(at) = truth.fate else {
            panic!("{truth:?}");
        };
        assert!(at <= call.at);
        if matches!(call.what, What::Opened { .. }) {
            assert!(truth.tapped_at.unwrap() >= truth.shown_at.unwrap());
            opened += 1;
        } else {
            delivered += 1;
        }
    }
    assert!(delivered > 2_000 && opened > 200, "{delivered} {opened}");
}

#[test]
fn nothing_arrives_after_its_time() {
    let days = live(2, false);
    let mut expired = 0;
    for truth in days.fleet.truth() {
        let expires = days.expiries[&truth.delivery_id];
        match truth.fate {
            // One attempt is always made, and the way to the phone takes a moment.
            Fate::Arrived(at) => {
                let last = expires.max(truth.accepted_at).plus_millis(MINUTE_MS);
                assert!(at <= last, "{truth:?}");
            }
            Fate::Lost(Lost::Expired) => expired += 1,
            Fate::Lost(_) => {}
            Fate::Waiting => panic!("its time is over: {truth:?}"),
        }
    }
    assert!(expired > 100, "{expired}");
}

#[test]
fn a_dead_token_stays_dead_and_nothing_arrives_on_it() {
    let days = live(3, false);
    assert!(days.dead.len() > 30, "{}", days.dead.len());
    let end = after(12 * DAY_MS);
    for (token, seen) in &days.dead {
        assert!(matches!(
            days.fleet.provider_answer(token, end),
            ProviderAnswer::Dead { since } if since <= *seen
        ));
        assert!(
            days.fleet
                .live_tokens()
                .all(|(live, _, _)| live != &**token)
        );
        let again = |call: &&Happening| call.token == *token && call.at > *seen;
        let registered = |call: &&Happening| matches!(call.what, What::Registered(_));
        assert!(!days.told.iter().filter(again).any(|call| registered(&call)));
    }
    for truth in days.fleet.truth() {
        let dead = days.dead.get(&truth.token);
        assert!(dead.is_none_or(|seen| truth.shown_at < Some(*seen)));
    }
}

#[test]
fn every_way_to_be_lost_is_taken_and_every_push_has_one_end() {
    let days = live(4, false);
    let mut ends: BTreeMap<Fate, usize> = BTreeMap::new();
    for truth in days.fleet.truth() {
        let fate = match truth.fate {
            Fate::Arrived(_) => Fate::Arrived(START),
            other => other,
        };
        *ends.entry(fate).or_default() += 1;
    }
    for why in [
        Lost::Unregistered,
        Lost::Superseded,
        Lost::Expired,
        Lost::ForceStopped,
        Lost::Disabled,
    ] {
        assert!(ends.contains_key(&Fate::Lost(why)), "{}", why.name());
    }
    assert_eq!(ends.values().sum::<usize>(), days.expiries.len());
}

#[test]
fn a_screen_has_one_notification_for_each_key() {
    let days = live(5, false);
    for phone in &days.fleet.phones {
        let keys: BTreeSet<_> = phone.screen.iter().map(|on| &on.key).collect();
        assert_eq!(keys.len(), phone.screen.len());
    }
}

#[test]
fn the_same_seed_makes_the_same_history_and_another_seed_another() {
    let (one, same, other) = (live(6, false), live(6, false), live(7, false));
    assert_eq!(one.told, same.told);
    assert_eq!(one.fleet.truth(), same.fleet.truth());
    assert_ne!(one.told, other.told);
}

#[test]
fn the_order_of_pushes_within_a_moment_changes_nothing() {
    let (one, other) = (live(8, false), live(8, true));
    assert_eq!(one.told, other.told);
}
