use super::*;

fn counted(text: &str) -> (Encoding, usize, usize) {
    let found = segments(text);
    (found.encoding, found.units, found.count)
}

#[test]
fn an_empty_text_is_no_message() {
    assert_eq!(counted(""), (Encoding::Gsm7, 0, 0));
}

#[test]
fn a_text_of_the_gsm_alphabet_has_160_characters_or_parts_of_153() {
    assert_eq!(counted("Grüße aus Köln"), (Encoding::Gsm7, 14, 1));
    assert_eq!(counted(&"a".repeat(160)), (Encoding::Gsm7, 160, 1));
    assert_eq!(counted(&"a".repeat(161)), (Encoding::Gsm7, 161, 2));
    assert_eq!(counted(&"a".repeat(306)), (Encoding::Gsm7, 306, 2));
    assert_eq!(counted(&"a".repeat(307)), (Encoding::Gsm7, 307, 3));
}

#[test]
fn characters_of_the_extension_cost_two() {
    assert_eq!(counted("5 €"), (Encoding::Gsm7, 4, 1));
    assert_eq!(counted(&"€".repeat(80)), (Encoding::Gsm7, 160, 1));
    assert_eq!(counted(&"€".repeat(81)), (Encoding::Gsm7, 162, 2));
}

#[test]
fn an_escaped_character_is_not_split_between_parts() {
    // 152 + 2 do not fit into 153: the part stays one short, and the rest needs a third.
    let text = format!("{}€{}", "a".repeat(152), "a".repeat(152));
    assert_eq!(counted(&text), (Encoding::Gsm7, 306, 3));
}

#[test]
fn one_character_outside_the_alphabet_makes_the_whole_text_ucs2() {
    assert_eq!(counted("ça va"), (Encoding::Ucs2, 5, 1));
    assert_eq!(counted(&"я".repeat(70)), (Encoding::Ucs2, 70, 1));
    assert_eq!(counted(&"я".repeat(71)), (Encoding::Ucs2, 71, 2));
    assert_eq!(counted(&"я".repeat(134)), (Encoding::Ucs2, 134, 2));
    assert_eq!(counted(&"я".repeat(135)), (Encoding::Ucs2, 135, 3));
}

#[test]
fn a_surrogate_pair_counts_two_and_is_not_split() {
    assert_eq!(counted("🙂"), (Encoding::Ucs2, 2, 1));
    assert_eq!(counted(&"🙂".repeat(35)), (Encoding::Ucs2, 70, 1));
    // 33 of them fill 66 of 67 units.
    assert_eq!(counted(&"🙂".repeat(67)), (Encoding::Ucs2, 134, 3));
}
