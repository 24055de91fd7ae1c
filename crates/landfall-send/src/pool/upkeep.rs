//! The task that opens, replaces and closes connections. There is one for each pool.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::{Connection, Driver, Fate};
use super::dial::DialError;
use super::shared::Shared;

pub(super) fn start(shared: Arc<Shared>) -> AbortHandle {
    let upkeep = Upkeep {
        random: Random(shared.settings.seed),
        shared,
        failures: 0,
        not_before: None,
        unproved: None,
        crowded: None,
    };
    tokio::spawn(upkeep.run()).abort_handle()
}

/// All streams are taken and somebody waits, since when; it is over when the count of reliefs moves.
struct Crowded {
    since: Instant,
    relieved: u64,
}

struct Upkeep {
    shared: Arc<Shared>,
    random: Random,
    /// Connects that failed in a row.
    failures: u32,
    not_before: Option<Instant>,
    /// The connection that was opened last, until it answers.
    unproved: Option<Arc<Fate>>,
    crowded: Option<Crowded>,
}

impl Upkeep {
    async fn run(mut self) {
        loop {
            let next = self.step(Instant::now()).await;
            tokio::select! {
                () = self.shared.call.notified() => (),
                () = sleep_until(next) => (),
            }
        }
    }

    /// Does what is due; when to look again at the latest.
    async fn step(&mut self, now: Instant) -> Instant {
        if let Some(why) = self.shared.take_stillborn() {
            self.failed(&why, now);
        }
        if self.unproved.as_ref().is_some_and(|fate| fate.answered()) {
            self.failures = 0;
            self.unproved = None;
        }
        self.watch(now);
        self.close_idle(now);
        let aged = self.aged(now);
        let wanted = aged.is_some() || self.needs_another(now);
        if wanted && self.not_before.is_none_or(|at| at <= now) {
            self.connect(aged).await;
        }
        self.next_look(Instant::now())
    }

    /// Follows since when all streams are taken.
    fn watch(&mut self, now: Instant) {
        if self.shared.unwatch() {
            self.crowded = None;
            return;
        }
        let relieved = self.shared.relieved();
        if self
            .crowded
            .as_ref()
            .is_none_or(|before| before.relieved != relieved)
        {
            self.crowded = Some(Crowded {
                since: now,
                relieved,
            });
        }
    }

    fn needs_another(&self, now: Instant) -> bool {
        let settings = &self.shared.settings;
        let open = self.shared.open().len();
        let Some(crowded) = &self.crowded else {
            return false;
        };
        open < settings.connections_min.max(1)
            || (open < settings.connections_max && now >= crowded.since + settings.grow_after)
    }

    fn close_idle(&self, now: Instant) {
        let settings = &self.shared.settings;
        let all = self.shared.open().clone();
        let spare = all.len().saturating_sub(settings.connections_min);
        // The oldest serve on: those behind them were opened for a rush.
        let idle = all.iter().rev().filter(|one| self.idle(one, now));
        for connection in idle.take(spare) {
            self.shared.let_go(connection);
        }
    }

    fn idle(&self, connection: &Connection, now: Instant) -> bool {
        let limit = self.shared.settings.idle_close;
        connection
            .idle_since()
            .is_some_and(|since| now >= since + limit)
    }

    /// A connection that is old enough to be replaced. Old ones that nobody uses are closed at once.
    fn aged(&self, now: Instant) -> Option<Arc<Connection>> {
        let mut all = self.shared.open().clone();
        all.retain(|one| one.replace_at() <= now);
        let (idle, busy): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| self.idle(one, now));
        for connection in idle {
            self.shared.let_go(&connection);
        }
        busy.into_iter().next()
    }

    /// Opens a connection, and closes the one that it replaces.
    async fn connect(&mut self, instead_of: Option<Arc<Connection>>) {
        match self.open().await {
            Ok((connection, driver)) => {
                tracing::debug!(replaces = instead_of.is_some(), "opened a connection");
                self.unproved = Some(Arc::clone(connection.fate()));
                self.shared.join(Arc::new(connection));
                tokio::spawn(driver.drive());
                if let Some(aged) = instead_of {
                    self.shared.let_go(&aged);
                }
                self.crowded = None;
            }
            Err(error) => self.failed(&error.to_string(), Instant::now()),
        }
    }

    async fn open(&mut self) -> Result<(Connection, Driver), DialError> {
        let settings = &self.shared.settings;
        let younger = self.random.below(settings.age_jitter);
        let age = settings.age_max.saturating_sub(younger);
        let limit = self.shared.connect_timeout;
        timeout(limit, async {
            let transport = self.shared.dial.dial().await?;
            let pool = Arc::downgrade(&self.shared);
            Connection::open(transport, settings, age, pool).await
        })
        .await
        .unwrap_or(Err(DialError::TimedOut(limit)))
    }

    fn failed(&mut self, why: &str, now: Instant) {
        let settings = &self.shared.settings;
        let doubled = 2_u32.saturating_pow(self.failures.min(16));
        let pause = (settings.backoff_first * doubled).min(settings.backoff_max);
        let until = now + pause + self.random.below(pause / 4);
        self.failures += 1;
        self.not_before = Some(until);
        tracing::warn!(
            why,
            failures = self.failures,
            "no connection to the provider"
        );
        self.shared.go_down(why, until);
    }

    /// When something may be due.
    fn next_look(&self, now: Instant) -> Instant {
        let settings = &self.shared.settings;
        let open = self.shared.open();
        let mut next = now + settings.age_max;
        for (index, connection) in open.iter().enumerate() {
            next = next.min(connection.replace_at());
            if index >= settings.connections_min {
                let since = connection.idle_since().unwrap_or(now);
                next = next.min(since + settings.idle_close);
            }
        }
        if self.shared.waiting() > 0 {
            let since = self.crowded.as_ref().map_or(now, |crowded| crowded.since);
            let grown = open.len() >= settings.connections_max;
            let crowd = match () {
                () if open.is_empty() => now,
                () if grown => now + settings.idle_close,
                () => since + settings.grow_after,
            };
            next = next.min(crowd);
        }
        // Never earlier than a connect may be tried again, for that is all that could be done.
        match self.not_before {
            Some(at) if next < at => next.max(now).max(at),
            _ => next,
        }
    }
}

/// SplitMix64: enough to spread ages and pauses.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A duration from zero up to `limit`.
    fn below(&mut self, limit: Duration) -> Duration {
        let share = f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        limit.mul_f64(share)
    }
}
