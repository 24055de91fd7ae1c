//! What facts are told as: Customer.io's events, derived from the facts of one delivery and from nothing
//! else, so that the same fact is always told the same way (reporting-webhooks.md 4 to 6).
//!
//! *Sent*, *bounced* and *dropped* are told once for a delivery, when the answer for each of its devices
//! or addresses is known, and name those that they are true of (semantics.md 2.2). What changes later
//! (a rejection after the acceptance, a second try by hand) is told by itself. *Failed* and
//! *undeliverable* are told of a delivery of which nothing was accepted. Receipts are told as they come.

mod course;
mod data;
#[cfg(test)]
mod tests;

use std::ops::Range;

use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::device::TokenKey;
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::ids::DeviceKey;
use landfall_domain::input::Source;
use landfall_domain::marks::Mark;
use landfall_domain::message::MessageRef;
use landfall_domain::person::Person;
use landfall_domain::status::Outcome;
use landfall_domain::time::Timestamp;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::names::{has_metric, name};
use course::{Change, Course};

/// A delivery with everything that its events say.
pub(super) struct Told<'a> {
    /// The delivery as it is now.
    pub(super) delivery: &'a Delivery,
    /// Which message it is of.
    pub(super) message: Option<&'a MessageRef>,
    /// For whom it is, as that person is now.
    pub(super) person: Option<&'a Person>,
    /// Tokens of its devices.
    pub(super) tokens: &'a FxHashMap<DeviceKey, TokenKey>,
    /// All its facts, in the order in which they were taken.
    pub(super) facts: &'a [Fact],
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    /// Index of the fact that it tells.
    pub(super) fact: usize,
    /// `object_type`.
    pub(super) object: &'static str,
    /// The name that is subscribed to.
    pub(super) name: String,
    /// `metric`; the same as in the name, with one exception (reporting-webhooks.md 6.7).
    pub(super) metric: &'static str,
    /// When it happened.
    pub(super) at: Timestamp,
    /// Whether it is an open or click of a message that was opened or clicked before.
    pub(super) repeated: bool,
    /// `data`, without the content.
    pub(super) data: Map<String, Value>,
    /// What `data` has besides for those who asked for the content.
    pub(super) content: Map<String, Value>,
}

/// The events of the facts in `news`. None for a delivery that others sent and told us of.
pub(super) fn events(told: &Told<'_>, news: Range<usize>) -> Vec<Event> {
    let Some(object) = object(told.delivery.channel) else {
        return Vec::new();
    };
    if !told.facts.iter().any(is_decision_of_ours) {
        return Vec::new();
    }
    let mut teller = Teller {
        told,
        object,
        events: Vec::new(),
    };
    let mut course = Course::new(told);
    for (index, fact) in told.facts.iter().enumerate().take(news.end) {
        let Some(change) = course.take(fact) else {
            continue;
        };
        if news.contains(&index) && !is_of_others(fact) {
            teller.tell(index, fact, &change, &course);
        }
    }
    teller.events
}

/// What the channel is called in events; `None`: Customer.io has no events of it.
const fn object(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Inbox | Channel::LiveNotification => None,
        _ => Some(channel.name()),
    }
}

/// Whether the fact came from another system's report, which that system tells of itself.
const fn is_of_others(fact: &Fact) -> bool {
    matches!(fact.source, Source::Webhook | Source::Import)
}

fn is_decision_of_ours(fact: &Fact) -> bool {
    fact.mark == Mark::Created && fact.target.is_none() && !is_of_others(fact)
}

/// Collects events.
struct Teller<'a> {
    told: &'a Told<'a>,
    object: &'static str,
    events: Vec<Event>,
}

impl Teller<'_> {
    fn tell(&mut self, index: usize, fact: &Fact, change: &Change, course: &Course<'_>) {
        if change.resolved {
            self.resolution(index, fact, course);
        } else if change.was_resolved && course.is_own(fact.target.as_ref()) {
            self.late_answer(index, fact, change, course);
        }
        let own = fact.target.as_slice();
        match fact.mark {
            Mark::Drafted if change.is_first => self.add(index, fact, "drafted", own, course),
            Mark::Attempted => self.add(index, fact, "attempted", own, course),
            Mark::Deferred => self.add(index, fact, "deferred", own, course),
            Mark::Failed | Mark::Expired | Mark::Undeliverable | Mark::Dropped | Mark::Bounced
                if fact.target.is_none() && change.is_first =>
            {
                self.add(index, fact, metric_of_refusal(fact.mark), own, course);
            }
            Mark::Delivered | Mark::Converted if change.is_news => {
                self.add(index, fact, fact.mark.name(), own, course);
            }
            Mark::Opened | Mark::Clicked => {
                let before = self.events.len();
                self.add(index, fact, fact.mark.name(), own, course);
                for event in &mut self.events[before..] {
                    event.repeated = !change.is_first;
                }
            }
            Mark::Spammed if change.is_first => self.add(index, fact, "spammed", own, course),
            Mark::Unsubscribed if change.is_first => {
                self.add(index, fact, "unsubscribed", own, course);
                self.of_customer(index, fact, "unsubscribed", Map::new());
            }
            Mark::TopicUnsubscribed => self.left_topics(index, fact),
            _ => {}
        }
    }

    /// Every device or address has its answer.
    fn resolution(&mut self, index: usize, fact: &Fact, course: &Course<'_>) {
        let of = |wanted: &[Outcome]| course.own_with(|outcome| wanted.contains(&outcome));
        let accepted = course.own_with(Outcome::is_accepted);
        let bounced = of(&[Outcome::Bounced]);
        let dropped = of(&[Outcome::Dropped]);
        if !accepted.is_empty() {
            // A push names the devices that were refused, too; other channels name one recipient.
            let tried = match self.told.delivery.channel {
                Channel::Push => {
                    course.own_with(|o| o.is_accepted() || o == Outcome::Bounced || is_failure(o))
                }
                _ => accepted.clone(),
            };
            self.add(index, fact, "sent", &tried, course);
        }
        if !bounced.is_empty() {
            self.add(index, fact, "bounced", &bounced, course);
        }
        if !dropped.is_empty() {
            self.add(index, fact, "dropped", &dropped, course);
        }
        if !accepted.is_empty() {
            return;
        }
        let failed = course.own_with(is_failure);
        match course.outcome() {
            outcome if is_failure(outcome) => self.add(index, fact, "failed", &failed, course),
            Outcome::Undeliverable => {
                let held = of(&[Outcome::Undeliverable]);
                self.add(index, fact, "undeliverable", &held, course);
            }
            _ => {}
        }
    }

    /// An answer for one device or address after all of them were told.
    fn late_answer(&mut self, index: usize, fact: &Fact, change: &Change, course: &Course<'_>) {
        let own = fact.target.as_slice();
        let (was, is) = (change.outcome_before, course.outcome_of(own));
        if was == is {
            return;
        }
        match is {
            Some(is) if is.is_accepted() => self.add(index, fact, "sent", own, course),
            Some(Outcome::Bounced) => self.add(index, fact, "bounced", own, course),
            Some(Outcome::Dropped) => self.add(index, fact, "dropped", own, course),
            Some(is) if course.outcome().is_refused() && change.is_first => {
                let metric = match is {
                    Outcome::Undeliverable => "undeliverable",
                    _ => "failed",
                };
                self.add(index, fact, metric, own, course);
            }
            _ => {}
        }
    }

    /// An event of the message; nothing when the channel has no such event.
    fn add(
        &mut self,
        index: usize,
        fact: &Fact,
        metric: &'static str,
        targets: &[TargetKey],
        course: &Course<'_>,
    ) {
        // Channels that know neither of them say that it did not go out.
        let metric = match metric {
            "bounced" | "dropped" if !has_metric(self.object, metric) => "failed",
            metric => metric,
        };
        if !has_metric(self.object, metric) {
            return;
        }
        let said = data::Said {
            told: self.told,
            fact,
            targets,
            course,
        };
        let content = match metric {
            "sent" => data::content(self.told.delivery),
            _ => Map::new(),
        };
        self.events.push(Event {
            fact: index,
            object: self.object,
            name: name(self.object, metric),
            metric,
            at: fact.occurred_at,
            repeated: false,
            data: data::of_message(self.object, metric, &said),
            content,
        });
    }

    /// An event about what the person chose.
    fn of_customer(
        &mut self,
        index: usize,
        fact: &Fact,
        metric: &'static str,
        more: Map<String, Value>,
    ) {
        let mut data = data::of_customer(self.told);
        data.extend(more);
        let subscribed = metric.strip_prefix("cio_").unwrap_or(metric);
        self.events.push(Event {
            fact: index,
            object: "customer",
            name: name("customer", subscribed),
            metric,
            at: fact.occurred_at,
            repeated: false,
            data,
            content: Map::new(),
        });
    }

    /// Which topics somebody left stands on the person: those with the moment of the fact. A choice
    /// that was changed again since is told by the later change.
    fn left_topics(&mut self, index: usize, fact: &Fact) {
        let topics = self.told.person.map(|person| &person.consent.topics);
        let left = topics
            .into_iter()
            .flatten()
            .filter(|(_, choice)| !choice.subscribed && choice.set_at == fact.occurred_at);
        let left: Map<String, Value> = left
            .map(|(topic, _)| (topic.clone(), Value::Bool(false)))
            .collect();
        if left.is_empty() {
            return;
        }
        let content = serde_json::json!({ "topics": left }).to_string();
        let more = Map::from_iter([("content".to_owned(), Value::String(content))]);
        self.of_customer(index, fact, "cio_subscription_preferences_changed", more);
    }
}

/// Customer.io has no word of its own for an expired message: it failed (semantics.md 1.1).
const fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Expired)
}

const fn metric_of_refusal(mark: Mark) -> &'static str {
    match mark {
        Mark::Dropped => "dropped",
        Mark::Bounced => "bounced",
        Mark::Undeliverable => "undeliverable",
        _ => "failed",
    }
}
