//! Reporting webhooks (app-api.md 11). Signing keys are shown by Landfall's own API alone.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use landfall_engine::reporting::{ReportingError, Settings, Webhook};
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, JsonBody, Path};
use super::refusal::Refusal;

/// `GET /v1/reporting_webhooks`.
pub(super) async fn list(door: Door) -> Answer {
    let reporting = door.app().reporting.clone();
    door.view()
        .answer(move |view| {
            let webhooks = reporting.list(&view.workspace)?;
            let webhooks: Vec<Value> = webhooks.iter().map(|(id, one)| shown(*id, one)).collect();
            Ok(json!({ "reporting_webhooks": webhooks }))
        })
        .await
}

/// `POST /v1/reporting_webhooks`.
pub(super) async fn create(door: Door, JsonBody(body): JsonBody) -> Answer {
    let reporting = door.app().reporting.clone();
    door.view()
        .answer(move |view| {
            let mut settings = Settings::default();
            fill(&mut settings, &body)?;
            let (id, webhook, _key) = reporting.create(&view.workspace, settings)?;
            Ok(shown(id, &webhook))
        })
        .await
}

/// `GET /v1/reporting_webhooks/{id}`.
pub(super) async fn get(door: Door, Path(id): Path<String>) -> Answer {
    let reporting = door.app().reporting.clone();
    door.view()
        .answer(move |view| {
            let id = number(&id)?;
            Ok(shown(id, &reporting.get(&view.workspace, id)?))
        })
        .await
}

/// `PUT /v1/reporting_webhooks/{id}`: what is left out stays as it is.
pub(super) async fn update(door: Door, Path(id): Path<String>, JsonBody(body): JsonBody) -> Answer {
    let reporting = door.app().reporting.clone();
    door.view()
        .answer(move |view| {
            let id = number(&id)?;
            let mut settings = reporting.get(&view.workspace, id)?.settings;
            fill(&mut settings, &body)?;
            let webhook = reporting.update(&view.workspace, id, |now| *now = settings)?;
            Ok(shown(id, &webhook))
        })
        .await
}

/// `DELETE /v1/reporting_webhooks/{id}`: 200 and nothing.
pub(super) async fn delete(door: Door, Path(id): Path<String>) -> Answer {
    let reporting = door.app().reporting.clone();
    door.view()
        .answer(move |view| Ok(reporting.delete(&view.workspace, number(&id)?)?))
        .await?;
    Ok(StatusCode::OK.into_response())
}

fn shown(id: u32, webhook: &Webhook) -> Value {
    let settings = &webhook.settings;
    json!({
        "id": id,
        "name": settings.name,
        "endpoint": settings.endpoint,
        "events": settings.events,
        "disabled": settings.disabled,
        "full_resolution": settings.full_resolution,
        "with_content": settings.with_content,
        "type": "webhook",
    })
}

/// A number that is none is the number of nothing.
fn number(id: &str) -> Result<u32, Refusal> {
    id.parse()
        .map_err(|_| Refusal::missing(format!("there is no reporting webhook `{id}`")))
}

/// Takes what the body says.
fn fill(settings: &mut Settings, body: &Value) -> Result<(), Refusal> {
    let Value::Object(fields) = body else {
        return Err(Refusal::bad(
            "send an object with `name`, `endpoint` and `events`",
        ));
    };
    for (field, into) in [
        ("name", &mut settings.name),
        ("endpoint", &mut settings.endpoint),
    ] {
        if let Some(value) = fields.get(field) {
            let text = value.as_str();
            text.ok_or_else(|| Refusal::bad(format!("{field}: write a text")))?
                .clone_into(into);
        }
    }
    for (field, into) in [
        ("disabled", &mut settings.disabled),
        ("full_resolution", &mut settings.full_resolution),
        ("with_content", &mut settings.with_content),
    ] {
        if let Some(value) = fields.get(field) {
            let said = value.as_bool();
            *into = said.ok_or_else(|| Refusal::bad(format!("{field}: write true or false")))?;
        }
    }
    if let Some(events) = fields.get("events") {
        let names = events.as_array().map(|events| {
            let names = events.iter().map(|event| event.as_str().map(str::to_owned));
            names.collect::<Option<Vec<String>>>()
        });
        settings.events = names
            .flatten()
            .ok_or_else(|| Refusal::bad("events: write a list of names such as `push_sent`"))?;
    }
    Ok(())
}

impl From<ReportingError> for Refusal {
    fn from(error: ReportingError) -> Self {
        match error {
            ReportingError::Invalid { .. } => Self::bad(error.to_string()),
            ReportingError::Missing { .. } => Self::missing(error.to_string()),
            ReportingError::Store(error) => error.into(),
            ReportingError::Seal(_) | ReportingError::Network(_) => {
                tracing::error!(%error, "a call about reporting webhooks failed");
                let detail = "webhooks cannot be used; the server's log says more";
                Self::with(StatusCode::INTERNAL_SERVER_ERROR, detail.to_owned())
            }
        }
    }
}
