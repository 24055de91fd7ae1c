//! One connection: streams come in, are judged, and are answered in batches.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use h2::RecvStream;
use h2::server::{Builder, Connection, SendResponse};
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::server::TlsStream;

use super::answer::{Lost, Outcome};
use super::core::Core;
use super::options::{Below, Connections, StreamLimit, Violation};
use super::record::{Ended, Taken};
use super::wire::{self, Control, Wire};
use exchange::{Exchange, Reading, Work, Working};
use judge::{Judge, Judged, Verdict};

mod exchange;
mod judge;

/// Flow-control window of a connection; far more than its streams can fill.
const WINDOW: u32 = 1 << 20;
/// Longest list of headers, as seen in the wild.
const HEADER_LIST: u32 = 8000;
/// How long a connection that is over waits for the client to close as well.
const LINGER: Duration = Duration::from_secs(2);

/// What a simulator tells an open connection.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Go away with this reason.
    GoAway(String),
    /// Announce this stream limit.
    Limit(u32),
    /// Reset the connection.
    Tear,
    /// Read and answer nothing any more.
    Hang,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The client closed it, or broke the protocol.
    Closed,
    /// What is written goes out, then it is closed in order.
    Finished,
    /// It is reset.
    Torn,
}

struct Session {
    core: Arc<Core>,
    number: u64,
    h2: Connection<Wire<TlsStream<TcpStream>>, Bytes>,
    control: Control,
    commands: UnboundedReceiver<Command>,
    rules: Connections,
    judge: Judge,
    work: FuturesUnordered<Working>,
    /// Streams that came, and the id of the newest.
    opened: u32,
    newest: u32,
    /// Streams that are neither answered nor reset.
    live: u32,
    limit: u32,
    /// Limits that were announced and not yet acknowledged, oldest first, with the number of the frame.
    announced: VecDeque<(u32, u32)>,
    announcements: u32,
    /// The last stream that is processed, once the connection goes away.
    last: Option<u32>,
    /// Whether what is processed from now on gets no answer.
    mute: bool,
    /// Streams that get no answer, kept because `h2` resets those that are dropped.
    unanswered: Vec<(Exchange, Option<RecvStream>)>,
    ending: Option<Ending>,
}

/// Serves a connection until it ends.
pub(super) async fn serve(tls: TlsStream<TcpStream>, core: Arc<Core>, handshake: Duration) {
    let certificate = tls.get_ref().1.peer_certificates();
    let certified = certificate.is_some_and(|chain| !chain.is_empty());
    let rules = core.connections();
    let limit = match rules.streams {
        StreamLimit::Fixed(limit) => limit,
        StreamLimit::OneUntilToken(_) => 1,
    };
    let control = Control::default();
    if rules.ignores_pings {
        control.ignore_pings();
    }
    let mut builder = Builder::new();
    builder
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(HEADER_LIST);
    let wire = Wire::new(tls, Some(limit), control.clone());
    let Ok(Ok(h2)) = tokio::time::timeout(handshake, builder.handshake(wire)).await else {
        tracing::debug!("a client did not finish its HTTP/2 handshake");
        return;
    };
    core.counters.connections.fetch_add(1, Ordering::Relaxed);
    let (number, commands) = core.links.add();
    let mut session = Session {
        judge: Judge::new(Arc::clone(&core), certified),
        core: Arc::clone(&core),
        number,
        h2,
        control,
        commands,
        rules,
        work: FuturesUnordered::new(),
        opened: 0,
        newest: 0,
        live: 0,
        limit,
        announced: VecDeque::new(),
        announcements: 0,
        last: None,
        mute: false,
        unanswered: Vec::new(),
        ending: None,
    };
    let ending = poll_fn(|cx| session.poll(cx)).await;
    session.end(ending).await;
    core.links.remove(number);
}

impl Session {
    /// Works until the connection ends. Everything that is ready is done before anything is sent.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        while let Poll::Ready(Some(command)) = self.commands.poll_recv(cx) {
            self.obey(command);
        }
        loop {
            self.control.cork();
            let mut came = false;
            while self.ending.is_none() {
                match self.h2.poll_accept(cx) {
                    Poll::Ready(Some(Ok((request, respond)))) => self.open(cx, request, respond),
                    Poll::Ready(_) => return Poll::Ready(Ending::Closed),
                    Poll::Pending => break,
                }
                came = true;
            }
            came |= self.settle(cx);
            self.follow_acknowledgements();
            self.control.uncork();
            if self.ending.is_none() && self.last.is_some() && self.live == 0 {
                self.ending = Some(Ending::Finished);
            }
            if let Some(ending) = self.ending {
                return Poll::Ready(ending);
            }
            if came {
                continue;
            }
            // This call sends what was gathered, and normally finds nothing new.
            match self.h2.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => self.open(cx, request, respond),
                Poll::Ready(_) => return Poll::Ready(Ending::Closed),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    async fn end(mut self, ending: Ending) {
        match ending {
            Ending::Closed => {}
            Ending::Torn => self.control.reset(),
            Ending::Finished => {
                self.control.finish();
                let mut late = Vec::new();
                let closed = async {
                    while let Some(Ok(stream)) = self.h2.accept().await {
                        late.push(stream);
                    }
                };
                if tokio::time::timeout(LINGER, closed).await.is_err() {
                    tracing::debug!(
                        self.number,
                        "a client did not close a connection that is over"
                    );
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::GoAway(reason) => {
                self.leave(self.newest, h2::Reason::NO_ERROR, &debug_data(&reason));
            }
            Command::Limit(limit) => self.announce(limit),
            Command::Tear => self.ending = Some(Ending::Torn),
            Command::Hang => self.control.deafen(),
        }
    }

    /// Takes a stream whose headers came.
    fn open(
        &mut self,
        cx: &mut Context<'_>,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
    ) {
        let (parts, body) = request.into_parts();
        let stream = respond.stream_id().as_u32();
        if self.is_after_last(stream) {
            let exchange = Exchange::new(parts, respond);
            return self.ignore(exchange, body);
        }
        // A stream may have been reset without this count knowing yet.
        if self.live >= self.limit {
            self.settle(cx);
        }
        if self.live >= self.limit {
            self.core
                .counters
                .violations
                .fetch_add(1, Ordering::Relaxed);
            if self.rules.violation == Violation::GoAway {
                let why = b"maximum active streams violated";
                self.leave(self.newest, h2::Reason::PROTOCOL_ERROR, why);
                return self.ignore(Exchange::new(parts, respond), body);
            }
            respond.send_reset(h2::Reason::REFUSED_STREAM);
            let exchange = Exchange::new(parts, respond);
            return self.record(&exchange, &Bytes::new(), Ended::Unprocessed);
        }
        self.live += 1;
        self.opened += 1;
        self.newest = stream;
        self.leave_after_enough();
        let mut reading = Reading::new(Exchange::new(parts, respond), body);
        match std::pin::Pin::new(&mut reading).poll(cx) {
            Poll::Ready(work) => self.done(work),
            Poll::Pending => self.work.push(Box::pin(reading)),
        }
    }

    /// Does what became ready; whether anything did.
    fn settle(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Poll::Ready(Some(work)) = self.work.poll_next_unpin(cx) {
            self.done(work);
            any = true;
        }
        any
    }

    fn done(&mut self, work: Work) {
        match work {
            Work::Read(exchange, payload, body) => {
                if self.is_after_last(exchange.stream) {
                    self.live -= 1;
                    return self.ignore(*exchange, body);
                }
                drop(body);
                self.process(*exchange, &payload);
            }
            Work::Due(exchange, verdict) => self.answer(*exchange, &verdict),
            Work::Broken => self.live -= 1,
        }
    }

    /// Judges a complete request and does what the judgement says.
    fn process(&mut self, mut exchange: Exchange, payload: &Bytes) {
        let Judged {
            verdict,
            scripted,
            valid_token,
        } = self.judge.judge(&mut exchange, payload);
        exchange.valid_token = valid_token;
        let (outcome, delay) = scripted.as_ref().map_or((&Outcome::Natural, 0), |answer| {
            (&answer.outcome, answer.delay_ms)
        });
        let withheld = matches!(outcome, Outcome::Lost(_) | Outcome::Silent { .. }) || self.mute;
        self.record(&exchange, payload, verdict.ended(!withheld));
        match outcome {
            Outcome::Lost(Lost::WithConnection) => {
                self.unanswered.push((exchange, None));
                self.ending = Some(Ending::Finished);
            }
            Outcome::Lost(Lost::WithStream) => self.reset(exchange, h2::Reason::INTERNAL_ERROR),
            Outcome::RefuseStream => self.reset(exchange, h2::Reason::REFUSED_STREAM),
            Outcome::Silent { .. } => self.work.push(exchange::until_reset(exchange)),
            Outcome::Tear => self.ending = Some(Ending::Torn),
            Outcome::HalfOpen => {
                self.control.deafen();
                self.work.push(exchange::until_reset(exchange));
            }
            Outcome::GoAway { reason, processed } => {
                let debug = reason.as_deref().map(debug_data).unwrap_or_default();
                let last = if *processed {
                    exchange.stream
                } else {
                    exchange.stream.saturating_sub(2)
                };
                self.leave(last, h2::Reason::NO_ERROR, &debug);
                if *processed {
                    self.answer(exchange, &verdict);
                } else {
                    self.live -= 1;
                    self.unanswered.push((exchange, None));
                }
            }
            Outcome::Natural | Outcome::Refuse(_) | Outcome::Edge { .. } | Outcome::Hold => {
                let held = matches!(outcome, Outcome::Hold).then(|| self.core.gate.clone());
                if delay == 0 && held.is_none() {
                    self.answer(exchange, &verdict);
                } else {
                    self.work
                        .push(exchange::later(exchange, verdict, delay, held));
                }
            }
        }
    }

    fn answer(&mut self, exchange: Exchange, verdict: &Verdict) {
        self.live -= 1;
        if self.mute {
            return self.unanswered.push((exchange, None));
        }
        if exchange.valid_token
            && self.announcements == 0
            && let StreamLimit::OneUntilToken(limit) = self.rules.streams
        {
            self.announce(limit);
        }
        let number = self.number;
        if let Err(error) = exchange.answer(verdict, &self.core) {
            tracing::debug!(%error, number, "a client gave a stream up before its answer");
        }
    }

    fn reset(&mut self, mut exchange: Exchange, reason: h2::Reason) {
        self.live -= 1;
        exchange.respond.send_reset(reason);
    }

    /// Sends a stream limit. A higher one holds at once, a lower one when the client acknowledged it.
    fn announce(&mut self, limit: u32) {
        self.announcements += 1;
        self.announced.push_back((self.announcements, limit));
        self.limit = self.limit.max(limit);
        self.control.inject(&wire::stream_limit(limit));
    }

    fn follow_acknowledgements(&mut self) {
        while let Some((number, limit)) = self.announced.front().copied()
            && self.control.acknowledged() >= number
        {
            self.announced.pop_front();
            let coming = self.announced.iter().map(|(_, limit)| *limit).max();
            self.limit = coming.map_or(limit, |coming| coming.max(limit));
        }
    }

    fn leave_after_enough(&mut self) {
        let Some(rule) = self
            .rules
            .go_away
            .take_if(|rule| rule.streams <= self.opened)
        else {
            return;
        };
        let debug = rule.reason.as_deref().map(debug_data).unwrap_or_default();
        self.leave(self.newest, h2::Reason::NO_ERROR, &debug);
        self.mute = rule.below == Below::Unanswered;
    }

    /// Sends GOAWAY; streams after `last` are ignored from now on.
    fn leave(&mut self, last: u32, code: h2::Reason, debug: &[u8]) {
        if self.last.is_none() {
            self.last = Some(last);
            self.control.inject(&wire::go_away(last, code, debug));
        }
    }

    fn is_after_last(&self, stream: u32) -> bool {
        self.last.is_some_and(|last| stream > last)
    }

    fn ignore(&mut self, exchange: Exchange, body: RecvStream) {
        self.record(&exchange, &Bytes::new(), Ended::Unprocessed);
        self.unanswered.push((exchange, Some(body)));
    }

    fn record(&self, exchange: &Exchange, payload: &Bytes, ended: Ended) {
        self.core.record(ended, |ended| Taken {
            at: self.core.clock.now(),
            connection: self.number,
            stream: exchange.stream,
            request: exchange.line(),
            token: exchange.token().to_owned(),
            headers: exchange.headers(),
            payload: payload.clone(),
            ended,
        });
    }
}

/// Debug data as APNs sends it with GOAWAY.
fn debug_data(reason: &str) -> Vec<u8> {
    serde_json::json!({"reason": reason})
        .to_string()
        .into_bytes()
}
