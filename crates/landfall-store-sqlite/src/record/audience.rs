//! Runs, profiles and traces as rows.

use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Encoder, Row, push};

/// Bytes that are copied as they are: serde would take a slice for a list of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blob<'a>(pub(crate) &'a [u8]);

impl Serialize for Blob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Blob<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Blob)
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord<'a> {
    pub(crate) person: u32,
    pub(crate) journey: u32,
    pub(crate) version: u32,
    pub(crate) state: &'a str,
    pub(crate) started_ms: i64,
    pub(crate) ended_ms: Option<i64>,
    pub(crate) due_ms: Option<i64>,
    pub(crate) open: bool,
    #[serde(borrow)]
    pub(crate) body: Blob<'a>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProfileRecord<'a> {
    pub(crate) due_ms: Option<i64>,
    #[serde(borrow)]
    pub(crate) body: Blob<'a>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TraceRecord<'a> {
    pub(crate) run: u32,
    pub(crate) seq: u32,
    pub(crate) at_ms: i64,
    #[serde(borrow)]
    pub(crate) body: Blob<'a>,
}

impl Encoder {
    pub(super) fn audience(&mut self, changes: &ChangeSet) -> Result<(), StoreError> {
        for run in &changes.runs {
            let record = RunRecord {
                person: run.person.0,
                journey: run.journey.0,
                version: run.version,
                state: run.state.name(),
                started_ms: run.started_at.millis(),
                ended_ms: run.ended_at.map(|at| at.millis()),
                due_ms: run.due.map(|at| at.millis()),
                open: run.open,
                body: Blob(&run.body),
            };
            push(&mut self.rows, &Row::Run(run.key.0, record))?;
        }
        for (person, profile) in &changes.profiles {
            let record = profile.as_ref().map(|profile| ProfileRecord {
                due_ms: profile.due.map(|at| at.millis()),
                body: Blob(&profile.body),
            });
            push(&mut self.rows, &Row::Profile(person.0, record))?;
        }
        for trace in &changes.traces {
            let record = TraceRecord {
                run: trace.run.0,
                seq: trace.seq,
                at_ms: trace.at.millis(),
                body: Blob(&trace.body),
            };
            push(&mut self.rows, &Row::Trace(record))?;
        }
        Ok(())
    }
}
