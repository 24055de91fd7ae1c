//! A way through the launch gate for tests that are about something else.

use landfall_engine::Workspace;
use landfall_engine::journeys::{Author, Versions, WaiverCall};
use landfall_journey::gate::WaiverAction;

/// Waives what keeps a journey from starting, and starts it.
pub(crate) async fn launch(workspace: &Workspace, slug: &str) {
    let gate = workspace.gate(slug).await.unwrap();
    for judged in gate.judged.iter().filter(|judged| judged.blocks()) {
        let call = WaiverCall {
            requirement: judged.requirement,
            action: WaiverAction::Waive,
            versions: Versions::All,
            reason: "this test is about something else".to_owned(),
            author: Author {
                by: "a test".to_owned(),
                key: None,
            },
        };
        workspace.waive(slug, &call).await.unwrap();
    }
    workspace.start_journey(slug).await.unwrap();
}
