//! Reacting to what was decided, in the same transaction: what inputs mean for segments and journeys.
//!
//! The rules of the domain decide an input; the reactor looks at what that changed (activities of people,
//! news of deliveries, merges), keeps counts and memberships current, and moves the runs of journeys. What
//! a run wants done (send, set attributes, emit an event) is decided by the same rules at once, and what
//! that changes is reacted to again, until nothing is left to do.
//!
//! Pure except for one thing: now and then it reads from the store what nobody could know to load before.
//! The batch is committed only if nobody else committed since it was loaded, so what it reads is what the
//! batch is decided on.

mod absorb;
mod ahead;
mod dates;
mod door;
mod effects;
mod hand_over;
mod history;
mod interests;
pub(crate) mod memory;
mod merge;
pub(crate) mod recompute;
mod runs;
mod stir;

use std::collections::hash_map::Entry;
use std::sync::Arc;

use landfall_audience::{MessageLabel, Touched};
use landfall_domain::activity::Activity;
use landfall_domain::decide::Taken;
use landfall_domain::ids::{MessageKey, PersonKey};
use landfall_domain::input::{Body, Input};
use landfall_domain::person::Standing;
use landfall_domain::run::{Look, RunInput};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{LogMark, WorkingSet};
use landfall_journey::chance::Salt;
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashMap;

use crate::catalogue::Catalogue;
use crate::interests::Interests;
use crate::live::Live;
use crate::workspace::Workspace;
pub(crate) use memory::Memory;
use stir::Stir;

/// How often in a row what journeys do may start runs. Journeys that start each other without a delay would
/// go on for ever; after this many rounds events are still stored and told to runs that are under way, but
/// start nothing. Runs have ends, so that ends.
const ROUNDS_MAX: usize = 32;

/// Reacts to the inputs of one batch.
pub(crate) struct Reactor {
    live: Arc<Live>,
    catalogue: Arc<Catalogue>,
    store: Arc<dyn Store>,
    salt: Salt,
    fixed_share: Option<u32>,
    now: Timestamp,
    /// Boxed, and what was looked at ahead too: a table of large values is made of fresh memory in each batch.
    minds: FxHashMap<PersonKey, Box<Mind>>,
    labels: FxHashMap<MessageKey, MessageLabel>,
    interests: Arc<Interests>,
    /// Who was looked at before the batch was decided.
    ahead: FxHashMap<PersonKey, Box<Mind>>,
    /// Whose memberships have to be looked at.
    stirred: Vec<PersonKey>,
    /// What journeys have to be told of.
    stirs: Vec<Stir>,
    /// Whether nobody may enter any more: journeys keep starting each other.
    shut: bool,
}

/// What is remembered about a person, while a batch lasts.
#[derive(Default)]
struct Mind {
    memory: Memory,
    changed: bool,
    touched: Touched,
    /// What was found ahead when everything was looked at; the memory is as it is afterwards.
    reviewed: Option<ahead::Reviewed>,
    /// Inputs that were counted ahead, where journeys look for interest in products in them.
    interesting: Vec<Activity>,
}

impl Reactor {
    /// For a batch at `now`; `None`: nothing reacts.
    pub(crate) fn new(workspace: &Workspace, live: Arc<Live>, now: Timestamp) -> Option<Self> {
        live.reacts.then(|| Self {
            live,
            catalogue: workspace.catalogue(),
            store: Arc::clone(workspace.store()),
            salt: workspace.shared.salt,
            fixed_share: workspace.shared.fixed_share,
            now,
            minds: FxHashMap::default(),
            labels: FxHashMap::default(),
            interests: Arc::clone(&workspace.shared.interests),
            ahead: FxHashMap::default(),
            stirred: Vec::new(),
            stirs: Vec::new(),
            shut: false,
        })
    }

    /// Reacts to an input that was decided: `taken` is what became of it, and `mark` where the batch stood
    /// before.
    ///
    /// # Errors
    /// When what is stored about a person or a run cannot be read.
    pub(crate) fn react(
        &mut self,
        set: &mut WorkingSet,
        input: &Input,
        taken: Taken,
        mark: LogMark,
    ) -> Result<(), StoreError> {
        let mut mark = mark;
        for (from, into) in set.moved_since(mark).to_vec() {
            self.merge(set, from, into)?;
        }
        match &input.body {
            // The rules know nothing of runs, so it is here that a second copy does nothing.
            Body::Run(_) if taken == Taken::Duplicate => {}
            Body::Run(input) => self.take_prompt(set, input)?,
            Body::Claim { work, .. } => self.note_claim(set, *work)?,
            Body::Conclude(conclusion) => self.forget_claim(set, conclusion.work)?,
            _ => {}
        }
        for round in 1.. {
            let next = set.log_len();
            self.absorb(set, mark)?;
            self.review(set)?;
            if self.stirs.is_empty() {
                break;
            }
            if round == ROUNDS_MAX {
                tracing::warn!("journeys keep starting each other: nobody enters any more for now");
                self.shut = true;
            }
            mark = next;
            for stir in std::mem::take(&mut self.stirs) {
                self.take(set, stir)?;
            }
        }
        self.shut = false;
        Ok(())
    }

    /// Ends the batch: what is remembered goes back into the working set.
    pub(crate) fn finish(self, set: &mut WorkingSet) {
        for (person, mind) in self.minds {
            if mind.changed {
                set.put_profile(mind.memory.row(person));
            }
        }
    }

    fn take_prompt(&mut self, set: &WorkingSet, input: &RunInput) -> Result<(), StoreError> {
        match input {
            RunInput::Review { person, look } => {
                if *look == Look::Recount && !self.take_ahead(set, *person)? {
                    self.recount(set, *person)?;
                }
                if *look != Look::Due {
                    self.mind(set, *person)?.touched.add_whole();
                }
                self.stirred.push(*person);
            }
            RunInput::Turn {
                person,
                journey,
                at,
            } => {
                if set.person(*person).is_some_and(|person| person.is_known()) {
                    let mind = self.mind(set, *person)?;
                    mind.memory.take_turn(*journey, *at);
                    mind.changed = true;
                    self.stirred.push(*person);
                }
            }
            RunInput::Wake { run } => self.stirs.push(Stir::Wake(*run)),
            RunInput::Recompute { run } => self.stirs.push(Stir::Recompute(*run)),
            RunInput::End { run, cause } => self.stirs.push(Stir::End(*run, *cause)),
            RunInput::Enter {
                journey,
                who,
                event,
                data,
                ..
            } => {
                if let Some(person) = set.person_of(who) {
                    let event = Arc::new(stir::event_of(event, data, self.now));
                    self.stirs.push(Stir::Enter(person, *journey, event));
                }
            }
        }
        Ok(())
    }

    /// What is remembered about a loaded person.
    fn mind(&mut self, set: &WorkingSet, person: PersonKey) -> Result<&mut Mind, StoreError> {
        if let Entry::Vacant(place) = self.minds.entry(person) {
            let memory = set.profile(person).map(Memory::of).transpose();
            let damaged = memory.as_ref().err().map(ToString::to_string);
            let mind = Mind {
                memory: memory.ok().flatten().unwrap_or_default(),
                ..Mind::default()
            };
            place.insert(Box::new(mind));
            if let Some(damage) = damaged {
                tracing::error!(person = person.0, %damage, "a profile is counted anew");
                self.remember_anew(set, person)?;
            }
        }
        Ok(self.minds.entry(person).or_default())
    }

    /// Counts a profile that cannot be read anew from the person's history, so that others go on and the person
    /// does too. Triggers that waited for a login, and dates until they are looked at, are lost with it.
    fn remember_anew(&mut self, set: &WorkingSet, person: PersonKey) -> Result<(), StoreError> {
        let runs = self.store.runs_of(person)?;
        self.recount(set, person)?;
        let mind = self.minds.entry(person).or_default();
        for run in runs {
            mind.memory.note_start(run.journey, run.started_at);
        }
        mind.changed = true;
        mind.touched.add_whole();
        self.stirred.push(person);
        Ok(())
    }

    /// A message with its name as it is now.
    fn label(&mut self, set: &WorkingSet, key: MessageKey) -> Option<&MessageLabel> {
        if let Entry::Vacant(place) = self.labels.entry(key) {
            let message = set.message_of(key)?;
            let name = self.catalogue.message_name(message).to_string();
            place.insert(MessageLabel::new(message.clone(), &name));
        }
        self.labels.get(&key)
    }

    /// Brings memberships up to what was touched.
    fn review(&mut self, set: &mut WorkingSet) -> Result<(), StoreError> {
        let live = Arc::clone(&self.live);
        let now = self.now;
        while let Some(key) = self.stirred.pop() {
            let Some(person) = set.person(key).cloned() else {
                continue;
            };
            let mind = self.mind(set, key)?;
            let due = mind.memory.due().is_some_and(|due| due <= now);
            if mind.touched.is_nothing() && !due {
                continue;
            }
            mind.changed = true;
            let touched = std::mem::take(&mut mind.touched);
            if matches!(person.standing, Standing::Deleted | Standing::Merged(_)) {
                let gone = std::mem::take(mind).memory;
                merge::leave_all(set, key, &gone);
                set.forget_profile(key);
                continue;
            }
            let pending = match person.is_known() {
                true => std::mem::take(&mut mind.memory.pending),
                false => Vec::new(),
            };
            let profile = &mut mind.memory.profile;
            let reviewed = mind.reviewed.take();
            let reviewed = reviewed.unwrap_or_else(|| ahead::Reviewed {
                gone: ahead::gone(&live, profile),
                changes: live
                    .segments
                    .review(&person, profile, &touched, now, &live.zone),
            });
            for segment in reviewed.gone {
                set.set_membership(segment, key, false);
            }
            for change in reviewed.changes {
                set.set_membership(change.segment, key, change.entered);
                self.stirs
                    .push(Stir::Segment(key, change.segment, change.entered));
            }
            let pending = pending.iter();
            self.stirs.extend(
                pending.map(|pending| Stir::Enter(key, pending.journey, Arc::new(pending.event()))),
            );
            let dates = dates::come(&live, &person, &mut self.mind(set, key)?.memory, now);
            let dates = dates.into_iter();
            self.stirs
                .extend(dates.map(|(journey, at)| Stir::Date(key, journey, at)));
            if !touched.is_nothing() {
                self.stirs.push(Stir::Changed(key, touched));
            }
        }
        Ok(())
    }
}
