//! Clicks by link (app-api.md 5.2), from the reports about clicks.

use std::collections::{BTreeMap, BTreeSet};

use landfall_board::Condition;
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::Fact;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;
use super::calendar::Steps;
use super::door::Door;
use super::ledger::Wanted;
use super::params::Params;
use super::refusal::Refusal;
use super::series::{Part, conditions};
use super::sources::Family;
use super::view::View;

/// A link: its number where one was reported, and its address.
type Link = (Option<u64>, String);

/// Who is counted once: a person, or a delivery whose person is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Clicker {
    Person(PersonKey),
    Delivery(DeliveryKey),
}

/// A delivery that was clicked.
#[derive(Clone, Copy, Debug)]
struct Clicked {
    delivery: DeliveryKey,
    created: Timestamp,
    by: Clicker,
}

impl Clicked {
    fn of(delivery: &Delivery) -> Self {
        let by = delivery
            .person
            .map_or(Clicker::Delivery(delivery.key), Clicker::Person);
        Self {
            delivery: delivery.key,
            created: delivery.created_at,
            by,
        }
    }
}

/// Deliveries whose reports are read at a time.
const BATCH: usize = 2_000;

/// Series of one link.
#[derive(Clone, Debug)]
struct Clicks {
    /// By [`SERIES`].
    counts: [Vec<u64>; 3],
    /// Who was counted already, by series; only used when each counts once.
    counted: [BTreeSet<Clicker>; 3],
}

/// Series by name with the mark that each counts.
const SERIES: [(&str, Mark); 3] = [
    ("clicked", Mark::Clicked),
    ("human_clicked", Mark::HumanClicked),
    ("machine_clicked", Mark::PrefetchClicked),
];

/// `GET /v1/{family}/{id}/metrics/links` and the same of an action or content.
pub(super) async fn links(
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
            let unique = params.flag("unique")?;
            let links = count(view, conditions, &steps, unique)?;
            let links: Vec<Value> = links
                .iter()
                .map(|(link, clicks)| shown(link, clicks))
                .collect();
            Ok(json!({ "links": links }))
        })
        .await
}

fn shown((id, href): &Link, clicks: &Clicks) -> Value {
    let series: BTreeMap<&str, &Vec<u64>> = SERIES
        .iter()
        .zip(&clicks.counts)
        .map(|((name, _), counts)| (*name, counts))
        .collect();
    let id = id.unwrap_or_else(|| u64::from(number(href)));
    json!({ "link": { "id": id, "href": href }, "metric": { "series": series } })
}

/// A number for a link that was reported without one: the same for the same address (FNV-1a).
fn number(href: &str) -> u32 {
    href.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

fn count(
    view: &View,
    mut conditions: Vec<Condition>,
    steps: &Steps,
    unique: bool,
) -> Result<BTreeMap<Link, Clicks>, Refusal> {
    conditions.push(Condition::Has(Mark::Clicked));
    let wanted = Wanted {
        conditions,
        from: Some(steps.from),
        until: Some(steps.end),
        ..Wanted::default()
    };
    let mut links: BTreeMap<Link, Clicks> = BTreeMap::new();
    let mut clicked: Vec<Clicked> = Vec::new();
    view.each(&wanted, |_, deliveries| {
        clicked.extend(deliveries.iter().map(Clicked::of));
        Ok(())
    })?;
    // Oldest first, so that a person who is counted once is counted where she clicked first.
    clicked.reverse();
    for batch in clicked.chunks(BATCH) {
        let keys: Vec<DeliveryKey> = batch.iter().map(|clicked| clicked.delivery).collect();
        let by_key: BTreeMap<DeliveryKey, &Clicked> = keys.iter().copied().zip(batch).collect();
        for fact in view.store().facts(&keys)? {
            if let Some(clicked) = by_key.get(&fact.delivery) {
                add(&mut links, clicked, &fact, steps, unique);
            }
        }
    }
    Ok(links)
}

fn add(
    links: &mut BTreeMap<Link, Clicks>,
    clicked: &Clicked,
    fact: &Fact,
    steps: &Steps,
    unique: bool,
) {
    let Some(series) = SERIES.iter().position(|(_, mark)| *mark == fact.mark) else {
        return;
    };
    let Some(href) = fact.href.clone() else {
        return;
    };
    let Some(index) = steps.index(clicked.created) else {
        return;
    };
    let clicks = links.entry((fact.link_id, href)).or_insert_with(|| Clicks {
        counts: [steps.zeros(), steps.zeros(), steps.zeros()],
        counted: Default::default(),
    });
    if !unique || clicks.counted[series].insert(clicked.by) {
        clicks.counts[series][index] += 1;
    }
}
