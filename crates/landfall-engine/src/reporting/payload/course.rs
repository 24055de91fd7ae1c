//! What was known of a delivery when a fact came.

use std::collections::BTreeMap;

use landfall_domain::delivery::{Delivery, Target};
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::marks::{Mark, Marks};
use landfall_domain::status::{Outcome, outcome, target_outcome};

use super::Told;

/// The fold of a delivery's facts, as far as it has come.
pub(super) struct Course<'a> {
    /// What was said of its devices and addresses, without what was said of it as a whole: a refusal of
    /// the whole that a human overruled decides nothing about the devices of the next try.
    answers: Delivery,
    whole: Marks,
    /// The devices or addresses that it was sent to. They are chosen in one transaction, so they are
    /// all known as soon as one is.
    own: Vec<&'a TargetKey>,
    /// The latest words about a refusal, by target.
    words: BTreeMap<Option<TargetKey>, String>,
    resolved: bool,
}

/// What a fact changed.
pub(super) struct Change {
    /// With it, every device or address has its answer.
    pub(super) resolved: bool,
    /// They had it before.
    pub(super) was_resolved: bool,
    /// The delivery had not got this mark before, anywhere.
    pub(super) is_first: bool,
    /// The mark is new to the target; of a fact about the whole: to the delivery.
    pub(super) is_news: bool,
    /// What had become of the target before.
    pub(super) outcome_before: Option<Outcome>,
}

impl<'a> Course<'a> {
    pub(super) fn new(told: &Told<'a>) -> Self {
        let delivery = told.delivery;
        let own = told
            .facts
            .iter()
            .filter(|fact| fact.mark == Mark::Created)
            .filter_map(|fact| fact.target.as_ref());
        let answers = Delivery::new(
            delivery.key,
            String::new(),
            delivery.message,
            delivery.channel,
            delivery.created_at,
        );
        Self {
            answers,
            whole: Marks::none(),
            own: own.collect(),
            words: BTreeMap::new(),
            resolved: false,
        }
    }

    /// Takes the next fact; `None`: it repeats one that came before.
    pub(super) fn take(&mut self, fact: &Fact) -> Option<Change> {
        if self.answers.seen.contains(&fact.dedupe_hash()) {
            return None;
        }
        let target = fact.target.as_ref();
        let before = target.and_then(|key| self.answers.target(key));
        let outcome_before = before.map(|target| target_outcome(&self.answers, target));
        let is_first = !self.has(fact.mark);
        let is_news = match (target, before) {
            (None, _) => is_first,
            (Some(_), None) => true,
            (Some(_), Some(known)) => !known.marks.has(fact.mark),
        };
        let was_resolved = self.resolved;
        self.note(fact);
        self.resolved = was_resolved || self.all_answered();
        Some(Change {
            resolved: self.resolved && !was_resolved,
            was_resolved,
            is_first,
            is_news,
            outcome_before,
        })
    }

    fn note(&mut self, fact: &Fact) {
        if fact.target.is_some() {
            self.answers.absorb(fact);
        } else {
            self.whole.set(fact.mark, fact.occurred_at);
            self.answers.seen.insert(fact.dedupe_hash());
        }
        if fact.reason.is_some() || fact.detail.is_some() {
            self.words.insert(fact.target.clone(), words_of(fact));
        }
    }

    fn has(&self, mark: Mark) -> bool {
        let mut targets = self.answers.targets.iter();
        self.whole.has(mark) || targets.any(|target| target.marks.has(mark))
    }

    fn all_answered(&self) -> bool {
        let outcomes = self
            .own
            .iter()
            .map(|key| self.outcome_of(&[(*key).clone()]));
        !self.own.is_empty()
            && outcomes
                .into_iter()
                .all(|is| is.is_some_and(Outcome::is_final))
    }

    /// Whether the message was sent to this target.
    pub(super) fn is_own(&self, target: Option<&TargetKey>) -> bool {
        target.is_some_and(|target| self.own.contains(&target))
    }

    /// What became of a target by what was said of it.
    pub(super) fn outcome_of(&self, target: &[TargetKey]) -> Option<Outcome> {
        let target = self.answers.target(target.first()?)?;
        Some(target_outcome(&self.answers, target))
    }

    /// What became of all of them together.
    pub(super) fn outcome(&self) -> Outcome {
        outcome(&self.answers)
    }

    /// The devices or addresses of which something became.
    pub(super) fn own_with(&self, fits: impl Fn(Outcome) -> bool) -> Vec<TargetKey> {
        let own = self.own.iter().copied();
        own.filter(|key| self.outcome_of(&[(*key).clone()]).is_some_and(&fits))
            .cloned()
            .collect()
    }

    /// Why a target was refused, if it was.
    pub(super) fn refusal(&self, target: &TargetKey) -> Option<String> {
        let refused = self.outcome_of(std::slice::from_ref(target))?.is_refused();
        refused.then(|| self.words(Some(target)))
    }

    /// The latest words about a target or the whole; never empty, because events require some.
    pub(super) fn words(&self, target: Option<&TargetKey>) -> String {
        let said = self.words.get(&target.cloned()).cloned();
        said.or_else(|| {
            let target = self.answers.target(target?)?;
            strongest(target).map(str::to_owned)
        })
        .unwrap_or_else(|| "no reason was given".to_owned())
    }

    /// What a target's snapshot says about it.
    pub(super) fn target(&self, key: &TargetKey) -> Option<&Target> {
        self.answers.target(key)
    }
}

fn strongest(target: &Target) -> Option<&'static str> {
    let marks = [Mark::Bounced, Mark::Failed, Mark::Expired, Mark::Dropped];
    let found = marks.into_iter().find(|mark| target.marks.has(*mark));
    found.map(Mark::name)
}

/// The provider's words, or else our reason.
fn words_of(fact: &Fact) -> String {
    let detail = fact.detail.clone().filter(|text| !text.trim().is_empty());
    detail.unwrap_or_else(|| match fact.reason {
        Some(reason) => reason.name().to_owned(),
        None => fact.mark.name().to_owned(),
    })
}
