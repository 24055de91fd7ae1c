//! Whether a journey's delivery is healthy: what providers take and devices confirm, beside the week before.

use landfall_board::{
    Basis, Board, Condition, CountBy, Dimension, Filter, Measure, MessageInfo, Query, QueryError,
    TimeRange, Value,
};
use landfall_domain::channel::Channel;
use landfall_domain::ids::JourneyId;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

/// What is looked at: messages of so long.
const RECENT_MS: i64 = 2 * HOUR_MS;
/// Receipts are given so long to come.
const SETTLING_MS: i64 = 30 * MINUTE_MS;
/// What it is compared with.
const BEFORE_MS: i64 = 7 * DAY_MS;
/// Cases below which nothing is said: lately, and before.
const CASES_MIN: (u64, u64) = (30, 100);
/// A drop below this is no reason to hold anything.
const DROP_MIN: f64 = 0.05;
/// How many standard errors a drop must have: one look in 30,000 has as many by chance.
const CLEAR: f64 = 4.0;

/// Hits of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) hits: u64,
    pub(super) of: u64,
}

impl Share {
    fn value(self) -> f64 {
        self.hits as f64 / self.of.max(1) as f64
    }
}

/// Whether a share dropped: by more than chance, and by enough.
pub(super) fn dropped(before: Share, lately: Share) -> bool {
    if lately.of < CASES_MIN.0 || before.of < CASES_MIN.1 {
        return false;
    }
    let (hits, of) = (before.hits + lately.hits, before.of + lately.of);
    let pooled = hits as f64 / of as f64;
    let spread = (1.0 / before.of as f64 + 1.0 / lately.of as f64) * pooled * (1.0 - pooled);
    let drop = before.value() - lately.value();
    drop >= DROP_MIN && drop >= CLEAR * spread.sqrt()
}

/// The board and how it is asked.
#[derive(Clone, Copy)]
pub(super) struct Look<'b> {
    pub(super) board: &'b Board,
    pub(super) messages: &'b [MessageInfo],
    pub(super) now: Timestamp,
}

/// What is wrong with a journey's delivery, and since when.
pub(super) type Trouble = Option<(String, Timestamp)>;

impl Look<'_> {
    fn count(
        &self,
        journey: Option<JourneyId>,
        more: Vec<Condition>,
        range: TimeRange,
        mark: Mark,
    ) -> Result<Share, QueryError> {
        let push = Condition::In(Dimension::Channel, vec![Value::Channel(Channel::Push)]);
        let of = |journey: JourneyId| {
            let value = Value::Source(SourceKind::Campaign, u64::from(journey.0));
            Condition::In(Dimension::Journey, vec![value])
        };
        let conditions = std::iter::once(push).chain(journey.map(of)).chain(more);
        let query = Query {
            filter: Filter(conditions.collect()),
            count_by: CountBy::Row,
            basis: Basis::Created,
            range,
            ..Query::all(vec![Measure::Rows, Measure::Marked(mark)])
        };
        let table = self.board.query(self.messages, &query, 1)?;
        let cells = table.groups.first().map(|group| &group.cells);
        let count = |at: usize| {
            cells
                .and_then(|cells| cells.get(at))
                .map_or(0, |c| c.count())
        };
        Ok(Share {
            hits: count(1),
            of: count(0),
        })
    }

    /// Taken by a provider, of those that a provider answered for.
    pub(super) fn accepted(
        &self,
        journey: Option<JourneyId>,
        range: TimeRange,
    ) -> Result<Share, QueryError> {
        let taken = self.count(journey, vec![Condition::Has(Mark::Sent)], range, Mark::Sent)?;
        let not = |mark| vec![Condition::Lacks(Mark::Sent), Condition::Has(mark)];
        let bounced = self.count(journey, not(Mark::Bounced), range, Mark::Bounced)?;
        let mut failed = not(Mark::Failed);
        failed.push(Condition::Lacks(Mark::Bounced));
        let failed = self.count(journey, failed, range, Mark::Failed)?;
        Ok(Share {
            hits: taken.hits,
            of: taken.of + bounced.of + failed.of,
        })
    }

    /// Confirmed, of those taken for devices that confirm.
    fn confirmed(&self, journey: JourneyId, range: TimeRange) -> Result<Share, QueryError> {
        let conditions = vec![
            Condition::Has(Mark::Sent),
            Condition::In(Dimension::ReceiptCapable, vec![Value::Flag(true)]),
        ];
        self.count(Some(journey), conditions, range, Mark::Delivered)
    }

    /// What is wrong with a journey's pushes. While a hold lasts, the time before it is compared with:
    /// the trouble must not become what is usual.
    pub(super) fn trouble(
        &self,
        journey: JourneyId,
        held_since: Option<Timestamp>,
    ) -> Result<Trouble, QueryError> {
        let start = self.now.plus_millis(-RECENT_MS);
        let end = held_since.unwrap_or(start).min(start);
        let before = TimeRange::between(end.plus_millis(-BEFORE_MS), end);
        let told = |what: &str, before: Share, lately: Share| {
            format!(
                "{what} fell from {:.1} % to {:.1} % of {} messages",
                100.0 * before.value(),
                100.0 * lately.value(),
                lately.of
            )
        };
        let usual = self.accepted(Some(journey), before)?;
        let lately = |from| TimeRange::between(from, self.now);
        let now = self.accepted(Some(journey), lately(start))?;
        if dropped(usual, now) {
            let since = self.since(usual, start, |range| self.accepted(Some(journey), range))?;
            return Ok(Some((told("what providers take", usual, now), since)));
        }
        let settled = self.now.plus_millis(-SETTLING_MS);
        let start = start.plus_millis(-SETTLING_MS);
        let usual = self.confirmed(journey, before)?;
        let now = self.confirmed(journey, TimeRange::between(start, settled))?;
        if dropped(usual, now) {
            let since = self.since(usual, start, |range| self.confirmed(journey, range))?;
            return Ok(Some((told("what devices confirm", usual, now), since)));
        }
        Ok(None)
    }

    /// Since when: back hour by hour as long as each hour is as bad, at most two days.
    fn since(
        &self,
        usual: Share,
        start: Timestamp,
        count: impl Fn(TimeRange) -> Result<Share, QueryError>,
    ) -> Result<Timestamp, QueryError> {
        let mut since = start;
        for _ in 0..48 {
            let hour = since.plus_millis(-HOUR_MS);
            let share = count(TimeRange::between(hour, since))?;
            let bad = share.of > 0 && usual.value() - share.value() >= DROP_MIN;
            if !bad {
                break;
            }
            since = hour;
        }
        Ok(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_must_be_large_and_clear() {
        let share = |hits, of| Share { hits, of };
        assert!(dropped(share(970, 1_000), share(60, 100)));
        assert!(!dropped(share(970, 1_000), share(95, 100)), "too small");
        assert!(!dropped(share(970, 1_000), share(12, 20)), "too few lately");
        assert!(!dropped(share(50, 60), share(10, 100)), "too few before");
        assert!(!dropped(share(500, 1_000), share(600, 1_000)), "it rose");
    }
}
