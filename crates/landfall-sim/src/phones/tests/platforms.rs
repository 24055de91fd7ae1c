//! What differs between the platforms.

use super::*;

#[test]
fn without_permission_an_iphone_is_silent_and_an_android_phone_reports_all_the_same() {
    for (platform, reports) in [(Platform::Ios, 0), (Platform::Android, 1)] {
        let (mut fleet, tokens) = phones(1, platform, |spec| {
            (spec.granted_ios, spec.granted_android) = (0.0, 0.0);
        });
        fleet.accept(push(&tokens[0], "d1"), START);
        assert_eq!(delivered(&fleet.advance(after(HOUR_MS))).len(), reports);
        let truth = &fleet.truth()[0];
        assert_eq!(truth.shown_at, None);
        assert_eq!(truth.arrived(), platform == Platform::Android);
    }
}

#[test]
fn an_iphone_reports_only_what_its_extension_sees() {
    let reports = |change: fn(&mut Push)| {
        let (mut fleet, tokens) = phones(1, Platform::Ios, |_| {});
        let mut push = push(&tokens[0], "d1");
        change(&mut push);
        fleet.accept(push, START);
        fleet.advance(after(HOUR_MS));
        (fleet.truth()[0].arrived(), fleet.truth()[0].reports)
    };
    assert_eq!(reports(|_| {}), (true, 1));
    assert_eq!(reports(|push| push.mutable_content = false), (true, 0));
    assert_eq!(reports(|push| push.silent = true), (true, 0));
    assert_eq!(reports(|push| push.delivery_id.clear()), (true, 0));
}

#[test]
fn an_app_version_without_the_sdks_reports_reports_nothing() {
    let (mut fleet, tokens) = phones(1, Platform::Android, |spec| {
        spec.releases = vec![Release::of("0.9", "3.0", -100.0, 1.0).silent()];
    });
    fleet.accept(push(&tokens[0], "d1"), START);
    assert!(fleet.advance(after(DAY_MS)).is_empty());
    assert!(fleet.truth()[0].arrived());
}

#[test]
fn apple_stores_one_push_for_a_phone_that_is_away() {
    let (mut fleet, tokens) = phones(1, Platform::Ios, |spec| spec.off_at_night = 1.0);
    let night = night_of(&fleet, 0);
    fleet.advance(night);
    for id in ["d1", "d2", "d3"] {
        fleet.accept(
            Push::shown(&tokens[0], id, night.plus_millis(DAY_MS)),
            night,
        );
    }
    let told = fleet.advance(night.plus_millis(DAY_MS));
    assert_eq!(delivered(&told), ["d3"]);
    for lost in &fleet.truth()[..2] {
        assert_eq!(lost.fate, Fate::Lost(Lost::Superseded));
    }
}

#[test]
fn google_stores_four_collapse_keys_and_the_newest_of_each() {
    let (mut fleet, tokens) = phones(1, Platform::Android, |spec| spec.off_at_night = 1.0);
    let night = night_of(&fleet, 0);
    fleet.advance(night);
    for (id, key) in [
        ("a1", "a"),
        ("b1", "b"),
        ("a2", "a"),
        ("c1", "c"),
        ("d1", "d"),
        ("e1", "e"),
    ] {
        let mut push = Push::shown(&tokens[0], id, night.plus_millis(DAY_MS));
        push.collapse_key = Some(key.to_owned());
        fleet.accept(push, night);
    }
    let told = fleet.advance(night.plus_millis(DAY_MS));
    let mut arrived = delivered(&told);
    arrived.sort_unstable();
    assert_eq!(arrived, ["a2", "c1", "d1", "e1"]);
}

#[test]
fn google_drops_everything_when_more_than_a_hundred_wait() {
    for (many, arrive) in [(100, 100), (101, 0)] {
        let (mut fleet, tokens) = phones(1, Platform::Android, |spec| spec.off_at_night = 1.0);
        let night = night_of(&fleet, 0);
        fleet.advance(night);
        for number in 0..many {
            let id = format!("d{number}");
            let mut push = Push::shown(&tokens[0], &id, night.plus_millis(DAY_MS));
            push.collapse_key = None;
            fleet.accept(push, night);
        }
        let told = fleet.advance(night.plus_millis(DAY_MS));
        assert_eq!(delivered(&told).len(), arrive);
    }
}

#[test]
fn normal_priority_waits_for_a_maintenance_window_while_android_dozes() {
    for high in [true, false] {
        let (mut fleet, tokens) = phones(1, Platform::Android, |_| {});
        let night = night_of(&fleet, 0);
        fleet.advance(night);
        fleet.phones[0].last_used = night.plus_millis(-4 * HOUR_MS);
        let mut push = Push::shown(&tokens[0], "d1", night.plus_millis(DAY_MS));
        push.high_priority = high;
        fleet.accept(push, night);
        fleet.advance(night.plus_millis(2 * HOUR_MS + MINUTE_MS));
        let Fate::Arrived(at) = fleet.truth()[0].fate else {
            panic!("{:?}", fleet.truth()[0]);
        };
        assert_eq!(at.since(night) < MINUTE_MS, high, "{}", at.since(night));
    }
}

#[test]
fn an_app_stopped_by_force_gets_nothing_until_it_is_opened() {
    let (mut fleet, tokens) = phones(1, Platform::Android, |_| {});
    fleet.phones[0].stopped = true;
    fleet.accept(push(&tokens[0], "d1"), START);
    fleet.advance(after(HOUR_MS));
    fleet.open(0, after(HOUR_MS));
    fleet.accept(push(&tokens[0], "d2"), after(HOUR_MS));
    let told = fleet.advance(after(2 * HOUR_MS));
    assert_eq!(delivered(&told), ["d2"]);
    assert_eq!(fleet.truth()[0].fate, Fate::Lost(Lost::ForceStopped));
}

#[test]
fn a_newer_push_with_the_same_collapse_id_takes_the_place_on_an_iphones_screen() {
    let (mut fleet, tokens) = phones(1, Platform::Ios, |_| {});
    for (minute, id) in (0..).zip(["d1", "d2", "d3"]) {
        let now = after(minute * MINUTE_MS);
        fleet.advance(now);
        let mut push = push(&tokens[0], id);
        push.collapse_key = Some("cart".to_owned());
        fleet.accept(push, now);
    }
    fleet.advance(after(HOUR_MS));
    assert_eq!(fleet.phones[0].screen.len(), 1);
    let replaced = |id| fleet.truth_of(id, &tokens[0]).unwrap().replaced_at;
    assert!(replaced("d1").is_some() && replaced("d2").is_some());
    assert_eq!(replaced("d3"), None);
}

#[test]
fn a_second_copy_of_a_delivery_draws_no_attention_on_either_platform() {
    for platform in [Platform::Ios, Platform::Android] {
        let (mut fleet, tokens) = phones(1, platform, |_| {});
        for minute in 0..2 {
            let now = after(minute * MINUTE_MS);
            fleet.advance(now);
            fleet.accept(push(&tokens[0], "d1"), now);
        }
        fleet.advance(after(HOUR_MS));
        let truth = &fleet.truth()[0];
        assert_eq!((truth.copies, truth.arrivals, truth.shown), (2, 2, 1));
    }
}

#[test]
fn a_push_is_read_from_what_the_simulated_providers_took() {
    let apple = crate::apns::Accepted {
        at: START,
        id: String::new(),
        token: "aa".to_owned(),
        topic: "com.shop.app".to_owned(),
        push_type: Some("alert".to_owned()),
        priority: 5,
        expiration: Some(START.seconds() + 60),
        collapse_id: Some("k".to_owned()),
        payload: br#"{"aps":{"alert":{"title":"T"},"mutable-content":1},"CIO-Delivery-ID":"d1"}"#
            .as_slice()
            .into(),
    };
    let mut expected = Push::shown("aa", "d1", after(MINUTE_MS));
    expected.collapse_key = Some("k".to_owned());
    expected.high_priority = false;
    assert_eq!(Push::from_apns(&apple), expected);
    let google = crate::fcm::Accepted {
        at: START,
        name: String::new(),
        target: crate::fcm::Target {
            kind: crate::fcm::TargetKind::Token,
            value: "aa".to_owned(),
        },
        message: serde_json::json!({
            "token": "aa",
            "data": {"title": "T", "CIO-Delivery-ID": "d1"},
            "android": {"priority": "NORMAL", "ttl": "60s", "collapse_key": "k"},
        }),
    };
    assert_eq!(Push::from_fcm(&google), Some(expected));
}

#[test]
fn google_forgets_an_android_phone_that_did_not_connect_for_270_days_and_apple_does_not() {
    for platform in [Platform::Android, Platform::Ios] {
        let (mut fleet, tokens) = phones(1, platform, |spec| spec.dormant = 1.0);
        let token = &tokens[0];
        let since = fleet.phones[0].last_used.plus_millis(270 * DAY_MS);
        let before = fleet.provider_answer(token, since.plus_millis(-1));
        assert_eq!(before, ProviderAnswer::Accepted);
        let then = fleet.provider_answer(token, since);
        if platform == Platform::Ios {
            assert_eq!(then, ProviderAnswer::Accepted);
            continue;
        }
        assert_eq!(then, ProviderAnswer::Dead { since });
        // What a provider took in error reaches nobody, and the app gets another token when it is opened.
        fleet.advance(since);
        fleet.accept(push(token, "d1"), since);
        assert_eq!(fleet.truth()[0].fate, Fate::Lost(Lost::Unregistered));
        fleet.open(0, since.plus_millis(DAY_MS));
        let now = since.plus_millis(DAY_MS);
        assert_eq!(
            fleet.provider_answer(token, now),
            ProviderAnswer::Dead { since }
        );
        let fresh = fleet.phones[0].token.clone().expect("a token");
        assert_ne!(&fresh, token);
        assert_eq!(fleet.provider_answer(&fresh, now), ProviderAnswer::Accepted);
    }
}
