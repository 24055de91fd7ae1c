//! The bytes of a connection between TLS and the `h2` crate, cut at frame boundaries (RFC 9113 section 4.1).
//!
//! `h2` is a strict server but sends no second SETTINGS frame with another stream limit, no debug data with
//! a GOAWAY, and chooses the last stream id itself. So those frames are written here, between its own; the
//! acknowledgements of SETTINGS that it did not send are kept from it. Beside that, writes are gathered
//! until the session asks for them to go out, so that a hundred answers cost one TLS record.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BufMut as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use frames::{Frame, Frames, Piece};

pub(super) mod frames;
#[cfg(test)]
mod tests;

/// Bytes read at once: one TLS record.
const READ: usize = 16 * 1024;
/// Bytes of answers that may wait before `h2` is told to wait.
const MOST_WAITING: usize = 1024 * 1024;

/// A stream that can be told to break off when it is closed.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// Makes the close a reset (TCP RST) that throws away what was not sent.
    fn reset_on_close(&self);
}

impl Transport for TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        if let Err(error) = self.get_ref().0.set_zero_linger() {
            tracing::debug!(%error, "a connection is closed without a reset");
        }
    }
}

/// The transport as `h2` sees it.
pub(super) struct Wire<T: Transport> {
    transport: T,
    control: Control,
    chunk: Box<[u8]>,
    /// Bytes that `h2` may read.
    inbox: BytesMut,
    incoming: Frames,
    /// Bytes that wait to be sent.
    outbox: BytesMut,
    outgoing: Frames,
    stage: Stage,
}

/// How far the sending side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The first SETTINGS frame is still to come; it gets this stream limit.
    First(Option<u32>),
    Open,
    Shut,
}

/// What the session tells the wire. Copies are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Control(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    corked: bool,
    /// Whole frames that go out at the next boundary.
    inject: BytesMut,
    /// SETTINGS frames that the client acknowledged, the first one included.
    acknowledged: u32,
    deaf: bool,
    ignores_pings: bool,
    finishing: bool,
    reset: bool,
}

impl Control {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what is written until [`uncork`](Self::uncork) and the next flush.
    pub(super) fn cork(&self) {
        self.state().corked = true;
    }

    /// Lets what is written go out with the next flush.
    pub(super) fn uncork(&self) {
        self.state().corked = false;
    }

    /// Puts a frame of our own between those of `h2`.
    pub(super) fn inject(&self, frame: &[u8]) {
        self.state().inject.put_slice(frame);
    }

    /// How many of our own SETTINGS frames the client acknowledged.
    pub(super) fn acknowledged(&self) -> u32 {
        self.state().acknowledged.saturating_sub(1)
    }

    /// Reads nothing any more, and leaves the connection open.
    pub(super) fn deafen(&self) {
        self.state().deaf = true;
    }

    /// Leaves PING frames unanswered.
    pub(super) fn ignore_pings(&self) {
        self.state().ignores_pings = true;
    }

    /// Closes in order after what is written: TLS `close_notify`, FIN, and reading until the client closes
    /// as well, so that nothing that was sent is thrown away.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        state.finishing = true;
        state.corked = false;
    }

    /// Makes the close a reset.
    pub(super) fn reset(&self) {
        self.state().reset = true;
    }
}

impl<T: Transport> Wire<T> {
    /// Wraps a transport; `limit` goes into the first SETTINGS frame.
    pub(super) fn new(transport: T, limit: Option<u32>, control: Control) -> Self {
        Self {
            transport,
            control,
            chunk: vec![0; READ].into_boxed_slice(),
            inbox: BytesMut::with_capacity(READ),
            incoming: Frames::after_preface(),
            outbox: BytesMut::with_capacity(READ),
            outgoing: Frames::default(),
            stage: Stage::First(limit),
        }
    }

    /// Takes bytes of the client apart and leaves out the frames that `h2` must not see.
    fn sort_in(&mut self, read: usize) {
        let mut state = self.control.state();
        let mut data = &self.chunk[..read];
        while !data.is_empty() {
            match self.incoming.next(&mut data) {
                Piece::Header(frame) => {
                    let acknowledges = frame.is_settings_ack();
                    state.acknowledged += u32::from(acknowledges);
                    let ours = acknowledges && state.acknowledged > 1;
                    let unheard = state.ignores_pings && frame.is_ping();
                    self.incoming.skip = ours || unheard;
                    if !self.incoming.skip {
                        self.inbox.put_slice(&frame.0);
                    }
                }
                Piece::Part => {}
                Piece::Bytes(_) if self.incoming.skip => {}
                Piece::Bytes(bytes) => self.inbox.put_slice(bytes),
            }
        }
    }

    /// Appends what `h2` writes, with our own frames at the first boundary.
    fn sort_out(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.outgoing.at_boundary() {
                self.settle_boundary();
            }
            match self.outgoing.next(&mut data) {
                Piece::Header(frame) => self.outbox.put_slice(&frame.0),
                Piece::Part => {}
                Piece::Bytes(bytes) => self.outbox.put_slice(bytes),
            }
        }
        if self.outgoing.at_boundary() {
            self.settle_boundary();
        }
    }

    fn settle_boundary(&mut self) {
        if let Stage::First(limit) = self.stage
            && !self.outbox.is_empty()
        {
            if let Some(limit) = limit {
                frames::extend_settings(&mut self.outbox, limit);
            }
            self.stage = Stage::Open;
        }
        if self.stage == Stage::Open {
            let inject = self.control.state().inject.split();
            self.outbox.put_slice(&inject);
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outbox.is_empty() {
            let written = ready!(Pin::new(&mut self.transport).poll_write(cx, &self.outbox))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outbox.advance(written);
        }
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    /// Reads until the client closes.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut chunk = ReadBuf::new(&mut self.chunk);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<T: Transport> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.inbox.is_empty() {
                let len = this.inbox.len().min(buffer.remaining());
                buffer.put_slice(&this.inbox.split_to(len));
                return Poll::Ready(Ok(()));
            }
            let (deaf, finishing) = {
                let state = this.control.state();
                (state.deaf, state.finishing)
            };
            if finishing {
                return this.poll_drain(cx);
            }
            if deaf {
                // Nobody wakes this read: the connection lies open like one whose peer lost its network.
                return Poll::Pending;
            }
            let mut chunk = ReadBuf::new(&mut this.chunk);
            ready!(Pin::new(&mut this.transport).poll_read(cx, &mut chunk))?;
            let read = chunk.filled().len();
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            this.sort_in(read);
        }
    }
}

impl<T: Transport> AsyncWrite for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.stage == Stage::Shut {
            // Nothing follows a close; what `h2` still says to it is of no account.
            return Poll::Ready(Ok(data.len()));
        }
        if self.outbox.len() >= MOST_WAITING {
            ready!(self.poll_send(cx))?;
        }
        self.sort_out(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (corked, finishing) = {
            let state = self.control.state();
            (state.corked || state.deaf, state.finishing)
        };
        if corked || self.stage == Stage::Shut {
            return Poll::Ready(Ok(()));
        }
        if self.outgoing.at_boundary() {
            self.settle_boundary();
        }
        ready!(self.poll_send(cx))?;
        if finishing {
            ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
            self.stage = Stage::Shut;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stage != Stage::Shut {
            ready!(self.as_mut().poll_flush(cx))?;
        }
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

impl<T: Transport> Drop for Wire<T> {
    fn drop(&mut self) {
        if self.control.state().reset {
            self.transport.reset_on_close();
        }
    }
}

/// A SETTINGS frame that says nothing but a stream limit.
pub(super) fn stream_limit(limit: u32) -> BytesMut {
    let mut frame = Frame::header(0, frames::SETTINGS, 0, 0);
    frames::extend_settings(&mut frame, limit);
    frame
}

/// A GOAWAY frame with debug data.
pub(super) fn go_away(last_stream: u32, code: h2::Reason, debug: &[u8]) -> BytesMut {
    let debug = &debug[..debug.len().min(1024)];
    let mut frame = Frame::header(8 + debug.len(), frames::GOAWAY, 0, 0);
    frame.put_u32(last_stream);
    frame.put_u32(code.into());
    frame.put_slice(debug);
    frame
}
