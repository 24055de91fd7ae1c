use landfall_domain::attempt::Answer;
use landfall_domain::channel::Platform;
use landfall_engine::dispatch::breaker::Breaker;
use landfall_engine::dispatch::carriers::Health;
use landfall_insight::Heard;

use super::super::facts::WaitingWay;
use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_440_600);

fn before(ms: i64) -> Timestamp {
    NOW.plus_millis(-ms)
}

fn key() -> CredentialFacts {
    CredentialFacts {
        name: "apple".to_owned(),
        kind: "apns",
        expires: None,
        unusable: None,
        health: Health {
            checked: Some((before(MINUTE_MS), Answer::accepted(200, None))),
            ..Health::default()
        },
    }
}

/// A workspace that sends with one credential that works.
fn well() -> Facts {
    Facts {
        now: NOW,
        is_on: true,
        credentials: vec![key()],
        waiting: vec![WaitingWay {
            way: "push to ios".to_owned(),
            count: 7,
            carried: true,
        }],
        in_flight: 2,
        oldest_due: Some(before(SECOND_MS)),
        pushes: Vec::new(),
        damaged: Vec::new(),
    }
}

/// Levels by what was looked at, those that are not as they should be.
fn wrong(facts: &Facts) -> Vec<(&'static str, Level)> {
    let findings = findings(facts).into_iter();
    let wrong = findings.filter(|finding| finding.level > Level::Ok);
    wrong
        .map(|finding| {
            assert!(!finding.fix.is_empty(), "{finding:?}");
            (finding.check, finding.level)
        })
        .collect()
}

fn with_key(change: impl FnOnce(&mut CredentialFacts)) -> Facts {
    let mut facts = well();
    change(&mut facts.credentials[0]);
    facts
}

#[test]
fn when_all_is_well_nothing_is_found() {
    assert_eq!(wrong(&well()), []);
    let mut nothing = well();
    nothing.credentials.clear();
    nothing.waiting.clear();
    nothing.oldest_due = None;
    assert_eq!(wrong(&nothing), []);
}

#[test]
fn a_refused_key_is_an_alarm_and_a_provider_that_is_down_a_warning() {
    let said = |reason| with_key(|key| key.health.checked = Some((NOW, Answer::refused(reason))));
    let refused = said(Reason::ProviderAuth);
    assert_eq!(wrong(&refused), [("credential", Level::Alarm)]);
    let down = said(Reason::ProviderUnavailable);
    assert_eq!(wrong(&down), [("credential", Level::Warning)]);
    let broken = with_key(|key| key.unusable = Some("key_p8: is no key".to_owned()));
    assert_eq!(wrong(&broken), [("credential", Level::Alarm)]);
    let new = with_key(|key| key.health.checked = None);
    assert_eq!(wrong(&new), []);
}

#[test]
fn an_open_breaker_says_since_when_and_why() {
    let mut breaker = Breaker::default();
    for _ in 0..5 {
        breaker.note(&Answer::refused(Reason::ProviderAuth), before(2 * HOUR_MS));
    }
    let facts = with_key(|key| key.health.open = breaker.open().cloned());
    assert_eq!(wrong(&facts), [("breaker", Level::Alarm)]);
    let findings = findings(&facts);
    let found = findings.iter().find(|it| it.check == "breaker").unwrap();
    assert!(found.message.contains("2 h"), "{}", found.message);
    let why = Reason::ProviderAuth.explanation();
    assert!(found.message.contains(why), "{}", found.message);
    assert_eq!(found.since_ms, Some(before(2 * HOUR_MS).millis()));
}

#[test]
fn a_tripped_guard_is_an_alarm() {
    let facts = with_key(|key| key.health.guarded = vec![(Some(Platform::Ios), 0.43)]);
    assert_eq!(wrong(&facts), [("mass_guard", Level::Alarm)]);
}

#[test]
fn a_certificate_warns_thirty_days_before_and_alarms_on_its_last() {
    for (left, level) in [
        (31 * DAY_MS, None),
        (30 * DAY_MS, Some(Level::Warning)),
        (7 * DAY_MS, Some(Level::Warning)),
        (DAY_MS, Some(Level::Alarm)),
        (-SECOND_MS, Some(Level::Alarm)),
    ] {
        let facts = with_key(|key| key.expires = Some(NOW.plus_millis(left)));
        let expected: Vec<_> = level.map(|level| ("expiry", level)).into_iter().collect();
        assert_eq!(wrong(&facts), expected, "{left}");
    }
}

#[test]
fn proofs_that_are_too_old_again_and_again_hint_at_the_clock() {
    let old = |count| {
        with_key(|key| {
            key.health.refused.insert(Reason::ProviderJwtExpired, count);
        })
    };
    assert_eq!(wrong(&old(2)), []);
    assert_eq!(wrong(&old(3)), [("clock", Level::Warning)]);
}

#[test]
fn messages_that_nobody_carries_are_an_alarm() {
    let mut facts = well();
    facts.waiting[0].carried = false;
    assert_eq!(wrong(&facts), [("route", Level::Alarm)]);
}

#[test]
fn messages_that_are_due_while_nothing_is_accepted_are_an_alarm() {
    let mut facts = well();
    facts.oldest_due = Some(before(6 * MINUTE_MS));
    assert_eq!(wrong(&facts), [("backlog", Level::Alarm)]);
    facts.credentials[0].health.last_accepted = Some(before(MINUTE_MS));
    assert_eq!(wrong(&facts), [], "it moves");
    facts.oldest_due = Some(before(16 * MINUTE_MS));
    assert_eq!(wrong(&facts), [("backlog", Level::Warning)]);
    facts.is_on = false;
    assert_eq!(wrong(&facts), [("sending", Level::Warning)]);
}

#[test]
fn pushes_that_are_taken_and_not_reported_any_more_are_an_alarm() {
    let mut facts = well();
    facts.pushes = vec![
        Pushes {
            about: "fcm, android".to_owned(),
            before: Heard {
                accepted: 7_000,
                reported: 5_000,
            },
            lately: Heard {
                accepted: 900,
                reported: 0,
            },
        },
        Pushes {
            about: "apns, ios".to_owned(),
            before: Heard {
                accepted: 7_000,
                reported: 0,
            },
            lately: Heard {
                accepted: 900,
                reported: 0,
            },
        },
    ];
    assert_eq!(wrong(&facts), [("silence", Level::Alarm)]);
    facts.pushes[0].lately.reported = 400;
    assert_eq!(wrong(&facts), []);
}

#[test]
fn runs_that_were_set_aside_are_an_alarm() {
    let facts = Facts {
        damaged: vec![("Cart Recovery".to_owned(), 2)],
        ..well()
    };
    assert_eq!(wrong(&facts), [("runs", Level::Alarm)]);
    let told = findings(&facts);
    let told = told.iter().find(|finding| finding.check == "runs").unwrap();
    assert!(told.about == "Cart Recovery" && told.message.starts_with("2 of its runs"));
}
