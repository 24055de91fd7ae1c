//! The credentials of all open workspaces at work: connected when they appear, exchanged when they
//! change, and asked whether they work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::attempt::Answer;
use landfall_send::Sender;
use tokio::sync::watch;

use super::{CredentialRecord, Network};
use crate::directory::{Directory, DirectoryError};
use crate::dispatch::carriers::{Carrier, Carriers};
use crate::workspace::Workspace;

/// What sends. Cloning is cheap.
#[derive(Clone)]
pub struct Sending {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Directory,
    network: Network,
    is_on: bool,
    /// By the workspace's id.
    workspaces: BTreeMap<String, Carriers>,
    /// By the workspace's id, then by name.
    made: Mutex<BTreeMap<String, BTreeMap<String, Made>>>,
    changes: watch::Sender<u64>,
}

/// What became of a stored credential.
struct Made {
    record: CredentialRecord,
    carrier: Result<Arc<Carrier>, Unusable>,
}

/// A stored credential cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Which one.
    pub name: String,
    /// Why, and what to do.
    pub problem: String,
}

/// Why a credential was not asked about.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There is no credential of that name.
    #[error("there is no credential `{0}`")]
    Missing(String),
    /// It cannot be used at all.
    #[error("the credential `{}` cannot be used: {}", .0.name, .0.problem)]
    Unusable(Unusable),
}

impl Sending {
    /// Over the workspaces of a directory; none of their credentials is used before
    /// [`Self::refresh`]. `is_on` says whether due messages are sent at all.
    pub fn new(directory: Directory, network: Network, is_on: bool) -> Self {
        let open = directory.workspaces();
        let workspaces = open
            .iter()
            .map(|workspace| (workspace.id().to_owned(), Carriers::default()));
        Self {
            inner: Arc::new(Inner {
                workspaces: workspaces.collect(),
                directory,
                network,
                is_on,
                made: Mutex::default(),
                changes: watch::Sender::new(0),
            }),
        }
    }

    /// Whether due messages are sent.
    pub fn is_on(&self) -> bool {
        self.inner.is_on
    }

    /// How providers are reached.
    pub fn network(&self) -> &Network {
        &self.inner.network
    }

    /// All open workspaces.
    pub fn workspaces(&self) -> Vec<Workspace> {
        self.inner.directory.workspaces()
    }

    /// The usable credentials of a workspace; they follow each [`Self::refresh`].
    pub fn carriers(&self, workspace: &Workspace) -> Carriers {
        let carriers = self.inner.workspaces.get(workspace.id());
        carriers.cloned().unwrap_or_default()
    }

    /// The credentials of a workspace that cannot be used, and why.
    pub fn unusable(&self, workspace: &Workspace) -> Vec<Unusable> {
        let made = self.made();
        let own = made.get(workspace.id()).into_iter().flatten();
        own.filter_map(|(_, made)| made.carrier.as_ref().err().cloned())
            .collect()
    }

    /// Takes the credentials as the directory has them now. Those that did not change are left as
    /// they are, with their connections, their breakers and what is known of them; those that cannot
    /// be connected are reported and left out. Returns how many were added, changed or removed. Called
    /// within a runtime, which keeps the connections.
    pub fn refresh(&self) -> usize {
        let mut made = self.made();
        let mut changed = 0;
        for workspace in self.workspaces() {
            let Some(carriers) = self.inner.workspaces.get(workspace.id()) else {
                continue;
            };
            let records = self.inner.directory.credentials(&workspace);
            let own = made.entry(workspace.id().to_owned()).or_default();
            let before = own.len();
            own.retain(|name, _| records.contains_key(name));
            changed += before - own.len();
            for (name, record) in records {
                if own.get(&name).is_some_and(|made| made.record == record) {
                    continue;
                }
                changed += 1;
                let known = own.remove(&name);
                let carrier = self.connect(&workspace, &name, &record, known.as_ref());
                own.insert(name, Made { record, carrier });
            }
            let usable = own.values().filter_map(|made| made.carrier.as_ref().ok());
            carriers.replace(usable.cloned().collect());
        }
        drop(made);
        if changed > 0 {
            self.inner.changes.send_modify(|count| *count += 1);
        }
        changed
    }

    /// Tells when credentials were exchanged.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Follows the directory for as long as the runtime runs.
    pub async fn follow(self) {
        let mut changes = self.inner.directory.changes();
        loop {
            // What changed before the first wait is taken too.
            let changed = self.refresh();
            if changed > 0 {
                tracing::info!(changed, "credentials were exchanged");
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Asks a provider whether a stored credential works, and remembers what it said.
    ///
    /// # Errors
    /// When there is no such credential, or it cannot be used.
    pub async fn check(&self, workspace: &Workspace, name: &str) -> Result<Answer, CheckError> {
        let carrier = {
            let made = self.made();
            let found = made.get(workspace.id()).and_then(|own| own.get(name));
            let found = found.ok_or_else(|| CheckError::Missing(name.to_owned()))?;
            found.carrier.clone().map_err(CheckError::Unusable)?
        };
        Ok(ask(&carrier, workspace).await)
    }

    /// The carrier of a stored credential. Where only its terms changed, the connections stay.
    fn connect(
        &self,
        workspace: &Workspace,
        name: &str,
        record: &CredentialRecord,
        known: Option<&Made>,
    ) -> Result<Arc<Carrier>, Unusable> {
        let same = known.filter(|known| known.record.sealed == record.sealed);
        let sender = match same.and_then(|known| known.carrier.as_ref().ok()) {
            Some(carrier) => Ok(Arc::clone(&carrier.sender)),
            None => self.sender(workspace, name, record),
        };
        let sender = sender.map_err(|problem| {
            let workspace = workspace.name();
            tracing::error!(workspace, credential = name, %problem, "a credential cannot be used");
            Unusable {
                name: name.to_owned(),
                problem,
            }
        })?;
        let carrier = Carrier::new(name.to_owned(), sender, record.terms());
        Ok(Arc::new(carrier))
    }

    fn sender(
        &self,
        workspace: &Workspace,
        name: &str,
        record: &CredentialRecord,
    ) -> Result<Arc<dyn Sender>, String> {
        let opened = self
            .inner
            .directory
            .open_credential(workspace, name, record);
        let credential = opened.map_err(|error: DirectoryError| error.to_string())?;
        landfall_send::connect(&credential, &self.inner.network).map_err(|error| error.to_string())
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, Made>>> {
        self.inner
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks a provider whether a credential works, and lets the carrier remember what it said.
pub(crate) async fn ask(carrier: &Carrier, workspace: &Workspace) -> Answer {
    let answer = carrier.sender.check(workspace.now()).await;
    carrier.note_check(answer.clone(), workspace.now());
    answer
}
