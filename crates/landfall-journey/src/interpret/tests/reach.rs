//! Reach steps in a run.

use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::{Value, json};

use crate::sample::{Stage, minute, push};
use crate::{Ruling, Stimulus};

/// Push, then text, then e-mail.
fn reach() -> Value {
    let name = |step: &str| json!({ "step": step, "delay": "1h", "intent": "Remind" });
    json!({ "id": "remind", "reach": { "channels": [
        { "push": { "body": "It waits" }, "not_delivered_within": "15m", "name": name("Push 1") },
        { "sms": { "body": "{{ failure.reason }}" }, "needs_opt_in": true, "name": name("SMS 1") },
        { "email": { "subject": "Your cart", "body": "It waits" }, "name": name("Mail 1") },
    ] } })
}

#[test]
fn a_push_that_is_delivered_is_all() {
    let mut stage = Stage::new(json!([reach(), push("later")]), json!({}));
    stage.enter();
    assert_eq!(stage.rulings(), [("remind/push", Ruling::Go)]);
    stage.told("remind/push", Mark::Sent);
    stage.told("remind/push", Mark::Delivered);
    assert_eq!(stage.rulings().len(), 2);
    assert!(!stage.run().is_running());
}

#[test]
fn the_reason_of_a_bounce_reaches_the_next_template() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.enter();
    stage.told_why(
        "remind/push",
        Mark::Bounced,
        Some(Reason::TokenUnregistered),
    );
    let sms = stage.sends()[1].clone();
    assert_eq!(sms.step, "remind/sms");
    assert_eq!(sms.data["failure"]["reason"], "token_unregistered");
    assert_eq!(
        sms.data.as_object().unwrap().len(),
        1,
        "nothing of the event is read here"
    );
    assert_eq!(sms.name, "Cart Recovery | SMS 1 | 1h | Remind");
}

#[test]
fn templates_find_the_members_of_the_event_at_the_top_of_their_data() {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let step = json!({ "id": "one", "push": { "body": "{{ event.cart_id }}" }, "name": name });
    let mut stage = Stage::new(json!([step]), json!({}));
    stage.enter();
    assert_eq!(stage.sends()[0].data, json!({ "cart_id": "c1" }));
}

#[test]
fn whoever_did_not_opt_in_to_texts_gets_the_mail_and_the_text_says_why_not() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.person.consent.channels.clear();
    stage.enter();
    stage.told("remind/push", Mark::Failed);
    assert_eq!(
        stage.rulings(),
        [
            ("remind/push", Ruling::Go),
            ("remind/sms", Ruling::Refused(Reason::UnsubscribedChannel)),
            ("remind/email", Ruling::Go),
        ]
    );
}

#[test]
fn a_late_receipt_takes_back_the_queued_text() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.enter();
    stage.told("remind/push", Mark::Sent);
    stage.until(minute(20));
    assert_eq!(stage.rulings().len(), 2);
    stage.told("remind/push", Mark::Delivered);
    assert_eq!(stage.cancelled(), ["remind/sms"]);
    assert!(!stage.run().sent()[0].is_late(), "the text has not left");
    stage.told_why(
        "remind/sms",
        Mark::Undeliverable,
        Some(Reason::SourceCancelled),
    );
    assert!(!stage.run().sent()[0].is_late());
    assert_eq!(stage.rulings().len(), 2);
}

#[test]
fn a_receipt_that_comes_after_the_text_has_left_is_marked_late() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.enter();
    stage.told("remind/push", Mark::Sent);
    stage.until(minute(20));
    stage.told("remind/sms", Mark::Sent);
    assert!(!stage.run().is_running());
    stage.told("remind/push", Mark::Delivered);
    assert!(stage.run().sent()[0].is_late());
    assert!(stage.cancelled().is_empty());
}

#[test]
fn a_text_that_left_while_it_was_taken_back_marks_the_receipt_late() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.enter();
    stage.told("remind/push", Mark::Sent);
    stage.until(minute(20));
    stage.told("remind/push", Mark::Delivered);
    stage.told("remind/sms", Mark::Sent);
    assert!(stage.run().sent()[0].is_late());
}

#[test]
fn a_try_that_fails_after_the_taking_back_is_taken_back_again() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.enter();
    stage.told("remind/push", Mark::Sent);
    stage.until(minute(20));
    stage.told("remind/push", Mark::Delivered);
    stage.told("remind/sms", Mark::Attempted);
    assert_eq!(stage.cancelled(), ["remind/sms", "remind/sms"]);
}

#[test]
fn a_push_in_the_queue_is_taken_back_before_the_text_goes() {
    let mut stage = Stage::new(json!([reach()]), json!({}));
    stage.enter();
    stage.until(minute(16));
    assert_eq!(stage.cancelled(), ["remind/push"]);
    assert_eq!(
        stage.rulings().len(),
        1,
        "nobody knows yet whether the push has left"
    );
    stage.told_why(
        "remind/push",
        Mark::Undeliverable,
        Some(Reason::SourceCancelled),
    );
    assert_eq!(stage.rulings()[1].0, "remind/sms");
    let text = stage.sends()[1];
    assert!(
        text.data.get("failure").is_none(),
        "being taken back is no failure"
    );
}

#[test]
fn the_end_of_the_run_takes_back_what_waits_and_nothing_follows() {
    let mut stage = Stage::new(
        json!([reach()]),
        json!({ "exit": { "on": { "event": "order_completed" } } }),
    );
    stage.enter();
    stage.now = minute(5);
    stage.did("order_completed", json!({}));
    assert_eq!(stage.cancelled(), ["remind/push"]);
    stage.told_why(
        "remind/push",
        Mark::Undeliverable,
        Some(Reason::SourceCancelled),
    );
    stage.does(Stimulus::Wake);
    assert_eq!(stage.rulings().len(), 1);
}

#[test]
fn the_holdout_makes_one_delivery_for_the_intent() {
    let steps = json!([{ "id": "out", "holdout": 99.99 }, reach()]);
    let mut stage = Stage::new(steps, json!({}));
    stage.enter();
    assert_eq!(
        stage.rulings(),
        [("remind/push", Ruling::Refused(Reason::Holdout))]
    );
    assert!(stage.run().is_held_out());
}

#[test]
fn a_second_exposure_needs_permission_to_be_written_at_all() {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let channels = json!([
        { "push": { "body": "It waits" }, "not_opened_within": "2h", "name": name },
        { "email": { "body": "It waits" }, "name": name },
    ]);
    let steps = |allowed: bool| json!([{ "id": "remind", "reach": { "channels": channels, "allow_second_exposure": allowed } }]);
    let refused = crate::Definition::from_json(&crate::sample::journey(steps(false), json!({})));
    assert!(
        refused.unwrap_err()[0]
            .fix
            .contains("allow_second_exposure")
    );
    let mut stage = Stage::new(steps(true), json!({}));
    stage.enter();
    stage.told("remind/push", Mark::Sent);
    stage.told("remind/push", Mark::Delivered);
    stage.until(minute(121));
    assert_eq!(stage.rulings()[1].0, "remind/email");
    stage.told("remind/email", Mark::Sent);
    stage.told("remind/push", Mark::Opened);
    assert!(!stage.run().sent()[0].is_late(), "its receipt came in time");
}
