//! Finding deliveries: the filters of the App API as conditions of the board.

use landfall_board::{Condition, Dimension, Filter, Position, Search, TimeRange, Value};
use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::status::{Outcome, Status};
use landfall_domain::time::Timestamp;

use super::calendar::months_before;
use super::names::{channel, metric};
use super::params::{Params, cursor};
use super::refusal::Refusal;
use super::view::View;

/// Positions looked up at a time when deliveries are read for a condition that the board cannot
/// decide, or for all of them.
const BATCH: usize = 2_000;
/// Cursor of delivery lists.
const TAG: &str = "m";

/// Which deliveries.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Must all hold.
    pub(super) conditions: Vec<Condition>,
    /// One of these must hold as well, unless there are none.
    pub(super) any_of: Vec<Condition>,
    /// Only deliveries of this trigger of a broadcast.
    pub(super) trigger: Option<String>,
    /// When created; open ends are open.
    pub(super) from: Option<Timestamp>,
    /// First instant after.
    pub(super) until: Option<Timestamp>,
}

impl Wanted {
    /// Of one campaign, broadcast, newsletter or transactional message.
    pub(super) fn of_source(kind: SourceKind, id: u64) -> Self {
        Self {
            conditions: vec![source(kind, id)],
            ..Self::default()
        }
    }

    /// To one person, whatever her records were before they were merged.
    pub(super) fn to(person: PersonKey) -> Self {
        Self {
            conditions: vec![Condition::People(vec![person])],
            ..Self::default()
        }
    }

    /// Adds the filters that a query names.
    pub(super) fn filtered(mut self, params: &Params) -> Result<Self, Refusal> {
        if let Some(name) = params.text("type") {
            self.conditions.push(of_channel(channel(name)?));
        }
        for (name, kind) in [
            ("campaign_id", SourceKind::Campaign),
            ("broadcast_id", SourceKind::Broadcast),
            ("newsletter_id", SourceKind::Newsletter),
            ("transactional_id", SourceKind::Transactional),
            ("template_id", SourceKind::Transactional),
        ] {
            if let Some(id) = params.number(name)? {
                self.conditions.push(source(kind, id));
            }
        }
        for (name, dimension) in [
            ("action_id", Dimension::Step),
            ("content_id", Dimension::Variant),
        ] {
            if let Some(id) = params.number(name)? {
                self.conditions
                    .push(Condition::In(dimension, vec![Value::Number(id)]));
            }
        }
        self.trigger = params.number::<u64>("trigger_id")?.map(|id| id.to_string());
        let marked = params.text("metric").map(metric).transpose()?;
        if let Some(mark) = marked {
            self.any_of = having(mark);
        }
        if let Some(state) = params.text("state") {
            self.conditions.push(in_state(state)?);
        }
        let drafts = params.flag("drafts")?
            || marked == Some(Mark::Drafted)
            || params.text("state") == Some("drafted");
        Ok(if drafts { self } else { self.without_drafts() })
    }

    /// Leaves out what is held as a draft.
    pub(super) fn without_drafts(mut self) -> Self {
        self.conditions.push(Condition::NotIn(
            Dimension::Status,
            codes(&[Status::Drafted]),
        ));
        self
    }

    /// Only of one step.
    pub(super) fn of_step(mut self, step: u64) -> Self {
        self.conditions
            .push(Condition::In(Dimension::Step, vec![Value::Number(step)]));
        self
    }

    /// Sets the window from `start_ts` and `end_ts`: at most `months` long, the latest such window
    /// when nothing is said.
    pub(super) fn within(
        mut self,
        params: &Params,
        now: Timestamp,
        months: i64,
    ) -> Result<Self, Refusal> {
        let (start, end) = (params.seconds("start_ts")?, params.seconds("end_ts")?);
        let outside = || Refusal::bad("start_ts or end_ts lies outside the calendar");
        // `end_ts` names a whole second.
        let until = end.unwrap_or(now).plus_millis(1_000);
        let earliest = months_before(until, months).ok_or_else(outside)?;
        let from = match (start, end) {
            (None, _) => earliest,
            (Some(start), None) => start.max(earliest),
            (Some(start), Some(_)) if start >= until => {
                return Err(Refusal::bad("start_ts lies after end_ts"));
            }
            (Some(start), Some(_)) if start.plus_millis(1_000) < earliest => {
                return Err(Refusal::bad(format!(
                    "the window from start_ts to end_ts is longer than {months} months"
                )));
            }
            (Some(start), Some(_)) => start,
        };
        self.from = Some(from);
        // Without an end, what is being created while pages are read belongs to the list.
        self.until = end.map(|_| until);
        Ok(self)
    }
}

/// A page of deliveries, newest first.
pub(super) struct Page {
    pub(super) deliveries: Vec<Delivery>,
    /// Cursor of the next page; empty at the end.
    pub(super) next: String,
}

impl View {
    /// The page of `wanted` that the query asks for.
    pub(super) fn page(&self, wanted: &Wanted, params: &Params) -> Result<Page, Refusal> {
        let limit = params.limit(50, 1_000)?;
        let mut after = params.start::<2>(TAG)?.map(position).transpose()?;
        let mut deliveries = Vec::new();
        loop {
            // One more than needed tells whether there is another page.
            let missing = limit + 1 - deliveries.len();
            let look = if wanted.trigger.is_some() {
                BATCH
            } else {
                missing
            };
            let positions = self.positions(wanted, after, look)?;
            deliveries.extend(self.load(wanted, &positions)?);
            after = positions.last().copied();
            if deliveries.len() > limit || positions.len() < look {
                break;
            }
        }
        let is_last = deliveries.len() <= limit;
        deliveries.truncate(limit);
        let next = match deliveries.last() {
            Some(last) if !is_last => {
                cursor(TAG, &[last.created_at.millis(), i64::from(last.key.0)])
            }
            _ => String::new(),
        };
        Ok(Page { deliveries, next })
    }

    /// Shows every wanted delivery to `visit`, in batches, newest first.
    pub(super) fn each(
        &self,
        wanted: &Wanted,
        mut visit: impl FnMut(&Self, &[Delivery]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let positions = self.positions(wanted, after, BATCH)?;
            let deliveries = self.load(wanted, &positions)?;
            visit(self, &deliveries)?;
            after = positions.last().copied();
            if positions.len() < BATCH {
                return Ok(());
            }
        }
    }

    /// The newest wanted positions after `after`; `trigger` is not looked at.
    pub(super) fn positions(
        &self,
        wanted: &Wanted,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Position>, Refusal> {
        self.require_board()?;
        let board = self.workspace.board().view();
        let search = |one: Option<&Condition>| {
            let conditions = wanted.conditions.iter().chain(one).cloned().collect();
            let range = TimeRange {
                start: wanted.from,
                end: wanted.until,
            };
            let search = Search {
                filter: Filter(conditions),
                range,
                after,
                limit,
            };
            board.search(self.catalogue.infos(), &search)
        };
        if wanted.any_of.is_empty() {
            return Ok(search(None)?);
        }
        let mut found = Vec::new();
        for condition in &wanted.any_of {
            found.extend(search(Some(condition))?);
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.dedup();
        found.truncate(limit);
        Ok(found)
    }

    fn load(&self, wanted: &Wanted, positions: &[Position]) -> Result<Vec<Delivery>, Refusal> {
        let keys: Vec<DeliveryKey> = positions.iter().map(|position| position.delivery).collect();
        let mut deliveries = self.store().deliveries(&keys)?;
        if let Some(trigger) = &wanted.trigger {
            deliveries.retain(|delivery| {
                let said = delivery.about.trigger_id.as_ref();
                said.is_some_and(|said| said.text == *trigger)
            });
        }
        Ok(deliveries)
    }
}

fn position([created, delivery]: [i64; 2]) -> Result<Position, Refusal> {
    let delivery = u32::try_from(delivery).map_err(|_| Refusal::bad("start: not a cursor"))?;
    let delivery = DeliveryKey(delivery);
    Ok(Position {
        created: Timestamp::from_millis(created),
        delivery,
    })
}

/// Deliveries of one campaign, broadcast, newsletter or transactional message.
pub(super) fn source(kind: SourceKind, id: u64) -> Condition {
    Condition::In(Dimension::Journey, vec![Value::Source(kind, id)])
}

/// Deliveries over one channel.
pub(super) fn of_channel(channel: Channel) -> Condition {
    Condition::In(Dimension::Channel, vec![Value::Channel(channel)])
}

/// Deliveries that a metric counts. Customer.io has no word for an expired message and calls it
/// failed, so that both answer to that name.
pub(super) fn having(mark: Mark) -> Vec<Condition> {
    let mut conditions = vec![Condition::Has(mark)];
    if mark == Mark::Failed {
        let expired = vec![Value::Code(u16::from(Outcome::Expired.code()))];
        conditions.push(Condition::In(Dimension::Outcome, expired));
    }
    conditions
}

fn codes(statuses: &[Status]) -> Vec<Value> {
    statuses
        .iter()
        .map(|status| Value::Code(u16::from(status.code())))
        .collect()
}

/// The states of transactional deliveries (app-api.md 8).
fn in_state(state: &str) -> Result<Condition, Refusal> {
    let statuses: &[Status] = match state {
        "failed" => &[Status::Failed, Status::Expired],
        "drafted" => &[Status::Drafted],
        "attempted" => &[Status::Attempted],
        "sent" => return Ok(Condition::Has(Mark::Sent)),
        _ => {
            return Err(Refusal::bad(format!(
                "state: `{state}` is not failed, sent, drafted or attempted"
            )));
        }
    };
    Ok(Condition::In(Dimension::Status, codes(statuses)))
}
