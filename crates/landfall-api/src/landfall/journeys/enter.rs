//! Sending people into a journey by a call.

use axum::Json;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::run::RunInput;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};

/// Most people in one call.
const PEOPLE_MAX: usize = 10_000;

/// Whom to send into a journey.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnterCall {
    /// People by id, up to 10,000. Those who do not exist are passed over.
    pub(crate) ids: Vec<String>,
    /// What the journey's conditions see as `this_event`, and templates as `event`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) data: Value,
}

/// How many were taken to the door.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EnterAnswer {
    /// People who were named.
    pub(crate) named: usize,
}

/// Takes people to the door of a journey. Whether each may enter is decided by its entry rules.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/enter", operation_id = "enterJourney",
    request_body = EnterCall,
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = EnterAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn enter(
    visit: Visit,
    Place(name): Place<String>,
    Sent(call): Sent<EnterCall>,
) -> Result<Json<EnterAnswer>, Problem> {
    let (journey, _) = visit.workspace.find_journey(&name).await?;
    if call.ids.len() > PEOPLE_MAX {
        return Err(Problem::field(
            "ids",
            format!("name at most {PEOPLE_MAX} people in one call"),
        ));
    }
    let data = EventData::from(&call.data);
    let inputs: Vec<Input> = call
        .ids
        .iter()
        .filter_map(|id| Identifier::new(IdentifierKind::Id, id))
        .map(|who| Input {
            source: Source::App,
            at: None,
            sent_at: None,
            dedupe_key: None,
            body: Body::Run(Box::new(RunInput::Enter {
                journey,
                who,
                event: "api_trigger".to_owned(),
                data: data.clone(),
                trigger_id: None,
            })),
        })
        .collect();
    let named = inputs.len();
    visit.workspace.submit(inputs).await?;
    Ok(Json(EnterAnswer { named }))
}
