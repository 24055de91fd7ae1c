//! One test person in a workspace of its own, whose clock is moved by hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_domain::activity::EventKind;
use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Provider;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, DeviceReport, Input, PersonHandle, Source};
use landfall_domain::time::{Clock as _, DAY_MS, ManualClock, Timestamp};
use landfall_journey::definition::{self, QaCase, QaHappening};
use landfall_journey::gate::WaiverAction;
use landfall_store::Store;
use serde_json::{Value, json};

use super::QaError;
use super::provider::{Script, Scriptwise};
use crate::dispatch::carriers::{Carrier, Carriers, Terms};
use crate::dispatch::{Dispatcher, Limits};
use crate::journeys::{Author, Versions, WaiverCall};
use crate::random::Seeded;
use crate::segments::{Builder, Segment};
use crate::timers::Timekeeper;
use crate::{Opened, Options, ProductFollower, Workspace};

/// When every test begins: 2026-05-04, ten in the morning, universal time; a Monday.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_777_888_800);
/// How long a test goes on at most, in milliseconds.
const HORIZON_MS: i64 = 400 * DAY_MS;
/// The anonymous id of whoever is a visitor first.
const VISITOR: &str = "qa-visitor";
/// The id of whoever has none in the profile.
const NOBODY: &str = "qa-person";

/// One test person's world.
pub(super) struct House {
    opened: Opened,
    pub(super) workspace: Workspace,
    clock: Arc<ManualClock>,
    script: Script,
    dispatcher: Dispatcher,
    keeper: Timekeeper,
    follower: ProductFollower,
    pub(super) who: Identifier,
}

impl House {
    pub(super) fn open(store: Arc<dyn Store>, case: &QaCase) -> Result<Self, QaError> {
        let clock = Arc::new(ManualClock::at(START));
        let options = Options {
            id: "qa".to_owned(),
            name: "qa".to_owned(),
            clock: Arc::clone(&clock) as Arc<dyn landfall_domain::time::Clock>,
            snapshot: None,
            salt: [0; 16],
            // Outside of holdouts, in the last way of splits.
            fixed_share: Some(landfall_journey::chance::SHARES - 1),
        };
        let opened = crate::open(store, options)?;
        let workspace = opened.workspace.clone();
        let script = Script::default();
        let carriers = Carriers::default();
        carriers.replace(carriers_of(&script));
        let random = Arc::new(Seeded::new(1));
        let dispatcher = Dispatcher::new(workspace.clone(), carriers, random, Limits::default());
        let id = case.profile.attributes.get("id").and_then(Value::as_str);
        let who = Identifier::new(IdentifierKind::Id, id.unwrap_or(NOBODY));
        Ok(Self {
            keeper: Timekeeper::new(workspace.clone()),
            follower: ProductFollower::new(workspace.clone()),
            opened,
            workspace,
            clock,
            script,
            dispatcher,
            who: who.ok_or(QaError::NoCases)?,
        })
    }

    pub(super) async fn close(self) {
        // Threads are joined where blocking is allowed.
        let _ = tokio::task::spawn_blocking(|| self.opened.stop()).await;
    }

    /// Defines segments and the journey, and starts it.
    pub(super) async fn settle_in(
        &self,
        written: &Value,
        segments: &BTreeSet<u32>,
    ) -> Result<(), QaError> {
        for number in 1..=segments.last().copied().unwrap_or(0) {
            let segment = Segment::new(&format!("segment {number}"), "", None, START);
            self.workspace.add_segment(segment).await?;
        }
        let applied = self.workspace.apply_journey(written).await?;
        Builder::new(self.workspace.clone()).drain().await?;
        self.launch(&applied.journey.slug).await?;
        Builder::new(self.workspace.clone()).drain().await?;
        self.follower.drain().await?;
        Ok(())
    }

    /// Starts the journey in this world of one person; whatever keeps it from real people is waived here.
    async fn launch(&self, slug: &str) -> Result<(), QaError> {
        let gate = self.workspace.gate(slug).await?;
        for judged in gate.judged.iter().filter(|judged| judged.blocks()) {
            let call = WaiverCall {
                requirement: judged.requirement,
                action: WaiverAction::Waive,
                versions: Versions::Newest,
                reason: "a test profile goes through it".to_owned(),
                author: Author {
                    by: "landfall qa".to_owned(),
                    key: None,
                },
            };
            self.workspace.waive(slug, &call).await?;
        }
        self.workspace.start_journey(slug).await?;
        Ok(())
    }

    /// Lives through everything that happens to the person.
    pub(super) async fn live(&self, case: &QaCase) -> Result<(), QaError> {
        let visits = case.profile.merged_from_anonymous;
        if !visits {
            self.take(self.arrive(&case.profile, false)).await?;
        }
        let mut visiting = visits;
        for input in &case.inputs {
            self.until(START.plus_millis(input.after.millis())).await?;
            self.happens(&input.what, visiting).await?;
            if visiting {
                self.take(self.arrive(&case.profile, true)).await?;
                visiting = false;
            }
            self.until(self.clock.now()).await?;
        }
        self.until(START.plus_millis(HORIZON_MS)).await
    }

    /// Goes on to a moment, doing on the way whatever becomes due.
    async fn until(&self, at: Timestamp) -> Result<(), QaError> {
        loop {
            let now = self.clock.now();
            let receipts: Vec<Input> = self.script.due(now).iter().map(receipt).collect();
            let came = !receipts.is_empty();
            self.take(receipts).await?;
            self.follower.drain().await?;
            let due = self.dispatcher.drain(now).await?;
            let timer = self.keeper.drain(now).await?;
            if came {
                continue;
            }
            // What timers did may have to be sent at once.
            let sends = self
                .workspace
                .work()
                .next_due(landfall_domain::work::Urgency::ALL);
            let next = [due, sends, timer, self.script.next()]
                .into_iter()
                .flatten()
                .min();
            match next.filter(|next| *next <= at) {
                Some(next) => self.clock.advance(next.since(now).max(0)),
                None => {
                    self.clock.advance(at.since(now).max(0));
                    return Ok(());
                }
            }
        }
    }

    async fn happens(&self, what: &QaHappening, visiting: bool) -> Result<(), QaError> {
        match what {
            QaHappening::Event { name, data } => {
                let who = (!visiting).then(|| self.who.clone());
                let body = Body::Track {
                    who,
                    anonymous_id: visiting.then(|| VISITOR.to_owned()),
                    event: EventKind::Event,
                    name: name.clone(),
                    id: None,
                    data: EventData::from(data),
                };
                self.take(vec![input(body)]).await
            }
            QaHappening::Attributes(values) => {
                let values = values.iter().map(|(name, value)| {
                    (name.clone(), definition::Profile::at_start(value, START))
                });
                let body = Body::Identify {
                    who: self.who.clone(),
                    claims: Claims::default(),
                    attributes: values.collect(),
                    update_only: false,
                };
                self.take(vec![input(body)]).await
            }
            QaHappening::Provider { channel, reason } => {
                self.script.lock().answers.insert(*channel, *reason);
                Ok(())
            }
            QaHappening::Receipt { step, mark } => {
                for (slug, delivery) in super::report::deliveries(self).await? {
                    if slug == *step {
                        let body = Body::Receipt {
                            delivery_id: delivery.id,
                            mark: *mark,
                            recipient: None,
                            reason: None,
                            href: None,
                        };
                        self.take(vec![input(body)]).await?;
                    }
                }
                Ok(())
            }
        }
    }

    async fn take(&self, inputs: Vec<Input>) -> Result<(), QaError> {
        if !inputs.is_empty() {
            self.workspace.submit(inputs).await?;
        }
        Ok(())
    }

    /// The calls by which the person becomes known.
    fn arrive(&self, profile: &definition::Profile, was_visitor: bool) -> Vec<Input> {
        let text = |name: &str| {
            let value = profile.attributes.get(name).and_then(Value::as_str);
            value.map(str::to_owned)
        };
        let claims = Claims {
            id: None,
            email: text("email"),
            phone: text("phone"),
            anonymous_id: was_visitor.then(|| VISITOR.to_owned()),
        };
        let own = ["id", "email", "phone"];
        let others = profile
            .attributes
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()));
        let attributes: Attributes = others
            .map(|(name, value)| (name.clone(), definition::Profile::at_start(value, START)))
            .chain(consent(profile))
            .collect();
        let mut inputs = vec![input(Body::Identify {
            who: self.who.clone(),
            claims,
            attributes,
            update_only: false,
        })];
        for (number, device) in (1..).zip(&profile.devices) {
            let token = format!("qa-token-{number}");
            if device.receipts {
                self.script.lock().reporting.push(token.clone());
            }
            let permission = device.permission.map(|granted| granted.to_string());
            let report = DeviceReport {
                app: String::new(),
                platform: device.platform,
                token,
                last_used: Some(START.plus_millis(-device.last_used.millis())),
                attributes: permission
                    .map(|granted| ("push_enabled".to_owned(), granted))
                    .into_iter()
                    .collect(),
            };
            inputs.push(input(Body::AddDevice {
                who: self.who.clone(),
                device: report,
            }));
        }
        if profile.unsubscribed {
            inputs.push(input(Body::Subscription {
                person: PersonHandle {
                    id: Some(self.who.value().to_owned()),
                    ..PersonHandle::default()
                },
                subscribed: Some(false),
                topics: std::collections::BTreeMap::new(),
                delivery_id: None,
            }));
        }
        inputs
    }
}

/// Choices by channel and topic, as the attributes in which calls bring them.
fn consent(profile: &definition::Profile) -> Vec<(String, Value)> {
    let key = "cio_subscription_preferences";
    let channels = profile
        .channels
        .iter()
        .map(|(channel, yes)| (format!("{key}.channels.{}", channel.name()), json!(yes)));
    let topics = profile
        .topics
        .iter()
        .map(|(topic, yes)| (format!("{key}.topics.{topic}"), json!(yes)));
    channels.chain(topics).collect()
}

fn carriers_of(script: &Script) -> Vec<Arc<Carrier>> {
    let providers = [
        Provider::Apns,
        Provider::Fcm,
        Provider::WebPush,
        Provider::Smtp,
        Provider::SmsGateway,
        Provider::Slack,
        Provider::Webhook,
    ];
    let carriers = providers.into_iter().map(|provider| {
        let script = script.clone();
        let sender = Arc::new(Scriptwise { provider, script });
        Arc::new(Carrier::new(
            provider.name().to_owned(),
            sender,
            Terms::default(),
        ))
    });
    carriers.collect()
}

fn receipt(receipt: &super::provider::Receipt) -> Input {
    Input {
        source: Source::Receipt,
        ..input(Body::Receipt {
            delivery_id: receipt.delivery_id.clone(),
            mark: receipt.mark,
            recipient: receipt.recipient.clone(),
            reason: None,
            href: None,
        })
    }
}

const fn input(body: Body) -> Input {
    Input {
        source: Source::TrackV1,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}
