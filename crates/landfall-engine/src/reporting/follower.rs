//! Following the ledger for one webhook.

use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::time::{SECOND_MS, Timestamp};
use landfall_store::DocumentKind;
use tokio::sync::mpsc;

use super::dead_letter::{DEAD_LETTERS_MAX, DeadLetter};
use super::error::ReportingError;
use super::lanes::{LaneKey, Lanes};
use super::replay::problem_of;
use super::webhook::Webhook;
use super::{Progress, Reporting, page};
use crate::workspace::Workspace;

/// How often the cursor is stored at most while events flow, in milliseconds.
const SAVE_MS: i64 = SECOND_MS;

/// What came of an event that was posted.
pub(super) struct Finished {
    /// Number and version of the webhook.
    pub(super) webhook: (u32, u32),
    lane: LaneKey,
    answer: Answer,
}

/// One webhook with what waits for it.
pub(super) struct Follower {
    pub(super) id: u32,
    pub(super) webhook: Webhook,
    key: Arc<str>,
    lanes: Lanes,
    saved: u64,
    saved_at: Timestamp,
    /// How many dead letters there are.
    dead: usize,
    problem: Option<String>,
    caught_up: bool,
}

impl Follower {
    pub(super) fn new(id: u32, webhook: Webhook, key: &str, dead: usize) -> Self {
        Self {
            id,
            key: key.into(),
            lanes: Lanes::after(webhook.cursor),
            saved: webhook.cursor,
            saved_at: Timestamp::EPOCH,
            webhook,
            dead,
            problem: None,
            caught_up: false,
        }
    }

    /// The same, with another number of dead letters.
    pub(super) fn with_dead(self, dead: usize) -> Self {
        Self { dead, ..self }
    }

    /// Something was committed: there may be more to read.
    pub(super) const fn note_news(&mut self) {
        self.caught_up = false;
    }

    pub(super) const fn in_flight(&self) -> usize {
        self.lanes.in_flight()
    }

    /// Reads on, as far as there is room. Returns whether there was anything.
    pub(super) async fn read(&mut self, workspace: &Workspace) -> Result<bool, ReportingError> {
        let mut moved = false;
        while !self.caught_up && self.lanes.has_room() {
            let after = self.lanes.read_to();
            let settings = self.webhook.settings.clone();
            let (catalogue, id) = (workspace.catalogue(), workspace.id().to_owned());
            let page = workspace
                .read(move |store| page::read(store, &id, catalogue.messages(), &settings, after))
                .await?;
            self.caught_up = page.is_last;
            moved |= !page.reports.is_empty();
            let now = workspace.now();
            for (lane, report) in page.reports {
                self.lanes.put(lane, report, now);
            }
            if let Some(read_to) = page.read_to {
                self.lanes.note_read(read_to);
            }
        }
        Ok(moved)
    }

    /// Posts whose turn it is, in tasks that tell `finished` what came of it. Returns how many.
    pub(super) fn start(
        &mut self,
        reporting: &Reporting,
        workspace: &Workspace,
        finished: &mpsc::UnboundedSender<Finished>,
    ) -> Result<usize, ReportingError> {
        let poster = reporting.poster()?;
        let now = workspace.now();
        let mut started = 0;
        while let Some((lane, report)) = self.lanes.pick(now) {
            let (poster, finished) = (Arc::clone(&poster), finished.clone());
            let (url, key) = (
                self.webhook.settings.endpoint.clone(),
                Arc::clone(&self.key),
            );
            let webhook = (self.id, self.webhook.version);
            tokio::spawn(async move {
                let answer = poster.post(&url, &key, &report.body, now).await;
                // When nobody follows any more, the event is posted again after the next start.
                let _ = finished.send(Finished {
                    webhook,
                    lane,
                    answer,
                });
            });
            started += 1;
        }
        Ok(started)
    }

    /// Takes what came of an event.
    pub(super) async fn take(&mut self, finished: Finished, workspace: &Workspace, random: u32) {
        let (now, answer) = (workspace.now(), finished.answer);
        if answer.verdict == Verdict::Accepted {
            self.problem = None;
            self.lanes.taken(finished.lane, now);
            return;
        }
        self.problem = Some(problem_of(&answer));
        let asked = answer.retry_after_ms;
        let Some(given_up) = self.lanes.refused(finished.lane, asked, now, random) else {
            return;
        };
        if self.dead >= DEAD_LETTERS_MAX {
            self.lanes.kept(finished.lane);
            return;
        }
        let letter = DeadLetter::of(self.id, &given_up, answer, now);
        let kept = workspace
            .read(move |store| store.insert_document(DocumentKind::DeadLetter, &letter.text()?))
            .await;
        let event = &given_up.report.id;
        match kept {
            Ok(number) => {
                tracing::warn!(
                    webhook = self.id,
                    event,
                    number,
                    "an event became a dead letter"
                );
                self.dead += 1;
                self.lanes.buried(finished.lane, now);
            }
            Err(error) => {
                tracing::warn!(webhook = self.id, event, %error, "a dead letter could not be kept");
                self.lanes.kept(finished.lane);
            }
        }
    }

    const fn save_at(&self) -> Timestamp {
        self.saved_at.plus_millis(SAVE_MS)
    }

    /// Stores how far it is, now and then.
    pub(super) async fn save(&mut self, reporting: &Reporting, workspace: &Workspace, force: bool) {
        let (now, done) = (workspace.now(), self.lanes.done_to());
        if done == self.saved || !(force || now >= self.save_at()) {
            return;
        }
        let (handle, of, id) = (reporting.clone(), workspace.clone(), self.id);
        let saving = tokio::task::spawn_blocking(move || handle.save_cursor(&of, id, done));
        match saving.await {
            Ok(Ok(())) => (self.saved, self.saved_at) = (done, now),
            // Whoever deleted it does not miss the cursor.
            Ok(Err(ReportingError::Missing { .. })) => self.saved = done,
            Ok(Err(error)) => tracing::warn!(webhook = id, %error, "a cursor was not stored"),
            Err(error) => tracing::error!(webhook = id, %error, "a cursor was not stored"),
        }
    }

    /// When it has something to do by itself; `None`: not before there is news.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let unsaved = self.lanes.done_to() != self.saved;
        let save_at = unsaved.then(|| self.save_at());
        self.lanes.next_at().into_iter().chain(save_at).min()
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            waiting: self.lanes.waiting(),
            paused_until: self.lanes.paused_until(),
            problem: self.problem.clone(),
        }
    }
}
