//! The heartbeat of credentials: every one is checked when it appears and then again and again, so
//! that a key that was revoked shows before the next message needs it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use landfall_domain::time::{Clock, MINUTE_MS, Timestamp};
use tokio::task::JoinSet;

use crate::credentials::Sending;
use crate::credentials::at_work::ask;
use crate::credentials::verdict::{Standing, verdict};
use crate::dispatch::carriers::Carrier;
use crate::random::Random;
use crate::workspace::Workspace;

/// How often a credential is checked when nobody says otherwise, in milliseconds.
pub const EVERY_MS: i64 = 10 * MINUTE_MS;

/// Checks credentials by and by.
pub struct Heartbeat {
    sending: Sending,
    random: Arc<dyn Random>,
    every_ms: i64,
    /// By the workspace's id and the credential's name.
    next: BTreeMap<(String, String), Next>,
}

/// When a credential is checked next.
struct Next {
    /// A credential that was exchanged is another one.
    carrier: Weak<Carrier>,
    at: Timestamp,
    /// What the last check said, so that only news is logged.
    standing: Option<Standing>,
}

impl Heartbeat {
    /// Over what sends; each credential is checked about every `every_ms` milliseconds, at least a
    /// minute.
    pub fn new(sending: Sending, random: Arc<dyn Random>, every_ms: i64) -> Self {
        Self {
            sending,
            random,
            every_ms: every_ms.max(MINUTE_MS),
            next: BTreeMap::new(),
        }
    }

    /// Checks for as long as the runtime runs.
    pub async fn run(mut self, clock: Arc<dyn Clock>) {
        let mut changes = self.sending.changes();
        loop {
            changes.mark_unchanged();
            let next = self.beat(clock.now()).await;
            let pause = next.since(clock.now()).clamp(0, self.every_ms);
            let pause = Duration::from_millis(u64::try_from(pause).unwrap_or(0));
            // New credentials are checked at once.
            if let Ok(Err(_)) = tokio::time::timeout(pause, changes.changed()).await {
                return;
            }
        }
    }

    /// Checks every credential whose turn has come at `now`, all at the same time, and waits for the
    /// answers. Returns when the next turn comes.
    pub async fn beat(&mut self, now: Timestamp) -> Timestamp {
        let mut checks = JoinSet::new();
        let mut known = std::mem::take(&mut self.next);
        for workspace in self.sending.workspaces() {
            for carrier in self.sending.carriers(&workspace).all() {
                let key = (workspace.id().to_owned(), carrier.name.clone());
                let before = known.remove(&key);
                let same = before.filter(|next| next.carrier.as_ptr() == Arc::as_ptr(&carrier));
                let next = match same {
                    Some(next) if now < next.at => next,
                    before => {
                        checks.spawn(checked(workspace.clone(), Arc::clone(&carrier)));
                        Next {
                            carrier: Arc::downgrade(&carrier),
                            at: now.plus_millis(self.pause()),
                            standing: before.and_then(|next| next.standing),
                        }
                    }
                };
                self.next.insert(key, next);
            }
        }
        while let Some(done) = checks.join_next().await {
            match done {
                Ok((key, standing)) => self.take(&key, standing),
                Err(error) => tracing::error!(%error, "a check ended badly"),
            }
        }
        let soonest = self.next.values().map(|next| next.at).min();
        soonest.unwrap_or(now.plus_millis(self.every_ms))
    }

    fn take(&mut self, key: &(String, String), standing: Standing) {
        let Some(next) = self.next.get_mut(key) else {
            return;
        };
        let before = next.standing.replace(standing);
        let (workspace, credential) = (&key.0, &key.1);
        match (before, standing) {
            (Some(before), now) if before == now => {}
            (_, Standing::Refused) => {
                tracing::error!(%workspace, %credential, "the provider refuses the credential: see `landfall doctor`");
            }
            (_, Standing::NotReached) => {
                tracing::warn!(%workspace, %credential, "the provider could not be asked about the credential");
            }
            (None, _) => {}
            (Some(_), _) => tracing::info!(%workspace, %credential, "the credential works again"),
        }
    }

    /// About as long as wished, a tenth more or less, so that providers are not asked in waves.
    fn pause(&self) -> i64 {
        let tenth = self.every_ms / 10;
        let within = i64::from(self.random.number()) % (2 * tenth + 1);
        self.every_ms - tenth + within
    }
}

async fn checked(workspace: Workspace, carrier: Arc<Carrier>) -> ((String, String), Standing) {
    let answer = ask(&carrier, &workspace).await;
    let key = (workspace.id().to_owned(), carrier.name.clone());
    (key, verdict(&answer).standing)
}
