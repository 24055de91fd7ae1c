//! Files that go with a message.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, SinglePart};

/// Most bytes of all files of one message together, before they are encoded (app-api.md 2.3).
pub const BYTES_MAX: usize = 2 << 20;

/// Base64 with padding or without: clients differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Types by the ending of the file's name; everything else is `application/octet-stream`.
const TYPES: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("gif", "image/gif"),
    ("html", "text/html"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("pdf", "application/pdf"),
    ("pkpass", "application/vnd.apple.pkpass"),
    ("png", "image/png"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("webp", "image/webp"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// The files of a message cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AttachmentError {
    /// Together they are larger than a message may be.
    #[error("the attachments have more than {BYTES_MAX} bytes")]
    TooLarge,
    /// One of them is not encoded as it must be.
    #[error("the attachment `{0}` is not valid base64")]
    Encoding(String),
    /// One of them has no name.
    #[error("an attachment has no file name")]
    Name,
}

/// The parts of a message that its files make up, in the order of their names.
pub(super) fn parts(files: &BTreeMap<String, String>) -> Result<Vec<SinglePart>, AttachmentError> {
    let mut left = BYTES_MAX;
    let mut parts = Vec::with_capacity(files.len());
    for (name, encoded) in files {
        let shown = file_name(name).ok_or(AttachmentError::Name)?;
        // Three bytes are four characters: what cannot fit is not decoded.
        if encoded.len() / 4 > left {
            return Err(AttachmentError::TooLarge);
        }
        let packed: String = encoded.split_ascii_whitespace().collect();
        let bytes = BASE64
            .decode(packed)
            .map_err(|_| AttachmentError::Encoding(name.clone()))?;
        left = left
            .checked_sub(bytes.len())
            .ok_or(AttachmentError::TooLarge)?;
        // Nothing in a file may be taken for lines of the mail, not even when it is text.
        let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
            .expect("every content can be written in base64");
        parts.push(Attachment::new(shown.clone()).body(body, content_type(&shown)));
    }
    Ok(parts)
}

/// The name without what would be a path or break a header.
fn file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn content_type(name: &str) -> ContentType {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let found = TYPES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(ending));
    let text = found.map_or("application/octet-stream", |(_, kind)| kind);
    ContentType::parse(text).expect("the types of the table are well-formed")
}
