//! Connections that break, wait and end.

mod proxy;

use std::collections::BTreeMap;
use std::sync::mpsc;

use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::{DeliveryKey, MessageKey};
use landfall_domain::time::Timestamp;
use landfall_domain::work::WorkKey;
use landfall_domain::working_set::{ChangeSet, Want};
use landfall_store::conformance::Harness as _;
use landfall_store::{DocumentKind, DocumentStore as _, StateStore as _, StoreError};
use postgres::Client;

use super::commits::person_named;
use super::server::Workspace;
use crate::connection::{Connection, WRITE};
use crate::failure::Failure;
use crate::{Options, PostgresStore};
use proxy::Proxy;

/// Ends these sessions, and waits until they are gone.
fn end_sessions(client: &mut Client, pids: &[i32]) {
    let ended = client
        .query(
            "SELECT pg_terminate_backend(pid, 10000) FROM unnest($1::int[]) pid",
            &[&pids],
        )
        .unwrap();
    assert!(ended.iter().all(|row| row.get(0)), "sessions end");
}

#[test]
fn a_connection_that_died_idle_is_replaced() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let pid = || {
        store
            .read(|connection| Ok(connection.one("SELECT pg_backend_pid()", &[])?.get(0)))
            .unwrap()
    };
    let first: i32 = pid();
    assert_eq!(pid(), first, "connections are used again");
    let mut client = workspace.client();
    end_sessions(&mut client, &[first]);
    let second = pid();
    assert_ne!(second, first);
    end_sessions(&mut client, &[second]);
    store.commit(&person_named("a", 0), 0).unwrap();
    assert_eq!(store.start().unwrap().epoch, 1);
}

#[test]
fn a_connection_that_dies_at_work_loses_the_transaction() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let mut client = workspace.client();
    let lost = store.write(|connection| {
        let pid: i32 = connection.one("SELECT pg_backend_pid()", &[])?.get(0);
        connection.execute("UPDATE meta SET epoch = 7", &[])?;
        end_sessions(&mut client, &[pid]);
        connection.execute("UPDATE meta SET epoch = 8", &[])
    });
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(store.start().unwrap().epoch, 0);
}

#[test]
fn a_failed_statement_leaves_nothing_and_the_connection_lives() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let failed = store.write(|connection| {
        connection.execute("UPDATE meta SET epoch = 7", &[])?;
        connection.execute("UPDATE meta SET epoch = -1", &[])
    });
    match failed.unwrap_err() {
        StoreError::Corrupt { table, .. } => assert_eq!(table, "meta"),
        other => panic!("{other}"),
    }
    assert_eq!(store.start().unwrap().epoch, 0);
}

#[test]
fn a_panic_in_a_transaction_does_not_poison_the_store() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write::<()>(|connection| {
            connection.execute("UPDATE meta SET epoch = 7", &[])?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.start().unwrap().epoch, 0);
}

#[test]
fn callers_wait_for_a_free_connection() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let lent = store.pool.take().unwrap();
    let (ready, waiting) = mpsc::channel();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            ready.send(()).unwrap();
            store.start().unwrap().epoch
        });
        waiting.recv().unwrap();
        drop(lent);
        assert_eq!(reader.join().unwrap(), 0);
    });
}

#[test]
fn deadlocks_and_the_like_are_conflicts() {
    let workspace = Workspace::new();
    let store = workspace.open();
    // Says what a server says that chose another transaction over this one.
    workspace
        .client()
        .batch_execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'deadlock_detected'; END $$;
             CREATE TRIGGER lose BEFORE INSERT ON person EXECUTE FUNCTION lose()",
        )
        .unwrap();
    match store.commit(&person_named("a", 0), 0).unwrap_err() {
        StoreError::Conflict { expected, found } => assert_eq!((expected, found), (0, 0)),
        other => panic!("{other}"),
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_looked_up() {
    let workspace = Workspace::new();
    let proxy = Proxy::start(workspace.url());
    let options = Options {
        connections: 1,
        ..Options::default()
    };
    let store = PostgresStore::open(proxy.url(), workspace.schema(), options).unwrap();
    // With the end of the statement: the beginning says READ COMMITTED.
    proxy.cut_at("COMMIT\0");
    // The server did it, and could not say so.
    assert_eq!(store.commit(&person_named("a", 0), 0).unwrap(), 1);
    assert!(proxy.has_cut());
    assert_eq!(store.start().unwrap().epoch, 1);
}

#[test]
fn a_commit_that_the_server_did_not_finish_is_reported() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    // The session ends itself as the last thing that it does before it would have committed.
    workspace
        .client()
        .batch_execute(
            "CREATE FUNCTION quit() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER quit AFTER INSERT ON person
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quit()",
        )
        .unwrap();
    let lost = store.commit(&person_named("a", 0), 0);
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(store.start().unwrap().epoch, 0);
}

#[test]
fn a_commit_is_durable_whatever_the_default() {
    let workspace = Workspace::new();
    let store = workspace.open();
    drop(store);
    let url = format!("{} options='-c synchronous_commit=off'", workspace.url());
    let store = PostgresStore::open(&url, workspace.schema(), Options::default());
    let setting: String = store
        .unwrap()
        .read(|connection| Ok(connection.one("SHOW synchronous_commit", &[])?.get(0)))
        .unwrap();
    assert_eq!(setting, "on");
}

#[test]
fn what_is_planned_on_empty_tables_is_fit_for_full_ones() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let want = Want {
        identifiers: [Identifier::new(IdentifierKind::Id, "a").unwrap()]
            .into_iter()
            .collect(),
        tokens: ["t".to_owned()].into(),
        deliveries: ["d".to_owned()].into(),
        seen: [[1; 16]].into_iter().collect(),
        works: [WorkKey::of(DeliveryKey(7), 0)].into(),
        works_of: ["w".to_owned()].into(),
        ..Want::default()
    };
    // All work is looked for only when its delivery is there.
    let (key, message) = (DeliveryKey(0), MessageKey(0));
    let busy = Delivery::new(
        key,
        "w".to_owned(),
        message,
        Channel::Push,
        Timestamp::EPOCH,
    );
    let changes = ChangeSet {
        deliveries: vec![busy.into()],
        ..ChangeSet::default()
    };
    store.commit(&changes, 0).unwrap();
    // After a few times the server settles on a plan and keeps it. A look at the empty tables must
    // not change its mind.
    for _ in 0..10 {
        store.load(&want).unwrap();
    }
    workspace
        .client()
        .batch_execute("ANALYZE identifier, token, delivery, waiting, work, seen, person")
        .unwrap();
    let whole_reads = |connection: &mut Connection| {
        let rows = connection.query(
            "SELECT relname::text, seq_scan FROM pg_stat_xact_user_tables
              WHERE schemaname = current_schema() AND relname <> 'meta' ORDER BY relname",
            &[],
        )?;
        let counts = rows.iter().map(|row| (row.get(0), row.get(1)));
        Ok::<BTreeMap<String, i64>, Failure>(counts.collect())
    };
    let (before, after) = store
        .read(|connection| {
            let before = whole_reads(connection)?;
            for _ in 0..10 {
                crate::load::load(connection, &want)?;
            }
            Ok((before, whole_reads(connection)?))
        })
        .unwrap();
    assert!(after.contains_key("person"), "the server counts: {after:?}");
    assert_eq!(after, before);
}

#[test]
fn document_numbers_are_not_shared() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let mut numbers: Vec<u32> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..10)
                        .map(|_| store.insert_document(DocumentKind::Import, "{}").unwrap())
                        .collect::<Vec<u32>>()
                })
            })
            .collect();
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<u32>>());
}

#[test]
fn a_store_may_be_dropped_on_an_asynchronous_thread() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async move { drop(store) });
}

#[test]
fn a_transaction_is_not_left_open_by_an_error() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let mut lease = store.pool.take().unwrap();
    lease.begin(WRITE).unwrap();
    assert!(!lease.is_reusable());
    drop(lease);
    assert_eq!(store.start().unwrap().epoch, 0);
}
