//! What came of test profiles: steps with their statuses, and which expectations came true.

use landfall_domain::delivery::Delivery;
use landfall_domain::run::{RunRow, RunState};
use landfall_domain::status::{Confirmation, landfall_status, reason};
use landfall_domain::time::Timestamp;
use landfall_journey::definition::{Expectation, QaCase};
use landfall_store::{Store, StoreError, person_named};
use serde::{Deserialize, Serialize};

use super::QaError;
use super::house::{House, START};
use crate::journeys;

/// What came of all test profiles of a journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The journey's slug.
    pub journey: String,
    /// Its name.
    pub name: String,
    /// In the order of the definition.
    pub cases: Vec<CaseReport>,
}

/// What came of one test profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Where the last run stands; `None`: the person did not enter.
    pub run: Option<RunState>,
    /// The messages that the person reached, in order.
    pub steps: Vec<StepReport>,
    /// Each expectation.
    pub checks: Vec<Check>,
}

/// One message that a person reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step's slug; a channel of a reach step as `step/channel`.
    pub step: String,
    /// How long after the start, in milliseconds.
    pub after_ms: i64,
    /// Its status.
    pub status: String,
    /// Why, where there is a why.
    pub reason: Option<String>,
}

/// An expectation, and whether it came true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// In words.
    pub expected: String,
    /// Whether it came true.
    pub met: bool,
    /// What there was instead; empty when it came true.
    pub found: String,
}

impl Report {
    /// Whether every expectation of every profile came true.
    pub fn is_green(&self) -> bool {
        self.cases.iter().all(CaseReport::is_green)
    }
}

impl CaseReport {
    /// Whether every expectation came true.
    pub fn is_green(&self) -> bool {
        self.checks.iter().all(|check| check.met)
    }
}

/// The person's deliveries with the slugs of their steps, oldest first.
pub(super) async fn deliveries(house: &House) -> Result<Vec<(String, Delivery)>, StoreError> {
    let who = house.who.clone();
    let catalogue = house.workspace.catalogue();
    house
        .workspace
        .read(move |store| {
            let Some(person) = person_named(store, &who)? else {
                return Ok(Vec::new());
            };
            let mut keys = vec![person.key];
            keys.extend(person.absorbed.iter().map(|old| old.key));
            let mut found = store.deliveries_of(&keys, None, 1_000)?.deliveries;
            found.reverse();
            let slugs = Slugs::read(store)?;
            let named = found.into_iter().map(|delivery| {
                let step = catalogue
                    .message(delivery.message)
                    .and_then(|message| message.step_id);
                (slugs.of(step), delivery)
            });
            Ok(named.collect())
        })
        .await
}

/// The slugs of the one journey's steps, by number.
struct Slugs(Vec<(u64, String)>);

impl Slugs {
    fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut slugs = Vec::new();
        let around = journeys::surroundings(&crate::segments::all(store)?);
        for (id, journey) in journeys::all(store)? {
            for version in journeys::versions(store)?
                .iter()
                .filter(|v| v.journey == id)
            {
                if let Ok(plan) = journeys::compile(version, &journey.numbering, &around) {
                    slugs.extend(
                        plan.steps()
                            .iter()
                            .map(|step| (step.number, step.id.clone())),
                    );
                }
            }
        }
        Ok(Self(slugs))
    }

    fn of(&self, step: Option<u64>) -> String {
        let found = self.0.iter().find(|(number, _)| Some(*number) == step);
        found.map(|(_, slug)| slug.clone()).unwrap_or_default()
    }
}

/// What came of a test profile.
pub(super) async fn of(house: &House, case: &QaCase) -> Result<CaseReport, QaError> {
    let deliveries = deliveries(house).await?;
    let who = house.who.clone();
    let runs = house.workspace.read(move |store| {
        let person = person_named(store, &who)?;
        person.map_or(Ok(Vec::new()), |person| store.runs_of(person.key))
    });
    let runs: Vec<RunRow> = runs.await?;
    let steps = deliveries.iter().map(|(slug, delivery)| StepReport {
        step: slug.clone(),
        after_ms: since_start(delivery.created_at),
        status: landfall_status(delivery, Confirmation::Awaited)
            .name()
            .to_owned(),
        reason: reason(delivery).map(|why| why.name().to_owned()),
    });
    let checks = case
        .expect
        .iter()
        .map(|expected| check(expected, &deliveries, &runs));
    Ok(CaseReport {
        name: case.name.clone(),
        run: runs.last().map(|run| run.state),
        steps: steps.collect(),
        checks: checks.collect(),
    })
}

const fn since_start(at: Timestamp) -> i64 {
    at.since(START)
}

fn check(expected: &Expectation, deliveries: &[(String, Delivery)], runs: &[RunRow]) -> Check {
    let run = runs.last().map_or("no run", |run| run.state.name());
    let (words, met, found) = match expected {
        Expectation::NotEntered => (
            "the person does not enter".to_owned(),
            runs.is_empty(),
            run.to_owned(),
        ),
        Expectation::Run(state) => {
            let met = runs.last().is_some_and(|run| run.state == *state);
            (format!("the run is {}", state.name()), met, run.to_owned())
        }
        Expectation::Step {
            step,
            mark,
            reason: why,
        } => {
            let of_step: Vec<&Delivery> = deliveries
                .iter()
                .filter(|(slug, _)| slug == step)
                .map(|(_, delivery)| delivery)
                .collect();
            let fits = |delivery: &&Delivery| {
                mark.is_some_and(|mark| delivery.view().has(mark))
                    && why.is_none_or(|why| reason(delivery) == Some(why))
            };
            let met = match mark {
                None => of_step.is_empty(),
                Some(_) => of_step.iter().any(fits),
            };
            let wanted = mark.map_or("not reached", landfall_domain::marks::Mark::name);
            let because = why.map(|why| format!(" because of {}", why.name()));
            let words = format!("{step} is {wanted}{}", because.unwrap_or_default());
            (words, met, said(&of_step))
        }
    };
    Check {
        expected: words,
        met,
        found: if met { String::new() } else { found },
    }
}

/// What became of the deliveries of a step.
fn said(deliveries: &[&Delivery]) -> String {
    if deliveries.is_empty() {
        return "not reached".to_owned();
    }
    let each = deliveries.iter().map(|delivery| {
        let why = reason(delivery).map(|why| format!(" ({})", why.name()));
        format!(
            "{}{}",
            landfall_status(delivery, Confirmation::Awaited).name(),
            why.unwrap_or_default()
        )
    });
    each.collect::<Vec<_>>().join(", ")
}
