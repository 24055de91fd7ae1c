//! Who is in a segment, why, and how many over time.

use axum::Json;
use landfall_domain::ids::PersonKey;
use landfall_engine::segments::{Sample, counts_of};
use landfall_store::person_named;
use serde::Serialize;
use serde_json::Value;

use super::super::people::identifier;
use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};
use super::find;

/// Members in one page at most.
const PAGE_MAX: usize = 10_000;

/// Somebody who is in a segment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Member {
    /// Internal id.
    pub(crate) cio_id: String,
    /// Id that the application gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
}

/// Members of a segment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberList {
    /// In the order in which they were first seen.
    pub(crate) members: Vec<Member>,
    /// Give it as `after` for the next page; absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u32>,
}

/// How many people were in a segment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SampleAnswer {
    /// Beginning of the hour or day (UTC), in milliseconds since the epoch.
    pub(crate) at_ms: i64,
    /// How many, when they were counted last in it.
    pub(crate) members: u64,
}

/// How many people were in a segment over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CountsAnswer {
    /// The segment's number.
    pub(crate) segment: u32,
    /// The last eight days by hour, oldest first. Hours in which nobody counted are left out.
    pub(crate) hours: Vec<SampleAnswer>,
    /// The last 400 days by day, oldest first, today included.
    pub(crate) days: Vec<SampleAnswer>,
}

/// Why somebody is in a segment, or not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExplainAnswer {
    /// The segment's number.
    pub(crate) segment: u32,
    /// Internal id of the person.
    pub(crate) cio_id: String,
    /// Whether they are in it.
    pub(crate) is_member: bool,
    /// Since when, in milliseconds since the epoch; absent: they are not, or were put there by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since_ms: Option<i64>,
    /// A visitor: visitors are in no segment, whatever is found of them.
    pub(crate) is_visitor: bool,
    /// How far the first look at everybody is, in percent: until it is done, the person may not have been
    /// looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) building: Option<u64>,
    /// Each check with what it saw (`check`, `saw`, `holds`, `changes_at`, `parts`); absent: the segment is
    /// kept by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) explanation: Option<Value>,
}

/// Members of a segment of either kind.
#[utoipa::path(get, path = "/landfall/v1/segments/{segment}/members", operation_id = "listMembers",
    params(("segment" = String, Path, description = "Number or name"),
        ("after" = Option<u32>, Query, description = "`next` of the page before"),
        ("limit" = Option<usize>, Query, description = "1 to 10000, default 100")),
    responses((status = 200, body = MemberList), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "segments")]
pub(crate) async fn members(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<MemberList>, Problem> {
    let (segment, _) = find(&visit.workspace, &name).await?;
    let limit = visit.limit(100, PAGE_MAX)?;
    let after = visit.parameter("after").map(|after| {
        let read = after.parse().map(PersonKey);
        read.map_err(|_| Problem::field("after", "give `next` of the page before"))
    });
    let after = after.transpose()?;
    let found = visit.workspace.read(move |store| {
        // One more than asked for tells whether there is another page.
        let mut keys = store.members(segment, after, limit + 1)?;
        let is_last = keys.len() <= limit;
        keys.truncate(limit);
        let next = keys.last().filter(|_| !is_last).map(|last| last.0);
        Ok((store.people(&keys)?, next))
    });
    let (people, next) = found.await?;
    let members = people.into_iter().map(|person| Member {
        cio_id: person.cio_id,
        id: person.id,
        email: person.email,
    });
    Ok(Json(MemberList {
        members: members.collect(),
        next,
    }))
}

/// How many people were in a segment: the last eight days by hour, the last 400 days by day.
#[utoipa::path(get, path = "/landfall/v1/segments/{segment}/counts", operation_id = "countMembers",
    params(("segment" = String, Path, description = "Number or name")),
    responses((status = 200, body = CountsAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "segments")]
pub(crate) async fn counts(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<CountsAnswer>, Problem> {
    let (segment, _) = find(&visit.workspace, &name).await?;
    let counts = visit.workspace.read(move |store| counts_of(store, segment));
    let counts = counts.await?;
    let shown = |samples: Vec<Sample>| {
        let shown = samples.into_iter().map(|sample| SampleAnswer {
            at_ms: sample.at.millis(),
            members: sample.members,
        });
        shown.collect()
    };
    Ok(Json(CountsAnswer {
        segment,
        hours: shown(counts.hours),
        days: shown(counts.days),
    }))
}

/// Why a person is in a segment now, or not: every check with what it saw.
#[utoipa::path(get, path = "/landfall/v1/segments/{segment}/explain", operation_id = "explainSegment",
    params(("segment" = String, Path, description = "Number or name"),
        ("person" = String, Query, description = "Whom"),
        ("id_type" = Option<String>, Query, description = "`id` (default), `email`, `phone`, `cio_id` or `anonymous_id`")),
    responses((status = 200, body = ExplainAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "segments")]
pub(crate) async fn explain(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<ExplainAnswer>, Problem> {
    let (id, segment) = find(&visit.workspace, &name).await?;
    let asked = visit.parameter("person");
    let asked = asked.ok_or_else(|| Problem::field("person", "say whom: `?person=ID`"))?;
    let who = identifier(&visit, asked)?;
    let person = visit.workspace.read(move |store| person_named(store, &who));
    let person = person.await?;
    let person = person.ok_or_else(|| Problem::not_found("person", asked))?;
    let (cio_id, is_visitor) = (person.cio_id.clone(), !person.is_known());
    let explained = visit.workspace.explain_segment(id, person).await?;
    let explanation = explained.explanation.map(serde_json::to_value);
    Ok(Json(ExplainAnswer {
        segment: id,
        cio_id,
        is_member: explained.is_member,
        since_ms: explained.since.map(|since| since.millis()),
        is_visitor,
        building: segment.build.map(|build| build.percent()),
        // Texts, numbers and values only.
        explanation: explanation.and_then(Result::ok),
    }))
}
