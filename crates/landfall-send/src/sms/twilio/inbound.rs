//! Text messages that people send to our number, as Twilio posts them.
//!
//! Twilio's standard keywords opt out and in, each alone in a message and in any case; where the account
//! defines its own, Twilio says in `OptOutType` what a message was taken for.

#[cfg(test)]
mod tests;

/// Words that end the messages from a number.
const STOP: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
/// Words that begin them again.
const START: [&str; 3] = ["START", "YES", "UNSTOP"];

/// A message from a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The message's id.
    pub message_sid: String,
    /// The person's number.
    pub from: String,
    /// Our number.
    pub to: String,
    /// What the message asks for, if it is a keyword.
    pub keyword: Option<Keyword>,
}

/// What a keyword asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
}

impl Inbound {
    /// The message in the fields of a form; `None` for a report about one of ours.
    pub fn read(fields: &[(String, String)]) -> Option<Self> {
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.trim())
        };
        // Reports carry a `MessageStatus` and no text.
        let body = field("Body").filter(|_| field("MessageStatus").is_none())?;
        let keyword = match field("OptOutType") {
            Some("STOP") => Some(Keyword::Stop),
            Some("START") => Some(Keyword::Start),
            Some("HELP") => None,
            _ => Keyword::of(body),
        };
        Some(Self {
            message_sid: field("MessageSid")?.to_owned(),
            from: field("From").filter(|from| !from.is_empty())?.to_owned(),
            to: field("To").unwrap_or_default().to_owned(),
            keyword,
        })
    }
}

impl Keyword {
    fn of(body: &str) -> Option<Self> {
        let is = |word: &&str| body.eq_ignore_ascii_case(word);
        if STOP.iter().any(is) {
            return Some(Self::Stop);
        }
        START.iter().any(is).then_some(Self::Start)
    }
}
