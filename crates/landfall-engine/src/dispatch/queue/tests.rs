use std::sync::Arc;

use landfall_domain::content::Content;
use landfall_domain::ids::{DeliveryKey, DeviceKey};
use landfall_domain::work::{Order, Rules, SendTo};
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000 + seconds)
}

fn work(delivery: u32, message: u32, urgency: Urgency, due: i64) -> Work {
    Work {
        key: WorkKey::of(DeliveryKey(delivery), 0),
        message: MessageKey(message),
        urgency,
        channel: Channel::Push,
        platform: Some(Platform::Ios),
        app: String::new(),
        target: Some(TargetKey::Device(DeviceKey(delivery))),
        order: Arc::new(Order {
            content: Content::Push(Box::default()),
            data: serde_json::Value::Null,
            ttl_ms: 60_000,
            to_unsubscribed: true,
            forget_content: false,
            to: SendTo::All,
            rules: Rules::default(),
        }),
        due: at(due),
        expires: at(due + 60),
        tries: 0,
        first_try: None,
        state: WorkState::Waiting,
    }
}

fn put(queue: &mut Queue, work: &Work) {
    queue.apply(work.key, Some(work));
}

fn pick(queue: &mut Queue, now: i64, urgency: Urgency, wanted: usize) -> Vec<u32> {
    let picked = queue.pick(at(now), urgency, wanted, &mut |_, n| n);
    picked.into_iter().map(|key| key.delivery().0).collect()
}

#[test]
fn lanes_take_turns_and_within_a_lane_the_first_due_goes_first() {
    let mut queue = Queue::default();
    for delivery in 0..100 {
        put(&mut queue, &work(delivery, 1, Urgency::Broadcast, 0));
    }
    for delivery in 100..104 {
        put(&mut queue, &work(delivery, 2, Urgency::Broadcast, 5));
    }
    let picked = pick(&mut queue, 10, Urgency::Broadcast, 40);
    assert_eq!(picked.len(), 40);
    let small: Vec<&u32> = picked.iter().filter(|delivery| **delivery >= 100).collect();
    assert_eq!(
        small.len(),
        4,
        "the small message does not wait for the large one"
    );
    let large: Vec<u32> = picked.iter().copied().filter(|d| *d < 100).collect();
    assert_eq!(large, (0..36).collect::<Vec<u32>>());
}

#[test]
fn what_is_not_due_is_not_picked() {
    let mut queue = Queue::default();
    put(&mut queue, &work(1, 1, Urgency::Journey, 100));
    assert_eq!(
        pick(&mut queue, 99, Urgency::Journey, 10),
        Vec::<u32>::new()
    );
    assert_eq!(queue.next_at(), Some(at(100)));
    assert_eq!(pick(&mut queue, 100, Urgency::Journey, 10), [1]);
}

#[test]
fn a_lane_without_room_does_not_hold_up_the_others() {
    let mut queue = Queue::default();
    put(&mut queue, &work(1, 1, Urgency::Journey, 0));
    put(&mut queue, &work(2, 2, Urgency::Journey, 0));
    let mut room = |lane: &Lane, n: usize| if lane.message == MessageKey(1) { 0 } else { n };
    let picked = queue.pick(at(1), Urgency::Journey, 10, &mut room);
    assert_eq!(picked, [WorkKey::of(DeliveryKey(2), 0)]);
}

#[test]
fn claims_lapse_and_waiting_expires() {
    let mut queue = Queue::default();
    let mut held = work(1, 1, Urgency::Journey, 0);
    held.state = WorkState::Claimed {
        attempt: "a1".to_owned(),
        until: at(30),
    };
    put(&mut queue, &held);
    put(&mut queue, &work(2, 1, Urgency::Journey, 0));
    assert_eq!(queue.lapsed(at(29), 10), []);
    assert_eq!(queue.lapsed(at(30), 10)[0].attempt, "a1");
    assert_eq!(queue.expired(at(59), 10), []);
    assert_eq!(queue.expired(at(60), 10), [WorkKey::of(DeliveryKey(2), 0)]);
    queue.lapse_all();
    assert_eq!(queue.lapsed(at(0), 10).len(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u32, u32, i64),
    Claim(u32, i64),
    Park(u32),
    Gone(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..12_u32;
    prop_oneof![
        (key.clone(), 0..3_u32, 0..90_i64).prop_map(|(k, m, due)| Step::Wait(k, m, due)),
        (key.clone(), 0..90_i64).prop_map(|(k, until)| Step::Claim(k, until)),
        key.clone().prop_map(Step::Park),
        key.prop_map(Step::Gone),
    ]
}

proptest! {
    #[test]
    fn the_index_says_what_a_look_at_all_the_work_says(steps in prop::collection::vec(step(), 0..80)) {
        let mut queue = Queue::default();
        let mut all: BTreeMap<WorkKey, Work> = BTreeMap::new();
        for step in &steps {
            let (delivery, state, message, due) = match *step {
                Step::Wait(delivery, message, due) => (delivery, Some(WorkState::Waiting), message, due),
                Step::Claim(delivery, until) => {
                    let claimed = WorkState::Claimed { attempt: "a".to_owned(), until: at(until) };
                    (delivery, Some(claimed), 0, 0)
                }
                Step::Park(delivery) => (delivery, Some(WorkState::Parked), 0, 0),
                Step::Gone(delivery) => (delivery, None, 0, 0),
            };
            let mut piece = work(delivery, message, Urgency::Journey, due);
            if let Some(state) = state {
                piece.state = state;
                put(&mut queue, &piece);
                all.insert(piece.key, piece);
            } else {
                queue.apply(piece.key, None);
                all.remove(&piece.key);
            }
        }
        let waiting: Vec<&Work> = all.values().filter(|w| w.state == WorkState::Waiting).collect();
        let now = 45;
        let mut due: Vec<u32> = waiting.iter().filter(|w| w.due <= at(now))
            .map(|w| w.key.delivery().0).collect();
        let mut picked = pick(&mut queue, now, Urgency::Journey, 1_000);
        due.sort_unstable();
        picked.sort_unstable();
        prop_assert_eq!(picked, due);
        let open = all.values().filter(|w| w.is_open()).count();
        prop_assert_eq!(queue.len(), open);
        let ends = all.values().filter_map(|w| match &w.state {
            WorkState::Waiting => Some(w.due.min(w.expires)),
            WorkState::Claimed { until, .. } => Some(*until),
            WorkState::Parked => None,
        });
        prop_assert_eq!(queue.next_at(), ends.min());
    }
}
