//! The other end of a connection, frame by frame (RFC 9113 6): it does what a correct server would not.

use std::collections::VecDeque;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const INTERNAL_ERROR: u32 = 2;

/// A frame that the pool sent and a test may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A whole request: its stream and the number in its body.
    Request(u32, u32),
    /// A stream was reset.
    Reset(u32, u32),
    /// A `PING` that was not answered.
    Ping,
    /// The pool said good-bye.
    GoAway,
    /// The pool closed the connection.
    Closed,
}

pub(super) struct Peer {
    pipe: DuplexStream,
    /// Whether `PING` is answered.
    pub(super) answers_pings: bool,
    seen: VecDeque<Seen>,
}

impl Peer {
    pub(super) async fn on(mut pipe: DuplexStream) -> Self {
        let mut preface = [0; PREFACE.len()];
        pipe.read_exact(&mut preface).await.unwrap();
        assert_eq!(preface, PREFACE);
        Self {
            pipe,
            answers_pings: true,
            seen: VecDeque::new(),
        }
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        // The pool may have closed its end; what it does then is what tests look at.
        let _ = self.pipe.write_all(&frame).await;
    }

    /// `SETTINGS_MAX_CONCURRENT_STREAMS`.
    pub(super) async fn allow(&mut self, streams: u32) {
        let mut payload = vec![0, 3];
        payload.extend(streams.to_be_bytes());
        self.write(SETTINGS, 0, 0, &payload).await;
    }

    /// 200 without a body.
    pub(super) async fn answer(&mut self, stream: u32) {
        self.write(HEADERS, END_HEADERS | END_STREAM, stream, &[0x88])
            .await;
    }

    /// 400, the head only.
    pub(super) async fn refuse(&mut self, stream: u32) {
        self.write(HEADERS, END_HEADERS, stream, &[0x8c]).await;
    }

    pub(super) async fn body(&mut self, stream: u32, bytes: &[u8], last: bool) {
        let flags = if last { END_STREAM } else { 0 };
        self.write(DATA, flags, stream, bytes).await;
    }

    pub(super) async fn reset(&mut self, stream: u32, code: u32) {
        self.write(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    pub(super) async fn go_away(&mut self, last_stream: u32, debug: &str) {
        let mut payload = last_stream.to_be_bytes().to_vec();
        payload.extend(0_u32.to_be_bytes());
        payload.extend(debug.as_bytes());
        self.write(GOAWAY, 0, 0, &payload).await;
    }

    /// The next thing worth looking at.
    pub(super) async fn next(&mut self) -> Seen {
        loop {
            if let Some(seen) = self.seen.pop_front() {
                return seen;
            }
            super::within(self.read()).await;
        }
    }

    /// What has come, without waiting for more than the pool can send now.
    pub(super) async fn all(&mut self) -> Vec<Seen> {
        let limit = std::time::Duration::from_millis(1);
        while tokio::time::timeout(limit, self.read()).await.is_ok() {
            if self.seen.back() == Some(&Seen::Closed) {
                break;
            }
        }
        self.seen.drain(..).collect()
    }

    /// The next request: its stream and its number.
    pub(super) async fn request(&mut self) -> (u32, u32) {
        match self.next().await {
            Seen::Request(stream, which) => (stream, which),
            other => panic!("no request but {other:?}"),
        }
    }

    /// Reads one frame whole. Only the wait for its first byte may be interrupted.
    async fn read(&mut self) {
        let mut first = [0; 1];
        if self.pipe.read(&mut first).await.unwrap_or(0) == 0 {
            self.seen.push_back(Seen::Closed);
            return;
        }
        let mut rest = [0; 8];
        self.pipe.read_exact(&mut rest).await.unwrap();
        let length = u32::from_be_bytes([0, first[0], rest[0], rest[1]]);
        let (kind, flags) = (rest[2], rest[3]);
        let stream = u32::from_be_bytes([rest[4], rest[5], rest[6], rest[7]]);
        let mut payload = vec![0; length as usize];
        self.pipe.read_exact(&mut payload).await.unwrap();
        self.take(kind, flags, stream, &payload).await;
    }

    async fn take(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        match kind {
            SETTINGS if flags & ACK == 0 => self.write(SETTINGS, ACK, 0, &[]).await,
            PING if flags & ACK == 0 && self.answers_pings => {
                self.write(PING, ACK, 0, payload).await;
            }
            PING if flags & ACK == 0 => self.seen.push_back(Seen::Ping),
            DATA if flags & END_STREAM != 0 => {
                let which = u32::from_be_bytes(payload[..4].try_into().unwrap());
                self.seen.push_back(Seen::Request(stream, which));
            }
            RST_STREAM => {
                let code = u32::from_be_bytes(payload.try_into().unwrap());
                self.seen.push_back(Seen::Reset(stream, code));
            }
            GOAWAY => self.seen.push_back(Seen::GoAway),
            _ => (),
        }
    }
}
