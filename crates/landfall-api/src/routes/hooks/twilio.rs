//! `POST /hooks/twilio/{workspace}/{credential}`: what became of text messages (providers.md 5.1), and the
//! messages that people send to our number.
//!
//! The credential's `callback_url` is the public address of this path; Twilio signs with it, so the `Host`
//! header, which a proxy may have changed, does not matter.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use landfall_domain::input::{Body as What, Input, Source};
use landfall_engine::credentials::twilio::{Inbound, StatusCallback, signature};
use landfall_engine::credentials::{Credential, TwilioCredential};
use landfall_engine::{SubmitError, Workspace};
use serde_json::json;

use super::super::track::{busy, json_answer};
use super::{credential, inbound, refused};
use crate::app::App;
use crate::landfall::pairs;
use crate::parse::{Parsed, Problem};
use crate::{body, rejected};

const SURFACE: &str = "POST /hooks/twilio/{workspace}/{credential}";
const REPORT_BYTES_MAX: usize = 64 << 10;

pub(super) async fn report(
    State(app): State<App>,
    Path((workspace, credential)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some((workspace, twilio)) = find(&app, &workspace, &credential) else {
        app.refusals.count(SURFACE, "unknown_source");
        let message = "there is no Twilio credential of that name in that workspace";
        let answer = json!({"error": {"code": "not_found", "message": message}});
        return json_answer(StatusCode::NOT_FOUND, &answer);
    };
    let bytes = match body::read(&headers, body, REPORT_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            rejected::record(&workspace, SURFACE, problem.status, &problem, b"").await;
            return refused(&problem);
        }
    };
    let fields = pairs(&String::from_utf8_lossy(&bytes));
    let query = uri.query().unwrap_or_default();
    if let Err(problem) = check(&twilio, query, &headers, &fields) {
        // Whoever sent this has proved nothing: no sample.
        rejected::record(&workspace, SURFACE, problem.status, &problem, b"").await;
        return refused(&problem);
    }
    if let Some(message) = Inbound::read(&fields) {
        return answered(&app, &workspace, message).await;
    }
    match input(query, &fields) {
        Ok(None) => json_answer(StatusCode::OK, &json!({})),
        Ok(Some(_)) if app.settings.store_nothing => json_answer(StatusCode::OK, &json!({})),
        Ok(Some(input)) => match workspace.submit(vec![input]).await {
            Ok(_) => json_answer(StatusCode::OK, &json!({})),
            Err(error) => busy(&error),
        },
        Err(problem) => {
            // Twilio would send it again, and it would not get better.
            rejected::record(&workspace, SURFACE, 200, &problem, &bytes).await;
            json_answer(StatusCode::OK, &json!({}))
        }
    }
}

/// Takes a message from a person. Twilio wants TwiML as the answer: nothing is said in return.
async fn answered(app: &App, workspace: &Workspace, message: Inbound) -> Response {
    let input = match inbound::input(workspace, message).await {
        Ok(input) => input.filter(|_| !app.settings.store_nothing),
        Err(error) => return busy(&SubmitError::Unavailable(error.to_string())),
    };
    if let Some(input) = input
        && let Err(error) = workspace.submit(vec![input]).await
    {
        return busy(&error);
    }
    let xml = [(header::CONTENT_TYPE, "text/xml; charset=utf-8")];
    (StatusCode::OK, xml, "<Response/>").into_response()
}

fn find(app: &App, workspace: &str, name: &str) -> Option<(Workspace, TwilioCredential)> {
    match credential(app, workspace, name)? {
        (workspace, Credential::Twilio(twilio)) => Some((workspace, twilio)),
        _ => None,
    }
}

fn check(
    twilio: &TwilioCredential,
    query: &str,
    headers: &HeaderMap,
    fields: &[(String, String)],
) -> Parsed<()> {
    let refuse = |why: &str| Err(Problem::new("bad_signature", "", why).with_status(401));
    let Some(public) = &twilio.callback_url else {
        return refuse("the credential has no callback_url: reports cannot be checked");
    };
    let given = headers.get("x-twilio-signature");
    let Some(given) = given.and_then(|value| value.to_str().ok()) else {
        return refuse("X-Twilio-Signature is required");
    };
    let base = public.split('?').next().unwrap_or_default();
    let url = match query {
        "" => base.to_owned(),
        query => format!("{base}?{query}"),
    };
    if signature::is_valid(&twilio.secret, &url, fields, given) {
        return Ok(());
    }
    refuse("the signature does not fit the report, the auth token and callback_url")
}

/// The report as an input; `None` while Twilio only holds the message.
fn input(query: &str, fields: &[(String, String)]) -> Parsed<Option<Input>> {
    let report = StatusCallback::read(fields)
        .map_err(|error| Problem::new("malformed", "", error.to_string()))?;
    let Some(mark) = report.status.mark() else {
        return Ok(None);
    };
    let query = pairs(query);
    let delivery = query.iter().find(|(name, _)| name == "delivery");
    let (_, delivery_id) = delivery.ok_or_else(|| Problem::required("delivery"))?;
    let words = [
        report.error_code.map(|code| code.to_string()),
        report.error_message.clone(),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    Ok(Some(Input {
        source: Source::Provider,
        at: None,
        sent_at: None,
        dedupe_key: Some(format!("twilio:{}:{mark}", report.message_sid)),
        body: What::Receipt {
            delivery_id: delivery_id.clone(),
            mark,
            recipient: Some(report.to.clone()).filter(|to| !to.is_empty()),
            reason: Some(words.join(": ")).filter(|words| !words.is_empty()),
            href: None,
        },
    }))
}
