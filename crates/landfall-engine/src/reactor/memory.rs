//! What is remembered about a person between inputs, as it lies in the person's profile row.

#[cfg(test)]
mod tests;

use landfall_audience::{EventInHand, Profile, RecentSend};
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::run::ProfileRow;
use landfall_domain::time::Timestamp;
use landfall_domain::work::WorkKey;
use landfall_store::StoreError;
use serde::{Deserialize, Serialize};

/// The first byte of a stored memory.
const VERSION: u8 = 1;

/// What the reactor remembers about a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// What was counted, and the segments that the person is in.
    pub(crate) profile: Profile,
    /// How often and when the person started each journey, by journey.
    pub(crate) starts: Vec<(JourneyId, Starts)>,
    /// What triggers journeys as soon as a visitor becomes a person, oldest first.
    pub(crate) pending: Vec<Pending>,
    /// When each date trigger fires next, by journey.
    pub(crate) dates: Vec<(JourneyId, Timestamp)>,
    /// Products that the person showed interest in, for journeys about products.
    pub(crate) interests: Vec<Interest>,
    /// Messages that are being handed over: caps count them before there is an answer.
    pub(crate) claimed: Vec<Claimed>,
    /// When the person comes to the doors of scheduled journeys, one turn for each.
    pub(crate) turns: Vec<(JourneyId, Timestamp)>,
}

/// A message that is being handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claimed {
    /// Which piece of work.
    pub(crate) work: WorkKey,
    /// What it is, as caps see it.
    pub(crate) send: RecentSend,
}

/// Interest in a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interest {
    /// For which journey.
    pub(crate) journey: JourneyId,
    /// Which product.
    pub(crate) product: String,
    /// When it was shown last.
    pub(crate) at: Timestamp,
}

/// How often a person started a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Starts {
    /// How often.
    pub(crate) count: u32,
    /// The last time.
    pub(crate) last: Timestamp,
}

/// Something that a visitor did which triggers a journey (semantics.md 4.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Which journey.
    pub(crate) journey: JourneyId,
    /// The event's kind.
    pub(crate) kind: landfall_domain::activity::EventKind,
    /// The event's name.
    pub(crate) name: String,
    /// Its data as JSON text.
    pub(crate) data: String,
    /// When it happened.
    pub(crate) at: Timestamp,
}

impl Pending {
    /// The event, for the door.
    pub(crate) fn event(&self) -> EventInHand {
        EventInHand {
            kind: self.kind,
            name: self.name.clone(),
            // It was written from data.
            data: serde_json::from_str(&self.data).unwrap_or_default(),
            at: self.at,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    profile: Vec<u8>,
    starts: Vec<(JourneyId, Starts)>,
    pending: Vec<Pending>,
    dates: Vec<(JourneyId, Timestamp)>,
    interests: Vec<Interest>,
}

impl Memory {
    /// Reads a row.
    pub(crate) fn of(row: &ProfileRow) -> Result<Self, StoreError> {
        let damaged = |why: String| StoreError::corrupt("profile", u64::from(row.person.0), why);
        let Some((&VERSION, rest)) = row.body.split_first() else {
            return Err(damaged("written by a later version".to_owned()));
        };
        let (stored, rest): (Stored, _) =
            postcard::take_from_bytes(rest).map_err(|error| damaged(error.to_string()))?;
        // Most people have nothing on its way and no turn, and most rows end here.
        let (claimed, turns) = match rest {
            [] => (Vec::new(), Vec::new()),
            rest => postcard::from_bytes(rest).map_err(|error| damaged(error.to_string()))?,
        };
        Ok(Self {
            profile: Profile::decode(&stored.profile)
                .map_err(|error| damaged(error.to_string()))?,
            starts: stored.starts,
            pending: stored.pending,
            dates: stored.dates,
            interests: stored.interests,
            claimed,
            turns,
        })
    }

    /// The row of a person.
    pub(crate) fn row(&self, person: PersonKey) -> ProfileRow {
        let stored = Stored {
            profile: self.profile.encode(),
            starts: self.starts.clone(),
            pending: self.pending.clone(),
            dates: self.dates.clone(),
            interests: self.interests.clone(),
        };
        let mut body = vec![VERSION];
        // Plain values into memory: nothing that could fail.
        body.extend(postcard::to_stdvec(&stored).unwrap_or_default());
        if !self.claimed.is_empty() || !self.turns.is_empty() {
            let later = (&self.claimed, &self.turns);
            body.extend(postcard::to_stdvec(&later).unwrap_or_default());
        }
        ProfileRow {
            person,
            due: self.due(),
            body,
        }
    }

    /// When time alone changes something.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let dates = self.dates.iter().chain(&self.turns).map(|(_, at)| *at);
        dates.chain(self.profile.due()).min()
    }

    /// Notes a turn in a scheduled journey. Of two the earlier one stays: nobody comes twice.
    pub(crate) fn take_turn(&mut self, journey: JourneyId, at: Timestamp) {
        match self.turns.iter_mut().find(|(known, _)| *known == journey) {
            Some((_, turn)) => *turn = at.min(*turn),
            None => self.turns.push((journey, at)),
        }
    }

    /// How often a journey was started.
    pub(crate) fn starts_of(&self, journey: JourneyId) -> Option<Starts> {
        let found = self.starts.iter().find(|(known, _)| *known == journey);
        found.map(|(_, starts)| *starts)
    }

    /// Counts a start.
    pub(crate) fn note_start(&mut self, journey: JourneyId, at: Timestamp) {
        match self.starts.iter_mut().find(|(known, _)| *known == journey) {
            Some((_, starts)) => {
                starts.count += 1;
                starts.last = starts.last.max(at);
            }
            None => self.starts.push((journey, Starts { count: 1, last: at })),
        }
    }

    /// Joins what was remembered about a record that was merged into this person, except the profile:
    /// finished journeys count for the rules of coming back (semantics.md 4.3).
    pub(crate) fn join(&mut self, other: Self) {
        for (journey, theirs) in other.starts {
            match self.starts.iter_mut().find(|(known, _)| *known == journey) {
                Some((_, ours)) => {
                    ours.count += theirs.count;
                    ours.last = ours.last.max(theirs.last);
                }
                None => self.starts.push((journey, theirs)),
            }
        }
        self.interests.extend(other.interests);
        self.claimed.extend(other.claimed);
        for (journey, at) in other.turns {
            self.take_turn(journey, at);
        }
        self.pending.extend(other.pending);
        self.pending.sort_by_key(|pending| pending.at);
    }
}
