use super::*;

#[test]
fn codes_ascend_so_that_they_are_found() {
    assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
    assert_eq!(look_up(20_003).status, 401);
    assert_eq!(look_up(63_038).code, 63_038);
    assert_eq!(look_up(1).status, 400);
}

#[test]
fn every_code_of_the_reference_is_known() {
    // providers.md 5.1.
    for code in [
        21_211, 21_214, 21_217, 21_401, 21_614, 14_101, 21_610, 21_408, 21_608, 21_606, 21_212,
        21_659, 21_703, 21_704, 21_612, 21_602, 21_617, 21_619, 14_103, 20_003, 20_404, 20_429,
        21_611, 14_107, 30_001, 63_018, 63_038, 30_002, 30_003, 30_004, 30_005, 30_006, 30_007,
        30_008, 30_410, 30_500, 20_500, 30_017, 30_019, 30_022, 30_023, 30_032, 30_034, 30_035,
        30_042, 30_036, 30_450, 30_453, 63_016, 63_024, 63_032, 63_036,
    ] {
        assert!(CODES.iter().any(|known| known.code == code), "{code}");
    }
}
