//! A simulated Firebase Cloud Messaging (HTTP v1) with Google's token endpoint (providers.md 2 and 11).
//!
//! Both are served on one port, over HTTP/1.1 and HTTP/2: `POST /v1/projects/{project}/messages:send` and
//! `POST /token`. [`FcmSim::key_file`] is a service account's file whose `token_uri` leads here.
//!
//! Rules of the script are asked with the token, installation id, topic or condition as recipient and these
//! facts: `target` (`fid`, `token`, `topic` or `condition`), `project`, and, where the message states them,
//! `priority` and `collapse_key` of its Android part and `analytics_label` of its own options. Rules for
//! the token endpoint are asked with the account's e-mail address as recipient.
//!
//! A message is treated so: access token, project, form of the JSON, the rules about its content, then the
//! script, then what is known of the token. Unless the script says otherwise, what none of them objects to
//! is accepted.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use landfall_domain::time::Clock;
use serde_json::Value;

mod account;
mod answer;
mod endpoint;
mod message;
mod oauth;
mod record;
mod registry;

pub use account::ServiceAccount;
pub use answer::{Extra, FcmAnswer, Refusal, Row, TokenAnswer};
pub use message::{Target, TargetKind};
pub use record::{Accepted, Ended, FcmCounts, OnAccepted, Taken};

use crate::certificate::{Authority, ClientCertificates};
use crate::http::{Front, Gate};
use crate::script::ScriptHandle;
use crate::truth::{Ledger, Recording};
use endpoint::Shared;
use oauth::Grants;
use record::Counters;
use registry::{Life, Registry};

/// Seconds that an access token lives, as Google grants it.
const GRANTED_SECONDS: u32 = 3599;

/// Settings of a simulator; begin with [`FcmOptions::new`].
#[derive(Clone)]
pub struct FcmOptions {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Whether to speak TLS. Plain, HTTP/2 needs prior knowledge.
    pub tls: bool,
    /// Names for the certificate beside `localhost`, `127.0.0.1` and `::1`, such as Google's own.
    pub names: Vec<String>,
    /// Tells the time of requests, and how old tokens are.
    pub clock: Arc<dyn Clock>,
    /// Project of the service account.
    pub project: String,
    /// Other projects that exist, in which the account has no rights.
    pub foreign_projects: Vec<String>,
    /// Whether access tokens and projects are checked; without it everybody may send to any project.
    pub checks_tokens: bool,
    /// Whether a registration token or installation id that was not registered is a bad one.
    pub only_registered: bool,
    /// How much is remembered.
    pub recording: Recording,
    /// Is told of every accepted message, before its answer is sent. Must not block.
    pub on_accepted: Option<OnAccepted>,
}

impl FcmOptions {
    /// A healthy simulator over TLS on a free port of 127.0.0.1, for the project `landfall-test`, that
    /// checks access tokens and remembers the latest hundred thousand requests.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: true,
            names: Vec::new(),
            clock,
            project: "landfall-test".to_owned(),
            foreign_projects: Vec::new(),
            checks_tokens: true,
            only_registered: false,
            recording: Recording::default(),
            on_accepted: None,
        }
    }
}

/// A running simulator. Dropping it closes the port and every connection.
pub struct FcmSim {
    front: Front,
    authority: Authority,
    shared: Arc<Shared>,
}

impl FcmSim {
    /// Starts on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, no tokio runtime runs, or no key or certificate can be made.
    pub fn start(options: FcmOptions) -> io::Result<Self> {
        let authority = Authority::new()?;
        let protocols = ["h2", "http/1.1"];
        let clients = ClientCertificates::Ignored;
        let tls = match options.tls {
            false => None,
            true => Some(authority.server_config(&options.names, &protocols, clients)?),
        };
        let scheme = if options.tls { "https" } else { "http" };
        let account = ServiceAccount::generate(&options.project)?;
        let address = options.address;
        let mut shared = None;
        let front = Front::start(address, tls, |bound| {
            let base = format!("{scheme}://localhost:{}", bound.port());
            let made = Arc::new(Shared::new(options, account, base));
            shared = Some(Arc::clone(&made));
            made
        })?;
        let shared =
            shared.ok_or_else(|| io::Error::other("the front did not ask for a service"))?;
        Ok(Self {
            front,
            authority,
            shared,
        })
    }

    /// The address that is listened on.
    pub const fn addr(&self) -> SocketAddr {
        self.front.address()
    }

    /// The base of URLs, such as `https://localhost:4711`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.shared.base
    }

    /// The authority that clients must trust, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The authority itself, for TLS settings of clients in the same process.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The service account that may send.
    pub fn account(&self) -> &ServiceAccount {
        &self.shared.account
    }

    /// The service account's key file, as Google hands it out, with a `token_uri` of this simulator.
    pub fn key_file(&self) -> Value {
        self.shared.account.key_file(&self.shared.token_uri())
    }

    /// What is answered to messages; can be changed while the simulator runs.
    pub fn script(&self) -> &ScriptHandle<FcmAnswer> {
        &self.shared.script
    }

    /// What the token endpoint answers.
    pub fn token_script(&self) -> &ScriptHandle<TokenAnswer> {
        &self.shared.token_script
    }

    /// Where answers wait that a script holds back.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// What was really taken, oldest first; requests to the token endpoint are among it.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.ledger.all()
    }

    /// Forgets what was taken so far; the counts stay.
    pub fn forget_taken(&self) {
        self.shared.ledger.clear();
    }

    /// Counts since the start.
    pub fn counts(&self) -> FcmCounts {
        self.shared.counters.read()
    }

    /// Makes every access token that was granted so far invalid: sending is answered with 401 until a new
    /// one is fetched.
    pub fn revoke_tokens(&self) {
        self.shared.grants.revoke();
    }

    /// Takes the account's key away: no more tokens are granted. Those that were live until they expire.
    pub fn revoke_key(&self) {
        self.shared.grants.revoke_key();
    }

    /// A registration token or installation id lives.
    pub fn register(&self, recipient: &str) {
        self.shared.registry.set(recipient, Life::Lives);
    }

    /// A registration token or installation id is gone: 404 `UNREGISTERED`.
    pub fn unregister(&self, recipient: &str) {
        self.shared.registry.set(recipient, Life::Gone);
    }

    /// A registration token belongs to another project: 403 `SENDER_ID_MISMATCH`.
    pub fn move_to_other_project(&self, recipient: &str) {
        self.shared.registry.set(recipient, Life::Elsewhere);
    }
}

impl Shared {
    fn new(options: FcmOptions, account: ServiceAccount, base: String) -> Self {
        Self {
            base,
            account,
            script: ScriptHandle::default(),
            token_script: ScriptHandle::default(),
            gate: Gate::closed(),
            grants: Grants::default(),
            registry: Registry::new(options.only_registered),
            ledger: Ledger::new(options.recording),
            counters: Counters::default(),
            options,
        }
    }
}
