//! The desk: findings come in, incidents and things to tell go out.

use std::collections::BTreeMap;

use landfall_domain::time::{HOUR_MS, MINUTE_MS, Timestamp};
use serde::{Deserialize, Serialize};

use super::incident::{Incident, State};
use super::{Finding, Metric, Signal};

/// Without signals for so long an incident is over.
const OVER_AFTER_MS: i64 = HOUR_MS;
/// What comes back within this time is the same incident.
const BACK_WITHIN_MS: i64 = 24 * HOUR_MS;
/// An incident that is known is told of again when it is so many times as large.
const WORSE: f64 = 1.5;
/// Starts that lie further apart are two incidents.
const SAME_START_MS: i64 = 6 * HOUR_MS;
/// Another slice becomes the head of an incident that is told when so much more of its cases is missing.
const CLEARER: f64 = 1.5;
/// A start may be estimated this much earlier than an incident that is over ended.
const SLACK_MS: i64 = 30 * MINUTE_MS;

/// What to tell the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", content = "incident", rename_all = "snake_case")]
pub enum Tell {
    /// A new incident, by its id.
    New(String),
    /// It got much worse, or moved to an earlier stage.
    Worse(String),
    /// It was over and is back.
    Back(String),
    /// Its time to wait is up, and it is still there.
    Still(String),
    /// It is over by itself.
    Over(String),
}

impl Tell {
    /// The id of the incident that it is about.
    pub fn incident(&self) -> &str {
        match self {
            Self::New(id) | Self::Worse(id) | Self::Back(id) | Self::Still(id) | Self::Over(id) => {
                id
            }
        }
    }
}

/// The incidents of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// All that are kept, oldest first.
    pub incidents: Vec<Incident>,
    /// How many were ever opened; ids are made of it.
    pub opened: u64,
}

impl Desk {
    /// Takes what is found now, all of it: an incident of which nothing is found is on its way to be
    /// over. Answers what to tell.
    pub fn take(&mut self, findings: Vec<Finding>, now: Timestamp) -> Vec<Tell> {
        let mut told = Vec::new();
        let mut known: BTreeMap<usize, Vec<Signal>> = BTreeMap::new();
        let mut new = Vec::new();
        for finding in findings {
            match self.position_of(&finding, now) {
                Some(at) => known.entry(at).or_default().extend(finding.signals),
                None => new.push(finding),
            }
        }
        for (at, signals) in known {
            if let Some(finding) = Finding::of(signals) {
                told.extend(seen_again(&mut self.incidents[at], finding, now));
            }
        }
        for finding in new {
            self.opened += 1;
            let id = format!("inc-{}", self.opened);
            told.push(Tell::New(id.clone()));
            self.incidents.push(Incident::open(id, finding, now));
        }
        for incident in &mut self.incidents {
            if incident.is_live() && now.since(incident.seen_at) >= OVER_AFTER_MS {
                let was_told = !matches!(incident.state, State::Snoozed { .. });
                incident.state = State::Resolved { by: None, at: now };
                incident.note(now, None, "over: the figures are usual again".to_owned());
                if was_told {
                    told.push(Tell::Over(incident.id.clone()));
                }
            }
        }
        told
    }

    /// An incident by its id.
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.iter().find(|incident| incident.id == id)
    }

    /// An incident by its id, to be changed.
    pub fn incident_mut(&mut self, id: &str) -> Option<&mut Incident> {
        self.incidents.iter_mut().find(|incident| incident.id == id)
    }

    /// Forgets incidents that were over before `before`.
    pub fn forget(&mut self, before: Timestamp) {
        self.incidents.retain(|incident| match incident.state {
            State::Resolved { at, .. } => at >= before,
            _ => true,
        });
    }

    /// The incident that has the cause of a finding: live ones first.
    fn position_of(&self, finding: &Finding, now: Timestamp) -> Option<usize> {
        let candidate = |live: bool| {
            self.incidents.iter().rposition(|incident| {
                incident.is_live() == live
                    && (live || is_back(incident, finding, now))
                    && is_same(incident, finding)
            })
        };
        candidate(true).or_else(|| candidate(false))
    }
}

/// Whether an incident that is over may be the one that is found now.
fn is_back(incident: &Incident, finding: &Finding, now: Timestamp) -> bool {
    let State::Resolved { by, at } = &incident.state else {
        return false;
    };
    if by.is_some() && is_unbroken(incident, now) {
        return true;
    }
    now.since(*at) <= BACK_WITHIN_MS
        && finding.head.metric == incident.finding.head.metric
        && finding.since().since(incident.finding.since()) >= -SLACK_MS
}

/// Whether signals never stopped. Who declares an incident over does not want to hear of it again before
/// it was really over.
const fn is_unbroken(incident: &Incident, now: Timestamp) -> bool {
    now.since(incident.seen_at) < OVER_AFTER_MS
}

/// Whether a finding has the cause of an incident: the slices are the same or hold each other, and it
/// is at the same stage, or began together and follows from it or leads to it.
fn is_same(incident: &Incident, finding: &Finding) -> bool {
    let (old, new) = (&incident.finding.head, &finding.head);
    let nested = old.slice.contains(&new.slice) || new.slice.contains(&old.slice);
    let overlap = incident.finding.signals.iter().any(|known| {
        let same = |signal: &Signal| signal.slice == known.slice && signal.metric == known.metric;
        finding.signals.iter().any(same)
    });
    let together = old.since.since(new.since).abs() <= SAME_START_MS;
    overlap || (nested && (together || old.metric.place() == new.metric.place()))
}

/// Keeps what an incident is known by, as long as it says nearly as much.
fn with_known_head(mut finding: Finding, known: &Signal) -> Finding {
    let is_known = |s: &&Signal| s.metric == known.metric && s.slice == known.slice;
    let same = finding.signals.iter().find(is_known);
    let keeps = |same: &&Signal| {
        same.metric == finding.head.metric
            && finding.head.density() < CLEARER * same.density().max(f64::MIN_POSITIVE)
    };
    if let Some(same) = same.filter(keeps) {
        finding.head = same.clone();
    }
    finding
}

fn seen_again(incident: &mut Incident, finding: Finding, now: Timestamp) -> Option<Tell> {
    if matches!(incident.state, State::Resolved { by: Some(_), .. }) && is_unbroken(incident, now) {
        incident.seen_at = now;
        return None;
    }
    let before = &incident.finding.head;
    let finding = with_known_head(finding, before);
    let earlier = stage(finding.head.metric) < stage(before.metric);
    let moved = finding.head.slice != before.slice || finding.head.metric != before.metric;
    let was_resolved = !incident.is_live();
    // What is known of the start stays known: a detector that restarts sees only what came after.
    let since = incident.finding.head.since.min(finding.head.since);
    incident.finding = finding;
    if !was_resolved {
        incident.finding.head.since = since;
    }
    incident.seen_at = now;
    let size = incident.size();
    let id = incident.id.clone();
    if was_resolved {
        incident.state = State::Open;
        incident.told_size = size;
        incident.note(now, None, "it is back".to_owned());
        return Some(Tell::Back(id));
    }
    if let State::Snoozed { until, .. } = incident.state {
        if now < until {
            return None;
        }
        incident.state = State::Open;
        incident.told_size = size;
        incident.note(now, None, "its time to wait is up".to_owned());
        return Some(Tell::Still(id));
    }
    let head = &incident.finding.head;
    if moved && !earlier {
        // Another slice tells the same story: its size is not to be compared.
        incident.told_size = size;
        let text = format!("it is {} of {}", head.metric.name(), head.slice.words());
        incident.note(now, None, text);
        return None;
    }
    if earlier || size >= WORSE * incident.told_size {
        incident.told_size = size;
        let text = format!(
            "worse: {} of {}, {:.0} % missing",
            head.metric.name(),
            head.slice.words(),
            100.0 * size
        );
        incident.note(now, None, text);
        return Some(Tell::Worse(id));
    }
    None
}

fn stage(metric: Metric) -> usize {
    let order = Metric::ALL.into_iter().position(|known| known == metric);
    order.unwrap_or(usize::MAX)
}
