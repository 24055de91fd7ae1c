//! Names of messages that came from elsewhere: in what they depart from the convention
//! `Journey | Step | Delay | Intent`, and what they probably mean.

#[cfg(test)]
mod tests;

use landfall_domain::naming::{Breach, MessageName, Part};

use crate::definition::{Definition, Naming};

/// What is wrong with a name, and how it would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name as it is.
    pub name: String,
    /// In what it departs from the convention.
    pub breaches: Vec<Breach>,
    /// What it probably means. Parts that nobody can guess are `-`.
    pub repair: String,
    /// The parts that a human has to fill in; empty: the repair follows the convention.
    pub unknown: Vec<Part>,
}

/// What people put between parts, the likeliest first.
const SEPARATORS: [&str; 11] = [
    "|", " - ", " – ", " — ", " / ", " > ", ": ", ";", "_", "/", "-",
];
/// Words for channels, with how the convention writes them.
const CHANNELS: [(&str, &str); 15] = [
    ("push", "Push"),
    ("web push", "Push"),
    ("notification", "Push"),
    ("sms", "SMS"),
    ("text", "SMS"),
    ("email", "Mail"),
    ("e-mail", "Mail"),
    ("mail", "Mail"),
    ("slack", "Slack"),
    ("webhook", "Webhook"),
    ("whatsapp", "WhatsApp"),
    ("in-app", "In-app"),
    ("in app", "In-app"),
    ("inbox", "Inbox"),
    ("step", "Step"),
];
/// Words before or after a delay that say nothing more.
const FILLERS: [&str; 7] = ["after ", "wait ", "in ", "t+", "+", "~", "delay "];

/// Looks at a name; `None`: it follows the convention. `journey` is what the journey is called, where that
/// is known.
pub fn lint(name: &str, journey: Option<&str>) -> Option<Finding> {
    let breaches = MessageName::check(name);
    if breaches.is_empty() {
        return None;
    }
    let repaired = repair(name, journey);
    let unknown = Part::ALL.iter().copied();
    let unknown = unknown
        .filter(|part| repaired.part(*part).is_none())
        .collect();
    let part = |part: Part| repaired.part(part).unwrap_or("-");
    let parts = Part::ALL.iter().map(|which| part(*which));
    Some(Finding {
        name: name.to_owned(),
        breaches,
        repair: parts.collect::<Vec<&str>>().join(" | "),
        unknown,
    })
}

/// The parts of a name, as far as they can be told apart.
fn repair(name: &str, journey: Option<&str>) -> MessageName {
    let mut words = pieces(name);
    let known = journey.and_then(|journey| {
        let found = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case(journey));
        found.map(|place| words.remove(place))
    });
    let delay = take(&mut words, delay);
    let step = take(&mut words, step);
    let journey = known.or_else(|| journey.map(str::to_owned));
    // Without anybody who knows it, the first of several remaining pieces is the journey.
    let journey = journey.or_else(|| (words.len() > 1).then(|| words.remove(0)));
    let intent = words.join(", ");
    MessageName::new([
        journey.as_deref().unwrap_or_default(),
        step.as_deref().unwrap_or_default(),
        delay.as_deref().unwrap_or_default(),
        &intent,
    ])
}

/// The name in pieces, by the separator that makes most of them.
fn pieces(name: &str) -> Vec<String> {
    let split = |separator: &str| -> Vec<String> {
        let pieces = name.split(separator).map(str::trim);
        pieces
            .filter(|piece| !piece.is_empty() && *piece != "-")
            .map(str::to_owned)
            .collect()
    };
    // The convention's own separator says what is meant, however many there are.
    if name.contains('|') {
        return split("|");
    }
    let mut best = vec![name.trim().to_owned()];
    for separator in SEPARATORS {
        let pieces = split(separator);
        // Hyphens within words are no separators unless they make a whole name.
        let enough = if matches!(separator, "-" | "/") { 3 } else { 2 };
        if pieces.len() >= enough && pieces.len() > best.len() {
            best = pieces;
        }
    }
    best
}

/// Takes the first piece that reads as something, in the form of the convention.
fn take(words: &mut Vec<String>, read: fn(&str) -> Option<String>) -> Option<String> {
    let (place, found) = words
        .iter()
        .enumerate()
        .find_map(|(place, word)| read(word).map(|found| (place, found)))?;
    words.remove(place);
    Some(found)
}

/// A step, such as `push #2` or `Email2`, as `Push 2`.
fn step(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let (channel, name) = CHANNELS
        .iter()
        .filter(|(channel, _)| lower.starts_with(channel))
        .max_by_key(|(channel, _)| channel.len())?;
    let rest = lower[channel.len()..].trim_matches(|c: char| " #.-_".contains(c));
    let rest = rest
        .strip_prefix("no")
        .unwrap_or(rest)
        .trim_matches([' ', '.']);
    let number = if rest.is_empty() { "1" } else { rest };
    let numeric = number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    numeric.then(|| format!("{name} {number}"))
}

/// A delay, such as `after 2 days`, `Day 3` or `24hrs`, as `2d`, `3d`, `24h`.
fn delay(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let mut text = lower.trim();
    for filler in FILLERS {
        text = text.strip_prefix(filler).unwrap_or(text).trim();
    }
    text = text
        .strip_suffix(" later")
        .or(text.strip_suffix(" delay"))
        .unwrap_or(text);
    if matches!(
        text,
        "0" | "now" | "immediate" | "immediately" | "instant" | "instantly" | "at once"
    ) {
        return Some("now".to_owned());
    }
    for (unit, letter) in [("day", "d"), ("hour", "h"), ("week", "w")] {
        let rest = text.strip_prefix(unit).map(str::trim);
        if let Some(number) = rest.filter(|rest| is_number(rest)) {
            return Some(format!("{number}{letter}"));
        }
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let letter = match unit.trim() {
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "wk" | "wks" | "week" | "weeks" => "w",
        _ => return None,
    };
    is_number(number).then(|| format!("{number}{letter}"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Definition {
    /// The journey under another name. Its id and the ids of its steps stay, so numbers and statistics
    /// stay; the name that its messages had becomes an alias.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Self {
        let former = self.naming_part().to_owned();
        let mut aliases = self.naming.aliases.clone();
        aliases.retain(|alias| alias != name);
        if former != name && !aliases.contains(&former) {
            aliases.push(former);
        }
        Self {
            name: name.to_owned(),
            naming: Naming {
                journey: None,
                aliases,
            },
            ..self.clone()
        }
    }

    /// Whether the journey is or was called so; capitals do not matter.
    pub fn is_called(&self, name: &str) -> bool {
        let own = [self.id.as_str(), self.name.as_str(), self.naming_part()];
        let aliases = self.naming.aliases.iter().map(String::as_str);
        own.into_iter()
            .chain(aliases)
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}
