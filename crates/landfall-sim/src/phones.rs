//! Phones behind the providers, with people who hold them.
//!
//! A [`Fleet`] is a pure model: it takes what providers accepted ([`Fleet::accept`]), lets time pass
//! ([`Fleet::advance`]), and says what the apps' SDKs tell the server meanwhile, as data. What really
//! happened is kept aside ([`Fleet::truth`]). It reads no clock, and all chance comes from its seed: the
//! same pushes at the same moments make the same history.
//!
//! What it models follows the reference: permission and what it means on each platform (semantics.md
//! 2.8), storage at the providers, time to live and collapse keys (providers.md 1.6 and 2.5), Doze and
//! App Standby, apps stopped by force, tokens that die and are replaced (1.8 and 2.6), calls of the SDKs
//! (mobile-sdk.md 4 and 5), receipts that come late, twice or never (semantics.md 2.9 and 2.10).
//!
//! ```
//! use landfall_domain::time::{HOUR_MS, Timestamp};
//! use landfall_sim::phones::{Fleet, FleetSpec, Push, What};
//!
//! let start = Timestamp::from_seconds(1_795_440_600);
//! let mut fleet = Fleet::new(FleetSpec::steady(1, start), 7);
//! let registered = fleet.advance(start);
//! let token = registered[0].token.to_string();
//!
//! fleet.accept(Push::shown(&token, "d1", start.plus_millis(HOUR_MS)), start);
//! let told = fleet.advance(start.plus_millis(HOUR_MS));
//! assert!(matches!(&told[0].what, What::Delivered { delivery_id } if &**delivery_id == "d1"));
//! assert!(fleet.truth()[0].arrived());
//! ```

mod agenda;
mod arrival;
mod dice;
mod happening;
mod holding;
mod hours;
mod life;
mod phone;
mod push;
mod spec;
#[cfg(test)]
mod tests;
mod truth;

use std::collections::HashMap;
use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::Timestamp;

use agenda::{Agenda, Event};
use dice::{Dice, Lot};
pub use happening::{Happening, Registration, What};
use holding::Flight;
use phone::Phone;
pub use push::Push;
pub use spec::{FleetSpec, ReceiptSpec, Release};
pub use truth::{Fate, Lost, ProviderAnswer, Truth};

/// A token as its provider knows it.
#[derive(Clone, Copy, Debug)]
struct Issued {
    phone: usize,
    /// From when on the provider says that it is dead.
    dead_from: Option<Timestamp>,
}

/// Phones and people by chance.
#[derive(Debug)]
pub struct Fleet {
    spec: FleetSpec,
    phones: Vec<Phone>,
    issued: HashMap<Arc<str>, Issued>,
    flights: Vec<Flight>,
    truths: Vec<Truth>,
    /// Where the truth about a delivery on a token is.
    known: HashMap<(Arc<str>, Arc<str>), usize>,
    agenda: Agenda,
    now: Timestamp,
}

impl Fleet {
    /// A fleet as the settings say. Time stands before [`FleetSpec::start`]: the first
    /// [`Fleet::advance`] says which devices there are.
    pub fn new(spec: FleetSpec, seed: u64) -> Self {
        let dice = Dice::new(seed);
        let second = |person: &u32| {
            let number = usize::try_from(*person).unwrap_or_default();
            let dice = dice.of(number);
            dice.happens(spec.second_phone, Lot::Person, 3)
        };
        let owners = (0..spec.people).chain((0..spec.people).filter(second));
        let phones = owners
            .enumerate()
            .map(|(number, person)| Phone::new(&spec, number, person, dice.of(number)));
        let mut fleet = Self {
            phones: phones.collect(),
            issued: HashMap::new(),
            flights: Vec::new(),
            truths: Vec::new(),
            known: HashMap::new(),
            agenda: Agenda::default(),
            now: spec.start,
            spec,
        };
        fleet.begin();
        fleet
    }

    /// Lets time pass. Returns what reaches the server until then, in order.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Happening> {
        let mut told = Vec::new();
        while let Some((at, number, event)) = self.agenda.next(to) {
            self.now = at;
            match event {
                Event::Open => self.open_as_usual(number, at),
                Event::Start => self.open(number, at),
                Event::Uninstall => self.uninstall(number, at),
                Event::Install => self.install(number, at),
                Event::Restore => self.restore(number, at),
                Event::Permission => self.turn_permission(number, at),
                Event::Switch => self.switch_account(number, at),
                Event::Release => self.release(number, at),
                Event::Arrive(flight) => self.arrive(number, flight, at),
                Event::Tap(flight) => self.tap(number, flight, at),
                Event::Reach { call, of } if of == self.phones[number].installation => {
                    self.note(&call);
                    told.push(*call);
                }
                Event::Reach { .. } => {}
            }
        }
        self.now = self.now.max(to);
        told
    }

    /// When something happens next; `None`: never again without a push.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// What the provider of a token says to a push at `now`.
    pub fn provider_answer(&self, token: &str, now: Timestamp) -> ProviderAnswer {
        let Some(issued) = self.issued.get(token) else {
            return ProviderAnswer::Unknown;
        };
        let phone = &self.phones[issued.phone];
        let stale = phone.stale_from().filter(|_| phone.has(token));
        match issued.dead_from.into_iter().chain(stale).min() {
            Some(since) if since <= now => ProviderAnswer::Dead { since },
            _ => ProviderAnswer::Accepted,
        }
    }

    /// What really happened, one entry for each delivery and token that a provider took, in the order in
    /// which they were taken first.
    pub fn truth(&self) -> &[Truth] {
        &self.truths
    }

    /// The truth about one delivery on one token.
    pub fn truth_of(&self, delivery_id: &str, token: &str) -> Option<&Truth> {
        let key = (Arc::from(delivery_id), Arc::from(token));
        self.known.get(&key).map(|place| &self.truths[*place])
    }

    /// Tokens that apps have now, with phone and platform: a token that is not among them reaches nobody.
    pub fn live_tokens(&self) -> impl Iterator<Item = (&str, usize, Platform)> {
        let live = self.phones.iter().filter(|phone| phone.installed);
        live.filter_map(|phone| Some((phone.token.as_deref()?, phone.number, phone.platform)))
    }

    /// How many phones there are.
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    /// Whether there is no phone.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty()
    }

    /// Notes what the server is told.
    fn note(&mut self, call: &Happening) {
        let (What::Delivered { delivery_id } | What::Opened { delivery_id }) = &call.what else {
            return;
        };
        let key = (Arc::clone(delivery_id), Arc::clone(&call.token));
        let Some(truth) = self.known.get(&key).map(|place| &mut self.truths[*place]) else {
            return;
        };
        if matches!(call.what, What::Opened { .. }) {
            truth.open_reported_at = truth.open_reported_at.or(Some(call.at));
        } else {
            truth.reports += 1;
            truth.reported_at = truth.reported_at.or(Some(call.at));
        }
    }
}

/// Milliseconds from a draw.
#[expect(
    clippy::cast_possible_truncation,
    reason = "casts from floats saturate, and fractions of a millisecond do not matter"
)]
const fn millis(drawn: f64) -> i64 {
    drawn as i64
}
