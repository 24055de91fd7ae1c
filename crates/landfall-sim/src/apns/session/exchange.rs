//! One request on its way: its body is read, it may wait, it is answered.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{Response, StatusCode};

use super::judge::Verdict;
use crate::apns::core::Core;
use crate::apns::{Environment, Refusal, push};
use crate::http::Gate;

const APNS_ID: HeaderName = HeaderName::from_static("apns-id");
const APNS_UNIQUE_ID: HeaderName = HeaderName::from_static("apns-unique-id");
/// Bytes of a body after which the rest is not waited for: it is too large anyway.
const LONGEST_BODY: usize = 32 * 1024;

/// A stream with its request's head.
pub(super) struct Exchange {
    pub(super) parts: Parts,
    pub(super) respond: SendResponse<Bytes>,
    pub(super) stream: u32,
    /// Whether its provider token was valid.
    pub(super) valid_token: bool,
    /// The `apns-id` of the answer.
    pub(super) id: Option<HeaderValue>,
}

/// What becomes ready on a connection.
pub(super) enum Work {
    /// A request's body is complete.
    Read(Box<Exchange>, Bytes, RecvStream),
    /// An answer is due.
    Due(Box<Exchange>, Verdict),
    /// The client gave a stream up.
    Broken,
}

/// Work that is not ready yet.
pub(super) type Working = Pin<Box<dyn Future<Output = Work> + Send>>;

impl Exchange {
    pub(super) fn new(parts: Parts, respond: SendResponse<Bytes>) -> Self {
        Self {
            stream: respond.stream_id().as_u32(),
            parts,
            respond,
            valid_token: false,
            id: None,
        }
    }

    pub(super) fn token(&self) -> &str {
        push::token_of(&self.parts)
    }

    pub(super) fn line(&self) -> String {
        format!("{} {}", self.parts.method, self.parts.uri.path())
    }

    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = self.parts.headers.iter();
        headers
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect()
    }

    /// Answers. Errors when the client gave the stream up.
    pub(super) fn answer(mut self, verdict: &Verdict, core: &Core) -> Result<(), h2::Error> {
        let mut response = Response::new(());
        if let Some(id) = self.id.take() {
            response.headers_mut().insert(APNS_ID, id);
        }
        if core.environment == Environment::Sandbox
            && let Ok(id) = HeaderValue::from_str(&core.make_id())
        {
            response.headers_mut().insert(APNS_UNIQUE_ID, id);
        }
        match verdict {
            Verdict::Accepted | Verdict::Unprocessed => {
                self.respond.send_response(response, true).map(drop)
            }
            Verdict::Refused(refusal) => self.refuse(response, refusal, core),
            Verdict::Edge(status, body) => {
                *response.status_mut() = status_code(*status);
                let html = HeaderValue::from_static("text/html");
                response.headers_mut().insert(CONTENT_TYPE, html);
                let bare = body.is_empty();
                let mut stream = self.respond.send_response(response, bare)?;
                if bare {
                    return Ok(());
                }
                stream.send_data(Bytes::from(body.clone()), true)
            }
        }
    }

    fn refuse(
        &mut self,
        mut response: Response<()>,
        refusal: &Refusal,
        core: &Core,
    ) -> Result<(), h2::Error> {
        *response.status_mut() = status_code(refusal.status());
        if let Some(seconds) = refusal.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let mut body = Bytes::from(refusal.body(core.clock.now()));
        let mut stream = self.respond.send_response(response, false)?;
        if refusal.split {
            stream.send_data(body.split_to(body.len() / 2), false)?;
        }
        stream.send_data(body, true)
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Reads a body to its end.
pub(super) struct Reading {
    parts: Option<(Exchange, RecvStream)>,
    payload: Bytes,
}

impl Reading {
    pub(super) fn new(exchange: Exchange, body: RecvStream) -> Self {
        Self {
            parts: Some((exchange, body)),
            payload: Bytes::new(),
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let Some((_, body)) = &mut self.parts else {
            return Poll::Ready(Ok(()));
        };
        while self.payload.len() <= LONGEST_BODY {
            let Some(chunk) = ready!(body.poll_data(cx)) else {
                break;
            };
            let chunk = chunk?;
            body.flow_control().release_capacity(chunk.len())?;
            if self.payload.is_empty() {
                self.payload = chunk;
            } else {
                let mut whole = BytesMut::from(&self.payload[..]);
                whole.extend_from_slice(&chunk);
                self.payload = whole.freeze();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Future for Reading {
    type Output = Work;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Work> {
        let ended = ready!(self.poll_end(cx));
        let payload = std::mem::take(&mut self.payload);
        Poll::Ready(match (ended, self.parts.take()) {
            (Ok(()), Some((exchange, body))) => Work::Read(Box::new(exchange), payload, body),
            _ => Work::Broken,
        })
    }
}

/// Waits for a time and at a gate, and then answers, unless the client gives the stream up.
pub(super) fn later(
    mut exchange: Exchange,
    verdict: Verdict,
    delay_ms: u64,
    gate: Option<Gate>,
) -> Working {
    Box::pin(async move {
        if delay_ms > 0 {
            let given_up = poll_fn(|cx| exchange.respond.poll_reset(cx));
            let delay = Duration::from_millis(delay_ms);
            if tokio::time::timeout(delay, given_up).await.is_ok() {
                return Work::Broken;
            }
        }
        if let Some(gate) = gate {
            tokio::select! {
                () = gate.pass() => {}
                _ = poll_fn(|cx| exchange.respond.poll_reset(cx)) => return Work::Broken,
            }
        }
        Work::Due(Box::new(exchange), verdict)
    })
}

/// Keeps a stream open until the client gives it up.
pub(super) fn until_reset(mut exchange: Exchange) -> Working {
    Box::pin(async move {
        // Whether the stream or the whole connection broke makes no difference here.
        let _ = poll_fn(|cx| exchange.respond.poll_reset(cx)).await;
        Work::Broken
    })
}
