//! Journey metrics: runs by the time at which they began (app-api.md 5.3).

use std::collections::BTreeMap;

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, JourneyId, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::run::RunState;
use landfall_domain::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};

use super::answer::Answer;
use super::calendar::Steps;
use super::campaigns;
use super::door::{Door, Path};
use super::ledger::Wanted;
use super::params::Params;
use super::refusal::Refusal;
use super::sources::CAMPAIGNS;
use super::view::View;

/// How long before the range a run of it may have sent: deliveries older than this are not looked
/// at when the beginning of a run is sought.
const LONGEST_RUN_MS: i64 = 90 * DAY_MS;

/// Which run a delivery belongs to: as reported, or else all of one person's, or else its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RunKey {
    Reported(String),
    Person(PersonKey),
    Delivery(DeliveryKey),
}

/// What is known of a run.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Creation of its first delivery.
    began: Timestamp,
    converted: bool,
}

impl RunKey {
    fn of(delivery: &Delivery) -> Self {
        match (&delivery.about.run, delivery.person) {
            (Some(said), _) => Self::Reported(said.text.clone()),
            (None, Some(person)) => Self::Person(person),
            (None, None) => Self::Delivery(delivery.key),
        }
    }
}

/// `GET /v1/campaigns/{id}/journey_metrics`.
pub(super) async fn metrics(door: Door, Path(id): Path<String>, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let id = CAMPAIGNS.find(view, &id)?;
            if params.text("end").is_none() {
                return Err(Refusal::bad("end: give the range's end in unix seconds"));
            }
            let steps = Steps::version_2(&params, view.now)?;
            if let Some(campaign) = campaigns::find(view, CAMPAIGNS, id)? {
                return of_runs(view, campaign.id, &steps);
            }
            let mut wanted = Wanted::of_source(CAMPAIGNS.kind, id);
            wanted.from = Some(steps.from.plus_millis(-LONGEST_RUN_MS));
            let mut runs: BTreeMap<RunKey, Run> = BTreeMap::new();
            view.each(&wanted, |_, deliveries| {
                for delivery in deliveries {
                    let began = delivery.created_at;
                    let run = runs.entry(RunKey::of(delivery)).or_insert(Run {
                        began,
                        converted: false,
                    });
                    run.began = run.began.min(began);
                    run.converted |= delivery.view().has(Mark::Converted);
                }
                Ok(())
            })?;
            let (mut messaged, mut converted) = (steps.zeros(), steps.zeros());
            for run in runs.values().filter(|run| run.began >= steps.from) {
                if let Some(index) = steps.index(run.began) {
                    messaged[index] += 1;
                    converted[index] += u64::from(run.converted);
                }
            }
            // A run is known by its messages: whoever was messaged had started and was activated.
            // Runs that ended, or never came to a message, are not reported.
            Ok(json!({ "journey_metric": {
                "started": messaged,
                "activated": messaged,
                "messaged": messaged,
                "converted": converted,
                "exited_early": steps.zeros(),
                "finished": steps.zeros(),
                "never_activated": steps.zeros(),
            } }))
        })
        .await
}

/// Runs read at a time.
const PAGE: usize = 5_000;

/// The metrics of a journey that is defined here, by its own runs (semantics.md 3.1).
fn of_runs(view: &View, journey: JourneyId, steps: &Steps) -> Result<Value, Refusal> {
    const NAMES: [&str; 7] = [
        "started",
        "activated",
        "messaged",
        "converted",
        "exited_early",
        "finished",
        "never_activated",
    ];
    let mut series = NAMES.map(|_| steps.zeros());
    let mut after = None;
    loop {
        let page = view.store().runs_in(journey, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        for row in &page {
            let Some(index) = steps.index(row.started_at) else {
                continue;
            };
            let run = landfall_journey::Run::decode(&row.body).ok();
            let is = |ask: fn(&landfall_journey::Run) -> bool| run.as_ref().is_some_and(ask);
            let filtered = row.state == RunState::NeverActivated;
            let met = [
                true,
                !filtered && !is(landfall_journey::Run::is_at_the_door),
                is(landfall_journey::Run::has_acted),
                is(landfall_journey::Run::is_converted),
                row.state == RunState::ExitedEarly,
                row.state == RunState::Finished,
                filtered,
            ];
            for (series, _) in series.iter_mut().zip(met).filter(|(_, met)| *met) {
                if let Some(count) = series.get_mut(index) {
                    *count += 1;
                }
            }
        }
    }
    let named = NAMES.iter().zip(series);
    let named: BTreeMap<&str, Vec<u64>> = named.map(|(name, series)| (*name, series)).collect();
    Ok(json!({ "journey_metric": named }))
}
