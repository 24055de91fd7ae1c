//! A simulated mail server (RFC 5321) with authentication (RFC 4954) and TLS, by STARTTLS (RFC 3207) or
//! from the first byte (RFC 8314).
//!
//! Rules of its script see the fact `stage` ([`Stage`]) and, inside a transaction, `from`. The recipient of
//! a request depends on the stage: the client's name at `ehlo`, the user at `auth`, the sender at `mail`,
//! the recipient at `rcpt`, the first accepted recipient at `data` and `content`, otherwise nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use landfall_domain::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificate::{Authority, ClientCertificates};
use crate::http::{Gate, bind};
use crate::script::{Request, ScriptHandle};

mod command;
mod connection;
mod reply;
mod session;

pub use reply::{NoReply, Reply};

/// Orders to hang up that a busy connection remembers.
const HANGUPS: usize = 16;

/// What a script can have the server answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Say this. A positive reply (2xx, 3xx) is said when the command has its effect, another one instead of
    /// it. After 421 the connection is closed.
    Reply(Reply),
    /// Close the connection without a word and without effect.
    Close,
    /// Close the connection instead of the reply, after the command had its effect: at `content`, the client
    /// cannot know that the message was taken.
    CloseAfter,
    /// Let the reply wait at the server's [`Gate`].
    Hold,
}

/// Where in a conversation a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The connection was made; the greeting is due.
    Connect,
    /// `EHLO` or `HELO`.
    Ehlo,
    /// `STARTTLS`.
    StartTls,
    /// User and password are there.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, before the message.
    Data,
    /// The whole message is there.
    Content,
}

impl Stage {
    /// The value of the fact `stage`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
        }
    }
}

/// When TLS begins.
#[derive(Clone, Default)]
pub enum Tls {
    /// Never.
    #[default]
    Never,
    /// When the client says STARTTLS.
    StartTls(Arc<Authority>),
    /// With the connection.
    Implicit(Arc<Authority>),
}

/// Who may send.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Name of the user.
    pub user: String,
    /// Password.
    pub password: String,
}

/// How a simulated mail server is set up.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// The server's name, `localhost` by default.
    pub host: String,
    /// When TLS begins.
    pub tls: Tls,
    /// Who must sign in; nobody when absent. Where TLS begins by STARTTLS, signing in waits for it.
    pub credentials: Option<Credentials>,
    /// The largest message in bytes, as it says with SIZE (RFC 1870).
    pub largest: usize,
    /// Recipients of one message at most; 100 is the least that a server must take (RFC 5321 section
    /// 4.5.3.1.8).
    pub most_recipients: usize,
    /// Tells when messages were taken.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// A server for everybody on a free port of loopback, without TLS.
    pub fn open(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            host: "localhost".to_owned(),
            tls: Tls::Never,
            credentials: None,
            largest: 10 << 20,
            most_recipients: 100,
            clock,
        }
    }
}

/// A message that the server took: the ground truth of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When it was taken.
    pub at: Timestamp,
    /// Number of the connection that it came by, from 0.
    pub connection: u64,
    /// Whether it came by TLS.
    pub secure: bool,
    /// Who had signed in.
    pub user: Option<String>,
    /// The sender of the envelope; empty for the null sender.
    pub from: String,
    /// Parameters of `MAIL`, such as `SIZE=120`.
    pub from_parameters: Vec<String>,
    /// The accepted recipients, each with the parameters of its `RCPT`.
    pub recipients: Vec<(String, Vec<String>)>,
    /// The message as it was sent, with CRLF line ends and without the doubled dots.
    pub raw: Bytes,
}

/// What connections and the server's owner share.
struct Shared {
    options: Options,
    script: ScriptHandle<Answer>,
    gate: Gate,
    taken: Mutex<Vec<Taken>>,
    connections: AtomicU64,
    hangup: broadcast::Sender<Option<Reply>>,
}

impl Shared {
    fn starts_tls(&self) -> bool {
        matches!(self.options.tls, Tls::StartTls(_))
    }

    fn scripted(&self, stage: Stage, recipient: &str, from: &str) -> Option<Arc<Answer>> {
        self.script.decide(&Request {
            recipient,
            facts: &[("stage", stage.word()), ("from", from)],
        })
    }

    /// Keeps a message and gives its number.
    fn keep(&self, make: impl FnOnce(Timestamp) -> Taken) -> usize {
        let message = make(self.options.clock.now());
        let mut taken = self.taken();
        taken.push(message);
        taken.len() - 1
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running simulated mail server. It stops when it is dropped.
pub struct Smtp {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Smtp {
    /// Starts a server on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, the host cannot stand in a certificate, or no runtime runs.
    pub fn start(options: Options) -> io::Result<Self> {
        let acceptor = match &options.tls {
            Tls::Never => None,
            Tls::StartTls(authority) | Tls::Implicit(authority) => {
                let names = std::slice::from_ref(&options.host);
                let config = authority.server_config(names, &[], ClientCertificates::Ignored)?;
                Some(TlsAcceptor::from(config))
            }
        };
        let (listener, address) = bind(options.address)?;
        let shared = Arc::new(Shared {
            options,
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            taken: Mutex::default(),
            connections: AtomicU64::new(0),
            hangup: broadcast::Sender::new(HANGUPS),
        });
        let task = tokio::spawn(connection::accept(listener, acceptor, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate to trust, as PEM; `None` without TLS.
    pub fn authority_pem(&self) -> Option<&str> {
        match &self.shared.options.tls {
            Tls::Never => None,
            Tls::StartTls(authority) | Tls::Implicit(authority) => Some(authority.pem()),
        }
    }

    /// The rules that it answers by.
    pub fn script(&self) -> &ScriptHandle<Answer> {
        &self.shared.script
    }

    /// Where replies wait that the script holds back.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Every message that was taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken().clone()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Closes every connection as soon as it waits for a command, as a relay does with idle ones: after this
    /// reply, usually 421, or without a word. Returns how many connections there are.
    pub fn hang_up(&self, reply: Option<Reply>) -> usize {
        self.shared.hangup.send(reply).unwrap_or_default()
    }
}
