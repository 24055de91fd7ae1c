//! Webhooks in: `/hooks/customerio/{source}` (docs/api/webhooks-in.md), `/hooks/journeys`, `/hooks/twilio`
//! and `/hooks/email`.

mod email;
mod inbound;
mod journeys;
mod twilio;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use landfall_engine::Workspace;
use landfall_engine::credentials::Credential;
use serde_json::json;

use super::track::{busy, json_answer};
use crate::app::App;
use crate::parse::{Parsed, Problem, webhooks};
use crate::{body, rejected};

const SURFACE: &str = "POST /hooks/customerio/{source}";
/// Largest event; with content, an e-mail's body is in it.
const EVENT_BYTES_MAX: usize = 8 << 20;

/// Every route.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/hooks/customerio/{source}", post(customerio))
        .route("/hooks/journeys/{workspace}/{token}", post(journeys::call))
        .route(
            "/hooks/twilio/{workspace}/{credential}",
            post(twilio::report),
        )
        .route(
            "/hooks/email/{workspace}/{credential}/{secret}",
            post(email::report),
        )
}

async fn customerio(
    State(app): State<App>,
    source: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let source = source
        .ok()
        .and_then(|Path(name)| app.directory.source(&name));
    let Some(source) = source else {
        app.refusals.count(SURFACE, "unknown_source");
        let message = json!({"error": {"code": "not_found", "message": "there is no such source"}});
        return json_answer(StatusCode::NOT_FOUND, &message);
    };
    let workspace = &source.workspace;
    let bytes = match body::read(&headers, body, EVENT_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            rejected::record(workspace, SURFACE, problem.status, &problem, b"").await;
            return refused(&problem);
        }
    };
    if let Err(problem) = check_signature(&source.signing_key, &headers, &bytes) {
        // Whoever sent this has proved nothing: no sample.
        rejected::record(workspace, SURFACE, problem.status, &problem, b"").await;
        return refused(&problem);
    }
    match body::json(&bytes).and_then(|event| webhooks::input(&event)) {
        Ok(_) if app.settings.store_nothing => json_answer(StatusCode::OK, &json!({})),
        Ok(input) => match workspace.submit(vec![input]).await {
            Ok(_) => json_answer(StatusCode::OK, &json!({})),
            Err(error) => busy(&error),
        },
        Err(problem) => {
            // An error would pause the sender's whole stream for an hour; the event is kept in the
            // list of rejected inputs instead (reporting-webhooks.md 1).
            rejected::record(workspace, SURFACE, 200, &problem, &bytes).await;
            json_answer(StatusCode::OK, &json!({}))
        }
    }
}

/// The credential of that name, in the open workspace of that id.
fn credential(app: &App, workspace: &str, name: &str) -> Option<(Workspace, Credential)> {
    let mut workspaces = app.directory.workspaces().into_iter();
    let workspace = workspaces.find(|open| open.id() == workspace)?;
    let records = app.directory.credentials(&workspace);
    let record = records.get(name)?;
    match app.directory.open_credential(&workspace, name, record) {
        Ok(credential) => Some((workspace, credential)),
        Err(error) => {
            tracing::error!(%error, "a credential cannot be opened");
            None
        }
    }
}

fn check_signature(key: &str, headers: &HeaderMap, body: &[u8]) -> Parsed<()> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let why = match (text("x-cio-timestamp"), text("x-cio-signature")) {
        (Some(at), Some(signature)) if is_signed(key, at, body, signature) => return Ok(()),
        (Some(_), Some(_)) => "the signature does not fit body and key",
        _ => "X-CIO-Timestamp and X-CIO-Signature are required",
    };
    Err(Problem::new("bad_signature", "", why).with_status(401))
}

/// HMAC-SHA256 over `v0:<timestamp>:<body>` in lower-case hex, compared in constant time
/// (reporting-webhooks.md 2).
fn is_signed(key: &str, at: &str, body: &[u8], signature: &str) -> bool {
    let signature = signature.strip_prefix("v0=").unwrap_or(signature);
    let Some(signature) = from_hex(signature) else {
        return false;
    };
    let mut message = format!("v0:{at}:").into_bytes();
    message.extend_from_slice(body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::verify(&key, &message, &signature).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

fn refused(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    json_answer(
        status,
        &json!({"error": {"code": problem.reason, "message": problem.message}}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_vector_is_signed() {
        // reporting-webhooks.md 2.
        let signature = "c6f38e919b78f80959da2045e8e13fbdab84c4237563c0c6cddc5b03138f38ac";
        let check = |key: &str, body: &[u8], s: &str| is_signed(key, "1790000000", body, s);
        assert!(check("whsec_demo", b"{\"a\":1}", signature));
        assert!(check(
            "whsec_demo",
            b"{\"a\":1}",
            &format!("v0={signature}")
        ));
        assert!(!check("whsec_other", b"{\"a\":1}", signature));
        assert!(!check("whsec_demo", b"{\"a\":2}", signature));
        assert!(!check("whsec_demo", b"{\"a\":1}", "c6"));
        assert!(!check("whsec_demo", b"{\"a\":1}", "zz"));
    }
}
