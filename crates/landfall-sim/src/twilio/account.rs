//! The rules of the Messages resource, and what an account remembers.

use std::collections::HashSet;

use ::http::Uri;
use landfall_domain::time::{DAY_MS, MINUTE_MS, SECOND_MS, Timestamp};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::Options;
use super::callback::{Callback, signature};
use super::message::{Course, Message, Status};
use crate::http::{date, form};

#[cfg(test)]
mod tests;

/// Characters of a text at most.
const LONGEST_BODY: usize = 1_600;
/// Seconds for which a message may wait, at most and by default.
const LONGEST_VALIDITY: i64 = 36_000;

/// What one account remembers.
pub(super) struct Account {
    ids: SmallRng,
    messages: Vec<Message>,
    stopped: HashSet<String>,
    due: Vec<Callback>,
}

impl Account {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            ids: SmallRng::seed_from_u64(seed),
            messages: Vec::new(),
            stopped: HashSet::new(),
            due: Vec::new(),
        }
    }

    pub(super) fn stop(&mut self, number: &str) {
        self.stopped.insert(number.to_owned());
    }

    pub(super) fn start_again(&mut self, number: &str) {
        self.stopped.remove(number);
    }

    pub(super) fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub(super) fn next_callbacks(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.due)
    }

    /// Takes a message from the fields of a form.
    ///
    /// # Errors
    /// The code of the first thing that is wrong.
    pub(super) fn create(
        &mut self,
        options: &Options,
        fields: &[(String, String)],
        course: &Course,
        now: Timestamp,
    ) -> Result<&Message, u32> {
        let given = |name| form::value(fields, name).filter(|value| !value.is_empty());
        let to = given("To").ok_or(21_604_u32)?;
        if !is_e164(bare(to)) {
            return Err(21_211);
        }
        let (from, service) = sender(options, given("From"), given("MessagingServiceSid"))?;
        let body = given("Body").unwrap_or_default();
        if body.is_empty() && given("MediaUrl").is_none() && given("ContentSid").is_none() {
            return Err(21_602);
        }
        if body.chars().count() > LONGEST_BODY {
            return Err(21_617);
        }
        let callback = given("StatusCallback");
        if callback.is_some_and(|url| !is_web_address(url)) {
            return Err(21_609);
        }
        let validity = validity(given("ValidityPeriod"))?;
        let send_at = schedule(given("ScheduleType"), given("SendAt"), service, now)?;
        if self.stopped.contains(bare(to)) {
            return Err(21_610);
        }
        let (status, mut ahead) = match (send_at, service) {
            (Some(_), _) => (Status::Scheduled, vec![Status::Queued.into()]),
            (None, Some(_)) => (Status::Accepted, vec![Status::Queued.into()]),
            (None, None) => (Status::Queued, Vec::new()),
        };
        ahead.extend(course.steps());
        let from_then = send_at.unwrap_or(now);
        self.messages.push(Message {
            sid: format!("SM{:032x}", self.ids.random::<u128>()),
            to: to.to_owned(),
            from: from.map(str::to_owned),
            service: service.map(str::to_owned),
            body: body.to_owned(),
            callback: callback.map(str::to_owned),
            send_at,
            valid_until: from_then.plus_millis(validity * SECOND_MS),
            created: now,
            updated: now,
            sent: None,
            status,
            error: None,
            ahead,
        });
        self.messages.last().ok_or(20_500)
    }

    /// Takes a scheduled message back.
    ///
    /// # Errors
    /// The code: there is no such message, or it is no longer scheduled.
    pub(super) fn cancel(
        &mut self,
        options: &Options,
        sid: &str,
        now: Timestamp,
    ) -> Result<&Message, u32> {
        let place = self.messages.iter().position(|one| one.sid == sid);
        let message = place.and_then(|place| self.messages.get_mut(place));
        let message = message.ok_or(20_404_u32)?;
        if message.status != Status::Scheduled {
            return Err(30_409);
        }
        message.ahead.clear();
        message.step(Status::Canceled.into(), now);
        self.due.extend(report(options, message, now));
        Ok(message)
    }

    /// Moves every message one step on.
    pub(super) fn advance(&mut self, options: &Options, now: Timestamp) -> usize {
        let mut moved = 0;
        for message in &mut self.messages {
            let Some(step) = message.next(now) else {
                continue;
            };
            message.step(step, now);
            moved += 1;
            self.due.extend(report(options, message, now));
        }
        moved
    }
}

/// The report of a message's present status, if one was asked for.
fn report(options: &Options, message: &Message, now: Timestamp) -> Option<Callback> {
    let url = message.callback.clone()?;
    let status = message.status;
    let mut fields = vec![
        ("MessageSid", message.sid.clone()),
        ("SmsSid", message.sid.clone()),
        ("MessageStatus", status.word().to_owned()),
        ("SmsStatus", status.word().to_owned()),
        ("AccountSid", options.account_sid.clone()),
        ("ApiVersion", super::api::VERSION.to_owned()),
        ("To", message.to.clone()),
    ];
    // A service picks its sender itself; here it is the account's first one.
    let from = message.from.clone().or(options.senders.first().cloned());
    fields.extend(from.map(|from| ("From", from)));
    fields.extend(
        message
            .service
            .clone()
            .map(|sid| ("MessagingServiceSid", sid)),
    );
    fields.extend(message.error.map(|code| ("ErrorCode", code.to_string())));
    if status.has_receipt() {
        fields.push(("RawDlrDoneDate", date::receipt(now)));
    }
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Some(Callback {
        signature: signature(&options.auth_token, &url, &fields),
        message: message.sid.clone(),
        url,
        status,
        fields,
    })
}

/// The sender and the service that a message names: one of them must be there, and belong to the account.
fn sender<'f>(
    options: &Options,
    from: Option<&'f str>,
    service: Option<&'f str>,
) -> Result<(Option<&'f str>, Option<&'f str>), u32> {
    if let Some(service) = service
        && !options.services.iter().any(|own| own == service)
    {
        return Err(21_701);
    }
    match from {
        None if service.is_none() => Err(21_603),
        None => Ok((None, service)),
        Some(from) if options.senders.iter().any(|own| own == from) => Ok((Some(from), service)),
        Some(from) if is_sender(bare(from)) => Err(21_606),
        Some(_) => Err(21_212),
    }
}

/// Seconds for which a message may wait.
fn validity(given: Option<&str>) -> Result<i64, u32> {
    match given.map(str::parse) {
        None => Ok(LONGEST_VALIDITY),
        Some(Ok(seconds)) if (1..=LONGEST_VALIDITY).contains(&seconds) => Ok(seconds),
        Some(_) => Err(21_624),
    }
}

/// When a scheduled message may leave: by a service, more than 5 minutes and at most 35 days ahead.
fn schedule(
    kind: Option<&str>,
    at: Option<&str>,
    service: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, u32> {
    if kind != Some("fixed") {
        return Ok(None);
    }
    if service.is_none() {
        return Err(35_118);
    }
    let at = date::read_iso(at.ok_or(35_111_u32)?).ok_or(35_115_u32)?;
    let ahead = at.since(now);
    if ahead > 5 * MINUTE_MS && ahead <= 35 * DAY_MS {
        Ok(Some(at))
    } else {
        Err(35_115)
    }
}

/// A number without the channel before it, such as `whatsapp:`.
fn bare(number: &str) -> &str {
    number.split_once(':').map_or(number, |(_, number)| number)
}

/// A plus and 8 to 15 digits that do not begin with zero.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// A number, a short code of 5 or 6 digits, or a name of up to 11 characters with a letter.
fn is_sender(from: &str) -> bool {
    let digits = from.bytes().all(|byte| byte.is_ascii_digit());
    let name = from
        .chars()
        .all(|one| one.is_ascii_alphanumeric() || " +-_&".contains(one))
        && from.chars().any(|one| one.is_ascii_alphabetic());
    is_e164(from) || (digits && (5..=6).contains(&from.len())) || (name && from.len() <= 11)
}

fn is_web_address(url: &str) -> bool {
    url.parse::<Uri>()
        .is_ok_and(|uri| uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https")))
}
