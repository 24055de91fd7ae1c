//! Reading of triggers.

use landfall_audience::definition::{Object, Place};
use landfall_audience::{EventFilter, TimeOfDay};
use landfall_domain::identifier::IdentifierKind;

use super::read::{
    EVENT_KEYS, each, maybe, must, path, percent, segment, span, span_between, text, zone,
};
use super::step::Zone;
use super::trigger::{
    DateTrigger, Interest, PriceDrop, ProductTrigger, Repeat, Schedule, Trigger, Unknown,
    WebhookTrigger,
};
use crate::span::Span;

const KINDS: [&str; 10] = [
    "event",
    "page",
    "screen",
    "segment_entered",
    "segment_left",
    "date",
    "product",
    "api",
    "schedule",
    "webhook",
];
/// When a date begins that says nothing else.
const NINE: TimeOfDay = match TimeOfDay::from_minutes(9 * 60) {
    Some(nine) => nine,
    None => TimeOfDay::START,
};
/// How long an interest in a product lasts at most: conditions count events this long.
const INTEREST_MAX: Span = Span::days(365);

/// Reads a trigger: an object with exactly one of its kinds, or the name of one that needs nothing else.
pub(super) fn trigger(place: &Place<'_>) -> Option<Trigger> {
    if place.value().is_string() {
        return place.word(&["api", "webhook"], |name| match name {
            "api" => Some(Trigger::Api),
            "webhook" => Some(Trigger::Webhook(WebhookTrigger::default())),
            _ => None,
        });
    }
    let mut known = KINDS.to_vec();
    known.push("where");
    let object = place.object(&known)?;
    let (kind, below) = object.exactly_one(&KINDS)?;
    if object.has("where") && !EVENT_KEYS.contains(&kind) {
        let fix = "move it into `entry.filter`, or into the `event` of the product trigger";
        return place.refuse("`where` belongs to the trigger `event`", fix);
    }
    match kind {
        "event" | "page" | "screen" => EventFilter::parse_among(&object).map(Trigger::Event),
        "segment_entered" => segment(&below).map(Trigger::SegmentEntered),
        "segment_left" => segment(&below).map(Trigger::SegmentLeft),
        "date" => date(&below).map(Trigger::Date),
        "product" => product(&below).map(Trigger::Product),
        "schedule" => schedule(&below).map(Trigger::Schedule),
        "api" => below.object(&[]).map(|_| Trigger::Api),
        _ => webhook(&below).map(Trigger::Webhook),
    }
}

fn date(place: &Place<'_>) -> Option<DateTrigger> {
    let object = place.object(&["attribute", "days", "at", "zone", "repeat"])?;
    let attribute = must(&object, "attribute", path);
    let offset_days = maybe(&object, "days", days);
    let at = maybe(&object, "at", TimeOfDay::parse);
    let zone = maybe(&object, "zone", zone);
    let repeat = maybe(&object, "repeat", |place| {
        place.word(&["once", "monthly", "yearly"], |name| match name {
            "once" => Some(Repeat::Once),
            "monthly" => Some(Repeat::Monthly),
            "yearly" => Some(Repeat::Yearly),
            _ => None,
        })
    });
    Some(DateTrigger {
        attribute: attribute?,
        offset_days: offset_days?.unwrap_or(0),
        at: at?.unwrap_or(NINE),
        zone: zone?.unwrap_or(Zone::Person),
        repeat: repeat?.unwrap_or(Repeat::Once),
    })
}

fn days(place: &Place<'_>) -> Option<i32> {
    match place.value().as_i64() {
        Some(days) if (-365..=365).contains(&days) => i32::try_from(days).ok(),
        _ => place
            .expected("a whole number of days from -365 to 365; negative ones lie before the date"),
    }
}

fn product(place: &Place<'_>) -> Option<ProductTrigger> {
    let object = place.object(&[
        "event", "page", "screen", "where", "product", "drop", "interest", "within",
    ])?;
    let event = EventFilter::parse_among(&object);
    let product = must(&object, "product", path);
    let drop = maybe(&object, "drop", price_drop);
    let interest = must(&object, "interest", |place| each(&place.items()?, interest));
    let within = must(&object, "within", |place| {
        span_between(place, Span::minutes(1), INTEREST_MAX)
    });
    Some(ProductTrigger {
        event: event?,
        product: product?,
        drop: drop?,
        interest: interest?,
        within: within?,
    })
}

fn price_drop(place: &Place<'_>) -> Option<PriceDrop> {
    let object = place.object(&["price", "was", "at_least"])?;
    let price = must(&object, "price", path);
    let was = must(&object, "was", path);
    let percent = maybe(&object, "at_least", percent);
    Some(PriceDrop {
        price: price?,
        was: was?,
        percent: percent?.unwrap_or(0.0),
    })
}

fn interest(place: &Place<'_>) -> Option<Interest> {
    let object = place.object(&["event", "product", "attribute"])?;
    let (kind, below) = object.exactly_one(&["event", "attribute"])?;
    if kind == "attribute" {
        if object.has("product") {
            return place.refuse(
                "`product` belongs to an event",
                "remove it: the attribute holds the product's id or a list of ids",
            );
        }
        return Some(Interest::Attribute {
            path: path(&below)?,
        });
    }
    let name = text(&below);
    let product = must(&object, "product", path);
    Some(Interest::Event {
        name: name?,
        product: product?,
    })
}

fn schedule(place: &Place<'_>) -> Option<Schedule> {
    let object = place.object(&["at", "zone", "segment", "rate"])?;
    let at = must(&object, "at", moment);
    let zone = maybe(&object, "zone", zone);
    let segment = maybe(&object, "segment", segment);
    let rate = maybe(&object, "rate", rate);
    Some(Schedule {
        at: at?,
        zone: zone?.unwrap_or(Zone::Person),
        segment: segment?,
        rate: rate?,
    })
}

fn webhook(place: &Place<'_>) -> Option<WebhookTrigger> {
    let object = place.object(&["person", "data", "key", "unknown"])?;
    let person = maybe(&object, "person", |place| {
        let named = place.object(&["id", "email", "phone", "cio_id"])?;
        let (kind, below) = named.exactly_one(&["id", "email", "phone", "cio_id"])?;
        Some((IdentifierKind::named(kind)?, path(&below)?))
    });
    let data = maybe(&object, "data", path);
    let key = maybe(&object, "key", path);
    let unknown = maybe(&object, "unknown", |place| {
        place.word(&["refuse", "create"], |name| match name {
            "refuse" => Some(Unknown::Refuse),
            "create" => Some(Unknown::Create),
            _ => None,
        })
    });
    let default = WebhookTrigger::default();
    let (kind, person) = person?.unwrap_or((default.kind, default.person));
    let unknown = unknown?.unwrap_or(default.unknown);
    if kind == IdentifierKind::CioId && unknown == Unknown::Create {
        let fix = "name the person by `id`, `email` or `phone`, or remove `unknown`";
        return place.refuse(
            "nobody can be made by a `cio_id`: those are given here",
            fix,
        );
    }
    Some(WebhookTrigger {
        kind,
        person,
        data: data?,
        key: key?,
        unknown,
    })
}

/// A date and time by the wall.
fn moment(place: &Place<'_>) -> Option<String> {
    let text = place.text()?;
    if crate::clock::wall_time(text).is_some() {
        return Some(text.to_owned());
    }
    place.expected("a date and time such as \"2026-12-01T09:00\"")
}

fn rate(place: &Place<'_>) -> Option<(u32, Span)> {
    let object: Object<'_> = place.object(&["people", "per"])?;
    let people = must(&object, "people", |place| {
        place.whole(1, u64::from(u32::MAX))
    });
    let per = must(&object, "per", |place| {
        let span = span(place)?;
        if span == Span::ZERO {
            return place.refuse("a rate needs a time", "write `1m` or `1h`");
        }
        Some(span)
    });
    Some((u32::try_from(people?).ok()?, per?))
}
