//! The part of a change set that is about work.

use landfall_domain::work::{Work, WorkState};
use landfall_domain::working_set::ChangeSet;

use super::latest;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::row::{bound, json};

/// Stores what is new or changed, and deletes what is done with.
pub(super) fn write(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let works = latest(&changes.works, |(key, _)| key);
    let mut done: Vec<i64> = Vec::new();
    let mut keys: Vec<i64> = Vec::new();
    let mut states: Vec<i16> = Vec::new();
    let mut due: Vec<i64> = Vec::new();
    let mut bodies: Vec<String> = Vec::new();
    for (key, work) in works {
        let Some(work) = work else {
            done.push(bound(key.0));
            continue;
        };
        keys.push(bound(key.0));
        states.push(state(work));
        due.push(work.due.millis());
        bodies.push(json("work", work)?);
    }
    if !done.is_empty() {
        connection.execute("DELETE FROM work WHERE key = ANY ($1::bigint[])", &[&done])?;
    }
    if !keys.is_empty() {
        connection.execute(
            "INSERT INTO work (key, state, due, body)
             SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::text[])
             ON CONFLICT (key) DO UPDATE
                SET state = excluded.state, due = excluded.due, body = excluded.body",
            &[&keys, &states, &due, &bodies],
        )?;
    }
    Ok(())
}

/// The column `state`.
const fn state(work: &Work) -> i16 {
    match work.state {
        WorkState::Waiting => 0,
        WorkState::Claimed { .. } => 1,
        WorkState::Parked => 2,
    }
}
