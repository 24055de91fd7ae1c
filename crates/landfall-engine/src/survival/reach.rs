//! How many of a segment a push will reach.

use landfall_domain::ids::{PersonKey, SegmentId};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_insight::rate::Z_95;
use landfall_insight::survival::{Reach, reach};
use landfall_store::{Store, StoreError};

use super::devices::{DeviceLiveness, last_receipts};
use super::{PAGE, Survival};
use crate::workspace::Workspace;

/// Members who are looked at; of larger segments so many, evenly spread.
const MEMBERS_MAX: usize = 5_000;
/// Members who are read in one go.
const MEMBERS_PAGE: usize = 10_000;

/// The reach of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SegmentReach {
    /// Members.
    pub members: u64,
    /// Members who were looked at; of the others the same is taken to hold.
    pub looked_at: u64,
    /// Members with a token that the provider takes, whose app may show notifications and who agreed to it.
    pub valid: f64,
    /// Of them expected to be there, with the 95 % interval; `None`: too little is known of tokens to say.
    pub expected: Option<(f64, f64, f64)>,
    /// Members about whose tokens nothing can be said: the interval leaves open whether they are there.
    pub unknown: f64,
    /// When what is known of tokens was learned.
    pub learned_at: Option<Timestamp>,
}

/// One member with a valid device.
enum Member {
    /// The probability that one of the devices is there, and its standard error.
    Likely(f64, f64),
    Unknown,
}

fn member(devices: &[DeviceLiveness]) -> Member {
    let (mut none, mut error) = (1.0_f64, 0.0_f64);
    let mut known = false;
    for alive in devices.iter().filter_map(|device| device.alive) {
        known = true;
        none *= 1.0 - alive.alive;
        error = error.max((alive.interval.high - alive.interval.low) / (2.0 * Z_95));
    }
    match known {
        true => Member::Likely(1.0 - none, error),
        false => Member::Unknown,
    }
}

/// Whether the person gets pushes at all.
fn agrees(person: &Person) -> bool {
    let push = person.consent.channels.get("push");
    !person.is_unsubscribed() && push.is_none_or(|choice| choice.subscribed)
}

fn look(
    store: &dyn Store,
    keys: &[PersonKey],
    known: Option<&Survival>,
    now: Timestamp,
) -> Result<Vec<Member>, StoreError> {
    let mut found = Vec::new();
    for person in store.people(keys)?.iter().filter(|person| agrees(person)) {
        let able = person
            .devices
            .values()
            .filter(|device| device.is_valid() && device.permission() != Some(false));
        let able: Vec<_> = able.collect();
        if able.is_empty() {
            continue;
        }
        let receipts = last_receipts(store, person)?;
        let devices: Vec<DeviceLiveness> = able
            .into_iter()
            .map(|device| {
                let receipt = receipts.get(&device.key).copied();
                DeviceLiveness::of(device, receipt, known, now)
            })
            .collect();
        found.push(member(&devices));
    }
    Ok(found)
}

/// Members, evenly spread where there are too many.
fn sample(store: &dyn Store, segment: SegmentId) -> Result<(u64, Vec<PersonKey>), StoreError> {
    let members = store.member_count(segment)?;
    let every = (members as usize).div_ceil(MEMBERS_MAX).max(1);
    let (mut after, mut passed, mut sample) = (None, 0, Vec::new());
    loop {
        let page = store.members(segment, after, MEMBERS_PAGE)?;
        for key in &page {
            if passed % every == 0 {
                sample.push(*key);
            }
            passed += 1;
        }
        if page.len() < MEMBERS_PAGE {
            return Ok((members, sample));
        }
        after = page.last().copied();
    }
}

/// Puts members together. What is not known of tokens stays open; what the sample does not show of the others
/// is part of the interval.
fn forecast(
    members: u64,
    looked_at: u64,
    found: &[Member],
    learned_at: Option<Timestamp>,
) -> SegmentReach {
    let (mut likely, mut errors, mut unknown) = (Vec::new(), 0.0, 0.0);
    for member in found {
        match member {
            Member::Likely(probability, error) => {
                likely.push(*probability);
                errors += error;
            }
            Member::Unknown => unknown += 1.0,
        }
    }
    let scale = members as f64 / looked_at.max(1) as f64;
    let error = errors / (likely.len().max(1)) as f64;
    let Reach {
        expected,
        low,
        high,
        ..
    } = reach(&likely, error);
    let looked = looked_at.max(1) as f64;
    // Whoever was looked at is reached or not: a share, of which the sample knows so much.
    let share = expected / looked;
    let unseen = (1.0 - 1.0 / scale).max(0.0);
    let chosen = Z_95 * (looked * share * (1.0 - share) * unseen).max(0.0).sqrt();
    let below = ((expected - low).powi(2) + chosen * chosen).sqrt();
    let above = ((high - expected).powi(2) + chosen * chosen).sqrt();
    let ends = (
        expected * scale,
        (expected - below).max(0.0) * scale,
        ((expected + above + unknown) * scale).min(members as f64),
    );
    SegmentReach {
        members,
        looked_at,
        valid: found.len() as f64 * scale,
        expected: (!likely.is_empty() || found.is_empty()).then_some(ends),
        unknown: unknown * scale,
        learned_at,
    }
}

impl Workspace {
    /// How many members of a segment a push would reach now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn segment_reach(&self, segment: SegmentId) -> Result<SegmentReach, StoreError> {
        let now = self.now();
        self.read(move |store| {
            let known = Survival::read(store)?;
            let (members, sample) = sample(store, segment)?;
            let mut found = Vec::new();
            for page in sample.chunks(PAGE) {
                found.extend(look(store, page, known.as_ref(), now)?);
            }
            let learned_at = known.map(|known| known.learned_at);
            Ok(forecast(members, sample.len() as u64, &found, learned_at))
        })
        .await
    }
}
