//! Tokens that two people claim in turn.

use std::collections::BTreeMap;

use landfall_domain::device::{MoveCause, TokenMove};
use landfall_domain::ids::PersonKey;
use landfall_domain::time::{DAY_MS, Timestamp};

/// Days that are looked at.
pub(super) const DAYS: i64 = 30;
/// Changes of hands between two people from which on they are in conflict: a phone that is lent comes back after two.
const TIMES_MIN: u32 = 3;

/// Two people who took a token from each other, how often, and when last. A logout and a login are no conflict: then
/// the token is removed first.
pub(super) fn taken_in_turn(
    moves: &[TokenMove],
    now: Timestamp,
) -> Option<((PersonKey, PersonKey), u32, Timestamp)> {
    let since = now.plus_millis(-DAYS * DAY_MS);
    let mut times: BTreeMap<(PersonKey, PersonKey), (u32, Timestamp)> = BTreeMap::new();
    let taken = moves
        .iter()
        .filter(|moved| moved.cause == MoveCause::TakenOver && moved.occurred_at >= since);
    for moved in taken {
        let (Some(from), Some(to)) = (moved.from, moved.to) else {
            continue;
        };
        let pair = (from.min(to), from.max(to));
        let (count, last) = times.entry(pair).or_insert((0, moved.occurred_at));
        (*count, *last) = (*count + 1, moved.occurred_at.max(*last));
    }
    let most = times.into_iter().max_by_key(|(_, (count, _))| *count);
    let (pair, (count, last)) = most?;
    (count >= TIMES_MIN).then_some((pair, count, last))
}
