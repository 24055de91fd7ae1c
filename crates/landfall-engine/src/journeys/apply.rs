//! Applying a definition: a new journey, a new version of one, or nothing new.

use std::sync::Arc;

use landfall_domain::ids::JourneyId;
use landfall_domain::input::Body;
use landfall_journey::{Definition, Numbering, Plan, Surroundings};
use landfall_store::{DocumentKind, Store, StoreError};
use serde_json::Value;

use super::gate::names_in_use;
use super::{Journey, JourneyError, JourneyState, JourneyVersion, surroundings};
use crate::rules::SendingRules;
use crate::segments;
use crate::segments::Build;
use crate::workspace::Workspace;

/// What came of applying a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The journey's number.
    pub id: JourneyId,
    /// The journey as it is now.
    pub journey: Journey,
    /// Whether this made a new version; `false`: the newest version says the same.
    pub changed: bool,
}

impl Workspace {
    /// Checks a definition as [`Workspace::apply_journey`] does, and stores nothing. Returns the plan as
    /// it would be; a new journey has number zero in it.
    ///
    /// # Errors
    /// Everything that is wrong with it, or the store cannot be read.
    pub async fn check_journey(&self, definition: &Value) -> Result<Plan, JourneyError> {
        let definition = Definition::from_json(definition).map_err(JourneyError::Faults)?;
        let slug = definition.id.clone();
        let (known, around) = self
            .read(move |store| {
                let known = super::named(store, &slug)?;
                let topics = SendingRules::read(store)?.topics;
                let around = Surroundings {
                    // Without any, topics are whatever people chose about.
                    topics: (!topics.is_empty()).then(|| topics.into_keys().collect()),
                    ..surroundings(&segments::all(store)?)
                };
                Ok((known, around))
            })
            .await?;
        let known = known.map(|(_, journey)| (journey.numbering, journey.version));
        let (numbering, version) = known.unwrap_or((Numbering::new(JourneyId(0)), 0));
        let compiled = Plan::compile(&Arc::new(definition), version + 1, &around, numbering);
        Ok(compiled.map_err(JourneyError::Faults)?.0)
    }

    /// Stores a definition as the newest version of its journey. A new journey is a draft; of a running one
    /// people enter the new version from now on, and whoever is in it stays in theirs, so it has to pass the
    /// launch gate first.
    ///
    /// # Errors
    /// As [`Workspace::check_journey`], and when a running journey's new version does not pass the launch
    /// gate; nothing is stored then.
    pub async fn apply_journey(&self, definition: &Value) -> Result<Applied, JourneyError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let plan = self.check_journey(definition).await?;
        let written = plan.definition.to_json();
        let slug = plan.definition.id.clone();
        let stored = self
            .read(move |store| {
                let known = super::all(store)?.into_iter().find(|(_, j)| j.slug == slug);
                Ok((known, super::versions(store)?, segments::all(store)?))
            })
            .await?;
        let (known, versions, segments) = stored;
        if let Some((id, journey)) = &known {
            let newest = versions
                .iter()
                .rev()
                .find(|known| known.journey == *id && known.version == journey.version);
            if newest.is_some_and(|newest| newest.definition == written) {
                // It may have been interrupted after it was stored.
                self.announce(&plan).await?;
                return Ok(Applied {
                    id: *id,
                    journey: journey.clone(),
                    changed: false,
                });
            }
        }
        let (id, journey) = match known {
            Some(known) => numbered(known),
            None => self.new_journey(&plan).await?,
        };
        let around = surroundings(&segments);
        let version = journey.version + 1;
        let compiled = Plan::compile(
            &plan.definition,
            version,
            &around,
            journey.numbering.clone(),
        );
        let (plan, numbering) = compiled.map_err(JourneyError::Faults)?;
        if journey.state == JourneyState::Running {
            // People would enter it at once.
            self.pass_gate(&plan, names_in_use(&plan, None)).await?;
        }
        let now = self.now();
        let counts = plan
            .conditions()
            .iter()
            .any(|condition| !condition.patterns().is_empty());
        let journey = Journey {
            name: plan.definition.name.clone(),
            version,
            numbering,
            build: counts.then(Build::default),
            updated_at: now,
            ..journey
        };
        let applied = JourneyVersion {
            journey: id,
            version,
            at: now,
            definition: written,
        };
        self.store_version(id, &journey, &applied).await?;
        self.announce(&plan).await?;
        Ok(Applied {
            id,
            journey,
            changed: true,
        })
    }

    /// Names what a stored version sends, and lets it live.
    async fn announce(&self, plan: &Plan) -> Result<(), JourneyError> {
        let names = plan.names();
        self.submit(vec![crate::input_of_ours(Body::Name { names })])
            .await?;
        self.reload_live().await?;
        self.shared.segments_changed.notify_one();
        Ok(())
    }

    /// The version first: a version that no journey names yet is never looked at.
    async fn store_version(
        &self,
        id: JourneyId,
        journey: &Journey,
        version: &JourneyVersion,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(version).unwrap_or_default();
        let journey = journey.body();
        let store = move |store: &dyn Store| {
            store.insert_document(DocumentKind::JourneyVersion, &body)?;
            store.replace_document(DocumentKind::Journey, id.0, &journey)
        };
        self.read(store).await.map(drop)
    }

    async fn new_journey(&self, plan: &Plan) -> Result<(JourneyId, Journey), StoreError> {
        let now = self.now();
        let mut journey = Journey {
            slug: plan.definition.id.clone(),
            name: plan.definition.name.clone(),
            state: JourneyState::Draft,
            version: 0,
            numbering: Numbering::new(JourneyId(0)),
            build: None,
            unsettled: false,
            recompute: None,
            created_at: now,
            updated_at: now,
            started_at: None,
        };
        let body = journey.body();
        let insert = move |store: &dyn Store| store.insert_document(DocumentKind::Journey, &body);
        let id = JourneyId(self.read(insert).await?);
        journey.numbering = Numbering::new(id);
        Ok((id, journey))
    }

    pub(crate) async fn keep_journey(
        &self,
        id: JourneyId,
        journey: &Journey,
    ) -> Result<(), StoreError> {
        let body = journey.body();
        let replace =
            move |store: &dyn Store| store.replace_document(DocumentKind::Journey, id.0, &body);
        self.read(replace).await.map(drop)
    }
}

/// A journey whose first application was interrupted before it had a version: its numbers begin with it.
fn numbered((id, journey): (JourneyId, Journey)) -> (JourneyId, Journey) {
    let numbering = match journey.version {
        0 => Numbering::new(id),
        _ => journey.numbering.clone(),
    };
    let journey = Journey {
        numbering,
        ..journey
    };
    (id, journey)
}
