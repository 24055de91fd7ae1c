//! Marks as they are shown: with what follows from them, and without impossible times.

use super::{MARK_COUNT, Mark, Marks};
use crate::channel::Channel;
use crate::time::Timestamp;

/// The marks that say that the message did not go out.
const REFUSALS: [Mark; 5] = [
    Mark::Bounced,
    Mark::Dropped,
    Mark::Failed,
    Mark::Undeliverable,
    Mark::Expired,
];

/// What follows from what, causes before consequences, so that one pass is enough
/// (semantics.md 2.10, rule 2; 3.1). A machine's open is an open, and nothing is received that
/// was not accepted before.
const IMPLIED: [(Mark, Mark); 19] = [
    (Mark::HumanClicked, Mark::HumanOpened),
    (Mark::HumanClicked, Mark::Clicked),
    (Mark::PrefetchClicked, Mark::Clicked),
    (Mark::HumanOpened, Mark::Opened),
    (Mark::PrefetchOpened, Mark::Opened),
    (Mark::Clicked, Mark::Opened),
    (Mark::Opened, Mark::Delivered),
    (Mark::Received, Mark::Delivered),
    (Mark::Displayed, Mark::Delivered),
    (Mark::Replied, Mark::Delivered),
    (Mark::Spammed, Mark::Delivered),
    (Mark::Unsubscribed, Mark::Delivered),
    (Mark::TopicUnsubscribed, Mark::Delivered),
    (Mark::Delivered, Mark::Sent),
    // The channels without a delivered mark skip it.
    (Mark::Opened, Mark::Sent),
    (Mark::Replied, Mark::Sent),
    (Mark::Unsubscribed, Mark::Sent),
    (Mark::TopicUnsubscribed, Mark::Sent),
    (Mark::Converted, Mark::Sent),
];

/// One mark as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkView {
    /// Which.
    pub mark: Mark,
    /// When it first happened, as far as is known.
    pub at: Timestamp,
    /// `true`: nobody reported it; it follows from another mark, whose time it has.
    pub inferred: bool,
    /// `true`: the reported time lay before the delivery began and is shown as the beginning.
    pub clamped: bool,
}

/// A set of marks as it is shown. Cheap to make and to copy: no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarksView {
    bits: u32,
    inferred: u32,
    clamped: u32,
    at: [Timestamp; MARK_COUNT],
}

impl MarksView {
    /// The view of the reported `marks` of a delivery (or one of its targets) that began at
    /// `created_at`. A reported mark always stands before an inferred one, whichever is earlier.
    pub fn of<'m>(
        marks: impl IntoIterator<Item = &'m Marks>,
        channel: Channel,
        created_at: Timestamp,
    ) -> Self {
        let mut view = Self {
            bits: 0,
            inferred: 0,
            clamped: 0,
            at: [created_at; MARK_COUNT],
        };
        for (mark, at) in marks.into_iter().flat_map(Marks::iter) {
            view.report(mark, at);
        }
        view.infer(channel);
        view.clamp(created_at);
        if !view.has(Mark::Created) {
            view.bits |= Mark::Created.bit();
            view.inferred |= Mark::Created.bit();
        }
        view
    }

    fn report(&mut self, mark: Mark, at: Timestamp) {
        let slot = &mut self.at[mark.index()];
        if self.bits & mark.bit() == 0 || at < *slot {
            *slot = at;
        }
        self.bits |= mark.bit();
    }

    fn infer(&mut self, channel: Channel) {
        let refused = REFUSALS.iter().any(|mark| self.has(*mark));
        for (cause, consequence) in IMPLIED {
            let reported = self.has(consequence) && !self.is_inferred(consequence);
            if !self.has(cause) || reported {
                continue;
            }
            // A goal may be credited to a message that was held back (holdout): no proof of sending.
            let unproven = cause == Mark::Converted && refused;
            if unproven || (consequence == Mark::Delivered && !has_delivered(channel)) {
                continue;
            }
            let at = self.at[cause.index()];
            let slot = &mut self.at[consequence.index()];
            if self.bits & consequence.bit() == 0 || at < *slot {
                *slot = at;
            }
            self.bits |= consequence.bit();
            self.inferred |= consequence.bit();
        }
    }

    fn clamp(&mut self, created_at: Timestamp) {
        for mark in Mark::ALL {
            let slot = &mut self.at[mark.index()];
            if self.bits & mark.bit() != 0 && *slot < created_at {
                *slot = created_at;
                self.clamped |= mark.bit();
            }
        }
    }

    /// Whether `mark` was reported or follows from another one.
    pub const fn has(&self, mark: Mark) -> bool {
        self.bits & mark.bit() != 0
    }

    /// Whether `mark` is there only because it follows from another one.
    pub const fn is_inferred(&self, mark: Mark) -> bool {
        self.inferred & mark.bit() != 0
    }

    /// When `mark` first happened.
    pub fn at(&self, mark: Mark) -> Option<Timestamp> {
        self.has(mark).then(|| self.at[mark.index()])
    }

    /// The marks as bits, by [`Mark::bit`].
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// The marks that nobody reported, as bits; a subset of [`MarksView::bits`].
    pub const fn inferred_bits(&self) -> u32 {
        self.inferred
    }

    /// The marks whose time was clamped, as bits; a subset of [`MarksView::bits`].
    pub const fn clamped_bits(&self) -> u32 {
        self.clamped
    }

    /// Every mark, in mark order.
    pub fn iter(&self) -> impl Iterator<Item = MarkView> + '_ {
        Mark::ALL
            .iter()
            .copied()
            .filter(|mark| self.has(*mark))
            .map(|mark| MarkView {
                mark,
                at: self.at[mark.index()],
                inferred: self.is_inferred(mark),
                clamped: self.clamped & mark.bit() != 0,
            })
    }
}

/// Whether the channel knows a delivered mark that follows from an open (semantics.md 1.2): in-app
/// has none, and Slack and webhook steps have one only where an app reports it.
const fn has_delivered(channel: Channel) -> bool {
    !matches!(channel, Channel::InApp | Channel::Slack | Channel::Webhook)
}
