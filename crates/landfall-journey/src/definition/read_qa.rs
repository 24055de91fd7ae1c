//! Reading of test profiles: what they are, what happens to them, what must come of it.

use std::collections::BTreeMap;

use landfall_audience::definition::{Object, Place};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use serde_json::Value;

use super::read::{boolean, each, maybe, must, span, text};
use super::settings::{Expectation, Profile, ProfileDevice, QaCase, QaHappening, QaInput};
use crate::span::Span;

/// Reads a list of cases, or an object with cases and what happens in each of them.
pub(super) fn cases(place: &Place<'_>) -> Option<Vec<QaCase>> {
    if place.value().is_array() {
        return each(&place.list()?, |place| case(place, &[]));
    }
    let object = place.object(&["inputs", "cases"])?;
    let shared = maybe(&object, "inputs", |place| each(&place.list()?, input));
    let all = shared.clone().flatten().unwrap_or_default();
    let cases = must(&object, "cases", |place| {
        each(&place.list()?, |place| case(place, &all))
    });
    shared.and(cases)
}

/// What happens in a case: what is shared and what it adds, or only what it says.
fn inputs_of(object: &Object<'_>, shared: &[QaInput]) -> Option<Vec<QaInput>> {
    let list = |place: &Place<'_>| each(&place.list()?, input);
    let own = maybe(object, "inputs", list);
    let only = maybe(object, "only", list);
    let own = own?.unwrap_or_default();
    if let Some(only) = only? {
        if !own.is_empty() {
            let fix = "put everything into `only`";
            return object
                .place()
                .refuse("`inputs` and `only` exclude each other", fix);
        }
        return Some(only);
    }
    // What providers answer is so from the start; whatever else the case adds comes after.
    let (mut inputs, own): (Vec<QaInput>, Vec<QaInput>) = own
        .into_iter()
        .partition(|input| matches!(input.what, QaHappening::Provider { .. }));
    inputs.extend(shared.iter().cloned());
    inputs.extend(own);
    inputs.sort_by_key(|input| input.after);
    Some(inputs)
}

fn case(place: &Place<'_>, shared: &[QaInput]) -> Option<QaCase> {
    let object = place.object(&["name", "profile", "inputs", "only", "expect"])?;
    let name = must(&object, "name", text);
    let profile = maybe(&object, "profile", profile);
    let inputs = inputs_of(&object, shared);
    let expect = must(&object, "expect", |place| {
        each(&place.items()?, expectation)
    });
    Some(QaCase {
        name: name?,
        profile: profile?.unwrap_or_default(),
        inputs: inputs?,
        expect: expect?,
    })
}

fn profile(place: &Place<'_>) -> Option<Profile> {
    let object = place.object(&[
        "attributes",
        "devices",
        "channels",
        "topics",
        "unsubscribed",
        "merged_from_anonymous",
    ])?;
    let attributes = maybe(&object, "attributes", values);
    let devices = maybe(&object, "devices", |place| each(&place.list()?, device));
    let channels = maybe(&object, "channels", |place| {
        let read: Vec<Option<(Channel, bool)>> = place
            .any_object()?
            .entries()
            .map(|(name, place)| Some((channel_named(&place, name)?, place.boolean()?)))
            .collect();
        read.into_iter().collect::<Option<BTreeMap<_, _>>>()
    });
    let topics = maybe(&object, "topics", |place| {
        let read: Vec<Option<(String, bool)>> = place
            .any_object()?
            .entries()
            .map(|(name, place)| Some((name.to_owned(), place.boolean()?)))
            .collect();
        read.into_iter().collect::<Option<BTreeMap<_, _>>>()
    });
    let unsubscribed = maybe(&object, "unsubscribed", boolean);
    let merged = maybe(&object, "merged_from_anonymous", boolean);
    Some(Profile {
        attributes: attributes?.unwrap_or_default(),
        devices: devices?.unwrap_or_default(),
        channels: channels?.unwrap_or_default(),
        topics: topics?.unwrap_or_default(),
        unsubscribed: unsubscribed?.unwrap_or(false),
        merged_from_anonymous: merged?.unwrap_or(false),
    })
}

fn values(place: &Place<'_>) -> Option<BTreeMap<String, Value>> {
    let object = place.any_object()?;
    let entries = object.entries();
    Some(
        entries
            .map(|(name, place)| (name.to_owned(), place.value().clone()))
            .collect(),
    )
}

fn device(place: &Place<'_>) -> Option<ProfileDevice> {
    let object = place.object(&["platform", "permission", "last_used", "receipts"])?;
    let platform = must(&object, "platform", |place| {
        place.word(&names(Platform::ALL, Platform::name), Platform::named)
    });
    let permission = maybe(&object, "permission", boolean);
    let last_used = maybe(&object, "last_used", span);
    let receipts = maybe(&object, "receipts", boolean);
    Some(ProfileDevice {
        platform: platform?,
        permission: permission?,
        last_used: last_used?.unwrap_or(Span::ZERO),
        receipts: receipts?.unwrap_or(true),
    })
}

fn channel_named(place: &Place<'_>, name: &str) -> Option<Channel> {
    Channel::named(name).or_else(|| {
        let known = names(Channel::ALL, Channel::name).join(", ");
        place.refuse(
            format!("there is no channel `{name}`"),
            format!("write one of: {known}"),
        )
    })
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|item| name(*item)).collect()
}

fn input(place: &Place<'_>) -> Option<QaInput> {
    let object = place.object(&["after", "event", "data", "set", "receipt", "provider"])?;
    let after = maybe(&object, "after", span);
    let (kind, below) = object.exactly_one(&["event", "set", "receipt", "provider"])?;
    if object.has("data") && kind != "event" {
        return place.refuse("`data` belongs to an event", "remove it");
    }
    let what = match kind {
        "event" => event(&object, &below),
        "set" => values(&below).map(QaHappening::Attributes),
        "receipt" => receipt(&below),
        _ => provider(&below),
    };
    Some(QaInput {
        after: after?.unwrap_or(Span::ZERO),
        what: what?,
    })
}

fn event(object: &Object<'_>, place: &Place<'_>) -> Option<QaHappening> {
    let data = object.optional("data");
    Some(QaHappening::Event {
        name: text(place)?,
        data: data.map_or(Value::Null, |data| data.value().clone()),
    })
}

fn receipt(place: &Place<'_>) -> Option<QaHappening> {
    let object = place.object(&["step", "mark"])?;
    let step = must(&object, "step", text);
    let mark = must(&object, "mark", mark);
    Some(QaHappening::Receipt {
        step: step?,
        mark: mark?,
    })
}

fn provider(place: &Place<'_>) -> Option<QaHappening> {
    let object = place.object(&["channel", "reason"])?;
    let channel = must(&object, "channel", |place| {
        channel_named(place, place.text()?)
    });
    let reason = must(&object, "reason", reason);
    Some(QaHappening::Provider {
        channel: channel?,
        reason: reason?,
    })
}

fn mark(place: &Place<'_>) -> Option<Mark> {
    place.word(&names(Mark::ALL, Mark::name), Mark::named)
}

fn reason(place: &Place<'_>) -> Option<Reason> {
    place.word(&names(Reason::ALL, Reason::name), Reason::named)
}

fn expectation(place: &Place<'_>) -> Option<Expectation> {
    let object = place.object(&["step", "is", "reason", "run", "entered"])?;
    let (kind, below) = object.exactly_one(&["step", "run", "entered"])?;
    match kind {
        "run" => below
            .word(&names(RunState::ALL, RunState::name), RunState::named)
            .map(Expectation::Run),
        "entered" if below.boolean()? => below.refuse(
            "whoever enters has a run",
            "expect something of `run` or of a step",
        ),
        "entered" => Some(Expectation::NotEntered),
        _ => {
            let step = text(&below);
            let is = must(&object, "is", |place| {
                if place.value().as_str() == Some("not_reached") {
                    return Some(None);
                }
                mark(place).map(Some)
            });
            let reason = maybe(&object, "reason", reason);
            Some(Expectation::Step {
                step: step?,
                mark: is?,
                reason: reason?,
            })
        }
    }
}
