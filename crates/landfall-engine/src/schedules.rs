//! Scheduled journeys: when the moment comes, everybody in the audience gets a turn.
//!
//! A turn is a moment at which one person comes to the door: by the clock of the person's zone, and one after
//! the other where the schedule has a rate. The [`Scheduler`] goes through the people page by page, once, and
//! gives turns; a turn is an input through the one door and lies with the person, whose timer rings then. How
//! far it is lies in a document for each occurrence, and every turn has a key of its own, so that whatever
//! is repeated after a crash changes nothing.
//!
//! Who becomes known after the first zone's clock showed the time has no turn. Who was missed (the program
//! was down, the journey did not run) gets a turn at once for six hours
//! ([`landfall_journey::occurrence::SCHEDULE_LATE_MAX`]); after that the person is passed over, and the
//! document counts it.

use std::time::Duration;

use landfall_audience::SegmentMembership as _;
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::input::{Body, Input};
use landfall_domain::person::Person;
use landfall_domain::run::RunInput;
use landfall_domain::time::Timestamp;
use landfall_journey::definition::{Schedule, Zone};
use landfall_store::{DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::input_of_ours;
use crate::intake::SubmitError;
use crate::segments::Memberships;
use crate::workspace::Workspace;

/// People looked at in one submission.
const PAGE: usize = 1_000;
/// Pause before trying again when the store cannot be used.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest sleep: clocks of machines are put right now and then.
const NAP: Duration = Duration::from_secs(60);

/// How far an occurrence of a schedule is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Of which journey.
    pub journey: JourneyId,
    /// The date and time by the wall.
    pub at: String,
    /// By whose clock: an IANA name, or `person`.
    pub zone: String,
    /// When the first person was looked at.
    pub begun_at: Timestamp,
    /// The last person who was looked at.
    pub after: Option<PersonKey>,
    /// How many people have their turns counted from each moment.
    counted: Vec<(Timestamp, u64)>,
    /// How many people have turns.
    pub turns: u64,
    /// How many were passed over because their moment was missed by too much.
    pub missed: u64,
    /// When everybody had been looked at; `None`: not yet.
    pub done_at: Option<Timestamp>,
}

impl Occurrence {
    fn new(journey: JourneyId, schedule: &Schedule, now: Timestamp) -> Self {
        Self {
            journey,
            at: schedule.at.clone(),
            zone: zone_name(schedule).to_owned(),
            begun_at: now,
            after: None,
            counted: Vec::new(),
            turns: 0,
            missed: 0,
            done_at: None,
        }
    }

    fn is_of(&self, journey: JourneyId, schedule: &Schedule) -> bool {
        self.journey == journey && self.at == schedule.at && self.zone == zone_name(schedule)
    }

    /// A person's turn; `None`: the moment was missed by too much, or there is none.
    fn turn(
        &mut self,
        schedule: &Schedule,
        person: &Person,
        fallback: &landfall_audience::Zone,
    ) -> Option<Timestamp> {
        let begins = schedule.begins_for(person, fallback)?;
        if Schedule::is_too_late(begins, self.begun_at) {
            self.missed += 1;
            return None;
        }
        self.turns += 1;
        // Those who are late are counted together, from the moment at which somebody looked.
        let from = begins.max(self.begun_at);
        let known = self.counted.iter().position(|(known, _)| *known == from);
        let place = known.unwrap_or_else(|| {
            self.counted.push((from, 0));
            self.counted.len() - 1
        });
        let (_, count) = &mut self.counted[place];
        let turn = schedule.turn(from, *count);
        *count += 1;
        Some(turn)
    }
}

const fn zone_name(schedule: &Schedule) -> &str {
    match &schedule.zone {
        Zone::Person => "person",
        Zone::Named(name) => name.as_str(),
    }
}

/// The occurrences of a journey's schedules so far, by age.
///
/// # Errors
/// When the store cannot be read.
pub fn occurrences(
    store: &(impl Store + ?Sized),
    journey: JourneyId,
) -> Result<Vec<Occurrence>, StoreError> {
    let all = read(store)?.into_iter().map(|(_, occurrence)| occurrence);
    Ok(all.filter(|known| known.journey == journey).collect())
}

fn read(store: &(impl Store + ?Sized)) -> Result<Vec<(u32, Occurrence)>, StoreError> {
    let documents = store.documents(DocumentKind::ScheduleCursor)?;
    let read = documents.iter().map(|document| {
        let corrupt = |error| StoreError::corrupt("documents", document.id, error);
        let occurrence = serde_json::from_str(&document.body).map_err(corrupt)?;
        Ok((document.id, occurrence))
    });
    read.collect()
}

/// What a page of people comes to.
struct Page {
    /// Those of the audience.
    people: Vec<Person>,
    /// The last one, in the audience or not.
    last: Option<PersonKey>,
}

/// Gives turns in scheduled journeys. Cloning is cheap.
#[derive(Clone)]
pub struct Scheduler {
    workspace: Workspace,
}

impl Scheduler {
    /// Of a workspace.
    pub const fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    /// Gives turns until it is dropped.
    pub async fn run(self) {
        let changed = &self.workspace.shared.schedules_changed;
        loop {
            let now = self.workspace.now();
            let pause = match self.drain(now).await {
                Ok(next) => next.map_or(NAP, |next| {
                    let millis = u64::try_from(next.since(self.workspace.now())).unwrap_or(0);
                    Duration::from_millis(millis).min(NAP)
                }),
                Err(SubmitError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "turns in scheduled journeys could not be given");
                    PAUSE
                }
            };
            // Whichever comes first.
            let _ = tokio::time::timeout(pause, changed.notified()).await;
        }
    }

    /// Gives every turn of schedules whose moment has come at `now`, somewhere on earth. Returns when the
    /// next moment comes. For clocks that are moved by hand.
    ///
    /// # Errors
    /// When the store cannot be used now; it goes on from the same person later.
    pub async fn drain(&self, now: Timestamp) -> Result<Option<Timestamp>, SubmitError> {
        let live = self.workspace.live();
        let mut next: Option<Timestamp> = None;
        for (journey, schedule) in live.scheduled() {
            let Some((first, last)) = schedule.begins_between() else {
                continue;
            };
            if first > now {
                next = Some(next.map_or(first, |next| next.min(first)));
                continue;
            }
            let Some((document, mut occurrence)) =
                self.occurrence(journey, schedule, last, now).await?
            else {
                continue;
            };
            let is_open = || self.workspace.live().open(journey).is_some();
            while occurrence.done_at.is_none() && is_open() {
                self.turn_page(schedule, &mut occurrence, now).await?;
                self.keep(document, &occurrence).await?;
            }
        }
        Ok(next)
    }

    /// The occurrence that is under way, which begins now if it is new; `None`: it is over.
    async fn occurrence(
        &self,
        journey: JourneyId,
        schedule: &Schedule,
        last: Timestamp,
        now: Timestamp,
    ) -> Result<Option<(u32, Occurrence)>, StoreError> {
        let fresh = Occurrence::new(journey, schedule, now);
        let of = schedule.clone();
        let (document, occurrence) = self
            .workspace
            .read(move |store| {
                let known = read(store)?.into_iter();
                let mut known = known.filter(|(_, known)| known.is_of(journey, &of));
                if let Some(known) = known.next() {
                    return Ok(known);
                }
                let body = body(&fresh);
                let id = store.insert_document(DocumentKind::ScheduleCursor, &body)?;
                Ok((id, fresh))
            })
            .await?;
        if occurrence.begun_at == now && Schedule::is_too_late(last, now) {
            let (journey, at) = (journey.0, &occurrence.at);
            tracing::warn!(journey, %at, "a schedule was missed and starts nothing");
        }
        Ok(occurrence
            .done_at
            .is_none()
            .then_some((document, occurrence)))
    }

    /// Gives turns to the next page of people.
    async fn turn_page(
        &self,
        schedule: &Schedule,
        occurrence: &mut Occurrence,
        now: Timestamp,
    ) -> Result<(), SubmitError> {
        let (after, segment) = (occurrence.after, schedule.segment);
        let page = self
            .workspace
            .read(move |store| {
                let people = store.people_after(after, PAGE)?;
                let last = people.last().map(|last| last.key);
                let asked: Vec<_> = segment.into_iter().collect();
                let members = Memberships::read(store, &people, &asked)?;
                let people = people.into_iter().filter(|person| {
                    let mut asked = asked.iter();
                    person.is_known() && asked.all(|segment| members.is_member(person, *segment))
                });
                let people = people.collect();
                Ok(Page { people, last })
            })
            .await?;
        let live = self.workspace.live();
        let mut inputs = Vec::with_capacity(page.people.len());
        for person in &page.people {
            if let Some(at) = occurrence.turn(schedule, person, &live.zone) {
                inputs.push(turn(occurrence, person, at));
            }
        }
        if !inputs.is_empty() {
            self.workspace.submit_patiently(inputs).await?;
        }
        match page.last {
            Some(last) => occurrence.after = Some(last),
            None => occurrence.done_at = Some(now),
        }
        Ok(())
    }

    async fn keep(&self, document: u32, occurrence: &Occurrence) -> Result<(), StoreError> {
        let body = body(occurrence);
        let kept = self.workspace.read(move |store| {
            store.replace_document(DocumentKind::ScheduleCursor, document, &body)
        });
        kept.await.map(drop)
    }
}

fn body(occurrence: &Occurrence) -> String {
    // Texts and numbers only.
    serde_json::to_string(occurrence).unwrap_or_default()
}

fn turn(occurrence: &Occurrence, person: &Person, at: Timestamp) -> Input {
    let Occurrence { journey, .. } = occurrence;
    let which = format!("{}:{}:{}", journey.0, occurrence.at, occurrence.zone);
    Input {
        dedupe_key: Some(format!("turn:{which}:{}", person.cio_id)),
        ..input_of_ours(Body::Run(Box::new(RunInput::Turn {
            person: person.key,
            journey: *journey,
            at,
        })))
    }
}
