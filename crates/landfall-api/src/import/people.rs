//! People and devices.

use std::collections::BTreeMap;

use landfall_domain::channel::Platform;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, DeviceReport, Input, Source};
use landfall_domain::limits::{ATTRIBUTES_MAX, IDENTIFIER_BYTES_MAX, TOKEN_BYTES_MAX};
use serde_json::Value;

use super::{Row, Skipped, key_of, text, time};

const ID: &[&str] = &["id", "customer_id", "person_id", "user_id"];
const EMAIL: &[&str] = &["email", "email_address"];
const PHONE: &[&str] = &["phone", "phone_number"];
const CIO_ID: &[&str] = &["cio_id"];
const TOKEN: &[&str] = &["token", "device_id", "device_token"];

/// Reads a person: identifiers by their names, every other column an attribute.
pub(super) fn person(row: &Row) -> Result<Input, Skipped> {
    let who = who(row)?;
    let known = [ID, EMAIL, PHONE, CIO_ID].concat();
    let attributes: BTreeMap<String, Value> = row
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()) && name.as_str() != "_timestamp")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(Skipped::because("more than 300 attributes"));
    }
    let claims = Claims {
        id: text(row, ID),
        email: text(row, EMAIL),
        phone: text(row, PHONE),
        anonymous_id: text(row, &["anonymous_id"]),
    };
    Ok(Input {
        source: Source::Import,
        at: time(row, &["_timestamp"]),
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
    let token = text(row, TOKEN).ok_or_else(|| Skipped::because("no token"))?;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Skipped::because("the token is longer than any push token"));
    }
    // `id` may name the device in a devices file that has a customer column too.
    let who = who(row)?;
    let platform = match text(row, &["platform", "device_platform"]) {
        Some(name) => Platform::named(&name.to_lowercase())
            .ok_or_else(|| Skipped::because("the platform is none of ios, android, web"))?,
        None => Platform::guess(&token),
    };
    let last_used = time(row, &["last_used", "last_used_at"]);
    let known = [
        ID,
        EMAIL,
        PHONE,
        CIO_ID,
        TOKEN,
        &["platform", "device_platform", "last_used", "last_used_at"],
    ]
    .concat();
    let mut attributes: BTreeMap<String, String> = row
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()) && name.as_str() != "attributes")
        .filter_map(|(name, value)| Some((name.clone(), plain(value)?)))
        .collect();
    if let Some(Value::Object(more)) = row.get("attributes") {
        let more = more
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), plain(value)?)));
        attributes.extend(more);
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

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
