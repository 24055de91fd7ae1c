//! The dimensions that a change is localised in.

use std::sync::Arc;

use landfall_board::{Alike, Condition, Dimension, MessageInfo, TokenAge, Value};
use landfall_domain::channel::{Platform, Provider};
use landfall_insight::verdict::Slice;

/// How "has none" is written in queries.
const NONE: &str = "none";

/// A dimension of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Platform,
    AppVersion,
    Step,
    DeviceModel,
    TokenAge,
    OsVersion,
    Provider,
}

impl Attribute {
    /// What devices are told apart by.
    pub(super) const ALL: [Self; 7] = [
        Self::Platform,
        Self::AppVersion,
        Self::Step,
        Self::DeviceModel,
        Self::TokenAge,
        Self::OsVersion,
        Self::Provider,
    ];

    /// The name in queries.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::AppVersion => "app_version",
            Self::Step => "step",
            Self::DeviceModel => "device_model",
            Self::TokenAge => "token_age",
            Self::OsVersion => "os_version",
            Self::Provider => "provider",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    const fn dimension(self) -> Dimension {
        match self {
            Self::Platform => Dimension::Platform,
            Self::AppVersion => Dimension::AppVersion,
            Self::Step => Dimension::Step,
            Self::DeviceModel => Dimension::DeviceModel,
            Self::TokenAge => Dimension::TokenAge,
            Self::OsVersion => Dimension::OsVersion,
            Self::Provider => Dimension::Provider,
        }
    }

    /// The value of rows as it is written in queries; what a message says is absent.
    pub(super) fn text_of_device(self, row: &Alike) -> String {
        self.text(row, &[])
    }

    /// The value of rows as it is written in queries.
    pub(super) fn text(self, row: &Alike, messages: &[MessageInfo]) -> String {
        let text = |value: &Option<Arc<str>>| value.as_deref().unwrap_or(NONE).to_owned();
        let dims = &row.dims;
        match self {
            Self::Platform => dims.platform.map_or(NONE, Platform::name).to_owned(),
            Self::Provider => dims.provider.map_or(NONE, Provider::name).to_owned(),
            Self::TokenAge => dims.token_age.name().to_owned(),
            Self::AppVersion => text(&dims.app_version),
            Self::OsVersion => text(&dims.os_version),
            Self::DeviceModel => text(&dims.device_model),
            Self::Step => {
                let info = messages.get(row.message.0 as usize);
                let step = info.and_then(|info| info.step_id);
                step.map_or_else(|| NONE.to_owned(), |step| step.to_string())
            }
        }
    }

    fn value(self, text: &str) -> Option<Value> {
        if text == NONE {
            return Some(Value::Absent);
        }
        match self {
            Self::Platform => Platform::named(text).map(Value::Platform),
            Self::Provider => Provider::named(text).map(Value::Provider),
            Self::TokenAge => TokenAge::named(text).map(Value::TokenAge),
            Self::Step => text.parse().ok().map(Value::Number),
            Self::AppVersion | Self::OsVersion | Self::DeviceModel => {
                Some(Value::Text(Arc::from(text)))
            }
        }
    }
}

/// Whether rows belong to a slice.
pub(super) fn belongs(row: &Alike, slice: &Slice, messages: &[MessageInfo]) -> bool {
    slice.0.iter().all(|(name, values)| {
        let Some(attribute) = Attribute::named(name) else {
            return true;
        };
        let own = attribute.text(row, messages);
        // Names of models may hold commas themselves.
        own == *values || values.split(',').any(|value| value == own)
    })
}

/// A slice as conditions.
pub(super) fn conditions(slice: &Slice) -> Vec<Condition> {
    let parts = slice.0.iter().filter_map(|(name, values)| {
        let attribute = Attribute::named(name)?;
        let whole = attribute.value(values);
        let parts = values.split(',').filter_map(|text| attribute.value(text));
        let mut values: Vec<Value> = parts.chain(whole).collect();
        values.dedup();
        Some(Condition::In(attribute.dimension(), values))
    });
    parts.collect()
}
