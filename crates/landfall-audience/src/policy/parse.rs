//! JSON to policies.

use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;

use super::{Cap, Policy, QuietHours, QuietThen};
use crate::definition::Place;
use crate::limits::{SENDS_KEPT, SENDS_KEPT_MS};
use crate::liveness::probability;
use crate::zone::{TimeOfDay, WeekdaySet, WeeklyWindow, Zone};

impl Policy {
    /// Reads a policy. What it leaves out it has from `base`; `null` for a part means none.
    pub fn parse(place: &Place<'_>, base: &Self) -> Option<Self> {
        Self::parse_among(place, base, &[])
    }

    /// Reads a policy out of an object that may have `others` keys too.
    pub fn parse_among(place: &Place<'_>, base: &Self, others: &[&str]) -> Option<Self> {
        let own = ["quiet_hours", "caps", "duplicate_within", "alive_at_least"];
        let known: Vec<&str> = own.iter().chain(others).copied().collect();
        let object = place.object(&known)?;
        let said = |key: &str| place.value().get(key).is_some();
        let quiet_hours = match object.optional("quiet_hours") {
            Some(place) => QuietHours::parse(&place).map(Some),
            None if said("quiet_hours") => Some(None),
            None => Some(base.quiet_hours.clone()),
        };
        let caps = match object.optional("caps") {
            Some(place) => caps(&place),
            None if said("caps") => Some(Vec::new()),
            None => Some(base.caps.clone()),
        };
        let duplicate_within_ms = match object.optional("duplicate_within") {
            Some(place) => place.duration_between(1_000, SENDS_KEPT_MS).map(Some),
            None if said("duplicate_within") => Some(None),
            None => Some(base.duplicate_within_ms),
        };
        let alive_at_least = match object.optional("alive_at_least") {
            Some(place) => probability(&place).map(Some),
            None if said("alive_at_least") => Some(None),
            None => Some(base.alive_at_least),
        };
        Some(Self {
            quiet_hours: quiet_hours?,
            caps: caps?,
            duplicate_within_ms: duplicate_within_ms?,
            alive_at_least: alive_at_least?,
        })
    }
}

impl QuietHours {
    fn parse(place: &Place<'_>) -> Option<Self> {
        let object = place.object(&["from", "to", "days", "zone", "then"])?;
        let time = |key: &str| object.required(key).and_then(|at| TimeOfDay::parse(&at));
        let (from, to) = (time("from"), time("to"));
        let days = match object.optional("days") {
            Some(place) => WeekdaySet::parse(&place),
            None => Some(WeekdaySet::ALL),
        };
        let zone = match object.optional("zone") {
            Some(place) => Zone::parse(&place).map(Some),
            None => Some(None),
        };
        let then = match object.optional("then") {
            Some(place) => place.word(&["hold", "drop"], |word| match word {
                "hold" => Some(QuietThen::Hold),
                "drop" => Some(QuietThen::Drop),
                _ => None,
            }),
            None => Some(QuietThen::Hold),
        };
        let hours = WeeklyWindow {
            days: days?,
            from: from?,
            to: to?,
        };
        let (zone, then) = (zone?, then?);
        if hours.from == hours.to {
            let fix = "write the first minute after the quiet hours, or leave quiet_hours out";
            return place.refuse("quiet hours that end where they begin never end", fix);
        }
        if hours.from == TimeOfDay::END {
            return object
                .required("from")?
                .refuse("a day ends there", "write 00:00");
        }
        if hours.never_closes() && then == QuietThen::Hold {
            let fix = "leave some time of the week open";
            return place.refuse("these quiet hours never end", fix);
        }
        Some(Self { hours, zone, then })
    }
}

/// A list of caps, or one.
fn caps(place: &Place<'_>) -> Option<Vec<Cap>> {
    let places = match place.value().is_array() {
        true => place.list()?,
        false => vec![place.clone()],
    };
    let caps: Vec<Option<Cap>> = places.iter().map(cap).collect();
    caps.into_iter().collect()
}

fn cap(place: &Place<'_>) -> Option<Cap> {
    let object = place.object(&["max", "within", "channels", "counts", "retry"])?;
    let max = object.required("max");
    let max = max.and_then(|place| place.whole(1, SENDS_KEPT as u64));
    let within = object.required("within");
    let within = within.and_then(|place| place.duration_between(1_000, SENDS_KEPT_MS));
    let channels: Vec<&str> = Channel::ALL.iter().map(|channel| channel.name()).collect();
    let channels = match object.optional("channels") {
        Some(place) => words(&place, &channels, Channel::named),
        None => Some(Vec::new()),
    };
    let sources: Vec<&str> = SourceKind::ALL.iter().map(|source| source.name()).collect();
    let counts = match object.optional("counts") {
        Some(place) => words(&place, &sources, SourceKind::named),
        None => Some(Vec::new()),
    };
    let retry = match object.optional("retry") {
        Some(place) => place.duration().map(Some),
        None => Some(None),
    };
    Some(Cap {
        max: u32::try_from(max?).ok()?,
        window_ms: within?,
        channels: channels?,
        counts: counts?,
        retry_ms: retry?,
    })
}

fn words<T>(place: &Place<'_>, names: &[&str], named: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let found: Vec<Option<T>> = place
        .one_or_more()?
        .iter()
        .map(|place| place.word(names, named))
        .collect();
    found.into_iter().collect()
}
