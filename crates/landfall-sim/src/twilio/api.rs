//! Requests to the API, and its JSON.

use std::sync::Arc;

use ::http::{Method, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::codes::look_up;
use super::message::{Course, Message};
use super::segments::segments;
use super::{Answer, Shared};
use crate::http::{Canned, Endpoint, Gate, Received, Reply, RetryAfter, date, form, set};
use crate::script::Request;

/// The version that paths and callbacks carry.
pub(super) const VERSION: &str = "2010-04-01";
/// Messages of a page by default, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1_000;

impl Endpoint for Shared {
    fn reply(&self, request: Received) -> Reply {
        if let Err(code) = self.admit(&request) {
            return Reply::Answer(refusal(code, None));
        }
        let path = request.uri.path();
        let account = format!("/{VERSION}/Accounts/{}", self.options.account_sid);
        let Some(rest) = path.strip_prefix(&account) else {
            return Reply::Answer(refusal(20_404, None));
        };
        let single = rest
            .strip_prefix("/Messages/")
            .and_then(|rest| rest.strip_suffix(".json"));
        match (&request.method, rest, single) {
            (&Method::POST, "/Messages.json", _) => self.send(&request),
            (&Method::GET, "/Messages.json", _) => Reply::Answer(self.list(&request)),
            (&Method::GET, ".json", _) => Reply::Answer(self.describe()),
            (&Method::GET, _, Some(sid)) => Reply::Answer(self.show(sid)),
            (&Method::POST, _, Some(sid)) => Reply::Answer(self.update(sid, &request)),
            _ => Reply::Answer(refusal(20_404, None)),
        }
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Shared {
    /// HTTP Basic with the account's id and token, or with a key.
    fn admit(&self, request: &Received) -> Result<(), u32> {
        let credentials = request
            .header("authorization")
            .and_then(|header| header.strip_prefix("Basic "))
            .and_then(|encoded| STANDARD.decode(encoded.trim()).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let credentials = credentials.as_deref().and_then(|text| text.split_once(':'));
        let (user, password) = credentials.ok_or(20_003_u32)?;
        let options = &self.options;
        let is_own = user == options.account_sid && password == options.auth_token;
        let by_key = options
            .api_keys
            .iter()
            .any(|key| key.sid == user && key.secret == password);
        if is_own || by_key {
            Ok(())
        } else {
            Err(20_003)
        }
    }

    fn send(&self, request: &Received) -> Reply {
        let fields = form::read(&String::from_utf8_lossy(&request.body));
        let scripted = self.scripted(&fields);
        match scripted.as_deref() {
            None => Reply::Answer(self.create(&fields, &Course::default())),
            Some(Answer::Take(course)) => Reply::Answer(self.create(&fields, course)),
            Some(Answer::Refuse { code, retry_after }) => {
                Reply::Answer(refusal(*code, *retry_after))
            }
            Some(Answer::Fault(fault)) => {
                Reply::under(fault, || self.create(&fields, &Course::default()))
            }
        }
    }

    fn scripted(&self, fields: &[(String, String)]) -> Option<Arc<Answer>> {
        let facts: Vec<_> = [("from", "From"), ("service", "MessagingServiceSid")]
            .into_iter()
            .filter_map(|(fact, name)| Some((fact, form::value(fields, name)?)))
            .collect();
        self.script.decide(&Request {
            recipient: form::value(fields, "To").unwrap_or_default(),
            facts: &facts,
        })
    }

    fn create(&self, fields: &[(String, String)], course: &Course) -> Response<Bytes> {
        let now = self.now();
        let mut account = self.account();
        match account.create(&self.options, fields, course, now) {
            Ok(message) => Canned::json(201, &self.json(message)).into(),
            Err(code) => refusal(code, None),
        }
    }

    /// Only scheduled messages can be changed here, and only to take them back.
    fn update(&self, sid: &str, request: &Received) -> Response<Bytes> {
        let fields = form::read(&String::from_utf8_lossy(&request.body));
        if form::value(&fields, "Status") != Some("canceled") {
            return refusal(30_400, None);
        }
        let now = self.now();
        let mut account = self.account();
        match account.cancel(&self.options, sid, now) {
            Ok(message) => Canned::json(200, &self.json(message)).into(),
            Err(code) => refusal(code, None),
        }
    }

    fn show(&self, sid: &str) -> Response<Bytes> {
        let account = self.account();
        match account.messages().iter().find(|one| one.sid == sid) {
            Some(message) => Canned::json(200, &self.json(message)).into(),
            None => refusal(20_404, None),
        }
    }

    /// The account itself, by which credentials can be tried.
    fn describe(&self) -> Response<Bytes> {
        let sid = &self.options.account_sid;
        let body = json!({
            "sid": sid,
            "friendly_name": "Simulated account",
            "status": "active",
            "type": "Full",
            "uri": format!("/{VERSION}/Accounts/{sid}.json"),
        });
        Canned::json(200, &body).into()
    }

    /// Messages that fit the filters, newest first, page by page.
    fn list(&self, request: &Received) -> Response<Bytes> {
        let query = request.uri.query().unwrap_or_default();
        let filters = form::read(query);
        let number = |name| form::value(&filters, name).and_then(|text| text.parse().ok());
        let size = number("PageSize").unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
        let page = number("Page").unwrap_or(0);
        let account = self.account();
        let fitting: Vec<_> = account
            .messages()
            .iter()
            .rev()
            .filter(|message| fits(message, &filters))
            .collect();
        let start = page.saturating_mul(size);
        let shown: Vec<_> = fitting
            .iter()
            .skip(start)
            .take(size)
            .map(|message| self.json(message))
            .collect();
        let link = |page: usize| {
            let mut fields: Vec<_> = filters
                .iter()
                .filter(|(name, _)| name != "Page" && name != "PageSize")
                .cloned()
                .collect();
            fields.push(("PageSize".to_owned(), size.to_string()));
            fields.push(("Page".to_owned(), page.to_string()));
            format!("{}?{}", request.uri.path(), form::write(&fields))
        };
        let more = start.saturating_add(size) < fitting.len();
        let body = json!({
            "uri": link(page),
            "first_page_uri": link(0),
            "next_page_uri": more.then(|| link(page + 1)),
            "previous_page_uri": page.checked_sub(1).map(link),
            "page": page,
            "page_size": size,
            "start": start,
            "end": (start + shown.len()).saturating_sub(1),
            "messages": shown,
        });
        Canned::json(200, &body).into()
    }

    fn json(&self, message: &Message) -> Value {
        let account = &self.options.account_sid;
        let failed = message.error.map(look_up);
        // With a service, neither sender nor segments are known at first.
        let parts = match message.service {
            Some(_) if message.sent.is_none() => 0,
            _ => segments(&message.body),
        };
        json!({
            "account_sid": account,
            "api_version": VERSION,
            "body": message.body,
            "date_created": date::mail(message.created),
            "date_sent": message.sent.map(date::mail),
            "date_updated": date::mail(message.updated),
            "direction": "outbound-api",
            "error_code": message.error,
            "error_message": failed.map(|code| code.message),
            "from": message.from,
            "messaging_service_sid": message.service,
            "num_media": "0",
            "num_segments": parts.to_string(),
            "price": null,
            "price_unit": "USD",
            "sid": message.sid,
            "status": message.status.word(),
            "subresource_uris": {
                "media": format!("/{VERSION}/Accounts/{account}/Messages/{}/Media.json", message.sid),
            },
            "to": message.to,
            "uri": format!("/{VERSION}/Accounts/{account}/Messages/{}.json", message.sid),
        })
    }
}

/// Whether a message fits `To`, `From` and the days of `DateSent`. One that was not sent yet counts by the
/// day on which it was taken.
fn fits(message: &Message, filters: &[(String, String)]) -> bool {
    let day = date::day(message.sent.unwrap_or(message.created));
    filters.iter().all(|(name, value)| {
        let asked = value.get(..10).unwrap_or(value);
        match name.as_str() {
            "To" => message.to == *value,
            "From" => message.from.as_ref() == Some(value),
            "DateSent" => day == asked,
            "DateSent<" => day.as_str() <= asked,
            "DateSent>" => day.as_str() >= asked,
            _ => true,
        }
    })
}

/// The answer to a request that is refused.
fn refusal(code: u32, retry_after: Option<RetryAfter>) -> Response<Bytes> {
    let known = look_up(code);
    let body = json!({
        "code": known.code,
        "message": known.message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": known.status,
    });
    let canned = Canned::json(known.status, &body);
    let mut response: Response<Bytes> = match retry_after {
        Some(retry_after) => canned.retry_after(retry_after),
        None => canned,
    }
    .into();
    if known.status == 401 {
        let headers = response.headers_mut();
        set(headers, "www-authenticate", "Basic realm=\"Twilio API\"");
    }
    response
}
