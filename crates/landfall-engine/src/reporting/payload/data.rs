//! The part `data` of events: where the message came from, for whom it is, and what the metric adds.

use std::collections::BTreeMap;

use landfall_domain::channel::Platform;
use landfall_domain::content::{Content, EmailContent};
use landfall_domain::delivery::{Delivery, Said as SaidText};
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::message::{MessageRef, SourceKind};
use serde_json::{Map, Value, json};

use super::Told;
use super::course::Course;

/// What an event of a message is about.
pub(super) struct Said<'a> {
    pub(super) told: &'a Told<'a>,
    pub(super) fact: &'a Fact,
    /// The devices or addresses that it names.
    pub(super) targets: &'a [TargetKey],
    pub(super) course: &'a Course<'a>,
}

/// The data of a message's event (reporting-webhooks.md 6.1 to 6.6).
pub(super) fn of_message(object: &str, metric: &str, said: &Said<'_>) -> Map<String, Value> {
    let mut data = of_delivery(said.told);
    let mut put = |field: &str, value: Value| {
        data.insert(field.to_owned(), value);
    };
    let (recipient, subject, failure) = fields(object, metric);
    if object == "push" {
        if recipient {
            put("recipients", said.recipients(metric));
        }
    } else if recipient {
        put("recipient", said.recipient().into());
    }
    if subject {
        put(
            "subject",
            text(said.told.delivery.about.subject.as_ref()).into(),
        );
    }
    if failure {
        put("failure_message", said.failure().into());
    }
    if metric == "clicked" {
        // Both are required; a link that nobody numbered is number 0.
        put("href", said.fact.href.clone().unwrap_or_default().into());
        put("link_id", said.fact.link_id.unwrap_or(0).into());
    }
    data
}

/// Which fields a metric has: recipient or recipients, subject, failure message.
fn fields(object: &str, metric: &str) -> (bool, bool, bool) {
    let email = object == "email";
    match (object, metric) {
        ("email", "drafted") => (true, true, false),
        (_, "drafted") | ("in_app", "opened") => (false, false, false),
        (_, "attempted") => (false, false, true),
        (_, "failed") => (false, email, true),
        ("email", "undeliverable" | "bounced" | "dropped" | "deferred") => (true, true, true),
        (_, "undeliverable") => (false, false, true),
        // Each device of a push has its own message.
        ("push", "bounced" | "dropped") => (true, false, false),
        (_, "bounced" | "dropped") => (true, false, true),
        _ => (true, email, false),
    }
}

/// The data of an event about what a person chose through a message (reporting-webhooks.md 6.7).
pub(super) fn of_customer(told: &Told<'_>) -> Map<String, Value> {
    let mut data = of_delivery(told);
    let email = told.person.and_then(|person| person.email.clone());
    data.insert("email_address".to_owned(), email.into());
    data
}

/// What the data of every event have (reporting-webhooks.md 5).
fn of_delivery(told: &Told<'_>) -> Map<String, Value> {
    let about = &told.delivery.about;
    let mut data = told.message.map(of_source).unwrap_or_default();
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            data.insert(field.to_owned(), value);
        }
    };
    put("delivery_id", Some(told.delivery.id.clone().into()));
    put(
        "journey_id",
        about.run.as_ref().map(|run| run.text.clone().into()),
    );
    let event = about.trigger_event_id.as_ref();
    put(
        "trigger_event_id",
        event.map(|event| event.text.clone().into()),
    );
    let of_broadcast = told
        .message
        .is_some_and(|message| message.source == SourceKind::Broadcast);
    let trigger = about.trigger_id.as_ref().filter(|_| of_broadcast);
    put("trigger_id", trigger.map(number_or_text));
    let person = told.person;
    put(
        "identifiers",
        Some(json!({
            "id": person.and_then(|person| person.id.clone()),
            "email": person.and_then(|person| person.email.clone()),
            "cio_id": person.map_or("", |person| &person.cio_id),
        })),
    );
    // Blank when the person was deleted, or never had an id.
    let id = person
        .filter(|person| person.is_known())
        .and_then(|person| person.id.clone());
    put("customer_id", Some(id.unwrap_or_default().into()));
    data
}

fn of_source(message: &MessageRef) -> Map<String, Value> {
    let mut data = Map::new();
    let mut put = |field: &str, number: Option<u64>| {
        if let Some(number) = number {
            data.insert(field.to_owned(), number.into());
        }
    };
    let id = Some(message.source_id);
    match message.source {
        SourceKind::Campaign | SourceKind::Broadcast => {
            let field = match message.source {
                SourceKind::Broadcast => "broadcast_id",
                _ => "campaign_id",
            };
            put(field, id);
            put("action_id", message.step_id);
            put("parent_action_id", message.parent_step_id);
        }
        SourceKind::Newsletter => {
            put("newsletter_id", id);
            put("content_id", message.variant_id);
        }
        SourceKind::Transactional => put("transactional_message_id", id),
        SourceKind::Unknown => {}
    }
    data
}

fn number_or_text(said: &SaidText) -> Value {
    match said.text.parse::<u64>() {
        Ok(number) => number.into(),
        Err(_) => said.text.clone().into(),
    }
}

fn text(said: Option<&SaidText>) -> String {
    said.map(|said| said.text.clone()).unwrap_or_default()
}

impl Said<'_> {
    /// Devices, each with its own failure where it has one. Receipts name the device only.
    fn recipients(&self, metric: &str) -> Value {
        let with_failure = matches!(metric, "sent" | "bounced" | "dropped");
        let recipients = self.targets.iter().map(|target| {
            let mut recipient = self.device(target);
            let failure = self.course.refusal(target).filter(|_| with_failure);
            if let Some(failure) = failure {
                recipient.insert("failure_message".to_owned(), failure.into());
            }
            Value::Object(recipient)
        });
        recipients.collect()
    }

    fn device(&self, target: &TargetKey) -> Map<String, Value> {
        let (token, platform) = match target {
            TargetKey::Address(token) => (token.as_str(), Some(Platform::guess(token))),
            TargetKey::Device(device) => match self.told.tokens.get(device) {
                Some(known) => (known.token.as_str(), Some(known.platform)),
                None => {
                    let known = self.course.target(target);
                    let snapshot = known.and_then(|known| known.snapshot.as_ref());
                    ("", snapshot.and_then(|snapshot| snapshot.platform))
                }
            },
        };
        let mut device = Map::new();
        device.insert("device_id".to_owned(), token.into());
        if let Some(platform) = platform {
            device.insert("device_platform".to_owned(), platform.name().into());
        }
        device
    }

    /// The addresses that it is about; without any, those of the whole message.
    fn recipient(&self) -> String {
        let addresses = self.targets.iter().filter_map(|target| match target {
            TargetKey::Address(address) => Some(address.as_str()),
            TargetKey::Device(_) => None,
        });
        let addresses: Vec<&str> = addresses.collect();
        if addresses.is_empty() {
            return text(self.told.delivery.about.recipient.as_ref());
        }
        addresses.join(", ")
    }

    fn failure(&self) -> String {
        self.course.words(self.targets.first())
    }
}

/// What `sent` has besides, where the content was kept: texts and headers of an e-mail, the text of
/// others, and of a push the content as JSON, since its payload differs from device to device.
pub(super) fn content(delivery: &Delivery) -> Map<String, Value> {
    let mut fields = Map::new();
    let Some(kept) = &delivery.about.content else {
        return fields;
    };
    let text = match serde_json::from_str::<Content>(&kept.text) {
        Ok(Content::Email(email)) => {
            fields.insert("headers".to_owned(), headers(&email));
            email.body.or(email.body_plain).unwrap_or_default()
        }
        Ok(Content::Sms(sms)) => sms.body,
        Ok(Content::Slack(slack)) => slack.text,
        Ok(Content::Webhook(call)) => call.body.unwrap_or_default(),
        Ok(Content::Push(_)) | Err(_) => kept.text.clone(),
    };
    fields.insert("content".to_owned(), text.into());
    fields
}

/// Headers by name, each with its values.
fn headers(email: &EmailContent) -> Value {
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let named = [
        ("From", &email.from),
        ("To", &email.to),
        ("Reply-To", &email.reply_to),
        ("Subject", &email.subject),
    ];
    for (name, value) in named {
        headers.extend(value.as_deref().map(|value| (name, vec![value])));
    }
    let own = email.headers.iter();
    headers.extend(own.map(|(name, value)| (name.as_str(), vec![value.as_str()])));
    json!(headers)
}
