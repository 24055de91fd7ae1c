mod model;

use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;

use super::{Limits, Phase, Race, Rules, Track, Verdict};
use crate::span::Span;

/// Writes down what the race asks for; channels in `closed` refuse.
#[derive(Default)]
struct Ledger {
    closed: Vec<u8>,
    sent: Vec<u8>,
    cancelled: Vec<u8>,
}

impl Track for Ledger {
    fn send(&mut self, channel: u8) -> Option<Timestamp> {
        self.sent.push(channel);
        (!self.closed.contains(&channel)).then_some(Timestamp::EPOCH)
    }

    fn cancel(&mut self, channel: u8) {
        self.cancelled.push(channel);
    }
}

fn rules(channels: &[(i64, i64)], allow_second_exposure: bool) -> Rules {
    let span = |minutes: i64| (minutes > 0).then(|| Span::minutes(minutes));
    Rules {
        channels: channels
            .iter()
            .map(|(delivered, opened)| Limits {
                delivered_within: span(*delivered),
                opened_within: span(*opened),
                queued_within: None,
            })
            .collect(),
        allow_second_exposure,
    }
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::EPOCH.plus_millis(Span::minutes(minutes).millis())
}

#[test]
fn channels_that_cannot_be_used_are_passed_over_in_order() {
    let rules = rules(&[(0, 0), (0, 0), (0, 0)], false);
    let mut ledger = Ledger {
        closed: vec![0, 1],
        ..Ledger::default()
    };
    let mut race = Race::start(&rules, &mut ledger);
    assert_eq!((race.holder, race.phase), (2, Phase::Queued));
    race.told(&rules, 2, Mark::Sent, minute(1), &mut ledger);
    assert_eq!(race.verdict(), Some(Verdict::Reached(2)));
    assert_eq!(ledger.sent, [0, 1, 2]);
}

#[test]
fn a_failure_passes_the_lease_on_and_the_last_one_exhausts() {
    let rules = rules(&[(15, 0), (0, 0)], false);
    let mut ledger = Ledger::default();
    let mut race = Race::start(&rules, &mut ledger);
    race.told(&rules, 0, Mark::Bounced, minute(1), &mut ledger);
    assert_eq!(race.holder, 1);
    race.told(&rules, 1, Mark::Failed, minute(2), &mut ledger);
    assert_eq!(race.verdict(), Some(Verdict::Exhausted));
}

#[test]
fn what_waits_in_the_queue_is_taken_back_before_the_next_channel_speaks() {
    let rules = rules(&[(15, 0), (0, 0)], false);
    let mut ledger = Ledger::default();
    let mut race = Race::start(&rules, &mut ledger);
    race.wake(&rules, minute(14), &mut ledger);
    assert!(ledger.cancelled.is_empty());
    race.wake(&rules, minute(15), &mut ledger);
    assert_eq!(
        (ledger.cancelled.as_slice(), race.holder),
        ([0].as_slice(), 0)
    );
    race.told(&rules, 0, Mark::Undeliverable, minute(16), &mut ledger);
    assert_eq!((race.holder, ledger.sent.len()), (1, 2));
}

#[test]
fn a_message_that_left_before_it_could_be_taken_back_gets_its_time_again() {
    let rules = rules(&[(15, 0), (0, 0)], false);
    let mut ledger = Ledger::default();
    let mut race = Race::start(&rules, &mut ledger);
    race.wake(&rules, minute(15), &mut ledger);
    race.told(&rules, 0, Mark::Sent, minute(16), &mut ledger);
    assert_eq!((race.phase, race.due), (Phase::Accepted, Some(minute(31))));
    race.wake(&rules, minute(31), &mut ledger);
    assert_eq!(race.holder, 1);
}

#[test]
fn a_late_receipt_takes_back_a_queued_fallback() {
    let rules = rules(&[(15, 0), (0, 0)], false);
    let mut ledger = Ledger::default();
    let mut race = Race::start(&rules, &mut ledger);
    race.told(&rules, 0, Mark::Sent, minute(0), &mut ledger);
    race.wake(&rules, minute(15), &mut ledger);
    assert_eq!(race.holder, 1);
    race.told(&rules, 0, Mark::Delivered, minute(16), &mut ledger);
    assert_eq!(ledger.cancelled, [1]);
    assert_eq!(race.verdict(), Some(Verdict::Reached(0)));
}

#[test]
fn a_late_receipt_ends_the_race_when_the_fallback_is_out() {
    let rules = rules(&[(15, 0), (15, 0), (0, 0)], false);
    let mut ledger = Ledger::default();
    let mut race = Race::start(&rules, &mut ledger);
    race.told(&rules, 0, Mark::Sent, minute(0), &mut ledger);
    race.wake(&rules, minute(15), &mut ledger);
    race.told(&rules, 1, Mark::Sent, minute(16), &mut ledger);
    race.told(&rules, 0, Mark::Delivered, minute(17), &mut ledger);
    assert!(ledger.cancelled.is_empty());
    assert_eq!(race.verdict(), Some(Verdict::Reached(0)));
    race.wake(&rules, minute(99), &mut ledger);
    assert_eq!(ledger.sent, [0, 1]);
}

#[test]
fn an_unopened_message_is_followed_only_where_a_second_exposure_is_allowed() {
    for allowed in [false, true] {
        let rules = rules(&[(0, 60), (0, 0)], allowed);
        let mut ledger = Ledger::default();
        let mut race = Race::start(&rules, &mut ledger);
        race.told(&rules, 0, Mark::Sent, minute(0), &mut ledger);
        race.told(&rules, 0, Mark::Delivered, minute(1), &mut ledger);
        assert_eq!(race.due, Some(minute(61)));
        race.wake(&rules, minute(61), &mut ledger);
        assert_eq!(ledger.sent.len(), 1 + usize::from(allowed));
    }
}

#[test]
fn a_bounce_after_acceptance_counts_while_the_lease_lasts() {
    let rules = rules(&[(15, 0), (0, 0)], false);
    let mut ledger = Ledger::default();
    let mut race = Race::start(&rules, &mut ledger);
    race.told(&rules, 0, Mark::Sent, minute(0), &mut ledger);
    race.told(&rules, 0, Mark::Bounced, minute(1), &mut ledger);
    assert_eq!(race.holder, 1);
    race.told(&rules, 1, Mark::Bounced, minute(2), &mut ledger);
    assert_eq!(race.verdict(), Some(Verdict::Exhausted));
}
