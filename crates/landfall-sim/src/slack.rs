//! Simulated incoming webhooks of Slack (providers.md 7).
//!
//! Rules of its script see the webhook's path after `/services/` as recipient.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::http::{Method, Response};
use bytes::Bytes;
use landfall_domain::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::certificate::Authority;
use crate::http::{Canned, Endpoint, Fault, Front, Gate, Received, Reply, RetryAfter, form};
use crate::script::{Request, ScriptHandle};

mod blocks;
mod problem;

pub use blocks::check;
pub use problem::Problem;

/// Where webhooks begin.
const SERVICES: &str = "/services/";
/// Attachments of a message at most.
const MOST_ATTACHMENTS: usize = 100;

/// What a script can have Slack answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Refuse the message with a word.
    Refuse(Problem),
    /// 429 with `Retry-After` in so many seconds.
    RateLimited(u32),
    /// Something outside of the protocol.
    Fault(Fault),
}

/// How simulated webhooks are set up.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who signs the certificate for `localhost`; without it Slack speaks plain HTTP.
    pub authority: Option<Arc<Authority>>,
    /// Tells when messages were posted.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// Plain HTTP on a free port of loopback.
    pub fn plain(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            authority: None,
            clock,
        }
    }
}

/// A message that was posted: the ground truth of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// The webhook's path after `/services/`.
    pub webhook: String,
    /// The whole message as JSON.
    pub message: Value,
}

struct Shared {
    options: Options,
    script: ScriptHandle<Answer>,
    gate: Gate,
    webhooks: Mutex<HashSet<String>>,
    taken: Mutex<Vec<Taken>>,
}

/// Running simulated webhooks. They stop when this is dropped.
pub struct Slack {
    front: Front,
    shared: Arc<Shared>,
}

impl Slack {
    /// Starts on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, or no runtime runs.
    pub fn start(options: Options) -> io::Result<Self> {
        let (address, authority) = (options.address, options.authority.clone());
        let shared = Arc::new(Shared {
            options,
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            webhooks: Mutex::default(),
            taken: Mutex::default(),
        });
        let front = Front::over(address, authority.as_deref(), Arc::clone(&shared))?;
        Ok(Self { front, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// The certificate to trust, as PEM; `None` for plain HTTP.
    pub fn authority_pem(&self) -> Option<&str> {
        self.shared.options.authority.as_ref().map(|one| one.pem())
    }

    /// Adds a webhook to a workspace, such as `T1/B1/secret`, and gives its URL.
    pub fn add_webhook(&self, path: &str) -> String {
        self.shared.webhooks().insert(path.to_owned());
        format!("{}{SERVICES}{path}", self.front.base_url())
    }

    /// Removes a webhook: messages to it are refused with [`Problem::NoService`].
    pub fn remove_webhook(&self, path: &str) {
        self.shared.webhooks().remove(path);
    }

    /// The rules that it answers by.
    pub fn script(&self) -> &ScriptHandle<Answer> {
        &self.shared.script
    }

    /// Where answers wait that the script holds back.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Every message that was posted, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken().clone()
    }
}

impl Endpoint for Shared {
    fn reply(&self, request: Received) -> Reply {
        let webhook = request
            .uri
            .path()
            .strip_prefix(SERVICES)
            .unwrap_or_default()
            .to_owned();
        let scripted = self.script.decide(&Request {
            recipient: &webhook,
            facts: &[],
        });
        match scripted.as_deref() {
            None => Reply::Answer(self.post(webhook, &request)),
            Some(Answer::Refuse(problem)) => Reply::Answer(problem.answer()),
            Some(Answer::RateLimited(seconds)) => {
                let canned = Canned::text(429, "rate_limited");
                Reply::Answer(canned.retry_after(RetryAfter::Seconds(*seconds)).into())
            }
            Some(Answer::Fault(fault)) => Reply::under(fault, || self.post(webhook, &request)),
        }
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Shared {
    fn webhooks(&self) -> MutexGuard<'_, HashSet<String>> {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, webhook: String, request: &Received) -> Response<Bytes> {
        if let Err(problem) = self.known(&webhook) {
            return problem.answer();
        }
        match message(request) {
            Err(problem) => problem.answer(),
            Ok(message) => {
                let at = self.options.clock.now();
                self.taken().push(Taken {
                    at,
                    webhook,
                    message,
                });
                Canned::text(200, "ok").into()
            }
        }
    }

    /// Whether the webhook exists; one with another secret is told apart.
    fn known(&self, webhook: &str) -> Result<(), Problem> {
        let webhooks = self.webhooks();
        if webhooks.contains(webhook) {
            return Ok(());
        }
        let place = |path: &str| path.rsplit_once('/').map(|(place, _)| place.to_owned());
        let asked = place(webhook);
        if asked.is_some() && webhooks.iter().any(|own| place(own) == asked) {
            return Err(Problem::InvalidToken);
        }
        Err(Problem::NoService)
    }
}

/// The message of a request: JSON as body, or as field `payload` of a form.
fn message(request: &Received) -> Result<Value, Problem> {
    if request.method != Method::POST {
        return Err(Problem::InvalidPayload);
    }
    let body = std::str::from_utf8(&request.body).map_err(|_| Problem::InvalidPayload)?;
    let kind = request.header("content-type").unwrap_or_default();
    let json = if kind.starts_with("application/x-www-form-urlencoded") {
        let fields = form::read(body);
        form::value(&fields, "payload")
            .unwrap_or_default()
            .to_owned()
    } else {
        body.to_owned()
    };
    let message: Value = serde_json::from_str(&json).map_err(|_| Problem::InvalidPayload)?;
    if !message.is_object() {
        return Err(Problem::InvalidPayload);
    }
    let list = |name: &str| message[name].as_array().map_or(0, Vec::len);
    if list("attachments") > MOST_ATTACHMENTS {
        return Err(Problem::TooManyAttachments);
    }
    let says = message["text"]
        .as_str()
        .is_some_and(|text| !text.is_empty());
    if !says && list("blocks") == 0 && list("attachments") == 0 {
        return Err(Problem::NoText);
    }
    check(&message["blocks"])?;
    Ok(message)
}
