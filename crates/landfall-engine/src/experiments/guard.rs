//! The guardrail at work: delivery is looked at by and by, and experiments are held and go on.

use landfall_board::TimeRange;
use landfall_domain::time::{MINUTE_MS, Timestamp};
use landfall_insight::experiments::{Health, OnTrouble, Step};

use super::health::Look;
use super::{ExperimentError, Kept, Settings, all_kept, designs};
use crate::journeys::JourneyState;
use crate::workspace::{Rebuild, Workspace};

/// How often delivery is looked at, in milliseconds.
pub const GUARD_EVERY_MS: i64 = 5 * MINUTE_MS;

/// What a look changed about one experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The experiment.
    pub experiment: String,
    /// Held, with the reason; or it goes on, and that stretch does not count.
    pub step: Step,
}

impl Workspace {
    /// Looks at the delivery of every running journey with experiments, holds those whose delivery is unhealthy,
    /// and lets those go on that were held and are healthy again. While the board is being filled nothing is
    /// said: what is missing is not unhealthy.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn guard_experiments(&self) -> Result<Vec<Guarded>, ExperimentError> {
        if self.rebuild() != Rebuild::Done {
            return Ok(Vec::new());
        }
        let _one_at_a_time = self.shared.defining.lock().await;
        let workspace = self.clone();
        let guarded = tokio::task::spawn_blocking(move || workspace.look_at_delivery());
        let guarded = guarded
            .await
            .map_err(landfall_store::StoreError::unavailable)??;
        if !guarded.is_empty() {
            self.reload_live().await?;
        }
        Ok(guarded)
    }

    fn look_at_delivery(&self) -> Result<Vec<Guarded>, ExperimentError> {
        let (live, store, now) = (self.live(), self.store().as_ref(), self.now());
        let mut kept = all_kept(store)?;
        let (board, catalogue) = (self.board().view(), self.catalogue());
        let look = Look {
            board: &board,
            messages: catalogue.infos(),
            now,
        };
        let mut guarded = Vec::new();
        for design in designs(store, &live)? {
            if design.stored.state != JourneyState::Running {
                continue;
            }
            let place = (design.journey, design.trial.step.clone());
            let (document, known) = kept.remove(&place).unzip();
            let mut known =
                known.unwrap_or_else(|| Kept::new(place.0, &place.1, Settings::default()));
            let hold = known.guardrail.hold.as_ref();
            let trouble = look.trouble(design.journey, hold.map(|hold| hold.since))?;
            let cases = seen(&look, &known, now)?;
            let step = known.guardrail.observe(&Health {
                at: now,
                cases,
                trouble,
            });
            known.looked_at = Some(now);
            // A look that changed nothing is written only while it is counted what was healthy.
            if step != Step::Same || known.guardrail.hold.is_some() {
                known.put(store, document)?;
            }
            if step != Step::Same {
                guarded.push(Guarded {
                    experiment: design.id,
                    step,
                });
            }
        }
        Ok(guarded)
    }
}

/// Messages since the last look. While new people pass the test by, its journey may send nothing at all: then
/// every push of the workspace counts, for the providers are the same.
fn seen(look: &Look<'_>, kept: &Kept, now: Timestamp) -> Result<u64, ExperimentError> {
    let from = kept.looked_at.unwrap_or(now.plus_millis(-GUARD_EVERY_MS));
    let whole = kept.settings.on_trouble == OnTrouble::Pause;
    let journey = (!whole).then_some(kept.journey);
    let share = look.accepted(journey, TimeRange::between(from, now))?;
    Ok(share.of)
}
