//! E-mail: messages in MIME, handed to an SMTP relay (providers.md 6).
//!
//! One recipient for each transaction, so that one answer belongs to one target. A delivery to several
//! addresses is several targets: [`recipients`] lists them. All copies of a delivery are the same
//! message, with the same `Message-ID`.

mod addresses;
mod attachments;
pub mod classify;
pub mod events;
mod headers;
mod html;
mod mime;
mod plain_text;
mod relay;
#[cfg(test)]
mod tests;

pub use addresses::{AddressError, RECIPIENTS_MAX, recipients};
pub use attachments::BYTES_MAX as ATTACHMENTS_BYTES_MAX;
pub use plain_text::plain_text;

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::Content;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::credential::{CredentialError, SmtpCredential};
use crate::{Network, Outgoing, Sender};
use relay::Relay;

/// Sends e-mail through one relay.
pub struct SmtpSender {
    relay: Relay,
    from: Option<String>,
    /// Whether the relay is Postmark's, which tells in its events what a header of its own says.
    is_postmark: bool,
}

impl SmtpSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(credential: &SmtpCredential, network: &Network) -> Result<Self, CredentialError> {
        let from = credential.from.trim();
        if !from.is_empty() {
            addresses::mailbox(from)
                .map_err(|error| CredentialError::new("from", error.to_string()))?;
        }
        Ok(Self {
            relay: Relay::new(credential, network)?,
            from: Some(from.to_owned()).filter(|from| !from.is_empty()),
            is_postmark: credential.host.trim().ends_with("postmarkapp.com"),
        })
    }
}

impl Sender for SmtpSender {
    fn provider(&self) -> Provider {
        Provider::Smtp
    }

    /// A dry run names sender and recipient to the relay and takes it back before the message.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Content::Email(content) = &outgoing.content else {
                return Answer::refused_saying(
                    Reason::SenderBug,
                    "an SMTP relay carries e-mail only",
                );
            };
            let mut content = content.clone();
            if self.is_postmark {
                content
                    .headers
                    .extend([headers::for_postmark(&outgoing.delivery_id)]);
            }
            match mime::built(outgoing, &content, self.from.as_deref(), now) {
                Ok(mail) => self.relay.hand_over(&mail, outgoing.dry_run).await,
                Err(error) => Answer::refused_saying(error.reason(), &error.to_string()),
            }
        })
    }

    /// Connects, signs in, and asks for nothing (`NOOP`).
    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(self.relay.check())
    }
}
