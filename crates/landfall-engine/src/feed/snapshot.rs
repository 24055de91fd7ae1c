//! The board's snapshot: a cache of the board on the disk, used only when it can be brought up to
//! the store by looking at the facts that came after it.

use std::path::Path;
use std::sync::Arc;

use landfall_board::Board;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::working_set::ChangeSet;
use rustc_hash::FxHashSet;

use crate::roster::Roster;
use crate::workspace::{Rebuild, Workspace};

/// Loads the board's snapshot. Returns the number of the last fact in it, or `None` when there is
/// none that can be used; the board is filled from the store then. `last_fact` is the store's last.
pub(crate) fn load(workspace: &Workspace, path: &Path, last_fact: u64) -> Option<u64> {
    if !path.exists() {
        return None;
    }
    let unusable = match Board::load(path) {
        Ok((board, watermark)) if watermark <= last_fact => {
            super::note_deliveries(workspace, board.recipients().map(|(_, person)| person));
            workspace.board().replace(board);
            return Some(watermark);
        }
        // The store was put back to an older state. Once it has as many facts again, nobody could
        // tell any more.
        Ok((_, watermark)) => {
            format!("it holds {watermark} facts and the store only {last_fact}")
        }
        Err(error) => error.to_string(),
    };
    tracing::warn!(
        %unusable,
        path = %path.display(),
        "the board's snapshot cannot be used; rebuilding"
    );
    forget_snapshot(workspace);
    None
}

/// Saves the board's snapshot, if the board is complete: it is when it was filled, and when the
/// store's last commit is `own`, the last of this workspace's own unbroken line of commits.
pub(crate) fn save(workspace: &Workspace, path: &Path, own: Option<u64>) {
    if workspace.rebuild() != Rebuild::Done {
        return;
    }
    let saved = match workspace.store().start() {
        Ok(start) if own == Some(start.epoch) => workspace
            .board()
            .view()
            .save(path, start.last_fact)
            .map_err(|error| error.to_string()),
        Ok(_) => {
            forget_snapshot(workspace);
            Err("somebody else has written to the store".to_owned())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = saved {
        tracing::warn!(%error, path = %path.display(), "the board's snapshot was not saved");
    }
}

/// Called before a commit: a delivery that changes without a fact (a merge moves it, a report names
/// its person) is not found by catching up, so no snapshot from before it may be used again, not even
/// after a power cut between the two. Merges of people without deliveries, such as a visitor's
/// login, move none.
pub(crate) fn forget_snapshot_if_outdated(workspace: &Workspace, changes: &ChangeSet) {
    let told: FxHashSet<DeliveryKey> = changes.facts.iter().map(|fact| fact.delivery).collect();
    let untold = |delivery: &Arc<Delivery>| !told.contains(&delivery.key);
    let moves = |roster: &Roster| {
        let mut merged = changes.moved.iter().map(|(from, _)| *from);
        merged.any(|person| roster.has_deliveries(person))
    };
    if changes.deliveries.iter().any(untold) || workspace.with_roster(moves) {
        forget_snapshot(workspace);
    }
}

/// Takes the snapshot away, on the disk too. The next start rebuilds the board.
pub(crate) fn forget_snapshot(workspace: &Workspace) {
    let Some(path) = &workspace.shared.snapshot else {
        return;
    };
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
    let forgotten = std::fs::remove_file(path)
        .and_then(|()| std::fs::File::open(folder.unwrap_or(Path::new("."))))
        .and_then(|folder| folder.sync_all());
    match forgotten {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(),
                "the board's old snapshot cannot be removed: remove it before the next start");
        }
        _ => {}
    }
}
