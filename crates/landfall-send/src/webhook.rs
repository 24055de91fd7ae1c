//! Calls to other people's servers: webhooks as messages, and reports that are posted.
//!
//! Addresses come from the content and from settings that clients write, so the guard against the own
//! network matters most here (`crate::reach`), and redirects are not followed.

pub mod classify;
mod post;
mod request;
pub mod signature;

pub use post::{ReportPoster, TIMEOUT, check_endpoint};
pub use signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::Content;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::credential::{CredentialError, WebhookCredential};
use crate::http_call::HttpCall;
use crate::{Network, Outgoing, Sender};
use request::Request;

/// Calls the servers that webhook messages name.
pub struct WebhookSender {
    http: HttpCall,
    signing_key: Option<String>,
}

impl WebhookSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(credential: &WebhookCredential, network: &Network) -> Result<Self, CredentialError> {
        let signing_key = credential.signing_key.clone();
        if signing_key.as_deref().is_some_and(str::is_empty) {
            return Err(CredentialError::new(
                "signing_key",
                "is empty; leave it out when requests are not to be signed",
            ));
        }
        Ok(Self {
            http: HttpCall::new(network, credential.ca_pem.as_deref())?,
            signing_key,
        })
    }

    async fn call(&self, request: Request, delivery_id: &str, now: Timestamp) -> Answer {
        let signature = self.signing_key.as_deref();
        let built = request.build(&self.http, delivery_id, signature, now);
        match self.http.call(built, now).await {
            Ok(reply) => classify::answer(&reply),
            Err(error) => error.into(),
        }
    }
}

impl Sender for WebhookSender {
    fn provider(&self) -> Provider {
        Provider::Webhook
    }

    /// A dry run checks the request and calls nobody.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Content::Webhook(content) = &outgoing.content else {
                return Answer::refused_saying(
                    Reason::SenderBug,
                    "a webhook carries webhook messages only",
                );
            };
            match Request::read(content) {
                Err(problem) => {
                    Answer::refused_saying(Reason::PayloadInvalid, &problem.to_string())
                }
                Ok(_) if outgoing.dry_run => unasked(),
                Ok(request) => self.call(request, &outgoing.delivery_id, now).await,
            }
        })
    }

    /// Accepts: which server is called stands in each message, so there is nobody to ask.
    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { unasked() })
    }
}

/// An acceptance by us alone: there was no answer of anybody, so there is no status.
fn unasked() -> Answer {
    Answer {
        status: None,
        ..Answer::accepted(200, None)
    }
}
