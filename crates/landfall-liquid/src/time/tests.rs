use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;

fn at(seconds: i64) -> Moment {
    let timestamp = Timestamp::from_second(seconds).expect("in range");
    Moment::new(timestamp, &TimeZone::UTC)
}

fn formatted(seconds: i64, pattern: &str) -> String {
    format(&at(seconds), pattern).expect("a pattern")
}

#[test]
fn directives_flags_and_widths_are_those_of_ruby() {
    let cases = [
        ("%Y-%m-%d %H:%M:%S", "2025-01-01 00:00:00"),
        ("%-d/%-m %e|%_m|%j", "1/1  1| 1|001"),
        (
            "%a %A %b %B %^b %#B",
            "Wed Wednesday Jan January JAN JANUARY",
        ),
        ("%I %l %p %P %#p", "12 12 AM am am"),
        ("%s %L %3N %6N %N", "1735689600 000 000 000000 000000000"),
        ("%z %:z %::z %Z", "+0000 +00:00 +00:00:00 UTC"),
        (
            "%10Y|%20B|%-20B|%012T",
            "0000002025|             January|January|000000:00:00",
        ),
        (
            "%c|%x|%X|%D|%F|%v",
            "Wed Jan  1 00:00:00 2025|01/01/25|00:00:00|01/01/25|2025-01-01| 1-JAN-2025",
        ),
        ("%u %w %G %g %V %U %W %C", "3 3 2025 25 01 00 00 20"),
        ("%Ey %Od %E %Q %i %%", "25 01 %E %Q %i %"),
        ("%n%t|", "\n\t|"),
    ];
    for (pattern, expected) in cases {
        assert_eq!(formatted(1_735_689_600, pattern), expected, "{pattern}");
    }
}

#[test]
fn a_lone_percent_sign_and_a_huge_width_are_refused() {
    assert_eq!(
        format(&at(0), "%Y %").map_err(|error| error.message),
        Err("invalid format: %Y %".to_owned())
    );
    assert!(format(&at(0), "%99999999999999999999d").is_err());
    assert!(format(&at(0), "%1025d").is_err());
    assert_eq!(format(&at(0), "%1024d").map(|text| text.len()), Ok(1024));
}

#[test]
fn dates_are_read_in_the_forms_that_people_write() {
    let now = Timestamp::from_second(1_709_210_096).expect("in range");
    let cases = [
        ("2021-02-03", "2021-02-03 00:00:00 UTC"),
        ("2021-02-03T04:05:06Z", "2021-02-03 04:05:06 UTC"),
        ("2021-02-03 04:05:06 +0200", "2021-02-03 04:05:06 +0200"),
        ("3 Feb 2021", "2021-02-03 00:00:00 UTC"),
        ("February 3rd, 2021 4:05 pm", "2021-02-03 16:05:00 UTC"),
        ("Wed, 03 Feb 2021 04:05:06 GMT", "2021-02-03 04:05:06 UTC"),
        ("03/02/2021", "2021-02-03 00:00:00 UTC"),
        ("20210203", "2021-02-03 00:00:00 UTC"),
        ("10:30", "2024-02-29 10:30:00 UTC"),
        ("4pm", "2024-02-29 16:00:00 UTC"),
        ("feb 2021", "2021-02-01 00:00:00 UTC"),
        ("2021-02-30", "2021-03-02 00:00:00 UTC"),
        ("2021-02-03 04:05 EST", "2021-02-03 04:05:00 -0500"),
        ("2021-02-03 24:00", "2021-02-04 00:00:00 UTC"),
    ];
    for (text, expected) in cases {
        let moment = read(text, now, &TimeZone::UTC).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(moment.text(), expected, "{text}");
    }
    for text in [
        "",
        "hello",
        "tomorrow",
        "2021-13-45",
        "2021-02",
        "25:00",
        "1.5",
        "🦀 10:99",
    ] {
        assert_eq!(read(text, now, &TimeZone::UTC), None, "{text}");
    }
}

#[test]
fn summer_time_is_known() {
    let new_york = zone("America/New_York").expect("compiled in");
    let shown = |seconds| {
        let moment = at(seconds).in_zone(&new_york);
        format(&moment, "%H:%M %Z %z").expect("a pattern")
    };
    assert_eq!(shown(1_735_689_600), "19:00 EST -0500");
    assert_eq!(shown(1_751_328_000), "20:00 EDT -0400");
    assert!(zone("Mars/Olympus").is_none());
}
