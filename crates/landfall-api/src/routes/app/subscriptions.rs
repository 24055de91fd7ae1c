//! What people agreed to receive (app-api.md 4 and 12).

use std::collections::BTreeMap;

use landfall_domain::person::Person;
use landfall_engine::rules::Topic;
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, Path};
use super::params::Params;
use super::people::SCAN;
use super::view::Identifiers;

/// `GET /v1/customers/{id}/subscription_preferences`: every topic of the workspace, and every other one
/// that the person chose about.
pub(super) async fn of_customer(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    let known = door.workspace().sending_rules().await?.topics;
    door.view()
        .answer(move |view| {
            let person = view.named(&id, &params)?;
            let topics: Vec<Value> = topics(&person, &known)
                .into_iter()
                .map(|(identifier, subscribed)| {
                    let topic = shown(identifier, known.get(identifier));
                    json!({
                        "id": topic["id"],
                        "identifier": identifier,
                        "name": topic["name"],
                        "subscribed": subscribed,
                    })
                })
                .collect();
            let channels: Vec<Value> = person
                .consent
                .channels
                .iter()
                .map(|(name, choice)| json!({ "name": name, "subscribed": choice.subscribed }))
                .collect();
            Ok(json!({ "customer": {
                "id": person.id,
                "identifiers": Identifiers::of(&person),
                "unsubscribed": person.is_unsubscribed(),
                "topics": topics,
                "channels": channels,
            } }))
        })
        .await
}

/// What the person gets: what was chosen, or else what the topic is by default (semantics.md 6.8).
fn topics<'a>(person: &'a Person, known: &'a BTreeMap<String, Topic>) -> BTreeMap<&'a str, bool> {
    let defaults = known.iter();
    let defaults = defaults.map(|(id, topic)| (id.as_str(), topic.subscribed_by_default));
    let choices = person.consent.topics.iter();
    let choices = choices.map(|(id, choice)| (id.as_str(), choice.subscribed));
    defaults.chain(choices).collect()
}

/// A topic. One that nobody defined has nothing but its identifier.
fn shown(identifier: &str, topic: Option<&Topic>) -> Value {
    let number = identifier.strip_prefix("topic_");
    json!({
        "id": number.and_then(|number| number.parse::<u64>().ok()),
        "identifier": identifier,
        "name": topic.map_or(identifier, |topic| topic.name.as_str()),
        "description": topic.and_then(|topic| topic.description.as_deref()),
        "subscribed_by_default": topic.is_none_or(|topic| topic.subscribed_by_default),
    })
}

/// `GET /v1/subscription_topics`: every topic of the workspace, and every other one that anybody chose
/// about, by identifier.
pub(super) async fn known_topics(door: Door) -> Answer {
    let known = door.workspace().sending_rules().await?.topics;
    door.view()
        .answer(move |view| {
            let mut topics: BTreeMap<String, Option<Topic>> = known
                .into_iter()
                .map(|(id, topic)| (id, Some(topic)))
                .collect();
            let mut after = None;
            loop {
                let people = view.store().people_after(after, SCAN)?;
                let Some(last) = people.last() else { break };
                after = Some(last.key);
                for person in people.iter().filter(|person| person.is_known()) {
                    for id in person.consent.topics.keys() {
                        topics.entry(id.clone()).or_default();
                    }
                }
            }
            let topics = topics.iter();
            let topics: Vec<Value> = topics
                .map(|(id, topic)| shown(id, topic.as_ref()))
                .collect();
            Ok(json!({ "topics": topics }))
        })
        .await
}
