//! Opening: pragmas, migrations, connections.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use landfall_store::StoreError;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

/// Numbered steps of the schema. Steps are never edited, only added.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_start.sql")];

/// Connections kept for readers that come back.
const READERS_KEPT: usize = 8;
/// Prepared statements kept for each connection.
const STATEMENTS_KEPT: usize = 64;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Makes internal ids of different workspaces different; taken when the file is new.
    pub salt: u16,
}

/// A workspace in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteStore {
    /// Opens the file, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a store, or was written by a newer version.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let mut writer = Connection::open(path).map_err(failed)?;
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA busy_timeout = 10000;
                 PRAGMA cache_size = -32768;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA wal_autocheckpoint = 8192;",
            )
            .map_err(failed)?;
        migrate(&mut writer, options)?;
        writer.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })
    }

    /// Copies the whole store into a new file while it is in use.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        self.reader()?
            .backup("main", path, None::<fn(rusqlite::backup::Progress)>)
            .map_err(failed)
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        // A panic while writing leaves a transaction that rolls back; the connection is sound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `ask` on a reader's connection, in one view of the store.
    pub(crate) fn ask<T>(
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

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection
            .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA cache_size = -4096;")
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(connection)
    }
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
        "INSERT OR IGNORE INTO meta VALUES (1, 0, ?1, 0, 0, 0, 0, 0, 0)",
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
