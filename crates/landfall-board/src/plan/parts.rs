//! The part of a query that one dictionary decides.

use landfall_domain::naming::Part as NamePart;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalogue::MessageInfo;
use crate::dictionary::{
    DimsDictionary, Fate, FateDictionary, PackedDims, platform, provider, token_age,
};
use crate::plan::{MAX_DIMENSIONS, Source};
use crate::query::{Condition, Dimension, Filter, QueryError, Value};

/// For each entry of a dictionary, its group or that it takes no part.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Group by entry; `keys.len()` for entries that take no part.
    pub(crate) of: Vec<u32>,
    /// Group of numbers beyond the dictionary: messages that the catalogue does not know.
    beyond: u32,
    reach: (u32, u32),
    /// Values of the part's dimensions, by group.
    pub(crate) keys: Vec<Vec<Value>>,
}

impl Part {
    /// How many groups there are, at least one.
    pub(crate) fn groups(&self) -> u64 {
        self.keys.len().max(1) as u64
    }

    /// The group of rows that take no part.
    pub(crate) fn excluded(&self) -> u32 {
        self.keys.len() as u32
    }

    /// The group of an entry, unless it takes no part.
    #[inline]
    pub(crate) fn group(&self, entry: u32) -> Option<u32> {
        let group = self.of.get(entry as usize).copied().unwrap_or(self.beyond);
        (group != self.excluded()).then_some(group)
    }

    /// First and last entry that may take part; the first is the greater when none does.
    pub(crate) const fn reach(&self) -> (u32, u32) {
        self.reach
    }

    /// Whether no row can take part.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn of_messages(
        catalogue: &[MessageInfo],
        filter: &Filter,
        group_by: &[Dimension],
    ) -> Result<Self, QueryError> {
        let mut checks = Vec::new();
        for condition in &filter.0 {
            match condition {
                Condition::In(dimension, values) if dimension.source() == Source::Message => {
                    check_values(*dimension, values)?;
                    checks.push(MessageCheck::Values(
                        *dimension,
                        values.iter().collect(),
                        true,
                    ));
                }
                Condition::NotIn(dimension, values) if dimension.source() == Source::Message => {
                    check_values(*dimension, values)?;
                    checks.push(MessageCheck::Values(
                        *dimension,
                        values.iter().collect(),
                        false,
                    ));
                }
                Condition::NameContains(text) => {
                    checks.push(MessageCheck::Mentions(text.to_lowercase()));
                }
                _ => {}
            }
        }
        let dimensions = of_source(group_by, Source::Message);
        let mut groups = Groups::default();
        let mut decide = |info: Option<&MessageInfo>| {
            checks.iter().all(|check| check.passes(info)).then(|| {
                let key = dimensions
                    .iter()
                    .map(|dimension| message_value(info, *dimension));
                groups.number(key.collect())
            })
        };
        let of: Vec<_> = catalogue.iter().map(|info| decide(Some(info))).collect();
        let beyond = decide(None);
        Ok(Self::new(&of, beyond, groups.keys))
    }

    pub(crate) fn of_dims(
        dictionary: &DimsDictionary,
        filter: &Filter,
        group_by: &[Dimension],
    ) -> Result<Self, QueryError> {
        let checks = code_checks(filter, Source::Dims, |dimension, value| {
            dims_code(dictionary, dimension, value)
        })?;
        let dimensions = of_source(group_by, Source::Dims);
        let mut groups = Groups::default();
        let of: Vec<_> = dictionary
            .entries()
            .iter()
            .map(|entry| {
                let passes = checks.iter().all(|check| {
                    check.codes.contains(&code(entry, check.dimension)) == check.within
                });
                passes.then(|| {
                    let mut key = [0; MAX_DIMENSIONS];
                    for (place, dimension) in key.iter_mut().zip(&dimensions) {
                        *place = code(entry, *dimension);
                    }
                    groups.number(key)
                })
            })
            .collect();
        let keys = groups.keys.iter().map(|codes| {
            let values = dimensions.iter().zip(codes);
            values
                .map(|(dimension, code)| dims_value(dictionary, *dimension, *code))
                .collect()
        });
        Ok(Self::new(&of, None, keys.collect()))
    }

    pub(crate) fn of_fates(
        dictionary: &FateDictionary,
        filter: &Filter,
        group_by: &[Dimension],
    ) -> Result<Self, QueryError> {
        let checks = code_checks(filter, Source::Fate, |dimension, value| match value {
            Value::Code(code) => Ok(Some(u32::from(*code))),
            Value::Absent => Ok(None),
            other => Err(QueryError::ValueKind(dimension, other.clone())),
        })?;
        let passes = |fate: &Fate| {
            let codes = checks.iter().all(|check| {
                check
                    .codes
                    .contains(&u32::from(fate_code(fate, check.dimension)))
                    == check.within
            });
            codes
                && filter
                    .0
                    .iter()
                    .all(|condition| fate_passes(fate, condition))
        };
        let dimensions = of_source(group_by, Source::Fate);
        let mut groups = Groups::default();
        let mut of: Vec<_> = dictionary
            .entries()
            .iter()
            .skip(1)
            .map(|fate| {
                let mut key = [0; MAX_DIMENSIONS];
                for (place, dimension) in key.iter_mut().zip(&dimensions) {
                    *place = fate_code(fate, *dimension);
                }
                passes(fate).then(|| groups.number(key))
            })
            .collect();
        // The first entry stands for removed rows.
        of.insert(0, None);
        let keys = groups.keys.iter().map(|codes| {
            let codes = dimensions.iter().zip(codes);
            codes.map(|(_, code)| Value::Code(*code)).collect()
        });
        Ok(Self::new(&of, None, keys.collect()))
    }

    fn new(of: &[Option<u32>], beyond: Option<u32>, keys: Vec<Vec<Value>>) -> Self {
        let excluded = keys.len() as u32;
        let first = of.iter().position(Option::is_some).unwrap_or(of.len());
        let last = of.iter().rposition(Option::is_some).unwrap_or(0);
        let last = beyond.map_or(last as u32, |_| u32::MAX);
        Self {
            reach: (first as u32, last),
            of: of.iter().map(|group| group.unwrap_or(excluded)).collect(),
            beyond: beyond.unwrap_or(excluded),
            keys,
        }
    }
}

/// Numbers keys in order of appearance.
#[derive(Debug)]
struct Groups<Key> {
    numbers: FxHashMap<Key, u32>,
    keys: Vec<Key>,
}

impl<Key> Default for Groups<Key> {
    fn default() -> Self {
        Self {
            numbers: FxHashMap::default(),
            keys: Vec::new(),
        }
    }
}

impl<Key: Clone + Eq + std::hash::Hash> Groups<Key> {
    fn number(&mut self, key: Key) -> u32 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.keys.len() as u32;
        self.keys.push(key.clone());
        self.numbers.insert(key, number);
        number
    }
}

fn of_source(group_by: &[Dimension], source: Source) -> Vec<Dimension> {
    let dimensions = group_by.iter().copied();
    dimensions
        .filter(|dimension| dimension.source() == source)
        .collect()
}

enum MessageCheck<'query> {
    Values(Dimension, FxHashSet<&'query Value>, bool),
    Mentions(String),
}

impl MessageCheck<'_> {
    fn passes(&self, info: Option<&MessageInfo>) -> bool {
        match self {
            Self::Values(dimension, values, within) => {
                values.contains(&message_value(info, *dimension)) == *within
            }
            Self::Mentions(text) => info.is_some_and(|info| info.mentions(text)),
        }
    }
}

fn message_value(info: Option<&MessageInfo>, dimension: Dimension) -> Value {
    let number = |number: Option<u64>| number.map_or(Value::Absent, Value::Number);
    let Some(info) = info else {
        return Value::Absent;
    };
    match dimension {
        Dimension::Journey => Value::Source(info.source, info.source_id),
        Dimension::Step => number(info.step_id),
        Dimension::Variant => number(info.variant_id),
        Dimension::Channel => Value::Channel(info.channel),
        Dimension::NamePart(part) => name_part(info, part),
        _ => Value::Absent,
    }
}

fn name_part(info: &MessageInfo, part: NamePart) -> Value {
    let text = info.parts[part as usize].as_deref();
    text.map_or(Value::Absent, |text| Value::Text(text.into()))
}

fn check_values(dimension: Dimension, values: &[Value]) -> Result<(), QueryError> {
    let fits = |value: &Value| {
        matches!(
            (dimension, value),
            (_, Value::Absent)
                | (Dimension::Journey, Value::Source(..))
                | (Dimension::Step | Dimension::Variant, Value::Number(_))
                | (Dimension::Channel, Value::Channel(_))
                | (Dimension::NamePart(_), Value::Text(_))
        )
    };
    match values.iter().find(|value| !fits(value)) {
        Some(value) => Err(QueryError::ValueKind(dimension, value.clone())),
        None => Ok(()),
    }
}

/// A list of values as numbers.
struct CodeCheck {
    dimension: Dimension,
    codes: FxHashSet<u32>,
    within: bool,
}

fn code_checks(
    filter: &Filter,
    source: Source,
    number: impl Fn(Dimension, &Value) -> Result<Option<u32>, QueryError>,
) -> Result<Vec<CodeCheck>, QueryError> {
    let mut checks = Vec::new();
    for condition in &filter.0 {
        let (dimension, values, within) = match condition {
            Condition::In(dimension, values) => (*dimension, values, true),
            Condition::NotIn(dimension, values) => (*dimension, values, false),
            _ => continue,
        };
        if dimension.source() == Source::Time {
            return Err(QueryError::TimeCondition);
        }
        if dimension.source() == source {
            let numbers = values.iter().map(|value| number(dimension, value));
            let codes: Result<Vec<_>, _> = numbers.collect();
            checks.push(CodeCheck {
                dimension,
                codes: codes?.into_iter().flatten().collect(),
                within,
            });
        }
    }
    Ok(checks)
}

fn code(entry: &PackedDims, dimension: Dimension) -> u32 {
    match dimension {
        Dimension::Platform => u32::from(entry.platform),
        Dimension::Provider => u32::from(entry.provider),
        Dimension::App => entry.app,
        Dimension::AppVersion => entry.app_version,
        Dimension::OsVersion => entry.os_version,
        Dimension::SdkVersion => entry.sdk_version,
        Dimension::DeviceModel => entry.device_model,
        Dimension::TokenAge => u32::from(entry.token_age),
        Dimension::Permission => u32::from(entry.permission),
        Dimension::ReceiptCapable => u32::from(entry.receipt_capable),
        _ => 0,
    }
}

/// The number of a value; `None` for values that no row has.
fn dims_code(
    dictionary: &DimsDictionary,
    dimension: Dimension,
    value: &Value,
) -> Result<Option<u32>, QueryError> {
    let never_absent = matches!(dimension, Dimension::TokenAge | Dimension::ReceiptCapable);
    Ok(match (dimension, value) {
        (_, Value::Absent) => (!never_absent).then_some(0),
        (Dimension::Platform, Value::Platform(platform)) => Some(*platform as u32 + 1),
        (Dimension::Provider, Value::Provider(provider)) => Some(*provider as u32 + 1),
        (Dimension::TokenAge, Value::TokenAge(age)) => Some(*age as u32),
        (Dimension::Permission, Value::Flag(given)) => Some(u32::from(*given) + 1),
        (Dimension::ReceiptCapable, Value::Flag(capable)) => Some(u32::from(*capable)),
        (
            Dimension::App
            | Dimension::AppVersion
            | Dimension::OsVersion
            | Dimension::SdkVersion
            | Dimension::DeviceModel,
            Value::Text(text),
        ) => dictionary.texts.number(text),
        _ => return Err(QueryError::ValueKind(dimension, value.clone())),
    })
}

fn dims_value(dictionary: &DimsDictionary, dimension: Dimension, code: u32) -> Value {
    match dimension {
        Dimension::Platform => platform(code).map_or(Value::Absent, Value::Platform),
        Dimension::Provider => provider(code).map_or(Value::Absent, Value::Provider),
        Dimension::TokenAge => Value::TokenAge(token_age(code)),
        Dimension::ReceiptCapable => Value::Flag(code == 1),
        Dimension::Permission => match code {
            0 => Value::Absent,
            given => Value::Flag(given == 2),
        },
        _ => match dictionary.texts.text(code) {
            Some(text) => Value::Text(text.clone()),
            None => Value::Absent,
        },
    }
}

const fn fate_code(fate: &Fate, dimension: Dimension) -> u16 {
    match dimension {
        Dimension::Outcome => fate.codes.outcome as u16,
        Dimension::Reason => fate.codes.reason,
        Dimension::Status => fate.codes.status as u16,
        Dimension::TargetOutcome => fate.codes.target_outcome as u16,
        Dimension::TargetReason => fate.codes.target_reason,
        _ => 0,
    }
}

const fn fate_passes(fate: &Fate, condition: &Condition) -> bool {
    match condition {
        Condition::Has(mark) => fate.marks & mark.bit() != 0,
        Condition::Lacks(mark) => fate.marks & mark.bit() == 0,
        Condition::Flags { mask, value } => fate.codes.flags & *mask == *value,
        _ => true,
    }
}
