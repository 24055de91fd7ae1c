//! Creating a workspace and coming back to it.

use landfall_domain::working_set::NextKeys;
use landfall_store::conformance::histories::History;
use landfall_store::conformance::{Harness as _, SALT};
use landfall_store::{RunReader as _, Start, StateStore as _, StoreError};

use super::server::Workspace;
use crate::{Options, PostgresStore};

#[test]
fn a_new_workspace_is_empty() {
    let workspace = Workspace::new();
    let start = workspace.open().start().unwrap();
    let expected = Start {
        salt: SALT,
        ..Start::default()
    };
    assert_eq!(start, expected);
    assert_eq!(start.next, NextKeys::default());
}

#[test]
fn a_workspace_keeps_its_salt() {
    let workspace = Workspace::new();
    drop(workspace.open());
    let options = Options {
        salt: SALT + 1,
        ..Options::default()
    };
    let store = PostgresStore::open(workspace.url(), workspace.schema(), options).unwrap();
    assert_eq!(store.start().unwrap().salt, SALT);
}

#[test]
fn nodes_may_open_at_the_same_time() {
    let workspace = Workspace::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| workspace.open_with(1).start().unwrap());
        }
    });
}

#[test]
fn workspaces_do_not_see_each_other() {
    let (one, other) = (Workspace::new(), Workspace::new());
    let store = one.open();
    store
        .commit(&super::commits::person_named("a", 0), 0)
        .unwrap();
    assert_eq!(store.start().unwrap().epoch, 1);
    assert_eq!(other.open().start().unwrap().epoch, 0);
}

#[test]
fn a_workspace_of_the_version_before_is_brought_up_to_date() {
    let workspace = Workspace::new();
    let mut history = History::seeded(5);
    let changes = history.step();
    workspace.open().commit(&changes, 0).unwrap();
    workspace
        .client()
        .batch_execute(
            "DROP TABLE run, run_count, profile, trace;
             ALTER TABLE meta DROP COLUMN next_run, DROP COLUMN last_trace;
             DELETE FROM migration WHERE version = 3",
        )
        .unwrap();
    let store = workspace.open();
    assert_eq!(store.start().unwrap().epoch, 1);
    assert_eq!(store.start().unwrap().next.run, 0);
    assert_eq!(store.profiles(None, 1).unwrap(), []);
}

#[test]
fn a_newer_schema_is_refused() {
    let workspace = Workspace::new();
    drop(workspace.open());
    workspace
        .client()
        .batch_execute("INSERT INTO migration (version, checksum) VALUES (4, 'x'), (5, 'y')")
        .unwrap();
    let refused = PostgresStore::open(workspace.url(), workspace.schema(), Options::default());
    let known = 3;
    match refused.unwrap_err() {
        StoreError::TooNew { found, known: ours } => assert_eq!((found, ours), (5, known)),
        other => panic!("{other}"),
    }
}

#[test]
fn a_migration_that_was_changed_is_refused() {
    let workspace = Workspace::new();
    drop(workspace.open());
    workspace
        .client()
        .batch_execute("UPDATE migration SET checksum = 'x'")
        .unwrap();
    let refused = PostgresStore::open(workspace.url(), workspace.schema(), Options::default());
    match refused.unwrap_err() {
        StoreError::Corrupt { table, row, .. } => assert_eq!((table, &*row), ("migration", "1")),
        other => panic!("{other}"),
    }
}

#[test]
fn what_cannot_be_opened_says_why_and_keeps_the_password() {
    let workspace = Workspace::new();
    let open = |url: &str| {
        PostgresStore::open(url, workspace.schema(), Options::default())
            .unwrap_err()
            .to_string()
    };
    let unreadable = open("host=localhost password=secret nonsense=1");
    assert!(unreadable.contains("connection string"), "{unreadable}");
    assert!(!unreadable.contains("secret"), "{unreadable}");
    // Nobody listens on the lowest port.
    let absent = open("host=127.0.0.1 port=1 user=nobody password=secret");
    assert!(absent.contains("not available"), "{absent}");
    assert!(!absent.contains("secret"), "{absent}");
}
