//! `/landfall/v1/transactional` and `/landfall/v1/broadcasts`: the messages that Landfall sends.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use landfall_audience::definition::read as read_definition;
use landfall_audience::{Filter, Policy};
use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::person::Person;
use landfall_domain::work::SendTo;
use landfall_engine::Workspace;
use landfall_engine::definitions::{Definition, Kind};
use landfall_engine::dispatch::render::{self, Occasion};
use landfall_store::person_named;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::problem::{Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};
use crate::parse;

/// A message to define. Texts are templates.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDefinition {
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Another name for calls.
    #[serde(default)]
    pub(crate) trigger_name: Option<String>,
    /// What it says: `{"channel": "push", "title": ..., "body": ...}`, and so for `email`, `sms`, `slack`
    /// and `webhook`.
    #[schema(value_type = Object)]
    pub(crate) content: Value,
    /// What it says in other languages, by language code.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) translations: BTreeMap<String, Value>,
    /// Who gets it unless a trigger says so: a filter as in the App API. Broadcasts only.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) audience: Option<Value>,
    /// `all` devices (unless said otherwise) or the one `last_used`.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// How long it is of use, in seconds. Three days unless said otherwise, four hours for text messages.
    #[serde(default)]
    pub(crate) ttl_seconds: Option<u32>,
    /// Whether people who opted out of everything get it: yes for transactional messages, no for
    /// broadcasts, unless said otherwise.
    #[serde(default)]
    pub(crate) send_to_unsubscribed: Option<bool>,
    /// The subscription topic that it belongs to. Broadcasts only.
    #[serde(default)]
    pub(crate) topic: Option<String>,
    /// `quiet_hours`, `caps` and `duplicate_within` where they differ from the workspace's; null for a part
    /// means none. Broadcasts only.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) policy: Option<Value>,
    /// Whether it is held until a human releases it.
    #[serde(default)]
    pub(crate) queue_drafts: bool,
    /// Whether what was sent is not kept.
    #[serde(default)]
    pub(crate) hide_message_body: bool,
}

/// A defined message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DefinitionAnswer {
    /// Its number.
    pub(crate) number: u64,
    /// Everything that defines it.
    #[schema(value_type = Object)]
    pub(crate) definition: Value,
    /// What its templates read, such as `customer.first_name`.
    pub(crate) reads: BTreeSet<String>,
}

/// Defined messages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DefinitionList {
    /// By number.
    pub(crate) messages: Vec<DefinitionAnswer>,
}

/// For whom to show a message.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewFor {
    /// The person: one of `id`, `email`, `phone`, `cio_id`. Without one, nobody.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) identifiers: Value,
    /// Data as a call or trigger would give it.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) data: Value,
    /// Language.
    #[serde(default)]
    pub(crate) language: Option<String>,
}

/// A message as somebody would get it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Preview {
    /// The content, filled in; absent when it cannot be.
    #[schema(value_type = Option<Object>)]
    pub(crate) content: Option<Value>,
    /// Why it cannot be: `render_error` or `render_missing_value`.
    pub(crate) reason: Option<&'static str>,
    /// Field, line and variable.
    pub(crate) message: Option<String>,
}

macro_rules! endpoints {
    ($module:ident, $kind:expr, $path:literal, $one:literal, $preview:literal, $what:literal,
     $list_id:literal, $get_id:literal, $put_id:literal, $delete_id:literal, $preview_id:literal) => {
        #[doc = concat!("Defined ", $what, "s.")]
        pub(crate) mod $module {
            use super::*;

            #[doc = concat!("Every ", $what, " that is defined.")]
            #[utoipa::path(get, path = $path, description = concat!("Every ", $what, " that is defined."), operation_id = $list_id,
                responses((status = 200, body = DefinitionList), (status = 401, body = ProblemBody)),
                tag = "sending")]
            pub(crate) async fn list(visit: Visit) -> Result<Json<DefinitionList>, Problem> {
                super::list(visit, $kind).await
            }

            #[doc = concat!("One ", $what, ".")]
            #[utoipa::path(get, path = $one, description = concat!("One ", $what, "."), operation_id = $get_id,
                params(("number" = u64, Path, description = "Its number")),
                responses((status = 200, body = DefinitionAnswer), (status = 401, body = ProblemBody),
                    (status = 404, body = ProblemBody)),
                tag = "sending")]
            pub(crate) async fn get(visit: Visit, number: Place<u64>) -> Result<Json<DefinitionAnswer>, Problem> {
                super::get(visit, $kind, number.0).await
            }

            #[doc = concat!("Defines a ", $what, ", or changes it. Templates are checked.")]
            #[utoipa::path(put, path = $one, description = concat!("Defines a ", $what, ", or changes it. Templates are checked."), operation_id = $put_id, request_body = NewDefinition,
                params(("number" = u64, Path, description = "Its number, from one")),
                responses((status = 200, body = DefinitionAnswer), (status = 400, body = ProblemBody),
                    (status = 401, body = ProblemBody)),
                tag = "sending")]
            pub(crate) async fn put(
                visit: Visit,
                number: Place<u64>,
                sent: Sent<NewDefinition>,
            ) -> Result<Json<DefinitionAnswer>, Problem> {
                super::put(visit, $kind, number.0, sent.0).await
            }

            #[doc = concat!("Deletes a ", $what, "; its deliveries stay.")]
            #[utoipa::path(delete, path = $one, description = concat!("Deletes a ", $what, "; its deliveries stay."), operation_id = $delete_id,
                params(("number" = u64, Path, description = "Its number")),
                responses((status = 200, body = Object), (status = 401, body = ProblemBody),
                    (status = 404, body = ProblemBody)),
                tag = "sending")]
            pub(crate) async fn delete(visit: Visit, number: Place<u64>) -> Result<Json<Value>, Problem> {
                super::delete(visit, $kind, number.0).await
            }

            #[doc = concat!("Shows a ", $what, " as a person would get it. Nothing is sent.")]
            #[utoipa::path(post, path = $preview, description = concat!("Shows a ", $what, " as a person would get it. Nothing is sent."), operation_id = $preview_id, request_body = PreviewFor,
                params(("number" = u64, Path, description = "Its number")),
                responses((status = 200, body = Preview), (status = 401, body = ProblemBody),
                    (status = 404, body = ProblemBody)),
                tag = "sending")]
            pub(crate) async fn preview(
                visit: Visit,
                number: Place<u64>,
                sent: Sent<PreviewFor>,
            ) -> Result<Json<Preview>, Problem> {
                super::preview(visit, $kind, number.0, sent.0).await
            }
        }
    };
}

endpoints!(
    transactional,
    Kind::Transactional,
    "/landfall/v1/transactional",
    "/landfall/v1/transactional/{number}",
    "/landfall/v1/transactional/{number}/preview",
    "transactional message",
    "listTransactional",
    "getTransactional",
    "putTransactional",
    "deleteTransactional",
    "previewTransactional"
);
endpoints!(
    broadcasts,
    Kind::Broadcast,
    "/landfall/v1/broadcasts",
    "/landfall/v1/broadcasts/{number}",
    "/landfall/v1/broadcasts/{number}/preview",
    "broadcast",
    "listBroadcasts",
    "getBroadcast",
    "putBroadcast",
    "deleteBroadcast",
    "previewBroadcast"
);

async fn list(visit: Visit, kind: Kind) -> Result<Json<DefinitionList>, Problem> {
    let known = visit.workspace.definitions(kind).await?;
    let messages = known.all().map(|definition| answer(definition)).collect();
    Ok(Json(DefinitionList { messages }))
}

async fn get(visit: Visit, kind: Kind, number: u64) -> Result<Json<DefinitionAnswer>, Problem> {
    let known = visit.workspace.definitions(kind).await?;
    let found = known.get(number).ok_or_else(|| missing(kind, number))?;
    Ok(Json(answer(found)))
}

async fn put(
    visit: Visit,
    kind: Kind,
    number: u64,
    new: NewDefinition,
) -> Result<Json<DefinitionAnswer>, Problem> {
    if number == 0 {
        return Err(Problem::field("number", "numbers begin at one"));
    }
    let now = visit.workspace.now();
    let known = visit.workspace.definitions(kind).await?;
    let mut definition = read(kind, number, new)?;
    definition.created_at = known.get(number).map_or(now, |known| known.created_at);
    definition.updated_at = now;
    let answer = answer(&definition);
    visit.workspace.define(kind, definition).await?;
    Ok(Json(answer))
}

async fn delete(visit: Visit, kind: Kind, number: u64) -> Result<Json<Value>, Problem> {
    match visit.workspace.undefine(kind, number).await? {
        true => Ok(Json(json!({}))),
        false => Err(missing(kind, number)),
    }
}

async fn preview(
    visit: Visit,
    kind: Kind,
    number: u64,
    wanted: PreviewFor,
) -> Result<Json<Preview>, Problem> {
    let known = visit.workspace.definitions(kind).await?;
    let definition = known.get(number).ok_or_else(|| missing(kind, number))?;
    let content = definition.content_in(wanted.language.as_deref()).clone();
    let shown = show(&visit, content, &wanted.identifiers, &wanted.data).await?;
    Ok(Json(shown))
}

/// A content as a person would get it.
pub(super) async fn show(
    visit: &Visit,
    mut content: Content,
    identifiers: &Value,
    data: &Value,
) -> Result<Preview, Problem> {
    let person = match identifiers.as_object() {
        None => None,
        Some(named) => Some(person(&visit.workspace, named).await?),
    };
    let renderer = visit.renderer().await?;
    let links = renderer.links("preview");
    let occasion = Occasion {
        person: person.as_ref(),
        data,
        delivery_id: "preview",
        links: &links,
        now: visit.workspace.now(),
    };
    Ok(match renderer.fill(&mut content, &occasion) {
        Ok(()) => Preview {
            content: serde_json::to_value(&content).ok(),
            reason: None,
            message: None,
        },
        Err(refused) => Preview {
            content: None,
            reason: refused.reason().map(landfall_domain::reason::Reason::name),
            message: refused.message,
        },
    })
}

async fn person(workspace: &Workspace, named: &Map<String, Value>) -> Result<Person, Problem> {
    let who = parse::one_identifier(named)
        .map_err(|problem| Problem::field("identifiers", problem.message))?;
    let shown = who.value().to_owned();
    let found = workspace.read(move |store| person_named(store, &who));
    let found = found.await?;
    found.ok_or_else(|| Problem::not_found("person", &shown))
}

fn missing(kind: Kind, number: u64) -> Problem {
    let what = match kind {
        Kind::Transactional => "transactional message",
        Kind::Broadcast => "broadcast",
    };
    Problem::not_found(what, &number.to_string())
}

fn answer(definition: &Definition) -> DefinitionAnswer {
    DefinitionAnswer {
        number: definition.number,
        reads: render::reads(&definition.content).unwrap_or_default(),
        definition: serde_json::to_value(definition).unwrap_or_default(),
    }
}

fn read(kind: Kind, number: u64, new: NewDefinition) -> Result<Definition, Problem> {
    if new.name.trim().is_empty() {
        return Err(Problem::field("name", "give it a name"));
    }
    let content = content("content", new.content)?;
    let mut translations = BTreeMap::new();
    for (language, translated) in new.translations {
        let field = format!("translations.{language}");
        let translated = self::content(&field, translated)?;
        if translated.channel() != content.channel() {
            let what = "a translation goes over the channel of the original";
            return Err(Problem::field(&field, what));
        }
        translations.insert(language, translated);
    }
    let audience = new
        .audience
        .map(|filter| Filter::parse(&filter, "audience"));
    let audience = audience
        .transpose()
        .map_err(|error| Problem::field("audience", error.to_string()))?;
    let to = match new.to.as_deref() {
        None => None,
        Some("all") => Some(SendTo::All),
        Some("last_used") => Some(SendTo::LastUsed),
        Some(_) => return Err(Problem::field("to", "write `all` or `last_used`")),
    };
    rules(kind, new.topic.as_deref(), new.policy.as_ref())?;
    let never = landfall_domain::time::Timestamp::EPOCH;
    Ok(Definition {
        number,
        name: new.name,
        description: new.description,
        trigger_name: new.trigger_name,
        content,
        translations,
        audience,
        to,
        ttl_seconds: new.ttl_seconds,
        send_to_unsubscribed: new
            .send_to_unsubscribed
            .unwrap_or(kind == Kind::Transactional),
        topic: new.topic,
        policy: new.policy,
        queue_drafts: new.queue_drafts,
        hide_message_body: new.hide_message_body,
        created_at: never,
        updated_at: never,
    })
}

/// Rules of sending are for messages to many: nobody waits for those (semantics.md 6.6).
fn rules(kind: Kind, topic: Option<&str>, policy: Option<&Value>) -> Result<(), Problem> {
    let has_any = [("topic", topic.is_some()), ("policy", policy.is_some())];
    if kind == Kind::Transactional
        && let Some((field, _)) = has_any.into_iter().find(|(_, there)| *there)
    {
        let what = "transactional messages keep to no topic, quiet hours or caps: leave it out";
        return Err(Problem::field(field, what));
    }
    if topic.is_some_and(|topic| topic.trim().is_empty()) {
        return Err(Problem::field("topic", "write the identifier of a topic"));
    }
    let Some(policy) = policy else {
        return Ok(());
    };
    read_definition(policy, "policy", |place| {
        Policy::parse(place, &Policy::default())
    })
    .map(drop)
    .map_err(|faults| Problem::faults(&faults))
}

/// Reads the content of a message, and its templates.
pub(super) fn content(field: &str, value: Value) -> Result<Content, Problem> {
    let channel = value.get("channel").and_then(Value::as_str);
    if channel.and_then(Channel::named).is_none() {
        let what = "say which channel: push, email, sms, slack or webhook";
        return Err(Problem::field(&format!("{field}.channel"), what));
    }
    let content: Content =
        serde_json::from_value(value).map_err(|error| Problem::field(field, error.to_string()))?;
    render::reads(&content)
        .map_err(|(part, error)| Problem::field(&format!("{field}.{part}"), error.to_string()))?;
    Ok(content)
}
