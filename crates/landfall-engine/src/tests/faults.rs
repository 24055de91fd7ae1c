//! A store in front of another one that fails, or waits, when a test says so.

mod runs;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use landfall_domain::activity::Activity;
use landfall_domain::delivery::Delivery;
use landfall_domain::device::{TokenMove, TokenRecord};
use landfall_domain::fact::Fact;
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey, SegmentId};
use landfall_domain::person::Person;
use landfall_domain::work::{Work, WorkKey};
use landfall_domain::working_set::{ChangeSet, Found, Want};
use landfall_store::{
    ActivityPage, ActivityQuery, DeliveryPage, Document, DocumentKind, DocumentStore, LedgerReader,
    PeopleReader, RejectedInput, RejectedInputs, Start, StateStore, Store, StoreError, WorkReader,
};

/// What a call should come to instead of what the store behind says, one call after the other.
#[derive(Default)]
pub(crate) struct Errors(Mutex<VecDeque<StoreError>>);

impl Errors {
    pub(crate) fn plan(&self, errors: impl IntoIterator<Item = StoreError>) {
        self.0.lock().unwrap().extend(errors);
    }

    fn next(&self) -> Result<(), StoreError> {
        self.0.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

/// Lets one of the calls that intake and definitions make fail: the n-th from when it was armed.
#[derive(Default)]
pub(crate) struct Strike(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    calls: usize,
    at: Option<(usize, When)>,
}

/// What a call that fails has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Nothing.
    Before,
    /// Everything: only the answer is missing.
    After,
}

impl Strike {
    /// Counts from one again, and lets call number `at` fail.
    pub(crate) fn arm(&self, at: Option<(usize, When)>) {
        *self.0.lock().unwrap() = Counted { calls: 0, at };
    }

    /// Calls since it was armed.
    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    /// Whether a call was made fail since it was armed.
    pub(crate) fn has_struck(&self) -> bool {
        let counted = self.0.lock().unwrap();
        counted.at.is_some_and(|(at, _)| at <= counted.calls)
    }

    fn around<T>(&self, call: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let when = {
            let mut counted = self.0.lock().unwrap();
            counted.calls += 1;
            let struck = counted.at.filter(|(at, _)| *at == counted.calls);
            struck.map(|(_, when)| when)
        };
        let broken = || StoreError::Unavailable("the plug was pulled".to_owned());
        match when {
            None => call(),
            Some(When::Before) => Err(broken()),
            Some(When::After) => call().and_then(|_| Err(broken())),
        }
    }
}

/// Holds up one call, once.
#[derive(Default)]
pub(crate) struct Gate(Mutex<Option<Held>>);

struct Held {
    arrived: mpsc::Sender<()>,
    go: mpsc::Receiver<()>,
}

/// The other side of a gate that was closed. Dropping it opens the gate.
pub(crate) struct Keeper {
    arrived: mpsc::Receiver<()>,
    _go: mpsc::Sender<()>,
}

impl Gate {
    /// The next call waits until the keeper is dropped.
    pub(crate) fn close(&self) -> Keeper {
        let (arrived, here) = mpsc::channel();
        let (hold, go) = mpsc::channel();
        *self.0.lock().unwrap() = Some(Held { arrived, go });
        Keeper {
            arrived: here,
            _go: hold,
        }
    }

    fn pass(&self) {
        let held = self.0.lock().unwrap().take();
        if let Some(held) = held {
            held.arrived.send(()).unwrap();
            // An error is the keeper's end.
            let _ = held.go.recv();
        }
    }
}

impl Keeper {
    /// Waits until the call stands at the gate.
    pub(crate) fn wait(&self) {
        self.arrived.recv().unwrap();
    }
}

/// The store in front.
pub(crate) struct Faulty {
    behind: Arc<dyn Store>,
    pub(crate) at_start: Errors,
    pub(crate) at_load: Errors,
    pub(crate) at_commit: Errors,
    pub(crate) at_page: Errors,
    /// Starts, loads, commits, and everything about documents.
    pub(crate) strike: Strike,
    /// The delivery whose row cannot be read.
    pub(crate) damaged: Mutex<Option<String>>,
    /// Before a commit.
    pub(crate) commit_gate: Gate,
    /// After a page of deliveries was read, before it is handed over.
    pub(crate) page_gate: Gate,
    /// After a page of people was read, before it is handed over.
    pub(crate) people_gate: Gate,
    /// Commits that were stored.
    pub(crate) commits: AtomicUsize,
    /// Pages of a full scan of deliveries.
    pub(crate) pages: AtomicUsize,
}

impl Faulty {
    pub(crate) fn new(behind: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            behind,
            at_start: Errors::default(),
            at_load: Errors::default(),
            at_commit: Errors::default(),
            at_page: Errors::default(),
            strike: Strike::default(),
            damaged: Mutex::default(),
            commit_gate: Gate::default(),
            page_gate: Gate::default(),
            people_gate: Gate::default(),
            commits: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
        })
    }

    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    pub(crate) fn pages(&self) -> usize {
        self.pages.load(Ordering::SeqCst)
    }
}

impl StateStore for Faulty {
    fn start(&self) -> Result<Start, StoreError> {
        self.at_start.next()?;
        self.strike.around(|| self.behind.start())
    }

    fn load(&self, want: &Want) -> Result<Found, StoreError> {
        self.at_load.next()?;
        let damaged = self.damaged.lock().unwrap().clone();
        if let Some(id) = damaged.filter(|id| want.deliveries.contains(id)) {
            return Err(StoreError::corrupt("delivery", id, "not JSON"));
        }
        self.strike.around(|| self.behind.load(want))
    }

    fn commit(&self, changes: &ChangeSet, expected: u64) -> Result<u64, StoreError> {
        self.commit_gate.pass();
        self.at_commit.next()?;
        let epoch = self
            .strike
            .around(|| self.behind.commit(changes, expected))?;
        self.commits.fetch_add(1, Ordering::SeqCst);
        Ok(epoch)
    }

    fn is_exclusive(&self) -> bool {
        self.behind.is_exclusive()
    }

    fn sweep(&self, now_ms: i64) -> Result<u64, StoreError> {
        self.behind.sweep(now_ms)
    }
}

impl WorkReader for Faulty {
    fn open_works(&self, after: Option<WorkKey>, limit: usize) -> Result<Vec<Work>, StoreError> {
        self.behind.open_works(after, limit)
    }

    fn works_of(&self, delivery: DeliveryKey) -> Result<Vec<Work>, StoreError> {
        self.behind.works_of(delivery)
    }
}

impl PeopleReader for Faulty {
    fn holder(&self, identifier: &Identifier) -> Result<Option<Holder>, StoreError> {
        self.behind.holder(identifier)
    }

    fn people(&self, keys: &[PersonKey]) -> Result<Vec<Person>, StoreError> {
        self.behind.people(keys)
    }

    fn people_after(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<Person>, StoreError> {
        let page = self.behind.people_after(after, limit)?;
        self.people_gate.pass();
        Ok(page)
    }

    fn activities(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError> {
        self.behind.activities(query)
    }

    fn inputs_of(&self, person: PersonKey) -> Result<Vec<Activity>, StoreError> {
        self.behind.inputs_of(person)
    }

    fn token_moves(&self, device: DeviceKey) -> Result<Vec<TokenMove>, StoreError> {
        self.behind.token_moves(device)
    }

    fn token_moves_of(&self, person: PersonKey) -> Result<Vec<TokenMove>, StoreError> {
        self.behind.token_moves_of(person)
    }

    fn tokens(&self, keys: &[DeviceKey]) -> Result<Vec<TokenRecord>, StoreError> {
        self.behind.tokens(keys)
    }

    fn members(
        &self,
        segment: SegmentId,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<PersonKey>, StoreError> {
        self.behind.members(segment, after, limit)
    }

    fn member_count(&self, segment: SegmentId) -> Result<u64, StoreError> {
        self.behind.member_count(segment)
    }
}

impl LedgerReader for Faulty {
    fn delivery(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.behind.delivery(id)
    }

    fn deliveries(&self, keys: &[DeliveryKey]) -> Result<Vec<Delivery>, StoreError> {
        let found = self.behind.deliveries(keys)?;
        self.page_gate.pass();
        Ok(found)
    }

    fn deliveries_after(
        &self,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.at_page.next()?;
        self.pages.fetch_add(1, Ordering::SeqCst);
        let page = self.behind.deliveries_after(after, limit)?;
        self.page_gate.pass();
        Ok(page)
    }

    fn deliveries_of(
        &self,
        people: &[PersonKey],
        before: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError> {
        self.behind.deliveries_of(people, before, limit)
    }

    fn facts(&self, deliveries: &[DeliveryKey]) -> Result<Vec<Fact>, StoreError> {
        self.behind.facts(deliveries)
    }

    fn changed_since(
        &self,
        fact: u64,
        limit: usize,
    ) -> Result<(Vec<DeliveryKey>, u64), StoreError> {
        self.behind.changed_since(fact, limit)
    }

    fn facts_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, Fact)>, StoreError> {
        self.behind.facts_after(after, limit)
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.behind.quarantine(limit)
    }
}

impl DocumentStore for Faulty {
    fn insert_document(&self, kind: DocumentKind, body: &str) -> Result<u32, StoreError> {
        self.strike
            .around(|| self.behind.insert_document(kind, body))
    }

    fn replace_document(
        &self,
        kind: DocumentKind,
        id: u32,
        body: &str,
    ) -> Result<bool, StoreError> {
        self.strike
            .around(|| self.behind.replace_document(kind, id, body))
    }

    fn delete_document(&self, kind: DocumentKind, id: u32) -> Result<bool, StoreError> {
        self.behind.delete_document(kind, id)
    }

    fn document(&self, kind: DocumentKind, id: u32) -> Result<Option<Document>, StoreError> {
        self.behind.document(kind, id)
    }

    fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>, StoreError> {
        self.strike.around(|| self.behind.documents(kind))
    }
}

impl RejectedInputs for Faulty {
    fn record_rejected(&self, rejected: &[RejectedInput]) -> Result<(), StoreError> {
        self.behind.record_rejected(rejected)
    }

    fn rejected(&self, limit: usize) -> Result<Vec<RejectedInput>, StoreError> {
        self.behind.rejected(limit)
    }

    fn rejected_counts(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        self.behind.rejected_counts()
    }
}
