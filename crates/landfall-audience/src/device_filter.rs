//! Checks of one device: which devices a condition means, and which a push goes to.

mod parse;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use landfall_domain::device::Device;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Explanation, Joined};
use crate::comparison::{Comparisons, TimeComparisons};
use crate::liveness::{Alive, Liveness, Silent};
use crate::logic::Logic;
use crate::profile::Profile;
use crate::value::{Seen, date_text};

/// What must be true of a device. All of it is asked of the same device: `platform` is `ios` and
/// `app_version` is `3.16` does not mean somebody with an older iPhone and a newer Android phone
/// (semantics.md 5, the recommended rule).
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFilter(Logic<DeviceCheck>);

#[derive(Clone, Debug, PartialEq)]
enum DeviceCheck {
    Fact(Fact, Comparisons),
    Attribute(String, Comparisons),
    Permission(Permission),
    Valid(bool),
    Time(Time, TimeComparisons),
    Alive(Alive),
}

/// What a device reports, or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fact {
    Platform,
    App,
    AppVersion,
    Os,
    Sdk,
    Model,
    Locale,
    Environment,
    LastStatus,
}

const FACTS: [(&str, Fact); 9] = [
    ("platform", Fact::Platform),
    ("app", Fact::App),
    ("app_version", Fact::AppVersion),
    ("os", Fact::Os),
    ("sdk", Fact::Sdk),
    ("model", Fact::Model),
    ("locale", Fact::Locale),
    ("environment", Fact::Environment),
    ("last_status", Fact::LastStatus),
];

/// A time of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    LastUsed,
    Registered,
    Refreshed,
}

const TIMES: [(&str, Time); 3] = [
    ("last_used", Time::LastUsed),
    ("registered", Time::Registered),
    ("refreshed", Time::Refreshed),
];

/// Whether the app may show notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Permission {
    Granted,
    Denied,
    Unknown,
}

const PERMISSIONS: [(&str, Permission); 3] = [
    ("granted", Permission::Granted),
    ("denied", Permission::Denied),
    ("unknown", Permission::Unknown),
];

fn name_of<T: Copy + PartialEq>(names: &[(&'static str, T)], of: T) -> &'static str {
    let found = names.iter().find(|(_, known)| *known == of);
    found.map_or("", |(name, _)| name)
}

impl DeviceFilter {
    /// The filter as JSON; reads back as itself.
    pub fn to_json(&self) -> Value {
        self.0.to_json(&DeviceCheck::to_json)
    }

    /// Whether a device passes, and until when.
    pub fn answer(&self, device: &Device, profile: &Profile, now: Timestamp) -> Answer {
        self.0
            .answer(&mut |check| check.answer(device, profile, now))
    }

    /// Whether it asks how likely a device is still there.
    pub(crate) fn asks_of_liveness(&self) -> bool {
        let mut asks = false;
        self.0
            .each(&mut |check| asks |= matches!(check, DeviceCheck::Alive(_)));
        asks
    }

    /// Takes what was learned of how long tokens live.
    pub(crate) fn learn(&mut self, liveness: &Arc<Liveness>) {
        self.0.each_mut(&mut |check| {
            if let DeviceCheck::Alive(alive) = check {
                alive.learned = Arc::clone(liveness);
            }
        });
    }

    /// Device by device, check by check, why the person has one that passes or not.
    pub(crate) fn explain(
        &self,
        person: &Person,
        profile: &Profile,
        now: Timestamp,
    ) -> Vec<Explanation> {
        let devices = person.devices.values().map(|device| {
            let passes = self
                .0
                .explain(&mut |check| check.explain(device, profile, now));
            let platform = device.token.platform;
            Explanation {
                check: format!("{platform} device {}", device.key.0),
                saw: None,
                holds: passes.holds,
                changes_at: passes.changes_at,
                parts: vec![passes],
            }
        });
        devices.collect()
    }

    /// Whether the person has a device that passes.
    pub(crate) fn any_of(&self, person: &Person, profile: &Profile, now: Timestamp) -> Answer {
        let mut any = Joined::any();
        for device in person.devices.values() {
            any.push(self.answer(device, profile, now));
        }
        any.answer()
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        self.0.describe(&DeviceCheck::describe)
    }
}

impl Fact {
    fn of(self, device: &Device) -> Option<&str> {
        let reported = |name: &str| device.attributes.get(name).map(String::as_str);
        match self {
            Self::Platform => Some(device.token.platform.name()),
            Self::App => Some(device.token.app.as_str()).filter(|app| !app.is_empty()),
            Self::AppVersion => reported("app_version"),
            Self::Os => reported("device_os"),
            Self::Sdk => reported("cio_sdk_version"),
            Self::Model => reported("device_model"),
            Self::Locale => reported("device_locale"),
            Self::Environment => reported("environment"),
            Self::LastStatus => Some(match device.last_status.name() {
                "" => "unused",
                name => name,
            }),
        }
    }
}

impl Permission {
    fn of(device: &Device) -> Self {
        match device.permission() {
            Some(true) => Self::Granted,
            Some(false) => Self::Denied,
            None => Self::Unknown,
        }
    }
}

impl Time {
    const fn of(self, device: &Device) -> Timestamp {
        match self {
            Self::LastUsed => device.last_used,
            Self::Registered => device.registered_at,
            Self::Refreshed => device.refreshed_at,
        }
    }
}

impl DeviceCheck {
    fn answer(&self, device: &Device, profile: &Profile, now: Timestamp) -> Answer {
        let text = |must: &Comparisons, text: Option<&str>| {
            must.answer(now, &|show| {
                if let Some(text) = text {
                    show(Seen::Text(text));
                }
            })
        };
        match self {
            Self::Fact(fact, must) => text(must, fact.of(device)),
            Self::Attribute(name, must) => {
                text(must, device.attributes.get(name).map(String::as_str))
            }
            Self::Permission(wanted) => Answer::of(Permission::of(device) == *wanted),
            Self::Valid(wanted) => Answer::of(device.is_valid() == *wanted),
            Self::Time(time, must) => must.answer(time.of(device), now),
            Self::Alive(alive) => {
                let silent = Silent::new(device, profile.receipt_of(device.key));
                alive.learned.answer(&silent, &alive.bounds, now)
            }
        }
    }

    fn explain(&self, device: &Device, profile: &Profile, now: Timestamp) -> Explanation {
        let saw = match self {
            Self::Fact(fact, _) => fact.of(device).into(),
            Self::Attribute(name, _) => device.attributes.get(name).map(String::as_str).into(),
            Self::Permission(_) => name_of(&PERMISSIONS, Permission::of(device)).into(),
            Self::Valid(_) => device.is_valid().into(),
            Self::Time(time, _) => date_text(time.of(device)).into(),
            Self::Alive(alive) => {
                let silent = Silent::new(device, profile.receipt_of(device.key));
                match alive.learned.alive(&silent, now) {
                    Some(share) => ((share * 1_000.0).round() / 1_000.0).into(),
                    None => "too little is known".into(),
                }
            }
        };
        let Answer { holds, changes_at } = self.answer(device, profile, now);
        Explanation {
            check: self.describe(),
            saw: Some(saw),
            holds,
            changes_at,
            parts: Vec::new(),
        }
    }

    fn to_json(&self) -> Value {
        let comparisons = |must: &Comparisons| {
            let mut object = Map::new();
            must.write(&mut object);
            object
        };
        match self {
            Self::Fact(fact, must) => json!({ (name_of(&FACTS, *fact)): comparisons(must) }),
            Self::Attribute(name, must) => {
                let mut object = comparisons(must);
                object.insert("attribute".to_owned(), name.as_str().into());
                Value::Object(object)
            }
            Self::Permission(wanted) => json!({ "permission": name_of(&PERMISSIONS, *wanted) }),
            Self::Valid(wanted) => json!({ "valid": wanted }),
            Self::Time(time, must) => json!({ (name_of(&TIMES, *time)): must.to_json() }),
            Self::Alive(alive) => {
                let mut object = Map::new();
                for (word, bound) in alive.bounds.words() {
                    object.insert(word.to_owned(), bound.into());
                }
                json!({ "alive": object })
            }
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Fact(fact, must) => format!("{} {}", name_of(&FACTS, *fact), must.describe()),
            Self::Attribute(name, must) => format!("{name} {}", must.describe()),
            Self::Permission(wanted) => format!("permission {}", name_of(&PERMISSIONS, *wanted)),
            Self::Valid(true) => "token valid".to_owned(),
            Self::Valid(false) => "token rejected".to_owned(),
            Self::Time(time, must) => format!("{} {}", name_of(&TIMES, *time), must.describe()),
            Self::Alive(alive) => {
                let words = alive.bounds.words().map(|(word, bound)| {
                    format!(
                        "{} {} %",
                        word.replace('_', " "),
                        (bound * 1_000.0).round() / 10.0
                    )
                });
                let words: Vec<String> = words.collect();
                format!("alive with a probability of {}", words.join(" and "))
            }
        }
    }
}
