//! Turning a page: people into messages.

use std::sync::Arc;

use landfall_domain::content::Content;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Order, Ruling, Send, SendTo, Urgency};
use landfall_store::{Store, StoreError, person_named};
use serde_json::Value;

use super::PAGE;
use super::audience::{Audience, PersonalData};
use super::trigger::{Trigger, TriggerState};
use crate::definitions::{Definition, Kind};
use crate::dispatch::render::{Occasion, Renderer};
use crate::intake::SubmitError;
use crate::segments::Memberships;
use crate::workspace::Workspace;

/// Messages in one submission.
const AT_ONCE: usize = 250;

/// A recipient of a page.
struct Recipient {
    person: Person,
    /// What makes this recipient's delivery another one than those before.
    place: Option<u64>,
    data: Value,
}

/// What a page holds.
struct Page {
    recipients: Vec<Recipient>,
    missing: Vec<Identifier>,
    /// Where the next page begins; `None`: this was the last.
    next: Option<u64>,
}

/// Turns the next page of a trigger and submits its messages.
pub(super) async fn page(
    workspace: &Workspace,
    trigger: &mut Trigger,
    now: Timestamp,
) -> Result<(), SubmitError> {
    let known = workspace.definitions(Kind::Broadcast).await?;
    let Some(definition) = known.get(trigger.broadcast).cloned() else {
        trigger.complain(format!("broadcast {} is gone", trigger.broadcast));
        trigger.end(TriggerState::Failed, now);
        return Ok(());
    };
    let (audience, next) = (trigger.audience.clone(), trigger.progress.next);
    let page = workspace
        .read(move |store| read(store, &audience, next))
        .await?;
    let renderer = Renderer::default();
    renderer.set_snippets(workspace.snippets().await?);
    let mut inputs = Vec::with_capacity(page.recipients.len());
    for recipient in page.recipients {
        match message(&renderer, &definition, trigger, recipient, now) {
            Ok(send) => inputs.push(input(send)),
            Err(problem) => {
                trigger.progress.left_out += 1;
                trigger.complain(problem);
            }
        }
    }
    let silent = matches!(
        trigger.audience,
        Audience::People {
            ignore_missing: true,
            ..
        }
    );
    for who in page.missing {
        trigger.progress.left_out += 1;
        if !silent {
            trigger.complain(format!("{} {} is not known", who.kind(), who.value()));
        }
    }
    trigger.progress.messages += inputs.len() as u64;
    while !inputs.is_empty() {
        let rest = inputs.split_off(inputs.len().min(AT_ONCE));
        workspace.submit_patiently(inputs).await?;
        inputs = rest;
    }
    trigger.progress.state = TriggerState::Running;
    match page.next {
        Some(next) => trigger.progress.next = next,
        None => trigger.end(TriggerState::Done, now),
    }
    Ok(())
}

fn input(send: Send) -> Input {
    Input {
        source: Source::App,
        ..crate::input_of_ours(Body::Send(Box::new(send)))
    }
}

fn read(store: &dyn Store, audience: &Audience, next: u64) -> Result<Page, StoreError> {
    match audience {
        Audience::Filter(_) | Audience::Everybody => everybody(store, audience, next),
        Audience::People {
            people, duplicates, ..
        } => listed(store, people, *duplicates, next),
        // Files are taken in parts, each of which is a list.
        Audience::File { .. } => listed(store, &[], false, next),
    }
}

fn everybody(store: &dyn Store, audience: &Audience, next: u64) -> Result<Page, StoreError> {
    let after = next
        .checked_sub(1)
        .and_then(|last| u32::try_from(last).ok())
        .map(PersonKey);
    let people = store.people_after(after, PAGE)?;
    let next = people.last().map(|last| u64::from(last.key.0) + 1);
    let asked = match audience {
        Audience::Filter(filter) => filter.segments(),
        _ => Vec::new(),
    };
    let memberships = Memberships::read(store, &people, &asked)?;
    let passes = |person: &Person| match audience {
        Audience::Filter(filter) => filter.matches(person, &memberships),
        _ => true,
    };
    let recipients = people
        .into_iter()
        .filter(|person| person.is_known() && passes(person))
        .map(|person| Recipient {
            person,
            place: None,
            data: Value::Null,
        });
    Ok(Page {
        recipients: recipients.collect(),
        missing: Vec::new(),
        next,
    })
}

fn listed(
    store: &dyn Store,
    people: &[PersonalData],
    duplicates: bool,
    next: u64,
) -> Result<Page, StoreError> {
    let start = usize::try_from(next)
        .unwrap_or(usize::MAX)
        .min(people.len());
    let end = people.len().min(start + PAGE);
    let mut page = Page {
        recipients: Vec::new(),
        missing: Vec::new(),
        next: (end < people.len()).then_some(end as u64),
    };
    for (place, listed) in (start as u64..).zip(&people[start..end]) {
        let person = person_named(store, &listed.who)?;
        match person.filter(Person::is_known) {
            Some(person) => page.recipients.push(Recipient {
                person,
                place: duplicates.then_some(place),
                data: listed.data.clone(),
            }),
            None => page.missing.push(listed.who.clone()),
        }
    }
    Ok(page)
}

fn message(
    renderer: &Renderer,
    definition: &Arc<Definition>,
    trigger: &Trigger,
    recipient: Recipient,
    now: Timestamp,
) -> Result<Send, String> {
    let person = &recipient.person;
    let who = Identifier::new(IdentifierKind::CioId, &person.cio_id)
        .ok_or_else(|| format!("person {} has no id", person.key.0))?;
    let delivery_id = delivery_id(trigger, person.key, recipient.place);
    let data = merged(&trigger.data, recipient.data);
    let language = person.attributes.get("language");
    let language = language.and_then(|attribute| attribute.value.as_str());
    let content = definition.content_in(language).clone();
    let to = send_to(
        renderer,
        definition,
        &content,
        person,
        &data,
        &delivery_id,
        now,
    );
    Ok(Send {
        delivery_id,
        message: definition.message(Kind::Broadcast),
        who,
        order: Arc::new(Order {
            content,
            data,
            ttl_ms: definition.ttl_ms(),
            to_unsubscribed: definition.send_to_unsubscribed,
            forget_content: definition.hide_message_body,
            to,
            rules: definition.rules(),
        }),
        urgency: Urgency::Broadcast,
        send_at: None,
        draft: definition.queue_drafts,
        custom_device: None,
        trigger_id: Some(u64::from(trigger.whole())),
        run: None,
        ruling: Ruling::Go,
    })
}

/// The same recipient of the same trigger has the same delivery, whenever the page is turned.
fn delivery_id(trigger: &Trigger, person: PersonKey, place: Option<u64>) -> String {
    let place = place.map(|place| format!("-{place:x}")).unwrap_or_default();
    let started = trigger.created_at.millis();
    format!("b{:x}-{started:x}-{:x}{place}", trigger.whole(), person.0)
}

fn merged(everybodys: &Value, own: Value) -> Value {
    match (everybodys, own) {
        (Value::Object(shared), Value::Object(own)) => {
            let mut all = shared.clone();
            all.extend(own);
            Value::Object(all)
        }
        (shared, Value::Null) => shared.clone(),
        (_, own) => own,
    }
}

/// The addresses of a person; a template that says where is filled in. Without any the delivery says so.
fn send_to(
    renderer: &Renderer,
    definition: &Definition,
    content: &Content,
    person: &Person,
    data: &Value,
    delivery_id: &str,
    now: Timestamp,
) -> SendTo {
    let template = match content {
        Content::Push(_) => return definition.to.clone().unwrap_or(SendTo::All),
        Content::Email(email) => email.to.as_deref().unwrap_or("{{ customer.email }}"),
        Content::Sms(sms) => sms.to.as_deref().unwrap_or("{{ customer.phone }}"),
        Content::Slack(_) => "slack",
        Content::Webhook(webhook) => webhook.url.as_str(),
    };
    let occasion = Occasion {
        person: Some(person),
        data,
        delivery_id,
        links: &Value::Null,
        now,
    };
    let address = renderer.line("to", template, &occasion).unwrap_or_default();
    let addresses = match content {
        Content::Email(_) => address
            .split(',')
            .map(|one| one.trim().to_owned())
            .collect(),
        _ => vec![address],
    };
    SendTo::Addresses(addresses)
}
