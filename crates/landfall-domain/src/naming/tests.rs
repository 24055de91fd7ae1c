use super::{Breach, MessageName, Part};

#[test]
fn parses_whatever_people_write() {
    for (name, parts) in [
        (
            "Cart Recovery | Push 1 | 1h | Remind",
            [
                Some("Cart Recovery"),
                Some("Push 1"),
                Some("1h"),
                Some("Remind"),
            ],
        ),
        (
            "Cart Recovery|Push 1|1h|Remind",
            [
                Some("Cart Recovery"),
                Some("Push 1"),
                Some("1h"),
                Some("Remind"),
            ],
        ),
        (
            "  Cart   Recovery |",
            [Some("Cart Recovery"), None, None, None],
        ),
        (
            "Win-back | | 3d",
            [Some("Win-back"), None, Some("3d"), None],
        ),
        (
            "Win-back | - | 3d",
            [Some("Win-back"), None, Some("3d"), None],
        ),
        ("Welcome push", [Some("Welcome push"), None, None, None]),
        ("", [None; 4]),
        ("|||", [None; 4]),
        ("a|b|c|d|e", [Some("a"), Some("b"), Some("c"), Some("d|e")]),
        (
            "Süße Grüße | Schritt",
            [Some("Süße Grüße"), Some("Schritt"), None, None],
        ),
    ] {
        let parsed = MessageName::parse(name);
        let found: Vec<_> = Part::ALL.iter().map(|part| parsed.part(*part)).collect();
        assert_eq!(found, parts, "{name}");
    }
}

#[test]
fn formats_canonically_and_reads_back() {
    let name = MessageName::new(["Cart  Recovery", "", "1h", "Remind | now"]);
    assert_eq!(name.to_string(), "Cart Recovery | - | 1h | Remind / now");
    assert_eq!(MessageName::parse(&name.to_string()), name);
    assert_eq!(MessageName::parse("A|B|").to_string(), "A | B");
    assert_eq!(MessageName::default().to_string(), "");
}

#[test]
fn names_what_is_wrong() {
    assert_eq!(
        MessageName::check("Cart Recovery | Push 1 | 1h | Remind"),
        []
    );
    assert_eq!(
        MessageName::check("Cart Recovery | Push 1"),
        [Breach::Missing(Part::Delay), Breach::Missing(Part::Intent)]
    );
    assert_eq!(
        MessageName::check("a | b | soon | d | e"),
        [Breach::TooManyParts(5), Breach::DelayUnreadable]
    );
    assert_eq!(
        Breach::Missing(Part::Intent).to_string(),
        "the name has no intent: write it as `Journey | Step | Delay | Intent`"
    );
}

#[test]
fn reads_delays() {
    for (delay, minutes) in [
        ("0", Some(0)),
        ("now", Some(0)),
        ("30m", Some(30)),
        ("1 h", Some(60)),
        ("24H", Some(1_440)),
        ("3 days", Some(4_320)),
        ("1w", Some(10_080)),
        ("15", None),
        ("h", None),
        ("1.5h", None),
        ("99999999999d", None),
    ] {
        let name = MessageName::new(["a", "b", delay, "d"]);
        assert_eq!(name.delay_minutes(), minutes, "{delay}");
    }
}

proptest::proptest! {
    #[test]
    fn formatting_is_stable(name in ".{0,60}") {
        let parsed = MessageName::parse(&name);
        let again = MessageName::parse(&parsed.to_string());
        proptest::prop_assert_eq!(&again, &parsed);
        proptest::prop_assert_eq!(again.to_string(), parsed.to_string());
    }
}
