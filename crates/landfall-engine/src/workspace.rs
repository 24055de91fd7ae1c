//! One workspace as the rest of the program sees it: submit inputs, read, query, watch.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use landfall_board::SharedBoard;
use landfall_domain::decide::Taken;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::input::Input;
use landfall_domain::time::{Clock, Timestamp};
use landfall_journey::chance::Salt;
use landfall_store::{RejectedInput, Store, StoreError};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

use crate::catalogue::Catalogue;
use crate::dispatch::queue::{Lane, Queue};
use crate::feed::Touched;
use crate::intake::{Answers, Decided, Job, SubmitError, answer_tasks};
use crate::interests::Interests;
use crate::live::Live;
use crate::roster::Roster;
use crate::timers::Timers;

/// How many submissions may wait before callers are asked to slow down.
pub const QUEUE_MAX: usize = 4_096;
/// How many change notices a slow watcher may fall behind.
const WATCH_BACKLOG: usize = 1_024;

/// A handle on a workspace. Cloning is cheap.
#[derive(Clone)]
pub struct Workspace {
    pub(crate) shared: Arc<Shared>,
}

/// What the handle and the intake thread share.
pub(crate) struct Shared {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) board: SharedBoard,
    pub(crate) roster: RwLock<Roster>,
    pub(crate) catalogue: RwLock<Arc<Catalogue>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue: mpsc::Sender<Job>,
    /// To the task that answers tasks; there is one after the first of them has submitted.
    pub(crate) answers: OnceLock<mpsc::UnboundedSender<Answers>>,
    pub(crate) watchers: broadcast::Sender<Arc<[DeliveryKey]>>,
    pub(crate) rebuild: RwLock<Rebuild>,
    /// Filled while the read models are behind; `None` when they have caught up.
    pub(crate) touched: Mutex<Option<Touched>>,
    pub(crate) snapshot: Option<PathBuf>,
    /// Work that is on its way.
    pub(crate) work: Mutex<Queue>,
    /// Told when there is something new to do.
    pub(crate) wake: Wake,
    /// Told when a broadcast was triggered.
    pub(crate) triggered: Arc<Notify>,
    /// Definitions of messages that were read lately.
    pub(crate) definitions: Mutex<crate::definitions::Cache>,
    /// What reacts to inputs.
    pub(crate) live: RwLock<Arc<Live>>,
    /// When what waits is woken.
    pub(crate) timers: Mutex<Timers>,
    /// Told when a timer was set.
    pub(crate) timers_changed: Notify,
    /// Told when a segment has to be built.
    pub(crate) segments_changed: Notify,
    /// Told when a journey may start at another moment.
    pub(crate) schedules_changed: Notify,
    /// Held by whoever changes a definition.
    pub(crate) defining: tokio::sync::Mutex<()>,
    /// Who may be interested in which product.
    pub(crate) interests: Arc<Interests>,
    /// What ids of deliveries are derived from.
    pub(crate) salt: Salt,
    /// What chance gives everybody, if it is fixed.
    pub(crate) fixed_share: Option<u32>,
    /// Snippets that were read lately.
    pub(crate) snippets: crate::snippets::Cache,
    /// Diagnoses that were made lately.
    pub(crate) verdicts: crate::verdicts::Kept,
    /// Incidents, rules and channels of the monitor.
    pub(crate) monitor: Arc<Mutex<crate::monitor::Book>>,
    /// Told when rules or channels of the monitor change.
    pub(crate) monitor_changed: Notify,
    /// What was found to be wrong with identities lately.
    pub(crate) identity: crate::identity::Looks,
}

/// Wakes those who send: one for what is urgent, and one for the rest.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    pub(crate) urgent: Notify,
    pub(crate) bulk: Notify,
}

impl Wake {
    /// There is something new to do.
    pub(crate) fn tell(&self) {
        self.urgent.notify_one();
        self.bulk.notify_one();
    }
}

/// How far the board is with catching up after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuild {
    /// The board holds everything that the store holds.
    Done,
    /// Deliveries are being read from the store.
    Running {
        /// Deliveries read so far.
        done: u64,
        /// Deliveries in the store.
        total: u64,
    },
    /// Reading failed; answers from the board are incomplete.
    Failed,
}

/// What is on its way.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    /// Pieces that wait, by lane.
    pub waiting: Vec<(Lane, usize)>,
    /// Pieces that are being handed over.
    pub claimed: usize,
    /// Since when the oldest waiting piece is due; `None`: nothing is due.
    pub oldest_due: Option<Timestamp>,
}

impl Workspace {
    pub(crate) fn with_queue(
        id: String,
        name: String,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        snapshot: Option<PathBuf>,
        salt: Salt,
        fixed_share: Option<u32>,
    ) -> (Self, mpsc::Receiver<Job>) {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let (watchers, _) = broadcast::channel(WATCH_BACKLOG);
        let shared = Shared {
            id,
            name,
            store,
            board: SharedBoard::default(),
            roster: RwLock::default(),
            catalogue: RwLock::default(),
            clock,
            queue,
            answers: OnceLock::new(),
            watchers,
            rebuild: RwLock::new(Rebuild::Running { done: 0, total: 0 }),
            touched: Mutex::new(Some(Touched::default())),
            snapshot,
            work: Mutex::default(),
            wake: Wake::default(),
            triggered: Arc::default(),
            definitions: Mutex::default(),
            live: RwLock::default(),
            timers: Mutex::default(),
            timers_changed: Notify::default(),
            segments_changed: Notify::default(),
            schedules_changed: Notify::default(),
            defining: tokio::sync::Mutex::default(),
            interests: Arc::default(),
            salt,
            fixed_share,
            snippets: crate::snippets::Cache::default(),
            verdicts: crate::verdicts::Kept::default(),
            monitor: Arc::default(),
            monitor_changed: Notify::default(),
            identity: crate::identity::Looks::default(),
        };
        (
            Self {
                shared: Arc::new(shared),
            },
            jobs,
        )
    }

    /// Stable id, used in file names.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// Name given by the operator.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Submits inputs and waits until their effects are on disk. All inputs of one call are stored in
    /// one transaction, in order; the answer has one entry for each.
    ///
    /// # Errors
    /// Nothing of the call was stored then: [`SubmitError`] says whether to try again.
    pub async fn submit(&self, inputs: Vec<Input>) -> Result<Vec<Taken>, SubmitError> {
        Ok(self.decided(inputs, false).await?.taken)
    }

    /// As [`Workspace::submit`], for what nobody outside waits for: it does not hold up those who do.
    ///
    /// # Errors
    /// As [`Workspace::submit`].
    pub(crate) async fn submit_patiently(
        &self,
        inputs: Vec<Input>,
    ) -> Result<Vec<Taken>, SubmitError> {
        Ok(self.decided(inputs, true).await?.taken)
    }

    /// As [`Workspace::submit`], with what the inputs claimed.
    pub(crate) async fn decided(
        &self,
        inputs: impl Into<Arc<Vec<Input>>>,
        patient: bool,
    ) -> Result<Decided, SubmitError> {
        self.shared.answers.get_or_init(|| {
            let (sender, answers) = mpsc::unbounded_channel();
            tokio::spawn(answer_tasks(answers));
            sender
        });
        let (reply, answer) = oneshot::channel();
        let job = Job {
            inputs: inputs.into(),
            reply,
            by_task: true,
            patient,
        };
        self.shared
            .queue
            .try_send(job)
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => SubmitError::Busy,
                mpsc::error::TrySendError::Closed(_) => SubmitError::Stopped,
            })?;
        answer.await.unwrap_or(Err(SubmitError::Stopped))
    }

    /// As [`Workspace::submit`], from a thread that may block; waits for room in the queue.
    ///
    /// # Errors
    /// As [`Workspace::submit`], but never [`SubmitError::Busy`].
    pub fn submit_blocking(&self, inputs: Vec<Input>) -> Result<Vec<Taken>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.shared
            .queue
            .blocking_send(Job {
                inputs: Arc::new(inputs),
                reply,
                by_task: false,
                patient: false,
            })
            .map_err(|_| SubmitError::Stopped)?;
        let decided = answer.blocking_recv().unwrap_or(Err(SubmitError::Stopped));
        Ok(decided?.taken)
    }

    /// The store, for reading. Blocking: call from a blocking thread (or [`Workspace::read`]).
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Runs a read on a blocking thread.
    ///
    /// # Errors
    /// Whatever `read` returns, or [`StoreError::Unavailable`] when the program is stopping.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.shared.store);
        tokio::task::spawn_blocking(move || read(store.as_ref()))
            .await
            .map_err(StoreError::unavailable)?
    }

    /// The board.
    pub fn board(&self) -> &SharedBoard {
        &self.shared.board
    }

    /// The catalogue as it is now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        let catalogue = self
            .shared
            .catalogue
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&catalogue)
    }

    /// Runs `ask` on the roster of people (coverage).
    pub fn with_roster<T>(&self, ask: impl FnOnce(&Roster) -> T) -> T {
        ask(&self
            .shared
            .roster
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// How far the board is.
    pub fn rebuild(&self) -> Rebuild {
        *self
            .shared
            .rebuild
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn set_rebuild(&self, rebuild: Rebuild) {
        *self
            .shared
            .rebuild
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = rebuild;
    }

    /// Keys of deliveries that change from now on, after each commit.
    pub fn watch(&self) -> broadcast::Receiver<Arc<[DeliveryKey]>> {
        self.shared.watchers.subscribe()
    }

    /// The index of the work that is on its way.
    pub(crate) fn work(&self) -> MutexGuard<'_, Queue> {
        self.shared
            .work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The index of timers.
    pub(crate) fn timers(&self) -> MutexGuard<'_, Timers> {
        let timers = &self.shared.timers;
        timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much waits to be sent, by lane, and how much is being handed over.
    pub fn backlog(&self) -> Backlog {
        let work = self.work();
        Backlog {
            waiting: work.waiting().map(|(lane, n)| (lane.clone(), n)).collect(),
            claimed: work.claimed(),
            oldest_due: work.oldest_due(self.now()),
        }
    }

    /// When the next timer of a run or a person is due; in the past: it has not been rung yet. `None`: nothing
    /// waits.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.timers().next()
    }

    /// The workspace's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Adds to the list of rejected inputs and waits until they are in it. Never fails the caller: what
    /// cannot be recorded is logged.
    pub async fn record_rejected(&self, rejected: Vec<RejectedInput>) {
        let store = Arc::clone(&self.shared.store);
        let recorded = tokio::task::spawn_blocking(move || {
            if let Err(error) = store.record_rejected(&rejected) {
                tracing::warn!(%error, "a rejected input could not be recorded");
            }
        });
        if let Err(error) = recorded.await {
            tracing::warn!(%error, "a rejected input could not be recorded");
        }
    }
}
