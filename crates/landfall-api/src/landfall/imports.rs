//! `/landfall/v1/imports`: files in chunks, resumable, with a report.
//!
//! The client begins an import (an interrupted one of the same file goes on), sends the file's lines
//! in chunks with their offset, and reads the report. Lines carry dedupe keys, so that a chunk that
//! is sent twice, or a file that is imported twice, changes nothing.

use std::collections::BTreeMap;

use axum::Json;
use landfall_domain::decide::Taken;
use landfall_engine::Workspace;
use landfall_store::{DocumentKind, StoreError};
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, SentLines, Visit};
use crate::import::{self, ImportFormat, ImportKind};

/// A file to import.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct NewImport {
    /// What the file holds.
    pub(crate) kind: ImportKind,
    /// How lines are written.
    pub(crate) format: ImportFormat,
    /// Name of the file, for people.
    pub(crate) name: String,
    /// A hash of the file's content: tells whether an earlier import was of the same file.
    pub(crate) fingerprint: String,
    /// Length of the file in bytes.
    pub(crate) bytes: u64,
    /// For CSV: the columns of the first line.
    #[serde(default)]
    pub(crate) header: Vec<String>,
}

/// An import and how far it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ImportReport {
    /// Its number.
    pub(crate) id: u32,
    /// Name of the file.
    pub(crate) name: String,
    /// A hash of the file's content.
    pub(crate) fingerprint: String,
    /// Length of the file in bytes.
    pub(crate) bytes: u64,
    /// Bytes taken so far: where to go on.
    pub(crate) offset: u64,
    /// Lines that changed something.
    pub(crate) taken: u64,
    /// Lines that were known already.
    pub(crate) unchanged: u64,
    /// Lines passed over, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
    /// Whether the whole file was taken.
    pub(crate) done: bool,
    #[schema(ignore)]
    #[serde(default)]
    plan: Option<Plan>,
}

/// How the lines of an import are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    kind: ImportKind,
    format: ImportFormat,
    header: Vec<String>,
}

/// Imports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportList {
    /// All imports so far.
    pub(crate) imports: Vec<ImportReport>,
}

/// Begins an import, or finds the one of the same file that was interrupted.
#[utoipa::path(
    post,
    path = "/landfall/v1/imports",
    operation_id = "beginImport",
    request_body = NewImport,
    responses(
        (status = 200, body = ImportReport),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "imports"
)]
pub(crate) async fn begin(
    visit: Visit,
    Sent(new): Sent<NewImport>,
) -> Result<Json<ImportReport>, Problem> {
    if new.format == ImportFormat::Csv && new.header.is_empty() {
        return Err(Problem::field(
            "header",
            "a CSV file needs the columns of its first line",
        ));
    }
    let plan = Some(Plan {
        kind: new.kind,
        format: new.format,
        header: new.header,
    });
    // The same file begun as something else is another import.
    let imports = all(&visit.workspace).await?;
    let same = imports
        .into_iter()
        .find(|i| !i.done && i.fingerprint == new.fingerprint && i.plan == plan);
    if let Some(interrupted) = same {
        return Ok(Json(interrupted));
    }
    let mut report = ImportReport {
        name: new.name,
        fingerprint: new.fingerprint,
        bytes: new.bytes,
        plan,
        ..ImportReport::default()
    };
    let body = text(&report);
    report.id = visit
        .workspace
        .read(move |store| store.insert_document(DocumentKind::Import, &body))
        .await?;
    keep(&visit.workspace, &report).await?;
    Ok(Json(report))
}

/// All imports so far.
#[utoipa::path(
    get,
    path = "/landfall/v1/imports",
    operation_id = "listImports",
    responses((status = 200, body = ImportList), (status = 401, body = ProblemBody)),
    tag = "imports"
)]
pub(crate) async fn list(visit: Visit) -> Result<Json<ImportList>, Problem> {
    Ok(Json(ImportList {
        imports: all(&visit.workspace).await?,
    }))
}

/// One import and how far it is.
#[utoipa::path(
    get,
    path = "/landfall/v1/imports/{id}",
    operation_id = "getImport",
    params(("id" = u32, Path, description = "The import's number")),
    responses(
        (status = 200, body = ImportReport),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "imports"
)]
pub(crate) async fn get(
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<Json<ImportReport>, Problem> {
    Ok(Json(find(&visit.workspace, id).await?))
}

/// Takes the next lines of an import's file: whole lines, from the offset that the report says.
#[utoipa::path(
    post,
    path = "/landfall/v1/imports/{id}/lines",
    operation_id = "sendImportLines",
    params(
        ("id" = u32, Path, description = "The import's number"),
        ("offset" = u64, Query, description = "Where in the file these lines begin"),
        ("end" = u64, Query, description = "Where in the file these lines end"),
    ),
    request_body(content = String, content_type = "text/plain"),
    responses(
        (status = 200, body = ImportReport),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody),
    ),
    tag = "imports"
)]
pub(crate) async fn chunk(
    visit: Visit,
    Place(id): Place<u32>,
    SentLines(lines): SentLines,
) -> Result<Json<ImportReport>, Problem> {
    let place = |name: &str| -> Result<u64, Problem> {
        let place = visit.parameter(name).and_then(|text| text.parse().ok());
        place.ok_or_else(|| Problem::field(name, "a position in the file, in bytes"))
    };
    let (offset, end) = (place("offset")?, place("end")?);
    let mut report = find(&visit.workspace, id).await?;
    if offset != report.offset || end < offset {
        let message = format!(
            "the import stands at byte {}: send from there",
            report.offset
        );
        return Err(Problem::new(Code::Conflict, message));
    }
    if end > report.bytes {
        let message = format!("not after the end of the file, byte {}", report.bytes);
        return Err(Problem::field("end", message));
    }
    let plan = report
        .plan
        .clone()
        .ok_or_else(|| Problem::not_found("plan of import", &id.to_string()))?;
    let rows = match plan.format {
        ImportFormat::Csv => import::csv_rows(&plan.header, &lines),
        ImportFormat::Ndjson => import::json_rows(&lines),
    };
    let mut inputs = Vec::with_capacity(rows.len());
    for row in rows {
        match row.and_then(|row| import::read(plan.kind, &row)) {
            Ok(input) => inputs.push(input),
            Err(skipped) => *report.skipped.entry(skipped.reason).or_default() += 1,
        }
    }
    for taken in visit.workspace.submit(inputs).await? {
        match taken {
            Taken::Applied | Taken::Claimed | Taken::Quarantined => report.taken += 1,
            Taken::Duplicate | Taken::Ignored => report.unchanged += 1,
        }
    }
    report.offset = end;
    report.done = end >= report.bytes;
    keep(&visit.workspace, &report).await?;
    Ok(Json(report))
}

async fn all(workspace: &Workspace) -> Result<Vec<ImportReport>, StoreError> {
    let documents = workspace
        .read(|store| store.documents(DocumentKind::Import))
        .await?;
    documents
        .iter()
        .map(|document| {
            let report: Result<ImportReport, _> = serde_json::from_str(&document.body);
            report
                .map(|report| ImportReport {
                    id: document.id,
                    ..report
                })
                .map_err(|error| StoreError::corrupt("document", document.id, error))
        })
        .collect()
}

async fn find(workspace: &Workspace, id: u32) -> Result<ImportReport, Problem> {
    let found = all(workspace)
        .await?
        .into_iter()
        .find(|report| report.id == id);
    found.ok_or_else(|| Problem::not_found("import", &id.to_string()))
}

async fn keep(workspace: &Workspace, report: &ImportReport) -> Result<(), StoreError> {
    let (id, body) = (report.id, text(report));
    workspace
        .read(move |store| store.replace_document(DocumentKind::Import, id, &body))
        .await?;
    Ok(())
}

fn text(report: &ImportReport) -> String {
    serde_json::to_string(report).unwrap_or_default()
}

#[cfg(test)]
mod tests;
