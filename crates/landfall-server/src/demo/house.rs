//! The server of the demo: the production parts, with a clock of its own and simulated providers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::Method;
use landfall_domain::channel::Provider;
use landfall_domain::time::{Clock, Timestamp};
use landfall_engine::directory::{KeyKind, WorkspaceRecord};
use landfall_engine::dispatch::Limits;
use landfall_engine::dispatch::carriers::{Carrier, Carriers, Terms};
use landfall_engine::random::{Seeded, SystemRandom};
use landfall_engine::segments::Builder;
use landfall_engine::{
    Directory, Dispatcher, Monitor, Opened, Options, ProductFollower, Reporting, Sending,
    Timekeeper, Workspace,
};
use landfall_insight::alerts::Tell;
use landfall_sim::shop::Shop;
use landfall_store::Store;
use landfall_store_sqlite::SqliteStore;
use serde_json::Value;

use super::agenda::Agenda;
use super::clock::DemoClock;
use super::door::{Door, Keys};
use super::provider::Simulated;
use crate::data::DataFolder;

/// The server.
pub(crate) struct House {
    opened: Opened,
    pub(crate) workspace: Workspace,
    pub(super) clock: Arc<DemoClock>,
    pub(crate) router: Router,
    pub(crate) door: Door,
    dispatcher: Dispatcher,
    keeper: Timekeeper,
    follower: ProductFollower,
    monitor: Monitor,
}

/// What was told to the owner of the journeys about a new incident.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// When it was told.
    pub(crate) at: Timestamp,
    /// The incident's id.
    pub(crate) id: String,
    /// What is off, and where.
    pub(crate) title: String,
    /// What the diagnosis makes of it.
    pub(crate) verdict: String,
    /// The problem that the diagnosis names, if it names one.
    pub(crate) problem: Option<String>,
    /// The slice, values by dimension.
    pub(crate) slice: Value,
}

impl House {
    /// Opens an empty workspace in an empty folder.
    pub(super) async fn open(
        folder: &Path,
        keys: Keys,
        start: Timestamp,
        shop: Arc<Shop>,
        agenda: Agenda,
    ) -> Result<Self> {
        let folder = DataFolder::open(folder)?;
        let record = record(&keys, start);
        let mut file = folder.held_directory()?;
        file.workspaces.push(record.clone());
        file.write()?;
        drop(file);
        let clock = Arc::new(DemoClock::at(start));
        let opened = open_workspace(&folder, &record, &clock)?;
        let workspace = opened.workspace.clone();
        let named = Arc::new(OnceLock::new());
        let _ = named.set(workspace.clone());
        let carriers = carriers(&shop, &agenda, &named, start);
        let random = Arc::new(Seeded::new(1));
        let network = landfall_engine::credentials::Network::default();
        let monitor = Monitor::new(
            workspace.clone(),
            carriers.clone(),
            network,
            Arc::clone(&random) as Arc<dyn landfall_engine::random::Random>,
        );
        let dispatcher = Dispatcher::new(workspace.clone(), carriers, random, Limits::default());
        let router = router(&folder, &workspace)?;
        Ok(Self {
            keeper: Timekeeper::new(workspace.clone()),
            follower: ProductFollower::new(workspace.clone()),
            monitor,
            door: Door::new(router.clone(), &keys),
            router,
            opened,
            workspace,
            clock,
            dispatcher,
        })
    }

    /// Counts the past for what was defined or changed.
    pub(super) async fn build(&self) -> Result<()> {
        Ok(Builder::new(self.workspace.clone()).drain().await?)
    }

    /// Tells people what happened to products that they asked for.
    pub(super) async fn follow(&self) -> Result<()> {
        Ok(self.follower.drain().await?)
    }

    /// Does everything that is due. Returns when something is due next.
    pub(super) async fn settle(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        // Timers make messages, and what became of these may wake timers again; what a third round would
        // do waits for the next step.
        self.keeper.drain(now).await?;
        self.dispatcher.drain(now).await?;
        let timer = self.keeper.drain(now).await?;
        let due = self.dispatcher.drain(now).await?;
        Ok(timer.into_iter().chain(due).min())
    }

    /// Looks at everything that has settled, and tells what is new.
    pub(super) async fn watch(&self, now: Timestamp) -> Result<Vec<Told>> {
        let mut told = Vec::new();
        for tell in self.monitor.look(now).await?.told {
            let Tell::New(id) = tell else { continue };
            let path = format!("/landfall/v1/incidents/{id}");
            let incident = self.door.own(Method::GET, &path, &Value::Null).await?;
            let text = |name: &str| incident[name].as_str().map(str::to_owned);
            told.push(Told {
                at: now,
                title: text("title").unwrap_or_default(),
                verdict: text("verdict").unwrap_or_default(),
                problem: text("problem"),
                slice: incident["slice"].clone(),
                id,
            });
        }
        Ok(told)
    }

    /// From now on the server does by itself what is due.
    pub(super) fn run(&self) {
        let workspace = || self.workspace.clone();
        tokio::spawn(Builder::new(workspace()).run());
        tokio::spawn(Timekeeper::new(workspace()).run());
        tokio::spawn(ProductFollower::new(workspace()).run());
        tokio::spawn(self.dispatcher.clone().run());
        tokio::spawn(self.monitor.clone().run());
    }

    /// Ends in order; blocks.
    pub(crate) fn close(self) {
        self.opened.stop();
    }
}

fn record(keys: &Keys, start: Timestamp) -> WorkspaceRecord {
    let mut record = WorkspaceRecord {
        id: "ws_00d0e0000000".to_owned(),
        name: "demo".to_owned(),
        number: 1,
        created_ms: start.millis(),
        keys: Vec::new(),
        sources: BTreeMap::new(),
        credentials: BTreeMap::new(),
    };
    record.add_key(
        KeyKind::Track,
        Some(&keys.site),
        &keys.track,
        start.millis(),
    );
    record.add_key(KeyKind::App, None, &keys.app, start.millis());
    record.add_key(KeyKind::Write, None, &keys.write, start.millis());
    record
}

fn open_workspace(
    folder: &DataFolder,
    record: &WorkspaceRecord,
    clock: &Arc<DemoClock>,
) -> Result<Opened> {
    let options = landfall_store_sqlite::Options { salt: 7 };
    // Nobody misses a demo after a power cut.
    let store = SqliteStore::open_unflushed(&folder.database(record), options)
        .context("cannot make the demo's store")?;
    let store: Arc<dyn Store> = Arc::new(store);
    let options = Options {
        id: record.id.clone(),
        name: record.name.clone(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        snapshot: None,
        salt: [0; 16],
        fixed_share: None,
    };
    Ok(landfall_engine::open(store, options)?.filled())
}

fn carriers(
    shop: &Arc<Shop>,
    agenda: &Agenda,
    workspace: &Arc<OnceLock<Workspace>>,
    start: Timestamp,
) -> Carriers {
    let providers = [
        Provider::Apns,
        Provider::Fcm,
        Provider::Smtp,
        Provider::SmsGateway,
    ];
    let each = providers.into_iter().map(|provider| {
        let sender = Simulated {
            provider,
            shop: Arc::clone(shop),
            agenda: agenda.clone(),
            workspace: Arc::clone(workspace),
            start,
        };
        let name = provider.name().to_owned();
        Arc::new(Carrier::new(name, Arc::new(sender), Terms::default()))
    });
    let carriers = Carriers::default();
    carriers.replace(each.collect());
    carriers
}

fn router(folder: &DataFolder, workspace: &Workspace) -> Result<Router> {
    let file = folder.directory()?;
    let master = folder.master_key()?;
    let open = vec![workspace.clone()];
    let directory = Directory::new(folder.directory_path(), file, open, master)?;
    let settings = landfall_api::Settings {
        public_host: None,
        exports: folder.exports(),
        store_nothing: false,
    };
    let network = landfall_engine::credentials::Network::default();
    let reporting = Reporting::new(directory.clone(), network.clone(), Arc::new(SystemRandom));
    let sending = Sending::new(directory.clone(), network, false);
    let app = landfall_api::App::new(directory, settings)
        .with_qa(Arc::new(crate::scratch::empty))
        .with_sending(sending)
        .with_reporting(reporting);
    Ok(crate::serve::site(app))
}
