//! A small pool of connections.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use landfall_store::StoreError;
use postgres::Config;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::schema_name::SchemaName;

/// How long a call waits for a free connection before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Pool {
    config: Config,
    schema: SchemaName,
    size: usize,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Connection>,
    /// Idle, lent, or being opened.
    open: usize,
}

impl Pool {
    pub(crate) fn new(url: &str, schema: &SchemaName, size: usize) -> Result<Self, StoreError> {
        Ok(Self {
            config: Connection::config(url)?,
            schema: schema.clone(),
            size: size.max(1),
            state: Mutex::default(),
            freed: Condvar::new(),
        })
    }

    /// Lends a connection. One that was idle may be dead without our knowledge.
    pub(crate) fn take(&self) -> Result<Lease<'_>, StoreError> {
        let (mut state, waited) = self
            .freed
            .wait_timeout_while(self.lock(), PATIENCE, |state| {
                state.idle.is_empty() && state.open >= self.size
            })
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = state.idle.pop() {
            return Ok(Lease::new(self, connection, true));
        }
        if waited.timed_out() {
            return Err(StoreError::unavailable(format!(
                "all {} connections were busy for {} seconds",
                self.size,
                PATIENCE.as_secs()
            )));
        }
        state.open += 1;
        drop(state);
        match Connection::connect(&self.config, &self.schema) {
            Ok(connection) => Ok(Lease::new(self, connection, false)),
            Err(failure) => {
                self.forget();
                Err(failure.into())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        self.lock().open -= 1;
        self.freed.notify_one();
    }

    fn give_back(&self, connection: Connection) {
        self.lock().idle.push(connection);
        self.freed.notify_one();
    }
}

impl Drop for Pool {
    /// Closing a connection blocks, which the driver refuses to do on a thread that drives an
    /// asynchronous runtime; a thread of its own may.
    fn drop(&mut self) {
        let idle = std::mem::take(&mut self.lock().idle);
        if !idle.is_empty() {
            let closed = std::thread::spawn(move || drop(idle)).join();
            debug_assert!(closed.is_ok(), "closing connections does not panic");
        }
    }
}

/// A connection on loan. Goes back when dropped, unless it is broken or within a transaction.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
    /// Whether somebody used it before, so that it may have died since.
    used: bool,
}

impl<'a> Lease<'a> {
    const fn new(pool: &'a Pool, connection: Connection, used: bool) -> Self {
        Self {
            pool,
            connection: Some(connection),
            used,
        }
    }

    /// Replaces the connection by a new one. The other idle ones probably share its fate and go
    /// too.
    fn renew(&mut self) -> Result<(), StoreError> {
        let stale = {
            let mut state = self.pool.lock();
            let stale = std::mem::take(&mut state.idle);
            state.open -= stale.len();
            stale
        };
        drop(stale);
        self.pool.freed.notify_all();
        self.connection = None;
        self.connection = Some(Connection::connect(&self.pool.config, &self.pool.schema)?);
        self.used = false;
        Ok(())
    }

    /// Runs `run` in a transaction begun by `how` and ends it.
    pub(crate) fn transact<T>(
        &mut self,
        how: &'static str,
        run: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let value = self.prepare(how, run)?;
        self.end()?;
        Ok(value)
    }

    /// As [`Lease::transact`], without the end: for those who must know whether it was the end that
    /// failed. After an error the transaction is undone.
    pub(crate) fn prepare<T>(
        &mut self,
        how: &'static str,
        run: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self.begin(how) {
            // It may have been closed long ago, and nothing was done on it yet.
            Err(failure) if failure.is_lost() && self.used => {
                self.renew()?;
                self.begin(how)?;
            }
            begun => begun?,
        }
        run(self).inspect_err(|_| self.undo())
    }
}

impl Deref for Lease<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("a lease is used only while it has a connection")
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
            .as_mut()
            .expect("a lease is used only while it has a connection")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        match self.connection.take() {
            Some(connection) if connection.is_reusable() => self.pool.give_back(connection),
            broken => {
                drop(broken);
                self.pool.forget();
            }
        }
    }
}
