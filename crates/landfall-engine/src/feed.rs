//! Feeding the read models (board, roster, catalogue) from commits and, at the start, from the
//! store.

mod rows;
mod snapshot;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use landfall_board::RowUpdate;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::message::{MessageEntry, NameOf};
use landfall_domain::person::Person;
use landfall_domain::time::DAY_MS;
use landfall_domain::working_set::ChangeSet;
use landfall_store::StoreError;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalogue::Catalogue;
use crate::workspace::{Rebuild, Shared, Workspace};

pub use rows::{FLAG_DELIVERED_INFERRED, rows};
pub(crate) use snapshot::{forget_snapshot, forget_snapshot_if_outdated, load, save};

/// Of people who did nothing for so long it is not known whether they ever had a device: half a year.
const ACTIVE_MS: i64 = 183 * DAY_MS;
/// Rows read at a time while filling.
const PAGE: usize = 5_000;

/// What commits changed while the read models were being filled from the store: what the store
/// gives later may be older than that and is passed over.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    deliveries: FxHashSet<DeliveryKey>,
    people: FxHashSet<PersonKey>,
    /// Who was merged into whom.
    moved: FxHashMap<PersonKey, PersonKey>,
}

impl Touched {
    fn note(&mut self, changes: &ChangeSet) {
        self.deliveries
            .extend(changes.deliveries.iter().map(|delivery| delivery.key));
        self.people
            .extend(changes.people.iter().map(|person| person.key));
        self.moved.extend(changes.moved.iter().copied());
    }
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
pub(crate) fn publish(workspace: &Workspace, changes: &ChangeSet) {
    let shared = &workspace.shared;
    if has_news(&workspace.catalogue(), changes) {
        let mut catalogue = shared
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut catalogue).add(&changes.messages, changes.names.clone());
    }
    let mut touched = shared
        .touched
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(touched) = touched.as_mut() {
        touched.note(changes);
    }
    let moved = moves(shared, &changes.moved);
    {
        let mut roster = shared
            .roster
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for person in &changes.people {
            roster.set(person);
        }
        // A device may come and go within one commit.
        let held = changes.token_moves.iter();
        for person in held.flat_map(|moved| [moved.from, moved.to]).flatten() {
            roster.note_device(person);
        }
        let sent_to = changes
            .deliveries
            .iter()
            .filter_map(|delivery| delivery.person);
        for person in sent_to.chain(moved.keys().copied()) {
            roster.note_delivery(person);
        }
    }
    if !changes.works.is_empty() {
        let mut work = workspace.work();
        for (key, now) in &changes.works {
            work.apply(*key, now.as_ref());
        }
        drop(work);
        shared.wake.tell();
    }
    if !(changes.runs.is_empty() && changes.profiles.is_empty()) {
        workspace.timers().apply(changes);
        shared.timers_changed.notify_one();
    }
    if workspace.live().has_product_event(&changes.activities) {
        shared.interests.wake();
    }
    let rows: Vec<RowUpdate> = changes
        .deliveries
        .iter()
        .flat_map(|delivery| rows(delivery))
        .collect();
    shared.board.update(|board| {
        board.apply(&rows);
        for (person, deliveries) in &moved {
            board.move_person(deliveries, *person);
        }
    });
    drop(touched);
    if shared.watchers.receiver_count() > 0 {
        let changed = changes.deliveries.iter().map(|delivery| delivery.key);
        tell_watchers(shared, changed.chain(moved.into_values().flatten()));
    }
}

fn tell_watchers(shared: &Shared, changed: impl Iterator<Item = DeliveryKey>) {
    let keys: BTreeSet<DeliveryKey> = changed.collect();
    if !keys.is_empty() {
        // The last watcher may have gone meanwhile.
        let _ = shared.watchers.send(keys.into_iter().collect());
    }
}

/// Deliveries on the board that get another person by these merges, by that person. The board is
/// looked through once, and not at all when nobody who was merged away was ever sent anything, as
/// visitors are not.
fn moves(
    shared: &Shared,
    merges: &[(PersonKey, PersonKey)],
) -> FxHashMap<PersonKey, Vec<DeliveryKey>> {
    let mut moved: FxHashMap<PersonKey, Vec<DeliveryKey>> = FxHashMap::default();
    let heirs: FxHashMap<PersonKey, PersonKey> = merges.iter().copied().collect();
    let roster = shared.roster.read().unwrap_or_else(PoisonError::into_inner);
    if !heirs.keys().any(|person| roster.has_deliveries(*person)) {
        return moved;
    }
    drop(roster);
    for (delivery, person) in shared.board.view().recipients() {
        if heirs.contains_key(&person) {
            moved
                .entry(heir(&heirs, person))
                .or_default()
                .push(delivery);
        }
    }
    moved
}

/// Who a person is after these merges. Nobody comes back from a merge, so this ends.
fn heir(heirs: &FxHashMap<PersonKey, PersonKey>, mut person: PersonKey) -> PersonKey {
    while let Some(heir) = heirs.get(&person) {
        person = *heir;
    }
    person
}

/// Whether a commit changes the catalogue. Most reports repeat the names that they know, and a
/// change costs a copy of all that readers hold.
fn has_news(catalogue: &Catalogue, changes: &ChangeSet) -> bool {
    let renamed = |(of, name): &(NameOf, String)| catalogue.name(of) != Some(name);
    !changes.messages.is_empty() || changes.names.iter().any(renamed)
}

/// Fills the index of work from the store. Claims of a process that is gone lapse at once.
pub(crate) fn fill_queue(workspace: &Workspace) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = workspace.store().open_works(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        let mut index = workspace.work();
        for work in &page {
            index.apply(work.key, Some(work));
        }
    }
    if workspace.store().is_exclusive() {
        workspace.work().lapse_all();
    }
    Ok(())
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
    let mut fresh: Vec<RowUpdate> = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        match touched.as_ref() {
            Some(touched) if touched.deliveries.contains(&delivery.key) => {}
            touched => fresh.extend(rows(delivery).into_iter().map(|row| {
                RowUpdate {
                    person: row
                        .person
                        .map(|p| touched.map_or(p, |touched| heir(&touched.moved, p))),
                    ..row
                }
            })),
        }
    }
    note_deliveries(workspace, fresh.iter().filter_map(|row| row.person));
    workspace.board().update(|board| board.apply(&fresh));
}

/// Tells the roster to whom the board shows deliveries.
fn note_deliveries(workspace: &Workspace, people: impl Iterator<Item = PersonKey>) {
    let mut roster = workspace
        .shared
        .roster
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    for person in people {
        roster.note_delivery(person);
    }
}

fn fill_roster(workspace: &Workspace, stop: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let mut after = None;
    while !stop() {
        let page = workspace.store().people_after(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        let had_devices = had_devices(workspace, &page)?;
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
        for person in had_devices {
            roster.note_device(person);
        }
    }
    Ok(())
}

/// Those of a page who have no device and had one, by the history of tokens. Only people who were active lately
/// are looked up: nobody asks about the others.
fn had_devices(workspace: &Workspace, page: &[Person]) -> Result<Vec<PersonKey>, StoreError> {
    let since = workspace.now().plus_millis(-ACTIVE_MS);
    let asked = page.iter().filter(|person| {
        person.is_known() && person.devices.is_empty() && person.active_at >= since
    });
    let mut had = Vec::new();
    for person in asked {
        if !workspace.store().token_moves_of(person.key)?.is_empty() {
            had.push(person.key);
        }
    }
    Ok(had)
}
