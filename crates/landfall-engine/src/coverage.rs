//! Coverage over time: day by day, and what each week changed.
//!
//! Where everybody stood when the week began is kept, a byte for each person, runs of equal ones as one; when a
//! week is over it is compared with where they stand, so flows are those of people and add up exactly.

use landfall_board::{Condition, Dimension, Filter, QueryError, TimeRange, Value};
use landfall_domain::channel::Channel;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::coverage::{Amount, Flow, Place};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::workspace::{Rebuild, Workspace};

/// Who counts as active: who did something in these days.
pub const ACTIVE_DAYS: i64 = 30;
/// Whose devices gave no sign of life for so many days is silent for too long: FCM calls such a token stale
/// (diagnosis.md 5).
pub const STALE_DAYS: i64 = 30;
/// How much people who are not within reach are taken to spend beside those who are. Nobody knows it before
/// somebody has come back: half is a careful guess, and told as one.
pub const ENGAGEMENT: f64 = 0.5;
/// Days that are kept.
const DAYS_KEPT: usize = 400;
/// Weeks that are kept: two years.
const WEEKS_KEPT: usize = 104;
/// People in one document.
const CHUNK: usize = 131_072;

/// How many people stood where on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The beginning of the day (UTC); they were counted last in it.
    pub at: Timestamp,
    /// People by place, in the order of [`Place::all`], without those outside.
    pub people: [u64; 7],
}

/// What a week changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// When people were looked at first.
    pub from: Timestamp,
    /// When they were looked at again.
    pub to: Timestamp,
    /// How many went from where to where, those who stayed among them; who was outside and stayed so is left out.
    pub flows: Vec<Flow>,
}

/// Coverage over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Oldest first, today included.
    pub days: Vec<Day>,
    /// Weeks that are over, oldest first.
    pub weeks: Vec<Week>,
}

/// Where people stood at a moment, by key.
struct Stood {
    at: Timestamp,
    places: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Chunk {
    at: Timestamp,
    /// Place and how many in a row.
    runs: Vec<(u8, u32)>,
}

fn read<T: for<'de> Deserialize<'de>>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_str(&document.body)
        .map_err(|error| StoreError::corrupt("documents", document.id, error))
}

fn history(store: &dyn Store) -> Result<(Option<u32>, History), StoreError> {
    match store.documents(DocumentKind::CoverageHistory)?.first() {
        Some(document) => Ok((Some(document.id), read(document)?)),
        None => Ok((None, History::default())),
    }
}

fn stood(store: &dyn Store) -> Result<Option<Stood>, StoreError> {
    let mut all: Option<Stood> = None;
    for document in store.documents(DocumentKind::CoveragePlaces)? {
        let chunk: Chunk = read(&document)?;
        let all = all.get_or_insert(Stood {
            at: chunk.at,
            places: Vec::new(),
        });
        for (place, people) in chunk.runs {
            let places = std::iter::repeat_n(place, people as usize);
            all.places.extend(places);
        }
    }
    Ok(all)
}

/// Writes where people stand. A kind's documents are read by number, so chunks keep their order.
fn keep(store: &dyn Store, stood: &Stood) -> Result<(), StoreError> {
    let known = store.documents(DocumentKind::CoveragePlaces)?;
    let mut known = known.iter().map(|document| document.id);
    for people in stood.places.chunks(CHUNK) {
        let mut runs: Vec<(u8, u32)> = Vec::new();
        for place in people {
            match runs.last_mut() {
                Some((last, count)) if last == place => *count += 1,
                _ => runs.push((*place, 1)),
            }
        }
        let chunk = Chunk { at: stood.at, runs };
        // Numbers only.
        let body = serde_json::to_string(&chunk).unwrap_or_default();
        match known.next() {
            Some(id) => drop(store.replace_document(DocumentKind::CoveragePlaces, id, &body)?),
            None => drop(store.insert_document(DocumentKind::CoveragePlaces, &body)?),
        }
    }
    Ok(())
}

/// Who went from where to where. Whoever has no place in the shorter list was outside.
fn flows_between(before: &[u8], after: &[u8]) -> Vec<Flow> {
    let mut counts = [[0_u64; 8]; 8];
    let place = |places: &[u8], nth: usize| usize::from(places.get(nth).copied().unwrap_or(0)) % 8;
    for nth in 0..before.len().max(after.len()) {
        counts[place(before, nth)][place(after, nth)] += 1;
    }
    counts[0][0] = 0;
    let all = Place::all();
    let mut flows = Vec::new();
    for (from, row) in all.iter().zip(counts) {
        for (to, people) in all.iter().zip(row).filter(|(_, people)| *people > 0) {
            flows.push(Flow {
                from: *from,
                to: *to,
                people,
            });
        }
    }
    flows
}

/// The number of the week, from Monday, that a moment lies in.
const fn week_of(at: Timestamp) -> i64 {
    // The epoch was a Thursday.
    (at.millis().div_euclid(DAY_MS) + 3).div_euclid(7)
}

/// Puts today, as it is now, at the end of the days.
fn count_today(days: &mut Vec<Day>, places: &[u8], now: Timestamp) {
    let mut people = [0; 7];
    for place in places.iter().filter(|place| **place > 0) {
        people[usize::from(place - 1) % 7] += 1;
    }
    let at = now.plus_millis(-now.millis().rem_euclid(DAY_MS));
    let today = Day { at, people };
    match days.last_mut() {
        // The clock was put back.
        Some(last) if last.at > at => {}
        Some(last) if last.at == at => *last = today,
        _ => days.push(today),
    }
}

fn step(store: &dyn Store, places: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
    let (document, mut history) = history(store)?;
    count_today(&mut history.days, &places, now);
    let before = stood(store)?;
    let over = before
        .as_ref()
        .is_none_or(|stood| week_of(stood.at) < week_of(now));
    if let Some(before) = before.filter(|_| over)
        // It is there already when the program ended before the places were written.
        && history.weeks.last().is_none_or(|week| week.from < before.at)
    {
        history.weeks.push(Week {
            from: before.at,
            to: now,
            flows: flows_between(&before.places, &places),
        });
    }
    let days = history.days.len().saturating_sub(DAYS_KEPT);
    history.days.drain(..days);
    let weeks = history.weeks.len().saturating_sub(WEEKS_KEPT);
    history.weeks.drain(..weeks);
    // Numbers and names only.
    let body = serde_json::to_string(&history).unwrap_or_default();
    match document {
        Some(id) => drop(store.replace_document(DocumentKind::CoverageHistory, id, &body)?),
        None => drop(store.insert_document(DocumentKind::CoverageHistory, &body)?),
    }
    if over {
        keep(store, &Stood { at: now, places })?;
    }
    Ok(())
}

impl Workspace {
    fn places_now(&self) -> Vec<u8> {
        let now = self.now();
        let (since, stale) = (ACTIVE_DAYS * DAY_MS, STALE_DAYS * DAY_MS);
        self.with_roster(|roster| roster.places(now.plus_millis(-since), now.plus_millis(-stale)))
    }

    /// Counts who stands where today, and what the last week changed when it is over. While people are still
    /// being read nothing is counted.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn keep_coverage(&self) -> Result<(), StoreError> {
        if self.rebuild() != Rebuild::Done {
            return Ok(());
        }
        let (places, now) = (self.places_now(), self.now());
        self.read(move |store| step(store, places, now)).await
    }

    /// Coverage over time, and what the present week changed so far; `None`: nobody counted yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn coverage_history(&self) -> Result<(History, Option<Week>), StoreError> {
        let (places, now) = (self.places_now(), self.now());
        self.read(move |store| {
            let (_, mut history) = history(store)?;
            // What was kept of today is up to an hour old.
            count_today(&mut history.days, &places, now);
            let week = stood(store)?.map(|before| Week {
                from: before.at,
                to: now,
                flows: flows_between(&before.places, &places),
            });
            Ok((history, week))
        })
        .await
    }

    /// What pushes of the last 30 days earned for each of so many people within reach, by last touch, in the
    /// currency in which they earned most: an upper bound of what would not be there without them. The interval
    /// takes orders as independent. `None`: they earned nothing, or nobody is within reach.
    ///
    /// # Errors
    /// Never: the question is ours.
    pub fn push_revenue_per_person(
        &self,
        people: u64,
    ) -> Result<Option<(String, Amount)>, QueryError> {
        let now = self.now();
        let push = Condition::In(Dimension::Channel, vec![Value::Channel(Channel::Push)]);
        let (board, catalogue) = (self.board().view(), self.catalogue());
        let range = TimeRange::between(now.plus_millis(-30 * DAY_MS), now);
        let sums = board.earned(catalogue.infos(), &Filter(vec![push]), range)?;
        let most = sums.into_iter().max_by_key(|earned| earned.minor);
        Ok(most.filter(|_| people > 0).map(|earned| {
            let of = |minor: f64| minor / people as f64;
            let (sum, half) = (earned.minor as f64, 1.96 * earned.squares.sqrt());
            let amount = Amount {
                estimate: of(sum),
                low: of(sum - half).max(0.0),
                high: of(sum + half),
            };
            (earned.currency.letters().to_owned(), amount)
        }))
    }
}
