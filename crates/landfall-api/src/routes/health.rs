//! Health, metrics for Prometheus, the OpenAPI document, and the answer to unknown paths.

mod sending;

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use landfall_engine::Rebuild;
use serde_json::json;

use super::track::json_answer;
use crate::app::App;

/// Every route; `document` is the OpenAPI document.
pub(crate) fn router(document: String) -> Router<App> {
    let document = move || async move {
        (
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            document.clone(),
        )
    };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(document))
}

/// Ready when every workspace's board holds what its ledger holds; requests are taken before that.
async fn ready(State(app): State<App>) -> Response {
    let mut status = StatusCode::OK;
    let mut lines = String::new();
    for workspace in app.directory.workspaces() {
        let state = match workspace.rebuild() {
            Rebuild::Done => "ready".to_owned(),
            Rebuild::Running { done, total } => format!("board {done} of {total}"),
            Rebuild::Failed => "board failed".to_owned(),
        };
        if state != "ready" {
            status = StatusCode::SERVICE_UNAVAILABLE;
        }
        let _ = writeln!(lines, "{}: {state}", workspace.id());
    }
    (status, lines).into_response()
}

async fn metrics(State(app): State<App>) -> Response {
    let mut text = String::from(
        "# HELP landfall_refused_total Requests refused before a workspace was known.\n\
         # TYPE landfall_refused_total counter\n",
    );
    for ((surface, reason), count) in app.refusals.all() {
        let _ = writeln!(
            text,
            "landfall_refused_total{{surface=\"{surface}\",reason=\"{reason}\"}} {count}"
        );
    }
    text.push_str(
        "# HELP landfall_board_rows Rows on the board.\n# TYPE landfall_board_rows gauge\n\
         # HELP landfall_board_bytes Bytes of the board.\n# TYPE landfall_board_bytes gauge\n\
         # HELP landfall_board_complete Whether the board holds the whole ledger.\n\
         # TYPE landfall_board_complete gauge\n",
    );
    for workspace in app.directory.workspaces() {
        let (id, board) = (workspace.id(), workspace.board().view());
        let complete = u8::from(workspace.rebuild() == Rebuild::Done);
        let _ = writeln!(
            text,
            "landfall_board_rows{{workspace=\"{id}\"}} {}",
            board.rows()
        );
        let _ = writeln!(
            text,
            "landfall_board_bytes{{workspace=\"{id}\"}} {}",
            board.bytes()
        );
        let _ = writeln!(
            text,
            "landfall_board_complete{{workspace=\"{id}\"}} {complete}"
        );
    }
    sending::write(&mut text, &app);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// Nothing is here.
pub(crate) async fn nothing_here(uri: Uri) -> Response {
    let message = format!("there is nothing at {}", uri.path());
    let body = json!({"error": {"code": "not_found", "message": message, "doc": "docs/errors/not_found.md"},
                      "meta": {"error": message}});
    json_answer(StatusCode::NOT_FOUND, &body)
}
