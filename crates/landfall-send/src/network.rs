//! How senders reach the outside: time limits, authorities, and which addresses they may call.

use std::time::Duration;

/// Settings of the network, the same for all senders of a process.
#[derive(Clone, Debug)]
pub struct Network {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one attempt may take from the first byte to the answer. Google asks for at least 10 s
    /// (providers.md 2.3).
    pub attempt_timeout: Duration,
    /// Whether loopback, private and link-local addresses may be called: simulators and proxies in
    /// the own network. Off by default, because endpoints come from clients (providers.md 3.2).
    pub private_allowed: bool,
    /// Certificates of more authorities, PEM.
    pub ca_pem: Option<String>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(15),
            private_allowed: false,
            ca_pem: None,
        }
    }
}
