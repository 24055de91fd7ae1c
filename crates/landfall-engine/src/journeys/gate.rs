//! The launch gate of stored journeys: asked at every way to a start, with the log of waivers.

use landfall_domain::ids::JourneyId;
use landfall_domain::message::{NameOf, SourceKind};
use landfall_domain::time::Timestamp;
use landfall_journey::Plan;
use landfall_journey::gate::{
    BY_MAX, Judged, Launch, MessageInUse, REASON_MAX, Requirement, Waiver, WaiverAction, in_force,
    judge,
};
use landfall_store::{DocumentKind, Store, StoreError};

use super::{Journey, JourneyError, JourneyState, surroundings};
use crate::catalogue::Catalogue;
use crate::qa::record::{self, Record};
use crate::segments;
use crate::workspace::Workspace;

/// How the newest version of a journey stands with its launch.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Which journey.
    pub id: JourneyId,
    /// The journey as stored.
    pub journey: Journey,
    /// Every requirement, in order.
    pub judged: Vec<Judged>,
    /// The latest run of the test profiles of this very version.
    pub qa: Option<Record>,
}

impl Gate {
    /// Whether the journey may start.
    pub fn is_open(&self) -> bool {
        !self.judged.iter().any(Judged::blocks)
    }
}

/// Who does something that stays in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who it is, as the caller says.
    pub by: String,
    /// The number of the app key that the call came with; `None`: the program itself.
    pub key: Option<u32>,
}

/// For which versions somebody waives something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// The newest one.
    Newest,
    /// This one; the next one counts too, so that an edit of a running journey can be prepared.
    One(u32),
    /// All, later ones too.
    All,
}

/// What somebody wants to have entered into the log of waivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverCall {
    /// Which requirement.
    pub requirement: Requirement,
    /// What to do.
    pub action: WaiverAction,
    /// For which versions.
    pub versions: Versions,
    /// Why: not blank, at most [`REASON_MAX`] characters.
    pub reason: String,
    /// Who: not blank, at most [`BY_MAX`] characters.
    pub author: Author,
}

/// Why something was not entered into the log.
#[derive(Debug, thiserror::Error)]
pub enum WaiverError {
    /// A part of the call is wrong.
    #[error("{field}: {fix}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What to do about it.
        fix: String,
    },
    /// Nothing that could be withdrawn is in force.
    #[error("`{0}` is not waived there: `landfall journeys waivers` lists what is")]
    NotWaived(Requirement),
    /// The journey or the store.
    #[error(transparent)]
    Journey(#[from] JourneyError),
}

impl From<StoreError> for WaiverError {
    fn from(error: StoreError) -> Self {
        Self::Journey(error.into())
    }
}

/// The log of waivers of a journey, oldest first, with the numbers of the entries.
///
/// # Errors
/// When the store cannot be read.
pub fn waivers(
    store: &(impl Store + ?Sized),
    journey: JourneyId,
) -> Result<Vec<(u32, Waiver)>, StoreError> {
    let documents = store.documents(DocumentKind::Waiver)?;
    let mut entries = Vec::new();
    for document in documents {
        let entry: Waiver = super::read(&document)?;
        if entry.journey == journey {
            entries.push((document.id, entry));
        }
    }
    Ok(entries)
}

impl Workspace {
    /// How a journey's newest version stands with its launch.
    ///
    /// # Errors
    /// When there is no such journey, it has no version yet, or the store cannot be read.
    pub async fn gate(&self, name: &str) -> Result<Gate, JourneyError> {
        let (id, journey) = self.find_journey(name).await?;
        let plan = self.newest_plan(id, &journey).await?;
        // What reports show may have been renamed by a call since.
        let names = names_in_use(&plan, Some(&self.catalogue()));
        let (judged, qa) = self.judge(&plan, names).await?;
        Ok(Gate {
            id,
            journey,
            judged,
            qa,
        })
    }

    /// The journey's log of waivers, oldest first, with the numbers of the entries.
    ///
    /// # Errors
    /// When there is no such journey, or the store cannot be read.
    pub async fn waivers(&self, name: &str) -> Result<Vec<(u32, Waiver)>, JourneyError> {
        let (id, _) = self.find_journey(name).await?;
        Ok(self.read(move |store| waivers(store, id)).await?)
    }

    /// Enters a waiver, or its withdrawal, into the log; returns the number of the entry. It concerns the
    /// next start: what runs goes on.
    ///
    /// # Errors
    /// When there is no such journey, the call is incomplete, or nothing is there to be withdrawn; nothing is
    /// stored then.
    pub async fn waive(&self, name: &str, call: &WaiverCall) -> Result<(u32, Waiver), WaiverError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let (id, journey) = self.find_journey(name).await?;
        let entry = entry(id, &journey, call, self.now())?;
        let log = self.read(move |store| waivers(store, id)).await?;
        let log: Vec<Waiver> = log.into_iter().map(|(_, entry)| entry).collect();
        if entry.action == WaiverAction::Withdraw && !is_waived(&log, &entry) {
            return Err(WaiverError::NotWaived(entry.requirement));
        }
        // Texts and numbers only.
        let body = serde_json::to_string(&entry).unwrap_or_default();
        let insert = move |store: &dyn Store| store.insert_document(DocumentKind::Waiver, &body);
        Ok((self.read(insert).await?, entry))
    }

    /// Lets a version pass that people would enter from now on.
    ///
    /// # Errors
    /// [`JourneyError::Blocked`] with everything that is missing.
    pub(crate) async fn pass_gate(
        &self,
        plan: &Plan,
        names: Vec<MessageInUse>,
    ) -> Result<(), JourneyError> {
        let (mut judged, _) = self.judge(plan, names).await?;
        judged.retain(Judged::blocks);
        if judged.is_empty() {
            return Ok(());
        }
        Err(JourneyError::Blocked {
            version: plan.version,
            missing: judged,
        })
    }

    async fn judge(
        &self,
        plan: &Plan,
        names: Vec<MessageInUse>,
    ) -> Result<(Vec<Judged>, Option<Record>), StoreError> {
        let (id, slug) = (plan.journey, plan.definition.id.clone());
        let fingerprint = record::fingerprint(&plan.definition);
        let stored = move |store: &dyn Store| {
            let log = waivers(store, id)?.into_iter();
            let log: Vec<Waiver> = log.map(|(_, entry)| entry).collect();
            Ok((log, record::latest(store, &slug, &fingerprint)?))
        };
        let (log, qa) = self.read(stored).await?;
        let result = qa.as_ref().map(Record::result);
        let launch = Launch {
            definition: &plan.definition,
            version: plan.version,
            names: &names,
            qa: result.as_ref(),
            log: &log,
        };
        Ok((judge(&launch), qa))
    }

    /// The newest version of a stored journey, compiled.
    ///
    /// # Errors
    /// When it has no version yet: its first application was interrupted.
    pub(crate) async fn newest_plan(
        &self,
        id: JourneyId,
        journey: &Journey,
    ) -> Result<std::sync::Arc<Plan>, JourneyError> {
        let stored = |store: &dyn Store| Ok((super::versions(store)?, segments::all(store)?));
        let (versions, segments) = self.read(stored).await?;
        let newest = versions
            .iter()
            .rev()
            .find(|known| known.journey == id && known.version == journey.version);
        let Some(newest) = newest else {
            return Err(JourneyError::State {
                state: JourneyState::Draft,
                fix: "apply its definition again, it has none yet",
            });
        };
        super::compile(newest, &journey.numbering, &surroundings(&segments))
            .map_err(JourneyError::Faults)
    }
}

/// What the messages of a plan are called: in reports, or as the definition has it.
pub(super) fn names_in_use(plan: &Plan, reports: Option<&Catalogue>) -> Vec<MessageInUse> {
    let named = plan.steps().iter().filter_map(|step| {
        let written = step.name.as_deref()?;
        let of = NameOf {
            source: SourceKind::Campaign,
            source_id: u64::from(plan.journey.0),
            step_id: Some(step.number),
            variant_id: None,
        };
        let shown = reports.and_then(|reports| reports.name(&of));
        Some(MessageInUse {
            path: step.path.clone(),
            name: shown.unwrap_or(written).to_owned(),
        })
    });
    named.collect()
}

fn entry(
    id: JourneyId,
    journey: &Journey,
    call: &WaiverCall,
    now: Timestamp,
) -> Result<Waiver, WaiverError> {
    let next = journey.version + 1;
    let version = match call.versions {
        Versions::All => None,
        Versions::Newest => Some(journey.version),
        Versions::One(version) if (1..=next).contains(&version) => Some(version),
        Versions::One(_) => {
            let fix = format!(
                "there are versions 1 to {}, and {next} is next",
                journey.version
            );
            let field = "version";
            return Err(WaiverError::Invalid { field, fix });
        }
    };
    Ok(Waiver {
        journey: id,
        requirement: call.requirement,
        action: call.action,
        version,
        reason: said("reason", &call.reason, REASON_MAX)?,
        by: said("by", &call.author.by, BY_MAX)?,
        key: call.author.key,
        at: now,
    })
}

fn said(field: &'static str, text: &str, most: usize) -> Result<String, WaiverError> {
    let text = text.trim();
    let fix = if text.is_empty() {
        format!("say it in words, in at most {most} characters")
    } else if text.chars().count() > most {
        format!("write at most {most} characters")
    } else {
        return Ok(text.to_owned());
    };
    Err(WaiverError::Invalid { field, fix })
}

/// Whether a waiver is in force that a withdrawal would end.
fn is_waived(log: &[Waiver], withdrawal: &Waiver) -> bool {
    let requirement = withdrawal.requirement;
    match withdrawal.version {
        Some(version) => in_force(log, requirement, version)
            .is_some_and(|waiver| waiver.version == Some(version)),
        // For all versions, whichever it is about.
        None => log.iter().any(|entry| {
            let version = entry.version.unwrap_or(0);
            entry.requirement == requirement && in_force(log, requirement, version).is_some()
        }),
    }
}
