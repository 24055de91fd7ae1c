//! Parts that a text is cut into: GSM 03.38 at 160 or 153 septets, UCS-2 at 70 or 67 units
//! (providers.md 5.1).

/// Characters of the GSM alphabet that take one septet, beside ASCII letters and digits.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Characters that take two septets.
const GSM_ESCAPED: &str = "^{}\\[~]|€\u{c}";

/// The number of parts of a text; an empty one has one.
pub fn segments(text: &str) -> usize {
    let septets: Option<usize> = text.chars().map(gsm).sum();
    let (units, whole, part) = match septets {
        Some(septets) => (septets, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if units <= whole {
        1
    } else {
        units.div_ceil(part)
    }
}

/// Septets of a character, if GSM has it.
fn gsm(one: char) -> Option<usize> {
    if one.is_ascii_alphanumeric() || GSM.contains(one) {
        Some(1)
    } else if GSM_ESCAPED.contains(one) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_in_their_alphabet() {
        for (text, parts) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ç".repeat(70), 1),
            ("ç".repeat(71), 2),
            ("👋".repeat(35), 1),
            ("👋".repeat(36), 2),
        ] {
            assert_eq!(segments(&text), parts, "{text}");
        }
    }
}
