//! Random conditions and random histories over small alphabets.

use std::sync::Arc;

use landfall_domain::activity::EventKind;
use landfall_domain::channel::Channel;
use landfall_domain::device::MoveCause;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::liveness::{Lesson, LessonOfKind, Liveness};
use crate::sample::{NOON, days, hours};

/// Something that happens, or the clock moving on.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// An event of the person, so many milliseconds ago.
    Track(EventKind, &'static str, Value, i64),
    Told(Mark, usize, Option<Reason>, i64),
    Attribute(&'static str, Value, i64),
    Register(u32, bool, &'static str, i64),
    Release(u32, MoveCause),
    Answer(u32, bool),
    /// A device reported a receipt, so many milliseconds ago.
    Receipt(u32, i64),
    Consent(Option<&'static str>, bool, i64),
    Manual(u32, bool),
    /// Another record, with its own history, is merged in. `true`: a visitor.
    Merge(bool, Vec<Step>),
    /// The clock moves on.
    Wait(i64),
    /// The clock moves on to the next timer.
    WaitForTimer,
    /// The clock is put back.
    PutBack(i64),
    /// The person is deleted.
    Delete,
}

fn duration() -> impl Strategy<Value = &'static str> {
    select(vec!["1h", "12h", "1d", "3d", "30d"])
}

fn age() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => Just(0),
        2 => 0..days(4),
        1 => 0..days(40),
        2 => select(vec![hours(1), hours(12), days(1), days(3), days(30)]),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let moment = (-days(5)..days(5)).prop_map(|offset| json!(NOON.plus_millis(offset).millis()));
    prop_oneof![
        select(vec![
            json!("gold"),
            json!("free"),
            json!(5),
            json!("7"),
            json!(true),
            json!(null),
            json!({"b": [{"c": 5}, {"c": "free"}]}),
        ]),
        moment.clone(),
        moment,
    ]
}

fn event_name() -> impl Strategy<Value = &'static str> {
    select(vec!["buy", "shop_a", "shop_b"])
}

fn own_step() -> BoxedStrategy<Step> {
    let kind = select(vec![EventKind::Event, EventKind::Event, EventKind::Screen]);
    let data = select(vec![json!(null), json!({"n": 1}), json!({"n": 2})]);
    let topic = select(vec![None, Some("topic_1")]);
    let attribute = select(vec![
        "plan",
        "due",
        "a",
        "cio_subscription_preferences.channels.push",
    ]);
    let cause = select(vec![
        MoveCause::Removed,
        MoveCause::Unregistered,
        MoveCause::Stale,
    ]);
    let version = select(vec!["5.1", "5.2.0", "5.10"]);
    prop_oneof![
        5 => (kind, event_name(), data, age()).prop_map(|(k, n, d, a)| Step::Track(k, n, d, a)),
        3 => (attribute, value(), age()).prop_map(|(n, v, a)| Step::Attribute(n, v, a)),
        2 => (0..3_u32, any::<bool>(), version, age())
            .prop_map(|(k, on, v, a)| Step::Register(k, on, v, a)),
        1 => (0..3_u32, cause).prop_map(|(k, cause)| Step::Release(k, cause)),
        1 => (0..3_u32, any::<bool>()).prop_map(|(k, ok)| Step::Answer(k, ok)),
        1 => (0..3_u32, age()).prop_map(|(k, age)| Step::Receipt(k, age)),
        1 => (topic, any::<bool>(), age()).prop_map(|(t, yes, a)| Step::Consent(t, yes, a)),
    ]
    .boxed()
}

fn step() -> BoxedStrategy<Step> {
    let mark = select(vec![Mark::Sent, Mark::Delivered, Mark::Failed]);
    let reason = select(vec![
        None,
        Some(Reason::NoDevice),
        Some(Reason::RenderError),
    ]);
    let clock = prop_oneof![
        4 => Just(Step::WaitForTimer),
        2 => (1..days(4)).prop_map(Step::Wait),
        1 => Just(Step::Wait(days(31))),
        1 => (1..days(2)).prop_map(Step::PutBack),
    ];
    prop_oneof![
        10 => own_step(),
        3 => (mark, 0..3_usize, reason, age()).prop_map(|(m, l, r, a)| Step::Told(m, l, r, a)),
        1 => (7..9_u32, any::<bool>()).prop_map(|(s, added)| Step::Manual(s, added)),
        1 => (any::<bool>(), prop::collection::vec(own_step(), 0..12))
            .prop_map(|(visitor, steps)| Step::Merge(visitor, steps)),
        6 => clock,
    ]
    .boxed()
}

/// Up to forty steps; some lives end with the deletion of the record.
pub(super) fn history() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![9 => Just(None), 1 => Just(Some(Step::Delete))];
    (prop::collection::vec(step(), 1..40), end).prop_map(|(mut steps, end)| {
        steps.extend(end);
        steps
    })
}

fn count() -> BoxedStrategy<Value> {
    let word = select(vec!["at_least", "at_most", "is", "less_than", "more_than"]);
    let number = 1..4_u64;
    (word, number)
        .prop_map(|(word, number)| json!({ (word): number }))
        .boxed()
}

fn time() -> impl Strategy<Value = Value> {
    let word = select(vec![
        "within_last",
        "older_than",
        "within_next",
        "further_than",
    ]);
    prop_oneof![
        6 => (word, duration()).prop_map(|(word, duration)| json!({ (word): duration })),
        1 => Just(json!({"before": "2026-05-03"})),
        1 => Just(json!({"after": "2026-05-03", "within_last": "3d"})),
    ]
}

fn alive() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"at_least": 0.5}),
        json!({"less_than": 0.8}),
        json!({"at_least": 0.2, "less_than": 0.9}),
    ])
}

/// What is known of tokens in these lives: two lessons, the later of which counts a week after noon. The
/// probabilities need not fall, and of the longest silence of some nothing is known.
pub(super) fn learned() -> Arc<Liveness> {
    let kind = |reports, app_version: Option<&str>, alive: [Option<f64>; 4]| LessonOfKind {
        platform: "ios".to_owned(),
        reports,
        app_version: app_version.map(str::to_owned),
        alive: alive.to_vec(),
    };
    let lesson = |since: i64, kinds| Lesson {
        since: NOON.plus_millis(since),
        ends: vec![1, 3, 7, 30],
        kinds,
    };
    Arc::new(Liveness::new(vec![
        lesson(
            -days(30),
            vec![
                kind(None, None, [Some(0.99), Some(0.85), Some(0.4), Some(0.1)]),
                kind(Some(true), None, [Some(0.95), Some(0.3), Some(0.55), None]),
            ],
        ),
        lesson(
            days(7) + 17,
            vec![
                kind(None, None, [Some(0.97), Some(0.45), Some(0.85), Some(0.1)]),
                kind(
                    Some(false),
                    Some("5.1"),
                    [Some(0.7), Some(0.95), Some(0.1), Some(0.6)],
                ),
            ],
        ),
    ]))
}

fn counted(subject: Value) -> BoxedStrategy<Value> {
    let window = prop_oneof![
        1 => Just(json!({})),
        3 => duration().prop_map(|within| json!({ "within": within })),
        1 => Just(json!({"since": "2026-05-02"})),
    ];
    let counting = (window, prop::option::of(count())).prop_map(|(mut window, count)| {
        if let Some(count) = count {
            window["count"] = count;
        }
        window
    });
    let first_or_last =
        (select(vec!["first", "last"]), time()).prop_map(|(which, time)| json!({ (which): time }));
    prop_oneof![3 => counting, 1 => first_or_last]
        .prop_map(move |how| {
            let mut whole = subject.clone();
            for (key, value) in how.as_object().into_iter().flatten() {
                whole[key] = value.clone();
            }
            whole
        })
        .boxed()
}

fn check(ids: Vec<u32>) -> BoxedStrategy<Value> {
    let compared = prop_oneof![
        4 => time(),
        3 => select(vec![
            json!({"is": "gold"}),
            json!({"is_not": "free"}),
            json!({"exists": false}),
            json!({"at_least": 5}),
            json!({"is_timestamp": true}),
        ]),
    ];
    let path = select(vec![
        "plan",
        "due",
        "due",
        "a.b[].c",
        "unsubscribed",
        "created_at",
    ]);
    let attribute = (path, compared).prop_map(|(path, mut compared)| {
        compared["attribute"] = path.into();
        compared
    });
    let events = select(vec![
        json!({"event": "buy"}),
        json!({"event": "shop_*"}),
        json!({"event": "buy", "where": [{"data": "n", "is": 1}]}),
        json!({"screen": "*"}),
    ]);
    let messages = select(vec![
        json!({"message": "delivered"}),
        json!({"message": "failed", "reason": "no_device"}),
        json!({"message": "sent", "channel": "push", "name": {"intent": "remind"}}),
        json!({"message": "sent", "journey": 2}),
    ]);
    let devices = prop_oneof![
        Just(json!({"device": {"app_version": {"at_least": "5.2"}, "permission": "granted"}})),
        time().prop_map(|time| json!({"device": {"platform": "ios", "last_used": time}})),
        time().prop_map(|time| json!({"device": {"not": {"refreshed": time}}})),
        alive().prop_map(|bounds| json!({"device": {"alive": bounds}})),
        alive().prop_map(|bounds| json!({"device": {"permission": "granted", "alive": bounds}})),
    ];
    let plain = select(vec![
        json!({"consent": "push"}),
        json!({"consent": "topic_1", "explicit": true}),
        json!({"reachable": "push"}),
        json!({"reachable": "email"}),
        json!({"token": "has"}),
        json!({"token": ["removed", "suspended"]}),
    ]);
    prop_oneof![
        3 => attribute,
        4 => events.prop_flat_map(counted),
        3 => messages.prop_flat_map(counted),
        2 => devices,
        1 => plain,
        1 => time().prop_map(|time| json!({ "active": time })),
        2 => select(ids).prop_map(|id| json!({ "segment": id })),
    ]
    .boxed()
}

/// Numbers of the data-driven segments, in the order in which they may ask about earlier ones.
pub(super) const IDS: [u32; 5] = [4, 2, 9, 1, 5];

/// Conditions for the segments [`IDS`]; 7 and 8 are kept by hand.
pub(super) fn conditions() -> impl Strategy<Value = Vec<Value>> {
    let each = (0..IDS.len()).map(|index| {
        let mut ids = vec![7, 8];
        ids.extend(&IDS[..index]);
        check(ids).prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({ "all": all })),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|any| json!({ "any": any })),
                inner.prop_map(|not| json!({ "not": not })),
            ]
        })
    });
    each.collect::<Vec<_>>()
}

/// The messages that happenings are about.
pub(super) const MESSAGES: [(u64, Channel, &str); 3] = [
    (1, Channel::Push, "Cart | Push | 1h | Remind"),
    (2, Channel::Push, "Win-back | Push | 30d | Offer"),
    (2, Channel::Sms, "Win-back | SMS | 31d | Remind"),
];
