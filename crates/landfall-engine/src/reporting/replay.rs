//! Posting by hand: a test, and dead letters again.

use landfall_domain::attempt::{Answer, Verdict};
use landfall_store::DocumentKind;
use serde_json::json;

use super::dead_letter::DeadLetter;
use super::error::ReportingError;
use super::page::envelope;
use super::webhook::Webhook;
use super::{Reporting, event_id, letters, one, one_letter};
use crate::workspace::Workspace;

/// Refusals in a row after which a replay of everything ends: the endpoint is not ready.
const REFUSALS_MAX: usize = 3;
/// Dead letters that one call replays at most.
const AT_A_TIME: usize = 1_000;

/// What a replay came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Dead letters that the endpoint took; they are gone.
    pub taken: usize,
    /// Those that it refused again.
    pub refused: usize,
    /// Those that were not tried.
    pub left: usize,
    /// What was wrong with the last one that was refused.
    pub problem: Option<String>,
}

impl Reporting {
    /// Posts an event that never happened, signed as all others, and returns what the endpoint said.
    ///
    /// # Errors
    /// When there is no such webhook, or the store cannot be read.
    pub async fn test(&self, workspace: &Workspace, id: u32) -> Result<Answer, ReportingError> {
        let webhook = self.webhook(workspace, id).await?;
        let now = workspace.now();
        let event = event_id::event_id(workspace.id(), 0, "test", now);
        let data = json!({
            "transactional_message_id": 0,
            "delivery_id": "test",
            "customer_id": "test",
            "identifiers": { "id": "test", "email": null, "cio_id": "test" },
            "recipients": [{ "device_id": "test", "device_platform": "ios" }],
        });
        let body = envelope(&event, "push", "sent", now.seconds(), &data);
        self.post(workspace, &webhook, &body).await
    }

    /// Posts a dead letter again, or all of them in order; what is taken is deleted.
    ///
    /// # Errors
    /// When there is no such webhook or dead letter, or the store cannot be read or written.
    pub async fn replay(
        &self,
        workspace: &Workspace,
        id: u32,
        letter: Option<u32>,
    ) -> Result<Replayed, ReportingError> {
        let webhook = self.webhook(workspace, id).await?;
        let found = workspace.read(move |store| match letter {
            None => Ok(letters(store, id)),
            Some(letter) => Ok(Ok(match one_letter(store, id, letter) {
                Ok(found) => vec![(letter, found)],
                Err(ReportingError::Store(error)) => return Err(error),
                Err(_) => Vec::new(),
            })),
        });
        let found = found.await??;
        if let (Some(letter), true) = (letter, found.is_empty()) {
            return Err(ReportingError::Missing {
                what: "dead letter",
                id: letter,
            });
        }
        let done = self.replay_these(workspace, &webhook, found).await;
        self.note_edit();
        done
    }

    async fn replay_these(
        &self,
        workspace: &Workspace,
        webhook: &Webhook,
        found: Vec<(u32, DeadLetter)>,
    ) -> Result<Replayed, ReportingError> {
        let mut replayed = Replayed {
            left: found.len(),
            ..Replayed::default()
        };
        let mut in_a_row = 0;
        for (number, letter) in found.into_iter().take(AT_A_TIME) {
            let answer = self.post(workspace, webhook, &letter.body).await?;
            replayed.left -= 1;
            let accepted = answer.verdict == Verdict::Accepted;
            if accepted {
                (replayed.taken, in_a_row) = (replayed.taken + 1, 0);
            } else {
                (replayed.refused, in_a_row) = (replayed.refused + 1, in_a_row + 1);
                replayed.problem = Some(problem_of(&answer));
            }
            let at = workspace.now();
            let kept = workspace.read(move |store| {
                if accepted {
                    return store.delete_document(DocumentKind::DeadLetter, number);
                }
                let tries = letter.tries + 1;
                let again = DeadLetter {
                    tries,
                    answer,
                    at,
                    ..letter
                };
                store.replace_document(DocumentKind::DeadLetter, number, &again.text()?)
            });
            kept.await?;
            if in_a_row >= REFUSALS_MAX {
                break;
            }
        }
        Ok(replayed)
    }

    async fn webhook(&self, workspace: &Workspace, id: u32) -> Result<Webhook, ReportingError> {
        let found = workspace.read(move |store| Ok(one(store, id)));
        found.await?
    }

    async fn post(
        &self,
        workspace: &Workspace,
        webhook: &Webhook,
        body: &str,
    ) -> Result<Answer, ReportingError> {
        let key = self.key_of(workspace, webhook)?;
        let (poster, now) = (self.poster()?, workspace.now());
        Ok(poster
            .post(&webhook.settings.endpoint, &key, body, now)
            .await)
    }
}

/// What an endpoint said, in a line for people.
pub(super) fn problem_of(answer: &Answer) -> String {
    let words = answer.words();
    match (answer.status, words) {
        (Some(status), Some(words)) => format!("{status}: {words}"),
        (Some(status), None) => format!("status {status}"),
        (None, Some(words)) => words,
        (None, None) => "no answer".to_owned(),
    }
}
