//! `/landfall/v1/segments`: who is in which, by hand or by a condition.

pub(crate) mod built_in;
pub(crate) mod inside;

use axum::Json;
use axum::http::StatusCode;
use landfall_audience::Condition;
use landfall_domain::ids::SegmentId;
use landfall_engine::Workspace;
use landfall_engine::segments::{self, DefineError, Segment};
use landfall_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};

/// Longest name, as in the App API.
const NAME_CHARS_MAX: usize = 190;

/// A segment to make, or what to change of one: what is left out stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentCall {
    /// Its name, up to 190 characters, which no other segment has. Built-in ones have one.
    pub(crate) name: Option<String>,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// Who is in it (docs/concepts/segments.md). Without this and `built_in` it is kept by hand.
    #[schema(value_type = Option<Object>)]
    pub(crate) condition: Option<Value>,
    /// The name of a built-in segment, instead of a condition: see `/landfall/v1/built-in-segments`.
    pub(crate) built_in: Option<String>,
    /// How far back the built-in segment looks, such as `14d`, instead of its own window.
    pub(crate) window: Option<String>,
}

/// A segment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SegmentAnswer {
    /// Its number: what conditions name it by.
    pub(crate) number: u32,
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// `manual` or `data_driven`.
    pub(crate) kind: &'static str,
    /// How many people are in it; while it is built, so far.
    pub(crate) members: u64,
    /// How far the first look at everybody is, in percent; absent when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) building: Option<u64>,
    /// Who is in it; absent when it is kept by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) condition: Option<Value>,
    /// The condition in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_words: Option<String>,
    /// Slugs of journeys that use it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) journeys: Option<Vec<String>>,
    /// Numbers of segments that ask about it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) segments: Option<Vec<u32>>,
    /// Milliseconds since the epoch.
    pub(crate) created_ms: i64,
    /// Milliseconds since the epoch.
    pub(crate) updated_ms: i64,
}

/// Segments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SegmentList {
    /// By number.
    pub(crate) segments: Vec<SegmentAnswer>,
}

impl SegmentAnswer {
    fn of(store: &dyn Store, id: SegmentId, segment: &Segment) -> Result<Self, StoreError> {
        let condition = segment.condition.as_ref().map(Condition::from_json);
        // Every condition was understood when it was stored.
        let condition = condition.and_then(Result::ok);
        Ok(Self {
            number: id,
            name: segment.name.clone(),
            description: segment.description.clone(),
            kind: if segment.is_data_driven() {
                "data_driven"
            } else {
                "manual"
            },
            members: store.member_count(id)?,
            building: segment.build.map(|build| build.percent()),
            condition: segment.condition.clone(),
            in_words: condition.map(|condition| condition.describe()),
            journeys: None,
            segments: None,
            created_ms: segment.created_at.saturating_mul(1_000),
            updated_ms: segment.updated_at.saturating_mul(1_000),
        })
    }
}

/// A segment by number or name.
pub(crate) async fn find(
    workspace: &Workspace,
    name: &str,
) -> Result<(SegmentId, Segment), Problem> {
    let wanted = name.to_owned();
    let found = workspace.read(move |store| segments::named(store, &wanted));
    found
        .await?
        .ok_or_else(|| Problem::not_found("segment", name))
}

/// A segment with everything about it.
async fn answer(workspace: &Workspace, id: SegmentId) -> Result<SegmentAnswer, Problem> {
    let found = workspace.read(move |store| {
        let all = segments::all(store)?;
        let Some((_, segment)) = all.iter().find(|(known, _)| *known == id) else {
            return Ok(None);
        };
        let users = segments::users(store, id)?;
        let journeys = users.journeys.into_iter().map(|(_, slug)| slug);
        Ok(Some(SegmentAnswer {
            journeys: Some(journeys.collect()),
            segments: Some(users.segments.iter().map(|(id, _)| *id).collect()),
            ..SegmentAnswer::of(store, id, segment)?
        }))
    });
    let found = found.await?;
    found.ok_or_else(|| Problem::not_found("segment", &id.to_string()))
}

/// Every segment of the workspace, with how many people are in each.
#[utoipa::path(get, path = "/landfall/v1/segments", operation_id = "listSegments",
    responses((status = 200, body = SegmentList), (status = 401, body = ProblemBody)), tag = "segments")]
pub(crate) async fn list(visit: Visit) -> Result<Json<SegmentList>, Problem> {
    let segments = visit.workspace.read(|store| {
        let all = segments::all(store)?;
        let answers = all
            .iter()
            .map(|(id, one)| SegmentAnswer::of(store, *id, one));
        answers.collect::<Result<Vec<_>, _>>()
    });
    let segments = segments.await?;
    Ok(Json(SegmentList { segments }))
}

/// One segment, by number or name, with what uses it.
#[utoipa::path(get, path = "/landfall/v1/segments/{segment}", operation_id = "getSegment",
    params(("segment" = String, Path, description = "Number or name")),
    responses((status = 200, body = SegmentAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "segments")]
pub(crate) async fn get(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<SegmentAnswer>, Problem> {
    let (id, _) = find(&visit.workspace, &name).await?;
    Ok(Json(answer(&visit.workspace, id).await?))
}

/// Makes a segment. A data-driven one looks at everybody once; `building` says how far that is. With
/// `check=true` nothing is stored.
#[utoipa::path(post, path = "/landfall/v1/segments", operation_id = "createSegment",
    request_body = SegmentCall,
    params(("check" = Option<bool>, Query, description = "`true`: only say what is wrong with it")),
    responses((status = 200, body = SegmentAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody, description = "the faults, each with its place and what to do")),
    tag = "segments")]
pub(crate) async fn create(
    visit: Visit,
    Sent(call): Sent<SegmentCall>,
) -> Result<Json<Value>, Problem> {
    let workspace = &visit.workspace;
    let asked = call.understood()?;
    let name = asked
        .name
        .ok_or_else(|| Problem::field("name", "give it a name"))?;
    let description = asked.description.unwrap_or_default();
    let segment = Segment::new(&name, &description, asked.condition, workspace.now());
    if visit.parameter("check") == Some("true") {
        workspace.check_segment(segment).await?;
        return Ok(Json(json!({ "valid": true })));
    }
    require_free(workspace, &name, None).await?;
    let id = workspace.add_segment(segment).await?;
    let answer = answer(workspace, id).await?;
    Ok(Json(serde_json::to_value(answer).unwrap_or_default()))
}

/// Changes a segment. With another condition it is built anew: people enter and leave as they are looked at.
#[utoipa::path(put, path = "/landfall/v1/segments/{segment}", operation_id = "changeSegment",
    request_body = SegmentCall,
    params(("segment" = String, Path, description = "Number or name")),
    responses((status = 200, body = SegmentAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "the name is taken, or it is of the other kind"),
        (status = 422, body = ProblemBody, description = "the faults, each with its place and what to do")),
    tag = "segments")]
pub(crate) async fn change(
    visit: Visit,
    Place(name): Place<String>,
    Sent(call): Sent<SegmentCall>,
) -> Result<Json<SegmentAnswer>, Problem> {
    let workspace = &visit.workspace;
    let (id, known) = find(workspace, &name).await?;
    let asked = call.understood()?;
    let name = asked.name.unwrap_or(known.name);
    require_free(workspace, &name, Some(id)).await?;
    let description = asked.description.unwrap_or(known.description);
    let condition = asked.condition.or(known.condition);
    let changed = Segment::new(&name, &description, condition, workspace.now());
    workspace.change_segment(id, changed).await?;
    Ok(Json(answer(workspace, id).await?))
}

/// Deletes a segment and takes everybody out of it. Its number is not used again.
#[utoipa::path(delete, path = "/landfall/v1/segments/{segment}", operation_id = "deleteSegment",
    params(("segment" = String, Path, description = "Number or name")),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "journeys or other segments use it")),
    tag = "segments")]
pub(crate) async fn delete(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<StatusCode, Problem> {
    let (id, _) = find(&visit.workspace, &name).await?;
    visit.workspace.delete_segment(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names are what calls and files find a segment by: each has its own here.
async fn require_free(
    workspace: &Workspace,
    name: &str,
    own: Option<SegmentId>,
) -> Result<(), Problem> {
    let wanted = name.to_lowercase();
    let all = workspace.read(|store| segments::all(store)).await?;
    let mut others = all.iter().filter(|(id, _)| Some(*id) != own);
    let taken = others.find(|(_, other)| other.name.to_lowercase() == wanted);
    taken.map_or(Ok(()), |(id, _)| {
        let message =
            format!("segment {id} has the name `{name}`: choose another, or change that one");
        Err(Problem::new(Code::Conflict, message))
    })
}

/// What a call asks for.
struct Asked {
    name: Option<String>,
    description: Option<String>,
    condition: Option<Value>,
}

impl SegmentCall {
    /// Checks the call and looks up the built-in segment that it names.
    fn understood(self) -> Result<Asked, Problem> {
        let name = self.name.map(|name| checked_name(&name)).transpose()?;
        let Some(built_in) = self.built_in else {
            if self.window.is_some() {
                let message = "only a built-in segment takes a window: write it into the condition";
                return Err(Problem::field("window", message));
            }
            return Ok(Asked {
                name,
                description: self.description,
                condition: self.condition,
            });
        };
        if self.condition.is_some() {
            let message = "give a condition or a built-in segment, not both";
            return Err(Problem::field("built_in", message));
        }
        let (built_in, condition) = built_in::chosen(&built_in, self.window.as_deref())?;
        Ok(Asked {
            name: name.or_else(|| Some(built_in.name.to_owned())),
            description: self
                .description
                .or_else(|| Some(built_in.meaning.to_owned())),
            condition: Some(condition),
        })
    }
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        let message = format!("give it a name of at most {NAME_CHARS_MAX} characters");
        return Err(Problem::field("name", message));
    }
    if name.chars().all(|digit| digit.is_ascii_digit()) {
        let message = "a name of digits only would be taken for a segment's number";
        return Err(Problem::field("name", message));
    }
    Ok(name.to_owned())
}

impl From<DefineError> for Problem {
    fn from(error: DefineError) -> Self {
        match error {
            DefineError::Faults(faults) => Self::faults(&faults),
            DefineError::Missing(id) => Self::not_found("segment", &id.to_string()),
            DefineError::OtherKind(_) | DefineError::InUse(..) => {
                Self::new(Code::Conflict, error.to_string())
            }
            DefineError::Store(error) => error.into(),
            DefineError::Submit(error) => error.into(),
        }
    }
}
