//! Headers that a message brings itself, and those that we owe (providers.md 6.2).

#[cfg(test)]
mod tests;

use lettre::message::header::{HeaderName, HeaderValue};
use reqwest::Url;

use crate::Outgoing;

/// Names the delivery; bounces quote it.
pub(super) const DELIVERY: &str = "X-Landfall-Delivery-ID";
/// Under which name Postmark keeps the delivery with the mail and tells it with every event.
pub(super) const POSTMARK_KEY: &str = "landfall-delivery";
/// What Gmail's statistics are grouped by.
pub(super) const FEEDBACK: &str = "Feedback-ID";
/// Who sends, as the last and only mandatory part of [`FEEDBACK`]: 5 to 15 characters.
const FEEDBACK_SENDER: &str = "landfall";
/// Longest label that becomes a part of it.
const FEEDBACK_LABEL_MAX: usize = 50;
/// Longest value that is written without being folded: a line has at most 998 characters (RFC 5322
/// section 2.1.1).
const UNFOLDED_MAX: usize = 900;
/// Longest value of a message's own header, in bytes.
const VALUE_BYTES_MAX: usize = 8_000;

/// Headers that make up the message or its way; what of them a message may say has a field of its own.
const RESERVED: &[&str] = &[
    "bcc",
    "cc",
    "date",
    "dkim-signature",
    "from",
    "message-id",
    "mime-version",
    "received",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
    "x-landfall-delivery-id",
];
/// The same for all headers that begin so.
const RESERVED_PREFIXES: &[&str] = &["content-", "resent-", "arc-"];

/// A header cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    /// It belongs to the message itself.
    #[error("the header `{0}` cannot be set: use the message's own field, if it has one")]
    Reserved(String),
    /// The name has characters that none may have.
    #[error("`{0}` is no name of a header")]
    Name(String),
    /// The value has a line break or another control character, or is too long.
    #[error("the header `{0}` has a line break or control character in its value, or is too long")]
    Value(String),
    /// Where to unsubscribe is no address.
    #[error("the address for unsubscribing must be a URL that begins with https:// or http://")]
    Unsubscribe,
}

/// A header that the message brings. One that could add another header, or change what the message is
/// or whom it comes from, is refused rather than repaired.
pub(super) fn own(name: &str, value: &str) -> Result<HeaderValue, HeaderError> {
    let (name, value) = (name.trim(), value.trim());
    let lower = name.to_ascii_lowercase();
    let reserved = RESERVED.contains(&lower.as_str())
        || RESERVED_PREFIXES
            .iter()
            .any(|start| lower.starts_with(start));
    if reserved {
        return Err(HeaderError::Reserved(name.to_owned()));
    }
    // Printable ASCII without the colon (RFC 5322 section 2.2).
    let printable = name
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b':');
    let header = HeaderName::new_from_ascii(name.to_owned());
    let header = header
        .ok()
        .filter(|_| printable)
        .ok_or_else(|| HeaderError::Name(name.to_owned()))?;
    if value.chars().any(char::is_control) || value.len() > VALUE_BYTES_MAX {
        return Err(HeaderError::Value(name.to_owned()));
    }
    Ok(HeaderValue::new(header, value.to_owned()))
}

/// `List-Unsubscribe`, and `List-Unsubscribe-Post` where one click may do it: that needs HTTPS
/// (RFC 8058 section 3.1).
pub(super) fn unsubscribe(address: &str) -> Result<Vec<HeaderValue>, HeaderError> {
    let url = Url::parse(address.trim()).map_err(|_| HeaderError::Unsubscribe)?;
    let one_click = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(HeaderError::Unsubscribe),
    };
    // The parser has encoded spaces, line breaks and angle brackets.
    let value = format!("<{url}>");
    if value.len() > UNFOLDED_MAX || !is_plain(&value[1..value.len() - 1]) {
        return Err(HeaderError::Unsubscribe);
    }
    let mut headers = vec![exactly("List-Unsubscribe", value)];
    if one_click {
        let post = "List-Unsubscribe=One-Click".to_owned();
        headers.push(exactly("List-Unsubscribe-Post", post));
    }
    Ok(headers)
}

fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
}

/// Under which Gmail counts complaints: journey and step where they are known, the channel, and us.
pub(super) fn feedback(outgoing: &Outgoing) -> HeaderValue {
    let label = outgoing.analytics_label.as_deref().unwrap_or_default();
    let label: String = label
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '~' | '%' => c,
            _ => '_',
        })
        .take(FEEDBACK_LABEL_MAX)
        .collect();
    let value = match label.as_str() {
        "" => format!("email:{FEEDBACK_SENDER}"),
        label => format!("{label}:email:{FEEDBACK_SENDER}"),
    };
    exactly(FEEDBACK, value)
}

/// Which delivery it is.
pub(super) fn delivery(outgoing: &Outgoing) -> HeaderValue {
    exactly(DELIVERY, escaped(&outgoing.delivery_id))
}

/// The header by which Postmark learns the delivery.
pub(super) fn for_postmark(delivery_id: &str) -> (String, String) {
    (
        format!("X-PM-Metadata-{POSTMARK_KEY}"),
        escaped(delivery_id),
    )
}

/// `Message-ID`, the same for every copy and every try of a delivery: what gets through twice is shown
/// once. The domain is the sender's.
pub(super) fn message_id(outgoing: &Outgoing, domain: &str) -> HeaderValue {
    let left = escaped(&outgoing.delivery_id);
    exactly("Message-ID", format!("<{left}@{domain}>"))
}

/// A value of our own making: it must stand there as it is, neither folded nor encoded.
fn exactly(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// An id in the characters that the left side of a `Message-ID` may have (RFC 5322 section 3.2.3), the
/// others as `%` and two digits.
fn escaped(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'=' | b'+' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
