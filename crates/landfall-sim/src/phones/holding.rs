//! Between provider and phone: what is stored, replaced, dropped and handed over.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::{DAY_MS, Timestamp};

use super::agenda::Event;
use super::dice::{Lot, of_delivery};
use super::phone::Held;
use super::push::Push;
use super::truth::{Fate, Lost, Truth};
use super::{Fleet, millis};

/// Longest storage of APNs (providers.md 1.6) and of FCM.
const STORED_APNS_MS: i64 = 30 * DAY_MS;
const STORED_FCM_MS: i64 = 28 * DAY_MS;
/// Different collapse keys that FCM stores for a device, and other messages (providers.md 2.5).
const KEYS_MAX: usize = 4;
const STORED_MAX: usize = 100;
/// Median time that a push takes to a phone that is there.
const ON_THE_WAY_MS: f64 = 400.0;

/// One copy of a push on its way.
#[derive(Debug)]
pub(super) struct Flight {
    /// What becomes of it is noted there.
    pub(super) truth: usize,
    pub(super) collapse_key: Option<Arc<str>>,
    pub(super) expires_at: Timestamp,
    pub(super) high: bool,
    pub(super) silent: bool,
    pub(super) mutable: bool,
    /// To draw with.
    pub(super) draw: u64,
}

impl Fleet {
    /// A provider took a push. Time must have come to `now` (see [`Fleet::advance`]).
    pub fn accept(&mut self, push: Push, now: Timestamp) {
        let now = now.max(self.now);
        let (flight, phone) = self.take_off(push, now);
        let Some(number) = phone else {
            self.lose(flight, Lost::Unregistered);
            return;
        };
        let (high, draw) = (self.flights[flight].high, self.flights[flight].draw);
        let due = self.phones[number].reachable_at(now, high, draw);
        if due == Some(now) {
            self.hand_over(number, flight, now);
            return;
        }
        let over = self.flights[flight].expires_at;
        if over <= now {
            self.lose(flight, Lost::Expired);
            return;
        }
        self.hold(number, Held { flight, due });
        let look = due.map_or(over, |due| due.min(over));
        self.agenda.plan(look, number, Event::Release);
    }

    /// Notes a push; the second part is the phone that has its token now.
    fn take_off(&mut self, push: Push, now: Timestamp) -> (usize, Option<usize>) {
        let issued = self.issued.get(push.token.as_str());
        let had_by = issued.map(|issued| issued.phone);
        let platform = had_by.map(|phone| self.phones[phone].platform);
        let stored_ms = match platform {
            Some(Platform::Ios) => STORED_APNS_MS,
            _ => STORED_FCM_MS,
        };
        let token: Arc<str> = match self.issued.get_key_value(push.token.as_str()) {
            Some((known, _)) => Arc::clone(known),
            None => push.token.into(),
        };
        let delivery_id: Arc<str> = push.delivery_id.into();
        let key = (Arc::clone(&delivery_id), Arc::clone(&token));
        let next = self.truths.len();
        let truth = *self.known.entry(key).or_insert(next);
        if truth == next {
            self.truths.push(Truth {
                delivery_id: Arc::clone(&delivery_id),
                token: Arc::clone(&token),
                platform,
                accepted_at: now,
                copies: 0,
                fate: Fate::Waiting,
                arrivals: 0,
                shown_at: None,
                shown: 0,
                replaced_at: None,
                tapped_at: None,
                reports: 0,
                reported_at: None,
                open_reported_at: None,
            });
        }
        let noted = &mut self.truths[truth];
        noted.copies += 1;
        if !noted.arrived() {
            noted.fate = Fate::Waiting;
        }
        self.flights.push(Flight {
            truth,
            collapse_key: push.collapse_key.map(Into::into),
            expires_at: push.expires_at.unwrap_or(now.plus_millis(stored_ms)),
            high: push.high_priority,
            silent: push.silent,
            mutable: push.mutable_content,
            draw: of_delivery(&delivery_id, u64::from(noted.copies)),
        });
        let has_it = |number: &usize| {
            let phone = &self.phones[*number];
            phone.has(&token) && phone.stale_from().is_none_or(|since| since > now)
        };
        (self.flights.len() - 1, had_by.filter(has_it))
    }

    /// Stores a push for a phone that cannot be reached now.
    fn hold(&mut self, number: usize, held: Held) {
        let phone = &self.phones[number];
        let key = |held: &Held| self.flights[held.flight].collapse_key.as_deref();
        let (out, why) = match (phone.platform, key(&held)) {
            // One for each app on a device, whatever its key.
            (Platform::Ios, _) => (phone.held.clone(), Lost::Superseded),
            (_, Some(own)) => {
                let with_keys = phone.held.iter().filter(|held| key(held).is_some());
                let same = with_keys.clone().find(|held| key(held) == Some(own));
                // Which of five keys goes is undefined: the oldest here.
                let full = with_keys.clone().count() >= KEYS_MAX;
                let oldest = with_keys.clone().next().filter(|_| full);
                let out = same.or(oldest).copied();
                (out.into_iter().collect(), Lost::Superseded)
            }
            (_, None) => {
                let without = || phone.held.iter().filter(|held| key(held).is_none());
                if without().count() >= STORED_MAX {
                    let all: Vec<Held> = without().copied().chain([held]).collect();
                    self.phones[number].held.push(held);
                    self.take_out(number, &all, Lost::TooMany);
                    return;
                }
                (Vec::new(), Lost::Superseded)
            }
        };
        self.take_out(number, &out, why);
        self.phones[number].held.push(held);
    }

    fn take_out(&mut self, number: usize, out: &[Held], why: Lost) {
        let gone = |held: &Held| out.iter().any(|other| other.flight == held.flight);
        self.phones[number].held.retain(|held| !gone(held));
        for held in out {
            self.lose(held.flight, why);
        }
    }

    /// Hands over what is due, and drops what is over.
    pub(super) fn release(&mut self, number: usize, now: Timestamp) {
        let held = std::mem::take(&mut self.phones[number].held);
        for held in held {
            if self.flights[held.flight].expires_at <= now {
                self.lose(held.flight, Lost::Expired);
            } else if held.due.is_some_and(|due| due <= now) {
                self.hand_over(number, held.flight, now);
            } else {
                self.phones[number].held.push(held);
            }
        }
        // An expiry may have been what brought us here; what is due later is looked at then.
        let next = self.phones[number].held.iter();
        let next = next.filter_map(|held| held.due).min();
        if let Some(next) = next {
            self.agenda.plan(next, number, Event::Release);
        }
    }

    fn hand_over(&mut self, number: usize, flight: usize, now: Timestamp) {
        let draw = self.flights[flight].draw;
        let dice = self.phones[number].dice;
        let takes = millis(dice.log_normal(ON_THE_WAY_MS, 0.6, Lot::Network, draw));
        let arrives = now.plus_millis(takes);
        self.agenda.plan(arrives, number, Event::Arrive(flight));
    }

    /// Everything that a provider holds for a token that is dead is gone.
    pub(super) fn drop_held(&mut self, number: usize) {
        let held = std::mem::take(&mut self.phones[number].held);
        for held in held {
            self.lose(held.flight, Lost::Unregistered);
        }
    }

    pub(super) fn lose(&mut self, flight: usize, why: Lost) {
        let truth = &mut self.truths[self.flights[flight].truth];
        if !truth.arrived() {
            truth.fate = Fate::Lost(why);
        }
    }
}
