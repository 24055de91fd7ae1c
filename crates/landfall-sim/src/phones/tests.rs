mod laws;
mod platforms;

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

use super::*;

/// Midnight in UTC.
const START: Timestamp = Timestamp::from_seconds(1_795_392_000);

fn after(millis: i64) -> Timestamp {
    START.plus_millis(millis)
}

/// A fleet of steady phones of one platform, changed by `change`, and its tokens.
fn phones(
    people: u32,
    platform: Platform,
    change: impl FnOnce(&mut FleetSpec),
) -> (Fleet, Vec<Arc<str>>) {
    let mut spec = FleetSpec::steady(people, START);
    spec.ios = if platform == Platform::Ios { 1.0 } else { 0.0 };
    change(&mut spec);
    let mut fleet = Fleet::new(spec, 7);
    let registered = fleet.advance(START);
    assert_eq!(registered.len(), fleet.len());
    let tokens = registered.into_iter().map(|call| call.token).collect();
    (fleet, tokens)
}

fn push(token: &str, delivery_id: &str) -> Push {
    Push::shown(token, delivery_id, after(DAY_MS))
}

fn delivered(told: &[Happening]) -> Vec<&str> {
    let ids = told.iter().filter_map(|call| match &call.what {
        What::Delivered { delivery_id } => Some(&**delivery_id),
        _ => None,
    });
    ids.collect()
}

/// A night in all zones of the fleet does not exist; this finds one for a phone.
fn night_of(fleet: &Fleet, phone: usize) -> Timestamp {
    let hours = fleet.phones[phone].hours;
    let mut at = START;
    while hours.hour(at) != 2 {
        at = at.plus_millis(HOUR_MS / 2);
    }
    at
}

#[test]
fn a_push_to_a_phone_that_is_there_arrives_is_shown_and_reported() {
    for platform in [Platform::Ios, Platform::Android] {
        let (mut fleet, tokens) = phones(1, platform, |_| {});
        fleet.accept(push(&tokens[0], "d1"), START);
        let told = fleet.advance(after(MINUTE_MS));
        assert_eq!(delivered(&told), ["d1"]);
        let truth = fleet.truth_of("d1", &tokens[0]).unwrap();
        assert!(truth.arrived() && truth.shown_at.is_some());
        assert_eq!((truth.reports, truth.shown, truth.copies), (1, 1, 1));
        assert_eq!(truth.reported_at, Some(told[0].at));
        // Direct uploads state no time.
        assert_eq!((told[0].stated_at, told[0].sent_at), (None, None));
    }
}

#[test]
fn a_push_to_a_token_that_nobody_has_is_lost() {
    let (mut fleet, _) = phones(1, Platform::Ios, |_| {});
    assert_eq!(
        fleet.provider_answer("strange", START),
        ProviderAnswer::Unknown
    );
    fleet.accept(push("strange", "d1"), START);
    assert!(fleet.advance(after(DAY_MS)).is_empty());
    assert_eq!(fleet.truth()[0].fate, Fate::Lost(Lost::Unregistered));
}

#[test]
fn a_receipt_is_late_twice_or_never_as_the_settings_say() {
    let told = |change: fn(&mut ReceiptSpec)| {
        let (mut fleet, tokens) = phones(1, Platform::Android, |spec| change(&mut spec.receipts));
        fleet.accept(push(&tokens[0], "d1"), START);
        let told = fleet.advance(after(DAY_MS));
        assert!(fleet.truth()[0].arrived());
        assert_eq!(fleet.truth()[0].reports as usize, told.len());
        delivered(&told).len()
    };
    assert_eq!(told(|_| {}), 1);
    assert_eq!(told(|receipts| receipts.duplicated = 1.0), 2);
    assert_eq!(told(|receipts| receipts.lost = 1.0), 0);
    // It waits for a start that never comes.
    assert_eq!(told(|receipts| receipts.deferred = 1.0), 0);
}

#[test]
fn a_receipt_that_waited_comes_with_the_next_start() {
    for (platform, of_arrival) in [(Platform::Ios, true), (Platform::Android, false)] {
        let (mut fleet, tokens) = phones(1, platform, |spec| {
            spec.opens = 2.0;
            spec.receipts.deferred = 1.0;
        });
        fleet.accept(push(&tokens[0], "d1"), START);
        let told = fleet.advance(after(5 * DAY_MS));
        let receipt = told
            .iter()
            .find(|call| matches!(call.what, What::Delivered { .. }))
            .expect("it comes");
        let arrived = match fleet.truth()[0].fate {
            Fate::Arrived(at) => at,
            other => panic!("{other:?}"),
        };
        // iPhones state when it arrived, Android's replay when the app started.
        assert_eq!(receipt.stated_at == Some(arrived), of_arrival);
        let before = told.iter().position(|call| call == receipt).unwrap();
        assert!(matches!(told[before - 1].what, What::Registered(_)));
    }
}

#[test]
fn taps_open_the_app_and_are_reported_with_their_time() {
    let (mut fleet, tokens) = phones(300, Platform::Ios, |spec| spec.taps = 0.5);
    for token in &tokens {
        fleet.accept(push(token, "d1"), after(12 * HOUR_MS));
    }
    let told = fleet.advance(after(2 * DAY_MS));
    let tapped = fleet.truth().iter().filter_map(|truth| truth.tapped_at);
    let opened = told
        .iter()
        .filter(|call| matches!(call.what, What::Opened { .. }));
    let (tapped, opened) = (tapped.count(), opened.count());
    assert!((30..200).contains(&tapped), "{tapped}");
    assert_eq!(tapped, opened);
    for (place, call) in told.iter().enumerate() {
        if let What::Opened { delivery_id } = &call.what {
            let truth = fleet.truth_of(delivery_id, &call.token).unwrap();
            assert_eq!(call.stated_at, truth.tapped_at);
            assert!(truth.shown_at < truth.tapped_at);
            let same = |next: &Happening| next.phone == call.phone;
            let next = told[place + 1..].iter().find(|next| same(next));
            assert!(matches!(next.unwrap().what, What::Registered(_)));
        }
    }
}

#[test]
fn another_login_deletes_the_device_before_it_registers_it_for_the_other() {
    let (mut fleet, tokens) = phones(40, Platform::Ios, |spec| {
        spec.opens = 0.01;
        spec.account_switches = 1.0;
    });
    let told = fleet.advance(after(3 * DAY_MS));
    let mut switched = 0;
    for (place, call) in told.iter().enumerate() {
        let What::Deleted { person } = call.what else {
            continue;
        };
        let same = |next: &&Happening| next.phone == call.phone;
        match told[place + 1..].iter().find(same).map(|next| &next.what) {
            Some(What::Registered(device)) => assert_eq!(device.person, person ^ 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(call.token, tokens[call.phone]);
        switched += 1;
    }
    assert!(switched > 20, "{switched}");
}

#[test]
fn a_release_reaches_half_of_the_phones_in_its_half_life() {
    let (fleet, _) = phones(1_000, Platform::Ios, |spec| {
        spec.releases.push(Release::of("2.0.0", "4.1.0", 1.0, 3.0));
    });
    let share = |day: i64| {
        let at = after(day * DAY_MS);
        let has = |phone: &&Phone| phone.release(&fleet.spec, at).unwrap().version == "2.0.0";
        fleet.phones.iter().filter(has).count()
    };
    assert_eq!(share(1), 0);
    assert!((440..560).contains(&share(4)), "{}", share(4));
    assert!(share(16) > 930, "{}", share(16));
}
