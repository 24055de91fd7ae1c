//! Being written.

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::credential::{CredentialError, SmtpCredential};
use crate::{Network, Outgoing, Sender};

/// A sender.
pub struct SmtpSender;

impl SmtpSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(_: &SmtpCredential, _: &Network) -> Result<Self, CredentialError> {
        Ok(Self)
    }
}

impl Sender for SmtpSender {
    fn provider(&self) -> Provider {
        Provider::Smtp
    }

    fn send<'a>(&'a self, _: &'a Outgoing, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }
}
