//! What people did lately, read back from the store.

use std::collections::BTreeMap;

use landfall_audience::EventInHand;
use landfall_domain::activity::{EventKind, PersonInput};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::Standing;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_store::{ActivityQuery, Store, StoreError};

use super::since;

/// Events that are read at most, newest first.
pub const EVENTS_MAX: usize = 200_000;
/// Lines in one read.
pub(super) const PAGE: usize = 1_000;

/// What somebody did lately.
pub(super) struct Did {
    pub(super) latest: EventInHand,
    /// In which of the last weeks, bit by bit, the lowest being the last.
    pub(super) weeks: u8,
}

/// How far back a scan came.
pub(super) struct Scanned {
    /// The moment of the oldest event that was read, if there were more.
    cut_at: Option<Timestamp>,
    now: Timestamp,
}

impl Scanned {
    /// What to say when not everything was read.
    pub(super) fn cut_short(&self) -> String {
        let Some(at) = self.cut_at else {
            return String::new();
        };
        let days = self.now.since(at) / DAY_MS;
        format!(
            " Only the latest {EVENTS_MAX} events were read; they reach back {days} whole days, so people and \
             weeks may be missing."
        )
    }
}

/// Counts the activities of the last days that `fits` says yes to.
pub(super) fn scan(
    store: &dyn Store,
    now: Timestamp,
    name: Option<&str>,
    mut fits: impl FnMut(Option<PersonKey>, &PersonInput, Timestamp) -> bool,
) -> Result<(u64, Scanned), StoreError> {
    let from = since(now);
    let mut query = ActivityQuery {
        kinds: vec!["tracked".to_owned()],
        name: name.map(str::to_owned),
        since: Some(from),
        limit: PAGE,
        ..ActivityQuery::default()
    };
    let (mut read, mut found) = (0, 0);
    let mut scanned = Scanned { cut_at: None, now };
    loop {
        let page = store.activities(&query)?;
        for stored in &page.activities {
            let activity = &stored.activity;
            if activity.occurred_at >= from
                && fits(activity.person, &activity.input, activity.occurred_at)
            {
                found += 1;
            }
        }
        read += page.activities.len();
        query.before = page.next;
        if page.next.is_none() {
            return Ok((found, scanned));
        }
        if read >= EVENTS_MAX {
            let oldest = page.activities.last();
            scanned.cut_at = oldest.map(|stored| stored.activity.received_at);
            return Ok((found, scanned));
        }
    }
}

/// Who did something lately, by whoever they are now.
pub(super) fn who_did(
    store: &dyn Store,
    now: Timestamp,
    name: Option<&str>,
    fits: impl Fn(EventKind, &str, &serde_json::Value, Timestamp) -> bool,
) -> Result<(BTreeMap<PersonKey, Did>, Scanned), StoreError> {
    let mut did: BTreeMap<PersonKey, Did> = BTreeMap::new();
    let (_, scanned) = scan(store, now, name, |person, input, at| {
        let (
            Some(person),
            PersonInput::Tracked {
                event, name, data, ..
            },
        ) = (person, input)
        else {
            return false;
        };
        let event = EventInHand::new(*event, name, data, at);
        if !fits(event.kind, &event.name, &event.data, at) {
            return false;
        }
        let week = now.since(at) / (7 * DAY_MS);
        let weeks = 1_u8 << week.clamp(0, 3);
        add(
            &mut did,
            person,
            Did {
                latest: event,
                weeks,
            },
        );
        true
    })?;
    Ok((survivors(store, did)?, scanned))
}

fn add(did: &mut BTreeMap<PersonKey, Did>, person: PersonKey, more: Did) {
    match did.entry(person) {
        std::collections::btree_map::Entry::Vacant(place) => {
            place.insert(more);
        }
        std::collections::btree_map::Entry::Occupied(mut known) => {
            let known = known.get_mut();
            known.weeks |= more.weeks;
            if more.latest.at > known.latest.at {
                known.latest = more.latest;
            }
        }
    }
}

/// What merged records did, their survivors did.
fn survivors(
    store: &dyn Store,
    mut did: BTreeMap<PersonKey, Did>,
) -> Result<BTreeMap<PersonKey, Did>, StoreError> {
    let mut whole = BTreeMap::new();
    // Each turn follows merges one record further.
    while !did.is_empty() {
        let keys: Vec<PersonKey> = did.keys().copied().collect();
        let mut further = BTreeMap::new();
        for page in keys.chunks(PAGE) {
            for person in store.people(page)? {
                let Some(what) = did.remove(&person.key) else {
                    continue;
                };
                match person.standing {
                    Standing::Merged(into) => add(&mut further, into, what),
                    _ => add(&mut whole, person.key, what),
                }
            }
        }
        did = further;
    }
    Ok(whole)
}
