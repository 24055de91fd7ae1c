//! A workspace with a clock that is moved by hand.

use std::sync::Arc;

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::JourneyId;
use landfall_domain::input::Input;
use landfall_domain::run::RunRow;
use landfall_domain::time::{Clock as _, ManualClock};
use landfall_store::{Store, StoreError};
use serde_json::Value;

use crate::segments::Builder;
use crate::tests::launch::open_gate;
use crate::tests::shop::{NOW, Shop, person, seconds};
use crate::timers::Timekeeper;
use crate::{Opened, Options, SubmitError, Workspace};

pub(super) struct House {
    pub(super) shop: Shop,
    /// What the workspace sees of the shop's store.
    pub(super) front: Arc<dyn Store>,
    pub(super) opened: Opened,
    pub(super) clock: Arc<ManualClock>,
}

impl House {
    pub(super) fn new() -> Self {
        let shop = Shop::new();
        let store = Arc::clone(&shop.store);
        Self::behind(shop, store)
    }

    /// A workspace that sees the shop's store through `front`.
    pub(super) fn behind(shop: Shop, front: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::at(seconds(NOW)));
        let opened = open(&front, &clock).expect("opens");
        Self {
            shop,
            front,
            opened,
            clock,
        }
    }

    /// The same store after a restart, which fails when the store does.
    pub(super) async fn restart(&mut self) {
        let mut fresh = open(&self.front, &self.clock);
        if fresh.is_err() {
            // Whoever started it starts it again.
            fresh = open(&self.front, &self.clock);
        }
        let before = std::mem::replace(&mut self.opened, fresh.expect("opens"));
        // Nothing waits in it and it saves nothing: it ends as if it had been killed.
        let stopped = tokio::task::spawn_blocking(|| before.stop());
        stopped.await.expect("stops");
    }

    /// Ends it.
    pub(super) async fn close(self) {
        let opened = self.opened;
        let stopped = tokio::task::spawn_blocking(|| opened.stop());
        stopped.await.expect("stops");
    }

    /// The same store after a restart.
    pub(super) async fn again(mut self) -> Self {
        self.restart().await;
        self
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    pub(super) async fn take(&self, inputs: Vec<Input>) {
        let stored = self.workspace().submit(inputs).await;
        stored.expect("is stored");
    }

    /// Something that happens now.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    pub(super) async fn apply(&self, definition: &Value) -> JourneyId {
        let workspace = self.workspace();
        let applied = workspace.apply_journey(definition).await.expect("is taken");
        Builder::new(workspace.clone())
            .drain()
            .await
            .expect("builds");
        let opened = open_gate(workspace, &applied.journey.slug).await;
        opened.expect("waives");
        applied.id
    }

    pub(super) async fn start(&self, definition: &Value) -> JourneyId {
        let id = self.apply(definition).await;
        let slug = definition["id"].as_str().expect("an id");
        let started = self.workspace().start_journey(slug).await;
        started.expect("starts");
        id
    }

    pub(super) async fn wait(&self, seconds: i64) {
        self.clock.advance(seconds * 1_000);
        self.wake().await.expect("wakes");
    }

    /// Wakes what is due.
    pub(super) async fn wake(&self) -> Result<(), SubmitError> {
        let keeper = Timekeeper::new(self.workspace().clone());
        keeper.drain(self.clock.now()).await.map(drop)
    }

    pub(super) fn runs(&self, id: &str) -> Vec<RunRow> {
        let person = person(self.shop.store.as_ref(), id);
        self.shop.store.runs_of(person).expect("reads")
    }

    /// Deliveries of a person, oldest first.
    pub(super) fn deliveries(&self, id: &str) -> Vec<Delivery> {
        let person = person(self.shop.store.as_ref(), id);
        let page = self.shop.store.deliveries_of(&[person], None, 100);
        let mut deliveries = page.expect("reads").deliveries;
        deliveries.reverse();
        deliveries
    }
}

fn open(store: &Arc<dyn Store>, clock: &Arc<ManualClock>) -> Result<Opened, StoreError> {
    let options = Options {
        id: "ws_1".to_owned(),
        name: "shop".to_owned(),
        clock: Arc::clone(clock) as Arc<dyn landfall_domain::time::Clock>,
        snapshot: None,
        salt: [7; 16],
        fixed_share: None,
    };
    Ok(crate::open(Arc::clone(store), options)?.filled())
}
