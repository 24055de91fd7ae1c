//! Ids of events: the same for the same event, however often it is derived, so that a receiver that saw
//! it already can tell (reporting-webhooks.md 1).

use aws_lc_rs::digest;
use landfall_domain::time::Timestamp;

/// Crockford's alphabet, as ULIDs use it.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_DIGITS: u32 = 10;
const REST_DIGITS: u32 = 16;

/// The id of the event that the fact of this number is told as: in the form of a ULID, with the moment
/// at which the fact was taken in front.
pub(super) fn event_id(workspace: &str, fact: u64, name: &str, taken: Timestamp) -> String {
    let of = format!("{workspace}:{fact}:{name}");
    let hash = digest::digest(&digest::SHA256, of.as_bytes());
    let rest = hash.as_ref().iter().take(REST_DIGITS as usize / 8 * 5);
    let rest = rest.fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let millis = u128::try_from(taken.millis()).unwrap_or(0);
    let mut text = String::with_capacity((TIME_DIGITS + REST_DIGITS) as usize);
    digits(&mut text, millis, TIME_DIGITS);
    digits(&mut text, rest, REST_DIGITS);
    text
}

fn digits(text: &mut String, bits: u128, count: u32) {
    for place in (0..count).rev() {
        let digit = (bits >> (5 * place)) as usize & 31;
        text.push(char::from(DIGITS[digit]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_ulids_sort_by_time_and_come_out_the_same() {
        let at = Timestamp::from_seconds(1_790_000_000);
        let id = event_id("ws_1", 7, "push_sent", at);
        assert_eq!(id.len(), 26);
        assert!(id.bytes().all(|byte| DIGITS.contains(&byte)), "{id}");
        assert!(id < event_id("ws_1", 7, "push_sent", at.plus_millis(1)));
        assert_eq!(id, event_id("ws_1", 7, "push_sent", at));
        assert_ne!(id, event_id("ws_1", 8, "push_sent", at));
        assert_ne!(id, event_id("ws_1", 7, "push_bounced", at));
        assert_ne!(id, event_id("ws_2", 7, "push_sent", at));
    }

    #[test]
    fn the_time_is_read_as_ulids_are() {
        // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
        let at = Timestamp::from_millis(1_469_918_176_385);
        assert!(event_id("ws_1", 1, "push_sent", at).starts_with("01ARYZ6S41"));
    }
}
