//! Telling people about products that they are interested in.
//!
//! An event about a product (back in stock, a lower price) concerns people who are not named in it. An index
//! in memory knows candidates by product: everybody who may be interested, and some who are not any
//! more. A [`ProductFollower`] reads events about products from the store, in order, and takes the candidates
//! to the door, where interest is looked at exactly. How far it is lies in the store, so a crash loses
//! nothing; the same event takes the same person to the door once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use landfall_audience::EventInHand;
use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::input::{Body, Input};
use landfall_domain::run::RunInput;
use landfall_domain::time::Timestamp;
use landfall_store::{ActivityQuery, DocumentKind, Store, StoreError, StoredActivity};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::input_of_ours;
use crate::intake::SubmitError;
use crate::live::Live;
use crate::reactor::memory::Memory;
use crate::workspace::Workspace;

/// People taken to the door in one submission.
const PAGE: usize = 1_000;
/// Profiles and people read at a time.
const ROWS: usize = 5_000;
/// Events read at a time.
const EVENTS: usize = 200;
/// Pause between looks for events that other nodes took, and after an error.
const IDLE: Duration = Duration::from_secs(5);

/// Candidates by journey and product.
#[derive(Debug, Default)]
pub(crate) struct Interests {
    people: Mutex<FxHashMap<(JourneyId, String), BTreeSet<PersonKey>>>,
    /// Journeys for which the past was read.
    filled: Mutex<BTreeSet<JourneyId>>,
    wake: Notify,
}

impl Interests {
    /// A person may be interested in a product.
    pub(crate) fn note(&self, journey: JourneyId, product: &str, person: PersonKey) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people
            .entry((journey, product.to_owned()))
            .or_default()
            .insert(person);
    }

    /// There may be an event about a product.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    fn candidates(&self, journey: JourneyId, product: &str) -> Vec<PersonKey> {
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let found = people.get(&(journey, product.to_owned()));
        found
            .map(|people| people.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Reads candidates from the store, for journeys for which that was not done before.
    pub(crate) fn fill(&self, store: &dyn Store, live: &Live) -> Result<(), StoreError> {
        let wanted: BTreeSet<JourneyId> = live.about_products().map(|(id, _)| id).collect();
        let filled = self
            .filled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if wanted.is_subset(&filled) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = store.profiles(after, ROWS)?;
            let Some(last) = page.last() else { break };
            after = Some(last.person);
            for row in &page {
                for interest in Memory::of(row)?.interests {
                    self.note(interest.journey, &interest.product, row.person);
                }
            }
        }
        let mut after = None;
        loop {
            let page = store.people_after(after, ROWS)?;
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            for (journey, trigger) in live.about_products() {
                for person in page.iter().filter(|person| person.is_known()) {
                    for product in trigger.wished_by(person) {
                        self.note(journey, &product, person.key);
                    }
                }
            }
        }
        self.filled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(wanted);
        Ok(())
    }
}

impl Workspace {
    /// Reads who is interested in what, if journeys about products are new.
    pub(crate) async fn fill_interests(&self) -> Result<(), StoreError> {
        let (live, interests) = (self.live(), std::sync::Arc::clone(&self.shared.interests));
        self.read(move |store| interests.fill(store, &live)).await
    }
}

/// How far a follower is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The number of the last activity that was looked at.
    done: u64,
}

/// Takes interested people to the doors of journeys about products. Cloning is cheap.
#[derive(Clone)]
pub struct ProductFollower {
    workspace: Workspace,
}

impl ProductFollower {
    /// Of a workspace.
    pub const fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    /// Follows until it is dropped.
    pub async fn run(self) {
        loop {
            match self.drain().await {
                Ok(()) => {}
                Err(SubmitError::Stopped) => return,
                Err(error) => tracing::warn!(%error, "events about products could not be followed"),
            }
            let wake = self.workspace.shared.interests.wake.notified();
            // Whichever comes first.
            let _ = tokio::time::timeout(IDLE, wake).await;
        }
    }

    /// Follows up to the last event there is.
    ///
    /// # Errors
    /// When the store cannot be used now; it goes on from the same event later.
    pub async fn drain(&self) -> Result<(), SubmitError> {
        if self.workspace.live().about_products().next().is_none() {
            return Ok(());
        }
        let (document, place, events) = self.look().await?;
        let mut place = place;
        for stored in events {
            self.tell(&stored).await?;
            place.done = stored.number;
            self.keep(document, place).await?;
        }
        Ok(())
    }

    /// The events that were not looked at yet, oldest first, with the document of the place.
    async fn look(&self) -> Result<(u32, Place, Vec<StoredActivity>), StoreError> {
        let names = self.event_names();
        self.workspace
            .read(move |store| {
                let known = store.documents(DocumentKind::ProductFollower)?.pop();
                let (document, place) = match known {
                    Some(known) => {
                        let place = serde_json::from_str(&known.body);
                        let corrupt = |error| StoreError::corrupt("documents", known.id, error);
                        (known.id, place.map_err(corrupt)?)
                    }
                    // Who begins to follow does not tell about what was long ago.
                    None => begin(store)?,
                };
                let mut events: Vec<StoredActivity> = Vec::new();
                for name in names {
                    events.extend(since(store, &name, place.done)?);
                }
                events.sort_by_key(|event| event.number);
                Ok((document, place, events))
            })
            .await
    }

    fn event_names(&self) -> BTreeSet<String> {
        let live = self.workspace.live();
        let names = live.about_products();
        names
            .filter_map(|(_, trigger)| trigger.event.exact_name().map(str::to_owned))
            .collect()
    }

    async fn tell(&self, stored: &StoredActivity) -> Result<(), SubmitError> {
        let live = self.workspace.live();
        let Some((event, data)) = event_of(&stored.activity) else {
            return Ok(());
        };
        for (journey, trigger) in live.about_products() {
            let Some(product) = trigger.product_of(&event) else {
                continue;
            };
            let people = self
                .workspace
                .shared
                .interests
                .candidates(journey, &product);
            for page in people.chunks(PAGE) {
                let keys = page.to_vec();
                let found = self.workspace.read(move |store| store.people(&keys)).await;
                let inputs = found?.into_iter().filter_map(|person| {
                    let who = Identifier::new(IdentifierKind::CioId, &person.cio_id)?;
                    let number = stored.number;
                    let key = format!("product:{number}:{}:{}", journey.0, person.cio_id);
                    Some(Input {
                        dedupe_key: Some(key),
                        ..input_of_ours(Body::Run(Box::new(RunInput::Enter {
                            journey,
                            who,
                            event: event.name.clone(),
                            data: data.clone(),
                            trigger_id: None,
                        })))
                    })
                });
                let inputs: Vec<Input> = inputs.collect();
                if !inputs.is_empty() {
                    self.workspace.submit_patiently(inputs).await?;
                }
            }
        }
        Ok(())
    }

    async fn keep(&self, document: u32, place: Place) -> Result<(), StoreError> {
        let body = serde_json::to_string(&place).unwrap_or_default();
        let kept = self.workspace.read(move |store| {
            store.replace_document(DocumentKind::ProductFollower, document, &body)
        });
        kept.await.map(drop)
    }
}

/// The event, for conditions, and its data.
fn event_of(activity: &Activity) -> Option<(EventInHand, EventData)> {
    let PersonInput::Tracked {
        event, name, data, ..
    } = &activity.input
    else {
        return None;
    };
    let at: Timestamp = activity.occurred_at;
    Some((EventInHand::new(*event, name, data, at), data.clone()))
}

/// A place at the end of what there is.
fn begin(store: &dyn Store) -> Result<(u32, Place), StoreError> {
    let newest = store.activities(&ActivityQuery {
        limit: 1,
        ..ActivityQuery::default()
    })?;
    let done = newest.activities.first().map_or(0, |newest| newest.number);
    let place = Place { done };
    let body = serde_json::to_string(&place).unwrap_or_default();
    Ok((
        store.insert_document(DocumentKind::ProductFollower, &body)?,
        place,
    ))
}

/// Tracked activities of a name above a number, newest first.
fn since(store: &dyn Store, name: &str, done: u64) -> Result<Vec<StoredActivity>, StoreError> {
    let mut found = Vec::new();
    let mut before = None;
    // Mostly there is nothing new or little, and a page is read as a whole.
    let mut limit = EVENTS / 64;
    loop {
        let page = store.activities(&ActivityQuery {
            name: Some(name.to_owned()),
            before,
            limit,
            ..ActivityQuery::default()
        })?;
        let new = page
            .activities
            .into_iter()
            .take_while(|event| event.number > done);
        let count = found.len();
        found.extend(new);
        before = page.next;
        if before.is_none() || found.len() - count < limit {
            return Ok(found);
        }
        limit = EVENTS;
    }
}
