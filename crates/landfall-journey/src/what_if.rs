//! What would have become of a run if something had been otherwise: the same rules and the same inputs, with
//! some facts changed. What nobody can know is assumed: a message that was not sent in truth is taken by its
//! provider at once, and nobody reports more about it.

mod change;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use landfall_audience::Profile;
use landfall_domain::marks::Mark;
use landfall_domain::person::Person;
use landfall_domain::time::{MINUTE_MS, Timestamp};

pub use change::{BadChange, Change};

use crate::effect::{Effect, Ruling};
use crate::interpret::{Outcome, Setting};
use crate::plan::Plan;
use crate::replay::{Heard, Telling};
use crate::run::Run;
use crate::trace::Trace;

/// Most rows of the other way: it ends there, whatever it does.
const ROWS_MAX: usize = 2_000;

/// What is known about the person at a moment, as if the changed facts had been so.
pub trait Past {
    /// Person and profile with everything that came until then; `None`: there was no such person yet.
    fn at(&mut self, moment: Timestamp) -> Option<(Person, Profile)>;
}

/// One row of what was told in truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What.
    pub telling: Telling,
    /// The deliveries that came of it.
    pub sent: Vec<SentInTruth>,
}

/// A delivery that was made in truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentInTruth {
    /// Its id.
    pub delivery_id: String,
    /// The slug of its step.
    pub step: String,
    /// Whether the rules refused it.
    pub refused: bool,
}

impl SentInTruth {
    /// Those that an outcome asks for.
    pub fn of(outcome: &Outcome) -> Vec<Self> {
        let sends = outcome.effects.iter().filter_map(|effect| match effect {
            Effect::Send(send) => Some(Self {
                delivery_id: send.delivery_id.clone(),
                step: send.step.clone(),
                refused: matches!(send.ruling, Ruling::Refused(_)),
            }),
            _ => None,
        });
        sends.collect()
    }
}

/// One row of the other way.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When.
    pub at: Timestamp,
    /// Every check.
    pub trace: Trace,
}

/// Lives a run as if `changes` had been so. `setting` holds what does not change: rules, zone, salt, key.
/// The answer is empty when the person would not have entered.
pub fn what_if(
    plan: &Plan,
    setting: &Setting<'_>,
    truth: &[Told],
    changes: &[Change],
    past: &mut dyn Past,
) -> Vec<Row> {
    let mut other = Other {
        plan,
        setting,
        changes,
        past,
        run: None,
        steps: BTreeMap::new(),
        truth_of: by_id(truth),
        answered: BTreeMap::new(),
        assumed: VecDeque::new(),
        rows: Vec::new(),
    };
    other.note_truth(truth);
    for (at, telling) in edited(truth, changes) {
        other.until(at);
        if other.rows.len() >= ROWS_MAX {
            break;
        }
        other.hear(at, &telling);
        if other.run.is_none() {
            break;
        }
    }
    other.until(Timestamp::MAX);
    other.rows
}

/// What was told in truth, without timers, with events that did not happen taken out and those that did put in.
fn edited(truth: &[Told], changes: &[Change]) -> Vec<(Timestamp, Telling)> {
    let kept = truth
        .iter()
        .filter(|told| !matches!(told.telling.heard, Heard::Wake | Heard::Recompute(_)))
        .filter(|told| {
            !changes
                .iter()
                .any(|change| change.removes(&told.telling.heard))
        });
    let mut rows: Vec<(Timestamp, Telling)> =
        kept.map(|told| (told.at, told.telling.clone())).collect();
    let began = rows.first().map(|(at, _)| *at);
    for event in changes.iter().filter_map(|change| change.event(began?)) {
        let telling = Telling {
            paused: false,
            heard: Heard::Did(event.clone()),
            held: Vec::new(),
        };
        let place = rows.partition_point(|(at, _)| *at <= event.at).max(1);
        rows.insert(place.min(rows.len()), (event.at, telling));
    }
    rows
}

fn by_id(truth: &[Told]) -> BTreeMap<String, SentInTruth> {
    let all = truth.iter().flat_map(|told| &told.sent);
    all.map(|sent| (sent.delivery_id.clone(), sent.clone()))
        .collect()
}

struct Other<'a> {
    plan: &'a Plan,
    setting: &'a Setting<'a>,
    changes: &'a [Change],
    past: &'a mut dyn Past,
    run: Option<Run>,
    /// Deliveries of the other way, by step: id, and whether it may go.
    steps: BTreeMap<String, (String, bool)>,
    /// The deliveries in truth, by id.
    truth_of: BTreeMap<String, SentInTruth>,
    /// When something became known of a step's message in truth that still holds.
    answered: BTreeMap<String, Timestamp>,
    /// What is assumed to become known, in order of time.
    assumed: VecDeque<(Timestamp, String, Mark)>,
    rows: Vec<Row>,
}

impl Other<'_> {
    fn note_truth(&mut self, truth: &[Told]) {
        for told in truth {
            if let Heard::Told {
                delivery_id, mark, ..
            } = &told.telling.heard
                && (crate::reach::proof(*mark).is_some() || crate::reach::ends(*mark))
                && !self
                    .changes
                    .iter()
                    .any(|change| change.removes(&told.telling.heard))
                && let Some(sent) = self.truth_of.get(delivery_id).filter(|sent| !sent.refused)
            {
                let step = sent.step.clone();
                self.answered.entry(step).or_insert(told.at);
            }
        }
    }

    /// Rings timers and tells what is assumed, up to a moment.
    fn until(&mut self, at: Timestamp) {
        while self.rows.len() < ROWS_MAX {
            let due = self.run.as_ref().and_then(|run| run.due);
            let due = due.filter(|due| *due <= at);
            let known = self.assumed.front().map(|(known, ..)| *known);
            let known = known.filter(|known| *known <= at);
            match (due, known) {
                (None, None) => return,
                (Some(due), known) if known.is_none_or(|known| due < known) => {
                    let telling = Telling {
                        heard: Heard::Wake,
                        paused: false,
                        held: Vec::new(),
                    };
                    self.tell(due, &telling);
                    let again = self.run.as_ref().and_then(|run| run.due);
                    if again == Some(due) {
                        return;
                    }
                }
                _ => self.learn(),
            }
        }
    }

    fn learn(&mut self) {
        let Some((at, step, mark)) = self.assumed.pop_front() else {
            return;
        };
        let Some((delivery_id, true)) = self.steps.get(&step).cloned() else {
            return;
        };
        let heard = Heard::Told {
            delivery_id,
            mark,
            reason: None,
            at,
        };
        let paused = false;
        let held = Vec::new();
        self.tell(
            at,
            &Telling {
                heard,
                paused,
                held,
            },
        );
    }

    /// Tells what was told in truth, about the other way's own deliveries.
    fn hear(&mut self, at: Timestamp, telling: &Telling) {
        let mut telling = telling.clone();
        if let Heard::Told {
            delivery_id, mark, ..
        } = &mut telling.heard
        {
            // Of what was refused, in truth or in the other way, nothing is heard.
            let sent = self.truth_of.get(delivery_id).filter(|sent| !sent.refused);
            let opens =
                |sent: &&SentInTruth| self.changes.iter().any(|change| change.opens(&sent.step));
            let sent = sent.filter(|sent| !(crate::reach::ends(*mark) && opens(sent)));
            match sent.and_then(|sent| self.steps.get(&sent.step)) {
                Some((id, true)) => delivery_id.clone_from(id),
                _ => return,
            }
        }
        self.tell(at, &telling);
    }

    fn tell(&mut self, at: Timestamp, telling: &Telling) {
        let Some((mut person, profile)) = self.past.at(at) else {
            return;
        };
        for change in self.changes {
            change.edit(&mut person);
        }
        let setting = Setting {
            person: &person,
            profile: &profile,
            now: at,
            ..*self.setting
        };
        let Some((run, outcome)) = telling.again(self.plan, self.run.as_ref(), &setting) else {
            return;
        };
        self.run = Some(run);
        self.follow(at, outcome);
    }

    fn follow(&mut self, at: Timestamp, outcome: Outcome) {
        for effect in &outcome.effects {
            let Effect::Send(send) = effect else {
                continue;
            };
            let goes = match send.ruling {
                Ruling::Go => Some(at),
                Ruling::Held { until, .. } => Some(until),
                Ruling::Draft | Ruling::Refused(_) => None,
            };
            let id = send.delivery_id.clone();
            self.steps.insert(send.step.clone(), (id, goes.is_some()));
            let Some(goes) = goes else {
                continue;
            };
            let in_truth = self.answered.get(&send.step);
            if in_truth.is_none_or(|then| *then < at) {
                self.assume(goes, &send.step, Mark::Sent);
            }
            let opens = self.changes.iter().any(|change| change.opens(&send.step));
            if opens {
                self.assume(goes.plus_millis(MINUTE_MS), &send.step, Mark::Opened);
            }
        }
        self.rows.push(Row {
            at,
            trace: outcome.trace,
        });
    }

    fn assume(&mut self, at: Timestamp, step: &str, mark: Mark) {
        let place = self.assumed.partition_point(|(known, ..)| *known <= at);
        self.assumed.insert(place, (at, step.to_owned(), mark));
    }
}
