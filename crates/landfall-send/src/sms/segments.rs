//! How many parts a text message is sent (and billed) as.

#[cfg(test)]
mod tests;

/// The basic alphabet of GSM 03.38 without the escape character.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters of its extension table: each costs an escape too.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits for each character, for texts of the GSM 03.38 alphabet.
    Gsm7,
    /// Sixteen bits for each UTF-16 unit, for all others.
    Ucs2,
}

impl Encoding {
    /// Most units of a text that fits into one message: 160 or 70 (providers.md 5.1).
    pub const fn single_max(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Most units of one part of a longer text; the rest is the header that joins them: 153 or 67.
    pub const fn part_max(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How it is encoded.
    pub encoding: Encoding,
    /// Its length in units of the encoding: septets, or UTF-16 units.
    pub units: usize,
    /// Into how many parts it is split; zero for an empty text.
    pub count: usize,
}

/// Counts the parts of a text. Neither an escaped character nor a surrogate pair is split between two
/// parts, so that a part may stay one unit short.
pub fn segments(text: &str) -> Segments {
    match text.chars().map(septets).collect::<Option<Vec<usize>>>() {
        Some(widths) => count(Encoding::Gsm7, &widths),
        None => {
            let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
            count(Encoding::Ucs2, &widths)
        }
    }
}

/// How many septets a character takes; `None` when the alphabet does not have it.
fn septets(character: char) -> Option<usize> {
    if BASIC.contains(character) {
        return Some(1);
    }
    EXTENSION.contains(character).then_some(2)
}

fn count(encoding: Encoding, widths: &[usize]) -> Segments {
    let units = widths.iter().sum();
    let count = match units {
        0 => 0,
        units if units <= encoding.single_max() => 1,
        _ => parts(encoding.part_max(), widths),
    };
    Segments {
        encoding,
        units,
        count,
    }
}

fn parts(room: usize, widths: &[usize]) -> usize {
    let mut parts = 1;
    let mut used = 0;
    for &width in widths {
        if used + width > room {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    parts
}
