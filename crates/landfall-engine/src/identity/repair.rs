//! Repairs: what has one clear remedy is done through the one door, written down, and can be undone.
//!
//! A repair is a document, stored before anything is moved. Each of its moves is an input of its own that happens only
//! if the device's owner is still who it was when the repair was planned, so neither a repetition nor a delay does
//! harm.

use std::collections::BTreeSet;

use landfall_domain::decide::Taken;
use landfall_domain::device::Device;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Input};
use landfall_domain::time::Timestamp;
use landfall_insight::coverage::Kind;
use landfall_store::{Document, DocumentKind, Store, StoreError, person_named};
use serde::{Deserialize, Serialize};

use super::finding::{Finding, Look, Remedy, Who};
use crate::intake::SubmitError;
use crate::workspace::Workspace;

const KIND: DocumentKind = DocumentKind::IdentityRepair;
/// Moves of one repair; what is left is done by the next one.
pub const MOVES_MAX: usize = 500;
/// Repairs that are kept, and can be undone.
const REPAIRS_KEPT: usize = 100;
/// Moves that are submitted in one go.
const PAGE: usize = 100;

/// Why a repair could not be planned, done or undone.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// People are still being read from the store: try again when that is done.
    #[error("people are still being read: try again when the server is ready")]
    NotReady,
    /// There is no such repair, or it is too old to be undone.
    #[error("there is no repair {0}")]
    Missing(u32),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The moves could not be stored; those before are kept in the list of repairs.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// One device that was moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Which problem it solves.
    pub kind: Kind,
    /// The device as it was.
    pub device: Device,
    /// The person whom it concerns.
    pub person: Who,
    /// Who had it; `None`: nobody.
    pub from: Option<Who>,
    /// Who got it; `None`: nobody.
    pub to: Option<Who>,
    /// Whether it was moved: not if its owner changed meanwhile.
    pub done: bool,
}

/// How a repair was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Devices that are where they were.
    pub moved: u64,
    /// Devices that stay: they changed hands, or their app registered them where they are.
    pub kept: u64,
}

/// A repair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// Its number; 0: it is a plan.
    #[serde(skip)]
    pub id: u32,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// What it moved.
    pub moves: Vec<Moved>,
    /// Problems with a clear remedy that were left to the next repair.
    pub left: u64,
    /// Whether it came to its end.
    pub finished: bool,
    /// How it was undone; `None`: it was not.
    pub undone: Option<Undone>,
}

impl Repair {
    /// Devices that were moved.
    pub fn moved(&self) -> u64 {
        self.moves.iter().filter(|moved| moved.done).count() as u64
    }

    fn body(&self) -> String {
        // Numbers, names and texts only.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn read(document: &Document) -> Result<Self, StoreError> {
        let read: Result<Self, _> = serde_json::from_str(&document.body);
        let read = read.map(|repair| Self {
            id: document.id,
            ..repair
        });
        read.map_err(|error| StoreError::corrupt("documents", document.id, error))
    }
}

/// What a look says can be repaired of some kinds. A device is moved once.
fn planned(look: &Look, kinds: &[Kind], by: &str, now: Timestamp) -> Repair {
    let mut devices = BTreeSet::new();
    let wanted = |finding: &&Finding| kinds.contains(&finding.kind);
    let all = look.findings.iter().filter(wanted).filter_map(|finding| {
        let Remedy::Move { from, to } = &finding.remedy else {
            return None;
        };
        devices.insert(finding.device.key).then(|| Moved {
            kind: finding.kind,
            device: finding.device.clone(),
            person: finding.person.clone(),
            from: from.clone(),
            to: to.clone(),
            done: false,
        })
    });
    let moves: Vec<Moved> = all.take(MOVES_MAX).collect();
    let found = look
        .found
        .iter()
        .filter(|found| kinds.contains(&found.problem.kind));
    let clear: u64 = found.map(|found| found.automatic).sum();
    Repair {
        id: 0,
        at: now,
        by: by.to_owned(),
        left: clear.saturating_sub(moves.len() as u64),
        moves,
        finished: false,
        undone: None,
    }
}

/// The input that moves a device. Whoever was merged meanwhile is found by the internal id.
fn input(from: Option<&Who>, to: Option<&Who>, device: &Device, key: String) -> Input {
    let named = |who: Option<&Who>| Identifier::new(IdentifierKind::CioId, &who?.cio_id);
    let body = Body::MoveDevice {
        from: named(from),
        to: named(to),
        device: Box::new(device.clone()),
    };
    Input {
        dedupe_key: Some(key),
        ..crate::input_of_ours(body)
    }
}

/// What takes a move back; `None`: nothing should. A device that its app registered where it is stays there.
fn taking_back(
    store: &dyn Store,
    repair: &Repair,
    moved: &Moved,
) -> Result<Option<Device>, StoreError> {
    let Some(to) = &moved.to else {
        return Ok(Some(moved.device.clone()));
    };
    let Some(to) = Identifier::new(IdentifierKind::CioId, &to.cio_id) else {
        return Ok(None);
    };
    let person = person_named(store, &to)?;
    let device = person.and_then(|mut person| person.devices.remove(&moved.device.key));
    Ok(device.filter(|device| device.refreshed_at <= repair.at))
}

impl Workspace {
    /// What a repair of some kinds of problems would do now. Nothing changes.
    ///
    /// # Errors
    /// [`RepairError::NotReady`], or when the store cannot be read.
    pub async fn plan_repair(&self, kinds: &[Kind]) -> Result<Repair, RepairError> {
        let look = self.identity(0).await?.ok_or(RepairError::NotReady)?;
        Ok(planned(&look, kinds, "", self.now()))
    }

    /// Repairs what has one clear remedy, as a fresh look finds it. Where there is nothing to do, nothing is kept, and
    /// the answer has the number 0.
    ///
    /// # Errors
    /// [`RepairError`]; what was moved before is in [`Workspace::repairs`] and can be undone.
    pub async fn repair(&self, kinds: &[Kind], by: &str) -> Result<Repair, RepairError> {
        let _turn = self.shared.identity.turn.lock().await;
        let look = self.looked(0).await?.ok_or(RepairError::NotReady)?;
        let mut repair = planned(&look, kinds, by, self.now());
        if repair.moves.is_empty() {
            repair.finished = true;
            return Ok(repair);
        }
        let body = repair.body();
        repair.id = self
            .read(move |store| {
                forget_oldest(store)?;
                store.insert_document(KIND, &body)
            })
            .await?;
        let done = self.carry_out(&mut repair).await;
        repair.finished = done.is_ok();
        self.keep(&repair).await?;
        done.map(|()| repair)
    }

    async fn carry_out(&self, repair: &mut Repair) -> Result<(), RepairError> {
        let id = repair.id;
        let mut nth = 0;
        for page in repair.moves.chunks_mut(PAGE) {
            let inputs = page.iter().map(|moved| {
                nth += 1;
                let (from, to) = (moved.from.as_ref(), moved.to.as_ref());
                input(from, to, &moved.device, format!("repair:{id}:{nth}"))
            });
            let taken = self.submit(inputs.collect()).await?;
            for (moved, taken) in page.iter_mut().zip(taken) {
                moved.done = taken == Taken::Applied;
            }
        }
        Ok(())
    }

    async fn keep(&self, repair: &Repair) -> Result<(), RepairError> {
        // What was found is no longer so.
        self.shared.identity.end(None);
        let (id, body) = (repair.id, repair.body());
        let kept = self.read(move |store| store.replace_document(KIND, id, &body));
        kept.await?;
        Ok(())
    }

    /// Moves back what a repair moved, as far as nothing happened to it since. A second time nothing happens.
    ///
    /// # Errors
    /// [`RepairError`]; after [`RepairError::Submit`] it can be tried again.
    pub async fn undo_repair(&self, id: u32, by: &str) -> Result<Repair, RepairError> {
        let _turn = self.shared.identity.turn.lock().await;
        let document = self.read(move |store| store.document(KIND, id)).await?;
        let mut repair = Repair::read(&document.ok_or(RepairError::Missing(id))?)?;
        if repair.undone.is_some() {
            return Ok(repair);
        }
        let (read, inputs) = self
            .read(move |store| {
                let mut inputs = Vec::new();
                for (nth, moved) in repair.moves.iter().enumerate() {
                    // Of a repair that was cut off nobody knows which moves were done; each looks for itself.
                    if repair.finished && !moved.done {
                        continue;
                    }
                    if let Some(device) = taking_back(store, &repair, moved)? {
                        let (from, to) = (moved.to.as_ref(), moved.from.as_ref());
                        inputs.push(input(from, to, &device, format!("repair:{id}:{nth}:undo")));
                    }
                }
                Ok((repair, inputs))
            })
            .await?;
        repair = read;
        let mut moved = 0;
        for page in inputs.chunks(PAGE) {
            let taken = self.submit(page.to_vec()).await?;
            let back = |taken: &&Taken| matches!(taken, Taken::Applied | Taken::Duplicate);
            moved += taken.iter().filter(back).count() as u64;
        }
        repair.undone = Some(Undone {
            at: self.now(),
            by: by.to_owned(),
            moved,
            kept: repair.moved().saturating_sub(moved),
        });
        self.keep(&repair).await?;
        Ok(repair)
    }

    /// The repairs that are kept, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn repairs(&self) -> Result<Vec<Repair>, StoreError> {
        self.read(|store| {
            let documents = store.documents(KIND)?;
            documents.iter().rev().map(Repair::read).collect()
        })
        .await
    }
}

fn forget_oldest(store: &dyn Store) -> Result<(), StoreError> {
    let known = store.documents(KIND)?;
    for old in known.iter().rev().skip(REPAIRS_KEPT - 1) {
        store.delete_document(KIND, old.id)?;
    }
    Ok(())
}
