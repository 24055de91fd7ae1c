//! Postmark: one event in each call (providers.md 6.4).

use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::Value;

use super::super::headers::POSTMARK_KEY;
use super::{MailEvent, hard, said, soft, text, unescaped};

/// What an event says; `None` for one that says nothing that we keep.
pub(super) fn event(event: &Value) -> Option<MailEvent> {
    let record = event["RecordType"].as_str()?;
    let (mark, reason) = meaning(record, event)?;
    let recipient = said(event, "Recipient").or_else(|| said(event, "Email"));
    let times = ["DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"];
    let at = times.iter().map(|name| &event[*name]);
    let at = at.into_iter().find(|at| !at.is_null()).cloned();
    let at = at.unwrap_or_default();
    let words = [text(event, "Details"), text(event, "Description")];
    let address = recipient.clone().unwrap_or_default();
    Some(MailEvent {
        delivery_id: unescaped(event["Metadata"][POSTMARK_KEY].as_str().unwrap_or_default()),
        key: format!(
            "postmark:{}:{record}:{mark}:{address}:{at}",
            text(event, "MessageID")
        ),
        recipient,
        mark,
        reason,
        words: words
            .into_iter()
            .find(|words| !words.is_empty())
            .unwrap_or_default(),
        href: said(event, "OriginalLink"),
        at,
    })
}

fn meaning(record: &str, event: &Value) -> Option<(Mark, Option<Reason>)> {
    Some(match record {
        "Delivery" => (Mark::Delivered, None),
        "Bounce" => bounce(event)?,
        "SpamComplaint" => (Mark::Spammed, Some(Reason::Complaint)),
        "Open" => (Mark::Opened, None),
        "Click" => (Mark::Clicked, None),
        // Bounces and complaints that end a subscription come as events of their own.
        "SubscriptionChange"
            if event["SuppressSending"] == true
                && event["SuppressionReason"] == "ManualSuppression" =>
        {
            (Mark::Unsubscribed, Some(Reason::OptedOut))
        }
        _ => return None,
    })
}

fn bounce(event: &Value) -> Option<(Mark, Option<Reason>)> {
    let details = text(event, "Details");
    let (mark, reason) = match event["TypeCode"].as_u64()? {
        // HardBounce, BadEmailAddress.
        1 | 100_000 => (Mark::Bounced, hard(&details)),
        // Transient, DnsError.
        2 | 256 => (Mark::Deferred, Reason::DeferredUnknown),
        // SoftBounce.
        4_096 => (Mark::Bounced, soft(&details)),
        // SpamNotification, VirusNotification, Blocked, DMARCPolicy.
        512 | 8_192 | 100_006 | 100_009 => (Mark::Bounced, Reason::ContentFiltered),
        // SpamComplaint.
        100_001 => (Mark::Spammed, Reason::Complaint),
        // ManuallyDeactivated.
        100_002 => (Mark::Dropped, Reason::AddressSuppressed),
        // SMTPApiError.
        100_007 => (Mark::Bounced, Reason::PayloadInvalid),
        // TemplateRenderingFailed.
        100_010 => (Mark::Bounced, Reason::RenderError),
        // Automatic answers, changes of address, challenges, and what nobody knows.
        _ => return None,
    };
    Some((mark, Some(reason)))
}
