//! The triggers of broadcasts: ours, and those that reports named (app-api.md 6).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use landfall_domain::message::SourceKind;
use landfall_domain::time::Timestamp;
use landfall_engine::broadcast::{Audience, Progress, Trigger, TriggerError, TriggerState};
use landfall_engine::definitions::Kind;
use serde_json::{Value, json};

use super::answer::{Answer, json_answer};
use super::door::{Door, JsonBody, Path};
use super::ledger::Wanted;
use super::params::Params;
use super::refusal::Refusal;
use super::sources::BROADCASTS;
use super::view::View;
use crate::parse::trigger;

/// Largest call (app-api.md 6.1).
const BYTES_MAX: usize = 25 << 20;

/// The triggers of a broadcast that reports named, by number: the first delivery of each.
fn triggers(view: &View, id: u64) -> Result<BTreeMap<String, Timestamp>, Refusal> {
    let mut triggers: BTreeMap<String, Timestamp> = BTreeMap::new();
    view.each(
        &Wanted::of_source(SourceKind::Broadcast, id),
        |_, deliveries| {
            for delivery in deliveries {
                if let Some(said) = &delivery.about.trigger_id {
                    let first = triggers
                        .entry(said.text.clone())
                        .or_insert(delivery.created_at);
                    *first = (*first).min(delivery.created_at);
                }
            }
            Ok(())
        },
    )?;
    Ok(triggers)
}

fn reported(broadcast: u64, id: &str, first: Timestamp) -> Value {
    json!({
        "id": id.parse::<u64>().ok(),
        "broadcast_id": broadcast,
        "created_at": first.seconds(),
    })
}

/// `GET /v1/broadcasts/{id}/triggers`.
pub(super) async fn list(door: Door, Path(id): Path<String>) -> Answer {
    let ours = door.workspace().triggers().await?;
    door.view()
        .answer(move |view| {
            let id = BROADCASTS.find(view, &id)?;
            let ours = ours.iter().map(|(_, trigger)| trigger);
            let ours: Vec<&Trigger> = ours
                .filter(|trigger| trigger.broadcast == id && trigger.part_of.is_none())
                .collect();
            let mut triggers: Vec<Value> = triggers(view, id)?
                .iter()
                .filter(|(number, _)| {
                    !ours
                        .iter()
                        .any(|trigger| trigger.number.to_string() == **number)
                })
                .map(|(number, first)| reported(id, number, *first))
                .collect();
            triggers.extend(ours.into_iter().map(told));
            Ok(json!({ "triggers": triggers }))
        })
        .await
}

fn find_trigger(view: &View, id: &str, number: &str) -> Result<(u64, Timestamp), Refusal> {
    let id = BROADCASTS.find(view, id)?;
    let first = triggers(view, id)?.get(number).copied();
    let first = first
        .ok_or_else(|| Refusal::missing(format!("broadcast {id} has no trigger `{number}`")))?;
    Ok((id, first))
}

/// `POST /v1/campaigns/{broadcast_id}/triggers`.
pub(super) async fn post(
    door: Door,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<BYTES_MAX>,
) -> Answer {
    let workspace = door.workspace();
    let call = trigger::call(&body).map_err(|problem| {
        Refusal::pointing(format!("/data/{}", problem.field), problem.message)
    })?;
    let known = workspace.definitions(Kind::Broadcast).await?;
    let definition = known.find(&id).ok_or_else(|| {
        Refusal::missing(format!(
            "there is no broadcast `{id}`: define it with PUT /landfall/v1/broadcasts/{{number}}"
        ))
    })?;
    let audience = call.audience.unwrap_or_else(|| {
        let defined = definition.audience.clone();
        defined.map_or(Audience::Everybody, Audience::Filter)
    });
    let trigger = Trigger {
        number: 0,
        part_of: None,
        broadcast: definition.number,
        created_at: workspace.now(),
        audience,
        data: call.data,
        progress: Progress::default(),
    };
    let number = workspace
        .trigger(trigger)
        .await
        .map_err(|error| match error {
            TriggerError::TooMany => {
                Refusal::with(StatusCode::TOO_MANY_REQUESTS, error.to_string())
            }
            TriggerError::Store(error) => error.into(),
        })?;
    Ok(json_answer(&json!({ "id": number })))
}

/// A trigger of ours, if it is one.
async fn ours(door: &Door, id: &str, number: &str) -> Result<Option<Trigger>, Refusal> {
    let known = door.workspace().triggers().await?;
    let known = known.into_iter().map(|(_, trigger)| trigger);
    let mut parts: Vec<Trigger> = known
        .filter(|trigger| {
            trigger.whole().to_string() == number && trigger.broadcast.to_string() == id
        })
        .collect();
    parts.sort_by_key(|trigger| trigger.part_of.is_some());
    let mut parts = parts.into_iter();
    let Some(mut whole) = parts.next() else {
        return Ok(None);
    };
    // A file is taken in parts: what became of them is what became of it.
    for part in parts {
        whole.progress.messages += part.progress.messages;
        whole.progress.left_out += part.progress.left_out;
        whole
            .progress
            .errors
            .extend(part.progress.errors.iter().cloned());
        if part.is_open() {
            whole.progress.state = TriggerState::Running;
            whole.progress.processed_at = None;
        }
    }
    Ok(Some(whole))
}

fn told(trigger: &Trigger) -> Value {
    let progress = &trigger.progress;
    json!({
        "id": trigger.number,
        "broadcast_id": trigger.broadcast,
        "campaign_id": trigger.broadcast,
        "created_at": trigger.created_at.seconds(),
        "processed_at": progress.processed_at.map(Timestamp::seconds),
        "state": progress.state,
        "messages": progress.messages,
        "left_out": progress.left_out,
    })
}

/// `GET /v1/campaigns/{broadcast_id}/triggers/{trigger_id}`.
pub(super) async fn get(door: Door, Path((id, number)): Path<(String, String)>) -> Answer {
    if let Some(trigger) = ours(&door, &id, &number).await? {
        return Ok(json_answer(&told(&trigger)));
    }
    door.view()
        .answer(move |view| {
            let (id, first) = find_trigger(view, &id, &number)?;
            Ok(reported(id, &number, first))
        })
        .await
}

/// `GET /v1/campaigns/{broadcast_id}/triggers/{trigger_id}/errors`: reports carry none.
pub(super) async fn errors(
    door: Door,
    Path((id, number)): Path<(String, String)>,
    params: Params,
) -> Answer {
    if let Some(trigger) = ours(&door, &id, &number).await? {
        let errors = &trigger.progress.errors;
        let start = params.text("start").and_then(|start| start.parse().ok());
        let start = start.unwrap_or(0_usize).min(errors.len());
        let limit = params.limit(50, 1_000)?;
        let end = errors.len().min(start + limit);
        let next = if end < errors.len() { end } else { 0 };
        let page = &errors[start..end];
        return Ok(json_answer(&json!({ "errors": page, "next": next })));
    }
    door.view()
        .answer(move |view| {
            find_trigger(view, &id, &number)?;
            Ok(json!({ "errors": [], "next": 0 }))
        })
        .await
}
