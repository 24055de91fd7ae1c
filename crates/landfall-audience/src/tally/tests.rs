use landfall_domain::time::Timestamp;
use proptest::prelude::*;

use super::Tally;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn counted(times: &[i64], keeps: usize) -> Option<Tally> {
    let mut tally: Option<Tally> = None;
    for time in times {
        match &mut tally {
            Some(tally) => tally.add(at(*time), keeps),
            None => tally = Some(Tally::once(at(*time))),
        }
    }
    tally
}

proptest! {
    #[test]
    fn times_taken_in_any_order_count_the_same(
        times in prop::collection::vec(0..30_i64, 1..40),
        shuffled in any::<prop::sample::Index>(),
        keeps in 2..12_usize,
    ) {
        let mut other = times.clone();
        other.rotate_left(shuffled.index(times.len()));
        other.reverse();
        let tally = counted(&times, keeps).unwrap();
        prop_assert_eq!(&tally, &counted(&other, keeps).unwrap());
        let mut sorted = times.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(tally.total(), times.len() as u64);
        prop_assert_eq!(tally.first(), at(sorted[sorted.len() - 1]));
        prop_assert_eq!(tally.last(), at(sorted[0]));
        for n in 1..=keeps {
            let expected = sorted.get(n - 1).map(|time| at(*time));
            prop_assert_eq!(tally.nth_latest(n as u64), expected);
        }
        prop_assert_eq!(tally.nth_latest(0), None);
        prop_assert!(tally.is_sound());
    }

    #[test]
    fn a_merge_is_exact_or_says_that_it_is_not(
        own in prop::collection::vec(0..30_i64, 1..20),
        other in prop::collection::vec(0..30_i64, 1..20),
        from in 0..35_i64,
        keeps in 2..8_usize,
    ) {
        let mut merged = counted(&own, keeps).unwrap();
        let exact = merged.merge(&counted(&other, keeps).unwrap(), at(from), keeps);
        let mut all = own.clone();
        all.extend(other.iter().filter(|time| **time >= from));
        let expected = counted(&all, keeps).unwrap();
        if exact {
            prop_assert_eq!(&merged, &expected);
        } else {
            prop_assert!(merged.total() <= expected.total());
        }
        // It is only in doubt when more came since then than is kept, and something before.
        let since = other.iter().filter(|time| **time >= from).count();
        let doubt = since >= keeps && since < other.len();
        prop_assert_eq!(exact, !doubt);
        prop_assert!(merged.is_sound());
    }
}
