//! `GET /landfall/v1/people/{id}/timeline` and the proof that a person's state follows from inputs.

use axum::Json;
use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::device::TokenMove;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_store::{ActivityQuery, HistoryOf, Store, StoreError, person_named};
use serde::Serialize;
use serde_json::Value;

use super::problem::{Problem, ProblemBody};
use super::trail::shortened;
use super::visit::{Place, Visit};

/// What happened to a person, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Timeline {
    /// Internal id of the person.
    pub cio_id: String,
    /// Internal ids of records that were merged into this one.
    pub merged: usize,
    /// Entries, newest first.
    pub entries: Vec<Entry>,
}

/// One thing that happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Entry {
    /// By the sender's clock, in milliseconds since the epoch.
    pub occurred_ms: i64,
    /// When we took it.
    pub received_ms: i64,
    /// What sort: `tracked`, `attributes_set`, `device_registered`, `merged_from`, `delivery`,
    /// `token_move`, ...
    pub kind: String,
    /// In a few words.
    pub summary: String,
    /// Which door it came through.
    pub source: String,
    /// The input, or the delivery's id and marks.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Whether a person's stored state follows from the stored inputs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Replay {
    /// How many inputs were replayed.
    pub inputs: usize,
    /// Whether the result has the same bytes as the stored state.
    pub identical: bool,
}

/// Everything that happened to a person: inputs, messages, merges and token moves in one line.
#[utoipa::path(
    get,
    path = "/landfall/v1/people/{id}/timeline",
    operation_id = "getTimeline",
    params(
        ("id" = String, Path, description = "The person"),
        ("id_type" = Option<String>, Query, description = "`id` (default), `email`, `phone`, `cio_id` or `anonymous_id`"),
        ("limit" = Option<usize>, Query, description = "1 to 1000, default 100"),
    ),
    responses(
        (status = 200, body = Timeline),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn timeline(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<Timeline>, Problem> {
    let limit = visit.limit(100, 1_000)?;
    let identifier = identifier(&visit, &id)?;
    let told = visit
        .workspace
        .read(move |store| tell(store, &identifier, limit))
        .await?;
    told.map(Json)
        .ok_or_else(|| Problem::not_found("person", &id))
}

/// Replays a person's stored inputs and compares the result with the stored state, byte for byte.
#[utoipa::path(
    get,
    path = "/landfall/v1/people/{id}/replay",
    operation_id = "replayPerson",
    params(
        ("id" = String, Path, description = "The person"),
        ("id_type" = Option<String>, Query, description = "`id` (default), `email`, `phone`, `cio_id` or `anonymous_id`"),
    ),
    responses(
        (status = 200, body = Replay),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn replay(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<Replay>, Problem> {
    let identifier = identifier(&visit, &id)?;
    let replayed = visit
        .workspace
        .read(move |store| {
            let Some(person) = person_named(store, &identifier)? else {
                return Ok(None);
            };
            let inputs = store.inputs_of(person.key)?;
            let again = Person::replay(&inputs);
            let bytes = |person: Option<&Person>| serde_json::to_vec(&person).unwrap_or_default();
            let identical = bytes(again.as_ref()) == bytes(Some(&person));
            Ok(Some(Replay {
                inputs: inputs.len(),
                identical,
            }))
        })
        .await?;
    replayed
        .map(Json)
        .ok_or_else(|| Problem::not_found("person", &id))
}

/// Whom a path and `id_type` name.
pub(crate) fn identifier(visit: &Visit, id: &str) -> Result<Identifier, Problem> {
    let kind = visit.parameter("id_type").unwrap_or("id");
    let kind = IdentifierKind::named(kind).ok_or_else(|| {
        Problem::field("id_type", "write id, email, phone, cio_id or anonymous_id")
    })?;
    Identifier::new(kind, id).ok_or_else(|| Problem::field("id", "write who"))
}

fn tell(
    store: &dyn Store,
    identifier: &Identifier,
    limit: usize,
) -> Result<Option<Timeline>, StoreError> {
    let Some(person) = person_named(store, identifier)? else {
        return Ok(None);
    };
    let own = HistoryOf {
        person: person.key,
        from: Timestamp::from_millis(i64::MIN),
    };
    let absorbed = person.absorbed.iter().map(|a| HistoryOf {
        person: a.key,
        from: a.history_from,
    });
    let of: Vec<HistoryOf> = std::iter::once(own).chain(absorbed).collect();
    let query = ActivityQuery {
        of,
        limit,
        ..ActivityQuery::default()
    };
    let activities = store.activities(&query)?.activities;
    let mut entries: Vec<Entry> = activities
        .iter()
        .map(|stored| of_activity(&stored.activity))
        .collect();
    let keys: Vec<PersonKey> = std::iter::once(person.key)
        .chain(person.absorbed.iter().map(|a| a.key))
        .collect();
    for delivery in store.deliveries_of(&keys, None, limit)?.deliveries {
        entries.push(Entry {
            occurred_ms: delivery.created_at.millis(),
            received_ms: delivery.created_at.millis(),
            kind: "delivery".to_owned(),
            summary: format!(
                "{} {}: {}",
                delivery.channel,
                delivery.id,
                landfall_domain::status::customerio_status(&delivery).name()
            ),
            source: "ledger".to_owned(),
            detail: serde_json::json!({"id": delivery.id, "marks": delivery.marks}),
        });
    }
    entries.extend(store.token_moves_of(person.key)?.iter().map(of_move));
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.occurred_ms, entry.received_ms)));
    entries.truncate(limit);
    Ok(Some(Timeline {
        cio_id: person.cio_id,
        merged: person.absorbed.len(),
        entries,
    }))
}

fn of_activity(activity: &Activity) -> Entry {
    let detail = serde_json::to_value(&activity.input).unwrap_or_default();
    Entry {
        occurred_ms: activity.occurred_at.millis(),
        received_ms: activity.received_at.millis(),
        kind: detail["kind"].as_str().unwrap_or_default().to_owned(),
        summary: summary(&activity.input),
        source: activity.source.name().to_owned(),
        detail,
    }
}

fn of_move(moved: &TokenMove) -> Entry {
    Entry {
        occurred_ms: moved.occurred_at.millis(),
        received_ms: moved.received_at.millis(),
        kind: "token_move".to_owned(),
        summary: format!("device {}: {}", moved.device.0, moved.cause),
        source: "landfall".to_owned(),
        detail: serde_json::to_value(moved).unwrap_or_default(),
    }
}

/// An input in a few words.
fn summary(input: &PersonInput) -> String {
    match input {
        PersonInput::Created { visitor: true, .. } => "first seen as a visitor".to_owned(),
        PersonInput::Created { .. } => "profile created".to_owned(),
        PersonInput::IdentifierSet { identifier } => {
            format!("{} is {}", identifier.kind(), identifier.value())
        }
        PersonInput::IdentifierRefused { identifier, .. } => {
            format!(
                "{} {} refused: somebody else has it, or it is set already",
                identifier.kind(),
                identifier.value()
            )
        }
        PersonInput::UpdateSkipped { .. } => "update of nobody skipped".to_owned(),
        PersonInput::AttributesSet { attributes } => attributes
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        PersonInput::AnonymousLinked { anonymous_id } => format!("anonymous id {anonymous_id}"),
        PersonInput::DeviceRegistered { token, .. } => {
            format!("{} device {}", token.platform, shortened(&token.token))
        }
        PersonInput::DeviceReleased { cause, .. } => format!("device gone: {cause}"),
        PersonInput::DeviceRestored { .. } => "device back: its rejection was a mistake".to_owned(),
        PersonInput::DeviceReceived { device, .. } => format!(
            "{} device {} came by a repair",
            device.token.platform,
            shortened(&device.token.token)
        ),
        PersonInput::DeviceAnswered { accepted: true, .. } => "push accepted".to_owned(),
        PersonInput::DeviceAnswered { .. } => "push rejected".to_owned(),
        PersonInput::Tracked { event, name, .. } => format!("{event} {name}"),
        PersonInput::MergedFrom { secondary } => {
            format!("took over {}", secondary.called())
        }
        PersonInput::MergedInto { .. } => "merged into another person".to_owned(),
        PersonInput::SubscriptionChanged {
            topic, subscribed, ..
        } => {
            let what = topic.as_deref().unwrap_or("everything");
            format!(
                "{} {what}",
                if *subscribed {
                    "subscribed to"
                } else {
                    "unsubscribed from"
                }
            )
        }
        PersonInput::AddressListed {
            address,
            list,
            listed,
        } => {
            let what = if *listed { "put on" } else { "taken off" };
            format!("{address} {what} the suppression list {list}")
        }
        PersonInput::SegmentChanged { segment, added } => {
            format!(
                "{} segment {segment}",
                if *added { "added to" } else { "removed from" }
            )
        }
        PersonInput::Deleted { suppressed: true } => "deleted and suppressed".to_owned(),
        PersonInput::Deleted { .. } => "deleted".to_owned(),
    }
}
