//! Feeding the read models (board, roster, catalogue) from commits and, at the start, from the store.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use landfall_board::{
    Board, Condition, DeviceDims, FateCodes, Filter, RowUpdate, Search, TimeRange, TokenAge,
};
use landfall_domain::delivery::{Delivery, Snapshot, Target};
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::marks::{Mark, Marks, MarksView};
use landfall_domain::message::{MessageEntry, NameOf};
use landfall_domain::reason::Reason;
use landfall_domain::status::{self, Confirmation};
use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;
use rustc_hash::FxHashSet;

use crate::catalogue::Catalogue;
use crate::workspace::{Rebuild, Workspace};

/// Rows read at a time while filling.
const PAGE: usize = 5_000;

/// [`FateCodes::flags`]: the delivered mark was not reported but follows from another mark.
pub const FLAG_DELIVERED_INFERRED: u8 = 1;

/// What commits changed while the read models were being filled from the store: what the store gives
/// later may be older than that and is passed over.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    deliveries: FxHashSet<DeliveryKey>,
    people: FxHashSet<PersonKey>,
}

/// Replaces the catalogue.
pub(crate) fn set_catalogue(
    workspace: &Workspace,
    entries: &[MessageEntry],
    names: Vec<(NameOf, String)>,
) {
    let fresh = Arc::new(Catalogue::of(entries, names));
    *workspace
        .shared
        .catalogue
        .write()
        .unwrap_or_else(PoisonError::into_inner) = fresh;
}

/// Shows a commit to the read models and the watchers.
pub(crate) fn publish(workspace: &Workspace, changes: ChangeSet) {
    let shared = &workspace.shared;
    if !changes.messages.is_empty() || !changes.names.is_empty() {
        let mut catalogue = shared
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut catalogue).add(&changes.messages, changes.names);
    }
    let mut touched = shared
        .touched
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(touched) = touched.as_mut() {
        touched
            .deliveries
            .extend(changes.deliveries.iter().map(|delivery| delivery.key));
        touched
            .people
            .extend(changes.people.iter().map(|person| person.key));
    }
    {
        let mut roster = shared
            .roster
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for person in &changes.people {
            roster.set(person);
        }
    }
    let rows: Vec<RowUpdate> = changes.deliveries.iter().flat_map(rows).collect();
    shared.board.update(|board| {
        board.apply(&rows);
        for (from, to) in &changes.moved {
            let moved = deliveries_to(board, *from);
            board.move_person(&moved, *to);
        }
    });
    drop(touched);
    if !changes.deliveries.is_empty() {
        // Without watchers there is nobody to tell.
        let keys: Arc<[DeliveryKey]> = changes.deliveries.iter().map(|d| d.key).collect();
        let _ = shared.watchers.send(keys);
    }
}

/// Deliveries that the board shows for a person.
fn deliveries_to(board: &Board, person: PersonKey) -> Vec<DeliveryKey> {
    let search = Search {
        filter: Filter(vec![Condition::People(vec![person])]),
        range: TimeRange::ALL,
        after: None,
        limit: usize::MAX,
    };
    // A filter by person is always understood.
    let found = board.search(&[], &search).unwrap_or_default();
    found
        .into_iter()
        .map(|position| position.delivery)
        .collect()
}

/// Loads the board's snapshot. Returns the number of the last fact in it, or `None` when there is
/// none that can be used; the board is filled from the store then.
pub(crate) fn load(workspace: &Workspace, path: &Path) -> Option<u64> {
    if !path.exists() {
        return None;
    }
    match Board::load(path) {
        Ok((board, watermark)) => {
            workspace.board().replace(board);
            Some(watermark)
        }
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "the board's snapshot cannot be used; rebuilding");
            None
        }
    }
}

/// Saves the board's snapshot, if the board is complete.
pub(crate) fn save(workspace: &Workspace, path: &Path) {
    if workspace.rebuild() != Rebuild::Done {
        return;
    }
    let saved = workspace
        .store()
        .start()
        .map_err(|error| error.to_string())
        .and_then(|start| {
            workspace
                .board()
                .view()
                .save(path, start.last_fact)
                .map_err(|error| error.to_string())
        });
    if let Err(error) = saved {
        tracing::warn!(%error, path = %path.display(), "the board's snapshot was not saved");
    }
}

/// Called before a commit: one that changes rows without a fact (a merge) is not found by catching up,
/// so no snapshot from before it may be used again, not even after a power cut between the two.
pub(crate) fn forget_snapshot_if_outdated(workspace: &Workspace, changes: &ChangeSet) {
    if changes.moved.is_empty() && changes.deliveries.len() <= changes.facts.len() {
        return;
    }
    if let Some(path) = &workspace.shared.snapshot {
        let _ = std::fs::remove_file(path);
    }
}

/// Brings board and roster up to the store: everything, or what came after `watermark`.
pub(crate) fn fill(workspace: &Workspace, watermark: Option<u64>, stop: &dyn Fn() -> bool) {
    let filled = match watermark {
        Some(watermark) => catch_up(workspace, watermark, stop),
        None => rebuild(workspace, stop),
    };
    let filled = filled.and_then(|()| fill_roster(workspace, stop));
    *workspace
        .shared
        .touched
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = None;
    match filled {
        Ok(()) if stop() => {}
        Ok(()) => workspace.set_rebuild(Rebuild::Done),
        Err(error) => {
            tracing::error!(%error, "the board could not be filled from the store");
            workspace.set_rebuild(Rebuild::Failed);
        }
    }
}

fn catch_up(
    workspace: &Workspace,
    watermark: u64,
    stop: &dyn Fn() -> bool,
) -> Result<(), StoreError> {
    let mut after = watermark;
    while !stop() {
        let (keys, last) = workspace.store().changed_since(after, PAGE)?;
        if last == after {
            break;
        }
        after = last;
        show(workspace, &workspace.store().deliveries(&keys)?);
    }
    Ok(())
}

fn rebuild(workspace: &Workspace, stop: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let total = u64::from(workspace.store().start()?.next.delivery);
    let mut after = None;
    let mut done = 0;
    while !stop() {
        let page = workspace.store().deliveries_after(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        done += page.len() as u64;
        show(workspace, &page);
        workspace.set_rebuild(Rebuild::Running { done, total });
    }
    Ok(())
}

/// Shows what the store gave, except what a commit has touched since.
fn show(workspace: &Workspace, deliveries: &[Delivery]) {
    let touched = workspace
        .shared
        .touched
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let fresh = |delivery: &&Delivery| {
        !touched
            .as_ref()
            .is_some_and(|touched| touched.deliveries.contains(&delivery.key))
    };
    let rows: Vec<RowUpdate> = deliveries.iter().filter(fresh).flat_map(rows).collect();
    workspace.board().update(|board| board.apply(&rows));
}

fn fill_roster(workspace: &Workspace, stop: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let mut after = None;
    while !stop() {
        let page = workspace.store().people_after(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        let touched = workspace
            .shared
            .touched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut roster = workspace
            .shared
            .roster
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for person in &page {
            if !touched
                .as_ref()
                .is_some_and(|touched| touched.people.contains(&person.key))
            {
                roster.set(person);
            }
        }
    }
    Ok(())
}

/// The board's rows of a delivery: one for each target, or one without a device.
pub fn rows(delivery: &Delivery) -> Vec<RowUpdate> {
    if delivery.targets.is_empty() {
        return vec![row(delivery, 0, None)];
    }
    let targets = delivery.targets.iter().enumerate();
    targets
        .map(|(index, target)| row(delivery, index, Some(target)))
        .collect()
}

fn row(delivery: &Delivery, index: usize, target: Option<&Target>) -> RowUpdate {
    let view = marks(delivery, index, target);
    let mut shown: Marks = view.iter().map(|mark| (mark.mark, mark.at)).collect();
    shown.set(Mark::Created, delivery.created_at);
    let snapshot = target.and_then(|target| target.snapshot.as_ref());
    let device = target.and_then(|target| match target.key {
        TargetKey::Device(device) => Some(device),
        TargetKey::Address(_) => None,
    });
    let reported = view.has(Mark::Delivered) && !view.is_inferred(Mark::Delivered);
    let inferred = view.has(Mark::Delivered) && !reported;
    let target_outcome = target.map_or_else(
        || status::outcome(delivery),
        |t| status::target_outcome(delivery, t),
    );
    let target_reason = target.map_or_else(
        || status::reason(delivery),
        |t| status::target_reason(delivery, t),
    );
    RowUpdate {
        delivery: delivery.key,
        target: u16::try_from(index).unwrap_or(u16::MAX),
        created: delivery.created_at,
        message: delivery.message,
        person: delivery.person,
        device,
        dims: dims(snapshot, reported),
        marks: shown,
        fate: FateCodes {
            target_outcome: target_outcome.code(),
            target_reason: target_reason.map_or(0, Reason::code),
            status: status::landfall_status(delivery, Confirmation::Awaited).code(),
            outcome: status::outcome(delivery).code(),
            reason: status::reason(delivery).map_or(0, Reason::code),
            flags: if inferred { FLAG_DELIVERED_INFERRED } else { 0 },
        },
        revenue: None,
    }
}

/// Marks of a row: the target's; the first row carries the delivery's own marks too, so that each is
/// counted on exactly one row.
fn marks(delivery: &Delivery, index: usize, target: Option<&Target>) -> MarksView {
    let whole = (index == 0).then_some(&delivery.marks);
    let own = target.map(|target| &target.marks);
    MarksView::of(
        whole.into_iter().chain(own),
        delivery.channel,
        delivery.created_at,
    )
}

fn dims(snapshot: Option<&Snapshot>, reported: bool) -> DeviceDims {
    let Some(snapshot) = snapshot else {
        return DeviceDims {
            receipt_capable: reported,
            ..DeviceDims::default()
        };
    };
    let text = |value: &Option<String>| value.as_deref().map(Arc::from);
    let registered = snapshot.token_registered_at;
    DeviceDims {
        platform: snapshot.platform,
        provider: snapshot.provider,
        app: text(&snapshot.app),
        app_version: text(&snapshot.app_version),
        os_version: text(&snapshot.os_version),
        sdk_version: text(&snapshot.sdk_version),
        device_model: text(&snapshot.device_model),
        token_age: registered.map_or(TokenAge::Unknown, |at| {
            TokenAge::of_millis(snapshot.at.since(at))
        }),
        permission: snapshot.permission,
        receipt_capable: reported || snapshot.sdk_version.is_some(),
    }
}
