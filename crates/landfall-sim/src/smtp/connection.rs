//! The transport of a conversation: lines, messages, and the change to TLS.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::reply::Reply;
use super::session::{Next, Session, Turn};
use super::{Shared, Tls};

/// The longest line that is read, in bytes: what AUTH may need (RFC 4954 section 4). Lines of a message may
/// be longer, up to the size of the message.
const LONGEST_LINE: usize = 12_288;

/// A transport of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Takes connections until the server is dropped.
pub(super) async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) {
    // The set ends with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let talk = talk(stream, acceptor.clone(), Arc::clone(&shared));
                    connections.spawn(async move {
                        if let Err(error) = talk.await {
                            tracing::debug!(%error, "a mail client went away");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the mail server could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn talk(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let number = shared.connections.fetch_add(1, Ordering::SeqCst);
    let implicit = matches!(shared.options.tls, Tls::Implicit(_));
    let stream: Box<dyn Stream> = match &acceptor {
        Some(acceptor) if implicit => Box::new(acceptor.accept(stream).await?),
        _ => Box::new(stream),
    };
    let mut wire = Wire {
        stream,
        read: BytesMut::new(),
        unsent: Vec::new(),
    };
    let mut session = Session::new(Arc::clone(&shared), number, implicit);
    let mut hangup = shared.hangup.subscribe();
    let mut next = wire.say(session.greeting(), &shared).await?;
    loop {
        next = match next {
            Next::Close => return wire.stream.shutdown().await,
            Next::Line => match wire.line(&mut hangup).await? {
                Read::Line(line) => wire.say(session.line(&line), &shared).await?,
                Read::TooLong => {
                    let reply = Reply::new(500, 5, 2, "The line is too long");
                    wire.say(closing(reply), &shared).await?
                }
                Read::Hangup(Some(reply)) => wire.say(closing(reply), &shared).await?,
                Read::Hangup(None) | Read::End => return Ok(()),
            },
            Next::Content => {
                let content = wire.content(shared.options.largest).await?;
                wire.say(session.content(content), &shared).await?
            }
            Next::Handshake => {
                let Some(acceptor) = &acceptor else {
                    return Ok(());
                };
                wire = wire.secured(acceptor).await?;
                session.secured();
                Next::Line
            }
        };
    }
}

fn closing(reply: Reply) -> Turn {
    Turn {
        reply: Some(reply),
        held: false,
        next: Next::Close,
    }
}

/// What came instead of a command, or the command.
enum Read {
    Line(String),
    TooLong,
    Hangup(Option<Reply>),
    End,
}

struct Wire {
    stream: Box<dyn Stream>,
    read: BytesMut,
    unsent: Vec<u8>,
}

impl Wire {
    /// Says a reply, and tells what to do next. Replies to a pipeline go out together (RFC 2920).
    async fn say(&mut self, turn: Turn, shared: &Shared) -> io::Result<Next> {
        if turn.held {
            self.flush().await?;
            shared.gate.pass().await;
        }
        if let Some(reply) = turn.reply {
            self.unsent.extend_from_slice(reply.wire().as_bytes());
        }
        let more = turn.next == Next::Line && find(&self.read, b"\r\n").is_some();
        if !more {
            self.flush().await?;
        }
        Ok(turn.next)
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.stream.write_all(&self.unsent).await?;
            self.stream.flush().await?;
            self.unsent.clear();
        }
        Ok(())
    }

    /// The next line without its end.
    async fn line(&mut self, hangup: &mut broadcast::Receiver<Option<Reply>>) -> io::Result<Read> {
        loop {
            if let Some(end) = find(&self.read, b"\r\n") {
                let line = self.read.split_to(end);
                self.read.advance(2);
                return Ok(Read::Line(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.read.len() > LONGEST_LINE {
                return Ok(Read::TooLong);
            }
            tokio::select! {
                count = self.stream.read_buf(&mut self.read) => if count? == 0 {
                    return Ok(Read::End);
                },
                Ok(reply) = hangup.recv() => return Ok(Read::Hangup(reply)),
            }
        }
    }

    /// The message up to the line with a dot alone, without the dots that the client doubled (RFC 5321
    /// section 4.5.2); `None` when it is larger than `largest`.
    async fn content(&mut self, largest: usize) -> io::Result<Option<Bytes>> {
        let mut content = BytesMut::new();
        let mut fits = true;
        loop {
            while let Some(end) = find(&self.read, b"\r\n") {
                let line = self.read.split_to(end + 2);
                if &line[..] == b".\r\n" {
                    return Ok(fits.then(|| content.freeze()));
                }
                let line = line.strip_prefix(b".").unwrap_or(&line);
                fits = fits && content.len() + line.len() <= largest;
                if fits {
                    content.extend_from_slice(line);
                }
            }
            // A single endless line is not kept either.
            if self.read.len() > largest.saturating_add(LONGEST_LINE) {
                fits = false;
                let all_but_one = self.read.len() - 1;
                self.read.advance(all_but_one);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Shakes hands. What came before is thrown away, so that nobody between can slip commands in.
    async fn secured(self, acceptor: &TlsAcceptor) -> io::Result<Self> {
        Ok(Self {
            stream: Box::new(acceptor.accept(self.stream).await?),
            read: BytesMut::new(),
            unsent: Vec::new(),
        })
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
