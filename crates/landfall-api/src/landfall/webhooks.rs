//! `/landfall/v1/webhooks`: where changes of deliveries are reported to, with signing keys and health.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use landfall_domain::attempt::{Answer, Verdict};
use landfall_engine::reporting::{ReportingError, Settings, Webhook, event_names};
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};
use crate::app::App;

/// A webhook to add.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct NewWebhook {
    /// What it is called.
    name: String,
    /// Where events are posted to.
    endpoint: String,
    /// Which events, such as `push_sent`; left out: all.
    events: Option<Vec<String>>,
    /// Whether every open and click is told, and not only the first of each message.
    #[serde(default)]
    full_resolution: bool,
    /// Whether *sent* brings the content.
    #[serde(default)]
    with_content: bool,
}

/// A webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookAnswer {
    /// Its number, the same in the App API.
    id: u32,
    /// What it is called.
    name: String,
    /// Where events are posted to.
    endpoint: String,
    /// Which events.
    events: Vec<String>,
    /// Whether nothing is posted.
    disabled: bool,
    /// Whether every open and click is told.
    full_resolution: bool,
    /// Whether *sent* brings the content.
    with_content: bool,
    /// When it was made, in milliseconds since 1970 UTC.
    created_ms: i64,
    /// Number of the last fact of the ledger that is dealt with.
    cursor: u64,
    /// Events that wait for the endpoint.
    waiting: usize,
    /// Events that were given up.
    dead_letters: usize,
    /// Until when the endpoint is left alone because it took nothing, in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_until_ms: Option<i64>,
    /// What was wrong when it refused last.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Webhooks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookList {
    /// By number.
    webhooks: Vec<WebhookAnswer>,
}

/// A webhook that was made just now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MadeWebhook {
    #[serde(flatten)]
    webhook: WebhookAnswer,
    /// The key that its requests are signed with. It is not shown again.
    signing_key: String,
}

/// A new key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SigningKey {
    /// The key that requests are signed with from now on. It is not shown again.
    signing_key: String,
}

/// What an endpoint said to a test.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TestAnswer {
    /// Whether it took the event.
    taken: bool,
    /// Its HTTP status; absent: there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Its words, or why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The reporting webhooks of this workspace, and how they are doing.
#[utoipa::path(
    get,
    path = "/landfall/v1/webhooks",
    operation_id = "listWebhooks",
    responses((status = 200, body = WebhookList), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn list(
    State(app): State<App>,
    visit: Visit,
) -> Result<Json<WebhookList>, Problem> {
    let asked = super::board(move || {
        let webhooks = app.reporting.list(&visit.workspace)?;
        let shown = webhooks
            .into_iter()
            .map(|(id, one)| answer(&app, &visit, id, one));
        shown.collect::<Result<_, ReportingError>>()
    });
    Ok(Json(WebhookList {
        webhooks: asked.await??,
    }))
}

/// Adds a reporting webhook, which hears of everything from now on.
#[utoipa::path(
    post,
    path = "/landfall/v1/webhooks",
    operation_id = "addWebhook",
    request_body = NewWebhook,
    responses(
        (status = 200, body = MadeWebhook),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn add(
    State(app): State<App>,
    visit: Visit,
    Sent(new): Sent<NewWebhook>,
) -> Result<Json<MadeWebhook>, Problem> {
    let settings = Settings {
        name: new.name,
        endpoint: new.endpoint,
        events: new.events.unwrap_or_else(|| event_names().collect()),
        disabled: false,
        full_resolution: new.full_resolution,
        with_content: new.with_content,
    };
    let made = super::board(move || {
        let (id, webhook, signing_key) = app.reporting.create(&visit.workspace, settings)?;
        let webhook = answer(&app, &visit, id, webhook)?;
        Ok::<_, ReportingError>(MadeWebhook {
            webhook,
            signing_key,
        })
    });
    Ok(Json(made.await??))
}

/// Deletes a reporting webhook and its dead letters.
#[utoipa::path(
    delete,
    path = "/landfall/v1/webhooks/{id}",
    operation_id = "deleteWebhook",
    params(("id" = u32, Path, description = "Its number")),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn remove(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<StatusCode, Problem> {
    super::board(move || app.reporting.delete(&visit.workspace, id)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a reporting webhook a new signing key.
#[utoipa::path(
    post,
    path = "/landfall/v1/webhooks/{id}/key",
    operation_id = "renewWebhookKey",
    params(("id" = u32, Path, description = "Its number")),
    responses(
        (status = 200, body = SigningKey),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn renew_key(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<Json<SigningKey>, Problem> {
    let renewed = super::board(move || app.reporting.renew_key(&visit.workspace, id));
    Ok(Json(SigningKey {
        signing_key: renewed.await??,
    }))
}

/// Posts an event that never happened, to see whether the endpoint takes it.
#[utoipa::path(
    post,
    path = "/landfall/v1/webhooks/{id}/test",
    operation_id = "testWebhook",
    params(("id" = u32, Path, description = "Its number")),
    responses(
        (status = 200, body = TestAnswer, description = "What it said: read `taken`"),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn test(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<Json<TestAnswer>, Problem> {
    let said: Answer = app.reporting.test(&visit.workspace, id).await?;
    Ok(Json(TestAnswer {
        taken: said.verdict == Verdict::Accepted,
        status: said.status,
        message: said.words(),
    }))
}

fn answer(
    app: &App,
    visit: &Visit,
    id: u32,
    webhook: Webhook,
) -> Result<WebhookAnswer, ReportingError> {
    let dead_letters = app.reporting.dead_letters(&visit.workspace, id)?.len();
    let progress = app.reporting.progress(&visit.workspace, id);
    let settings = webhook.settings;
    Ok(WebhookAnswer {
        id,
        name: settings.name,
        endpoint: settings.endpoint,
        events: settings.events,
        disabled: settings.disabled,
        full_resolution: settings.full_resolution,
        with_content: settings.with_content,
        created_ms: webhook.created_at.millis(),
        cursor: webhook.cursor,
        waiting: progress.waiting,
        dead_letters,
        paused_until_ms: progress
            .paused_until
            .map(landfall_domain::time::Timestamp::millis),
        problem: progress.problem,
    })
}

impl From<ReportingError> for Problem {
    fn from(error: ReportingError) -> Self {
        match error {
            ReportingError::Invalid { field, problem } => Self::field(field, problem),
            ReportingError::Missing { what, id } => Self::not_found(what, &id.to_string()),
            ReportingError::Store(error) => error.into(),
            ReportingError::Seal(_) | ReportingError::Network(_) => {
                tracing::error!(%error, "a call about reporting webhooks failed");
                Self::new(Code::Internal, "webhooks cannot be used: see the log")
            }
        }
    }
}
