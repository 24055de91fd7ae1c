//! Signals, and which of them have one cause.

use std::collections::BTreeMap;

use landfall_domain::time::{HOUR_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// What is watched. The order is that of the way of a message: a fault at one shows at all later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Signs of life of a credential: answers of the provider to it.
    Heartbeat,
    /// People with a usable token, of the people whom a journey wants to reach by push.
    Coverage,
    /// Let through by caps, quiet hours and other rules, of those with a usable token.
    Eligible,
    /// Taken by the provider, of attempted.
    Accepted,
    /// Bounced, of attempted.
    Bounced,
    /// Delivered, of accepted.
    Delivered,
    /// Opened, of delivered.
    Opened,
    /// Converted, of delivered.
    Converted,
}

impl Metric {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Heartbeat,
        Self::Coverage,
        Self::Eligible,
        Self::Accepted,
        Self::Bounced,
        Self::Delivered,
        Self::Opened,
        Self::Converted,
    ];

    /// Its name in rules, messages and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Coverage => "coverage",
            Self::Eligible => "eligible",
            Self::Accepted => "accepted",
            Self::Bounced => "bounced",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Converted => "converted",
        }
    }

    /// The metric of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Whether less is worse; for bounces, more is.
    pub const fn falls(self) -> bool {
        !matches!(self, Self::Bounced)
    }

    /// Whether it is the provider's answer, which depends on the token and not on what is sent.
    pub(super) const fn is_providers(self) -> bool {
        matches!(self, Self::Accepted | Self::Bounced)
    }

    /// How far along the way it is measured; what bounces was not accepted, which is one place.
    pub(super) const fn place(self) -> u8 {
        match self {
            Self::Heartbeat => 0,
            Self::Coverage => 1,
            Self::Eligible => 2,
            Self::Accepted | Self::Bounced => 3,
            Self::Delivered => 4,
            Self::Opened => 5,
            Self::Converted => 6,
        }
    }
}

/// A slice: values of dimensions, such as `platform` = `ios`. What is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SliceOf(pub BTreeMap<String, String>);

impl SliceOf {
    /// A slice of pairs of dimension and value.
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(owned).collect())
    }

    /// Whether everything in `other` is in this slice too.
    pub fn contains(&self, other: &Self) -> bool {
        self.0
            .iter()
            .all(|(key, value)| other.0.get(key) == Some(value))
    }

    /// Whether something may be in both: no dimension has two values.
    pub fn meets(&self, other: &Self) -> bool {
        self.0
            .iter()
            .all(|(key, value)| other.0.get(key).is_none_or(|own| own == value))
    }

    /// Values that both name.
    fn shared(&self, other: &Self) -> Self {
        let pairs = self.0.iter().filter(|(k, v)| other.0.get(*k) == Some(*v));
        Self(pairs.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// It in words, such as `platform ios, app_version 5.2`; `everything` when nothing is named.
    pub fn words(&self) -> String {
        if self.0.is_empty() {
            return "everything".to_owned();
        }
        let parts: Vec<String> = self.0.iter().map(|(k, v)| format!("{k} {v}")).collect();
        parts.join(", ")
    }
}

/// One series that alarms, or one rule that is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// What is watched.
    pub metric: Metric,
    /// Where, the journey among the dimensions as `journey`.
    pub slice: SliceOf,
    /// Since when, by all signs.
    pub since: Timestamp,
    /// Cases since then.
    pub cases: u64,
    /// Hits since then.
    pub hits: u64,
    /// Hits that were expected.
    pub expected: f64,
    /// What this costs for each day that it goes on, if it is known, in the currency of the workspace.
    pub money_a_day: Option<f64>,
    /// The rule that is broken; `None` for what is watched always.
    pub rule: Option<String>,
}

impl Signal {
    /// Hits that are missing, or surplus where more is worse.
    pub fn missing(&self) -> f64 {
        (self.expected - self.hits as f64).abs()
    }

    /// Hits that are missing for each case; 1 without cases.
    pub fn density(&self) -> f64 {
        match self.cases {
            0 => 1.0,
            cases => self.missing() / cases as f64,
        }
    }

    /// The rate, and the one that was expected; `None` without cases.
    pub fn rates(&self) -> Option<(f64, f64)> {
        let n = self.cases as f64;
        (self.cases > 0).then(|| (self.hits as f64 / n, self.expected / n))
    }
}

/// Signals that have one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The signal that says most about the cause: the earliest on the way, in the slice that holds most
    /// of what is missing and is off as a whole.
    pub head: Signal,
    /// All of them, the head among them.
    pub signals: Vec<Signal>,
}

impl Finding {
    /// Of signals that have one cause; `None` without any.
    pub fn of(signals: Vec<Signal>) -> Option<Self> {
        let head = head(&signals)?.clone();
        Some(Self { head, signals })
    }

    /// Money for each day: the most that one signal tells. Later stages repeat what earlier ones cost.
    pub fn money_a_day(&self) -> Option<f64> {
        self.signals
            .iter()
            .filter_map(|signal| signal.money_a_day)
            .max_by(f64::total_cmp)
    }

    /// The earliest start.
    pub fn since(&self) -> Timestamp {
        let starts = self.signals.iter().map(|signal| signal.since);
        starts.min().unwrap_or(self.head.since)
    }
}

/// Starts that lie further apart have different causes.
const TOGETHER_MS: i64 = 6 * HOUR_MS;
/// A smaller slice speaks for a larger one when it holds so much of what is missing there,
const MOST: f64 = 0.6;
/// and when so much more of its cases is missing: otherwise the larger one is off as a whole.
const DENSER: f64 = 1.3;

/// Joins signals that have one cause.
///
/// Two signals are joined when they began at about the same time and one explains the other: a slice
/// holds the other, at the same or a later stage; or two journeys fall at the same stage on the same
/// platform, credential or version. Signals of different platforms meet only through one of both.
pub fn group(signals: &[Signal]) -> Vec<Finding> {
    let mut parent: Vec<usize> = (0..signals.len()).collect();
    for a in 0..signals.len() {
        for b in a + 1..signals.len() {
            if is_one_cause(&signals[a], &signals[b]) {
                let (root_a, root_b) = (root(&parent, a), root(&parent, b));
                parent[root_b.max(root_a)] = root_a.min(root_b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<Signal>> = BTreeMap::new();
    for (nth, signal) in signals.iter().enumerate() {
        groups
            .entry(root(&parent, nth))
            .or_default()
            .push(signal.clone());
    }
    groups.into_values().filter_map(Finding::of).collect()
}

fn root(parent: &[usize], mut at: usize) -> usize {
    while parent[at] != at {
        at = parent[at];
    }
    at
}

/// Dimensions that journeys share: a fault there is a fault of all journeys.
const SHARED: [&str; 4] = ["credential", "provider", "platform", "app_version"];

fn is_one_cause(a: &Signal, b: &Signal) -> bool {
    if a.since.since(b.since).abs() > TOGETHER_MS {
        return false;
    }
    let nested = a.slice.contains(&b.slice) || b.slice.contains(&a.slice);
    let by_credential = [a, b].iter().any(|one| one.metric == Metric::Heartbeat)
        && a.slice.meets(&b.slice)
        && a.slice.0.contains_key("platform")
        && b.slice.0.contains_key("platform");
    if nested || by_credential {
        return true;
    }
    let without_journey = |slice: &SliceOf| {
        let mut slice = slice.clone();
        slice.0.remove("journey");
        slice
    };
    let (left, right) = (without_journey(&a.slice), without_journey(&b.slice));
    let shared = left.shared(&right);
    let named = SHARED
        .iter()
        .any(|dimension| shared.0.contains_key(*dimension));
    named && left.meets(&right) && a.metric.place() == b.metric.place()
}

fn head(signals: &[Signal]) -> Option<&Signal> {
    let place = signals.iter().map(|signal| signal.metric.place()).min()?;
    let earliest = || signals.iter().filter(|s| s.metric.place() == place);
    let whole = earliest().map(Signal::missing).fold(0.0, f64::max);
    let mut speakers: Vec<&Signal> = earliest()
        .filter(|signal| signal.missing() >= MOST * whole)
        .collect();
    speakers.sort_by(|a, b| {
        (a.slice.0.len().cmp(&b.slice.0.len()))
            // A rate says more than its complement.
            .then(a.metric.cmp(&b.metric))
            .then(b.missing().total_cmp(&a.missing()))
    });
    speakers.into_iter().reduce(
        |head, smaller| match smaller.density() > DENSER * head.density() {
            true => smaller,
            false => head,
        },
    )
}
