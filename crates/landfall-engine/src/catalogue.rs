//! The catalogue: which messages exist and what they are called.

use std::sync::OnceLock;

use landfall_board::MessageInfo;
use landfall_domain::ids::MessageKey;
use landfall_domain::message::{MessageEntry, MessageRef, NameOf, SourceKind};
use landfall_domain::naming::{MessageName, Part};
use rustc_hash::FxHashMap;

/// All messages of a workspace with their names. Cheap to share: readers hold an `Arc` of one
/// version while the next is being made.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    messages: Vec<MessageRef>,
    keys: FxHashMap<MessageRef, MessageKey>,
    names: FxHashMap<NameOf, String>,
    infos: OnceLock<Vec<MessageInfo>>,
}

impl Catalogue {
    /// From what a store holds. Entries must be dense from key zero, as stores keep them.
    pub fn of(entries: &[MessageEntry], names: Vec<(NameOf, String)>) -> Self {
        let mut catalogue = Self::default();
        catalogue.add(entries, names);
        catalogue
    }

    /// Adds new lines and names; a later name of the same thing replaces the earlier one.
    pub fn add(&mut self, entries: &[MessageEntry], names: Vec<(NameOf, String)>) {
        for entry in entries {
            let index = entry.key.0 as usize;
            if index == self.messages.len() {
                self.messages.push(entry.message.clone());
                self.keys.insert(entry.message.clone(), entry.key);
            }
        }
        self.names.extend(names);
        self.infos = OnceLock::new();
    }

    /// Every message with its names, indexed by key, as the board's queries need them.
    pub fn infos(&self) -> &[MessageInfo] {
        self.infos.get_or_init(|| {
            self.messages
                .iter()
                .map(|message| self.info(message))
                .collect()
        })
    }

    fn info(&self, message: &MessageRef) -> MessageInfo {
        let name = self.message_name(message);
        let mut parts = Part::ALL
            .iter()
            .map(|part| name.part(*part).map(str::to_owned));
        let mut parts: [Option<String>; 4] = std::array::from_fn(|_| parts.next().flatten());
        if parts[0].is_none() {
            parts[0] = self.journey_name(message).map(str::to_owned);
        }
        MessageInfo {
            source: message.source,
            source_id: message.source_id,
            step_id: message.step_id,
            variant_id: message.variant_id,
            channel: message.channel,
            source_name: self.journey_name(message).map(str::to_owned),
            step_name: self.step_name(message).map(str::to_owned),
            variant_name: self.variant_name(message).map(str::to_owned),
            parts,
        }
    }

    /// Every message, indexed by key.
    pub fn messages(&self) -> &[MessageRef] {
        &self.messages
    }

    /// What a key stands for.
    pub fn message(&self, key: MessageKey) -> Option<&MessageRef> {
        self.messages.get(key.0 as usize)
    }

    /// Keys by message, as the working set needs them.
    pub fn keys(&self) -> &FxHashMap<MessageRef, MessageKey> {
        &self.keys
    }

    /// The name given to something.
    pub fn name(&self, of: &NameOf) -> Option<&str> {
        self.names.get(of).map(String::as_str)
    }

    /// Every name given.
    pub fn names(&self) -> impl Iterator<Item = (&NameOf, &str)> {
        self.names.iter().map(|(of, name)| (of, name.as_str()))
    }

    /// Name of the journey (campaign, broadcast, newsletter, template) behind a message.
    pub fn journey_name(&self, message: &MessageRef) -> Option<&str> {
        self.name(&NameOf {
            source: message.source,
            source_id: message.source_id,
            step_id: None,
            variant_id: None,
        })
    }

    /// Name of a message's step; a variant without a name of its own has its original's.
    pub fn step_name(&self, message: &MessageRef) -> Option<&str> {
        [message.step_id, message.parent_step_id]
            .into_iter()
            .flatten()
            .find_map(|step_id| {
                self.name(&NameOf {
                    source: message.source,
                    source_id: message.source_id,
                    step_id: Some(step_id),
                    variant_id: None,
                })
            })
    }

    /// Name of a message's content variant.
    pub fn variant_name(&self, message: &MessageRef) -> Option<&str> {
        self.name(&NameOf {
            source: message.source,
            source_id: message.source_id,
            step_id: message.step_id,
            variant_id: Some(message.variant_id?),
        })
    }

    /// A message's name taken apart by the convention: the step's name if it follows it (has more
    /// than one part), otherwise nothing.
    pub(crate) fn message_name(&self, message: &MessageRef) -> MessageName {
        let name = self
            .step_name(message)
            .map(MessageName::parse)
            .unwrap_or_default();
        if name.part(Part::Step).is_some() {
            name
        } else {
            MessageName::default()
        }
    }

    /// Numbers of everything of one kind that has sent, in order.
    pub fn sources(&self, kind: SourceKind) -> Vec<u64> {
        let mut ids: Vec<u64> = self
            .messages
            .iter()
            .filter(|message| message.source == kind)
            .map(|message| message.source_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
