//! How long tokens live: learned once a day from what the ledger and people's inputs tell, and asked of devices
//! and of segments.
//!
//! What was learned is one document, so a restart changes nothing. It is learned from at most 20,000 people with
//! devices, evenly spread over everybody, page by page and beside the intake.

mod devices;
mod lesson;
mod lives;
mod reach;

pub use devices::DeviceLiveness;
pub(crate) use lesson::learned;
pub(crate) use lives::receipts;
pub use reach::SegmentReach;

use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::rate::Interval;
use landfall_insight::survival::{
    Calibration, Cell, Curve, End, Estimate, Evidence, Kind, Life, Model, Observed, Row, held_out,
    interval_of, kaplan_meier,
};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::workspace::{Rebuild, Workspace};

/// Most people whose tokens are learned from.
const PEOPLE_MAX: usize = 20_000;
/// People who are read in one go.
const PAGE: usize = 200;
/// Days that are held back to see whether what is expected comes true.
pub const HELD_OUT_DAYS: u32 = 30;
/// Ages of tokens, in days, at which the curve of survival is told.
const AGES: [u32; 10] = [1, 7, 14, 30, 60, 90, 120, 180, 270, 365];

/// What was learned of how long tokens live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survival {
    /// When.
    pub learned_at: Timestamp,
    /// People whose tokens were looked at.
    pub people: u64,
    /// By platform.
    pub platforms: Vec<PlatformSurvival>,
    /// Probabilities by kind of tokens, platforms before their refinements.
    pub kinds: Vec<KindSurvival>,
    /// How many tokens should have shown life in the last 30 days, by what was known before, and how many did.
    pub calibration: Option<Calibration>,
}

/// What was learned of one platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformSurvival {
    /// The platform.
    pub platform: String,
    /// From what it was learned.
    pub evidence: Evidence,
    /// The share of tokens that their provider still takes, by their age.
    pub ages: Vec<AgePoint>,
}

/// Tokens of an age.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgePoint {
    /// The age in days.
    pub days: u32,
    /// The share that gets so old without being rejected (Kaplan and Meier).
    pub survival: f64,
    /// Its 95 % interval; `None`: none was rejected yet.
    pub interval: Option<Interval>,
}

/// Probabilities of one kind of tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindSurvival {
    /// The platform.
    pub platform: String,
    /// Whether they report receipts; `None`: all of the platform.
    pub reports: Option<bool>,
    /// The app version; `None`: all.
    pub app_version: Option<String>,
    /// By silence.
    pub rows: Vec<Row>,
}

impl Survival {
    /// Of lives, as they are known at a moment.
    fn of(lives: &[Life], people: u64, now: Timestamp) -> Self {
        let as_of = days(now);
        let model = Model::learn(lives, as_of);
        let platforms = model.evidence().iter().map(|(platform, evidence)| {
            let own = lives.iter().filter(|life| life.platform == *platform);
            PlatformSurvival {
                platform: platform.to_string(),
                evidence: *evidence,
                ages: match evidence.suffices() {
                    true => ages(own),
                    false => Vec::new(),
                },
            }
        });
        let kinds = model.tables().iter().map(|(cell, table)| {
            let Cell {
                platform,
                reports,
                app_version,
            } = cell;
            KindSurvival {
                platform: platform.to_string(),
                reports: *reports,
                app_version: app_version.as_deref().map(str::to_owned),
                rows: table.rows.clone(),
            }
        });
        Self {
            learned_at: now,
            people,
            platforms: platforms.collect(),
            kinds: kinds.collect(),
            calibration: held_out(lives, as_of, f64::from(HELD_OUT_DAYS)),
        }
    }

    /// The probability that a token of a kind is alive after so long a silence; `None`: too little is known.
    pub fn alive(&self, kind: &Kind, silent_days: f64) -> Option<Estimate> {
        let finer = |one: &&KindSurvival| {
            *one.platform == *kind.platform
                && one.reports.is_none_or(|reports| reports == kind.reports)
                && (one.app_version.is_none()
                    || one.app_version.as_deref() == kind.app_version.as_deref())
        };
        let rank = |one: &&KindSurvival| (one.app_version.is_some(), one.reports.is_some());
        let finest = self.kinds.iter().filter(finer).max_by_key(rank)?;
        finest.rows.get(interval_of(silent_days))?.alive
    }

    /// Reads what was learned last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(store: &(impl Store + ?Sized)) -> Result<Option<Self>, StoreError> {
        let stored = store.documents(DocumentKind::TokenSurvival)?;
        stored.first().map(parsed).transpose()
    }

    fn keep(&self, store: &dyn Store) -> Result<(), StoreError> {
        const KIND: DocumentKind = DocumentKind::TokenSurvival;
        let known = store.documents(KIND)?;
        // Numbers and names only.
        let body = serde_json::to_string(self).unwrap_or_default();
        match known.first() {
            Some(known) => drop(store.replace_document(KIND, known.id, &body)?),
            None => drop(store.insert_document(KIND, &body)?),
        }
        Ok(())
    }
}

fn parsed(document: &Document) -> Result<Survival, StoreError> {
    serde_json::from_str(&document.body)
        .map_err(|error| StoreError::corrupt("documents", document.id, error))
}

/// A moment in days since the epoch.
fn days(at: Timestamp) -> f64 {
    at.millis() as f64 / DAY_MS as f64
}

/// The curve of survival by age. Ages are whole days: nobody asks for more, and it keeps the curve short.
fn ages<'a>(lives: impl Iterator<Item = &'a Life>) -> Vec<AgePoint> {
    let observed: Vec<Observed> = lives
        .filter_map(|life| {
            let born = life.signs.first()?.at;
            Some(Observed {
                // Seen from the start, also on its first day.
                entered: -1.0,
                until: (life.until - born).max(0.0).floor(),
                ended: life.end == End::Rejected,
            })
        })
        .collect();
    let oldest = observed.iter().map(|one| one.until).fold(0.0, f64::max);
    let curve = kaplan_meier(&observed);
    let at = |day: u32| {
        let step: Option<&Curve> = curve.iter().rev().find(|step| step.at <= f64::from(day));
        AgePoint {
            days: day,
            survival: step.map_or(1.0, |step| step.survival),
            interval: step.and_then(|step| step.interval(0.05)),
        }
    };
    let reached = AGES.into_iter().filter(|day| f64::from(*day) <= oldest);
    reached.map(at).collect()
}

impl Workspace {
    /// Learns how long tokens live, if that was not done in the last day; before anything is known, also when there
    /// are twice as many people with devices. While people are still being read
    /// nothing is learned. Answers whether it learned.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn keep_survival(&self) -> Result<bool, StoreError> {
        if self.rebuild() != Rebuild::Done {
            return Ok(false);
        }
        let now = self.now();
        let known = self.read(|store| Survival::read(store)).await?;
        let people = self.with_roster(|roster| roster.had_devices(PEOPLE_MAX));
        let looked_at = people.len() as u64;
        let fresh = |known: &Survival| {
            // A shop that has just begun need not wait for a day until something is known.
            let grown = known.kinds.is_empty() && looked_at >= 2 * known.people.max(1);
            now.since(known.learned_at) < DAY_MS && !grown
        };
        if known.as_ref().is_some_and(fresh) {
            return Ok(false);
        }
        let mut lives = Vec::new();
        for page in people.chunks(PAGE) {
            let page = page.to_vec();
            lives.extend(
                self.read(move |store| lives::of_people(store, &page, now))
                    .await?,
            );
        }
        let known = self
            .read(move |store| {
                let known = Survival::of(&lives, looked_at, now);
                known.keep(store)?;
                Ok(known)
            })
            .await?;
        self.teach(&known).await?;
        Ok(true)
    }

    /// What was learned last of how long tokens live; `None`: nothing yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn survival(&self) -> Result<Option<Survival>, StoreError> {
        self.read(|store| Survival::read(store)).await
    }
}
