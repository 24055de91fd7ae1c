//! The fields of a request with their types, in both spellings of protobuf's JSON.

use serde_json::{Map, Value};

use super::violation;
use crate::fcm::Refusal;

/// Type of a field.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Number,
    Flag,
    List,
    /// An object of texts, whose names are data.
    Texts,
    /// An object that FCM hands on as it is.
    Free,
    Fields(&'static [Field]),
}

/// A field's name in snake_case, and its type.
type Field = (&'static str, Shape);

use Shape::{Fields, Flag, Free, List, Number, Text, Texts};

const REQUEST: &[Field] = &[("validate_only", Flag), ("message", Fields(MESSAGE))];

const MESSAGE: &[Field] = &[
    ("name", Text),
    ("fid", Text),
    ("token", Text),
    ("topic", Text),
    ("condition", Text),
    ("data", Texts),
    ("notification", Fields(NOTIFICATION)),
    ("android", Fields(ANDROID)),
    ("webpush", Fields(WEBPUSH)),
    ("apns", Fields(APNS)),
    ("fcm_options", Fields(&[("analytics_label", Text)])),
];

const NOTIFICATION: &[Field] = &[("title", Text), ("body", Text), ("image", Text)];

const ANDROID: &[Field] = &[
    ("collapse_key", Text),
    ("priority", Text),
    ("ttl", Text),
    ("restricted_package_name", Text),
    ("data", Texts),
    ("notification", Fields(ANDROID_NOTIFICATION)),
    ("fcm_options", Fields(&[("analytics_label", Text)])),
    ("direct_boot_ok", Flag),
    ("bandwidth_constrained_ok", Flag),
    ("restricted_satellite_ok", Flag),
];

const ANDROID_NOTIFICATION: &[Field] = &[
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("sound", Text),
    ("tag", Text),
    ("click_action", Text),
    ("body_loc_key", Text),
    ("body_loc_args", List),
    ("title_loc_key", Text),
    ("title_loc_args", List),
    ("channel_id", Text),
    ("ticker", Text),
    ("sticky", Flag),
    ("event_time", Text),
    ("local_only", Flag),
    ("notification_priority", Text),
    ("default_sound", Flag),
    ("default_vibrate_timings", Flag),
    ("default_light_settings", Flag),
    ("vibrate_timings", List),
    ("visibility", Text),
    ("notification_count", Number),
    ("light_settings", Free),
    ("image", Text),
    ("proxy", Text),
    ("bypass_proxy_notification", Flag),
];

const APNS: &[Field] = &[
    ("headers", Texts),
    ("payload", Free),
    (
        "fcm_options",
        Fields(&[("analytics_label", Text), ("image", Text)]),
    ),
    ("live_activity_token", Text),
];

const WEBPUSH: &[Field] = &[
    ("headers", Texts),
    ("data", Texts),
    ("notification", Free),
    (
        "fcm_options",
        Fields(&[("link", Text), ("analytics_label", Text)]),
    ),
];

/// A request with its names in snake_case.
pub(super) fn request(request: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    object(request, REQUEST, "")
}

fn object(
    object: Map<String, Value>,
    fields: &[Field],
    place: &str,
) -> Result<Map<String, Value>, Refusal> {
    let mut read = Map::new();
    for (given, value) in object {
        // An absent field and one that is null are the same.
        if value.is_null() {
            continue;
        }
        let name = snake_case(&given);
        let Some((_, shape)) = fields.iter().find(|(known, _)| *known == name) else {
            let why = format!("Unknown name \"{given}\" at '{place}': Cannot find field.");
            return Err(violation(place, &why));
        };
        let inner = match place {
            "" => name.clone(),
            place => format!("{place}.{name}"),
        };
        let value = shaped(value, *shape, &inner)?;
        if read.insert(name, value).is_some() {
            let why = format!("'{inner}' is set twice, in two spellings.");
            return Err(violation(&inner, &why));
        }
    }
    Ok(read)
}

fn shaped(value: Value, shape: Shape, place: &str) -> Result<Value, Refusal> {
    let wrong = |value: &Value, kind: &str| {
        let why = format!("Invalid value at '{place}' ({kind}), {value}");
        Err(violation(place, &why))
    };
    match (shape, value) {
        (Text, value @ Value::String(_))
        | (Flag, value @ Value::Bool(_))
        | (Number, value @ Value::Number(_))
        | (List, value @ Value::Array(_))
        | (Free, value @ Value::Object(_)) => Ok(value),
        (Texts, Value::Object(texts)) => {
            let other = texts.iter().enumerate().find(|(_, (_, v))| !v.is_string());
            if let Some((number, (_, value))) = other {
                let place = format!("{place}[{number}].value");
                let why = format!("Invalid value at '{place}' (TYPE_STRING), {value}");
                return Err(violation(&place, &why));
            }
            Ok(Value::Object(texts))
        }
        (Fields(fields), Value::Object(inner)) => object(inner, fields, place).map(Value::Object),
        (Text, value) => wrong(&value, "TYPE_STRING"),
        (Flag, value) => wrong(&value, "TYPE_BOOL"),
        (Number, value) => wrong(&value, "TYPE_INT32"),
        (List, value) => wrong(&value, "repeated"),
        (Texts | Free | Fields(_), value) => wrong(&value, "TYPE_MESSAGE"),
    }
}

/// `collapseKey` as `collapse_key`; what is in snake_case stays.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
