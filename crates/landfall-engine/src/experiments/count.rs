//! The people of an experiment, from the runs of its journey: each once, in the arm of the first time.

use std::collections::BTreeMap;

use landfall_domain::ids::PersonKey;
use landfall_domain::time::Timestamp;
use landfall_insight::experiments::{Arm, CappedSum, Guardrail, Stage, cap_of};
use landfall_journey::trial::{Trial, TrialKind};
use landfall_journey::{Assigned, Run, Sent};
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashMap;

use super::Design;

/// Runs read at a time.
const PAGE: usize = 1_000;
/// Buyers below whom no cap is taken from what they spent.
const BUYERS_MIN: usize = 200;

/// The people of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// By arm; the first is the control.
    pub arms: Vec<Arm>,
    /// People who count.
    pub people: u64,
    /// People whose window for the goal is still open: more conversions may come.
    pub unfinished: u64,
    /// People who came while the experiment was held and do not count.
    pub excluded: u64,
    /// When the first person was assigned.
    pub since: Option<Timestamp>,
    /// The currency of the revenue: the one that most people paid in; empty when nobody said one.
    pub currency: Option<String>,
    /// People who paid in another currency: their revenue is left out.
    pub other_currencies: u64,
    /// The amount up to which a person's revenue counts.
    pub cap: Option<f64>,
}

/// What is known about one person.
#[derive(Clone, Debug, Default)]
struct Member {
    way: u16,
    since: Option<Timestamp>,
    reached: [bool; 5],
    converted: bool,
    /// Sums in millionths, by currency.
    spent: BTreeMap<String, i64>,
}

/// Counts the people of an experiment.
pub(super) fn count(
    store: &dyn Store,
    design: &Design,
    guardrail: &Guardrail,
    cap: Option<f64>,
    now: Timestamp,
) -> Result<Counted, StoreError> {
    let within = design.window_ms();
    let mut members: FxHashMap<PersonKey, Member> = FxHashMap::default();
    let (mut excluded, mut after) = (0, None);
    loop {
        let runs = store.runs_in(design.journey, after, PAGE)?;
        let Some(last) = runs.last() else { break };
        after = Some(last.key);
        for row in &runs {
            let Some(trial) = design.of_version(row.version) else {
                continue;
            };
            // What cannot be read was set aside, and says so in its trace.
            let Ok(run) = Run::decode(&row.body) else {
                continue;
            };
            let Some(assigned) = run.arms().iter().find(|arm| arm.step == trial.place) else {
                continue;
            };
            if guardrail.counts(assigned.at) {
                take(&mut members, row.person, trial, assigned, &run, within);
            } else {
                excluded += 1;
            }
        }
        if runs.len() < PAGE {
            break;
        }
    }
    let mut counted = add_up(&design.trial, members.values(), cap);
    counted.excluded = excluded;
    let open = |member: &&Member| {
        let since = member.since.zip(within);
        !member.converted && since.is_some_and(|(since, within)| now.since(since) < within)
    };
    counted.unfinished = members.values().filter(open).count() as u64;
    Ok(counted)
}

fn take(
    members: &mut FxHashMap<PersonKey, Member>,
    person: PersonKey,
    trial: &Trial,
    assigned: &Assigned,
    run: &Run,
    within: Option<i64>,
) {
    let member = members.entry(person).or_insert_with(|| Member {
        way: assigned.way,
        ..Member::default()
    });
    // After a merge there may be a run of the other arm: the first one stays.
    if member.way != assigned.way {
        return;
    }
    let first = member.since.get_or_insert(assigned.at);
    *first = (*first).min(assigned.at);
    let arm = trial.arms.get(usize::from(assigned.way));
    let own = |sent: &&Sent| {
        let within = arm.is_some_and(|arm| arm.places.contains(&sent.step()));
        within && sent.at >= assigned.at
    };
    member.reached[Stage::Assigned as usize] = true;
    for sent in run.sent().iter().filter(own) {
        member.reached[Stage::Sent as usize] |= sent.is_handed_over();
        member.reached[Stage::Accepted as usize] |= sent.is_accepted();
        member.reached[Stage::Receipt as usize] |= sent.delivered_at().is_some();
        member.reached[Stage::Opened as usize] |= sent.opened_at().is_some();
    }
    let met = run
        .goal_met_at()
        .zip(within)
        .is_some_and(|(met, within)| met >= assigned.at && met.since(assigned.at) <= within);
    if met {
        member.converted = true;
        if let Some((micros, currency)) = run.goal_value() {
            let currency = currency.to_ascii_uppercase();
            *member.spent.entry(currency).or_default() += micros;
        }
    }
}

fn add_up<'m>(
    trial: &Trial,
    members: impl Iterator<Item = &'m Member> + Clone,
    cap: Option<f64>,
) -> Counted {
    let mut payers: BTreeMap<&str, u64> = BTreeMap::new();
    for currency in members.clone().flat_map(|member| member.spent.keys()) {
        *payers.entry(currency).or_default() += 1;
    }
    let all: u64 = payers.values().sum();
    let main = payers.iter().max_by_key(|(_, payers)| **payers);
    let (currency, own) = main.map_or((None, 0), |(c, n)| (Some((*c).to_owned()), *n));
    let spent = |member: &Member| -> f64 {
        let micros = currency.as_ref().and_then(|c| member.spent.get(c));
        micros.map_or(0.0, |micros| *micros as f64 / 1e6)
    };
    let cap = cap.or_else(|| {
        let spent = members.clone().map(&spent).filter(|spent| *spent > 0.0);
        let mut spent: Vec<f64> = spent.collect();
        (spent.len() >= BUYERS_MIN)
            .then(|| cap_of(&mut spent))
            .flatten()
    });
    let arms = trial.arms.iter().map(|arm| Arm {
        name: arm.name.clone(),
        share: f64::from(arm.hundredths) / f64::from(landfall_journey::chance::SHARES),
        silent: arm.is_silent() || (trial.kind == TrialKind::Holdout && arm.name == "held_out"),
        ..Arm::default()
    });
    let mut arms: Vec<Arm> = arms.collect();
    let (mut people, mut since) = (0, None);
    for member in members {
        let Some(arm) = arms.get_mut(usize::from(member.way)) else {
            continue;
        };
        people += 1;
        since = since.into_iter().chain(member.since).min();
        for (count, reached) in arm.people.iter_mut().zip(member.reached) {
            *count += u64::from(reached);
        }
        arm.converted += u64::from(member.converted);
        let delivered = member.reached[Stage::Receipt as usize];
        arm.converted_of_delivered += u64::from(member.converted && delivered);
        let mut revenue: CappedSum = arm.revenue;
        revenue.add(spent(member), cap.unwrap_or(f64::MAX));
        arm.revenue = revenue;
    }
    Counted {
        arms,
        people,
        unfinished: 0,
        excluded: 0,
        since,
        other_currencies: all - own,
        currency,
        cap,
    }
}
