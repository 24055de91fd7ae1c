//! Connections that wait for the next message.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::time::Instant;

use super::CONNECTIONS_MAX;

/// How long a connection may wait: shorter than relays allow (RFC 5321 section 4.5.3.2.7 says five
/// minutes, large services hang up much earlier), so that they seldom close it under a message.
const IDLE_MAX: Duration = Duration::from_secs(8);

/// The connections, the one that was used last on top.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<Waiting>>);

struct Waiting {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Idle {
    /// The freshest connection that has not waited too long; the others are closed.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        let now = Instant::now();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|waiting| now.duration_since(waiting.since) < IDLE_MAX);
        waiting.pop().map(|waiting| waiting.connection)
    }

    /// Keeps a connection that is between two messages.
    pub(super) fn keep(&self, connection: AsyncSmtpConnection) {
        if connection.has_broken() {
            return;
        }
        let since = Instant::now();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < CONNECTIONS_MAX {
            waiting.push(Waiting { connection, since });
        }
    }
}
