//! Exports of people and deliveries as CSV files (app-api.md 10).

mod csv;
mod file;
mod job;

pub(super) use file::{Links, download, serve};
pub(super) use job::Runner;

use axum::Extension;
use landfall_audience::Filter;
use landfall_domain::message::SourceKind;
use landfall_domain::time::Timestamp;
use landfall_store::{Document, DocumentKind, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::Answer;
use super::calendar::months_before;
use super::door::{Door, JsonBody, Path};
use super::ledger::{Wanted, having, source};
use super::names::metric;
use super::people::{require_segments, required_filter};
use super::refusal::Refusal;
use super::view::View;

/// Months that an export of deliveries covers when not told, and at most.
const MONTHS_DEFAULT: i64 = 6;
const MONTHS_MAX: i64 = 12;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Pending,
    Done,
    Failed,
}

/// What is exported.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum What {
    /// People who pass a filter.
    Customers { filter: Filter },
    /// Deliveries.
    Deliveries(Deliveries),
}

/// Which deliveries, and which attributes of their people stand beside them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Deliveries {
    source: Option<(SourceKind, u64)>,
    action: Option<u64>,
    metric: Option<String>,
    drafts: bool,
    /// Milliseconds since the epoch.
    from: Timestamp,
    until: Timestamp,
    attributes: Vec<String>,
}

/// An export, as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Export {
    what: What,
    description: String,
    state: State,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Rows in the file.
    total: u64,
    downloads: u64,
    /// Seconds since the epoch.
    created_at: i64,
    updated_at: i64,
}

impl Export {
    pub(super) fn read(document: &Document) -> Result<Self, StoreError> {
        serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("exports are plain values, which always serialize")
    }

    fn json(&self, id: u32) -> Value {
        let kind = match self.what {
            What::Customers { .. } => "customers",
            What::Deliveries(_) => "deliveries",
        };
        json!({
            "id": id,
            "deduplicate_id": format!("{id}:{}", self.updated_at),
            "type": kind,
            "status": self.state,
            "failed": self.state == State::Failed,
            "error": self.error,
            "description": self.description,
            "total": self.total,
            "downloads": self.downloads,
            "user_id": null,
            "user_email": null,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

impl Deliveries {
    fn wanted(&self) -> Result<Wanted, Refusal> {
        let mut wanted = Wanted {
            from: Some(self.from),
            until: Some(self.until),
            ..Wanted::default()
        };
        wanted
            .conditions
            .extend(self.source.map(|(kind, id)| source(kind, id)));
        if let Some(action) = self.action {
            wanted = wanted.of_step(action);
        }
        let mark = self.metric.as_deref().map(metric).transpose()?;
        if let Some(mark) = mark {
            wanted.any_of = having(mark);
        }
        if !self.drafts && mark != Some(landfall_domain::marks::Mark::Drafted) {
            wanted = wanted.without_drafts();
        }
        Ok(wanted)
    }
}

/// `POST /v1/exports/customers`.
pub(super) async fn customers(
    door: Door,
    Extension(runner): Extension<Runner>,
    JsonBody(body): JsonBody,
) -> Answer {
    let folder = door.exports();
    door.view()
        .answer(move |view| {
            let filter = required_filter(&body, "filters")?;
            require_segments(view, &filter)?;
            let what = What::Customers { filter };
            begin(view, &runner, &folder, what, "People who pass a filter")
        })
        .await
}

/// `POST /v1/exports/deliveries`.
pub(super) async fn deliveries(
    door: Door,
    Extension(runner): Extension<Runner>,
    JsonBody(body): JsonBody,
) -> Answer {
    let folder = door.exports();
    door.view()
        .answer(move |view| {
            let what = What::Deliveries(requested(&body, view.now)?);
            begin(view, &runner, &folder, what, "Deliveries")
        })
        .await
}

fn begin(
    view: &View,
    runner: &Runner,
    folder: &std::path::Path,
    what: What,
    description: &str,
) -> Result<Value, Refusal> {
    let now = view.now.seconds();
    let export = Export {
        what,
        description: description.to_owned(),
        state: State::Pending,
        error: None,
        total: 0,
        downloads: 0,
        created_at: now,
        updated_at: now,
    };
    let id = view
        .store()
        .insert_document(DocumentKind::Export, &export.text())?;
    runner.ensure(view, folder, id);
    Ok(json!({ "export": export.json(id) }))
}

fn requested(body: &Value, now: Timestamp) -> Result<Deliveries, Refusal> {
    let number = |key: &'static str| match &body[key] {
        Value::Null => Ok(None),
        value => {
            let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
            number
                .map(Some)
                .ok_or_else(|| Refusal::bad(format!("{key}: give a number")))
        }
    };
    let sources = [
        (SourceKind::Newsletter, number("newsletter_id")?),
        (SourceKind::Campaign, number("campaign_id")?),
        (SourceKind::Broadcast, number("broadcast_id")?),
        (
            SourceKind::Transactional,
            number("transactional_message_id")?,
        ),
    ];
    let mut named = sources
        .into_iter()
        .filter_map(|(kind, id)| Some((kind, id?)));
    let (source, action) = (named.next(), number("action_id")?);
    if named.next().is_some() || (source.is_none() && action.is_none()) {
        return Err(Refusal::bad(
            "give exactly one of newsletter_id, campaign_id, broadcast_id and \
             transactional_message_id, or action_id",
        ));
    }
    let seconds = |key| -> Result<Option<Timestamp>, Refusal> {
        let seconds = number(key)?.and_then(|seconds| i64::try_from(seconds).ok());
        Ok(seconds.map(Timestamp::from_seconds))
    };
    let outside = || Refusal::bad("start or end lies outside the calendar");
    let until = seconds("end")?.unwrap_or(now).plus_millis(1_000);
    let default = months_before(until, MONTHS_DEFAULT).ok_or_else(outside)?;
    let from = seconds("start")?.unwrap_or(default);
    if from >= until {
        return Err(Refusal::bad("start lies after end"));
    }
    if from.plus_millis(1_000) < months_before(until, MONTHS_MAX).ok_or_else(outside)? {
        return Err(Refusal::bad(format!(
            "start to end is longer than {MONTHS_MAX} months"
        )));
    }
    let attributes = match &body["attributes"] {
        Value::Null => Vec::new(),
        list => serde_json::from_value(list.clone())
            .map_err(|_| Refusal::bad("attributes: give a list of names"))?,
    };
    let metric = body["metric"].as_str().map(str::to_owned);
    metric.as_deref().map(self::metric).transpose()?;
    let drafts = body["drafts"].as_bool().unwrap_or(false);
    Ok(Deliveries {
        source,
        action,
        metric,
        drafts,
        from,
        until,
        attributes,
    })
}

/// `GET /v1/exports`.
pub(super) async fn list(door: Door, Extension(runner): Extension<Runner>) -> Answer {
    let folder = door.exports();
    door.view()
        .answer(move |view| {
            let mut exports = Vec::new();
            for document in view.store().documents(DocumentKind::Export)? {
                exports.push(seen(view, &runner, &folder, &document)?.json(document.id));
            }
            Ok(json!({ "exports": exports }))
        })
        .await
}

/// `GET /v1/exports/{id}`.
pub(super) async fn get(
    door: Door,
    Extension(runner): Extension<Runner>,
    Path(id): Path<String>,
) -> Answer {
    let folder = door.exports();
    door.view()
        .answer(move |view| {
            let document = find(view, &id)?;
            Ok(json!({ "export": seen(view, &runner, &folder, &document)?.json(document.id) }))
        })
        .await
}

fn find(view: &View, id: &str) -> Result<Document, Refusal> {
    let found = match id.parse() {
        Ok(number) => view.store().document(DocumentKind::Export, number)?,
        Err(_) => None,
    };
    found.ok_or_else(|| Refusal::missing(format!("no export with id `{id}`")))
}

/// An export as somebody looks at it: one that a former process left unfinished is taken up again.
fn seen(
    view: &View,
    runner: &Runner,
    folder: &std::path::Path,
    document: &Document,
) -> Result<Export, Refusal> {
    let export = Export::read(document)?;
    if export.state == State::Pending {
        runner.ensure(view, folder, document.id);
    }
    Ok(export)
}
