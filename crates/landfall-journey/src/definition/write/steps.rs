//! Steps as JSON.

use std::collections::BTreeMap;

use landfall_audience::{Condition, WeekdaySet};
use landfall_domain::work::SendTo;
use serde_json::{Map, Value, json};

use super::super::message::{Message, Reach, ReachChannel, Sending};
use super::super::read::percent_of;
use super::super::step::{
    Branch, Change, Delay, DelayBy, DelayUntil, Kind, OnLimit, Path, Share, Step, WaitUntil, Window,
};
use super::{Out, zone};

pub(super) fn list(steps: &[Step]) -> Value {
    steps.iter().map(step).collect()
}

fn step(step: &Step) -> Value {
    let out = Out::default().put("id", step.id.as_str());
    match &step.kind {
        Kind::Delay(value) => out.put("delay", delay(value)),
        Kind::Window(value) => out.put("window", window(value)),
        Kind::WaitUntil(value) => out.put("wait_until", wait_until(value)),
        Kind::Branch(value) => out.put("branch", branch(value)),
        Kind::MultiBranch { paths, otherwise } => {
            let otherwise = (!otherwise.is_empty()).then(|| list(otherwise));
            let paths: Value = paths.iter().map(path).collect();
            let value = Out::default().put("paths", paths).maybe("else", otherwise);
            out.put("multi_branch", value)
        }
        Kind::Split(shares) => out.put("split", json!({ "paths": ways(shares) })),
        Kind::AbTest(shares) => out.put("ab_test", json!({ "variants": ways(shares) })),
        Kind::Holdout(share) => out.put("holdout", percent_of(*share)),
        Kind::Message(value) => message(out, value),
        Kind::Reach(value) => out.put("reach", reach(value)),
        Kind::UpdatePerson(values) => out.put("update_person", changes(values)),
        Kind::EmitEvent { name, data } => {
            let value = Out::default().put("name", name.as_str()).when(
                !data.is_empty(),
                "data",
                changes(data),
            );
            out.put("emit_event", value)
        }
        Kind::Segment(edit) => {
            let key = if edit.add { "add" } else { "remove" };
            out.put("segment", json!({ key: edit.segment }))
        }
        Kind::Exit => out.put("exit", json!({})),
        Kind::GoTo(target) => out.put("go_to", target.as_str()),
    }
    .into()
}

fn delay(delay: &Delay) -> Value {
    match delay {
        Delay::For(span) => span.to_string().into(),
        Delay::Until(value) => json!({ "until": until(value) }),
        Delay::By(value) => json!({ "by": by(value) }),
    }
}

fn weekdays(days: WeekdaySet) -> Option<Value> {
    (days != WeekdaySet::ALL).then(|| days.names().into())
}

fn until(until: &DelayUntil) -> Value {
    Out::default()
        .put("time", until.time.to_string())
        .maybe("weekdays", weekdays(until.weekdays))
        .maybe("zone", zone(&until.zone))
        .into()
}

fn by(by: &DelayBy) -> Value {
    Out::default()
        .put("value", by.value.as_str())
        .put("unit", by.unit.to_string())
        .put("times", by.times)
        .put("least", by.least.to_string())
        .put("most", by.most.to_string())
        .put("otherwise", by.otherwise.to_string())
        .into()
}

fn window(window: &Window) -> Value {
    Out::default()
        .maybe("weekdays", weekdays(window.open.days))
        .put("from", window.open.from.to_string())
        .put("to", window.open.to.to_string())
        .maybe("zone", zone(&window.zone))
        .into()
}

fn wait_until(wait: &WaitUntil) -> Value {
    Out::default()
        .put("condition", wait.condition.to_json())
        .maybe("limit", wait.limit.map(|limit| limit.to_string()))
        .when(wait.on_limit == OnLimit::Exit, "on_limit", "exit")
        .into()
}

fn branch(branch: &Branch) -> Value {
    // One of the two has to be there, also when both are empty.
    let then = !branch.then.is_empty() || branch.otherwise.is_empty();
    Out::default()
        .put("if", branch.condition.to_json())
        .when(then, "then", list(&branch.then))
        .when(
            !branch.otherwise.is_empty(),
            "else",
            list(&branch.otherwise),
        )
        .into()
}

fn path(path: &Path) -> Value {
    json!({ "if": path.condition.to_json(), "steps": list(&path.steps) })
}

fn ways(shares: &[Share]) -> Value {
    let way = |share: &Share| -> Value {
        Out::default()
            .put("id", share.id.as_str())
            .put("percent", percent_of(share.hundredths))
            .when(!share.steps.is_empty(), "steps", list(&share.steps))
            .into()
    };
    shares.iter().map(way).collect()
}

fn message(out: Out, message: &Message) -> Out {
    let channel = message.content.channel().name();
    // Contents are made of texts, numbers and maps with text keys: they always have a JSON form.
    let mut content = serde_json::to_value(&message.content).unwrap_or_default();
    if let Some(fields) = content.as_object_mut() {
        fields.remove("channel");
    }
    let usual = if channel == "push" {
        SendTo::LastUsed
    } else {
        SendTo::All
    };
    let to = match &message.to {
        to if *to == usual => None,
        SendTo::LastUsed => Some("last_used"),
        _ => Some("all"),
    };
    out.put(channel, content)
        .maybe("when", message.when.as_ref().map(Condition::to_json))
        .put("ttl", message.ttl.to_string())
        .when(
            message.sending != Sending::Automatic,
            "sending",
            message.sending.name(),
        )
        .maybe("to", to)
        .maybe("policy", message.policy.as_ref().map(|policy| policy.json().clone()))
        .put(
            "name",
            json!({ "step": message.name.step, "delay": message.name.delay, "intent": message.name.intent }),
        )
}

fn reach(reach: &Reach) -> Value {
    let channels: Value = reach.channels.iter().map(channel).collect();
    Out::default()
        .put("channels", channels)
        .when(reach.allow_second_exposure, "allow_second_exposure", true)
        .into()
}

fn channel(channel: &ReachChannel) -> Value {
    let usual = channel.message.content.channel().name();
    let span = |span: Option<crate::span::Span>| span.map(|span| span.to_string());
    let out = Out::default()
        .when(channel.id != usual, "id", channel.id.as_str())
        .maybe(
            "not_delivered_within",
            span(channel.limits.delivered_within),
        )
        .maybe("not_opened_within", span(channel.limits.opened_within))
        .when(channel.needs_opt_in, "needs_opt_in", true)
        .when(
            channel.cost_micros > 0,
            "cost",
            crate::money::text(channel.cost_micros),
        );
    message(out, &channel.message).into()
}

fn changes(changes: &BTreeMap<String, Change>) -> Value {
    let write = |change: &Change| match change {
        Change::Is(value) => value.clone(),
        Change::From(path) => json!({ "from": path }),
    };
    let changes = changes.iter();
    changes
        .map(|(name, change)| (name.clone(), write(change)))
        .collect::<Map<String, Value>>()
        .into()
}
