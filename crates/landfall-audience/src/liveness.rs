//! How likely a silent token is still there, as it was learned: what `alive` of devices is compared with.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use landfall_domain::device::Device;
use landfall_domain::time::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::definition::Place;
use crate::profile::Profile;

/// Probabilities that were learned, each lesson with the moment from which on it counts.
///
/// A lesson counts from a moment that lies in the future when it is put in place. So an answer depends on nothing
/// but the moment, the same when it is asked again later, and the moment of a change of lessons is one of those
/// at which answers change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Liveness {
    /// Oldest first.
    lessons: Vec<Lesson>,
}

/// What was learned once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// From when on it counts.
    pub since: Timestamp,
    /// Ends of the intervals of silence in days, rising; longer silences are in the last one.
    pub ends: Vec<u32>,
    /// The kinds of tokens of which something is known.
    pub kinds: Vec<LessonOfKind>,
}

/// What is known of one kind of tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonOfKind {
    /// The platform.
    pub platform: String,
    /// Whether they report receipts; `None`: whether they do or not.
    pub reports: Option<bool>,
    /// The app version; `None`: any.
    pub app_version: Option<String>,
    /// The probability to be there in each interval of silence; `None`: too little is known.
    pub alive: Vec<Option<f64>>,
}

/// A device as far as its liveness goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silent<'a> {
    device: &'a Device,
    /// Its last receipt.
    receipt: Option<Timestamp>,
}

impl<'a> Silent<'a> {
    pub(crate) const fn new(device: &'a Device, receipt: Option<Timestamp>) -> Self {
        Self { device, receipt }
    }

    /// The last sign of life.
    fn since(&self) -> Timestamp {
        let used = self.device.last_used.max(self.device.refreshed_at);
        self.receipt.map_or(used, |receipt| receipt.max(used))
    }
}

impl Lesson {
    /// The finest kind that a device belongs to.
    fn kind_of(&self, silent: &Silent<'_>) -> Option<&LessonOfKind> {
        let platform = silent.device.token.platform.name();
        let version = silent.device.attributes.get("app_version");
        let fits = |kind: &&LessonOfKind| {
            kind.platform == platform
                && kind
                    .reports
                    .is_none_or(|reports| reports == silent.receipt.is_some())
                && (kind.app_version.is_none() || kind.app_version.as_ref() == version)
        };
        let rank = |kind: &&LessonOfKind| (kind.app_version.is_some(), kind.reports.is_some());
        self.kinds.iter().filter(fits).max_by_key(rank)
    }

    fn alive(&self, silent: &Silent<'_>, now: Timestamp) -> Option<f64> {
        let days = now.since(silent.since()).max(0) / DAY_MS;
        let passed = self.ends.iter().take_while(|end| i64::from(**end) <= days);
        let interval = passed.count().min(self.ends.len().saturating_sub(1));
        self.kind_of(silent)?.alive.get(interval).copied().flatten()
    }
}

impl Liveness {
    /// Of lessons, in any order.
    pub fn new(mut lessons: Vec<Lesson>) -> Self {
        lessons.sort_by_key(|lesson| lesson.since);
        Self { lessons }
    }

    /// The newest lesson.
    pub fn newest(&self) -> Option<&Lesson> {
        self.lessons.last()
    }

    /// The probability that a device is there: 0 for one whose token the provider rejected; `None` where too
    /// little is known.
    pub(crate) fn alive(&self, silent: &Silent<'_>, now: Timestamp) -> Option<f64> {
        if !silent.device.is_valid() {
            return Some(0.0);
        }
        let lessons = self.lessons.iter().rev();
        let mut past = lessons.skip_while(|lesson| lesson.since > now);
        past.next()?.alive(silent, now)
    }

    /// The probability that a person's device whose token the provider takes is there; `None` where too little is
    /// known, or the token was rejected.
    pub fn alive_of(&self, device: &Device, profile: &Profile, now: Timestamp) -> Option<f64> {
        let silent = Silent::new(device, profile.receipt_of(device.key));
        self.alive(&silent, now).filter(|_| device.is_valid())
    }

    /// Whether the probability is within bounds, and until when.
    pub(crate) fn answer(&self, silent: &Silent<'_>, bounds: &Bounds, now: Timestamp) -> Answer {
        let holds = |at| {
            self.alive(silent, at)
                .is_some_and(|alive| bounds.hold(alive))
        };
        let first = holds(now);
        let sign = silent.since();
        let ends = self.lessons.iter().flat_map(|lesson| &lesson.ends);
        let ends = ends.map(|end| sign.plus_millis(i64::from(*end) * DAY_MS));
        let changes = self.lessons.iter().map(|lesson| lesson.since).chain(ends);
        let mut later: Vec<Timestamp> = changes.filter(|at| *at > now).collect();
        later.sort_unstable();
        later.dedup();
        match later.into_iter().find(|at| holds(*at) != first) {
            Some(at) => Answer::until(first, at),
            None => Answer::of(first),
        }
    }
}

/// Reads a probability.
pub(crate) fn probability(place: &Place<'_>) -> Option<f64> {
    match place.number()? {
        share if (0.0..=1.0).contains(&share) => Some(share),
        _ => place.expected("a probability from 0 to 1"),
    }
}

/// What a probability has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    /// At least this.
    pub(crate) at_least: Option<f64>,
    /// Less than this.
    pub(crate) less_than: Option<f64>,
}

impl Bounds {
    /// The bounds that there are, as they are written.
    pub(crate) fn words(self) -> impl Iterator<Item = (&'static str, f64)> {
        let words = [("at_least", self.at_least), ("less_than", self.less_than)];
        words
            .into_iter()
            .filter_map(|(word, bound)| Some((word, bound?)))
    }

    fn hold(self, alive: f64) -> bool {
        self.at_least.is_none_or(|least| alive >= least)
            && self.less_than.is_none_or(|most| alive < most)
    }
}

/// A check of a device's liveness. Two are equal when they are written alike.
#[derive(Clone, Debug)]
pub(crate) struct Alive {
    pub(crate) bounds: Bounds,
    pub(crate) learned: Arc<Liveness>,
}

impl PartialEq for Alive {
    fn eq(&self, other: &Self) -> bool {
        self.bounds == other.bounds
    }
}
