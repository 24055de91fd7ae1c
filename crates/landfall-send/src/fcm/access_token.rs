//! Access tokens for Google's API: fetched with the service account's assertion, kept while they are
//! valid, renewed in the background before they end (providers.md 2.1).
//!
//! One fetch is on its way at a time, whoever needs it (single flight). Senders wait for it only when
//! there is no valid token at all.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::time::{MINUTE_MS, SECOND_MS, Timestamp};
use serde::Deserialize;

/// This long before its end a token is renewed; Google's are valid for about an hour.
const RENEW_BEFORE_MS: i64 = 5 * MINUTE_MS;
/// A token this close to its end is not used: it would end on the way.
const UNUSABLE_BEFORE_MS: i64 = 10 * SECOND_MS;
/// After a fetch that failed the next one is made no sooner: thousands of messages may be waiting, and
/// each would ask again. The answer of the failed one holds meanwhile.
const PAUSE_AFTER_FAILURE_MS: i64 = 10 * SECOND_MS;

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessToken {
    /// What goes behind `Bearer`.
    pub(crate) secret: String,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
}

/// Gets one token, or says why not.
pub(crate) type Fetch =
    dyn Fn(Timestamp) -> BoxFuture<'static, Result<AccessToken, Answer>> + Send + Sync;

type Flight = Shared<BoxFuture<'static, Result<AccessToken, Answer>>>;

/// The tokens of one service account.
#[derive(Clone)]
pub(crate) struct AccessTokens {
    fetch: Arc<Fetch>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    current: Option<AccessToken>,
    flight: Option<Flight>,
    failure: Option<(Timestamp, Answer)>,
}

/// What to do for somebody who needs a token.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Use(AccessToken),
    UseAndRenew(AccessToken),
    Fetch,
    Fail(Answer),
}

impl State {
    fn plan(&self, now: Timestamp) -> Plan {
        let left = |token: &AccessToken| token.expires_at.since(now);
        let usable = self
            .current
            .as_ref()
            .filter(|token| left(token) > UNUSABLE_BEFORE_MS);
        let pause = self
            .failure
            .as_ref()
            .filter(|(at, _)| (0..PAUSE_AFTER_FAILURE_MS).contains(&now.since(*at)));
        match (usable, pause) {
            (Some(token), _) if left(token) > RENEW_BEFORE_MS => Plan::Use(token.clone()),
            (Some(token), Some(_)) => Plan::Use(token.clone()),
            (Some(token), None) => Plan::UseAndRenew(token.clone()),
            (None, Some((_, answer))) => Plan::Fail(answer.clone()),
            (None, None) => Plan::Fetch,
        }
    }
}

impl AccessTokens {
    /// Without a token yet.
    pub(crate) fn new(fetch: Arc<Fetch>) -> Self {
        Self {
            fetch,
            state: Arc::default(),
        }
    }

    /// A token that is valid at `now`.
    ///
    /// # Errors
    /// The answer for the message that cannot be sent without.
    pub(crate) async fn get(&self, now: Timestamp) -> Result<AccessToken, Answer> {
        let flight = {
            let mut state = self.lock();
            match state.plan(now) {
                Plan::Use(token) => return Ok(token),
                Plan::Fail(answer) => return Err(answer),
                Plan::UseAndRenew(token) => {
                    // It lands by itself; nobody has to wait for it.
                    drop(self.fly(&mut state, now));
                    return Ok(token);
                }
                Plan::Fetch => self.fly(&mut state, now),
            }
        };
        flight.await
    }

    /// Another token than `refused`, which the API did not accept although it should be valid: the
    /// one that came meanwhile, or a new one.
    ///
    /// # Errors
    /// The answer for the message that cannot be sent without.
    pub(crate) async fn instead_of(
        &self,
        refused: &AccessToken,
        now: Timestamp,
    ) -> Result<AccessToken, Answer> {
        {
            let mut state = self.lock();
            if state.current.as_ref() == Some(refused) {
                state.current = None;
            }
        }
        self.get(now).await
    }

    /// Joins the fetch that is on its way, or starts one. It runs by itself: a caller that gives up
    /// does not end it.
    fn fly(&self, state: &mut State, now: Timestamp) -> Flight {
        if let Some(flight) = &state.flight {
            return flight.clone();
        }
        let fetching = (self.fetch)(now);
        let own = Arc::clone(&self.state);
        let flight = async move {
            let fetched = fetching.await;
            lock(&own).land(fetched.clone(), now);
            fetched
        }
        .boxed()
        .shared();
        state.flight = Some(flight.clone());
        tokio::spawn(flight.clone());
        flight
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn land(&mut self, fetched: Result<AccessToken, Answer>, now: Timestamp) {
        self.flight = None;
        match fetched {
            Ok(token) => {
                self.current = Some(token);
                self.failure = None;
            }
            Err(answer) => self.failure = Some((now, answer)),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the token endpoint says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    access_token: Option<String>,
    expires_in: Option<i64>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Reads an answer of the token endpoint to a request of `asked_at`.
///
/// # Errors
/// The answer for the message: refused credentials (`invalid_grant`, `invalid_client`: a revoked key or
/// a wrong clock) or an outage. Nothing was sent in either case.
pub(crate) fn read(
    status: u16,
    retry_after_ms: Option<i64>,
    body: &[u8],
    asked_at: Timestamp,
) -> Result<AccessToken, Answer> {
    let parsed: Body = serde_json::from_slice(body).unwrap_or_default();
    if status == 200
        && let (Some(secret), Some(seconds)) = (parsed.access_token, parsed.expires_in)
    {
        return Ok(AccessToken {
            secret,
            expires_at: asked_at.plus_millis(seconds.saturating_mul(SECOND_MS)),
        });
    }
    let reason = match (status, parsed.error.as_deref()) {
        (_, Some("invalid_grant" | "invalid_client")) => Reason::ProviderAuth,
        (404 | 405, _) => Reason::ProviderConfig,
        (200 | 408 | 429 | 500..=599, _) => Reason::ProviderUnavailable,
        _ => Reason::ProviderAuth,
    };
    let text = String::from_utf8_lossy(body);
    let words = match (status, &parsed.error_description, &parsed.error) {
        // What came with 200 may hold a token.
        (200, _, _) => "it answered without access_token and expires_in",
        (_, Some(words), _) | (_, None, Some(words)) => words,
        (_, None, None) => text.trim(),
    };
    let mut answer = Answer::refused_saying(reason, &format!("the token endpoint: {words}"));
    answer.status = Some(status);
    answer.code = parsed.error;
    answer.retry_after_ms = retry_after_ms;
    Err(answer)
}
