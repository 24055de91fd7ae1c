//! What segments know of how long tokens live: lessons, kept for those who ask again what was then.

use std::sync::Arc;

use landfall_audience::{Condition, Lesson, LessonOfKind, Liveness};
use landfall_domain::time::Timestamp;
use landfall_insight::survival::SILENCE_DAYS;
use landfall_store::{DocumentKind, Store, StoreError};

use super::{KindSurvival, Survival};
use crate::segments::{self, Build, Segment};
use crate::workspace::Workspace;

/// A new lesson is put in place when some probability moved by so much: otherwise everybody would be looked at
/// anew each day for nothing.
const MATTERS: f64 = 0.01;
/// A lesson counts from so many milliseconds on after it was learned: by then it is in place.
const TAKES_EFFECT_MS: i64 = 5 * 60_000;
/// Lessons that are kept.
const KEPT: usize = 60;

/// Everything that segments were taught.
pub(crate) fn learned(store: &(impl Store + ?Sized)) -> Result<Arc<Liveness>, StoreError> {
    let stored = store.documents(DocumentKind::TokenLesson)?;
    let lessons = stored.iter().map(|document| {
        serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))
    });
    let lessons: Vec<Lesson> = lessons.collect::<Result<_, _>>()?;
    Ok(Arc::new(Liveness::new(lessons)))
}

/// Thousandths are all that anybody can know.
fn rounded(alive: f64) -> f64 {
    (alive * 1_000.0).round() / 1_000.0
}

fn lesson(known: &Survival, since: Timestamp) -> Lesson {
    let kinds = known.kinds.iter().map(|kind: &KindSurvival| {
        let rows = kind.rows.iter();
        LessonOfKind {
            platform: kind.platform.clone(),
            reports: kind.reports,
            app_version: kind.app_version.clone(),
            alive: rows
                .map(|row| row.alive.map(|known| rounded(known.alive)))
                .collect(),
        }
    });
    Lesson {
        since,
        ends: SILENCE_DAYS.to_vec(),
        kinds: kinds.collect(),
    }
}

/// Whether one lesson says something else than another.
fn matters(before: Option<&Lesson>, now: &Lesson) -> bool {
    let Some(before) = before else {
        return !now.kinds.is_empty();
    };
    let same = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < MATTERS,
        (a, b) => a.is_some() == b.is_some(),
    };
    let alike = |a: &LessonOfKind, b: &LessonOfKind| {
        (&a.platform, a.reports, &a.app_version) == (&b.platform, b.reports, &b.app_version)
            && a.alive.len() == b.alive.len()
            && a.alive.iter().zip(&b.alive).all(|(a, b)| same(a, b))
    };
    let kinds = before.kinds.iter().zip(&now.kinds);
    before.ends != now.ends
        || before.kinds.len() != now.kinds.len()
        || !kinds.into_iter().all(|(a, b)| alike(a, b))
}

fn keep(store: &dyn Store, lesson: &Lesson) -> Result<(), StoreError> {
    const KIND: DocumentKind = DocumentKind::TokenLesson;
    // Numbers and names only.
    let body = serde_json::to_string(lesson).unwrap_or_default();
    store.insert_document(KIND, &body)?;
    let stored = store.documents(KIND)?;
    for old in &stored[..stored.len().saturating_sub(KEPT)] {
        store.delete_document(KIND, old.id)?;
    }
    Ok(())
}

/// Segments that ask how likely devices are there, to be built anew.
fn asking(store: &dyn Store) -> Result<Vec<(u32, Segment)>, StoreError> {
    let asks = |(_, segment): &(u32, Segment)| {
        let condition = segment.condition.as_ref().map(Condition::from_json);
        condition.is_some_and(|read| read.is_ok_and(|condition| condition.asks_of_liveness()))
    };
    let all = segments::all(store)?.into_iter().filter(asks);
    Ok(all
        .map(|(id, segment)| {
            let build = Some(Build::default());
            (id, Segment { build, ..segment })
        })
        .collect())
}

impl Workspace {
    /// Lets segments know what was learned, if it says something else than before: whoever is in a segment that
    /// asks about it is looked at anew.
    pub(super) async fn teach(&self, known: &Survival) -> Result<(), StoreError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let lesson = lesson(known, self.now().plus_millis(TAKES_EFFECT_MS));
        let taught = self.read(move |store| {
            let before = learned(store)?;
            if !matters(before.newest(), &lesson) {
                return Ok(None);
            }
            keep(store, &lesson)?;
            asking(store).map(Some)
        });
        let Some(asking) = taught.await? else {
            return Ok(());
        };
        for (id, segment) in &asking {
            self.keep_segment(*id, segment).await?;
        }
        self.reload_live().await?;
        self.shared.segments_changed.notify_one();
        Ok(())
    }
}
