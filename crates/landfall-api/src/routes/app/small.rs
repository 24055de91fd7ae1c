//! The small calls, and those that are refused (app-api.md 2, 6.1, 12).

use axum::http::{Method, StatusCode, Uri};
use serde_json::json;

use super::answer::{Answer, json_answer};
use super::door::Door;
use super::refusal::Refusal;

/// `GET /v1/info/ip_addresses`: webhooks are not sent from fixed addresses.
pub(super) async fn ip_addresses(_door: Door) -> Answer {
    Ok(json_answer(&json!({ "ip_addresses": [] })))
}

/// `GET /v1/workspaces`: the one that the key opens.
pub(super) async fn workspaces(door: Door) -> Answer {
    let records = door.app().directory.records();
    let mine = records
        .iter()
        .find(|record| record.id == door.workspace().id());
    let workspace = json!({
        "id": mine.map(|record| record.number),
        "name": door.workspace().name(),
        "people": door.workspace().with_roster(landfall_engine::Roster::listed),
    });
    Ok(json_answer(&json!({ "workspaces": [workspace] })))
}

/// Everything else below the App API.
pub(super) async fn unknown(_door: Door, uri: Uri) -> Answer {
    Err(Refusal::missing(format!(
        "`{}` is not offered here",
        uri.path()
    )))
}

/// A path with a method that it does not take.
pub(super) async fn wrong_method(_door: Door, method: Method, uri: Uri) -> Answer {
    let detail = format!("`{}` does not take {method}", uri.path());
    Err(Refusal::with(StatusCode::METHOD_NOT_ALLOWED, detail))
}
