//! The patterns in use, found by what happens.

use std::cell::OnceCell;

use landfall_domain::activity::EventKind;
use landfall_domain::marks::MARK_COUNT;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::{Pattern, PatternId, What};
use crate::happening::Happening;

/// The patterns in use, with an index by name and mark: one happening is compared only with what it
/// can match.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    list: Vec<Pattern>,
    by_id: FxHashMap<PatternId, usize>,
    /// By kind ([`EventKind::ALL`]): exact names, and names with `*`.
    names: [FxHashMap<String, Vec<usize>>; 3],
    wild: [Vec<usize>; 3],
    marks: [Vec<usize>; MARK_COUNT],
}

impl Patterns {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pattern unless it is there.
    pub fn add(&mut self, pattern: &Pattern) {
        if self.contains(pattern.id) {
            return;
        }
        let index = self.list.len();
        match &pattern.what {
            What::Did(events) => {
                let kind = events.kind as usize;
                match events.exact_name() {
                    Some(name) => {
                        let named = self.names[kind].entry(name.to_owned());
                        named.or_default().push(index);
                    }
                    None => self.wild[kind].push(index),
                }
            }
            What::Told(messages) => self.marks[messages.mark().index()].push(index),
        }
        self.by_id.insert(pattern.id, index);
        self.list.push(pattern.clone());
    }

    /// Whether a pattern is in use.
    pub fn contains(&self, id: PatternId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The pattern of an id.
    pub fn get(&self, id: PatternId) -> Option<&Pattern> {
        Some(&self.list[*self.by_id.get(&id)?])
    }

    /// Every pattern, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.list.iter()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether events of this kind and name are counted at all: what else happens need not be read.
    pub fn counts_event(&self, kind: EventKind, name: &str) -> bool {
        self.names[kind as usize].contains_key(name)
            || self.wild[kind as usize].iter().any(|index| {
                matches!(&self.list[*index].what, What::Did(events) if events.names(kind, name))
            })
    }

    /// Whether anything of this name is counted, of whatever kind.
    pub fn counts_name(&self, name: &str) -> bool {
        let mut kinds = EventKind::ALL.iter();
        kinds.any(|kind| self.counts_event(*kind, name))
    }

    /// Shows every pattern that a happening matches.
    pub(crate) fn each_match(&self, happening: &Happening<'_>, show: &mut dyn FnMut(&Pattern)) {
        match happening {
            Happening::Did {
                kind,
                name,
                data,
                at,
            } => {
                // The data are read when a pattern looks into them, and once.
                let read: OnceCell<Value> = OnceCell::new();
                let exact = self.names[*kind as usize].get(*name);
                let wild = &self.wild[*kind as usize];
                for index in exact.into_iter().flatten().chain(wild) {
                    let pattern = &self.list[*index];
                    let What::Did(events) = &pattern.what else {
                        continue;
                    };
                    let named = events.exact_name().is_some() || events.names(*kind, name);
                    let passes = || {
                        !events.looks_into_data()
                            || events.passes(read.get_or_init(|| data.value()), *at)
                    };
                    if named && passes() {
                        show(pattern);
                    }
                }
            }
            Happening::Told {
                mark,
                message,
                reason,
                ..
            } => {
                for index in &self.marks[mark.index()] {
                    let pattern = &self.list[*index];
                    if matches!(&pattern.what, What::Told(wanted) if wanted.matches(message, *reason))
                    {
                        show(pattern);
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'p> FromIterator<&'p Pattern> for Patterns {
    fn from_iter<I: IntoIterator<Item = &'p Pattern>>(patterns: I) -> Self {
        let mut all = Self::new();
        for pattern in patterns {
            all.add(pattern);
        }
        all
    }
}
