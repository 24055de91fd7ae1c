//! What a handler of the App API sees: one workspace, behind its key, on a thread that may block.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_board::{Query, Table};
use landfall_domain::identifier::{Holder, Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::Timestamp;
use landfall_engine::{Catalogue, Rebuild, Workspace};
use landfall_store::{Store, StoreError};
use serde::Serialize;

use super::answer::{Answer, json_answer};
use super::params::Params;
use super::refusal::Refusal;

/// Threads of one question to the board: many small questions share the machine.
const THREADS: usize = 1;

/// One workspace as it is while one request is answered.
#[derive(Clone)]
pub(super) struct View {
    pub(super) workspace: Workspace,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) now: Timestamp,
}

impl View {
    pub(super) fn of(workspace: &Workspace) -> Self {
        Self {
            workspace: workspace.clone(),
            catalogue: workspace.catalogue(),
            now: workspace.now(),
        }
    }

    /// Answers on a thread that may block.
    pub(super) async fn answer<T: Serialize + Send + 'static>(
        self,
        work: impl FnOnce(&Self) -> Result<T, Refusal> + Send + 'static,
    ) -> Answer {
        let done = tokio::task::spawn_blocking(move || work(&self)).await;
        let done = done.map_err(|error| {
            tracing::error!(%error, "a request of the App API ended badly");
            Refusal::unavailable("the server could not finish this request")
        })?;
        Ok(json_answer(&done?))
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.workspace.store().as_ref()
    }

    /// Answers from the board would be incomplete while it is being filled.
    pub(super) fn require_board(&self) -> Result<(), Refusal> {
        match self.workspace.rebuild() {
            Rebuild::Done => Ok(()),
            Rebuild::Running { done, total } => Err(Refusal::unavailable(format!(
                "deliveries are still being loaded ({done} of {total}): try again in a moment"
            ))),
            Rebuild::Failed => Err(Refusal::unavailable(
                "deliveries could not be loaded; the server's log says why",
            )),
        }
    }

    /// Asks the board.
    pub(super) fn ask(&self, query: &Query) -> Result<Table, Refusal> {
        self.require_board()?;
        let board = self.workspace.board().view();
        Ok(board.query(self.catalogue.infos(), query, THREADS)?)
    }

    /// The listed person that bears an identifier.
    pub(super) fn bearer(&self, identifier: &Identifier) -> Result<Option<Person>, StoreError> {
        match self.store().holder(identifier)? {
            Some(Holder::Person(key)) => self.person(key),
            Some(Holder::Suppressed) | None => Ok(None),
        }
    }

    /// A listed person by key, following merges.
    pub(super) fn person(&self, key: PersonKey) -> Result<Option<Person>, StoreError> {
        let mut key = key;
        loop {
            let Some(person) = self.store().people(&[key])?.pop() else {
                return Ok(None);
            };
            match person.standing {
                Standing::Known => return Ok(Some(person)),
                // Merges lead to records that are newer or were there before: never in a circle.
                Standing::Merged(into) if into != key => key = into,
                _ => return Ok(None),
            }
        }
    }

    /// The person that a path names, with `id_type` telling what the name is.
    pub(super) fn named(&self, name: &str, params: &Params) -> Result<Person, Refusal> {
        let id_type = params.text("id_type").unwrap_or("id");
        let kind = match id_type {
            "id" | "email" | "phone" | "cio_id" => IdentifierKind::named(id_type),
            _ => None,
        };
        let kind = kind.ok_or_else(|| {
            Refusal::bad(format!(
                "id_type: `{id_type}` is not id, email, phone or cio_id"
            ))
        })?;
        let person = match Identifier::new(kind, name) {
            Some(identifier) => self.bearer(&identifier)?,
            None => None,
        };
        person.ok_or_else(|| Refusal::missing(format!("no customer with {id_type} `{name}`")))
    }

    /// People by key, in pages that the store allows.
    pub(super) fn people(
        &self,
        keys: impl IntoIterator<Item = PersonKey>,
    ) -> Result<BTreeMap<PersonKey, Person>, StoreError> {
        let mut keys: Vec<PersonKey> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let mut people = BTreeMap::new();
        for page in keys.chunks(10_000) {
            let found = self.store().people(page)?;
            people.extend(found.into_iter().map(|person| (person.key, person)));
        }
        Ok(people)
    }
}

/// The names by which the App API tells who somebody is.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Identifiers {
    pub(super) id: Option<String>,
    pub(super) email: Option<String>,
    pub(super) cio_id: String,
}

impl Identifiers {
    pub(super) fn of(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            email: person.email.clone(),
            cio_id: person.cio_id.clone(),
        }
    }
}
