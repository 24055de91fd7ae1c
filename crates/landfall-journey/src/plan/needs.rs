//! What a journey reads of the event that starts it: a run keeps that and nothing else.

use std::collections::BTreeSet;

use landfall_audience::Condition;
use serde_json::{Map, Value};

use super::{NodeKind, Plan};

/// Members of an event's data that a journey reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Somebody reads the event as a whole.
    everything: bool,
    /// Members at the top.
    members: BTreeSet<String>,
}

/// Most bytes of an event's data that a run keeps, as JSON.
pub(crate) const DATA_BYTES_MAX: usize = 8_192;

/// How templates and paths name the event.
const ROOTS: [&str; 3] = ["event", "this_event", "trigger"];

impl Needs {
    /// Reads every text of the definition: paths, templates and conditions all name the event in the same
    /// ways. A member that is only mentioned is kept too, which costs a few bytes and loses nothing.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut needs = Self::default();
        let definition = &plan.definition;
        let mut json = definition.to_json();
        if let Some(top) = json.as_object_mut() {
            // What happens to test profiles is no reading.
            top.remove("qa");
            top.remove("description");
        }
        needs.value(&json);
        let correlated = definition.exit.on.iter();
        for same in correlated.filter_map(|exit| exit.same.as_deref()) {
            needs.path(same);
        }
        for condition in conditions(plan) {
            needs.value(&condition.to_json());
        }
        needs
    }

    fn path(&mut self, path: &str) {
        let member = path.split(['.', '[']).next().unwrap_or_default();
        self.members.insert(member.to_owned());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(members) => {
                for (key, member) in members {
                    self.text(key);
                    // `{"this_event": {"path": ...}}` and the like: whatever stands below may be a path.
                    if ROOTS.contains(&key.as_str()) {
                        self.paths_below(member);
                    }
                    self.value(member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn paths_below(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.path(text),
            Value::Array(items) => items.iter().for_each(|item| self.paths_below(item)),
            Value::Object(members) => {
                for (key, member) in members {
                    self.path(key);
                    self.paths_below(member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Finds `event.member` and `event["member"]` wherever they stand in a text.
    fn text(&mut self, text: &str) {
        for root in ROOTS {
            for (place, _) in text.match_indices(root) {
                let before = text[..place].chars().next_back();
                let rest = &text[place + root.len()..];
                let word = |c: char| c.is_alphanumeric() || c == '_';
                if before.is_some_and(|c| word(c) || c == '.') || rest.starts_with(word) {
                    continue;
                }
                self.after_root(rest, text.contains("{{") || text.contains("{%"));
            }
        }
    }

    fn after_root(&mut self, rest: &str, template: bool) {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if let Some(rest) = rest.strip_prefix('.') {
            let member: String = rest.chars().take_while(|c| word(*c)).collect();
            self.members.insert(member);
        } else if let Some(rest) = rest.strip_prefix("[\"").or(rest.strip_prefix("['")) {
            let member: String = rest
                .chars()
                .take_while(|c| !matches!(c, '"' | '\''))
                .collect();
            self.members.insert(member);
        } else if template {
            self.everything = true;
        }
    }

    /// The part of an event's data that is read, without its largest members when it is too much.
    pub(crate) fn keep(&self, data: &Value) -> Value {
        let mut kept = self.read_of(data);
        while kept.to_string().len() > DATA_BYTES_MAX {
            let members = kept.as_object_mut();
            let Some(members) = members.filter(|members| members.len() > 1) else {
                return Value::Null;
            };
            let largest = members
                .iter()
                .max_by_key(|(_, value)| value.to_string().len());
            let Some(name) = largest.map(|(name, _)| name.clone()) else {
                break;
            };
            members.remove(&name);
        }
        kept
    }

    fn read_of(&self, data: &Value) -> Value {
        let Some(members) = data.as_object().filter(|_| !self.everything) else {
            return data.clone();
        };
        let kept = members
            .iter()
            .filter(|(name, _)| self.members.contains(*name));
        let kept: Map<String, Value> = kept
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if kept.is_empty() {
            return Value::Null;
        }
        Value::Object(kept)
    }
}

/// Every condition of a plan.
pub(super) fn conditions(plan: &Plan) -> Vec<&Condition> {
    let definition = &plan.definition;
    let mut all: Vec<&Condition> = Vec::new();
    all.extend(&definition.entry.filter);
    for node in &plan.nodes {
        match &node.kind {
            NodeKind::WaitUntil(wait) => all.push(&wait.condition),
            NodeKind::Choose(ways) => all.extend(ways.iter().map(|(condition, _)| condition)),
            NodeKind::Message(message) => all.extend(&message.message.when),
            NodeKind::Reach(reach) => {
                all.extend(
                    reach
                        .channels
                        .iter()
                        .filter_map(|channel| channel.message.when.as_ref()),
                );
            }
            _ => {}
        }
    }
    all
}
