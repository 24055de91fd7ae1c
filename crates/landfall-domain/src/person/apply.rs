//! The fold of a person's inputs. Total and deterministic: it never fails, and the same inputs in the
//! same order give the same value and the same bytes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Absorbed, Attribute, Choice, Consent, Listed, Person, Standing, SuppressionList};
use crate::activity::{Activity, PersonInput};
use crate::channel::Channel;
use crate::device::{Device, LastStatus};
use crate::identifier::{Identifier, IdentifierKind};
use crate::limits::{ANONYMOUS_ATTACH_MS, ATTRIBUTES_MAX, LISTED_MAX};
use crate::time::{HOUR_MS, Timestamp};

/// Attribute that carries the global switch.
const UNSUBSCRIBED: &str = "unsubscribed";
/// Attribute that carries choices by topic and channel.
const PREFERENCES: &str = "cio_subscription_preferences";

impl Person {
    /// The person that these stored inputs make, oldest first. `None` when they do not begin with
    /// the record's beginning.
    pub fn replay(activities: &[Activity]) -> Option<Self> {
        let (first, rest) = activities.split_first()?;
        let mut person = Self::begin(first)?;
        for activity in rest {
            person.apply(activity);
        }
        Some(person)
    }

    /// A record at its beginning.
    pub fn begin(activity: &Activity) -> Option<Self> {
        let PersonInput::Created {
            key,
            cio_id,
            visitor,
        } = &activity.input
        else {
            return None;
        };
        Some(Self {
            key: *key,
            cio_id: cio_id.clone(),
            standing: if *visitor {
                Standing::Visitor
            } else {
                Standing::Known
            },
            id: None,
            email: None,
            phone: None,
            anonymous_ids: BTreeMap::new(),
            created_at: activity.occurred_at,
            active_at: hour_of(activity.occurred_at),
            attributes: BTreeMap::new(),
            consent: Consent::default(),
            devices: BTreeMap::new(),
            segments: std::collections::BTreeSet::new(),
            listed: Vec::new(),
            absorbed: Vec::new(),
        })
    }

    /// Whether an input may change the state: most of what people do only says again that they are
    /// active.
    pub fn is_changed_by(&self, activity: &Activity) -> bool {
        match activity.input {
            PersonInput::Tracked { .. } => hour_of(activity.occurred_at) > self.active_at,
            _ => true,
        }
    }

    /// Takes one input.
    pub fn apply(&mut self, activity: &Activity) {
        let at = activity.occurred_at;
        match &activity.input {
            PersonInput::Created { .. }
            | PersonInput::IdentifierRefused { .. }
            | PersonInput::UpdateSkipped { .. } => {}
            PersonInput::Tracked { .. } => self.active(at),
            PersonInput::IdentifierSet { identifier } => self.name(identifier, at),
            PersonInput::AttributesSet { attributes } => {
                self.active(at);
                for (name, value) in attributes {
                    self.set_attribute(name, value, at);
                }
            }
            PersonInput::AnonymousLinked { anonymous_id } => {
                self.active(at);
                let linked = self.anonymous_ids.entry(anonymous_id.clone()).or_insert(at);
                *linked = at.max(*linked);
            }
            PersonInput::MergedFrom { secondary } => self.take_over(secondary, at),
            PersonInput::MergedInto { primary } => self.end(Standing::Merged(*primary)),
            PersonInput::Deleted { .. } => self.end(Standing::Deleted),
            PersonInput::SubscriptionChanged {
                topic, subscribed, ..
            } => {
                let choice = Choice {
                    subscribed: *subscribed,
                    set_at: at,
                };
                match topic {
                    None => newer(&mut self.consent.global, choice),
                    Some(topic) => newer_in(&mut self.consent.topics, topic, choice),
                }
            }
            PersonInput::AddressListed {
                address,
                list,
                listed,
            } => self.list(address, *list, *listed, at),
            PersonInput::SegmentChanged { segment, added } => {
                if *added {
                    self.segments.insert(*segment);
                } else {
                    self.segments.remove(segment);
                }
            }
            PersonInput::DeviceRegistered { .. }
            | PersonInput::DeviceReleased { .. }
            | PersonInput::DeviceAnswered { .. }
            | PersonInput::DeviceRestored { .. }
            | PersonInput::DeviceReceived { .. } => self.apply_device(&activity.input, at),
        }
    }

    fn apply_device(&mut self, input: &PersonInput, at: Timestamp) {
        match input {
            PersonInput::DeviceRegistered {
                device: key,
                token,
                last_used,
                attributes,
            } => {
                self.active(at);
                let device = self.devices.entry(*key).or_insert_with(|| Device {
                    key: *key,
                    token: token.clone(),
                    attributes: BTreeMap::new(),
                    last_used: *last_used,
                    registered_at: at,
                    refreshed_at: at,
                    last_status: LastStatus::Unused,
                });
                device.last_used = device.last_used.max(*last_used);
                device.registered_at = device.registered_at.min(at);
                // A registration that arrives late says nothing new about the app.
                if at >= device.refreshed_at {
                    device.refreshed_at = at;
                    device.last_status = LastStatus::Unused;
                    let named = attributes.iter().filter(|(name, _)| !name.starts_with('_'));
                    device
                        .attributes
                        .extend(named.map(|(n, v)| (n.clone(), v.clone())));
                }
            }
            PersonInput::DeviceReleased { device, .. } => {
                self.devices.remove(device);
            }
            PersonInput::DeviceRestored { device } => {
                let restored = self.devices.entry(device.key);
                let restored = restored.or_insert_with(|| device.as_ref().clone());
                restored.last_status = LastStatus::Unused;
            }
            // It says nothing about whether the person was active.
            PersonInput::DeviceReceived { device, .. } => {
                self.devices.insert(device.key, device.as_ref().clone());
            }
            PersonInput::DeviceAnswered { device, accepted } => {
                if let Some(device) = self.devices.get_mut(device) {
                    device.last_status = device.last_status.after(*accepted);
                }
            }
            _ => {}
        }
    }

    /// The value of one of the person's own identifiers.
    pub fn identifier(&self, kind: IdentifierKind) -> Option<&str> {
        match kind {
            IdentifierKind::Id => self.id.as_deref(),
            IdentifierKind::Email => self.email.as_deref(),
            IdentifierKind::Phone => self.phone.as_deref(),
            IdentifierKind::CioId => Some(&self.cio_id),
            IdentifierKind::Anonymous => None,
        }
    }

    fn active(&mut self, at: Timestamp) {
        self.active_at = self.active_at.max(hour_of(at));
    }

    fn name(&mut self, identifier: &Identifier, at: Timestamp) {
        let value = Some(identifier.value().to_owned());
        match identifier.kind() {
            IdentifierKind::Id => self.id = value,
            IdentifierKind::Email => self.email = value,
            IdentifierKind::Phone => self.phone = value,
            IdentifierKind::CioId => return,
            IdentifierKind::Anonymous => {
                self.anonymous_ids.insert(identifier.value().to_owned(), at);
                return;
            }
        }
        self.standing = Standing::Known;
    }

    fn set_attribute(&mut self, name: &str, value: &Value, at: Timestamp) {
        if name == UNSUBSCRIBED {
            let choice = Choice {
                subscribed: !is_true(value),
                set_at: at,
            };
            newer(&mut self.consent.global, choice);
        } else if name == PREFERENCES {
            self.set_preferences(value, at);
        } else if let Some(path) = name.strip_prefix("cio_subscription_preferences.") {
            let choice = Choice {
                subscribed: is_true(value),
                set_at: at,
            };
            match path.split_once('.') {
                Some(("topics", topic)) => newer_in(&mut self.consent.topics, topic, choice),
                Some(("channels", c)) => newer_in(&mut self.consent.channels, c, choice),
                _ => {}
            }
            self.come_back();
        } else if !name.starts_with('_') {
            self.set_plain(name, value, at);
        }
    }

    fn set_preferences(&mut self, value: &Value, at: Timestamp) {
        let parts = [
            ("topics", &mut self.consent.topics),
            ("channels", &mut self.consent.channels),
        ];
        for (part, choices) in parts {
            for (name, value) in value
                .get(part)
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                newer_in(
                    choices,
                    name,
                    Choice {
                        subscribed: is_true(value),
                        set_at: at,
                    },
                );
            }
        }
        self.come_back();
    }

    /// Puts an address on a list or takes it off.
    fn list(&mut self, address: &str, list: SuppressionList, listed: bool, at: Timestamp) {
        let is = |known: &Listed| known.list == list && known.address == address;
        if !listed {
            self.listed.retain(|known| !is(known));
        } else if !self.listed.iter().any(is) && self.listed.len() < LISTED_MAX {
            let address = address.to_owned();
            self.listed.push(Listed { address, list, at });
        }
    }

    /// Whoever said yes to text messages after having told the carrier to stop them gets them again.
    fn come_back(&mut self) {
        let choice = self.consent.channels.get(Channel::Sms.name());
        if let Some(choice) = choice.filter(|choice| choice.subscribed) {
            let since = choice.set_at;
            self.listed
                .retain(|known| known.list != SuppressionList::OptedOut || known.at > since);
        }
    }

    /// An older change does not overwrite a newer one (track-api.md 5); of two at the same time the
    /// one that arrives later wins. Blank values remove, and the removal is remembered.
    fn set_plain(&mut self, name: &str, value: &Value, at: Timestamp) {
        let value = if value.as_str() == Some("") {
            Value::Null
        } else {
            value.clone()
        };
        if let Some(known) = self.attributes.get_mut(name) {
            if at >= known.set_at {
                *known = Attribute { value, set_at: at };
            }
        } else if self.attributes.len() < ATTRIBUTES_MAX || self.has_room() {
            self.attributes
                .insert(name.to_owned(), Attribute { value, set_at: at });
        }
    }

    fn has_room(&self) -> bool {
        let live = self
            .attributes
            .values()
            .filter(|attribute| !attribute.value.is_null());
        live.count() < ATTRIBUTES_MAX
    }

    /// The rules of semantics.md 4.3: the primary wins, the secondary fills what is missing; devices,
    /// segments and anonymous ids move; of two choices of consent the newer one holds.
    fn take_over(&mut self, secondary: &Self, at: Timestamp) {
        fill(&mut self.id, &secondary.id);
        fill(&mut self.email, &secondary.email);
        fill(&mut self.phone, &secondary.phone);
        for (name, attribute) in &secondary.attributes {
            let missing = self
                .attributes
                .get(name)
                .is_none_or(|own| own.value.is_null());
            if missing && !attribute.value.is_null() && self.has_room() {
                self.attributes.insert(name.clone(), attribute.clone());
            }
        }
        if let Some(choice) = secondary.consent.global {
            newer(&mut self.consent.global, choice);
        }
        for (topic, choice) in &secondary.consent.topics {
            newer_in(&mut self.consent.topics, topic, *choice);
        }
        for (channel, choice) in &secondary.consent.channels {
            newer_in(&mut self.consent.channels, channel, *choice);
        }
        for (key, device) in &secondary.devices {
            let known = self.devices.get(key);
            if known.is_none_or(|known| known.last_used < device.last_used) {
                self.devices.insert(*key, device.clone());
            }
        }
        for (id, linked) in &secondary.anonymous_ids {
            let own = self.anonymous_ids.entry(id.clone()).or_insert(*linked);
            *own = (*own).max(*linked);
        }
        self.segments.extend(&secondary.segments);
        for listed in &secondary.listed {
            self.list(&listed.address, listed.list, true, listed.at);
        }
        self.active_at = self.active_at.max(secondary.active_at);
        let history_from = match secondary.standing {
            Standing::Visitor => at.plus_millis(-ANONYMOUS_ATTACH_MS),
            _ => Timestamp::EPOCH,
        };
        self.absorbed.push(Absorbed {
            key: secondary.key,
            at,
            history_from,
        });
        let earlier = secondary.absorbed.iter().map(|absorbed| Absorbed {
            history_from: absorbed.history_from.max(history_from),
            ..absorbed.clone()
        });
        self.absorbed.extend(earlier);
    }

    /// Ends the record: nothing personal stays in the state.
    fn end(&mut self, standing: Standing) {
        self.standing = standing;
        self.id = None;
        self.email = None;
        self.phone = None;
        self.anonymous_ids.clear();
        self.attributes.clear();
        self.consent = Consent::default();
        self.devices.clear();
        self.segments.clear();
        self.listed.clear();
    }
}

impl LastStatus {
    /// The status after a provider's answer (semantics.md 2.6).
    #[must_use]
    pub const fn after(self, accepted: bool) -> Self {
        match (accepted, self) {
            (true, _) => Self::Sent,
            (false, Self::Bounced | Self::Suppressed) => Self::Suppressed,
            (false, Self::Unused | Self::Sent) => Self::Bounced,
        }
    }
}

/// `true`, `"true"` in any case, `1` and `"1"` (track-api.md 3.2).
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() == Some(1.0),
        Value::String(text) => text.eq_ignore_ascii_case("true") || text == "1",
        _ => false,
    }
}

/// The beginning of the hour that `at` lies in.
fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis() - at.millis().rem_euclid(HOUR_MS))
}

fn newer(held: &mut Option<Choice>, choice: Choice) {
    if held.is_none_or(|held| choice.set_at >= held.set_at) {
        *held = Some(choice);
    }
}

fn newer_in(held: &mut BTreeMap<String, Choice>, name: &str, choice: Choice) {
    match held.get_mut(name) {
        Some(known) if choice.set_at >= known.set_at => *known = choice,
        Some(_) => {}
        None => {
            held.insert(name.to_owned(), choice);
        }
    }
}

fn fill(own: &mut Option<String>, other: &Option<String>) {
    if own.is_none() {
        own.clone_from(other);
    }
}
