//! A simulated Web Push service (RFC 8030, 8188, 8291, 8292).
//!
//! It hands out subscriptions whose private keys it keeps, so that it can open what is sent to them as a
//! browser would. Rules of its script see the subscription's id as recipient, and the facts `topic` and
//! `urgency` of the request.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::time::{Clock, Timestamp};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use crate::certificate::{Authority, ClientCertificates};
use crate::http::{Fault, Front, Gate, RetryAfter};
use crate::script::ScriptHandle;

pub mod encryption;
mod headers;
mod problem;
mod resources;
mod state;
pub mod vapid;

pub use headers::Urgency;
pub use problem::{Problem, Style};
pub use state::{Content, Fate, Taken};

use encryption::ReceiverKeys;
use state::{State, Subscriber};

/// The largest body that a service must take, in bytes (RFC 8030 section 7.2).
pub const LARGEST_BODY: usize = 4_096;
/// The longest time for which autopush keeps a message, in seconds: 30 days.
pub const LONGEST_TTL: u64 = 2_592_000;

/// What a script can have the service answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Take the message, if it is right, and answer with this status, such as 200 or 202, instead of 201.
    Accept(u16),
    /// Refuse it with a problem, in the words of the service.
    Refuse {
        /// What is said to be wrong.
        problem: Problem,
        /// In whose words, if not in the service's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        style: Option<Style>,
        /// When to come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
    },
    /// Something outside of the protocol.
    Fault(Fault),
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::Refuse {
            problem,
            style: None,
            retry_after: None,
        }
    }
}

/// How a simulated service is set up.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// The name of the host in endpoints, `localhost` by default.
    pub host: String,
    /// Who signs the service's certificate; without it the service speaks plain HTTP.
    pub authority: Option<Arc<Authority>>,
    /// Tells the time for TTLs and tokens.
    pub clock: Arc<dyn Clock>,
    /// In whose manner it answers.
    pub style: Style,
    /// The largest body that it takes, in bytes. Services that bridge to others take less than
    /// [`LARGEST_BODY`] (providers.md 3.1).
    pub largest_body: usize,
    /// The longest time for which it keeps a message, in seconds. It shortens what is longer and says so
    /// (RFC 8030 section 5.2).
    pub longest_ttl: u64,
    /// Whether every request must be identified, or only those to restricted subscriptions.
    pub needs_vapid: bool,
    /// Whether what the browser could not read is refused. Real services cannot look inside: there such a
    /// message is taken, and dropped by the browser without a word.
    pub refuses_unreadable: bool,
    /// Seed of the ids that subscriptions get.
    pub seed: u64,
}

impl Options {
    /// A strict service of the RFCs' style on a free port of loopback, with plain HTTP.
    pub fn plain(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            host: "localhost".to_owned(),
            authority: None,
            clock,
            style: Style::default(),
            largest_body: LARGEST_BODY,
            longest_ttl: LONGEST_TTL,
            needs_vapid: true,
            refuses_unreadable: true,
            seed: 0,
        }
    }

    /// The same over TLS.
    pub fn tls(clock: Arc<dyn Clock>, authority: Arc<Authority>) -> Self {
        Self {
            authority: Some(authority),
            ..Self::plain(clock)
        }
    }
}

/// What a browser asks for when it subscribes.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The id, the last part of the endpoint, in letters, digits, `-` and `_`; one is drawn when absent.
    pub id: Option<String>,
    /// The application server's public key (an uncompressed point of 65 bytes) that alone may send
    /// (RFC 8292 section 4).
    pub application_server_key: Option<Vec<u8>>,
    /// When the subscription ends by itself.
    pub expires: Option<Timestamp>,
    /// Whether the browser is offline.
    pub offline: bool,
}

/// What a browser gives to the application server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The last part of the endpoint; scripts know the subscription by it.
    pub id: String,
    /// Where to post messages.
    pub endpoint: String,
    /// The browser's public key, base64url without padding.
    pub p256dh: String,
    /// The authentication secret, base64url without padding.
    pub auth: String,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

impl Subscription {
    /// The JSON of `PushSubscription.toJSON()`.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "endpoint": self.endpoint,
            "expirationTime": self.expires.map(Timestamp::millis),
            "keys": {"p256dh": self.p256dh, "auth": self.auth},
        })
    }
}

/// Is told of every message that was taken.
type Watcher = Arc<dyn Fn(&Taken) + Send + Sync>;

/// What the service's requests and its owner share.
struct Shared {
    options: Options,
    /// Scheme, host and port: the audience of tokens.
    origin: String,
    script: ScriptHandle<Answer>,
    gate: Gate,
    state: Mutex<State>,
    ids: Mutex<SmallRng>,
    watcher: RwLock<Option<Watcher>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }
}

/// A running simulated Web Push service. It stops when it is dropped.
pub struct WebPush {
    front: Front,
    shared: Arc<Shared>,
}

impl WebPush {
    /// Starts a service on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, the host cannot stand in a certificate, or no runtime runs.
    pub fn start(options: Options) -> io::Result<Self> {
        let tls = match &options.authority {
            None => None,
            Some(authority) => Some(authority.server_config(
                std::slice::from_ref(&options.host),
                &["h2", "http/1.1"],
                ClientCertificates::Ignored,
            )?),
        };
        let mut made = None;
        let front = Front::start(options.address, tls, |address| {
            let shared = Arc::new(Shared::new(options, address));
            made = Some(Arc::clone(&shared));
            shared
        })?;
        let shared = made.ok_or_else(|| io::Error::other("the service was not made"))?;
        Ok(Self { front, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// Scheme, host and port, as in `aud` of tokens.
    pub fn origin(&self) -> &str {
        &self.shared.origin
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

    /// Subscribes a browser that is online, for any application server.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn subscribe(&self) -> io::Result<Subscription> {
        self.subscribe_as(Wanted::default())
    }

    /// Subscribes a browser.
    ///
    /// # Errors
    /// When the id is taken or no part of a path, or the system gives no random numbers.
    pub fn subscribe_as(&self, wanted: Wanted) -> io::Result<Subscription> {
        let keys = Arc::new(ReceiverKeys::generate().map_err(io::Error::other)?);
        let mut state = self.shared.state();
        let id = match wanted.id {
            Some(id) => usable(id)?,
            None => self.shared.drawn_id(&state),
        };
        if !state.is_free(&id) {
            return Err(io::Error::other(format!("the subscription {id} exists")));
        }
        let subscription = Subscription {
            endpoint: format!("{}{}{id}", self.shared.origin, resources::PUSH),
            p256dh: URL_SAFE_NO_PAD.encode(keys.public()),
            auth: URL_SAFE_NO_PAD.encode(keys.auth()),
            expires: wanted.expires,
            id: id.clone(),
        };
        let subscriber = Subscriber {
            keys,
            bound_to: wanted.application_server_key,
            expires: wanted.expires,
            online: !wanted.offline,
            gone: None,
        };
        state.add(id, subscriber);
        Ok(subscription)
    }

    /// The browser goes offline, or comes online and gets what is stored; these messages are returned,
    /// oldest first.
    pub fn set_online(&self, subscription: &str, online: bool) -> Vec<Taken> {
        let now = self.shared.now();
        self.shared.state().set_online(subscription, online, now)
    }

    /// The user revokes the permission or clears the data: later messages are answered with
    /// [`Problem::NoSubscription`]. Says whether there was such a subscription.
    pub fn unsubscribe(&self, subscription: &str) -> bool {
        let now = self.shared.now();
        self.shared
            .state()
            .end(subscription, Problem::NoSubscription, now)
    }

    /// Every message that was taken, in order, with what became of it by now.
    pub fn taken(&self) -> Vec<Taken> {
        let now = self.shared.now();
        self.shared.state().taken(now)
    }

    /// Calls `watcher` for each message that is taken from now on, before its answer is sent. It takes the
    /// place of an earlier one, and must not block.
    pub fn on_accepted(&self, watcher: impl Fn(&Taken) + Send + Sync + 'static) {
        let mut place = self
            .shared
            .watcher
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Some(Arc::new(watcher));
    }
}

impl Shared {
    fn new(options: Options, address: SocketAddr) -> Self {
        let (scheme, usual) = match options.authority {
            Some(_) => ("https", 443),
            None => ("http", 80),
        };
        let origin = if address.port() == usual {
            format!("{scheme}://{}", options.host)
        } else {
            format!("{scheme}://{}:{}", options.host, address.port())
        };
        Self {
            origin,
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            state: Mutex::default(),
            ids: Mutex::new(SmallRng::seed_from_u64(options.seed)),
            watcher: RwLock::default(),
            options,
        }
    }

    /// The next random number for an id.
    fn drawn(&self) -> u128 {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.random()
    }

    fn drawn_id(&self, state: &State) -> String {
        loop {
            let id = format!("{:032x}", self.drawn());
            if state.is_free(&id) {
                return id;
            }
        }
    }
}

/// Checks that an id can be a part of a path as it is.
fn usable(id: String) -> io::Result<String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.is_empty() && id.bytes().all(known) {
        return Ok(id);
    }
    Err(io::Error::other(format!(
        "{id:?} is no id: use letters, digits, - and _"
    )))
}
