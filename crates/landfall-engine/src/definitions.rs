//! Definitions of messages that Landfall sends itself: transactional messages and broadcasts.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use landfall_audience::Filter;
use landfall_domain::content::Content;
use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use landfall_domain::time::{DAY_MS, HOUR_MS, SECOND_MS, Timestamp};
use landfall_domain::work::{Rules, SendTo};
use landfall_store::{DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace::Workspace;

/// How long a cached list is believed where other nodes may write, in milliseconds.
const FRESH_MS: i64 = 2 * SECOND_MS;
/// How long a push or mail is of use, unless its definition says so.
const TTL_MS: i64 = 3 * DAY_MS;
/// How long a text message is of use, unless its definition says so: providers keep none for longer.
const SMS_TTL_MS: i64 = 4 * HOUR_MS;

/// A message that Landfall sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its number, unique within its kind: what calls name it by. A team that moves here keeps the
    /// numbers that its code knows.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Another name for calls, compared without regard to case (app-api.md 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_name: Option<String>,
    /// What it says; with templates in it.
    pub content: Content,
    /// What it says in other languages, by language code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, Content>,
    /// Who gets it, unless the call says so. Broadcasts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Filter>,
    /// Which devices get it, unless the call says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<SendTo>,
    /// How long it is of use, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// Whether people who opted out of everything get it.
    #[serde(default)]
    pub send_to_unsubscribed: bool,
    /// The subscription topic that it belongs to. Broadcasts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Quiet hours, caps and duplicates that differ from the workspace's, part by part. Broadcasts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// Whether it is held until a human releases it.
    #[serde(default)]
    pub queue_drafts: bool,
    /// Whether what was sent is not kept.
    #[serde(default)]
    pub hide_message_body: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Definition {
    /// The content in a language; without one, or in a language that there is none of, the original.
    pub fn content_in(&self, language: Option<&str>) -> &Content {
        language
            .and_then(|language| self.translations.get(language))
            .unwrap_or(&self.content)
    }

    /// How long it is of use after it is due, in milliseconds.
    pub fn ttl_ms(&self) -> i64 {
        match (self.ttl_seconds, &self.content) {
            (Some(seconds), _) => i64::from(seconds) * SECOND_MS,
            (None, content) => ttl_of(content),
        }
    }

    /// What it says about the rules of sending.
    pub fn rules(&self) -> Rules {
        Rules {
            topic: self.topic.clone(),
            policy: self.policy.clone().unwrap_or_default(),
        }
    }

    /// What deliveries of it carry. A broadcast has one message step, numbered one.
    pub fn message(&self, kind: Kind) -> MessageRef {
        MessageRef {
            source: kind.source(),
            source_id: self.number,
            step_id: (kind == Kind::Broadcast).then_some(1),
            parent_step_id: None,
            variant_id: None,
            channel: self.content.channel(),
        }
    }
}

/// How long a content is of use when nobody says, in milliseconds.
pub const fn ttl_of(content: &Content) -> i64 {
    match content {
        Content::Sms(_) => SMS_TTL_MS,
        _ => TTL_MS,
    }
}

/// What kind of message a definition makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One call, one person.
    Transactional,
    /// One call, many people.
    Broadcast,
}

impl Kind {
    const fn document(self) -> DocumentKind {
        match self {
            Self::Transactional => DocumentKind::TransactionalMessage,
            Self::Broadcast => DocumentKind::Broadcast,
        }
    }

    /// The kind as deliveries know it.
    pub const fn source(self) -> SourceKind {
        match self {
            Self::Transactional => SourceKind::Transactional,
            Self::Broadcast => SourceKind::Broadcast,
        }
    }
}

/// All definitions of a kind, by number.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    by_number: BTreeMap<u64, (u32, Arc<Definition>)>,
}

impl Definitions {
    /// By number.
    pub fn get(&self, number: u64) -> Option<&Arc<Definition>> {
        self.by_number.get(&number).map(|(_, found)| found)
    }

    /// By number in digits, or by trigger name or name without regard to case.
    pub fn find(&self, named: &str) -> Option<&Arc<Definition>> {
        if let Ok(number) = named.parse() {
            return self.get(number);
        }
        let is = |name: &str| name.eq_ignore_ascii_case(named);
        let by_trigger = self
            .all()
            .find(|found| found.trigger_name.as_deref().is_some_and(is));
        by_trigger.or_else(|| self.all().find(|found| is(&found.name)))
    }

    /// All, by number.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.by_number.values().map(|(_, found)| found)
    }

    /// A number that none has.
    pub fn next_number(&self) -> u64 {
        self.by_number.keys().next_back().map_or(1, |last| last + 1)
    }

    fn read(store: &dyn Store, kind: Kind) -> Result<Self, StoreError> {
        let mut by_number = BTreeMap::new();
        for document in store.documents(kind.document())? {
            let definition: Definition = serde_json::from_str(&document.body)
                .map_err(|error| StoreError::corrupt("document", document.id, error))?;
            by_number.insert(definition.number, (document.id, Arc::new(definition)));
        }
        Ok(Self { by_number })
    }
}

/// Definitions read lately.
#[derive(Debug, Default)]
pub(crate) struct Cache(BTreeMap<Kind, (Timestamp, Arc<Definitions>)>);

impl Workspace {
    /// The definitions of a kind as they are now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn definitions(&self, kind: Kind) -> Result<Arc<Definitions>, StoreError> {
        let now = self.now();
        {
            let cache = &self.shared.definitions;
            let cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((read_at, known)) = cache.0.get(&kind)
                && (self.store().is_exclusive() || now.since(*read_at) < FRESH_MS)
            {
                return Ok(Arc::clone(known));
            }
        }
        let read = self
            .read(move |store| Definitions::read(store, kind))
            .await?;
        let read = Arc::new(read);
        self.remember(kind, now, Arc::clone(&read));
        Ok(read)
    }

    /// Stores a definition, in the place of the one of the same number if there is one, and names its
    /// deliveries after it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn define(&self, kind: Kind, definition: Definition) -> Result<(), StoreError> {
        let now = self.now();
        let name = (name_of(kind, definition.number), definition.name.clone());
        let stored = self.read(move |store| {
            let body = serde_json::to_string(&definition)
                .map_err(|error| StoreError::corrupt("document", "new", error))?;
            let known = Definitions::read(store, kind)?;
            match known.by_number.get(&definition.number) {
                Some((document, _)) => {
                    store.replace_document(kind.document(), *document, &body)?;
                }
                None => {
                    store.insert_document(kind.document(), &body)?;
                }
            }
            Definitions::read(store, kind)
        });
        self.remember(kind, now, Arc::new(stored.await?));
        let named = crate::input_of_ours(landfall_domain::input::Body::Name { names: vec![name] });
        self.submit(vec![named])
            .await
            .map_err(StoreError::unavailable)?;
        Ok(())
    }

    /// Deletes a definition; its deliveries stay. Returns whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn undefine(&self, kind: Kind, number: u64) -> Result<bool, StoreError> {
        let now = self.now();
        let deleted = self.read(move |store| {
            let known = Definitions::read(store, kind)?;
            let deleted = match known.by_number.get(&number) {
                Some((document, _)) => store.delete_document(kind.document(), *document)?,
                None => false,
            };
            Ok((deleted, Definitions::read(store, kind)?))
        });
        let (deleted, left) = deleted.await?;
        self.remember(kind, now, Arc::new(left));
        Ok(deleted)
    }

    fn remember(&self, kind: Kind, now: Timestamp, read: Arc<Definitions>) {
        let cache = &self.shared.definitions;
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.0.insert(kind, (now, read));
    }
}

const fn name_of(kind: Kind, number: u64) -> NameOf {
    NameOf {
        source: kind.source(),
        source_id: number,
        step_id: None,
        variant_id: None,
    }
}
