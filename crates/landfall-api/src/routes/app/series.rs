//! Metric series: deliveries by the time of their creation, one count per delivery and metric
//! (app-api.md 5.1, semantics.md 3).

use std::collections::BTreeMap;

use landfall_board::{
    Basis, Condition, CountBy, Dimension, Filter, Measure, Query, TimeRange, Value,
};
use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::status::Outcome;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::calendar::Steps;
use super::door::Door;
use super::ledger::{Wanted, of_channel};
use super::names::channel;
use super::params::Params;
use super::parts::{find_step, find_variant, of_content, of_step};
use super::refusal::Refusal;
use super::sources::{CAMPAIGNS, Family, NEWSLETTERS, TRANSACTIONAL};
use super::view::View;

/// Series by name with the mark that each counts. `suppressed` is what a delivery calls dropped.
const MARKS: [(&str, Mark); 15] = [
    ("attempted", Mark::Attempted),
    ("bounced", Mark::Bounced),
    ("clicked", Mark::Clicked),
    ("converted", Mark::Converted),
    ("deferred", Mark::Deferred),
    ("delivered", Mark::Delivered),
    ("drafted", Mark::Drafted),
    ("failed", Mark::Failed),
    ("opened", Mark::Opened),
    ("sent", Mark::Sent),
    ("spammed", Mark::Spammed),
    ("suppressed", Mark::Dropped),
    ("undeliverable", Mark::Undeliverable),
    ("topic_unsubscribed", Mark::TopicUnsubscribed),
    ("unsubscribed", Mark::Unsubscribed),
];
/// In version 2 and for transactional messages.
const MACHINE_MARKS: [(&str, Mark); 4] = [
    ("human_clicked", Mark::HumanClicked),
    ("human_opened", Mark::HumanOpened),
    ("prefetch_clicked", Mark::PrefetchClicked),
    ("prefetch_opened", Mark::PrefetchOpened),
];
/// Status classes of the answers to webhook steps.
const WEBHOOK_CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Series by name, all of one length, oldest first.
type Series = BTreeMap<&'static str, Vec<u64>>;

/// What a metrics path names below its campaign, broadcast, newsletter or transactional message.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Whole,
    Step(String),
    Content(String),
}

/// The deliveries that a metrics path is about.
pub(super) fn conditions(
    view: &View,
    family: Family,
    id: &str,
    part: &Part,
    params: &Params,
) -> Result<Vec<Condition>, Refusal> {
    let id = family.find(view, id)?;
    let mut conditions = match part {
        Part::Whole => Wanted::of_source(family.kind, id).conditions,
        Part::Step(step) => of_step(family, id, find_step(family, view, id, step)?.0),
        Part::Content(content) => {
            of_content(family, id, find_variant(family, view, id, content)?.0)
        }
    };
    if let Some(name) = params.text("type") {
        conditions.push(of_channel(channel(name)?));
    }
    Ok(conditions)
}

/// `GET /v1/{family}/{id}/metrics` and the same of an action or content.
pub(super) async fn metrics(
    family: Family,
    door: Door,
    id: String,
    part: Part,
    params: Params,
) -> Answer {
    door.view()
        .answer(move |view| {
            let conditions = conditions(view, family, &id, &part, &params)?;
            let steps = Steps::of(&params, view.now)?;
            let mut series = marks(view, &conditions, &steps, &MARKS, true)?;
            let machine_series = steps.is_version_2 || family == TRANSACTIONAL;
            if machine_series && family != NEWSLETTERS {
                series.append(&mut marks(
                    view,
                    &conditions,
                    &steps,
                    &MACHINE_MARKS,
                    false,
                )?);
            }
            if family == CAMPAIGNS && !sends_webhooks(view, &conditions, &steps)? {
                // Nothing answered where nothing was asked. Where webhook steps ran, the classes of
                // their answers are not reported to us, and a zero would be a lie.
                series.extend(WEBHOOK_CLASSES.map(|class| (class, steps.zeros())));
            }
            Ok(answer(&series))
        })
        .await
}

fn answer(series: &Series) -> Json {
    json!({ "metric": { "series": series } })
}

fn sends_webhooks(view: &View, conditions: &[Condition], steps: &Steps) -> Result<bool, Refusal> {
    let mut conditions = conditions.to_vec();
    conditions.push(of_channel(Channel::Webhook));
    let wanted = Wanted {
        conditions,
        from: Some(steps.from),
        until: Some(steps.end),
        ..Wanted::default()
    };
    Ok(!view.positions(&wanted, None, 1)?.is_empty())
}

/// One series for each mark, and with `created` all deliveries and the expired ones among the
/// failed.
fn marks(
    view: &View,
    conditions: &[Condition],
    steps: &Steps,
    marks: &[(&'static str, Mark)],
    created: bool,
) -> Result<Series, Refusal> {
    let mut names: Vec<&'static str> = marks.iter().map(|(name, _)| *name).collect();
    let mut measures: Vec<Measure> = marks
        .iter()
        .map(|(_, mark)| Measure::Marked(*mark))
        .collect();
    if created {
        names.push("created");
        measures.push(Measure::Rows);
    }
    let mut series: Series = names.iter().map(|name| (*name, steps.zeros())).collect();
    count(
        view,
        conditions.to_vec(),
        steps,
        measures,
        |index, counts| {
            for (name, count) in names.iter().zip(counts) {
                add(&mut series, name, index, *count);
            }
        },
    )?;
    if created {
        // Customer.io has no word for an expired message and calls it failed.
        let expired = vec![Value::Code(u16::from(Outcome::Expired.code()))];
        let mut conditions = conditions.to_vec();
        conditions.push(Condition::In(Dimension::Outcome, expired));
        let both = vec![Measure::Rows, Measure::Marked(Mark::Failed)];
        count(view, conditions, steps, both, |index, counts| {
            if let [expired, already] = counts {
                add(
                    &mut series,
                    "failed",
                    index,
                    expired.saturating_sub(*already),
                );
            }
        })?;
    }
    Ok(series)
}

fn add(series: &mut Series, name: &str, index: usize, count: u64) {
    if let Some(place) = series
        .get_mut(name)
        .and_then(|values| values.get_mut(index))
    {
        *place += count;
    }
}

/// Counts deliveries that meet the conditions by the step in which they were created.
fn count(
    view: &View,
    conditions: Vec<Condition>,
    steps: &Steps,
    measures: Vec<Measure>,
    mut each: impl FnMut(usize, &[u64]),
) -> Result<(), Refusal> {
    let query = Query {
        filter: Filter(conditions),
        group_by: vec![Dimension::Time(steps.unit.bucket())],
        measures,
        count_by: CountBy::Delivery,
        basis: Basis::Created,
        range: TimeRange::between(steps.from, steps.end),
        zone: steps.zone.clone(),
    };
    for group in view.ask(&query)?.groups {
        if let [Value::Time(start)] = group.key[..]
            && let Some(index) = steps.index(start)
        {
            let counts: Vec<u64> = group
                .cells
                .iter()
                .map(landfall_board::Cell::count)
                .collect();
            each(index, &counts);
        }
    }
    Ok(())
}
