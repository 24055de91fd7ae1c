//! One request on one connection, and what its failure says about whether the provider processed it.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request};

use super::connection::Connection;
use super::{Outcome, Reply};

/// What came of it.
pub(super) enum Exchange {
    /// The provider answered.
    Answered(Reply),
    /// The connection had ended before.
    NotWritten(String),
    /// The provider said that it did not process it.
    NotProcessed {
        why: String,
        /// The connection takes no more requests.
        going_away: bool,
    },
    /// It was written and not answered.
    Unknown(String),
}

/// How far a call got; it outlives the call's future, so that the deadline finds it.
#[derive(Default)]
pub(super) struct Progress {
    written: bool,
    head: Option<(u16, HeaderMap)>,
    body: BytesMut,
}

impl Progress {
    /// What is known when the time is over.
    pub(super) fn at_deadline(mut self) -> Outcome {
        match self.take_reply() {
            Some(reply) => Outcome::Answered(reply),
            None if self.written => {
                Outcome::OutcomeUnknown("no answer within the time for an attempt".to_owned())
            }
            None => {
                Outcome::TimedOut("no stream became free within the time for an attempt".to_owned())
            }
        }
    }

    fn take_reply(&mut self) -> Option<Reply> {
        let (status, headers) = self.head.take()?;
        Some(Reply {
            status,
            headers,
            body: self.body.split().freeze(),
        })
    }
}

/// Writes the request and waits for the answer.
pub(super) async fn run(
    connection: &Connection,
    request: Request<()>,
    body: Bytes,
    progress: &mut Progress,
) -> Exchange {
    let (response, mut stream) = match connection.send(request, body.is_empty()) {
        Ok(pair) => pair,
        Err(error) => return Exchange::NotWritten(connection.describe(&error)),
    };
    progress.written = true;
    if !body.is_empty() {
        // If the stream has ended meanwhile, the response says how.
        let _ = stream.send_data(body, true);
    }
    match response.await {
        Ok(response) => {
            connection.note_answer();
            let (head, body) = response.into_parts();
            progress.head = Some((head.status.as_u16(), head.headers));
            read(body, &mut progress.body).await;
            let reply = progress.take_reply();
            Exchange::Answered(reply.expect("the head was put there above"))
        }
        Err(error) => {
            let exchange = failed(connection, &error);
            if matches!(exchange, Exchange::NotProcessed { .. }) {
                progress.written = false;
            }
            exchange
        }
    }
}

/// Reads what there is of the body. The status decides already: a body that breaks off, or is longer
/// than anybody's, changes nothing.
async fn read(mut body: h2::RecvStream, into: &mut BytesMut) {
    if body.is_end_stream() {
        return;
    }
    while let Some(Ok(chunk)) = body.data().await {
        let room = Reply::BODY_BYTES_MAX - into.len();
        into.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            return;
        }
        if body.flow_control().release_capacity(chunk.len()).is_err() {
            return;
        }
    }
}

/// Sorts failures (RFC 9113 6.8 and 8.7). `h2` reports the peer's `GOAWAY` only on streams above its
/// last stream id; streams below it end as a broken pipe, and those may have been processed.
fn failed(connection: &Connection, error: &h2::Error) -> Exchange {
    let why = connection.describe(error);
    if error.is_go_away() && error.is_remote() {
        return Exchange::NotProcessed {
            why,
            going_away: true,
        };
    }
    if error.is_reset() && error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        return Exchange::NotProcessed {
            why,
            going_away: false,
        };
    }
    Exchange::Unknown(why)
}
