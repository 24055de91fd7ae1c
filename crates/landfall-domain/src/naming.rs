//! The naming convention of messages: `Journey | Step | Delay | Intent`, such as
//! `Cart Recovery | Push 1 | 1h | Remind`. Names that follow it can be searched and grouped by part.

#[cfg(test)]
mod tests;

use crate::channel::names;

/// What stands between the parts.
pub const SEPARATOR: char = '|';

names!(
    /// A part of a message's name, in order.
    Part {
        /// The journey.
        Journey = "journey",
        /// The step within it.
        Step = "step",
        /// How long after the trigger or the step before.
        Delay = "delay",
        /// What the message wants.
        Intent = "intent",
    }
);

/// A message's name, taken apart. Blank parts are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageName {
    parts: [Option<String>; 4],
}

/// What a name lacks to follow the convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Breach {
    /// A part is missing or blank.
    #[error("the name has no {0}: write it as `Journey | Step | Delay | Intent`")]
    Missing(Part),
    /// There are more than four parts.
    #[error("the name has {0} parts instead of four: the separator `|` cannot be part of a part")]
    TooManyParts(usize),
    /// The delay does not read as a duration.
    #[error("the delay is not one: write `0`, `now`, or a number with m, h, d or w, such as `30m`")]
    DelayUnreadable,
}

impl MessageName {
    /// Takes `name` apart. Never fails: blanks around parts do not count, missing parts are absent,
    /// and what follows a fourth separator belongs to the intent.
    pub fn parse(name: &str) -> Self {
        let mut rest = name.splitn(Part::ALL.len(), SEPARATOR);
        Self {
            parts: std::array::from_fn(|_| rest.next().and_then(tidy)),
        }
    }

    /// A name of the given parts, in order; blank ones are absent. A separator inside a part
    /// becomes `/`, so that the name reads back as it was made.
    pub fn new(parts: [&str; 4]) -> Self {
        Self {
            parts: parts.map(|part| tidy(&part.replace(SEPARATOR, "/"))),
        }
    }

    /// One part.
    pub fn part(&self, part: Part) -> Option<&str> {
        self.parts[part as usize].as_deref()
    }

    /// The delay in minutes: `0`, `now`, `immediately`, or a whole number with `m`, `min`, `h`, `d`
    /// or `w`. `None` when it is absent or does not read so.
    pub fn delay_minutes(&self) -> Option<u32> {
        minutes(self.part(Part::Delay)?)
    }

    /// Everything in which `name` departs from the convention; empty when it follows it.
    pub fn check(name: &str) -> Vec<Breach> {
        let parsed = Self::parse(name);
        let count = name.split(SEPARATOR).count();
        let mut breaches: Vec<Breach> = Part::ALL
            .iter()
            .filter(|part| parsed.part(**part).is_none())
            .map(|part| Breach::Missing(*part))
            .collect();
        if count > Part::ALL.len() {
            breaches.push(Breach::TooManyParts(count));
        }
        if parsed.part(Part::Delay).is_some() && parsed.delay_minutes().is_none() {
            breaches.push(Breach::DelayUnreadable);
        }
        breaches
    }
}

impl std::fmt::Display for MessageName {
    /// The canonical form: parts with one blank around each separator; trailing absent parts are
    /// left out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let used = self.parts.iter().rposition(Option::is_some);
        for (index, part) in self.parts[..used.map_or(0, |last| last + 1)]
            .iter()
            .enumerate()
        {
            if index > 0 {
                f.write_str(" | ")?;
            }
            f.write_str(part.as_deref().unwrap_or("-"))?;
        }
        Ok(())
    }
}

/// Without blanks around and double blanks within; nothing, and the dash that stands for nothing,
/// are absent.
fn tidy(part: &str) -> Option<String> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let tidy = words.join(" ");
    (!tidy.is_empty() && tidy != "-").then_some(tidy)
}

fn minutes(delay: &str) -> Option<u32> {
    let delay = delay.to_lowercase();
    if matches!(delay.as_str(), "0" | "now" | "immediately") {
        return Some(0);
    }
    let digits = delay.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = delay.split_at(digits);
    let factor = match unit.trim() {
        "m" | "min" | "minute" | "minutes" => 1,
        "h" | "hour" | "hours" => 60,
        "d" | "day" | "days" => 24 * 60,
        "w" | "week" | "weeks" => 7 * 24 * 60,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor)
}
