//! A script at work: asked by the simulator, changed by whoever watches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Facts, Match, Request, Requests, Rule, Script, draw};

/// Parts of the memory of draws, so that two cores seldom wait for each other.
const SHARDS: usize = 16;

/// A script that can be changed while the simulator runs. Copies share it.
#[derive(Debug)]
pub struct ScriptHandle<A> {
    live: Arc<RwLock<Arc<Live<A>>>>,
    facts: Facts,
}

/// How often the rules of the present script answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that no rule answered.
    pub unmatched: u64,
    /// Answers of each rule, in the script's order.
    pub rules: Vec<u64>,
}

#[derive(Debug)]
struct Live<A> {
    seed: u64,
    rules: Vec<LiveRule<A>>,
    unmatched: AtomicU64,
}

#[derive(Debug)]
struct LiveRule<A> {
    when: Match,
    answer: Arc<A>,
    times: Option<u64>,
    probability: f64,
    /// Requests that fulfilled all but their number.
    reached: AtomicU64,
    answered: AtomicU64,
    drawn: [Mutex<HashMap<u64, u64>>; SHARDS],
}

impl<A> Clone for ScriptHandle<A> {
    fn clone(&self) -> Self {
        Self {
            live: Arc::clone(&self.live),
            facts: self.facts.clone(),
        }
    }
}

impl<A> Default for ScriptHandle<A> {
    fn default() -> Self {
        Self::new(Script::default())
    }
}

impl<A> ScriptHandle<A> {
    /// Starts with a script.
    pub fn new(script: Script<A>) -> Self {
        Self {
            live: Arc::new(RwLock::new(Arc::new(Live::of(script)))),
            facts: Facts::default(),
        }
    }

    /// Puts another script in place from the next request on. Counting begins anew.
    pub fn replace(&self, script: Script<A>) {
        let next = Arc::new(Live::of(script));
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Takes all rules away: the provider is healthy.
    pub fn clear(&self) {
        self.replace(Script::default());
    }

    /// Whether there are no rules, so that nobody needs to be asked.
    pub fn is_empty(&self) -> bool {
        self.live().rules.is_empty()
    }

    /// Facts of recipients, shared with the simulator.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What the script says to a request; `None` when no rule applies.
    pub fn decide(&self, request: &Request<'_>) -> Option<Arc<A>> {
        let live = self.live();
        for (number, rule) in live.rules.iter().enumerate() {
            if rule.answers(live.seed, number, request, &self.facts) {
                return Some(Arc::clone(&rule.answer));
            }
        }
        live.unmatched.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// How often the rules of the present script answered so far.
    pub fn counts(&self) -> Counts {
        let live = self.live();
        Counts {
            unmatched: live.unmatched.load(Ordering::Relaxed),
            rules: live
                .rules
                .iter()
                .map(|rule| rule.answered.load(Ordering::Relaxed))
                .collect(),
        }
    }

    fn live(&self) -> Arc<Live<A>> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<A> Live<A> {
    fn of(script: Script<A>) -> Self {
        Self {
            seed: script.seed,
            rules: script.rules.into_iter().map(LiveRule::of).collect(),
            unmatched: AtomicU64::new(0),
        }
    }
}

impl<A> LiveRule<A> {
    fn of(rule: Rule<A>) -> Self {
        Self {
            when: rule.when,
            answer: Arc::new(rule.answer),
            times: rule.times,
            probability: rule.probability,
            reached: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            drawn: Default::default(),
        }
    }

    fn answers(&self, seed: u64, number: usize, request: &Request<'_>, facts: &Facts) -> bool {
        self.when.fits(request, facts)
            && self
                .when
                .requests
                .is_none_or(|wanted| self.counted(&wanted))
            && self.drawn(seed, number, request.recipient)
            && self.is_left()
    }

    fn counted(&self, wanted: &Requests) -> bool {
        wanted.hold(self.reached.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn drawn(&self, seed: u64, number: usize, recipient: &str) -> bool {
        if self.probability >= 1.0 {
            return true;
        }
        let name = draw::name(recipient);
        let shard = &self.drawn[usize::try_from(name % SHARDS as u64).unwrap_or_default()];
        let mut drawn = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let count = drawn.entry(name).or_default();
        let before = *count;
        *count += 1;
        draw(seed, number, recipient, before) < self.probability
    }

    /// Takes one of the answers that are left.
    fn is_left(&self) -> bool {
        let Some(times) = self.times else {
            self.answered.fetch_add(1, Ordering::Relaxed);
            return true;
        };
        let taken = |answered| (answered < times).then_some(answered + 1);
        self.answered
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }
}

impl Match {
    fn fits(&self, request: &Request<'_>, facts: &Facts) -> bool {
        let named = self
            .recipient
            .as_ref()
            .is_none_or(|recipient| recipient == request.recipient);
        let begins = self
            .prefix
            .as_ref()
            .is_none_or(|prefix| request.recipient.starts_with(prefix.as_str()));
        named
            && begins
            && self.facts.iter().all(|(name, value)| {
                let stated = request.facts.iter().find(|(stated, _)| stated == name);
                stated.map_or_else(
                    || facts.hold(request.recipient, name, value),
                    |(_, stated)| stated == value,
                )
            })
    }
}
