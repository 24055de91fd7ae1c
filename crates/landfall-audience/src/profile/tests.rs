use landfall_domain::activity::EventKind;
use landfall_domain::channel::Channel;
use landfall_domain::device::MoveCause;
use landfall_domain::event_data::EventData;
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::{Profile, ProfileError};
use crate::condition::Condition;
use crate::happening::{DeviceChange, Happening};
use crate::pattern::Patterns;
use crate::sample::{NOON, days, message};
use crate::touched::{Cause, Touched};

fn patterns() -> Patterns {
    let conditions = [
        json!({"event": "buy", "within": "30d"}),
        json!({"message": "sent", "channel": "push", "within": "7d"}),
    ];
    let read = conditions.map(|json| Condition::from_json(&json).unwrap());
    read.iter().flat_map(Condition::patterns).collect()
}

fn buy(profile: &mut Profile, at: Timestamp) -> Touched {
    let mut touched = Touched::nothing();
    let did = Happening::Did {
        kind: EventKind::Event,
        name: "buy",
        data: &EventData::NONE,
        at,
    };
    profile.absorb(&patterns(), &did, &mut touched);
    touched
}

fn send(profile: &mut Profile, journey: u64, channel: Channel, at: Timestamp) {
    let label = message(journey, 1, channel, "");
    let told = Happening::Told {
        mark: Mark::Sent,
        message: &label,
        reason: None,
        at,
    };
    profile.absorb(&patterns(), &told, &mut Touched::nothing());
}

fn sample() -> Profile {
    let mut profile = Profile::default();
    buy(&mut profile, NOON);
    buy(&mut profile, NOON.plus_millis(-days(3)));
    send(&mut profile, 4, Channel::Push, NOON.plus_millis(-1));
    let lost = DeviceChange::Released {
        cause: MoveCause::Unregistered,
        at: NOON,
    };
    profile.absorb(
        &patterns(),
        &Happening::Device(lost),
        &mut Touched::nothing(),
    );
    profile.set_member(3, true, NOON);
    profile.set_member(1, true, NOON);
    profile.set_timer(3, Some(NOON.plus_millis(5)));
    profile
}

#[test]
fn a_happening_touches_what_it_counts_and_nothing_else() {
    let mut profile = Profile::default();
    let touched = buy(&mut profile, NOON);
    let ids: Vec<_> = patterns().iter().map(|pattern| pattern.id()).collect();
    assert_eq!(touched.causes(), [Cause::Pattern(ids[0])]);
    assert_eq!(profile.tally(ids[0]).unwrap().total(), 1);
    assert_eq!(profile.tally(ids[1]), None);
}

#[test]
fn the_encoding_stays_as_it_is() {
    // Stored profiles are read by later versions: a change of these bytes needs a new version.
    let bytes = sample().encode();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "0102e3e0b5efdc979dee8501028088afbfba670280d8c7b6bc678088afbfba67b5d4add0e0d2f3e3e50101fe\
         d7c7b6bc6701fed7c7b6bc67020180d8c7b6bc670380d8c7b6bc6701038ad8c7b6bc6701fed7c7b6bc670000\
         0401010180d8c7b6bc6701"
    );
}

#[test]
fn bytes_that_are_not_a_profile_are_refused() {
    let bytes = sample().encode();
    assert_eq!(Profile::decode(&bytes), Ok(sample()));
    assert_eq!(Profile::decode(&[]), Err(ProfileError::Damaged));
    assert_eq!(Profile::decode(&[9]), Err(ProfileError::UnknownVersion(9)));
    for cut in 1..bytes.len() {
        assert_eq!(
            Profile::decode(&bytes[..cut]),
            Err(ProfileError::Damaged),
            "cut at {cut}"
        );
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Profile::decode(&longer), Err(ProfileError::Damaged));
}

#[test]
fn an_empty_profile_is_small() {
    assert!(Profile::default().encode().len() <= 8);
}

#[test]
fn due_is_the_earliest_timer() {
    let mut profile = Profile::default();
    assert_eq!(profile.due(), None);
    profile.set_timer(5, Some(NOON));
    profile.set_timer(2, Some(NOON.plus_millis(-1)));
    assert_eq!(profile.due(), Some(NOON.plus_millis(-1)));
    profile.set_timer(2, None);
    assert_eq!(profile.due(), Some(NOON));
    assert_eq!(profile.due_by(NOON.plus_millis(-1)).count(), 0);
    assert_eq!(profile.due_by(NOON).collect::<Vec<_>>(), [5]);
}

#[test]
fn sends_are_kept_for_a_month_and_up_to_a_hundred_of_a_kind() {
    let mut profile = Profile::default();
    for minutes in 0..150 {
        send(
            &mut profile,
            4,
            Channel::Push,
            NOON.plus_millis(-minutes * 60_000),
        );
        send(
            &mut profile,
            4,
            Channel::Sms,
            NOON.plus_millis(-minutes * 60_000),
        );
    }
    assert_eq!(profile.recent_sends().len(), 200);
    send(&mut profile, 4, Channel::Email, NOON.plus_millis(-days(31)));
    assert_eq!(profile.recent_sends().len(), 200, "too long ago");
    send(&mut profile, 4, Channel::Email, NOON.plus_millis(days(31)));
    assert_eq!(
        profile.recent_sends().len(),
        1,
        "a month later nothing else counts"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(damaged in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = sample().encode();
        let place = damaged.index(bytes.len());
        bytes[place] = byte;
        if let Ok(profile) = Profile::decode(&bytes) {
            // What passes is a profile that could have come about.
            prop_assert!(profile.is_sound());
        }
    }

    #[test]
    fn sends_taken_in_any_order_are_kept_alike(
        sends in prop::collection::vec((1..4_u64, any::<bool>(), 0..60_i64), 1..250),
        split in any::<prop::sample::Index>(),
    ) {
        let take = |sends: &[(u64, bool, i64)]| {
            let mut profile = Profile::default();
            for (journey, push, age) in sends {
                let channel = if *push { Channel::Push } else { Channel::Email };
                send(&mut profile, *journey, channel, NOON.plus_millis(-days(*age)));
            }
            profile
        };
        let whole = take(&sends);
        let mut backwards = sends.clone();
        backwards.reverse();
        prop_assert_eq!(&take(&backwards), &whole);
        let (first, second) = sends.split_at(split.index(sends.len()));
        let mut merged = take(first);
        let inexact = merged.merge(&take(second), Timestamp::EPOCH, &patterns());
        prop_assert_eq!(inexact, vec![]);
        prop_assert_eq!(merged, whole);
    }
}
