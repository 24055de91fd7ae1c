//! Marks: what is known to have happened to a delivery or target, with the first time of each.
//!
//! A set of marks is a join-semilattice: bits are OR-ed, first times take the minimum. Reports may
//! therefore come twice, late or out of order without changing the result
//! (semantics.md 2.10 and 10; architecture.md decision 2).

mod view;

pub use view::{MarkView, MarksView};

use crate::channel::names;
use crate::time::Timestamp;

names!(
    /// One fact kind that is counted. The order is the order of the bits and of the columns in
    /// exports; new marks are added at the end.
    Mark {
        /// The delivery exists: a person reached the message.
        Created = "created",
        /// Rendered and held for a human.
        Drafted = "drafted",
        /// Handing over was tried and did not succeed yet.
        Attempted = "attempted",
        /// A provider accepted it. Customer.io: *sent*. Not reach.
        Sent = "sent",
        /// A device (or, for SMS and e-mail, the provider) reported receipt. A lower bound.
        Delivered = "delivered",
        /// Tapped, displayed (in-app) or pixel loaded.
        Opened = "opened",
        /// Opened by a human (e-mail only).
        HumanOpened = "human_opened",
        /// Opened by a machine (e-mail only).
        PrefetchOpened = "prefetch_opened",
        /// A tracked link was used.
        Clicked = "clicked",
        /// Clicked by a human (e-mail only).
        HumanClicked = "human_clicked",
        /// Clicked by a machine (e-mail only).
        PrefetchClicked = "prefetch_clicked",
        /// The goal was met and this delivery got the credit.
        Converted = "converted",
        /// The provider rejected the address.
        Bounced = "bounced",
        /// Not tried because the address is suppressed. Series and pages say *suppressed*.
        Dropped = "dropped",
        /// The mail provider keeps trying.
        Deferred = "deferred",
        /// Never left: rendering, payload, credentials, retries used up.
        Failed = "failed",
        /// Deliberately not sent.
        Undeliverable = "undeliverable",
        /// The message's time to live passed before a provider took it.
        Expired = "expired",
        /// The recipient complained.
        Spammed = "spammed",
        /// The person opted out through this delivery.
        Unsubscribed = "unsubscribed",
        /// The person left one topic through this delivery.
        TopicUnsubscribed = "topic_unsubscribed",
        /// Answered within 72 hours (SMS, WhatsApp).
        Replied = "replied",
        /// Received although the app may not have been able to show it (2.8 [REC]).
        Received = "received",
        /// Shown by the device, with permission on.
        Displayed = "displayed",
        /// It has a share in a conversion by some model: last touch, first touch or linear.
        Credited = "credited",
    }
);

/// How many kinds of mark there are.
pub const MARK_COUNT: usize = Mark::ALL.len();
const _: () = assert!(MARK_COUNT <= 32, "marks are kept in 32 bits");

impl Mark {
    /// This mark's bit.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Position in [`Mark::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A set of marks with the first time of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    bits: u32,
    /// Sorted by mark; one entry for each bit.
    first: Vec<(Mark, Timestamp)>,
}

impl Marks {
    /// No marks.
    pub const fn none() -> Self {
        Self {
            bits: 0,
            first: Vec::new(),
        }
    }

    /// Adds `mark` at `at`; keeps the earlier time when it is there already.
    /// Returns whether anything changed.
    pub fn set(&mut self, mark: Mark, at: Timestamp) -> bool {
        match self.first.binary_search_by_key(&mark, |(mark, _)| *mark) {
            Ok(found) if at < self.first[found].1 => self.first[found].1 = at,
            Ok(_) => return false,
            Err(place) => {
                self.first.insert(place, (mark, at));
                self.bits |= mark.bit();
            }
        }
        true
    }

    /// Joins `other` into this set.
    pub fn join(&mut self, other: &Self) {
        for (mark, at) in &other.first {
            self.set(*mark, *at);
        }
    }

    /// Whether `mark` is in the set.
    pub const fn has(&self, mark: Mark) -> bool {
        self.bits & mark.bit() != 0
    }

    /// The first time of `mark`.
    pub fn at(&self, mark: Mark) -> Option<Timestamp> {
        let found = self
            .first
            .binary_search_by_key(&mark, |(mark, _)| *mark)
            .ok()?;
        Some(self.first[found].1)
    }

    /// The set as bits, by [`Mark::bit`].
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether nothing is marked.
    pub const fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// Every mark with its first time, in mark order.
    pub fn iter(&self) -> impl Iterator<Item = (Mark, Timestamp)> + '_ {
        self.first.iter().copied()
    }
}

impl FromIterator<(Mark, Timestamp)> for Marks {
    fn from_iter<I: IntoIterator<Item = (Mark, Timestamp)>>(marks: I) -> Self {
        let mut set = Self::none();
        for (mark, at) in marks {
            set.set(mark, at);
        }
        set
    }
}

impl serde::Serialize for Marks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.first.iter().map(|(mark, at)| (mark.name(), at)))
    }
}

impl<'de> serde::Deserialize<'de> for Marks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map: std::collections::BTreeMap<Mark, Timestamp> =
            serde::Deserialize::deserialize(deserializer)?;
        Ok(map.into_iter().collect())
    }
}
