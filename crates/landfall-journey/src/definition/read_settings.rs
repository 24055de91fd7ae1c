//! Reading of entry, exit, goal, alert and naming.

use landfall_audience::definition::Place;
use landfall_audience::{Condition, EventFilter};

use super::read::{
    EVENT_KEYS, boolean, each, maybe, must, path, percent, segment, span_between, text,
};
use super::read_message::part;
use super::settings::{
    Alert, Basis, CurrencyFrom, Entry, Exit, ExitEvent, Frequency, Goal, GoalOn, Naming, Refund,
};
use crate::span::Span;

/// Longest window of a goal (semantics.md 3.3).
pub const GOAL_WINDOW_MAX: Span = Span::days(90);

impl Default for Entry {
    fn default() -> Self {
        Self {
            frequency: Frequency::NotWhileIn,
            filter: None,
        }
    }
}

pub(super) fn entry(place: &Place<'_>) -> Option<Entry> {
    let object = place.object(&["frequency", "filter"])?;
    let frequency = maybe(&object, "frequency", frequency);
    let filter = maybe(&object, "filter", Condition::parse);
    Some(Entry {
        frequency: frequency?.unwrap_or(Frequency::NotWhileIn),
        filter: filter?,
    })
}

fn frequency(place: &Place<'_>) -> Option<Frequency> {
    if place.value().is_object() {
        let object = place.object(&["at_most_every"])?;
        return must(&object, "at_most_every", |place| {
            span_between(place, Span::minutes(1), Span::days(3_650))
        })
        .map(Frequency::AtMostEvery);
    }
    place.word(&["once", "every_time", "not_while_in"], |name| match name {
        "once" => Some(Frequency::Once),
        "every_time" => Some(Frequency::EveryTime),
        "not_while_in" => Some(Frequency::NotWhileIn),
        _ => None,
    })
}

pub(super) fn exit(place: &Place<'_>) -> Option<Exit> {
    let object = place.object(&["on_goal", "when_no_longer_matching", "on"])?;
    let on_goal = maybe(&object, "on_goal", boolean);
    let matching = maybe(&object, "when_no_longer_matching", boolean);
    let on = maybe(&object, "on", |place| {
        each(&place.one_or_more()?, |place| {
            let object = place.object(&["event", "page", "screen", "where", "same"])?;
            let event = EventFilter::parse_among(&object);
            let same = maybe(&object, "same", path);
            Some(ExitEvent {
                event: event?,
                same: same?,
            })
        })
    });
    Some(Exit {
        on_goal: on_goal?.unwrap_or(false),
        when_no_longer_matching: matching?.unwrap_or(false),
        on: on?.unwrap_or_default(),
    })
}

const GOAL_ON: [&str; 5] = ["event", "page", "screen", "segment_entered", "segment_left"];

pub(super) fn goal(place: &Place<'_>) -> Option<Goal> {
    let object = place.object(&[
        "event",
        "page",
        "screen",
        "where",
        "segment_entered",
        "segment_left",
        "within",
        "basis",
        "value",
        "currency",
        "refund",
    ])?;
    let (kind, below) = object.exactly_one(&GOAL_ON)?;
    let on = match kind {
        "segment_entered" => segment(&below).map(GoalOn::SegmentEntered),
        "segment_left" => segment(&below).map(GoalOn::SegmentLeft),
        _ => EventFilter::parse_among(&object).map(GoalOn::Event),
    };
    if !EVENT_KEYS.contains(&kind) {
        for key in ["where", "value", "currency", "refund"] {
            if object.has(key) {
                let fix = "remove it, or make an event the goal";
                place.fault(
                    format!("`{key}` reads an event, and the goal is a segment"),
                    fix,
                );
            }
        }
    }
    let within = must(&object, "within", |place| {
        span_between(place, Span::minutes(1), GOAL_WINDOW_MAX)
    });
    let basis = must(&object, "basis", basis);
    let value = maybe(&object, "value", path);
    let currency = maybe(&object, "currency", currency);
    let refund = maybe(&object, "refund", refund);
    if object.has("refund") && !object.has("value") {
        place.fault(
            "a refund takes back a value, and the goal has none",
            "add `value`",
        );
    }
    Some(Goal {
        on: on?,
        within: within?,
        basis: basis?,
        value: value?,
        currency: currency?,
        refund: refund?,
    })
}

fn basis(place: &Place<'_>) -> Option<Basis> {
    if place.value().as_str().map(str::trim) == Some("sent") {
        return place.refuse(
            "`sent` is no basis for a goal: a provider took the message, and nobody knows whether anybody got it",
            "write `delivered`, `opened` or `clicked`",
        );
    }
    place.word(&["delivered", "opened", "clicked"], |name| match name {
        "delivered" => Some(Basis::Delivered),
        "opened" => Some(Basis::Opened),
        "clicked" => Some(Basis::Clicked),
        _ => None,
    })
}

/// Three capitals are a currency, anything else is a path.
fn currency(place: &Place<'_>) -> Option<CurrencyFrom> {
    let text = place.text()?;
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(CurrencyFrom::Is(text.to_owned()));
    }
    path(place).map(CurrencyFrom::Path)
}

fn refund(place: &Place<'_>) -> Option<Refund> {
    let object = place.object(&["event", "page", "screen", "where", "value", "same"])?;
    let event = EventFilter::parse_among(&object);
    let value = maybe(&object, "value", path);
    let same = must(&object, "same", path);
    Some(Refund {
        event: event?,
        value: value?,
        same: same?,
    })
}

pub(super) fn naming(place: &Place<'_>) -> Option<Naming> {
    let object = place.object(&["journey", "aliases"])?;
    let journey = maybe(&object, "journey", part);
    let aliases = maybe(&object, "aliases", |place| each(&place.list()?, part));
    Some(Naming {
        journey: journey?,
        aliases: aliases?.unwrap_or_default(),
    })
}

pub(super) fn alert(place: &Place<'_>) -> Option<Alert> {
    let object = place.object(&["to", "drop", "window", "least"])?;
    let to = must(&object, "to", |place| each(&place.one_or_more()?, receiver));
    let drop = must(&object, "drop", percent);
    let window = maybe(&object, "window", |place| {
        span_between(place, Span::minutes(60), Span::days(28))
    });
    let least = maybe(&object, "least", |place| {
        place.whole(1, u64::from(u32::MAX))
    });
    Some(Alert {
        to: to?,
        drop_percent: drop?,
        window: window?.unwrap_or(Span::days(1)),
        least: u32::try_from(least?.unwrap_or(100)).ok()?,
    })
}

fn receiver(place: &Place<'_>) -> Option<String> {
    let text = text(place)?;
    let known = ["slack:", "mail:", "webhook:"];
    if known
        .iter()
        .any(|kind| text.len() > kind.len() && text.starts_with(kind))
    {
        return Some(text);
    }
    place.refuse(
        "it is not said how this receiver is told",
        "write `slack:#channel`, `mail:address` or `webhook:https://...`",
    )
}
