use super::Classes;
use crate::delays::{ABSENT, ESCAPED, LIMIT};

#[test]
fn fine_classes_rise_and_keep_what_is_no_delay_apart() {
    let mut last = 0;
    for delay in (0_u32..1 << 20)
        .chain((1 << 20..LIMIT).step_by(997))
        .chain(LIMIT - 99..LIMIT)
    {
        let class = Classes::fine(delay);
        assert!(class >= last, "{delay}");
        let (first, end) = Classes::reach(class as usize);
        assert!(
            (first..=end).contains(&delay.cast_signed()),
            "{delay} is not in {first}..={end}"
        );
        last = class;
    }
    let top = Classes::Fine.count() as u32 - 1;
    assert_eq!(last, top - 1);
    assert_eq!([ESCAPED, ABSENT].map(Classes::fine), [top, top]);
}

#[test]
fn fine_classes_are_narrow() {
    for delay in [1_000_u32, 30_000, 3_600_000, 86_400_000, 2_000_000_000] {
        let (first, end) = Classes::reach(Classes::fine(delay) as usize);
        assert!(
            i64::from(end - first) * 90 < i64::from(delay) + 6_000,
            "{delay}: {first}..={end}"
        );
    }
}

#[test]
fn bounds_belong_to_the_class_above() {
    let bounds = [-5, 0, 10];
    let classes = [0, 9, 10, ABSENT].map(|delay| Classes::between(&bounds, delay));
    assert_eq!(classes, [2, 2, 3, 4]);
    assert_eq!(Classes::Between(bounds.to_vec()).count(), 5);
}
