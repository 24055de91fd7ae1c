//! Experiments of a workspace: the tests, splits and holdouts of its journeys, read from what runs noted.
//!
//! A run notes the arm that chance gave its person, and when ([`landfall_journey::Assigned`]); everything else
//! about the person is read from the same run, so that both arms are read alike whether or not anything was
//! sent. What it means is decided in [`landfall_insight::experiments`].

mod count;
mod guard;
mod health;
mod power;
mod slices;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_board::QueryError;
use landfall_domain::ids::JourneyId;
use landfall_domain::time::{MINUTE_MS, Timestamp};
use landfall_insight::experiments::{
    Arm, Experiment, Guardrail, OnTrouble, Report, Resume, Span, report,
};
use landfall_journey::trial::{Trial, trials};
use landfall_journey::{OnHold, Plan};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::journeys::{self, Journey, JourneyState};
use crate::live::Live;
use crate::workspace::Workspace;

pub use count::Counted;
pub use guard::{GUARD_EVERY_MS, Guarded};
pub use power::{Baseline, baseline};
pub use verdict::{Verdict, VerdictKind};

/// How an experiment is judged and guarded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Probability of ever claiming an effect that is not there, above 0 and at most 0.5.
    pub alpha: f64,
    /// People that are planned; intervals are tightest there.
    pub planned: u64,
    /// What becomes of new people while it is held.
    pub on_trouble: OnTrouble,
    /// Minutes for which delivery must have been healthy before it goes on.
    pub resume_minutes: i64,
    /// Messages that must have been seen in that time.
    pub resume_cases: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            planned: 10_000,
            on_trouble: OnTrouble::ToControl,
            resume_minutes: 60,
            resume_cases: 50,
        }
    }
}

impl Settings {
    /// What is wrong with them, as the field and a sentence.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Some(("alpha", "write a number above 0 and at most 0.5"));
        }
        if self.planned < 100 {
            return Some(("planned", "write at least 100 people"));
        }
        if !(1..=43_200).contains(&self.resume_minutes) {
            return Some(("resume_minutes", "write 1 to 43200 minutes"));
        }
        None
    }

    fn resume(&self) -> Resume {
        Resume {
            healthy_ms: self.resume_minutes * MINUTE_MS,
            cases: self.resume_cases,
        }
    }
}

/// What is stored about an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    journey: JourneyId,
    step: String,
    settings: Settings,
    guardrail: Guardrail,
    /// When delivery was looked at last.
    looked_at: Option<Timestamp>,
    /// The amount up to which a person's revenue counts, fixed when people were first counted.
    cap: Option<f64>,
}

impl Kept {
    fn new(journey: JourneyId, step: &str, settings: Settings) -> Self {
        Self {
            journey,
            step: step.to_owned(),
            guardrail: Guardrail::new(settings.on_trouble, settings.resume()),
            settings,
            looked_at: None,
            cap: None,
        }
    }

    fn read(document: &Document) -> Result<Self, StoreError> {
        serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))
    }

    fn put(&self, store: &dyn Store, document: Option<u32>) -> Result<(), StoreError> {
        // Texts and numbers only.
        let body = serde_json::to_string(self).unwrap_or_default();
        match document {
            Some(id) => store
                .replace_document(DocumentKind::Experiment, id, &body)
                .map(drop),
            None => store
                .insert_document(DocumentKind::Experiment, &body)
                .map(drop),
        }
    }
}

/// What is stored, with the numbers of the documents, by journey and step.
type AllKept = BTreeMap<(JourneyId, String), (u32, Kept)>;

fn all_kept(store: &dyn Store) -> Result<AllKept, StoreError> {
    let documents = store.documents(DocumentKind::Experiment)?;
    let kept = documents.iter().map(|document| {
        let kept = Kept::read(document)?;
        Ok(((kept.journey, kept.step.clone()), (document.id, kept)))
    });
    kept.collect()
}

/// The tests that are held now, by journey: numbers of steps, and what becomes of new people.
pub(crate) fn held_now(
    store: &dyn Store,
    number: impl Fn(JourneyId, &str) -> Option<u64>,
) -> Result<BTreeMap<JourneyId, Vec<(u64, OnHold)>>, StoreError> {
    let mut held: BTreeMap<JourneyId, Vec<(u64, OnHold)>> = BTreeMap::new();
    for ((journey, step), (_, kept)) in all_kept(store)? {
        let Some(number) = number(journey, &step).filter(|_| kept.guardrail.hold.is_some()) else {
            continue;
        };
        let on = match kept.settings.on_trouble {
            OnTrouble::ToControl => OnHold::ToControl,
            OnTrouble::Pause => OnHold::Pause,
        };
        held.entry(journey).or_default().push((number, on));
    }
    Ok(held)
}

/// An experiment: a trial of a journey's newest version.
#[derive(Clone, Debug)]
pub struct Design {
    /// Its journey's slug, a colon, and its step's slug.
    pub id: String,
    /// The journey.
    pub journey: JourneyId,
    /// The same, as stored.
    pub stored: Journey,
    /// The trial of the newest version.
    pub trial: Trial,
    plans: Vec<(Arc<Plan>, Trial)>,
}

impl Design {
    /// How long after the assignment the goal counts, in milliseconds; `None`: the journey has no goal.
    pub fn window_ms(&self) -> Option<i64> {
        let (plan, _) = self.plans.last()?;
        let goal = plan.definition.goal.as_ref();
        goal.map(|goal| goal.within.millis())
    }

    fn of_version(&self, version: u32) -> Option<&Trial> {
        let mut plans = self.plans.iter();
        plans
            .find(|(plan, _)| plan.version == version)
            .map(|(_, trial)| trial)
    }
}

/// The experiments of the newest versions of all journeys, by journey and place in the file. People who came
/// to an earlier version count as long as it divided them in the same way.
fn designs(store: &dyn Store, live: &Live) -> Result<Vec<Design>, StoreError> {
    let mut found = Vec::new();
    for (id, journey) in journeys::all(store)? {
        let Some(newest) = live.newest(id) else {
            continue;
        };
        for trial in trials(&newest.plan) {
            let mut plans = Vec::new();
            for version in (1..=journey.version).rev() {
                let Some(plan) = live.plan(id, version).map(|live| Arc::clone(&live.plan)) else {
                    continue;
                };
                let same = trials(&plan).into_iter().find(|t| t.step == trial.step);
                match same.filter(|same| same.divides_as(&trial)) {
                    Some(same) => plans.push((plan, same)),
                    None => break,
                }
            }
            plans.reverse();
            found.push(Design {
                id: format!("{}:{}", journey.slug, trial.step),
                journey: id,
                stored: journey.clone(),
                trial,
                plans,
            });
        }
    }
    Ok(found)
}

/// What is known about an experiment.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is.
    pub design: Design,
    /// How it is judged.
    pub settings: Settings,
    /// Its guardrail.
    pub guardrail: Guardrail,
    /// Its people, by arm.
    pub counted: Counted,
    /// The result.
    pub report: Report,
    /// The result in a sentence.
    pub verdict: Verdict,
}

impl Known {
    /// `draft`, `running`, `held`, `paused` or `stopped`.
    pub fn state(&self) -> &'static str {
        match self.design.stored.state {
            JourneyState::Running if self.guardrail.hold.is_some() => "held",
            state => state.name(),
        }
    }
}

/// Why an experiment is not told.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// There is no such experiment.
    #[error("there is no experiment `{0}`: `landfall experiments list` lists all")]
    Missing(String),
    /// The settings contradict themselves.
    #[error("{0}: {1}")]
    Settings(&'static str, &'static str),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The board refused a question.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Workspace {
    /// Every experiment with its result, or the one of that id.
    ///
    /// # Errors
    /// When there is none of that id, or the store cannot be read.
    pub async fn experiments(&self, id: Option<String>) -> Result<Vec<Known>, ExperimentError> {
        let workspace = self.clone();
        let known = tokio::task::spawn_blocking(move || {
            let (live, store) = (workspace.live(), workspace.store().as_ref());
            let mut designs = designs(store, &live)?;
            if let Some(id) = id {
                designs.retain(|design| design.id == id);
                if designs.is_empty() {
                    return Err(ExperimentError::Missing(id));
                }
            }
            let mut kept = all_kept(store)?;
            let known = designs.into_iter().map(|design| {
                let place = (design.journey, design.trial.step.clone());
                let kept = kept.remove(&place);
                workspace.known(design, kept.map(|(_, kept)| kept))
            });
            known.collect()
        });
        known.await.map_err(StoreError::unavailable)?
    }

    fn known(&self, design: Design, kept: Option<Kept>) -> Result<Known, ExperimentError> {
        let kept = kept
            .unwrap_or_else(|| Kept::new(design.journey, &design.trial.step, Settings::default()));
        let now = self.now();
        let mut counted = count::count(
            self.store().as_ref(),
            &design,
            &kept.guardrail,
            kept.cap,
            now,
        )?;
        let excluded = kept.guardrail.excluded_at(now);
        let board = self.board().view();
        let catalogue = self.catalogue();
        let counts = slices::slices(&board, catalogue.infos(), &design, &counted, &excluded, now)?;
        for (arm, strata) in counted.arms.iter_mut().zip(counts.strata) {
            arm.strata = strata;
        }
        let report = judge(&counted.arms, counts.slices, &kept.settings, excluded);
        let verdict = verdict::verdict(&design, &counted, &report);
        Ok(Known {
            design,
            settings: kept.settings,
            guardrail: kept.guardrail,
            counted,
            report,
            verdict,
        })
    }

    /// Changes how an experiment is judged and guarded.
    ///
    /// # Errors
    /// When there is no such experiment, or a setting is out of its range.
    pub async fn set_experiment(
        &self,
        id: &str,
        settings: Settings,
    ) -> Result<(), ExperimentError> {
        if let Some((field, wrong)) = settings.fault() {
            return Err(ExperimentError::Settings(field, wrong));
        }
        let _one_at_a_time = self.shared.defining.lock().await;
        let (live, wanted) = (self.live(), id.to_owned());
        let done = self.read(move |store| {
            let design = designs(store, &live)?.into_iter().find(|d| d.id == wanted);
            let Some(design) = design else {
                return Ok(false);
            };
            let place = (design.journey, design.trial.step.clone());
            let known = all_kept(store)?.remove(&place);
            let (document, kept) = known.unzip();
            let mut kept = kept.unwrap_or_else(|| Kept::new(place.0, &place.1, settings.clone()));
            kept.guardrail.on_trouble = settings.on_trouble;
            kept.guardrail.resume = settings.resume();
            kept.settings = settings;
            kept.put(store, document)?;
            Ok(true)
        });
        if !done.await? {
            return Err(ExperimentError::Missing(id.to_owned()));
        }
        Ok(self.reload_live().await?)
    }
}

fn judge(
    arms: &[Arm],
    slices: Vec<landfall_insight::experiments::Slice>,
    settings: &Settings,
    excluded: Vec<Span>,
) -> Report {
    report(&Experiment {
        arms: arms.to_vec(),
        slices,
        alpha: settings.alpha,
        planned: settings.planned,
        excluded,
    })
}
