//! `POST /hooks/email/{workspace}/{credential}/{secret}`: what becomes of mails after a relay took them
//! (providers.md 6.3 and 6.4; docs/sending/mail-events.md).
//!
//! The last part of the path is a secret of the credential, which Landfall makes and shows; calls of SendGrid
//! prove themselves by their signature too, when the credential has `events_key`.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use landfall_domain::input::{Body as What, Input, Source};
use landfall_engine::credentials::mail_events::{MailEvent, MailReport, is_signed_by_sendgrid};
use landfall_engine::credentials::{Credential, SmtpCredential};
use landfall_engine::{SubmitError, Workspace};
use landfall_store::StoreError;
use serde_json::json;

use super::super::track::{busy, json_answer};
use super::{credential, refused};
use crate::app::App;
use crate::parse::{Parsed, Problem, time};
use crate::{body, rejected};

const SURFACE: &str = "POST /hooks/email/{workspace}/{credential}";
/// Largest call: SendGrid gathers events, and reports can quote the mail.
const BYTES_MAX: usize = 8 << 20;

type Parts = Result<Path<(String, String, String)>, PathRejection>;

pub(super) async fn report(
    State(app): State<App>,
    parts: Parts,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some((workspace, relay)) = find(&app, parts) else {
        app.refusals.count(SURFACE, "unknown_source");
        let message = "there is no such address for reports about mails";
        let answer = json!({"error": {"code": "not_found", "message": message}});
        return json_answer(StatusCode::NOT_FOUND, &answer);
    };
    let bytes = match body::read(&headers, body, BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            rejected::record(&workspace, SURFACE, problem.status, &problem, b"").await;
            return refused(&problem);
        }
    };
    if let Err(problem) = check(&relay, &headers, &bytes) {
        // Whoever sent this has proved nothing: no sample.
        rejected::record(&workspace, SURFACE, problem.status, &problem, b"").await;
        return refused(&problem);
    }
    let events = match read(&bytes) {
        Ok(events) => events,
        Err(problem) => {
            // The provider would send it again, and it would not get better.
            rejected::record(&workspace, SURFACE, 200, &problem, b"").await;
            return json_answer(StatusCode::OK, &json!({}));
        }
    };
    let inputs = match ours(&workspace, events).await {
        Ok(inputs) => inputs,
        Err(error) => return busy(&SubmitError::Unavailable(error.to_string())),
    };
    if inputs.is_empty() || app.settings.store_nothing {
        return json_answer(StatusCode::OK, &json!({}));
    }
    match workspace.submit(inputs).await {
        Ok(_) => json_answer(StatusCode::OK, &json!({})),
        Err(error) => busy(&error),
    }
}

fn find(app: &App, parts: Parts) -> Option<(Workspace, SmtpCredential)> {
    let Path((workspace, name, secret)) = parts.ok()?;
    if !app.directory.is_mail_secret(&workspace, &name, &secret) {
        return None;
    }
    match credential(app, &workspace, &name)? {
        (workspace, Credential::Smtp(relay)) => Some((workspace, relay)),
        _ => None,
    }
}

fn check(relay: &SmtpCredential, headers: &HeaderMap, body: &[u8]) -> Parsed<()> {
    let Some(key) = &relay.events_key else {
        return Ok(());
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = text("x-twilio-email-event-webhook-signature");
    let timestamp = text("x-twilio-email-event-webhook-timestamp");
    let why = match (signature, timestamp) {
        (Some(signature), Some(at)) if is_signed_by_sendgrid(key, at, body, signature) => {
            return Ok(());
        }
        (Some(_), Some(_)) => "the signature does not fit body, time and events_key",
        _ => "the credential has an events_key: calls must be signed with it",
    };
    Err(Problem::new("bad_signature", "", why).with_status(401))
}

fn read(bytes: &[u8]) -> Parsed<Vec<MailEvent>> {
    match MailReport::read(bytes) {
        Ok(MailReport::Events(events)) => Ok(events),
        Ok(MailReport::Confirm(url)) => {
            tracing::warn!(%url, "Amazon SNS asks whether it may post here: open this address once");
            let what =
                "Amazon SNS asks for a confirmation: the server's log has the address to open";
            Err(Problem::new("confirmation", "SubscribeURL", what))
        }
        Err(error) => Err(Problem::new("malformed", "", error.to_string())),
    }
}

/// The events about mails of ours. Other programs may send over the same account, and what happens to
/// their mails must not wait here for deliveries that never come.
async fn ours(workspace: &Workspace, events: Vec<MailEvent>) -> Result<Vec<Input>, StoreError> {
    let read = workspace.read(move |store| {
        let mut known: BTreeMap<String, bool> = BTreeMap::new();
        let mut inputs = Vec::new();
        for event in events {
            let Some(id) = event.delivery_id.clone() else {
                continue;
            };
            let is_ours = match known.get(&id) {
                Some(is_ours) => *is_ours,
                None => store.delivery(&id)?.is_some(),
            };
            known.insert(id, is_ours);
            inputs.extend(input(event).filter(|_| is_ours));
        }
        Ok(inputs)
    });
    read.await
}

fn input(event: MailEvent) -> Option<Input> {
    let reason = event.text();
    Some(Input {
        source: Source::Provider,
        at: time::moment(&event.at),
        sent_at: None,
        dedupe_key: Some(format!("mail:{}", event.key)),
        body: What::Receipt {
            delivery_id: event.delivery_id?,
            mark: event.mark,
            recipient: event.recipient,
            reason,
            href: event.href,
        },
    })
}
