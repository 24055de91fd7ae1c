//! Handing messages to those who carry them: APNs, FCM, Web Push, SMS gateways, SMTP relays, Slack,
//! and servers that webhook messages call.
//!
//! Every carrier is a [`Sender`]: one [`Outgoing`] in, one [`Answer`] out, whatever happens. Senders
//! do not retry (except what was provably not processed, on another connection, within one call),
//! keep no queue and store nothing: that is the engine's. What an answer means is decided by pure
//! tables, one for each provider (`*/classify.rs`), that follow the vendors' documents.

pub mod apns;
pub mod credential;
pub mod email;
pub mod fcm;
pub mod file_lines;
mod http_call;
pub mod network;
pub mod outgoing;
pub mod pool;
pub mod reach;
pub mod retry_after;
pub mod slack;
pub mod sms;
pub mod tls;
pub mod web_push;
pub mod webhook;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::time::Timestamp;

pub use credential::{Credential, CredentialError};
pub use network::Network;
pub use outgoing::{Address, Outgoing};

/// Carries messages with one credential. Shared by all tasks that send with it.
pub trait Sender: Send + Sync {
    /// Who carries.
    fn provider(&self) -> Provider;

    /// Hands one message over and tells what came of it. Never fails: what went wrong is in the
    /// answer. Ends by itself, within [`Network::attempt_timeout`].
    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer>;

    /// Asks the provider whether the credential works, without sending anything to anybody (a dry
    /// run, or the cheapest call that proves it). The answer's verdict is *accepted* when it does.
    fn check(&self, now: Timestamp) -> BoxFuture<'_, Answer>;
}

/// Makes the sender of a credential.
///
/// # Errors
/// When the credential is incomplete or malformed: which field, and what to do.
pub fn connect(
    credential: &Credential,
    network: &Network,
) -> Result<Arc<dyn Sender>, CredentialError> {
    Ok(match credential {
        Credential::Apns(apns) => Arc::new(apns::ApnsSender::new(apns, network)?),
        Credential::Fcm(fcm) => Arc::new(fcm::FcmSender::new(fcm, network)?),
        Credential::WebPush(vapid) => Arc::new(web_push::WebPushSender::new(vapid, network)?),
        Credential::Twilio(twilio) => Arc::new(sms::TwilioSender::new(twilio, network)?),
        Credential::HttpSms(gateway) => Arc::new(sms::GatewaySender::new(gateway, network)?),
        Credential::Smtp(relay) => Arc::new(email::SmtpSender::new(relay, network)?),
        Credential::Slack(hook) => Arc::new(slack::SlackSender::new(hook, network)?),
        Credential::Webhook(target) => Arc::new(webhook::WebhookSender::new(target, network)?),
    })
}
