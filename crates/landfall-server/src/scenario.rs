//! Two weeks of a shop in seconds: the production engine and its SQLite store, a simulated fleet of
//! phones behind the providers, and a clock that is moved by hand.
//!
//! Nothing waits: time jumps from one full minute in which something happens to the next. Everything of
//! a minute is submitted together, as it would be by a busy server. At the end the ledger is
//! compared with what really happened. The same plan makes the same figures.

mod calendar;
mod calls;
mod provider;
mod tally;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use landfall_domain::input::Input;
use landfall_domain::time::{Clock, DAY_MS, ManualClock, Timestamp, WallClock};
use landfall_engine::dispatch::Limits;
use landfall_engine::dispatch::carriers::{Carrier, Carriers, Terms};
use landfall_engine::random::Seeded;
use landfall_engine::{Dispatcher, Opened, Options, Workspace};
use landfall_sim::phones::{Fleet, FleetSpec};
use landfall_store::Store;
use landfall_store_sqlite::SqliteStore;

use calendar::Calendar;
use provider::{Answers, Simulated};
pub(crate) use tally::Outcome;

/// Midnight in UTC of the first day.
const START: Timestamp = Timestamp::from_seconds(1_795_392_000);

/// What is simulated.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// People; each has at least one phone.
    pub(crate) people: u32,
    /// Days.
    pub(crate) days: u32,
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// Time goes in steps of so many milliseconds: what happens within one reaches the server
    /// together, at its end.
    pub(crate) step_ms: i64,
}

/// Runs a plan on a store in an empty folder.
///
/// # Errors
/// When the store cannot be made or used.
pub(crate) fn run(plan: &Plan, folder: &Path) -> Result<Outcome> {
    let began = WallClock.now();
    // One thread beside the intake's: tasks run in an order that can be repeated.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let clock = Arc::new(ManualClock::at(START));
    let opened = open(folder, &clock, plan.seed)?;
    let fleet = Fleet::new(FleetSpec::new(plan.people, START), plan.seed);
    let shop = Shop {
        workspace: opened.workspace.clone(),
        clock,
        fleet: Shared(Arc::new(Mutex::new(fleet))),
        answers: Answers::default(),
    };
    let submitted = runtime.block_on(shop.live(plan));
    let outcome = submitted
        .and_then(|submitted| tally::outcome(plan, &shop, submitted))
        .map(|outcome| Outcome {
            took_ms: WallClock.now().since(began),
            ..outcome
        });
    drop(shop);
    opened.stop();
    outcome
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "any sixteen bits of the seed will do for the salt"
)]
fn open(folder: &Path, clock: &Arc<ManualClock>, seed: u64) -> Result<Opened> {
    let salt = seed as u16;
    let options = landfall_store_sqlite::Options { salt };
    let store = SqliteStore::open_unflushed(&folder.join("scenario.db"), options)
        .with_context(|| format!("cannot make a store in {}", folder.display()))?;
    let store: Arc<dyn Store> = Arc::new(store);
    let options = Options {
        id: "scenario".to_owned(),
        name: "scenario".to_owned(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        snapshot: None,
        salt: [0; 16],
        fixed_share: None,
    };
    Ok(landfall_engine::open(store, options)?.filled())
}

/// A fleet that the providers and the calendar share.
#[derive(Clone)]
struct Shared(Arc<Mutex<Fleet>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything together.
struct Shop {
    workspace: Workspace,
    clock: Arc<ManualClock>,
    fleet: Shared,
    answers: Answers,
}

impl Shop {
    /// Lives through the days. Returns how many inputs were submitted, not counting those of the
    /// dispatcher.
    async fn live(&self, plan: &Plan) -> Result<u64> {
        let dispatcher = self.dispatcher(plan);
        let mut calendar = Calendar::new(plan, START);
        let end = START.plus_millis(i64::from(plan.days) * DAY_MS);
        let mut submitted = self.submit(calendar.people()).await?;
        let mut due = None;
        let mut now = START;
        while now <= end {
            self.clock.advance(now.since(self.clock.now()));
            let told = self.fleet.lock().advance(now);
            let mut inputs: Vec<Input> = told.iter().map(calls::input).collect();
            let sends = calendar.due(now, &mut inputs);
            submitted += self.submit(inputs).await?;
            if sends || due.is_some_and(|due| due <= now) {
                due = dispatcher.drain(now).await?;
            }
            let next = [self.fleet.lock().next_at(), calendar.next_at(), due];
            let next = next.into_iter().flatten().min().unwrap_or(end);
            now = step_at(now.plus_millis(1).max(next), plan.step_ms);
        }
        Ok(submitted)
    }

    async fn submit(&self, inputs: Vec<Input>) -> Result<u64> {
        let count = inputs.len();
        if count > 0 {
            self.workspace.submit(inputs).await?;
        }
        Ok(count as u64)
    }

    fn dispatcher(&self, plan: &Plan) -> Dispatcher {
        let carriers = Carriers::default();
        let carrier = |name: &str, provider| {
            let answers = self.answers.clone();
            let sender = Simulated::new(provider, plan.seed, self.fleet.clone(), answers);
            Carrier::new(name.to_owned(), Arc::new(sender), Terms::default())
        };
        carriers.replace(vec![
            Arc::new(carrier("apple", landfall_domain::channel::Provider::Apns)),
            Arc::new(carrier("google", landfall_domain::channel::Provider::Fcm)),
        ]);
        let random = Arc::new(Seeded::new(plan.seed));
        let workspace = self.workspace.clone();
        Dispatcher::new(workspace, carriers, random, Limits::default())
    }
}

/// The end of the step that a moment lies in.
fn step_at(at: Timestamp, step_ms: i64) -> Timestamp {
    let into = at.millis().rem_euclid(step_ms);
    at.plus_millis((step_ms - into) % step_ms)
}
