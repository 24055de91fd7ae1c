//! The triggers of broadcasts that reports named (app-api.md 6.2).

use std::collections::BTreeMap;

use landfall_domain::message::SourceKind;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, Path};
use super::ledger::Wanted;
use super::refusal::Refusal;
use super::sources::BROADCASTS;
use super::view::View;

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

fn trigger(broadcast: u64, id: &str, first: Timestamp) -> Value {
    json!({
        "id": id.parse::<u64>().ok(),
        "broadcast_id": broadcast,
        "created_at": first.seconds(),
    })
}

/// `GET /v1/broadcasts/{id}/triggers`.
pub(super) async fn list(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let id = BROADCASTS.find(view, &id)?;
            let triggers: Vec<Value> = triggers(view, id)?
                .iter()
                .map(|(number, first)| trigger(id, number, *first))
                .collect();
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

/// `GET /v1/campaigns/{broadcast_id}/triggers/{trigger_id}`.
pub(super) async fn get(door: Door, Path((id, number)): Path<(String, String)>) -> Answer {
    door.view()
        .answer(move |view| {
            let (id, first) = find_trigger(view, &id, &number)?;
            Ok(trigger(id, &number, first))
        })
        .await
}

/// `GET /v1/campaigns/{broadcast_id}/triggers/{trigger_id}/errors`: reports carry none.
pub(super) async fn errors(door: Door, Path((id, number)): Path<(String, String)>) -> Answer {
    door.view()
        .answer(move |view| {
            find_trigger(view, &id, &number)?;
            Ok(json!({ "errors": [], "next": 0 }))
        })
        .await
}
