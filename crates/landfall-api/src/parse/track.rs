//! Track API, version 1 (track-api.md 3).

use landfall_domain::activity::EventKind;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::SegmentId;
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::limits::{
    DETAIL_BYTES_MAX, EVENT_DATA_BYTES_MAX, EVENT_NAME_BYTES_MAX, IDENTIFIER_BYTES_MAX,
    TOKEN_BYTES_MAX,
};
use landfall_domain::marks::Mark;
use serde_json::{Map, Value};

use super::{Parsed, Problem, attributes, identifier, object, required_text, short, text, time};

/// Most ids in one change of a segment (track-api.md 1).
const SEGMENT_IDS_MAX: usize = 1_000;
/// Longest reason and link of a receipt; a fact keeps the beginning.
pub(super) const REPORT_TEXT_BYTES_MAX: usize = 4 * DETAIL_BYTES_MAX;

/// An input of this door without a time of its own.
pub(super) fn input(source: Source, body: Body) -> Input {
    Input {
        source,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}

/// `PUT /api/v1/customers/{identifier}`.
pub fn identify(who: Identifier, body: &Value) -> Parsed<Input> {
    let map = object(body, "body")?;
    let update_only = map
        .get("_update")
        .is_some_and(|flag| *flag == Value::Bool(true));
    let change = Body::Identify {
        who,
        claims: attributes::claims(map)?,
        attributes: attributes::of_person(map)?,
        update_only,
    };
    let at = time::field(map, "_timestamp")?;
    Ok(Input {
        at,
        ..input(Source::TrackV1, change)
    })
}

/// `PUT /api/v1/customers/{identifier}/devices`.
pub fn add_device(who: Identifier, body: &Value) -> Parsed<Input> {
    let map = object(body, "body")?;
    let device = map
        .get("device")
        .ok_or_else(|| Problem::required("device"))?;
    let device =
        attributes::device(object(device, "device")?).map_err(|problem| problem.under("device"))?;
    Ok(input(Source::TrackV1, Body::AddDevice { who, device }))
}

/// `DELETE /api/v1/customers/{identifier}/devices/{token}`.
pub fn delete_device(who: Identifier, token: &str) -> Parsed<Input> {
    short(token, "device_id", TOKEN_BYTES_MAX)?;
    let token = token.to_owned();
    Ok(input(
        Source::TrackV1,
        Body::DeleteDevice {
            who,
            token,
            platform: None,
        },
    ))
}

/// `POST /api/v1/customers/{identifier}/events` and, without `who`, `POST /api/v1/events`.
pub fn event(who: Option<Identifier>, body: &Value) -> Parsed<Input> {
    let map = object(body, "body")?;
    let kind = match text(map, "type")?.as_deref() {
        None => EventKind::Event,
        Some(kind) => EventKind::named(kind)
            .ok_or_else(|| Problem::invalid("type", "must be event, page or screen"))?,
    };
    let anonymous_id = match who {
        Some(_) => None,
        None => text(map, "anonymous_id")?,
    };
    if let Some(anonymous_id) = &anonymous_id {
        short(anonymous_id, "anonymous_id", IDENTIFIER_BYTES_MAX)?;
    }
    tracked(Source::TrackV1, who, anonymous_id, kind, map, "data")
}

/// An event of either Track API; `data` names the field with its data.
pub(super) fn tracked(
    source: Source,
    who: Option<Identifier>,
    anonymous_id: Option<String>,
    event: EventKind,
    map: &Map<String, Value>,
    data: &str,
) -> Parsed<Input> {
    // Names of pages are URLs and may be longer than those of events.
    let longest = if event == EventKind::Page {
        2_048
    } else {
        EVENT_NAME_BYTES_MAX
    };
    let name = required_text(map, "name", longest)?.trim().to_owned();
    let id = text(map, "id")?;
    if let Some(id) = &id {
        short(id, "id", IDENTIFIER_BYTES_MAX)?;
    }
    let values = match map.get(data) {
        None | Some(Value::Null) => EventData::NONE,
        Some(values) => {
            object(values, data)?;
            event_data(values, data)?
        }
    };
    let dedupe_key = id.as_deref().map(|id| format!("event:{id}"));
    let body = Body::Track {
        who,
        anonymous_id,
        event,
        name,
        id,
        data: values,
    };
    let at = time::field(map, "timestamp")?;
    Ok(Input {
        at,
        dedupe_key,
        ..input(source, body)
    })
}

/// Data of an event, within its limit; `field` is where it stands.
pub(super) fn event_data(values: &Value, field: &str) -> Parsed<EventData> {
    let data = EventData::from(values);
    if data.bytes() > EVENT_DATA_BYTES_MAX {
        let message = format!("{field} cannot be longer than {EVENT_DATA_BYTES_MAX} bytes");
        return Err(Problem::new("too_long", field, message));
    }
    Ok(data)
}

/// `POST /api/v1/merge_customers`.
pub fn merge(body: &Value) -> Parsed<Input> {
    let map = object(body, "body")?;
    let of = |field: &str| -> Parsed<Identifier> {
        let person = map.get(field).ok_or_else(|| Problem::required(field))?;
        super::one_identifier(object(person, field)?).map_err(|problem| problem.under(field))
    };
    let (primary, secondary) = (of("primary")?, of("secondary")?);
    if primary == secondary {
        return Err(Problem::invalid(
            "secondary",
            "must be another person than primary",
        ));
    }
    let body = Body::Merge {
        primary,
        secondary,
        create_primary: false,
    };
    Ok(input(Source::TrackV1, body))
}

/// `POST /api/v1/metrics`.
pub fn metric(body: &Value) -> Parsed<Input> {
    let map = object(body, "body")?;
    let mark = required_text(map, "metric", 40)?;
    receipt(map, &mark, "metric", text(map, "recipient")?)
}

/// `POST /push/events`.
pub fn push_event(body: &Value) -> Parsed<Input> {
    let map = object(body, "body")?;
    let mark = required_text(map, "event", 40)?;
    receipt(map, &mark, "event", text(map, "device_id")?)
}

fn receipt(
    map: &Map<String, Value>,
    mark: &str,
    field: &str,
    recipient: Option<String>,
) -> Parsed<Input> {
    let mark = Mark::named(mark).ok_or_else(|| Problem::invalid(field, "is not a metric"))?;
    let delivery_id = required_text(map, "delivery_id", IDENTIFIER_BYTES_MAX)?;
    if let Some(recipient) = &recipient {
        short(recipient, "recipient", TOKEN_BYTES_MAX)?;
    }
    let reason = text(map, "reason")?;
    let href = text(map, "href")?;
    for (value, name) in [(&reason, "reason"), (&href, "href")] {
        if let Some(value) = value {
            short(value, name, REPORT_TEXT_BYTES_MAX)?;
        }
    }
    let body = Body::Receipt {
        delivery_id,
        mark,
        recipient,
        reason,
        href,
    };
    let at = time::field(map, "timestamp")?;
    Ok(Input {
        at,
        ..input(Source::Receipt, body)
    })
}

/// `POST /unsubscribe/{delivery_id}`.
pub fn unsubscribe(delivery_id: &str, body: &Value) -> Parsed<Option<Input>> {
    short(delivery_id, "delivery_id", IDENTIFIER_BYTES_MAX)?;
    match object(body, "body")?.get("unsubscribe") {
        Some(Value::Bool(true)) => {
            let body = Body::Unsubscribe {
                delivery_id: delivery_id.to_owned(),
            };
            Ok(Some(input(Source::Receipt, body)))
        }
        Some(Value::Bool(false)) => Ok(None),
        _ => Err(Problem::invalid("unsubscribe", "must be true")),
    }
}

/// `POST /api/v1/forms/{form_id}/submit`: the person, and an event `form_submitted` with the fields.
pub fn form(form_id: &str, body: &Value) -> Parsed<Vec<Input>> {
    let map = object(body, "body")?;
    let data = object(
        map.get("data").ok_or_else(|| Problem::required("data"))?,
        "data",
    )?;
    let mut named = Map::new();
    for key in ["id", "email"] {
        named.extend(data.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let who = super::one_identifier(&named).map_err(|problem| problem.under("data"))?;
    let reserved = [
        "form_id",
        "form_name",
        "form_type",
        "form_url",
        "form_url_param",
    ];
    let fields: Map<String, Value> = data
        .iter()
        .filter(|(name, _)| !reserved.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let identified = Body::Identify {
        who: who.clone(),
        claims: attributes::claims(&fields)?,
        attributes: attributes::of_person(&fields)?,
        update_only: false,
    };
    let mut data = fields;
    data.insert("form_id".to_owned(), form_id.into());
    let submitted = Body::Track {
        who: Some(who),
        anonymous_id: None,
        event: EventKind::Event,
        name: "form_submitted".to_owned(),
        id: None,
        data: EventData::from(&Value::Object(data)),
    };
    Ok([identified, submitted]
        .map(|body| input(Source::TrackV1, body))
        .into())
}

/// `POST /api/v1/segments/{segment_id}/add_customers` and `/remove_customers`.
pub fn segment(segment: SegmentId, id_type: &str, add: bool, body: &Value) -> Parsed<Input> {
    let kind = match id_type {
        "id" | "" => IdentifierKind::Id,
        "email" => IdentifierKind::Email,
        "cio_id" => IdentifierKind::CioId,
        _ => return Err(Problem::invalid("id_type", "must be id, email or cio_id")),
    };
    let ids = object(body, "body")?.get("ids").and_then(Value::as_array);
    let ids = ids.ok_or_else(|| Problem::required("ids"))?;
    if ids.len() > SEGMENT_IDS_MAX {
        let message = format!("ids cannot hold more than {SEGMENT_IDS_MAX} entries");
        return Err(Problem::new("too_large", "ids", message));
    }
    // Ids of a wrong kind are passed over, as documented.
    let who = ids
        .iter()
        .filter_map(attributes::plain)
        .filter_map(|id| identifier(kind, &id).ok())
        .collect();
    Ok(input(
        Source::TrackV1,
        Body::EditSegment { segment, who, add },
    ))
}
