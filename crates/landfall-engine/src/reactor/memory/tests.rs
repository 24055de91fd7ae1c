use landfall_domain::activity::EventKind;
use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;

use super::*;

const CART: JourneyId = JourneyId(3);
const STOCK: JourneyId = JourneyId(4);

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

fn pending(name: &str, second: i64) -> Pending {
    Pending {
        journey: CART,
        kind: EventKind::Event,
        name: name.to_owned(),
        data: r#"{"cart":7}"#.to_owned(),
        at: at(second),
    }
}

#[test]
fn a_row_reads_back_as_the_memory_that_it_was_made_of() {
    let mut memory = Memory::default();
    memory.note_start(CART, at(5));
    memory.note_start(CART, at(3));
    memory.pending.push(pending("cart_updated", 9));
    memory.dates.push((STOCK, at(70)));
    let bare = memory.row(PersonKey(8));
    assert_eq!(Memory::of(&bare).expect("reads"), memory);
    memory.claimed.push(Claimed {
        work: WorkKey(77),
        send: RecentSend {
            at: at(6),
            channel: Channel::Push,
            source: SourceKind::Campaign,
            source_id: 3,
            step_id: Some(1),
        },
    });
    memory.take_turn(CART, at(65));
    memory.take_turn(CART, at(66));
    let row = memory.row(PersonKey(8));
    assert_eq!(row.due, Some(at(65)));
    assert_eq!(Memory::of(&row).expect("reads"), memory);
    let starts = memory.starts_of(CART).expect("started");
    assert_eq!((starts.count, starts.last), (2, at(5)));
}

#[test]
fn a_row_that_is_cut_or_of_a_later_version_is_refused() {
    let row = Memory::default().row(PersonKey(8));
    for body in [vec![], vec![VERSION + 1], row.body[..1].to_vec()] {
        let damaged = ProfileRow {
            body,
            ..row.clone()
        };
        assert!(Memory::of(&damaged).is_err());
    }
}

#[test]
fn a_merge_counts_the_starts_of_both_and_keeps_what_waits_in_order() {
    let mut ann = Memory::default();
    ann.note_start(CART, at(5));
    ann.pending.push(pending("late", 20));
    let mut visitor = Memory::default();
    visitor.note_start(CART, at(9));
    visitor.note_start(STOCK, at(1));
    visitor.pending.push(pending("early", 10));
    ann.join(visitor);
    let cart = ann.starts_of(CART).expect("started");
    assert_eq!((cart.count, cart.last), (2, at(9)));
    assert_eq!(ann.starts_of(STOCK).map(|starts| starts.count), Some(1));
    let names: Vec<&str> = ann.pending.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["early", "late"]);
}
