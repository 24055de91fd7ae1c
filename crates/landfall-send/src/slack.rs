//! Slack, by incoming webhooks and Block Kit (providers.md 7).
//!
//! The webhook's address is the credential: whoever has it may post. It stands in no error, answer or
//! log line of this module.

mod blocks;
pub mod classify;
#[cfg(test)]
mod tests;

use std::time::Duration;

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::{Content, SlackContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::credential::{CredentialError, SlackCredential};
use crate::http_call::{HttpCall, Reply, http_url};
use crate::{Network, Outgoing, Sender};

/// Posts to one incoming webhook.
pub struct SlackSender {
    http: HttpCall,
    url: Url,
    /// How long a message may take, both requests together when there are two.
    timeout: Duration,
}

impl SlackSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(credential: &SlackCredential, network: &Network) -> Result<Self, CredentialError> {
        let url =
            http_url(&credential.url).map_err(|problem| CredentialError::new("url", problem))?;
        if url.scheme() != "https" && !network.private_allowed {
            return Err(CredentialError::new(
                "url",
                "must begin with https://, because the address is a secret",
            ));
        }
        if url.path().len() <= 1 {
            return Err(CredentialError::new(
                "url",
                "has no path; copy the whole address of the incoming webhook",
            ));
        }
        Ok(Self {
            http: HttpCall::new(network, credential.ca_pem.as_deref())?,
            url,
            timeout: network.attempt_timeout,
        })
    }

    async fn post(&self, content: &SlackContent, now: Timestamp) -> Answer {
        let body = match message(content) {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        let begun = Instant::now();
        let reply = match self.call(&body, self.timeout, now).await {
            Ok(reply) => reply,
            Err(answer) => return answer,
        };
        let with_blocks = body.get("blocks").is_some();
        let text = body["text"].as_str().unwrap_or_default();
        if with_blocks && !text.is_empty() && classify::blames_blocks(&reply.text()) {
            // Slack refused it, so nothing was posted; better the bare text than nothing.
            let plain = json!({ "text": text });
            let left = self.timeout.saturating_sub(begun.elapsed());
            return match self.call(&plain, left, now).await {
                Ok(reply) => answer(&reply),
                Err(answer) => answer,
            };
        }
        answer(&reply)
    }

    async fn call(&self, body: &Value, timeout: Duration, now: Timestamp) -> Result<Reply, Answer> {
        let request = self.http.request(Method::POST, &self.url);
        let request = request.json(body).timeout(timeout);
        self.http.call(request, now).await.map_err(Answer::from)
    }
}

impl Sender for SlackSender {
    fn provider(&self) -> Provider {
        Provider::Slack
    }

    /// A dry run checks the message against Slack's limits; nothing is asked of Slack.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Content::Slack(content) = &outgoing.content else {
                return Answer::refused_saying(
                    Reason::SenderBug,
                    "a Slack webhook carries Slack messages only",
                );
            };
            if outgoing.dry_run {
                return message(content).map_or_else(|answer| answer, |_| unasked());
            }
            self.post(content, now).await
        })
    }

    /// Says that the address has the right form, which was seen when the sender was made. Slack has no
    /// call that proves a webhook without posting to its channel.
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

/// What is posted: within Slack's limits, shortened where it was longer.
fn message(content: &SlackContent) -> Result<Value, Answer> {
    let text = blocks::shortened(&content.text, blocks::TEXT_MAX);
    let found = match content.blocks.as_ref().map(blocks::fitted).transpose() {
        Ok(found) => found.filter(|found| !found.is_empty()),
        Err(problem) => return Err(Answer::refused_saying(Reason::PayloadInvalid, problem)),
    };
    match found {
        Some(found) => Ok(json!({ "text": text, "blocks": found })),
        None if text.trim().is_empty() => Err(Answer::refused_saying(
            Reason::PayloadInvalid,
            "the message has neither text nor blocks",
        )),
        None => Ok(json!({ "text": text })),
    }
}

fn answer(reply: &Reply) -> Answer {
    let text = reply.text();
    match classify::refusal(reply.status, &text) {
        None => reply.accepted(None),
        Some(reason) => reply.refused(reason, classify::code(&text).map(str::to_owned), &text),
    }
}
