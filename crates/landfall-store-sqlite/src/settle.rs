//! Settling: writing committed rows to SQLite, many commits in one transaction.
//!
//! It happens when somebody wants to read the store, when enough has gathered, and otherwise a
//! moment after the last commit. Only the newest version of a row is written.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use landfall_store::StoreError;
use rusqlite::{Connection, TransactionBehavior};

use crate::layers::Layer;
use crate::open::{Shared, failed};
use crate::record::{
    DeliveryRow, ProfileRecord, ProgressRow, Row, RunRecord, TokenRow, TraceRecord, WorkRow, rows,
};
use crate::write;

/// Bytes of rows after which settling begins at once.
const ENOUGH: usize = 32 << 20;
/// Bytes of rows after which commits wait for settling.
const TOO_MUCH: usize = 96 << 20;
/// How long rows lie at most when nobody reads the store.
const MOMENT: Duration = Duration::from_millis(1_000);

impl Shared {
    /// Writes everything that was committed before the call.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        let committed = self.committed.load(Ordering::Acquire);
        if self.settled.load(Ordering::Acquire) >= committed {
            return Ok(());
        }
        let mut writer = self.writer();
        while self.settled.load(Ordering::Acquire) < committed {
            self.settle_once(&mut writer)?;
        }
        Ok(())
    }

    /// One round: takes the active layer away, unless an earlier round failed half-way.
    fn settle_once(&self, writer: &mut Connection) -> Result<(), StoreError> {
        let waiting = self.layers().settling.clone();
        let layer = match waiting {
            Some(waiting) => waiting,
            None => self.turn()?,
        };
        store(writer, &layer)?;
        let epoch = layer.counters.epoch;
        drop(layer);
        loop {
            let (over, _left_over) = self.layers_mut().retire();
            if over {
                self.settled.store(epoch, Ordering::Release);
                return Ok(());
            }
            // Decisions that wait for the layers go first.
            std::thread::yield_now();
        }
    }

    /// Begins a new active layer and a new journal file; no commit may come between the two.
    fn turn(&self) -> Result<Arc<Layer>, StoreError> {
        let mut intake = self.intake();
        let mut layers = self.layers_mut();
        intake.journal.turn()?;
        let layer = layers.turn();
        self.gathered.store(0, Ordering::Release);
        Ok(layer)
    }

    /// Before a commit: when too much waits already, it waits too, and fails when settling fails.
    pub(crate) fn make_room(&self) -> Result<(), StoreError> {
        if self.gathered.load(Ordering::Acquire) > TOO_MUCH {
            self.settle()?;
        }
        Ok(())
    }

    /// Told after each commit how many bytes it added.
    pub(crate) fn gather(&self, bytes: usize) {
        let before = self.gathered.fetch_add(bytes, Ordering::AcqRel);
        if before == 0 || (before < ENOUGH && before + bytes >= ENOUGH) {
            let _held = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
            self.wake.notify_one();
        }
    }

    /// The thread that settles in the background until the store is closed.
    pub(crate) fn keep_settling(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stop {
            let gathered = self.gathered.load(Ordering::Acquire);
            if gathered == 0 {
                stop = self.wake.wait(stop).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if gathered < ENOUGH {
                let waited = self.wake.wait_timeout(stop, MOMENT);
                stop = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            drop(stop);
            let settled = self.settle();
            stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
            if settled.is_err() && !*stop {
                // Readers and commits get the error; here it is only tried again a moment later.
                let waited = self.wake.wait_timeout(stop, MOMENT);
                stop = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

/// Writes a layer's rows in one transaction.
pub(crate) fn store(writer: &mut Connection, layer: &Layer) -> Result<(), StoreError> {
    let step = writer
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let mut start = 0;
    let mut newest = Newest::default();
    for end in &layer.ends {
        let mut moves = Vec::new();
        for row in rows(&layer.rows[start..*end]) {
            match row? {
                Row::Moved(from, to) => moves.push((from, to)),
                row => newest.add(row),
            }
        }
        start = *end;
        if !moves.is_empty() {
            // Deliveries that the same commit stores for the first person follow too.
            write::rows(&step, &std::mem::take(&mut newest))?;
            write::moves(&step, &moves)?;
        }
    }
    write::rows(&step, &newest)?;
    write::meta(&step, layer.counters)?;
    step.commit().map_err(failed)
}

/// What became of a piece of work.
#[derive(Default)]
pub(crate) struct WorkNews<'a> {
    /// Its newest whole row, or (`Some(None)`) that it is done with; `None`: as SQLite has it.
    pub(crate) row: Option<Option<WorkRow<'a>>>,
    /// Its newest step after that.
    pub(crate) progress: Option<ProgressRow<'a>>,
}

/// Rows of some commits: of those that replace each other, the newest, by key; of the rest, all.
#[derive(Default)]
pub(crate) struct Newest<'a> {
    pub(crate) people: BTreeMap<u32, &'a str>,
    pub(crate) identifiers: BTreeMap<(&'a str, &'a str), crate::record::Held>,
    pub(crate) tokens: BTreeMap<u32, TokenRow<'a>>,
    /// In order: a full build has many for each person, and few of them replace each other.
    pub(crate) memberships: Vec<((u32, u32), bool)>,
    pub(crate) deliveries: BTreeMap<u32, DeliveryRow<'a>>,
    pub(crate) works: BTreeMap<u64, WorkNews<'a>>,
    pub(crate) runs: BTreeMap<u32, RunRecord<'a>>,
    pub(crate) profiles: BTreeMap<u32, Option<ProfileRecord<'a>>>,
    pub(crate) messages: BTreeMap<u32, &'a str>,
    pub(crate) names: BTreeMap<&'a str, &'a str>,
    pub(crate) seen: BTreeMap<[u8; 16], Option<i64>>,
    /// In order.
    pub(crate) traces: Vec<TraceRecord<'a>>,
    /// Activities, facts, lines of token history, and what waits or is released, in order.
    pub(crate) appended: Vec<Row<'a>>,
}

impl<'a> Newest<'a> {
    fn add(&mut self, row: Row<'a>) {
        match row {
            Row::Person(key, body) => drop(self.people.insert(key, body)),
            Row::Identifier(kind, value, held) => {
                self.identifiers.insert((kind, value), held);
            }
            Row::Token(token) => drop(self.tokens.insert(token.key, token)),
            Row::Membership(segment, person, added) => {
                self.memberships.push(((segment, person), added));
            }
            Row::Delivery(key, delivery) => drop(self.deliveries.insert(key, delivery)),
            Row::Work(key, row) => {
                let news = WorkNews {
                    row: Some(row),
                    progress: None,
                };
                self.works.insert(key, news);
            }
            Row::Progress(key, progress) => {
                self.works.entry(key).or_default().progress = Some(progress);
            }
            Row::Run(key, run) => drop(self.runs.insert(key, run)),
            Row::Profile(person, profile) => drop(self.profiles.insert(person, profile)),
            Row::Trace(trace) => self.traces.push(trace),
            Row::Message(key, body) => drop(self.messages.insert(key, body)),
            Row::Name(of, name) => drop(self.names.insert(of, name)),
            Row::Seen(hash, day) => drop(self.seen.insert(hash, day)),
            // The layer's counters are written once, at the end.
            Row::Meta(_) | Row::NextRun(_) => {}
            row => self.appended.push(row),
        }
    }
}
