//! A living shop, for showing and for trying: customers, phones, carts and orders of
//! [`landfall_sim::shop`], the journeys that come with the program, and the production engine.
//!
//! Everything the shop and its phones do goes through the public APIs, as their backend and apps would do
//! it: the routes are called within the process, without a socket. Weeks pass in minutes because the
//! clock is moved from one busy moment to the next; then the clock becomes the machine's, and
//! the shop lives on in real time.

mod agenda;
mod calls;
mod clock;
mod door;
mod house;
mod journeys;
mod provider;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use landfall_domain::time::{DAY_MS, MINUTE_MS, SECOND_MS, Timestamp};
use landfall_sim::shop::{Fault, Settings, Shop};

use agenda::{Agenda, Entry, Product};
use calls::Batch;
pub(crate) use door::Keys;
pub(crate) use house::{House, Told};

/// What happens within one such step reaches the server together, at its end.
const STEP_MS: i64 = 5 * MINUTE_MS;
/// How often the monitor looks while time flies: each time that another quarter of an hour has settled.
const LOOK_MS: i64 = 15 * MINUTE_MS;
/// How often the shop's backend and phones are looked after in real time.
const BREATH: std::time::Duration = std::time::Duration::from_secs(1);

/// What is lived through.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The shop's numbers.
    pub(crate) settings: Settings,
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// Midnight of the first day.
    pub(crate) start: Timestamp,
    /// What goes wrong, and when.
    pub(crate) fault: Option<(Fault, Timestamp)>,
    /// Whether the journeys' test profiles are run before they start.
    pub(crate) qa: bool,
}

/// What the shop took, day by day; what a diagnosis is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Books {
    /// By day, counted from the first.
    pub(crate) days: BTreeMap<i64, Day>,
}

/// One day of the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Day {
    /// Carts that were left.
    pub(crate) carts: u64,
    /// Messages that were handed over.
    pub(crate) handed: u64,
    /// Orders, however they came about.
    pub(crate) orders: u64,
    /// What was ordered, in the smallest unit.
    pub(crate) minor: i64,
    /// What the messages of the day bring on average, in the smallest unit.
    pub(crate) expected: f64,
    /// The same of messages of the journey about carts.
    pub(crate) carts_expected: f64,
}

/// A shop that is being lived through.
pub(crate) struct Life {
    pub(crate) house: House,
    shop: Arc<Shop>,
    agenda: Agenda,
    plan: Plan,
    now: Timestamp,
    /// When the server has something to do next.
    due: Option<Timestamp>,
    /// When the monitor looks next.
    look: Timestamp,
    told: Vec<Told>,
}

impl Life {
    /// Opens the shop in an empty folder: people, phones and journeys are there, nothing happened yet.
    ///
    /// # Errors
    /// When the store cannot be made, or the server refuses what the shop tells it.
    pub(crate) async fn open(plan: Plan, folder: &Path, keys: Keys) -> Result<Self> {
        let mut shop = Shop::new(plan.settings.clone(), plan.seed, plan.start);
        if let Some((fault, from)) = plan.fault {
            shop = shop.with(fault, from);
        }
        let shop = Arc::new(shop);
        let agenda = Agenda::default();
        let house =
            House::open(folder, keys, plan.start, Arc::clone(&shop), agenda.clone()).await?;
        let mut life = Self {
            house,
            agenda,
            due: None,
            look: plan.start,
            told: Vec::new(),
            now: plan.start,
            shop,
            plan,
        };
        life.move_in().await?;
        Ok(life)
    }

    /// Tells the server of everybody, and starts the journeys.
    async fn move_in(&mut self) -> Result<()> {
        let mut batch = Batch::new(&self.house.door);
        for number in 0..self.shop.customers() {
            let customer = self.shop.customer(number, self.plan.start);
            let history = self.shop.history(number);
            batch
                .add(calls::identify(&customer, &history, self.plan.start))
                .await?;
            if customer.phone.is_none() {
                continue;
            }
            batch
                .add(calls::register(&customer, self.plan.start))
                .await?;
            for at in self.shop.updates(number) {
                self.agenda.put(at, Entry::Update(number));
            }
        }
        batch.finish().await?;
        if let Some((fault, from)) = self.plan.fault {
            self.agenda.put(from, Entry::Fault(fault));
        }
        self.agenda.put(self.plan.start, Entry::Day(0));
        journeys::start(&self.house, self.plan.qa).await?;
        self.house.build().await?;
        // From here on events about products are followed; nobody looks at them at every step.
        self.house.follow().await?;
        self.due = self.house.settle(self.plan.start).await?;
        Ok(())
    }

    /// What the shop took so far.
    pub(crate) fn books(&self) -> Books {
        self.agenda.books()
    }

    /// Lives on to a moment, as fast as the machine can.
    pub(crate) async fn until(&mut self, end: Timestamp) -> Result<()> {
        while self.now < end {
            let next = [self.agenda.next(), self.due];
            let next = next.into_iter().flatten().min().unwrap_or(end);
            self.now = step_at(next.max(self.now.plus_millis(1))).min(end);
            self.house.clock.set(self.now);
            self.happen().await?;
            self.due = self.house.settle(self.now).await?;
            if self.now >= self.look {
                self.look = self.now.plus_millis(LOOK_MS);
                self.told.extend(self.house.watch(self.now).await?);
            }
        }
        Ok(())
    }

    /// What the messages about carts of the last seven whole days bring on average, in the smallest unit. The same
    /// life without its fault tells what the fault costs.
    pub(crate) fn worth(&self) -> f64 {
        let today = self.day_of(self.now);
        let books = self.books();
        let week = books.days.range(today - 7..today);
        week.map(|(_, day)| day.carts_expected).sum()
    }

    /// The incidents that the owner was told of, oldest first.
    pub(crate) fn told(&self) -> &[Told] {
        &self.told
    }

    /// Lives on in real time, for ever.
    pub(crate) async fn live(mut self) -> Result<()> {
        self.house.clock.go_live();
        self.house.run();
        let mut breaths = tokio::time::interval(BREATH);
        loop {
            breaths.tick().await;
            self.now = self.house.workspace.now();
            self.happen().await?;
        }
    }

    /// Everything of the shop and its phones that is due.
    async fn happen(&self) -> Result<()> {
        let mut batch = Batch::new(&self.house.door);
        let mut products = false;
        for (at, entry) in self.agenda.due(self.now) {
            products |= matches!(
                entry,
                Entry::Product(Product::Restocked { .. } | Product::Cheaper { .. })
            );
            match entry {
                Entry::Day(day) => self.begin(day),
                Entry::Fault(fault) => {
                    batch.send().await?;
                    self.plant(fault).await?;
                }
                entry => {
                    for call in self.calls(at, &entry) {
                        batch.add(call).await?;
                    }
                }
            }
        }
        batch.finish().await?;
        if products {
            self.house.follow().await?;
        }
        Ok(())
    }

    /// Plans a day.
    fn begin(&self, day: u32) {
        let next = self.plan.start.plus_millis(i64::from(day + 1) * DAY_MS);
        self.agenda.put(next, Entry::Day(day + 1));
        for cart in self.shop.carts(day) {
            self.agenda.put(cart.at, Entry::Cart(cart));
        }
        for bought in self.shop.purchases(day) {
            self.agenda
                .will_order(bought.at, bought.customer, bought.number, bought.minor);
        }
        self.agenda.plan_products(&self.shop, day, self.plan.start);
    }

    fn calls(&self, at: Timestamp, entry: &Entry) -> Vec<calls::Call> {
        match entry {
            Entry::Cart(cart) => {
                self.agenda.left(cart, self.day_of(at));
                vec![calls::cart(cart)]
            }
            Entry::Update(number) => {
                let customer = self.shop.customer(*number, at);
                let doubled = self.fault_at(at) == Some(Fault::DoubleRegistration);
                calls::updated(&customer, at, doubled)
            }
            Entry::Order(order) if self.shop.reports_orders(at) => {
                self.agenda.ordered(order, self.day_of(at));
                calls::order(order, at)
            }
            Entry::Order(order) => {
                self.agenda.ordered(order, self.day_of(at));
                Vec::new()
            }
            Entry::Report(report) => calls::report(report, at, self.fault_at(at)),
            Entry::Product(happening) => calls::product(happening, at),
            Entry::Day(_) | Entry::Fault(_) => Vec::new(),
        }
    }

    fn day_of(&self, at: Timestamp) -> i64 {
        at.since(self.plan.start).div_euclid(DAY_MS)
    }

    fn fault_at(&self, at: Timestamp) -> Option<Fault> {
        let planted = self.plan.fault.filter(|(_, from)| at >= *from);
        planted.map(|(fault, _)| fault)
    }

    /// What a fault changes at once: settings and journeys of the server, tokens that are parted from
    /// their owners. What it does to phones and providers the shop knows by itself.
    async fn plant(&self, fault: Fault) -> Result<()> {
        journeys::plant(&self.house, fault).await?;
        let stranded = (0..self.shop.customers())
            .map(|number| self.shop.customer(number, self.now))
            .filter(|customer| customer.stranded);
        let told: Vec<_> = stranded
            .flat_map(|customer| calls::stranded(&customer, self.now))
            .collect();
        // A batch of the Pipelines API holds 500 KB.
        for page in told.chunks(600) {
            self.house.door.pipelines(page).await?;
        }
        self.house.build().await
    }
}

/// The end of the step that a moment lies in.
fn step_at(at: Timestamp) -> Timestamp {
    let into = at.millis().rem_euclid(STEP_MS);
    at.plus_millis((STEP_MS - into) % STEP_MS)
}

/// The midnight, in universal time, from which `days` days end at about `now`; a Monday when `days` is a
/// multiple of seven and today is one.
pub(crate) fn start_before(now: Timestamp, days: u32) -> Timestamp {
    let midnight = now.millis() - now.millis().rem_euclid(DAY_MS);
    Timestamp::from_seconds(midnight / SECOND_MS).plus_millis(-i64::from(days) * DAY_MS)
}
