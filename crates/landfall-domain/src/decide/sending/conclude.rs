//! Concluding work: what an answer means for the target, its device, and the next try.

use super::super::{Arrival, Taken, deliveries, devices};
use super::{Attempt, done, fact, mark_of, park, put, shortened, target_text};
use crate::activity::PersonInput;
use crate::attempt::Verdict;
use crate::delivery::{About, Said};
use crate::device::MoveCause;
use crate::fact::{Fact, TargetKey};
use crate::ids::DeviceKey;
use crate::marks::Mark;
use crate::reason::{Reason, TokenAction};
use crate::retry::{Failure, next_try};
use crate::time::Timestamp;
use crate::work::{Conclusion, Work, WorkState};
use crate::working_set::WorkingSet;

/// What happens to the work after an answer.
enum Next {
    /// It is decided.
    Done(Mark),
    /// It is tried again then.
    Again(Timestamp),
}

/// Takes what came of a piece of work. An answer that comes after its claim lapsed is recorded all the
/// same: what the provider said is true.
pub(in crate::decide) fn conclude(
    set: &mut WorkingSet,
    conclusion: &Conclusion,
    arrival: Arrival,
) -> Taken {
    let key = conclusion.work;
    if !set.deliveries.contains_key(&key.delivery()) {
        return Taken::Ignored;
    }
    let work = set.works.get(&key).cloned();
    let current = work.filter(|work| is_current(work, conclusion));
    let Some(work) = current else {
        return late(set, conclusion, arrival);
    };
    let next = match conclusion.answer.verdict {
        Verdict::Accepted => Next::Done(Mark::Sent),
        Verdict::Refused(reason) => after_refusal(&work, conclusion, reason, arrival),
    };
    let (mark, due) = match next {
        Next::Done(mark) => (mark, None),
        Next::Again(due) => (Mark::Attempted, Some(due)),
    };
    let answer = answered(conclusion, &work, mark, arrival);
    let news = deliveries::record(set, &answer);
    describe(set, conclusion, arrival);
    if news {
        treat_device(set, conclusion, &answer, arrival);
    }
    let due = due.filter(|_| !is_out(set, &work));
    settle(set, work, mark, due, conclusion.attempt.is_some(), arrival);
    Taken::Applied
}

/// Only the attempt that holds the claim decides; what is concluded without an attempt must not be held
/// by anybody, or by whoever concludes it that way before handing over.
fn is_current(work: &Work, conclusion: &Conclusion) -> bool {
    match (&work.state, &conclusion.attempt) {
        (WorkState::Claimed { attempt, .. }, Some(made)) => *attempt == made.id,
        (WorkState::Waiting | WorkState::Claimed { .. }, None) => true,
        (WorkState::Waiting, Some(_)) | (WorkState::Parked, _) => false,
    }
}

/// Whether an earlier attempt turned out to have been taken while this one was on its way: another copy
/// would be one too many.
fn is_out(set: &WorkingSet, work: &Work) -> bool {
    let delivery = set.deliveries.get(&work.key.delivery());
    let target = work.target.as_ref().zip(delivery);
    let target = target.and_then(|(key, delivery)| delivery.target(key));
    target.is_some_and(|target| target.marks.has(Mark::Sent) && !target.marks.has(Mark::Bounced))
}

fn late(set: &mut WorkingSet, conclusion: &Conclusion, arrival: Arrival) -> Taken {
    let Some(made) = &conclusion.attempt else {
        return Taken::Ignored;
    };
    let mark = match conclusion.answer.verdict {
        Verdict::Accepted => Mark::Sent,
        Verdict::Refused(_) => Mark::Attempted,
    };
    let mut said = fact(
        conclusion.work.delivery(),
        conclusion.target.clone(),
        mark,
        arrival,
    );
    tell(&mut said, conclusion, 0);
    said.dedupe_key = format!("attempt:{}", made.id);
    if !deliveries::record(set, &said) {
        return Taken::Duplicate;
    }
    if mark == Mark::Sent {
        // It went out after all: another copy would be one too many.
        let waiting = set.works.get(&conclusion.work);
        if waiting.is_some_and(|work| work.state == WorkState::Waiting) {
            done(set, conclusion.work);
        }
        deliveries::answered(set, &said, arrival);
    }
    Taken::Applied
}

fn after_refusal(work: &Work, conclusion: &Conclusion, reason: Reason, arrival: Arrival) -> Next {
    let failure = Failure {
        provider: conclusion.provider.or(work.carrier()),
        reason,
        number: work.tries,
        since_first_ms: arrival.now.since(work.first_try.unwrap_or(arrival.now)),
        retry_after_ms: conclusion.answer.retry_after_ms,
        random: conclusion.random,
    };
    match next_try(&failure).map(|pause| arrival.now.plus_millis(pause)) {
        None => Next::Done(mark_of(reason)),
        Some(due) if due >= work.expires => Next::Done(Mark::Expired),
        Some(due) => Next::Again(due),
    }
}

/// The fact that an answer becomes.
fn answered(conclusion: &Conclusion, work: &Work, mark: Mark, arrival: Arrival) -> Fact {
    let delivery = work.key.delivery();
    let mut said = fact(delivery, work.target.clone(), mark, arrival);
    tell(&mut said, conclusion, work.tries);
    said.dedupe_key = match (&conclusion.attempt, said.reason) {
        (Some(made), _) => format!("attempt:{}", made.id),
        // What only waits is said once, not at every look.
        (None, Some(reason)) if mark == Mark::Attempted => {
            format!("held:{}:{reason}", target_text(work.target.as_ref()))
        }
        (None, _) => said.dedupe_key,
    };
    said
}

fn tell(said: &mut Fact, conclusion: &Conclusion, number: u16) {
    let answer = &conclusion.answer;
    said.reason = answer.reason();
    said.detail = answer.words().map(|words| shortened(&words));
    let asked = conclusion.attempt.as_ref().zip(conclusion.provider);
    said.attempt = asked.map(|(made, provider)| {
        Box::new(Attempt {
            id: made.id.clone(),
            number,
            provider,
            started_at: made.started_at,
            took_ms: made.took_ms,
            status: answer.status,
            code: answer.code.clone(),
            provider_id: answer.provider_id.clone(),
        })
    });
}

/// Keeps what was sent.
fn describe(set: &mut WorkingSet, conclusion: &Conclusion, arrival: Arrival) {
    let Some(rendered) = &conclusion.rendered else {
        return;
    };
    let said = |text: &Option<String>| {
        text.clone().map(|text| Said {
            at: arrival.now,
            text,
        })
    };
    let about = About {
        subject: said(&rendered.subject),
        content: said(&rendered.content),
        ..About::default()
    };
    let key = conclusion.work.delivery();
    if let Some(delivery) = set.delivery_mut(key)
        && delivery.describe(&about)
    {
        set.changed_deliveries.insert(key);
    }
}

/// What the answer says about the token (providers.md 9, 9.1).
fn treat_device(set: &mut WorkingSet, conclusion: &Conclusion, answer: &Fact, arrival: Arrival) {
    let Some(TargetKey::Device(device)) = answer.target else {
        return;
    };
    let remove = matches!(
        answer.reason.map(Reason::token_action),
        Some(TokenAction::Remove | TokenAction::RemoveIfOlder)
    );
    if remove && !conclusion.guarded && answer.mark == Mark::Bounced {
        retire(set, conclusion, device, arrival);
    } else {
        deliveries::answered(set, answer, arrival);
    }
}

/// Takes a dead token from its owner, unless it was registered after the moment that the answer is
/// about: the provider's, or else when we asked (providers.md 1.4 and 9.1, rule 2).
fn retire(set: &mut WorkingSet, conclusion: &Conclusion, device: DeviceKey, arrival: Arrival) {
    let asked = conclusion.attempt.as_ref().map(|made| made.started_at);
    let dead_since = conclusion.answer.dead_since.or(asked);
    let dead_since = dead_since.unwrap_or(arrival.at);
    let Some(owner) = set.tokens.get(&device).and_then(|record| record.owner) else {
        return;
    };
    let held = set.people.get(&owner);
    let held = held.and_then(|person| person.devices.get(&device));
    if held.is_some_and(|held| held.refreshed_at < dead_since) {
        let rejected = PersonInput::DeviceAnswered {
            device,
            accepted: false,
        };
        set.note(owner, rejected, arrival);
        devices::release(set, owner, device, MoveCause::Unregistered, arrival);
    }
}

fn settle(
    set: &mut WorkingSet,
    work: Work,
    mark: Mark,
    due: Option<Timestamp>,
    handed_over: bool,
    arrival: Arrival,
) {
    match due {
        Some(due) => {
            let tries = if handed_over {
                work.tries
            } else {
                work.tries.saturating_sub(1)
            };
            put(
                set,
                Work {
                    state: WorkState::Waiting,
                    due,
                    tries,
                    ..work
                },
            );
        }
        // A human may correct what failed, and send it; what is gone is gone.
        None if mark == Mark::Failed || mark == Mark::Expired => park(set, work, arrival),
        None => done(set, work.key),
    }
}
