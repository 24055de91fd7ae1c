//! An experiment is held while its journey's delivery is unhealthy, and the time does not count.

use landfall_domain::time::{MINUTE_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// What happens to new people while an experiment is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTrouble {
    /// They go to the control.
    ToControl,
    /// They are not assigned at all.
    Pause,
}

/// When an experiment goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Milliseconds for which delivery must have been healthy without a break.
    pub healthy_ms: i64,
    /// Messages that must have been seen in that time, so that silence is not taken for health.
    pub cases: u64,
}

impl Resume {
    /// The rule as a sentence.
    pub fn words(&self) -> String {
        format!(
            "goes on when delivery was healthy for {} minutes and at least {} messages",
            self.healthy_ms / MINUTE_MS,
            self.cases
        )
    }
}

/// What is known about the delivery of the journey at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The moment. Moments come in order.
    pub at: Timestamp,
    /// Messages since the last moment.
    pub cases: u64,
    /// Why it is unhealthy, and since when by all signs; `None` when it is healthy.
    pub trouble: Option<(String, Timestamp)>,
}

/// A hold that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Why.
    pub reason: String,
    /// Since when delivery is unhealthy; earlier than the moment at which it was noticed.
    pub since: Timestamp,
    /// When the experiment was held.
    pub held_at: Timestamp,
    /// Since when delivery is healthy again, if it is.
    pub healthy_since: Option<Timestamp>,
    /// Messages since then.
    pub healthy_cases: u64,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its start.
    pub from: Timestamp,
    /// Its end, which is not part of it.
    pub to: Timestamp,
}

/// What a look at the health changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Same,
    /// The experiment is held from now on, for this reason.
    Held(String),
    /// It goes on; this stretch does not count.
    Resumed(Span),
}

/// The guardrail of one experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardrail {
    /// What happens to new people while it is held.
    pub on_trouble: OnTrouble,
    /// When it goes on.
    pub resume: Resume,
    /// The hold, if there is one.
    pub hold: Option<Hold>,
    /// Time that does not count, in order and without overlap.
    pub excluded: Vec<Span>,
}

impl Guardrail {
    /// A guardrail of an experiment that runs.
    pub const fn new(on_trouble: OnTrouble, resume: Resume) -> Self {
        Self {
            on_trouble,
            resume,
            hold: None,
            excluded: Vec::new(),
        }
    }

    /// Takes what is known at a moment.
    pub fn observe(&mut self, health: &Health) -> Step {
        match (&mut self.hold, &health.trouble) {
            (None, None) => Step::Same,
            (None, Some((reason, since))) => {
                self.hold = Some(Hold {
                    reason: reason.clone(),
                    since: (*since).min(health.at),
                    held_at: health.at,
                    healthy_since: None,
                    healthy_cases: 0,
                });
                Step::Held(reason.clone())
            }
            (Some(hold), Some((_, since))) => {
                hold.since = hold.since.min(*since);
                hold.healthy_since = None;
                hold.healthy_cases = 0;
                Step::Same
            }
            (Some(hold), None) => {
                let since = *hold.healthy_since.get_or_insert(health.at);
                hold.healthy_cases += health.cases;
                let long_enough = health.at.since(since) >= self.resume.healthy_ms;
                if !long_enough || hold.healthy_cases < self.resume.cases {
                    return Step::Same;
                }
                let span = Span {
                    from: hold.since,
                    to: health.at,
                };
                self.hold = None;
                self.exclude(span);
                Step::Resumed(span)
            }
        }
    }

    /// Time that does not count, up to now.
    pub fn excluded_at(&self, now: Timestamp) -> Vec<Span> {
        let mut whole = self.clone();
        if let Some(hold) = &self.hold {
            whole.exclude(Span {
                from: hold.since,
                to: now.max(hold.since),
            });
        }
        whole.excluded
    }

    /// Whether somebody assigned at this moment counts.
    pub fn counts(&self, assigned: Timestamp) -> bool {
        let held = |hold: &Hold| assigned >= hold.since;
        let inside = |span: &Span| span.from <= assigned && assigned < span.to;
        !self.excluded.iter().any(inside) && !self.hold.as_ref().is_some_and(held)
    }

    /// Adds a span and joins those that touch.
    fn exclude(&mut self, span: Span) {
        self.excluded.push(span);
        self.excluded.sort_by_key(|span| span.from);
        let mut joined: Vec<Span> = Vec::with_capacity(self.excluded.len());
        for span in self.excluded.drain(..) {
            match joined.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => joined.push(span),
            }
        }
        self.excluded = joined;
    }
}
