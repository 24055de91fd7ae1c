//! `/landfall/v1/names`: what journeys, steps and variants are called.

use axum::Json;
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::message::{NameOf, SourceKind};
use landfall_journey::names::lint as departures_of;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, ProblemBody};
use super::visit::{Sent, Visit};

/// A name and what it is given to.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Named {
    /// `campaign`, `broadcast`, `newsletter` or `transactional`.
    pub(crate) source: String,
    /// Its number.
    pub(crate) source_id: u64,
    /// The step; left out: the journey itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step_id: Option<u64>,
    /// The variant; left out: the step itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) variant_id: Option<u64>,
    /// The name. For steps the convention is `Journey | Step | Delay | Intent`.
    pub(crate) name: String,
}

/// Names.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct NameList {
    /// The names.
    pub(crate) names: Vec<Named>,
}

/// All names given so far.
#[utoipa::path(
    get,
    path = "/landfall/v1/names",
    operation_id = "listNames",
    responses((status = 200, body = NameList), (status = 401, body = ProblemBody)),
    tag = "names"
)]
pub(crate) async fn list(visit: Visit) -> Json<NameList> {
    let catalogue = visit.workspace.catalogue();
    let mut names: Vec<Named> = catalogue
        .names()
        .map(|(of, name)| Named {
            source: of.source.name().to_owned(),
            source_id: of.source_id,
            step_id: of.step_id,
            variant_id: of.variant_id,
            name: name.to_owned(),
        })
        .collect();
    names.sort_by(|a, b| {
        let place = |n: &Named| (n.source.clone(), n.source_id, n.step_id, n.variant_id);
        place(a).cmp(&place(b))
    });
    Json(NameList { names })
}

/// Gives names; a later name of the same thing replaces the earlier one.
#[utoipa::path(
    put,
    path = "/landfall/v1/names",
    operation_id = "putNames",
    request_body = NameList,
    responses(
        (status = 200, body = NameList),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "names"
)]
pub(crate) async fn put(
    visit: Visit,
    Sent(given): Sent<NameList>,
) -> Result<Json<NameList>, Problem> {
    let mut names = Vec::with_capacity(given.names.len());
    for named in &given.names {
        let source = SourceKind::named(&named.source).ok_or_else(|| {
            Problem::field(
                "source",
                "write campaign, broadcast, newsletter or transactional",
            )
        })?;
        if named.name.trim().is_empty() {
            return Err(Problem::field("name", "a name must not be blank"));
        }
        let of = NameOf {
            source,
            source_id: named.source_id,
            step_id: named.step_id,
            variant_id: named.variant_id,
        };
        names.push((of, named.name.trim().to_owned()));
    }
    let body = Body::Name { names };
    let input = Input {
        source: Source::App,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    };
    visit.workspace.submit(vec![input]).await?;
    Ok(list(visit).await)
}

/// A message's name that departs from the convention, with what it probably means.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Departure {
    #[serde(flatten)]
    named: Named,
    /// In what it departs, each with what to write.
    breaches: Vec<String>,
    /// What it probably means, as a name that follows the convention; parts that nobody can guess are `-`.
    repair: String,
    /// Parts that somebody has to fill in: `journey`, `step`, `delay`, `intent`. Empty: `repair` can be
    /// given as it is.
    unknown: Vec<&'static str>,
}

/// Names that depart from the convention.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DepartureList {
    /// By number of the journey and step.
    departures: Vec<Departure>,
}

/// Names of messages that depart from `Journey | Step | Delay | Intent`, with what they probably mean.
#[utoipa::path(get, path = "/landfall/v1/names/lint", operation_id = "lintNames",
    responses((status = 200, body = DepartureList), (status = 401, body = ProblemBody)), tag = "names")]
pub(crate) async fn lint(visit: Visit) -> Json<DepartureList> {
    let Json(NameList { names }) = list(visit).await;
    let journey_of = |of: &Named| {
        let same = |named: &&Named| {
            named.step_id.is_none() && named.source == of.source && named.source_id == of.source_id
        };
        names.iter().find(same).map(|named| named.name.as_str())
    };
    // Names of steps are names of messages; those of journeys and variants follow no convention.
    let messages = names
        .iter()
        .filter(|named| named.step_id.is_some() && named.variant_id.is_none());
    let departures = messages.filter_map(|named| {
        let finding = departures_of(&named.name, journey_of(named))?;
        Some(Departure {
            named: named.clone(),
            breaches: finding.breaches.iter().map(ToString::to_string).collect(),
            repair: finding.repair,
            unknown: finding.unknown.iter().map(|part| part.name()).collect(),
        })
    });
    Json(DepartureList {
        departures: departures.collect(),
    })
}
