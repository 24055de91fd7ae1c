//! A commit as rows: what the journal keeps and what is later written to SQLite.
//!
//! Bodies are JSON already, so that a row is shaped once, when it is committed, and copied from
//! then on. A commit's rows end with [`Row::Meta`].

mod audience;
mod progress;

use landfall_domain::activity::PersonInput;
use landfall_domain::identifier::Holder;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_domain::working_set::{ChangeSet, NextKeys};
use landfall_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::journal::HEADER;
use crate::layers::Layers;
pub(crate) use audience::{ProfileRecord, RunRecord, TraceRecord};
pub(crate) use progress::ProgressRow;
use progress::progress;

/// Who holds an identifier, as a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    Free,
    Suppressed,
    By(u32),
}

/// The counters of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) epoch: u64,
    pub(crate) next: NextKeys,
    pub(crate) activity: u64,
    pub(crate) fact: u64,
}

/// Counters as a row. What the first version had no counter for has a row of its own: the journal says
/// nothing about the fields of a row, and older ones must be read as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetaRow {
    pub(crate) epoch: u64,
    person: u32,
    device: u32,
    delivery: u32,
    message: u32,
    activity: u64,
    fact: u64,
}

impl Counters {
    /// Without what has rows of its own.
    pub(crate) const fn meta(self) -> MetaRow {
        let next = self.next;
        MetaRow {
            epoch: self.epoch,
            person: next.person,
            device: next.device,
            delivery: next.delivery,
            message: next.message,
            activity: self.activity,
            fact: self.fact,
        }
    }

    /// Takes over what a commit's row says about counters, if it does.
    pub(crate) const fn follow(&mut self, row: &Row<'_>) {
        match row {
            Row::Meta(meta) => {
                let run = self.next.run;
                *self = Self {
                    epoch: meta.epoch,
                    next: NextKeys {
                        person: meta.person,
                        device: meta.device,
                        delivery: meta.delivery,
                        message: meta.message,
                        run,
                    },
                    activity: meta.activity,
                    fact: meta.fact,
                };
            }
            Row::NextRun(run) => self.next.run = *run,
            _ => {}
        }
    }
}

/// One row. Upserts carry the whole row; the rest are appended. A variant is stored as its place in
/// the list, so that new ones are added at the end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Row<'a> {
    Person(u32, &'a str),
    Identifier(&'a str, &'a str, Held),
    Token(TokenRow<'a>),
    TokenMove(TokenMoveRow<'a>),
    Activity(ActivityRow<'a>),
    Membership(u32, u32, bool),
    Delivery(u32, DeliveryRow<'a>),
    Fact(u64, u32, &'a str),
    Message(u32, &'a str),
    Name(&'a str, &'a str),
    /// Everything that waits for this delivery is released.
    Release(&'a str),
    Waiting(&'a str, &'a str),
    Seen([u8; 16], Option<i64>),
    /// Every delivery of the first person belongs to the second. Last of a commit's rows but one.
    Moved(u32, u32),
    Meta(MetaRow),
    /// Work, or (`None`) that it is done with.
    Work(u64, Option<WorkRow<'a>>),
    /// The key of the next run.
    NextRun(u32),
    Run(u32, RunRecord<'a>),
    /// A profile, or (`None`) that it is forgotten.
    Profile(u32, Option<ProfileRecord<'a>>),
    Trace(TraceRecord<'a>),
    /// Work that is what it was, one step further.
    Progress(u64, ProgressRow<'a>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WorkRow<'a> {
    pub(crate) state: u8,
    pub(crate) due_ms: i64,
    pub(crate) body: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenRow<'a> {
    pub(crate) key: u32,
    pub(crate) token: &'a str,
    pub(crate) platform: &'a str,
    pub(crate) app: &'a str,
    pub(crate) owner: Option<u32>,
    pub(crate) since_ms: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenMoveRow<'a> {
    pub(crate) device: u32,
    pub(crate) from: Option<u32>,
    pub(crate) to: Option<u32>,
    pub(crate) cause: &'a str,
    pub(crate) occurred_ms: i64,
    pub(crate) received_ms: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ActivityRow<'a> {
    pub(crate) number: u64,
    pub(crate) person: Option<u32>,
    pub(crate) occurred_ms: i64,
    pub(crate) received_ms: i64,
    pub(crate) source: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) body: &'a str,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliveryRow<'a> {
    pub(crate) id: &'a str,
    pub(crate) person: Option<u32>,
    pub(crate) body: &'a str,
}

/// Appends rows to a buffer.
pub(crate) struct Encoder {
    rows: Vec<u8>,
    body: Vec<u8>,
}

impl Encoder {
    /// Shapes a commit; `before` are the counters that it follows, and `layers` what was committed before.
    /// Returns a journal entry (room for its header, then the rows), made in `room`, and the counters
    /// after it.
    pub(crate) fn encode(
        changes: &ChangeSet,
        before: Counters,
        layers: &Layers,
        mut room: Vec<u8>,
    ) -> Result<(Vec<u8>, Counters), StoreError> {
        room.clear();
        room.resize(HEADER, 0);
        let mut encoder = Self {
            rows: room,
            body: Vec::new(),
        };
        let mut counters = Counters {
            epoch: before.epoch + 1,
            next: changes.next,
            ..before
        };
        encoder.people(changes)?;
        encoder.activities(changes, &mut counters.activity)?;
        encoder.ledger(changes, &mut counters.fact)?;
        encoder.works(changes, layers)?;
        encoder.audience(changes)?;
        encoder.once(changes)?;
        for (from, to) in &changes.moved {
            encoder.row(&Row::Moved(from.0, to.0))?;
        }
        if counters.next.run != before.next.run {
            encoder.row(&Row::NextRun(counters.next.run))?;
        }
        encoder.row(&Row::Meta(counters.meta()))?;
        Ok((encoder.rows, counters))
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        push(&mut self.rows, row)
    }

    fn people(&mut self, changes: &ChangeSet) -> Result<(), StoreError> {
        for person in &changes.people {
            let body = shape(&mut self.body, person.as_ref())?;
            push(&mut self.rows, &Row::Person(person.key.0, body))?;
        }
        for (identifier, holder) in &changes.identifiers {
            let held = match holder {
                None => Held::Free,
                Some(Holder::Suppressed) => Held::Suppressed,
                Some(Holder::Person(person)) => Held::By(person.0),
            };
            let kind = identifier.kind().name();
            self.row(&Row::Identifier(kind, identifier.value(), held))?;
        }
        for record in &changes.tokens {
            self.row(&Row::Token(TokenRow {
                key: record.key.0,
                token: &record.token.token,
                platform: record.token.platform.name(),
                app: &record.token.app,
                owner: record.owner.map(|owner| owner.0),
                since_ms: record.since.millis(),
            }))?;
        }
        for line in &changes.token_moves {
            self.row(&Row::TokenMove(TokenMoveRow {
                device: line.device.0,
                from: line.from.map(|person| person.0),
                to: line.to.map(|person| person.0),
                cause: line.cause.name(),
                occurred_ms: line.occurred_at.millis(),
                received_ms: line.received_at.millis(),
            }))?;
        }
        for (segment, person, added) in &changes.memberships {
            self.row(&Row::Membership(*segment, person.0, *added))?;
        }
        Ok(())
    }

    fn activities(&mut self, changes: &ChangeSet, last: &mut u64) -> Result<(), StoreError> {
        for activity in &changes.activities {
            *last += 1;
            let name = match &activity.input {
                PersonInput::Tracked { name, .. } => Some(name.as_str()),
                _ => None,
            };
            let row = Row::Activity(ActivityRow {
                number: *last,
                person: activity.person.map(|person| person.0),
                occurred_ms: activity.occurred_at.millis(),
                received_ms: activity.received_at.millis(),
                source: activity.source.name(),
                kind: activity.input.kind(),
                name,
                body: shape(&mut self.body, &activity.input)?,
            });
            push(&mut self.rows, &row)?;
        }
        Ok(())
    }

    fn ledger(&mut self, changes: &ChangeSet, last: &mut u64) -> Result<(), StoreError> {
        for delivery in &changes.deliveries {
            let row = DeliveryRow {
                id: &delivery.id,
                person: delivery.person.map(|person| person.0),
                body: shape(&mut self.body, delivery)?,
            };
            push(&mut self.rows, &Row::Delivery(delivery.key.0, row))?;
        }
        for fact in &changes.facts {
            *last += 1;
            let body = shape(&mut self.body, fact)?;
            push(&mut self.rows, &Row::Fact(*last, fact.delivery.0, body))?;
        }
        for entry in &changes.messages {
            let body = shape(&mut self.body, entry)?;
            push(&mut self.rows, &Row::Message(entry.key.0, body))?;
        }
        for (of, name) in &changes.names {
            let of = shape(&mut self.body, of)?;
            push(&mut self.rows, &Row::Name(of, name))?;
        }
        Ok(())
    }

    fn works(&mut self, changes: &ChangeSet, layers: &Layers) -> Result<(), StoreError> {
        let mut last = None;
        for (key, work) in &changes.works {
            // Of what a change set names twice, the layers know nothing in between.
            let is_first = last.replace(*key).is_none_or(|last| last < *key);
            let before = layers.work(*key).flatten().filter(|_| is_first);
            if let (Some(before), Some(now)) = (before, work)
                && let Some(progress) = progress(before, now)
            {
                let row = ProgressRow {
                    state: crate::work::state(now),
                    due_ms: now.due.millis(),
                    patch: shape(&mut self.body, &progress)?,
                };
                push(&mut self.rows, &Row::Progress(key.0, row))?;
                continue;
            }
            let row = match work {
                None => None,
                Some(work) => Some(WorkRow {
                    state: crate::work::state(work),
                    due_ms: work.due.millis(),
                    body: shape(&mut self.body, work)?,
                }),
            };
            push(&mut self.rows, &Row::Work(key.0, row))?;
        }
        Ok(())
    }

    /// What keeps inputs from counting twice, or from being lost while their delivery is unknown:
    /// first what is released, then what waits now.
    fn once(&mut self, changes: &ChangeSet) -> Result<(), StoreError> {
        for id in &changes.released {
            self.row(&Row::Release(id))?;
        }
        for (id, input) in &changes.quarantined {
            let body = shape(&mut self.body, input)?;
            push(&mut self.rows, &Row::Waiting(id, body))?;
        }
        let day = taken_at(changes).map(|at| at.millis().div_euclid(DAY_MS));
        for hash in &changes.seen {
            self.row(&Row::Seen(*hash, day))?;
        }
        Ok(())
    }
}

fn push(rows: &mut Vec<u8>, row: &Row<'_>) -> Result<(), StoreError> {
    *rows = postcard::to_extend(row, std::mem::take(rows)).map_err(unshaped)?;
    Ok(())
}

/// A value as JSON, in a buffer that is used again.
fn shape<'a>(body: &'a mut Vec<u8>, value: &impl Serialize) -> Result<&'a str, StoreError> {
    body.clear();
    serde_json::to_writer(&mut *body, value).map_err(unshaped)?;
    std::str::from_utf8(body).map_err(unshaped)
}

/// The rows of a buffer, in order.
pub(crate) fn rows(mut bytes: &[u8]) -> impl Iterator<Item = Result<Row<'_>, StoreError>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        match postcard::take_from_bytes(bytes) {
            Ok((row, rest)) => {
                bytes = rest;
                Some(Ok(row))
            }
            Err(error) => {
                bytes = &[];
                Some(Err(StoreError::corrupt("journal", "-", error)))
            }
        }
    })
}

/// The time of a change set: the newest time of arrival in it, if anything in it has one.
fn taken_at(changes: &ChangeSet) -> Option<Timestamp> {
    let activities = changes.activities.iter().map(|row| row.received_at);
    let facts = changes.facts.iter().map(|row| row.received_at);
    let moves = changes.token_moves.iter().map(|row| row.received_at);
    activities.chain(facts).chain(moves).max()
}

fn unshaped(error: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt("journal", "new", error)
}
