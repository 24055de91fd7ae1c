//! Being written.

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::credential::{CredentialError, GatewayCredential, TwilioCredential};
use crate::{Network, Outgoing, Sender};

/// A sender.
pub struct TwilioSender;

impl TwilioSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(_: &TwilioCredential, _: &Network) -> Result<Self, CredentialError> {
        Ok(Self)
    }
}

impl Sender for TwilioSender {
    fn provider(&self) -> Provider {
        Provider::SmsGateway
    }

    fn send<'a>(&'a self, _: &'a Outgoing, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }
}

/// A sender.
pub struct GatewaySender;

impl GatewaySender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(_: &GatewayCredential, _: &Network) -> Result<Self, CredentialError> {
        Ok(Self)
    }
}

impl Sender for GatewaySender {
    fn provider(&self) -> Provider {
        Provider::SmsGateway
    }

    fn send<'a>(&'a self, _: &'a Outgoing, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }
}
