//! One write to the socket for many requests.
//!
//! `h2` writes and flushes each larger `DATA` frame by itself, which costs a TLS record and a system
//! call for every push. Here, what it writes is gathered, its flushes do nothing, and the driver of the
//! connection flushes once, after `h2` has had its turn.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dial::Transport;

/// From so many bytes on the socket is written to before more is taken.
const GATHER_BYTES: usize = 64 * 1_024;

struct Inner {
    transport: Box<dyn Transport>,
    gathered: BytesMut,
}

/// What `h2` reads from and writes to.
pub(super) struct Gathering(Arc<Mutex<Inner>>);

/// The driver's hand on it.
pub(super) struct Flusher(Arc<Mutex<Inner>>);

/// Both ends over a transport. They are used by one task; the lock is never waited for.
pub(super) fn gather(transport: Box<dyn Transport>) -> (Gathering, Flusher) {
    let inner = Arc::new(Mutex::new(Inner {
        transport,
        gathered: BytesMut::with_capacity(GATHER_BYTES),
    }));
    (Gathering(Arc::clone(&inner)), Flusher(inner))
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.gathered.is_empty() {
            let written = ready!(Pin::new(&mut self.transport).poll_write(cx, &self.gathered))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.gathered.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.transport).poll_flush(cx)
    }
}

impl Flusher {
    /// Writes everything that was gathered.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_flush(cx)
    }
}

impl AsyncRead for Gathering {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut lock(&self.0).transport).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Gathering {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.0);
        if inner.gathered.len() >= GATHER_BYTES {
            ready!(inner.poll_drain(cx))?;
        }
        inner.gathered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.0);
        ready!(inner.poll_flush(cx))?;
        Pin::new(&mut inner.transport).poll_shutdown(cx)
    }
}
