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
}
