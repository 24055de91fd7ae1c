//! Ways through the launch gate for tests that are about something else.

use landfall_domain::ids::JourneyId;
use landfall_journey::gate::{Requirement, WaiverAction};

use crate::Workspace;
use crate::journeys::{Author, Journey, JourneyError, Versions, WaiverCall, WaiverError};

/// A waiver of one requirement, for all versions.
pub(crate) fn waiver(requirement: Requirement, reason: &str) -> WaiverCall {
    WaiverCall {
        requirement,
        action: WaiverAction::Waive,
        versions: Versions::All,
        reason: reason.to_owned(),
        author: Author {
            by: "a test".to_owned(),
            key: None,
        },
    }
}

/// Waives what keeps a journey from starting, for all its versions.
pub(crate) async fn open_gate(workspace: &Workspace, slug: &str) -> Result<(), JourneyError> {
    let gate = workspace.gate(slug).await?;
    for judged in gate.judged.iter().filter(|judged| judged.blocks()) {
        let call = waiver(judged.requirement, "this test is about something else");
        match workspace.waive(slug, &call).await {
            Ok(_) => {}
            Err(WaiverError::Journey(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        }
    }
    Ok(())
}

/// Starts a journey whose launch is not what the test is about.
pub(crate) async fn launch(
    workspace: &Workspace,
    slug: &str,
) -> Result<(JourneyId, Journey), JourneyError> {
    open_gate(workspace, slug).await?;
    workspace.start_journey(slug).await
}
