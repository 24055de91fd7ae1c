use landfall_domain::channel::{Channel, Platform};
use landfall_domain::device::LastStatus;
use landfall_domain::ids::PersonKey;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::person::{Attribute, Choice, Person, Standing};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::{MessageFacts, Rule, Verdict, eligible, explain_eligibility};
use crate::answer::Scene;
use crate::definition::read;
use crate::device_filter::DeviceFilter;
use crate::happening::Happening;
use crate::pattern::Patterns;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::sample::{NOON, days, device, hours, message, person};
use crate::touched::Touched;
use crate::zone::Zone;

/// A person who can be sent everything, and the message that is to be sent.
struct Case {
    person: Person,
    profile: Profile,
    facts: MessageFacts<'static>,
    policy: Policy,
    now: Timestamp,
}

impl Case {
    fn new() -> Self {
        let mut person = person(json!({}));
        person.phone = Some("+331".to_owned());
        let phone = device(1, Platform::Ios, &[]);
        person.devices.insert(phone.key, phone);
        Self {
            person,
            profile: Profile::default(),
            facts: MessageFacts {
                channel: Channel::Push,
                source: SourceKind::Campaign,
                source_id: 4,
                step_id: Some(2),
                topic: None,
                topic_opt_in: false,
                to_unsubscribed: false,
                address_suppressed: false,
                devices: None,
                asked_at: NOON,
                in_flight: &[],
            },
            policy: Policy::default(),
            now: NOON,
        }
    }

    fn under(policy: &Value) -> Self {
        let mut case = Self::new();
        case.policy = read(policy, "", |place| Policy::parse(place, &Policy::default())).unwrap();
        case
    }

    fn sent(&mut self, journey: u64, channel: Channel, at: Timestamp) {
        let label = message(journey, 2, channel, "");
        let told = Happening::Told {
            mark: Mark::Sent,
            message: &label,
            reason: None,
            at,
        };
        self.profile
            .absorb(&Patterns::new(), &told, &mut Touched::nothing());
    }

    fn verdict(&self) -> Verdict {
        let scene = Scene {
            person: &self.person,
            profile: &self.profile,
            event: None,
            now: self.now,
            zone: Zone::utc(),
        };
        let verdict = eligible(&scene, &self.facts, &self.policy);
        let checked = explain_eligibility(&scene, &self.facts, &self.policy);
        let joined = checked
            .iter()
            .fold(Verdict::Go, |sum, one| sum.and(one.verdict));
        assert_eq!(joined, verdict, "the explanation comes to the same");
        assert_eq!(checked.len(), Rule::ALL.len());
        verdict
    }
}

fn choice(subscribed: bool) -> Choice {
    Choice {
        subscribed,
        set_at: NOON,
    }
}

fn change(change: impl FnOnce(&mut Case)) -> Verdict {
    let mut case = Case::new();
    assert_eq!(case.verdict(), Verdict::Go);
    change(&mut case);
    case.verdict()
}

#[test]
fn every_no_has_its_reason() {
    let no = |reason| Verdict::No(reason);
    assert_eq!(
        change(|c| c.person.standing = Standing::Deleted),
        no(Reason::PersonGone)
    );
    assert_eq!(
        change(|c| c.person.standing = Standing::Visitor),
        no(Reason::PersonGone)
    );
    assert_eq!(
        change(|c| c.person.standing = Standing::Merged(PersonKey(9))),
        no(Reason::PersonGone)
    );
    assert_eq!(
        change(|c| c.person.consent.global = Some(choice(false))),
        no(Reason::UnsubscribedGlobal)
    );
    let channel = |c: &mut Case| {
        c.person
            .consent
            .channels
            .insert("push".to_owned(), choice(false));
    };
    assert_eq!(change(channel), no(Reason::UnsubscribedChannel));
    assert_eq!(change(|c| c.person.devices.clear()), no(Reason::NoDevice));
    assert_eq!(
        change(|c| {
            c.facts.channel = Channel::Sms;
            c.person.phone = None;
        }),
        no(Reason::NoAddress)
    );
    assert_eq!(
        change(|c| c.facts.address_suppressed = true),
        no(Reason::AddressSuppressed)
    );
}

#[test]
fn topics_are_in_or_out_until_something_is_said() {
    let topic = |opt_in, said: Option<bool>| {
        change(|c| {
            (c.facts.topic, c.facts.topic_opt_in) = (Some("topic_1"), opt_in);
            if let Some(said) = said {
                c.person
                    .consent
                    .topics
                    .insert("topic_1".to_owned(), choice(said));
            }
        })
    };
    let no = Verdict::No(Reason::UnsubscribedTopic);
    assert_eq!(topic(false, None), Verdict::Go);
    assert_eq!(topic(false, Some(false)), no);
    assert_eq!(topic(true, None), no);
    assert_eq!(topic(true, Some(true)), Verdict::Go);
}

#[test]
fn a_message_to_everybody_ignores_consent_but_not_the_rest() {
    let out = |c: &mut Case| {
        c.person.consent.global = Some(choice(false));
        c.facts.to_unsubscribed = true;
    };
    assert_eq!(change(out), Verdict::Go);
    let gone = change(|c| {
        out(c);
        c.person.devices.clear();
    });
    assert_eq!(gone, Verdict::No(Reason::NoDevice));
}

#[test]
fn devices_must_be_meant_usable_and_permitted() {
    let with = |status, permission: &'static str| {
        change(|c| {
            let mut phone = device(1, Platform::Ios, &[("push_enabled", permission)]);
            phone.last_status = status;
            c.person.devices.insert(phone.key, phone);
        })
    };
    assert_eq!(with(LastStatus::Sent, "true"), Verdict::Go);
    assert_eq!(
        with(LastStatus::Bounced, "true"),
        Verdict::Go,
        "it is tried once more"
    );
    assert_eq!(
        with(LastStatus::Suppressed, "true"),
        Verdict::No(Reason::DevicesSuspended)
    );
    assert_eq!(
        with(LastStatus::Sent, "false"),
        Verdict::No(Reason::PermissionDenied)
    );
    let mixed = change(|c| {
        let mut suspended = device(1, Platform::Ios, &[("push_enabled", "true")]);
        suspended.last_status = LastStatus::Suppressed;
        let silent = device(2, Platform::Ios, &[("push_enabled", "false")]);
        for one in [suspended, silent] {
            c.person.devices.insert(one.key, one);
        }
    });
    assert_eq!(
        mixed,
        Verdict::No(Reason::PermissionDenied),
        "the one that may show it is suspended"
    );
    let android = json!({"platform": "android"});
    let android = read(&android, "", DeviceFilter::parse).unwrap();
    let mut case = Case::new();
    let facts = MessageFacts {
        devices: Some(&android),
        ..case.facts
    };
    let scene = Scene {
        person: &case.person,
        profile: &case.profile,
        event: None,
        now: NOON,
        zone: Zone::utc(),
    };
    assert_eq!(
        eligible(&scene, &facts, &case.policy),
        Verdict::No(Reason::NoDevice)
    );
    case.facts.channel = Channel::Email;
    assert_eq!(case.verdict(), Verdict::Go);
}

#[test]
fn a_cap_is_a_rolling_window_to_the_millisecond() {
    let mut case = Case::under(&json!({"caps": {"max": 2, "within": "1d", "retry": "2d"}}));
    let first = NOON.plus_millis(-hours(20));
    case.sent(1, Channel::Push, first);
    assert_eq!(case.verdict(), Verdict::Go);
    case.sent(2, Channel::Sms, NOON.plus_millis(-hours(3)));
    let until = first.plus_millis(days(1));
    let hold = Verdict::Hold {
        until,
        reason: Reason::MessageLimit,
    };
    assert_eq!(case.verdict(), hold);
    case.now = until.plus_millis(-1);
    assert_eq!(case.verdict(), hold);
    case.now = until;
    assert_eq!(case.verdict(), Verdict::Go);
}

#[test]
fn what_meets_a_cap_waits_no_longer_than_it_may() {
    let mut case = Case::under(&json!({"caps": {"max": 1, "within": "7d", "retry": "1d"}}));
    case.sent(1, Channel::Push, NOON.plus_millis(-days(5)));
    assert_eq!(
        case.verdict(),
        Verdict::No(Reason::MessageLimit),
        "room comes in two days"
    );
    let mut case = Case::under(&json!({"caps": {"max": 1, "within": "7d"}}));
    case.sent(1, Channel::Push, NOON.plus_millis(-days(5)));
    assert_eq!(
        case.verdict(),
        Verdict::No(Reason::MessageLimit),
        "it may not wait at all"
    );
}

#[test]
fn caps_are_about_their_channels_and_sources() {
    let mut case = Case::under(&json!({"caps": [{"max": 1, "within": "1d", "channels": ["sms"]}]}));
    case.sent(1, Channel::Sms, NOON);
    assert_eq!(case.verdict(), Verdict::Go, "a push is not an SMS");
    case.facts.channel = Channel::Sms;
    assert_eq!(case.verdict(), Verdict::No(Reason::MessageLimit));
    case.facts.source = SourceKind::Transactional;
    assert_eq!(
        case.verdict(),
        Verdict::Go,
        "transactional messages keep to no cap"
    );
    let mut case = Case::under(&json!({"caps": {"max": 1, "within": "1d"}}));
    let mut receipt = message(1, 1, Channel::Email, "");
    receipt.message.source = SourceKind::Transactional;
    let told = Happening::Told {
        mark: Mark::Sent,
        message: &receipt,
        reason: None,
        at: NOON,
    };
    case.profile
        .absorb(&Patterns::new(), &told, &mut Touched::nothing());
    assert_eq!(case.verdict(), Verdict::Go, "and do not count for one");
}

#[test]
fn transactional_messages_go_at_any_hour_and_as_often_as_they_are_asked_for() {
    let mut case = Case::under(&json!({
        "quiet_hours": {"from": "11:00", "to": "13:00"},
        "caps": {"max": 1, "within": "1d", "counts": ["campaign", "transactional"]},
        "duplicate_within": "6h",
    }));
    case.facts.source = SourceKind::Transactional;
    let mut receipt = message(4, 2, Channel::Push, "");
    receipt.message.source = SourceKind::Transactional;
    let told = Happening::Told {
        mark: Mark::Sent,
        message: &receipt,
        reason: None,
        at: NOON.plus_millis(-hours(1)),
    };
    case.profile
        .absorb(&Patterns::new(), &told, &mut Touched::nothing());
    assert_eq!(case.verdict(), Verdict::Go);
    case.facts.source = SourceKind::Campaign;
    assert_eq!(
        case.verdict(),
        Verdict::No(Reason::MessageLimit),
        "but it counts where it is named"
    );
    let mut in_app =
        Case::under(&json!({"caps": {"max": 1, "within": "1d", "channels": ["push", "in_app"]}}));
    in_app.sent(1, Channel::Push, NOON);
    in_app.facts.channel = Channel::InApp;
    assert_eq!(in_app.verdict(), Verdict::Go);
}

#[test]
fn what_is_on_its_way_counts_as_sent() {
    let mut case = Case::under(&json!({"caps": {"max": 1, "within": "1d"}}));
    let label = message(1, 1, Channel::Push, "");
    let flying = [crate::profile::RecentSend::of(&label.message, NOON)];
    let facts = MessageFacts {
        in_flight: &flying,
        ..case.facts
    };
    let scene = Scene {
        person: &case.person,
        profile: &case.profile,
        event: None,
        now: NOON,
        zone: Zone::utc(),
    };
    assert_eq!(
        eligible(&scene, &facts, &case.policy),
        Verdict::No(Reason::MessageLimit)
    );
    case.facts.in_flight = &[];
    assert_eq!(case.verdict(), Verdict::Go);
}

#[test]
fn the_same_message_is_not_sent_twice_within_the_policys_time() {
    let mut case = Case::under(&json!({"duplicate_within": "6h"}));
    case.sent(5, Channel::Push, NOON.plus_millis(-hours(1)));
    case.sent(4, Channel::Sms, NOON.plus_millis(-hours(1)));
    assert_eq!(
        case.verdict(),
        Verdict::Go,
        "another journey, another channel"
    );
    case.sent(4, Channel::Push, NOON.plus_millis(-hours(6)));
    assert_eq!(case.verdict(), Verdict::Go, "six hours ago is long enough");
    case.sent(4, Channel::Push, NOON.plus_millis(1 - hours(6)));
    assert_eq!(case.verdict(), Verdict::No(Reason::Duplicate));
}

#[test]
fn quiet_hours_are_those_of_the_person() {
    let quiet =
        json!({"quiet_hours": {"from": "22:00", "to": "08:00", "zone": "America/New_York"}});
    let mut case = Case::under(&quiet);
    // 12:00 universal time is 08:00 in New York.
    assert_eq!(case.verdict(), Verdict::Go);
    case.now = NOON.plus_millis(-1);
    let hold = |until| Verdict::Hold {
        until,
        reason: Reason::QuietHours,
    };
    assert_eq!(case.verdict(), hold(NOON));
    let zone = |name: &str| Attribute {
        value: name.into(),
        set_at: NOON,
    };
    case.person
        .attributes
        .insert("timezone".to_owned(), zone("Asia/Tokyo"));
    assert_eq!(case.verdict(), Verdict::Go, "21:00 in Tokyo");
    case.now = NOON.plus_millis(hours(1));
    assert_eq!(
        case.verdict(),
        hold(NOON.plus_millis(hours(11))),
        "22:00 in Tokyo"
    );
    case.person
        .attributes
        .insert("timezone".to_owned(), zone("asia/tokyo"));
    assert_eq!(
        case.verdict(),
        Verdict::Go,
        "names are case-sensitive: New York again"
    );
    let mut drop =
        Case::under(&json!({"quiet_hours": {"from": "11:00", "to": "13:00", "then": "drop"}}));
    assert_eq!(drop.verdict(), Verdict::No(Reason::QuietHours));
    drop.now = NOON.plus_millis(hours(1));
    assert_eq!(drop.verdict(), Verdict::Go);
}

#[test]
fn the_longest_hold_counts_and_a_no_stands_above_it() {
    let mut case = Case::under(&json!({
        "quiet_hours": {"from": "11:00", "to": "13:00"},
        "caps": {"max": 1, "within": "1d", "retry": "7d"},
    }));
    case.sent(1, Channel::Push, NOON.plus_millis(-hours(2)));
    let hold = Verdict::Hold {
        until: NOON.plus_millis(hours(22)),
        reason: Reason::MessageLimit,
    };
    assert_eq!(case.verdict(), hold);
    case.person.devices.clear();
    assert_eq!(case.verdict(), Verdict::No(Reason::NoDevice));
}
