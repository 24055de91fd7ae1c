//! One connection with its prepared statements.

use std::time::Duration;

use landfall_store::StoreError;
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Row, Statement};
use rustc_hash::FxHashMap;

use crate::failure::Failure;
use crate::schema_name::SchemaName;

/// Begins a transaction that sees one state of the store.
pub(crate) const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Begins a transaction that writes. What must not change meanwhile, it locks.
pub(crate) const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How long a server may take to let us in, unless the connection string says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Values of a statement's parameters.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection. Statements are prepared when first used and kept by their text.
pub(crate) struct Connection {
    client: Client,
    statements: FxHashMap<String, Statement>,
    /// Whether a transaction was begun and not ended.
    open: bool,
}

impl Connection {
    /// Connects and readies the session.
    pub(crate) fn connect(config: &Config, schema: &SchemaName) -> Result<Self, Failure> {
        let mut client = config.connect(NoTls)?;
        // Statements go by keys, lists of keys are joined to tables, and statements are planned when
        // the tables may still be empty: a plan that reads a whole small table would be kept while it
        // grows. So index look-ups are preferred whatever the statistics say.
        //
        // A node that stalls within a transaction must not hold up the others for ever, nor may a
        // lock be waited for without end; the wait outlasts the stall. Small statements gain nothing
        // from compilation.
        client.batch_execute(&format!(
            "SET search_path TO {};
             SET jit TO off;
             SET enable_seqscan TO off;
             SET enable_hashjoin TO off;
             SET enable_mergejoin TO off;
             SET client_min_messages TO warning;
             SET lock_timeout TO '30s';
             SET idle_in_transaction_session_timeout TO '20s';
             SELECT set_config('synchronous_commit', 'on', false)
              WHERE current_setting('synchronous_commit') = 'off'",
            schema.quoted()
        ))?;
        Ok(Self {
            client,
            statements: FxHashMap::default(),
            open: false,
        })
    }

    /// Reads a connection string. The error does not repeat it: it may hold a password.
    pub(crate) fn config(url: &str) -> Result<Config, StoreError> {
        let mut config: Config = url.parse().map_err(|error: postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            StoreError::unavailable(format!(
                "the connection string cannot be read ({}): write it like \
                 postgresql://user@host/database",
                cause.unwrap_or_else(|| error.to_string())
            ))
        })?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("landfall");
        }
        Ok(config)
    }

    pub(crate) fn query(&mut self, sql: &str, with: Parameters<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.prepared(sql)?;
        Ok(self.client.query(&statement, with)?)
    }

    /// The row of a statement that always gives one.
    pub(crate) fn one(&mut self, sql: &str, with: Parameters<'_>) -> Result<Row, Failure> {
        let statement = self.prepared(sql)?;
        Ok(self.client.query_one(&statement, with)?)
    }

    /// How many rows were written.
    pub(crate) fn execute(&mut self, sql: &str, with: Parameters<'_>) -> Result<u64, Failure> {
        let statement = self.prepared(sql)?;
        Ok(self.client.execute(&statement, with)?)
    }

    /// Several statements without parameters.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), Failure> {
        Ok(self.client.batch_execute(sql)?)
    }

    pub(crate) fn begin(&mut self, how: &str) -> Result<(), Failure> {
        self.open = true;
        self.script(how)
    }

    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        self.script("COMMIT")?;
        self.open = false;
        Ok(())
    }

    /// Undoes a transaction. A connection on which even that fails stays open and is not used again.
    pub(crate) fn undo(&mut self) {
        if self.script("ROLLBACK").is_ok() {
            self.open = false;
        }
    }

    /// Whether it can serve somebody else: alive, as far as known, and not within a transaction.
    pub(crate) fn is_reusable(&self) -> bool {
        !self.open && !self.client.is_closed()
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, Failure> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("statements", &self.statements.len())
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
