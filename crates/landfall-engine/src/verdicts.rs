//! Diagnoses of all journeys, kept while what they are made from stays as it is.
//!
//! A page that opens on the verdict asks for the same diagnoses again and again, and each asks the board
//! some thirty questions. A diagnosis is kept for an hour, for as long as none of the numbers that it starts
//! from moved by more than a hundredth: receipts that trickle in change no verdict. Whoever asks for a
//! single journey gets the same diagnosis as the list shows.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use landfall_board::{
    Basis, Board, Condition, CountBy, Dimension, Filter, Measure, MessageInfo, Query, QueryError,
    Value,
};
use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::time::{HOUR_MS, Timestamp};

use crate::diagnosis::{DiagnosisError, Period, Report, Request, diagnose};
use crate::workspace::Workspace;

/// Diagnoses that are kept, over all periods.
const KEPT_MAX: usize = 256;
/// A number may move by one in this many before a diagnosis is made anew.
const ONE_IN: u64 = 100;

/// What a journey's pushes came to in one period, as deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Meant: people who reached the message steps.
    pub qualified: u64,
    /// Taken by a provider.
    pub sent: u64,
    /// Reported by a device.
    pub delivered: u64,
    /// Opened.
    pub opened: u64,
    /// Led to the goal.
    pub converted: u64,
}

impl Size {
    const fn numbers(self) -> [u64; 5] {
        [
            self.qualified,
            self.sent,
            self.delivered,
            self.opened,
            self.converted,
        ]
    }

    /// Whether no number moved by more than one in a hundred.
    fn is_much_like(self, other: Self) -> bool {
        let pairs = self.numbers().into_iter().zip(other.numbers());
        pairs
            .into_iter()
            .all(|(one, other)| one.abs_diff(other) * ONE_IN <= one.max(other))
    }

    fn plus(self, other: Self) -> Self {
        Self {
            qualified: self.qualified + other.qualified,
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            opened: self.opened + other.opened,
            converted: self.converted + other.converted,
        }
    }
}

/// A journey that pushed something in one of two periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The journey, a value of [`Dimension::Journey`].
    pub journey: Value,
    /// In the period to compare with.
    pub before: Size,
    /// In the period that is looked at.
    pub after: Size,
}

/// Journeys that pushed something in either period, those with the most people first. `only`: some of them.
///
/// # Errors
/// [`QueryError`]: for what no caller can have asked.
pub fn traffic(
    board: &Board,
    messages: &[MessageInfo],
    (against, period): (Period, Period),
    only: Option<&[Value]>,
    threads: usize,
) -> Result<Vec<Traffic>, QueryError> {
    let mut filter = vec![Condition::In(
        Dimension::Channel,
        vec![Value::Channel(Channel::Push)],
    )];
    filter.extend(only.map(|journeys| Condition::In(Dimension::Journey, journeys.to_vec())));
    let mut found: Vec<Traffic> = Vec::new();
    for (after, period) in [(false, against), (true, period)] {
        let marks = [Mark::Sent, Mark::Delivered, Mark::Opened, Mark::Converted];
        let mut measures = vec![Measure::Rows];
        measures.extend(marks.map(Measure::Marked));
        let query = Query {
            filter: Filter(filter.clone()),
            group_by: vec![Dimension::Journey],
            count_by: CountBy::Delivery,
            basis: Basis::Created,
            range: period.range(),
            ..Query::all(measures)
        };
        for group in board.query(messages, &query, threads)?.groups {
            let Some(journey @ Value::Source(..)) = group.key.first().cloned() else {
                continue;
            };
            let count = |at: usize| group.cells.get(at).map_or(0, landfall_board::Cell::count);
            let size = Size {
                qualified: count(0),
                sent: count(1),
                delivered: count(2),
                opened: count(3),
                converted: count(4),
            };
            let place = found.iter().position(|known| known.journey == journey);
            let place = place.unwrap_or_else(|| {
                found.push(Traffic {
                    journey,
                    before: Size::default(),
                    after: Size::default(),
                });
                found.len() - 1
            });
            let side = if after {
                &mut found[place].after
            } else {
                &mut found[place].before
            };
            *side = size;
        }
    }
    let people = |one: &Traffic| one.before.qualified + one.after.qualified;
    found.sort_by(|a, b| {
        let by_people = people(b).cmp(&people(a));
        by_people.then_with(|| a.journey.cmp(&b.journey))
    });
    Ok(found)
}

/// Both periods of some journeys together.
fn whole(traffic: &[Traffic]) -> (Size, Size) {
    let zero = (Size::default(), Size::default());
    traffic.iter().fold(zero, |sum, one| {
        (sum.0.plus(one.before), sum.1.plus(one.after))
    })
}

/// A diagnosis with what it was made from.
#[derive(Clone, Debug)]
struct Entry {
    request: Request,
    sizes: (Size, Size),
    at: Timestamp,
    report: Arc<Report>,
}

/// Diagnoses made lately.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: Mutex<Vec<Entry>>,
    /// Held by whoever diagnoses many journeys: one does it, and the others wait for what comes of it.
    judging: Arc<tokio::sync::Mutex<()>>,
}

impl Kept {
    fn get(&self, request: &Request, sizes: (Size, Size), now: Timestamp) -> Option<Arc<Report>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.iter().find(|entry| entry.request == *request)?;
        let alike = entry.sizes.0.is_much_like(sizes.0) && entry.sizes.1.is_much_like(sizes.1);
        let fresh = (0..HOUR_MS).contains(&now.since(entry.at));
        (alike && fresh).then(|| Arc::clone(&entry.report))
    }

    fn put(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|known| known.request != entry.request);
        if entries.len() >= KEPT_MAX {
            // In the order in which they were made: the first is the oldest.
            entries.remove(0);
        }
        entries.push(entry);
    }
}

impl Workspace {
    /// The diagnosis if it was made lately and still holds. `sizes` are the journey's, before and after.
    pub fn kept_diagnosis(&self, request: &Request, sizes: (Size, Size)) -> Option<Arc<Report>> {
        self.shared.verdicts.get(request, sizes, self.now())
    }

    /// Diagnoses a journey, or gives the diagnosis that was made lately. Blocking.
    ///
    /// # Errors
    /// As [`diagnose`].
    pub fn diagnosis(
        &self,
        request: &Request,
        threads: usize,
    ) -> Result<Arc<Report>, DiagnosisError> {
        let catalogue = self.catalogue();
        let (board, messages) = (self.board().view(), catalogue.infos());
        let periods = (request.against, request.period);
        let only = Some(request.journey.as_slice());
        let sizes = whole(&traffic(&board, messages, periods, only, threads)?);
        if let Some(kept) = self.kept_diagnosis(request, sizes) {
            return Ok(kept);
        }
        let now = self.now();
        let report = Arc::new(diagnose(&board, messages, request, now, threads)?);
        self.shared.verdicts.put(Entry {
            request: request.clone(),
            sizes,
            at: now,
            report: Arc::clone(&report),
        });
        Ok(report)
    }

    /// Diagnoses journeys one after the other, after whoever does so already. What cannot be diagnosed is
    /// logged and left out: the list is of use without it.
    pub async fn judge_journeys(&self, requests: Vec<Request>, threads: usize) {
        let _one_at_a_time = Arc::clone(&self.shared.verdicts.judging).lock_owned().await;
        let workspace = self.clone();
        let judged = tokio::task::spawn_blocking(move || {
            for request in &requests {
                if let Err(error) = workspace.diagnosis(request, threads) {
                    tracing::warn!(journey = %request.name, %error, "a journey could not be diagnosed");
                }
            }
        });
        if let Err(error) = judged.await {
            tracing::error!(%error, "diagnosing journeys ended badly");
        }
    }
}
