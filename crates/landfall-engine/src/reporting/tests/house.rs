//! A workspace with people, an endpoint by script, and a clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::content::Content;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, DeviceReport, Input, Source};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::{Clock as _, DAY_MS, ManualClock, Timestamp};
use landfall_domain::work::{Conclusion, Handover, Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_store::{DocumentKind, Store};
use landfall_store_sqlite::SqliteStore;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use super::super::{DeadLetter, Poster, Posting, Reporter, Reporting, Settings};
use crate::credentials::Network;
use crate::directory::{Directory, DirectoryFile};
use crate::random::Seeded;
use crate::seal::{MASTER_KEY_BYTES, MasterKey};
use crate::{Opened, Options, Workspace};

const NOW: Timestamp = Timestamp::from_seconds(1_795_440_600);

/// An event that arrived at the endpoint.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) number: usize,
    pub(super) url: String,
    pub(super) key: String,
    pub(super) at: Timestamp,
    pub(super) body: String,
    pub(super) event_id: String,
    pub(super) metric: String,
    pub(super) delivery: String,
    pub(super) person: String,
    pub(super) taken: bool,
}

type Script = Box<dyn Fn(&Post) -> Answer + std::marker::Send + Sync>;

/// An endpoint that answers by script.
struct Endpoint {
    script: Mutex<Script>,
    posts: Mutex<Vec<Post>>,
    posted: watch::Sender<usize>,
    /// Whose events are not answered before the gate opens.
    held: Mutex<Option<String>>,
    gate: Semaphore,
}

impl Endpoint {
    fn take(&self, url: &str, key: &str, body: &str, at: Timestamp) -> Answer {
        let mut posts = self.posts.lock().unwrap();
        let event: Value = serde_json::from_str(body).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut post = Post {
            number: posts.len() + 1,
            url: url.to_owned(),
            key: key.to_owned(),
            at,
            body: body.to_owned(),
            event_id: text(&event["event_id"]),
            metric: text(&event["metric"]),
            delivery: text(&event["data"]["delivery_id"]),
            person: text(&event["data"]["identifiers"]["id"]),
            taken: false,
        };
        let answer = (self.script.lock().unwrap())(&post);
        post.taken = answer.verdict == Verdict::Accepted;
        posts.push(post);
        self.posted.send_modify(|count| *count += 1);
        answer
    }

    fn is_held(&self, body: &str) -> bool {
        let held = self.held.lock().unwrap();
        let person = held
            .as_ref()
            .map(|person| format!("\"customer_id\":\"{person}\""));
        person.is_some_and(|person| body.contains(&person))
    }
}

impl Poster for Endpoint {
    fn post<'a>(
        &'a self,
        url: &'a str,
        key: &'a str,
        body: &'a str,
        now: Timestamp,
    ) -> Posting<'a> {
        Box::pin(async move {
            if self.is_held(body) {
                let _open = self.gate.acquire().await;
            }
            self.take(url, key, body, now)
        })
    }
}

pub(super) fn settings(events: &[&str]) -> Settings {
    Settings {
        name: "ours".to_owned(),
        endpoint: "https://hooks.example.org/cio".to_owned(),
        events: events.iter().map(|&event| event.to_owned()).collect(),
        ..Settings::default()
    }
}

pub(super) struct House {
    _folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    opened: Opened,
    endpoint: Arc<Endpoint>,
    reporting: Reporting,
    reporter: Option<Reporter>,
}

impl House {
    /// People `p0`, `p1`, ... with one iPhone each: `t0`, `t1`, ...
    pub(super) async fn with_people(
        people: usize,
        script: impl Fn(&Post) -> Answer + std::marker::Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = landfall_store_sqlite::Options { salt: 7 };
        let store = SqliteStore::open(&folder.path().join("shop.db"), options).unwrap();
        let clock = Arc::new(ManualClock::at(NOW.plus_millis(-DAY_MS)));
        let options = Options {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            clock: Arc::clone(&clock) as Arc<dyn landfall_domain::time::Clock>,
            snapshot: None,
            salt: [7; 16],
            fixed_share: None,
        };
        let store: Arc<dyn Store> = Arc::new(store);
        let opened = crate::open(store, options).unwrap().filled();
        let directory = Directory::new(
            folder.path().join("landfall.json"),
            DirectoryFile::default(),
            vec![opened.workspace.clone()],
            MasterKey::new(&[7; MASTER_KEY_BYTES]).unwrap(),
        );
        let endpoint = Arc::new(Endpoint {
            script: Mutex::new(Box::new(script)),
            posts: Mutex::default(),
            posted: watch::Sender::new(0),
            held: Mutex::default(),
            gate: Semaphore::new(0),
        });
        let random = Arc::new(Seeded::new(7));
        let reporting = Reporting::new(directory.unwrap(), Network::default(), random)
            .posting_by(Arc::clone(&endpoint) as Arc<dyn Poster>);
        let reporter = Reporter::new(reporting.clone(), opened.workspace.clone());
        let house = Self {
            _folder: folder,
            clock,
            opened,
            endpoint,
            reporting,
            reporter: Some(reporter),
        };
        for person in 0..people {
            house.submit(Source::TrackV1, register(person)).await;
        }
        house.clock.advance(DAY_MS);
        house
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    pub(super) fn reporting(&self) -> &Reporting {
        &self.reporting
    }

    pub(super) fn reporter(&mut self) -> &mut Reporter {
        self.reporter.as_mut().unwrap()
    }

    pub(super) fn take_reporter(&mut self) -> Reporter {
        self.reporter.take().unwrap()
    }

    /// Ends the reporter as a crash would and starts another.
    pub(super) fn restart_reporter(&mut self) {
        let workspace = self.workspace().clone();
        self.reporter = Some(Reporter::new(self.reporting.clone(), workspace));
    }

    pub(super) fn webhook(&self, settings: Settings) -> (u32, String) {
        let made = self.reporting.create(self.workspace(), settings);
        let (id, _, key) = made.unwrap();
        (id, key)
    }

    pub(super) fn change(&self, id: u32, change: impl FnOnce(&mut Settings)) {
        self.reporting.update(self.workspace(), id, change).unwrap();
    }

    pub(super) fn script(
        &self,
        script: impl Fn(&Post) -> Answer + std::marker::Send + Sync + 'static,
    ) {
        *self.endpoint.script.lock().unwrap() = Box::new(script);
    }

    pub(super) fn hold(&self, person: &str) {
        *self.endpoint.held.lock().unwrap() = Some(person.to_owned());
    }

    pub(super) fn let_go(&self) {
        self.endpoint.gate.close();
    }

    pub(super) fn posts(&self) -> Vec<Post> {
        self.endpoint.posts.lock().unwrap().clone()
    }

    pub(super) fn watch_posts(&self) -> watch::Receiver<usize> {
        self.endpoint.posted.subscribe()
    }

    pub(super) fn dead_letters(&self, id: u32) -> Vec<(u32, DeadLetter)> {
        self.reporting.dead_letters(self.workspace(), id).unwrap()
    }

    pub(super) fn document(&self, id: u32) -> String {
        let store = self.workspace().store();
        let found = store.document(DocumentKind::ReportingWebhook, id).unwrap();
        found.unwrap().body
    }

    /// The cursor of the only webhook.
    pub(super) fn cursor(&self) -> u64 {
        self.reporting.list(self.workspace()).unwrap()[0].1.cursor
    }

    pub(super) fn last_fact(&self) -> u64 {
        self.workspace().store().start().unwrap().last_fact
    }

    pub(super) fn wait(&self, millis: i64) {
        self.clock.advance(millis);
    }

    /// Moves the clock from event to event, at most by so many milliseconds; at the end it stands there.
    pub(super) async fn run_for(&mut self, millis: i64) {
        let end = self.clock.now().plus_millis(millis);
        loop {
            let again = self.reporter().drain().await.unwrap();
            let now = self.clock.now();
            match again {
                Some(again) if again <= end => self.clock.advance(again.since(now).max(1)),
                _ => {
                    self.clock.advance(end.since(now));
                    return;
                }
            }
        }
    }

    async fn submit(&self, source: Source, body: Body) {
        let input = Input {
            source,
            at: None,
            sent_at: None,
            dedupe_key: None,
            body,
        };
        self.workspace().submit(vec![input]).await.unwrap();
    }

    pub(super) async fn send(&self, person: usize, delivery: &str) {
        let send = Send {
            delivery_id: delivery.to_owned(),
            message: MessageRef {
                source: SourceKind::Transactional,
                source_id: 9,
                step_id: None,
                parent_step_id: None,
                variant_id: None,
                channel: Channel::Push,
            },
            who: who(person),
            order: Arc::new(Order {
                content: Content::Push(Box::default()),
                data: Value::Null,
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
        };
        self.submit(Source::App, Body::Send(Box::new(send))).await;
    }

    /// Hands over what waits of a delivery; the provider says `answer`.
    pub(super) async fn answer(&self, delivery: &str, answer: Answer) {
        let store = self.workspace().store();
        let key = store.delivery(delivery).unwrap().expect("it was sent").key;
        for work in store.works_of(key).unwrap() {
            let attempt = format!("a-{}", work.key.0);
            let claim = Body::Claim {
                work: work.key,
                attempt: attempt.clone(),
                until: self.clock.now().plus_millis(DAY_MS),
            };
            self.submit(Source::Landfall, claim).await;
            let conclusion = Conclusion {
                work: work.key,
                target: work.target,
                attempt: Some(Handover {
                    id: attempt,
                    started_at: self.clock.now(),
                    took_ms: 5,
                }),
                provider: Some(Provider::Apns),
                answer: answer.clone(),
                rendered: None,
                guarded: false,
                random: 0,
            };
            let conclude = Body::Conclude(Box::new(conclusion));
            self.submit(Source::Provider, conclude).await;
        }
    }

    pub(super) async fn receipt(&self, delivery: &str, token: &str, mark: &str) {
        let receipt = Body::Receipt {
            delivery_id: delivery.to_owned(),
            mark: Mark::named(mark).expect("a mark"),
            recipient: Some(token.to_owned()),
            reason: None,
            href: None,
        };
        let input = Input {
            source: Source::Receipt,
            at: Some(self.clock.now()),
            sent_at: None,
            dedupe_key: None,
            body: receipt,
        };
        self.workspace().submit(vec![input]).await.unwrap();
    }
}

fn who(person: usize) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("p{person}")).expect("not blank")
}

fn register(person: usize) -> Body {
    Body::AddDevice {
        who: who(person),
        device: DeviceReport {
            app: String::new(),
            platform: Platform::Ios,
            token: format!("t{person}"),
            last_used: None,
            attributes: BTreeMap::new(),
        },
    }
}
