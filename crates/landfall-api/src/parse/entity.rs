//! Track API, version 2 (track-api.md 4).

use landfall_domain::activity::EventKind;
use landfall_domain::identifier::Identifier;
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::limits::{IDENTIFIER_BYTES_MAX, TOKEN_BYTES_MAX};
use landfall_domain::marks::Mark;
use serde_json::{Map, Value};

use super::{Parsed, Problem, attributes, object, one_identifier, required_text, time, track};

/// One operation. `None`: accepted, but about objects and relationships, which Landfall does not
/// keep.
pub fn operation(value: &Value) -> Parsed<Option<Input>> {
    let map = object(value, "")?;
    let kind = required_text(map, "type", 40)?;
    let action = required_text(map, "action", 40)?;
    match kind.as_str() {
        "person" => person(map, &action),
        "object" => object_action(&action),
        "delivery" => delivery(map, &action).map(Some),
        _ => Err(Problem::new(
            "unknown",
            "type",
            "type must be person, object or delivery",
        )),
    }
}

fn person(map: &Map<String, Value>, action: &str) -> Parsed<Option<Input>> {
    let body = match action {
        "identify" => return identify(map).map(Some),
        "event" | "screen" | "page" => {
            let event = EventKind::named(action).unwrap_or(EventKind::Event);
            let who = Some(who(map)?);
            return track::tracked(Source::TrackV2, who, None, event, map, "attributes").map(Some);
        }
        "delete" => Body::Delete { who: who(map)? },
        "suppress" => Body::Suppress { who: who(map)? },
        "unsuppress" => Body::Unsuppress { who: who(map)? },
        "add_device" => {
            let device = attributes::device(device(map)?).map_err(|p| p.under("device"))?;
            Body::AddDevice {
                who: who(map)?,
                device,
            }
        }
        "delete_device" => {
            let token = required_text(device(map)?, "token", TOKEN_BYTES_MAX)
                .map_err(|problem| problem.under("device"))?;
            Body::DeleteDevice {
                who: who(map)?,
                token,
                platform: None,
            }
        }
        "merge" => {
            let merged = track::merge(&Value::Object(map.clone()))?;
            return Ok(Some(Input {
                source: Source::TrackV2,
                ..merged
            }));
        }
        "add_relationships" | "delete_relationships" => {
            who(map)?;
            return Ok(None);
        }
        _ => {
            return Err(Problem::new(
                "unknown",
                "action",
                "there is no such action for a person",
            ));
        }
    };
    let at = time::field(map, "timestamp")?;
    Ok(Some(Input {
        at,
        ..track::input(Source::TrackV2, body)
    }))
}

fn identify(map: &Map<String, Value>) -> Parsed<Input> {
    let who = who(map)?;
    let empty = Map::new();
    let given = match map.get("attributes") {
        None | Some(Value::Null) => &empty,
        Some(given) => object(given, "attributes")?,
    };
    let under = |problem: Problem| problem.under("attributes");
    let body = Body::Identify {
        who,
        claims: attributes::claims(given).map_err(under)?,
        attributes: attributes::of_person(given).map_err(under)?,
        update_only: given
            .get("_update")
            .is_some_and(|flag| *flag == Value::Bool(true)),
    };
    let at = time::field(map, "timestamp")?;
    Ok(Input {
        at,
        ..track::input(Source::TrackV2, body)
    })
}

fn object_action(action: &str) -> Parsed<Option<Input>> {
    let known = [
        "identify",
        "identify_anonymous",
        "delete",
        "add_relationships",
        "delete_relationships",
    ];
    if known.contains(&action) {
        return Ok(None);
    }
    Err(Problem::new(
        "unknown",
        "action",
        "there is no such action for an object",
    ))
}

fn delivery(map: &Map<String, Value>, action: &str) -> Parsed<Input> {
    if action != "event" {
        return Err(Problem::new(
            "unknown",
            "action",
            "the action for a delivery is event",
        ));
    }
    let name = required_text(map, "name", 40)?;
    let mark = Mark::named(&name)
        .filter(|mark| matches!(mark, Mark::Opened | Mark::Converted | Mark::Delivered))
        .ok_or_else(|| Problem::invalid("name", "must be opened, converted or delivered"))?;
    let identifiers = identifiers(map)?;
    let delivery_id = required_text(identifiers, "id", IDENTIFIER_BYTES_MAX)
        .map_err(|problem| problem.under("identifiers"))?;
    let given = map
        .get("attributes")
        .ok_or_else(|| Problem::required("attributes"))?;
    let token = required_text(
        object(given, "attributes")?,
        "device_token",
        TOKEN_BYTES_MAX,
    )
    .map_err(|problem| problem.under("attributes"))?;
    let recipient = Some(token);
    let body = Body::Receipt {
        delivery_id,
        mark,
        recipient,
        reason: None,
        href: None,
    };
    let at = time::field(map, "timestamp")?;
    Ok(Input {
        at,
        ..track::input(Source::TrackV2, body)
    })
}

fn who(map: &Map<String, Value>) -> Parsed<Identifier> {
    one_identifier(identifiers(map)?).map_err(|problem| problem.under("identifiers"))
}

fn identifiers(map: &Map<String, Value>) -> Parsed<&Map<String, Value>> {
    let identifiers = map
        .get("identifiers")
        .ok_or_else(|| Problem::required("identifiers"))?;
    object(identifiers, "identifiers")
}

fn device(map: &Map<String, Value>) -> Parsed<&Map<String, Value>> {
    object(
        map.get("device")
            .ok_or_else(|| Problem::required("device"))?,
        "device",
    )
}
