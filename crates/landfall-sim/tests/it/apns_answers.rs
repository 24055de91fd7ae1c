//! What the simulated APNs answers to pushes that are right or wrong in one thing, and by script.

use bytes::Bytes;
use landfall_domain::time::{HOUR_MS, Timestamp};
use landfall_sim::apns::{ApnsAnswer, Ended, Environment, Fate, Moment, Outcome, Reason, Refusal};
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::truth::Recording;

use crate::apns_peer::{NOW, Peer, Push, TOKEN, start};

const ID: &str = "6d9d8f1e-9a3c-4a53-8a3e-9b1c5f1c7c01";

#[tokio::test]
async fn a_well_formed_push_is_accepted_and_its_id_comes_back() {
    let (sim, _) = start(|_| {});
    let mut peer = Peer::connect(&sim).await;
    let push = Push::to(TOKEN)
        .and("apns-id", Some(ID))
        .and("apns-priority", Some("5"))
        .and("apns-expiration", Some("0"))
        .and("apns-collapse-id", Some(&"é".repeat(32)));
    let answer = peer.push(&push).await;
    assert_eq!((answer.status, answer.text()), (200, String::new()));
    assert_eq!(answer.header("apns-id"), Some(ID));
    assert_eq!(answer.header("apns-unique-id"), None);
    let taken = sim.taken();
    assert_eq!(taken[0].ended, Ended::Accepted { answered: true });
    assert_eq!(taken[0].token, TOKEN);
    assert_eq!(taken[0].header("apns-id"), Some(ID));
    assert_eq!(taken[0].payload, push.body);
    assert_eq!(
        (taken[0].at, taken[0].connection, taken[0].stream),
        (NOW, 1, 1)
    );
}

#[tokio::test]
async fn an_id_is_made_where_none_was_sent_and_the_sandbox_gives_a_unique_one() {
    let (sim, _) = start(|options| options.environment = Environment::Sandbox);
    let mut peer = Peer::connect(&sim).await;
    let first = peer.push(&Push::to(TOKEN)).await;
    let second = peer.push(&Push::to(TOKEN)).await;
    assert_eq!(first.header("apns-id").map(str::len), Some(36));
    assert_ne!(first.header("apns-id"), second.header("apns-id"));
    assert!(first.header("apns-unique-id").is_some());
}

fn wrong_headers() -> Vec<(Push, Reason)> {
    let push = || Push::to(TOKEN);
    let with = |name, value: &str| push().header(name, Some(value));
    vec![
        (
            with("apns-collapse-id", &"x".repeat(65)),
            Reason::BadCollapseId,
        ),
        (
            with("apns-collapse-id", &"é".repeat(33)),
            Reason::BadCollapseId,
        ),
        (with("apns-expiration", "soon"), Reason::BadExpirationDate),
        (with("apns-expiration", "-1"), Reason::BadExpirationDate),
        (with("apns-expiration", "1.5"), Reason::BadExpirationDate),
        (with("apns-id", "1"), Reason::BadMessageId),
        (with("apns-id", &ID.replace('-', "")), Reason::BadMessageId),
        (with("apns-id", &ID.replace('6', "g")), Reason::BadMessageId),
        (with("apns-priority", "7"), Reason::BadPriority),
        (with("apns-priority", "high"), Reason::BadPriority),
        (with("apns-push-type", "banner"), Reason::InvalidPushType),
        (with("apns-push-type", "background"), Reason::BadPriority),
        (
            with("apns-push-type", "background").and("apns-priority", Some("10")),
            Reason::BadPriority,
        ),
        (push().header("apns-topic", None), Reason::MissingTopic),
        (with("apns-topic", "org example"), Reason::BadTopic),
        (with("apns-push-type", "voip"), Reason::BadTopic),
        (
            with("apns-topic", "org.example.other"),
            Reason::TopicDisallowed,
        ),
        (
            push().and("apns-topic", Some("org.example.app")),
            Reason::DuplicateHeaders,
        ),
        (
            with("apns-priority", "5").and("apns-priority", Some("10")),
            Reason::DuplicateHeaders,
        ),
    ]
}

fn wrong_otherwise() -> Vec<(Push, Reason)> {
    let push = || Push::to(TOKEN);
    let at = |path: &str| Push {
        path: path.to_owned(),
        ..push()
    };
    let by = |method| Push { method, ..push() };
    let voip = push()
        .header("apns-push-type", Some("voip"))
        .header("apns-topic", Some("org.example.app.voip"));
    vec![
        (push().body(Bytes::new()), Reason::PayloadEmpty),
        (push().body(vec![b' '; 4097]), Reason::PayloadTooLarge),
        (push().body(vec![b' '; 100_000]), Reason::PayloadTooLarge),
        (voip.body(vec![b' '; 5121]), Reason::PayloadTooLarge),
        (Push::to("zz"), Reason::BadDeviceToken),
        (Push::to("abc"), Reason::BadDeviceToken),
        (Push::to(&"ab".repeat(101)), Reason::BadDeviceToken),
        (at("/3/device/"), Reason::MissingDeviceToken),
        (at("/3/device"), Reason::MissingDeviceToken),
        (at("/3/devices/ab"), Reason::BadPath),
        (at("/3/device/ab/cd"), Reason::BadPath),
        (at("/"), Reason::BadPath),
        (by("GET"), Reason::MethodNotAllowed),
        (by("DELETE"), Reason::MethodNotAllowed),
    ]
}

#[tokio::test]
async fn each_thing_that_is_wrong_has_its_reason() {
    let (sim, _) = start(|options| options.apps = Some(vec!["org.example.app".to_owned()]));
    let mut peer = Peer::connect(&sim).await;
    for (push, reason) in wrong_headers().into_iter().chain(wrong_otherwise()) {
        let answer = peer.push(&push).await;
        assert_eq!(answer.reason(), reason.name(), "{push:?}");
        assert_eq!(answer.status, reason.status(), "{push:?}");
        assert_eq!(answer.frames.len(), 1, "one DATA frame");
        assert!(answer.header("apns-id").is_some());
    }
    assert_eq!(sim.counts().accepted, 0);
}

#[tokio::test]
async fn what_is_just_allowed_is_accepted() {
    let (sim, _) = start(|options| options.apps = Some(vec!["org.example.app".to_owned()]));
    let mut peer = Peer::connect(&sim).await;
    let push = || Push::to(TOKEN);
    let typed = |name: &'static str, suffix: &str| {
        push()
            .header("apns-push-type", Some(name))
            .header("apns-topic", Some(&format!("org.example.app{suffix}")))
    };
    let allowed = [
        push().body(vec![b' '; 4096]),
        typed("voip", ".voip").body(vec![b' '; 5120]),
        push().header("apns-collapse-id", Some(&"x".repeat(64))),
        push().header("apns-push-type", None),
        push().header("apns-expiration", Some("4102444800")),
        typed("background", "").header("apns-priority", Some("5")),
        typed("background", "").header("apns-priority", Some("1")),
        typed("complication", ".complication"),
        typed("fileprovider", ".pushkit.fileprovider"),
        typed("location", ".location-query"),
        typed("liveactivity", ".push-type.liveactivity"),
        typed("pushtotalk", ".voip-ptt"),
        typed("widgets", ".push-type.widgets"),
        typed("controls", ".push-type.controls"),
        typed("mdm", ""),
        Push::to("ab"),
        Push::to(&"AB".repeat(100)),
        push().and("x-other", Some("1")).and("x-other", Some("2")),
    ];
    for push in allowed {
        let answer = peer.push(&push).await;
        assert_eq!(answer.status, 200, "{push:?} {}", answer.text());
    }
}

#[tokio::test]
async fn every_documented_reason_is_answered_on_demand_with_its_status() {
    let (sim, _) = start(|_| {});
    let mut peer = Peer::connect(&sim).await;
    for reason in Reason::ALL {
        let answer = ApnsAnswer::from(*reason);
        sim.script().replace(Script::of([Rule::always(answer)]));
        let answer = peer.push(&Push::to(TOKEN)).await;
        assert_eq!(
            (answer.status, answer.reason()),
            (reason.status(), reason.name().to_owned())
        );
        assert_eq!(Reason::named(reason.name()), Some(*reason));
    }
    assert_eq!(sim.counts().refused.len(), Reason::ALL.len());
    assert_eq!(sim.counts().refused["BadTopic"], 1);
}

#[tokio::test]
async fn a_script_chooses_by_token_topic_and_facts_of_the_recipient() {
    let (sim, _) = start(|_| {});
    sim.script().facts().set("abcd", "app_version", "3.9");
    sim.script().replace(Script::of([
        Rule::new(Match::recipient("aa"), Reason::BadDeviceToken.into()),
        Rule::new(Match::prefix("dead"), Reason::Unregistered.into()),
        Rule::new(
            Match::fact("topic", "org.example.app.voip"),
            Reason::TopicDisallowed.into(),
        ),
        Rule::new(
            Match::fact("app_version", "3.9"),
            Reason::TooManyRequests.into(),
        ),
        Rule::new(
            Match::fact("push_type", "background"),
            Reason::Shutdown.into(),
        ),
        Rule::new(
            Match::fact("priority", "1"),
            Reason::InternalServerError.into(),
        ),
        Rule::new(Match::fact("collapse_id", "c"), Reason::Forbidden.into()),
        Rule::new(
            Match::fact("environment", "sandbox"),
            Reason::BadPath.into(),
        ),
    ]));
    let mut peer = Peer::connect(&sim).await;
    let cases = [
        (Push::to("aa"), "BadDeviceToken"),
        (Push::to("dead01"), "Unregistered"),
        (
            Push::to("01").header("apns-topic", Some("org.example.app.voip")),
            "TopicDisallowed",
        ),
        (Push::to("abcd"), "TooManyRequests"),
        (
            Push::to("01").header("apns-push-type", Some("background")),
            "Shutdown",
        ),
        (
            Push::to("01").header("apns-priority", Some("1")),
            "InternalServerError",
        ),
        (
            Push::to("01").header("apns-collapse-id", Some("c")),
            "Forbidden",
        ),
        (Push::to("01"), ""),
    ];
    for (push, reason) in cases {
        assert_eq!(peer.push(&push).await.reason(), reason, "{push:?}");
    }
    assert_eq!(sim.script().counts().rules, [1, 1, 1, 1, 1, 1, 1, 0]);
}

#[tokio::test]
async fn a_dead_token_comes_with_the_moment_that_was_chosen() {
    let (sim, _) = start(|_| {});
    let at = Timestamp::from_millis(1_454_948_015_990);
    let gone = Refusal::from(Reason::Unregistered);
    sim.script().replace(Script::of([
        Rule::new(
            Match::recipient("aa"),
            gone.clone().since(Moment::At(at)).into(),
        ),
        Rule::new(
            Match::recipient("bb"),
            gone.since(Moment::Ago(HOUR_MS)).into(),
        ),
    ]));
    let mut peer = Peer::connect(&sim).await;
    let first = peer.push(&Push::to("aa")).await;
    let second = peer.push(&Push::to("bb")).await;
    assert_eq!((first.status, first.timestamp()), (410, Some(at.millis())));
    let ago = NOW.plus_millis(-HOUR_MS).millis();
    assert_eq!((second.status, second.timestamp()), (410, Some(ago)));
}

#[tokio::test]
async fn answers_that_are_not_apples_own_and_split_bodies_come_on_demand() {
    let (sim, _) = start(|_| {});
    let edge = |status, body: &str| {
        ApnsAnswer::from(Outcome::Edge {
            status,
            body: body.to_owned(),
        })
    };
    let mut split = Refusal::of("SomethingNew");
    (split.split, split.status, split.retry_after) = (true, Some(429), Some(7));
    sim.script().replace(Script::of([
        Rule::new(Match::recipient("aa"), edge(502, "<html></html>")),
        Rule::new(Match::recipient("bb"), edge(403, "")),
        Rule::new(Match::recipient("cc"), split.into()),
    ]));
    let mut peer = Peer::connect(&sim).await;
    let page = peer.push(&Push::to("aa")).await;
    assert_eq!((page.status, page.text().as_str()), (502, "<html></html>"));
    let bare = peer.push(&Push::to("bb")).await;
    assert_eq!((bare.status, bare.text().as_str()), (403, ""));
    let split = peer.push(&Push::to("cc")).await;
    assert_eq!(
        (split.status, split.reason().as_str()),
        (429, "SomethingNew")
    );
    assert_eq!(
        (split.frames.len(), split.header("retry-after")),
        (2, Some("7"))
    );
    let counts = sim.counts();
    assert_eq!(counts.refused["502"], 1);
    assert_eq!(counts.refused["SomethingNew"], 1);
}

#[tokio::test]
async fn what_is_known_of_a_device_decides() {
    let (sim, _) = start(|options| options.only_registered = true);
    let since = NOW.plus_millis(-5);
    sim.register("aa", Some("org.example.app"));
    sim.register("bb", Some("org.example.other"));
    sim.register("cc", None);
    sim.unregister("dd", since);
    sim.expire("ee", since);
    sim.move_to_other_environment("ff");
    let mut peer = Peer::connect(&sim).await;
    let cases = [
        ("aa", "", None),
        ("bb", "DeviceTokenNotForTopic", None),
        ("cc", "", None),
        ("dd", "Unregistered", Some(since.millis())),
        ("ee", "ExpiredToken", Some(since.millis())),
        ("ff", "BadDeviceToken", None),
        ("0123", "BadDeviceToken", None),
    ];
    for (token, reason, timestamp) in cases {
        let answer = peer.push(&Push::to(token)).await;
        assert_eq!(answer.reason(), reason, "{token}");
        assert_eq!(answer.timestamp(), timestamp, "{token}");
    }
    // The app is installed again: the same token lives.
    sim.register("dd", Some("org.example.app"));
    assert_eq!(peer.push(&Push::to("dd")).await.status, 200);
}

#[tokio::test]
async fn counting_alone_keeps_no_requests() {
    let (sim, _) = start(|options| options.recording = Recording::Count);
    let mut peer = Peer::connect(&sim).await;
    peer.push(&Push::to("aa")).await;
    peer.push(&Push::to("zz")).await;
    assert!(sim.taken().is_empty());
    let counts = sim.counts();
    assert_eq!(
        (counts.connections, counts.requests, counts.accepted),
        (1, 2, 1)
    );
    assert_eq!(counts.refused["BadDeviceToken"], 1);
    assert_eq!(std::mem::size_of::<Fate>(), 1);
}

#[tokio::test]
async fn every_kind_of_answer_can_be_written_in_a_script_file() {
    let outcomes = [
        r#"{}"#,
        r#"{"outcome": "natural", "delay_ms": 5}"#,
        r#"{"outcome": {"refuse": {"reason": "Unregistered", "timestamp": {"ago": 1000}}}}"#,
        r#"{"outcome": {"refuse": {"reason": "X", "status": 429, "retry_after": 3, "split": true}}}"#,
        r#"{"outcome": {"refuse": {"reason": "Unregistered", "timestamp": {"at": 1000}}}}"#,
        r#"{"outcome": {"edge": {"status": 502, "body": "<html>"}}}"#,
        r#"{"outcome": "hold"}"#,
        r#"{"outcome": {"lost": "with_connection"}}"#,
        r#"{"outcome": {"lost": "with_stream"}}"#,
        r#"{"outcome": {"silent": {"processed": true}}}"#,
        r#"{"outcome": "tear"}"#,
        r#"{"outcome": "refuse_stream"}"#,
        r#"{"outcome": {"go_away": {"reason": "Shutdown", "processed": true}}}"#,
        r#"{"outcome": "half_open"}"#,
    ];
    for text in outcomes {
        let answer: ApnsAnswer = serde_json::from_str(text).expect(text);
        let back = serde_json::to_string(&answer).expect("writes");
        assert_eq!(
            serde_json::from_str::<ApnsAnswer>(&back).expect("reads"),
            answer
        );
    }
    assert!(serde_json::from_str::<ApnsAnswer>(r#"{"outcomes": "tear"}"#).is_err());
}
