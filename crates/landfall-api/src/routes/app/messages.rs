//! Deliveries as the App API shows them (app-api.md 3).

use std::collections::BTreeMap;

use landfall_domain::delivery::{Delivery, Said};
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::person::Person;
use landfall_domain::status::{self, Outcome};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, Path};
use super::ledger::Wanted;
use super::names::channel_name;
use super::params::Params;
use super::refusal::Refusal;
use super::view::{Identifiers, View};

/// Months that a list of all deliveries, or of one person's, looks back.
const MONTHS: i64 = 6;

/// The metrics that a message object may tell, with the names that Customer.io gives them.
const SHOWN: [Mark; 17] = [
    Mark::Created,
    Mark::Drafted,
    Mark::Sent,
    Mark::Delivered,
    Mark::Opened,
    Mark::HumanOpened,
    Mark::PrefetchOpened,
    Mark::Clicked,
    Mark::HumanClicked,
    Mark::PrefetchClicked,
    Mark::Converted,
    Mark::Bounced,
    Mark::Dropped,
    Mark::Failed,
    Mark::Undeliverable,
    Mark::Spammed,
    Mark::Unsubscribed,
];

/// A delivery.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    id: String,
    deduplicate_id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    customer_id: Option<String>,
    customer_identifiers: Option<Identifiers>,
    recipient: Option<String>,
    subject: Option<String>,
    metrics: BTreeMap<&'static str, i64>,
    created: i64,
    failure_message: Option<String>,
    campaign_id: Option<u64>,
    broadcast_id: Option<u64>,
    newsletter_id: Option<u64>,
    transactional_message_id: Option<u64>,
    action_id: Option<u64>,
    parent_action_id: Option<u64>,
    content_id: Option<u64>,
    message_template_id: Option<u64>,
    msg_template_id: Option<u64>,
    trigger_event_id: Option<String>,
    trigger_id: Option<u64>,
    forgotten: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracked_responses: Option<Value>,
}

/// What messages need besides the deliveries.
pub(super) struct Surroundings {
    pub(super) people: BTreeMap<PersonKey, Person>,
    tokens: BTreeMap<DeviceKey, String>,
}

impl Surroundings {
    pub(super) fn load(view: &View, deliveries: &[Delivery]) -> Result<Self, Refusal> {
        let people = view.people(deliveries.iter().filter_map(|delivery| delivery.person))?;
        let targets = deliveries.iter().flat_map(|delivery| &delivery.targets);
        let mut devices: Vec<DeviceKey> = targets
            .filter_map(|target| match target.key {
                TargetKey::Device(device) => Some(device),
                TargetKey::Address(_) => None,
            })
            .collect();
        devices.sort_unstable();
        devices.dedup();
        let mut tokens = BTreeMap::new();
        for page in devices.chunks(10_000) {
            let found = view.store().tokens(page)?;
            tokens.extend(
                found
                    .into_iter()
                    .map(|record| (record.key, record.token.token)),
            );
        }
        Ok(Self { people, tokens })
    }

    /// Where it went: as reported, or else the tokens and addresses of its targets.
    pub(super) fn recipient(&self, delivery: &Delivery) -> Option<String> {
        if let Some(said) = text(delivery.about.recipient.as_ref()) {
            return Some(said);
        }
        let addresses: Vec<&str> = delivery
            .targets
            .iter()
            .filter_map(|target| match &target.key {
                TargetKey::Device(device) => self.tokens.get(device).map(String::as_str),
                TargetKey::Address(address) => Some(address),
            })
            .collect();
        (!addresses.is_empty()).then(|| addresses.join(", "))
    }
}

impl Message {
    pub(super) fn of(
        delivery: &Delivery,
        view: &View,
        around: &Surroundings,
        with_responses: bool,
    ) -> Self {
        let person = delivery.person.and_then(|key| around.people.get(&key));
        let message = view.catalogue.message(delivery.message);
        let number = |kind| message.filter(|m| m.source == kind).map(|m| m.source_id);
        let template = number(SourceKind::Transactional);
        let of_message = |field: fn(&MessageRef) -> Option<u64>| message.and_then(field);
        Self {
            id: delivery.id.clone(),
            deduplicate_id: format!("{}:{}", delivery.id, updated(delivery)),
            kind: channel_name(delivery.channel),
            customer_id: person.and_then(|person| person.id.clone()),
            customer_identifiers: person.map(Identifiers::of),
            recipient: around.recipient(delivery),
            subject: text(delivery.about.subject.as_ref()),
            metrics: metrics(delivery),
            created: delivery.created_at.seconds(),
            failure_message: failure(delivery),
            campaign_id: number(SourceKind::Campaign),
            broadcast_id: number(SourceKind::Broadcast),
            newsletter_id: number(SourceKind::Newsletter),
            transactional_message_id: template,
            action_id: of_message(|m| m.step_id),
            parent_action_id: of_message(|m| m.parent_step_id),
            content_id: of_message(|m| m.variant_id),
            message_template_id: template,
            msg_template_id: template,
            trigger_event_id: text(delivery.about.trigger_event_id.as_ref()),
            trigger_id: text(delivery.about.trigger_id.as_ref()).and_then(|id| id.parse().ok()),
            forgotten: delivery.about.content.is_none(),
            // Responses of in-app messages are not reported to us by name.
            tracked_responses: with_responses.then(|| json!({})),
        }
    }
}

/// Metric name to the second of its first time; only what happened.
pub(super) fn metrics(delivery: &Delivery) -> BTreeMap<&'static str, i64> {
    let view = delivery.view();
    let mut metrics: BTreeMap<&'static str, i64> = SHOWN
        .into_iter()
        .filter_map(|mark| Some((mark.name(), view.at(mark)?.seconds())))
        .collect();
    if status::outcome(delivery) == Outcome::Expired
        && let Some(expired) = view.at(Mark::Expired)
    {
        metrics
            .entry(Mark::Failed.name())
            .or_insert(expired.seconds());
    }
    metrics
}

/// What went wrong, in the reporter's words: of the delivery, or else the latest of its targets.
pub(super) fn failure(delivery: &Delivery) -> Option<String> {
    let of_targets = || {
        delivery
            .targets
            .iter()
            .filter_map(|target| target.failure_message.as_ref())
            .max()
            .cloned()
    };
    delivery
        .about
        .failure_message
        .clone()
        .or_else(of_targets)
        .map(|said| said.text)
}

fn updated(delivery: &Delivery) -> i64 {
    let latest = delivery.view().iter().map(|mark| mark.at.seconds()).max();
    latest.unwrap_or(delivery.created_at.seconds())
}

fn text(said: Option<&Said>) -> Option<String> {
    said.map(|said| said.text.clone())
}

/// A page of messages as a list call answers it.
pub(super) fn page(view: &View, wanted: &Wanted, params: &Params) -> Result<Value, Refusal> {
    let with_responses = params.flag("get_tracked_responses")?;
    let page = view.page(wanted, params)?;
    let around = Surroundings::load(view, &page.deliveries)?;
    let messages: Vec<Message> = page
        .deliveries
        .iter()
        .map(|delivery| Message::of(delivery, view, &around, with_responses))
        .collect();
    Ok(json!({ "messages": messages, "next": page.next }))
}

/// `GET /v1/messages`.
pub(super) async fn list(door: Door, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let wanted = Wanted::default()
                .filtered(&params)?
                .within(&params, view.now, MONTHS)?;
            page(view, &wanted, &params)
        })
        .await
}

/// `GET /v1/customers/{id}/messages`.
pub(super) async fn of_customer(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let person = view.named(&id, &params)?;
            let wanted = Wanted::to(person.key).filtered(&params)?;
            page(view, &wanted.within(&params, view.now, MONTHS)?, &params)
        })
        .await
}

fn one(view: &View, id: &str) -> Result<Delivery, Refusal> {
    let found = view.store().delivery(id)?;
    found.ok_or_else(|| Refusal::missing(format!("no message with id `{id}`")))
}

/// `GET /v1/messages/{id}`.
pub(super) async fn get(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let delivery = one(view, &id)?;
            let with_responses = params.flag("get_tracked_responses")?;
            let around = Surroundings::load(view, std::slice::from_ref(&delivery))?;
            let mut body =
                json!({ "message": Message::of(&delivery, view, &around, with_responses) });
            if params.flag("archived_message")?
                && let Ok(archived) = archived_message(&delivery, &around)
            {
                body["archived_message"] = archived;
            }
            Ok(body)
        })
        .await
}

/// `GET /v1/messages/{id}/archived_message`.
pub(super) async fn archived(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let delivery = one(view, &id)?;
            let around = Surroundings::load(view, std::slice::from_ref(&delivery))?;
            Ok(json!({ "archived_message": archived_message(&delivery, &around)? }))
        })
        .await
}

fn archived_message(delivery: &Delivery, around: &Surroundings) -> Result<Value, Refusal> {
    let content = text(delivery.about.content.as_ref()).ok_or_else(|| {
        Refusal::missing(format!(
            "the content of message `{}` was not retained",
            delivery.id
        ))
    })?;
    Ok(json!({
        "id": delivery.id,
        "type": channel_name(delivery.channel),
        "recipient": around.recipient(delivery),
        "subject": text(delivery.about.subject.as_ref()),
        "body": content,
        "forgotten": false,
    }))
}
