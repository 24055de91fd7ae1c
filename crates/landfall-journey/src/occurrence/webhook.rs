//! What a call of somebody's server says.

use landfall_domain::identifier::Identifier;
use landfall_domain::limits::IDENTIFIER_BYTES_MAX;
use serde_json::Value;

use crate::clock::at_path;
use crate::definition::WebhookTrigger;

/// Longest id of a call in bytes.
pub const CALL_KEY_BYTES_MAX: usize = 200;

/// What a call says.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who comes to the door.
    pub who: Identifier,
    /// What conditions and templates see as the event's data.
    pub data: Value,
    /// The id of the call.
    pub key: Option<String>,
}

/// What is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {wrong}")]
pub struct CallFault {
    /// The path that the definition names.
    pub path: String,
    /// What is wrong with what stands there.
    pub wrong: &'static str,
}

impl WebhookTrigger {
    /// Reads the body of a call.
    ///
    /// # Errors
    /// When it does not name a person, or what it says cannot be used.
    pub fn read(&self, body: &Value) -> Result<Call, CallFault> {
        let fault = |path: &str, wrong| CallFault {
            path: path.to_owned(),
            wrong,
        };
        let name = at_path(body, &self.person).and_then(name_of);
        let who = name
            .filter(|name| name.len() <= IDENTIFIER_BYTES_MAX)
            .and_then(|name| Identifier::new(self.kind, &name));
        let who = who.ok_or_else(|| {
            fault(
                &self.person,
                "has to be a text or a whole number of 1 to 150 bytes: it names the person",
            )
        })?;
        let data = match &self.data {
            None => body,
            Some(path) => at_path(body, path).unwrap_or(&Value::Null),
        };
        if !data.is_object() && !data.is_null() {
            let path = self.data.as_deref().unwrap_or("the body");
            return Err(fault(path, "has to be an object: it is the event's data"));
        }
        let key = match &self.key {
            None => None,
            Some(path) => {
                let key = at_path(body, path).and_then(name_of);
                let key = key.filter(|key| !key.is_empty() && key.len() <= CALL_KEY_BYTES_MAX);
                let wrong =
                    "has to be a text or a whole number of 1 to 200 bytes: it tells calls apart";
                Some(key.ok_or_else(|| fault(path, wrong))?)
            }
        };
        Ok(Call {
            who,
            data: data.clone(),
            key,
        })
    }
}

fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}
