//! Forecasts of journeys over people whose answers can be worked out by hand.

use std::collections::BTreeMap;

use landfall_domain::channel::{Channel, Platform};
use landfall_domain::event_data::EventData;
use landfall_domain::input::{Body, Input};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_journey::Refusal;
use serde_json::{Value, json};

use super::house::House;
use crate::forecast::{Kind, People};
use crate::segments::Segment;
use crate::tests::launch::launch;
use crate::tests::shop::{
    DAY, HOUR, NOW, device, device_of, identify, merge, push, reported, track, who,
};

/// A push an hour after the cart changed; else a text message for 0.07, else a mail for 0.001.
fn cart() -> Value {
    let name = |step: &str| json!({"step": step, "delay": "1h", "intent": "Remind"});
    json!({
        "id": "cart",
        "name": "Cart Recovery",
        "trigger": {"event": "cart_updated"},
        "entry": {"filter": {"not": {"attribute": "plan", "is": "staff"}}},
        "steps": [
            {"id": "wait", "delay": "1h"},
            {"id": "compare", "holdout": 50},
            {"id": "remind", "reach": {"channels": [
                {"push": {"body": "It waits"}, "not_delivered_within": "30m", "name": name("Push 1")},
                {"sms": {"body": "It waits"}, "needs_opt_in": true, "cost": "0.07", "name": name("SMS 1")},
                {"email": {"subject": "Cart", "body": "It waits"}, "cost": "0.001", "name": name("Mail 1")}]}}
        ]
    })
}

/// A person with these attributes and addresses.
fn member(id: &str, more: &[(&str, Value)]) -> Input {
    let mut input = identify(NOW - 40 * DAY, id, []);
    if let Body::Identify {
        attributes, claims, ..
    } = &mut input.body
    {
        let text = |wanted: &str| {
            let found = more.iter().find(|(name, _)| *name == wanted)?;
            found.1.as_str().map(str::to_owned)
        };
        (claims.email, claims.phone) = (text("email"), text("phone"));
        let others = more
            .iter()
            .filter(|(name, _)| !["email", "phone"].contains(name));
        *attributes = others
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
    }
    input
}

fn mailed(id: &str, more: &[(&str, Value)]) -> Input {
    let mut all = vec![("email", json!(format!("{id}@shop.example")))];
    all.extend(more.iter().cloned());
    member(id, &all)
}

/// Seven people who did the event, and one who did not.
async fn people(house: &House) {
    let texts = [
        ("phone", json!("+12025550143")),
        ("cio_subscription_preferences.channels.sms", json!(true)),
    ];
    let out = [("unsubscribed", json!(true))];
    house
        .take(vec![
            mailed("ios", &[]),
            device(NOW - DAY, who("ios"), "t1", &[("push_enabled", "true")]),
            mailed("off", &texts),
            device_of(
                Platform::Android,
                NOW - DAY,
                who("off"),
                "t2",
                &[("push_enabled", "false")],
            ),
            mailed("mail", &[]),
            mailed("out", &out),
            member("nothing", &[]),
            mailed("staff", &[("plan", json!("staff"))]),
            mailed("former", &[]),
            mailed("idle", &[]),
        ])
        .await;
    let did = |id: &str, ago: i64| track(NOW - ago, id, "cart_updated");
    house
        .take(vec![
            did("ios", HOUR),
            did("ios", 10 * DAY),
            did("ios", 11 * DAY),
            did("off", 2 * DAY),
            did("mail", 20 * DAY),
            did("out", HOUR),
            did("nothing", HOUR),
            did("staff", HOUR),
            did("former", 3 * DAY),
            track(NOW - HOUR, "idle", "app_opened"),
        ])
        .await;
    house
        .take(vec![merge(NOW, who("mail"), who("former"))])
        .await;
}

fn on(people: &People, platform: Option<Platform>) -> u64 {
    people.by_platform.get(&platform).copied().unwrap_or(0)
}

#[tokio::test]
async fn an_event_trigger_counts_who_did_it_lately_who_is_covered_and_what_fallback_costs() {
    let house = House::new();
    people(&house).await;
    house.apply(&cart()).await;
    let told = house.workspace().forecast("cart").await.expect("reads");
    assert_eq!(told.base.kind, Kind::Event);
    assert_eq!(told.base.people, 6, "a merged record is its survivor");
    // ios in two weeks, mail in two, the other four in one: eight in four weeks.
    assert_eq!(told.base.per_week, Some(2));
    assert_eq!(told.kept_out, BTreeMap::from([(Refusal::FilterUnmet, 1)]));
    assert_eq!(told.qualified.all, 5);
    assert_eq!(on(&told.qualified, Some(Platform::Ios)), 1);
    assert_eq!(on(&told.qualified, Some(Platform::Android)), 1);
    assert_eq!(on(&told.qualified, None), 3);
    assert_eq!(
        (told.covered.all, on(&told.covered, Some(Platform::Ios))),
        (1, 1)
    );
    assert_eq!(told.eligible.all, 3, "ios, off and mail");
    let [remind] = &told.intents[..] else {
        panic!("{:?}", told.intents);
    };
    assert_eq!(remind.intent.share, 5_000);
    assert_eq!((&remind.first[..], remind.unreached), (&[1, 1, 1][..], 2));
    let push = &remind.closed[0];
    assert_eq!(push.get(&Reason::PermissionDenied), Some(&1));
    assert_eq!(push.get(&Reason::UnsubscribedGlobal), Some(&1));
    assert_eq!(push.get(&Reason::NoDevice), Some(&2));
    // Half of them come to it. Least: one text and one mail. Most: one text and three mails.
    let half = |micros: u64| micros / 2;
    assert_eq!(told.fallback.least, half(70_000) + half(1_000));
    assert_eq!(told.fallback.most, half(71_000) + half(1_000) + half(1_000));
    assert_eq!(told.fallback.expected, None);
    let week = told.weekly.expect("it is known");
    assert_eq!(week.people, 2, "five sixths of two");
    assert!(told.assumptions[0].contains("`cart_updated` in the last 28 days"));
}

#[tokio::test]
async fn a_draft_is_forecast_like_what_it_would_become_and_says_what_it_cannot_know() {
    let house = House::new();
    people(&house).await;
    let workspace = house.workspace();
    let drafted = workspace.forecast_draft(&cart()).await.expect("reads");
    assert_eq!(drafted.journey.version, 1);
    assert!(
        workspace.find_journey("cart").await.is_err(),
        "it is not stored"
    );
    house.apply(&cart()).await;
    let applied = workspace.forecast("cart").await.expect("reads");
    assert_eq!(
        (&drafted.qualified, &drafted.covered, &drafted.eligible),
        (&applied.qualified, &applied.covered, &applied.eligible)
    );
    assert_eq!(drafted.fallback, applied.fallback);
    assert_eq!(drafted.assumptions, applied.assumptions);

    let mut changed = cart();
    changed["entry"] = json!({"filter": {"event": "wishlist_shared", "within": "7d"}});
    let told = workspace.forecast_draft(&changed).await.expect("reads");
    assert_eq!((told.journey.version, told.qualified.all), (2, 0));
    assert!(
        told.assumptions[1].contains("not counted yet"),
        "{:?}",
        told.assumptions
    );
    house.apply(&changed).await;
    let told = workspace.forecast("cart").await.expect("reads");
    assert!(!told.assumptions[1].contains("not counted yet"));
    changed["steps"] = json!([]);
    assert!(
        workspace.forecast_draft(&changed).await.is_err(),
        "it has faults"
    );
}

#[tokio::test]
async fn whoever_is_in_the_journey_or_was_too_lately_does_not_qualify() {
    let house = House::new();
    people(&house).await;
    house.apply(&cart()).await;
    let workspace = house.workspace();
    launch(workspace, "cart").await.expect("starts");
    house
        .take(vec![track(house.now(), "ios", "cart_updated")])
        .await;
    let told = workspace.forecast("cart").await.expect("reads");
    assert_eq!(told.kept_out.get(&Refusal::AlreadyIn), Some(&1));
    assert_eq!(told.qualified.all, 4);
    let mut once = cart();
    once["entry"]["frequency"] = "once".into();
    house.apply(&once).await;
    house.wait(2 * HOUR).await;
    let told = workspace.forecast("cart").await.expect("reads");
    assert_eq!(told.kept_out.get(&Refusal::TooOften), Some(&1));
}

#[tokio::test]
async fn a_segment_trigger_counts_its_members_and_a_call_everybody() {
    let house = House::new();
    people(&house).await;
    let workspace = house.workspace();
    let condition = json!({"attribute": "email", "is": "mail@shop.example"});
    let segment = Segment::new("Mail", "", Some(condition), workspace.now());
    let number = workspace.add_segment(segment).await.expect("is made");
    let mut of_segment = cart();
    of_segment["trigger"] = json!({ "segment_entered": number });
    house.apply(&of_segment).await;
    let told = workspace.forecast("cart").await.expect("reads");
    assert_eq!((told.base.kind, told.base.people), (Kind::Segment, 1));
    assert_eq!(told.qualified.all, 1);
    assert_eq!(told.base.per_week, Some(0), "one in four weeks");
    let mut called = cart();
    called["trigger"] = "api".into();
    house.apply(&called).await;
    let told = workspace.forecast("cart").await.expect("reads");
    assert_eq!((told.base.kind, told.base.people), (Kind::Everybody, 7));
    assert_eq!((told.base.per_week, told.weekly), (None, None));
}

#[tokio::test]
async fn a_date_trigger_counts_whose_date_comes_and_a_product_trigger_who_is_interested() {
    let house = House::new();
    let soon = (NOW + 10 * DAY, NOW + 40 * DAY);
    house
        .take(vec![
            mailed("soon", &[("renewal", json!(soon.0))]),
            mailed("later", &[("renewal", json!(soon.1))]),
            mailed("wisher", &[("wishlist", json!(["shoes"]))]),
            mailed("viewer", &[]),
        ])
        .await;
    let mut view = track(NOW - DAY, "viewer", "product_viewed");
    let mut stock = track(NOW - HOUR, "wisher", "restocked");
    for input in [&mut view, &mut stock] {
        if let Body::Track { data, .. } = &mut input.body {
            *data = EventData::from(&json!({"sku": "shoes"}));
        }
    }
    house.take(vec![view, stock]).await;
    let mut dated = cart();
    dated["trigger"] = json!({"date": {"attribute": "renewal", "at": "10:00"}});
    house.apply(&dated).await;
    let told = house.workspace().forecast("cart").await.expect("reads");
    assert_eq!((told.base.kind, told.base.people), (Kind::Date, 1));
    let mut product = cart();
    product["trigger"] = json!({"product": {"event": "restocked", "product": "sku", "within": "30d",
        "interest": [{"event": "product_viewed", "product": "sku"}, {"attribute": "wishlist"}]}});
    house.apply(&product).await;
    let told = house.workspace().forecast("cart").await.expect("reads");
    assert_eq!((told.base.kind, told.base.people), (Kind::Product, 2));
    assert!(
        told.base.told.contains("`restocked` happened 1 times"),
        "{}",
        told.base.told
    );
}

#[tokio::test]
async fn what_channels_did_before_yesterday_is_measured_and_expected_again() {
    let house = House::new();
    people(&house).await;
    house.apply(&cart()).await;
    let at = NOW - 3 * DAY;
    let told = (0..200).map(|n| {
        let mut marks = vec![(Mark::Sent, at)];
        if n % 4 == 0 {
            marks.push((Mark::Delivered, at + 5));
        }
        reported(push(&format!("d{n}"), "ios", &marks))
    });
    house.take(told.collect()).await;
    let told = house.workspace().forecast("cart").await.expect("reads");
    let pushes = told
        .measured
        .iter()
        .find(|sum| sum.channel == Channel::Push);
    let pushes = pushes.expect("they were measured");
    assert_eq!(
        (pushes.attempted, pushes.failed, pushes.delivered),
        (200, 0, 50)
    );
}
