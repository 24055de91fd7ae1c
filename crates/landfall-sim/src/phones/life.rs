//! What people do with their phones.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

use super::agenda::Event;
use super::dice::Lot;
use super::happening::{Happening, What};
use super::phone::Phone;
use super::{Fleet, Issued, millis};

/// Mean time until a provider knows that a token is dead. Apple delays it on purpose, Google by its own
/// measure; neither says how long.
const KNOWN_APNS_MS: f64 = 6.0 * HOUR_MS as f64;
const KNOWN_FCM_MS: f64 = 24.0 * HOUR_MS as f64;
/// Mean time until a queue of events is uploaded.
const FLUSH_MS: f64 = 4.0 * SECOND_MS as f64;
/// Mean time until a removed app is back, if it comes back, and until a restored one is opened.
const BACK_MS: f64 = 3.0 * DAY_MS as f64;
const RESTORED_MS: f64 = 4.0 * HOUR_MS as f64;

impl Fleet {
    /// What phones are from the start: registered, and with a future.
    pub(super) fn begin(&mut self) {
        for number in 0..self.phones.len() {
            self.issue(number);
            let phone = &self.phones[number];
            let (start, used) = (self.spec.start, phone.last_used);
            if let Some(token) = phone.token.clone() {
                let what = What::Registered(phone.registration(&self.spec, start));
                let call = Box::new(Happening {
                    at: start,
                    stated_at: Some(used),
                    sent_at: Some(used),
                    phone: number,
                    platform: phone.platform,
                    token,
                    what,
                });
                self.agenda
                    .plan(start, number, Event::Reach { call, of: 0 });
            }
            self.plan_open(number, start);
            for (daily, lot, event) in [
                (self.spec.uninstalls, Lot::Uninstall, Event::Uninstall),
                (self.spec.restores, Lot::Restore, Event::Restore),
                (
                    self.spec.permission_changes,
                    Lot::Permission,
                    Event::Permission,
                ),
                (self.spec.account_switches, Lot::Switch, Event::Switch),
            ] {
                self.plan_daily(number, start, daily, lot, event);
            }
        }
    }

    fn plan_daily(&mut self, number: usize, now: Timestamp, daily: f64, lot: Lot, event: Event) {
        let phone = &self.phones[number];
        if daily <= 0.0 || phone.opens <= 0.0 {
            return;
        }
        let draw = u64::from(phone.installation) << 32 | phone.starts;
        let wait = phone.dice.exponential(DAY_MS as f64 / daily, lot, draw);
        let at = phone.hours.next_awake(now.plus_millis(millis(wait)));
        self.agenda.plan(at, number, event);
    }

    fn plan_open(&mut self, number: usize, now: Timestamp) {
        let phone = &self.phones[number];
        if phone.opens <= 0.0 {
            return;
        }
        let mean = DAY_MS as f64 / phone.opens;
        let wait = phone.dice.exponential(mean, Lot::Opens, phone.starts);
        let up = phone.hours.next_awake(now.plus_millis(millis(wait)));
        // Nobody opens it in the moment of getting up.
        let mean = 40.0 * MINUTE_MS as f64;
        let after = phone.dice.exponential(mean, Lot::OpenAt, phone.starts);
        self.agenda
            .plan(up.plus_millis(millis(after)), number, Event::Open);
    }

    /// One of the regular starts of the app.
    pub(super) fn open_as_usual(&mut self, number: usize, now: Timestamp) {
        self.open(number, now);
        self.phones[number].starts += 1;
        self.plan_open(number, now);
    }

    /// The app starts: what waited is handed over and reported, and the device registers again.
    pub(super) fn open(&mut self, number: usize, now: Timestamp) {
        let phone = &mut self.phones[number];
        if !phone.installed {
            return;
        }
        phone.stopped = false;
        if let Some(since) = phone.stale_from().filter(|since| *since <= now) {
            // The token is too old: the app gets another.
            phone.former = phone.token.take();
            let former = phone.former.as_ref();
            if let Some(issued) = former.and_then(|token| self.issued.get_mut(token)) {
                issued.dead_from = Some(since);
            }
        }
        let phone = &mut self.phones[number];
        phone.last_used = now;
        let online = phone.hours.online(now, phone.dice);
        if online {
            for held in &mut phone.held {
                held.due = Some(now);
            }
        }
        if phone.token.is_none() {
            self.issue(number);
        }
        if online {
            self.release(number, now);
        }
        let phone = &mut self.phones[number];
        let person = phone.person;
        let registered = What::Registered(phone.registration(&self.spec, now));
        let (former, token) = (phone.former.take(), phone.token.clone());
        let pending = std::mem::take(&mut phone.pending);
        let ios = phone.platform == Platform::Ios;
        if let Some(former) = former {
            self.say(number, former, What::Deleted { person }, now, now);
        }
        if let Some(token) = token {
            self.say(number, token, registered, now, now);
        }
        for waiting in pending {
            // iPhones keep the time of the arrival; Android's replay bears that of the start.
            let at = if ios { waiting.at } else { now };
            let delivery_id = waiting.delivery_id;
            self.say(
                number,
                waiting.token,
                What::Delivered { delivery_id },
                at,
                now,
            );
        }
        self.maybe_stop(number);
    }

    fn maybe_stop(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        let share = self.spec.force_stops;
        phone.stopped = phone.platform == Platform::Android
            && phone.dice.happens(share, Lot::ForceStop, phone.starts);
    }

    /// Puts a call into the app's queue; it is uploaded when there is a network.
    pub(super) fn say(
        &mut self,
        number: usize,
        token: Arc<str>,
        what: What,
        happened: Timestamp,
        now: Timestamp,
    ) {
        let phone = &self.phones[number];
        let Some(online) = phone.hours.next_online(now, phone.dice) else {
            return;
        };
        // One queue: everything of a moment is uploaded together, in order.
        let draw = now.millis().cast_unsigned();
        let flush = phone.dice.exponential(FLUSH_MS, Lot::Upload, draw);
        let at = online.plus_millis(millis(flush));
        let call = Box::new(Happening {
            at,
            stated_at: Some(phone.shows(happened)),
            sent_at: Some(phone.shows(at)),
            phone: number,
            platform: phone.platform,
            token,
            what,
        });
        let of = phone.installation;
        self.agenda.plan(at, number, Event::Reach { call, of });
    }

    pub(super) fn uninstall(&mut self, number: usize, now: Timestamp) {
        if !self.phones[number].installed {
            return;
        }
        self.retire_token(number, now);
        let phone = &mut self.phones[number];
        phone.installed = false;
        let draw = u64::from(phone.installation);
        if phone
            .dice
            .happens(self.spec.reinstalls, Lot::Reinstall, draw)
        {
            let wait = phone.dice.exponential(BACK_MS, Lot::Reinstall, !draw);
            let at = phone.hours.next_awake(now.plus_millis(millis(wait)));
            self.agenda.plan(at, number, Event::Install);
        }
    }

    /// The app comes back: a fresh one that knows nothing of its former token.
    pub(super) fn install(&mut self, number: usize, now: Timestamp) {
        if self.phones[number].installed {
            return;
        }
        self.phones[number].installed = true;
        self.open(number, now);
        let daily = self.spec.uninstalls;
        self.plan_daily(number, now, daily, Lot::Uninstall, Event::Uninstall);
    }

    /// The app moves to a new phone with what its SDK remembered, and gets another token there.
    pub(super) fn restore(&mut self, number: usize, now: Timestamp) {
        if !self.phones[number].installed {
            return;
        }
        let former = self.retire_token(number, now);
        let phone = &mut self.phones[number];
        phone.former = former;
        let draw = u64::from(phone.installation);
        let wait = phone.dice.exponential(RESTORED_MS, Lot::Restore, !draw);
        let at = phone.hours.next_awake(now.plus_millis(millis(wait)));
        self.agenda.plan(at, number, Event::Start);
        let daily = self.spec.restores;
        self.plan_daily(number, now, daily, Lot::Restore, Event::Restore);
    }

    pub(super) fn turn_permission(&mut self, number: usize, now: Timestamp) {
        let phone = &mut self.phones[number];
        phone.permission = !phone.permission;
        let daily = self.spec.permission_changes;
        self.plan_daily(number, now, daily, Lot::Permission, Event::Permission);
    }

    /// Somebody else of the household logs in: the former owner's device is deleted first, then the
    /// app starts anew for the other (mobile-sdk.md 4).
    pub(super) fn switch_account(&mut self, number: usize, now: Timestamp) {
        let phone = &self.phones[number];
        let (old, other) = (phone.person, phone.person ^ 1);
        if let (true, Some(token)) = (phone.installed, phone.token.clone())
            && other < self.spec.people
        {
            self.say(number, token, What::Deleted { person: old }, now, now);
            self.phones[number].person = other;
            self.open(number, now);
        }
        let daily = self.spec.account_switches;
        self.plan_daily(number, now, daily, Lot::Switch, Event::Switch);
    }

    /// The app's token dies; the provider learns of it by and by.
    fn retire_token(&mut self, number: usize, now: Timestamp) -> Option<Arc<str>> {
        self.drop_held(number);
        let phone = &mut self.phones[number];
        let mean = match phone.platform {
            Platform::Ios => KNOWN_APNS_MS,
            Platform::Android | Platform::Web => KNOWN_FCM_MS,
        };
        let takes = phone.dice.exponential(mean, Lot::Token, !phone.tokens);
        let token = phone.forget();
        if let Some(issued) = token.as_ref().and_then(|token| self.issued.get_mut(token)) {
            issued.dead_from = Some(now.plus_millis(millis(takes)));
        }
        token
    }

    fn issue(&mut self, number: usize) {
        let phone: &mut Phone = &mut self.phones[number];
        let token = phone.next_token();
        phone.token = Some(Arc::clone(&token));
        let issued = Issued {
            phone: number,
            dead_from: None,
        };
        self.issued.insert(token, issued);
    }
}
