//! What people agreed to receive (app-api.md 4 and 12).

use std::collections::BTreeSet;

use landfall_domain::person::Person;
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, Path};
use super::params::Params;
use super::people::SCAN;
use super::view::Identifiers;

/// `GET /v1/customers/{id}/subscription_preferences`.
pub(super) async fn of_customer(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let person = view.named(&id, &params)?;
            let topics: Vec<Value> = topics(&person)
                .into_iter()
                .map(|(name, subscribed)| {
                    let id = name
                        .strip_prefix("topic_")
                        .and_then(|id| id.parse::<u64>().ok());
                    json!({ "id": id, "identifier": name, "name": name, "subscribed": subscribed })
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

fn topics(person: &Person) -> Vec<(&str, bool)> {
    let choices = person.consent.topics.iter();
    choices
        .map(|(name, choice)| (name.as_str(), choice.subscribed))
        .collect()
}

/// `GET /v1/subscription_topics`: every topic that anybody chose about, by name.
pub(super) async fn known_topics(door: Door) -> Answer {
    door.view()
        .answer(move |view| {
            let mut names: BTreeSet<String> = BTreeSet::new();
            let mut after = None;
            loop {
                let people = view.store().people_after(after, SCAN)?;
                let Some(last) = people.last() else { break };
                after = Some(last.key);
                for person in people.iter().filter(|person| person.is_known()) {
                    names.extend(person.consent.topics.keys().cloned());
                }
            }
            let topics: Vec<Value> = names
                .iter()
                .map(|name| {
                    let id = name
                        .strip_prefix("topic_")
                        .and_then(|id| id.parse::<u64>().ok());
                    json!({ "id": id, "identifier": name, "name": name })
                })
                .collect();
            Ok(json!({ "topics": topics }))
        })
        .await
}
