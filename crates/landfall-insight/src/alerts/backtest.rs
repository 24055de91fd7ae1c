//! Rules tried on history before they are saved: what they would have found, missed and said.
//!
//! A rule is tried by what works with it later, the desk included: an hour of quiet before an incident is
//! over, what comes back within a day, what got much worse. So it says here what it would say live, as
//! long as nothing else alarms with it.

use landfall_domain::time::{DAY_MS, Timestamp};
use serde::Serialize;

use super::rule::{AtWork, Counts, Rule};
use super::{Desk, Tell, group};

/// Counts of one bucket of the slice that a rule watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its start.
    pub start: Timestamp,
    /// Cases in it.
    pub cases: u64,
    /// Hits in it.
    pub hits: u64,
}

/// An incident of the past that the rule should find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub id: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
}

/// A stretch in which the rule was broken: one first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Episode {
    /// The moment of the message.
    #[serde(rename = "from_ms")]
    pub from: Timestamp,
    /// When the rule was broken last.
    #[serde(rename = "to_ms")]
    pub to: Timestamp,
    /// What the message would have said.
    pub words: String,
    /// The incidents that it found.
    pub incidents: Vec<String>,
}

/// An incident that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Which.
    pub id: String,
    /// Milliseconds from its beginning to the message.
    pub after_ms: i64,
}

/// What a rule would have done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backtest {
    /// Days of history that it was tried on.
    pub days: f64,
    /// Every stretch in which it was broken.
    pub episodes: Vec<Episode>,
    /// Incidents that it found.
    pub hits: Vec<Found>,
    /// Incidents that it missed, by their ids.
    pub misses: Vec<String>,
    /// Episodes without an incident.
    pub without_incident: usize,
    /// Messages of any kind: new, worse, back, over.
    pub messages: usize,
    /// Messages to expect in thirty days; `None` without history.
    pub messages_a_month: Option<f64>,
    /// Moments at which there was too little to tell, of all moments.
    pub too_little: usize,
    /// Moments.
    pub moments: usize,
    /// Ends of the windows by which it was broken.
    #[serde(skip)]
    pub broken: Vec<Timestamp>,
}

/// Tries a rule on buckets of equal length, in the order of time and without gaps. It is judged at the
/// end of each bucket, as the monitor would do. `bucket_ms` is their length.
pub fn backtest(rule: &Rule, history: &[Point], bucket_ms: i64, known: &[Known]) -> Backtest {
    let windows = Windows::over(rule, history, bucket_ms);
    let mut result = Backtest {
        days: (history.len() as i64 * bucket_ms) as f64 / DAY_MS as f64,
        episodes: Vec::new(),
        hits: Vec::new(),
        misses: Vec::new(),
        without_incident: 0,
        messages: 0,
        messages_a_month: None,
        too_little: 0,
        moments: 0,
        broken: Vec::new(),
    };
    let mut at_work = AtWork::default();
    let mut desk = Desk::default();
    for (nth, point) in history.iter().enumerate() {
        let Some((now, before)) = windows.ending_with(nth) else {
            continue;
        };
        let end = point.start.plus_millis(bucket_ms);
        let signal = at_work.take(rule, now, before, end).cloned();
        result.moments += 1;
        result.too_little += usize::from(at_work.too_little);
        let is_broken = signal.is_some();
        let tells = desk.take(group(signal.as_slice()), end);
        result.messages += tells.len();
        if is_broken {
            result.broken.push(end);
            let begins = tells
                .iter()
                .any(|tell| matches!(tell, Tell::New(_) | Tell::Back(_)));
            result.note(end, begins, at_work.words.clone().unwrap_or_default());
        }
    }
    credit(&mut result, rule, known);
    if result.days > 0.0 {
        result.messages_a_month = Some(result.messages as f64 * 30.0 / result.days);
    }
    result
}

impl Backtest {
    fn note(&mut self, end: Timestamp, begins: bool, words: String) {
        match self.episodes.last_mut().filter(|_| !begins) {
            Some(open) => open.to = end,
            None => self.episodes.push(Episode {
                from: end,
                to: end,
                words,
                incidents: Vec::new(),
            }),
        }
    }
}

/// Says which episodes belong to which incidents. The window still holds the incident for its own
/// length after it ended.
fn credit(result: &mut Backtest, rule: &Rule, known: &[Known]) {
    for incident in known {
        let until = incident.to.plus_millis(rule.window_ms);
        let mut first = None;
        for episode in &mut result.episodes {
            if episode.from <= until && episode.to >= incident.from {
                episode.incidents.push(incident.id.clone());
                let message = episode.from.max(incident.from);
                first = Some(first.map_or(message, |f: Timestamp| f.min(message)));
            }
        }
        match first {
            Some(at) => result.hits.push(Found {
                id: incident.id.clone(),
                after_ms: at.since(incident.from),
            }),
            None => result.misses.push(incident.id.clone()),
        }
    }
    result.without_incident = result
        .episodes
        .iter()
        .filter(|e| e.incidents.is_empty())
        .count();
}

/// The windows of a rule over buckets without gaps. Running sums, so that each costs the same.
pub struct Windows {
    sums: Vec<Counts>,
    width: usize,
    shift: usize,
}

impl Windows {
    /// For a rule, whose window is taken as whole buckets, one at least.
    pub fn over(rule: &Rule, history: &[Point], bucket_ms: i64) -> Self {
        let buckets = |millis: i64| (millis + bucket_ms - 1) / bucket_ms.max(1);
        let mut sums = vec![(0, 0)];
        let (mut cases, mut hits) = (0, 0);
        for point in history {
            cases += point.cases;
            hits += point.hits.min(point.cases);
            sums.push((cases, hits));
        }
        Self {
            sums,
            width: buckets(rule.window_ms).max(1) as usize,
            shift: rule.against().map_or(0, |a| buckets(a.millis()) as usize),
        }
    }

    /// Buckets that a judgement needs.
    pub const fn needed(&self) -> usize {
        self.width + self.shift
    }

    /// Counts of the window whose last bucket is the `nth`, from 0, and of the one to compare with; `None`
    /// when they begin before the history.
    pub fn ending_with(&self, nth: usize) -> Option<(Counts, Counts)> {
        let end = nth + 1;
        let start = end.checked_sub(self.needed())?;
        let before = match self.shift {
            0 => (0, 0),
            _ => self.between(start, start + self.width),
        };
        Some((self.between(end - self.width, end), before))
    }

    fn between(&self, from: usize, to: usize) -> Counts {
        let (a, b) = (self.sums[from], self.sums[to]);
        (b.0 - a.0, b.1 - a.1)
    }
}
