//! Checks as JSON and in words.

use serde_json::{Map, Value, json};

use super::{Check, ConsentTo};
use crate::comparison::Comparisons;
use crate::reach::TokenState;

impl Check {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Attribute(field, must) => compared("attribute", field.text(), must),
            Self::ThisEvent(path, must) => compared("this_event", path.text(), must),
            Self::Happened(counting) => counting.to_json(),
            Self::Device(filter) => json!({ "device": filter.to_json() }),
            Self::Segment(id) => json!({ "segment": id }),
            Self::Consent { to, explicit } => {
                let mut object = Map::new();
                object.insert("consent".to_owned(), to.name().into());
                if *explicit {
                    object.insert("explicit".to_owned(), true.into());
                }
                Value::Object(object)
            }
            Self::Reachable(channel) => json!({ "reachable": channel.name() }),
            Self::Token(states) => {
                let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
                match &names[..] {
                    [only] => json!({ "token": only }),
                    _ if is_none(states) => json!({ "token": "none" }),
                    _ => json!({ "token": names }),
                }
            }
            Self::Active(must) => json!({ "active": must.to_json() }),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Attribute(field, must) => format!("{} {}", field.text(), must.describe()),
            Self::ThisEvent(path, must) => {
                format!("{} of this event {}", path.text(), must.describe())
            }
            Self::Happened(counting) => counting.describe(),
            Self::Device(filter) => format!("a device with {}", filter.describe()),
            Self::Segment(id) => format!("in segment {id}"),
            Self::Consent { to, explicit } => {
                let how = if *explicit {
                    "said yes to"
                } else {
                    "did not refuse"
                };
                match to {
                    ConsentTo::Everything => format!("{how} messages"),
                    ConsentTo::Channel(channel) => format!("{how} {channel}"),
                    ConsentTo::Topic(topic) => format!("{how} {topic}"),
                }
            }
            Self::Reachable(channel) => format!("reachable by {channel}"),
            Self::Token(states) if is_none(states) => "no token".to_owned(),
            Self::Token(states) => {
                let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
                format!("token {}", names.join(" or "))
            }
            Self::Active(must) => format!("last active {}", must.describe()),
        }
    }
}

impl ConsentTo {
    fn name(&self) -> &str {
        match self {
            Self::Everything => "global",
            Self::Channel(channel) => channel.name(),
            Self::Topic(topic) => topic,
        }
    }
}

fn compared(subject: &str, path: &str, must: &Comparisons) -> Value {
    let mut object = Map::new();
    object.insert(subject.to_owned(), path.into());
    must.write(&mut object);
    Value::Object(object)
}

fn is_none(states: &[TokenState]) -> bool {
    states == &TokenState::ALL[1..]
}
