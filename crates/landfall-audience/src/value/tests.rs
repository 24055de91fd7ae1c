use std::cmp::Ordering;

use super::{compare_versions, date_text, is_version, moment_in, number_in};
use crate::sample::NOON;

#[test]
fn versions_compare_part_by_part() {
    use Ordering::{Equal, Greater, Less};
    for (a, b, expected) in [
        ("5.10", "5.9", Some(Greater)),
        ("5.2", "5.2.0", Some(Equal)),
        ("5.2.1", "5.2", Some(Greater)),
        ("v5.2", "5.2", Some(Equal)),
        ("5.2-beta", "5.2", Some(Less)),
        ("5.2-alpha", "5.2-beta", Some(Less)),
        ("5.2+build7", "5.2", Some(Equal)),
        ("5.2 (1234)", "5.2", Some(Equal)),
        ("17", "9.9.9", Some(Greater)),
        ("0", "0.0.1", Some(Less)),
        ("", "1", None),
        ("new", "1", None),
        ("1..2", "1", None),
        ("99999999999999999999", "1", None),
    ] {
        assert_eq!(compare_versions(a, b), expected, "{a} {b}");
        assert_eq!(
            compare_versions(b, a),
            expected.map(Ordering::reverse),
            "{b} {a}"
        );
    }
    assert!(is_version("1.2.3"));
    assert!(!is_version("1,2"));
}

#[test]
fn texts_read_as_numbers_when_they_are_some() {
    for (text, expected) in [
        ("12", Some(12.0)),
        (" -1.5 ", Some(-1.5)),
        ("1e3", Some(1_000.0)),
        (".5", Some(0.5)),
        ("", None),
        ("12 apples", None),
        ("inf", None),
        ("1e999", None),
        ("0x10", None),
    ] {
        assert_eq!(number_in(text), expected, "{text}");
    }
}

#[test]
fn a_moment_reads_back_as_it_is_written() {
    for millis in [0, 1, 999, 86_400_000] {
        let at = NOON.plus_millis(millis);
        assert_eq!(moment_in(&date_text(at)), Some(at));
    }
    for wrong in ["", "tomorrow", "2026-13-01", "99999999999999999"] {
        assert_eq!(moment_in(wrong), None, "{wrong}");
    }
}
