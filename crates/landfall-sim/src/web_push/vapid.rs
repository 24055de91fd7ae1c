//! Checks of an application server's identification, VAPID (RFC 8292).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::time::{DAY_MS, Timestamp};
use serde::Deserialize;

use super::encryption::POINT_BYTES;

#[cfg(test)]
mod tests;

/// Why an identification was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no `Authorization` header.
    #[error("there is no Authorization header: send `vapid t=<token>, k=<key>`")]
    Missing,
    /// The scheme is another one, or `t` or `k` is missing.
    #[error("the Authorization header is not `vapid t=<token>, k=<key>`")]
    Header,
    /// `k` is not a P-256 point of 65 bytes in base64url.
    #[error("k is not an uncompressed P-256 key in base64url without padding")]
    Key,
    /// `t` is not a JWT of three base64url parts with the claims of RFC 8292.
    #[error("t is not a JWT with aud, exp and sub")]
    Token,
    /// The token is signed with something else than ES256 (RFC 8292 section 2).
    #[error("the token's alg is not ES256")]
    Algorithm,
    /// The signature was made by another key, or over other text.
    #[error("the token is not signed by k")]
    Signature,
    /// `aud` is not the origin of the push resource, with its port when that is not the default one.
    #[error("aud is not the origin of this service, {0}")]
    Audience(String),
    /// `exp` is not in the future.
    #[error("the token has expired")]
    Expired,
    /// `exp` is more than 24 hours ahead (RFC 8292 section 2).
    #[error("exp is more than 24 hours ahead")]
    TooLong,
    /// `sub` is neither a `mailto:` nor an `https:` URI (RFC 8292 section 2.1).
    #[error("sub is neither a mailto: nor an https: URI")]
    Subject,
}

/// An application server that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its public key, an uncompressed point of 65 bytes.
    pub key: Vec<u8>,
    /// The token as it came, to see whether a sender reuses it.
    pub token: String,
    /// The `sub` claim: whom to write to.
    pub subject: String,
    /// The `exp` claim.
    pub expires: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    sub: String,
}

/// Checks an `Authorization` header for a service whose origin is `audience`, such as
/// `https://push.example.net` or `https://localhost:9443`.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(header: Option<&str>, audience: &str, now: Timestamp) -> Result<Identity, Refused> {
    let (token, key) = credentials(header.ok_or(Refused::Missing)?)?;
    let key = URL_SAFE_NO_PAD
        .decode(key)
        .map_err(|_| Refused::Key)
        .and_then(|key| match key.as_slice() {
            [4, ..] if key.len() == POINT_BYTES => Ok(key),
            _ => Err(Refused::Key),
        })?;
    let claims = verified(token, &key)?;
    if claims.aud != audience {
        return Err(Refused::Audience(audience.to_owned()));
    }
    let expires = Timestamp::from_seconds(claims.exp);
    if expires <= now {
        return Err(Refused::Expired);
    }
    if expires.since(now) > DAY_MS {
        return Err(Refused::TooLong);
    }
    if !claims.sub.starts_with("mailto:") && !claims.sub.starts_with("https://") {
        return Err(Refused::Subject);
    }
    Ok(Identity {
        key,
        token: token.to_owned(),
        subject: claims.sub,
        expires,
    })
}

/// `t` and `k` of the header. Scheme and spacing are read leniently: pywebpush writes no space after the
/// comma (providers-implementations.md 5), and scheme names know no case (RFC 9110 section 11.1).
fn credentials(header: &str) -> Result<(&str, &str), Refused> {
    let (scheme, parameters) = header.trim().split_once(' ').ok_or(Refused::Header)?;
    if !scheme.eq_ignore_ascii_case("vapid") {
        return Err(Refused::Header);
    }
    let (mut token, mut key) = (None, None);
    for parameter in parameters.split(',') {
        match parameter.trim().split_once('=') {
            Some(("t", value)) => token = Some(value.trim_matches('"')),
            Some(("k", value)) => key = Some(value.trim_matches('"')),
            _ => {}
        }
    }
    token.zip(key).ok_or(Refused::Header)
}

/// The claims of a token that the key signed.
fn verified(token: &str, key: &[u8]) -> Result<Claims, Refused> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Token)?;
    let (header, claims) = signed.split_once('.').ok_or(Refused::Token)?;
    let header: Header = part(header)?;
    if header.alg != "ES256" {
        return Err(Refused::Algorithm);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| Refused::Token)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| Refused::Signature)?;
    part(claims)
}

fn part<T: serde::de::DeserializeOwned>(encoded: &str) -> Result<T, Refused> {
    let json = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| Refused::Token)?;
    serde_json::from_slice(&json).map_err(|_| Refused::Token)
}
