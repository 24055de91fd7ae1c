//! What requests, drivers and upkeep share: the open connections, the permits, and what is wrong when
//! there is no connection.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{Connection, Fate};
use super::dial::Dial;
use super::permits::Permits;
use super::{Gauge, PoolSettings};

pub(super) struct Shared {
    pub(super) settings: PoolSettings,
    pub(super) dial: Box<dyn Dial>,
    /// For the whole way from the name to HTTP/2.
    pub(super) connect_timeout: Duration,
    permits: Permits,
    open: RwLock<Vec<Arc<Connection>>>,
    /// Wakes the upkeep.
    pub(super) call: Notify,
    /// The upkeep knows that somebody waits and looks again by itself.
    watched: AtomicBool,
    waiting: AtomicUsize,
    /// How often nobody waited any more.
    relieved: AtomicU64,
    /// There is no connection, and why; set together.
    is_down: AtomicBool,
    down: Mutex<Option<Down>>,
    /// Connections that ended and that the upkeep has not looked at yet.
    ended: Mutex<Vec<Arc<Fate>>>,
}

/// There is no connection.
#[derive(Clone)]
struct Down {
    why: String,
    until: Instant,
}

/// A stream that a request may use; given back when dropped.
pub(super) struct Slot<'p> {
    shared: &'p Shared,
    connection: Arc<Connection>,
}

impl Slot<'_> {
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let (before, change) = self.connection.release();
        self.shared.permits.follow(change);
        if before.retired && before.in_use == 1 {
            self.shared.call.notify_one();
        }
    }
}

/// Somebody waits.
struct Waiting<'p>(&'p Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.relieved.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(
        dial: Box<dyn Dial>,
        connect_timeout: Duration,
        settings: PoolSettings,
    ) -> Self {
        Self {
            settings,
            dial,
            connect_timeout,
            permits: Permits::new(),
            open: RwLock::default(),
            call: Notify::new(),
            watched: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            relieved: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
            down: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// A stream of the connection that carries least, as soon as there is one; or why there will be
    /// none for now.
    pub(super) async fn slot(&self) -> Result<Slot<'_>, String> {
        loop {
            if !self.permits.try_take() {
                let _waiting = self.wait();
                if let Some(why) = self.down() {
                    return Err(why);
                }
                self.permits.take().await;
            }
            if let Some(connection) = self.pick() {
                return Ok(Slot {
                    shared: self,
                    connection,
                });
            }
            // The connection that this permit stood for has gone.
            self.permits.add(1);
            tokio::task::yield_now().await;
        }
    }

    fn pick(&self) -> Option<Arc<Connection>> {
        let open = self.open();
        loop {
            let free = open.iter().filter(|one| one.load().free() > 0);
            let best = free.min_by_key(|one| one.load().in_use)?;
            if best.fate().streams.take() {
                return Some(Arc::clone(best));
            }
        }
    }

    fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        if !self.watched.swap(true, Ordering::SeqCst) {
            self.call.notify_one();
        }
        Waiting(self)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    pub(super) fn relieved(&self) -> u64 {
        self.relieved.load(Ordering::SeqCst)
    }

    /// The upkeep stops looking by itself, unless somebody waits: then it says so.
    pub(super) fn unwatch(&self) -> bool {
        self.watched.store(false, Ordering::SeqCst);
        if self.waiting() == 0 {
            return true;
        }
        self.watched.store(true, Ordering::SeqCst);
        false
    }

    pub(super) fn open(&self) -> RwLockReadGuard<'_, Vec<Arc<Connection>>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new connection into use. Its driver must not run before: it says how many streams there
    /// are, and whoever hears of them must find the connection.
    pub(super) fn join(&self, connection: Arc<Connection>) {
        self.open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        self.is_down.store(false, Ordering::SeqCst);
    }

    pub(super) fn set_limit(&self, fate: &Fate, limit: u32) {
        self.permits.follow(fate.streams.set_limit(limit));
    }

    /// Gives a connection no more requests.
    pub(super) fn retire(&self, connection: &Connection) {
        self.drop_out(connection.fate());
    }

    fn drop_out(&self, fate: &Arc<Fate>) {
        let Some(change) = fate.streams.retire() else {
            return;
        };
        self.open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|one| !Arc::ptr_eq(one.fate(), fate));
        self.permits.follow(change);
        self.call.notify_one();
    }

    /// Lets a connection go because we want to.
    pub(super) fn let_go(&self, connection: &Connection) {
        connection.note_let_go();
        self.retire(connection);
    }

    pub(super) fn reset(&self) {
        let all = self.open().clone();
        for connection in all {
            self.let_go(&connection);
        }
    }

    /// A connection has ended; its driver says so.
    pub(super) fn ended(&self, fate: &Arc<Fate>) {
        self.drop_out(fate);
        lock(&self.ended).push(Arc::clone(fate));
        self.call.notify_one();
    }

    /// Why connections ended that never answered anything, unless we let them go. Only once all their
    /// requests have looked at what came for them: the driver may have read the answers just before the
    /// end.
    pub(super) fn take_stillborn(&self) -> Option<String> {
        let mut ended = lock(&self.ended);
        let (done, pending) = std::mem::take(&mut *ended)
            .into_iter()
            .partition::<Vec<_>, _>(|fate| fate.streams.load().in_use == 0);
        *ended = pending;
        let mut stillborn = done
            .iter()
            .filter(|fate| !fate.answered() && !fate.let_go());
        stillborn.next().map(|fate| fate.why().to_owned())
    }

    /// Says to all who wait, and to all who come until then, that there is no connection.
    pub(super) fn go_down(&self, why: &str, until: Instant) {
        if !self.open().is_empty() {
            return;
        }
        *lock(&self.down) = Some(Down {
            why: why.to_owned(),
            until,
        });
        self.is_down.store(true, Ordering::SeqCst);
        self.permits.wake(self.waiting());
    }

    fn down(&self) -> Option<String> {
        if !self.is_down.load(Ordering::SeqCst) {
            return None;
        }
        let down = lock(&self.down).clone()?;
        (Instant::now() < down.until).then_some(down.why)
    }

    pub(super) fn gauge(&self) -> Gauge {
        let open = self.open();
        let loads = open.iter().map(|one| one.load());
        let (in_use, limit) = loads.fold((0, 0), |(in_use, limit), load| {
            (in_use + load.in_use as usize, limit + load.limit as usize)
        });
        Gauge {
            connections: open.len(),
            streams_in_use: in_use,
            streams_limit: limit,
            waiting: self.waiting(),
        }
    }
}
