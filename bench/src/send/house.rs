//! A workspace in a folder, with people who have an iPhone each, and everything that sends.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use landfall_domain::channel::Platform;
use landfall_domain::content::{Content, PushContent};
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, DeviceReport, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::{Clock as _, HOUR_MS, WallClock};
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_engine::broadcast::{Audience, Broadcaster, Progress, Trigger, TriggerState};
use landfall_engine::definitions::{Definition, Kind};
use landfall_engine::dispatch::carriers::{Carrier, Carriers, Terms};
use landfall_engine::dispatch::{Dispatcher, Limits};
use landfall_engine::random::SystemRandom;
use landfall_engine::{Opened, Options, Workspace};
use landfall_send::apns::ApnsSender;
use landfall_store_sqlite::SqliteStore;

use crate::alone::{credential, network};
use crate::simulators::{Simulators, TOPIC, URGENT};

/// People in one submission.
const AT_ONCE: u64 = 2_000;
/// The broadcast's number.
const BROADCAST: u64 = 12;
/// Between looks whether everything is done.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// A workspace that is open.
pub(crate) struct House {
    opened: Opened,
    folder: PathBuf,
    people: u64,
}

impl House {
    /// A fresh copy of the folder with so many people, which is made once and kept.
    pub(crate) fn with_people(work: &Path, people: u64) -> Result<Self> {
        tokio::task::block_in_place(|| Self::prepare(work, people))
    }

    fn prepare(work: &Path, people: u64) -> Result<Self> {
        let kept = work.join(format!("people-{people}"));
        if !kept.exists() {
            let unfinished = work.join("people-unfinished");
            remove(&unfinished)?;
            std::fs::create_dir_all(&unfinished)?;
            populate(&unfinished, people)?;
            std::fs::rename(&unfinished, &kept)?;
        }
        let folder = work.join("run");
        remove(&folder)?;
        std::fs::create_dir_all(&folder)?;
        for file in std::fs::read_dir(&kept)? {
            let path = file?.path();
            std::fs::copy(&path, folder.join(path.file_name().context("no name")?))?;
        }
        Ok(Self {
            opened: open(&folder)?,
            folder,
            people,
        })
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    /// A dispatcher that sends to one of the simulated APNs, at work.
    pub(crate) fn dispatcher(&self, simulators: &Simulators, which: &str) -> Result<Dispatcher> {
        let sender = ApnsSender::new(&credential(simulators, which), &network())?;
        let carriers = Carriers::default();
        let carrier = Carrier::new("apple".to_owned(), Arc::new(sender), Terms::default());
        carriers.replace(vec![Arc::new(carrier)]);
        let workspace = self.workspace().clone();
        let random = Arc::new(SystemRandom);
        let dispatcher = Dispatcher::new(workspace, carriers, random, Limits::default());
        tokio::spawn(dispatcher.clone().run());
        Ok(dispatcher)
    }

    /// Triggers a broadcast to everybody and starts to turn its pages.
    pub(crate) async fn broadcast(&self) -> Result<()> {
        let workspace = self.workspace();
        let now = workspace.now();
        let definition = Definition {
            number: BROADCAST,
            name: "Flash sale".to_owned(),
            description: None,
            trigger_name: None,
            content: content(),
            translations: std::collections::BTreeMap::new(),
            audience: None,
            to: None,
            ttl_seconds: None,
            send_to_unsubscribed: false,
            queue_drafts: false,
            hide_message_body: false,
            topic: None,
            policy: None,
            created_at: now,
            updated_at: now,
        };
        workspace.define(Kind::Broadcast, definition).await?;
        let trigger = Trigger {
            number: 0,
            broadcast: BROADCAST,
            part_of: None,
            created_at: now,
            audience: Audience::Everybody,
            data: serde_json::Value::Null,
            progress: Progress::default(),
        };
        workspace.trigger(trigger).await?;
        tokio::spawn(Broadcaster::new(workspace.clone(), network()).run());
        Ok(())
    }

    /// How many messages the broadcast has made, and whether it is done.
    pub(crate) async fn progress(&self) -> Result<(u64, bool)> {
        let triggers = self.workspace().triggers().await?;
        let (_, trigger) = triggers.last().context("no trigger")?;
        let done = trigger.progress.state == TriggerState::Done;
        Ok((trigger.progress.messages, done))
    }

    /// Returns when nothing waits and nothing is being handed over.
    pub(crate) async fn until_quiet(&self) {
        let mut looks = tokio::time::interval(LOOK);
        while !self.is_quiet() {
            looks.tick().await;
        }
    }

    /// Whether nothing waits and nothing is being handed over.
    pub(crate) fn is_quiet(&self) -> bool {
        let backlog = self.workspace().backlog();
        backlog.claimed == 0 && backlog.waiting.is_empty()
    }

    /// Ends it and takes the copy away.
    pub(crate) fn close(self) -> Result<()> {
        tokio::task::block_in_place(|| self.opened.stop());
        remove(&self.folder)
    }

    /// Sends to some people without a broadcast, for the `pass`th time: the messages wait from now on.
    pub(crate) async fn order(&self, people: Range<u64>, pass: usize) -> Result<()> {
        let order = Arc::new(order());
        for first in people.clone().step_by(usize::try_from(AT_ONCE)?) {
            let some = first..(first + AT_ONCE).min(people.end);
            let inputs = some.map(|person| {
                let id = format!("b{pass}-19ad5c2f3e8-{person:x}");
                send(id, person, &order, Urgency::Broadcast)
            });
            self.workspace().submit(inputs.collect()).await?;
        }
        self.settle().await
    }

    /// Waits until everything that was stored has reached SQLite: whoever reads does.
    pub(crate) async fn settle(&self) -> Result<()> {
        let read = self
            .workspace()
            .read(|store| store.deliveries_after(None, 1));
        ensure!(!read.await?.is_empty(), "nothing was ordered");
        Ok(())
    }

    /// A transactional message to one of the people.
    pub(crate) fn urgent(&self, number: u64) -> Input {
        let person = number.wrapping_mul(7_919) % self.people;
        let order = Arc::new(order());
        send(
            format!("{URGENT}{number}"),
            person,
            &order,
            Urgency::Transactional,
        )
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

fn open(folder: &Path) -> Result<Opened> {
    let options = landfall_store_sqlite::Options { salt: 7 };
    let store = SqliteStore::open(&folder.join("bench.db"), options)?;
    let opened = landfall_engine::open(
        Arc::new(store),
        Options {
            id: "ws_bench".to_owned(),
            name: "bench".to_owned(),
            clock: Arc::new(WallClock),
            snapshot: Some(folder.join("bench.board")),
            salt: [7; 16],
            fixed_share: None,
        },
    )?;
    Ok(opened.filled())
}

fn populate(folder: &Path, people: u64) -> Result<()> {
    let opened = open(folder)?;
    for first in (0..people).step_by(usize::try_from(AT_ONCE)?) {
        let some = first..(first + AT_ONCE).min(people);
        let inputs = some.flat_map(|person| [identify(person), register(person)]);
        opened.workspace.submit_blocking(inputs.collect())?;
        if first % 100_000 == 0 {
            eprintln!("    {first} of {people} people");
        }
    }
    opened.stop();
    Ok(())
}

fn who(person: u64) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("p{person}")).expect("not blank")
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

fn identify(person: u64) -> Input {
    let attributes = serde_json::json!({"first_name": format!("Ann{person}"), "plan": "pro"});
    input(
        Source::TrackV1,
        Body::Identify {
            who: who(person),
            claims: Claims {
                email: Some(format!("p{person}@example.org")),
                ..Claims::default()
            },
            attributes: serde_json::from_value(attributes).expect("an object"),
            update_only: false,
        },
    )
}

fn register(person: u64) -> Input {
    input(
        Source::TrackV1,
        Body::AddDevice {
            who: who(person),
            device: DeviceReport {
                app: TOPIC.to_owned(),
                platform: Platform::Ios,
                token: format!("{person:064x}"),
                last_used: Some(WallClock.now()),
                attributes: std::collections::BTreeMap::new(),
            },
        },
    )
}

/// The same as [`crate::alone::content`], with the person's name in it.
fn content() -> Content {
    let mut content = crate::alone::content();
    if let Content::Push(push) = &mut content {
        let push: &mut PushContent = push;
        push.title = Some("{{ customer.first_name }}, half price".to_owned());
    }
    content
}

fn order() -> Order {
    Order {
        content: content(),
        data: serde_json::Value::Null,
        ttl_ms: HOUR_MS,
        to_unsubscribed: false,
        forget_content: false,
        to: SendTo::All,
        rules: Rules::default(),
    }
}

fn send(delivery_id: String, person: u64, order: &Arc<Order>, urgency: Urgency) -> Input {
    let source = match urgency {
        Urgency::Transactional => SourceKind::Transactional,
        _ => SourceKind::Broadcast,
    };
    input(
        Source::App,
        Body::Send(Box::new(Send {
            delivery_id,
            message: MessageRef {
                source,
                source_id: BROADCAST,
                step_id: Some(1),
                parent_step_id: None,
                variant_id: None,
                channel: order.content.channel(),
            },
            who: who(person),
            order: Arc::clone(order),
            urgency,
            send_at: None,
            draft: false,
            custom_device: None,
            trigger_id: None,
            run: None,
            ruling: Ruling::Go,
        })),
    )
}
