//! Where frames begin and end in a stream of bytes (RFC 9113 section 4.1).

use bytes::{BufMut as _, BytesMut};

pub(in crate::apns) const SETTINGS: u8 = 0x4;
pub(in crate::apns) const PING: u8 = 0x6;
pub(in crate::apns) const GOAWAY: u8 = 0x7;

const ACK: u8 = 0x1;
const HEADER: usize = 9;
/// What a client sends before its first frame.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// `SETTINGS_MAX_CONCURRENT_STREAMS`.
const MAX_CONCURRENT_STREAMS: u16 = 0x3;

/// The header of a frame: 24 bits of length, type, flags, 31 bits of stream id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame(pub(super) [u8; HEADER]);

impl Frame {
    /// Begins a frame whose payload has `len` bytes.
    pub(super) fn header(len: usize, kind: u8, flags: u8, stream: u32) -> BytesMut {
        let mut frame = BytesMut::with_capacity(HEADER + len + 6);
        frame.put_uint(len as u64, 3);
        frame.put_u8(kind);
        frame.put_u8(flags);
        frame.put_u32(stream);
        frame
    }

    fn len(&self) -> usize {
        usize::from(self.0[0]) << 16 | usize::from(self.0[1]) << 8 | usize::from(self.0[2])
    }

    pub(super) fn is_settings_ack(&self) -> bool {
        self.0[3] == SETTINGS && self.0[4] & ACK != 0
    }

    /// Whether it is a PING that asks for an answer.
    pub(super) fn is_ping(&self) -> bool {
        self.0[3] == PING && self.0[4] & ACK == 0
    }
}

/// A part of the bytes that were looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'d> {
    /// A frame's header is complete.
    Header(Frame),
    /// The beginning of a header, kept until the rest comes.
    Part,
    /// Bytes of a payload, or of the preface.
    Bytes(&'d [u8]),
}

/// Follows frames through a stream of bytes.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: [u8; HEADER],
    have: usize,
    left: usize,
    /// Whether the payload of the present frame is left out; the owner's note.
    pub(super) skip: bool,
}

impl Frames {
    /// The client's side, which begins with a preface.
    pub(super) fn after_preface() -> Self {
        Self {
            left: PREFACE,
            ..Self::default()
        }
    }

    /// Whether the next byte begins a frame.
    pub(super) const fn at_boundary(&self) -> bool {
        self.have == 0 && self.left == 0
    }

    /// Takes the next piece off the front of `data`, which must not be empty.
    pub(super) fn next<'d>(&mut self, data: &mut &'d [u8]) -> Piece<'d> {
        if self.left > 0 {
            let (bytes, rest) = data.split_at(self.left.min(data.len()));
            self.left -= bytes.len();
            *data = rest;
            return Piece::Bytes(bytes);
        }
        let (bytes, rest) = data.split_at((HEADER - self.have).min(data.len()));
        self.header[self.have..self.have + bytes.len()].copy_from_slice(bytes);
        self.have += bytes.len();
        *data = rest;
        if self.have < HEADER {
            return Piece::Part;
        }
        let frame = Frame(self.header);
        self.have = 0;
        self.left = frame.len();
        Piece::Header(frame)
    }
}

/// Appends a stream limit to a buffer that holds one SETTINGS frame and nothing else.
pub(super) fn extend_settings(frame: &mut BytesMut, limit: u32) {
    frame.put_u16(MAX_CONCURRENT_STREAMS);
    frame.put_u32(limit);
    let len = (frame.len() - HEADER) as u64;
    frame[..3].copy_from_slice(&len.to_be_bytes()[5..]);
}
