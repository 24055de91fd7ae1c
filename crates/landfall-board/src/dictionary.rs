//! Dictionaries: what rows refer to by number, so that filters and groups are decided once for
//! each entry instead of once for each row.

use std::sync::Arc;

use landfall_domain::channel::{Platform, Provider};
use landfall_domain::marks::Marks;
use rustc_hash::FxHashMap;

use crate::row::{Currency, DeviceDims, FateCodes, TokenAge};

/// Texts by number; 0 stands for no text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    numbers: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Texts {
    pub(crate) fn intern(&mut self, text: Option<&Arc<str>>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.texts.push(Arc::clone(text));
        let number = self.texts.len() as u32;
        self.numbers.insert(Arc::clone(text), number);
        number
    }

    pub(crate) fn text(&self, number: u32) -> Option<&Arc<str>> {
        self.texts.get((number as usize).checked_sub(1)?)
    }

    pub(crate) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn all(&self) -> &[Arc<str>] {
        &self.texts
    }
}

/// [`DeviceDims`] as numbers. 0 is absent everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PackedDims {
    pub(crate) platform: u8,
    pub(crate) provider: u8,
    pub(crate) token_age: u8,
    pub(crate) permission: u8,
    pub(crate) receipt_capable: u8,
    pub(crate) app: u32,
    pub(crate) app_version: u32,
    pub(crate) os_version: u32,
    pub(crate) sdk_version: u32,
    pub(crate) device_model: u32,
}

/// Sets of device facts by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct DimsDictionary {
    pub(crate) texts: Texts,
    numbers: FxHashMap<PackedDims, u32>,
    entries: Vec<PackedDims>,
}

impl DimsDictionary {
    pub(crate) fn intern(&mut self, dims: &DeviceDims) -> u32 {
        let packed = PackedDims {
            platform: dims.platform.map_or(0, |platform| platform as u8 + 1),
            provider: dims.provider.map_or(0, |provider| provider as u8 + 1),
            token_age: dims.token_age as u8,
            permission: dims.permission.map_or(0, |given| u8::from(given) + 1),
            receipt_capable: u8::from(dims.receipt_capable),
            app: self.texts.intern(dims.app.as_ref()),
            app_version: self.texts.intern(dims.app_version.as_ref()),
            os_version: self.texts.intern(dims.os_version.as_ref()),
            sdk_version: self.texts.intern(dims.sdk_version.as_ref()),
            device_model: self.texts.intern(dims.device_model.as_ref()),
        };
        self.intern_packed(packed)
    }

    pub(crate) fn intern_packed(&mut self, packed: PackedDims) -> u32 {
        *self.numbers.entry(packed).or_insert_with(|| {
            self.entries.push(packed);
            self.entries.len() as u32 - 1
        })
    }

    /// The number of `dims` when it is known already, without writing.
    pub(crate) fn find(&self, dims: &DeviceDims) -> Option<u32> {
        let text = |text: &Option<Arc<str>>| match text {
            None => Some(0),
            Some(text) => self.texts.number(text),
        };
        let packed = PackedDims {
            platform: dims.platform.map_or(0, |platform| platform as u8 + 1),
            provider: dims.provider.map_or(0, |provider| provider as u8 + 1),
            token_age: dims.token_age as u8,
            permission: dims.permission.map_or(0, |given| u8::from(given) + 1),
            receipt_capable: u8::from(dims.receipt_capable),
            app: text(&dims.app)?,
            app_version: text(&dims.app_version)?,
            os_version: text(&dims.os_version)?,
            sdk_version: text(&dims.sdk_version)?,
            device_model: text(&dims.device_model)?,
        };
        self.numbers.get(&packed).copied()
    }

    pub(crate) fn entries(&self) -> &[PackedDims] {
        &self.entries
    }
}

/// The platform of a packed number.
pub(crate) fn platform(number: u32) -> Option<Platform> {
    Platform::ALL
        .get((number as usize).checked_sub(1)?)
        .copied()
}

/// The provider of a packed number.
pub(crate) fn provider(number: u32) -> Option<Provider> {
    Provider::ALL
        .get((number as usize).checked_sub(1)?)
        .copied()
}

/// The token age of a packed number.
pub(crate) fn token_age(number: u32) -> TokenAge {
    TokenAge::ALL
        .get(number as usize)
        .copied()
        .unwrap_or_default()
}

/// What happened to a row and how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fate {
    pub(crate) marks: u32,
    pub(crate) codes: FateCodes,
}

/// The number of rows that were taken away. No query counts it.
pub(crate) const REMOVED: u32 = 0;

/// Fates by number; [`REMOVED`] is always there.
#[derive(Clone, Debug)]
pub(crate) struct FateDictionary {
    numbers: FxHashMap<Fate, u32>,
    entries: Vec<Fate>,
}

impl FateDictionary {
    pub(crate) fn new() -> Self {
        Self {
            numbers: FxHashMap::default(),
            entries: vec![Fate::default()],
        }
    }

    pub(crate) fn find(&self, marks: &Marks, codes: FateCodes) -> Option<u32> {
        let marks = marks.bits();
        self.numbers.get(&Fate { marks, codes }).copied()
    }

    pub(crate) fn intern(&mut self, fate: Fate) -> u32 {
        *self.numbers.entry(fate).or_insert_with(|| {
            self.entries.push(fate);
            self.entries.len() as u32 - 1
        })
    }

    /// All fates; the first is [`REMOVED`]'s.
    pub(crate) fn entries(&self) -> &[Fate] {
        &self.entries
    }
}

/// Currencies by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Currencies(pub(crate) Vec<Currency>);

impl Currencies {
    pub(crate) fn intern(&mut self, currency: Currency) -> u16 {
        if let Some(place) = self.0.iter().position(|known| *known == currency) {
            return place as u16;
        }
        self.0.push(currency);
        (self.0.len() - 1) as u16
    }
}
