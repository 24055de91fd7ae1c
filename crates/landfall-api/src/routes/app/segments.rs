//! Manual segments (app-api.md 9). Members are added and removed through the Track API.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::SegmentId;
use landfall_domain::input::Body;
use landfall_store::{Document, DocumentKind, StoreError};
use serde::{Deserialize, Serialize};
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
/// Members taken out at a time when a segment is deleted.
const REMOVED_AT_ONCE: usize = 1_000;

/// A manual segment, as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    /// Seconds since the epoch.
    created_at: i64,
    updated_at: i64,
}

/// A manual segment with its number.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) id: SegmentId,
    pub(super) body: Definition,
}

impl Segment {
    fn of(document: &Document) -> Result<Self, StoreError> {
        let body = serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))?;
        Ok(Self {
            id: document.id,
            body,
        })
    }

    fn json(&self) -> Value {
        let Definition {
            name,
            description,
            created_at,
            updated_at,
        } = &self.body;
        json!({
            "id": self.id,
            "deduplicate_id": format!("{}:{updated_at}", self.id),
            "name": name,
            "description": description,
            "state": "finished",
            "progress": null,
            "type": "manual",
            "tags": [],
            "created_at": created_at,
            "updated_at": updated_at,
        })
    }
}

pub(super) fn exists(view: &View, id: SegmentId) -> Result<bool, StoreError> {
    Ok(view.store().document(DocumentKind::Segment, id)?.is_some())
}

pub(super) fn all(view: &View) -> Result<Vec<Segment>, StoreError> {
    let documents = view.store().documents(DocumentKind::Segment)?;
    documents.iter().map(Segment::of).collect()
}

fn one(view: &View, id: &str) -> Result<Segment, Refusal> {
    let document = match id.parse() {
        Ok(number) => view.store().document(DocumentKind::Segment, number)?,
        Err(_) => None,
    };
    let document =
        document.ok_or_else(|| Refusal::missing(format!("no segment with id `{id}`")))?;
    Ok(Segment::of(&document)?)
}

/// `POST /v1/segments`.
pub(super) async fn create(door: Door, JsonBody(body): JsonBody) -> Answer {
    door.view()
        .answer(move |view| {
            let text = |key: &str| body["segment"][key].as_str().map(str::trim);
            let name = text("name").filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| Refusal::unprocessable("segment.name: give a name"))?;
            if name.chars().count() > NAME_CHARS_MAX {
                let detail = format!("segment.name: at most {NAME_CHARS_MAX} characters");
                return Err(Refusal::unprocessable(detail));
            }
            let now = view.now.seconds();
            let definition = Definition {
                name: name.to_owned(),
                description: text("description").unwrap_or_default().to_owned(),
                created_at: now,
                updated_at: now,
            };
            let stored = serde_json::to_string(&definition).expect("plain texts serialize");
            let id = view
                .store()
                .insert_document(DocumentKind::Segment, &stored)?;
            Ok(json!({ "segment": Segment { id, body: definition }.json() }))
        })
        .await
}

/// `GET /v1/segments`.
pub(super) async fn list(door: Door) -> Answer {
    door.view()
        .answer(move |view| {
            let segments: Vec<Value> = all(view)?.iter().map(Segment::json).collect();
            Ok(json!({ "segments": segments }))
        })
        .await
}

/// `GET /v1/segments/{id}`.
pub(super) async fn get(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| Ok(json!({ "segment": one(view, &id)?.json() })))
        .await
}

/// `DELETE /v1/segments/{id}`: takes everybody out, then forgets the segment.
pub(super) async fn delete(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let segment = one(view, &id)?;
            // First the definition: who is added from now on finds no segment any more.
            view.store()
                .delete_document(DocumentKind::Segment, segment.id)?;
            let mut after = None;
            loop {
                let members = view.store().members(segment.id, after, REMOVED_AT_ONCE)?;
                let Some(last) = members.last() else {
                    return Ok(());
                };
                after = Some(*last);
                let people = view.store().people(&members)?;
                let who: Vec<Identifier> = people
                    .iter()
                    .filter_map(|person| Identifier::new(IdentifierKind::CioId, &person.cio_id))
                    .collect();
                view.submit(Body::EditSegment {
                    segment: segment.id,
                    who,
                    add: false,
                })?;
            }
        })
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /v1/segments/{id}/customer_count`.
pub(super) async fn count(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let segment = one(view, &id)?;
            let count = view.store().member_count(segment.id)?;
            Ok(json!({ "segment_id": segment.id, "count": count }))
        })
        .await
}

/// `GET /v1/segments/{id}/membership`.
pub(super) async fn membership(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let segment = one(view, &id)?;
            let limit = params.limit(MEMBERS_DEFAULT, MEMBERS_MAX)?;
            let after = people::after(&params)?;
            let mut keys = view.store().members(segment.id, after, limit + 1)?;
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

/// `GET /v1/segments/{id}/used_by`: what Customer.io's campaigns use is not reported to us, and
/// nothing of ours uses manual segments yet.
pub(super) async fn used_by(door: Door, Path(id): Path<String>) -> Answer {
    door.view()
        .answer(move |view| {
            let segment = one(view, &id)?;
            let used_by =
                json!({ "campaigns": [], "sent_newsletters": [], "draft_newsletters": [] });
            Ok(json!({ "segment_id": segment.id, "used_by": used_by }))
        })
        .await
}
