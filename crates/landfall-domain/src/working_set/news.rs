//! News of deliveries: what the facts of a batch made known for the first time, for those who react to a
//! batch. Nothing of it is stored: a delivery's marks say the same, but not what was new.

use super::WorkingSet;
use crate::delivery::Delivery;
use crate::fact::Fact;
use crate::ids::DeliveryKey;
use crate::marks::Mark;
use crate::reason::Reason;
use crate::status::{Outcome, outcome, reason};
use crate::time::Timestamp;

/// What one fact made known about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Which delivery.
    pub delivery: DeliveryKey,
    /// Marks that it did not have before, implied ones included ([`Delivery::view`]), each with the time
    /// that is known for it now; in mark order.
    pub marks: Vec<(Mark, Timestamp)>,
    /// The outcome, when this fact changed it, and why it is so.
    pub outcome: Option<(Outcome, Option<Reason>)>,
}

/// How a delivery stood before a fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    bits: u32,
    outcome: Outcome,
}

impl WorkingSet {
    /// From now on facts make news, or make none. A new set makes none, and what it costs is spent only
    /// where somebody reacts.
    pub fn tell_news(&mut self, tell: bool) {
        self.tells_news = tell;
    }

    /// What became known since the last time.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// To be kept for [`WorkingSet::note_news`]; `None`: nobody reacts.
    pub(crate) fn before(&self, fact: &Fact) -> Option<Before> {
        let delivery = self.deliveries.get(&fact.delivery)?;
        self.tells_news.then(|| Before {
            // What is there already is only implied to be so by this.
            bits: bits_of(delivery),
            outcome: outcome(delivery),
        })
    }

    /// Notes what a fact made known.
    pub(crate) fn note_news(&mut self, before: Before, fact: &Fact) {
        let Some(delivery) = self.deliveries.get(&fact.delivery) else {
            return;
        };
        let view = delivery.view();
        let marks = view
            .iter()
            .filter(|shown| before.bits & shown.mark.bit() == 0);
        let marks: Vec<_> = marks.map(|shown| (shown.mark, shown.at)).collect();
        let now = outcome(delivery);
        let changed = (now != before.outcome).then(|| (now, reason(delivery)));
        if !marks.is_empty() || changed.is_some() {
            self.news.push(News {
                delivery: fact.delivery,
                marks,
                outcome: changed,
            });
        }
    }
}

/// A delivery without any mark has none, although it is shown as created.
fn bits_of(delivery: &Delivery) -> u32 {
    let reported = delivery.marks.bits() != 0 || !delivery.targets.is_empty();
    if reported { delivery.view().bits() } else { 0 }
}
