//! Reading of what all parts of a definition share: slugs, times, zones, paths, conditions.

use landfall_audience::definition::{Object, Place};
use landfall_domain::ids::SegmentId;

use super::step::Zone;
use crate::span::Span;

/// Longest slug in bytes.
pub(super) const SLUG_BYTES_MAX: usize = 64;

/// What stands under `key`, read; `Some(None)`: nothing stands there. `None`: it is faulty.
pub(super) fn maybe<T>(
    object: &Object<'_>,
    key: &str,
    read: impl FnOnce(&Place<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match object.optional(key) {
        None => Some(None),
        Some(place) => read(&place).map(Some),
    }
}

/// What must stand under `key`, read.
pub(super) fn must<T>(
    object: &Object<'_>,
    key: &str,
    read: impl FnOnce(&Place<'_>) -> Option<T>,
) -> Option<T> {
    object.required(key).and_then(|place| read(&place))
}

/// Every item of a list; `None` when one is faulty, after reading all.
pub(super) fn each<T>(
    places: &[Place<'_>],
    mut read: impl FnMut(&Place<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let items: Vec<Option<T>> = places.iter().map(&mut read).collect();
    items.into_iter().collect()
}

pub(super) fn text(place: &Place<'_>) -> Option<String> {
    place.text().map(str::to_owned)
}

/// A slug: lower-case letters, digits, `-` and `_`, beginning with a letter or digit.
pub(super) fn slug(place: &Place<'_>) -> Option<String> {
    let text = place.text()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = text.len() <= SLUG_BYTES_MAX
        && text.bytes().next().is_some_and(plain)
        && text
            .bytes()
            .all(|byte| plain(byte) || byte == b'-' || byte == b'_');
    if fits {
        return Some(text.to_owned());
    }
    place.refuse(
        "this is no slug",
        "use at most 64 lower-case letters, digits, `-` and `_`, such as `remind-1h`",
    )
}

pub(super) fn span(place: &Place<'_>) -> Option<Span> {
    place.duration().map(Span::from_millis)
}

pub(super) fn span_between(place: &Place<'_>, least: Span, most: Span) -> Option<Span> {
    let millis = place.duration_between(least.millis(), most.millis())?;
    Some(Span::from_millis(millis))
}

/// A share of people in hundredths of a percent.
pub(super) fn hundredths(place: &Place<'_>) -> Option<u32> {
    let percent = place.percent()?;
    let scaled = (percent * 100.0).round();
    if (percent * 100.0 - scaled).abs() > 1e-6 {
        return place.refuse(
            "percentages have at most two places",
            "round it, such as 33.33",
        );
    }
    // From 0 to 10,000.
    (0..=crate::chance::SHARES).find(|share| f64::from(*share) >= scaled)
}

/// Hundredths of a percent as a definition writes them.
pub(super) fn percent_of(hundredths: u32) -> serde_json::Value {
    if hundredths.is_multiple_of(100) {
        (hundredths / 100).into()
    } else {
        (f64::from(hundredths) / 100.0).into()
    }
}

pub(super) fn segment(place: &Place<'_>) -> Option<SegmentId> {
    let number = place.whole(1, u64::from(u32::MAX))?;
    SegmentId::try_from(number).ok()
}

/// `person`, or the IANA name of a zone.
pub(super) fn zone(place: &Place<'_>) -> Option<Zone> {
    let name = place.text()?;
    if name == "person" {
        return Some(Zone::Person);
    }
    if landfall_audience::Zone::named(name).is_some() {
        return Some(Zone::Named(name.to_owned()));
    }
    place.refuse(
        format!("`{name}` is no time zone"),
        "write `person`, or a name such as `Europe/Berlin`",
    )
}

/// A path into data: names joined by dots.
pub(super) fn path(place: &Place<'_>) -> Option<String> {
    let text = place.text()?;
    if text.split('.').all(|part| !part.is_empty()) {
        return Some(text.to_owned());
    }
    place.refuse(
        "this is no path",
        "join names by single dots, such as `cart.id`",
    )
}

/// The keys of an event filter; an object has exactly one of the first three.
pub(super) const EVENT_KEYS: [&str; 4] = ["event", "page", "screen", "where"];

pub(super) fn boolean(place: &Place<'_>) -> Option<bool> {
    place.boolean()
}

pub(super) fn percent(place: &Place<'_>) -> Option<f64> {
    place.percent()
}
