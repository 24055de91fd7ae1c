//! Reports that mail servers send as mails: delivery status notifications (RFC 3464) and complaints in the
//! Abuse Reporting Format (RFC 5965). Both are `multipart/report` (RFC 6522).

use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::Value;

use super::{MailEvent, MailReportError, hard, of_headers, soft};

/// Parts of a report that are looked at, and recipients of one.
const PARTS_MAX: usize = 20;
const RECIPIENTS_MAX: usize = 100;

type Fields<'m> = Vec<(&'m str, String)>;

/// Reads a mail as it came.
pub(super) fn read(raw: &[u8]) -> Result<Vec<MailEvent>, MailReportError> {
    let mail = String::from_utf8_lossy(raw);
    let (head, body) = split(&mail);
    let head = fields(head);
    let kind = field(&head, "Content-Type").ok_or(MailReportError::NoReport("Content-Type"))?;
    let boundary = parameter(kind, "boundary").ok_or(MailReportError::NoReport("boundary"))?;
    let parts: Vec<Part<'_>> = parts(body, &boundary)
        .take(PARTS_MAX)
        .map(Part::of)
        .collect();
    let of_kind = |kind: &str| parts.iter().find(|part| part.kind == kind);
    let original = of_kind("message/rfc822")
        .or_else(|| of_kind("text/rfc822-headers"))
        .or_else(|| of_kind("message/global"))
        .or_else(|| of_kind("message/global-headers"));
    let original = original
        .map(|part| fields(split(part.body).0))
        .unwrap_or_default();
    let original: Vec<(&str, &str)> = original
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let delivery_id = of_headers(&original);
    let report_id = field(&head, "Message-ID").unwrap_or_default();
    let status =
        of_kind("message/delivery-status").or_else(|| of_kind("message/global-delivery-status"));
    if let Some(status) = status {
        return Ok(statuses(status.body, delivery_id.as_deref(), report_id));
    }
    let complaint = of_kind("message/feedback-report");
    let complaint = complaint.ok_or(MailReportError::NoReport("message/delivery-status"))?;
    Ok(complained(complaint.body, delivery_id, report_id)
        .into_iter()
        .collect())
}

/// One event for each recipient: the first group of fields is about the mail, the others about one
/// recipient each (RFC 3464 section 2.1).
fn statuses(body: &str, delivery_id: Option<&str>, report_id: &str) -> Vec<MailEvent> {
    let groups = groups(body).skip(1).take(RECIPIENTS_MAX);
    let events = groups.filter_map(|group| {
        let fields = fields(group);
        let text = |name: &str| field(&fields, name).unwrap_or_default().to_owned();
        let words = format!("{} {}", text("Status"), value_of(&text("Diagnostic-Code")));
        let words = words.trim().to_owned();
        let permanent = text("Status").starts_with('5');
        let action = text("Action").to_ascii_lowercase();
        let (mark, reason) = match action.trim() {
            "failed" if permanent => (Mark::Bounced, Some(hard(&words))),
            "failed" => (Mark::Bounced, Some(soft(&words))),
            "delayed" => (Mark::Deferred, Some(Reason::DeferredUnknown)),
            "delivered" => (Mark::Delivered, None),
            // Relayed and expanded: out of sight, and no more is known.
            _ => return None,
        };
        let original = field(&fields, "Original-Recipient");
        let recipient = original.or_else(|| field(&fields, "Final-Recipient"));
        let recipient = recipient.map(value_of).map(str::to_owned);
        let address = recipient.clone().unwrap_or_default();
        Some(MailEvent {
            delivery_id: delivery_id.map(str::to_owned),
            recipient,
            mark,
            reason,
            words,
            href: None,
            at: Value::Null,
            key: format!("dsn:{report_id}:{mark}:{address}"),
        })
    });
    events.collect()
}

/// The complaint; `None` for a report that the mail is not unwanted.
fn complained(body: &str, delivery_id: Option<String>, report_id: &str) -> Option<MailEvent> {
    let fields = fields(body);
    let kind = field(&fields, "Feedback-Type")?.trim().to_ascii_lowercase();
    if kind == "not-spam" {
        return None;
    }
    let recipient = field(&fields, "Original-Rcpt-To").map(|address| {
        let address = address.trim().trim_start_matches('<').trim_end_matches('>');
        address.to_owned()
    });
    Some(MailEvent {
        delivery_id,
        recipient,
        mark: Mark::Spammed,
        reason: Some(Reason::Complaint),
        words: kind,
        href: None,
        at: Value::Null,
        key: format!("arf:{report_id}"),
    })
}

/// A part of a mail.
struct Part<'m> {
    kind: String,
    body: &'m str,
}

impl<'m> Part<'m> {
    fn of(part: &'m str) -> Self {
        let (head, body) = split(part);
        let head = fields(head);
        let kind = field(&head, "Content-Type").unwrap_or("text/plain");
        let kind = kind.split(';').next().unwrap_or_default();
        Self {
            kind: kind.trim().to_ascii_lowercase(),
            body,
        }
    }
}

/// What stands between the lines of a boundary (RFC 2046 section 5.1.1).
fn parts<'m>(body: &'m str, boundary: &str) -> impl Iterator<Item = &'m str> {
    let mark = format!("--{boundary}");
    let mut places = Vec::new();
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let text = line.trim_end();
        if text == mark || text == format!("{mark}--") {
            places.push((at, at + line.len()));
        }
        at += line.len();
    }
    let ends: Vec<usize> = places.iter().skip(1).map(|(start, _)| *start).collect();
    places
        .into_iter()
        .zip(ends)
        .map(move |((_, start), end)| &body[start..end])
}

/// Head and body: an empty line stands between them.
fn split(mail: &str) -> (&str, &str) {
    let mut at = 0;
    for line in mail.split_inclusive('\n') {
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            return (&mail[..at], &mail[at + line.len()..]);
        }
        at += line.len();
    }
    (mail, "")
}

/// Groups of fields, with empty lines between them.
fn groups(body: &str) -> impl Iterator<Item = &str> {
    let mut rest = body;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['\r', '\n']);
        if rest.is_empty() {
            return None;
        }
        let (group, after) = split(rest);
        rest = after;
        Some(group)
    })
}

/// Fields with their values, unfolded (RFC 5322 section 2.2.3).
fn fields(head: &str) -> Fields<'_> {
    let mut fields: Fields<'_> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim(), value.trim().to_owned()));
        }
    }
    fields
}

fn field<'f>(fields: &'f Fields<'_>, name: &str) -> Option<&'f str> {
    let mut all = fields.iter();
    let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// What comes after the type of an address or a code: `rfc822; ann@example.org`.
fn value_of(field: &str) -> &str {
    field
        .split_once(';')
        .map_or(field, |(_, value)| value)
        .trim()
}

/// A parameter of a content type, with or without quotes.
fn parameter(kind: &str, name: &str) -> Option<String> {
    let parameters = kind.split(';').skip(1);
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, value) = named.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?;
    let value = value.trim().trim_matches('"');
    (!value.is_empty()).then(|| value.to_owned())
}
