//! Actions of campaigns and broadcasts, contents of newsletters and transactional messages.

use std::collections::BTreeSet;

use landfall_board::{Condition, Dimension, Value as BoardValue};
use landfall_domain::message::MessageRef;
use serde_json::{Value, json};

use super::answer::Answer;
use super::campaigns;
use super::door::Door;
use super::ledger::Wanted;
use super::refusal::Refusal;
use super::sources::Family;
use super::spans::span;
use super::view::View;

/// `GET /v1/{family}/{id}/actions`.
pub(super) async fn actions(family: Family, door: Door, id: String) -> Answer {
    door.view()
        .answer(move |view| {
            let id = family.find(view, &id)?;
            let mut actions = match campaigns::find(view, family, id)? {
                Some(campaign) => campaign.actions(),
                None => Vec::new(),
            };
            let defined: BTreeSet<Option<u64>> =
                actions.iter().map(|action| action["id"].as_u64()).collect();
            // Steps that earlier versions had sent too.
            for (step, message) in family.steps(view, id) {
                if defined.contains(&Some(step)) {
                    continue;
                }
                let span = span(view, &of_step(family, id, step))?;
                actions.push(family.action(view, id, step, message, span));
            }
            Ok(json!({ "actions": actions, "next": "" }))
        })
        .await
}

/// The step of that number, which must be known.
pub(super) fn find_step<'v>(
    family: Family,
    view: &'v View,
    id: u64,
    step: &str,
) -> Result<(u64, &'v MessageRef), Refusal> {
    let number: Option<u64> = step.parse().ok();
    let found = number.and_then(|number| Some((number, *family.steps(view, id).get(&number)?)));
    found
        .ok_or_else(|| Refusal::missing(format!("{} {id} has no action `{step}`", family.singular)))
}

/// The content of that number, which must be known.
pub(super) fn find_variant<'v>(
    family: Family,
    view: &'v View,
    id: u64,
    content: &str,
) -> Result<(u64, &'v MessageRef), Refusal> {
    let number: Option<u64> = content.parse().ok();
    let found = number.and_then(|number| Some((number, *family.variants(view, id).get(&number)?)));
    found.ok_or_else(|| {
        Refusal::missing(format!(
            "{} {id} has no content `{content}`",
            family.singular
        ))
    })
}

/// `GET /v1/{family}/{id}/actions/{action_id}`.
pub(super) async fn action(family: Family, door: Door, id: String, step: String) -> Answer {
    door.view()
        .answer(move |view| {
            let id = family.find(view, &id)?;
            let campaign = campaigns::find(view, family, id)?;
            let number: Option<u64> = step.parse().ok();
            let defined = campaign.zip(number);
            let defined = defined.and_then(|(campaign, number)| campaign.action_of(number));
            if let Some(action) = defined {
                return Ok(json!({ "action": action }));
            }
            let (step, message) = find_step(family, view, id, &step)?;
            let span = span(view, &of_step(family, id, step))?;
            Ok(json!({ "action": family.action(view, id, step, message, span) }))
        })
        .await
}

/// `GET /v1/{family}/{id}/contents`.
pub(super) async fn contents(family: Family, door: Door, id: String) -> Answer {
    door.view()
        .answer(move |view| {
            let id = family.find(view, &id)?;
            let variants = family.variants(view, id);
            let contents: Vec<Value> = variants
                .into_iter()
                .map(|(variant, message)| family.content(view, id, variant, message))
                .collect();
            Ok(json!({ "contents": contents, "next": "" }))
        })
        .await
}

/// `GET /v1/{family}/{id}/contents/{content_id}`.
pub(super) async fn content(family: Family, door: Door, id: String, content: String) -> Answer {
    door.view()
        .answer(move |view| {
            let id = family.find(view, &id)?;
            let (variant, message) = find_variant(family, view, id, &content)?;
            Ok(json!({ "content": family.content(view, id, variant, message) }))
        })
        .await
}

/// Conditions for the deliveries of one step.
pub(super) fn of_step(family: Family, id: u64, step: u64) -> Vec<Condition> {
    let mut conditions = Wanted::of_source(family.kind, id).conditions;
    let number = vec![BoardValue::Number(step)];
    conditions.push(Condition::In(Dimension::Step, number));
    conditions
}

/// Conditions for the deliveries of one content.
pub(super) fn of_content(family: Family, id: u64, variant: u64) -> Vec<Condition> {
    let mut conditions = Wanted::of_source(family.kind, id).conditions;
    let number = vec![BoardValue::Number(variant)];
    conditions.push(Condition::In(Dimension::Variant, number));
    conditions
}
