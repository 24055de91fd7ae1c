//! Reading the ledger on from a cursor, as events for one webhook.

use std::ops::Range;

use landfall_domain::delivery::Delivery;
use landfall_domain::device::TokenKey;
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::message::MessageRef;
use landfall_domain::person::Person;
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::event_id::event_id;
use super::lanes::{LaneKey, Report};
use super::payload::{Event, Told, events};
use super::webhook::Settings;

/// Facts read at a time.
const FACTS: usize = 1_000;

/// A piece of the ledger.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Events with their lanes, in the order of the ledger.
    pub(super) reports: Vec<(LaneKey, Report)>,
    /// Number of the last fact that was looked at; `None`: there was none.
    pub(super) read_to: Option<u64>,
    /// Whether there was nothing after it.
    pub(super) is_last: bool,
}

/// Reads the facts after `after` and tells them as `settings` wishes.
pub(super) fn read(
    store: &dyn Store,
    workspace: &str,
    messages: &[MessageRef],
    settings: &Settings,
    after: u64,
) -> Result<Page, StoreError> {
    let facts = store.facts_after(after, FACTS)?;
    let mut page = Page {
        reports: Vec::new(),
        read_to: facts.last().map(|(number, _)| *number),
        is_last: facts.len() < FACTS,
    };
    let mut numbers: FxHashMap<DeliveryKey, Vec<u64>> = FxHashMap::default();
    let mut firsts: FxHashMap<DeliveryKey, &Fact> = FxHashMap::default();
    for (number, fact) in &facts {
        numbers.entry(fact.delivery).or_default().push(*number);
        firsts.entry(fact.delivery).or_insert(fact);
    }
    let mut keys: Vec<DeliveryKey> = numbers.keys().copied().collect();
    keys.sort_unstable();
    let loaded = Loaded::load(store, &keys, messages)?;
    for delivery in &loaded.deliveries {
        let (Some(numbers), Some(first)) = (numbers.get(&delivery.key), firsts.get(&delivery.key))
        else {
            continue;
        };
        let told = loaded.told(delivery);
        let Some(start) = told.facts.iter().position(|fact| fact == *first) else {
            continue;
        };
        let news: Range<usize> = start..start + numbers.len();
        for event in events(&told, news) {
            if settings.wants(&event) {
                let number = numbers[event.fact - start];
                let report = report(&event, number, workspace, &told, settings);
                page.reports.push((lane(delivery), report));
            }
        }
    }
    page.reports.sort_by_key(|(_, report)| report.number);
    Ok(page)
}

fn lane(delivery: &Delivery) -> LaneKey {
    match delivery.person {
        Some(person) => LaneKey::Person(person),
        None => LaneKey::Delivery(delivery.key),
    }
}

fn report(
    event: &Event,
    number: u64,
    workspace: &str,
    told: &Told<'_>,
    settings: &Settings,
) -> Report {
    let since = told.facts[event.fact].received_at;
    let id = event_id(workspace, number, &event.name, since);
    let mut data = event.data.clone();
    if settings.with_content {
        data.extend(event.content.clone());
    }
    Report {
        number,
        name: event.name.clone(),
        since,
        body: envelope(
            &id,
            event.object,
            event.metric,
            event.at.seconds(),
            &data.into(),
        ),
        id,
    }
}

/// The envelope of an event (reporting-webhooks.md 4).
pub(super) fn envelope(
    id: &str,
    object: &str,
    metric: &str,
    at_seconds: i64,
    data: &Value,
) -> String {
    json!({
        "event_id": id,
        "object_type": object,
        "metric": metric,
        "timestamp": at_seconds,
        "data": data,
    })
    .to_string()
}

/// Everything that the events of some deliveries say.
struct Loaded<'m> {
    deliveries: Vec<Delivery>,
    facts: FxHashMap<DeliveryKey, Vec<Fact>>,
    people: FxHashMap<PersonKey, Person>,
    tokens: FxHashMap<DeviceKey, TokenKey>,
    messages: &'m [MessageRef],
    /// Messages that another node made known.
    unlisted: Vec<MessageRef>,
}

impl<'m> Loaded<'m> {
    fn load(
        store: &dyn Store,
        keys: &[DeliveryKey],
        messages: &'m [MessageRef],
    ) -> Result<Self, StoreError> {
        let deliveries = store.deliveries(keys)?;
        let mut facts: FxHashMap<DeliveryKey, Vec<Fact>> = FxHashMap::default();
        for fact in store.facts(keys)? {
            facts.entry(fact.delivery).or_default().push(fact);
        }
        let mut people: Vec<PersonKey> = deliveries.iter().filter_map(|one| one.person).collect();
        people.sort_unstable();
        people.dedup();
        let people = store.people(&people)?.into_iter();
        let devices = deliveries.iter().flat_map(|one| &one.targets);
        let mut devices: Vec<DeviceKey> = devices
            .filter_map(|target| match &target.key {
                TargetKey::Device(device) => Some(*device),
                TargetKey::Address(_) => None,
            })
            .collect();
        devices.sort_unstable();
        devices.dedup();
        let tokens = store.tokens(&devices)?.into_iter();
        let known = |one: &Delivery| messages.len() > one.message.0 as usize;
        let unlisted = if deliveries.iter().all(known) {
            Vec::new()
        } else {
            let all = store.start()?.messages.into_iter();
            all.map(|entry| entry.message).collect()
        };
        Ok(Self {
            facts,
            people: people.map(|person| (person.key, person)).collect(),
            tokens: tokens.map(|record| (record.key, record.token)).collect(),
            messages,
            unlisted,
            deliveries,
        })
    }

    fn told<'a>(&'a self, delivery: &'a Delivery) -> Told<'a> {
        let message = delivery.message.0 as usize;
        let facts = self.facts.get(&delivery.key);
        Told {
            delivery,
            message: self
                .messages
                .get(message)
                .or_else(|| self.unlisted.get(message)),
            person: delivery.person.and_then(|key| self.people.get(&key)),
            tokens: &self.tokens,
            facts: facts.map(Vec::as_slice).unwrap_or_default(),
        }
    }
}
