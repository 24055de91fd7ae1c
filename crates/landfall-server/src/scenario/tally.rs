//! The ledger beside the truth.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use landfall_domain::delivery::{Delivery, Target};
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::DeviceKey;
use landfall_domain::marks::Mark;
use landfall_domain::status::{Outcome as DeliveryOutcome, outcome as outcome_of};
use landfall_sim::phones::{Fate, Fleet};
use landfall_store::{Store, StoreError};
use serde::Serialize;

use super::{Plan, Shop};

/// Rows that are read together.
const PAGE: usize = 5_000;

/// What a scenario came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) people: u32,
    pub(crate) phones: u64,
    pub(crate) days: u32,
    pub(crate) seed: u64,
    /// Inputs of apps and of the shop.
    pub(crate) inputs: u64,
    /// Requests to the providers, repeated ones too.
    pub(crate) requests: u64,
    /// What the ledger says.
    pub(crate) ledger: Ledger,
    /// What really happened.
    pub(crate) truth: Truths,
    /// Where the two contradict each other: all zero unless something is wrong.
    pub(crate) contradictions: Contradictions,
    /// Whether everybody who was to get a message is in exactly one outcome, and everything that is
    /// pending is on its way.
    pub(crate) books_balance: bool,
    /// How long it took, in milliseconds of real time.
    pub(crate) took_ms: i64,
}

/// Counts of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Ledger {
    pub(crate) deliveries: u64,
    /// Deliveries by outcome.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    /// Pushes that a provider took, as far as it said so.
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) opened: u64,
    /// Tokens that were taken from their owners because their provider called them dead.
    pub(crate) tokens_removed: u64,
}

/// Counts of what really happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Truths {
    /// Pushes that a provider took, one for each delivery and token.
    pub(crate) accepted: u64,
    pub(crate) arrived: u64,
    pub(crate) shown: u64,
    pub(crate) tapped: u64,
    /// Arrivals that the server was told of.
    pub(crate) arrivals_reported: u64,
    pub(crate) taps_reported: u64,
    /// Pushes on their way, or waiting at a provider.
    pub(crate) waiting: u64,
    /// Pushes that never arrived, by cause.
    pub(crate) lost: BTreeMap<&'static str, u64>,
    /// Tokens that a provider called dead.
    pub(crate) tokens_dead: u64,
}

/// Counts of what must not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Contradictions {
    /// Delivered in the ledger, and it never arrived.
    pub(crate) delivered_without_arrival: u64,
    /// Opened in the ledger, and nobody tapped it.
    pub(crate) opened_without_tap: u64,
    /// Accepted in the ledger, and no provider took it.
    pub(crate) accepted_without_provider: u64,
    /// Tokens that a provider called dead and that somebody still has.
    pub(crate) dead_tokens_kept: u64,
    /// Notifications that drew attention twice.
    pub(crate) shown_twice: u64,
}

impl Outcome {
    /// Whether ledger and truth fit together.
    pub(crate) fn is_sound(&self) -> bool {
        self.books_balance
            && self.contradictions == Contradictions::default()
            && self.ledger.delivered == self.truth.arrivals_reported
            && self.ledger.opened == self.truth.taps_reported
    }
}

/// Reads the ledger and puts it beside the truth.
pub(super) fn outcome(plan: &Plan, shop: &Shop, inputs: u64) -> Result<Outcome> {
    let store = shop.workspace.store().as_ref();
    let fleet = shop.fleet.lock();
    let answered = shop.answers.lock();
    let tokens = Tokens::read(store)?;
    let mut made = Outcome {
        people: plan.people,
        phones: fleet.len() as u64,
        days: plan.days,
        seed: plan.seed,
        inputs,
        requests: answered.requests,
        truth: truths(&fleet),
        ..Outcome::default()
    };
    made.truth.tokens_dead = answered.dead.len() as u64;
    let shown_twice = fleet.truth().iter().filter(|truth| truth.shown > 1);
    made.contradictions.shown_twice = shown_twice.count() as u64;
    for token in &answered.dead {
        let kept = tokens.owned.get(token.as_str()).copied().unwrap_or(false);
        made.contradictions.dead_tokens_kept += u64::from(kept);
        made.ledger.tokens_removed += u64::from(!kept);
    }
    let mut pending = 0;
    let mut after = None;
    loop {
        let page = store.deliveries_after(after, PAGE)?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.key);
        for delivery in &page {
            count(&mut made, delivery, &tokens, &fleet);
            pending += u64::from(outcome_of(delivery) == DeliveryOutcome::Pending);
        }
    }
    let decided: u64 = made.ledger.outcomes.values().sum();
    made.books_balance = decided == made.ledger.deliveries && pending == open(store)?;
    Ok(made)
}

fn count(made: &mut Outcome, delivery: &Delivery, tokens: &Tokens, fleet: &Fleet) {
    made.ledger.deliveries += 1;
    let name = outcome_of(delivery).name();
    *made.ledger.outcomes.entry(name).or_default() += 1;
    for target in &delivery.targets {
        count_target(made, &delivery.id, target, tokens, fleet);
    }
}

fn count_target(made: &mut Outcome, id: &str, target: &Target, tokens: &Tokens, fleet: &Fleet) {
    let token = match &target.key {
        TargetKey::Device(device) => tokens.names.get(device).map(String::as_str),
        TargetKey::Address(_) => None,
    };
    let truth = token.and_then(|token| fleet.truth_of(id, token));
    let (ledger, wrong) = (&mut made.ledger, &mut made.contradictions);
    if target.marks.has(Mark::Sent) {
        ledger.accepted += 1;
        wrong.accepted_without_provider += u64::from(truth.is_none());
    }
    if target.marks.has(Mark::Delivered) {
        ledger.delivered += 1;
        let arrived = truth.is_some_and(|truth| truth.arrived());
        wrong.delivered_without_arrival += u64::from(!arrived);
    }
    if target.marks.has(Mark::Opened) {
        ledger.opened += 1;
        let tapped = truth.is_some_and(|truth| truth.tapped_at.is_some());
        wrong.opened_without_tap += u64::from(!tapped);
    }
}

fn truths(fleet: &Fleet) -> Truths {
    let mut made = Truths::default();
    for truth in fleet.truth() {
        made.accepted += 1;
        match truth.fate {
            Fate::Arrived(_) => made.arrived += 1,
            Fate::Waiting => made.waiting += 1,
            Fate::Lost(why) => *made.lost.entry(why.name()).or_default() += 1,
        }
        made.shown += u64::from(truth.shown_at.is_some());
        made.tapped += u64::from(truth.tapped_at.is_some());
        made.arrivals_reported += u64::from(truth.reported_at.is_some());
        made.taps_reported += u64::from(truth.open_reported_at.is_some());
    }
    made
}

/// Deliveries that have work on its way.
fn open(store: &dyn Store) -> Result<u64, StoreError> {
    let (mut count, mut after, mut last) = (0, None, None);
    loop {
        let page = store.open_works(after, PAGE)?;
        let Some(end) = page.last() else {
            return Ok(count);
        };
        after = Some(end.key);
        for work in &page {
            let delivery = Some(work.key.delivery());
            count += u64::from(delivery != last);
            last = delivery;
        }
    }
}

/// The tokens that the ledger knows.
struct Tokens {
    names: HashMap<DeviceKey, String>,
    /// Whether somebody has it.
    owned: HashMap<String, bool>,
}

impl Tokens {
    /// Device keys are dense from zero.
    fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut tokens = Self {
            names: HashMap::new(),
            owned: HashMap::new(),
        };
        let page = u32::try_from(PAGE).unwrap_or(u32::MAX);
        for from in (0..).step_by(PAGE) {
            let keys: Vec<DeviceKey> = (from..from + page).map(DeviceKey).collect();
            let records = store.tokens(&keys)?;
            if records.is_empty() {
                break;
            }
            for record in records {
                let token = record.token.token;
                tokens.owned.insert(token.clone(), record.owner.is_some());
                tokens.names.insert(record.key, token);
            }
        }
        Ok(tokens)
    }
}
