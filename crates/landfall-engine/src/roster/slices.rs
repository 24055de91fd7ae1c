//! The waterfall of coverage, of everybody and of slices.

use std::collections::BTreeMap;

use landfall_domain::channel::Platform;
use landfall_domain::person::Person;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_insight::coverage::{Place, Waterfall, WaterfallError, waterfall};
use rustc_hash::FxHashMap;

use super::{ACCOUNT, DEVICE, Line, PLATFORMS, Roster, hour, place};

/// What people are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The platforms of their devices; who has devices of two is in both.
    Platform,
    /// Platform and app version of the device that was used last.
    AppVersion,
    /// The country: the attribute `country`, or that of the device's language.
    Country,
    /// `new` (known for 30 days at most), `active` (seen in the last 30 days), `cooling` (90 days), `lapsed`.
    Lifecycle,
    /// `account` (has an id) or `guest`.
    Account,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Platform,
        Self::AppVersion,
        Self::Country,
        Self::Lifecycle,
        Self::Account,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::AppVersion => "app_version",
            Self::Country => "country",
            Self::Lifecycle => "lifecycle",
            Self::Account => "account",
        }
    }
}

/// Slices that are told one by one; the others are one together.
const SLICES_MAX: usize = 20;

/// Texts of people by number; 0 is none.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: FxHashMap<String, u16>,
    texts: Vec<String>,
}

impl Texts {
    /// Numbers of a person's app version and country.
    pub(super) fn of(&mut self, person: &Person) -> (u16, u16) {
        let newest = person
            .devices
            .values()
            .max_by_key(|device| device.last_used);
        let version = newest.and_then(|device| {
            let version = device.attributes.get("app_version")?;
            Some(format!("{} {version}", device.token.platform.name()))
        });
        let said = person.attributes.get("country");
        let said = said.and_then(|attribute| attribute.value.as_str());
        let locale = || newest?.attributes.get("device_locale").map(String::as_str);
        let of_locale = || {
            locale()?
                .split(['-', '_'])
                .next_back()
                .filter(|c| c.len() == 2)
        };
        let country = said.or_else(of_locale).map(str::to_uppercase);
        (self.number(version), self.number(country))
    }

    /// The number of a text; when there are too many texts, none.
    fn number(&mut self, text: Option<String>) -> u16 {
        let Some(text) = text.filter(|text| !text.is_empty() && text.len() <= 64) else {
            return 0;
        };
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let Ok(number) = u16::try_from(self.texts.len() + 1) else {
            return 0;
        };
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, number: u16) -> Option<&str> {
        let place = usize::from(number).checked_sub(1)?;
        self.texts.get(place).map(String::as_str)
    }
}

/// Active people of one slice, and those lost at each step.
#[derive(Clone, Copy, Default)]
struct Fall {
    active: u64,
    lost: [u64; 6],
}

impl Fall {
    fn take(&mut self, place: Place) {
        match place {
            Place::Outside => return,
            Place::LostAt(step) => self.lost[step as usize] += 1,
            Place::Reachable => {}
        }
        self.active += 1;
    }
}

impl Roster {
    /// The waterfall of people who were active at or after `since`.
    ///
    /// # Errors
    /// Never: everybody is lost once.
    pub fn waterfall(
        &self,
        since: Timestamp,
        stale: Timestamp,
    ) -> Result<Waterfall, WaterfallError> {
        let (since, stale) = (hour(since), hour(stale));
        let mut fall = Fall::default();
        for line in &self.lines {
            fall.take(place(line, PLATFORMS, since, stale));
        }
        waterfall(fall.active, fall.lost)
    }

    /// The same of slices, the largest first; beyond twenty they are `other` together.
    ///
    /// # Errors
    /// Never: everybody is lost once.
    pub fn waterfalls(
        &self,
        by: By,
        since: Timestamp,
        stale: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(String, Waterfall)>, WaterfallError> {
        let (since, stale) = (hour(since), hour(stale));
        let mut falls: BTreeMap<&str, Fall> = BTreeMap::new();
        for line in &self.lines {
            if by == By::Platform {
                for platform in Platform::ALL.iter().copied() {
                    let mask = 1 << platform as u32;
                    if line.flags & (DEVICE * mask) != 0 {
                        let fall = falls.entry(platform.name()).or_default();
                        fall.take(place(line, mask, since, stale));
                    }
                }
                continue;
            }
            let fall = falls.entry(self.slice(by, line, now)).or_default();
            fall.take(place(line, PLATFORMS, since, stale));
        }
        falls.retain(|_, fall| fall.active > 0);
        let mut falls: Vec<(&str, Fall)> = falls.into_iter().collect();
        falls.sort_by_key(|(_, fall)| std::cmp::Reverse(fall.active));
        let rest = falls.split_off(falls.len().min(SLICES_MAX));
        let mut other = Fall::default();
        for (_, fall) in &rest {
            other.active += fall.active;
            for (sum, lost) in other.lost.iter_mut().zip(fall.lost) {
                *sum += lost;
            }
        }
        falls.extend((other.active > 0).then_some(("other", other)));
        let falls = falls.into_iter();
        falls
            .map(|(name, fall)| Ok((name.to_owned(), waterfall(fall.active, fall.lost)?)))
            .collect()
    }

    fn slice(&self, by: By, line: &Line, now: Timestamp) -> &str {
        let days =
            |hour: u32| now.since(Timestamp::from_millis(i64::from(hour) * HOUR_MS)) / DAY_MS;
        match by {
            By::AppVersion => self.texts.text(line.version).unwrap_or("no app"),
            By::Country => self.texts.text(line.country).unwrap_or("unknown"),
            By::Account if line.flags & ACCOUNT != 0 => "account",
            By::Account | By::Platform => "guest",
            By::Lifecycle if days(line.created_hour) < 30 => "new",
            By::Lifecycle => match days(line.active_hour) {
                ..30 => "active",
                30..90 => "cooling",
                _ => "lapsed",
            },
        }
    }
}
