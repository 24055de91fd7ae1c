use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    DURATION_MAX_MS, FAULTS_MAX, Faults, duration_text, nearest, parse_duration, read, read_text,
};

#[test]
fn durations_are_numbers_with_units() {
    for (text, expected) in [
        ("0", Some(0)),
        ("45s", Some(45_000)),
        ("30m", Some(1_800_000)),
        ("2h", Some(7_200_000)),
        ("7d", Some(604_800_000)),
        ("3w", Some(1_814_400_000)),
        (" 1d12h ", Some(129_600_000)),
        ("1h30m", Some(5_400_000)),
        ("3660d", Some(DURATION_MAX_MS)),
        ("3661d", None),
        ("30", None),
        ("", None),
        ("h", None),
        ("1h1h", None),
        ("30m1h", None),
        ("1.5h", None),
        ("-1h", None),
        ("1 h", None),
        ("99999999999999999999d", None),
        ("1y", None),
    ] {
        assert_eq!(parse_duration(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn a_duration_in_whole_seconds_reads_back(seconds in 0..=DURATION_MAX_MS / 1_000) {
        let millis = seconds * 1_000;
        prop_assert_eq!(parse_duration(&duration_text(millis)), Some(millis));
    }
}

#[test]
fn durations_are_written_with_few_units() {
    for (millis, text) in [
        (604_800_000, "7d"),
        (1_814_400_000, "3w"),
        (5_400_000, "1h30m"),
        (0, "0"),
    ] {
        assert_eq!(duration_text(millis), text);
    }
}

#[test]
fn the_nearest_word_is_a_near_one() {
    let known = ["attribute", "event", "within", "where"];
    for (word, expected) in [
        ("atribute", Some("attribute")),
        ("Event", Some("event")),
        ("wihtin", Some("within")),
        ("were", Some("where")),
        ("segment", None),
        ("x", None),
    ] {
        assert_eq!(nearest(word, &known), expected, "{word}");
    }
}

/// What a parser of `{"name", "share", "delay", "tags", "on"}` makes of a value, and the faults.
fn faults(value: &Value) -> Vec<String> {
    let read = read(value, "file", |place| {
        let object = place.object(&["name", "share", "delay", "tags", "on"])?;
        let name = object.required("name").and_then(|place| place.text());
        let share = object.optional("share").map(|place| place.percent());
        let delay = object
            .optional("delay")
            .map(|place| place.duration_between(60_000, 3_600_000));
        let tags = object.optional("tags").and_then(|place| place.items());
        for tag in tags.iter().flatten() {
            tag.word(&["red", "green"], |word| {
                (word == "red" || word == "green").then_some(())
            });
        }
        object.optional("on").map(|place| place.boolean());
        Some((name?.to_owned(), share, delay))
    });
    let faults = read.err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_definition_has_no_faults() {
    let sound = json!({"name": "x", "share": "12.5%", "delay": "30m", "tags": ["red"], "on": null});
    assert_eq!(faults(&sound), Vec::<String>::new());
}

#[test]
fn all_faults_are_told_each_at_its_place() {
    let wrong = json!({
        "name": " ", "shar": 5, "delay": "2h", "tags": ["red", "gren", 3], "on": "yes",
    });
    assert_eq!(
        faults(&wrong),
        [
            "file.shar: `shar` is not known here; did you mean `share`?",
            "file.name: the text is empty; write something here or leave the key out",
            "file.delay: this is too long; write 1h or shorter",
            "file.tags[1]: `gren` is not known here; did you mean `green`? known: red, green",
            "file.tags[2]: the number 3 is not a text; write a text",
            "file.on: the text \"yes\" is not true or false; write true or false",
        ]
    );
    assert_eq!(faults(&json!({}))[0], "file: `name` is missing; add `name`");
    assert_eq!(
        faults(&json!([]))[0],
        "file: a list is not an object; write an object"
    );
    let share = json!({"name": "x", "share": 101, "tags": []});
    assert_eq!(
        faults(&share),
        [
            "file.share: the number 101 is not a percentage from 0 to 100; write a percentage from 0 to 100",
            "file.tags: the list is empty; put at least one item into it",
        ]
    );
}

#[test]
fn a_text_that_is_not_json_is_told_with_line_and_column() {
    let faults = read_text("{\n  \"a\": 1,\n}", "", |_| Some(())).unwrap_err();
    assert_eq!(faults[0].path, "line 3, column 1");
}

#[test]
fn a_parser_that_gives_up_without_a_word_is_still_an_error() {
    let faults = read(&json!({}), "file", |_| None::<()>).unwrap_err();
    assert_eq!(faults[0].path, "file");
    let told = read(&json!({}), "file", |place| {
        place.fault("odd", "mend it");
        Some(())
    });
    assert!(told.is_err(), "a value with faults is none");
}

#[test]
fn faults_are_bounded() {
    let value = json!(0);
    let faults = Faults::new();
    for _ in 0..2 * FAULTS_MAX {
        faults.place(&value, "").fault("wrong", "mend it");
    }
    assert_eq!(faults.into_list().len(), FAULTS_MAX);
}

#[test]
fn of_keys_that_exclude_each_other_one_must_be_there() {
    let one = |value: Value| {
        read(&value, "", |place| {
            let (key, _) = place.any_object()?.exactly_one(&["event", "segment"])?;
            Some(key)
        })
    };
    assert_eq!(one(json!({"event": "x", "other": 1})), Ok("event"));
    assert_eq!(one(json!({"event": "x", "segment": null})), Ok("event"));
    assert!(
        one(json!({})).unwrap_err()[0]
            .fix
            .contains("event, segment")
    );
    let both = one(json!({"event": "x", "segment": 1})).unwrap_err();
    assert_eq!(both[0].wrong, "event and segment exclude each other");
}
