//! A simulated SMS gateway of no particular vendor (providers.md 5.2).
//!
//! It takes `POST` of JSON or a form with `to`, `from`, `text`, `reference`, `callback_url` and
//! `validity_seconds`, answers `{"id", "status"}` or `{"error": {"code", "message"}}`, and reports as signed
//! JSON. Rules of its script see the number that a message goes to as recipient, and the facts `from` and
//! `reference`. Nothing happens by itself after a message was taken: [`SmsGateway::advance`] moves messages.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::certificate::Authority;
use crate::http::{Fault, Front, Gate, RetryAfter};
use crate::script::ScriptHandle;

mod api;
mod report;

pub use report::{Report, SIGNATURE, TIMESTAMP, signature};

/// The path that takes messages.
pub const PATH: &str = "/sms";

/// What the gateway says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The gateway took it.
    Accepted,
    /// The carrier has it.
    Sent,
    /// It arrived.
    Delivered,
    /// It did not arrive.
    Failed,
    /// It waited for too long.
    Expired,
    /// The carrier refused it.
    Rejected,
}

impl Status {
    /// The gateway's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

/// One change of a message's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The new status.
    pub status: Status,
    /// The gateway's code for what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a script can have the gateway answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Refuse the request.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The gateway's code.
        code: String,
        /// When to come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
    },
    /// Take the message, if it is right, and let these steps follow.
    Take(Vec<Step>),
    /// Something outside of the protocol.
    Fault(Fault),
}

/// How requests must prove who they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Admission {
    /// Not at all.
    Open,
    /// HTTP Basic.
    Basic {
        /// Name of the user.
        user: String,
        /// Password.
        password: String,
    },
    /// `Authorization: Bearer …`.
    Bearer(String),
    /// A header of the gateway's own.
    Header {
        /// Its name in lower case.
        name: String,
        /// Its value.
        value: String,
    },
}

/// How a simulated gateway is set up.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who signs the certificate for `localhost`; without it the gateway speaks plain HTTP.
    pub authority: Option<Arc<Authority>>,
    /// How requests must prove who they are.
    pub admission: Admission,
    /// The status of the answer to a message that was taken.
    pub accepted: u16,
    /// The secret that signs reports.
    pub secret: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// A gateway that is open to everybody, with plain HTTP on a free port of loopback.
    pub fn open(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            authority: None,
            admission: Admission::Open,
            accepted: 202,
            secret: "secret-of-the-gateway".to_owned(),
            clock,
        }
    }
}

/// A message that was taken: the ground truth of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The gateway's id.
    pub id: String,
    /// The number that it goes to.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The text.
    pub text: String,
    /// The sender's own id.
    pub reference: Option<String>,
    /// Where reports go.
    pub callback_url: Option<String>,
    /// When it was taken.
    pub at: Timestamp,
    /// Until when it may wait.
    pub valid_until: Option<Timestamp>,
    /// Where it is.
    pub status: Status,
    /// What went wrong.
    pub error: Option<String>,
    ahead: Vec<Step>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    due: Vec<Report>,
}

struct Shared {
    options: Options,
    script: ScriptHandle<Answer>,
    gate: Gate,
    state: Mutex<State>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running simulated SMS gateway. It stops when it is dropped.
pub struct SmsGateway {
    front: Front,
    shared: Arc<Shared>,
}

impl SmsGateway {
    /// Starts a gateway on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, or no runtime runs.
    pub fn start(options: Options) -> io::Result<Self> {
        let (address, authority) = (options.address, options.authority.clone());
        let shared = Arc::new(Shared {
            options,
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            state: Mutex::default(),
        });
        let front = Front::over(address, authority.as_deref(), Arc::clone(&shared))?;
        Ok(Self { front, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// Where to post messages.
    pub fn url(&self) -> String {
        format!("{}{PATH}", self.front.base_url())
    }

    /// The certificate to trust, as PEM; `None` for plain HTTP.
    pub fn authority_pem(&self) -> Option<&str> {
        self.shared.options.authority.as_ref().map(|one| one.pem())
    }

    /// The rules that it answers by.
    pub fn script(&self) -> &ScriptHandle<Answer> {
        &self.shared.script
    }

    /// Where answers wait that the script holds back.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Every message that was taken, in order, as it is now.
    pub fn taken(&self) -> Vec<Message> {
        self.shared.state().messages.clone()
    }

    /// Moves each message one step on its way, oldest first, and returns how many moved. One that waits for
    /// longer than it may expires.
    pub fn advance(&self) -> usize {
        let now = self.shared.options.clock.now();
        let mut state = self.shared.state();
        let State { messages, due } = &mut *state;
        let mut moved = 0;
        for message in messages {
            let Some(step) = message.next(now) else {
                continue;
            };
            message.status = step.status;
            message.error = step.error;
            moved += 1;
            due.extend(Report::of(message, &self.shared.options.secret, now));
        }
        moved
    }

    /// The reports that have become due since the last call, in the order of the changes.
    pub fn next_reports(&self) -> Vec<Report> {
        std::mem::take(&mut self.shared.state().due)
    }
}

impl Message {
    fn next(&mut self, now: Timestamp) -> Option<Step> {
        let late = self.valid_until.is_some_and(|until| until <= now);
        if self.status == Status::Accepted && late {
            self.ahead.clear();
            return Some(Step {
                status: Status::Expired,
                error: None,
            });
        }
        (!self.ahead.is_empty()).then(|| self.ahead.remove(0))
    }
}
