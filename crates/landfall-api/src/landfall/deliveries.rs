//! `GET /landfall/v1/deliveries`, one delivery, and the live tail.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use landfall_board::{Condition, Filter, Position, Search, TimeRange};
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::TargetKey;
use landfall_domain::identifier::{Holder, Identifier, IdentifierKind};
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_engine::Workspace;
use landfall_store::{Store, StoreError};
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use super::question::Question;
use super::trail::{self, DeliverySummary, Names, Trail};
use super::visit::{Place, Visit};

/// Deliveries on one page, unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;
/// Most deliveries on one page.
const LIMIT_MAX: usize = 1_000;

/// A page of deliveries, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryList {
    /// The deliveries.
    pub deliveries: Vec<DeliverySummary>,
    /// Give this as `after` to go on; null: that was all.
    pub next: Option<String>,
    /// Whether the board held everything that the ledger holds when this was answered.
    pub complete: bool,
}

/// Deliveries by any filter, newest first.
#[utoipa::path(
    get,
    path = "/landfall/v1/deliveries",
    operation_id = "listDeliveries",
    params(
        ("range" = Option<String>, Query, description = "When created: `24h`, `yesterday`, `2026-11-01..`"),
        ("tz" = Option<String>, Query, description = "Zone in which days begin"),
        ("q" = Option<String>, Query, description = "Free text in names of journeys, steps and variants"),
        ("has" = Option<String>, Query, description = "A mark that must be there, such as `opened`"),
        ("lacks" = Option<String>, Query, description = "A mark that must not be there"),
        ("person" = Option<String>, Query, description = "Only deliveries to this person (the application's id)"),
        ("limit" = Option<usize>, Query, description = "1 to 1000, default 50"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, body = DeliveryList),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "deliveries"
)]
pub(crate) async fn list(visit: Visit) -> Result<Json<DeliveryList>, Problem> {
    let limit = visit.limit(LIMIT_DEFAULT, LIMIT_MAX)?;
    let after = visit.parameter("after").map(position).transpose()?;
    let (filter, range) = narrowed(&visit).await?;
    let search = Search {
        filter,
        range,
        after,
        limit,
    };
    let workspace = visit.workspace.clone();
    let found = super::board(move || {
        workspace
            .board()
            .view()
            .search(workspace.catalogue().infos(), &search)
    })
    .await??;
    let next = (found.len() == limit)
        .then(|| found.last().map(cursor))
        .flatten();
    let keys = found.iter().map(|position| position.delivery).collect();
    let deliveries = summaries(&visit.workspace, keys).await?;
    Ok(Json(DeliveryList {
        deliveries,
        next,
        complete: visit.complete(),
    }))
}

/// Filter and range of the request; `person` is looked up.
async fn narrowed(visit: &Visit) -> Result<(Filter, TimeRange), Problem> {
    let catalogue = visit.workspace.catalogue();
    let more = ["limit", "after", "person"];
    let question = Question::read(
        &visit.parameters,
        &more,
        catalogue.infos(),
        visit.workspace.now(),
    )?;
    let mut filter = question.filter;
    if let Some(person) = visit.parameter("person") {
        let identifier = Identifier::new(IdentifierKind::Id, person)
            .ok_or_else(|| Problem::field("person", "write the person's id"))?;
        let holder = visit
            .workspace
            .read(move |store| store.holder(&identifier))
            .await?;
        let people = match holder {
            Some(Holder::Person(key)) => vec![key],
            _ => Vec::new(),
        };
        filter.0.push(Condition::People(people));
    }
    Ok((filter, question.range))
}

fn cursor(position: &Position) -> String {
    format!("{}-{}", position.created.millis(), position.delivery.0)
}

fn position(text: &str) -> Result<Position, Problem> {
    let read = || {
        let (created, delivery) = text.rsplit_once('-')?;
        Some(Position {
            created: Timestamp::from_millis(created.parse().ok()?),
            delivery: DeliveryKey(delivery.parse().ok()?),
        })
    };
    read().ok_or_else(|| Problem::field("after", "give `next` of the page before, unchanged"))
}

/// Loads deliveries and shapes them for lists, in the order of the keys.
pub(crate) async fn summaries(
    workspace: &Workspace,
    keys: Vec<DeliveryKey>,
) -> Result<Vec<DeliverySummary>, Problem> {
    let (deliveries, people) = workspace
        .read(move |store| {
            let deliveries = store.deliveries(&keys)?;
            let people = people_of(store, &deliveries)?;
            Ok((deliveries, people))
        })
        .await?;
    let (catalogue, now) = (workspace.catalogue(), workspace.now());
    let shaped = deliveries.iter().map(|delivery| {
        let person = delivery.person.and_then(|key| people.get(&key));
        let person = person.map(|person| person.called().to_owned());
        trail::summary(delivery, person, &catalogue, now)
    });
    Ok(shaped.collect())
}

fn people_of(
    store: &dyn Store,
    deliveries: &[Delivery],
) -> Result<BTreeMap<PersonKey, Person>, StoreError> {
    let mut keys: Vec<PersonKey> = deliveries.iter().filter_map(|d| d.person).collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(store
        .people(&keys)?
        .into_iter()
        .map(|person| (person.key, person))
        .collect())
}

/// Everything known about one delivery: targets, attempts, receipts, each with its times and source.
#[utoipa::path(
    get,
    path = "/landfall/v1/deliveries/{id}",
    operation_id = "getDelivery",
    params(("id" = String, Path, description = "The delivery's id")),
    responses(
        (status = 200, body = Trail),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "deliveries"
)]
pub(crate) async fn get(visit: Visit, Place(id): Place<String>) -> Result<Json<Trail>, Problem> {
    let wanted = id.clone();
    let loaded = visit
        .workspace
        .read(move |store| {
            let Some(delivery) = store.delivery(&id)? else {
                return Ok(None);
            };
            let facts = store.facts(&[delivery.key])?;
            let person = delivery
                .person
                .map(|key| store.people(&[key]))
                .transpose()?;
            let person = person.and_then(|people| Some(people.first()?.called().to_owned()));
            let names = Names {
                tokens: tokens(store, &delivery)?,
                person,
            };
            Ok(Some((delivery, facts, names)))
        })
        .await?;
    let (delivery, facts, names) = loaded.ok_or_else(|| Problem::not_found("delivery", &wanted))?;
    let catalogue = visit.workspace.catalogue();
    Ok(Json(trail::trail(
        &delivery,
        &facts,
        &names,
        &catalogue,
        visit.workspace.now(),
    )))
}

fn tokens(
    store: &dyn Store,
    delivery: &Delivery,
) -> Result<BTreeMap<DeviceKey, String>, StoreError> {
    let devices: Vec<DeviceKey> = delivery
        .targets
        .iter()
        .filter_map(|target| match target.key {
            TargetKey::Device(device) => Some(device),
            TargetKey::Address(_) => None,
        })
        .collect();
    let records = store.tokens(&devices)?;
    Ok(records
        .into_iter()
        .map(|record| (record.key, record.token.token))
        .collect())
}

/// Deliveries as they change, as server-sent events named `delivery`; the filters of the list apply.
#[utoipa::path(
    get,
    path = "/landfall/v1/deliveries/stream",
    operation_id = "streamDeliveries",
    params(("q" = Option<String>, Query, description = "Free text in names; every dimension is a filter")),
    responses(
        (status = 200, description = "Server-sent events; the data of each is a delivery", content_type = "text/event-stream", body = DeliverySummary),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "deliveries"
)]
pub(crate) async fn stream(
    visit: Visit,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (filter, range) = narrowed(&visit).await?;
    let watch = visit.workspace.watch();
    let tail = Tail {
        workspace: visit.workspace,
        filter: Arc::new(filter),
        range,
        watch,
    };
    let events = futures_util::stream::unfold((tail, Vec::new()), next_event);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

struct Tail {
    workspace: Workspace,
    filter: Arc<Filter>,
    range: TimeRange,
    watch: tokio::sync::broadcast::Receiver<Arc<[DeliveryKey]>>,
}

type Waiting = (Tail, Vec<DeliverySummary>);

async fn next_event(
    (mut tail, mut ready): Waiting,
) -> Option<(Result<Event, Infallible>, Waiting)> {
    loop {
        if let Some(delivery) = ready.pop() {
            let event = Event::default().event("delivery").json_data(&delivery);
            let event = event.unwrap_or_else(|_| Event::default().comment("not shown"));
            return Some((Ok(event), (tail, ready)));
        }
        ready = tail.changes().await?;
    }
}

impl Tail {
    /// The changes of the next commit that pass the filter, last first; `None`: the end.
    async fn changes(&mut self) -> Option<Vec<DeliverySummary>> {
        use tokio::sync::broadcast::error::RecvError;
        let changed = match self.watch.recv().await {
            Ok(changed) => changed,
            // A reader that is too slow misses changes; the list shows them all.
            Err(RecvError::Lagged(_)) => return Some(Vec::new()),
            Err(RecvError::Closed) => return None,
        };
        let mut filter = Filter::clone(&self.filter);
        filter.0.push(Condition::Deliveries(changed.to_vec()));
        let search = Search {
            filter,
            range: self.range,
            after: None,
            limit: changed.len(),
        };
        let workspace = self.workspace.clone();
        let found = super::board(move || {
            workspace
                .board()
                .view()
                .search(workspace.catalogue().infos(), &search)
        });
        let found = found.await.ok()?.ok()?;
        let keys = found.iter().map(|position| position.delivery).collect();
        summaries(&self.workspace, keys).await.ok()
    }
}
