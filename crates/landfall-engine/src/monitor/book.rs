//! What the monitor keeps: incidents with their messages, rules, channels, and how far it is.
//!
//! Everything is a document of the store. Incidents are written before how far the monitor is: a crash in
//! between lets it look at the same buckets again, which finds the same incidents and tells nobody anew.

use std::collections::BTreeMap;

use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::alerts::{
    AtWork, Breakdown, Desk, Incident, Memory, Message, Metric, Rule, Signal, Tell, Watch,
};
use landfall_insight::verdict::{Cause, Problem};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long incidents that are over are kept.
const KEPT_MS: i64 = 180 * DAY_MS;

/// What is known of an incident beyond its signals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Particulars {
    /// The verdict, in a sentence.
    pub verdict: String,
    /// Which problem it is, by the diagnosis.
    pub problem: Option<String>,
    /// What lies behind it, by the diagnosis.
    pub cause: Option<String>,
    /// What it costs a day, in `unit`.
    pub money_a_day: Option<f64>,
    /// What that is counted in: a currency, `orders` or `opens`.
    pub unit: Option<String>,
    /// What became of the messages of its slice since it began.
    pub breakdown: Vec<Breakdown>,
    /// Journeys that it touches, such as `campaign:31`, the most affected first.
    pub journeys: Vec<String>,
    /// When this was found out.
    pub at: Option<Timestamp>,
}

impl Particulars {
    /// Takes the names of a diagnosis.
    pub(super) fn diagnosed(&mut self, problem: Problem, cause: Cause) {
        let name = |value: serde_json::Result<Value>| {
            value
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
        };
        self.problem = name(serde_json::to_value(problem));
        self.cause = name(serde_json::to_value(cause));
    }
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// It waits for its (next) try.
    Waiting,
    /// It is being handed over.
    HandedOver,
    /// It was taken.
    Sent,
    /// The program ended while it was handed over, and the channel cannot tell a second copy: it is not
    /// sent again.
    Unknown,
    /// It was refused, or tried too often.
    GivenUp,
}

impl PostState {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::HandedOver => "handed_over",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::GivenUp => "given_up",
        }
    }
}

/// A message about an incident to one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Its id: the same at every try.
    pub id: String,
    /// What it is about: `new`, `worse`, `back`, `still`, `over`.
    pub event: String,
    /// Where to: `slack:NAME`, `email:ADDRESS`, `webhook:URL`.
    pub to: String,
    /// Where it is.
    pub state: PostState,
    /// How often it was tried.
    pub tries: u16,
    /// When it was made.
    pub at: Timestamp,
    /// When it is tried (again).
    pub next_at: Option<Timestamp>,
    /// What was wrong at the last try.
    pub problem: Option<String>,
    /// What it says.
    pub message: Message,
}

/// An incident with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What was found, and its timeline.
    pub incident: Incident,
    /// The verdict and more.
    pub particulars: Particulars,
    /// Its messages, oldest first.
    pub posts: Vec<Post>,
}

/// As stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    incident: Incident,
    #[serde(default)]
    file: File,
}

/// What lies beside an incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) particulars: Particulars,
    pub(super) posts: Vec<Post>,
    /// Events whose messages are not made yet.
    pub(super) untold: Vec<Tell>,
    /// The number of its document and what is written there.
    #[serde(skip)]
    written: Option<(u32, String)>,
}

/// A rule, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredRule {
    /// As it was written, journeys by their number.
    pub rule: Value,
    /// When it was made or changed.
    pub at: Timestamp,
}

/// A rule as it is read, with how it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RuleFile {
    pub(super) document: u32,
    pub(super) stored: StoredRule,
    pub(super) rule: Rule,
}

/// Where messages go beside the owners of journeys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// `slack:NAME`, `email:ADDRESS` or `webhook:URL`.
    pub to: String,
    /// Only for these journeys, such as `campaign:31`; all when empty.
    #[serde(default)]
    pub journeys: Vec<String>,
}

/// How far the monitor is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The end of the last bucket that was looked at, by metric.
    pub(super) seen: BTreeMap<String, Timestamp>,
    pub(super) memory: Memory,
    /// How rules stand, by id.
    pub(super) rules: BTreeMap<String, AtWork>,
    /// Credentials that do not work, by name.
    pub(super) credentials: BTreeMap<String, Signal>,
    pub(super) opened: u64,
}

/// All of it, in memory.
#[derive(Default)]
pub(crate) struct Book {
    pub(super) is_read: bool,
    pub(super) desk: Desk,
    pub(super) files: BTreeMap<String, File>,
    pub(super) rules: BTreeMap<String, RuleFile>,
    /// Rules that definitions of journeys hold, by id, as they were at `of_journeys_at`.
    pub(super) of_journeys: BTreeMap<String, Rule>,
    pub(super) of_journeys_at: Option<Timestamp>,
    pub(super) channels: Vec<Channel>,
    channels_document: Option<u32>,
    pub(super) progress: Progress,
    progress_written: Option<(u32, String)>,
    pub(super) watch: Option<Watch>,
    pub(super) learned_at: Option<Timestamp>,
    pub(super) looked_at: Option<Timestamp>,
}

impl Book {
    /// Reads everything, once.
    pub(super) fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        if self.is_read {
            return Ok(());
        }
        if let Some(document) = store.documents(DocumentKind::Monitor)?.pop() {
            self.progress = parsed(&document)?;
            self.progress_written = Some((document.id, document.body));
        }
        self.desk = Desk {
            incidents: Vec::new(),
            opened: self.progress.opened,
        };
        for document in store.documents(DocumentKind::Incident)? {
            let Stored { incident, mut file } = parsed(&document)?;
            let number = incident.id.strip_prefix("inc-");
            let number = number.and_then(|n| n.parse().ok()).unwrap_or(0);
            // An incident may have been written before how many there are.
            self.desk.opened = self.desk.opened.max(number);
            file.written = Some((document.id, document.body));
            interrupted(&mut file.posts);
            self.files.insert(incident.id.clone(), file);
            self.desk.incidents.push(incident);
        }
        for document in store.documents(DocumentKind::AlertRule)? {
            let stored: StoredRule = parsed(&document)?;
            let Ok(rule) = super::rules::read_one(&stored.rule) else {
                // A rule of another version: the others count all the same.
                tracing::warn!(rule = %stored.rule, "a rule of alerts cannot be read and is left out");
                continue;
            };
            let file = RuleFile {
                document: document.id,
                stored,
                rule,
            };
            self.rules.insert(file.rule.id.clone(), file);
        }
        if let Some(document) = store.documents(DocumentKind::AlertChannels)?.pop() {
            self.channels = parsed(&document)?;
            self.channels_document = Some(document.id);
        }
        self.is_read = true;
        Ok(())
    }

    /// Writes what changed.
    pub(super) fn write(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        for incident in &self.desk.incidents {
            let file = self.files.entry(incident.id.clone()).or_default();
            let body = json(&Stored {
                incident: incident.clone(),
                file: file.clone(),
            })?;
            write(store, DocumentKind::Incident, &mut file.written, body)?;
        }
        self.progress.opened = self.desk.opened;
        if let Some(watch) = &self.watch {
            self.progress.memory = watch.memory();
        }
        let body = json(&self.progress)?;
        write(
            store,
            DocumentKind::Monitor,
            &mut self.progress_written,
            body,
        )
    }

    /// Forgets incidents that were over long ago.
    pub(super) fn forget(&mut self, store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
        self.desk.forget(now.plus_millis(-KEPT_MS));
        let (desk, files) = (&self.desk, &mut self.files);
        let gone = files.extract_if(.., |id, _| desk.incident(id).is_none());
        for (_, file) in gone.collect::<Vec<_>>() {
            if let Some((document, _)) = file.written {
                store.delete_document(DocumentKind::Incident, document)?;
            }
        }
        Ok(())
    }

    /// Replaces the channels.
    pub(super) fn set_channels(
        &mut self,
        store: &dyn Store,
        channels: Vec<Channel>,
    ) -> Result<(), StoreError> {
        let body = json(&channels)?;
        match self.channels_document {
            Some(id) => {
                store.replace_document(DocumentKind::AlertChannels, id, &body)?;
            }
            None => {
                let id = store.insert_document(DocumentKind::AlertChannels, &body)?;
                self.channels_document = Some(id);
            }
        }
        self.channels = channels;
        Ok(())
    }

    /// An incident with all that belongs to it.
    pub(super) fn case(&self, id: &str) -> Option<Case> {
        let incident = self.desk.incident(id)?.clone();
        let file = self.files.get(id).cloned().unwrap_or_default();
        Some(Case {
            incident,
            particulars: file.particulars,
            posts: file.posts,
        })
    }

    /// Until where a metric's buckets were looked at.
    pub(super) fn seen(&self, metric: Metric) -> Option<Timestamp> {
        self.progress.seen.get(metric.name()).copied()
    }
}

/// Messages that were being handed over when the program ended. Mail programs and servers know a second copy
/// by its id; Slack does not.
fn interrupted(posts: &mut [Post]) {
    for post in posts {
        if post.state == PostState::HandedOver {
            let is_slack = post.to.starts_with("slack:");
            post.state = match is_slack {
                true => PostState::Unknown,
                false => PostState::Waiting,
            };
            post.next_at = (!is_slack).then_some(post.at);
            post.problem = Some("the program ended while it was handed over".to_owned());
        }
    }
}

fn parsed<T: DeserializeOwned>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_str(&document.body)
        .map_err(|error| StoreError::corrupt("documents", document.id, error))
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt("documents", "new", error))
}

fn write(
    store: &dyn Store,
    kind: DocumentKind,
    written: &mut Option<(u32, String)>,
    body: String,
) -> Result<(), StoreError> {
    match written {
        Some((_, before)) if *before == body => {}
        Some((id, before)) => {
            store.replace_document(kind, *id, &body)?;
            *before = body;
        }
        None => {
            let id = store.insert_document(kind, &body)?;
            *written = Some((id, body));
        }
    }
    Ok(())
}
