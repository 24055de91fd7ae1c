//! Being written.

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::credential::{CredentialError, FcmCredential};
use crate::{Network, Outgoing, Sender};

/// A sender.
pub struct FcmSender;

impl FcmSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(_: &FcmCredential, _: &Network) -> Result<Self, CredentialError> {
        Ok(Self)
    }
}

impl Sender for FcmSender {
    fn provider(&self) -> Provider {
        Provider::Fcm
    }

    fn send<'a>(&'a self, _: &'a Outgoing, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderNotConfigured) })
    }
}
