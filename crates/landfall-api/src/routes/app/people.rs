//! People: look-ups, filters, attributes, segments (app-api.md 4).

use std::collections::BTreeMap;

use landfall_audience::{Filter, Narrowing, fields};
use landfall_domain::device::Device;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::Person;
use landfall_engine::segments::{self as engine_segments, Memberships};
use serde_json::{Value, json};

use super::answer::Answer;
use super::door::{Door, JsonBody, Path};
use super::params::{Params, cursor};
use super::refusal::Refusal;
use super::segments;
use super::view::{Identifiers, View};

/// Cursor of lists of people.
pub(super) const TAG: &str = "p";
/// Most people in one page, and in one call for attributes.
const PAGE_MAX: usize = 1_000;
const ATTRIBUTES_MAX: usize = 100;
/// People read from the store at a time while a filter looks at everybody.
pub(super) const SCAN: usize = 2_000;

/// `GET /v1/customers?email=`.
pub(super) async fn by_email(door: Door, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let email = params
                .text("email")
                .ok_or_else(|| Refusal::bad("email: give an address"))?;
            let person = match Identifier::new(IdentifierKind::Email, email) {
                Some(identifier) => view.bearer(&identifier)?,
                None => None,
            };
            let results: Vec<Identifiers> = person.iter().map(Identifiers::of).collect();
            Ok(json!({ "results": results }))
        })
        .await
}

/// `POST /v1/customers`.
pub(super) async fn search(door: Door, params: Params, JsonBody(body): JsonBody) -> Answer {
    door.view()
        .answer(move |view| {
            let filter = required_filter(&body, "filter")?;
            require_segments(view, &filter)?;
            let limit = params.limit(50, PAGE_MAX)?;
            let after = after(&params)?;
            let mut found = Vec::new();
            each_passing(view, &filter, after, |person| {
                found.push((person.key, Identifiers::of(&person)));
                // One more than needed tells whether there is another page.
                Ok(found.len() <= limit)
            })?;
            Ok(page_of(found, limit))
        })
        .await
}

/// The filter under `key` of a body.
pub(super) fn required_filter(body: &Value, key: &'static str) -> Result<Filter, Refusal> {
    let filter = body
        .get(key)
        .ok_or_else(|| Refusal::bad(format!("{key}: give a filter")))?;
    Ok(Filter::parse(filter, key)?)
}

/// A filter may only ask about segments that exist.
pub(super) fn require_segments(view: &View, filter: &Filter) -> Result<(), Refusal> {
    for id in filter.segments() {
        if !segments::exists(view, id)? {
            return Err(Refusal::bad(format!(
                "the filter names segment {id}, which does not exist"
            )));
        }
    }
    Ok(())
}

/// The key that the page before ended with.
pub(super) fn after(params: &Params) -> Result<Option<PersonKey>, Refusal> {
    let Some([key]) = params.start::<1>(TAG)? else {
        return Ok(None);
    };
    let key = u32::try_from(key).map_err(|_| Refusal::bad("start: not a cursor of this list"))?;
    Ok(Some(PersonKey(key)))
}

/// The answer with a page of people of which one more than `limit` was looked for.
fn page_of(mut found: Vec<(PersonKey, Identifiers)>, limit: usize) -> Value {
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = match found.last() {
        Some((last, _)) if !is_last => cursor(TAG, &[i64::from(last.0)]),
        _ => String::new(),
    };
    let people: Vec<Identifiers> = found.into_iter().map(|(_, person)| person).collect();
    // The application's id where there is one; those without are in `identifiers` only.
    let ids: Vec<&String> = people
        .iter()
        .filter_map(|person| person.id.as_ref())
        .collect();
    json!({ "identifiers": people, "ids": ids, "next": next })
}

/// Shows everybody who passes to `visit`, by key, until it returns `false`.
pub(super) fn each_passing(
    view: &View,
    filter: &Filter,
    after: Option<PersonKey>,
    mut visit: impl FnMut(Person) -> Result<bool, Refusal>,
) -> Result<(), Refusal> {
    let narrowing = filter.narrowing();
    let asked = filter.segments();
    let mut after = after;
    loop {
        let (people, last) = candidates(view, narrowing.as_ref(), after)?;
        let memberships = Memberships::read(view.store(), &people, &asked)?;
        for person in people {
            let passes = person.is_known() && filter.matches(&person, &memberships);
            let is_next = after.is_none_or(|after| person.key > after);
            if passes && is_next && !visit(person)? {
                return Ok(());
            }
        }
        match last {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// The next people who may pass, by key, and the key to go on after; without one, that was all.
fn candidates(
    view: &View,
    narrowing: Option<&Narrowing>,
    after: Option<PersonKey>,
) -> Result<(Vec<Person>, Option<PersonKey>), Refusal> {
    let more = |found: usize, last: Option<PersonKey>| last.filter(|_| found == SCAN);
    Ok(match narrowing {
        Some(Narrowing::Holder(identifier)) => {
            (view.bearer(identifier)?.into_iter().collect(), None)
        }
        Some(Narrowing::Members(segment)) => {
            let keys = view.store().members(*segment, after, SCAN)?;
            (
                view.store().people(&keys)?,
                more(keys.len(), keys.last().copied()),
            )
        }
        None => {
            let people = view.store().people_after(after, SCAN)?;
            let next = more(people.len(), people.last().map(|person| person.key));
            (people, next)
        }
    })
}

/// `GET /v1/customers/{id}/attributes`.
pub(super) async fn attributes(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let person = view.named(&id, &params)?;
            Ok(json!({ "customer": customer(&person) }))
        })
        .await
}

/// `POST /v1/customers/attributes`.
pub(super) async fn attributes_of_many(door: Door, JsonBody(body): JsonBody) -> Answer {
    door.view()
        .answer(move |view| {
            let ids: Vec<String> = body
                .get("ids")
                .and_then(|ids| serde_json::from_value(ids.clone()).ok())
                .ok_or_else(|| Refusal::bad("ids: give a list of ids, each a text"))?;
            if ids.len() > ATTRIBUTES_MAX {
                return Err(Refusal::bad(format!(
                    "ids: at most {ATTRIBUTES_MAX} in one call"
                )));
            }
            let mut customers = Vec::new();
            for id in &ids {
                // Ids that nobody bears are left out.
                if let Some(identifier) = Identifier::new(IdentifierKind::Id, id)
                    && let Some(person) = view.bearer(&identifier)?
                {
                    customers.push(customer(&person));
                }
            }
            Ok(json!({ "customers": customers }))
        })
        .await
}

fn customer(person: &Person) -> Value {
    let fields = fields(person);
    let created = person.created_at.seconds();
    let mut timestamps: BTreeMap<&str, i64> = fields
        .keys()
        .map(|name| {
            let set = person
                .attributes
                .get(*name)
                .map(|attribute| attribute.set_at.seconds());
            (*name, set.unwrap_or(created))
        })
        .collect();
    if let Some(choice) = person.consent.global {
        timestamps.insert("unsubscribed", choice.set_at.seconds());
    }
    let devices: Vec<Value> = person.devices.values().map(device).collect();
    json!({
        "id": person.id,
        "identifiers": Identifiers::of(person),
        "attributes": fields,
        "timestamps": timestamps,
        "unsubscribed": person.is_unsubscribed(),
        "devices": devices,
    })
}

fn device(device: &Device) -> Value {
    let mut attributes: BTreeMap<&str, &str> = device
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    attributes.insert("_last_status", device.last_status.name());
    json!({
        "id": device.token.token,
        "platform": device.token.platform,
        "last_used": device.last_used.seconds(),
        "attributes": attributes,
    })
}

/// `GET /v1/customers/{id}/segments`.
pub(super) async fn segments_of(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let person = view.named(&id, &params)?;
            let mine = engine_segments::of_person(view.store(), &person)?;
            let all = engine_segments::all(view.store())?.into_iter();
            let segments: Vec<Value> = all
                .filter(|(id, _)| mine.contains(id))
                .map(|(id, one)| json!({ "id": id, "name": one.name, "description": one.description }))
                .collect();
            Ok(json!({ "segments": segments }))
        })
        .await
}

/// `GET /v1/customers/{id}/relationships`: objects are not kept, so nobody is related to any.
pub(super) async fn relationships(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            view.named(&id, &params)?;
            Ok(json!({ "cio_relationships": [], "next": "" }))
        })
        .await
}
