//! One connection: the handle that requests use, and the task that drives it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Ping, PingPong, SendStream};
use http::Request;
use tokio::time::{Instant, Sleep};

use super::PoolSettings;
use super::coalesce::{Flusher, Gathering, gather};
use super::dial::{DialError, Transport};
use super::permits::{Load, Streams};
use super::shared::Shared;

/// Answers that come for requests we gave up are known as such for so many streams.
const GIVEN_UP_STREAMS: usize = 4_096;
/// Providers' headers are far smaller.
const HEADER_LIST_BYTES: u32 = 32 * 1_024;

/// What handle and driver share.
pub(super) struct Fate {
    pub(super) streams: Streams,
    /// Whether the peer ever answered: until then, a connection that ends counts as a failed connect.
    answered: AtomicBool,
    /// Whether we let it go.
    let_go: AtomicBool,
    /// Why it ended.
    why: OnceLock<String>,
}

impl Fate {
    pub(super) fn answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    pub(super) fn let_go(&self) -> bool {
        self.let_go.load(Ordering::Acquire)
    }

    pub(super) fn why(&self) -> &str {
        self.why.get().map_or("", String::as_str)
    }
}

/// The handle. When the last copy is gone and all streams have ended, the connection closes.
pub(super) struct Connection {
    requests: SendRequest<Bytes>,
    fate: Arc<Fate>,
    opened: Instant,
    replace_at: Instant,
    /// Milliseconds after `opened` at which the last stream ended.
    idle_since_ms: AtomicU64,
}

impl Connection {
    /// Starts HTTP/2 on a transport. Nothing moves before the driver runs.
    pub(super) async fn open(
        transport: Box<dyn Transport>,
        settings: &PoolSettings,
        age: Duration,
        pool: Weak<Shared>,
    ) -> Result<(Self, Driver), DialError> {
        let (gathering, flusher) = gather(transport);
        let (requests, mut connection) = h2::client::Builder::new()
            .enable_push(false)
            .initial_max_send_streams(settings.initial_streams as usize)
            .max_concurrent_reset_streams(GIVEN_UP_STREAMS)
            .max_header_list_size(HEADER_LIST_BYTES)
            .handshake(gathering)
            .await
            .map_err(DialError::Handshake)?;
        let fate = Arc::new(Fate {
            streams: Streams::new(),
            answered: AtomicBool::new(false),
            let_go: AtomicBool::new(false),
            why: OnceLock::new(),
        });
        let pings = connection.ping_pong();
        let driver = Driver {
            connection,
            flusher,
            heart: pings.map(|pings| Heart::new(pings, settings)),
            limit: None,
            fate: Arc::clone(&fate),
            pool,
        };
        let opened = Instant::now();
        let handle = Self {
            requests,
            fate,
            opened,
            replace_at: opened + age,
            idle_since_ms: AtomicU64::new(0),
        };
        Ok((handle, driver))
    }

    /// Opens a stream for a request. Fails when the connection has ended or is about to; nothing was
    /// written then.
    pub(super) fn send(
        &self,
        request: Request<()>,
        whole: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        self.requests.clone().send_request(request, whole)
    }

    pub(super) fn fate(&self) -> &Arc<Fate> {
        &self.fate
    }

    pub(super) fn load(&self) -> Load {
        self.fate.streams.load()
    }

    pub(super) fn note_answer(&self) {
        if !self.fate.answered() {
            self.fate.answered.store(true, Ordering::Release);
        }
    }

    pub(super) fn note_let_go(&self) {
        self.fate.let_go.store(true, Ordering::Release);
    }

    /// Ends a stream: what was before, and by how many the free ones grew.
    pub(super) fn release(&self) -> (Load, i64) {
        let (before, change) = self.fate.streams.release();
        if before.in_use == 1 {
            let age = self.opened.elapsed().as_millis();
            let age = u64::try_from(age).unwrap_or(u64::MAX);
            self.idle_since_ms.store(age, Ordering::Relaxed);
        }
        (before, change)
    }

    /// Since when it carries nothing; `None` while it does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let since = Duration::from_millis(self.idle_since_ms.load(Ordering::Relaxed));
        (self.load().in_use == 0).then(|| self.opened + since)
    }

    pub(super) const fn replace_at(&self) -> Instant {
        self.replace_at
    }

    /// An error in words, with what the driver knows about it.
    pub(super) fn describe(&self, error: &h2::Error) -> String {
        match self.fate.why.get() {
            Some(why) => format!("{error} ({why})"),
            None => error.to_string(),
        }
    }
}

/// Asks the peer whether it is still there.
struct Heart {
    pings: PingPong,
    timer: Pin<Box<Sleep>>,
    every: Duration,
    patience: Duration,
    asked: bool,
}

/// What the heart wants.
enum Beat {
    /// Nothing.
    Quiet,
    /// A `PING` has to be written.
    Asked,
    /// The peer did not answer.
    Stopped,
}

impl Heart {
    fn new(pings: PingPong, settings: &PoolSettings) -> Self {
        Self {
            pings,
            timer: Box::pin(tokio::time::sleep(settings.ping_every)),
            every: settings.ping_every,
            patience: settings.ping_timeout,
            asked: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Beat {
        if self.asked && matches!(self.pings.poll_pong(cx), Poll::Ready(Ok(_))) {
            self.asked = false;
            self.timer.as_mut().reset(Instant::now() + self.every);
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return Beat::Quiet;
        }
        if self.asked {
            return Beat::Stopped;
        }
        self.timer.as_mut().reset(Instant::now() + self.patience);
        // Fails only when the connection has ended, which the driver notices by itself.
        self.asked = self.pings.send_ping(Ping::opaque()).is_ok();
        Beat::Asked
    }
}

/// Moves the bytes of one connection.
pub(super) struct Driver {
    connection: h2::client::Connection<Gathering, Bytes>,
    flusher: Flusher,
    heart: Option<Heart>,
    limit: Option<u32>,
    fate: Arc<Fate>,
    pool: Weak<Shared>,
}

impl Driver {
    /// Reads and writes until the connection ends, and tells the pool.
    pub(super) async fn drive(mut self) {
        let why = std::future::poll_fn(|cx| self.poll(cx)).await;
        let _ = self.fate.why.set(why);
        if let Some(pool) = self.pool.upgrade() {
            pool.ended(&self.fate);
        }
        // Requests that still wait for answers fail when the connection is dropped: only now, so that
        // they find out why.
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        loop {
            if let Poll::Ready(result) = Pin::new(&mut self.connection).poll(cx) {
                return Poll::Ready(match result {
                    Ok(()) => "the connection was closed".to_owned(),
                    Err(error) => error.to_string(),
                });
            }
            self.publish_limit();
            if let Poll::Ready(Err(error)) = self.flusher.poll_flush(cx) {
                return Poll::Ready(format!("writing failed: {error}"));
            }
            match self
                .heart
                .as_mut()
                .map_or(Beat::Quiet, |heart| heart.poll(cx))
            {
                Beat::Quiet => return Poll::Pending,
                Beat::Asked => (),
                Beat::Stopped => return Poll::Ready("the peer did not answer a PING".to_owned()),
            }
        }
    }

    /// Passes on how many streams the peer allows, when that has changed.
    fn publish_limit(&mut self) {
        let allowed = self.connection.max_concurrent_send_streams();
        let limit = u32::try_from(allowed).unwrap_or(u32::MAX);
        if self.limit != Some(limit) {
            self.limit = Some(limit);
            if let Some(pool) = self.pool.upgrade() {
                pool.set_limit(&self.fate, limit);
            }
        }
    }
}
