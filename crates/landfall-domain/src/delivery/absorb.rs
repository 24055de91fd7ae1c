//! The fold of facts into a delivery.

use std::collections::BTreeMap;

use super::{About, Delivery, Said, Target};
use crate::channel::Channel;
use crate::credit::Credits;
use crate::fact::{Fact, TargetKey};
use crate::ids::{DeliveryKey, MessageKey};
use crate::input::Source;
use crate::marks::{Mark, Marks, MarksView};
use crate::reason::Reason;
use crate::time::Timestamp;

impl Delivery {
    /// A delivery of which nothing is known yet but that it exists, at the latest since
    /// `created_at`.
    pub fn new(
        key: DeliveryKey,
        id: String,
        message: MessageKey,
        channel: Channel,
        created_at: Timestamp,
    ) -> Self {
        Self {
            key,
            id,
            person: None,
            message,
            channel,
            created_at,
            about: About::default(),
            marks: Marks::none(),
            reasons: BTreeMap::new(),
            targets: Vec::new(),
            credits: Credits::default(),
            seen: std::collections::BTreeSet::new(),
        }
    }

    /// Joins a fact into the delivery; returns whether the fact said anything new.
    ///
    /// Total, idempotent and free of order: everything here is a minimum or a union, so that any
    /// permutation and repetition of the same facts gives the same value. A fact whose dedupe key is
    /// known may still move a first time back, which is what makes the order irrelevant even when
    /// two reporters give one key to different times.
    pub fn absorb(&mut self, fact: &Fact) -> bool {
        let mut changed = self.seen.insert(fact.dedupe_hash());
        // Marks only grow, and a credit may be taken away when history is computed anew: what follows from
        // credits is added to the marks where they are shown.
        if let Some(credit) = &fact.credit {
            return changed | self.credits.join(credit);
        }
        let (marks, reasons, failure_message) = match &fact.target {
            None => (
                &mut self.marks,
                &mut self.reasons,
                &mut self.about.failure_message,
            ),
            Some(key) => {
                let target = target_entry(&mut self.targets, key, &mut changed);
                changed |= keep_earlier(&mut target.snapshot, fact.snapshot.as_ref());
                (
                    &mut target.marks,
                    &mut target.reasons,
                    &mut target.failure_message,
                )
            }
        };
        changed |= marks.set(fact.mark, fact.occurred_at);
        if let Some(reason) = fact.reason {
            changed |= keep_first(reasons, reason, fact.occurred_at);
        }
        if let Some(text) = &fact.detail {
            let said = Said {
                at: fact.occurred_at,
                text: text.clone(),
            };
            changed |= keep_earlier(failure_message, Some(&said));
        }
        changed | self.date(fact)
    }

    /// Joins descriptive fields; returns whether anything changed.
    pub fn describe(&mut self, about: &About) -> bool {
        let mine = &mut self.about;
        let mut changed = keep_earlier(&mut mine.subject, about.subject.as_ref());
        changed |= keep_earlier(&mut mine.recipient, about.recipient.as_ref());
        changed |= keep_earlier(&mut mine.failure_message, about.failure_message.as_ref());
        changed |= keep_earlier(&mut mine.run, about.run.as_ref());
        changed |= keep_earlier(&mut mine.trigger_event_id, about.trigger_event_id.as_ref());
        changed |= keep_earlier(&mut mine.trigger_id, about.trigger_id.as_ref());
        changed | keep_earlier(&mut mine.content, about.content.as_ref())
    }

    /// Notes that the delivery existed at `at`; returns whether that was news.
    pub fn known_since(&mut self, at: Timestamp) -> bool {
        let earlier = !self.marks.has(Mark::Created) && at < self.created_at;
        if earlier {
            self.created_at = at;
        }
        earlier
    }

    /// The target of that key.
    pub fn target(&self, key: &TargetKey) -> Option<&Target> {
        let found = self
            .targets
            .binary_search_by(|target| target.key.cmp(key))
            .ok()?;
        Some(&self.targets[found])
    }

    /// Every mark of the delivery and its targets, as shown.
    pub fn view(&self) -> MarksView {
        let targets = self.targets.iter().map(|target| &target.marks);
        let credited = self.credits.marks();
        MarksView::of(
            [&self.marks, &credited].into_iter().chain(targets),
            self.channel,
            self.created_at,
        )
    }

    /// The marks of one of its targets, as shown. What is said about the delivery as a whole is said
    /// about its target too when it has only one.
    pub fn target_view(&self, target: &Target) -> MarksView {
        let alone = self.targets.len() == 1;
        let credited = self.credits.marks();
        let whole = alone.then_some([&self.marks, &credited]);
        let marks = std::iter::once(&target.marks).chain(whole.into_iter().flatten());
        MarksView::of(marks, self.channel, self.created_at)
    }

    /// When the delivery began: what is said about its creation, or else the earliest report of
    /// whoever sent it. Receipts do not count, because devices' clocks are wrong by years at times.
    fn date(&mut self, fact: &Fact) -> bool {
        if let Some(said) = self.marks.at(Mark::Created) {
            let news = self.created_at != said;
            self.created_at = said;
            return news;
        }
        knows_creation(fact.source) && self.known_since(fact.occurred_at)
    }
}

/// Whether times that come through this door are those of a sender, not of a device.
const fn knows_creation(source: Source) -> bool {
    matches!(
        source,
        Source::Webhook | Source::Import | Source::Provider | Source::App | Source::Landfall
    )
}

fn target_entry<'d>(
    targets: &'d mut Vec<Target>,
    key: &TargetKey,
    changed: &mut bool,
) -> &'d mut Target {
    let place = match targets.binary_search_by(|target| target.key.cmp(key)) {
        Ok(found) => found,
        Err(place) => {
            *changed = true;
            targets.insert(place, Target::new(key.clone()));
            place
        }
    };
    &mut targets[place]
}

impl Target {
    /// A target of which nothing is known yet.
    pub const fn new(key: TargetKey) -> Self {
        Self {
            key,
            marks: Marks::none(),
            reasons: BTreeMap::new(),
            failure_message: None,
            snapshot: None,
        }
    }
}

fn keep_first(reasons: &mut BTreeMap<Reason, Timestamp>, reason: Reason, at: Timestamp) -> bool {
    let news = reasons.get(&reason).is_none_or(|known| at < *known);
    if news {
        reasons.insert(reason, at);
    }
    news
}

/// The texts and snapshots start with their time, so that the smaller is the earlier; equal times
/// are decided by the content, for the sake of one answer.
fn keep_earlier<T: Ord + Clone>(mine: &mut Option<T>, other: Option<&T>) -> bool {
    let Some(other) = other else { return false };
    let news = mine.as_ref().is_none_or(|mine| other < mine);
    if news {
        *mine = Some(other.clone());
    }
    news
}
