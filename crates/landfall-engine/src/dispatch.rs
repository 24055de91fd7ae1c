//! Sending what is due: claim, hand over, conclude.
//!
//! A [`Dispatcher`] serves one workspace. It picks due work from the [`queue`] (fairly between
//! messages, the transactional ones first), claims it through the one door, hands each piece to its
//! carrier, and submits what came of it as an input again. It keeps nothing that would be missed: what
//! is claimed and not concluded lapses and is taken up again (architecture.md, decision 4).

mod address;
pub mod breaker;
pub mod bucket;
pub mod carriers;
mod conclude;
pub mod guard;
mod handover;
pub mod queue;
pub mod render;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use landfall_domain::attempt::Answer;
use landfall_domain::input::{Body, Input};
use landfall_domain::reason::Reason;
use landfall_domain::time::{SECOND_MS, Timestamp};
use landfall_domain::work::{Conclusion, Handover, Urgency, WorkKey};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use crate::intake::SubmitError;
use crate::links::Links;
use crate::random::Random;
use crate::workspace::Workspace;
use carriers::Carriers;
use conclude::{Concluded, keep_concluding};
use render::Renderer;

// What a carrier is made of, for those who bring one of their own: simulations and tests.
pub use landfall_send::{Address, Outgoing, Sender};

/// How much a dispatcher does at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most messages of journeys and broadcasts that are being handed over.
    pub bulk: usize,
    /// Most transactional messages that are being handed over: room that the others never take.
    pub urgent: usize,
    /// How long a claim holds without an answer, in milliseconds: longer than any attempt.
    pub claim_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bulk: 1_024,
            urgent: 256,
            claim_ms: 90 * SECOND_MS,
        }
    }
}

/// How long claiming waits for room at most before it looks again, in milliseconds.
const FULL_MS: i64 = 20;
/// Pieces that are claimed together: whoever waits for an answer waits behind no more.
const CLAIMS: usize = 512;
/// Pieces looked at together when they expire or lapse.
const SWEEP: usize = 1_000;

/// Sends what is due in a workspace. Cloning is cheap.
#[derive(Clone)]
pub struct Dispatcher {
    inner: Arc<Inner>,
}

struct Inner {
    workspace: Workspace,
    carriers: Carriers,
    renderer: Renderer,
    random: Arc<dyn Random>,
    limits: Limits,
    bulk: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
    concluded: mpsc::UnboundedSender<Concluded>,
    stopping: AtomicBool,
}

/// What one look at the queue led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Pieces that were claimed, or concluded without being handed over.
    pub moved: usize,
    /// When to look again, unless something happens before; `None`: nothing is open.
    pub again: Option<Timestamp>,
}

impl Dispatcher {
    /// A dispatcher; its conclusions are stored by a task of the runtime that it is made in.
    pub fn new(
        workspace: Workspace,
        carriers: Carriers,
        random: Arc<dyn Random>,
        limits: Limits,
    ) -> Self {
        Self::with_links(workspace, carriers, random, limits, None)
    }

    /// As [`Self::new`], with links of ours in its messages.
    pub fn with_links(
        workspace: Workspace,
        carriers: Carriers,
        random: Arc<dyn Random>,
        limits: Limits,
        links: Option<Links>,
    ) -> Self {
        let renderer = Renderer::linking(links, workspace.id());
        let (concluded, conclusions) = mpsc::unbounded_channel();
        tokio::spawn(keep_concluding(workspace.clone(), conclusions));
        Self {
            inner: Arc::new(Inner {
                workspace,
                carriers,
                renderer,
                random,
                bulk: Arc::new(Semaphore::new(limits.bulk)),
                urgent: Arc::new(Semaphore::new(limits.urgent)),
                limits,
                concluded,
                stopping: AtomicBool::new(false),
            }),
        }
    }

    /// The credentials that it sends with.
    pub fn carriers(&self) -> &Carriers {
        &self.inner.carriers
    }

    /// Sends until it is told to stop or dropped. What is urgent is claimed beside the rest, so that it
    /// does not wait until that is claimed.
    pub async fn run(self) {
        let wake = &self.inner.workspace.shared.wake;
        let urgent = self.keep_looking(&[Urgency::Transactional], false, &wake.urgent);
        let rest = self.keep_looking(&[Urgency::Journey, Urgency::Broadcast], true, &wake.bulk);
        tokio::join!(urgent, rest);
    }

    async fn keep_looking(&self, urgencies: &[Urgency], sweeping: bool, wake: &Notify) {
        while !self.inner.stopping.load(Ordering::Relaxed) {
            let now = self.inner.workspace.now();
            let again = match self.look_for(urgencies, sweeping, now).await {
                Ok(looked) if looked.moved > 0 => Some(now),
                Ok(looked) => looked.again,
                Err(SubmitError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "due messages could not be claimed");
                    Some(now.plus_millis(SECOND_MS))
                }
            };
            self.wait(again, wake).await;
        }
    }

    /// Claims nothing more: [`Dispatcher::run`] ends, and what is being handed over goes on
    /// ([`Dispatcher::idle`] waits for it).
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
        self.inner.workspace.shared.wake.tell();
    }

    async fn wait(&self, again: Option<Timestamp>, wake: &Notify) {
        let news = wake.notified();
        let Some(again) = again else {
            news.await;
            return;
        };
        let pause = again.since(self.inner.workspace.now());
        let Ok(pause) = u64::try_from(pause) else {
            return;
        };
        if pause > 0 {
            // Whichever comes first.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(pause), news).await;
        }
    }

    /// Looks once: takes up what lapsed, ends what expired, claims what is due and there is room for,
    /// and hands it over in tasks of its own.
    ///
    /// # Errors
    /// When the store cannot take claims now; nothing is handed over then.
    pub async fn look(&self, now: Timestamp) -> Result<Looked, SubmitError> {
        self.look_for(Urgency::ALL, true, now).await
    }

    async fn look_for(
        &self,
        urgencies: &[Urgency],
        sweeping: bool,
        now: Timestamp,
    ) -> Result<Looked, SubmitError> {
        let mut moved = match sweeping {
            true => self.sweep(now).await?,
            false => 0,
        };
        let mut blocked = None;
        for urgency in urgencies {
            moved += self.claim(*urgency, now, &mut blocked).await?;
        }
        let next = {
            let work = self.inner.workspace.work();
            let ends = work.next_end().filter(|_| sweeping);
            work.next_due(urgencies).into_iter().chain(ends).min()
        };
        let again = next.map(|next| match blocked {
            // Due, but there is no room: not before there is.
            Some(room_at) if next <= now => room_at,
            _ => next,
        });
        Ok(Looked { moved, again })
    }

    /// Does everything that is due at `now`, and what becomes due by that. Returns when to look again.
    /// For clocks that are moved by hand: simulations, QA, tests.
    ///
    /// # Errors
    /// As [`Dispatcher::look`].
    pub async fn drain(&self, now: Timestamp) -> Result<Option<Timestamp>, SubmitError> {
        loop {
            let looked = self.look(now).await?;
            self.idle().await;
            if looked.moved == 0 {
                return Ok(looked.again);
            }
        }
    }

    /// Waits until nothing is being handed over.
    pub async fn idle(&self) {
        let inner = &self.inner;
        for (semaphore, all) in [
            (&inner.bulk, inner.limits.bulk),
            (&inner.urgent, inner.limits.urgent),
        ] {
            let all = u32::try_from(all).unwrap_or(u32::MAX);
            // Nobody closes the semaphores.
            let _ = semaphore.acquire_many(all).await;
        }
    }

    /// Concludes what expired while it waited, and what was claimed by somebody who is gone.
    async fn sweep(&self, now: Timestamp) -> Result<usize, SubmitError> {
        let (expired, lapsed) = {
            let work = self.inner.workspace.work();
            (work.expired(now, SWEEP), work.lapsed(now, SWEEP))
        };
        if expired.is_empty() && lapsed.is_empty() {
            return Ok(0);
        }
        let expired = expired.into_iter().map(|work| Conclusion {
            work,
            target: None,
            attempt: None,
            provider: None,
            answer: Answer::refused(Reason::ExpiredInQueue),
            rendered: None,
            guarded: true,
            random: 0,
        });
        let lapsed = lapsed.into_iter().map(|lapsed| Conclusion {
            work: lapsed.work,
            target: lapsed.target,
            attempt: Some(Handover {
                id: lapsed.attempt,
                started_at: now,
                took_ms: 0,
            }),
            provider: lapsed.provider,
            answer: Answer::refused_saying(
                Reason::OutcomeUnknown,
                "the sender ended before the answer came",
            ),
            rendered: None,
            guarded: true,
            random: self.inner.random.number(),
        });
        let inputs: Vec<Input> = expired.chain(lapsed).map(conclude::input).collect();
        let count = inputs.len();
        self.inner.workspace.submit_patiently(inputs).await?;
        Ok(count)
    }

    /// Claims due work of an urgency, as much as there is room for.
    async fn claim(
        &self,
        urgency: Urgency,
        now: Timestamp,
        blocked: &mut Option<Timestamp>,
    ) -> Result<usize, SubmitError> {
        let limits = self.inner.limits;
        let (permits, worth) = match urgency {
            Urgency::Transactional => (&self.inner.urgent, 1),
            Urgency::Journey | Urgency::Broadcast => {
                (&self.inner.bulk, limits.bulk.div_ceil(8).max(1))
            }
        };
        let free = permits.available_permits();
        if free < worth {
            // Answers that are stored make room and wake the loop; many claims in one transaction cost
            // little more than one.
            let soon = now.plus_millis(FULL_MS);
            *blocked = Some(blocked.map_or(soon, |at| at.min(soon)));
            return Ok(0);
        }
        let picked = self.pick(urgency, free.min(CLAIMS), now, blocked);
        if picked.is_empty() {
            return Ok(0);
        }
        let until = now.plus_millis(self.inner.limits.claim_ms);
        let claims = picked.iter().map(|work| self.claim_of(*work, until));
        let claims: Vec<Input> = claims.collect();
        let decided = self
            .inner
            .workspace
            .decided(claims, urgency != Urgency::Transactional)
            .await?;
        for assignment in decided.assignments {
            let permit = Arc::clone(permits).acquire_owned().await;
            self.hand_over(assignment, permit.ok());
        }
        Ok(picked.len())
    }

    fn claim_of(&self, work: WorkKey, until: Timestamp) -> Input {
        crate::input_of_ours(Body::Claim {
            work,
            attempt: self.inner.random.uuid(),
            until,
        })
    }

    fn pick(
        &self,
        urgency: Urgency,
        free: usize,
        now: Timestamp,
        blocked: &mut Option<Timestamp>,
    ) -> Vec<WorkKey> {
        let carriers = &self.inner.carriers;
        let mut room = |lane: &queue::Lane, wanted: usize| {
            let Some(carrier) = carriers.over(&lane.way).filter(|_| !lane.way.is_open()) else {
                return wanted;
            };
            let room = carrier.room(wanted, now);
            if room < wanted {
                let soon = carrier.room_at(now).unwrap_or(now).max(now.plus_millis(1));
                *blocked = Some(blocked.map_or(soon, |at| at.min(soon)));
            }
            room
        };
        self.inner
            .workspace
            .work()
            .pick(now, urgency, free, &mut room)
    }

    fn hand_over(
        &self,
        assignment: landfall_domain::work::Assignment,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let conclusion = handover::hand_over(&inner, assignment).await;
            // When nobody takes conclusions any more, the claim lapses and is taken up again.
            let _ = inner.concluded.send(Concluded { conclusion, permit });
        });
    }
}
