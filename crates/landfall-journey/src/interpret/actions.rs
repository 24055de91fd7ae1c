//! Steps that change something, and where their values come from.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::walk::{Flow, Walk};
use crate::clock::{at_path, attribute};
use crate::definition::{Change, SegmentEdit};
use crate::effect::Effect;
use crate::plan::At;
use crate::trace::Check;

impl Walk<'_> {
    pub(super) fn update_person(
        &mut self,
        step: u16,
        changes: &BTreeMap<String, Change>,
        next: At,
    ) -> Flow {
        self.run.acted = true;
        let values = self.values(changes);
        self.note(
            Some(step),
            Check::Action,
            || json!(values),
            "attributes are set",
        );
        self.effects.push(Effect::SetAttributes(values));
        Flow::On(next)
    }

    pub(super) fn emit_event(
        &mut self,
        step: u16,
        name: &str,
        data: &BTreeMap<String, Change>,
        next: At,
    ) -> Flow {
        self.run.acted = true;
        let data: Map<String, Value> = self.values(data).into_iter().collect();
        let data = if data.is_empty() {
            Value::Null
        } else {
            Value::Object(data)
        };
        self.note(
            Some(step),
            Check::Action,
            || json!({ "event": name, "data": data }),
            "an event is tracked",
        );
        let name = name.to_owned();
        self.effects.push(Effect::Emit { name, data });
        Flow::On(next)
    }

    pub(super) fn edit_segment(&mut self, step: u16, edit: SegmentEdit, next: At) -> Flow {
        self.run.acted = true;
        let verdict = if edit.add { "added" } else { "removed" };
        self.note(
            Some(step),
            Check::Action,
            || json!({ "segment": edit.segment }),
            verdict,
        );
        self.effects.push(Effect::EditSegment {
            segment: edit.segment,
            add: edit.add,
        });
        Flow::On(next)
    }

    fn values(&self, changes: &BTreeMap<String, Change>) -> BTreeMap<String, Value> {
        let value = |change: &Change| match change {
            Change::Is(value) => value.clone(),
            Change::From(path) => self.source(path),
        };
        let changes = changes.iter();
        changes
            .map(|(name, change)| (name.clone(), value(change)))
            .collect()
    }

    /// What a path such as `event.sku` holds; null where there is nothing.
    pub(super) fn source(&self, path: &str) -> Value {
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        match root {
            "event" => {
                let scene = self.scene();
                let data = scene.event.map(|event| &event.data);
                data.and_then(|data| at_path(data, rest))
                    .cloned()
                    .unwrap_or_default()
            }
            "person" => self.field(rest),
            _ => self.fact(rest),
        }
    }

    fn field(&self, path: &str) -> Value {
        let person = self.setting.person;
        match attribute(person, path) {
            Some(value) => value.clone(),
            // Identifiers and times that are no attributes.
            None => landfall_audience::field(person, path).map_or(Value::Null, |text| json!(text)),
        }
    }

    fn fact(&self, name: &str) -> Value {
        match name {
            "started_at" => json!(self.run.started_at.seconds()),
            "failure_reason" => json!(
                self.run
                    .failure()
                    .map(landfall_domain::reason::Reason::name)
            ),
            _ => Value::Null,
        }
    }
}
