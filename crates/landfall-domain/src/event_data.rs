//! What came with an event: free data that nobody looks into while it is taken, so it is kept as the
//! text that it is stored as.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// Data of an event as compact JSON. Copies share the text.
#[derive(Clone, Debug, Default)]
pub struct EventData(Option<Arc<RawValue>>);

impl EventData {
    /// No data.
    pub const NONE: Self = Self(None);

    /// Whether there is none.
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Length of the JSON in bytes; 0 without data.
    pub fn bytes(&self) -> usize {
        self.json().len()
    }

    /// The JSON; empty without data.
    pub fn json(&self) -> &str {
        self.0.as_deref().map_or("", RawValue::get)
    }

    /// The data, to look into; null without any.
    pub fn value(&self) -> Value {
        // The text was made from a value, so it reads as one.
        serde_json::from_str(self.json()).unwrap_or_default()
    }
}

impl EventData {
    /// Takes the text as it is stored, without looking into it. It was made from a value.
    pub(crate) fn of_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Option<Box<RawValue>> = Deserialize::deserialize(deserializer)?;
        Ok(Self(text.map(Arc::from)))
    }
}

impl From<&Value> for EventData {
    fn from(value: &Value) -> Self {
        if value.is_null() {
            return Self::NONE;
        }
        Self(serde_json::value::to_raw_value(value).ok().map(Arc::from))
    }
}

impl PartialEq for EventData {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Serialize for EventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::from(&value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::EventData;

    #[test]
    fn data_reads_back_as_it_was() {
        for value in [
            json!(null),
            json!({}),
            json!({"price": 19.95, "tags": ["a", null, "\u{1F980}\n"]}),
        ] {
            let data = EventData::from(&value);
            assert_eq!(data.value(), value);
            assert_eq!(data.is_none(), value.is_null());
            let stored = serde_json::to_string(&data).unwrap();
            assert_eq!(stored, value.to_string());
            assert_eq!(serde_json::from_str::<EventData>(&stored).unwrap(), data);
            assert_eq!(serde_json::to_value(&data).unwrap(), value);
        }
    }
}
