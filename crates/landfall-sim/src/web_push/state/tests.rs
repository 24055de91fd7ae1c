use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn state(online: bool, expires: Option<Timestamp>) -> State {
    let mut state = State::default();
    state.add(
        "a".to_owned(),
        Subscriber {
            keys: Arc::new(ReceiverKeys::generate().expect("random keys")),
            bound_to: None,
            expires,
            online,
            gone: None,
        },
    );
    state
}

fn wishes(ttl: u64, topic: Option<&str>) -> Wishes {
    Wishes {
        ttl,
        urgency: Urgency::Normal,
        topic: topic.map(str::to_owned),
    }
}

fn sender(key: u8) -> Option<Identity> {
    Some(Identity {
        key: vec![key],
        token: String::new(),
        subject: String::new(),
        expires: NOW,
    })
}

fn take(state: &mut State, ttl: u64, topic: Option<&str>, now: Timestamp) -> Taken {
    state.take("a", wishes(ttl, topic), sender(1), Content::Empty, now)
}

fn fates(state: &mut State, now: Timestamp) -> Vec<Fate> {
    state
        .taken(now)
        .into_iter()
        .map(|taken| taken.fate)
        .collect()
}

fn after(seconds: i64) -> Timestamp {
    NOW.plus_millis(seconds * 1_000)
}

#[test]
fn who_is_online_gets_a_message_at_once() {
    let mut state = state(true, None);
    assert_eq!(take(&mut state, 0, None, NOW).fate, Fate::Delivered(NOW));
    assert!(!state.withdraw("00000000", NOW), "it is gone already");
}

#[test]
fn a_ttl_of_zero_reaches_nobody_who_is_offline() {
    let mut state = state(false, None);
    assert_eq!(take(&mut state, 0, None, NOW).fate, Fate::Expired(NOW));
    assert_eq!(state.set_online("a", true, NOW), []);
}

#[test]
fn stored_messages_are_delivered_in_order_or_expire() {
    let mut state = state(false, None);
    take(&mut state, 60, None, NOW);
    take(&mut state, 10, None, NOW);
    take(&mut state, 60, None, after(1));
    let delivered = state.set_online("a", true, after(10));
    let names: Vec<_> = delivered
        .iter()
        .map(|taken| taken.message.as_str())
        .collect();
    assert_eq!(names, ["00000000", "00000002"]);
    let done = Fate::Delivered(after(10));
    assert_eq!(
        fates(&mut state, after(99)),
        [done, Fate::Expired(after(10)), done]
    );
    assert_eq!(
        state.set_online("a", true, after(11)),
        [],
        "nothing comes twice"
    );
}

#[test]
fn a_topic_replaces_what_waits_of_the_same_sender() {
    let mut state = state(false, None);
    take(&mut state, 60, Some("cart"), NOW);
    take(&mut state, 60, Some("news"), NOW);
    state.take(
        "a",
        wishes(60, Some("cart")),
        sender(2),
        Content::Empty,
        NOW,
    );
    take(&mut state, 60, Some("cart"), after(1));
    let kept = Fate::Stored(after(60));
    assert_eq!(
        fates(&mut state, after(2)),
        [
            Fate::Replaced(after(1)),
            kept,
            kept,
            Fate::Stored(after(61))
        ]
    );
}

#[test]
fn a_stored_message_can_be_withdrawn_once() {
    let mut state = state(false, None);
    let taken = take(&mut state, 60, None, NOW);
    assert!(!state.withdraw("7", NOW));
    assert!(!state.withdraw("0", NOW), "the name is the whole number");
    assert!(state.withdraw(&taken.message, after(1)));
    assert!(!state.withdraw(&taken.message, after(1)));
    assert_eq!(fates(&mut state, after(1)), [Fate::Withdrawn(after(1))]);
    take(&mut state, 60, None, NOW);
    assert!(!state.withdraw("00000001", after(60)), "it has expired");
}

#[test]
fn messages_end_with_their_subscription() {
    let mut state = state(false, Some(after(30)));
    take(&mut state, 60, None, NOW);
    take(&mut state, 20, None, NOW);
    assert!(state.subscriber("a", after(29)).is_ok());
    assert_eq!(
        state.subscriber("a", after(30)).err(),
        Some(Problem::ExpiredSubscription)
    );
    assert_eq!(
        fates(&mut state, after(40)),
        [Fate::Lost(after(30)), Fate::Expired(after(20))]
    );
    assert_eq!(
        state.subscriber("b", NOW).err(),
        Some(Problem::UnknownEndpoint)
    );
}

#[test]
fn an_ended_subscription_says_why() {
    let mut state = state(false, None);
    take(&mut state, 60, None, NOW);
    assert!(state.end("a", Problem::NoSubscription, after(1)));
    assert!(!state.end("b", Problem::NoSubscription, after(1)));
    assert_eq!(
        state.subscriber("a", NOW).err(),
        Some(Problem::NoSubscription)
    );
    assert_eq!(fates(&mut state, after(1)), [Fate::Lost(after(1))]);
}
