//! Starting and stopping a workspace.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use landfall_domain::time::Clock;
use landfall_journey::chance::Salt;
use landfall_store::{Store, StoreError};

use crate::feed;
use crate::intake::Intake;
use crate::workspace::Workspace;

/// How a workspace is opened.
pub struct Options {
    /// Stable id: names its files.
    pub id: String,
    /// The operator's name for it.
    pub name: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where the board's snapshot is kept; `None`: the board is rebuilt at each start.
    pub snapshot: Option<PathBuf>,
    /// A secret that is the workspace's for good: ids of deliveries that journeys make are derived from it.
    pub salt: Salt,
    /// What chance gives everybody at each step of a journey ([`landfall_journey::Setting::fixed_share`]):
    /// for tests of journeys. `None`: chance.
    pub fixed_share: Option<u32>,
}

/// A running workspace. Dropping it without [`Opened::stop`] leaves its threads to the end of the
/// process; nothing that was acknowledged is lost either way.
pub struct Opened {
    /// The handle.
    pub workspace: Workspace,
    intake: JoinHandle<Option<u64>>,
    filling: JoinHandle<()>,
    stopping: Arc<AtomicBool>,
    snapshot: Option<PathBuf>,
}

/// Starts a workspace: the intake works at once; the board loads its snapshot, catches up with the
/// store, or is rebuilt, on a thread of its own ([`Workspace::rebuild`] tells how far it is).
///
/// # Errors
/// When the store cannot be read.
pub fn open(store: Arc<dyn Store>, options: Options) -> Result<Opened, StoreError> {
    let (workspace, jobs) = Workspace::with_queue(
        options.id,
        options.name,
        store,
        options.clock,
        options.snapshot.clone(),
        options.salt,
        options.fixed_share,
    );
    let (intake, last_fact) = Intake::start(workspace.clone())?;
    let watermark = options
        .snapshot
        .as_deref()
        .and_then(|path| feed::load(&workspace, path, last_fact));
    let stopping = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopping);
    let intake = std::thread::Builder::new()
        .name("intake".to_owned())
        .spawn(move || intake.run(jobs, || stop.load(Ordering::Relaxed)))
        .map_err(StoreError::unavailable)?;
    let (filled, stop) = (workspace.clone(), Arc::clone(&stopping));
    let filling = std::thread::Builder::new()
        .name("board".to_owned())
        .spawn(move || feed::fill(&filled, watermark, &|| stop.load(Ordering::Relaxed)))
        .map_err(StoreError::unavailable)?;
    Ok(Opened {
        workspace,
        intake,
        filling,
        stopping,
        snapshot: options.snapshot,
    })
}

impl Opened {
    /// Waits until the board holds everything that the store held at the start.
    #[must_use]
    pub fn filled(mut self) -> Self {
        let filling = std::mem::replace(&mut self.filling, std::thread::spawn(|| ()));
        if filling.join().is_err() {
            tracing::error!("the board's thread ended badly");
        }
        self
    }

    /// Finishes what was submitted, saves the board's snapshot and stops.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        // An empty submission wakes the intake, which then closes its queue.
        let _ = self.workspace.submit_blocking(Vec::new());
        let own = self.intake.join();
        if own.is_err() | self.filling.join().is_err() {
            tracing::error!("a workspace thread ended badly");
            return;
        }
        if let (Some(path), Ok(own)) = (self.snapshot, own) {
            feed::save(&self.workspace, &path, own);
        }
    }
}
