//! Every interleaving of the race with queues, providers, phones and receipts, on small configurations;
//! and random ones on larger configurations.
//!
//! The world around the race is as the engine makes it: a cancel takes back what is queued and nothing
//! else, in the same transaction that asks for it; reports reach the race in any order, any time later,
//! or, for receipts, never. Timers may ring at any moment (which is more than clocks allow).

use std::collections::HashSet;

use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;

use super::super::{Limits, Phase, Proof, Race, Rules, Track, Verdict};
use crate::sample::Dice;
use crate::span::Span;

/// A message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// The race did not come to it.
    Untried,
    /// The answer was no.
    Refused,
    Queued,
    Claimed,
    Accepted,
    Failed,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    race: Option<Race>,
    messages: Vec<At>,
    /// Channels whose message a person really saw, by bit.
    seen: u8,
    /// Reports that the race does not know yet.
    reports: Vec<(u8, Mark)>,
    /// Channels for which the race knows enough.
    satisfied: u8,
    /// Channels that bounced after acceptance can do so once.
    bounced: u8,
    /// Channels that were to be taken back: what a new try finds, it takes back again, as the interpreter
    /// does with every delivery.
    revoked: u8,
}

struct Config {
    rules: Rules,
    reachable: u8,
}

struct Queue<'w> {
    messages: &'w mut Vec<At>,
    reports: &'w mut Vec<(u8, Mark)>,
    revoked: &'w mut u8,
    reachable: u8,
}

impl Track for Queue<'_> {
    fn send(&mut self, channel: u8) -> Option<Timestamp> {
        let message = &mut self.messages[usize::from(channel)];
        assert_eq!(*message, At::Untried, "one delivery for each channel");
        let goes = self.reachable & (1 << channel) != 0;
        *message = if goes { At::Queued } else { At::Refused };
        let under_way = |at: &&At| matches!(at, At::Queued | At::Claimed);
        let open = self.messages.iter().filter(under_way).count();
        assert!(open <= 1, "two messages of one intent are on their way");
        goes.then_some(Timestamp::EPOCH)
    }

    fn cancel(&mut self, channel: u8) {
        *self.revoked |= 1 << channel;
        let message = &mut self.messages[usize::from(channel)];
        if *message == At::Queued {
            *message = At::Cancelled;
            self.reports.push((channel, Mark::Undeliverable));
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Claim(u8),
    Accept(u8),
    Fail(u8),
    /// The try did not succeed; the message waits for another one.
    Retry(u8),
    /// The person sees it: a receipt is on its way, and may never arrive.
    See(u8),
    Open(u8),
    BounceLate(u8),
    Report(usize),
    Ring,
}

impl World {
    fn begin(config: &Config) -> Self {
        let mut world = Self {
            race: None,
            messages: vec![At::Untried; config.rules.channels.len()],
            seen: 0,
            reports: Vec::new(),
            satisfied: 0,
            bounced: 0,
            revoked: 0,
        };
        let mut queue = Queue {
            messages: &mut world.messages,
            reports: &mut world.reports,
            revoked: &mut world.revoked,
            reachable: config.reachable,
        };
        world.race = Some(Race::start(&config.rules, &mut queue));
        world
    }

    fn moves(&self, config: &Config) -> Vec<Move> {
        let mut moves = Vec::new();
        for (channel, at) in (0_u8..).zip(&self.messages) {
            let bit = 1 << channel;
            match at {
                At::Queued => moves.push(Move::Claim(channel)),
                At::Claimed => moves.extend([
                    Move::Accept(channel),
                    Move::Fail(channel),
                    Move::Retry(channel),
                ]),
                At::Accepted if self.seen & bit == 0 && self.bounced & bit == 0 => {
                    moves.extend([Move::See(channel), Move::BounceLate(channel)]);
                }
                At::Accepted if config.rules.asks_for(channel) == Proof::Opened => {
                    let known = self.reports.contains(&(channel, Mark::Opened));
                    if !known && self.satisfied & bit == 0 && self.bounced & bit == 0 {
                        moves.push(Move::Open(channel));
                    }
                }
                _ => {}
            }
        }
        moves.extend((0..self.reports.len()).map(Move::Report));
        if self.race.is_some_and(|race| race.due.is_some()) {
            moves.push(Move::Ring);
        }
        moves
    }

    fn step(&mut self, config: &Config, step: Move) {
        match step {
            Move::Claim(channel) => {
                let others = self.satisfied & !(1 << channel);
                assert!(
                    others == 0,
                    "{channel} leaves although {others:b} is known to have reached"
                );
                self.messages[usize::from(channel)] = At::Claimed;
            }
            Move::Accept(channel) => {
                self.messages[usize::from(channel)] = At::Accepted;
                self.reports.push((channel, Mark::Sent));
            }
            Move::Fail(channel) => {
                self.messages[usize::from(channel)] = At::Failed;
                self.reports.push((channel, Mark::Failed));
            }
            Move::Retry(channel) => {
                self.messages[usize::from(channel)] = At::Queued;
                if self.revoked & (1 << channel) != 0 {
                    self.with_race(config, |_, queue| queue.cancel(channel));
                }
            }
            Move::See(channel) => {
                self.seen |= 1 << channel;
                self.reports.push((channel, Mark::Delivered));
            }
            Move::Open(channel) => self.reports.push((channel, Mark::Opened)),
            Move::BounceLate(channel) => {
                self.bounced |= 1 << channel;
                self.reports.push((channel, Mark::Bounced));
            }
            Move::Report(index) => {
                let (channel, mark) = self.reports.remove(index);
                self.tell(config, channel, mark);
            }
            Move::Ring => self.with_race(config, |race, queue| {
                let due = race.due.expect("only a timer that is set rings");
                race.wake(&config.rules, due, queue);
            }),
        }
        self.check(config);
    }

    fn tell(&mut self, config: &Config, channel: u8, mark: Mark) {
        let enough = config.rules.asks_for(channel).max(Proof::Delivered);
        if super::super::proof(mark).is_some_and(|proof| proof >= enough) {
            self.satisfied |= 1 << channel;
        }
        self.with_race(config, |race, queue| {
            race.told(&config.rules, channel, mark, Timestamp::EPOCH, queue);
        });
    }

    fn with_race(&mut self, config: &Config, act: impl FnOnce(&mut Race, &mut Queue<'_>)) {
        let mut race = self.race.expect("the race has begun");
        let mut queue = Queue {
            messages: &mut self.messages,
            reports: &mut self.reports,
            revoked: &mut self.revoked,
            reachable: config.reachable,
        };
        act(&mut race, &mut queue);
        // Deadlines are free in this model, so their values must not tell states apart.
        race.due = race.due.map(|_| Timestamp::EPOCH);
        self.reports.sort_unstable();
        self.race = Some(race);
    }

    fn check(&self, config: &Config) {
        let race = self.race.expect("the race has begun");
        let waits = matches!(
            race.phase,
            Phase::Queued | Phase::Revoking | Phase::Accepted
        );
        assert_eq!(waits, race.verdict().is_none());
        if race.phase == Phase::Accepted {
            assert!(race.due.is_some(), "it waits for proof without a limit");
        }
        if race.verdict() == Some(Verdict::Exhausted) {
            let untried = self.messages.contains(&At::Untried);
            assert!(!untried, "given up with a channel left");
        }
        let limits = config.rules.channels.iter();
        let unlimited = limits
            .clone()
            .all(|limits| limits.delivered_within.is_none() && limits.opened_within.is_none());
        if unlimited {
            assert!(self.seen.count_ones() <= 1, "seen twice without any limit");
        }
    }

    /// The race is over and nothing is left that could leave: reports that come now change nothing.
    fn is_settled(&self) -> bool {
        let over = self.race.is_some_and(|race| race.verdict().is_some());
        let may_leave = |at: &At| matches!(at, At::Queued | At::Claimed);
        over && !self.messages.iter().any(may_leave)
    }

    /// Nothing can happen any more except receipts that never come.
    fn check_at_rest(&self) {
        let race = self.race.expect("the race has begun");
        assert!(race.verdict().is_some(), "stuck: {self:?}");
        let reached = self.messages.contains(&At::Accepted);
        if !reached {
            let left = |at: &At| matches!(at, At::Untried | At::Queued | At::Claimed);
            assert!(
                !self.messages.iter().any(left),
                "nobody reached, and a channel is left"
            );
        }
    }
}

fn configs(channels: usize) -> Vec<Config> {
    let kinds = [(0, 0), (15, 0), (0, 60), (15, 60)];
    let mut all = Vec::new();
    for allowed in [false, true] {
        let usable = if allowed { 4 } else { 2 };
        for choice in 0..usize::pow(usable, u32::try_from(channels).unwrap()) {
            let limits = (0..channels).map(|channel| {
                let (delivered, opened) =
                    kinds[choice / usable.pow(u32::try_from(channel).unwrap()) % usable];
                Limits {
                    delivered_within: (delivered > 0).then(|| Span::minutes(delivered)),
                    opened_within: (opened > 0).then(|| Span::minutes(opened)),
                    queued_within: Some(Span::days(1)),
                }
            });
            let rules = Rules {
                channels: limits.collect(),
                allow_second_exposure: allowed,
            };
            for reachable in 0..1_u8 << channels {
                all.push(Config {
                    rules: rules.clone(),
                    reachable,
                });
            }
        }
    }
    all
}

/// Of three channels those that fewer do not show already: the first and the last can be used, and nothing
/// follows the last, so that it has no limit (as definitions have it).
fn is_worth_it(config: &Config) -> bool {
    let [_, _, last] = config.rules.channels[..] else {
        return true;
    };
    let unlimited = last.delivered_within.is_none() && last.opened_within.is_none();
    unlimited && matches!(config.reachable, 0b111 | 0b101)
}

fn explore(config: &Config) -> usize {
    let first = World::begin(config);
    first.check(config);
    let mut known = HashSet::from([first.clone()]);
    let mut open = vec![first];
    while let Some(world) = open.pop() {
        if world.is_settled() {
            world.check_at_rest();
            continue;
        }
        let moves = world.moves(config);
        let only_receipts = moves
            .iter()
            .all(|step| matches!(step, Move::See(_) | Move::Open(_) | Move::BounceLate(_)));
        if only_receipts {
            world.check_at_rest();
        }
        for step in moves {
            let mut next = world.clone();
            next.step(config, step);
            if known.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    known.len()
}

#[test]
fn no_interleaving_of_up_to_three_channels_exposes_twice_or_gives_up_too_early() {
    let mut states = 0;
    for channels in 1..=3 {
        for config in configs(channels)
            .iter()
            .filter(|config| is_worth_it(config))
        {
            states += explore(config);
        }
    }
    assert!(
        states > 10_000,
        "{states} states are too few to mean anything"
    );
}

/// Goes one random way to its end; answers how many moves it took.
fn walk(seed: u64, configs: &[Config]) -> u64 {
    let mut dice = Dice::new(seed);
    let config = &configs[dice.below(configs.len())];
    let mut world = World::begin(config);
    // Timers that ring again make a walk endless; this is far beyond what any of them needs.
    for taken in 0..200 {
        let moves = world.moves(config);
        if moves.is_empty() {
            return taken;
        }
        world.step(config, moves[dice.below(moves.len())]);
    }
    200
}

/// How many walks: `LANDFALL_WALKS` says otherwise, such as a million in a release build.
fn walks() -> u64 {
    let wanted = std::env::var("LANDFALL_WALKS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

#[test]
fn random_interleavings_of_four_channels_expose_once() {
    let configs = configs(4);
    let moves: u64 = (0..walks()).map(|seed| walk(seed, &configs)).sum();
    assert!(
        moves > 4 * walks(),
        "{moves} moves are too few to mean anything"
    );
}

#[test]
fn the_model_notices_a_race_that_does_not_wait_for_the_taking_back() {
    let rules = Rules {
        channels: vec![
            Limits {
                delivered_within: Some(Span::minutes(15)),
                opened_within: None,
                queued_within: None,
            },
            Limits::default(),
        ],
        allow_second_exposure: false,
    };
    let config = Config {
        rules,
        reachable: 3,
    };
    let mut world = World::begin(&config);
    world.step(&config, Move::Claim(0));
    let careless = std::panic::catch_unwind(move || {
        let mut queue = Queue {
            messages: &mut world.messages,
            reports: &mut world.reports,
            revoked: &mut world.revoked,
            reachable: 3,
        };
        queue.cancel(0);
        queue.send(1)
    });
    assert!(careless.is_err());
}
