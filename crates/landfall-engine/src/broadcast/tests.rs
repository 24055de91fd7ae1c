//! Broadcasts on a real store.

use landfall_audience::Filter;
use landfall_domain::content::{Content, EmailContent, PushContent};
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, Input, Source};
use landfall_domain::reason::Reason;
use landfall_domain::status::{Outcome, outcome, reason};
use serde_json::{Value, json};

use super::*;
use crate::definitions::{Definition, Kind};
use crate::tests::shop::{self, Shop};

fn definition(content: Content) -> Definition {
    Definition {
        number: 12,
        name: "Flash sale".to_owned(),
        description: None,
        trigger_name: None,
        content,
        translations: std::collections::BTreeMap::new(),
        audience: None,
        to: None,
        ttl_seconds: None,
        send_to_unsubscribed: false,
        topic: None,
        policy: None,
        queue_drafts: false,
        hide_message_body: false,
        created_at: shop::seconds(shop::NOW),
        updated_at: shop::seconds(shop::NOW),
    }
}

fn push() -> Content {
    Content::Push(Box::new(PushContent {
        title: Some("{{ trigger.headline }}".to_owned()),
        ..PushContent::default()
    }))
}

fn who(id: &str) -> Identifier {
    Identifier::new(IdentifierKind::Id, id).expect("not blank")
}

fn identify(id: &str, attributes: &Value) -> Input {
    Input {
        source: Source::TrackV1,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body: Body::Identify {
            who: who(id),
            claims: Claims {
                email: Some(format!("{id}@example.org")),
                ..Claims::default()
            },
            attributes: serde_json::from_value(attributes.clone()).expect("attributes"),
            update_only: false,
        },
    }
}

fn trigger(audience: Audience) -> Trigger {
    Trigger {
        number: 0,
        broadcast: 12,
        part_of: None,
        created_at: shop::seconds(shop::NOW),
        audience,
        data: json!({"headline": "Half price"}),
        progress: Progress::default(),
    }
}

async fn people(workspace: &Workspace, count: usize) {
    let inputs = (0..count).map(|person| {
        let plan = if person % 2 == 0 { "pro" } else { "free" };
        identify(&format!("p{person}"), &json!({"plan": plan}))
    });
    let inputs: Vec<Input> = inputs.collect();
    for some in inputs.chunks(2_000) {
        workspace.submit(some.to_vec()).await.unwrap();
    }
}

async fn turn_all(workspace: &Workspace) -> Trigger {
    let broadcaster = Broadcaster::new(workspace.clone(), Network::default());
    while broadcaster.turn(workspace.now()).await.unwrap() == Turned::Pages {}
    workspace
        .triggers()
        .await
        .unwrap()
        .pop()
        .expect("a trigger")
        .1
}

#[tokio::test]
async fn everybody_who_passes_the_filter_gets_one_message() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    people(workspace, 4_500).await;
    workspace
        .define(Kind::Broadcast, definition(push()))
        .await
        .unwrap();
    let filter = json!({"attribute": {"field": "plan", "operator": "eq", "value": "pro"}});
    let filter = Filter::parse(&filter, "recipients").unwrap();
    workspace
        .trigger(trigger(Audience::Filter(filter)))
        .await
        .unwrap();
    let done = turn_all(workspace).await;
    assert_eq!(done.progress.state, TriggerState::Done);
    assert_eq!(done.progress.messages, 2_250);
    let deliveries = workspace.store().deliveries_after(None, 10_000).unwrap();
    assert_eq!(deliveries.len(), 2_250);
    // Nobody has a device here, and every delivery says so.
    assert!(
        deliveries
            .iter()
            .all(|delivery| reason(delivery) == Some(Reason::NoDevice))
    );
}

#[tokio::test]
async fn a_page_that_is_turned_twice_makes_nothing_twice() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    people(workspace, 100).await;
    workspace
        .define(Kind::Broadcast, definition(push()))
        .await
        .unwrap();
    let number = workspace
        .trigger(trigger(Audience::Everybody))
        .await
        .unwrap();
    let mut once = workspace.triggers().await.unwrap()[0].1.clone();
    expand::page(workspace, &mut once, workspace.now())
        .await
        .unwrap();
    // The process ended before it could note how far it was.
    let done = turn_all(workspace).await;
    assert_eq!(
        (done.number, done.progress.state),
        (number, TriggerState::Done)
    );
    let deliveries = workspace.store().deliveries_after(None, 1_000).unwrap();
    assert_eq!(deliveries.len(), 100);
}

#[tokio::test]
async fn a_list_names_people_with_data_of_their_own() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    people(workspace, 3).await;
    let email = Content::Email(Box::new(EmailContent {
        subject: Some("{{ trigger.headline }} {{ trigger.code }}".to_owned()),
        ..EmailContent::default()
    }));
    workspace
        .define(Kind::Broadcast, definition(email))
        .await
        .unwrap();
    let personal = |id: &str, data: Value| PersonalData { who: who(id), data };
    let audience = Audience::People {
        people: vec![
            personal("p0", json!({"code": "A"})),
            personal("nobody", Value::Null),
            personal("p1", Value::Null),
            personal("p0", Value::Null),
        ],
        ignore_missing: false,
        duplicates: false,
    };
    workspace.trigger(trigger(audience)).await.unwrap();
    let done = turn_all(workspace).await;
    assert_eq!(done.progress.errors, ["id nobody is not known"]);
    let deliveries = workspace.store().deliveries_after(None, 10).unwrap();
    assert_eq!(deliveries.len(), 2, "p0 is named twice and gets it once");
    let works = workspace.store().works_of(deliveries[0].key).unwrap();
    assert_eq!(
        works[0].order.data,
        json!({"headline": "Half price", "code": "A"})
    );
    assert_eq!(outcome(&deliveries[0]), Outcome::Pending);
    let recipient = deliveries[0].about.recipient.as_ref();
    assert_eq!(
        recipient.map(|said| said.text.as_str()),
        Some("p0@example.org")
    );
}

#[tokio::test]
async fn at_most_five_triggers_of_a_broadcast_wait() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    for _ in 0..QUEUED_MAX {
        workspace
            .trigger(trigger(Audience::Everybody))
            .await
            .unwrap();
    }
    let refused = workspace.trigger(trigger(Audience::Everybody)).await;
    assert!(matches!(refused, Err(TriggerError::TooMany)));
    // Their broadcast does not exist: they fail and say so.
    let done = turn_all(workspace).await;
    assert_eq!(done.progress.state, TriggerState::Failed);
    assert_eq!(done.progress.errors, ["broadcast 12 is gone"]);
}

#[tokio::test]
async fn a_file_is_taken_line_by_line_and_says_what_is_wrong_with_it() {
    use landfall_sim::http::{Canned, Fault};
    use landfall_sim::receiver::{Options, Receiver};
    use landfall_sim::script::{Rule, Script};
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    people(workspace, 10).await;
    workspace
        .define(Kind::Broadcast, definition(push()))
        .await
        .unwrap();
    let receiver =
        Receiver::start(Options::plain(Arc::new(landfall_domain::time::WallClock))).unwrap();
    let text = "{\"id\":\"p1\",\"data\":{\"code\":\"X\"}}\nnonsense\n{\"email\":\"p2@example.org\"}\n{\"id\":\"p1\"}\n";
    let answer = Fault::Canned(Canned::text(200, text));
    receiver
        .script()
        .replace(Script::of([Rule::always(answer)]));
    let file = |url: String| Audience::File {
        url,
        ignore_missing: true,
        duplicates: false,
    };
    let number = workspace
        .trigger(trigger(file(receiver.url("/people.json"))))
        .await
        .unwrap();
    let network = Network {
        private_allowed: true,
        ..Network::default()
    };
    let broadcaster = Broadcaster::new(workspace.clone(), network);
    while broadcaster.turn(workspace.now()).await.unwrap() == Turned::Pages {}
    let triggers = workspace.triggers().await.unwrap();
    assert!(
        triggers
            .iter()
            .all(|(_, trigger)| trigger.progress.state == TriggerState::Done)
    );
    assert!(triggers[0].1.progress.errors[0].starts_with("line 2: "));
    let deliveries = workspace.store().deliveries_after(None, 100).unwrap();
    assert_eq!(deliveries.len(), 2);
    let said = deliveries[0]
        .about
        .trigger_id
        .as_ref()
        .map(|said| said.text.clone());
    assert_eq!(said, Some(number.to_string()));
    // Without leave to call private addresses, it is refused, and the trigger says so.
    workspace
        .trigger(trigger(file(receiver.url("/people.json"))))
        .await
        .unwrap();
    let done = turn_all(workspace).await;
    assert_eq!(done.progress.state, TriggerState::Failed);
}
