//! `/unsubscribe/{workspace}/{delivery}/{signature}`: the links in our mails by which people opt out
//! (RFC 8058, providers.md 6.2).
//!
//! GET shows a page with a button and changes nothing, because scanners of mail follow links. POST opts out,
//! whatever its body says: the mail program's one click and the button of the page alike. No login, no
//! redirect; the signature proves that whoever calls was sent the link.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use landfall_domain::input::{Body, Input, Source};
use landfall_engine::Workspace;

use super::track::busy;
use crate::app::App;

const SURFACE: &str = "/unsubscribe/{workspace}/{delivery}/{signature}";

/// Nothing is loaded, nobody is told where the reader came from, and nobody keeps or lists the page.
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

const ASK: &str = "<h1>Unsubscribe</h1>\n<p>You will get no more of these messages.</p>\n\
    <form method=\"post\"><button>Unsubscribe</button></form>";
const DONE: &str = "<h1>You are unsubscribed</h1>\n<p>You will get no more of these messages.</p>";
const UNKNOWN: &str = "<h1>This link does not work</h1>\n\
    <p>It may have been cut off. Open it from the message again, or ask the sender.</p>";

type Parts = Result<Path<(String, String, String)>, PathRejection>;

/// Every route.
pub(crate) fn router() -> Router<App> {
    let path = "/unsubscribe/{workspace}/{delivery}/{signature}";
    Router::new().route(path, get(ask).post(opt_out))
}

async fn ask(State(app): State<App>, parts: Parts) -> Response {
    match link(&app, parts) {
        Some(_) => page(StatusCode::OK, ASK),
        None => unknown(&app),
    }
}

async fn opt_out(State(app): State<App>, parts: Parts) -> Response {
    let Some((workspace, delivery_id)) = link(&app, parts) else {
        return unknown(&app);
    };
    // With its time, a second opting out counts, after somebody had subscribed again.
    let input = Input {
        source: Source::Receipt,
        at: Some(workspace.now()),
        sent_at: None,
        dedupe_key: None,
        body: Body::Unsubscribe { delivery_id },
    };
    if app.settings.store_nothing {
        return page(StatusCode::OK, DONE);
    }
    match workspace.submit(vec![input]).await {
        Ok(_) => page(StatusCode::OK, DONE),
        Err(error) => busy(&error),
    }
}

/// The workspace and the delivery of a link that was made here.
fn link(app: &App, parts: Parts) -> Option<(Workspace, String)> {
    let Ok(Path((workspace, delivery_id, signature))) = parts else {
        return None;
    };
    let directory = &app.directory;
    if !directory.is_link_to_opt_out(&workspace, &delivery_id, &signature) {
        return None;
    }
    let mut open = directory.workspaces().into_iter();
    let workspace = open.find(|open| open.id() == workspace)?;
    Some((workspace, delivery_id))
}

fn unknown(app: &App) -> Response {
    app.refusals.count(SURFACE, "bad_signature");
    page(StatusCode::NOT_FOUND, UNKNOWN)
}

fn page(status: StatusCode, text: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Unsubscribe</title>\
         <style>body{{font:16px/1.5 sans-serif;max-width:32em;margin:4em auto;padding:0 1em}}\
         button{{font:inherit;padding:.5em 1.5em}}</style></head>\n<body>\n{text}\n</body></html>\n"
    );
    (status, HEADERS, page).into_response()
}
