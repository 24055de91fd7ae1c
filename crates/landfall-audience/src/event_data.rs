//! Checks of an event's data.

use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};

use crate::comparison::{Comparisons, Nature, WORDS};
use crate::definition::Place;
use crate::logic::{Budget, Logic};
use crate::path::JsonPath;
use crate::value::Seen;

/// What must be true of one value of the data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DataCheck {
    path: JsonPath,
    must: Comparisons,
}

/// Checks of an event's data. Times are compared with the event's own time, so that the answer is
/// the same whenever it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DataFilter(Logic<DataCheck>);

impl DataFilter {
    /// Reads a check, or a list of which all must hold.
    pub(crate) fn parse(place: &Place<'_>, depth: usize, budget: &Budget) -> Option<Self> {
        let one = |place: &Place<'_>| Logic::parse(place, depth + 1, budget, &check);
        if !place.value().is_array() {
            return Some(Self(one(place)?));
        }
        let all: Vec<_> = place.items()?.iter().map(one).collect();
        let all = all.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Self(Logic::All(all)))
    }

    pub(crate) fn to_json(&self) -> Value {
        let one = |logic: &Logic<DataCheck>| logic.to_json(&|check| check.to_json());
        match &self.0 {
            Logic::All(parts) => parts.iter().map(one).collect(),
            other => one(other),
        }
    }

    /// Whether the data of an event pass.
    pub(crate) fn holds(&self, data: &Value, at: Timestamp) -> bool {
        let answer = self.0.answer(&mut |check| {
            check.must.answer(at, &|show| {
                check.path.each(data, &mut |value| show(Seen::Json(value)));
            })
        });
        answer.holds
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        self.0
            .describe(&|check| format!("{} {}", check.path.text(), check.must.describe()))
    }
}

fn check(place: &Place<'_>, _depth: usize) -> Option<Logic<DataCheck>> {
    let known: Vec<&str> = ["data", "all", "any", "not"]
        .into_iter()
        .chain(WORDS)
        .collect();
    let object = place.object(&known)?;
    let path = object
        .required("data")
        .and_then(|path| JsonPath::parse(&path));
    let must = Comparisons::parse(&object, Nature::Any);
    Some(Logic::Check(DataCheck {
        path: path?,
        must: must?,
    }))
}

impl DataCheck {
    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("data".to_owned(), self.path.text().into());
        self.must.write(&mut object);
        Value::Object(object)
    }
}
