//! Producing exports in the background, one at a time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use landfall_store::DocumentKind;
use tokio::sync::Semaphore;

use super::{Export, State, csv};
use crate::routes::app::refusal::Refusal;
use crate::routes::app::view::View;

/// Runs exports. Knows which ones this process works on, so that those that a former process left
/// unfinished are recognised and taken up again.
#[derive(Clone)]
pub(crate) struct Runner {
    running: Arc<Mutex<BTreeSet<(String, u32)>>>,
    /// One at a time: an export reads everything, and others want to read too.
    turn: Arc<Semaphore>,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            running: Arc::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Runner {
    /// Makes sure that an unfinished export is being worked on.
    pub(super) fn ensure(&self, view: &View, folder: &Path, id: u32) {
        let job = (view.workspace.id().to_owned(), id);
        let is_new = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.clone());
        if !is_new {
            return;
        }
        let (runner, workspace, folder) = (self.clone(), view.workspace.clone(), folder.to_owned());
        tokio::runtime::Handle::current().spawn(async move {
            let turn = runner.turn.acquire().await;
            let work = tokio::task::spawn_blocking(move || run(&View::of(&workspace), &folder, id));
            if let Err(error) = work.await {
                tracing::error!(%error, id, "an export ended badly; it starts again when it is looked at");
            }
            drop(turn);
            runner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        });
    }
}

/// Works on one export and notes how it went.
fn run(view: &View, folder: &Path, id: u32) {
    let noted = read(view, id).and_then(|export| match export {
        Some(export) if export.state == State::Pending => {
            let made = make(view, &export, &path(folder, view.workspace.id(), id));
            note(view, id, made)
        }
        _ => Ok(()),
    });
    if noted.is_err() {
        tracing::warn!(
            id,
            "an export's state could not be noted; it starts again when looked at"
        );
    }
}

fn read(view: &View, id: u32) -> Result<Option<Export>, Refusal> {
    let document = view.store().document(DocumentKind::Export, id)?;
    Ok(document.as_ref().map(Export::read).transpose()?)
}

fn note(view: &View, id: u32, made: Result<u64, String>) -> Result<(), Refusal> {
    let Some(mut export) = read(view, id)? else {
        return Ok(());
    };
    match made {
        Ok(total) => {
            export.state = State::Done;
            export.total = total;
        }
        Err(error) => {
            tracing::warn!(%error, id, "an export failed");
            export.state = State::Failed;
            export.error = Some(error);
        }
    }
    export.updated_at = view.workspace.now().seconds();
    view.store()
        .replace_document(DocumentKind::Export, id, &export.text())?;
    Ok(())
}

/// Where the file of an export lies.
pub(super) fn path(folder: &Path, workspace: &str, id: u32) -> PathBuf {
    folder.join(workspace).join(format!("{id}.csv"))
}

/// Writes the file: under another name first, so that a file of the right name is whole.
fn make(view: &View, export: &Export, path: &Path) -> Result<u64, String> {
    let failed = |error: std::io::Error| format!("the file cannot be written: {error}");
    let folder = path.parent().ok_or("the export folder has no name")?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    let unfinished = path.with_extension("part");
    let file = std::fs::File::create(&unfinished).map_err(failed)?;
    let total = csv::write(view, &export.what, &file)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    Ok(total)
}
