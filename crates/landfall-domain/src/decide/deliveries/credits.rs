//! Conversions that are credited to deliveries.

use super::super::{Arrival, Taken};
use super::facts;
use crate::fact::Fact;
use crate::input::Body;
use crate::working_set::WorkingSet;

/// Credits a known delivery. Only journeys do, with deliveries of their own: an unknown one is not waited for.
pub(in crate::decide) fn credit(set: &mut WorkingSet, body: &Body, arrival: Arrival) -> Taken {
    let Body::Credit {
        delivery_id,
        credit,
    } = body
    else {
        return Taken::Ignored;
    };
    let Some(key) = set.deliveries_by_id.get(delivery_id).copied() else {
        return Taken::Ignored;
    };
    let fact = Fact {
        delivery: key,
        target: None,
        mark: credit.mark(),
        reason: None,
        detail: None,
        href: None,
        link_id: None,
        attempt: None,
        snapshot: None,
        credit: Some(credit.clone()),
        occurred_at: credit.at.min(arrival.now),
        sent_at: None,
        received_at: arrival.now,
        clamped: credit.at > arrival.now,
        source: arrival.source,
        dedupe_key: credit.dedupe_key(),
    };
    match facts::record(set, &fact) {
        true => Taken::Applied,
        false => Taken::Duplicate,
    }
}
