//! Versions of a journey: what each said, and since when.

use axum::Json;
use landfall_engine::journeys::{self, JourneyVersion};
use serde::Serialize;
use serde_json::Value;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};

/// A version of a journey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VersionAnswer {
    /// Its number, from one.
    version: u32,
    /// When it was applied, in milliseconds since the epoch.
    at_ms: i64,
    /// What it said; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    definition: Option<Value>,
}

/// Versions of a journey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VersionList {
    /// Newest first.
    versions: Vec<VersionAnswer>,
}

/// All versions of a journey that were applied, newest first.
async fn of(visit: &Visit, name: &str) -> Result<Vec<JourneyVersion>, Problem> {
    let (id, journey) = visit.workspace.find_journey(name).await?;
    let versions = visit
        .workspace
        .read(|store| journeys::versions(store))
        .await?;
    // A version after the newest is being applied, or its application was interrupted.
    let mut known: Vec<_> = versions
        .into_iter()
        .filter(|version| version.journey == id && version.version <= journey.version)
        .collect();
    known.sort_by_key(|version| std::cmp::Reverse(version.version));
    Ok(known)
}

/// Every version of a journey, newest first. None is ever changed.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/versions", operation_id = "listVersions",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = VersionList), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn list(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<VersionList>, Problem> {
    let versions = of(&visit, &name).await?.into_iter();
    let versions = versions.map(|version| VersionAnswer {
        version: version.version,
        at_ms: version.at.millis(),
        definition: None,
    });
    Ok(Json(VersionList {
        versions: versions.collect(),
    }))
}

/// One version of a journey with its definition.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/versions/{version}", operation_id = "getVersion",
    params(("journey" = String, Path, description = "Slug, number or name"),
        ("version" = u32, Path, description = "Its number")),
    responses((status = 200, body = VersionAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place((name, number)): Place<(String, u32)>,
) -> Result<Json<VersionAnswer>, Problem> {
    let mut versions = of(&visit, &name).await?.into_iter();
    let found = versions.find(|version| version.version == number);
    let found =
        found.ok_or_else(|| Problem::not_found("version of the journey", &number.to_string()))?;
    Ok(Json(VersionAnswer {
        version: found.version,
        at_ms: found.at.millis(),
        definition: Some(found.definition),
    }))
}
