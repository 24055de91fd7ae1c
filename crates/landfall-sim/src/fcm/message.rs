//! A message as FCM reads it (providers.md 2.2).

use serde_json::{Map, Value};

use super::answer::{Extra, Refusal, Row};

mod fields;
mod rules;
#[cfg(test)]
mod tests;

/// Whom a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What kind of recipient.
    pub kind: TargetKind,
    /// Token, installation id, topic without a prefix, or condition.
    pub value: String,
}

/// Kinds of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// A Firebase installation id.
    Fid,
    /// A registration token.
    Token,
    /// Everybody who subscribed to a topic.
    Topic,
    /// A condition on topics.
    Condition,
}

impl TargetKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Fid, Self::Token, Self::Topic, Self::Condition];

    /// The field of a message that names it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Fid => "fid",
            Self::Token => "token",
            Self::Topic => "topic",
            Self::Condition => "condition",
        }
    }

    /// Whether it is one app on one device.
    pub const fn is_one_device(self) -> bool {
        matches!(self, Self::Fid | Self::Token)
    }
}

/// A message that could be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    /// Its names in snake_case.
    pub(super) fields: Value,
    pub(super) target: Target,
    pub(super) validate_only: bool,
}

impl Message {
    /// A text inside the message, such as of `/android/priority`.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.fields.pointer(pointer).and_then(Value::as_str)
    }
}

/// Reads a body, in either spelling of names, and checks that types and names are right and that there is
/// one recipient.
pub(super) fn read(body: &[u8]) -> Result<Message, Refusal> {
    let Ok(Value::Object(request)) = serde_json::from_slice(body) else {
        return Err(violation("", "Invalid JSON payload received."));
    };
    let mut request = fields::request(request)?;
    let validate_only = request.get("validate_only") == Some(&Value::Bool(true));
    let Some(Value::Object(message)) = request.remove("message") else {
        return Err(argument("message", "The message is not set."));
    };
    let target = target(&message)?;
    Ok(Message {
        fields: Value::Object(message),
        target,
        validate_only,
    })
}

/// Checks what a readable message says.
pub(super) fn check(message: &Message) -> Result<(), Refusal> {
    rules::check(&message.fields, &message.target)
}

fn target(message: &Map<String, Value>) -> Result<Target, Refusal> {
    let mut targets = TargetKind::ALL.iter().filter_map(|kind| {
        let value = message.get(kind.field())?.as_str()?;
        Some((*kind, value))
    });
    let Some((kind, value)) = targets.next() else {
        return Err(argument("message", "Recipient of the message is not set."));
    };
    if let Some((second, _)) = targets.next() {
        let why = format!(
            "oneof field 'target' is already set. Cannot set '{}'",
            second.field()
        );
        return Err(violation("message", &why));
    }
    if value.is_empty() {
        return Err(match kind {
            TargetKind::Token | TargetKind::Fid => Row::InvalidToken.into(),
            TargetKind::Topic | TargetKind::Condition => {
                argument(&format!("message.{}", kind.field()), "It is empty.")
            }
        });
    }
    Ok(Target {
        kind,
        value: value.to_owned(),
    })
}

/// JSON that does not fit the message's types: refused before FCM sees it, and without its code.
fn violation(field: &str, description: &str) -> Refusal {
    let extra = Extra::BadRequest {
        field: field.to_owned(),
        description: description.to_owned(),
    };
    let mut refusal = Refusal::of(Row::InvalidArgument).without_code().with(extra);
    refusal.message = Some(description.to_owned());
    refusal
}

/// A field that FCM refuses for what it says.
fn argument(field: &str, description: &str) -> Refusal {
    let extra = Extra::BadRequest {
        field: field.to_owned(),
        description: description.to_owned(),
    };
    let mut refusal = Refusal::of(Row::InvalidArgument).with(extra);
    refusal.message = Some(description.to_owned());
    refusal
}
