//! The one door in: takes submissions, decides them in batches, commits each batch in one
//! transaction, and only then answers (group commit).
//!
//! One thread per workspace. While a batch is on its way to the disk, the next one gathers in the
//! queue: under load batches grow by themselves, without load nobody waits for anybody.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use landfall_domain::decide::{Taken, decide, wants, wants_more};
use landfall_domain::input::Input;
use landfall_domain::time::Timestamp;
use landfall_domain::work::Assignment;
use landfall_domain::working_set::{ChangeSet, Want, WorkingSet};
use landfall_store::StoreError;
use tokio::sync::{mpsc, oneshot};

use crate::feed;
use crate::live::Live;
use crate::reactor::Reactor;
use crate::workspace::Workspace;

/// Inputs in one transaction, unless a single submission is larger.
const BATCH_MAX: usize = 2_048;
/// The same of what the program submits by itself: whoever waits for an answer meanwhile waits for no
/// more than that.
const PATIENT_MAX: usize = 512;
/// Submissions of that kind that are taken out of the queue to look behind them.
const PATIENT_JOBS_MAX: usize = 64;
/// How often a batch is decided again when other writers get in between.
const CONFLICTS_MAX: usize = 64;

/// Why a submission was not stored. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Too many submissions wait: slow down and try again.
    #[error("too many requests are waiting to be stored: try again in a moment")]
    Busy,
    /// The store cannot write now: try again.
    #[error("the store cannot write now: {0}")]
    Unavailable(String),
    /// The program is stopping: try again when it is back.
    #[error("the server is stopping")]
    Stopped,
}

impl From<StoreError> for SubmitError {
    /// What is submitted depends on what is read: who cannot read cannot submit.
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What became of a submission's inputs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decided {
    /// Of each input.
    pub(crate) taken: Vec<Taken>,
    /// What they claimed.
    pub(crate) assignments: Vec<Assignment>,
}

/// What became of a submission.
pub(crate) type Answer = Result<Decided, SubmitError>;

/// Answers on their way, each with the inputs that it answers: they are let go where they were made,
/// so that the intake thread, which everything waits for, does not have to.
pub(crate) type Answers = Vec<(oneshot::Sender<Answer>, Answer, Arc<Vec<Input>>)>;

/// One submission.
pub(crate) struct Job {
    /// Shared with whoever submits them again when they cannot be stored.
    pub(crate) inputs: Arc<Vec<Input>>,
    pub(crate) reply: oneshot::Sender<Answer>,
    /// Whether a task waits for the answer, and not a thread.
    pub(crate) by_task: bool,
    /// Whether nobody outside waits for it: pages of broadcasts, bulk claims, answers of providers.
    pub(crate) patient: bool,
}

/// Submissions that were taken out of the queue. What somebody waits for goes first, but takes turns
/// with the rest, so that neither stands still.
#[derive(Default)]
struct Waiting {
    prompt: VecDeque<Job>,
    patient: VecDeque<Job>,
    /// Whether it is the turn of the patient.
    patients_turn: bool,
}

impl Waiting {
    /// The next batch; `None`: nobody can submit any more.
    fn next(&mut self, jobs: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
        self.fill(jobs);
        if self.prompt.is_empty() && self.patient.is_empty() {
            self.add(jobs.blocking_recv()?);
            self.fill(jobs);
        }
        let patient = match (self.prompt.is_empty(), self.patient.is_empty()) {
            (true, _) => true,
            (_, true) => false,
            (false, false) => self.patients_turn,
        };
        self.patients_turn = !patient;
        Some(match patient {
            true => some_of(&mut self.patient, PATIENT_MAX),
            false => self.gather(jobs),
        })
    }

    /// A batch of what somebody waits for. Where several wait more are on their way, so others get a
    /// turn on the processor as long as that brings more; whoever comes alone is not kept waiting.
    fn gather(&mut self, jobs: &mut mpsc::Receiver<Job>) -> Vec<Job> {
        let mut batch = some_of(&mut self.prompt, BATCH_MAX);
        let mut inputs: usize = batch.iter().map(|job| job.inputs.len()).sum();
        while inputs < BATCH_MAX && batch.len() > 1 {
            std::thread::yield_now();
            self.fill(jobs);
            let more = some_of(&mut self.prompt, BATCH_MAX - inputs);
            if more.is_empty() {
                break;
            }
            inputs += more.iter().map(|job| job.inputs.len()).sum::<usize>();
            batch.extend(more);
        }
        batch
    }

    /// Takes over what is in the queue, up to a batch: the rest waits there, where its length is
    /// limited.
    fn fill(&mut self, jobs: &mut mpsc::Receiver<Job>) {
        let mut inputs: usize = self.prompt.iter().map(|job| job.inputs.len()).sum();
        while inputs < BATCH_MAX
            && self.patient.len() < PATIENT_JOBS_MAX
            && let Ok(job) = jobs.try_recv()
        {
            inputs += if job.patient { 0 } else { job.inputs.len() };
            self.add(job);
        }
    }

    fn add(&mut self, job: Job) {
        let row = if job.patient {
            &mut self.patient
        } else {
            &mut self.prompt
        };
        row.push_back(job);
    }
}

/// The first jobs of a row, until they have `most` inputs together or more.
fn some_of(row: &mut VecDeque<Job>, most: usize) -> Vec<Job> {
    let mut batch = Vec::new();
    let mut inputs = 0;
    while inputs < most
        && let Some(job) = row.pop_front()
    {
        inputs += job.inputs.len();
        batch.push(job);
    }
    batch
}

/// Hands answers to the tasks that wait for them. It runs as a task among them: waking many of them
/// from here costs next to nothing, waking each from the intake thread costs a system call.
pub(crate) async fn answer_tasks(mut answers: mpsc::UnboundedReceiver<Answers>) {
    while let Some(answers) = answers.recv().await {
        send(answers);
    }
}

fn send(answers: Answers) {
    for (reply, answer, _inputs) in answers {
        // A caller that hung up does not need its answer.
        let _ = reply.send(answer);
    }
}

/// The state of the intake thread.
pub(crate) struct Intake {
    workspace: Workspace,
    set: WorkingSet,
    epoch: u64,
    /// Whether the working set and the epoch are what the store has. Not so after a batch that was
    /// not stored, until the store could be asked.
    fresh: bool,
    /// Whether every commit since the start was ours: the board has seen them all then.
    alone: bool,
}

impl Intake {
    /// Reads what it starts from. Returns the number of the store's last fact, too.
    pub(crate) fn start(workspace: Workspace) -> Result<(Self, u64), StoreError> {
        let start = workspace.store().start()?;
        let last_fact = start.last_fact;
        let mut intake = Self {
            set: WorkingSet::default(),
            epoch: start.epoch,
            fresh: false,
            alone: true,
            workspace,
        };
        intake.restart(start);
        feed::fill_queue(&intake.workspace)?;
        let store = intake.workspace.store();
        intake.workspace.timers().fill(store.as_ref())?;
        let live = Live::read(store.as_ref())?;
        intake
            .workspace
            .shared
            .interests
            .fill(store.as_ref(), &live)?;
        intake.workspace.set_live(live);
        Ok((intake, last_fact))
    }

    fn restart(&mut self, start: landfall_store::Start) {
        feed::set_catalogue(&self.workspace, &start.messages, start.names);
        let keys = self.workspace.catalogue().keys().clone();
        self.set = WorkingSet::new(start.next, keys, start.salt);
        if start.epoch != self.epoch {
            // What others write reaches this board at the next start, which must not be from a
            // snapshot that claims to know it.
            self.alone = false;
            feed::forget_snapshot(&self.workspace);
        }
        self.epoch = start.epoch;
        self.fresh = true;
    }

    /// Works until it is told to stop and the queue is empty. Returns the epoch of the last commit
    /// if all of them were its own.
    pub(crate) fn run(
        mut self,
        mut jobs: mpsc::Receiver<Job>,
        stopping: impl Fn() -> bool,
    ) -> Option<u64> {
        let mut waiting = Waiting::default();
        while let Some(batch) = waiting.next(&mut jobs) {
            self.take(batch);
            if stopping() {
                jobs.close();
            }
        }
        self.alone.then_some(self.epoch)
    }

    fn take(&mut self, batch: Vec<Job>) {
        let now = self.workspace.now();
        let answers = self.answers(&batch, now);
        let (mut to_tasks, mut to_threads) = (Vec::new(), Vec::new());
        for (job, answer) in batch.into_iter().zip(answers) {
            let waiting = if job.by_task {
                &mut to_tasks
            } else {
                &mut to_threads
            };
            waiting.push((job.reply, answer, job.inputs));
        }
        send(to_threads);
        match self.workspace.shared.answers.get() {
            // When the runtime is gone, so is who waits; the rest is answered from here.
            Some(answers) => answers.send(to_tasks).unwrap_or_else(|back| send(back.0)),
            None => send(to_tasks),
        }
    }

    fn answers(&mut self, batch: &[Job], now: Timestamp) -> Vec<Answer> {
        match self.store(batch, now) {
            Ok(decided) => decided.into_iter().map(Ok).collect(),
            // A damaged row fails those who need it, not those who happen to come at the same time.
            Err(StoreError::Corrupt { .. }) if batch.len() > 1 => {
                let each = batch.chunks(1);
                each.flat_map(|job| self.answers(job, now)).collect()
            }
            Err(error) => {
                tracing::error!(%error, "a batch could not be stored");
                let error = SubmitError::from(error);
                vec![Err(error); batch.len()]
            }
        }
    }

    fn store(&mut self, batch: &[Job], now: Timestamp) -> Result<Vec<Decided>, StoreError> {
        let mut want = Want::default();
        for input in batch.iter().flat_map(|job| job.inputs.iter()) {
            wants(input, &mut want);
        }
        let live = self.workspace.live();
        want.audience = live.reacts;
        for _ in 0..CONFLICTS_MAX {
            if !self.fresh {
                self.restart(self.workspace.store().start()?);
            }
            // Until the batch is stored, what it leaves behind here is not what the store has.
            self.fresh = false;
            let (decided, changes) = self.decide(batch, &want, &live, now)?;
            if changes.is_empty() {
                self.fresh = true;
                return Ok(decided);
            }
            feed::forget_snapshot_if_outdated(&self.workspace, &changes);
            match self.workspace.store().commit(&changes, self.epoch) {
                Ok(epoch) => {
                    self.epoch = epoch;
                    self.fresh = true;
                    feed::publish(&self.workspace, &changes);
                    return Ok(decided);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable(
            "other writers kept getting in between".to_owned(),
        ))
    }

    fn decide(
        &mut self,
        batch: &[Job],
        want: &Want,
        live: &Arc<Live>,
        now: Timestamp,
    ) -> Result<(Vec<Decided>, ChangeSet), StoreError> {
        self.set.take(self.workspace.store().load(want)?);
        let mut more = wants_more(&self.set);
        if more != Want::default() {
            more.audience = want.audience;
            self.set.take(self.workspace.store().load(&more)?);
        }
        let mut reactor = Reactor::new(&self.workspace, Arc::clone(live), now);
        self.set.tell_news(reactor.is_some());
        if let Some(reactor) = &mut reactor {
            let inputs = batch.iter().flat_map(|job| job.inputs.iter());
            reactor.look_ahead(&self.set, inputs)?;
        }
        let mut decided = Vec::with_capacity(batch.len());
        for job in batch {
            let mut taken = Vec::with_capacity(job.inputs.len());
            for input in job.inputs.iter() {
                if !live.permits(input) {
                    taken.push(Taken::Ignored);
                    continue;
                }
                let mark = self.set.log_len();
                if let Some(reactor) = &mut reactor {
                    reactor.prepare(&mut self.set, input)?;
                }
                let what = decide(&mut self.set, input, now);
                taken.push(what);
                if let Some(reactor) = &mut reactor {
                    reactor.react(&mut self.set, input, what, mark)?;
                }
            }
            decided.push(Decided {
                taken,
                assignments: self.set.take_assignments(),
            });
        }
        if let Some(reactor) = reactor {
            reactor.finish(&mut self.set);
        }
        Ok((decided, self.set.finish()))
    }
}
