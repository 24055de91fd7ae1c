//! Conversations with a relay, command by command: only so is it known what a broken connection or a
//! silent relay means. Before the message nothing was taken; behind it nobody knows.

#[cfg(test)]
mod tests;

mod connection;
mod idle;

use std::time::Duration;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::classify::{Enhanced, Stage, refusal};
use super::mime::Mail;
use crate::Network;
use crate::credential::{CredentialError, SmtpCredential, SmtpSecurity};
use crate::reach::NotPublic;
use crate::tls;
use idle::Idle;

/// Most connections to one relay at a time; relays refuse more, often at ten to twenty.
const CONNECTIONS_MAX: usize = 16;
/// Port of a relay that speaks TLS from the first byte (RFC 8314).
const TLS_PORT: u16 = 465;
/// Port for all others (RFC 6409).
const SUBMISSION_PORT: u16 = 587;

/// One relay, and the connections to it that wait.
pub(super) struct Relay {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    private_allowed: bool,
    idle: Idle,
    permits: Semaphore,
}

enum Security {
    Plain,
    Starttls(TlsParameters),
    Tls(TlsParameters),
}

/// A conversation ended before its end.
#[derive(Debug)]
enum Failure {
    /// The relay refused.
    Refused {
        stage: Stage,
        reply: u16,
        text: String,
    },
    /// The connection broke, or the relay spoke nonsense.
    Lost { stage: Stage, words: String },
    /// The relay said nothing in time.
    Silent { stage: Stage },
    /// Relay and credential do not fit.
    Unfit(String),
    /// The relay's address must not be called.
    Forbidden(NotPublic),
    /// All connections stayed in use.
    Busy,
}

/// What the relay said to a message.
struct Taken {
    reply: u16,
    text: String,
}

impl Relay {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub(super) fn new(
        credential: &SmtpCredential,
        network: &Network,
    ) -> Result<Self, CredentialError> {
        let host = credential.host.trim();
        if host.is_empty() {
            return Err(CredentialError::new(
                "host",
                "is missing; give the relay's name",
            ));
        }
        let port = match (credential.port, credential.security) {
            (0, SmtpSecurity::Tls) => TLS_PORT,
            (0, _) => SUBMISSION_PORT,
            (port, _) => port,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            security: security(credential, host, network)?,
            credentials: signed_in(credential)?,
            hello: ClientId::default(),
            connect_timeout: network.connect_timeout,
            attempt_timeout: network.attempt_timeout,
            private_allowed: network.private_allowed,
            idle: Idle::default(),
            permits: Semaphore::new(CONNECTIONS_MAX),
        })
    }

    /// Hands a message over, or with `dry_run` only its sender and recipient.
    pub(super) async fn hand_over(&self, mail: &Mail, dry_run: bool) -> Answer {
        let deadline = Instant::now() + self.attempt_timeout;
        match self.conversed(mail, dry_run, deadline).await {
            Ok(taken) => {
                let id = queue_id(&taken.text).filter(|_| !dry_run);
                Answer::accepted(taken.reply, id)
            }
            Err(failure) => failure.into(),
        }
    }

    /// Connects, signs in, and asks for nothing.
    pub(super) async fn check(&self) -> Answer {
        let deadline = Instant::now() + self.attempt_timeout;
        match self.asked(deadline).await {
            Ok(taken) => Answer::accepted(taken.reply, None),
            Err(failure) => failure.into(),
        }
    }

    async fn asked(&self, deadline: Instant) -> Result<Taken, Failure> {
        let _permit = self.permit(deadline).await?;
        let mut connection = self.open(deadline).await?;
        let taken = connection::noop(&mut connection, deadline).await?;
        self.idle.keep(connection);
        Ok(taken)
    }

    /// One conversation; on a connection that waited and turns out to be closed it is begun anew on
    /// another one, because the relay has not seen the message.
    async fn conversed(
        &self,
        mail: &Mail,
        dry_run: bool,
        deadline: Instant,
    ) -> Result<Taken, Failure> {
        let _permit = self.permit(deadline).await?;
        if let Some(mut connection) = self.idle.take() {
            let result = self
                .exchange(&mut connection, mail, dry_run, deadline)
                .await;
            match result {
                Err(failure) if failure.is_of_old_connection() => {}
                result => return self.settled(connection, result, deadline).await,
            }
        }
        let mut connection = self.open(deadline).await?;
        let result = self
            .exchange(&mut connection, mail, dry_run, deadline)
            .await;
        self.settled(connection, result, deadline).await
    }

    async fn exchange(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &Mail,
        dry_run: bool,
        deadline: Instant,
    ) -> Result<Taken, Failure> {
        let named = connection::name(connection, mail, deadline).await?;
        if dry_run {
            connection::reset(connection, deadline).await?;
            return Ok(named);
        }
        connection::message(connection, &mail.bytes, deadline).await
    }

    /// Keeps the connection for the next message when it can be used again.
    async fn settled(
        &self,
        mut connection: AsyncSmtpConnection,
        result: Result<Taken, Failure>,
        deadline: Instant,
    ) -> Result<Taken, Failure> {
        let usable = match &result {
            Ok(_) => true,
            Err(Failure::Refused { reply: 421, .. }) => false,
            Err(Failure::Refused { .. }) => {
                connection::reset(&mut connection, deadline).await.is_ok()
            }
            Err(_) => false,
        };
        if usable {
            self.idle.keep(connection);
        }
        result
    }

    async fn permit(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Failure> {
        match timeout_at(deadline, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Failure::Busy),
        }
    }
}

impl Failure {
    /// Whether a fresh connection may do better, and nothing was taken yet.
    fn is_of_old_connection(&self) -> bool {
        match self {
            Self::Refused {
                reply: 421, stage, ..
            }
            | Self::Lost { stage, .. } => *stage != Stage::Message,
            _ => false,
        }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { stage, reply, text } => {
                let mut answer = Self::refused_saying(refusal(stage, reply, &text), &text);
                answer.status = Some(reply);
                answer.code = Enhanced::find(reply, &text).map(|code| code.to_string());
                answer
            }
            Failure::Lost { stage, words } => Self::refused_saying(unanswered(stage), &words),
            Failure::Silent { stage } => {
                Self::refused_saying(unanswered(stage), "the relay did not answer in time")
            }
            Failure::Unfit(words) => Self::refused_saying(Reason::ProviderConfig, &words),
            Failure::Forbidden(error) => {
                Self::refused_saying(Reason::ProviderConfig, &error.to_string())
            }
            Failure::Busy => Self::refused_saying(
                Reason::ConnectionFailed,
                "all connections to the relay stayed in use",
            ),
        }
    }
}

/// What the lack of an answer means: once the message was written, nobody knows.
const fn unanswered(stage: Stage) -> Reason {
    match stage {
        Stage::Message => Reason::OutcomeUnknown,
        _ => Reason::ConnectionFailed,
    }
}

/// The relay's id of a message, as the common ones say it: `queued as 4XyZ`, or one word behind `Ok`.
fn queue_id(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let word = if let Some(at) = lower.find("queued as ") {
        text[at + "queued as ".len()..].split_whitespace().next()
    } else {
        let at = lower.find("ok ")? + "ok ".len();
        let mut words = text[at..].split_whitespace();
        words.next().filter(|_| words.next().is_none())
    };
    word.map(str::to_owned)
}

fn signed_in(credential: &SmtpCredential) -> Result<Option<Credentials>, CredentialError> {
    let user = credential.username.as_deref().unwrap_or_default();
    let password = credential.password.as_deref().unwrap_or_default();
    match (user.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(Credentials::new(user.to_owned(), password.to_owned()))),
        (true, false) => Err(CredentialError::new(
            "username",
            "is missing; a password needs a user",
        )),
        (false, true) => Err(CredentialError::new(
            "password",
            "is missing; leave out the user name too when the relay asks for none",
        )),
    }
}

fn security(
    credential: &SmtpCredential,
    host: &str,
    network: &Network,
) -> Result<Security, CredentialError> {
    let unusable = |error: lettre::transport::smtp::Error| {
        CredentialError::new("ca_pem", format!("TLS cannot be set up: {error}"))
    };
    let parameters = || {
        let mut builder = TlsParametersBuilder::new(host.to_owned())
            .certificate_store(CertificateStore::WebpkiRoots);
        for pem in [&network.ca_pem, &credential.ca_pem].into_iter().flatten() {
            tls::certificates(pem).map_err(|error| CredentialError::new("ca_pem", error))?;
            let certificate = Certificate::from_pem(pem.as_bytes()).map_err(unusable)?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(unusable)
    };
    Ok(match credential.security {
        SmtpSecurity::Plain => Security::Plain,
        SmtpSecurity::Starttls => Security::Starttls(parameters()?),
        SmtpSecurity::Tls => Security::Tls(parameters()?),
    })
}
