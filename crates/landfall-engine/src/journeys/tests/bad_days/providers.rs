//! Providers by hand: what is due is claimed and concluded as a dispatcher does it, one input after the
//! other.

use landfall_domain::attempt::Answer;
use landfall_domain::channel::{Channel, Provider};
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::time::{Clock as _, Timestamp};
use landfall_domain::work::{Conclusion, Handover, Work, WorkState};

use super::super::house::House;
use crate::input_of_ours;

/// Work that can be claimed now.
pub(in crate::journeys::tests) fn due(house: &House) -> Vec<Work> {
    let works = house.shop.store.open_works(None, 1_000).expect("reads");
    let now = house.clock.now();
    works
        .into_iter()
        .filter(|work| work.due <= now || work.state != WorkState::Waiting)
        .collect()
}

/// The name of the next attempt.
fn attempt(work: &Work) -> String {
    match &work.state {
        WorkState::Claimed { attempt, .. } => attempt.clone(),
        _ => format!("{:?}-{}", work.key, work.tries + 1),
    }
}

pub(in crate::journeys::tests) fn claim(work: &Work, now: Timestamp) -> Input {
    input_of_ours(Body::Claim {
        work: work.key,
        attempt: attempt(work),
        until: now.plus_millis(90_000),
    })
}

pub(in crate::journeys::tests) fn conclude(work: &Work, answer: Answer, now: Timestamp) -> Input {
    let provider = match work.channel {
        Channel::Push => Provider::Apns,
        _ => Provider::SmsGateway,
    };
    let conclusion = Conclusion {
        work: work.key,
        target: work.target.clone(),
        attempt: Some(Handover {
            id: attempt(work),
            started_at: now,
            took_ms: 5,
        }),
        provider: Some(provider),
        answer,
        rendered: None,
        guarded: false,
        random: 0,
    };
    Input {
        source: Source::Provider,
        ..input_of_ours(Body::Conclude(Box::new(conclusion)))
    }
}

pub(in crate::journeys::tests) fn accepted() -> Answer {
    Answer::accepted(200, Some("id".to_owned()))
}

/// Carries everything that is due, in a world in which stores do not fail.
pub(in crate::journeys::tests) async fn carry(house: &House, answer: impl Fn(&Work) -> Answer) {
    let now = house.clock.now();
    for work in due(house) {
        if work.state == WorkState::Waiting {
            house.take(vec![claim(&work, now)]).await;
        }
    }
    for work in due(house) {
        if matches!(work.state, WorkState::Claimed { .. }) {
            let answer = answer(&work);
            house.take(vec![conclude(&work, answer, now)]).await;
        }
    }
}
