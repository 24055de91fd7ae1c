//! A push at the phone: received, shown, reported, tapped.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::{HOUR_MS, MINUTE_MS, Timestamp};

use super::agenda::Event;
use super::dice::Lot;
use super::happening::{Happening, What};
use super::phone::{OnScreen, Pending};
use super::truth::{Fate, Lost};
use super::{Fleet, millis};

/// How ready people are to tap at each hour of their day, 1 being a good hour.
const READY: [f64; 24] = [
    0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4, 0.8, 1.0, 0.9, 0.8, 0.8, 1.0, 0.9, 0.8, 0.8, 0.8, 0.9, 1.0,
    1.0, 1.0, 0.9, 0.7, 0.4,
];
/// Mean time from when somebody could see a notification to the tap.
const UNTIL_TAP_MS: f64 = 25.0 * MINUTE_MS as f64;
/// A notification that is so old when it is seen is tapped 2.7 times less often.
const GROWS_OLD_MS: f64 = 12.0 * HOUR_MS as f64;

impl Fleet {
    /// A push is at the phone.
    pub(super) fn arrive(&mut self, number: usize, flight: usize, now: Timestamp) {
        let (silent, mutable) = (self.flights[flight].silent, self.flights[flight].mutable);
        let truth = self.flights[flight].truth;
        let phone = &mut self.phones[number];
        if phone.token.as_ref() != Some(&self.truths[truth].token) {
            self.lose(flight, Lost::Unregistered);
            return;
        }
        if phone.platform == Platform::Android && phone.stopped {
            self.lose(flight, Lost::ForceStopped);
            return;
        }
        if phone.platform == Platform::Ios && !phone.permission && !silent {
            self.lose(flight, Lost::Disabled);
            return;
        }
        let delivery_id = Arc::clone(&self.truths[truth].delivery_id);
        let news = phone.is_news(&delivery_id);
        let noted = &mut self.truths[truth];
        noted.arrivals += 1;
        if !noted.arrived() {
            noted.fate = Fate::Arrived(now);
        }
        // The extension runs for what is shown only; Android's SDK is asked in any case.
        let asked = phone.platform == Platform::Android || (mutable && !silent);
        let reports = phone
            .release(&self.spec, now)
            .is_some_and(|release| release.reports);
        let permission = phone.permission;
        if asked && reports && news && !delivery_id.is_empty() {
            self.report(number, flight, now);
        }
        if permission && !silent && news {
            self.show(number, flight, now);
        }
    }

    /// The direct report of an arrival (mobile-sdk.md 5.1 and 5.2).
    fn report(&mut self, number: usize, flight: usize, now: Timestamp) {
        let spec = &self.spec.receipts;
        let phone = &mut self.phones[number];
        let (dice, draw) = (phone.dice, self.flights[flight].draw);
        let truth = &self.truths[self.flights[flight].truth];
        let luck = dice.share(Lot::Receipt, draw);
        if luck < spec.lost {
            return;
        }
        if luck < spec.lost + spec.deferred {
            phone.keep(Pending {
                delivery_id: Arc::clone(&truth.delivery_id),
                token: Arc::clone(&truth.token),
                at: now,
            });
            return;
        }
        let twice = luck < spec.lost + spec.deferred + spec.duplicated;
        let takes = |lot: u64| {
            let median = spec.median_ms;
            millis(dice.log_normal(median, spec.spread, Lot::Receipt, draw ^ lot))
        };
        let first = now.plus_millis(takes(1));
        let again = twice.then(|| first.plus_millis(takes(2)));
        let call = Happening {
            at: first,
            stated_at: None,
            sent_at: None,
            phone: number,
            platform: phone.platform,
            token: Arc::clone(&truth.token),
            what: What::Delivered {
                delivery_id: Arc::clone(&truth.delivery_id),
            },
        };
        let of = phone.installation;
        for at in std::iter::once(first).chain(again) {
            let call = Box::new(Happening { at, ..call.clone() });
            self.agenda.plan(at, number, Event::Reach { call, of });
        }
    }

    /// Shows a notification. On iPhones it takes the place of one with the same collapse id; Android's
    /// collapse keys work at FCM only, and the SDK knows its latest deliveries again.
    fn show(&mut self, number: usize, flight: usize, now: Timestamp) {
        let truth = self.flights[flight].truth;
        let phone = &mut self.phones[number];
        let own = Arc::clone(&self.truths[truth].delivery_id);
        let key = match (&self.flights[flight].collapse_key, phone.platform) {
            (Some(key), Platform::Ios) => Arc::clone(key),
            _ => own,
        };
        let before = phone.screen.iter().position(|shown| shown.key == key);
        let mut again = false;
        if let Some(before) = before {
            let before = phone.screen.remove(before);
            let replaced = self.flights[before.flight].truth;
            again = replaced == truth;
            if !again {
                self.truths[replaced].replaced_at = Some(now);
            }
        }
        phone.screen.push(OnScreen { key, flight });
        let noted = &mut self.truths[truth];
        noted.shown_at = noted.shown_at.or(Some(now));
        noted.shown += u32::from(!again);
        self.consider_tap(number, flight, now);
    }

    fn consider_tap(&mut self, number: usize, flight: usize, now: Timestamp) {
        let phone = &self.phones[number];
        let (dice, draw) = (phone.dice, self.flights[flight].draw);
        let seen = phone.hours.next_awake(now);
        let age = (-(seen.since(now) as f64) / GROWS_OLD_MS).exp();
        let chance = phone.taps * READY[phone.hours.hour(seen) % READY.len()] * age;
        if !dice.happens(chance, Lot::Tap, draw) {
            return;
        }
        let after = dice.exponential(UNTIL_TAP_MS, Lot::Tap, draw ^ 1);
        let at = seen.plus_millis(millis(after));
        if phone.hours.awake(at) {
            self.agenda.plan(at, number, Event::Tap(flight));
        }
    }

    /// Somebody taps a notification, if it is still there.
    pub(super) fn tap(&mut self, number: usize, flight: usize, now: Timestamp) {
        let phone = &mut self.phones[number];
        let there = phone.screen.iter().position(|on| on.flight == flight);
        let Some(place) = there else {
            return;
        };
        phone.screen.remove(place);
        let truth = &mut self.truths[self.flights[flight].truth];
        truth.tapped_at = truth.tapped_at.or(Some(now));
        let (token, delivery_id) = (Arc::clone(&truth.token), Arc::clone(&truth.delivery_id));
        if !delivery_id.is_empty() {
            let what = What::Opened { delivery_id };
            self.say(number, token, what, now, now);
        }
        self.open(number, now);
    }
}
