//! Amazon SES: event publishing and notifications, by SNS or raw (providers.md 6.4).

use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::Value;

use super::{
    MailEvent, MailReport, MailReportError, hard, of_headers, of_message_id, said, soft, text,
};

/// An SNS message, or the event itself where raw delivery is on.
pub(super) fn read(json: &Value) -> Result<MailReport, MailReportError> {
    match json["Type"].as_str() {
        Some("SubscriptionConfirmation") => Ok(MailReport::Confirm(text(json, "SubscribeURL"))),
        Some("UnsubscribeConfirmation") => Ok(MailReport::Events(Vec::new())),
        Some("Notification") => {
            let message = json["Message"].as_str().unwrap_or_default();
            let event = serde_json::from_str(message).map_err(|_| MailReportError::NotSes)?;
            events(&event).ok_or(MailReportError::NotSes)
        }
        _ => events(json).ok_or(MailReportError::Unknown),
    }
}

/// What one event says about each of its recipients.
fn events(event: &Value) -> Option<MailReport> {
    let kind = said(event, "eventType").or_else(|| said(event, "notificationType"))?;
    let mail = event.get("mail")?;
    let (part, list) = match kind.as_str() {
        "Bounce" => ("bounce", "bouncedRecipients"),
        "Complaint" => ("complaint", "complainedRecipients"),
        "Delivery" => ("delivery", "recipients"),
        "DeliveryDelay" => ("deliveryDelay", "delayedRecipients"),
        "Reject" => ("reject", ""),
        "Rendering Failure" => ("failure", ""),
        "Open" => ("open", ""),
        "Click" => ("click", ""),
        "Subscription" => ("subscription", ""),
        _ => ("send", ""),
    };
    let part = &event[part];
    let recipients = part[list].as_array().or(mail["destination"].as_array());
    let delivery_id = delivery_of(mail);
    let at = match &part["timestamp"] {
        Value::Null => mail["timestamp"].clone(),
        at => at.clone(),
    };
    let events = recipients.into_iter().flatten().filter_map(|recipient| {
        let address = match recipient {
            Value::String(address) => address.clone(),
            object => text(object, "emailAddress"),
        };
        let (mark, reason, words) = meaning(&kind, part, recipient)?;
        Some(MailEvent {
            delivery_id: delivery_id.clone(),
            key: format!("ses:{}:{mark}:{address}:{at}", text(mail, "messageId")),
            recipient: Some(address).filter(|address| !address.is_empty()),
            mark,
            reason,
            words,
            href: said(part, "link"),
            at: at.clone(),
        })
    });
    Some(MailReport::Events(events.collect()))
}

fn meaning(kind: &str, part: &Value, recipient: &Value) -> Option<(Mark, Option<Reason>, String)> {
    let words = || {
        let said = [text(recipient, "status"), text(recipient, "diagnosticCode")];
        said.join(" ").trim().to_owned()
    };
    Some(match kind {
        "Send" => (Mark::Sent, None, String::new()),
        "Delivery" => (Mark::Delivered, None, text(part, "smtpResponse")),
        "DeliveryDelay" => {
            let reason = match part["delayType"].as_str() {
                Some("MailboxFull") => Reason::MailboxFull,
                Some("SpamDetected") => Reason::ContentFiltered,
                _ => Reason::DeferredUnknown,
            };
            (Mark::Deferred, Some(reason), words())
        }
        "Bounce" => {
            let (mark, reason) = bounce(part, &words());
            (mark, Some(reason), words())
        }
        "Complaint" => (
            Mark::Spammed,
            Some(Reason::Complaint),
            text(part, "complaintFeedbackType"),
        ),
        "Reject" => (
            Mark::Bounced,
            Some(Reason::ContentFiltered),
            text(part, "reason"),
        ),
        "Rendering Failure" => (
            Mark::Bounced,
            Some(Reason::RenderError),
            text(part, "errorMessage"),
        ),
        "Open" => (Mark::Opened, None, String::new()),
        "Click" => (Mark::Clicked, None, String::new()),
        // One topic of SES's own lists is none of ours; leaving all of them is leaving.
        "Subscription" if part["newTopicPreferences"]["unsubscribeAll"] == true => {
            (Mark::Unsubscribed, Some(Reason::OptedOut), String::new())
        }
        _ => return None,
    })
}

fn bounce(part: &Value, words: &str) -> (Mark, Reason) {
    let kind = part["bounceType"].as_str().unwrap_or_default();
    let sub = part["bounceSubType"].as_str().unwrap_or_default();
    match (kind, sub) {
        (_, "Suppressed" | "OnAccountSuppressionList") => {
            (Mark::Dropped, Reason::AddressSuppressed)
        }
        (_, "UnsubscribedRecipient") => (Mark::Dropped, Reason::RecipientOptedOut),
        (_, "MailboxFull") => (Mark::Bounced, Reason::MailboxFull),
        (_, "MessageTooLarge") => (Mark::Bounced, Reason::PayloadTooLarge),
        (_, "ContentRejected" | "AttachmentRejected") => (Mark::Bounced, Reason::ContentFiltered),
        ("Permanent", _) => (Mark::Bounced, hard(words)),
        _ => (Mark::Bounced, soft(words)),
    }
}

/// SES writes another `Message-ID` into the mail, and tells the one that came with it.
fn delivery_of(mail: &Value) -> Option<String> {
    let headers = mail["headers"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .filter_map(|header| Some((header["name"].as_str()?, header["value"].as_str()?)))
        .collect();
    let by_headers = of_headers(&headers);
    by_headers.or_else(|| of_message_id(mail["commonHeaders"]["messageId"].as_str()?))
}
