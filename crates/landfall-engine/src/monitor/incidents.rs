//! Incidents as people see and move them.

use landfall_board::QueryError;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::alerts::{self, Action, Metric, Place, SliceOf, Watch};
use landfall_store::StoreError;

use super::book::{Book, Case};
use super::counts::{BUCKET_MS, COUNTED, Counting, settled_until};
use super::{THREADS, explain};
use crate::diagnosis::Period;
use crate::workspace::Workspace;

/// How the monitor is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Series that are watched.
    pub watching: usize,
    /// Series that were seen, and have too little history yet.
    pub learning: usize,
    /// Until where buckets of every metric were looked at.
    pub seen_until: Option<Timestamp>,
    /// When what is usual was learned last.
    pub learned_at: Option<Timestamp>,
    /// When it looked last.
    pub looked_at: Option<Timestamp>,
    /// Incidents that are not over.
    pub live: usize,
}

/// A quarter of an hour of an incident's slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Its start.
    pub at: Timestamp,
    /// Cases.
    pub cases: u64,
    /// Hits.
    pub hits: u64,
    /// Hits that were to be expected; `None`: too little is known.
    pub expected: Option<f64>,
}

/// Why nothing was done with an incident.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// There is none.
    #[error("there is no incident `{0}`")]
    Missing(String),
    /// It cannot be moved so.
    #[error(transparent)]
    Impossible(#[from] alerts::IncidentError),
    /// The board refused the question.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moments of a chart: two weeks of quarter hours.
const MOMENTS_MAX: i64 = 14 * 96;

impl Workspace {
    /// All incidents that are kept, newest first, with how the monitor is doing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn incidents(&self) -> Result<(Vec<Case>, Overview), StoreError> {
        self.with_book(|book, _| {
            let ids = book.desk.incidents.iter().rev();
            let cases = ids.filter_map(|incident| book.case(&incident.id)).collect();
            Ok((cases, overview(book)))
        })
        .await
    }

    /// One incident.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read.
    pub async fn incident(&self, id: &str) -> Result<Case, IncidentError> {
        let id = id.to_owned();
        self.with_book(move |book, _| book.case(&id).ok_or(IncidentError::Missing(id)))
            .await
    }

    /// Does something with an incident, for somebody.
    ///
    /// # Errors
    /// When there is none, or it is over; when the store cannot be written.
    pub async fn act_on_incident(
        &self,
        id: &str,
        action: Action,
        by: &str,
    ) -> Result<Case, IncidentError> {
        let (id, by, now) = (id.to_owned(), by.to_owned(), self.now());
        self.with_book(move |book, store| {
            let Some(incident) = book.desk.incident_mut(&id) else {
                return Err(IncidentError::Missing(id));
            };
            incident.act(action, &by, now)?;
            book.write(store)?;
            book.case(&id).ok_or(IncidentError::Missing(id))
        })
        .await
    }

    /// The figures of an incident's slice, from a day before it began to now or a day after it was over.
    ///
    /// # Errors
    /// When there is no such incident; when the store cannot be read.
    pub async fn incident_series(&self, id: &str) -> Result<Vec<Moment>, IncidentError> {
        let (id, workspace) = (id.to_owned(), self.clone());
        self.with_book(move |book, _| {
            let Some(incident) = book.desk.incident(&id) else {
                return Err(IncidentError::Missing(id));
            };
            let head = &incident.finding.head;
            let (metric, slice) = (head.metric, head.slice.clone());
            if metric == Metric::Heartbeat {
                // Checks of credentials are no rate.
                return Ok(Vec::new());
            }
            let settled = settled_until(metric, workspace.now());
            let end = match incident.is_live() {
                true => settled,
                false => settled.min(incident.seen_at.plus_millis(DAY_MS)),
            };
            let start = incident.finding.since().plus_millis(-DAY_MS);
            let start = start.max(end.plus_millis(-MOMENTS_MAX * BUCKET_MS));
            Ok(series(
                book.watch.as_ref(),
                &workspace,
                (metric, &slice),
                Period { start, end },
            )?)
        })
        .await
    }

    /// A slice of an incident in words, with the name of its journey.
    pub fn words_of(&self, slice: &SliceOf) -> String {
        explain::words(slice, &self.catalogue())
    }

    /// The name of a journey that is written as in queries, such as `campaign:31`.
    pub fn journey_called(&self, journey: &str) -> Option<String> {
        explain::journey_name(journey, &self.catalogue())
    }
}

fn overview(book: &Book) -> Overview {
    let seen = COUNTED.iter().map(|metric| book.seen(*metric));
    Overview {
        watching: book.watch.as_ref().map_or(0, Watch::watching),
        learning: book.watch.as_ref().map_or(0, Watch::learning),
        seen_until: seen.min().flatten(),
        learned_at: book.learned_at,
        looked_at: book.looked_at,
        live: book.desk.incidents.iter().filter(|i| i.is_live()).count(),
    }
}

/// The figures of a slice of journeys, bucket by bucket.
fn series(
    watch: Option<&Watch>,
    workspace: &Workspace,
    (metric, slice): (Metric, &SliceOf),
    period: Period,
) -> Result<Vec<Moment>, QueryError> {
    let (board, catalogue) = (workspace.board().view(), workspace.catalogue());
    let counting = Counting {
        board: &board,
        messages: catalogue.infos(),
        threads: THREADS,
    };
    let is_inside = |place: &Place| slice.contains(&place.own());
    let settled = counting.settled(metric, period)?;
    let moments = settled.iter().map(|bucket| {
        let own = bucket
            .tallies
            .iter()
            .filter(|tally| is_inside(&tally.place));
        let mut moment = Moment {
            at: bucket.start,
            cases: 0,
            hits: 0,
            expected: Some(0.0),
        };
        for tally in own {
            moment.cases += tally.cases;
            moment.hits += tally.hits;
            let usual = watch.and_then(|w| w.usual(metric, &tally.place, bucket.start));
            let expected = moment.expected.zip(usual);
            moment.expected = expected.map(|(sum, rate)| sum + rate * tally.cases as f64);
        }
        moment
    });
    Ok(moments.collect())
}
