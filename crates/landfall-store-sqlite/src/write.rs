//! Storing a change set: one transaction.

mod ledger;
mod people;

use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};

use crate::open::failed;

/// Numbers of appended rows, which go up by one.
struct Numbers {
    activity: u64,
    fact: u64,
}

pub(crate) fn commit(
    connection: &mut Connection,
    changes: &ChangeSet,
    expected: u64,
) -> Result<u64, StoreError> {
    let write = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let (found, mut numbers) = prepare(&write, "SELECT epoch, last_activity, last_fact FROM meta")?
        .query_row([], |row| {
            let numbers = Numbers {
                activity: row.get(1)?,
                fact: row.get(2)?,
            };
            Ok((row.get(0)?, numbers))
        })
        .map_err(failed)?;
    if found != expected {
        return Err(StoreError::Conflict { expected, found });
    }
    let mut body = Body::default();
    people::write(&write, changes, &mut numbers, &mut body)?;
    ledger::write(&write, changes, &mut numbers, &mut body)?;
    let next = changes.next;
    prepare(
        &write,
        "UPDATE meta SET epoch = ?1, next_person = ?2, next_device = ?3, next_delivery = ?4,
             next_message = ?5, last_activity = ?6, last_fact = ?7",
    )?
    .execute(params![
        found + 1,
        next.person,
        next.device,
        next.delivery,
        next.message,
        numbers.activity,
        numbers.fact
    ])
    .map_err(failed)?;
    write.commit().map_err(failed)?;
    Ok(found + 1)
}

fn prepare<'a>(write: &'a Transaction<'_>, sql: &str) -> Result<CachedStatement<'a>, StoreError> {
    write.prepare_cached(sql).map_err(failed)
}

/// Room for one row's JSON, used again for the next.
#[derive(Default)]
struct Body(Vec<u8>);

impl Body {
    fn of(
        &mut self,
        table: &'static str,
        value: &impl serde::Serialize,
    ) -> Result<&str, StoreError> {
        self.0.clear();
        serde_json::to_writer(&mut self.0, value)
            .map_err(|error| StoreError::corrupt(table, "new", error))?;
        std::str::from_utf8(&self.0).map_err(|error| StoreError::corrupt(table, "new", error))
    }
}
