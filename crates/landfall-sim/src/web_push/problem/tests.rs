use super::*;

#[test]
fn every_problem_stands_in_the_table_at_its_own_place() {
    for (place, words) in WORDS.iter().enumerate() {
        assert_eq!(words.problem as usize, place, "{:?}", words.problem);
    }
    // The last one declared is the last one of the table: none is left out.
    assert_eq!(Problem::IdleTimeout as usize + 1, WORDS.len());
}

#[test]
fn every_number_and_word_of_the_reference_can_be_said() {
    let mut numbers: Vec<_> = Problem::all().filter_map(Problem::errno).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(
        numbers,
        [
            101, 102, 103, 104, 105, 106, 108, 109, 110, 111, 112, 113, 201, 202, 900, 901, 902,
            903, 999
        ]
    );
    for reason in [
        "BadTtl",
        "BadUrgency",
        "BadWebPushRequest",
        "BadWebPushTopic",
        "VapidPkHashMismatch",
        "BadAuthorizationHeader",
        "BadJwtToken",
        "BadVapidPublicKey",
        "BadPath",
        "MethodNotAllowed",
        "PayloadTooLarge",
        "TooManyRequests",
        "InternalServerError",
        "ServiceUnavailable",
        "Shutdown",
        "IdleTimeout",
    ] {
        assert!(
            Problem::all().any(|problem| problem.reason() == reason),
            "{reason}"
        );
    }
}

#[test]
fn autopush_says_when_to_come_back_and_how_long_gone_is_gone() {
    let away = Problem::BackOff.answer(Style::Autopush, None, None);
    assert_eq!(away.headers()["retry-after"], "120");
    let own = Some(RetryAfter::Seconds(7));
    let away = Problem::BackOff.answer(Style::Autopush, own, None);
    assert_eq!(away.headers()["retry-after"], "7");
    let gone = Problem::NoSubscription.answer(Style::Autopush, None, None);
    assert_eq!(gone.headers()["cache-control"], "max-age=86400");
    let gone = Problem::NoSubscription.answer(Style::Standard, None, None);
    assert!(gone.headers().get("cache-control").is_none());
}
