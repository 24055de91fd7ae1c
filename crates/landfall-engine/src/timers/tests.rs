use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

const ANN: Sleeper = Sleeper::Person(PersonKey(1));
const FIRST: Sleeper = Sleeper::Run(RunKey(1));
const SECOND: Sleeper = Sleeper::Run(RunKey(2));

#[test]
fn what_is_due_comes_in_the_order_in_which_it_became_due() {
    let mut timers = Timers::default();
    timers.set(SECOND, Some(at(30)));
    timers.set(FIRST, Some(at(10)));
    timers.set(ANN, Some(at(20)));
    assert_eq!(timers.next(), Some(at(10)));
    assert_eq!(timers.due_at(at(9), 10), []);
    assert_eq!(timers.due_at(at(20), 10), [FIRST, ANN]);
    assert_eq!(
        timers.due_at(at(30), 2),
        [FIRST, ANN],
        "a batch has its limit"
    );
}

#[test]
fn a_timer_that_is_moved_or_removed_does_not_fire_at_its_old_moment() {
    let mut timers = Timers::default();
    timers.set(FIRST, Some(at(10)));
    timers.set(FIRST, Some(at(40)));
    timers.set(SECOND, Some(at(10)));
    timers.set(SECOND, None);
    assert_eq!(timers.due_at(at(39), 10), []);
    assert_eq!(timers.due_at(at(40), 10), [FIRST]);
    timers.set(FIRST, Some(at(40)));
    assert_eq!(timers.len(), 1);
    timers.set(FIRST, None);
    assert_eq!((timers.next(), timers.len()), (None, 0));
}
