//! What all connections of a simulator share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use landfall_domain::time::Clock;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, watch};

use super::credentials::Keyring;
use super::devices::{Devices, Told};
use super::record::{Accepted, Counters, Ended, Taken};
use super::session::Command;
use super::{ApnsAnswer, ApnsOptions, Auth, Connections, Environment, Fate, ProviderKey};
use crate::http::Gate;
use crate::script::ScriptHandle;
use crate::truth::Ledger;

/// Is told of an accepted push.
pub type OnAccepted = Arc<dyn Fn(&Accepted) + Send + Sync>;
/// Is told what became of an accepted push.
pub type OnFate = Arc<dyn Fn(&Accepted, Fate) + Send + Sync>;

/// The ways to reach open connections.
#[derive(Debug, Default)]
pub(super) struct Links {
    open: Mutex<HashMap<u64, UnboundedSender<Command>>>,
    number: AtomicU64,
    count: watch::Sender<usize>,
}

impl Links {
    /// Takes up a connection; the first part is its number.
    pub(super) fn add(&self) -> (u64, UnboundedReceiver<Command>) {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = unbounded_channel();
        self.change(|open| {
            open.insert(number, sender);
        });
        (number, receiver)
    }

    pub(super) fn remove(&self, number: u64) {
        self.change(|open| {
            open.remove(&number);
        });
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<u64, UnboundedSender<Command>>)) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut open);
        self.count.send_replace(open.len());
    }

    pub(super) fn tell(&self, command: &Command) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for connection in open.values() {
            // One that ends in this moment needs no telling.
            let _ = connection.send(command.clone());
        }
    }

    pub(super) fn open(&self) -> usize {
        *self.count.borrow()
    }

    pub(super) async fn until_open(&self, most: usize) {
        let mut count = self.count.subscribe();
        // The sender lives in this simulator, so that the channel cannot be closed here.
        let _ = count.wait_for(|open| *open <= most).await;
    }
}

/// What all connections share.
pub(super) struct Core {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) environment: Environment,
    pub(super) auth: Auth,
    pub(super) apps: Option<Vec<String>>,
    pub(super) script: ScriptHandle<ApnsAnswer>,
    pub(super) gate: Gate,
    pub(super) devices: Devices,
    pub(super) ledger: Ledger<Taken>,
    pub(super) counters: Counters,
    pub(super) links: Links,
    keyring: RwLock<Arc<Keyring>>,
    connections: RwLock<Connections>,
    on_accepted: Option<OnAccepted>,
    on_fate: Option<OnFate>,
    made_ids: AtomicU64,
    recorded: Notify,
}

impl Core {
    pub(super) fn new(options: ApnsOptions) -> Self {
        let keys = match &options.auth {
            Auth::Tokens(keys) => keys.clone(),
            Auth::Any | Auth::Certificate(_) => Vec::new(),
        };
        let keyring = Keyring {
            keys,
            generation: 0,
            strictness: options.strictness,
            environment: options.environment,
            spelling: options.spelling,
        };
        Self {
            clock: options.clock,
            environment: options.environment,
            auth: options.auth,
            apps: options.apps,
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            devices: Devices::new(options.only_registered),
            ledger: Ledger::new(options.recording),
            counters: Counters::default(),
            links: Links::default(),
            keyring: RwLock::new(Arc::new(keyring)),
            connections: RwLock::new(options.connections),
            on_accepted: options.on_accepted,
            on_fate: options.on_fate,
            made_ids: AtomicU64::new(0),
            recorded: Notify::new(),
        }
    }

    pub(super) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change_keys(&self, change: impl FnOnce(&mut Vec<ProviderKey>)) {
        let mut keyring = self.keyring.write().unwrap_or_else(PoisonError::into_inner);
        let mut keys = keyring.keys.clone();
        change(&mut keys);
        *keyring = Arc::new(Keyring {
            keys,
            generation: keyring.generation + 1,
            ..**keyring
        });
    }

    pub(super) fn connections(&self) -> Connections {
        let connections = self.connections.read();
        connections.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_connections(&self, connections: Connections) {
        let now = self.connections.write();
        *now.unwrap_or_else(PoisonError::into_inner) = connections;
    }

    /// Counts a request, and keeps what `taken` makes of it if requests are kept.
    pub(super) fn record(&self, ended: Ended, taken: impl FnOnce(Ended) -> Taken) {
        self.counters.count(&ended);
        self.ledger.keep(|| taken(ended));
        self.recorded.notify_waiters();
    }

    /// Returns when at least so many requests were recorded.
    pub(super) async fn until_requests(&self, at_least: u64) {
        loop {
            let mut recorded = std::pin::pin!(self.recorded.notified());
            // From here on no notice is missed.
            recorded.as_mut().enable();
            if self.counters.read().requests >= at_least {
                return;
            }
            recorded.await;
        }
    }

    /// An id in the form of a UUID that was not given out before.
    pub(super) fn make_id(&self) -> String {
        let number = self.made_ids.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    /// Whether anybody wants to see accepted pushes.
    pub(super) fn is_watched(&self) -> bool {
        self.on_accepted.is_some() || self.on_fate.is_some() || self.devices.used()
    }

    /// Gives an accepted push to whoever wants it.
    pub(super) fn accepted(&self, push: Accepted) {
        if let Some(on_accepted) = &self.on_accepted {
            on_accepted(&push);
        }
        self.tell(self.devices.take(&Arc::new(push)));
    }

    /// Says what became of pushes.
    pub(super) fn tell(&self, told: Vec<Told>) {
        if let Some(on_fate) = &self.on_fate {
            for (push, fate) in told {
                on_fate(&push, fate);
            }
        }
    }
}
