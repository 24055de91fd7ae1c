//! Snippets: texts that templates share (app-api.md 12). A snippet is named by its name.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use landfall_engine::snippets::{Snippet, SnippetError};
use serde_json::{Value, json};

use super::answer::{Answer, json_answer};
use super::door::{Door, JsonBody, Path};
use super::refusal::Refusal;

/// Longest name, in characters.
const NAME_MAX: usize = 100;

/// `GET /v1/snippets`.
pub(super) async fn list(door: Door) -> Answer {
    let snippets = door.workspace().snippets().await?;
    let shown: Vec<Value> = snippets.all().map(shown).collect();
    Ok(json_answer(&json!({ "snippets": shown })))
}

/// `POST /v1/snippets`: a new one.
pub(super) async fn create(door: Door, JsonBody(body): JsonBody) -> Answer {
    let (name, value) = said(&body)?;
    if door.workspace().snippets().await?.get(name).is_some() {
        let detail = format!("name: there is a snippet `{name}` already; change it with PUT");
        return Err(Refusal::unprocessable(detail));
    }
    put(&door, name, value).await
}

/// `PUT /v1/snippets`: in the place of the one of that name, if there is one.
pub(super) async fn replace(door: Door, JsonBody(body): JsonBody) -> Answer {
    let (name, value) = said(&body)?;
    put(&door, name, value).await
}

/// `DELETE /v1/snippets/{name}`.
pub(super) async fn delete(door: Door, Path(name): Path<String>) -> Answer {
    match door.workspace().delete_snippet(&name).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::missing(format!("there is no snippet `{name}`"))),
    }
}

async fn put(door: &Door, name: &str, value: &str) -> Answer {
    match door.workspace().put_snippet(name, value).await {
        Ok(snippet) => Ok(json_answer(&json!({ "snippet": shown(&snippet) }))),
        Err(SnippetError::Store(error)) => Err(error.into()),
        Err(error @ SnippetError::Malformed(_)) => Err(Refusal::unprocessable(error.to_string())),
    }
}

fn said(body: &Value) -> Result<(&str, &str), Refusal> {
    let text = |field: &str| {
        let value = body.get(field).and_then(Value::as_str);
        value.ok_or_else(|| Refusal::bad(format!("{field}: write a text")))
    };
    let (name, value) = (text("name")?, text("value")?);
    let fits = !name.trim().is_empty() && name.chars().count() <= NAME_MAX;
    if !fits || name.chars().any(char::is_control) {
        let detail = format!("name: write 1 to {NAME_MAX} characters without line breaks");
        return Err(Refusal::bad(detail));
    }
    Ok((name, value))
}

fn shown(snippet: &Snippet) -> Value {
    json!({
        "name": snippet.name,
        "value": snippet.value,
        "updated_at": snippet.updated_at.seconds(),
    })
}
