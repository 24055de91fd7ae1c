//! The moment at which a message is decided: one delivery, whatever the answer.

use std::sync::Arc;

use landfall_audience::{MessageFacts, Verdict, eligible};
use landfall_domain::channel::Channel;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_domain::work::Rules;
use serde_json::{Map, Value, json};

use super::walk::Walk;
use crate::definition::{PolicyOverride, Sending};
use crate::effect::{Effect, Ruling, Send};
use crate::plan::{PlanStep, PlannedMessage};
use crate::run::Sent;
use crate::trace::Check;

impl Walk<'_> {
    /// Makes the one delivery of a message. `Some`: it is on its way and may leave then. `None`: it does
    /// not go.
    pub(super) fn deliver(&mut self, planned: &PlannedMessage) -> Option<Timestamp> {
        self.run.acted = true;
        let place = self.run.sent.len();
        let ruling = self.ruling(planned);
        let now = self.setting.now;
        let flags = match ruling {
            Ruling::Refused(Reason::Holdout) => Sent::REFUSED | Sent::HELD_OUT,
            Ruling::Refused(_) => Sent::REFUSED,
            Ruling::Go | Ruling::Held { .. } | Ruling::Draft => 0,
        };
        self.run.sent.push(Sent {
            step: planned.step,
            flags,
            at: now,
            touches: [None; 3],
        });
        let step = self.plan_step(planned.step);
        self.effects.push(Effect::Send(Box::new(Send {
            delivery_id: self.delivery_id(place),
            message: self.message_ref(planned.step),
            step: step.map(|step| step.id.clone()).unwrap_or_default(),
            name: step.and_then(|step| step.name.clone()).unwrap_or_default(),
            content: Arc::clone(&planned.content),
            channel: planned.content.channel(),
            to: planned.message.to.clone(),
            ttl: planned.message.ttl,
            data: self.template_data(),
            rules: self.rules(planned),
            ruling,
        })));
        match ruling {
            Ruling::Go | Ruling::Draft => Some(now),
            Ruling::Held { until, .. } => Some(until),
            Ruling::Refused(reason) => {
                self.run.failure = Some(reason.code());
                None
            }
        }
    }

    /// A step that sends, as the catalogue knows it.
    pub(super) fn message_ref(&self, step: u16) -> MessageRef {
        let known = self
            .plan_step(step)
            .and_then(|step| self.plan.message_of(step));
        // Only steps that send are asked for.
        known.unwrap_or(MessageRef {
            source: SourceKind::Campaign,
            source_id: u64::from(self.plan.journey.0),
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        })
    }

    pub(super) fn ruling(&mut self, planned: &PlannedMessage) -> Ruling {
        let message = &planned.message;
        let step = Some(planned.step);
        let refused = if self.run.holdout {
            Some(Reason::Holdout)
        } else if message.sending == Sending::Off {
            Some(Reason::ActionOff)
        } else if let Some(condition) = &message.when
            && !self.asks(step, Check::Condition, condition).holds
        {
            Some(Reason::ConditionUnmet)
        } else if planned.needs_opt_in && !self.has_opted_in(message.content.channel()) {
            Some(Reason::UnsubscribedChannel)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.note(step, Check::Eligibility, || Value::Null, reason.name());
            return Ruling::Refused(reason);
        }
        let verdict = self.eligibility(planned);
        let input = || serde_json::to_value(verdict).unwrap_or_default();
        let drafted = message.sending == Sending::Draft;
        let (ruling, word) = match verdict {
            Verdict::No(reason) => (Ruling::Refused(reason), reason.name()),
            Verdict::Go | Verdict::Hold { .. } if drafted => (Ruling::Draft, "draft"),
            Verdict::Go => (Ruling::Go, "go"),
            Verdict::Hold { until, reason } => (Ruling::Held { until, reason }, reason.name()),
        };
        self.note(step, Check::Eligibility, input, word);
        ruling
    }

    fn eligibility(&self, planned: &PlannedMessage) -> Verdict {
        let setting = self.setting;
        let definition = &self.plan.definition;
        let channel = planned.content.channel();
        let facts = MessageFacts {
            channel,
            source: SourceKind::Campaign,
            source_id: u64::from(self.plan.journey.0),
            step_id: self.plan_step(planned.step).map(|step| step.number),
            topic: definition.topic.as_deref(),
            topic_opt_in: setting.topic_opt_in,
            to_unsubscribed: false,
            address_suppressed: setting.suppressed.contains(&channel),
            devices: None,
            in_flight: setting.in_flight,
            asked_at: setting.now,
        };
        // Reading an override takes longer than most decisions, so it is done only where there is one.
        let journey = definition.policy.as_ref();
        let journey = journey.map(|policy| policy.over(setting.policy));
        let base = journey.as_ref().unwrap_or(setting.policy);
        let own = planned.message.policy.as_ref();
        let own = own.map(|policy| policy.over(base));
        eligible(&self.scene(), &facts, own.as_ref().unwrap_or(base))
    }

    /// What is asked once more when the message is handed over.
    fn rules(&self, planned: &PlannedMessage) -> Rules {
        let definition = &self.plan.definition;
        let (journey, own) = (definition.policy.as_ref(), planned.message.policy.as_ref());
        Rules {
            topic: definition.topic.clone(),
            policy: PolicyOverride::joined(journey, own),
        }
    }

    fn has_opted_in(&self, channel: Channel) -> bool {
        let choice = self.setting.person.consent.channels.get(channel.name());
        choice.is_some_and(|choice| choice.subscribed)
    }

    /// What templates read beside the person.
    fn template_data(&self) -> Value {
        let mut data = match self.run.origin.value() {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        if let Some(reason) = self.run.failure() {
            let failure = json!({ "reason": reason.name(), "explanation": reason.explanation() });
            data.insert("failure".to_owned(), failure);
        }
        Value::Object(data)
    }

    /// The step within which a delivery's message stands, when it is a channel of a reach step: places of
    /// the first and the last channel.
    pub(super) fn intent_of(&self, place: usize) -> Option<(u16, u16)> {
        let step = self.run.sent.get(place)?.step;
        self.plan_step(step).and_then(|step: &PlanStep| step.intent)
    }
}
