//! Activities: what people did and what happened to their messages, in the last 30 days
//! (app-api.md 4, *Activities*).

mod inputs;
mod marks;
mod place;

use std::collections::BTreeMap;

use landfall_board::Position;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_store::{ActivityPage, ActivityQuery, HistoryOf, StoredActivity};
use serde::Serialize;
use serde_json::{Value, json};

use self::place::{Place, just_before};
use super::answer::Answer;
use super::door::{Door, Path};
use super::ledger::Wanted;
use super::messages::Surroundings;
use super::params::Params;
use super::refusal::Refusal;
use super::view::{Identifiers, View};

/// How far back activities go.
const DAYS: i64 = 30;
/// Most in one page.
const LIMIT_MAX: usize = 100;
/// Stored activities, and deliveries, read at a time.
const BATCH: usize = 200;

/// One activity, as shown.
#[derive(Clone, Debug, Default, Serialize)]
struct Shown {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    timestamp: i64,
    customer_id: Option<String>,
    customer_identifiers: Option<Identifiers>,
    name: Option<String>,
    url: Option<String>,
    data: Value,
    delivery_id: Option<String>,
    delivery_type: Option<String>,
}

/// What is asked for.
struct Asked<'p> {
    /// Only of these records, with the time from which each counts; empty: of everybody.
    of: Vec<HistoryOf>,
    /// Only of this person.
    person: Option<&'p Person>,
    kind: Option<String>,
    name: Option<String>,
    since: Timestamp,
}

/// An activity with its place in the list. The list is sorted by `at`, newest first: stored
/// activities stand where they were received, those of a delivery together where it was created.
struct Item {
    at: Timestamp,
    origin: Origin,
    shown: Shown,
}

#[derive(Clone, Copy, Debug)]
enum Origin {
    Stored(u64),
    Delivery(Position, usize),
}

/// `GET /v1/activities`.
pub(super) async fn list(door: Door, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let person = match params.text("customer_id") {
                Some(id) => Some(view.named(id, &params)?),
                None => None,
            };
            page(view, person.as_ref(), &params)
        })
        .await
}

/// `GET /v1/customers/{id}/activities`.
pub(super) async fn of_customer(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let person = view.named(&id, &params)?;
            page(view, Some(&person), &params)
        })
        .await
}

fn page(view: &View, person: Option<&Person>, params: &Params) -> Result<Value, Refusal> {
    let limit = params.limit(10, LIMIT_MAX)?;
    // Deleted people have no activities here, and deleted activities are gone.
    params.flag("deleted")?;
    let asked = Asked {
        of: person.map(histories).unwrap_or_default(),
        person,
        kind: params.text("type").map(str::to_owned),
        name: params.text("name").map(str::to_owned),
        since: view.now.plus_millis(-DAYS * DAY_MS),
    };
    if let Some(kind) = &asked.kind
        && !inputs::is_known(kind)
        && !marks::is_known(kind)
    {
        return Err(Refusal::bad(format!(
            "type: there is no activity of the type `{kind}`"
        )));
    }
    let place = Place::of(params)?;
    let stored = stored(view, &asked, place, limit + 1)?;
    let mut items = merged(stored, delivered(view, &asked, place, limit + 1)?);
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let next = if is_last {
        String::new()
    } else {
        place.after(&items).text()
    };
    let activities: Vec<Shown> = items.into_iter().map(|item| item.shown).collect();
    Ok(json!({ "activities": activities, "next": next }))
}

/// Both lists as one, newest first; each keeps its own order, which its cursor follows.
fn merged(one: Vec<Item>, other: Vec<Item>) -> Vec<Item> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    loop {
        let next = match (one.peek(), other.peek()) {
            (Some(a), Some(b)) if a.at < b.at => other.next(),
            (Some(_), _) => one.next(),
            (None, _) => other.next(),
        };
        match next {
            Some(item) => merged.push(item),
            None => return merged,
        }
    }
}

/// The person's own record and those that were merged into it.
fn histories(person: &Person) -> Vec<HistoryOf> {
    let own = HistoryOf {
        person: person.key,
        from: Timestamp::EPOCH,
    };
    let absorbed = person.absorbed.iter();
    let absorbed = absorbed.map(|a| HistoryOf {
        person: a.key,
        from: a.history_from,
    });
    std::iter::once(own).chain(absorbed).collect()
}

/// Up to `limit` stored activities, newest first.
fn stored(
    view: &View,
    asked: &Asked<'_>,
    place: Place,
    limit: usize,
) -> Result<Vec<Item>, Refusal> {
    let Some(kinds) = inputs::stored_kinds(asked.kind.as_deref()) else {
        return Ok(Vec::new());
    };
    let mut items = Vec::new();
    let mut before = place.number;
    loop {
        let query = ActivityQuery {
            of: asked.of.clone(),
            kinds: kinds.clone(),
            name: asked.name.clone(),
            since: Some(asked.since),
            before,
            limit: BATCH,
        };
        let ActivityPage { activities, next } = view.store().activities(&query)?;
        let people = actors(view, asked, &activities)?;
        for stored in &activities {
            let Some(mut shown) = inputs::shown(stored) else {
                continue;
            };
            if asked.kind.as_ref().is_some_and(|kind| *kind != shown.kind) {
                continue;
            }
            let person = asked
                .person
                .or_else(|| people.get(&stored.activity.person?));
            shown.customer_id = person.and_then(|person| person.id.clone());
            shown.customer_identifiers = person.map(Identifiers::of);
            let origin = Origin::Stored(stored.number);
            items.push(Item {
                at: stored.activity.received_at,
                origin,
                shown,
            });
            if items.len() == limit {
                return Ok(items);
            }
        }
        before = next;
        if next.is_none() {
            return Ok(items);
        }
    }
}

/// The people behind activities, by the key that is stored with them: what a merged record did is
/// shown as the survivor's.
fn actors(
    view: &View,
    asked: &Asked<'_>,
    activities: &[StoredActivity],
) -> Result<BTreeMap<PersonKey, Person>, Refusal> {
    if asked.person.is_some() {
        return Ok(BTreeMap::new());
    }
    let mut people = view.people(
        activities
            .iter()
            .filter_map(|stored| stored.activity.person),
    )?;
    for (key, person) in &mut people {
        if matches!(person.standing, Standing::Merged(_))
            && let Some(survivor) = view.person(*key)?
        {
            *person = survivor;
        }
    }
    Ok(people)
}

/// Up to `limit` activities of deliveries, newest delivery first.
fn delivered(
    view: &View,
    asked: &Asked<'_>,
    place: Place,
    limit: usize,
) -> Result<Vec<Item>, Refusal> {
    if asked.name.is_some()
        || asked
            .kind
            .as_ref()
            .is_some_and(|kind| !marks::is_known(kind))
    {
        return Ok(Vec::new());
    }
    let mut wanted = asked
        .person
        .map_or_else(Wanted::default, |person| Wanted::to(person.key));
    wanted.from = Some(asked.since);
    if let Some(conditions) = asked.kind.as_deref().and_then(marks::conditions) {
        wanted.conditions.extend(conditions);
    }
    let mut items = Vec::new();
    // The delivery at the place itself may have marks left.
    let mut after = place.position.map(just_before);
    loop {
        let positions = view.positions(&wanted, after, BATCH)?;
        let keys: Vec<DeliveryKey> = positions.iter().map(|position| position.delivery).collect();
        let deliveries = view.store().deliveries(&keys)?;
        let around = Surroundings::load(view, &deliveries)?;
        for delivery in &deliveries {
            let position = Position {
                created: delivery.created_at,
                delivery: delivery.key,
            };
            let below = if Some(position) == place.position {
                place.mark
            } else {
                usize::MAX
            };
            let person = delivery.person.and_then(|key| around.people.get(&key));
            for (mark, mut shown) in marks::shown(delivery, &around) {
                let is_other = asked.kind.as_ref().is_some_and(|kind| *kind != shown.kind);
                if mark >= below || is_other {
                    continue;
                }
                shown.customer_id = person.and_then(|person| person.id.clone());
                shown.customer_identifiers = person.map(Identifiers::of);
                let origin = Origin::Delivery(position, mark);
                items.push(Item {
                    at: position.created,
                    origin,
                    shown,
                });
                if items.len() == limit {
                    return Ok(items);
                }
            }
        }
        after = positions.last().copied();
        if positions.len() < BATCH {
            return Ok(items);
        }
    }
}
