//! Whether a message of which nobody knows did go out: there is no idempotency key, but there is a
//! list (providers.md 5.1).

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::time::{MINUTE_MS, Timestamp};
use reqwest::Method;
use serde::Deserialize;

use super::{Message, MessageStatus, TwilioSender, classify};
use crate::http_call::date;

/// How many of the newest messages to the number are looked at.
const PAGE: &str = "100";
/// How far the clocks of two machines may be apart. Twilio's dates are in whole seconds too.
const CLOCKS_APART_MS: i64 = MINUTE_MS;

/// A message that Twilio has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentMessage {
    /// Its id: what the lost answer would have given.
    pub sid: String,
    /// Where it is by now; `None` for a status that we do not know.
    pub status: Option<MessageStatus>,
    /// Twilio's number for what went wrong.
    pub error_code: Option<u32>,
    /// When Twilio took it.
    pub created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct List {
    messages: Vec<Message>,
}

impl TwilioSender {
    /// Looks for a message with this text that was made to this number at or after `since`, the
    /// beginning of the attempt; the newest one is found. `None` is a good reason to send it again, but
    /// no proof: Twilio may be about to take it, so leave it some time before asking.
    ///
    /// # Errors
    /// The answer that says why the question was not answered.
    pub async fn find_recent(
        &self,
        to: &str,
        body: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<RecentMessage>, Answer> {
        let request = self.http.request(Method::GET, &self.messages);
        let request = request
            .basic_auth(&self.user, Some(&self.secret))
            .query(&[("To", to.trim()), ("PageSize", PAGE)]);
        let reply = self.http.call(request, now).await.map_err(Answer::from)?;
        if !reply.is_success() {
            return Err(classify::refused(&reply));
        }
        let list: List = reply.json().ok_or_else(|| {
            let words = "the list of messages could not be read";
            reply.refused(Reason::ProviderUnavailable, None, words)
        })?;
        let earliest = since.plus_millis(-CLOCKS_APART_MS);
        let found = list.messages.into_iter().filter_map(|message| {
            let outbound = message.direction.as_deref() != Some("inbound");
            let same = message.body.as_deref().map(str::trim) == Some(body.trim());
            let recent = recent(message).filter(|recent| recent.created_at >= earliest);
            recent.filter(|_| outbound && same)
        });
        Ok(found.max_by_key(|recent| recent.created_at))
    }
}

fn recent(message: Message) -> Option<RecentMessage> {
    Some(RecentMessage {
        sid: message.sid?,
        status: message.status.as_deref().and_then(MessageStatus::named),
        error_code: message.error_code,
        created_at: date(message.date_created.as_deref()?)?,
    })
}
