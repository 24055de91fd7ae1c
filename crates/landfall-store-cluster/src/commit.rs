//! Storing a change set: one transaction, one statement for each table.

mod audience;
mod ledger;
mod people;
mod work;

use std::collections::BTreeMap;

use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;

use crate::connection::{Connection, READ, WRITE};
use crate::failure::Failure;
use crate::pool::{Lease, Pool};
use crate::row;

/// The numbers given out last.
struct Numbers {
    activity: i64,
    fact: i64,
    token_move: i64,
    waiting: i64,
    trace: i64,
}

/// What the transaction will have been.
struct Written {
    epoch: u64,
    /// The server's id of the transaction.
    transaction: String,
}

pub(crate) fn commit(pool: &Pool, changes: &ChangeSet, expected: u64) -> Result<u64, StoreError> {
    let mut lease = pool.take()?;
    let written = match lease.prepare(WRITE, |connection| write(connection, changes, expected)) {
        Ok(written) => written,
        Err(failure) if failure.is_contention() => return Err(conflict(&mut lease, expected)),
        Err(failure) => return Err(failure.into()),
    };
    match lease.end() {
        Ok(()) => Ok(written.epoch),
        Err(failure) if failure.is_lost() => {
            drop(lease);
            if was_committed(pool, &written.transaction)? {
                Ok(written.epoch)
            } else {
                Err(failure.into())
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

fn write(
    connection: &mut Connection,
    changes: &ChangeSet,
    expected: u64,
) -> Result<Written, Failure> {
    // The lock makes commits of a workspace follow each other.
    let meta = connection.one(
        "SELECT epoch, last_activity, last_fact, last_token_move, last_waiting,
                last_trace
           FROM meta FOR NO KEY UPDATE",
        &[],
    )?;
    let found = row::count("meta", &meta, 0)?;
    if found != expected {
        return Err(StoreError::Conflict { expected, found }.into());
    }
    let mut numbers = Numbers {
        activity: meta.try_get(1)?,
        fact: meta.try_get(2)?,
        token_move: meta.try_get(3)?,
        waiting: meta.try_get(4)?,
        trace: meta.try_get(5)?,
    };
    people::write(connection, changes, &mut numbers)?;
    ledger::write(connection, changes, &mut numbers)?;
    work::write(connection, changes)?;
    audience::write(connection, changes, &mut numbers.trace)?;
    let next = changes.next;
    let written = connection.one(
        "UPDATE meta
            SET epoch = epoch + 1, next_person = $1, next_device = $2, next_delivery = $3,
                next_message = $4, last_activity = $5, last_fact = $6, last_token_move = $7,
                last_waiting = $8, next_run = $9, last_trace = $10
         RETURNING epoch, pg_current_xact_id()::text",
        &[
            &i64::from(next.person),
            &i64::from(next.device),
            &i64::from(next.delivery),
            &i64::from(next.message),
            &numbers.activity,
            &numbers.fact,
            &numbers.token_move,
            &numbers.waiting,
            &i64::from(next.run),
            &numbers.trace,
        ],
    )?;
    Ok(Written {
        epoch: row::count("meta", &written, 0)?,
        transaction: written.try_get(1)?,
    })
}

/// The server chose another transaction over this one.
fn conflict(lease: &mut Lease<'_>, expected: u64) -> StoreError {
    let found = lease.transact(READ, |connection| {
        let meta = connection.one("SELECT epoch FROM meta", &[])?;
        row::count("meta", &meta, 0)
    });
    match found {
        Ok(found) => StoreError::Conflict { expected, found },
        Err(failure) => failure.into(),
    }
}

/// What became of a transaction whose end we did not see.
pub(crate) fn was_committed(pool: &Pool, transaction: &str) -> Result<bool, StoreError> {
    let committed = pool.take()?.transact(WRITE, |connection| {
        // The server may still be at it: it holds this row until it is done.
        connection.one("SELECT epoch FROM meta FOR NO KEY UPDATE", &[])?;
        let status = connection.one(
            "SELECT coalesce(pg_xact_status($1::text::xid8) = 'committed', false)",
            &[&transaction],
        )?;
        Ok(status.try_get(0)?)
    })?;
    Ok(committed)
}

/// The last row for each key, by key: a statement may touch a row only once, and the order of locks
/// is always the same.
fn latest<'a, T, K: Ord>(rows: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let latest: BTreeMap<K, &T> = rows.iter().map(|row| (key(row), row)).collect();
    latest.into_values().collect()
}

/// Numbers for `count` rows after `last`, which moves on.
fn number(last: &mut i64, count: usize) -> Vec<i64> {
    let numbers: Vec<i64> = (*last + 1..).take(count).collect();
    *last = numbers.last().copied().unwrap_or(*last);
    numbers
}

#[cfg(test)]
pub(crate) use ledger::destinations;
