//! E-mail addresses that get nothing: `/v1/esp/...` (app-api.md 12, semantics.md 4.4).
//!
//! The lists are ours, not a provider's: they fill themselves from bounces and complaints, and every mail
//! keeps to them. An address is on a list as an address of a person.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use landfall_domain::channel::Channel;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::person::{Listed, SuppressionList};
use landfall_store::person_named;
use serde_json::{Value, json};

use super::answer::{Answer, json_answer};
use super::door::{Door, Path};
use super::params::Params;
use super::people::SCAN;
use super::refusal::Refusal;

/// Most addresses on one page.
const PAGE_MAX: usize = 1_000;

/// `GET /v1/esp/search_suppression/{email}`: the lists that an address is on.
pub(super) async fn search(door: Door, Path(address): Path<String>) -> Answer {
    let email = email(&address)?;
    let listed = door
        .workspace()
        .read(move |store| {
            let person = person_named(store, &email)?;
            let listed = person.map(|person| person.listed).unwrap_or_default();
            let same = |listed: &&Listed| listed.address == email.value();
            Ok(listed.iter().filter(same).map(shown).collect::<Vec<_>>())
        })
        .await?;
    Ok(json_answer(&json!({ "suppressions": listed })))
}

/// `GET /v1/esp/suppression/{list}`: the addresses on a list, in no particular order.
pub(super) async fn list(door: Door, Path(name): Path<String>, params: Params) -> Answer {
    let wanted = list_named(&name)?;
    let limit = params.limit(100, PAGE_MAX)?;
    let offset = params.number::<usize>("offset")?.unwrap_or(0);
    door.view()
        .answer(move |view| {
            let mut found: Vec<Value> = Vec::new();
            let mut after = None;
            while found.len() < offset.saturating_add(limit) {
                let people = view.store().people_after(after, SCAN)?;
                let Some(last) = people.last() else { break };
                after = Some(last.key);
                let listed = people.iter().flat_map(|person| &person.listed);
                found.extend(listed.filter(|listed| listed.list == wanted).map(shown));
            }
            let page: Vec<Value> = found.into_iter().skip(offset).take(limit).collect();
            Ok(json!({ "category": wanted.name(), "suppressions": page }))
        })
        .await
}

/// `POST /v1/esp/suppression/{list}/{email}`.
pub(super) async fn add(door: Door, Path((name, address)): Path<(String, String)>) -> Answer {
    edit(&door, &name, &address, true).await
}

/// `DELETE /v1/esp/suppression/{list}/{email}`.
pub(super) async fn remove(door: Door, Path((name, address)): Path<(String, String)>) -> Answer {
    edit(&door, &name, &address, false).await
}

async fn edit(door: &Door, name: &str, address: &str, listed: bool) -> Answer {
    let list = list_named(name)?;
    let who = email(address)?;
    let wanted = who.clone();
    let person = door
        .workspace()
        .read(move |store| person_named(store, &wanted))
        .await?;
    let Some(person) = person else {
        return Err(Refusal::missing(format!(
            "nobody has the address {address}"
        )));
    };
    let is_on = |known: &Listed| known.list == list && known.address == who.value();
    if !listed && !person.listed.iter().any(is_on) {
        let detail = format!("{address} is not on the list {list}");
        return Err(Refusal::missing(detail));
    }
    let input = Input {
        source: Source::App,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body: Body::ListAddress { who, list, listed },
    };
    door.workspace().submit(vec![input]).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn email(address: &str) -> Result<Identifier, Refusal> {
    let email = Identifier::new(IdentifierKind::Email, address);
    let email = email.filter(|email| email.value().contains('@'));
    email.ok_or_else(|| Refusal::bad(format!("{address} is no e-mail address")))
}

fn list_named(name: &str) -> Result<SuppressionList, Refusal> {
    let list = SuppressionList::named(name);
    let list = list.filter(|list| list.channel() == Channel::Email);
    list.ok_or_else(|| {
        let known = "bounces, blocks, spam_reports, invalid_emails";
        Refusal::missing(format!("there is no list `{name}`; there are {known}"))
    })
}

fn shown(listed: &Listed) -> Value {
    json!({
        "email": listed.address,
        "category": listed.list.name(),
        "created": listed.at.seconds(),
    })
}
