//! Runs, profiles and traces.

use std::collections::{BTreeMap, BTreeSet};

use landfall_store::StoreError;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::prepare;
use crate::open::failed;
use crate::settle::Newest;

pub(super) fn write(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    runs(step, rows)?;
    profiles(step, rows)?;
    traces(step, rows)
}

fn runs(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    // A step leaves most of a run alone. Whatever an update names is written anew in the indexes, and
    // costs a look at the counts, though it be the same: so a step names nothing else.
    let mut update = prepare(
        step,
        "UPDATE run SET started_ms = ?6, ended_ms = ?7, due_ms = ?8, body = ?10
         WHERE key = ?1 AND person = ?2 AND journey = ?3 AND version = ?4 AND state = ?5
             AND open = ?9",
    )?;
    let mut upsert = prepare(
        step,
        "INSERT INTO run
             (key, person, journey, version, state, started_ms, ended_ms, due_ms, open, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (key) DO UPDATE
             SET person = excluded.person, journey = excluded.journey,
                 version = excluded.version, state = excluded.state,
                 started_ms = excluded.started_ms, ended_ms = excluded.ended_ms,
                 due_ms = excluded.due_ms, open = excluded.open, body = excluded.body",
    )?;
    for (key, row) in &rows.runs {
        let row = params![
            key,
            row.person,
            row.journey,
            row.version,
            row.state,
            row.started_ms,
            row.ended_ms,
            row.due_ms,
            row.open,
            row.body.0
        ];
        if update.execute(row).map_err(failed)? == 0 {
            upsert.execute(row).map_err(failed)?;
        }
    }
    Ok(())
}

fn profiles(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut update = prepare(
        step,
        "UPDATE profile SET body = ?3 WHERE person = ?1 AND due_ms IS ?2",
    )?;
    let mut upsert = prepare(
        step,
        "INSERT INTO profile (person, due_ms, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO UPDATE SET due_ms = excluded.due_ms, body = excluded.body",
    )?;
    let mut forget = prepare(step, "DELETE FROM profile WHERE person = ?1")?;
    for (person, profile) in &rows.profiles {
        let Some(row) = profile else {
            forget.execute([person]).map_err(failed)?;
            continue;
        };
        let row = params![person, row.due_ms, row.body.0];
        if update.execute(row).map_err(failed)? == 0 {
            upsert.execute(row).map_err(failed)?;
        }
    }
    Ok(())
}

fn traces(step: &Transaction<'_>, rows: &Newest<'_>) -> Result<(), StoreError> {
    let mut last_of = prepare(step, "SELECT number FROM trace_last WHERE run = ?1")?;
    let mut append = prepare(
        step,
        "INSERT INTO trace (run, seq, at_ms, body, before) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut lasts: BTreeMap<u32, Option<i64>> = BTreeMap::new();
    // In order of the runs, so that neighbours are found together.
    for run in rows
        .traces
        .iter()
        .map(|row| row.run)
        .collect::<BTreeSet<_>>()
    {
        let last = last_of.query_row([run], |row| row.get(0)).optional();
        lasts.insert(run, last.map_err(failed)?);
    }
    for row in &rows.traces {
        let last = lasts.entry(row.run).or_default();
        append
            .execute(params![row.run, row.seq, row.at_ms, row.body.0, *last])
            .map_err(failed)?;
        *last = Some(step.last_insert_rowid());
    }
    let mut keep = prepare(
        step,
        "INSERT INTO trace_last (run, number) VALUES (?1, ?2)
         ON CONFLICT (run) DO UPDATE SET number = excluded.number",
    )?;
    for (run, last) in lasts {
        keep.execute(params![run, last]).map_err(failed)?;
    }
    Ok(())
}
