//! Storing what came of what was handed over.

use std::sync::Arc;

use landfall_domain::input::{Body, Input, Source};
use landfall_domain::work::Conclusion;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::intake::SubmitError;
use crate::workspace::Workspace;

/// Conclusions that are stored together: whoever waits for an answer waits behind no more.
const BATCH: usize = 512;
/// Pause before a conclusion that could not be stored is tried again.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// A conclusion, with the room that its hand-over takes until it is stored.
pub(super) struct Concluded {
    pub(super) conclusion: Vec<Input>,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// A conclusion as an input.
pub(super) fn input(conclusion: Conclusion) -> Input {
    Input {
        source: match conclusion.attempt {
            Some(_) => Source::Provider,
            None => Source::Landfall,
        },
        ..crate::input_of_ours(Body::Conclude(Box::new(conclusion)))
    }
}

/// Stores conclusions, many in one transaction, until there is nobody left who makes any. While one
/// batch is on its way to the disk, the next one gathers.
pub(super) async fn keep_concluding(
    workspace: Workspace,
    mut conclusions: mpsc::UnboundedReceiver<Concluded>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while conclusions.recv_many(&mut batch, BATCH).await > 0 {
        let (inputs, permits): (Vec<Vec<Input>>, Vec<_>) = batch
            .drain(..)
            .map(|concluded| (concluded.conclusion, concluded.permit))
            .unzip();
        let inputs: Arc<Vec<Input>> = Arc::new(inputs.into_iter().flatten().collect());
        let mut tries = tokio::time::interval(PAUSE);
        loop {
            // The first tick comes at once.
            tries.tick().await;
            match workspace.decided(Arc::clone(&inputs), true).await {
                Ok(_) => break,
                Err(SubmitError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "providers' answers could not be stored: trying again");
                }
            }
        }
        drop(permits);
        workspace.shared.wake.tell();
    }
}
