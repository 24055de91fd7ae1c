//! `/landfall/v1/credentials`: what the workspace sends with.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use landfall_domain::time::Timestamp;
use landfall_engine::credentials::{
    CredentialKind, CredentialRecord, NewCredential, Standing, Verdict, check as ask, check_name,
    verdict,
};
use serde::Serialize;
use serde_json::Value;

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};
use crate::app::App;

/// A credential, without anything that is secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CredentialAnswer {
    /// Its name.
    name: String,
    /// What it is for: `apns`, `fcm`, `web_push`, `twilio`, `http_sms`, `smtp`, `slack`, `webhook`.
    provider: &'static str,
    /// The app whose messages it carries; absent: every app that has no credential of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// Messages a second; absent: as many as the provider takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<u32>,
    /// When it was added or replaced, in milliseconds since 1970 UTC.
    created_ms: i64,
    /// When its certificate ends, in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_ms: Option<i64>,
    /// What may be shown: ids, hosts, the last characters of long secrets.
    shown: BTreeMap<String, String>,
    /// What the provider said last; absent: it was not asked since the server started.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckAnswer>,
    /// Why it cannot be used at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    unusable: Option<String>,
    /// Of an SMTP relay: where its provider posts what becomes of mails. Secret: whoever has it can report.
    /// Absent when the server does not know its public address.
    #[serde(skip_serializing_if = "Option::is_none")]
    events_url: Option<String>,
}

/// What a provider said to the question whether a credential works.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CheckAnswer {
    /// `works`; `not_asked`: its form is right, and the provider is asked with the first message only;
    /// `not_reached`: no answer that says anything about it; `refused`.
    standing: &'static str,
    /// Why it is not accepted: a reason of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What was said, in one sentence.
    message: String,
    /// What to do; empty: nothing.
    fix: String,
    /// When, in milliseconds since 1970 UTC.
    checked_ms: i64,
}

/// What the workspace sends with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CredentialList {
    /// Its credentials, by name.
    credentials: Vec<CredentialAnswer>,
}

/// The credentials of this workspace. Secrets are never shown.
#[utoipa::path(
    get,
    path = "/landfall/v1/credentials",
    operation_id = "listCredentials",
    responses((status = 200, body = CredentialList), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn list(State(app): State<App>, visit: Visit) -> Json<CredentialList> {
    let records = app.directory.credentials(&visit.workspace);
    let credentials = records
        .into_iter()
        .map(|(name, record)| answer(&app, &visit, name, record));
    Json(CredentialList {
        credentials: credentials.collect(),
    })
}

/// One credential of this workspace. Secrets are never shown.
#[utoipa::path(
    get,
    path = "/landfall/v1/credentials/{name}",
    operation_id = "getCredential",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 200, body = CredentialAnswer),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn get(
    State(app): State<App>,
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<CredentialAnswer>, Problem> {
    let record = app.directory.credentials(&visit.workspace).remove(&name);
    let record = record.ok_or_else(|| Problem::not_found("credential", &name))?;
    Ok(Json(answer(&app, &visit, name, record)))
}

/// Adds a credential, or replaces the one of that name. The provider is asked first (a dry run: nobody
/// gets anything); what it refuses is not stored.
#[utoipa::path(
    put,
    path = "/landfall/v1/credentials/{name}",
    operation_id = "putCredential",
    params(
        ("name" = String, Path, description = "Letters, digits, `-`, `_` and `.`"),
        ("unchecked" = Option<bool>, Query, description = "`true`: store it without asking the provider"),
    ),
    request_body(
        content = Object,
        description = "`provider` and the provider's fields (docs/sending/credentials.md), and `app` and \
                       `per_second` beside them. Stored sealed, never shown again.",
        example = json!({"provider": "apns", "key_p8": "-----BEGIN PRIVATE KEY-----...", "key_id": "ABC123DEFG",
                         "team_id": "DEF123GHIJ", "topic": "com.shop.app", "per_second": 500})
    ),
    responses(
        (status = 200, body = CredentialAnswer),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 422, body = ProblemBody),
        (status = 502, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn put(
    State(app): State<App>,
    visit: Visit,
    Place(name): Place<String>,
    Sent(fields): Sent<Value>,
) -> Result<Json<CredentialAnswer>, Problem> {
    check_name(&name)?;
    let new = NewCredential::read(fields)?;
    let now = visit.workspace.now();
    let unchecked = visit.parameter("unchecked") == Some("true");
    if unchecked {
        new.validate(app.sending.network())?;
    } else {
        let said = ask(&new.credential, app.sending.network(), now).await?;
        refuse(&verdict(&said))?;
    }
    let (directory, workspace, of) = (app.directory.clone(), visit.workspace.clone(), name.clone());
    let record =
        super::board(move || directory.set_credential(&workspace, &of, &new, now)).await??;
    app.sending.refresh();
    Ok(Json(answer(&app, &visit, name, record)))
}

/// Removes a credential. Messages that only it could carry wait, or fail as *provider_not_configured*.
#[utoipa::path(
    delete,
    path = "/landfall/v1/credentials/{name}",
    operation_id = "deleteCredential",
    params(("name" = String, Path, description = "Its name")),
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
    Place(name): Place<String>,
) -> Result<StatusCode, Problem> {
    let (directory, workspace) = (app.directory.clone(), visit.workspace.clone());
    super::board(move || directory.remove_credential(&workspace, &name)).await??;
    app.sending.refresh();
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the provider whether a credential works, without sending anything to anybody.
#[utoipa::path(
    post,
    path = "/landfall/v1/credentials/{name}/check",
    operation_id = "checkCredential",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 200, body = CheckAnswer, description = "What it said: read `standing`"),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn check(
    State(app): State<App>,
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<CheckAnswer>, Problem> {
    // What the command line has just added is there already.
    let directory = app.directory.clone();
    super::board(move || directory.reread()).await??;
    app.sending.refresh();
    let said = app.sending.check(&visit.workspace, &name).await?;
    Ok(Json(checked(verdict(&said), visit.workspace.now())))
}

/// Nothing is stored of what the provider refuses, or could not be asked about.
fn refuse(said: &Verdict) -> Result<(), Problem> {
    let (code, hint) = match said.standing {
        Standing::Works | Standing::NotAsked => return Ok(()),
        Standing::Refused => (Code::CredentialRefused, ""),
        Standing::NotReached => (
            Code::ProviderUnavailable,
            " Nothing was stored; `?unchecked=true` stores it all the same.",
        ),
    };
    Err(Problem::new(
        code,
        format!("{} {}{hint}", said.message, said.fix),
    ))
}

fn answer(app: &App, visit: &Visit, name: String, record: CredentialRecord) -> CredentialAnswer {
    let carrier = app.sending.carriers(&visit.workspace).named(&name);
    let said = carrier.and_then(|carrier| carrier.health().checked);
    let mut unusable = app.sending.unusable(&visit.workspace).into_iter();
    let relay = record.kind == CredentialKind::Smtp;
    let links = app.links.as_ref().filter(|_| relay);
    CredentialAnswer {
        events_url: links.map(|links| links.mail_events(visit.workspace.id(), &name)),
        provider: record.kind.name(),
        app: record.app,
        per_second: record.per_second,
        created_ms: record.created_ms,
        expires_ms: record.expires_ms,
        shown: record.shown,
        check: said.map(|(at, said)| checked(verdict(&said), at)),
        unusable: unusable.find(|it| it.name == name).map(|it| it.problem),
        name,
    }
}

fn checked(said: Verdict, at: Timestamp) -> CheckAnswer {
    CheckAnswer {
        standing: said.standing.name(),
        reason: said.reason.map(landfall_domain::reason::Reason::name),
        message: said.message,
        fix: said.fix,
        checked_ms: at.millis(),
    }
}
