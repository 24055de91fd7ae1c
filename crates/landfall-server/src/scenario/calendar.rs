//! What the shop does: a broadcast every afternoon, and a message for every order.

use std::sync::Arc;

use landfall_domain::activity::EventKind;
use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Channel;
use landfall_domain::content::{Content, Priority, PushContent};
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_sim::script::draw;
use serde_json::{Value, json};

use super::Plan;

/// When the broadcast goes out, in milliseconds of the day.
const BROADCAST_AT: i64 = 15 * HOUR_MS;
/// Share of people that a broadcast goes to.
const AUDIENCE: f64 = 0.35;
/// Orders of each person, daily.
const ORDERS: f64 = 0.12;

/// Something that is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    /// The broadcast of a day.
    Broadcast(u32),
    /// Somebody's order, with its number.
    Order(u32, u32),
}

/// All that is planned, in order.
pub(super) struct Calendar {
    seed: u64,
    people: u32,
    entries: Vec<(Timestamp, Entry)>,
    /// How many of them are done.
    done: usize,
}

/// How a person is named.
pub(super) fn who(person: u32) -> Option<Identifier> {
    Identifier::new(IdentifierKind::Id, &format!("person-{person}"))
}

impl Calendar {
    pub(super) fn new(plan: &Plan, start: Timestamp) -> Self {
        let day_of = |day: u32| start.plus_millis(i64::from(day) * DAY_MS);
        let mut entries = Vec::new();
        for day in 0..plan.days {
            entries.push((day_of(day).plus_millis(BROADCAST_AT), Entry::Broadcast(day)));
            for person in 0..plan.people {
                let name = person.to_string();
                if draw(plan.seed, 1, &name, u64::from(day)) < ORDERS {
                    let when = draw(plan.seed, 2, &name, u64::from(day));
                    let number = day * plan.people + person;
                    let at = day_of(day).plus_millis(of_day(when));
                    entries.push((at, Entry::Order(person, number)));
                }
            }
        }
        entries.sort_unstable();
        Self {
            seed: plan.seed,
            people: plan.people,
            entries,
            done: 0,
        }
    }

    /// The people, as the shop made them known before.
    pub(super) fn people(&self) -> Vec<Input> {
        let identify = |person| {
            let attributes = json!({ "first_name": format!("Person {person}") });
            let Value::Object(attributes) = attributes else {
                return None;
            };
            let attributes: Attributes = attributes.into_iter().collect();
            Some(input(
                Source::TrackV1,
                Body::Identify {
                    who: who(person)?,
                    claims: Claims::default(),
                    attributes,
                    update_only: false,
                },
            ))
        };
        (0..self.people).filter_map(identify).collect()
    }

    /// When something is due next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.entries.get(self.done).map(|(at, _)| *at)
    }

    /// Adds what is due. Returns whether something is to be sent.
    pub(super) fn due(&mut self, now: Timestamp, inputs: &mut Vec<Input>) -> bool {
        let before = self.done;
        while let Some((_, entry)) = self.entries.get(self.done).filter(|(at, _)| *at <= now) {
            match *entry {
                Entry::Broadcast(day) => inputs.extend(self.broadcast(day)),
                Entry::Order(person, number) => inputs.extend(order(person, number)),
            }
            self.done += 1;
        }
        self.done > before
    }

    fn broadcast(&self, day: u32) -> Vec<Input> {
        let order = Arc::new(Order {
            content: Content::Push(Box::new(PushContent {
                title: Some("Today for {{ customer.first_name | default: \"you\" }}".to_owned()),
                body: Some("Three things that you looked at cost less today.".to_owned()),
                link: Some("shop://today".to_owned()),
                // Yesterday's offer is of no use beside today's.
                collapse_key: Some("today".to_owned()),
                priority: Some(Priority::Normal),
                ..PushContent::default()
            })),
            data: Value::Null,
            ttl_ms: 12 * HOUR_MS,
            to_unsubscribed: false,
            forget_content: true,
            to: SendTo::All,
            rules: Rules::default(),
        });
        let gets = |person: &u32| {
            let name = person.to_string();
            draw(self.seed, 3, &name, u64::from(day)) < AUDIENCE
        };
        let to = (0..self.people).filter(gets).filter_map(|person| {
            let mut send = send(
                format!("today-{day}-{person}"),
                who(person)?,
                (SourceKind::Broadcast, 1),
                Urgency::Broadcast,
                Arc::clone(&order),
            );
            send.trigger_id = Some(u64::from(day) + 1);
            Some(input(Source::App, Body::Send(Box::new(send))))
        });
        to.collect()
    }
}

/// An order: the event, and the message that it leads to.
fn order(person: u32, number: u32) -> Vec<Input> {
    let Some(who) = who(person) else {
        return Vec::new();
    };
    let event = Body::Track {
        who: Some(who.clone()),
        anonymous_id: None,
        event: EventKind::Event,
        name: "order_placed".to_owned(),
        id: Some(format!("order-{number}")),
        data: EventData::from(&json!({ "order": number })),
    };
    let order = Arc::new(Order {
        content: Content::Push(Box::new(PushContent {
            title: Some("Thank you".to_owned()),
            body: Some("Order {{ trigger.order }} is being packed.".to_owned()),
            link: Some("shop://orders".to_owned()),
            ..PushContent::default()
        })),
        data: json!({ "order": number }),
        ttl_ms: DAY_MS,
        to_unsubscribed: true,
        forget_content: false,
        to: SendTo::All,
        rules: Rules::default(),
    });
    let (kind, urgency) = ((SourceKind::Transactional, 1), Urgency::Transactional);
    let send = send(format!("order-{number}"), who, kind, urgency, order);
    vec![
        input(Source::TrackV1, event),
        input(Source::App, Body::Send(Box::new(send))),
    ]
}

fn send(
    delivery_id: String,
    who: Identifier,
    (source, source_id): (SourceKind, u64),
    urgency: Urgency,
    order: Arc<Order>,
) -> Send {
    Send {
        delivery_id,
        message: MessageRef {
            source,
            source_id,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
        who,
        order,
        urgency,
        send_at: None,
        draft: false,
        custom_device: None,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    }
}

const fn input(source: Source, body: Body) -> Input {
    Input {
        source,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share of a day in milliseconds fits, and fractions do not matter"
)]
fn of_day(share: f64) -> i64 {
    (share * DAY_MS as f64) as i64
}
