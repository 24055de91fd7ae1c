//! Looking at everybody once, when a condition is new; and at members of what was deleted.

use std::time::Duration;

use landfall_domain::ids::{JourneyId, PersonKey, SegmentId};
use landfall_domain::input::{Body, Input};
use landfall_domain::run::{Look, RunInput};
use landfall_store::{Store, StoreError};
use serde::{Deserialize, Serialize};

use super::{DefineError, Segment, all, removal};
use crate::input_of_ours;
use crate::intake::SubmitError;
use crate::journeys::{self, Journey, JourneyError};
use crate::workspace::Workspace;

/// People looked at in one submission.
const PAGE: usize = 1_000;
/// Submissions that wait for each other: while one is being stored, the next is there already.
const PAGES: usize = 4;
/// How often that is repeated before it is written down how far it is.
const ROUNDS: usize = 16;
/// Pause before trying again when the store cannot be used.
const PAUSE: Duration = Duration::from_secs(1);

/// How far the first look at everybody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The last person who was looked at.
    pub after: Option<PersonKey>,
    /// How many were.
    pub done: u64,
    /// How many there were at the start, as far as is known.
    pub of: u64,
}

impl Build {
    /// Whole percents, at most 99 while it goes on.
    pub fn percent(&self) -> u64 {
        let percent = self.done.saturating_mul(100).checked_div(self.of);
        percent.unwrap_or(0).min(99)
    }
}

/// Builds the segments of a workspace. Cloning is cheap.
#[derive(Clone)]
pub struct Builder {
    workspace: Workspace,
}

impl Builder {
    /// Of a workspace.
    pub const fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    /// Builds what has to be built until it is dropped.
    pub async fn run(self) {
        let changed = &self.workspace.shared.segments_changed;
        loop {
            match self.turn().await {
                Ok(true) => {}
                Ok(false) => changed.notified().await,
                Err(SubmitError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "segments could not be built on: trying again");
                    // Whichever comes first.
                    let _ = tokio::time::timeout(PAUSE, changed.notified()).await;
                }
            }
        }
    }

    /// Builds everything that has to be built. For clocks that are moved by hand.
    ///
    /// # Errors
    /// When the store cannot be used now.
    pub async fn drain(&self) -> Result<(), SubmitError> {
        while self.turn().await? {}
        Ok(())
    }

    /// Ends what starting, pausing or stopping a journey began, or looks at some people, or computes
    /// conversions of one page of runs anew; `false`: nothing has to be done.
    async fn turn(&self) -> Result<bool, SubmitError> {
        self.finish_removals().await?;
        let unsettled = self.workspace.read(|store| journeys::all(store)).await;
        let mut unsettled = unsettled?.into_iter();
        if let Some((id, _)) = unsettled.find(|(_, journey)| journey.unsettled) {
            let settled = self.workspace.settle_journey(id).await;
            return settled.map(|()| true).map_err(refused);
        }
        let building = self.workspace.read(|store| Building::read(store)).await;
        let building = building?;
        // The one that is least far sets the place: who is looked at is looked at for all of them.
        let Some(place) = building.builds().map(|build| build.after).min() else {
            return self.workspace.recompute_page().await.map_err(refused);
        };
        let looked = self.look(place).await?;
        let listed = self.workspace.with_roster(crate::Roster::listed);
        let further = |build: Build| Build {
            after: build.after.max(looked.after),
            done: build.done + looked.done,
            of: listed,
        };
        let further = |build: Option<Build>| build.filter(|_| !looked.over).map(further);
        self.keep(building, further).await?;
        Ok(true)
    }

    /// Looks at the next people after a place.
    async fn look(&self, place: Option<PersonKey>) -> Result<Looked, SubmitError> {
        let mut looked = Looked {
            after: place,
            done: 0,
            over: false,
        };
        let mut people = self.people_after(place).await?;
        for _ in 0..ROUNDS {
            let pages = people.chunks(PAGE).map(|page| {
                let reviews = page.iter().map(|person| review(*person));
                self.workspace.submit_patiently(reviews.collect())
            });
            let last = people.last().copied().or(looked.after);
            let pages = futures_util::future::try_join_all(pages);
            let (done, next) = futures_util::future::join(pages, self.people_after(last)).await;
            done?;
            let people = std::mem::replace(&mut people, next?);
            looked.after = last;
            looked.done += people.len() as u64;
            looked.over = people.len() < PAGES * PAGE;
            if looked.over {
                break;
            }
        }
        Ok(looked)
    }

    async fn people_after(&self, place: Option<PersonKey>) -> Result<Vec<PersonKey>, SubmitError> {
        let read = move |store: &dyn Store| store.person_keys_after(place, PAGES * PAGE);
        Ok(self.workspace.read(read).await?)
    }

    /// Takes members out of segments whose deletion was interrupted.
    async fn finish_removals(&self) -> Result<(), SubmitError> {
        let removed = self.workspace.read(|store| removal::removed(store)).await;
        for (id, segment) in removed? {
            let finished = self.workspace.finish_removal(id, &segment).await;
            finished.map_err(|error| match error {
                DefineError::Submit(error) => error,
                error => SubmitError::Unavailable(error.to_string()),
            })?;
        }
        Ok(())
    }

    async fn keep(
        &self,
        building: Building,
        further: impl Fn(Option<Build>) -> Option<Build>,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.workspace.shared.defining.lock().await;
        let now = self.workspace.read(|store| Building::read(store)).await?;
        for (id, segment) in building.segments {
            // Who changed it meanwhile began anew.
            if now.segments.contains(&(id, segment.clone())) {
                let build = further(segment.build);
                let segment = Segment { build, ..segment };
                self.workspace.keep_segment(id, &segment).await?;
            }
        }
        for (id, journey) in building.journeys {
            if let Some((_, now)) = now.journeys.iter().find(|(known, _)| *known == id)
                && now.build == journey.build
                && now.version == journey.version
            {
                let journey = Journey {
                    build: further(now.build),
                    ..now.clone()
                };
                self.workspace.keep_journey(id, &journey).await?;
            }
        }
        Ok(())
    }
}

/// How far a look at people came.
struct Looked {
    after: Option<PersonKey>,
    /// How many people that were.
    done: u64,
    /// Whether these were the last.
    over: bool,
}

/// What has to be built.
struct Building {
    segments: Vec<(SegmentId, Segment)>,
    journeys: Vec<(JourneyId, Journey)>,
}

impl Building {
    fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let segments = all(store)?.into_iter();
        let journeys = journeys::all(store)?.into_iter();
        Ok(Self {
            segments: segments
                .filter(|(_, segment)| segment.build.is_some())
                .collect(),
            journeys: journeys
                .filter(|(_, journey)| journey.build.is_some())
                .collect(),
        })
    }

    fn builds(&self) -> impl Iterator<Item = Build> {
        let segments = self
            .segments
            .iter()
            .filter_map(|(_, segment)| segment.build);
        let journeys = self
            .journeys
            .iter()
            .filter_map(|(_, journey)| journey.build);
        segments.chain(journeys)
    }
}

fn refused(error: JourneyError) -> SubmitError {
    match error {
        JourneyError::Submit(error) => error,
        error => SubmitError::Unavailable(error.to_string()),
    }
}

fn review(person: PersonKey) -> Input {
    input_of_ours(Body::Run(Box::new(RunInput::Review {
        person,
        look: Look::Recount,
    })))
}
