//! `GET /landfall/v1/metrics-dictionary`.

use axum::Json;
use landfall_insight::metrics::{DICTIONARY, Metric, TERMS, Term};
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use super::visit::Visit;

/// What each metric means, and what other products' words are here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DictionaryAnswer {
    /// Every metric: `name`, `says`, `numerator`, `denominator`, `clock`, `dedupe`, `settles`, `version`.
    #[schema(value_type = Vec<Object>)]
    metrics: &'static [Metric],
    /// Words of other products: `product`, `word`, `metric` (null: nothing here means the same),
    /// `differs`.
    #[schema(value_type = Vec<Object>)]
    terms: &'static [Term],
}

/// The metric dictionary.
#[utoipa::path(get, path = "/landfall/v1/metrics-dictionary", operation_id = "getMetricsDictionary",
    responses((status = 200, body = DictionaryAnswer), (status = 401, body = ProblemBody)),
    tag = "metrics")]
pub(crate) async fn get(_: Visit) -> Result<Json<DictionaryAnswer>, Problem> {
    Ok(Json(DictionaryAnswer {
        metrics: DICTIONARY,
        terms: TERMS,
    }))
}
