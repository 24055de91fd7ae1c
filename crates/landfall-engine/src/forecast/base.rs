//! Whom a trigger is about, as far as anybody can tell now, and how many come in a week.

use std::collections::BTreeMap;

use landfall_audience::{EventFilter, EventInHand};
use landfall_domain::activity::PersonInput;
use landfall_domain::ids::{PersonKey, SegmentId};
use landfall_domain::person::Person;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_journey::definition::{Interest, ProductTrigger, Trigger};
use landfall_store::{Store, StoreError};

use super::lately::{PAGE, scan, who_did};
use super::{DAYS, WEEKS, since};
use crate::reactor::Memory;

/// What kind of people a base counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those who did the trigger's event lately.
    Event,
    /// Those who are in the trigger's segment.
    Segment,
    /// Those whose date comes soon.
    Date,
    /// Those who showed interest in a product.
    Product,
    /// Everybody, because a call or a schedule says who.
    Everybody,
}

impl Kind {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Segment => "segment",
            Self::Date => "date",
            Self::Product => "product",
            Self::Everybody => "everybody",
        }
    }
}

/// Whom a trigger is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// What kind of people.
    pub kind: Kind,
    /// How many.
    pub people: u64,
    /// How many come in a week, by the last weeks; `None`: that cannot be told.
    pub per_week: Option<u64>,
    /// Where the numbers come from, in words.
    pub told: String,
}

/// Whom to look at, and how.
pub(super) struct Candidates {
    pub(super) kind: Kind,
    /// These, with the latest event that triggers; `None`: everybody who is known.
    pub(super) people: Option<BTreeMap<PersonKey, Option<EventInHand>>>,
    /// How many come in a week, if that is known already.
    pub(super) per_week: Option<u64>,
    pub(super) told: String,
}

impl Candidates {
    /// The latest event of a person that triggers.
    pub(super) fn event_of(&self, person: PersonKey) -> Option<EventInHand> {
        self.people.as_ref()?.get(&person)?.clone()
    }
}

/// Whom the trigger of a journey may be about.
pub(super) fn candidates(
    store: &dyn Store,
    trigger: &Trigger,
    now: Timestamp,
) -> Result<Candidates, StoreError> {
    match trigger {
        Trigger::Event(filter) => event(store, filter, now),
        Trigger::SegmentEntered(segment) => {
            let told = format!(
                "Qualified are the people in segment {segment} now; a run begins when somebody enters it."
            );
            segment_members(store, *segment, told)
        }
        Trigger::SegmentLeft(segment) => {
            let told = format!(
                "Qualified are the people in segment {segment} now: each would enter on leaving it, and nobody \
                 knows when."
            );
            segment_members(store, *segment, told)
        }
        Trigger::Schedule(schedule) => match schedule.segment {
            Some(segment) => {
                let told = format!("Qualified are the people in segment {segment} now.");
                segment_members(store, segment, told)
            }
            None => Ok(everybody(
                "Qualified is everybody who passes the filter now.",
            )),
        },
        Trigger::Date(_) => Ok(Candidates {
            kind: Kind::Date,
            people: None,
            per_week: None,
            told: format!("Qualified are the people whose date comes within the next {DAYS} days."),
        }),
        Trigger::Product(product) => interested(store, product, now),
        Trigger::Api | Trigger::Webhook(_) => Ok(everybody(
            "A call says who enters: everybody who passes the filter now is the most that it can name.",
        )),
    }
}

fn everybody(told: &str) -> Candidates {
    Candidates {
        kind: Kind::Everybody,
        people: None,
        per_week: None,
        told: told.to_owned(),
    }
}

fn segment_members(
    store: &dyn Store,
    segment: SegmentId,
    told: String,
) -> Result<Candidates, StoreError> {
    let mut people = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.members(segment, after, PAGE)?;
        after = page.last().copied();
        people.extend(page.iter().map(|person| (*person, None)));
        if page.len() < PAGE {
            break;
        }
    }
    Ok(Candidates {
        kind: Kind::Segment,
        people: Some(people),
        per_week: None,
        told,
    })
}

fn event(
    store: &dyn Store,
    filter: &EventFilter,
    now: Timestamp,
) -> Result<Candidates, StoreError> {
    let (did, scanned) = who_did(store, now, filter.exact_name(), |kind, name, data, at| {
        filter.matches(kind, name, data, at)
    })?;
    let weeks = did.values().map(|did| u64::from(did.weeks.count_ones()));
    // To the nearest whole number.
    let per_week = (weeks.sum::<u64>() + WEEKS / 2) / WEEKS;
    let mut told = format!(
        "Qualified are the people who did `{}` in the last {DAYS} days. The week is the mean of how many \
         different people did so in each of the last {WEEKS} weeks.",
        filter.describe()
    );
    told.push_str(&scanned.cut_short());
    let people = did
        .into_iter()
        .map(|(person, did)| (person, Some(did.latest)));
    Ok(Candidates {
        kind: Kind::Event,
        people: Some(people.collect()),
        per_week: Some(per_week),
        told,
    })
}

fn interested(
    store: &dyn Store,
    trigger: &ProductTrigger,
    now: Timestamp,
) -> Result<Candidates, StoreError> {
    let mut people = BTreeMap::new();
    let mut cut_short = String::new();
    for interest in &trigger.interest {
        let Interest::Event { name, .. } = interest else {
            continue;
        };
        let (did, scanned) = who_did(store, now, Some(name), |kind, name, data, at| {
            now.since(at) <= trigger.within.millis()
                && !trigger.wanted_by(kind, name, data).is_empty()
        })?;
        people.extend(did.into_keys().map(|person| (person, None)));
        cut_short.push_str(&scanned.cut_short());
    }
    let name = trigger.event.exact_name();
    let (events, _) = scan(store, now, name, |_, input, at| match input {
        PersonInput::Tracked {
            event, name, data, ..
        } => trigger.event.matches(*event, name, &data.value(), at),
        _ => false,
    })?;
    Ok(Candidates {
        kind: Kind::Product,
        people: Some(people),
        per_week: None,
        told: format!(
            "Qualified are the people who showed interest in some product in the last {DAYS} days, or whose \
             wishlist names one. `{}` happened {events} times in that time, and each reaches only those who are \
             interested in its product.{cut_short}",
            trigger.event.describe()
        ),
    })
}

/// Whether a person belongs to the base, when everybody is looked at; `None`: the trigger does not say.
pub(super) fn belongs(
    trigger: &Trigger,
    candidates: &Candidates,
    person: &Person,
    next_date: impl FnOnce() -> Option<Timestamp>,
    now: Timestamp,
) -> bool {
    if !person.is_known() {
        return false;
    }
    let is_named = candidates
        .people
        .as_ref()
        .is_none_or(|people| people.contains_key(&person.key));
    match trigger {
        Trigger::Date(_) => {
            let until = now.plus_millis(DAYS * DAY_MS);
            next_date().is_some_and(|next| next <= until)
        }
        Trigger::Product(product) => is_named || !product.wished_by(person).is_empty(),
        _ => is_named,
    }
}

/// Whether a base has to be looked for among everybody.
pub(super) fn needs_everybody(trigger: &Trigger, candidates: &Candidates) -> bool {
    let has_wishlist = match trigger {
        Trigger::Product(product) => product
            .interest
            .iter()
            .any(|interest| matches!(interest, Interest::Attribute { .. })),
        _ => false,
    };
    has_wishlist || candidates.people.is_none()
}

/// Whether a person who is in a data-driven segment entered it in the last days.
pub(super) fn entered_lately(memory: &Memory, segment: SegmentId, now: Timestamp) -> bool {
    let mut memberships = memory.profile.memberships().iter();
    memberships.any(|(known, at)| *known == segment && *at >= since(now))
}
