//! The commands of a conversation, each with its stage.

use std::error::Error as _;
use std::future::Future;
use std::net::SocketAddr;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout_at};

use super::{Failure, Relay, Security, Stage, Taken};
use crate::email::mime::Mail;
use crate::reach::{NotPublic, is_public};

impl Relay {
    /// A fresh connection, protected and signed in.
    pub(super) async fn open(&self, deadline: Instant) -> Result<AsyncSmtpConnection, Failure> {
        let addresses = self.addresses(deadline).await?;
        let tls = match &self.security {
            Security::Tls(parameters) => Some(parameters.clone()),
            Security::Plain | Security::Starttls(_) => None,
        };
        let connecting = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(self.connect_timeout),
            &self.hello,
            tls,
            None,
        );
        let mut connection = in_time(Stage::Connect, deadline, connecting).await?;
        if let Security::Starttls(parameters) = &self.security {
            if !connection.can_starttls() {
                return Err(Failure::Unfit(
                    "the relay does not offer STARTTLS; use its TLS port, or plain on this machine"
                        .to_owned(),
                ));
            }
            let starting = connection.starttls(parameters.clone(), &self.hello);
            in_time(Stage::Connect, deadline, starting).await?;
        }
        self.sign_in(&mut connection, deadline).await?;
        Ok(connection)
    }

    /// Where the relay is, when it may be called there.
    async fn addresses(&self, deadline: Instant) -> Result<Vec<SocketAddr>, Failure> {
        let stage = Stage::Connect;
        let host = self.host.trim_matches(['[', ']']);
        let found = match timeout_at(deadline, lookup_host((host, self.port))).await {
            Err(_) => return Err(Failure::Silent { stage }),
            Ok(Err(error)) => {
                let words = format!("the relay's name could not be resolved: {error}");
                return Err(Failure::Lost { stage, words });
            }
            Ok(Ok(found)) => found,
        };
        let found: Vec<SocketAddr> = found
            .filter(|address| self.private_allowed || is_public(address.ip()))
            .collect();
        if found.is_empty() {
            return Err(Failure::Forbidden(NotPublic {
                host: self.host.clone(),
            }));
        }
        let unprotected = matches!(self.security, Security::Plain) && self.credentials.is_some();
        if unprotected && found.iter().any(|address| is_public(address.ip())) {
            return Err(Failure::Unfit(
                "the password would cross the public network unprotected; use STARTTLS or TLS"
                    .to_owned(),
            ));
        }
        Ok(found)
    }

    async fn sign_in(
        &self,
        connection: &mut AsyncSmtpConnection,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let offered = connection.server_info();
        if offered.get_auth_mechanism(&mechanisms).is_none() {
            return Err(Failure::Unfit(
                "the relay offers no way to sign in that we know (PLAIN or LOGIN)".to_owned(),
            ));
        }
        let signing_in = connection.auth(&mechanisms, credentials);
        in_time(Stage::Auth, deadline, signing_in).await?;
        Ok(())
    }
}

/// Names sender and recipient.
pub(super) async fn name(
    connection: &mut AsyncSmtpConnection,
    mail: &Mail,
    deadline: Instant,
) -> Result<Taken, Failure> {
    let mut parameters = Vec::new();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !is_ascii(&mail.from) || !is_ascii(&mail.to) {
        if !connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            return Err(Failure::Unfit(
                "the relay takes no addresses with letters outside ASCII (SMTPUTF8)".to_owned(),
            ));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let from = MailFrom::new(Some(mail.from.clone()), parameters);
    in_time(Stage::Mail, deadline, connection.command(from)).await?;
    let to = Rcpt::new(mail.to.clone(), Vec::new());
    let named = in_time(Stage::Rcpt, deadline, connection.command(to)).await?;
    Ok(taken(&named))
}

/// Hands the message over, sender and recipient being named.
pub(super) async fn message(
    connection: &mut AsyncSmtpConnection,
    bytes: &[u8],
    deadline: Instant,
) -> Result<Taken, Failure> {
    in_time(Stage::Data, deadline, connection.command(Data)).await?;
    let response = in_time(Stage::Message, deadline, connection.message(bytes)).await?;
    Ok(taken(&response))
}

/// Takes back what was named.
pub(super) async fn reset(
    connection: &mut AsyncSmtpConnection,
    deadline: Instant,
) -> Result<Taken, Failure> {
    let response = in_time(Stage::Data, deadline, connection.command(Rset)).await?;
    Ok(taken(&response))
}

/// Asks for nothing.
pub(super) async fn noop(
    connection: &mut AsyncSmtpConnection,
    deadline: Instant,
) -> Result<Taken, Failure> {
    let response = in_time(Stage::Connect, deadline, connection.command(Noop)).await?;
    Ok(taken(&response))
}

async fn in_time<T>(
    stage: Stage,
    deadline: Instant,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match timeout_at(deadline, step).await {
        Err(_) => Err(Failure::Silent { stage }),
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(match error.status() {
            Some(code) => Failure::Refused {
                stage,
                reply: u16::from(code),
                text: error.source().map(ToString::to_string).unwrap_or_default(),
            },
            None => Failure::Lost {
                stage,
                words: error.to_string(),
            },
        }),
    }
}

fn taken(response: &Response) -> Taken {
    let lines: Vec<&str> = response.message().collect();
    Taken {
        reply: u16::from(response.code()),
        text: lines.join(" "),
    }
}
