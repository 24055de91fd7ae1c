//! A plain HTTP endpoint that keeps what it gets: for reporting webhooks, webhook messages, and callbacks.
//!
//! Rules of its script see the path as recipient and the fact `method`. Without a rule it answers 200.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use landfall_domain::time::{Clock, Timestamp};

use crate::certificate::Authority;
use crate::http::{Canned, Endpoint, Fault, Front, Gate, Received, Reply};
use crate::script::{Request, ScriptHandle};

/// How a receiver is set up.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who signs the certificate for `localhost`; without it the receiver speaks plain HTTP.
    pub authority: Option<Arc<Authority>>,
    /// Tells when requests arrived.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// A receiver of plain HTTP on a free port of loopback.
    pub fn plain(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            authority: None,
            clock,
        }
    }
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// When it was read whole.
    pub at: Timestamp,
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub body: Bytes,
    /// The status that it was answered with, or will be once the gate lets it; `None` when the connection was
    /// closed instead.
    pub status: Option<u16>,
}

impl Arrived {
    /// The text of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

struct Shared {
    options: Options,
    script: ScriptHandle<Fault>,
    gate: Gate,
    arrived: Mutex<Vec<Arrived>>,
}

impl Shared {
    fn arrived(&self) -> MutexGuard<'_, Vec<Arrived>> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Endpoint for Shared {
    fn reply(&self, request: Received) -> Reply {
        let fault = self.script.decide(&Request {
            recipient: request.uri.path(),
            facts: &[("method", request.method.as_str())],
        });
        let usual = Canned::status(200);
        let (status, reply) = match fault.as_deref() {
            None => (Some(usual.status), Reply::Answer(usual.into())),
            Some(Fault::Canned(canned)) => {
                (Some(canned.status), Reply::Answer(canned.clone().into()))
            }
            Some(Fault::Hold) => (Some(usual.status), Reply::Held(usual.into())),
            Some(Fault::CloseBefore | Fault::CloseAfter) => (None, Reply::Close),
        };
        let path = request.uri.path_and_query().map(ToString::to_string);
        let arrived = Arrived {
            at: self.options.clock.now(),
            method: request.method,
            path: path.unwrap_or_default(),
            headers: request.headers,
            body: request.body,
            status,
        };
        self.arrived().push(arrived);
        reply
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// A running receiver. It stops when it is dropped.
pub struct Receiver {
    front: Front,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Starts a receiver on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, or no runtime runs.
    pub fn start(options: Options) -> io::Result<Self> {
        let (address, authority) = (options.address, options.authority.clone());
        let shared = Arc::new(Shared {
            options,
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            arrived: Mutex::default(),
        });
        let front = Front::over(address, authority.as_deref(), Arc::clone(&shared))?;
        Ok(Self { front, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// The URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.front.base_url())
    }

    /// The certificate to trust, as PEM; `None` for plain HTTP.
    pub fn authority_pem(&self) -> Option<&str> {
        self.shared.options.authority.as_ref().map(|one| one.pem())
    }

    /// The rules that it answers by.
    pub fn script(&self) -> &ScriptHandle<Fault> {
        &self.shared.script
    }

    /// Where answers wait that the script holds back.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Every request that arrived, in order, whatever it was answered with.
    pub fn taken(&self) -> Vec<Arrived> {
        self.shared.arrived().clone()
    }
}
