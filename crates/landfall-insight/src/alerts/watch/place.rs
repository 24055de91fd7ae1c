//! The parts in which everything is counted, and the slices that hold them.

use landfall_domain::time::Timestamp;

use crate::alerts::{Metric, SliceOf};

/// A part of the ledger: a journey on a platform in a version of the app. What is not known, or does not
/// matter to a metric, is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The journey, such as `campaign:31`.
    pub journey: String,
    /// The platform, such as `ios`.
    pub platform: String,
    /// The version of the app.
    pub version: String,
}

/// Counts of a place in one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Where.
    pub place: Place,
    /// The denominator.
    pub cases: u64,
    /// The numerator.
    pub hits: u64,
}

/// One bucket of one metric, old enough that its counts are compared with those of the past at the same
/// age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What is counted.
    pub metric: Metric,
    /// Start of the bucket.
    pub start: Timestamp,
    /// The counts of each place that had any.
    pub tallies: Vec<Tally>,
}

impl Place {
    fn slice(&self, journey: bool, platform: bool, version: bool) -> SliceOf {
        let parts = [
            (journey, "journey", &self.journey),
            (platform, "platform", &self.platform),
            (version, "app_version", &self.version),
        ];
        let named = parts
            .into_iter()
            .filter(|(named, _, value)| *named && !value.is_empty());
        SliceOf(
            named
                .map(|(_, name, value)| (name.to_owned(), value.clone()))
                .collect(),
        )
    }

    /// The slice that is this place alone.
    pub fn own(&self) -> SliceOf {
        self.slice(true, true, true)
    }

    /// The slices that hold it, the largest first, each once.
    pub fn slices(&self) -> Vec<SliceOf> {
        let mut slices: Vec<SliceOf> = Vec::with_capacity(6);
        for (journey, platform, version) in [
            (false, false, false),
            (false, true, false),
            (true, false, false),
            (false, true, true),
            (true, true, false),
            (true, true, true),
        ] {
            let slice = self.slice(journey, platform, version);
            if !slices.contains(&slice) {
                slices.push(slice);
            }
        }
        slices
    }

    /// The slice that is tested before `slice`, which holds this place; `None`: it is the whole.
    pub(super) fn parent_of(&self, slice: &SliceOf) -> Option<SliceOf> {
        let has = |name: &str| slice.0.contains_key(name);
        if slice.0.is_empty() {
            return None;
        }
        Some(if has("app_version") {
            self.slice(has("journey"), true, false)
        } else if has("platform") && has("journey") {
            self.slice(true, false, false)
        } else {
            SliceOf::default()
        })
    }

    /// Whose past says what is usual here: its own, or its journey's on its platform; where the journey does not
    /// matter, that of the whole platform.
    pub(super) fn known_by(&self, metric: Metric) -> impl Iterator<Item = SliceOf> {
        let of_platform = metric
            .is_providers()
            .then(|| self.slice(false, true, false));
        [self.own(), self.slice(true, true, false)]
            .into_iter()
            .chain(of_platform)
    }
}
