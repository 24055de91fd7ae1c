//! The contents of transactional messages that are defined here (app-api.md 8): the original is content 1,
//! translations follow by language.

use std::sync::Arc;

use landfall_domain::content::Content;
use landfall_engine::Workspace;
use landfall_engine::definitions::{Definition, Kind};
use landfall_engine::dispatch::render;
use serde_json::{Map, Value, json};

use super::answer::{Answer, json_answer};
use super::door::{Door, JsonBody, Path};
use super::names::channel_name;
use super::parts;
use super::refusal::Refusal;
use super::sources::TRANSACTIONAL;
use crate::parse::object;
use crate::parse::send::Overrides;

async fn defined(workspace: &Workspace, id: &str) -> Result<Option<Arc<Definition>>, Refusal> {
    let known = workspace.definitions(Kind::Transactional).await?;
    Ok(known.find(id).cloned())
}

async fn definition(workspace: &Workspace, id: &str) -> Result<Definition, Refusal> {
    let found = defined(workspace, id).await?;
    let missing = || Refusal::missing(format!("no transactional message `{id}` is defined here"));
    found
        .map(|found| found.as_ref().clone())
        .ok_or_else(missing)
}

/// `GET /v1/transactional/{id}/contents`.
pub(super) async fn contents(door: Door, Path(id): Path<String>) -> Answer {
    let Some(definition) = defined(door.workspace(), &id).await? else {
        return parts::contents(TRANSACTIONAL, door, id).await;
    };
    let translations = definition.translations.iter();
    let all = std::iter::once(("", &definition.content))
        .chain(translations.map(|(language, content)| (language.as_str(), content)));
    let contents: Vec<Value> = all
        .zip(1..)
        .map(|((language, content), id)| shown(&definition, id, language, content))
        .collect();
    Ok(json_answer(&json!({ "contents": contents, "next": "" })))
}

/// `PUT /v1/transactional/{id}/content/{content}`.
pub(super) async fn put_content(
    door: Door,
    Path((id, content)): Path<(String, usize)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let definition = definition(door.workspace(), &id).await?;
    let language = match content {
        1 => String::new(),
        other => {
            let named = definition.translations.keys().nth(other.wrapping_sub(2));
            let missing = || Refusal::missing(format!("message `{id}` has no content `{content}`"));
            named.cloned().ok_or_else(missing)?
        }
    };
    put(door.workspace(), definition, &language, &body).await
}

/// `GET /v1/transactional/{id}/language/{language}`.
pub(super) async fn language(door: Door, Path((id, language)): Path<(String, String)>) -> Answer {
    let definition = definition(door.workspace(), &id).await?;
    let place = definition
        .translations
        .keys()
        .position(|known| *known == language);
    let missing = || Refusal::missing(format!("message `{id}` has no translation `{language}`"));
    let place = place.ok_or_else(missing)?;
    let content = definition.content_in(Some(&language));
    let shown = shown(&definition, place + 2, &language, content);
    Ok(json_answer(&json!({ "content": shown })))
}

/// `PUT /v1/transactional/{id}/language/{language}`: changes a translation, or adds it.
pub(super) async fn put_language(
    door: Door,
    Path((id, language)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let definition = definition(door.workspace(), &id).await?;
    put(door.workspace(), definition, &language, &body).await
}

/// Changes the fields that are said; the others stay. A new translation begins as the original.
async fn put(
    workspace: &Workspace,
    mut definition: Definition,
    language: &str,
    body: &Value,
) -> Answer {
    let bad = |words: String| Refusal::bad(words).of_a_send();
    let fields = object(body, "").map_err(|problem| bad(problem.message))?;
    let before = definition.content_in(Some(language)).clone();
    let fields = fields_of(&before, fields);
    let said =
        Overrides::read(before.channel(), &fields).map_err(|problem| bad(problem.message))?;
    let content = said.over(Some(&before));
    render::reads(&content).map_err(|(field, error)| bad(format!("{field}, {error}")))?;
    if language.is_empty() {
        definition.content = content.clone();
    } else {
        definition
            .translations
            .insert(language.to_owned(), content.clone());
    }
    definition.updated_at = workspace.now();
    let place = definition
        .translations
        .keys()
        .position(|known| known == language);
    let shown = shown(
        &definition,
        place.map_or(1, |place| place + 2),
        language,
        &content,
    );
    workspace.define(Kind::Transactional, definition).await?;
    Ok(json_answer(&json!({ "content": shown })))
}

/// Contents call a push's title and text `subject` and `body`, sends call them `title` and `message`.
fn fields_of(content: &Content, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = fields.clone();
    if let Content::Push(_) = content {
        for (ours, theirs) in [("title", "subject"), ("message", "body")] {
            if let Some(said) = fields.get(theirs).cloned() {
                fields.entry(ours).or_insert(said);
            }
        }
    }
    fields
}

fn shown(definition: &Definition, id: usize, language: &str, content: &Content) -> Value {
    let mut shown = serde_json::to_value(content).unwrap_or_default();
    let (subject, body) = match content {
        Content::Push(push) => (push.title.clone(), push.body.clone()),
        Content::Email(mail) => (mail.subject.clone(), mail.body.clone()),
        Content::Sms(text) => (None, Some(text.body.clone())),
        Content::Slack(_) | Content::Webhook(_) => (None, None),
    };
    shown["id"] = json!(id);
    shown["name"] = json!(definition.name);
    shown["created"] = json!(definition.created_at.seconds());
    shown["updated"] = json!(definition.updated_at.seconds());
    shown["type"] = json!(channel_name(content.channel()));
    shown["language"] = json!(language);
    shown["subject"] = json!(subject);
    shown["body"] = json!(body);
    shown
}
