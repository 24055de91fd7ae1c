//! What a text message from a person means: a choice about our messages, or an answer to the last one.
//!
//! Who wrote it follows from the number: the person who holds it as an identifier, or else the one to whom
//! our last text message to the number went.

use std::collections::BTreeMap;

use landfall_board::{Condition, Dimension, Filter, Search, TimeRange, Value};
use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::TargetKey;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::input::{Body, Claims, Input, Source};
use landfall_domain::marks::Mark;
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_engine::Workspace;
use landfall_engine::credentials::twilio::{Inbound, Keyword};
use landfall_store::{Store, StoreError, person_named};

/// How long after a message a text counts as an answer to it (semantics.md 2).
const ANSWER_MS: i64 = 72 * HOUR_MS;
/// How far back our messages to a number are looked for.
const KNOWN_MS: i64 = 30 * DAY_MS;
/// Text messages that are looked at together, and how often at most.
const PAGE: usize = 500;
const PAGES_MAX: usize = 400;
/// The channel's name among the choices of a person.
const CHOICE: &str = "cio_subscription_preferences.channels.sms";

/// The input that a message becomes; `None`: nobody known sent it, or it answers nothing.
pub(super) async fn input(
    workspace: &Workspace,
    message: Inbound,
) -> Result<Option<Input>, StoreError> {
    let of = workspace.clone();
    workspace
        .read(move |store| decided(&of, store, &message))
        .await
}

fn decided(
    workspace: &Workspace,
    store: &dyn Store,
    message: &Inbound,
) -> Result<Option<Input>, StoreError> {
    let now = workspace.now();
    let last = last_to(workspace, store, &message.from, now)?;
    let Some(person) = sender(store, &message.from, last.as_ref())? else {
        return Ok(None);
    };
    let choice = person.consent.channels.get(Channel::Sms.name());
    let has_left = choice.is_some_and(|choice| !choice.subscribed);
    let body = match message.keyword {
        Some(Keyword::Stop) => chosen(&person, false),
        // A word for coming back, from somebody who has not left, is an answer like others: "yes".
        Some(Keyword::Start) if has_left => chosen(&person, true),
        Some(Keyword::Start) | None => {
            let since = now.plus_millis(-ANSWER_MS);
            let last = last.filter(|last| sent_at(last) >= Some(since));
            last.map(|last| answered(last, message))
        }
    };
    Ok(body.map(|body| Input {
        source: Source::Provider,
        at: None,
        sent_at: None,
        dedupe_key: Some(format!("twilio_inbound:{}", message.message_sid)),
        body,
    }))
}

fn chosen(person: &Person, subscribed: bool) -> Option<Body> {
    let choice = BTreeMap::from([(CHOICE.to_owned(), subscribed.into())]);
    Some(Body::Identify {
        who: Identifier::new(IdentifierKind::CioId, &person.cio_id)?,
        claims: Claims::default(),
        attributes: Attributes::from(choice),
        update_only: true,
    })
}

fn answered(delivery: Delivery, message: &Inbound) -> Body {
    Body::Receipt {
        delivery_id: delivery.id,
        mark: Mark::Replied,
        recipient: Some(message.from.clone()),
        reason: None,
        href: None,
    }
}

fn sender(
    store: &dyn Store,
    number: &str,
    last: Option<&Delivery>,
) -> Result<Option<Person>, StoreError> {
    if let Some(number) = Identifier::new(IdentifierKind::Phone, number)
        && let Some(person) = person_named(store, &number)?
    {
        return Ok(Some(person));
    }
    match last.and_then(|delivery| delivery.person) {
        Some(key) => person_of(store, key),
        None => Ok(None),
    }
}

/// A person by key, through merges; who was deleted is nobody.
fn person_of(store: &dyn Store, mut key: PersonKey) -> Result<Option<Person>, StoreError> {
    loop {
        let person = store.people(&[key])?.pop();
        match person.as_ref().map(|person| person.standing) {
            Some(Standing::Merged(into)) => key = into,
            Some(Standing::Deleted) | None => return Ok(None),
            Some(Standing::Known | Standing::Visitor) => return Ok(person),
        }
    }
}

/// The last text message that went to a number.
fn last_to(
    workspace: &Workspace,
    store: &dyn Store,
    number: &str,
    now: Timestamp,
) -> Result<Option<Delivery>, StoreError> {
    let texts = Condition::In(Dimension::Channel, vec![Value::Channel(Channel::Sms)]);
    let mut search = Search {
        filter: Filter(vec![texts, Condition::Has(Mark::Sent)]),
        range: TimeRange {
            start: Some(now.plus_millis(-KNOWN_MS)),
            end: None,
        },
        after: None,
        limit: PAGE,
    };
    for _ in 0..PAGES_MAX {
        let catalogue = workspace.catalogue();
        let found = workspace.board().view().search(catalogue.infos(), &search);
        let found = found.map_err(StoreError::unavailable)?;
        let keys: Vec<_> = found.iter().map(|place| place.delivery).collect();
        let mut deliveries = store.deliveries(&keys)?.into_iter();
        if let Some(last) = deliveries.find(|delivery| went_to(delivery, number)) {
            return Ok(Some(last));
        }
        search.after = found.last().copied();
        if found.len() < PAGE {
            break;
        }
    }
    Ok(None)
}

/// When it went out last, to whichever of its numbers.
fn sent_at(delivery: &Delivery) -> Option<Timestamp> {
    let targets = delivery.targets.iter();
    let sent = targets.filter_map(|target| target.marks.at(Mark::Sent));
    sent.chain(delivery.marks.at(Mark::Sent)).max()
}

fn went_to(delivery: &Delivery, number: &str) -> bool {
    delivery.targets.iter().any(|target| match &target.key {
        TargetKey::Address(address) => digits(address).eq(digits(number)),
        TargetKey::Device(_) => false,
    })
}

/// A number without what people write between its digits.
fn digits(number: &str) -> impl Iterator<Item = char> + '_ {
    number.chars().filter(char::is_ascii_digit)
}
