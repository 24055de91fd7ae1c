//! Provider tokens: the JSON Web Tokens that authorise pushes (providers.md 1.3, RFC 7515).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use landfall_domain::time::{HOUR_MS, MINUTE_MS, Timestamp};
use serde::Deserialize;

use super::{ProviderKey, Reason};

/// How exactly a token must be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// As RFC 7515 says: base64url without padding, the signature as 64 raw bytes.
    #[default]
    Strict,
    /// As Apple tolerates: padding, the standard alphabet, and a signature in DER too.
    Lenient,
}

/// Oldest accepted `iat`.
pub(super) const OLDEST_MS: i64 = HOUR_MS;
/// How far a sender's clock may run ahead.
const AHEAD_MS: i64 = 5 * MINUTE_MS;

/// What a token of a known key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// The key's place among the known ones.
    pub(super) key: usize,
    /// When it was issued.
    pub(super) issued: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    iat: i64,
}

/// Reads and verifies the value of an `authorization` header.
///
/// The scheme's name may be written in any case (providers.md 11, point 2).
pub(super) fn verified(
    authorization: &str,
    keys: &[ProviderKey],
    strictness: Strictness,
    now: Timestamp,
) -> Result<Claims, Reason> {
    let (scheme, token) = authorization
        .split_once(' ')
        .ok_or(Reason::InvalidProviderToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Reason::InvalidProviderToken);
    }
    let claims = read(token.trim(), keys, strictness).ok_or(Reason::InvalidProviderToken)?;
    in_time(claims.issued, now)?;
    Ok(claims)
}

/// Whether a token that was issued then may be used now.
pub(super) fn in_time(issued: Timestamp, now: Timestamp) -> Result<(), Reason> {
    let age = now.since(issued);
    if age > OLDEST_MS {
        return Err(Reason::ExpiredProviderToken);
    }
    if age < -AHEAD_MS {
        return Err(Reason::InvalidProviderToken);
    }
    Ok(())
}

fn read(token: &str, keys: &[ProviderKey], strictness: Strictness) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&decoded(header, strictness)?).ok()?;
    let payload: Payload = serde_json::from_slice(&decoded(payload, strictness)?).ok()?;
    if header.alg != "ES256" {
        return None;
    }
    let key = keys
        .iter()
        .position(|key| key.id == header.kid && key.team == payload.iss)?;
    let signature = decoded(signature, strictness)?;
    let verifies = |algorithm: &'static dyn VerificationAlgorithm| {
        UnparsedPublicKey::new(algorithm, &keys[key].public)
            .verify(signed.as_bytes(), &signature)
            .is_ok()
    };
    let genuine = verifies(&ECDSA_P256_SHA256_FIXED)
        || (strictness == Strictness::Lenient && verifies(&ECDSA_P256_SHA256_ASN1));
    genuine.then_some(Claims {
        key,
        issued: Timestamp::from_seconds(payload.iat),
    })
}

fn decoded(part: &str, strictness: Strictness) -> Option<Vec<u8>> {
    if let Ok(bytes) = URL_SAFE_NO_PAD.decode(part) {
        return Some(bytes);
    }
    if strictness == Strictness::Strict {
        return None;
    }
    let part = part.trim_end_matches('=');
    let url_safe = URL_SAFE_NO_PAD.decode(part);
    url_safe.or_else(|_| STANDARD_NO_PAD.decode(part)).ok()
}
