//! What may have changed: the words in which happenings and conditions meet.

use landfall_domain::ids::SegmentId;
use rustc_hash::FxHashSet;

use crate::hashing;
use crate::pattern::PatternId;

/// Something that an answer may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The tally of a pattern.
    Pattern(PatternId),
    /// An attribute, by the hash of its name. Two names with one hash cost an evaluation too many.
    Attribute(u64),
    /// The person's devices, and what became of former ones.
    Devices,
    /// Receipts of the person's devices.
    Liveness,
    /// Choices of consent.
    Consent,
    /// Membership of a segment.
    Segment(SegmentId),
    /// When the person was last seen.
    Activity,
}

impl Cause {
    /// The cause that stands for an attribute (or identifier) of this name.
    pub fn attribute(name: &str) -> Self {
        Self::Attribute(hashing::of_text(name))
    }
}

/// What happenings may have changed about one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    causes: Vec<Cause>,
    whole: bool,
}

impl Touched {
    /// Nothing yet.
    pub const fn nothing() -> Self {
        Self {
            causes: Vec::new(),
            whole: false,
        }
    }

    /// Everything: after a merge, or when nobody knows.
    pub const fn whole() -> Self {
        Self {
            causes: Vec::new(),
            whole: true,
        }
    }

    /// Adds a cause.
    pub fn add(&mut self, cause: Cause) {
        if !self.whole && !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
    }

    /// From now on everything counts as touched.
    pub fn add_whole(&mut self) {
        self.whole = true;
        self.causes.clear();
    }

    /// Whether everything is.
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether nothing is.
    pub const fn is_nothing(&self) -> bool {
        !self.whole && self.causes.is_empty()
    }

    /// The causes, each once; none when everything is touched.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// Whether an answer that depends on `needs` may have changed.
    pub fn reaches(&self, needs: &FxHashSet<Cause>) -> bool {
        self.whole || self.causes.iter().any(|cause| needs.contains(cause))
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.causes.clear();
        self.whole = false;
    }
}
