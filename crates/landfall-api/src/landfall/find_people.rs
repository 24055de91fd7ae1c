//! `GET /landfall/v1/people`: finding people by a part of a name, an id or an address.

use axum::Json;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Person, Standing};
use landfall_store::{Store, StoreError, person_named};
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use super::visit::Visit;

/// People read from the store at a time.
const PAGE: usize = 2_000;
/// People that one call looks at; the next one goes on from there.
const LOOK_MAX: usize = 100_000;
/// People of an answer.
const LIMIT: usize = 50;
/// People of an answer at most.
const LIMIT_MAX: usize = 500;
/// Attributes that hold what people are called.
const NAMES: [&str; 4] = ["name", "full_name", "first_name", "last_name"];
/// Longest text to look for, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// People who were found.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct PeopleFound {
    /// Whoever bears the whole text as an identifier first, then by the time at which they came.
    people: Vec<PersonFound>,
    /// Where to go on, as `after`; absent: everybody was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
    /// How many people this call looked at.
    looked_at: usize,
}

/// A person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PersonFound {
    /// The internal id.
    cio_id: String,
    /// The application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Name, from the attributes `name`, `full_name`, or `first_name` and `last_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Devices held now.
    devices: usize,
    /// When the person was last seen (milliseconds since the epoch, by the hour).
    active_ms: i64,
}

impl PersonFound {
    fn of(person: &Person) -> Self {
        Self {
            cio_id: person.cio_id.clone(),
            id: person.id.clone(),
            email: person.email.clone(),
            phone: person.phone.clone(),
            name: name(person),
            devices: person.devices.len(),
            active_ms: person.active_at.millis(),
        }
    }
}

fn attribute<'p>(person: &'p Person, name: &str) -> Option<&'p str> {
    let value = person.attributes.get(name)?.value.as_str()?.trim();
    (!value.is_empty()).then_some(value)
}

fn name(person: &Person) -> Option<String> {
    let whole = ["name", "full_name"]
        .iter()
        .find_map(|name| attribute(person, name));
    if let Some(whole) = whole {
        return Some(whole.to_owned());
    }
    let parts: Vec<&str> = ["first_name", "last_name"]
        .iter()
        .filter_map(|name| attribute(person, name))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Whether every word of the text, in lower case, is in something that the person is called.
fn bears(person: &Person, words: &[String]) -> bool {
    let own = [&person.id, &person.email, &person.phone];
    let mut texts: Vec<String> = own
        .into_iter()
        .flatten()
        .map(|t| t.to_lowercase())
        .collect();
    texts.push(person.cio_id.to_lowercase());
    texts.extend(
        NAMES
            .iter()
            .filter_map(|name| attribute(person, name))
            .map(str::to_lowercase),
    );
    words
        .iter()
        .all(|word| texts.iter().any(|text| text.contains(word)))
}

/// People by a part of a name, an id, an address or a number; the newest question of a page, so it is bounded:
/// one call looks at up to 100,000 people, and says where the next one goes on.
#[utoipa::path(get, path = "/landfall/v1/people", operation_id = "findPeople",
    params(
        ("q" = Option<String>, Query, description = "Words, each a part of something that the person is called; left out: everybody"),
        ("limit" = Option<usize>, Query, description = "1 to 500 (50)"),
        ("after" = Option<u32>, Query, description = "`next` of the call before"),
    ),
    responses((status = 200, body = PeopleFound), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody)), tag = "people")]
pub(crate) async fn get(visit: Visit) -> Result<Json<PeopleFound>, Problem> {
    let limit = visit.limit(LIMIT, LIMIT_MAX)?;
    let text = visit.parameter("q").unwrap_or_default().trim().to_owned();
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("write at most {TEXT_BYTES_MAX} bytes");
        return Err(Problem::field("q", message));
    }
    let after = match visit.parameter("after") {
        None => None,
        Some(number) => {
            let number = number
                .parse()
                .map_err(|_| Problem::field("after", "write what `next` said"))?;
            Some(PersonKey(number))
        }
    };
    let found = visit
        .workspace
        .read(move |store| find(store, &text, after, limit));
    Ok(Json(found.await?))
}

fn find(
    store: &dyn Store,
    text: &str,
    after: Option<PersonKey>,
    limit: usize,
) -> Result<PeopleFound, StoreError> {
    let mut found = PeopleFound::default();
    let mut exact = Vec::new();
    if after.is_none() && !text.is_empty() {
        for kind in IdentifierKind::ALL {
            let Some(identifier) = Identifier::new(*kind, text) else {
                continue;
            };
            if let Some(person) = person_named(store, &identifier)?
                && person.standing == Standing::Known
                && !exact.contains(&person.key)
            {
                exact.push(person.key);
                found.people.push(PersonFound::of(&person));
            }
        }
    }
    let words: Vec<String> = text
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut after = after;
    while found.looked_at < LOOK_MAX {
        let people = store.people_after(after, PAGE)?;
        let is_last = people.len() < PAGE;
        for person in people {
            if found.people.len() >= limit {
                found.next = after.map(|key| key.0);
                return Ok(found);
            }
            after = Some(person.key);
            found.looked_at += 1;
            let is_new = person.standing == Standing::Known && !exact.contains(&person.key);
            if is_new && bears(&person, &words) {
                found.people.push(PersonFound::of(&person));
            }
        }
        if is_last {
            return Ok(found);
        }
    }
    found.next = after.map(|key| key.0);
    Ok(found)
}
