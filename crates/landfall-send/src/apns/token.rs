//! The token that we identify with at APNs: a JWT, signed once and used on all connections
//! (providers.md 1.3).
//!
//! Apple refuses tokens older than 60 minutes and new ones within 20 minutes. Renewal lies between:
//! after 40 to 50 minutes, at a point that follows from the key's id, so that the keys of one process
//! are not all renewed together and a restart changes nothing.

#[cfg(test)]
mod tests;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use landfall_domain::time::{MINUTE_MS, Timestamp};
use serde::Serialize;

use crate::CredentialError;

/// Apple takes a new token at most this often.
const RENEWAL_MS_MIN: i64 = 20 * MINUTE_MS;
/// Earliest and latest planned renewal.
const RENEWAL_MS: (i64, i64) = (40 * MINUTE_MS, 50 * MINUTE_MS);
/// An older token is not worth going back to: Apple ends its life at 60 minutes.
const USABLE_MS: i64 = 57 * MINUTE_MS;

/// A signed token as the value of `authorization`, and when it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) value: HeaderValue,
    issued: Timestamp,
}

impl Bearer {
    const fn age_ms(&self, now: Timestamp) -> i64 {
        now.since(self.issued)
    }

    fn usable(&self, now: Timestamp, until_ms: i64) -> bool {
        // A clock that was set back makes ages negative; a token from the future is refused.
        (-RENEWAL_MS_MIN..until_ms).contains(&self.age_ms(now))
    }
}

#[derive(Default)]
struct State {
    current: Option<Bearer>,
    /// What `current` took the place of, in case Apple does not take the new one yet.
    previous: Option<Bearer>,
    /// No planned renewal before.
    hold_until: Option<Timestamp>,
    /// When a renewal last followed from the answer that the token has expired.
    forced_at: Option<Timestamp>,
}

/// Signs tokens with one key and keeps the current one.
pub(crate) struct ProviderToken {
    key: EncodingKey,
    header: Header,
    team_id: String,
    renew_after_ms: i64,
    state: RwLock<State>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

impl ProviderToken {
    /// From the text of a `.p8` file, the key's id and the team's.
    ///
    /// # Errors
    /// Which of them cannot be right.
    pub(crate) fn new(p8: &str, key_id: &str, team_id: &str) -> Result<Self, CredentialError> {
        check_id("key_id", key_id)?;
        check_id("team_id", team_id)?;
        let key = EncodingKey::from_ec_pem(p8.as_bytes()).map_err(|_| {
            let problem =
                "this is not the text of a .p8 file; paste the whole file that Apple gave";
            CredentialError::new("key_p8", problem)
        })?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = None;
        header.kid = Some(key_id.to_owned());
        let token = Self {
            key,
            header,
            team_id: team_id.to_owned(),
            renew_after_ms: renew_after_ms(key_id),
            state: RwLock::default(),
        };
        // A key of another curve shows only now.
        token.sign(Timestamp::EPOCH).map_err(|_| {
            let problem = "this key cannot sign ES256; APNs takes keys of the curve P-256 only";
            CredentialError::new("key_p8", problem)
        })?;
        Ok(token)
    }

    /// The token to use at `now`, renewed if it is time.
    pub(crate) fn bearer(&self, now: Timestamp) -> Bearer {
        if let Some(bearer) = self.current(&self.read(), now) {
            return bearer;
        }
        let mut state = self.write();
        if let Some(bearer) = self.current(&state, now) {
            return bearer;
        }
        let bearer = self.signed(now);
        state.previous = state.current.replace(bearer.clone());
        bearer
    }

    fn current(&self, state: &State, now: Timestamp) -> Option<Bearer> {
        let current = state.current.as_ref()?;
        let held = state.hold_until.is_some_and(|until| now < until);
        let until_ms = if held { USABLE_MS } else { self.renew_after_ms };
        current.usable(now, until_ms).then(|| current.clone())
    }

    /// Apple says that `rejected` has expired: the token to try instead. `None` when the last such
    /// answer is less than 20 minutes old and was followed by a renewal: then the clock is wrong, and
    /// yet another token would only be refused for coming too fast.
    pub(crate) fn after_expiry(&self, rejected: &Bearer, now: Timestamp) -> Option<Bearer> {
        let mut state = self.write();
        if let Some(current) = &state.current
            && current != rejected
        {
            return Some(current.clone());
        }
        let forced = state.forced_at.map(|at| now.since(at));
        if forced.is_some_and(|ago| (0..RENEWAL_MS_MIN).contains(&ago)) {
            return None;
        }
        let bearer = self.signed(now);
        state.current = Some(bearer.clone());
        state.previous = None;
        state.forced_at = Some(now);
        Some(bearer)
    }

    /// Apple says that tokens change too fast: goes back to the one before, if it is still usable, and
    /// renews no more for 20 minutes.
    pub(crate) fn after_too_many_updates(&self, rejected: &Bearer, now: Timestamp) {
        let mut state = self.write();
        state.hold_until = Some(now.plus_millis(RENEWAL_MS_MIN));
        if state.current.as_ref() != Some(rejected) {
            return;
        }
        let previous = state.previous.take();
        if let Some(previous) = previous.filter(|previous| previous.usable(now, USABLE_MS)) {
            state.current = Some(previous);
        }
    }

    fn signed(&self, now: Timestamp) -> Bearer {
        let value = self
            .sign(now)
            .expect("the key signed when it was checked in new");
        Bearer { value, issued: now }
    }

    fn sign(&self, now: Timestamp) -> Result<HeaderValue, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: &self.team_id,
            iat: now.seconds(),
        };
        let jwt = jsonwebtoken::encode(&self.header, &claims, &self.key)?;
        let mut value = HeaderValue::from_maybe_shared(format!("bearer {jwt}").into_bytes())
            .expect("a JWT is base64url and dots");
        value.set_sensitive(true);
        Ok(value)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_id(field: &'static str, id: &str) -> Result<(), CredentialError> {
    if id.len() == 10 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let problem = "ten letters and digits are expected, as Apple's developer pages show them";
    Err(CredentialError::new(field, problem))
}

fn renew_after_ms(key_id: &str) -> i64 {
    let spread = (RENEWAL_MS.1 - RENEWAL_MS.0).unsigned_abs();
    let offset = super::fingerprint(key_id.as_bytes()) % spread;
    RENEWAL_MS.0 + i64::try_from(offset).unwrap_or(0)
}
