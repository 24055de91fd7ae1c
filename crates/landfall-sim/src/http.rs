//! HTTP front that the simulated services over HTTP share: it accepts connections (HTTP/1.1 and HTTP/2, TLS
//! or plain), reads each request whole, and tears connections when a script says so.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use ::http::header::RETRY_AFTER;
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use landfall_domain::time::Timestamp;
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::certificate::{Authority, ClientCertificates};

mod client;
pub mod date;
pub mod form;
mod gate;

pub use client::send;
pub use gate::Gate;

/// The longest body that a simulated service reads, in bytes. Real ones take far less; what is longer is
/// answered with 413 before any rule is asked.
pub const LONGEST_BODY: usize = 1 << 20;

/// A request that was read whole.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// Path and query; over HTTP/2 with scheme and authority too.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub body: Bytes,
}

impl Received {
    /// The text of a header, if it is there once or more and is text; the first one counts.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// When to come back, as `Retry-After` says it (RFC 9110 section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// In so many seconds.
    Seconds(u32),
    /// At this instant, written as an HTTP date in whole seconds.
    At(Timestamp),
}

impl RetryAfter {
    /// The header's value.
    pub fn value(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::At(at) => date::http(at),
        }
    }
}

/// An answer that was written down beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canned {
    /// Status, 200 to 599; what is no status is sent as 500.
    pub status: u16,
    /// Value of `Content-Type`; without it the header is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Body.
    #[serde(default)]
    pub body: String,
    /// Value of `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
}

impl Canned {
    /// An empty answer with a status.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            body: String::new(),
            retry_after: None,
        }
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            content_type: Some("text/plain; charset=utf-8".to_owned()),
            body: body.into(),
            ..Self::status(status)
        }
    }

    /// JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            content_type: Some("application/json".to_owned()),
            body: body.to_string(),
            ..Self::status(status)
        }
    }

    /// The page of a proxy or load balancer in front of the service, which says nothing in the service's own
    /// format (providers.md 1.4: bodies that are not JSON occur at the edge).
    pub fn edge(status: u16) -> Self {
        Self {
            content_type: Some("text/html".to_owned()),
            body: format!("<html><head><title>{status}</title></head><body></body></html>"),
            ..Self::status(status)
        }
    }

    /// The same answer with `Retry-After`.
    #[must_use]
    pub fn retry_after(self, retry_after: RetryAfter) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..self
        }
    }
}

impl From<Canned> for Response<Bytes> {
    fn from(canned: Canned) -> Self {
        let mut response = Self::new(Bytes::from(canned.body));
        *response.status_mut() =
            StatusCode::from_u16(canned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(content_type) = canned.content_type {
            set(headers, "content-type", &content_type);
        }
        if let Some(retry_after) = canned.retry_after {
            set(headers, RETRY_AFTER.as_str(), &retry_after.value());
        }
        response
    }
}

/// Sets a header; a value that is no header value leaves it out.
pub(crate) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// What can happen to a request, whatever the service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is closed at once; the request has no effect.
    CloseBefore,
    /// The request has its effect, and the connection is closed instead of an answer: the sender cannot
    /// know (providers.md 9, sub-class `unknown_outcome`).
    CloseAfter,
    /// The request has its effect, and the answer waits at the simulator's [`Gate`].
    Hold,
    /// This answer and no effect.
    Canned(Canned),
}

/// What a service does about a request.
pub(crate) enum Reply {
    /// It answers.
    Answer(Response<Bytes>),
    /// It answers when the gate lets it.
    Held(Response<Bytes>),
    /// It closes the connection.
    Close,
}

impl Reply {
    /// The reply to a request under a fault; `effect` does what the request asks for and answers.
    pub(crate) fn under(fault: &Fault, effect: impl FnOnce() -> Response<Bytes>) -> Self {
        match fault {
            Fault::CloseBefore => Self::Close,
            Fault::CloseAfter => {
                effect();
                Self::Close
            }
            Fault::Hold => Self::Held(effect()),
            Fault::Canned(canned) => Self::Answer(canned.clone().into()),
        }
    }
}

/// What a simulated service is to the front.
pub(crate) trait Endpoint: Send + Sync + 'static {
    /// Decides about a request. It must not block.
    fn reply(&self, request: Received) -> Reply;

    /// Where answers wait that are held back.
    fn gate(&self) -> &Gate;
}

/// A listening front. Dropping it closes the socket and every connection.
pub(crate) struct Front {
    address: SocketAddr,
    scheme: &'static str,
    task: JoinHandle<()>,
}

impl Front {
    /// Listens on `address` (port 0 takes a free one) with TLS or without. The service is made by `make`,
    /// which learns the address that was bound.
    ///
    /// # Errors
    /// When the address cannot be bound, or no tokio runtime runs.
    pub(crate) fn start<S: Endpoint>(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        make: impl FnOnce(SocketAddr) -> Arc<S>,
    ) -> io::Result<Self> {
        let (listener, address) = bind(address)?;
        let service = make(address);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let task = tokio::spawn(accept(listener, tls.map(TlsAcceptor::from), service));
        Ok(Self {
            address,
            scheme,
            task,
        })
    }

    /// Listens on `address` as `localhost`: with a certificate of an authority and with both versions of
    /// HTTP, or without TLS.
    ///
    /// # Errors
    /// As [`Front::start`].
    pub(crate) fn over<S: Endpoint>(
        address: SocketAddr,
        authority: Option<&Authority>,
        service: Arc<S>,
    ) -> io::Result<Self> {
        let protocols = ["h2", "http/1.1"];
        let tls = authority
            .map(|own| own.server_config(&[], &protocols, ClientCertificates::Ignored))
            .transpose()?;
        Self::start(address, tls, |_| service)
    }

    /// The base of URLs, such as `https://localhost:4711`, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    /// The address that is listened on.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Binds a listener of the current runtime.
///
/// # Errors
/// When the address cannot be bound, or no tokio runtime runs.
pub(crate) fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

async fn accept<S: Endpoint>(listener: TcpListener, tls: Option<TlsAcceptor>, service: Arc<S>) {
    // The set ends with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(secure(stream, tls.clone(), Arc::clone(&service)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a simulator could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn secure<S: Endpoint>(stream: TcpStream, tls: Option<TlsAcceptor>, service: Arc<S>) {
    // Small answers must not wait for more to send.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Box::pin(serve(stream, service)).await,
            Err(error) => tracing::debug!(%error, "a client did not finish its TLS handshake"),
        },
        None => Box::pin(serve(stream, service)).await,
    }
}

async fn serve<S: Endpoint>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<S>,
) {
    let torn = Arc::new(Notify::new());
    let answering = service_fn(|request| answer(request, Arc::clone(&service), Arc::clone(&torn)));
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), answering);
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%error, "a connection to a simulator ended");
        },
        () = torn.notified() => {}
    }
}

async fn answer<S: Endpoint>(
    request: Request<Incoming>,
    service: Arc<S>,
    torn: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let gate = service.gate().clone();
    let (parts, body) = request.into_parts();
    let reply = match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => service.reply(Received {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: body.to_bytes(),
        }),
        Err(_) => Reply::Answer(Canned::status(413).into()),
    };
    match reply {
        Reply::Answer(response) => Ok(response.map(Full::new)),
        Reply::Held(response) => {
            gate.pass().await;
            Ok(response.map(Full::new))
        }
        Reply::Close => {
            torn.notify_one();
            // The connection is dropped under this future; nothing may be answered before.
            std::future::pending().await
        }
    }
}
