//! Living a run again, from what its trace says that it was told: by the same rules and with what was known
//! about the person then, it must leave the same trace.

use landfall_audience::EventInHand;
use landfall_domain::activity::EventKind;
use landfall_domain::ids::SegmentId;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::Value;

use crate::interpret::{
    Cause, Entered, History, Occasion, OnHold, Outcome, Setting, Stimulus, advance, enter,
    stand_still,
};
use crate::plan::Plan;
use crate::run::Run;
use crate::trace::{Check, Line, Trace};

/// What a run was told, as the first line of a row of its trace says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The person came to the door and was let in.
    Enter(Box<Occasion>),
    /// [`Stimulus::Wake`].
    Wake,
    /// [`Stimulus::Changed`].
    Changed,
    /// [`Stimulus::Did`].
    Did(EventInHand),
    /// [`Stimulus::Told`].
    Told {
        /// Which delivery.
        delivery_id: String,
        /// What.
        mark: Mark,
        /// Why, for the marks that have a why.
        reason: Option<Reason>,
        /// When it happened.
        at: Timestamp,
    },
    /// [`Stimulus::Segment`].
    Segment {
        /// Which.
        segment: SegmentId,
        /// `true`: entered.
        entered: bool,
    },
    /// [`Stimulus::End`].
    End(Cause),
    /// [`Stimulus::Adopt`].
    Adopt,
    /// Its conversions were computed anew ([`crate::recompute`]) by the goal of that version.
    Recompute(u32),
}

/// What a row of a trace says that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    /// What the run was told.
    pub heard: Heard,
    /// Whether the journey was paused.
    pub paused: bool,
    /// Tests that the run came to while they were held, by the slug of their step.
    pub held: Vec<(String, OnHold)>,
}

impl Telling {
    /// Reads a row; `None`: it does not say, as rows of earlier versions of the program do not.
    pub fn of(trace: &Trace) -> Option<Self> {
        let first = trace.lines.first()?;
        if first.check != Check::Stimulus {
            return None;
        }
        Some(Self {
            heard: heard(&first.input)?,
            paused: first.verdict.ends_with(PAUSED),
            held: trace.lines.iter().filter_map(held).collect(),
        })
    }

    /// The same by the numbers of the steps, as a setting takes them.
    fn held_in(&self, plan: &Plan) -> Vec<(u64, OnHold)> {
        let held = self.held.iter();
        held.filter_map(|(slug, on)| Some((plan.step(slug)?.number, *on)))
            .collect()
    }

    /// Tells a run the same again; the run that comes of it, and the outcome. `None`: nobody is let in, or it
    /// is nothing that is told to a run (a recomputation).
    pub fn again(
        &self,
        plan: &Plan,
        run: Option<&Run>,
        setting: &Setting<'_>,
    ) -> Option<(Run, Outcome)> {
        // What was held then is known from the row itself.
        let held = self.held_in(plan);
        let setting = &Setting {
            held: &held,
            ..*setting
        };
        if let Heard::Enter(occasion) = &self.heard {
            return match enter(plan, setting, occasion) {
                Entered::Run { run, outcome } => Some((*run, outcome)),
                Entered::Refused { .. } => None,
            };
        }
        let mut run = run?.clone();
        let advance = if self.paused { stand_still } else { advance };
        let outcome = advance(plan, &mut run, setting, self.stimulus()?);
        Some((run, outcome))
    }

    fn stimulus(&self) -> Option<Stimulus<'_>> {
        Some(match &self.heard {
            Heard::Wake => Stimulus::Wake,
            Heard::Changed => Stimulus::Changed,
            Heard::Did(event) => Stimulus::Did(event),
            Heard::Told {
                delivery_id,
                mark,
                reason,
                at,
            } => Stimulus::Told {
                delivery_id,
                mark: *mark,
                reason: *reason,
                at: *at,
            },
            Heard::Segment { segment, entered } => Stimulus::Segment {
                segment: *segment,
                entered: *entered,
            },
            Heard::End(cause) => Stimulus::End(*cause),
            Heard::Adopt => Stimulus::Adopt,
            Heard::Enter(_) | Heard::Recompute(_) => return None,
        })
    }
}

/// What stands at the end of a verdict while the journey is paused.
pub(crate) const PAUSED: &str = ", and the journey is paused";

/// The test that a line says was held when the run came to it.
fn held(line: &Line) -> Option<(String, OnHold)> {
    let on = line
        .input
        .get("held")
        .filter(|_| line.check == Check::Chance)?;
    let on = serde_json::from_value(on.clone()).ok()?;
    Some((line.step.clone()?, on))
}

fn heard(input: &Value) -> Option<Heard> {
    match input.as_str() {
        Some("timer") => return Some(Heard::Wake),
        Some("the person changed") => return Some(Heard::Changed),
        Some("merged") => return Some(Heard::Adopt),
        Some(_) => return None,
        None => {}
    }
    let read = |key: &str| input.get(key).cloned();
    let at = || serde_json::from_value::<Timestamp>(read("at")?).ok();
    if let Some(id) = input["delivery"].as_str() {
        return Some(Heard::Told {
            delivery_id: id.to_owned(),
            mark: Mark::named(input["mark"].as_str()?)?,
            reason: input["reason"].as_str().and_then(Reason::named),
            at: at()?,
        });
    }
    if let Some(segment) = read("segment") {
        return Some(Heard::Segment {
            segment: serde_json::from_value(segment).ok()?,
            entered: input["entered"].as_bool()?,
        });
    }
    if let Some(cause) = read("end") {
        return serde_json::from_value(cause).ok().map(Heard::End);
    }
    if let Some(version) = input["recompute"].as_u64() {
        return u32::try_from(version).ok().map(Heard::Recompute);
    }
    if let Some(door) = input.get("enter") {
        let history: History = serde_json::from_value(door["history"].clone()).ok()?;
        return Some(Heard::Enter(Box::new(Occasion {
            event: event_of(&door["event"]),
            at: serde_json::from_value(door["at"].clone()).ok()?,
            history,
        })));
    }
    event_of(input).map(Heard::Did)
}

/// An event as a line has it: under its kind.
pub(crate) fn event_of(input: &Value) -> Option<EventInHand> {
    let named = |kind: &EventKind| Some((*kind, input.get(kind.name())?.as_str()?.to_owned()));
    let (kind, name) = EventKind::ALL.iter().find_map(named)?;
    Some(EventInHand {
        kind,
        name,
        data: input["data"].clone(),
        at: serde_json::from_value(input["at"].clone()).ok()?,
    })
}

/// The same the other way.
pub(crate) fn event_line(event: &EventInHand) -> Value {
    let mut line = serde_json::Map::new();
    line.insert(event.kind.name().to_owned(), event.name.clone().into());
    line.insert("data".to_owned(), event.data.clone());
    line.insert(
        "at".to_owned(),
        serde_json::to_value(event.at).unwrap_or_default(),
    );
    Value::Object(line)
}
