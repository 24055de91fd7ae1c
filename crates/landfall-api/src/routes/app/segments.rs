//! Segments (app-api.md 9). Only manual ones are made and deleted here; their members are added and removed
//! through the Track API. Data-driven ones are made with Landfall's own API.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use landfall_domain::ids::SegmentId;
use landfall_engine::segments::{self, DefineError, Segment};
use landfall_store::{DocumentKind, StoreError};
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, JsonBody, Path};
use super::params::{Params, cursor};
use super::people;
use super::refusal::Refusal;
use super::view::{Identifiers, View};

/// Members in one page, when not told and at most (app-api.md 9).
const MEMBERS_DEFAULT: usize = 1_000;
const MEMBERS_MAX: usize = 30_000;
/// Longest name, as newsletters and webhooks have it.
const NAME_CHARS_MAX: usize = 190;

fn shown(id: SegmentId, segment: &Segment) -> Value {
    let updated_at = segment.updated_at;
    json!({
        "id": id,
        "deduplicate_id": format!("{id}:{updated_at}"),
        "name": segment.name,
        "description": segment.description,
        "state": if segment.build.is_some() { "build" } else { "finished" },
        "progress": segment.build.map(|build| build.percent()),
        "type": if segment.is_data_driven() { "dynamic" } else { "manual" },
        "tags": [],
        "created_at": segment.created_at,
        "updated_at": updated_at,
    })
}

pub(super) fn exists(view: &View, id: SegmentId) -> Result<bool, StoreError> {
    let document = view.store().document(DocumentKind::Segment, id)?;
    let segment = document.as_ref().map(Segment::of).transpose()?;
    Ok(segment.is_some_and(|segment| !segment.removed))
}

fn one(view: &View, id: &str) -> Result<(SegmentId, Segment), Refusal> {
    let missing = || Refusal::missing(format!("no segment with id `{id}`"));
    let number = id.parse().map_err(|_| missing())?;
    let document = view.store().document(DocumentKind::Segment, number)?;
    let segment = document.as_ref().map(Segment::of).transpose()?;
    let segment = segment.filter(|segment| !segment.removed);
    Ok((number, segment.ok_or_else(missing)?))
}

/// `POST /v1/segments`: always a manual segment.
pub(super) async fn create(door: Door, JsonBody(body): JsonBody) -> Answer {
    let view = door.view();
    let text = |key: &str| body["segment"][key].as_str().map(str::trim);
    let name = text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::unprocessable("segment.name: give a name"))?;
    if name.chars().count() > NAME_CHARS_MAX {
        let detail = format!("segment.name: at most {NAME_CHARS_MAX} characters");
        return Err(Refusal::unprocessable(detail));
    }
    let description = text("description").unwrap_or_default();
    let segment = Segment::new(name, description, None, view.now);
    let id = view.workspace.add_segment(segment.clone()).await?;
    view.answer(move |_| Ok(json!({ "segment": shown(id, &segment) })))
        .await
}

/// `GET /v1/segments`.
pub(super) async fn list(door: Door) -> Answer {
    door.view()
        .answer(move |view| {
            let all = segments::all(view.store())?;
            let segments: Vec<Value> = all.iter().map(|(id, one)| shown(*id, one)).collect();
            Ok(json!({ "segments": segments }))
        })
        .await
}

/// `GET /v1/segments/{id}`.
pub(super) async fn get(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let (id, segment) = one(view, &id)?;
            Ok(json!({ "segment": shown(id, &segment) }))
        })
        .await
}

/// `DELETE /v1/segments/{id}`: takes everybody out, then forgets the segment. Manual ones only.
pub(super) async fn delete(door: Door, Path(id): Path<String>) -> Answer {
    let workspace = door.workspace();
    let missing = || Refusal::missing(format!("no segment with id `{id}`"));
    let number: SegmentId = id.parse().map_err(|_| missing())?;
    if workspace.is_data_driven(number) {
        return Err(Refusal::unprocessable(format!(
            "segment {number} is data-driven: delete it with `landfall segments delete {number}` or \
             `DELETE /landfall/v1/segments/{number}`"
        )));
    }
    match workspace.delete_segment(number).await {
        Err(DefineError::Missing(_)) => Err(missing()),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// `GET /v1/segments/{id}/customer_count`.
pub(super) async fn count(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let (id, _) = one(view, &id)?;
            let count = view.store().member_count(id)?;
            Ok(json!({ "segment_id": id, "count": count }))
        })
        .await
}

/// `GET /v1/segments/{id}/membership`.
pub(super) async fn membership(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let (id, _) = one(view, &id)?;
            let limit = params.limit(MEMBERS_DEFAULT, MEMBERS_MAX)?;
            let after = people::after(&params)?;
            let mut keys = view.store().members(id, after, limit + 1)?;
            let is_last = keys.len() <= limit;
            keys.truncate(limit);
            let next = match keys.last() {
                Some(last) if !is_last => cursor(people::TAG, &[i64::from(last.0)]),
                _ => String::new(),
            };
            let people = view.people(keys.iter().copied())?;
            let identifiers: Vec<Identifiers> = keys
                .iter()
                .filter_map(|key| people.get(key))
                .map(Identifiers::of)
                .collect();
            let ids: Vec<&String> = identifiers
                .iter()
                .filter_map(|who| who.id.as_ref())
                .collect();
            Ok(json!({ "ids": ids, "identifiers": identifiers, "next": next }))
        })
        .await
}

/// `GET /v1/segments/{id}/used_by`: journeys are campaigns here. What Customer.io's campaigns use is not
/// reported to us, and newsletters are not ours.
pub(super) async fn used_by(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let (id, _) = one(view, &id)?;
            let users = segments::users(view.store(), id)?;
            let campaigns: Vec<u32> = users.journeys.iter().map(|(id, _)| id.0).collect();
            let used_by =
                json!({ "campaigns": campaigns, "sent_newsletters": [], "draft_newsletters": [] });
            Ok(json!({ "segment_id": id, "used_by": used_by }))
        })
        .await
}

impl From<DefineError> for Refusal {
    fn from(error: DefineError) -> Self {
        match error {
            DefineError::Store(error) => error.into(),
            DefineError::Submit(error) => error.into(),
            error => Self::unprocessable(error.to_string()),
        }
    }
}
