//! Addresses and lists of them, as people write them.

#[cfg(test)]
mod tests;

use landfall_domain::content::EmailContent;
use lettre::Address;
use lettre::message::{Mailbox, Mailboxes};
use reqwest::Url;

/// Most recipients of one message, `to`, `cc` and `bcc` together (app-api.md 2.3).
pub const RECIPIENTS_MAX: usize = 15;

/// Something is no address, or no list of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address.
    #[error("`{0}` is no e-mail address; write name@domain or Name <name@domain>")]
    Malformed(String),
    /// More recipients than one message may have.
    #[error("the message has {0} recipients, the most is {RECIPIENTS_MAX}")]
    TooMany(usize),
}

/// Everybody who gets a copy: `to`, then `cc`, then `bcc`, each address once, without names. Each is a
/// target of its own.
///
/// # Errors
/// When a list is malformed or there are too many; an empty list is none.
pub fn recipients(content: &EmailContent) -> Result<Vec<String>, AddressError> {
    let mut found: Vec<String> = Vec::new();
    for list in [&content.to, &content.cc, &content.bcc]
        .into_iter()
        .flatten()
    {
        for mailbox in mailboxes(list)? {
            let address = mailbox.email.to_string();
            if !found
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&address))
            {
                found.push(address);
            }
        }
    }
    if found.len() > RECIPIENTS_MAX {
        return Err(AddressError::TooMany(found.len()));
    }
    Ok(found)
}

/// One address, with a name or without.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, AddressError> {
    let mut found = mailboxes(text)?;
    match (found.pop(), found.is_empty()) {
        (Some(mailbox), true) => Ok(mailbox),
        _ => Err(AddressError::Malformed(text.trim().to_owned())),
    }
}

/// Addresses that are separated by commas.
pub(super) fn mailboxes(text: &str) -> Result<Vec<Mailbox>, AddressError> {
    // A line break in a header would begin another one; in a name it is nothing but space.
    let text: String = text.chars().map(spaced).collect();
    let text = text.trim().trim_end_matches(',').trim_end();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let malformed = || AddressError::Malformed(text.to_owned());
    let found: Mailboxes = text.parse().map_err(|_| malformed())?;
    found
        .into_iter()
        .map(|mailbox| {
            let email = encoded(mailbox.email).ok_or_else(malformed)?;
            Ok(Mailbox::new(mailbox.name, email))
        })
        .collect()
}

fn spaced(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}

/// The address with its domain as name servers know it, so that a domain outside ASCII needs nothing
/// of the relay.
fn encoded(address: Address) -> Option<Address> {
    if address.domain().is_ascii() {
        return Some(address);
    }
    let url = Url::parse(&format!("http://{}/", address.domain())).ok()?;
    Address::new(address.user(), url.host_str()?).ok()
}
