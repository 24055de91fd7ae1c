//! Connections of HTTP/2 to one origin with one credential, shared by everybody who sends there. APNs
//! and FCM are both driven by it.
//!
//! A pool opens its first connection with the first request and one more whenever all streams stayed
//! taken for [`PoolSettings::grow_after`]. How many streams a connection carries is what its peer says
//! in `SETTINGS_MAX_CONCURRENT_STREAMS`, at every moment (providers.md 1.5); requests beyond that wait
//! in order. Requests that the peer provably did not process (`GOAWAY` below their stream,
//! `REFUSED_STREAM`) are sent again, within the same call. Everything else that goes wrong is told, not
//! retried: see [`Outcome`].
//!
//! Below: `permits` counts the streams that may be opened; `connection` is one connection and the task
//! that drives it, over `coalesce`, one write to the socket for many requests; `dial` makes it;
//! `exchange` is one request on it; `upkeep` is the task that opens, replaces and closes connections.

mod coalesce;
mod connection;
mod dial;
mod exchange;
mod origin;
mod permits;
mod shared;
#[cfg(test)]
mod tests;
mod upkeep;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use rustls::ClientConfig;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use self::dial::{Dial, Dialer};
use self::exchange::{Exchange, Progress};
use self::shared::Shared;
use crate::Network;

pub use self::origin::{Origin, OriginError};

/// How often one call sends a request again that was not processed (providers.md 10). A connection that
/// answered others before it went away does not count: all get further then, and the deadline ends it.
const RESENDS_MAX: u32 = 3;

/// How a pool behaves. The numbers follow providers.md 1.5 and providers-implementations.md 3.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Connections that stay open while there is something to do, at least one.
    pub connections_min: usize,
    /// Most connections.
    pub connections_max: usize,
    /// Streams that a connection may open before its peer has said how many it takes. One for APNs,
    /// which ends a connection that opens more.
    pub initial_streams: u32,
    /// How long all streams must stay taken before one more connection is opened.
    pub grow_after: Duration,
    /// How often a `PING` asks whether the peer is there, also while nothing is sent.
    pub ping_every: Duration,
    /// How long the peer may take to answer a `PING` before the connection is given up.
    pub ping_timeout: Duration,
    /// How long a connection beyond `connections_min` may carry nothing before it is closed.
    pub idle_close: Duration,
    /// How old a connection gets before it is replaced.
    pub age_max: Duration,
    /// Up to this much is taken from `age_max`, by chance, so that not all are replaced together.
    pub age_jitter: Duration,
    /// Pause after the first failed connect; it doubles with each.
    pub backoff_first: Duration,
    /// Longest pause between connects. Apple takes rapid reconnecting for an attack.
    pub backoff_max: Duration,
    /// Where the randomness of ages and pauses starts.
    pub seed: u64,
}

impl PoolSettings {
    /// For APNs.
    pub const fn apns(seed: u64) -> Self {
        Self {
            connections_min: 1,
            connections_max: 16,
            initial_streams: 1,
            grow_after: Duration::from_millis(50),
            ping_every: Duration::from_secs(45),
            ping_timeout: Duration::from_secs(12),
            idle_close: Duration::from_mins(5),
            age_max: Duration::from_hours(7),
            age_jitter: Duration::from_hours(2),
            backoff_first: Duration::from_secs(1),
            backoff_max: Duration::from_mins(1),
            seed,
        }
    }

    /// For FCM: as for APNs, but the usual hundred streams before the first `SETTINGS`.
    pub const fn fcm(seed: u64) -> Self {
        Self {
            initial_streams: 100,
            ..Self::apns(seed)
        }
    }
}

/// What came of one request.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The provider answered.
    Answered(Reply),
    /// There is no connection, and why. The request was not written.
    ConnectionFailed(String),
    /// The provider refused to look at it, on every connection that was tried. It may be sent again.
    NotProcessed(String),
    /// It was written and no answer came: nobody knows whether it was processed.
    OutcomeUnknown(String),
    /// The time for the attempt passed before it was written.
    TimedOut(String),
}

/// An answer of a provider.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, cut to [`Reply::BODY_BYTES_MAX`]; less of it if the connection broke within it.
    pub body: Bytes,
}

impl Reply {
    /// How much of a body is read. Providers' answers are far shorter.
    pub const BODY_BYTES_MAX: usize = 16 * 1_024;
}

impl Outcome {
    /// The provider's reply, or what it means that there is none.
    ///
    /// # Errors
    /// The answer to give when the provider gave none.
    pub fn reply(self) -> Result<Reply, Answer> {
        let (reason, why) = match self {
            Self::Answered(reply) => return Ok(reply),
            Self::ConnectionFailed(why) | Self::TimedOut(why) => (Reason::ConnectionFailed, why),
            Self::NotProcessed(why) => (Reason::NotProcessed, why),
            Self::OutcomeUnknown(why) => (Reason::OutcomeUnknown, why),
        };
        Err(Answer::refused_saying(reason, &why))
    }
}

/// What a pool is doing, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Open connections that take requests.
    pub connections: usize,
    /// Streams that are open on them.
    pub streams_in_use: usize,
    /// Streams that their peers allow.
    pub streams_limit: usize,
    /// Requests that wait for a stream.
    pub waiting: usize,
}

/// Connections to one origin with one credential. Dropping it ends them as soon as their last answers
/// are there.
///
/// A pool belongs to the tokio runtime of its first request.
pub struct Pool {
    shared: Arc<Shared>,
    upkeep: OnceLock<AbortHandle>,
    attempt_timeout: Duration,
}

impl Pool {
    /// A pool without connections; they are opened when needed. `tls` decides about authorities and
    /// the client certificate; ALPN is set here.
    ///
    /// # Errors
    /// When the origin is not `https` and the network does not allow private addresses: plain HTTP/2
    /// is for simulators on the same machine.
    pub fn new(
        origin: Origin,
        tls: ClientConfig,
        network: &Network,
        settings: PoolSettings,
    ) -> Result<Self, OriginError> {
        if !origin.is_tls() && !network.private_allowed {
            return Err(OriginError::NotEncrypted);
        }
        let dialer = Dialer::new(origin, tls, network);
        Ok(Self::over(Box::new(dialer), network, settings))
    }

    fn over(dial: Box<dyn Dial>, network: &Network, settings: PoolSettings) -> Self {
        Self {
            shared: Arc::new(Shared::new(dial, network.connect_timeout, settings)),
            upkeep: OnceLock::new(),
            attempt_timeout: network.attempt_timeout,
        }
    }

    /// When an attempt that begins now has to end.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.attempt_timeout
    }

    /// Sends one request and waits for what comes of it, until `deadline`: waiting for a stream,
    /// connecting and the answer together. `build` makes the head (with an absolute URI, see
    /// [`Origin::uri`]) and is called once more for each time that it is sent again.
    ///
    /// Dropping the future gives the request up: its stream is reset.
    pub async fn call(
        &self,
        deadline: Instant,
        build: impl Fn() -> Request<()>,
        body: Bytes,
    ) -> Outcome {
        self.upkeep
            .get_or_init(|| upkeep::start(Arc::clone(&self.shared)));
        let mut progress = Progress::default();
        let tries = self.tries(&build, body, &mut progress);
        match timeout_at(deadline, tries).await {
            Ok(outcome) => outcome,
            Err(_) => progress.at_deadline(),
        }
    }

    async fn tries(
        &self,
        build: &impl Fn() -> Request<()>,
        body: Bytes,
        progress: &mut Progress,
    ) -> Outcome {
        let (mut resends, mut unusable) = (0, 0);
        let mut refused: Option<String> = None;
        loop {
            let slot = match self.shared.slot().await {
                Ok(slot) => slot,
                // Who was turned away knows best why there is no connection.
                Err(why) => return Outcome::ConnectionFailed(refused.unwrap_or(why)),
            };
            let connection = slot.connection();
            match exchange::run(connection, build(), body.clone(), progress).await {
                Exchange::Answered(reply) => return Outcome::Answered(reply),
                Exchange::Unknown(why) => return Outcome::OutcomeUnknown(why),
                // The connection had ended before: nothing was sent, another one is taken.
                Exchange::NotWritten(why) => {
                    self.shared.retire(connection);
                    unusable += 1;
                    if unusable > 2 * self.shared.settings.connections_max {
                        return Outcome::NotProcessed(why);
                    }
                }
                Exchange::NotProcessed { why, going_away } => {
                    if going_away {
                        self.shared.retire(connection);
                    }
                    resends += u32::from(!going_away || !connection.fate().answered());
                    if resends > RESENDS_MAX {
                        return Outcome::NotProcessed(why);
                    }
                    refused = Some(why);
                }
            }
        }
    }

    /// Lets go of every connection; requests that are on their way still get their answers. New ones
    /// are opened with the next request: what Apple asks for when a key was revoked, or an app got a
    /// new topic (providers.md 1.3).
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// What it is doing.
    pub fn gauge(&self) -> Gauge {
        self.shared.gauge()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(upkeep) = self.upkeep.get() {
            upkeep.abort();
        }
    }
}
