//! SendGrid: the event webhook, a list of events (providers.md 6.4).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::Value;

use super::{MailEvent, hard, of_message_id, said, soft, text};

/// What the DER form of a P-256 public key begins with (RFC 5480): its point follows, of this length.
const POINT_BYTES: usize = 65;
const DER_BYTES: usize = 91;

/// What one event says; `None` for one that says nothing about a mail of ours.
pub(super) fn event(event: &Value) -> Option<MailEvent> {
    let (mark, reason, words) = meaning(event)?;
    let message = text(event, "sg_message_id");
    let at = event["timestamp"].clone();
    let recipient = said(event, "email");
    let key = said(event, "sg_event_id").unwrap_or_else(|| {
        let address = recipient.as_deref().unwrap_or_default();
        format!("{message}:{mark}:{address}:{at}")
    });
    Some(MailEvent {
        delivery_id: of_message_id(event["smtp-id"].as_str().unwrap_or_default()),
        recipient,
        mark,
        reason,
        words,
        href: said(event, "url"),
        at,
        key: format!("sendgrid:{key}"),
    })
}

fn meaning(event: &Value) -> Option<(Mark, Option<Reason>, String)> {
    let reason = text(event, "reason");
    // The code in its own field, unless the words have it too.
    let words = match said(event, "status") {
        Some(status) if !reason.contains(&status) => format!("{status} {reason}").trim().to_owned(),
        _ => reason,
    };
    Some(match event["event"].as_str()? {
        "processed" => (Mark::Sent, None, String::new()),
        "delivered" => (Mark::Delivered, None, text(event, "response")),
        "deferred" => {
            let words = said(event, "response").unwrap_or(words);
            (Mark::Deferred, Some(Reason::DeferredUnknown), words)
        }
        "bounce" if event["type"] == "blocked" => (Mark::Bounced, Some(soft(&words)), words),
        "bounce" => (Mark::Bounced, Some(hard(&words)), words),
        "dropped" => (Mark::Dropped, Some(dropped(&words)), words),
        "spamreport" => (Mark::Spammed, Some(Reason::Complaint), words),
        "unsubscribe" | "group_unsubscribe" => (Mark::Unsubscribed, Some(Reason::OptedOut), words),
        "open" if event["sg_machine_open"] == true => (Mark::PrefetchOpened, None, String::new()),
        "open" => (Mark::Opened, None, String::new()),
        "click" => (Mark::Clicked, None, String::new()),
        _ => return None,
    })
}

fn dropped(words: &str) -> Reason {
    let lower = words.to_lowercase();
    let says = |part: &str| lower.contains(part);
    if says("unsubscribed address") {
        Reason::RecipientOptedOut
    } else if says("invalid") {
        Reason::RecipientInvalid
    } else {
        // Bounced Address, Spam Reporting Address, and what comes after the reference was written.
        Reason::AddressSuppressed
    }
}

/// Whether a call was signed with SendGrid's key: ECDSA over time and body. `key` is the verification key as
/// SendGrid shows it, in base64.
pub fn is_signed(key: &str, timestamp: &str, body: &[u8], signature: &str) -> bool {
    let (Ok(der), Ok(signature)) = (STANDARD.decode(key.trim()), STANDARD.decode(signature)) else {
        return false;
    };
    if der.len() != DER_BYTES {
        return false;
    }
    let point = &der[DER_BYTES - POINT_BYTES..];
    let mut signed = timestamp.as_bytes().to_vec();
    signed.extend_from_slice(body);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    key.verify(&signed, &signature).is_ok()
}
