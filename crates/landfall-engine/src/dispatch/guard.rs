//! The mass guard: a wrong key, project or environment looks exactly like the death of many tokens
//! (providers.md 9.1, rule 1). While too many are rejected at once, none is removed.

use std::collections::VecDeque;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::device::Device;
use landfall_domain::identifier::Identifier;
use landfall_domain::reason::{Class, TokenAction};

/// Answers that are looked at together.
const WINDOW: usize = 200;
/// Rejections that are too few to mean anything.
const FEW: usize = 20;
/// Share of rejections above which the guard may trip.
const SHARE: f64 = 0.20;
/// How many times the usual share that is at least.
const TIMES_USUAL: f64 = 3.0;
/// How fast the usual share follows.
const FOLLOW: f64 = 0.000_5;

/// The rejections of one credential and platform.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    answers: VecDeque<bool>,
    dead: usize,
    usual: f64,
    tripped: bool,
    removed: VecDeque<Removed>,
}

/// A device that an answer removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// Whose it was.
    pub who: Identifier,
    /// The device as it was.
    pub device: Device,
}

/// What the guard says about an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Whether the token must not be removed.
    pub guarded: bool,
    /// Devices to bring back, when the guard trips with this answer.
    pub restore: Vec<Removed>,
    /// Whether the guard tripped with this answer.
    pub tripped: bool,
}

impl Guard {
    /// Takes an answer about a device of somebody.
    pub fn judge(
        &mut self,
        answer: &Answer,
        device: impl FnOnce() -> Option<Removed>,
    ) -> Judgement {
        let Some(dead) = is_dead(answer) else {
            return Judgement {
                guarded: self.tripped,
                ..Judgement::default()
            };
        };
        self.push(dead);
        let was = self.tripped;
        self.tripped = self.is_too_much();
        if self.tripped {
            return Judgement {
                guarded: true,
                restore: self.removed.drain(..).collect(),
                tripped: !was,
            };
        }
        // What is usual is learned while nothing is wrong.
        self.usual += FOLLOW * (f64::from(u8::from(dead)) - self.usual);
        if dead && let Some(removed) = device() {
            self.removed.push_back(removed);
            if self.removed.len() > WINDOW {
                self.removed.pop_front();
            }
        }
        Judgement::default()
    }

    fn push(&mut self, dead: bool) {
        self.answers.push_back(dead);
        self.dead += usize::from(dead);
        if self.answers.len() > WINDOW {
            self.dead -= usize::from(self.answers.pop_front() == Some(true));
        }
    }

    fn is_too_much(&self) -> bool {
        let share = self.dead as f64 / self.answers.len().max(1) as f64;
        self.dead >= FEW && share > SHARE && share > TIMES_USUAL * self.usual
    }

    /// Whether it is tripped, and the share of rejections that it sees.
    pub fn state(&self) -> (bool, f64) {
        let share = self.dead as f64 / self.answers.len().max(1) as f64;
        (self.tripped, share)
    }
}

/// Whether the answer says that the token is dead; `None`: it says nothing about the token.
fn is_dead(answer: &Answer) -> Option<bool> {
    match answer.verdict {
        Verdict::Accepted => Some(false),
        Verdict::Refused(reason) => {
            let class = matches!(
                reason.class(),
                Class::Unregistered | Class::InvalidToken | Class::WrongEnvironment | Class::Config
            );
            (class && reason.token_action() != TokenAction::Keep).then_some(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use landfall_domain::channel::Platform;
    use landfall_domain::device::{LastStatus, TokenKey};
    use landfall_domain::identifier::IdentifierKind;
    use landfall_domain::ids::DeviceKey;
    use landfall_domain::reason::Reason;
    use landfall_domain::time::Timestamp;

    use super::*;

    fn removed(key: u32) -> Removed {
        Removed {
            who: Identifier::new(IdentifierKind::Id, "ann").expect("not blank"),
            device: Device {
                key: DeviceKey(key),
                token: TokenKey {
                    app: String::new(),
                    platform: Platform::Ios,
                    token: format!("t{key}"),
                },
                attributes: BTreeMap::new(),
                last_used: Timestamp::EPOCH,
                registered_at: Timestamp::EPOCH,
                refreshed_at: Timestamp::EPOCH,
                last_status: LastStatus::Sent,
            },
        }
    }

    fn dead(guard: &mut Guard, key: u32) -> Judgement {
        guard.judge(&Answer::refused(Reason::TokenUnregistered), || {
            Some(removed(key))
        })
    }

    fn fine(guard: &mut Guard) -> Judgement {
        guard.judge(&Answer::accepted(200, None), || None)
    }

    #[test]
    fn a_wave_of_rejections_trips_it_and_brings_back_what_fell_before() {
        let mut guard = Guard::default();
        for _ in 0..500 {
            fine(&mut guard);
        }
        let mut trips = Vec::new();
        let mut before = 0;
        for key in 0..200 {
            let judged = dead(&mut guard, key);
            if judged.tripped {
                trips.push(judged.restore.len());
            }
            before += usize::from(!judged.guarded);
        }
        assert_eq!(trips, [before], "once, and everything comes back");
        assert!(before < 60);
    }

    #[test]
    fn usual_churn_does_not_trip_it() {
        let mut guard = Guard::default();
        for turn in 0..20_000 {
            let judged = if turn % 12 == 0 {
                dead(&mut guard, turn)
            } else {
                fine(&mut guard)
            };
            assert!(!judged.guarded, "{turn}");
        }
    }

    #[test]
    fn it_lets_go_when_tokens_work_again() {
        let mut guard = Guard::default();
        (0..100).for_each(|key| drop(dead(&mut guard, key)));
        assert!(guard.state().0);
        (0..300).for_each(|_| drop(fine(&mut guard)));
        assert!(!guard.state().0);
        assert!(!dead(&mut guard, 1).guarded);
    }

    #[test]
    fn a_few_dead_tokens_of_a_small_shop_are_just_dead() {
        let mut guard = Guard::default();
        for key in 0..19 {
            assert!(!dead(&mut guard, key).guarded);
        }
    }
}
