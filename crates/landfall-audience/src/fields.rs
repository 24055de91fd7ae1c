//! The fields of a person as the App API shows them: every value is a string (app-api.md 4).

use std::borrow::Cow;
use std::collections::BTreeMap;

use landfall_domain::person::Person;
use serde_json::Value;

/// The string form of an attribute's value: text as it is, numbers and booleans as JSON writes
/// them, lists and objects as JSON text. `None` for null, which means "has none".
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

/// One field of a person in its string form, or `None` when the person has none.
///
/// `id`, `email`, `phone`, `cio_id` and `unsubscribed` come from the record itself; `created_at` is
/// the attribute of that name, or else the second in which the record began. Everything else is an
/// attribute, by its whole name first and then as a dotted path into an object.
pub fn field<'p>(person: &'p Person, name: &str) -> Option<Cow<'p, str>> {
    match name {
        "id" => person.id.as_deref().map(Cow::Borrowed),
        "email" => person.email.as_deref().map(Cow::Borrowed),
        "phone" => person.phone.as_deref().map(Cow::Borrowed),
        "cio_id" => Some(Cow::Borrowed(&person.cio_id)),
        "unsubscribed" => Some(Cow::Borrowed(truth(person.is_unsubscribed()))),
        "created_at" => attribute(person, name)
            .or_else(|| Some(Cow::Owned(person.created_at.seconds().to_string()))),
        _ => attribute(person, name),
    }
}

/// Every field of a person in its string form, by name. `unsubscribed` is among them only when the
/// person ever chose.
pub fn fields(person: &Person) -> BTreeMap<&str, Cow<'_, str>> {
    let mut fields: BTreeMap<&str, Cow<'_, str>> = person
        .attributes
        .iter()
        .filter_map(|(name, attribute)| Some((name.as_str(), text_of(&attribute.value)?)))
        .collect();
    let own = ["id", "email", "phone", "cio_id", "created_at"];
    fields.extend(
        own.into_iter()
            .filter_map(|name| Some((name, field(person, name)?))),
    );
    if person.consent.global.is_some() {
        fields.insert(
            "unsubscribed",
            Cow::Borrowed(truth(person.is_unsubscribed())),
        );
    }
    fields
}

fn attribute<'p>(person: &'p Person, name: &str) -> Option<Cow<'p, str>> {
    if let Some(attribute) = person.attributes.get(name) {
        return text_of(&attribute.value);
    }
    let mut keys = name.split('.');
    let root = &person.attributes.get(keys.next()?)?.value;
    text_of(keys.try_fold(root, |value, key| value.get(key))?)
}

const fn truth(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
