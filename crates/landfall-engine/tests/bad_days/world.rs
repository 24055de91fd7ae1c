//! Everything together: phones, the providers before them, and a workspace that sends to both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use landfall_domain::channel::{Channel, Platform};
use landfall_domain::content::{Content, PushContent};
use landfall_domain::delivery::Delivery;
use landfall_domain::device::LastStatus;
use landfall_domain::fact::Fact;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, DeviceReport, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::reason::Reason;
use landfall_domain::status::{Outcome, outcome, reason};
use landfall_domain::time::{Clock, DAY_MS, MINUTE_MS, ManualClock, Timestamp};
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_engine::dispatch::Limits;
use landfall_engine::dispatch::carriers::{Carrier, Carriers, Terms};
use landfall_engine::random::Seeded;
use landfall_engine::{Dispatcher, Opened, Options, Workspace};
use landfall_send::apns::ApnsSender;
use landfall_send::credential::{ApnsCredential, FcmCredential};
use landfall_send::fcm::FcmSender;
use landfall_send::pool::PoolSettings;
use landfall_send::{Network, Sender};
use landfall_sim::apns::{ApnsOptions, ApnsSim, Auth, Connections, ProviderKey, StreamLimit};
use landfall_sim::fcm::{FcmOptions, FcmSim};
use landfall_sim::phones::{Fleet, FleetSpec, Push, Truth, What};
use landfall_store::Store;
use landfall_store_sqlite::SqliteStore;

use crate::door::Door;

const START: Timestamp = Timestamp::from_seconds(1_795_440_600);
const KEY: &str = "ABC123DEFG";
const READ: &str = "the store is read";
const APP: &str = "com.shop.app";

/// A phone with its owner, as registered.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) person: u32,
    pub(crate) platform: Platform,
    pub(crate) token: String,
}

/// What is special about a world.
pub(crate) struct Special {
    /// How Apple's connections behave.
    pub(crate) apple: Connections,
    /// How long one attempt may take, in real time.
    pub(crate) attempt_timeout: Duration,
}

impl Special {
    /// Few streams at a time, so that there is a middle of a broadcast.
    pub(crate) fn slow_apple() -> Self {
        Self {
            apple: Connections {
                streams: StreamLimit::Fixed(10),
                ..Connections::default()
            },
            ..Self::default()
        }
    }
}

impl Default for Special {
    fn default() -> Self {
        Self {
            apple: Connections::default(),
            attempt_timeout: Network::default().attempt_timeout,
        }
    }
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) apple: ApnsSim,
    pub(crate) apple_key: ProviderKey,
    pub(crate) apple_door: Door,
    pub(crate) google: FcmSim,
    pub(crate) google_door: Door,
    fleet: Arc<Mutex<Fleet>>,
    pub(crate) phones: Vec<Registered>,
    opened: Option<Opened>,
    pub(crate) carriers: Carriers,
    dispatcher: Option<Dispatcher>,
}

impl World {
    pub(crate) async fn with_phones(people: u32) -> Self {
        Self::special(people, Special::default()).await
    }

    pub(crate) async fn special(people: u32, special: Special) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let mut fleet = Fleet::new(FleetSpec::steady(people, START), 7);
        let phones = registered(&mut fleet, &clock);
        let fleet = Arc::new(Mutex::new(fleet));
        let (apple_key, pem) = ProviderKey::generate(KEY, "DEF123GHIJ").expect("a key");
        let apple = apple(&clock, &fleet, apple_key.clone(), special.apple);
        let google = google(&clock, &fleet);
        let apple_door = Door::before(apple.addr()).await;
        let google_door = Door::before(google.addr()).await;
        let network = Network {
            private_allowed: true,
            attempt_timeout: special.attempt_timeout,
            ..Network::default()
        };
        let to_apple = to_apple(&apple, &apple_door, pem, &network);
        let carrier =
            |name: &str, sender| Arc::new(Carrier::new(name.to_owned(), sender, Terms::default()));
        let carriers = Carriers::default();
        carriers.replace(vec![
            carrier("apns", to_apple),
            carrier("fcm", to_google(&google, &google_door, &network)),
        ]);
        let mut world = Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock,
            apple,
            apple_key,
            apple_door,
            google,
            google_door,
            fleet,
            phones,
            opened: None,
            carriers,
            dispatcher: None,
        };
        world.open();
        let devices = world.phones.iter().map(|phone| device(phone.person, phone));
        world.submit(devices.collect()).await;
        // What is said about a token now is about one that was registered long before.
        world.clock.advance(DAY_MS);
        world
    }

    fn open(&mut self) {
        let options = landfall_store_sqlite::Options { salt: 7 };
        let store = SqliteStore::open(&self.folder.path().join("shop.db"), options);
        let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
        let options = Options {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            snapshot: None,
            salt: [7; 16],
            fixed_share: None,
        };
        let opened = landfall_engine::open(store, options);
        let opened = opened.expect("the store is read").filled();
        let random = Arc::new(Seeded::new(7));
        self.dispatcher = Some(Dispatcher::new(
            opened.workspace.clone(),
            self.carriers.clone(),
            random,
            Limits::default(),
        ));
        self.opened = Some(opened);
    }

    /// Stops in order, as the server does, and starts again on what is stored.
    pub(crate) async fn stop_and_start(&mut self) {
        self.dispatcher = None;
        let opened = self.opened.take().expect("it is open");
        let store = Arc::downgrade(opened.workspace.store());
        let stopped = tokio::task::spawn_blocking(|| opened.stop()).await;
        stopped.expect("it stops");
        // The task that stores conclusions ends when nobody makes any, and lets go of the store.
        while store.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        self.open();
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.opened.as_ref().expect("it is open").workspace
    }

    pub(crate) fn dispatcher(&self) -> Dispatcher {
        self.dispatcher.clone().expect("it is there")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The first phone of a platform.
    pub(crate) fn phone(&self, platform: Platform) -> Registered {
        let mut phones = self.phones.iter();
        let found = phones.find(|phone| phone.platform == platform);
        found.expect("phones of both platforms").clone()
    }

    pub(crate) fn count(&self, platform: Platform) -> usize {
        let phones = self.phones.iter();
        phones.filter(|phone| phone.platform == platform).count()
    }

    pub(crate) async fn submit(&self, inputs: Vec<Input>) {
        let stored = self.workspace().submit(inputs).await;
        stored.expect("they are stored");
    }

    /// Hands a device to somebody else.
    pub(crate) async fn give(&self, phone: &Registered, person: u32) {
        self.submit(vec![device(person, phone)]).await;
    }

    pub(crate) async fn send(&self, person: u32, delivery: &str, content: PushContent) {
        let order = order(person, delivery, content, SourceKind::Transactional);
        self.submit(vec![input(Source::App, Body::Send(Box::new(order)))])
            .await;
    }

    /// One message to everybody: deliveries `b0`, `b1`, ...
    pub(crate) async fn broadcast(&self) {
        self.broadcast_as("b").await;
    }

    /// One message to everybody; the ids of its deliveries begin so and end with the person's number.
    pub(crate) async fn broadcast_as(&self, name: &str) {
        let orders = self.phones.iter().map(|phone| {
            let delivery = format!("{name}{}", phone.person);
            let order = order(phone.person, &delivery, hello(), SourceKind::Broadcast);
            input(Source::App, Body::Send(Box::new(order)))
        });
        self.submit(orders.collect()).await;
    }

    /// Moves the clock from event to event until nothing is open.
    pub(crate) async fn run_until_quiet(&self) {
        self.run_for(3 * DAY_MS).await;
        let backlog = self.workspace().backlog();
        assert_eq!((backlog.claimed, &backlog.waiting[..]), (0, &[][..]));
    }

    /// Moves the clock from event to event, at most by so many milliseconds.
    pub(crate) async fn run_for(&self, millis: i64) {
        let end = self.now().plus_millis(millis);
        loop {
            let again = self.dispatcher().drain(self.now()).await;
            match again.expect("the store takes claims") {
                None => return,
                Some(again) if again > end => {
                    self.clock.advance(end.since(self.now()));
                    return;
                }
                Some(again) => self.clock.advance(again.since(self.now()).max(200)),
            }
        }
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        let store = self.workspace().store();
        store.deliveries_after(None, 100_000).expect(READ)
    }

    pub(crate) fn tally(&self) -> BTreeMap<Outcome, usize> {
        let mut tally = BTreeMap::new();
        for delivery in self.deliveries() {
            *tally.entry(outcome(&delivery)).or_default() += 1;
        }
        tally
    }

    pub(crate) fn came_to(&self, delivery: &str) -> (Outcome, Option<Reason>) {
        let store = self.workspace().store();
        let delivery = store.delivery(delivery).expect(READ);
        let delivery = delivery.expect("the delivery");
        (outcome(&delivery), reason(&delivery))
    }

    pub(crate) fn facts(&self, delivery: &str) -> Vec<Fact> {
        let store = self.workspace().store();
        let delivery = store.delivery(delivery).expect(READ);
        let delivery = delivery.expect("the delivery");
        store.facts(&[delivery.key]).expect(READ)
    }

    /// Devices that are registered.
    pub(crate) fn devices(&self) -> usize {
        let people = self.workspace().store().people_after(None, 100_000);
        let people = people.expect(READ);
        people.iter().map(|person| person.devices.len()).sum()
    }

    /// What the last push to a person's only device came to.
    pub(crate) fn last_status(&self, person: u32) -> LastStatus {
        let people = self.workspace().store().people_after(None, 100_000);
        let id = format!("p{person}");
        let people = people.expect(READ);
        let person = people.iter().find(|one| one.id.as_deref() == Some(&*id));
        let devices = &person.expect("the person").devices;
        devices.values().next().expect("a device").last_status
    }

    /// What really happened on the phones; lets five minutes pass, so that everything has arrived.
    pub(crate) fn truth(&self) -> Vec<Truth> {
        self.clock.advance(5 * MINUTE_MS);
        let mut fleet = self.fleet.lock().unwrap_or_else(PoisonError::into_inner);
        fleet.advance(self.now());
        fleet.truth().to_vec()
    }

    /// The books balance: every delivery has one outcome, what is pending is on its way and nothing
    /// else is, and whatever was accepted is on the phone, once.
    #[track_caller]
    pub(crate) fn assert_balanced(&self) {
        let store = self.workspace().store();
        let open = store.open_works(None, 100_000).expect(READ);
        let open: BTreeSet<_> = open.iter().map(|work| work.key.delivery()).collect();
        let deliveries = self.deliveries();
        let pending = deliveries
            .iter()
            .filter(|delivery| outcome(delivery) == Outcome::Pending);
        let pending: BTreeSet<_> = pending.map(|delivery| delivery.key).collect();
        assert_eq!(pending, open, "what is pending, and only that, is open");
        let truth = self.truth();
        let twice: Vec<_> = truth.iter().filter(|truth| truth.shown > 1).collect();
        assert_eq!(twice, [] as [&Truth; 0], "no phone shows a message twice");
        let shown: BTreeSet<&str> = truth
            .iter()
            .filter(|truth| truth.shown == 1)
            .map(|truth| &*truth.delivery_id)
            .collect();
        let accepted = deliveries
            .iter()
            .filter(|delivery| outcome(delivery) == Outcome::Accepted);
        let missing: Vec<_> = accepted
            .map(|delivery| delivery.id.as_str())
            .filter(|id| !shown.contains(id))
            .collect();
        assert_eq!(missing, [] as [&str; 0], "what was accepted is on a phone");
    }
}

pub(crate) fn hello() -> PushContent {
    PushContent {
        title: Some("Hello".to_owned()),
        ..PushContent::default()
    }
}

fn registered(fleet: &mut Fleet, clock: &ManualClock) -> Vec<Registered> {
    let told = fleet.advance(clock.now());
    let phones = told.into_iter().filter_map(|told| {
        let What::Registered(registration) = told.what else {
            return None;
        };
        Some(Registered {
            person: registration.person,
            platform: told.platform,
            token: told.token.to_string(),
        })
    });
    phones.collect()
}

fn apple(
    clock: &Arc<ManualClock>,
    fleet: &Arc<Mutex<Fleet>>,
    key: ProviderKey,
    connections: Connections,
) -> ApnsSim {
    let fleet = Arc::clone(fleet);
    let options = ApnsOptions {
        auth: Auth::Tokens(vec![key]),
        connections,
        on_accepted: Some(Arc::new(move |taken| {
            arrive(&fleet, Push::from_apns(taken), taken.at);
        })),
        ..ApnsOptions::new(Arc::clone(clock) as Arc<dyn Clock>)
    };
    ApnsSim::start(options).expect("Apple starts")
}

fn google(clock: &Arc<ManualClock>, fleet: &Arc<Mutex<Fleet>>) -> FcmSim {
    let fleet = Arc::clone(fleet);
    let options = FcmOptions {
        on_accepted: Some(Arc::new(move |taken| {
            let push = Push::from_fcm(taken).expect("a push for one device");
            arrive(&fleet, push, taken.at);
        })),
        ..FcmOptions::new(Arc::clone(clock) as Arc<dyn Clock>)
    };
    FcmSim::start(options).expect("Google starts")
}

fn arrive(fleet: &Mutex<Fleet>, push: Push, at: Timestamp) {
    let mut fleet = fleet.lock().unwrap_or_else(PoisonError::into_inner);
    fleet.advance(at);
    fleet.accept(push, at);
}

/// Connects again at once: time does not pass in these tests while a provider is away.
fn impatient(mut settings: PoolSettings) -> PoolSettings {
    settings.backoff_first = Duration::from_millis(1);
    settings.backoff_max = Duration::from_millis(1);
    settings
}

fn to_apple(apple: &ApnsSim, door: &Door, key: String, network: &Network) -> Arc<dyn Sender> {
    let credential = ApnsCredential {
        key_p8: Some(key),
        key_id: Some(KEY.to_owned()),
        team_id: Some("DEF123GHIJ".to_owned()),
        topic: APP.to_owned(),
        base_url: Some(format!("https://{}", door.address())),
        ca_pem: Some(apple.ca_pem().to_owned()),
        ..ApnsCredential::default()
    };
    let settings = impatient(PoolSettings::apns(7));
    Arc::new(ApnsSender::with_pool(&credential, network, settings).expect("a sender"))
}

fn to_google(google: &FcmSim, door: &Door, network: &Network) -> Arc<dyn Sender> {
    let credential = FcmCredential {
        service_account: google.key_file().to_string(),
        base_url: Some(format!("https://{}", door.address())),
        ca_pem: Some(google.ca_pem().to_owned()),
        ..FcmCredential::default()
    };
    let settings = impatient(PoolSettings::fcm(7));
    Arc::new(FcmSender::with_pool(&credential, network, settings).expect("a sender"))
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

fn who(person: u32) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("p{person}")).expect("not blank")
}

fn device(person: u32, phone: &Registered) -> Input {
    input(
        Source::TrackV1,
        Body::AddDevice {
            who: who(person),
            device: DeviceReport {
                app: String::new(),
                platform: phone.platform,
                token: phone.token.clone(),
                last_used: None,
                attributes: BTreeMap::new(),
            },
        },
    )
}

fn order(person: u32, delivery: &str, content: PushContent, source: SourceKind) -> Send {
    Send {
        delivery_id: delivery.to_owned(),
        message: MessageRef {
            source,
            source_id: 1,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
        who: who(person),
        order: Arc::new(Order {
            content: Content::Push(Box::new(content)),
            data: serde_json::Value::Null,
            ttl_ms: DAY_MS,
            to_unsubscribed: true,
            forget_content: false,
            to: SendTo::All,
            rules: Rules::default(),
        }),
        urgency: match source {
            SourceKind::Transactional => Urgency::Transactional,
            _ => Urgency::Broadcast,
        },
        send_at: None,
        draft: false,
        custom_device: None,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    }
}
