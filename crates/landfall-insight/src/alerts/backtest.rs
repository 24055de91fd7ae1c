//! Rules tried on history before they are saved: what they would have found, missed and said.

use landfall_domain::time::{DAY_MS, Timestamp};
use serde::Serialize;

use super::rule::{Judgement, Rule};

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

/// A stretch in which the rule was broken: one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Episode {
    /// The moment of the message.
    pub from: Timestamp,
    /// When the rule was kept again; the end of the history when it was not.
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
    /// Every message.
    pub episodes: Vec<Episode>,
    /// Incidents that it found.
    pub hits: Vec<Found>,
    /// Incidents that it missed, by their ids.
    pub misses: Vec<String>,
    /// Messages without an incident.
    pub without_incident: usize,
    /// Messages to expect in thirty days; `None` without history.
    pub messages_a_month: Option<f64>,
    /// Moments at which there was too little to tell, of all moments.
    pub too_little: usize,
    /// Moments.
    pub moments: usize,
}

/// Tries a rule on buckets of equal length, in the order of time and without gaps. It is judged at the
/// end of each bucket, as the monitor would do. `bucket_ms` is their length.
pub fn backtest(rule: &Rule, history: &[Point], bucket_ms: i64, known: &[Known]) -> Backtest {
    let sums = Sums::over(history);
    let width = (rule.window_ms / bucket_ms.max(1)).max(1) as usize;
    let shift = rule
        .against()
        .map_or(0, |a| (a.millis() / bucket_ms.max(1)) as usize);
    let mut result = Backtest {
        days: (history.len() as i64 * bucket_ms) as f64 / DAY_MS as f64,
        episodes: Vec::new(),
        hits: Vec::new(),
        misses: Vec::new(),
        without_incident: 0,
        messages_a_month: None,
        too_little: 0,
        moments: 0,
    };
    let mut open: Option<Episode> = None;
    let first = (width + shift).saturating_sub(1);
    for (last, point) in history.iter().enumerate().skip(first) {
        let end = point.start.plus_millis(bucket_ms);
        let now = sums.between(last + 1 - width, last + 1);
        let before = if shift == 0 {
            (0, 0)
        } else {
            sums.between(last + 1 - width - shift, last + 1 - shift)
        };
        result.moments += 1;
        match rule.judge(now, before) {
            Judgement::Broken { words, .. } => {
                let episode = open.get_or_insert_with(|| Episode {
                    from: end,
                    to: end,
                    words,
                    incidents: Vec::new(),
                });
                episode.to = end;
            }
            Judgement::Kept => result.episodes.extend(open.take()),
            // Silence neither breaks a rule nor keeps it: the episode stays open.
            Judgement::TooLittle => result.too_little += 1,
        }
    }
    result.episodes.extend(open);
    credit(&mut result, rule, known);
    if result.days > 0.0 {
        result.messages_a_month = Some(result.episodes.len() as f64 * 30.0 / result.days);
    }
    result
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

/// Running sums, so that each window costs the same.
struct Sums(Vec<(u64, u64)>);

impl Sums {
    fn over(history: &[Point]) -> Self {
        let mut sums = vec![(0, 0)];
        let (mut cases, mut hits) = (0, 0);
        for point in history {
            cases += point.cases;
            hits += point.hits;
            sums.push((cases, hits));
        }
        Self(sums)
    }

    fn between(&self, from: usize, to: usize) -> (u64, u64) {
        let (a, b) = (self.0[from], self.0[to]);
        (b.0 - a.0, b.1 - a.1)
    }
}
