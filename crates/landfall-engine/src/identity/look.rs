//! A look at everybody, page by page.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::device::Device;
use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::coverage::{IdentityProblem, Kind};
use landfall_store::{Store, StoreError};

use super::finding::{
    Decision, Evidence, Finding, Found, Look, Remedy, Who, is_good, is_out_of_reach,
};
use super::stranded::Visitors;
use super::{doubled, lost, owners};
use crate::coverage::ACTIVE_DAYS;
use crate::workspace::Workspace;

/// Records that are read in one go.
const PAGE: usize = 500;
/// Anonymous profiles with tokens that are looked at, newest first.
const VISITORS_MAX: usize = 100_000;
/// Names of people that a problem shows.
const EXAMPLES: usize = 5;

/// Findings, counted and bounded.
#[derive(Debug, Default)]
struct Heap {
    counts: BTreeMap<Kind, (u64, u64)>,
    out_of_reach: BTreeMap<Kind, BTreeSet<PersonKey>>,
    clear: BTreeMap<Kind, Vec<Finding>>,
    unclear: BTreeMap<Kind, Vec<Finding>>,
}

impl Heap {
    fn take(&mut self, finding: Finding) {
        let kind = finding.kind;
        let clear = matches!(finding.remedy, Remedy::Move { .. });
        let (count, automatic) = self.counts.entry(kind).or_default();
        (*count, *automatic) = (*count + 1, *automatic + u64::from(clear));
        let people = self.out_of_reach.entry(kind).or_default();
        people.extend(&finding.out_of_reach);
        let kept = match clear {
            true => self.clear.entry(kind).or_default(),
            false => self.unclear.entry(kind).or_default(),
        };
        if kept.len() < Look::KEPT_MAX {
            kept.push(finding);
        }
    }

    fn end(mut self, at: Timestamp, people: u64, complete: bool) -> Look {
        let (mut found, mut findings) = (Vec::new(), Vec::new());
        for kind in Kind::ALL {
            let mut kept = self.clear.remove(&kind).unwrap_or_default();
            kept.extend(self.unclear.remove(&kind).unwrap_or_default());
            kept.truncate(Look::KEPT_MAX);
            let (count, automatic) = self.counts.get(&kind).copied().unwrap_or_default();
            let mut examples: Vec<String> = Vec::new();
            for finding in &kept {
                if examples.len() < EXAMPLES && !examples.contains(&finding.person.name) {
                    examples.push(finding.person.name.clone());
                }
            }
            let repair = format!("landfall identity repair --kind {} --apply", kind.name());
            found.push(Found {
                problem: IdentityProblem {
                    kind,
                    count,
                    people: self.out_of_reach.get(&kind).map_or(0, BTreeSet::len) as u64,
                    at_risk: None,
                    examples,
                    repair: (automatic > 0).then_some(repair),
                },
                automatic,
            });
            findings.extend(kept);
        }
        Look {
            at,
            people,
            found,
            findings,
            complete,
        }
    }
}

/// What is carried from page to page.
#[derive(Debug, Default)]
struct Way {
    heap: Heap,
    visitors: Visitors,
    /// Known people who did something lately.
    active: Vec<PersonKey>,
}

/// Looks at everybody.
pub(super) async fn at_everybody(
    workspace: &Workspace,
    now: Timestamp,
) -> Result<Look, StoreError> {
    let (mut visitors, records) = workspace.with_roster(crate::Roster::visitors_with_devices);
    let left_out = visitors.len().saturating_sub(VISITORS_MAX);
    visitors.drain(..left_out);
    let mut total = records + visitors.len() as u64;
    let mut done = 0;
    let looks = &workspace.shared.identity;
    looks.tell(done, total);
    let mut way = Way::default();
    for page in visitors.chunks(PAGE) {
        let page = page.to_vec();
        done += page.len() as u64;
        way = workspace
            .read(move |store| {
                for visitor in store.people(&page)? {
                    way.visitors.add(store, &visitor)?;
                }
                Ok(way)
            })
            .await?;
        looks.tell(done, total);
    }
    let (mut people, mut after) = (0, None);
    loop {
        let page;
        (way, page) = workspace
            .read(move |store| {
                let page = store.people_after(after, PAGE)?;
                for person in &page {
                    look_at(store, person, now, &mut way)?;
                }
                Ok((way, page))
            })
            .await?;
        people += page.len() as u64;
        done += page.len() as u64;
        looks.tell(done, total.max(done));
        match page.last() {
            Some(last) => after = Some(last.key),
            None => break,
        }
    }
    let active = std::mem::take(&mut way.active);
    total = done + active.len() as u64;
    for page in active.chunks(PAGE) {
        let page = page.to_vec();
        done += page.len() as u64;
        way = workspace
            .read(move |store| {
                for person in page {
                    way.visitors.listen(store, person, now)?;
                }
                Ok(way)
            })
            .await?;
        looks.tell(done, total);
    }
    workspace
        .read(move |store| {
            let Way {
                mut heap, visitors, ..
            } = way;
            visitors.findings(store, now, &mut |finding| heap.take(finding))?;
            Ok(heap.end(now, people, left_out == 0 && !visitors.full))
        })
        .await
}

/// Looks at one record.
fn look_at(
    store: &dyn Store,
    person: &Person,
    now: Timestamp,
    way: &mut Way,
) -> Result<(), StoreError> {
    if !person.is_known() {
        return Ok(());
    }
    way.visitors.compare(person);
    if way.visitors.wants_events() && now.since(person.active_at) <= ACTIVE_DAYS * DAY_MS {
        way.active.push(person.key);
    }
    for finding in doubled::of(store, person)? {
        way.heap.take(finding);
    }
    for finding in lost::of(store, person, now)? {
        way.heap.take(finding);
    }
    for device in person.devices.values() {
        // Whoever took it back in the time that is looked at has it since.
        if now.since(device.registered_at) <= owners::DAYS * DAY_MS
            && let Some(finding) = in_conflict(store, person, device, now)?
        {
            way.heap.take(finding);
        }
    }
    Ok(())
}

/// A token that its owner and somebody else take from each other.
fn in_conflict(
    store: &dyn Store,
    owner: &Person,
    device: &Device,
    now: Timestamp,
) -> Result<Option<Finding>, StoreError> {
    let moves = store.token_moves(device.key)?;
    let Some(((one, other), times, last)) = owners::taken_in_turn(&moves, now) else {
        return Ok(None);
    };
    let other = match owner.key {
        key if key == one => other,
        key if key == other => one,
        _ => return Ok(None),
    };
    // Whoever was merged or is anonymous is nobody else.
    let other = store.people(&[other])?.pop();
    let Some(other) = other.filter(|other| other.standing == Standing::Known) else {
        return Ok(None);
    };
    let costs = is_good(device) && is_out_of_reach(&other, now);
    Ok(Some(Finding {
        kind: Kind::TwoOwners,
        at: last,
        device: device.clone(),
        person: Who::of(owner),
        evidence: Evidence::TakenInTurn { times },
        out_of_reach: costs.then_some(other.key).into_iter().collect(),
        other: Some(Who::of(&other)),
        remedy: Remedy::Decide(Decision::OneOrTwo),
    }))
}
