use super::*;

#[test]
fn dates_are_written_as_the_rfcs_write_them() {
    for (seconds, date) in [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37"),
        (0, "Thu, 01 Jan 1970 00:00:00"),
        (-1, "Wed, 31 Dec 1969 23:59:59"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00"),
    ] {
        let at = Timestamp::from_seconds(seconds);
        assert_eq!(http(at), format!("{date} GMT"));
        assert_eq!(mail(at), format!("{date} +0000"));
    }
    assert_eq!(day(Timestamp::from_seconds(784_111_777)), "1994-11-06");
    assert_eq!(receipt(Timestamp::from_seconds(784_111_777)), "9411060849");
}

#[test]
fn an_iso_date_is_read_back() {
    for (text, seconds) in [
        ("1994-11-06T08:49:37Z", 784_111_777),
        ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29T23:59:59Z", 1_709_251_199),
        ("2100-03-01T00:00:00Z", 4_107_542_400),
    ] {
        assert_eq!(
            read_iso(text),
            Some(Timestamp::from_seconds(seconds)),
            "{text}"
        );
    }
    for wrong in [
        "",
        "1994-11-06",
        "1994-11-06T08:49:37",
        "1994-13-06T08:49:37Z",
        "1994-11-06T24:00:00Z",
        "1994-11-06T08:49Z",
        "1994-11--6T08:49:37Z",
        "1994-11-06 08:49:37Z",
    ] {
        assert_eq!(read_iso(wrong), None, "{wrong}");
    }
}
