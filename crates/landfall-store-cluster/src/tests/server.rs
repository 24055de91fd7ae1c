//! A schema of its own for each test, on the server that the environment names.

use std::sync::atomic::{AtomicU32, Ordering};

use landfall_store::conformance::{Harness, SALT};
use postgres::{Client, NoTls};

use crate::{Options, PostgresStore, SchemaName};

/// Where the server is.
const VARIABLE: &str = "LANDFALL_TEST_POSTGRES";

/// A fresh schema; gone when dropped.
#[derive(Debug)]
pub(super) struct Workspace {
    url: String,
    schema: SchemaName,
}

impl Workspace {
    /// A name that nobody else uses. The schema does not exist yet.
    pub(super) fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let workspace = Self {
            url: url(),
            schema: SchemaName::new(&name).unwrap(),
        };
        // Left behind by a process of the same number that was killed.
        workspace.drop_schema();
        workspace
    }

    pub(super) fn schema(&self) -> &SchemaName {
        &self.schema
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Opens the store: as another node would when there is one already.
    pub(super) fn open_with(&self, connections: usize) -> PostgresStore {
        let options = Options {
            salt: SALT,
            connections,
        };
        PostgresStore::open(&self.url, &self.schema, options).unwrap()
    }

    /// A connection past the store, within the schema.
    pub(super) fn client(&self) -> Client {
        let mut client = Client::connect(&self.url, NoTls).unwrap();
        client
            .batch_execute(&format!("SET search_path TO {}", self.schema))
            .unwrap();
        client
    }

    fn drop_schema(&self) {
        let sql = format!(
            "SET client_min_messages TO warning; DROP SCHEMA IF EXISTS {} CASCADE",
            self.schema
        );
        Client::connect(&self.url, NoTls)
            .unwrap()
            .batch_execute(&sql)
            .unwrap();
    }
}

impl Harness for Workspace {
    type Store = PostgresStore;

    fn open(&self) -> PostgresStore {
        self.open_with(4)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.drop_schema();
        }
    }
}

/// These tests do not skip themselves: a store that nobody tests is not one.
fn url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} is not set: `cargo x test` starts a server and sets it; for one of your own, \
             set it to a connection string such as \
             `host=127.0.0.1 port=5432 user=landfall dbname=landfall`"
        )
    })
}
