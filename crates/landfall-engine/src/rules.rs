//! A workspace's rules of sending: its zone, quiet hours, caps, duplicates, and subscription topics.
//!
//! One document, replaced as a whole. What is live is compiled anew when it changes, so it counts for every
//! message that is decided or handed over from then on.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use landfall_audience::definition::{Fault, Place, read};
use landfall_audience::{Policy, Zone};
use landfall_store::{DocumentKind, Store, StoreError};
use serde_json::{Map, Value, json};

use crate::journeys::{self, Journey, JourneyState};
use crate::segments::Build;
use crate::workspace::Workspace;

/// Most topics of a workspace.
pub const TOPICS_MAX: usize = 200;
/// Longest identifier of a topic in bytes.
pub const TOPIC_BYTES_MAX: usize = 100;
/// What stands beside the parts of a policy.
const OTHERS: [&str; 2] = ["zone", "topics"];

/// The rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SendingRules {
    /// The zone of people who have none: for quiet hours, and for every local time of segments and
    /// journeys.
    pub zone: Zone,
    /// Quiet hours, caps, duplicates.
    pub policy: Policy,
    /// Subscription topics by identifier, such as `topic_1` (semantics.md 6.8).
    pub topics: BTreeMap<String, Topic>,
}

/// A subscription topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name, for people.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Whether somebody who never chose gets its messages.
    pub subscribed_by_default: bool,
}

/// Why rules were not stored.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// They have faults.
    #[error("the rules have {} faults", .0.len())]
    Faults(Vec<Fault>),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SendingRules {
    /// Reads rules. What they leave out there is not: no quiet hours, no caps, universal time.
    ///
    /// # Errors
    /// Every fault, with its place and what to do about it.
    pub fn from_json(json: &Value) -> Result<Self, Vec<Fault>> {
        read(json, "", rules)
    }

    /// The rules as JSON, with every part.
    pub fn to_json(&self) -> Value {
        let topics = self.topics.iter();
        let topics: Map<String, Value> = topics
            .map(|(id, topic)| (id.clone(), topic.to_json()))
            .collect();
        let mut json = self.policy.to_json();
        json["zone"] = self.zone.name().into();
        json["topics"] = topics.into();
        json
    }

    /// Topics that people get only after a yes.
    pub(crate) fn opt_in_topics(&self) -> BTreeSet<String> {
        let asking = self.topics.iter();
        let asking = asking.filter(|(_, topic)| !topic.subscribed_by_default);
        asking.map(|(id, _)| id.clone()).collect()
    }

    /// The rules of a store; without any, those that forbid nothing.
    pub(crate) fn read(store: &(impl Store + ?Sized)) -> Result<Self, StoreError> {
        let Some(document) = store.documents(DocumentKind::SendingRules)?.pop() else {
            return Ok(Self::default());
        };
        let corrupt = |why: String| StoreError::corrupt("documents", document.id, why);
        let json =
            serde_json::from_str(&document.body).map_err(|error| corrupt(error.to_string()))?;
        Self::from_json(&json).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            corrupt(faults.join("; "))
        })
    }

    fn write(&self, store: &dyn Store) -> Result<(), StoreError> {
        let body = self.to_json().to_string();
        match store.documents(DocumentKind::SendingRules)?.pop() {
            Some(known) => store
                .replace_document(DocumentKind::SendingRules, known.id, &body)
                .map(drop),
            None => store
                .insert_document(DocumentKind::SendingRules, &body)
                .map(drop),
        }
    }
}

impl Topic {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "subscribed_by_default": self.subscribed_by_default,
        })
    }
}

fn rules(place: &Place<'_>) -> Option<SendingRules> {
    let policy = Policy::parse_among(place, &Policy::default(), &OTHERS);
    let object = place.any_object()?;
    let zone = match object.optional("zone") {
        Some(place) => Zone::parse(&place),
        None => Some(Zone::UTC),
    };
    let topics = match object.optional("topics") {
        Some(place) => topics(&place),
        None => Some(BTreeMap::new()),
    };
    Some(SendingRules {
        zone: zone?,
        policy: policy?,
        topics: topics?,
    })
}

fn topics(place: &Place<'_>) -> Option<BTreeMap<String, Topic>> {
    let object = place.any_object()?;
    if object.entries().count() > TOPICS_MAX {
        let fix = format!("keep at most {TOPICS_MAX}");
        return place.refuse("these are too many topics", fix);
    }
    let read: Vec<Option<(String, Topic)>> = object
        .entries()
        .map(|(id, place)| Some((identifier(id, &place)?, topic(id, &place)?)))
        .collect();
    read.into_iter().collect()
}

/// Choices stand on people under the identifier, and a dot would divide it.
fn identifier(id: &str, place: &Place<'_>) -> Option<String> {
    let fits =
        !id.is_empty() && id.len() <= TOPIC_BYTES_MAX && id.trim() == id && !id.contains('.');
    if fits {
        return Some(id.to_owned());
    }
    let fix = format!("write 1 to {TOPIC_BYTES_MAX} bytes without dots, such as `topic_1`");
    place.refuse(format!("`{id}` is no identifier of a topic"), fix)
}

fn topic(id: &str, place: &Place<'_>) -> Option<Topic> {
    let object = place.object(&["name", "description", "subscribed_by_default"])?;
    let text = |key: &str| match object.optional(key) {
        Some(place) => place.text().map(|text| Some(text.to_owned())),
        None => Some(None),
    };
    let (name, description) = (text("name"), text("description"));
    let subscribed = match object.optional("subscribed_by_default") {
        Some(place) => place.boolean(),
        None => Some(true),
    };
    Some(Topic {
        name: name?.unwrap_or_else(|| id.to_owned()),
        description: description?,
        subscribed_by_default: subscribed?,
    })
}

impl Workspace {
    /// The workspace's rules of sending.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sending_rules(&self) -> Result<SendingRules, StoreError> {
        self.read(|store| SendingRules::read(store)).await
    }

    /// Replaces the workspace's rules of sending. They count for whatever is decided or handed
    /// over from now on; what is held already is asked about again when it is due.
    ///
    /// # Errors
    /// When they have faults, or the store cannot be written. The old rules stay then.
    pub async fn set_sending_rules(&self, json: &Value) -> Result<SendingRules, RulesError> {
        let rules = SendingRules::from_json(json).map_err(RulesError::Faults)?;
        let _one_at_a_time = self.shared.defining.lock().await;
        let stored = rules.clone();
        let before = self
            .read(move |store| {
                let before = SendingRules::read(store)?;
                stored.write(store)?;
                Ok(before)
            })
            .await?;
        self.reload_live().await?;
        if before.zone != rules.zone {
            self.look_at_dates_again().await?;
        }
        Ok(rules)
    }

    /// Dates of people without a zone come at other moments now: everybody is looked at once.
    async fn look_at_dates_again(&self) -> Result<(), StoreError> {
        let all = self.read(|store| journeys::all(store)).await?;
        for (id, journey) in all {
            if journey.state == JourneyState::Running {
                let build = Some(Build::default());
                self.keep_journey(id, &Journey { build, ..journey }).await?;
            }
        }
        self.shared.segments_changed.notify_one();
        Ok(())
    }
}
