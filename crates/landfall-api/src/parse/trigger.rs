//! Triggers of broadcasts (app-api.md 6.1).

#[cfg(test)]
mod tests;

use landfall_audience::Filter;
use landfall_domain::identifier::IdentifierKind;
use landfall_engine::broadcast::{Audience, PersonalData};
use serde_json::{Map, Value};

use super::{Parsed, Problem, identifier, object};

/// Most entries of a list (app-api.md 6.1).
pub const ENTRIES_MAX: usize = 10_000;
/// Largest data for everybody, in bytes (app-api.md 6.1).
pub const DATA_BYTES_MAX: usize = 50_000;
/// Longest address of a file, in bytes.
const URL_BYTES_MAX: usize = 4_096;

/// A call that triggers a broadcast.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerCall {
    /// To whom; `None`: to the audience that the broadcast is defined with.
    pub audience: Option<Audience>,
    /// Data for everybody's templates.
    pub data: Value,
}

/// Reads a call.
///
/// # Errors
/// The first field that cannot be taken, and why. More than one audience.
pub fn call(body: &Value) -> Parsed<TriggerCall> {
    let map = object(body, "data")?;
    let data = match map.get("data") {
        None | Some(Value::Null) => Value::Null,
        Some(data) => object(data, "data").map(|_| data.clone())?,
    };
    if data.to_string().len() > DATA_BYTES_MAX {
        let what = format!("data cannot be longer than {DATA_BYTES_MAX} bytes");
        return Err(Problem::new("too_large", "data", what));
    }
    let forms = [
        "recipients",
        "ids",
        "emails",
        "per_user_data",
        "data_file_url",
    ];
    let given = |form: &&&str| map.get(**form).is_some_and(|value| !value.is_null());
    let given: Vec<&&str> = forms.iter().filter(given).collect();
    if given.len() > 1 {
        let what = format!("give one audience: not {} together", join(&given));
        return Err(Problem::new("invalid", given[1], what));
    }
    let flag = |names: [&str; 2]| {
        names
            .iter()
            .any(|name| map.get(*name) == Some(&Value::Bool(true)))
    };
    let ignore_missing = flag(["id_ignore_missing", "email_ignore_missing"]);
    let duplicates = flag(["email_add_duplicates", "id_add_duplicates"]);
    let people = |people| Audience::People {
        people,
        ignore_missing,
        duplicates,
    };
    let audience = match given.first().map(|form| **form) {
        Some("recipients") => Some(Audience::Filter(
            Filter::parse(&map["recipients"], "recipients")
                .map_err(|error| Problem::new("invalid", "recipients", error.to_string()))?,
        )),
        Some("ids") => Some(people(names(map, "ids", IdentifierKind::Id)?)),
        Some("emails") => Some(people(names(map, "emails", IdentifierKind::Email)?)),
        Some("per_user_data") => Some(people(personal(map)?)),
        Some(_) => Some(Audience::File {
            url: super::required_text(map, "data_file_url", URL_BYTES_MAX)?,
            ignore_missing,
            duplicates,
        }),
        None => None,
    };
    Ok(TriggerCall { audience, data })
}

fn join(names: &[&&str]) -> String {
    let names: Vec<&str> = names.iter().map(|name| **name).collect();
    names.join(" and ")
}

fn list<'v>(map: &'v Map<String, Value>, field: &str) -> Parsed<&'v Vec<Value>> {
    let list = map[field]
        .as_array()
        .ok_or_else(|| Problem::invalid(field, "must be a list"))?;
    if list.len() > ENTRIES_MAX {
        let what = format!("{field} may have {ENTRIES_MAX} entries");
        return Err(Problem::new("too_large", field, what));
    }
    Ok(list)
}

fn names(map: &Map<String, Value>, field: &str, kind: IdentifierKind) -> Parsed<Vec<PersonalData>> {
    let entries = list(map, field)?.iter().enumerate();
    entries
        .map(|(place, entry)| {
            let named = super::attributes::plain(entry).unwrap_or_default();
            let who = identifier(kind, &named).map_err(|problem| Problem {
                field: at(field, place),
                ..problem
            })?;
            Ok(PersonalData {
                who,
                data: Value::Null,
            })
        })
        .collect()
}

fn personal(map: &Map<String, Value>) -> Parsed<Vec<PersonalData>> {
    let entries = list(map, "per_user_data")?.iter().enumerate();
    entries
        .map(|(place, entry)| {
            let of = at("per_user_data", place);
            PersonalData::read(entry).map_err(|problem| Problem::new("invalid", &of, problem))
        })
        .collect()
}

fn at(field: &str, place: usize) -> String {
    format!("{field}[{place}]")
}
