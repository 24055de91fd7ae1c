//! One conversation with a mail client, without its transport: lines in, replies out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::command::{self, Command, Path};
use super::reply::Reply;
use super::{Answer, Shared, Stage, Taken};

#[cfg(test)]
mod tests;

/// What a connection does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// What is said; nothing when the connection is torn.
    pub(super) reply: Option<Reply>,
    /// Whether the reply waits at the gate.
    pub(super) held: bool,
    pub(super) next: Next,
}

/// What is read after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another line.
    Line,
    /// A message up to the line with a single dot.
    Content,
    /// A TLS handshake, then lines.
    Handshake,
    /// Nothing: the connection is closed.
    Close,
}

/// What the server knows of a client.
pub(super) struct Session {
    shared: Arc<Shared>,
    connection: u64,
    secure: bool,
    name: Option<String>,
    user: Option<String>,
    asked: Option<Asked>,
    transaction: Option<Transaction>,
}

/// An answer that AUTH waits for.
enum Asked {
    Plain,
    User,
    Password(String),
}

struct Transaction {
    from: Path,
    recipients: Vec<Path>,
}

impl From<Reply> for Turn {
    fn from(reply: Reply) -> Self {
        // A server that says 421 closes its side (RFC 5321 section 3.8).
        let next = if reply.code() == 421 {
            Next::Close
        } else {
            Next::Line
        };
        Self {
            reply: Some(reply),
            held: false,
            next,
        }
    }
}

impl Turn {
    fn then(self, next: Next) -> Self {
        Self { next, ..self }
    }

    const fn torn() -> Self {
        Self {
            reply: None,
            held: false,
            next: Next::Close,
        }
    }
}

impl Session {
    /// A session of a connection that was just made; `secure` when TLS came first.
    pub(super) fn new(shared: Arc<Shared>, connection: u64, secure: bool) -> Self {
        Self {
            shared,
            connection,
            secure,
            name: None,
            user: None,
            asked: None,
            transaction: None,
        }
    }

    /// The greeting.
    pub(super) fn greeting(&mut self) -> Turn {
        let host = self.shared.options.host.clone();
        self.under(Stage::Connect, "", |_| {
            Reply::bare(220, format!("{host} ESMTP")).into()
        })
    }

    /// The handshake is done: everything said before is forgotten (RFC 3207 section 4.2).
    pub(super) fn secured(&mut self) {
        *self = Self::new(Arc::clone(&self.shared), self.connection, true);
    }

    /// Answers a line without its end.
    pub(super) fn line(&mut self, line: &str) -> Turn {
        if let Some(asked) = self.asked.take() {
            return self.asked(asked, line.trim_end());
        }
        match command::read(line) {
            Err(reply) => reply.into(),
            Ok(command) => self.command(command),
        }
    }

    fn command(&mut self, command: Command) -> Turn {
        match command {
            Command::Hello { extended, name } => self.hello(extended, name),
            Command::StartTls => self.start_tls(),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial),
            Command::Mail(path) => self.mail(path),
            Command::Rcpt(path) => self.rcpt(path),
            Command::Data => self.data(),
            Command::Rset => {
                self.transaction = None;
                Reply::new(250, 0, 0, "Forgotten").into()
            }
            Command::Noop => Reply::new(250, 0, 0, "Nothing done").into(),
            Command::Quit => Turn::from(Reply::new(221, 0, 0, "Goodbye")).then(Next::Close),
            Command::Verify => Reply::new(252, 0, 0, "Send it and see").into(),
            Command::Help => Reply::new(214, 0, 0, "RFC 5321").into(),
        }
    }

    fn hello(&mut self, extended: bool, name: String) -> Turn {
        self.under(Stage::Ehlo, &name.clone(), |session| {
            session.name = Some(name);
            session.transaction = None;
            let host = session.shared.options.host.clone();
            if !extended {
                return Reply::bare(250, host).into();
            }
            let mut lines = vec![
                host,
                "PIPELINING".to_owned(),
                format!("SIZE {}", session.shared.options.largest),
                "8BITMIME".to_owned(),
                "SMTPUTF8".to_owned(),
                "DSN".to_owned(),
                "ENHANCEDSTATUSCODES".to_owned(),
            ];
            if session.offers_tls() {
                lines.push("STARTTLS".to_owned());
            }
            if session.offers_auth() {
                lines.push("AUTH PLAIN LOGIN".to_owned());
            }
            Reply::bare(250, lines.join("\n")).into()
        })
    }

    fn offers_tls(&self) -> bool {
        !self.secure && self.shared.starts_tls()
    }

    /// Passwords are asked for under TLS only, where there is TLS (RFC 4954 section 4).
    fn offers_auth(&self) -> bool {
        self.shared.options.credentials.is_some() && !self.offers_tls()
    }

    fn start_tls(&mut self) -> Turn {
        if self.secure {
            return Reply::new(503, 5, 1, "TLS is there already").into();
        }
        if !self.shared.starts_tls() {
            return Reply::new(502, 5, 1, "TLS is not offered").into();
        }
        self.under(Stage::StartTls, "", |_| {
            Turn::from(Reply::new(220, 0, 0, "Begin")).then(Next::Handshake)
        })
    }

    fn auth(&mut self, mechanism: &str, initial: Option<String>) -> Turn {
        if self.name.is_none() || self.user.is_some() || self.transaction.is_some() {
            return Reply::new(503, 5, 1, "Not now").into();
        }
        if self.shared.options.credentials.is_none() {
            return Reply::new(502, 5, 1, "Nobody needs to sign in here").into();
        }
        if !self.offers_auth() {
            return Reply::new(538, 7, 11, "Begin TLS first").into();
        }
        let asked = match mechanism {
            "PLAIN" => Asked::Plain,
            "LOGIN" => Asked::User,
            _ => return Reply::new(504, 5, 4, "Use PLAIN or LOGIN").into(),
        };
        match initial {
            Some(initial) => self.asked(asked, &initial),
            None => self.ask(asked),
        }
    }

    fn ask(&mut self, asked: Asked) -> Turn {
        // LOGIN's prompts are fixed words in base64 (draft-murchison-sasl-login).
        let prompt = match asked {
            Asked::Plain => String::new(),
            Asked::User => STANDARD.encode("Username:"),
            Asked::Password(_) => STANDARD.encode("Password:"),
        };
        self.asked = Some(asked);
        Reply::bare(334, prompt).into()
    }

    fn asked(&mut self, asked: Asked, line: &str) -> Turn {
        if line == "*" {
            return Reply::new(501, 7, 0, "Cancelled").into();
        }
        // A single "=" is an empty answer (RFC 4954 section 4).
        let answer = match line {
            "=" => Ok(Vec::new()),
            line => STANDARD.decode(line),
        };
        let Some(answer) = answer.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return Reply::new(501, 5, 2, "That is not base64 of text").into();
        };
        match asked {
            Asked::User => self.ask(Asked::Password(answer)),
            Asked::Password(user) => self.sign_in(&user, &answer),
            Asked::Plain => match answer.splitn(3, '\0').collect::<Vec<_>>()[..] {
                [_, user, password] => self.sign_in(user, password),
                _ => Reply::new(501, 5, 2, "PLAIN has three parts").into(),
            },
        }
    }

    fn sign_in(&mut self, user: &str, password: &str) -> Turn {
        let (user, password) = (user.to_owned(), password.to_owned());
        self.under(Stage::Auth, &user.clone(), |session| {
            let known = session.shared.options.credentials.as_ref();
            if known.is_some_and(|known| known.user == user && known.password == password) {
                session.user = Some(user);
                Reply::new(235, 7, 0, "Welcome").into()
            } else {
                Reply::new(535, 7, 8, "User or password is wrong").into()
            }
        })
    }

    fn mail(&mut self, from: Path) -> Turn {
        if self.name.is_none() {
            return Reply::new(503, 5, 1, "Say EHLO first").into();
        }
        if self.transaction.is_some() {
            return Reply::new(503, 5, 1, "There is a sender already").into();
        }
        if self.shared.options.credentials.is_some() && self.user.is_none() {
            return Reply::new(530, 7, 0, "Sign in first").into();
        }
        let size = from.parameter("SIZE").and_then(|size| size.parse().ok());
        if size.is_some_and(|size: usize| size > self.shared.options.largest) {
            return too_large().into();
        }
        self.under(Stage::Mail, &from.address.clone(), |session| {
            session.transaction = Some(Transaction {
                from,
                recipients: Vec::new(),
            });
            Reply::new(250, 1, 0, "Sender taken").into()
        })
    }

    fn rcpt(&mut self, to: Path) -> Turn {
        let most = self.shared.options.most_recipients;
        match &self.transaction {
            None => return Reply::new(503, 5, 1, "Say MAIL first").into(),
            Some(transaction) if transaction.recipients.len() >= most => {
                return Reply::new(452, 5, 3, "Too many recipients").into();
            }
            Some(_) => {}
        }
        self.under(Stage::Rcpt, &to.address.clone(), |session| {
            if let Some(transaction) = &mut session.transaction {
                transaction.recipients.push(to);
            }
            Reply::new(250, 1, 5, "Recipient taken").into()
        })
    }

    fn data(&mut self) -> Turn {
        let Some(first) = self.first_recipient() else {
            return Reply::new(503, 5, 1, "There is no recipient").into();
        };
        self.under(Stage::Data, &first, |_| {
            Turn::from(Reply::bare(354, "End with a dot alone")).then(Next::Content)
        })
    }

    /// Answers a whole message, its dots restored; `None` when it was larger than the server takes.
    pub(super) fn content(&mut self, raw: Option<Bytes>) -> Turn {
        let first = self.first_recipient().unwrap_or_default();
        let Some(raw) = raw else {
            self.transaction = None;
            return too_large().into();
        };
        let turn = self.under(Stage::Content, &first, |session| {
            let transaction = session.transaction.take();
            let Some(transaction) = transaction.filter(|one| !one.recipients.is_empty()) else {
                return Reply::new(503, 5, 1, "There is no recipient").into();
            };
            let number = session.shared.keep(|at| Taken {
                at,
                connection: session.connection,
                secure: session.secure,
                user: session.user.clone(),
                from: transaction.from.address,
                from_parameters: transaction.from.parameters,
                recipients: transaction
                    .recipients
                    .into_iter()
                    .map(|path| (path.address, path.parameters))
                    .collect(),
                raw,
            });
            Reply::new(250, 0, 0, format!("Queued as {number}")).into()
        });
        // The transaction is over, whatever the answer was (RFC 5321 section 4.1.1.4).
        self.transaction = None;
        turn
    }

    fn first_recipient(&self) -> Option<String> {
        let first = self.transaction.as_ref()?.recipients.first()?;
        Some(first.address.clone())
    }

    /// Does what a command asks for, unless the script has something else in mind.
    fn under(
        &mut self,
        stage: Stage,
        recipient: &str,
        effect: impl FnOnce(&mut Self) -> Turn,
    ) -> Turn {
        let from = self
            .transaction
            .as_ref()
            .map_or("", |transaction| transaction.from.address.as_str());
        match self.shared.scripted(stage, recipient, from).as_deref() {
            None => effect(self),
            Some(Answer::Close) => Turn::torn(),
            Some(Answer::CloseAfter) => {
                effect(self);
                Turn::torn()
            }
            Some(Answer::Hold) => Turn {
                held: true,
                ..effect(self)
            },
            Some(Answer::Reply(reply)) if reply.is_positive() => {
                let usual = effect(self);
                Turn {
                    reply: Some(reply.clone()),
                    ..usual
                }
            }
            Some(Answer::Reply(reply)) => reply.clone().into(),
        }
    }
}

fn too_large() -> Reply {
    Reply::new(552, 3, 4, "The message is too large")
}
