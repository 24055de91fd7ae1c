//! Definitions as JSON: what is written reads back as the same definition. What equals its default is
//! left out.

mod steps;

use landfall_audience::{Condition, EventFilter};
use serde_json::{Map, Value, json};

use super::settings::{
    Alert, Basis, CurrencyFrom, Entry, Exit, ExitEvent, Expectation, Frequency, Goal, GoalOn,
    Naming, Profile, ProfileDevice, QaCase, QaHappening, QaInput, Refund,
};
use super::trigger::{
    DateTrigger, Interest, ProductTrigger, Repeat, Schedule, Trigger, Unknown, WebhookTrigger,
};
use super::{Definition, Zone};

/// An object in the making.
#[derive(Default)]
struct Out(Map<String, Value>);

impl Out {
    fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    fn when(self, wanted: bool, key: &str, value: impl Into<Value>) -> Self {
        self.maybe(key, wanted.then_some(value))
    }

    fn event(mut self, event: &EventFilter) -> Self {
        if let Value::Object(keys) = event.to_json() {
            self.0.extend(keys);
        }
        self
    }
}

impl From<Out> for Value {
    fn from(out: Out) -> Self {
        Self::Object(out.0)
    }
}

fn list<T>(items: &[T], write: impl Fn(&T) -> Value) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().map(write).collect())
}

fn zone(zone: &Zone) -> Option<&str> {
    match zone {
        Zone::Person => None,
        Zone::Named(name) => Some(name),
    }
}

impl Definition {
    /// The definition as JSON; [`Definition::from_json`] reads it back.
    pub fn to_json(&self) -> Value {
        let entry = (self.entry != Entry::default()).then(|| entry(&self.entry));
        let exit = (self.exit != Exit::default()).then(|| exit(&self.exit));
        let naming = (self.naming != Naming::default()).then(|| naming(&self.naming));
        Out::default()
            .put("id", self.id.as_str())
            .put("name", self.name.as_str())
            .maybe("owner", self.owner.as_deref())
            .maybe("description", self.description.as_deref())
            .put("trigger", trigger(&self.trigger))
            .maybe("entry", entry)
            .maybe("exit", exit)
            .maybe("goal", self.goal.as_ref().map(goal))
            .maybe(
                "policy",
                self.policy.as_ref().map(|policy| policy.json().clone()),
            )
            .maybe("topic", self.topic.as_deref())
            .maybe("naming", naming)
            .put("steps", steps::list(&self.steps))
            .maybe("qa", list(&self.qa, case))
            .maybe("alert", self.alert.as_ref().map(alert))
            .into()
    }
}

fn trigger(trigger: &Trigger) -> Value {
    match trigger {
        Trigger::Event(event) => Out::default().event(event).into(),
        Trigger::SegmentEntered(segment) => json!({ "segment_entered": segment }),
        Trigger::SegmentLeft(segment) => json!({ "segment_left": segment }),
        Trigger::Date(trigger) => json!({ "date": date(trigger) }),
        Trigger::Product(trigger) => json!({ "product": product(trigger) }),
        Trigger::Api => "api".into(),
        Trigger::Schedule(trigger) => json!({ "schedule": schedule(trigger) }),
        Trigger::Webhook(trigger) if *trigger == WebhookTrigger::default() => "webhook".into(),
        Trigger::Webhook(trigger) => json!({ "webhook": webhook(trigger) }),
    }
}

fn date(date: &DateTrigger) -> Value {
    let repeat = match date.repeat {
        Repeat::Once => None,
        Repeat::Monthly => Some("monthly"),
        Repeat::Yearly => Some("yearly"),
    };
    Out::default()
        .put("attribute", date.attribute.as_str())
        .when(date.offset_days != 0, "days", date.offset_days)
        .put("at", date.at.to_string())
        .maybe("zone", zone(&date.zone))
        .maybe("repeat", repeat)
        .into()
}

fn product(trigger: &ProductTrigger) -> Value {
    let drop = trigger.drop.as_ref().map(|drop| {
        Out::default()
            .put("price", drop.price.as_str())
            .put("was", drop.was.as_str())
            .when(drop.percent > 0.0, "at_least", drop.percent)
    });
    Out::default()
        .event(&trigger.event)
        .put("product", trigger.product.as_str())
        .maybe("drop", drop)
        .maybe("interest", list(&trigger.interest, interest))
        .put("within", trigger.within.to_string())
        .into()
}

fn interest(interest: &Interest) -> Value {
    match interest {
        Interest::Event { name, product } => json!({ "event": name, "product": product }),
        Interest::Attribute { path } => json!({ "attribute": path }),
    }
}

fn schedule(schedule: &Schedule) -> Value {
    let rate = schedule.rate;
    let rate = rate.map(|(people, per)| json!({ "people": people, "per": per.to_string() }));
    Out::default()
        .put("at", schedule.at.as_str())
        .maybe("zone", zone(&schedule.zone))
        .maybe("segment", schedule.segment)
        .maybe("rate", rate)
        .into()
}

fn webhook(trigger: &WebhookTrigger) -> Value {
    let creates = trigger.unknown == Unknown::Create;
    Out::default()
        .put("person", json!({ trigger.kind.name(): trigger.person }))
        .maybe("data", trigger.data.as_deref())
        .maybe("key", trigger.key.as_deref())
        .when(creates, "unknown", "create")
        .into()
}

fn entry(entry: &Entry) -> Value {
    let frequency = match entry.frequency {
        Frequency::Once => Some("once".into()),
        Frequency::EveryTime => Some("every_time".into()),
        Frequency::AtMostEvery(span) => Some(json!({ "at_most_every": span.to_string() })),
        Frequency::NotWhileIn => None::<Value>,
    };
    Out::default()
        .maybe("frequency", frequency)
        .maybe("filter", entry.filter.as_ref().map(Condition::to_json))
        .into()
}

fn exit(exit: &Exit) -> Value {
    Out::default()
        .when(exit.on_goal, "on_goal", true)
        .when(
            exit.when_no_longer_matching,
            "when_no_longer_matching",
            true,
        )
        .maybe("on", list(&exit.on, exit_event))
        .into()
}

fn exit_event(exit: &ExitEvent) -> Value {
    Out::default()
        .event(&exit.event)
        .maybe("same", exit.same.as_deref())
        .into()
}

fn goal(goal: &Goal) -> Value {
    let on = match &goal.on {
        GoalOn::Event(event) => Out::default().event(event),
        GoalOn::SegmentEntered(segment) => Out::default().put("segment_entered", *segment),
        GoalOn::SegmentLeft(segment) => Out::default().put("segment_left", *segment),
    };
    let basis = match goal.basis {
        Basis::Delivered => "delivered",
        Basis::Opened => "opened",
        Basis::Clicked => "clicked",
    };
    let currency = goal.currency.as_ref().map(|currency| match currency {
        CurrencyFrom::Is(text) | CurrencyFrom::Path(text) => text.as_str(),
    });
    on.put("within", goal.within.to_string())
        .put("basis", basis)
        .maybe("value", goal.value.as_deref())
        .maybe("currency", currency)
        .maybe("refund", goal.refund.as_ref().map(refund))
        .into()
}

fn refund(refund: &Refund) -> Value {
    Out::default()
        .event(&refund.event)
        .maybe("value", refund.value.as_deref())
        .put("same", refund.same.as_str())
        .into()
}

fn naming(naming: &Naming) -> Value {
    Out::default()
        .maybe("journey", naming.journey.as_deref())
        .maybe(
            "aliases",
            list(&naming.aliases, |alias| alias.as_str().into()),
        )
        .into()
}

fn alert(alert: &Alert) -> Value {
    Out::default()
        .maybe("to", list(&alert.to, |to| to.as_str().into()))
        .put("drop", alert.drop_percent)
        .put("window", alert.window.to_string())
        .put("least", alert.least)
        .into()
}

fn case(case: &QaCase) -> Value {
    let profile = (case.profile != Profile::default()).then(|| profile(&case.profile));
    Out::default()
        .put("name", case.name.as_str())
        .maybe("profile", profile)
        .maybe("inputs", list(&case.inputs, input))
        .maybe("expect", list(&case.expect, expectation))
        .into()
}

fn profile(profile: &Profile) -> Value {
    let attributes: Map<String, Value> = profile.attributes.clone().into_iter().collect();
    let channels = profile.channels.iter();
    let channels: Map<String, Value> = channels
        .map(|(channel, subscribed)| (channel.name().to_owned(), (*subscribed).into()))
        .collect();
    let topics = profile.topics.iter();
    let topics: Map<String, Value> = topics
        .map(|(topic, subscribed)| (topic.clone(), (*subscribed).into()))
        .collect();
    Out::default()
        .when(!attributes.is_empty(), "attributes", attributes)
        .maybe("devices", list(&profile.devices, device))
        .when(!channels.is_empty(), "channels", channels)
        .when(!topics.is_empty(), "topics", topics)
        .when(profile.unsubscribed, "unsubscribed", true)
        .when(profile.merged_from_anonymous, "merged_from_anonymous", true)
        .into()
}

fn device(device: &ProfileDevice) -> Value {
    Out::default()
        .put("platform", device.platform.name())
        .maybe("permission", device.permission)
        .put("last_used", device.last_used.to_string())
        .when(!device.receipts, "receipts", false)
        .into()
}

fn input(input: &QaInput) -> Value {
    let out = Out::default().put("after", input.after.to_string());
    match &input.what {
        QaHappening::Event { name, data } => {
            out.put("event", name.as_str())
                .when(!data.is_null(), "data", data.clone())
        }
        QaHappening::Attributes(values) => {
            let values: Map<String, Value> = values.clone().into_iter().collect();
            out.put("set", values)
        }
        QaHappening::Receipt { step, mark } => {
            out.put("receipt", json!({ "step": step, "mark": mark.name() }))
        }
        QaHappening::Provider { channel, reason } => out.put(
            "provider",
            json!({ "channel": channel.name(), "reason": reason.name() }),
        ),
    }
    .into()
}

fn expectation(expectation: &Expectation) -> Value {
    match expectation {
        Expectation::Run(state) => json!({ "run": state.name() }),
        Expectation::NotEntered => json!({ "entered": false }),
        Expectation::Step { step, mark, reason } => Out::default()
            .put("step", step.as_str())
            .put("is", mark.map_or("not_reached", |mark| mark.name()))
            .maybe("reason", reason.map(|reason| reason.name()))
            .into(),
    }
}
