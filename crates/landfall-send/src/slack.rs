//! Being written.

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::credential::{CredentialError, SlackCredential};
use crate::{Network, Outgoing, Sender};

/// A sender.
pub struct SlackSender;

impl SlackSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(_: &SlackCredential, _: &Network) -> Result<Self, CredentialError> {
        Ok(Self)
    }
}

impl Sender for SlackSender {
    fn provider(&self) -> Provider {
        Provider::Slack
    }

    fn send<'a>(&'a self, _: &'a Outgoing, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }
}
