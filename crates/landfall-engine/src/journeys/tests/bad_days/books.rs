//! What must hold whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{JourneyId, PersonKey, SegmentId};
use landfall_domain::input::Body;
use landfall_domain::person::Standing;
use landfall_domain::run::{Look, RunInput, RunRow, RunState};
use landfall_domain::status::{Outcome, outcome, reason};
use landfall_domain::time::Timestamp;
use landfall_journey::Run;
use landfall_store::Store;

use super::super::house::House;
use crate::input_of_ours;
use crate::journeys::{self, JourneyState};
use crate::tests::shop::{DAY, positions};

/// The most waits of any journey here, with a few to spare.
const STEPS_MAX: usize = 10;

/// All runs, by key.
pub(in super::super) fn runs(house: &House) -> Vec<RunRow> {
    let store = house.shop.store.as_ref();
    let journeys = journeys::all(store).expect("reads");
    let mut runs: Vec<RunRow> = journeys
        .iter()
        .flat_map(|(id, _)| store.runs_in(*id, None, 10_000).expect("reads"))
        .collect();
    runs.sort_unstable_by_key(|run| run.key);
    runs
}

pub(super) fn deliveries(house: &House) -> Vec<Delivery> {
    let store = house.shop.store.as_ref();
    store.deliveries_after(None, 10_000).expect("reads")
}

/// What came of everything, in words that do not depend on how it came about.
pub(super) fn told(house: &House) -> Vec<String> {
    let runs = runs(house);
    let runs = runs.iter().map(|run| {
        let read = Run::decode(&run.body).expect("a run");
        format!(
            "{:?} of {:?}: {:?}, open {}, due {:?}, sent {:?}, goal {:?}",
            run.key,
            run.person,
            run.state,
            run.open,
            run.due,
            read.sent(),
            read.goal_met_at()
        )
    });
    let deliveries = deliveries(house);
    let deliveries = deliveries.iter().map(|delivery| {
        format!(
            "{} over {:?} to {:?}: {:?} {:?} {:?}",
            delivery.id,
            delivery.message,
            delivery.person,
            outcome(delivery),
            reason(delivery),
            delivery.view().iter().collect::<Vec<_>>()
        )
    });
    runs.chain(deliveries).collect()
}

/// Nothing is stuck, lost or done twice.
pub(super) fn balance(house: &House) {
    let store = house.shop.store.as_ref();
    let runs = runs(house);
    let deliveries = deliveries(house);
    let paused: BTreeSet<JourneyId> = journeys::all(store)
        .expect("reads")
        .into_iter()
        .filter(|(_, journey)| journey.state == JourneyState::Paused)
        .map(|(id, _)| id)
        .collect();
    for run in &runs {
        is_sound(run, &paused);
        is_somebodys(store, run);
    }
    each_step_once(&runs, &deliveries);
    belong(store, &deliveries);
    timers_are_the_stores(house);
    counts_add_up(house, &runs, &deliveries);
}

fn is_sound(run: &RunRow, paused: &BTreeSet<JourneyId>) {
    let read = Run::decode(&run.body).expect("a run");
    assert_eq!(read.is_running(), run.state == RunState::Running, "{run:?}");
    assert_eq!(run.ended_at.is_some(), !read.is_running(), "{run:?}");
    assert_eq!(read.ended_at, run.ended_at);
    if read.is_running() {
        assert!(run.open, "it can never be woken: {run:?}");
    }
    let stands_still = read.is_running() && paused.contains(&run.journey);
    if run.open && !stands_still {
        assert!(run.due.is_some(), "it is stuck: {run:?} {read:?}");
    }
    if read.is_running() && !stands_still {
        assert_eq!(run.due, read.due, "it is woken when it wants: {read:?}");
    }
}

/// Runs go on with people: whoever is merged away has none.
fn is_somebodys(store: &dyn Store, run: &RunRow) {
    let people = store.people(&[run.person]).expect("reads");
    let person = people.first().expect("somebody");
    let is_there = match person.standing {
        Standing::Known | Standing::Visitor => true,
        Standing::Deleted | Standing::Merged(_) => false,
    };
    assert!(
        is_there || run.state != RunState::Running,
        "nobody's: {run:?} {:?}",
        person.standing
    );
}

/// Each run made what it says it made, one delivery for each step, and there are no others.
fn each_step_once(runs: &[RunRow], deliveries: &[Delivery]) {
    let mut made: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for delivery in deliveries {
        assert!(ids.insert(&delivery.id), "twice: {}", delivery.id);
        let run = delivery.about.run.as_ref().expect("a run made it");
        made.entry(&run.text).or_default().push(delivery);
    }
    for run in runs {
        let read = Run::decode(&run.body).expect("a run");
        let theirs = made
            .remove(format!("run-{}", run.key.0).as_str())
            .unwrap_or_default();
        assert_eq!(theirs.len(), read.sent().len(), "{run:?} {theirs:?}");
        let steps: BTreeSet<_> = theirs.iter().map(|delivery| delivery.message).collect();
        assert_eq!(steps.len(), theirs.len(), "a step was done twice: {run:?}");
    }
    assert!(made.is_empty(), "of no run: {made:?}");
}

/// What was sent to somebody who was merged away belongs to the survivor.
fn belong(store: &dyn Store, deliveries: &[Delivery]) {
    for delivery in deliveries {
        let Some(person) = delivery.person else {
            continue;
        };
        let people = store.people(&[person]).expect("reads");
        let merged = people
            .iter()
            .any(|person| matches!(person.standing, Standing::Merged(_)));
        assert!(!merged, "nobody's: {delivery:?}");
    }
}

fn timers_are_the_stores(house: &House) {
    let store = house.shop.store.as_ref();
    let runs = store.due_runs(None, Timestamp::MAX, 10_000).expect("reads");
    let people = store.due_profiles(None, Timestamp::MAX, 10_000);
    let stored = runs.len() + people.expect("reads").len();
    assert_eq!(house.workspace().timers().len(), stored, "a timer is lost");
}

/// Statistics say what the rows say: what was reached is what came of it.
fn counts_add_up(house: &House, runs: &[RunRow], deliveries: &[Delivery]) {
    let store = house.shop.store.as_ref();
    let mut states: BTreeMap<(JourneyId, u32, &str), u64> = BTreeMap::new();
    for run in runs {
        *states
            .entry((run.journey, run.version, run.state.name()))
            .or_default() += 1;
    }
    let mut counted = BTreeMap::new();
    for (id, _) in journeys::all(store).expect("reads") {
        for (version, state, count) in store.run_counts(id).expect("reads") {
            counted.insert((id, version, state.name()), count);
        }
    }
    assert_eq!(counted, states);
    let rows = positions(house.workspace(), Vec::new());
    let keys: BTreeSet<_> = rows.iter().map(|row| row.delivery).collect();
    let stored: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.key).collect();
    assert_eq!(keys, stored, "the board has lost or made up deliveries");
}

/// When nothing happens any more everything comes to its end.
pub(super) async fn comes_to_an_end(house: &House) {
    // Each time every run makes at least a step.
    for _ in 0..STEPS_MAX {
        house.wait(100 * DAY).await;
        if runs(house).iter().all(|run| !run.open) {
            break;
        }
    }
    balance(house);
    for run in runs(house) {
        assert!(!run.open, "it never ends: {run:?}");
    }
    let open = |delivery: &&Delivery| outcome(delivery) == Outcome::Pending;
    let deliveries = deliveries(house);
    let revoked = deliveries.iter().filter(open).count();
    let works = house.shop.store.open_works(None, 10_000).expect("reads");
    assert!(revoked <= works.len(), "pending, and nobody does anything");
}

/// Who is in which segment.
pub(super) fn memberships(
    house: &House,
    segments: &[SegmentId],
) -> Vec<(SegmentId, Vec<PersonKey>)> {
    let store = house.shop.store.as_ref();
    let members = |id: &SegmentId| (*id, store.members(*id, None, 10_000).expect("reads"));
    segments.iter().map(members).collect()
}

/// Counts everybody anew.
pub(super) async fn recount(house: &House) {
    let store = house.shop.store.as_ref();
    let people = store.people_after(None, 10_000).expect("reads");
    let reviews = people.iter().map(|person| {
        input_of_ours(Body::Run(Box::new(RunInput::Review {
            person: person.key,
            look: Look::Recount,
        })))
    });
    house.take(reviews.collect()).await;
}
