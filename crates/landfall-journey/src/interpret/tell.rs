//! What becomes known about deliveries of the run.

use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use super::walk::Walk;
use crate::reach::{Proof, ends, proof};
use crate::run::{Cursor, Sent};
use crate::trace::Check;

/// Places of the touches of a delivery.
pub(super) const DELIVERED: usize = 0;
pub(super) const OPENED: usize = 1;
pub(super) const CLICKED: usize = 2;

impl Walk<'_> {
    /// Takes a mark of a delivery. Marks of deliveries that the run did not make change nothing.
    pub(super) fn told(
        &mut self,
        delivery_id: &str,
        mark: Mark,
        reason: Option<Reason>,
        at: Timestamp,
    ) {
        let places = 0..self.run.sent.len();
        let Some(place) = places
            .into_iter()
            .find(|place| self.delivery_id(*place) == delivery_id)
        else {
            return;
        };
        let revoked = self.run.sent[place].is(Sent::REVOKED);
        if mark == Mark::Attempted && revoked {
            // The try that could not be taken back did not succeed, and the message waits for another one.
            self.cancel(place);
        }
        if matches!(mark, Mark::Attempted | Mark::Sent | Mark::Bounced) {
            self.run.sent[place].flags |= Sent::HANDED;
        }
        if ends(mark) {
            self.ended(place, reason);
        }
        let known = proof(mark);
        let first = self.run.sent[place].touches[DELIVERED].is_none();
        if let Some(known) = known {
            self.proven(place, mark, known, at);
        }
        self.race_is_told(place, mark);
        self.mark_late(place, known, first);
        if known >= Some(Proof::Delivered) {
            self.credit();
        }
        // A condition may see the message; a race has just been told.
        if matches!(
            self.run.cursor,
            Cursor::Waiting { .. } | Cursor::Door { .. }
        ) {
            self.resume();
        }
    }

    fn ended(&mut self, place: usize, reason: Option<Reason>) {
        let sent = &mut self.run.sent[place];
        // What was taken back, or arrived, did not fail.
        let failed = sent.touches[DELIVERED].is_none() && !sent.is(Sent::REVOKED | Sent::REFUSED);
        sent.flags |= Sent::ENDED;
        if let Some(reason) = reason.filter(|_| failed) {
            self.run.failure = Some(reason.code());
        }
    }

    /// Keeps first times: whoever opened it has it, and whoever clicked opened it.
    fn proven(&mut self, place: usize, mark: Mark, known: Proof, at: Timestamp) {
        let now = self.setting.now;
        let sent = &mut self.run.sent[place];
        sent.flags |= Sent::ACCEPTED;
        let at = at.min(now).max(sent.at);
        let clicked = matches!(mark, Mark::Clicked | Mark::HumanClicked);
        let touches = [
            (DELIVERED, known >= Proof::Delivered),
            (OPENED, known >= Proof::Opened),
            (CLICKED, clicked),
        ];
        for (touch, _) in touches.into_iter().filter(|(_, touched)| *touched) {
            let first = &mut sent.touches[touch];
            *first = Some(first.map_or(at, |first| first.min(at)));
        }
    }

    /// Marks a receipt that came when the fallback was out already; or that of an earlier channel, when a
    /// fallback could not be taken back any more.
    fn mark_late(&mut self, place: usize, known: Option<Proof>, first: bool) {
        let Some(intent) = self.intent_of(place) else {
            return;
        };
        let within = |sent: &Sent| (intent.0..=intent.1).contains(&sent.step);
        let late = match known {
            Some(Proof::Delivered | Proof::Opened) if first => {
                let mut later = self.run.sent[place + 1..].iter();
                let followed = later.any(|sent| within(sent) && sent.is(Sent::ACCEPTED));
                followed.then_some(place)
            }
            Some(Proof::Accepted) if self.run.sent[place].is(Sent::REVOKED) => self.run.sent
                [..place]
                .iter()
                .rposition(|sent| within(sent) && sent.touches[DELIVERED].is_some()),
            _ => None,
        };
        if let Some(late) = late {
            self.run.sent[late].flags |= Sent::LATE;
            let step = self.run.sent[late].step;
            self.note(
                Some(step),
                Check::Reach,
                || serde_json::Value::Null,
                "a late receipt",
            );
        }
    }
}
