//! Reading of steps.

use std::collections::BTreeMap;

use landfall_audience::definition::{Object, Place};
use landfall_audience::{Condition, TimeOfDay, WeekdaySet, WeeklyWindow};

use super::read::{
    each, hundredths, maybe, must, path, segment, slug, span, span_between, text, zone,
};
use super::read_message::{CHANNELS, MESSAGE_KEYS, message, reach};
use super::step::{
    Branch, Change, Delay, DelayBy, DelayUntil, Kind, OnLimit, Path, SegmentEdit, Share, Step,
    WaitUntil, Window, Zone,
};
use crate::chance::SHARES;
use crate::span::Span;

/// Longest delay and longest limit of a wait.
pub const DELAY_MAX: Span = Span::days(366);
/// Deepest nesting of steps.
const DEPTH_MAX: usize = 12;

const KINDS: [&str; 19] = [
    "delay",
    "window",
    "wait_until",
    "branch",
    "multi_branch",
    "split",
    "ab_test",
    "holdout",
    "push",
    "sms",
    "email",
    "slack",
    "webhook",
    "reach",
    "update_person",
    "emit_event",
    "segment",
    "exit",
    "go_to",
];

/// Reads a list of steps.
pub(super) fn steps(place: &Place<'_>) -> Option<Vec<Step>> {
    steps_at(place, 0)
}

fn steps_at(place: &Place<'_>, depth: usize) -> Option<Vec<Step>> {
    if depth > DEPTH_MAX {
        return place.refuse(
            format!("steps are nested more than {DEPTH_MAX} deep"),
            "continue after the branch, or use `go_to`",
        );
    }
    each(&place.list()?, |place| step(place, depth))
}

fn step(place: &Place<'_>, depth: usize) -> Option<Step> {
    let mut known = vec!["id"];
    known.extend(KINDS);
    known.extend(MESSAGE_KEYS);
    let object = place.object(&known)?;
    let id = must(&object, "id", slug);
    let (kind, below) = object.exactly_one(&KINDS)?;
    if !CHANNELS.contains(&kind) {
        for key in MESSAGE_KEYS.iter().filter(|key| object.has(key)) {
            let fix = "remove it, or move it into the message";
            object
                .place()
                .fault(format!("`{key}` belongs to messages, not to `{kind}`"), fix);
        }
    }
    let kind = if CHANNELS.contains(&kind) {
        message(&object, kind, &below).map(|message| Kind::Message(Box::new(message)))
    } else {
        other(kind, &below, depth)
    };
    Some(Step {
        id: id?,
        kind: kind?,
    })
}

fn other(kind: &str, place: &Place<'_>, depth: usize) -> Option<Kind> {
    match kind {
        "delay" => delay(place).map(Kind::Delay),
        "window" => window(place).map(Kind::Window),
        "wait_until" => wait_until(place).map(Kind::WaitUntil),
        "branch" => branch(place, depth).map(Kind::Branch),
        "multi_branch" => multi_branch(place, depth),
        "split" => shares(place, "paths", depth).map(Kind::Split),
        "ab_test" => shares(place, "variants", depth).map(Kind::AbTest),
        "holdout" => holdout(place).map(Kind::Holdout),
        "reach" => reach(place).map(|reach| Kind::Reach(Box::new(reach))),
        "update_person" => changes(place).map(Kind::UpdatePerson),
        "emit_event" => emit_event(place),
        "segment" => segment_edit(place).map(Kind::Segment),
        "exit" => place.object(&[]).map(|_| Kind::Exit),
        _ => slug(place).map(Kind::GoTo),
    }
}

fn delay(place: &Place<'_>) -> Option<Delay> {
    if place.value().is_string() {
        return span_between(place, Span::ZERO, DELAY_MAX).map(Delay::For);
    }
    let object = place.object(&["until", "by"])?;
    let (kind, below) = object.exactly_one(&["until", "by"])?;
    if kind == "until" {
        until(&below).map(Delay::Until)
    } else {
        by(&below).map(Delay::By)
    }
}

fn until(place: &Place<'_>) -> Option<DelayUntil> {
    let object = place.object(&["time", "weekdays", "zone"])?;
    let time = must(&object, "time", TimeOfDay::parse);
    let weekdays = maybe(&object, "weekdays", WeekdaySet::parse);
    let zone = maybe(&object, "zone", zone);
    Some(DelayUntil {
        time: time?,
        weekdays: weekdays?.unwrap_or(WeekdaySet::ALL),
        zone: zone?.unwrap_or(Zone::Person),
    })
}

fn by(place: &Place<'_>) -> Option<DelayBy> {
    let object = place.object(&["value", "unit", "times", "least", "most", "otherwise"])?;
    let value = must(&object, "value", source);
    let unit = maybe(&object, "unit", span);
    let times = maybe(&object, "times", factor);
    let bound = |key: &str| {
        must(&object, key, |place| {
            span_between(place, Span::ZERO, DELAY_MAX)
        })
    };
    let (least, most, otherwise) = (bound("least"), bound("most"), bound("otherwise"));
    let delay = DelayBy {
        value: value?,
        unit: unit?.unwrap_or(Span::days(1)),
        times: times?.unwrap_or(1.0),
        least: least?,
        most: most?,
        otherwise: otherwise?,
    };
    if delay.least > delay.most {
        return place.refuse("`least` is longer than `most`", "exchange them");
    }
    Some(delay)
}

fn factor(place: &Place<'_>) -> Option<f64> {
    let number = place.number()?;
    if number.is_finite() && (0.0..=1_000.0).contains(&number) {
        return Some(number);
    }
    place.expected("a number from 0 to 1000")
}

/// A path with its root.
fn source(place: &Place<'_>) -> Option<String> {
    let path = path(place)?;
    let root = path.split('.').next().unwrap_or_default();
    if ["event", "person", "run"].contains(&root) && path.len() > root.len() {
        return Some(path);
    }
    place.refuse(
        "it is not said where this comes from",
        "begin the path with `event.`, `person.` or `run.`, such as `event.days_of_supply`",
    )
}

fn window(place: &Place<'_>) -> Option<Window> {
    let object = place.object(&["weekdays", "from", "to", "zone"])?;
    let weekdays = maybe(&object, "weekdays", WeekdaySet::parse);
    let from = maybe(&object, "from", TimeOfDay::parse);
    let to = maybe(&object, "to", TimeOfDay::parse);
    let zone = maybe(&object, "zone", zone);
    let open = WeeklyWindow {
        days: weekdays?.unwrap_or(WeekdaySet::ALL),
        from: from?.unwrap_or(TimeOfDay::START),
        to: to?.unwrap_or(TimeOfDay::END),
    };
    if open.from == open.to {
        return place.refuse(
            "the window opens and closes at the same time",
            "leave `from` and `to` out for whole days",
        );
    }
    if open.from == TimeOfDay::END {
        return place.refuse("no window opens at 24:00", "write `00:00` and the next day");
    }
    Some(Window {
        open,
        zone: zone?.unwrap_or(Zone::Person),
    })
}

fn wait_until(place: &Place<'_>) -> Option<WaitUntil> {
    let object = place.object(&["condition", "limit", "on_limit"])?;
    let condition = must(&object, "condition", Condition::parse);
    let limit = maybe(&object, "limit", |place| {
        span_between(place, Span::minutes(1), DELAY_MAX)
    });
    let on_limit = maybe(&object, "on_limit", |place| {
        place.word(&["go_on", "exit"], |name| match name {
            "go_on" => Some(OnLimit::GoOn),
            "exit" => Some(OnLimit::Exit),
            _ => None,
        })
    });
    if object.has("on_limit") && !object.has("limit") {
        return place.refuse(
            "there is no limit to act on",
            "add `limit`, or remove `on_limit`",
        );
    }
    Some(WaitUntil {
        condition: condition?,
        limit: limit?,
        on_limit: on_limit?.unwrap_or(OnLimit::GoOn),
    })
}

fn branch(place: &Place<'_>, depth: usize) -> Option<Branch> {
    let object = place.object(&["if", "then", "else"])?;
    let condition = must(&object, "if", Condition::parse);
    let then = maybe(&object, "then", |place| steps_at(place, depth + 1));
    let otherwise = maybe(&object, "else", |place| steps_at(place, depth + 1));
    if !object.has("then") && !object.has("else") {
        return place.refuse("both ways are the same", "add `then`, `else` or both");
    }
    Some(Branch {
        condition: condition?,
        then: then?.unwrap_or_default(),
        otherwise: otherwise?.unwrap_or_default(),
    })
}

fn multi_branch(place: &Place<'_>, depth: usize) -> Option<Kind> {
    let object = place.object(&["paths", "else"])?;
    let paths = must(&object, "paths", |place| {
        each(&place.items()?, |place| {
            let object = place.object(&["if", "steps"])?;
            let condition = must(&object, "if", Condition::parse);
            let steps = must(&object, "steps", |place| steps_at(place, depth + 1));
            Some(Path {
                condition: condition?,
                steps: steps?,
            })
        })
    });
    let otherwise = maybe(&object, "else", |place| steps_at(place, depth + 1));
    Some(Kind::MultiBranch {
        paths: paths?,
        otherwise: otherwise?.unwrap_or_default(),
    })
}

fn shares(place: &Place<'_>, key: &str, depth: usize) -> Option<Vec<Share>> {
    let object = place.object(&[key])?;
    let below = object.required(key)?;
    let shares = each(&below.items()?, |place| {
        let object: Object<'_> = place.object(&["id", "percent", "steps"])?;
        let id = must(&object, "id", slug);
        let percent = must(&object, "percent", |place| {
            let share = hundredths(place)?;
            if share == 0 {
                return place.refuse("nobody goes this way", "give it a share, or remove it");
            }
            Some(share)
        });
        let steps = maybe(&object, "steps", |place| steps_at(place, depth + 1));
        Some(Share {
            id: id?,
            hundredths: percent?,
            steps: steps?.unwrap_or_default(),
        })
    })?;
    let sum: u32 = shares.iter().map(|share| share.hundredths).sum();
    if sum != SHARES {
        return below.refuse(
            format!(
                "the shares add up to {} instead of 100",
                super::read::percent_of(sum)
            ),
            "change the percentages so that they add up to 100",
        );
    }
    for (index, share) in shares.iter().enumerate() {
        if shares[..index].iter().any(|other| other.id == share.id) {
            return below.refuse(format!("two ways are called `{}`", share.id), "rename one");
        }
    }
    Some(shares)
}

fn holdout(place: &Place<'_>) -> Option<u32> {
    let share = hundredths(place)?;
    if share == 0 || share == SHARES {
        return place.refuse(
            "a holdout of nobody or of everybody compares nothing",
            "write a percentage such as 10, or remove the step",
        );
    }
    Some(share)
}

fn changes(place: &Place<'_>) -> Option<BTreeMap<String, Change>> {
    let object = place.any_object()?;
    let read: Vec<Option<(String, Change)>> = object
        .entries()
        .map(|(name, place)| change(&place).map(|change| (name.to_owned(), change)))
        .collect();
    if read.is_empty() {
        return place.refuse("nothing is changed here", "name at least one value");
    }
    read.into_iter().collect()
}

/// A value, or `{"from": path}`.
fn change(place: &Place<'_>) -> Option<Change> {
    let object = place.value().as_object();
    if object.is_some_and(|object| object.len() == 1 && object.contains_key("from")) {
        return must(&place.any_object()?, "from", source).map(Change::From);
    }
    Some(Change::Is(place.value().clone()))
}

fn emit_event(place: &Place<'_>) -> Option<Kind> {
    let object = place.object(&["name", "data"])?;
    let name = must(&object, "name", |place| {
        let name = text(place)?;
        if name.len() > landfall_domain::limits::EVENT_NAME_BYTES_MAX {
            return place.refuse("the name is too long", "use at most 100 bytes");
        }
        Some(name)
    });
    let data = maybe(&object, "data", changes);
    Some(Kind::EmitEvent {
        name: name?,
        data: data?.unwrap_or_default(),
    })
}

fn segment_edit(place: &Place<'_>) -> Option<SegmentEdit> {
    let object = place.object(&["add", "remove"])?;
    let (kind, below) = object.exactly_one(&["add", "remove"])?;
    Some(SegmentEdit {
        segment: segment(&below)?,
        add: kind == "add",
    })
}
