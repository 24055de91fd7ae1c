//! Writing rows to SQLite, inside the transaction that settles them.

mod audience;
mod ledger;
mod people;

use landfall_domain::working_set::NextKeys;
use landfall_store::StoreError;
use rusqlite::{CachedStatement, Connection, Transaction, params};

use crate::open::failed;
use crate::record::Counters;
use crate::settle::Newest;

pub(crate) fn rows(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    people::write(step, rows)?;
    ledger::write(step, rows)?;
    audience::write(step, rows)
}

/// Every delivery of the first person belongs to the second.
pub(crate) fn moves(step: &Transaction<'_>, moves: &[(u32, u32)]) -> Result<(), StoreError> {
    let mut follow = prepare(step, "UPDATE delivery SET person = ?2 WHERE person = ?1")?;
    for (from, to) in moves {
        follow.execute([from, to]).map_err(failed)?;
    }
    Ok(())
}

pub(crate) fn meta(step: &Transaction<'_>, counters: Counters) -> Result<(), StoreError> {
    let next = counters.next;
    prepare(
        step,
        "UPDATE meta SET epoch = ?1, next_person = ?2, next_device = ?3, next_delivery = ?4,
             next_message = ?5, last_activity = ?6, last_fact = ?7, next_run = ?8",
    )?
    .execute(params![
        counters.epoch,
        next.person,
        next.device,
        next.delivery,
        next.message,
        counters.activity,
        counters.fact,
        next.run
    ])
    .map_err(failed)?;
    Ok(())
}

pub(crate) fn counters(connection: &Connection) -> Result<Counters, StoreError> {
    connection
        .query_row(
            "SELECT epoch, next_person, next_device, next_delivery, next_message, last_activity,
                 last_fact, next_run
             FROM meta",
            [],
            |row| {
                Ok(Counters {
                    epoch: row.get(0)?,
                    next: NextKeys {
                        person: row.get(1)?,
                        device: row.get(2)?,
                        delivery: row.get(3)?,
                        message: row.get(4)?,
                        run: row.get(7)?,
                    },
                    activity: row.get(5)?,
                    fact: row.get(6)?,
                })
            },
        )
        .map_err(failed)
}

fn prepare<'a>(step: &'a Transaction<'_>, sql: &str) -> Result<CachedStatement<'a>, StoreError> {
    step.prepare_cached(sql).map_err(failed)
}
