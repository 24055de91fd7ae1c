//! `/landfall/v1/built-in-segments`: conditions that are there to be taken.

use axum::Json;
use landfall_audience::built_in::{self, BuiltIn};
use serde::Serialize;
use serde_json::Value;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::Visit;

/// A segment that comes with the program.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BuiltInAnswer {
    /// Its name: give it as `built_in` to make a segment of it.
    pub(crate) name: &'static str,
    /// What it means, in one sentence.
    pub(crate) meaning: &'static str,
    /// How far back it looks, such as `7d`; absent when it does not depend on time. Give another as
    /// `window`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<String>,
    /// Who is in it.
    #[schema(value_type = Object)]
    pub(crate) condition: Value,
}

/// Built-in segments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BuiltInList {
    /// In an order that belongs together.
    pub(crate) built_in: Vec<BuiltInAnswer>,
}

/// The built-in segments, each with the sentence that says what it means.
#[utoipa::path(get, path = "/landfall/v1/built-in-segments", operation_id = "listBuiltInSegments",
    responses((status = 200, body = BuiltInList), (status = 401, body = ProblemBody)), tag = "segments")]
pub(crate) async fn list(_: Visit) -> Json<BuiltInList> {
    let shown = built_in::all().into_iter().map(|one| BuiltInAnswer {
        name: one.name,
        meaning: one.meaning,
        window: one.window().map(str::to_owned),
        condition: one.json,
    });
    Json(BuiltInList {
        built_in: shown.collect(),
    })
}

/// A built-in segment with its condition, looking back as far as `window` says.
pub(super) fn chosen(name: &str, window: Option<&str>) -> Result<(BuiltIn, Value), Problem> {
    let Some(chosen) = built_in::named(name) else {
        let known: Vec<&str> = built_in::all().iter().map(|one| one.name).collect();
        let known = known.join(", ");
        let message = format!("there is no built-in segment `{name}`; there are {known}");
        return Err(Problem::field("built_in", message));
    };
    let Some(window) = window else {
        let condition = chosen.json.clone();
        return Ok((chosen, condition));
    };
    if chosen.window().is_none() {
        let message = format!("`{name}` does not depend on time: leave the window out");
        return Err(Problem::field("window", message));
    }
    let condition = chosen.json_within(window);
    Ok((chosen, condition))
}
