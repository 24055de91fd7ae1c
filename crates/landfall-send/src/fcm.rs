//! Firebase Cloud Messaging, HTTP v1: Android, and Apple's devices and browsers whose apps use
//! Firebase.
//!
//! [`service_account`] signs the assertion that [`access_token`] exchanges for tokens; [`payload`]
//! builds the message, [`classify`] says what answers mean. Requests go over the pool of HTTP/2
//! connections, one message each: FCM has no batches any more (providers.md 2.1).

mod access_token;
mod classify;
mod payload;
mod service_account;
#[cfg(test)]
mod test_key;

use std::sync::Arc;

use aws_lc_rs::rand;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request, Uri};
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::credential::{CredentialError, FcmCredential};
use crate::http_call::{CallError, HttpCall};
use crate::pool::{Gauge, Origin, Pool, PoolSettings};
use crate::retry_after::retry_after_ms;
use crate::{Network, Outgoing, Sender, tls};
use access_token::{AccessToken, AccessTokens, Fetch};
use classify::{Classified, classify};
use service_account::ServiceAccount;

pub use payload::FID_PREFIX;

/// Google's address, unless the credential names another.
const USUAL_BASE: &str = "https://fcm.googleapis.com";

/// Sends to the devices of one Firebase project.
pub struct FcmSender {
    pool: Pool,
    uri: Uri,
    tokens: AccessTokens,
}

impl FcmSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong: the key file, the project, the base address, or the certificates.
    pub fn new(credential: &FcmCredential, network: &Network) -> Result<Self, CredentialError> {
        Self::with_pool(credential, network, PoolSettings::fcm(seed()?))
    }

    /// As [`Self::new`], with other settings of the connections.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_pool(
        credential: &FcmCredential,
        network: &Network,
        settings: PoolSettings,
    ) -> Result<Self, CredentialError> {
        let account = ServiceAccount::parse(&credential.service_account, network.private_allowed)?;
        let base = credential.base_url.as_deref().unwrap_or(USUAL_BASE);
        let wrong_base = |error| CredentialError::new("base_url", error);
        let origin = Origin::parse(base.trim().trim_end_matches('/')).map_err(wrong_base)?;
        let project = credential.project_id.as_deref();
        let uri = uri(&origin, project.unwrap_or(&account.project_id))?;
        let authorities = [network.ca_pem.as_deref(), credential.ca_pem.as_deref()];
        let tls = tls::client_config(authorities.into_iter().flatten(), None)?;
        let http = HttpCall::new(network, credential.ca_pem.as_deref())?;
        let pool = Pool::new(origin, tls, network, settings)
            .map_err(|error| CredentialError::new("base_url", error))?;
        Ok(Self {
            pool,
            uri,
            tokens: AccessTokens::new(fetching(account, http)),
        })
    }

    /// What its connections are doing.
    pub fn gauge(&self) -> Gauge {
        self.pool.gauge()
    }

    /// Sends a body. When the access token is not accepted although it should be valid, another one is
    /// tried, once.
    async fn deliver(&self, body: &Value, now: Timestamp) -> Result<Answer, Answer> {
        let deadline = self.pool.deadline();
        let body = Bytes::from(body.to_string());
        let token = in_time(deadline, self.tokens.get(now)).await?;
        let first = self.call(deadline, &token, body.clone(), now).await?;
        if !first.token_refused {
            return Ok(first.answer);
        }
        let other = in_time(deadline, self.tokens.instead_of(&token, now)).await?;
        let second = self.call(deadline, &other, body, now).await?;
        Ok(second.answer)
    }

    async fn call(
        &self,
        deadline: Instant,
        token: &AccessToken,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Classified, Answer> {
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {}", token.secret)).map_err(|_| {
                Answer::refused_saying(
                    Reason::ProviderUnavailable,
                    "the token endpoint gave an access token that cannot stand in a header",
                )
            })?;
        bearer.set_sensitive(true);
        let head = || {
            let mut request = Request::new(());
            *request.method_mut() = Method::POST;
            *request.uri_mut() = self.uri.clone();
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, bearer.clone());
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
            request
        };
        let reply = self.pool.call(deadline, head, body).await.reply()?;
        let retry_after = reply.headers.get(RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after_ms(value, now));
        Ok(classify(reply.status, retry_after, &reply.body))
    }
}

const AGENT: &str = concat!("Landfall/", env!("CARGO_PKG_VERSION"));

fn uri(origin: &Origin, project: &str) -> Result<Uri, CredentialError> {
    let wrong = || {
        CredentialError::new(
            "project_id",
            "must be the project's id or number, such as shop-prod: letters, digits, `-`, `.` and `:`",
        )
    };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:_".contains(&byte);
    if project.is_empty() || !project.bytes().all(known) {
        return Err(wrong());
    }
    origin
        .uri(format!("/v1/projects/{project}/messages:send"))
        .map_err(|_| wrong())
}

/// A number of this process for the pool's jitter.
fn seed() -> Result<u64, CredentialError> {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).map_err(|_| {
        CredentialError::new("service_account", "this machine gives no random numbers")
    })?;
    Ok(u64::from_le_bytes(bytes))
}

/// How tokens are fetched: an assertion, and one request with a form (RFC 7523).
fn fetching(account: ServiceAccount, http: HttpCall) -> Arc<Fetch> {
    let account = Arc::new(account);
    Arc::new(move |now| {
        let (account, http) = (Arc::clone(&account), http.clone());
        async move { fetch(&account, &http, now).await }.boxed()
    })
}

async fn fetch(
    account: &ServiceAccount,
    http: &HttpCall,
    now: Timestamp,
) -> Result<AccessToken, Answer> {
    let assertion = account
        .assertion(now)
        .map_err(|error| Answer::refused_saying(Reason::ProviderAuth, &error.to_string()))?;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion.as_str()),
    ];
    let request = http
        .request(reqwest::Method::POST, &account.token_uri)
        .form(&form);
    match http.call(request, now).await {
        Ok(reply) => access_token::read(reply.status, reply.retry_after_ms, &reply.body, now),
        Err(error) => {
            // Whatever became of this request, the message was not sent.
            let reason = match error {
                CallError::Forbidden(_) | CallError::Malformed(_) => Reason::ProviderConfig,
                CallError::NotWritten(_) | CallError::Unknown(_) => Reason::ConnectionFailed,
            };
            let words = format!("the token endpoint: {error}");
            Err(Answer::refused_saying(reason, &words))
        }
    }
}

/// Waits for a token no longer than the attempt may take.
async fn in_time(
    deadline: Instant,
    token: impl Future<Output = Result<AccessToken, Answer>>,
) -> Result<AccessToken, Answer> {
    match timeout_at(deadline, token).await {
        Ok(token) => token,
        Err(_) => Err(Answer::refused_saying(
            Reason::ConnectionFailed,
            "the token endpoint did not answer in time",
        )),
    }
}

impl Sender for FcmSender {
    fn provider(&self) -> Provider {
        Provider::Fcm
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let sent = match payload::build(outgoing, now) {
                Ok(body) => self.deliver(&body, now).await,
                Err(refused) => Err(refused),
            };
            sent.unwrap_or_else(|refused| refused)
        })
    }

    /// Sends a message that FCM checks and delivers to nobody (`validate_only`): proves the key, the
    /// project, the permission, and that the API is on.
    fn check(&self, now: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            self.deliver(&payload::probe(), now)
                .await
                .unwrap_or_else(|refused| refused)
        })
    }
}
