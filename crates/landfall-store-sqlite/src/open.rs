//! Opening: pragmas, migrations, connections.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::thread::JoinHandle;

use landfall_store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::journal::{Entry, Flush, Journal};
use crate::layers::{Layer, Layers};
use crate::record::Counters;
use crate::settle;

/// Numbered steps of the schema. Steps are never edited, only added.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_start.sql"),
    include_str!("../migrations/0002_work.sql"),
    include_str!("../migrations/0003_runs.sql"),
    include_str!("../migrations/0004_traces.sql"),
];

/// Connections kept for readers that come back.
const READERS_KEPT: usize = 8;
/// Bytes of room kept for the next entry of the journal.
const ENTRY_KEPT: usize = 16 << 20;
/// Prepared statements kept for each connection.
const STATEMENTS_KEPT: usize = 64;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Makes internal ids of different workspaces different; taken when the file is new.
    pub salt: u16,
}

/// A workspace in one SQLite file and its journal.
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
    settling: Option<JoinHandle<()>>,
}

/// What callers and the settling thread share. Locks are taken in the order in which they stand here.
pub(crate) struct Shared {
    path: PathBuf,
    writer: Mutex<Connection>,
    intake: Mutex<Intake>,
    layers: RwLock<Layers>,
    readers: Mutex<Vec<Connection>>,
    /// Epoch of the last commit in the journal.
    pub(crate) committed: AtomicU64,
    /// Epoch of the last commit in SQLite.
    pub(crate) settled: AtomicU64,
    /// Bytes of rows that are not being settled yet.
    pub(crate) gathered: AtomicUsize,
    pub(crate) stop: Mutex<bool>,
    pub(crate) wake: Condvar,
    /// Keeps other processes out; released when the store is closed.
    _lock: File,
}

/// What commits need, one at a time.
pub(crate) struct Intake {
    pub(crate) journal: Journal,
    pub(crate) counters: Counters,
    /// Room for the next entry, used again: fresh memory costs more than what is written to it.
    pub(crate) entry: Vec<u8>,
}

impl Intake {
    /// Keeps an entry's room for the next one.
    pub(crate) fn keep(&mut self, mut entry: Vec<u8>) {
        if entry.capacity() <= ENTRY_KEPT {
            entry.clear();
            self.entry = entry;
        }
    }
}

impl SqliteStore {
    /// Opens the file, makes it when it is not there, brings its schema up to date, and applies what
    /// the journal holds beyond it.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a store, is in use, or was written by a newer version.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_with(path, options, Flush::Always)
    }

    /// As [`SqliteStore::open`], but nothing waits for the disk: what is acknowledged may be lost with the
    /// power, and only then. For simulations, whose stores are thrown away.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_unflushed(path: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_with(path, options, Flush::Never)
    }

    fn open_with(path: &Path, options: Options, flush: Flush) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let mut writer = Connection::open(path).map_err(failed)?;
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA busy_timeout = 10000;
                 PRAGMA cache_size = -65536;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA wal_autocheckpoint = 49152;",
            )
            .map_err(failed)?;
        if flush == Flush::Never {
            writer
                .execute_batch("PRAGMA synchronous = OFF;")
                .map_err(failed)?;
        }
        keep_plans(&writer)?;
        migrate(&mut writer, options)?;
        writer.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        let (mut journal, entries) = Journal::open(path, flush)?;
        let counters = recover(&mut writer, entries)?;
        journal.restart()?;
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            intake: Mutex::new(Intake {
                journal,
                counters,
                entry: Vec::new(),
            }),
            layers: RwLock::new(Layers::at(counters.epoch)),
            readers: Mutex::default(),
            committed: AtomicU64::new(counters.epoch),
            settled: AtomicU64::new(counters.epoch),
            gathered: AtomicUsize::new(0),
            stop: Mutex::new(false),
            wake: Condvar::new(),
            _lock: lock,
        });
        let settling = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("settle".to_owned())
                .spawn(move || shared.keep_settling())
                .map_err(StoreError::unavailable)?
        };
        Ok(Self {
            shared,
            settling: Some(settling),
        })
    }

    /// Copies the whole store into a new file while it is in use.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        self.shared.settle()?;
        self.shared
            .reader()?
            .backup("main", path, None::<fn(rusqlite::backup::Progress)>)
            .map_err(failed)
    }

    /// Runs `ask` on a reader's connection, in one view of everything that was committed.
    pub(crate) fn ask<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.shared.settle()?;
        self.shared.view(ask)
    }

    /// As [`Self::ask`] for what people did and were sent: nothing has to be settled that is about
    /// anything else.
    pub(crate) fn ask_histories<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let held_back = self.shared.layers().has_histories();
        if held_back {
            self.shared.settle()?;
        }
        self.shared.view(ask)
    }

    /// As [`Self::ask`] for what the layers hold by key: `look` takes from them what SQLite may lack, and
    /// nothing has to be settled.
    pub(crate) fn look_and_ask<Seen, T>(
        &self,
        look: impl FnOnce(&Layers) -> Seen,
        ask: impl FnOnce(&Connection, Seen) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let layers = self.shared.layers();
        self.shared.view(|view| {
            // From its first read on the view stands still: it has what left the layers before.
            crate::write::counters(view)?;
            let seen = look(&layers);
            drop(layers);
            ask(view, seen)
        })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        *self
            .shared
            .stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_one();
        if let Some(settling) = self.settling.take() {
            let _ = settling.join();
        }
        // What cannot be settled now is in the journal for the next start.
        if self.shared.settle().is_ok() {
            let _ = self.shared.intake().journal.restart();
        }
    }
}

impl Shared {
    // A panic under one of these locks leaves a transaction that rolls back, or rows that are whole.

    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn layers(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn layers_mut(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `ask` on a reader's connection, in one view of SQLite as it is.
    pub(crate) fn view<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let waiting = self.readers().pop();
        let connection = match waiting {
            Some(connection) => connection,
            None => self.reader()?,
        };
        let view = connection.unchecked_transaction().map_err(failed)?;
        let answer = ask(&view)?;
        view.finish().map_err(failed)?;
        let mut readers = self.readers();
        if readers.len() < READERS_KEPT {
            readers.push(connection);
        }
        Ok(answer)
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection
            .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA cache_size = -4096;")
            .map_err(failed)?;
        keep_plans(&connection)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(connection)
    }
}

/// A statement's plan does not depend on what is bound to it. Otherwise SQLite compiles every kept statement
/// with a bound `LIMIT` anew each time it is used.
fn keep_plans(connection: &Connection) -> Result<(), StoreError> {
    let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
    set.map(drop).map_err(failed)
}

/// One process at a time: two journals beside one store would know nothing of each other.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(PathBuf::from(name))
        .map_err(StoreError::unavailable)?;
    file.try_lock().map_err(|_| {
        StoreError::Unavailable(format!("{} is open in another process", path.display()))
    })?;
    Ok(file)
}

/// Applies the entries that SQLite does not have yet.
fn recover(writer: &mut Connection, entries: Vec<Entry>) -> Result<Counters, StoreError> {
    let mut counters = crate::write::counters(writer)?;
    let mut layer = Layer::default();
    for entry in entries {
        if entry.epoch <= counters.epoch {
            continue;
        }
        if entry.epoch != counters.epoch + 1 {
            let what = format!("the entry after {} is missing", counters.epoch);
            return Err(StoreError::corrupt("journal", entry.epoch, what));
        }
        counters = layer.restore(&entry.rows, counters)?;
    }
    if layer.counters.epoch > 0 {
        settle::store(writer, &layer)?;
    }
    Ok(counters)
}

fn migrate(connection: &mut Connection, options: Options) -> Result<(), StoreError> {
    let step = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(failed)?;
    step.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (
             version INTEGER PRIMARY KEY, checksum INTEGER NOT NULL) STRICT;",
    )
    .map_err(failed)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    let found: u32 = step
        .query_row(
            "SELECT coalesce(max(version), 0) FROM schema_version",
            [],
            |row| row.get(0),
        )
        .map_err(failed)?;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (version, sql) in (1_u32..).zip(MIGRATIONS) {
        let checksum = checksum(sql);
        let applied: Option<i64> = step
            .query_row(
                "SELECT checksum FROM schema_version WHERE version = ?1",
                [version],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)?;
        match applied {
            Some(applied) if applied == checksum => {}
            Some(_) => {
                let what = "the step was changed after it was applied";
                return Err(StoreError::corrupt("schema_version", version, what));
            }
            None => {
                step.execute_batch(sql).map_err(failed)?;
                step.execute(
                    "INSERT INTO schema_version (version, checksum) VALUES (?1, ?2)",
                    params![version, checksum],
                )
                .map_err(failed)?;
            }
        }
    }
    step.execute(
        "INSERT OR IGNORE INTO meta
             (one, epoch, salt, next_person, next_device, next_delivery, next_message,
              last_activity, last_fact)
         VALUES (1, 0, ?1, 0, 0, 0, 0, 0, 0)",
        [options.salt],
    )
    .map_err(failed)?;
    step.commit().map_err(failed)
}

/// FNV-1a over the step's text: notices edits, is not meant against malice.
fn checksum(sql: &str) -> i64 {
    sql.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
        .cast_signed()
}

/// SQLite's errors: damage, and rows that cannot be, are told apart from what may pass.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
pub(crate) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            StoreError::corrupt("file", "-", &error)
        }
        Some(rusqlite::ErrorCode::ConstraintViolation) => {
            StoreError::corrupt("of the message", "new", &error)
        }
        _ => StoreError::unavailable(&error),
    }
}
