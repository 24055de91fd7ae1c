//! A simulated Apple Push Notification service: HTTP/2 over TLS (providers.md 1 and 11).
//!
//! ```no_run
//! # fn example(clock: std::sync::Arc<dyn landfall_domain::time::Clock>) -> std::io::Result<()> {
//! use landfall_sim::apns::{ApnsOptions, ApnsSim, Reason};
//! use landfall_sim::script::{Match, Rule, Script};
//!
//! let apple = ApnsSim::start(ApnsOptions::new(clock))?;
//! apple.script().replace(Script::of([
//!     Rule::new(Match::prefix("dead"), Reason::Unregistered.into()),
//! ]));
//! println!("push to https://{} and trust\n{}", apple.addr(), apple.ca_pem());
//! # Ok(()) }
//! ```
//!
//! Rules of the script are asked with the device token as recipient and these facts: `topic`, `push_type`,
//! `priority`, `collapse_id` (each only if the header is there), `key` (id of the key that signed the
//! token), `environment` (`production` or `sandbox`).
//!
//! A push is treated so: method and path, then credentials, then the script, then the headers, the topic,
//! the payload's size, the token, and what is known of the device. What none of them objects to is accepted.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use landfall_domain::time::{Clock, Timestamp};
use tokio::task::JoinHandle;

mod accept;
mod answer;
mod core;
mod credentials;
mod devices;
mod keys;
mod options;
mod push;
mod reason;
mod record;
mod session;
mod token;
mod wire;

pub use self::core::{OnAccepted, OnFate};
pub use answer::{ApnsAnswer, Lost, Moment, Outcome, Refusal};
pub use credentials::EnvironmentSpelling;
pub use devices::Fate;
pub use keys::{Environment, ProviderKey};
pub use options::{ApnsOptions, Auth, Below, Connections, GoAwayAfter, StreamLimit, Violation};
pub use reason::Reason;
pub use record::{Accepted, ApnsCounts, Ended, Taken};
pub use token::Strictness;

use self::core::Core;
use crate::certificate::{Authority, ClientCertificates, Issued};
use crate::http::{Gate, bind};
use crate::script::ScriptHandle;
use session::Command;

/// A running simulator. Dropping it closes the port and every connection.
pub struct ApnsSim {
    core: Arc<Core>,
    authority: Authority,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl ApnsSim {
    /// Starts on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, no tokio runtime runs, or no certificate can be made.
    pub fn start(options: ApnsOptions) -> io::Result<Self> {
        let authority = Authority::new()?;
        let names = &options.names;
        let clients = ClientCertificates::Welcome;
        let tls = authority.server_config(names, &["h2"], clients)?;
        let (listener, address) = bind(options.address)?;
        let core = Arc::new(Core::new(options));
        let task = tokio::spawn(accept::accept(listener, tls, Arc::clone(&core)));
        Ok(Self {
            core,
            authority,
            address,
            task,
        })
    }

    /// The address that is listened on.
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The authority that clients must trust, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The authority itself, for TLS settings of clients in the same process.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A client certificate that the simulator knows; its topics are those of [`Auth::Certificate`].
    ///
    /// # Errors
    /// When the name cannot stand in a certificate.
    pub fn client_certificate(&self, name: &str) -> io::Result<Issued> {
        self.authority.client(name)
    }

    /// What is answered to whom; can be changed while the simulator runs.
    pub fn script(&self) -> &ScriptHandle<ApnsAnswer> {
        &self.core.script
    }

    /// Where answers of [`Outcome::Hold`] wait.
    pub fn gate(&self) -> &Gate {
        &self.core.gate
    }

    /// What was really taken, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.core.ledger.all()
    }

    /// Forgets what was taken so far; the counts stay.
    pub fn forget_taken(&self) {
        self.core.ledger.clear();
    }

    /// Counts since the start.
    pub fn counts(&self) -> ApnsCounts {
        self.core.counters.read()
    }

    /// Returns when at least so many requests have come since the start.
    pub async fn until_requests(&self, at_least: u64) {
        self.core.until_requests(at_least).await;
    }

    /// Takes a key away, as its owner can at Apple at any time. Its tokens are invalid from the next request
    /// on, also on open connections.
    pub fn revoke_key(&self, id: &str) {
        self.core
            .change_keys(|keys| keys.retain(|key| key.id != id));
    }

    /// Makes a key known.
    pub fn add_key(&self, key: ProviderKey) {
        self.core.change_keys(|keys| keys.push(key));
    }

    /// How connections from now on behave; open ones stay as they are.
    pub fn set_connections(&self, connections: Connections) {
        self.core.set_connections(connections);
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.core.links.open()
    }

    /// Returns when at most so many connections are open.
    pub async fn until_open(&self, most: usize) {
        self.core.links.until_open(most).await;
    }

    /// Sends every open connection away: GOAWAY with this `reason` as debug data, the last stream being
    /// the last one that came. Streams that wait are still answered, then the connection is closed.
    pub fn go_away(&self, reason: &str) {
        self.core.links.tell(&Command::GoAway(reason.to_owned()));
    }

    /// Announces another stream limit on every open connection. A lower one counts from when the client
    /// acknowledged it.
    pub fn set_stream_limit(&self, limit: u32) {
        self.core.links.tell(&Command::Limit(limit));
    }

    /// Resets every open connection (TCP RST). What was processed stays so.
    pub fn tear_connections(&self) {
        self.core.links.tell(&Command::Tear);
    }

    /// Lets every open connection hang: nothing is read, nothing is answered, nothing is closed.
    pub fn hang_connections(&self) {
        self.core.links.tell(&Command::Hang);
    }

    /// A token lives, for one topic or, when absent, for any.
    pub fn register(&self, token: &str, topic: Option<&str>) {
        self.core
            .devices
            .register(token, topic.map(ToOwned::to_owned));
    }

    /// A token is dead since then: answers are 410 `Unregistered` with that timestamp.
    pub fn unregister(&self, token: &str, since: Timestamp) {
        let told = self.core.devices.unregister(token, since);
        self.core.tell(told);
    }

    /// A token is expired since then: answers are 410 `ExpiredToken` with that timestamp.
    pub fn expire(&self, token: &str, since: Timestamp) {
        self.core.devices.expire(token, since);
    }

    /// A token belongs to the other environment, which APNs calls `BadDeviceToken`.
    pub fn move_to_other_environment(&self, token: &str) {
        self.core.devices.move_elsewhere(token);
    }

    /// A device loses its network: pushes to it are stored, one for each topic.
    pub fn device_offline(&self, token: &str) {
        self.core.devices.go_offline(token);
    }

    /// A device is back: what was stored for it is delivered, unless it expired.
    pub fn device_online(&self, token: &str) {
        let told = self.core.devices.come_online(token, self.now());
        self.core.tell(told);
    }

    /// What is stored for a device that is away, at most one push for each topic.
    pub fn stored(&self, token: &str) -> Vec<Arc<Accepted>> {
        self.core.devices.stored(token)
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }
}

impl Drop for ApnsSim {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ApnsOptions {
    /// A healthy simulator on a free port of 127.0.0.1 that checks no credentials and remembers the latest
    /// hundred thousand requests.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            names: Vec::new(),
            clock,
            environment: Environment::Production,
            auth: Auth::Any,
            strictness: Strictness::Strict,
            spelling: EnvironmentSpelling::Documented,
            apps: None,
            only_registered: false,
            connections: Connections::default(),
            recording: crate::truth::Recording::default(),
            on_accepted: None,
            on_fate: None,
        }
    }
}
