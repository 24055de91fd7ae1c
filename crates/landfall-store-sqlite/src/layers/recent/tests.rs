use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::ids::MessageKey;
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Order, Rules, SendTo, Urgency, Work, WorkState};

use super::*;

fn delivery(key: DeliveryKey) -> Delivery {
    let id = key.0.to_string();
    Delivery::new(key, id, MessageKey(0), Channel::Push, Timestamp::EPOCH)
}

fn work(key: WorkKey, order: &Arc<Order>) -> Work {
    Work {
        key,
        message: MessageKey(0),
        urgency: Urgency::Broadcast,
        channel: Channel::Push,
        platform: None,
        app: String::new(),
        target: None,
        order: Arc::clone(order),
        due: Timestamp::EPOCH,
        expires: Timestamp::EPOCH,
        tries: 0,
        first_try: None,
        state: WorkState::Waiting,
    }
}

fn layer(keys: impl Iterator<Item = u32> + Clone, order: &Arc<Order>) -> Layer {
    let mut layer = Layer::default();
    for key in keys.map(DeliveryKey) {
        layer.deliveries_by_id.insert(key.0.to_string(), key);
        layer.deliveries.insert(key, Arc::new(delivery(key)));
        let key = WorkKey::of(key, 0);
        layer.works.insert(key, Some(work(key, order)));
    }
    layer
}

/// In parts that are smaller than anything in it.
fn take_all(recent: &mut Recent, mut layer: Layer) {
    while recent.take(&mut layer, 700).0 == 700 {}
}

/// A queue of any length takes no more memory than its newest part.
#[test]
fn the_oldest_goes_when_there_is_too_much() {
    let order = Arc::new(Order {
        content: Content::Push(Box::default()),
        data: serde_json::Value::Null,
        ttl_ms: 1,
        to_unsubscribed: false,
        forget_content: false,
        to: SendTo::All,
        rules: Rules::default(),
    });
    let mut recent = Recent::default();
    for part in 0..6_u32 {
        take_all(
            &mut recent,
            layer(part * 12_000..(part + 1) * 12_000, &order),
        );
    }
    let kept = &recent.layer;
    assert_eq!(kept.deliveries.len(), DELIVERIES);
    assert_eq!(kept.deliveries_by_id.len(), DELIVERIES);
    assert_eq!(kept.works.len(), WORKS);
    let newest = DeliveryKey(71_999);
    assert!(kept.deliveries.contains_key(&newest) && kept.deliveries_by_id.contains_key("71999"));
    assert!(kept.works.contains_key(&WorkKey::of(newest, 0)));
    assert!(!kept.deliveries.contains_key(&DeliveryKey(0)));
    assert!(!kept.works.contains_key(&WorkKey::of(DeliveryKey(0), 0)));
    // What changes over and over takes no more room than what does not.
    for _ in 0..9 {
        take_all(&mut recent, layer(70_000..71_000, &order));
    }
    assert!(recent.deliveries.len() <= DELIVERIES && recent.works.len() <= WORKS);
    assert!(recent.layer.deliveries.contains_key(&DeliveryKey(60_000)));
    // Work that is done with leaves.
    let mut done = Layer::default();
    let key = WorkKey::of(newest, 0);
    done.works.insert(key, None);
    take_all(&mut recent, done);
    assert!(!recent.layer.works.contains_key(&key));
}
