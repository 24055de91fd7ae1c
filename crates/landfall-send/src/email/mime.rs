//! The message as it is handed over: RFC 5322 and MIME, made by lettre.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use landfall_domain::content::EmailContent;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message, MessageBuilder, MultiPart, SinglePart};

use super::addresses::{AddressError, mailbox, mailboxes};
use super::attachments::{self, AttachmentError};
use super::headers::{self, HeaderError};
use super::html::with_preheader;
use super::plain_text::plain_text;
use crate::Outgoing;

/// A message, ready to be handed over.
#[derive(Debug)]
pub(super) struct Mail {
    /// Sender of the envelope.
    pub(super) from: Address,
    /// The one recipient of the envelope.
    pub(super) to: Address,
    /// Headers and body, lines ended by CRLF.
    pub(super) bytes: Vec<u8>,
}

/// A message cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MailError {
    /// Neither the message nor the credential says whom it is from.
    #[error("nobody is named as the sender; set `from` in the message or in the credential")]
    NoSender,
    /// There is no address to send to.
    #[error("there is no address to send to")]
    NoRecipient,
    /// What it is sent to is not one address.
    #[error("{0}; each recipient is a delivery's target of its own")]
    Recipient(AddressError),
    /// A list of addresses is malformed.
    #[error("{field}: {error}")]
    Addresses {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        error: AddressError,
    },
    /// It says nothing.
    #[error("the message has neither HTML nor plain text")]
    Empty,
    /// A header is not possible.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A file is not possible.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// The parts do not make a message.
    #[error("the message could not be put together: {0}")]
    Assembly(String),
}

impl MailError {
    /// The reason to report.
    pub(super) const fn reason(&self) -> Reason {
        match self {
            Self::NoSender => Reason::ProviderConfig,
            Self::NoRecipient => Reason::NoAddress,
            Self::Recipient(_) => Reason::RecipientInvalid,
            Self::Attachment(AttachmentError::TooLarge) => Reason::PayloadTooLarge,
            Self::Assembly(_) => Reason::SenderBug,
            Self::Addresses { .. } | Self::Empty | Self::Header(_) | Self::Attachment(_) => {
                Reason::PayloadInvalid
            }
        }
    }
}

/// Builds the message for the one address that `outgoing` goes to. The same arguments always give the
/// same bytes.
pub(super) fn built(
    outgoing: &Outgoing,
    content: &EmailContent,
    usual_from: Option<&str>,
    now: Timestamp,
) -> Result<Mail, MailError> {
    let to = recipient(outgoing, content)?;
    let from = sender(content, usual_from)?;
    let domain = from.email.domain().to_owned();
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.email.clone()])
        .map_err(|error| MailError::Assembly(error.to_string()))?;
    let mut builder = Message::builder()
        .envelope(envelope)
        .from(from.clone())
        .date(system_time(now))
        .raw_header(headers::message_id(outgoing, &domain))
        .raw_header(headers::delivery(outgoing))
        .subject(subject(content, &to.email)?);
    builder = with_addresses(builder, content, &to)?;
    builder = with_headers(builder, outgoing, content)?;
    let mut boundaries = Boundaries::of(outgoing);
    let body = Body::of(content, &mut boundaries)?;
    let message = body.join(builder, content, &mut boundaries)?;
    Ok(Mail {
        from: from.email,
        to: to.email,
        bytes: message.formatted(),
    })
}

fn recipient(outgoing: &Outgoing, content: &EmailContent) -> Result<Mailbox, MailError> {
    let text = match &outgoing.to {
        crate::Address::Email(address) => address.as_str(),
        crate::Address::Configured => content.to.as_deref().unwrap_or_default(),
        crate::Address::Device { .. } | crate::Address::Phone(_) => "",
    };
    if text.trim().is_empty() {
        return Err(MailError::NoRecipient);
    }
    mailbox(text).map_err(MailError::Recipient)
}

fn sender(content: &EmailContent, usual: Option<&str>) -> Result<Mailbox, MailError> {
    let own = content
        .from
        .as_deref()
        .filter(|from| !from.trim().is_empty());
    let from = own.or(usual).ok_or(MailError::NoSender)?;
    let field = "from";
    mailbox(from).map_err(|error| MailError::Addresses { field, error })
}

/// Whom it is for stands in the subject of a copy that only looks like a blind one (app-api.md 2.3).
fn subject(content: &EmailContent, to: &Address) -> Result<String, MailError> {
    let subject = content.subject.as_deref().unwrap_or_default();
    let subject: String = subject
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let subject = subject.trim();
    let is_recipient = |list: &[Mailbox]| list.iter().any(|mailbox| mailbox.email == *to);
    let open = listed("to", content.to.as_deref())?;
    let hidden = content.fake_bcc && is_recipient(&listed("bcc", content.bcc.as_deref())?);
    if !hidden || is_recipient(&open) {
        return Ok(subject.to_owned());
    }
    let names: Vec<String> = open.iter().map(|m| m.email.to_string()).collect();
    Ok(format!("[{}] {subject}", names.join(", ")))
}

/// The addresses of a field; one that is not there has none.
fn listed(field: &'static str, list: Option<&str>) -> Result<Vec<Mailbox>, MailError> {
    mailboxes(list.unwrap_or_default()).map_err(|error| MailError::Addresses { field, error })
}

/// What everybody sees of the addresses. Those of `bcc` stand nowhere.
fn with_addresses(
    mut builder: MessageBuilder,
    content: &EmailContent,
    recipient: &Mailbox,
) -> Result<MessageBuilder, MailError> {
    let mut to = listed("to", content.to.as_deref())?;
    if to.is_empty() {
        to.push(recipient.clone());
    }
    for mailbox in to {
        builder = builder.to(mailbox);
    }
    for mailbox in listed("cc", content.cc.as_deref())? {
        builder = builder.cc(mailbox);
    }
    for mailbox in listed("reply_to", content.reply_to.as_deref())? {
        builder = builder.reply_to(mailbox);
    }
    Ok(builder)
}

/// Ours first, so that a message may bring its own in their place.
fn with_headers(
    mut builder: MessageBuilder,
    outgoing: &Outgoing,
    content: &EmailContent,
) -> Result<MessageBuilder, MailError> {
    builder = builder.raw_header(headers::feedback(outgoing));
    for (name, value) in &content.headers {
        builder = builder.raw_header(headers::own(name, value)?);
    }
    if let Some(address) = &content.unsubscribe_url {
        for header in headers::unsubscribe(address)? {
            builder = builder.raw_header(header);
        }
    }
    Ok(builder)
}

/// The readable part of a message: one text, or several of which the reader's program chooses the last
/// that it understands.
enum Body {
    One(SinglePart),
    Several(MultiPart),
}

impl Body {
    fn of(content: &EmailContent, boundaries: &mut Boundaries) -> Result<Self, MailError> {
        let given = |text: &Option<String>| {
            let text = text.as_deref().filter(|text| !text.trim().is_empty());
            text.map(lines)
        };
        let plain = given(&content.body_plain);
        let html = given(&content.body);
        let Some(html) = html else {
            let plain = plain.ok_or(MailError::Empty)?;
            return Ok(Self::One(SinglePart::plain(plain)));
        };
        let plain = plain.unwrap_or_else(|| plain_text(&html));
        let html = match given(&content.preheader) {
            Some(preheader) => with_preheader(&html, preheader.trim()),
            None => html,
        };
        let mut parts = MultiPart::alternative()
            .boundary(boundaries.next())
            .singlepart(SinglePart::plain(plain));
        if let Some(amp) = given(&content.body_amp) {
            parts = parts.singlepart(SinglePart::builder().header(amp_type()).body(amp));
        }
        Ok(Self::Several(parts.singlepart(SinglePart::html(html))))
    }

    /// The whole message, with its files.
    fn join(
        self,
        builder: MessageBuilder,
        content: &EmailContent,
        boundaries: &mut Boundaries,
    ) -> Result<Message, MailError> {
        let files = attachments::parts(&content.attachments)?;
        let message = if files.is_empty() {
            match self {
                Self::One(part) => builder.singlepart(part),
                Self::Several(parts) => builder.multipart(parts),
            }
        } else {
            let mixed = MultiPart::mixed().boundary(boundaries.next());
            let mixed = match self {
                Self::One(part) => mixed.singlepart(part),
                Self::Several(parts) => mixed.multipart(parts),
            };
            builder.multipart(files.into_iter().fold(mixed, MultiPart::singlepart))
        };
        message.map_err(|error| MailError::Assembly(error.to_string()))
    }
}

/// The text with line ends of one kind: a lone CR or LF could be taken for the end of a line by one
/// relay and not by the next.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "")
}

fn amp_type() -> ContentType {
    ContentType::parse("text/x-amp-html; charset=utf-8").expect("the type is well-formed")
}

/// What divides the parts of one message. It must not occur in them, so it depends on the attempt's id,
/// which nobody who writes a message can know.
struct Boundaries {
    seed: String,
    given: u8,
}

impl Boundaries {
    fn of(outgoing: &Outgoing) -> Self {
        let Outgoing {
            attempt_id,
            delivery_id,
            ..
        } = outgoing;
        Self {
            seed: format!("{attempt_id}/{delivery_id}"),
            given: 0,
        }
    }

    fn next(&mut self) -> String {
        self.given += 1;
        let text = format!("{}/{}", self.given, self.seed);
        let hash = digest(&SHA256, text.as_bytes());
        let digits = |byte: &u8| format!("{byte:02x}");
        hash.as_ref().iter().take(20).map(digits).collect()
    }
}

/// The same instant as the standard library has it; before 1970 is 1970.
fn system_time(at: Timestamp) -> SystemTime {
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}
