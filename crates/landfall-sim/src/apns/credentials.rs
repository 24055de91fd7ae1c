//! What one connection is allowed to send: its first push binds it to a team and a family of keys
//! (providers.md 1.3).

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use landfall_domain::time::{MINUTE_MS, Timestamp};

use super::token::{self, Claims, Strictness};
use super::{Environment, ProviderKey, Reason};

/// Fastest renewal of the token on one connection.
const RENEWAL_MS: i64 = 20 * MINUTE_MS;
/// Tokens of a connection that are remembered, so that the one before can still be used.
const REMEMBERED: usize = 4;

/// How Apple writes the reason for a key of the other environment: its documents and its answers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnvironmentSpelling {
    /// `BadEnvironmentKeyIdInToken`, as documented.
    #[default]
    Documented,
    /// `BadEnvironmentKeyInToken`, as many logs show.
    Observed,
}

/// Keys as they are known at one time.
#[derive(Debug)]
pub(super) struct Keyring {
    pub(super) keys: Vec<ProviderKey>,
    /// Goes up when a key is revoked or added.
    pub(super) generation: u64,
    pub(super) strictness: Strictness,
    pub(super) environment: Environment,
    pub(super) spelling: EnvironmentSpelling,
}

/// The tokens that a connection has shown.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    seen: Vec<Seen>,
    bound: Option<Bound>,
}

#[derive(Debug)]
struct Seen {
    authorization: HeaderValue,
    claims: Claims,
    generation: u64,
}

#[derive(Debug)]
struct Bound {
    team: String,
    family: String,
}

impl Credentials {
    /// The key that signed a request's token, when all rules hold.
    pub(super) fn check<'k>(
        &mut self,
        headers: &HeaderMap,
        keyring: &'k Keyring,
        now: Timestamp,
    ) -> Result<&'k ProviderKey, Reason> {
        let authorization = headers
            .get(AUTHORIZATION)
            .ok_or(Reason::MissingProviderToken)?;
        let known = self.seen.iter().find(|seen| {
            seen.generation == keyring.generation && seen.authorization == authorization
        });
        if let Some(seen) = known {
            token::in_time(seen.claims.issued, now)?;
            return Ok(&keyring.keys[seen.claims.key]);
        }
        let text = authorization
            .to_str()
            .map_err(|_| Reason::InvalidProviderToken)?;
        let claims = token::verified(text, &keyring.keys, keyring.strictness, now)?;
        let key = &keyring.keys[claims.key];
        self.bind(key, keyring)?;
        self.renew(authorization, claims, keyring.generation)?;
        Ok(key)
    }

    fn bind(&mut self, key: &ProviderKey, keyring: &Keyring) -> Result<(), Reason> {
        if !key.environments.contains(&keyring.environment) {
            return Err(match keyring.spelling {
                EnvironmentSpelling::Documented => Reason::BadEnvironmentKeyIdInToken,
                EnvironmentSpelling::Observed => Reason::BadEnvironmentKeyInToken,
            });
        }
        let bound = self.bound.get_or_insert_with(|| Bound {
            team: key.team.clone(),
            family: key.family.clone(),
        });
        if bound.team != key.team {
            return Err(Reason::InvalidProviderToken);
        }
        if bound.family != key.family {
            return Err(Reason::UnrelatedKeyIdInToken);
        }
        Ok(())
    }

    /// Takes a token that this connection has not shown before.
    ///
    /// The pace is measured between the moments of issue: a connection that was opened with a token of 49
    /// minutes may well see the next one a minute later.
    fn renew(
        &mut self,
        authorization: &HeaderValue,
        claims: Claims,
        generation: u64,
    ) -> Result<(), Reason> {
        let again = self
            .seen
            .iter()
            .position(|seen| seen.authorization == authorization);
        if let Some(place) = again {
            self.seen.remove(place);
        } else {
            let newest = self.seen.iter().map(|seen| seen.claims.issued).max();
            if newest.is_some_and(|newest| claims.issued.since(newest) < RENEWAL_MS) {
                return Err(Reason::TooManyProviderTokenUpdates);
            }
        }
        if self.seen.len() == REMEMBERED {
            self.seen.remove(0);
        }
        self.seen.push(Seen {
            authorization: authorization.clone(),
            claims,
            generation,
        });
        Ok(())
    }
}
