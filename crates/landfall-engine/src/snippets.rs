//! Texts that templates share: `{{ snippets.name }}`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use landfall_domain::time::{SECOND_MS, Timestamp};
use landfall_liquid::{ParseError, Template};
use landfall_store::{DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

/// How long what was read is believed where other nodes may write, in milliseconds.
const FRESH_MS: i64 = 2 * SECOND_MS;

/// A text with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snippet {
    /// What templates call it.
    pub name: String,
    /// The text, a template itself.
    pub value: String,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// All snippets of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Snippets {
    by_name: BTreeMap<String, (u32, Snippet)>,
    parsed: BTreeMap<String, Template>,
}

/// A snippet cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum SnippetError {
    /// The text is no template.
    #[error("value: {0}")]
    Malformed(ParseError),
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Snippets {
    /// By name.
    pub fn get(&self, name: &str) -> Option<&Snippet> {
        self.by_name.get(name).map(|(_, snippet)| snippet)
    }

    /// All, by name.
    pub fn all(&self) -> impl Iterator<Item = &Snippet> {
        self.by_name.values().map(|(_, snippet)| snippet)
    }

    /// As the renderer takes them.
    pub(crate) const fn parsed(&self) -> &BTreeMap<String, Template> {
        &self.parsed
    }

    fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut snippets = Self::default();
        for document in store.documents(DocumentKind::Snippet)? {
            let snippet: Snippet = serde_json::from_str(&document.body)
                .map_err(|error| StoreError::corrupt("document", document.id, error))?;
            // What is stored was a template when it came; what is none any more counts as unknown.
            if let Ok(template) = Template::parse(&snippet.value) {
                snippets.parsed.insert(snippet.name.clone(), template);
            }
            let known = snippet.name.clone();
            snippets.by_name.insert(known, (document.id, snippet));
        }
        Ok(snippets)
    }
}

/// Snippets read lately.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    known: Mutex<Option<(Timestamp, Arc<Snippets>)>>,
    /// Held while they are read: one reads, and the others wait for what it finds.
    reading: tokio::sync::Mutex<()>,
}

impl Workspace {
    /// The snippets as they are now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn snippets(&self) -> Result<Arc<Snippets>, StoreError> {
        if let Some(known) = self.known_snippets() {
            return Ok(known);
        }
        let _reading = self.shared.snippets.reading.lock().await;
        if let Some(known) = self.known_snippets() {
            return Ok(known);
        }
        let now = self.now();
        let read = Arc::new(self.read(|store| Snippets::read(store)).await?);
        self.remember_snippets(now, &read);
        Ok(read)
    }

    /// Stores a snippet, in the place of the one of the same name if there is one.
    ///
    /// # Errors
    /// When the text is no template, or the store cannot be written.
    pub async fn put_snippet(&self, name: &str, value: &str) -> Result<Snippet, SnippetError> {
        Template::parse(value).map_err(SnippetError::Malformed)?;
        let now = self.now();
        let snippet = Snippet {
            name: name.to_owned(),
            value: value.to_owned(),
            updated_at: now,
        };
        let stored = snippet.clone();
        let read = self.read(move |store| {
            let body = serde_json::to_string(&stored)
                .map_err(|error| StoreError::corrupt("document", "new", error))?;
            let known = Snippets::read(store)?;
            match known.by_name.get(&stored.name) {
                Some((document, _)) => {
                    store.replace_document(DocumentKind::Snippet, *document, &body)?;
                }
                None => {
                    store.insert_document(DocumentKind::Snippet, &body)?;
                }
            }
            Snippets::read(store)
        });
        self.remember_snippets(now, &Arc::new(read.await?));
        Ok(snippet)
    }

    /// Deletes a snippet; returns whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn delete_snippet(&self, name: &str) -> Result<bool, StoreError> {
        let now = self.now();
        let name = name.to_owned();
        let deleted = self.read(move |store| {
            let known = Snippets::read(store)?;
            let deleted = match known.by_name.get(&name) {
                Some((document, _)) => store.delete_document(DocumentKind::Snippet, *document)?,
                None => false,
            };
            Ok((deleted, Snippets::read(store)?))
        });
        let (deleted, left) = deleted.await?;
        self.remember_snippets(now, &Arc::new(left));
        Ok(deleted)
    }

    fn remember_snippets(&self, now: Timestamp, read: &Arc<Snippets>) {
        let known = &self.shared.snippets.known;
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((now, Arc::clone(read)));
    }

    fn known_snippets(&self) -> Option<Arc<Snippets>> {
        let known = &self.shared.snippets.known;
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, snippets) = known.as_ref()?;
        let fresh = self.store().is_exclusive() || self.now().since(*read_at) < FRESH_MS;
        fresh.then(|| Arc::clone(snippets))
    }
}
