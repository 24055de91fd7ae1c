//! Random walks: whatever comes in whatever order, every delivery has one outcome, and something
//! happens to it by itself exactly as long as it is open.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Send(u8, u8, bool, bool),
    Register(u8, u8),
    Unregister(u8, u8),
    Forget(u8),
    Claim,
    Answer(u8, u8),
    Lapse(u8),
    Release(u8),
    Cancel(u8),
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let small = 0..4_u8;
    let step = prop_oneof![
        (0..12_u8, small.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(d, p, draft, later)| Step::Send(d, p, draft, later)),
        (small.clone(), small.clone()).prop_map(|(p, t)| Step::Register(p, t)),
        (small.clone(), small.clone()).prop_map(|(p, t)| Step::Unregister(p, t)),
        small.prop_map(Step::Forget),
        Just(Step::Claim),
        (0..8_u8, 0..9_u8).prop_map(|(which, what)| Step::Answer(which, what)),
        (0..8_u8).prop_map(Step::Lapse),
        (0..12_u8).prop_map(Step::Release),
        (0..12_u8).prop_map(Step::Cancel),
        (0..3_000_u16).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

fn said(what: u8) -> Answer {
    let reasons = [
        Reason::TokenUnregistered,
        Reason::TokenInvalid,
        Reason::ProviderUnavailable,
        Reason::ProviderThrottled,
        Reason::PayloadTooLarge,
        Reason::OutcomeUnknown,
        Reason::NotProcessed,
        Reason::ProviderNotConfigured,
    ];
    match reasons.get(usize::from(what)) {
        Some(reason) => Answer::refused(*reason),
        None => accepted(),
    }
}

struct Walk {
    world: World,
    now: Timestamp,
    /// Claimed and not answered, oldest first; answers may come late and twice.
    flying: Vec<(Assignment, Timestamp)>,
}

impl Walk {
    fn take(&mut self, input: &Input) {
        self.world.one(input, self.now);
        self.world.check();
        self.check();
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Send(delivery, who, draft, later) => {
                let mut order = push(&format!("d{delivery}"), &format!("p{who}"));
                order.draft = draft;
                order.send_at = later.then(|| self.now.plus_millis(600_000));
                self.take(&send(order));
            }
            Step::Register(who, token) => {
                self.take(&register(id(&format!("p{who}")), &format!("t{token}")));
            }
            Step::Unregister(who, token) => {
                self.take(&unregister(id(&format!("p{who}")), &format!("t{token}")));
            }
            Step::Forget(who) => self.take(&input(Body::Delete {
                who: id(&format!("p{who}")),
            })),
            Step::Claim => {
                let claimed = self.world.claim(self.now);
                let now = self.now;
                self.flying.extend(claimed.into_iter().map(|a| (a, now)));
                self.check();
            }
            Step::Answer(which, what) => self.answer(which, said(what)),
            Step::Lapse(which) => self.answer(which, Answer::refused(Reason::OutcomeUnknown)),
            Step::Release(delivery) => self.take(&ours(Body::Release {
                delivery_id: format!("d{delivery}"),
            })),
            Step::Cancel(delivery) => self.take(&ours(Body::Cancel {
                delivery_id: format!("d{delivery}"),
            })),
            Step::Wait(seconds) => {
                self.now = self.now.plus_millis(i64::from(seconds) * 1_000);
            }
        }
    }

    fn answer(&mut self, which: u8, said: Answer) {
        let Some((assignment, at)) = self.flying.get(usize::from(which)).cloned() else {
            return;
        };
        self.take(&conclude(answer(&assignment, said, at)));
    }

    /// A delivery is pending as long as there is open work, and held as long as it is a draft.
    fn check(&self) {
        for delivery in self.world.deliveries.values() {
            let works = self.world.works.values();
            let works = works.filter(|work| work.key.delivery() == delivery.key);
            let (open, parked): (Vec<&Work>, Vec<&Work>) = works.partition(|work| work.is_open());
            let settled = outcome(delivery);
            match settled {
                Outcome::Pending => assert!(!open.is_empty(), "silent for ever: {delivery:?}"),
                Outcome::Held => assert!(!open.is_empty() || !parked.is_empty()),
                _ => {}
            }
            // What is in the air cannot be called back.
            let mut waiting = open.iter().filter(|work| work.state == WorkState::Waiting);
            let retried = waiting.all(|work| {
                let target = work.target.as_ref().and_then(|key| delivery.target(key));
                target.is_none_or(|target| {
                    let sent = target.marks.has(Mark::Sent);
                    !sent || target.marks.has(Mark::Bounced)
                })
            });
            assert!(retried, "sent already, and to be sent again: {delivery:?}");
        }
    }

    /// Answers everything until nothing is open.
    fn finish(&mut self) {
        for _ in 0..200 {
            if self.world.open().is_empty() {
                break;
            }
            self.now = self.now.plus_millis(10 * MINUTE_MS);
            let claimed = self.world.claim(self.now);
            let now = self.now;
            for assignment in claimed {
                let said = answer(&assignment, accepted(), now);
                self.take(&conclude(said));
            }
            let flying = std::mem::take(&mut self.flying);
            for (assignment, at) in flying {
                let lapsed = Answer::refused(Reason::OutcomeUnknown);
                self.take(&conclude(answer(&assignment, lapsed, at)));
            }
        }
        assert_eq!(self.world.open(), Vec::<&Work>::new());
        for delivery in self.world.deliveries.values() {
            let settled = outcome(delivery);
            assert!(
                settled.is_final() || settled == Outcome::Held,
                "no outcome: {delivery:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_delivery_comes_to_one_outcome(steps in steps()) {
        let mut walk = Walk { world: World::default(), now: sec(0), flying: Vec::new() };
        for step in &steps {
            walk.step(step);
        }
        walk.finish();
    }
}
