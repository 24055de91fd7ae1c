//! A workspace with people, a carrier by script, phones, and a clock that is moved by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::content::{Content, PushContent};
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::Fact;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, DeviceReport, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::reason::Reason;
use landfall_domain::status::{Outcome, outcome, reason};
use landfall_domain::time::{Clock as _, DAY_MS, ManualClock, Timestamp};
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_send::{Address, Outgoing, Sender};
use landfall_store::Store;
use landfall_store_sqlite::SqliteStore;

use super::super::carriers::{Carrier, Carriers, Terms};
use super::super::{Dispatcher, Limits};
use crate::random::Seeded;
use crate::{Opened, Options, Workspace};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_795_440_600);

/// One call of a sender.
pub(super) struct Call {
    pub(super) token: String,
    /// Which call with this token it is, from one.
    pub(super) number: usize,
    /// Which call it is at all, from one.
    pub(super) total: usize,
    pub(super) at: Timestamp,
}

type Script = Box<dyn Fn(&Call) -> Answer + std::marker::Send + Sync>;

/// A provider by script, and the phones behind it.
pub(super) struct Phones {
    provider: Provider,
    script: Mutex<Script>,
    calls: Mutex<BTreeMap<String, usize>>,
    /// What arrived: token and delivery, in order. A second copy replaces the first on the phone.
    arrived: Mutex<Vec<(String, String)>>,
    pub(super) order: Mutex<Vec<String>>,
}

impl Phones {
    fn answer(&self, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let Address::Device { token, .. } = &outgoing.to else {
            return Answer::refused(Reason::NoAddress);
        };
        let mut calls = self.calls.lock().unwrap();
        let number = calls.entry(token.clone()).or_default();
        *number += 1;
        let number = *number;
        let total = calls.values().sum();
        drop(calls);
        self.order
            .lock()
            .unwrap()
            .push(outgoing.delivery_id.clone());
        let call = Call {
            token: token.clone(),
            number,
            total,
            at: now,
        };
        let answer = (self.script.lock().unwrap())(&call);
        let taken = answer
            .reason()
            .is_none_or(|why| why == Reason::OutcomeUnknown);
        if taken {
            let arrived = (token.clone(), outgoing.delivery_id.clone());
            self.arrived.lock().unwrap().push(arrived);
        }
        answer
    }
}

impl Sender for Phones {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        let answer = self.answer(outgoing, now);
        Box::pin(std::future::ready(answer))
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(std::future::ready(accepted()))
    }
}

/// Everything together.
pub(super) struct House {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    opened: Option<Opened>,
    carriers: Carriers,
    dispatcher: Option<Dispatcher>,
    pub(super) phones: Arc<Phones>,
    people: usize,
}

pub(super) fn accepted() -> Answer {
    Answer::accepted(200, Some("id".to_owned()))
}

fn input(source: Source, body: Body) -> Input {
    Input {
        source,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}

fn who(person: usize) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("p{person}")).expect("not blank")
}

impl House {
    /// People `p0`, `p1`, ... with one iPhone each: `t0`, `t1`, ...
    pub(super) fn with_people(
        people: usize,
        script: impl Fn(&Call) -> Answer + std::marker::Send + Sync + 'static,
    ) -> Self {
        let phones = Arc::new(Phones {
            provider: Provider::Apns,
            script: Mutex::new(Box::new(script)),
            calls: Mutex::default(),
            arrived: Mutex::default(),
            order: Mutex::default(),
        });
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(NOW.plus_millis(-DAY_MS)));
        let (opened, carriers, dispatcher) = open(&folder, &clock, &phones, Terms::default());
        let registered = (0..people).map(|person| register(person, &format!("t{person}")));
        let registered: Vec<Input> = registered.collect();
        let workspace = opened.workspace.clone();
        for some in registered.chunks(2_000) {
            let some = some.to_vec();
            let workspace = workspace.clone();
            let stored = std::thread::spawn(move || workspace.submit_blocking(some).map(drop));
            stored.join().unwrap().unwrap();
        }
        clock.advance(DAY_MS);
        Self {
            folder,
            clock,
            opened: Some(opened),
            carriers,
            dispatcher: Some(dispatcher),
            phones,
            people,
        }
    }

    /// Ends the process as a power cut would (claims stay) and starts another on what it left.
    pub(super) async fn crash_and_restart(&mut self) {
        let opened = self.opened.take().expect("it is open");
        let workspace = Arc::downgrade(&opened.workspace.shared);
        self.dispatcher = None;
        std::thread::spawn(move || opened.stop()).join().unwrap();
        // The task that stores conclusions ends when nobody makes any.
        while workspace.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        let (opened, carriers, dispatcher) =
            open(&self.folder, &self.clock, &self.phones, Terms::default());
        self.opened = Some(opened);
        self.carriers = carriers;
        self.dispatcher = Some(dispatcher);
    }

    pub(super) fn limited(&mut self, terms: Terms) {
        let sender = Arc::clone(&self.phones) as Arc<dyn Sender>;
        let carrier = Carrier::new("apns".to_owned(), sender, terms);
        self.carriers.replace(vec![Arc::new(carrier)]);
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.opened.as_ref().expect("it is open").workspace
    }

    pub(super) fn dispatcher(&self) -> Dispatcher {
        self.dispatcher.clone().expect("it is there")
    }

    pub(super) fn carriers(&self) -> &Carriers {
        &self.carriers
    }

    pub(super) fn script(
        &self,
        script: impl Fn(&Call) -> Answer + std::marker::Send + Sync + 'static,
    ) {
        *self.phones.script.lock().unwrap() = Box::new(script);
    }

    pub(super) fn order(&self, person: usize, delivery: &str) -> Send {
        Send {
            delivery_id: delivery.to_owned(),
            message: message(SourceKind::Transactional, 9),
            who: who(person),
            order: Arc::new(Order {
                content: Content::Push(Box::new(PushContent {
                    title: Some("Hello".to_owned()),
                    ..PushContent::default()
                })),
                data: serde_json::Value::Null,
                ttl_ms: DAY_MS,
                to_unsubscribed: true,
                forget_content: false,
                to: SendTo::All,
                rules: Rules::default(),
            }),
            urgency: Urgency::Transactional,
            send_at: None,
            draft: false,
            custom_device: None,
            trigger_id: None,
            run: None,
            ruling: Ruling::Go,
        }
    }

    pub(super) async fn send(&self, order: Send) {
        self.submit(vec![input(Source::App, Body::Send(Box::new(order)))])
            .await;
    }

    pub(super) async fn send_to(&self, person: usize, delivery: &str) {
        self.send(self.order(person, delivery)).await;
    }

    pub(super) async fn submit(&self, inputs: Vec<Input>) {
        self.workspace().submit(inputs).await.unwrap();
    }

    /// One message to everybody: deliveries `b<message>-0`, `b<message>-1`, ...
    pub(super) async fn broadcast(&self, number: u64) {
        let orders = (0..self.people).map(|person| {
            let mut order = self.order(person, &format!("b{number}-{person}"));
            order.urgency = Urgency::Broadcast;
            order.message = message(SourceKind::Broadcast, number);
            input(Source::App, Body::Send(Box::new(order)))
        });
        self.submit(orders.collect()).await;
    }

    pub(super) fn register_again(person: usize, token: &str) -> Input {
        register(person, token)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock from event to event until nothing is open.
    pub(super) async fn run_until_quiet(&self) {
        self.run_for(40 * DAY_MS).await;
        assert!(self.is_quiet());
    }

    /// Moves the clock from event to event, at most by so many milliseconds; at the end it stands there
    /// unless nothing is open any more.
    pub(super) async fn run_for(&self, millis: i64) {
        let end = self.now().plus_millis(millis);
        loop {
            let again = self.dispatcher().drain(self.now()).await.unwrap();
            match again {
                None => return,
                Some(again) if again > end => {
                    self.clock.advance(end.since(self.now()));
                    return;
                }
                // What is due within the same moment is done together.
                Some(again) => self.clock.advance(again.since(self.now()).max(200)),
            }
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.workspace().work().is_empty()
    }

    pub(super) fn calls(&self) -> usize {
        self.phones.calls.lock().unwrap().values().sum()
    }

    /// What the phones show: the first arrival of each token and delivery, since copies replace it.
    pub(super) fn shown(&self) -> Vec<(String, String)> {
        let mut shown = self.phones.arrived.lock().unwrap().clone();
        shown.sort();
        shown.dedup();
        shown
    }

    pub(super) fn delivery(&self, id: &str) -> Delivery {
        let store = self.workspace().store();
        store.delivery(id).unwrap().expect("the delivery")
    }

    pub(super) fn outcome(&self, id: &str) -> Outcome {
        outcome(&self.delivery(id))
    }

    pub(super) fn reason(&self, id: &str) -> Option<Reason> {
        reason(&self.delivery(id))
    }

    pub(super) fn facts(&self, id: &str) -> Vec<Fact> {
        let key = self.delivery(id).key;
        self.workspace().store().facts(&[key]).unwrap()
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.workspace()
            .store()
            .deliveries_after(None, 100_000)
            .unwrap()
    }

    /// How many deliveries came to each outcome.
    pub(super) fn tally(&self) -> BTreeMap<Outcome, usize> {
        let mut tally = BTreeMap::new();
        for delivery in self.deliveries() {
            *tally.entry(outcome(&delivery)).or_default() += 1;
        }
        tally
    }

    /// Everybody who was reached by a message is in exactly one outcome, and what is pending is on its
    /// way.
    pub(super) fn books_balance(&self) -> bool {
        let tally = self.tally();
        let pending = tally.get(&Outcome::Pending).copied().unwrap_or(0);
        let open = self.workspace().store().open_works(None, 100_000).unwrap();
        let mut open: Vec<_> = open.iter().map(|work| work.key.delivery()).collect();
        open.dedup();
        tally.values().sum::<usize>() == self.deliveries().len() && pending == open.len()
    }

    pub(super) fn devices(&self) -> usize {
        let people = self
            .workspace()
            .store()
            .people_after(None, 100_000)
            .unwrap();
        people.iter().map(|person| person.devices.len()).sum()
    }
}

fn message(source: SourceKind, number: u64) -> MessageRef {
    MessageRef {
        source,
        source_id: number,
        step_id: None,
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Push,
    }
}

fn register(person: usize, token: &str) -> Input {
    input(
        Source::TrackV1,
        Body::AddDevice {
            who: who(person),
            device: DeviceReport {
                app: String::new(),
                platform: Platform::Ios,
                token: token.to_owned(),
                last_used: None,
                attributes: BTreeMap::new(),
            },
        },
    )
}

fn open(
    folder: &tempfile::TempDir,
    clock: &Arc<ManualClock>,
    phones: &Arc<Phones>,
    terms: Terms,
) -> (Opened, Carriers, Dispatcher) {
    let options = landfall_store_sqlite::Options { salt: 7 };
    let store = SqliteStore::open(&folder.path().join("shop.db"), options).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let options = Options {
        id: "ws_1".to_owned(),
        name: "shop".to_owned(),
        clock: Arc::clone(clock) as Arc<dyn landfall_domain::time::Clock>,
        snapshot: None,
        salt: [7; 16],
        fixed_share: None,
    };
    let opened = crate::open(store, options).unwrap().filled();
    let carriers = Carriers::default();
    let sender = Arc::clone(phones) as Arc<dyn Sender>;
    carriers.replace(vec![Arc::new(Carrier::new(
        "apns".to_owned(),
        sender,
        terms,
    ))]);
    let dispatcher = Dispatcher::new(
        opened.workspace.clone(),
        carriers.clone(),
        Arc::new(Seeded::new(7)),
        Limits::default(),
    );
    (opened, carriers, dispatcher)
}
