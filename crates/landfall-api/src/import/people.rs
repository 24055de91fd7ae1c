//! People and devices.

use std::collections::BTreeMap;

use landfall_domain::channel::Platform;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, DeviceReport, Input, Source};
use landfall_domain::limits::{IDENTIFIER_BYTES_MAX, TOKEN_BYTES_MAX};
use landfall_domain::time::Timestamp;
use serde_json::Value;

use super::{Row, Skipped, key_of, text, time};
use crate::parse::{Problem, attributes};

const ID: &[&str] = &["id", "customer_id", "person_id", "user_id"];
const OWNER: &[&str] = &["customer_id", "person_id", "user_id"];
const EMAIL: &[&str] = &["email", "email_address"];
const PHONE: &[&str] = &["phone", "phone_number"];
const CIO_ID: &[&str] = &["cio_id"];
const TOKEN: &[&str] = &["token", "device_id", "device_token"];

/// Reads a person: identifiers by their names, every other column an attribute.
pub(super) fn person(row: &Row) -> Result<Input, Skipped> {
    let who = who(row)?;
    let known = [ID, EMAIL, PHONE, CIO_ID].concat();
    let attributes: Row = row
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()) && name.as_str() != "_timestamp")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let attributes = attributes::of_person(&attributes).map_err(beyond_limits)?;
    let claims = Claims {
        id: text(row, ID),
        email: text(row, EMAIL),
        phone: text(row, PHONE),
        anonymous_id: text(row, &["anonymous_id"]),
    };
    let claimed = [
        &claims.id,
        &claims.email,
        &claims.phone,
        &claims.anonymous_id,
    ];
    if claimed
        .into_iter()
        .flatten()
        .any(|value| value.len() > IDENTIFIER_BYTES_MAX)
    {
        return Err(Skipped::because("an identifier is longer than 150 bytes"));
    }
    Ok(Input {
        source: Source::Import,
        at: time_or_nothing(row, &["_timestamp"])?,
        sent_at: None,
        dedupe_key: Some(key_of("person", row)),
        body: Body::Identify {
            who,
            claims,
            attributes,
            update_only: false,
        },
    })
}

/// Reads a device: token, platform and owner by their names, every other column a device attribute.
pub(super) fn device(row: &Row) -> Result<Input, Skipped> {
    // Where another column names the owner, `id` may be the device's, as in the App API.
    let owned = text(row, OWNER).is_some();
    let token = text(row, TOKEN).or_else(|| text(row, &["id"]).filter(|_| owned));
    let token = token.ok_or_else(|| Skipped::because("no token"))?;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Skipped::because("the token is longer than any push token"));
    }
    let who = who(row)?;
    let platform = match text(row, &["platform", "device_platform"]) {
        Some(name) => Platform::named(&name.to_lowercase())
            .ok_or_else(|| Skipped::because("the platform is none of ios, android, web"))?,
        None => Platform::guess(&token),
    };
    let last_used = time_or_nothing(row, &["last_used", "last_used_at"])?;
    let known = [
        ID,
        EMAIL,
        PHONE,
        CIO_ID,
        TOKEN,
        &["platform", "device_platform", "last_used", "last_used_at"],
    ]
    .concat();
    let mut attributes = BTreeMap::new();
    let flat = row
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()) && name.as_str() != "attributes");
    attributes::add(&mut attributes, flat).map_err(beyond_limits)?;
    if let Some(Value::Object(more)) = row.get("attributes") {
        attributes::add(&mut attributes, more.iter()).map_err(beyond_limits)?;
    }
    let device = DeviceReport {
        app: String::new(),
        platform,
        token,
        last_used,
        attributes,
    };
    Ok(Input {
        source: Source::Import,
        at: last_used,
        sent_at: None,
        dedupe_key: Some(key_of("device", row)),
        body: Body::AddDevice { who, device },
    })
}

/// A time that may be absent, but must be one when it is there: an attribute without its time would
/// count as new.
fn time_or_nothing(row: &Row, names: &[&str]) -> Result<Option<Timestamp>, Skipped> {
    match (text(row, names), time(row, names)) {
        (Some(said), None) if said != "0" => {
            Err(Skipped::because(format!("{} is not a time", names[0])))
        }
        (_, at) => Ok(at),
    }
}

/// A fault in the words of the API.
fn beyond_limits(problem: Problem) -> Skipped {
    Skipped::because(problem.message)
}

fn who(row: &Row) -> Result<Identifier, Skipped> {
    let kinds = [
        (IdentifierKind::CioId, CIO_ID),
        (
            IdentifierKind::Id,
            &["customer_id", "person_id", "user_id", "id"],
        ),
        (IdentifierKind::Email, EMAIL),
        (IdentifierKind::Phone, PHONE),
    ];
    for (kind, names) in kinds {
        let Some(value) = text(row, names) else {
            continue;
        };
        if value.len() > IDENTIFIER_BYTES_MAX {
            return Err(Skipped::because("an identifier is longer than 150 bytes"));
        }
        if let Some(identifier) = Identifier::new(kind, &value) {
            return Ok(identifier);
        }
    }
    Err(Skipped::because(
        "nobody is named (id, email, phone or cio_id)",
    ))
}
