//! One phone with the app on it.

use std::collections::VecDeque;
use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

use super::dice::{Lot, PhoneDice};
use super::happening::Registration;
use super::hours::Hours;
use super::spec::{FleetSpec, Release, days};

/// Time zones of the fleet, in minutes ahead of UTC.
const ZONES: [i64; 7] = [-300, -180, 0, 60, 60, 120, 330];
/// Receipts that a phone keeps for the next start; the oldest is dropped (semantics.md 2.8).
pub(super) const PENDING_MAX: usize = 100;
/// Delivery ids that the Android SDK remembers within a process (semantics.md 2.8).
const RECENT_MAX: usize = 10;
/// How long an app is left alone before Android puts it into a standby bucket.
const STANDBY_MS: i64 = 3 * DAY_MS;
/// How long Google keeps the token of an Android phone that does not connect (providers.md 2.3 and 2.5).
/// Apple has no such rule.
const STALE_MS: i64 = 270 * DAY_MS;

/// A push that a provider holds for a phone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) flight: usize,
    /// When it is handed over; `None`: no network in sight.
    pub(super) due: Option<Timestamp>,
}

/// A receipt that waits for the next start of the app.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) delivery_id: Arc<str>,
    pub(super) token: Arc<str>,
    pub(super) at: Timestamp,
}

/// A notification on the screen.
#[derive(Clone, Debug)]
pub(super) struct OnScreen {
    /// What a newer one with the same key replaces.
    pub(super) key: Arc<str>,
    pub(super) flight: usize,
}

#[derive(Debug)]
pub(super) struct Phone {
    pub(super) number: usize,
    pub(super) dice: PhoneDice,
    pub(super) platform: Platform,
    pub(super) hours: Hours,
    os: &'static str,
    model: &'static str,
    /// How soon it takes new versions, from 0 (first) to 1.
    patience: f64,
    /// How often the app is opened, daily.
    pub(super) opens: f64,
    /// Chance of a tap at a good hour.
    pub(super) taps: f64,
    skew_ms: i64,
    /// Who is logged in.
    pub(super) person: u32,
    pub(super) permission: bool,
    pub(super) installed: bool,
    /// Counts installations: what an earlier one had to say is lost with it.
    pub(super) installation: u32,
    pub(super) stopped: bool,
    /// The app's token; `None`: it gets one at its next start.
    pub(super) token: Option<Arc<str>>,
    /// A token that the SDK remembers and that was replaced.
    pub(super) former: Option<Arc<str>>,
    pub(super) last_used: Timestamp,
    pub(super) held: Vec<Held>,
    pub(super) screen: Vec<OnScreen>,
    recent: VecDeque<Arc<str>>,
    pub(super) pending: VecDeque<Pending>,
    /// Starts of the app so far, to draw with.
    pub(super) starts: u64,
    /// Tokens so far, to draw with.
    pub(super) tokens: u64,
}

impl Phone {
    /// The phone with this number, with the app installed and used before the start.
    pub(super) fn new(spec: &FleetSpec, number: usize, person: u32, dice: PhoneDice) -> Self {
        let kind = |which: u64| dice.share(Lot::Kind, which);
        let ios = kind(0) < spec.ios;
        let dormant = kind(1) < spec.dormant;
        let granted = if ios {
            spec.granted_ios
        } else {
            spec.granted_android
        };
        let opens = match dormant {
            true => 0.0,
            false => spec.opens * dice.exponential(1.0, Lot::Person, 0),
        };
        let used_before = dice.exponential(1.0 / opens.max(0.02), Lot::Person, 1);
        let zone = dice.bits(Lot::Kind, 2) % ZONES.len() as u64;
        let zone = ZONES[usize::try_from(zone).unwrap_or_default()];
        let wrong = kind(3) < spec.wrong_clocks;
        let (os, model) = match (ios, kind(4) < 0.5) {
            (true, true) => ("18.5", "iPhone15,4"),
            (true, false) => ("17.7", "iPhone13,2"),
            (false, true) => ("35", "Pixel 8"),
            (false, false) => ("33", "SM-A546B"),
        };
        Self {
            number,
            dice,
            platform: if ios {
                Platform::Ios
            } else {
                Platform::Android
            },
            hours: Hours {
                zone_ms: zone * MINUTE_MS,
                wakes_ms: 6 * HOUR_MS + days(kind(5) * 2.0 / 24.0),
                sleeps_ms: 22 * HOUR_MS + days(kind(6) * 1.9 / 24.0),
                night: kind(7) >= spec.off_at_night,
                away: if dormant { 1.0 } else { spec.away_days },
            },
            os,
            model,
            patience: kind(8),
            opens,
            taps: (spec.taps * dice.exponential(1.0, Lot::Person, 2)).min(0.9),
            skew_ms: match wrong {
                true => days((kind(9) - 0.5) * 20.0 / (24.0 * 60.0)),
                false => 0,
            },
            person,
            permission: kind(10) < granted,
            installed: true,
            installation: 0,
            stopped: false,
            token: None,
            former: None,
            last_used: spec.start.plus_millis(-days(used_before)),
            held: Vec::new(),
            screen: Vec::new(),
            recent: VecDeque::new(),
            pending: VecDeque::new(),
            starts: 0,
            tokens: 0,
        }
    }

    /// The next token that a provider issues to it: never one that there was before.
    pub(super) fn next_token(&mut self) -> Arc<str> {
        self.tokens += 1;
        let word = |place: u64| self.dice.bits(Lot::Token, self.tokens * 4 + place);
        let [a, b, c, d] = [word(0), word(1), word(2), word(3)];
        let token = match self.platform {
            Platform::Ios => format!("{a:016x}{b:016x}{c:016x}{d:016x}"),
            Platform::Android | Platform::Web => {
                format!("{a:016x}:APA91b{b:016x}-{c:016x}_{d:016x}")
            }
        };
        token.into()
    }

    /// The version of the app at a moment: the newest that has come out and reached this phone.
    pub(super) fn release<'s>(&self, spec: &'s FleetSpec, at: Timestamp) -> Option<&'s Release> {
        let has = |release: &&Release| {
            let takes = -(1.0 - self.patience).log2() * release.half_life_days;
            spec.out_at(release).plus_millis(days(takes)) <= at
        };
        let newest = spec.releases.iter().rev().find(has);
        newest.or_else(|| spec.releases.first())
    }

    /// What the SDK says about it.
    pub(super) fn registration(&self, spec: &FleetSpec, at: Timestamp) -> Registration {
        let release = self.release(spec, at);
        let version = |of: fn(&Release) -> &String| release.map(of).cloned().unwrap_or_default();
        Registration {
            person: self.person,
            app_version: version(|release| &release.version),
            sdk_version: version(|release| &release.sdk),
            os: self.os,
            model: self.model,
            permission: self.permission,
        }
    }

    /// Whether this is its token.
    pub(super) fn has(&self, token: &str) -> bool {
        self.token.as_deref() == Some(token)
    }

    /// From when on its token is too old for the provider: of an Android phone in a drawer, which connects
    /// no more after it was used last.
    pub(super) fn stale_from(&self) -> Option<Timestamp> {
        let kept = self.platform != Platform::Android || self.hours.away < 1.0;
        (!kept).then(|| self.last_used.plus_millis(STALE_MS))
    }

    /// What its clock shows.
    pub(super) fn shows(&self, at: Timestamp) -> Timestamp {
        at.plus_millis(self.skew_ms)
    }

    /// When a push that a provider takes at `now` can be handed over, if not at once: the network, and
    /// what power management does to pushes of normal priority.
    pub(super) fn reachable_at(&self, now: Timestamp, high: bool, draw: u64) -> Option<Timestamp> {
        let online = self.hours.next_online(now, self.dice)?;
        if high {
            return Some(online);
        }
        let allowed = self.allowed_at(online, draw);
        self.hours.next_online(allowed, self.dice)
    }

    fn allowed_at(&self, at: Timestamp, draw: u64) -> Timestamp {
        if self.platform == Platform::Ios {
            // A part of them is held back while the phone rests (providers.md 1.6).
            let held = !self.hours.awake(at) && self.dice.happens(0.3, Lot::Power, draw);
            return if held { self.hours.next_awake(at) } else { at };
        }
        if at.since(self.last_used) > STANDBY_MS {
            return self.hours.next_window(at, DAY_MS);
        }
        if self.hours.awake(at) {
            return at;
        }
        let window = self.hours.next_window(at, 2 * HOUR_MS);
        window.min(self.hours.next_awake(at))
    }

    /// Whether the Android SDK handles a push of this delivery for the first time, as far as it knows.
    pub(super) fn is_news(&mut self, delivery_id: &Arc<str>) -> bool {
        if self.platform == Platform::Ios {
            return true;
        }
        if self.recent.contains(delivery_id) {
            return false;
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Arc::clone(delivery_id));
        true
    }

    /// Keeps a receipt for the next start.
    pub(super) fn keep(&mut self, pending: Pending) {
        if self.pending.len() == PENDING_MAX {
            self.pending.pop_front();
        }
        self.pending.push_back(pending);
    }

    /// The app is gone, with everything that it remembered.
    pub(super) fn forget(&mut self) -> Option<Arc<str>> {
        self.installation += 1;
        self.stopped = false;
        self.former = None;
        self.screen.clear();
        self.recent.clear();
        self.pending.clear();
        self.token.take()
    }
}
