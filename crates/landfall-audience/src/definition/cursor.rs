//! A value with its path.

use serde_json::{Map, Value};

use super::{DURATION_MAX_MS, Fault, Faults, duration_text, nearest, parse_duration};

/// A value in a definition, with its path. Its reading methods answer `None` and report a fault when
/// something else stands there.
#[derive(Clone, Debug)]
pub struct Place<'v> {
    value: &'v Value,
    path: String,
    faults: &'v Faults,
}

/// An object whose keys were checked.
#[derive(Clone, Debug)]
pub struct Object<'v> {
    place: Place<'v>,
    entries: &'v Map<String, Value>,
}

impl<'v> Place<'v> {
    pub(super) fn root(value: &'v Value, root: &str, faults: &'v Faults) -> Self {
        Self {
            value,
            path: root.to_owned(),
            faults,
        }
    }

    /// What stands here.
    pub const fn value(&self) -> &'v Value {
        self.value
    }

    /// The path, such as `steps[2].if`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// Reports a fault here.
    pub fn fault(&self, wrong: impl Into<String>, fix: impl Into<String>) {
        self.faults.add(Fault::new(self.path.clone(), wrong, fix));
    }

    /// Reports a fault here and is `None`: for the end of a parser's branch.
    pub fn refuse<T>(&self, wrong: impl Into<String>, fix: impl Into<String>) -> Option<T> {
        self.fault(wrong, fix);
        None
    }

    /// Reports that something else belongs here; `what` completes the sentence "... belongs here".
    pub fn expected<T>(&self, what: &str) -> Option<T> {
        let found = match self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("the text {:?}", shortened(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.refuse(format!("{found} is not {what}"), format!("write {what}"))
    }

    /// The place below `key`.
    fn below(&self, key: &str, value: &'v Value) -> Self {
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        Self {
            value,
            path,
            faults: self.faults,
        }
    }

    /// An object that has no other keys than `known`. Unknown ones are faults, each with the known
    /// key that it was probably meant to be; the object is read all the same.
    pub fn object(&self, known: &[&str]) -> Option<Object<'v>> {
        let object = self.any_object()?;
        for key in object.entries.keys() {
            if !known.contains(&key.as_str()) {
                let fix = match nearest(key, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                let here = self.below(key, self.value);
                here.fault(format!("`{}` is not known here", shortened(key)), fix);
            }
        }
        Some(object)
    }

    /// An object with whatever keys.
    pub fn any_object(&self) -> Option<Object<'v>> {
        match self.value.as_object() {
            Some(entries) => Some(Object {
                place: self.clone(),
                entries,
            }),
            None => self.expected("an object"),
        }
    }

    /// The items of a list, which may be empty.
    pub fn list(&self) -> Option<Vec<Self>> {
        let Some(items) = self.value.as_array() else {
            return self.expected("a list");
        };
        let places = items.iter().enumerate().map(|(index, value)| Self {
            value,
            path: format!("{}[{index}]", self.path),
            faults: self.faults,
        });
        Some(places.collect())
    }

    /// The items of a list that has at least one.
    pub fn items(&self) -> Option<Vec<Self>> {
        let items = self.list()?;
        if items.is_empty() {
            return self.refuse("the list is empty", "put at least one item into it");
        }
        Some(items)
    }

    /// The items of a list, or this place itself: where one may be written without brackets.
    pub fn one_or_more(&self) -> Option<Vec<Self>> {
        if self.value.is_array() {
            self.items()
        } else {
            Some(vec![self.clone()])
        }
    }

    /// A text that is not blank, without blanks around it.
    pub fn text(&self) -> Option<&'v str> {
        match self.value.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Some(text),
            Some(_) => self.refuse(
                "the text is empty",
                "write something here or leave the key out",
            ),
            None => self.expected("a text"),
        }
    }

    /// True or false.
    pub fn boolean(&self) -> Option<bool> {
        match self.value.as_bool() {
            Some(flag) => Some(flag),
            None => self.expected("true or false"),
        }
    }

    /// A number.
    pub fn number(&self) -> Option<f64> {
        match self.value.as_f64() {
            Some(number) => Some(number),
            None => self.expected("a number"),
        }
    }

    /// A whole number from `least` to `most`.
    pub fn whole(&self, least: u64, most: u64) -> Option<u64> {
        match self.value.as_u64() {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => self.expected(&format!("a whole number from {least} to {most}")),
        }
    }

    /// A share in percent, from 0 to 100: a number, or a text such as `"12.5%"`.
    pub fn percent(&self) -> Option<f64> {
        let number = match self.value {
            Value::String(text) => text
                .trim()
                .strip_suffix('%')
                .and_then(|digits| digits.trim().parse().ok()),
            other => other.as_f64(),
        };
        match number {
            Some(share) if (0.0..=100.0).contains(&share) => Some(share),
            _ => self.expected("a percentage from 0 to 100"),
        }
    }

    /// A duration in milliseconds, from zero to ten years, such as `30m`, `2h`, `7d`, `3w`.
    pub fn duration(&self) -> Option<i64> {
        self.duration_between(0, DURATION_MAX_MS)
    }

    /// A duration in milliseconds within bounds.
    pub fn duration_between(&self, least_ms: i64, most_ms: i64) -> Option<i64> {
        let Some(millis) = self.value.as_str().and_then(parse_duration) else {
            return self.expected("a duration such as \"30m\", \"2h\", \"7d\" or \"3w\"");
        };
        if millis < least_ms {
            let least = duration_text(least_ms);
            return self.refuse("this is too short", format!("write {least} or longer"));
        }
        if millis > most_ms {
            let most = duration_text(most_ms);
            return self.refuse("this is too long", format!("write {most} or shorter"));
        }
        Some(millis)
    }

    /// One of a closed set of words. `named` finds it; `names` are shown when it is none of them.
    pub fn word<T>(&self, names: &[&str], named: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text()?;
        if let Some(found) = named(text) {
            return Some(found);
        }
        let fix = match nearest(text, names) {
            Some(near) => format!("did you mean `{near}`? known: {}", names.join(", ")),
            None => format!("write one of: {}", names.join(", ")),
        };
        self.refuse(format!("`{}` is not known here", shortened(text)), fix)
    }
}

impl<'v> Object<'v> {
    /// The object itself, for faults about it as a whole.
    pub const fn place(&self) -> &Place<'v> {
        &self.place
    }

    /// What stands under `key`; its absence is a fault. Null counts as absent.
    pub fn required(&self, key: &str) -> Option<Place<'v>> {
        let found = self.optional(key);
        if found.is_none() {
            let wrong = format!("`{key}` is missing");
            self.place.fault(wrong, format!("add `{key}`"));
        }
        found
    }

    /// What stands under `key`, if anything. Null counts as absent.
    pub fn optional(&self, key: &str) -> Option<Place<'v>> {
        let value = self.entries.get(key).filter(|value| !value.is_null())?;
        Some(self.place.below(key, value))
    }

    /// Whether something stands under `key`.
    pub fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| !value.is_null())
    }

    /// Every key with its place, in the order of the keys.
    pub fn entries(&self) -> impl Iterator<Item = (&'v str, Place<'v>)> + '_ {
        let entries = self.entries.iter();
        entries.map(|(key, value)| (key.as_str(), self.place.below(key, value)))
    }

    /// Which of `keys` is there. None, or more than one, is a fault.
    pub fn exactly_one<'k>(&self, keys: &[&'k str]) -> Option<(&'k str, Place<'v>)> {
        let present: Vec<&'k str> = keys.iter().copied().filter(|key| self.has(key)).collect();
        match present[..] {
            [key] => Some((key, self.optional(key)?)),
            [] => self.place.refuse(
                "nothing here says what is meant",
                format!("add one of: {}", keys.join(", ")),
            ),
            _ => self.place.refuse(
                format!("{} exclude each other", present.join(" and ")),
                "keep one of them; join several with `all` or `any`",
            ),
        }
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
