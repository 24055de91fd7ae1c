//! Google's token endpoint: a signed assertion for an access token (RFC 7523, providers.md 2.1).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use landfall_domain::time::{MINUTE_MS, SECOND_MS, Timestamp};
use serde::Deserialize;

use super::ServiceAccount;
use crate::http::form;

/// The only grant type that a service account uses.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Scopes of which one is needed.
const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
];
/// Google's own address of the endpoint, which a sender may name whatever way its request took.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";
/// Longest life of an assertion in seconds.
const LONGEST: i64 = 3600;
/// How far clocks may differ.
const SKEW_MS: i64 = 5 * MINUTE_MS;

/// Why no token is granted: HTTP status, `error`, and text.
pub(super) type OauthError = (u16, &'static str, &'static str);

/// Access tokens that were granted, and names that were given to messages.
#[derive(Debug, Default)]
pub(super) struct Grants {
    made: AtomicU64,
    named: AtomicU64,
    key_revoked: AtomicBool,
    /// Tokens with the moment when they expire.
    live: Mutex<HashMap<String, Timestamp>>,
}

impl Grants {
    fn live(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants a token for so many seconds.
    pub(super) fn grant(&self, seconds: u32, now: Timestamp) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let token = format!("ya29.simulated-{number}");
        let expires = now.plus_millis(i64::from(seconds) * SECOND_MS);
        let mut live = self.live();
        live.retain(|_, expires| *expires > now);
        live.insert(token.clone(), expires);
        token
    }

    pub(super) fn holds(&self, token: &str, now: Timestamp) -> bool {
        self.live().get(token).is_some_and(|expires| *expires > now)
    }

    /// A message's name that was not given out before.
    pub(super) fn message_name(&self, project: &str, now: Timestamp) -> String {
        let number = self.named.fetch_add(1, Ordering::Relaxed) + 1;
        format!(
            "projects/{project}/messages/0:{}%{number:016x}",
            now.millis()
        )
    }

    pub(super) fn revoke(&self) {
        self.live().clear();
    }

    pub(super) fn revoke_key(&self) {
        self.key_revoked.store(true, Ordering::Release);
    }

    pub(super) fn key_is_revoked(&self) -> bool {
        self.key_revoked.load(Ordering::Acquire)
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    scope: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// The address that an assertion says it comes from, whether that is right or not.
pub(super) fn issuer(body: &[u8]) -> Option<String> {
    let fields = form::read(std::str::from_utf8(body).ok()?);
    let assertion = form::value(&fields, "assertion")?;
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode(assertion)
        .ok()?
        .claims;
    Some(claims.iss)
}

/// Checks a request for a token.
pub(super) fn checked(
    body: &[u8],
    account: &ServiceAccount,
    token_uri: &str,
    now: Timestamp,
) -> Result<(), OauthError> {
    let form = std::str::from_utf8(body).map_err(|_| (400, "invalid_request", "Not a form."))?;
    let fields = form::read(form);
    if form::value(&fields, "grant_type") != Some(GRANT_TYPE) {
        return Err((400, "unsupported_grant_type", "Invalid grant_type."));
    }
    let assertion = form::value(&fields, "assertion");
    let assertion = assertion.ok_or((400, "invalid_request", "Missing assertion."))?;
    let claims = verified(assertion, account)?;
    if claims.aud != token_uri && claims.aud != GOOGLE {
        return Err((400, "invalid_grant", "Invalid JWT: Failed audience check."));
    }
    let (issued, expires) = (
        Timestamp::from_seconds(claims.iat),
        Timestamp::from_seconds(claims.exp),
    );
    let in_time = issued.since(now) <= SKEW_MS
        && expires.since(now) > -SKEW_MS
        && (1..=LONGEST).contains(&(claims.exp - claims.iat));
    if !in_time {
        let why = "Invalid JWT: Token must be short-lived and in a reasonable timeframe.";
        return Err((400, "invalid_grant", why));
    }
    let named: Vec<_> = claims.scope.split(' ').collect();
    if !SCOPES.iter().any(|scope| named.contains(scope)) {
        let why = "Invalid OAuth scope or ID token audience provided.";
        return Err((400, "invalid_scope", why));
    }
    Ok(())
}

fn verified(assertion: &str, account: &ServiceAccount) -> Result<Claims, OauthError> {
    let signature = (400, "invalid_grant", "Invalid JWT Signature.");
    let header = jsonwebtoken::decode_header(assertion).map_err(|_| signature)?;
    // Some of Google's own libraries send no key id.
    if header.kid.is_some_and(|kid| kid != account.key_id) {
        return Err(signature);
    }
    let mut validation = Validation::new(Algorithm::RS256);
    // The claims are checked against the simulator's clock and not the machine's.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_rsa_pem(account.public_key.as_bytes()).map_err(|_| signature)?;
    let claims: Claims = jsonwebtoken::decode(assertion, &key, &validation)
        .map_err(|_| signature)?
        .claims;
    if claims.iss != account.email {
        return Err((400, "invalid_grant", "Invalid grant: account not found"));
    }
    Ok(claims)
}
