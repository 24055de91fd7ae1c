//! What is live in a workspace: its data-driven segments and its journeys, compiled. One value, replaced
//! as a whole when a definition changes; a batch of inputs sees one and the same throughout.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use landfall_audience::definition::Fault;
use landfall_audience::{Cause, EventInHand, Liveness, Patterns, Policy, Segments, Zone};
use landfall_domain::activity::{Activity, EventKind, PersonInput};
use landfall_domain::ids::{JourneyId, SegmentId};
use landfall_domain::input::{Body, Input};
use landfall_domain::run::RunRow;
use landfall_domain::time::Timestamp;
use landfall_journey::definition::{DateTrigger, ProductTrigger, Schedule, Trigger};
use landfall_journey::{OnHold, Plan};
use landfall_store::{Store, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::experiments;
use crate::journeys::{self, JourneyState};
use crate::rules::SendingRules;
use crate::segments;
use crate::survival;
use crate::workspace::Workspace;

/// Everything that reacts to inputs.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Data-driven segments.
    pub(crate) segments: Segments,
    /// Their numbers.
    pub(crate) data_driven: BTreeSet<SegmentId>,
    /// What segments and journeys count.
    pub(crate) patterns: Patterns,
    /// The zone of people who have none.
    pub(crate) zone: Zone,
    /// The workspace's rules about sending.
    pub(crate) policy: Policy,
    /// How long tokens live, as far as it was learned.
    pub(crate) liveness: Arc<Liveness>,
    /// Topics that people get only after a yes.
    opt_in_topics: BTreeSet<String>,
    /// Whether journeys have rules of sending of their own.
    pub(crate) overrides: bool,
    /// Whether there is anything at all: without, inputs are not looked at twice.
    pub(crate) reacts: bool,
    journeys: BTreeMap<JourneyId, LiveJourney>,
    /// By the name of the event, where only events of one name are meant.
    by_event: FxHashMap<String, Vec<JourneyId>>,
    /// Whose events have names with wildcards.
    by_any_event: Vec<JourneyId>,
    by_segment: FxHashMap<(SegmentId, bool), Vec<JourneyId>>,
    /// Whose runs start at a date of the person.
    by_date: Vec<JourneyId>,
    /// Whose runs start at a moment for everybody.
    by_schedule: Vec<JourneyId>,
    /// Whose runs start with an event about a product.
    by_product: Vec<JourneyId>,
    /// Tests that are held, by the number of their step.
    held: BTreeMap<JourneyId, Vec<(u64, OnHold)>>,
}

/// A journey with all its versions.
#[derive(Debug)]
struct LiveJourney {
    state: JourneyState,
    newest: u32,
    versions: BTreeMap<u32, Arc<LivePlan>>,
}

/// A version of a journey, and what its runs have to be told of.
#[derive(Debug)]
pub(crate) struct LivePlan {
    pub(crate) plan: Arc<Plan>,
    /// What its conditions need.
    pub(crate) needs: FxHashSet<Cause>,
}

impl LivePlan {
    fn new(plan: Arc<Plan>) -> Self {
        let conditions = plan.conditions();
        let needs = conditions.iter().flat_map(|condition| condition.needs());
        Self {
            needs: needs.copied().collect(),
            plan,
        }
    }
}

impl LivePlan {
    /// Whether an event may end runs, meet the goal or take it back.
    pub(crate) fn listens_to(&self, event: &EventInHand) -> bool {
        let mut filters = self.plan.listens_to().into_iter();
        filters.any(|filter| filter.names(event.kind, &event.name))
    }

    /// Whether an event may start runs.
    fn is_started_by(&self, kind: EventKind, name: &str) -> bool {
        let filter = self.plan.started_by();
        filter.is_some_and(|filter| filter.names(kind, name))
    }
}

impl Live {
    /// Everything that a store holds, compiled.
    pub(crate) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let stored = segments::all(store)?;
        let rules = SendingRules::read(store)?;
        let (segments, data_driven) =
            segments::compile(&stored).map_err(|faults| unreadable("segment", &faults))?;
        let liveness = survival::learned(store)?;
        let segments = segments.learned(&liveness);
        let mut live = Self {
            patterns: segments.patterns(),
            segments,
            data_driven,
            opt_in_topics: rules.opt_in_topics(),
            zone: rules.zone,
            liveness,
            policy: rules.policy,
            ..Self::default()
        };
        let around = journeys::surroundings(&stored);
        let versions = journeys::versions(store)?;
        for (id, journey) in journeys::all(store)? {
            let mut compiled = BTreeMap::new();
            for version in versions.iter().filter(|version| version.journey == id) {
                // A version after the newest was being applied when the program ended.
                if version.version <= journey.version {
                    let plan = journeys::compile(version, &journey.numbering, &around)
                        .map_err(|faults| unreadable(&journey.slug, &faults))?;
                    compiled.insert(version.version, Arc::new(LivePlan::new(plan)));
                }
            }
            live.add(id, journey.state, journey.version, compiled);
        }
        live.held = experiments::held_now(store, |journey, step| {
            let newest = live.newest(journey)?;
            newest.plan.step(step).map(|step| step.number)
        })?;
        live.reacts = !live.data_driven.is_empty()
            || !live.journeys.is_empty()
            || live.has_rules()
            || remembers(store)?;
        Ok(live)
    }

    fn add(
        &mut self,
        id: JourneyId,
        state: JourneyState,
        newest: u32,
        versions: BTreeMap<u32, Arc<LivePlan>>,
    ) {
        for live in versions.values() {
            self.overrides |= live.plan.overrides_policy();
            for condition in live.plan.conditions() {
                for pattern in condition.patterns() {
                    self.patterns.add(pattern);
                }
            }
        }
        if state == JourneyState::Running
            && let Some(live) = versions.get(&newest)
        {
            match &live.plan.definition.trigger {
                Trigger::Event(event) => match event.exact_name() {
                    Some(name) => self.by_event.entry(name.to_owned()).or_default().push(id),
                    None => self.by_any_event.push(id),
                },
                Trigger::SegmentEntered(segment) => {
                    self.by_segment
                        .entry((*segment, true))
                        .or_default()
                        .push(id);
                }
                Trigger::SegmentLeft(segment) => {
                    self.by_segment
                        .entry((*segment, false))
                        .or_default()
                        .push(id);
                }
                Trigger::Date(_) => self.by_date.push(id),
                Trigger::Product(_) => self.by_product.push(id),
                Trigger::Schedule(_) => self.by_schedule.push(id),
                Trigger::Api | Trigger::Webhook(_) => {}
            }
        }
        let journey = LiveJourney {
            state,
            newest,
            versions,
        };
        self.journeys.insert(id, journey);
    }

    /// Whether the workspace says anything about sending.
    fn has_rules(&self) -> bool {
        self.policy != Policy::default() || !self.opt_in_topics.is_empty()
    }

    /// Whether people get messages of a topic only after a yes.
    pub(crate) fn asks_for_a_yes(&self, topic: &str) -> bool {
        self.opt_in_topics.contains(topic)
    }

    /// Whether an input may be decided: nobody is put by hand into a segment that follows a condition.
    pub(crate) fn permits(&self, input: &Input) -> bool {
        match &input.body {
            Body::EditSegment {
                segment, add: true, ..
            } => !self.data_driven.contains(segment),
            _ => true,
        }
    }

    /// The journeys that an event of this kind and name may start.
    pub(crate) fn started_by(&self, kind: EventKind, name: &str) -> Vec<JourneyId> {
        let exact = self.by_event.get(name).into_iter().flatten();
        let candidates = exact.chain(&self.by_any_event).copied();
        let starts = |journey: &JourneyId| {
            let open = self.open(*journey);
            open.is_some_and(|live| live.is_started_by(kind, name))
        };
        candidates.filter(starts).collect()
    }

    /// The journeys that entering (`true`) or leaving a segment starts.
    pub(crate) fn started_by_segment(&self, segment: SegmentId, entered: bool) -> &[JourneyId] {
        let journeys = self.by_segment.get(&(segment, entered));
        journeys.map_or(&[], Vec::as_slice)
    }

    /// The journeys that start at a date of the person, with what the date is.
    pub(crate) fn dated(&self) -> impl Iterator<Item = (JourneyId, &DateTrigger)> {
        self.by_date.iter().filter_map(|journey| {
            match &self.open(*journey)?.plan.definition.trigger {
                Trigger::Date(date) => Some((*journey, date)),
                _ => None,
            }
        })
    }

    /// The journeys that start at a moment for everybody, with what the moment is.
    pub(crate) fn scheduled(&self) -> impl Iterator<Item = (JourneyId, &Schedule)> {
        self.by_schedule.iter().filter_map(|journey| {
            match &self.open(*journey)?.plan.definition.trigger {
                Trigger::Schedule(schedule) => Some((*journey, schedule)),
                _ => None,
            }
        })
    }

    /// The journeys that start with an event about a product.
    pub(crate) fn about_products(&self) -> impl Iterator<Item = (JourneyId, &ProductTrigger)> {
        self.by_product.iter().filter_map(|journey| {
            match &self.open(*journey)?.plan.definition.trigger {
                Trigger::Product(product) => Some((*journey, product)),
                _ => None,
            }
        })
    }

    /// Whether one of these is an event about a product.
    pub(crate) fn has_product_event(&self, activities: &[Activity]) -> bool {
        let named = |activity: &Activity| match &activity.input {
            PersonInput::Tracked { event, name, .. } => {
                let mut triggers = self.about_products();
                triggers.any(|(_, trigger)| trigger.event.names(*event, name))
            }
            _ => false,
        };
        !self.by_product.is_empty() && activities.iter().any(named)
    }

    /// The version that people enter; `None`: nobody enters now.
    pub(crate) fn open(&self, journey: JourneyId) -> Option<&Arc<LivePlan>> {
        let journey = self.journeys.get(&journey)?;
        let open = journey.state == JourneyState::Running;
        journey.versions.get(&journey.newest).filter(|_| open)
    }

    /// Whether another version of a run's journey listens to an event.
    pub(crate) fn is_heard_by_another(&self, run: &RunRow, event: &EventInHand) -> bool {
        let versions = self
            .journeys
            .get(&run.journey)
            .map(|journey| &journey.versions);
        let mut others = versions.into_iter().flatten();
        others.any(|(version, live)| *version != run.version && live.listens_to(event))
    }

    /// The newest version, whether people enter or not.
    pub(crate) fn newest(&self, journey: JourneyId) -> Option<&Arc<LivePlan>> {
        let journey = self.journeys.get(&journey)?;
        journey.versions.get(&journey.newest)
    }

    /// A version that a run is pinned to.
    pub(crate) fn plan(&self, journey: JourneyId, version: u32) -> Option<&Arc<LivePlan>> {
        self.journeys.get(&journey)?.versions.get(&version)
    }

    /// Whether a journey was ended.
    pub(crate) fn is_stopped(&self, journey: JourneyId) -> bool {
        let journey = self.journeys.get(&journey);
        journey.is_some_and(|journey| journey.state == JourneyState::Stopped)
    }

    /// The tests of a journey that are held, and what becomes of new people.
    pub(crate) fn held(&self, journey: JourneyId) -> &[(u64, OnHold)] {
        self.held.get(&journey).map_or(&[], Vec::as_slice)
    }

    /// Whether runs of a journey stand still.
    pub(crate) fn is_paused(&self, journey: JourneyId) -> bool {
        let journey = self.journeys.get(&journey);
        journey.is_some_and(|journey| journey.state == JourneyState::Paused)
    }
}

/// Whether deleted segments have left something behind: members, or timers, which are put away when they
/// are due.
fn remembers(store: &dyn Store) -> Result<bool, StoreError> {
    let timers = store.due_profiles(None, Timestamp::MAX, 1)?;
    Ok(!timers.is_empty() || segments::any_removed(store)?)
}

fn unreadable(what: &str, faults: &[Fault]) -> StoreError {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    StoreError::corrupt("documents", what, faults.join("; "))
}

impl Workspace {
    /// The newest version of a journey, compiled; `None`: there is no such journey.
    pub fn plan_of_journey(&self, journey: JourneyId) -> Option<Arc<Plan>> {
        let live = self.live();
        live.newest(journey).map(|newest| Arc::clone(&newest.plan))
    }

    /// What is live now.
    pub(crate) fn live(&self) -> Arc<Live> {
        let live = &self.shared.live;
        Arc::clone(&live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads what is live from the store, compiles it, and puts it in place.
    ///
    /// # Errors
    /// When the store cannot be read, or holds a definition that this program does not understand.
    pub(crate) async fn reload_live(&self) -> Result<(), StoreError> {
        let live = self.read(|store| Live::read(store)).await?;
        self.set_live(live);
        self.shared.schedules_changed.notify_one();
        // What happens from now on is noted as it happens; what was before is read.
        self.fill_interests().await
    }

    /// Replaces what is live, for batches that begin later.
    pub(crate) fn set_live(&self, live: Live) {
        let place = &self.shared.live;
        *place.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }
}
