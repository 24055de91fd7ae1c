//! Deleting segments: first nobody finds it any more, then its members leave, then it is forgotten.
//!
//! What is interrupted in between is finished by the [`super::Builder`].

use landfall_audience::Condition;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::SegmentId;
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::run::{Look, RunInput};
use landfall_store::{DocumentKind, Store, StoreError};

use super::{DefineError, Segment, Users, all, counts, stored};
use crate::input_of_ours;
use crate::journeys;
use crate::workspace::Workspace;

/// Members taken out in one submission.
const PAGE: usize = 1_000;

/// What asks about a segment.
///
/// # Errors
/// When the store cannot be read.
pub fn users(store: &(impl Store + ?Sized), segment: SegmentId) -> Result<Users, StoreError> {
    let using = journeys::using_segment(store, segment)?;
    let journeys = journeys::all(store)?.into_iter();
    let journeys = journeys.filter(|(id, _)| using.contains(id));
    let mut segments = Vec::new();
    for (id, asking) in all(store)? {
        let condition = asking.condition.as_ref().map(Condition::from_json);
        // Every condition was understood when it was stored.
        let condition = condition.and_then(Result::ok);
        if condition.is_some_and(|condition| condition.segments().contains(&segment)) {
            segments.push((id, asking.name));
        }
    }
    Ok(Users {
        journeys: journeys.map(|(id, journey)| (id, journey.slug)).collect(),
        segments,
    })
}

/// Deleted segments whose members may not all be out.
pub(super) fn removed(store: &dyn Store) -> Result<Vec<(SegmentId, Segment)>, StoreError> {
    let mut stored = stored(store)?;
    stored.retain(|(_, segment)| segment.removed);
    Ok(stored)
}

impl Workspace {
    /// Deletes a segment and takes everybody out of it. Its number is not used again.
    ///
    /// # Errors
    /// When there is none of that number, something asks about it, or the store cannot be used; nothing is
    /// deleted then.
    pub async fn delete_segment(&self, id: SegmentId) -> Result<(), DefineError> {
        let segment = self.mark_removed(id).await?;
        if let Err(error) = self.finish_removal(id, &segment).await {
            // It is deleted; that its members are still in it concerns only the builder.
            tracing::warn!(%error, segment = id, "members of a deleted segment are taken out later");
            self.shared.segments_changed.notify_one();
        }
        Ok(())
    }

    async fn mark_removed(&self, id: SegmentId) -> Result<Segment, DefineError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let found = self
            .read(move |store| {
                let found = all(store)?.into_iter().find(|(known, _)| *known == id);
                Ok((found, users(store, id)?))
            })
            .await?;
        let (Some((_, segment)), users) = found else {
            return Err(DefineError::Missing(id));
        };
        if !users.is_empty() {
            return Err(DefineError::InUse(id, users));
        }
        let removed = Segment {
            removed: true,
            build: None,
            ..segment
        };
        self.keep_segment(id, &removed).await?;
        if removed.is_data_driven() {
            self.reload_live().await?;
        }
        Ok(removed)
    }

    /// Takes everybody out of a segment that was deleted, and forgets it.
    pub(super) async fn finish_removal(
        &self,
        id: SegmentId,
        segment: &Segment,
    ) -> Result<(), DefineError> {
        match segment.is_data_driven() {
            true => self.let_go(id).await?,
            false => self.take_out_by_hand(id).await?,
        }
        self.read(move |store| {
            counts::forget(store, id)?;
            store.delete_document(DocumentKind::Segment, id)
        })
        .await?;
        if segment.is_data_driven() {
            self.reload_live().await?;
        }
        Ok(())
    }

    /// Looks at every member anew: whoever is in a segment that is no more leaves it.
    async fn let_go(&self, id: SegmentId) -> Result<(), DefineError> {
        let mut after = None;
        loop {
            let members = self
                .read(move |store| store.members(id, after, PAGE))
                .await?;
            let Some(last) = members.last() else {
                return Ok(());
            };
            after = Some(*last);
            let look = Look::All;
            let reviews = members
                .into_iter()
                .map(|person| RunInput::Review { person, look })
                .map(|review| input_of_ours(Body::Run(Box::new(review))));
            self.submit_patiently(reviews.collect()).await?;
        }
    }

    /// Takes everybody out of a segment who was put into it by hand.
    pub(super) async fn take_out_by_hand(&self, id: SegmentId) -> Result<(), DefineError> {
        let mut after = None;
        loop {
            let page = self.read(move |store| {
                let members = store.members(id, after, PAGE)?;
                Ok((members.last().copied(), store.people(&members)?))
            });
            let (Some(last), people) = page.await? else {
                return Ok(());
            };
            after = Some(last);
            let who = people
                .iter()
                .filter_map(|person| Identifier::new(IdentifierKind::CioId, &person.cio_id));
            let edit = Body::EditSegment {
                segment: id,
                who: who.collect(),
                add: false,
            };
            let edit = Input {
                source: Source::App,
                ..input_of_ours(edit)
            };
            self.submit_patiently(vec![edit]).await?;
        }
    }
}
