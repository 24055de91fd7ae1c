//! The pool over connections in memory, against a peer that does exactly what a test says. Time stands
//! still unless nothing else can happen, so pauses and deadlines are exact and cost nothing.

mod answers;
mod going_away;
mod limits;
mod peer;
mod sockets;
mod upkeep;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Version};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::peer::Peer;
use super::dial::{DialError, Transport};
use super::*;

/// Large enough for everything that a test writes at once.
const PIPE_BYTES: usize = 1 << 20;

/// Connects to the test.
struct InMemory {
    peers: UnboundedSender<DuplexStream>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Whether the next connects fail.
    refuse: AtomicBool,
    /// Connects.
    dials: AtomicU32,
    /// Writes to all connections.
    writes: AtomicU32,
}

/// Counts the writes to a pipe.
struct Counted(DuplexStream, Arc<Counts>);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.1.writes.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Dial for InMemory {
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Transport>, DialError>> {
        Box::pin(async {
            let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
            self.counts.dials.fetch_add(1, Ordering::SeqCst);
            let refused = self.counts.refuse.load(Ordering::SeqCst);
            if refused || self.peers.send(theirs).is_err() {
                let address = ([127, 0, 0, 1], 9).into();
                let error = io::ErrorKind::ConnectionRefused.into();
                return Err(DialError::Refused(address, error));
            }
            let counted = Counted(ours, Arc::clone(&self.counts));
            Ok(Box::new(counted) as Box<dyn Transport>)
        })
    }
}

struct Bench {
    pool: Arc<Pool>,
    peers: UnboundedReceiver<DuplexStream>,
    counts: Arc<Counts>,
}

const ATTEMPT: Duration = Duration::from_secs(300);

fn settings() -> PoolSettings {
    PoolSettings::apns(7)
}

impl Bench {
    fn new(settings: PoolSettings) -> Self {
        Self::with_attempts_of(ATTEMPT, settings)
    }

    fn with_attempts_of(attempt_timeout: Duration, settings: PoolSettings) -> Self {
        let (sender, peers) = unbounded_channel();
        let counts: Arc<Counts> = Arc::default();
        let dial = InMemory {
            peers: sender,
            counts: Arc::clone(&counts),
        };
        let network = Network {
            attempt_timeout,
            ..Network::default()
        };
        Self {
            pool: Arc::new(Pool::over(Box::new(dial), &network, settings)),
            peers,
            counts,
        }
    }

    fn refuse(&self, refuse: bool) {
        self.counts.refuse.store(refuse, Ordering::SeqCst);
    }

    fn dials(&self) -> u32 {
        self.counts.dials.load(Ordering::SeqCst)
    }

    /// Starts a request whose body says which it is.
    fn send(&self, which: u32) -> JoinHandle<Outcome> {
        self.send_padded(which, 0)
    }

    /// The same with so many bytes more in the body.
    fn send_padded(&self, which: u32, more: usize) -> JoinHandle<Outcome> {
        let deadline = self.pool.deadline();
        self.send_until(deadline, which, more)
    }

    fn send_until(&self, deadline: Instant, which: u32, more: usize) -> JoinHandle<Outcome> {
        let pool = Arc::clone(&self.pool);
        let mut body = which.to_be_bytes().to_vec();
        body.resize(body.len() + more, 0);
        tokio::spawn(async move { pool.call(deadline, request, Bytes::from(body)).await })
    }

    /// The peer of the next connection, which allows so many streams.
    async fn accept(&mut self, streams: u32) -> Peer {
        let pipe = within(self.peers.recv()).await.unwrap();
        let mut peer = Peer::on(pipe).await;
        peer.allow(streams).await;
        peer
    }

    /// The same, after its first answer: what it does from then on is no failed connect.
    async fn accept_proved(&mut self, streams: u32) -> Peer {
        let sent = self.send(u32::MAX);
        let mut peer = self.accept(streams).await;
        assert_eq!(peer.request().await, (1, u32::MAX));
        peer.answer(1).await;
        assert_eq!(status(&sent.await.unwrap()), 200);
        peer
    }

    /// Whether nobody connected.
    fn nobody(&mut self) -> bool {
        self.peers.try_recv().is_err()
    }
}

fn request() -> Request<()> {
    let origin = Origin::parse("https://push.test").unwrap();
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = origin.uri("/3/device/00").unwrap();
    request
}

/// Lets everything run that can run now, and the clock by a millisecond at most.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// What must happen some time; time that stands still would never end a wait in vain.
async fn within<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_hours(2);
    let result = tokio::time::timeout(limit, future).await;
    result.expect("waited two hours for nothing")
}

async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

fn status(outcome: &Outcome) -> u16 {
    match outcome {
        Outcome::Answered(reply) => reply.status,
        other => panic!("no answer but {other:?}"),
    }
}
