//! Sends by call (app-api.md 2): one message to one person.

use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_engine::Workspace;
use landfall_engine::definitions::{Definition, Kind, ttl_of};
use landfall_engine::dispatch::render::{Occasion, Renderer};
use landfall_engine::random::{Random as _, SystemRandom};
use landfall_store::person_named;
use serde_json::{Value, json};

use super::answer::{Answer, json_answer};
use super::door::{Door, JsonBody, Path};
use super::refusal::Refusal;
use crate::parse::Problem;
use crate::parse::send::{self, MAIL_WITHOUT_TEMPLATE, SendCall};
use crate::rejected;

/// Largest call: a megabyte, and attachments in base64 (app-api.md 2.3, 2.5).
const BYTES_MAX: usize = 4 << 20;

/// `POST /v1/send/{channel}`.
pub(super) async fn send(
    door: Door,
    Path(channel): Path<String>,
    JsonBody(body): JsonBody<BYTES_MAX>,
) -> Answer {
    let workspace = door.workspace();
    let channel = match channel.as_str() {
        "push" => Channel::Push,
        "email" => Channel::Email,
        "sms" => Channel::Sms,
        other => {
            let detail = format!(
                "{other} is not enabled for this workspace: Landfall sends push, email and sms"
            );
            return Err(Refusal::forbidden(detail));
        }
    };
    let now = workspace.now();
    let call = match send::call(channel, &body, now) {
        Ok(call) => call,
        Err(problem) => return Err(refused(workspace, channel, &problem, &body).await),
    };
    let send = order(workspace, channel, call, now)
        .await
        .map_err(Refusal::of_a_send)?;
    let (delivery_id, send_at) = (send.delivery_id.clone(), send.send_at);
    let input = Input {
        source: Source::App,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body: Body::Send(Box::new(send)),
    };
    workspace
        .submit(vec![input])
        .await
        .map_err(|error| Refusal::from(error).of_a_send())?;
    let mut answer = json!({ "delivery_id": delivery_id, "queued_at": now.seconds() });
    if let Some(at) = send_at {
        answer["send_at"] = json!(at.seconds());
    }
    Ok(json_answer(&answer))
}

async fn refused(
    workspace: &Workspace,
    channel: Channel,
    problem: &Problem,
    body: &Value,
) -> Refusal {
    let surface = format!("POST /v1/send/{channel}");
    let sample = body.to_string();
    rejected::record(
        workspace,
        &surface,
        problem.status,
        problem,
        sample.as_bytes(),
    )
    .await;
    let status = axum::http::StatusCode::from_u16(problem.status);
    let status = status.unwrap_or(axum::http::StatusCode::BAD_REQUEST);
    Refusal::with(status, problem.message.clone()).of_a_send()
}

async fn order(
    workspace: &Workspace,
    channel: Channel,
    call: SendCall,
    now: Timestamp,
) -> Result<Send, Refusal> {
    let definition = definition(workspace, channel, &call, now).await?;
    let defined = definition.as_deref();
    let language = call.language.as_deref();
    let content = call.content(defined.map(|defined| defined.content_in(language)));
    let delivery_id = SystemRandom.delivery_id();
    let to = match channel {
        Channel::Push => devices(call.to.as_deref(), defined),
        _ => addresses(workspace, &call, &content, &delivery_id, now).await?,
    };
    let ttl_ms = defined.map_or_else(|| ttl_of(&content), Definition::ttl_ms);
    let order = Order {
        content,
        data: call.data,
        ttl_ms,
        to_unsubscribed: call
            .to_unsubscribed
            .or(defined.map(|defined| defined.send_to_unsubscribed))
            .unwrap_or(true),
        forget_content: call
            .forget_content
            .or(defined.map(|defined| defined.hide_message_body))
            .unwrap_or(false),
        to,
        rules: Rules::default(),
    };
    Ok(Send {
        delivery_id,
        message: MessageRef {
            source: SourceKind::Transactional,
            source_id: defined.map_or(MAIL_WITHOUT_TEMPLATE, |defined| defined.number),
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel,
        },
        who: call.who,
        order: Arc::new(order),
        urgency: Urgency::Transactional,
        send_at: call.send_at,
        draft: call
            .draft
            .or(defined.map(|defined| defined.queue_drafts))
            .unwrap_or(false),
        custom_device: call.custom_device,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    })
}

/// The defined message that a call names; with `auto_create`, one of that name is made.
async fn definition(
    workspace: &Workspace,
    channel: Channel,
    call: &SendCall,
    now: Timestamp,
) -> Result<Option<Arc<Definition>>, Refusal> {
    let Some(named) = &call.template else {
        return Ok(None);
    };
    let known = workspace.definitions(Kind::Transactional).await?;
    if let Some(found) = known.find(named) {
        let own = found.content.channel();
        if own != channel {
            let detail =
                format!("transactional message `{named}` is a message by {own}, not {channel}");
            return Err(Refusal::bad(detail));
        }
        return Ok(Some(Arc::clone(found)));
    }
    if !call.auto_create || named.parse::<u64>().is_ok() {
        let detail = format!(
            "there is no transactional message `{named}`: define it with PUT /landfall/v1/transactional/{{number}}, or send auto_create"
        );
        return Err(Refusal::bad(detail));
    }
    let made = Definition {
        number: known.next_number().max(MAIL_WITHOUT_TEMPLATE + 1),
        name: named.clone(),
        description: None,
        trigger_name: Some(named.clone()),
        content: empty(channel),
        translations: std::collections::BTreeMap::new(),
        audience: None,
        to: None,
        ttl_seconds: None,
        send_to_unsubscribed: true,
        topic: None,
        policy: None,
        queue_drafts: false,
        hide_message_body: false,
        created_at: now,
        updated_at: now,
    };
    workspace.define(Kind::Transactional, made.clone()).await?;
    Ok(Some(Arc::new(made)))
}

fn empty(channel: Channel) -> Content {
    match channel {
        Channel::Email => Content::Email(Box::default()),
        Channel::Sms => Content::Sms(Box::default()),
        _ => Content::Push(Box::default()),
    }
}

fn devices(to: Option<&str>, defined: Option<&Definition>) -> SendTo {
    match to {
        None => defined
            .and_then(|defined| defined.to.clone())
            .unwrap_or(SendTo::All),
        Some("all") => SendTo::All,
        Some("last_used") => SendTo::LastUsed,
        Some(token) => SendTo::Token(token.to_owned()),
    }
}

/// Where a mail or text message goes: the addresses of the call, with templates filled in.
async fn addresses(
    workspace: &Workspace,
    call: &SendCall,
    content: &Content,
    delivery_id: &str,
    now: Timestamp,
) -> Result<SendTo, Refusal> {
    let mut texts: Vec<&str> = call.to.iter().map(String::as_str).collect();
    if let Content::Email(mail) = content {
        texts.extend(
            [&mail.cc, &mail.bcc]
                .into_iter()
                .flatten()
                .map(String::as_str),
        );
    }
    let needs_person = texts
        .iter()
        .any(|text| text.contains("{{") || text.contains("{%"));
    let person = match needs_person {
        true => person(workspace, call).await?,
        false => None,
    };
    let occasion = Occasion {
        person: person.as_ref(),
        data: &call.data,
        delivery_id,
        links: &Value::Null,
        now,
    };
    let renderer = Renderer::default();
    renderer.set_snippets(workspace.snippets().await?);
    let mut addresses = Vec::new();
    for text in texts {
        // What cannot be filled in leaves no address, and the delivery says so.
        let filled = renderer.line("to", text, &occasion).unwrap_or_default();
        let each = filled.split(',').map(|address| address.trim().to_owned());
        addresses.extend(each.filter(|address| !address.is_empty()));
    }
    if addresses.len() > landfall_domain::work::ADDRESSES_MAX {
        let detail = "to, cc and bcc may name 15 addresses together";
        return Err(Refusal::bad(detail));
    }
    Ok(SendTo::Addresses(addresses))
}

async fn person(workspace: &Workspace, call: &SendCall) -> Result<Option<Person>, Refusal> {
    let who = call.who.clone();
    let found = workspace.read(move |store| person_named(store, &who));
    Ok(found.await?)
}
