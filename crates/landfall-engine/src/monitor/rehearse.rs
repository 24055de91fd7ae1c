//! What the watch would have said: the monitor's own steps over the rows of a board, with a time that is
//! an argument. Nothing is stored and nobody is told.

use landfall_board::{Board, MessageInfo, QueryError};
use landfall_domain::time::Timestamp;
use landfall_insight::alerts::{Incident, Tell, group};

use super::book::Book;
use super::counts::Counting;
use super::step::{watch, watched};
use crate::diagnosis::Period;

/// Something that would have been told.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// What.
    pub tell: Tell,
    /// The incident, as it was known then.
    pub incident: Incident,
}

/// Everything that the watch would have told in a period, had it looked every `every_ms` milliseconds (at least
/// a quarter of an hour: more often there is nothing new). What is usual is learned from the four weeks before
/// each day, so the board should reach back that far. Rules of one's own and credentials are left out.
///
/// The board is as it is now: buckets are compared at one age ([`super::counts`]), so that what was
/// reported after that age does not count. The one exception is a push that was taken only after a
/// retry: it counts as taken at once.
///
/// # Errors
/// When the board refuses a question.
pub fn rehearse(
    board: &Board,
    messages: &[MessageInfo],
    period: Period,
    every_ms: i64,
) -> Result<Vec<Said>, QueryError> {
    let counting = Counting {
        board,
        messages,
        threads: 1,
    };
    let mut book = Book::default();
    let mut said = Vec::new();
    let mut now = period.start;
    while now <= period.end {
        watch(&mut book, &counting, now)?;
        let findings = group(&watched(&mut book));
        for tell in book.desk.take(findings, now) {
            if let Some(incident) = book.desk.incident(tell.incident()) {
                let incident = incident.clone();
                said.push(Said {
                    at: now,
                    tell,
                    incident,
                });
            }
        }
        now = now.plus_millis(every_ms.max(super::counts::BUCKET_MS));
    }
    Ok(said)
}
