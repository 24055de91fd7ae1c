//! One HTTP request and its answer, for providers that are called message by message: SMS gateways,
//! Slack, and servers that webhooks call.
//!
//! Everything that must hold for all of them is here: TLS with the one crypto provider, no redirects
//! (a redirect would walk around the check of the address), no proxies from the environment, bounded
//! answers, and the difference between a request that was never written and one of which nobody knows.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::SystemTime;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, Url};

use crate::Network;
use crate::credential::CredentialError;
use crate::reach::{self, NotPublic, PublicOnly};
use crate::retry_after::retry_after_ms;
use crate::tls;

/// How much of an answer is read, in bytes. A page of Twilio's list of messages is the largest that is
/// asked for.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How many idle connections to one host are kept.
const IDLE_CONNECTIONS_MAX: usize = 16;

/// A client for requests to one provider.
#[derive(Clone)]
pub(crate) struct HttpCall {
    client: reqwest::Client,
    private_allowed: bool,
}

/// An answer of the other side.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// What `Retry-After` asks for, in milliseconds.
    pub(crate) retry_after_ms: Option<i64>,
    /// Body, at most [`ANSWER_BYTES_MAX`]; what came of it when the connection broke on the way.
    pub(crate) body: Vec<u8>,
    headers: HeaderMap,
}

/// There was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// The request cannot be made as it stands.
    #[error("{0}")]
    Malformed(String),
    /// The address must not be called.
    #[error(transparent)]
    Forbidden(#[from] NotPublic),
    /// No connection, so that nothing can have been processed.
    #[error("{0}")]
    NotWritten(String),
    /// The request may have been processed.
    #[error("{0}")]
    Unknown(String),
}

impl From<CallError> for Answer {
    fn from(error: CallError) -> Self {
        let reason = match error {
            CallError::Malformed(_) => Reason::PayloadInvalid,
            CallError::Forbidden(_) => Reason::ProviderConfig,
            CallError::NotWritten(_) => Reason::ConnectionFailed,
            CallError::Unknown(_) => Reason::OutcomeUnknown,
        };
        Self::refused_saying(reason, &error.to_string())
    }
}

impl HttpCall {
    /// A client that trusts the usual authorities, those of `network` and those in `ca_pem`.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub(crate) fn new(network: &Network, ca_pem: Option<&str>) -> Result<Self, CredentialError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(settings(network, ca_pem)?)
            .user_agent(concat!("Landfall/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(network.connect_timeout)
            .timeout(network.attempt_timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .tcp_nodelay(true);
        if !network.private_allowed {
            builder = builder.dns_resolver(PublicOnly);
        }
        let client = builder
            .build()
            .map_err(|error| CredentialError::new("ca_pem", words(&error)))?;
        Ok(Self {
            client,
            private_allowed: network.private_allowed,
        })
    }

    /// Begins a request.
    pub(crate) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        self.client.request(method, url.clone())
    }

    /// Sends the request and waits for the answer to begin.
    ///
    /// # Errors
    /// As [`HttpCall::call`].
    pub(crate) async fn open(&self, request: RequestBuilder) -> Result<Response, CallError> {
        let request = request.build().map_err(told)?;
        if !self.private_allowed {
            reach::check_literal(request.url())?;
        }
        self.client.execute(request).await.map_err(told)
    }

    /// Sends the request and reads the answer.
    ///
    /// # Errors
    /// When there is no answer. The words name neither path nor query of the URL, which may be secret.
    pub(crate) async fn call(
        &self,
        request: RequestBuilder,
        now: Timestamp,
    ) -> Result<Reply, CallError> {
        let mut response = self.open(request).await?;
        let headers = response.headers();
        let mut reply = Reply {
            status: response.status().as_u16(),
            retry_after_ms: headers
                .get(RETRY_AFTER)
                .and_then(|value| retry_after_ms(value.to_str().ok()?, now)),
            body: Vec::new(),
            headers: headers.clone(),
        };
        // The status is the answer: when the connection breaks behind it, the rest is only missing.
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = ANSWER_BYTES_MAX - reply.body.len();
            reply
                .body
                .extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
        Ok(reply)
    }
}

impl Reply {
    /// An answer as it could have come, for tests of what answers mean.
    #[cfg(test)]
    pub(crate) fn of(status: u16, body: &str) -> Self {
        Self {
            status,
            retry_after_ms: None,
            body: body.as_bytes().to_vec(),
            headers: HeaderMap::new(),
        }
    }

    /// A header's text, if it is there and text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the status says that the request was taken.
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body as JSON, if it is that.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text, without space around it.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }

    /// The acceptance that this answer is.
    pub(crate) fn accepted(&self, provider_id: Option<String>) -> Answer {
        Answer::accepted(self.status, provider_id)
    }

    /// The refusal that this answer is: with its status, the provider's code and words, and when to
    /// come back. A redirect says to whom it leads, because that is usually the right address.
    pub(crate) fn refused(&self, reason: Reason, code: Option<String>, message: &str) -> Answer {
        let redirect = self.header(&LOCATION).filter(|_| self.is_redirect());
        // Not more of it: path and query may repeat a secret of ours.
        let redirect = redirect.and_then(origin);
        let mut answer = match redirect {
            Some(location) => Answer::refused_saying(
                reason,
                &format!("redirects are not followed; this one leads to {location}"),
            ),
            None => Answer::refused_saying(reason, message),
        };
        answer.status = Some(self.status);
        answer.code = code;
        answer.retry_after_ms = self.retry_after_ms;
        answer
    }

    const fn is_redirect(&self) -> bool {
        matches!(self.status, 300..=399)
    }
}

/// Reads the address that a setting or a message gives.
///
/// # Errors
/// What is wrong with it, without repeating it: it may hold a secret.
pub(crate) fn http_url(text: &str) -> Result<Url, &'static str> {
    let url =
        Url::parse(text.trim()).map_err(|_| "is not a URL; give a complete one, with https://")?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err("must begin with https:// (or http://)"),
    }
}

/// Scheme, host and port of a complete URL.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    Some(url.origin().ascii_serialization())
}

/// The base address of a provider, or another in its place; a path of it is kept.
///
/// # Errors
/// When it is not a URL.
pub(crate) fn base_url(given: Option<&str>, usual: &str) -> Result<String, CredentialError> {
    let base = given.map_or(usual, str::trim);
    http_url(base).map_err(|problem| CredentialError::new("base_url", problem))?;
    Ok(base.trim_end_matches('/').to_owned())
}

/// The instant that a date of HTTP or of a mail in UTC names, such as `Sun, 06 Nov 1994 08:49:37 GMT`
/// or with `+0000` (RFC 9110 section 5.6.7, RFC 5322 section 3.3).
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim().replace("+0000", "GMT");
    let date = httpdate::parse_http_date(&text).ok()?;
    let since_epoch = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis())
        .ok()
        .map(Timestamp::from_millis)
}

/// What an error of the client means.
fn told(error: reqwest::Error) -> CallError {
    // The URL may be a secret, and would stand in the words.
    let error = error.without_url();
    if let Some(refusal) = reach::refusal(&error) {
        return CallError::Forbidden(refusal.clone());
    }
    if error.is_builder() {
        return CallError::Malformed(words(&error));
    }
    if error.is_connect() || never_written(&error) {
        return CallError::NotWritten(words(&error));
    }
    CallError::Unknown(words(&error))
}

/// Whether the connection was closed before anything of the request was written to it.
fn never_written(error: &(dyn Error + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_canceled)
}

/// The words of an error and of what caused it, in one line.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn settings(
    network: &Network,
    ca_pem: Option<&str>,
) -> Result<rustls::ClientConfig, CredentialError> {
    let authorities = [network.ca_pem.as_deref(), ca_pem].into_iter().flatten();
    let mut config = tls::client_config(authorities, None)?;
    config.alpn_protocols = vec![tls::ALPN_H2.to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
