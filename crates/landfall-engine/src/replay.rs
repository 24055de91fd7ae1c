//! Living a person's runs again from what is stored about the person: the same rules and the same inputs must
//! leave the same trace, byte for byte; with changed facts they show what would have become of it.
//!
//! A row of a trace says what the run was told, and when. What was known about the person then is folded from
//! stored inputs and facts anew. Of what came in the very same moment some came before and some after, and two
//! records may have been alike until they were merged: every way that gives the stored row is followed, and
//! where none does, the row differs.

mod past;

use std::sync::Arc;

use landfall_domain::ids::RunKey;
use landfall_domain::run::{RunRow, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_journey::replay::{Heard, Telling};
use landfall_journey::what_if::{Change, Row, SentInTruth, Told, what_if};
use landfall_journey::{Outcome, Run, Setting, Trace, recompute};
use landfall_store::{Store, StoreError};

use self::past::{History, Prefix};
use crate::catalogue::Catalogue;
use crate::live::Live;
use crate::workspace::Workspace;

/// Ways that are followed at the same time, at most.
const WAYS_MAX: usize = 64;

/// A run that was lived again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Which run.
    pub run: RunRow,
    /// Its rows, oldest first.
    pub rows: Vec<Replayed>,
    /// The other way, when facts were changed.
    pub other: Option<Vec<Row>>,
}

/// A row of a trace, as it is stored and as it comes out again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// When it happened.
    pub at: Timestamp,
    /// As it is stored.
    pub stored: Trace,
    /// As it comes out again; `None`: the row does not say what the run was told, because an earlier version of
    /// the program wrote it, or nobody would be let in.
    pub again: Option<Trace>,
    /// Whether both are the same, byte for byte.
    pub same: bool,
}

impl Replay {
    /// Whether every row came out the same.
    pub fn is_same(&self) -> bool {
        self.rows.iter().all(|row| row.same)
    }
}

impl Workspace {
    /// Lives a run again, and once more with changed facts when there are any. `None`: there is no such run, or
    /// its journey is not there.
    ///
    /// # Errors
    /// When the store cannot be read, or the run is damaged.
    pub async fn replay(
        &self,
        run: RunKey,
        changes: Vec<Change>,
    ) -> Result<Option<Replay>, StoreError> {
        let (live, catalogue) = (self.live(), self.catalogue());
        let (salt, fixed_share) = (self.shared.salt, self.shared.fixed_share);
        self.read(move |store| {
            let Some(row) = store.run(run)? else {
                return Ok(None);
            };
            let stage = Stage {
                store,
                live: &live,
                catalogue: &catalogue,
                salt,
                fixed_share,
            };
            stage.replay(row, &changes)
        })
        .await
    }
}

/// What replays need.
struct Stage<'a> {
    store: &'a dyn Store,
    live: &'a Arc<Live>,
    catalogue: &'a Arc<Catalogue>,
    salt: landfall_journey::chance::Salt,
    fixed_share: Option<u32>,
}

impl Stage<'_> {
    fn replay(&self, row: RunRow, changes: &[Change]) -> Result<Option<Replay>, StoreError> {
        let Some(live) = self.live.plan(row.journey, row.version) else {
            return Ok(None);
        };
        let traces = self.store.traces(row.key)?;
        let mut lives = History::all_of(self.store, row.person)?;
        let mut life = Life {
            stage: self,
            plan: &live.plan,
            key: row.key,
            ways: vec![Way::default()],
            truth: Vec::new(),
        };
        let mut rows = Vec::with_capacity(traces.len());
        for trace in &traces {
            rows.push(life.lives_again(trace, &lives)?);
        }
        let truth = std::mem::take(&mut life.truth);
        let other = match (changes.is_empty(), life.owner()) {
            (true, _) | (_, None) => None,
            (false, Some(owner)) => {
                let mut history = lives.swap_remove(owner);
                history.change(changes, truth.first().map(|told| told.at));
                let person = history.first_person();
                let Some(person) = person else {
                    return Ok(None);
                };
                let mut past = past::Changed {
                    stage: self,
                    history,
                };
                let profile = landfall_audience::Profile::default();
                let goal = None;
                let suppressed = person.suppressed_channels();
                let setting = Setting {
                    suppressed: &suppressed,
                    topic_opt_in: self.asks_for_a_yes(&live.plan),
                    ..self.setting(&person, &profile, row.key, Timestamp::EPOCH, goal)
                };
                Some(what_if(&live.plan, &setting, &truth, changes, &mut past))
            }
        };
        Ok(Some(Replay {
            run: row,
            rows,
            other,
        }))
    }

    fn asks_for_a_yes(&self, plan: &landfall_journey::Plan) -> bool {
        let topic = plan.definition.topic.as_deref();
        topic.is_some_and(|topic| self.live.asks_for_a_yes(topic))
    }

    fn setting<'s>(
        &'s self,
        person: &'s landfall_domain::person::Person,
        profile: &'s landfall_audience::Profile,
        run: RunKey,
        now: Timestamp,
        goal: Option<&'s landfall_journey::definition::Goal>,
    ) -> Setting<'s> {
        Setting {
            person,
            profile,
            now,
            policy: &self.live.policy,
            zone: &self.live.zone,
            run,
            salt: &self.salt,
            goal,
            topic_opt_in: false,
            suppressed: &[],
            // What else was being handed over then is not kept: it matters to caps only, within a moment.
            in_flight: &[],
            fixed_share: self.fixed_share,
            held: &[],
            explain: true,
        }
    }
}

/// A run on its way a second time.
struct Life<'a> {
    stage: &'a Stage<'a>,
    plan: &'a landfall_journey::Plan,
    key: RunKey,
    /// Every way that it may have come here: of what came in one moment, and of records that were alike, only
    /// later rows may tell.
    ways: Vec<Way>,
    truth: Vec<Told>,
}

/// One way that a run may have come.
#[derive(Clone, Debug, Default, PartialEq)]
struct Way {
    run: Option<Run>,
    /// Whose it is, by place among the histories: runs follow merges.
    owner: Option<usize>,
    /// How much of the owner's history it has seen.
    reached: Prefix,
}

/// A way that goes on, with what came of it.
type Step = (Way, Outcome);

impl Life<'_> {
    fn owner(&self) -> Option<usize> {
        self.ways.first()?.owner
    }

    fn lives_again(
        &mut self,
        stored: &TraceRow,
        lives: &[History],
    ) -> Result<Replayed, StoreError> {
        let trace: Trace = serde_json::from_slice(&stored.body)
            .map_err(|error| StoreError::corrupt("traces", stored.run.0, error))?;
        let unlike = |trace| Replayed {
            at: stored.at,
            stored: trace,
            again: None,
            same: false,
        };
        let Some(telling) = Telling::of(&trace) else {
            return Ok(unlike(trace));
        };
        let (mut same, mut other) = (Vec::new(), None);
        for way in &self.ways {
            let last = self.go_on(way, stored, &telling, lives, &mut same)?;
            other = other.or(last);
        }
        let is_same = !same.is_empty();
        if !is_same {
            same.extend(other);
        }
        let Some((_, outcome)) = same.first() else {
            return Ok(unlike(trace));
        };
        let (sent, again) = (SentInTruth::of(outcome), outcome.trace.clone());
        self.ways = same.into_iter().map(|(way, _)| way).collect();
        self.truth.push(Told {
            at: stored.at,
            telling,
            sent,
        });
        Ok(Replayed {
            at: stored.at,
            stored: trace,
            again: Some(again),
            same: is_same,
        })
    }

    /// Tells a run the same with what one record's history may have held at that moment: each prefix of what
    /// came in the very moment that gives the same row is a way to go on. Answers what comes of the whole
    /// history when none does.
    fn go_on(
        &self,
        way: &Way,
        stored: &TraceRow,
        telling: &Telling,
        lives: &[History],
        same: &mut Vec<Step>,
    ) -> Result<Option<Step>, StoreError> {
        // At the door and at each merge it may be another record's.
        let moves = matches!(telling.heard, Heard::Enter(_) | Heard::Adopt);
        let owners = match (moves, way.owner) {
            (false, Some(owner)) => owner..owner + 1,
            _ => 0..lives.len(),
        };
        let mut other = None;
        for owner in owners {
            let history = &lives[owner];
            let start = match way.owner == Some(owner) {
                true => way.reached,
                false => history.before(stored.at),
            };
            let mut last = None;
            for prefix in history.prefixes(start, stored.at) {
                if same.len() >= WAYS_MAX {
                    break;
                }
                let Some(step) = self.try_with(way, stored, telling, (owner, history), prefix)?
                else {
                    continue;
                };
                let bytes = serde_json::to_vec(&step.1.trace).unwrap_or_default();
                if bytes != stored.body {
                    last = Some(step);
                } else if same.iter().all(|(known, _)| *known != step.0) {
                    same.push(step);
                }
            }
            other = other.or(last);
        }
        Ok(other)
    }

    fn try_with(
        &self,
        way: &Way,
        stored: &TraceRow,
        telling: &Telling,
        (owner, history): (usize, &History),
        reached: Prefix,
    ) -> Result<Option<Step>, StoreError> {
        let Some((person, profile)) = history.fold(self.stage, reached, stored.at)? else {
            return Ok(None);
        };
        let told = self.tell(
            way.run.as_ref(),
            telling,
            stored.at,
            (&person, &profile),
            (history, reached),
        );
        Ok(told.map(|(run, outcome)| {
            let way = Way {
                run: Some(run),
                owner: Some(owner),
                reached,
            };
            (way, outcome)
        }))
    }

    fn tell(
        &self,
        run: Option<&Run>,
        telling: &Telling,
        now: Timestamp,
        (person, profile): (
            &landfall_domain::person::Person,
            &landfall_audience::Profile,
        ),
        (history, prefix): (&History, Prefix),
    ) -> Option<(Run, Outcome)> {
        let live = &self.stage.live;
        let version = match &telling.heard {
            Heard::Recompute(version) => Some(*version),
            _ => run.and_then(Run::measured_by),
        };
        let measured = version.and_then(|version| live.plan(self.plan.journey, version));
        let goal = measured.and_then(|measured| measured.plan.definition.goal.as_ref());
        let suppressed = person.suppressed_channels();
        let setting = |goal| Setting {
            suppressed: &suppressed,
            topic_opt_in: self.stage.asks_for_a_yes(self.plan),
            ..self.stage.setting(person, profile, self.key, now, goal)
        };
        if let Heard::Recompute(version) = &telling.heard {
            let mut run = run?.clone();
            let goal = goal?;
            let happened = history.happened(prefix, &run, profile, goal);
            let bare = setting(None);
            let outcome = recompute(self.plan, goal, *version, &mut run, &bare, &happened);
            return Some((run, outcome));
        }
        telling.again(self.plan, run, &setting(goal))
    }
}
