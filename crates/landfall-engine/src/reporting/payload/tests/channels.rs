//! Which fields an event has, by channel and metric (reporting-webhooks.md 6).

use super::*;

const SUBJECT: &str = "subject";
const RECIPIENT: &str = "recipient";
const FAILURE: &str = "failure_message";

/// A channel and a mark, what they are told as, and the fields that the event has of its own.
type Row = (Channel, Mark, &'static str, &'static [&'static str]);

const TABLE: &[Row] = {
    use Channel::{Email, Slack, Sms, Webhook};
    &[
        (Email, Mark::Drafted, "email_drafted", &[SUBJECT, RECIPIENT]),
        (Email, Mark::Attempted, "email_attempted", &[FAILURE]),
        (Email, Mark::Sent, "email_sent", &[SUBJECT, RECIPIENT]),
        (
            Email,
            Mark::Delivered,
            "email_delivered",
            &[SUBJECT, RECIPIENT],
        ),
        (
            Email,
            Mark::Converted,
            "email_converted",
            &[SUBJECT, RECIPIENT],
        ),
        (Email, Mark::Spammed, "email_spammed", &[SUBJECT, RECIPIENT]),
        (Email, Mark::Opened, "email_opened", &[SUBJECT, RECIPIENT]),
        (
            Email,
            Mark::Bounced,
            "email_bounced",
            &[SUBJECT, RECIPIENT, FAILURE],
        ),
        (
            Email,
            Mark::Dropped,
            "email_dropped",
            &[SUBJECT, RECIPIENT, FAILURE],
        ),
        (
            Email,
            Mark::Deferred,
            "email_deferred",
            &[SUBJECT, RECIPIENT, FAILURE],
        ),
        (Email, Mark::Failed, "email_failed", &[SUBJECT, FAILURE]),
        (
            Email,
            Mark::Undeliverable,
            "email_undeliverable",
            &[SUBJECT, RECIPIENT, FAILURE],
        ),
        (Sms, Mark::Sent, "sms_sent", &[RECIPIENT]),
        (Sms, Mark::Delivered, "sms_delivered", &[RECIPIENT]),
        (Sms, Mark::Bounced, "sms_bounced", &[RECIPIENT, FAILURE]),
        (Sms, Mark::Failed, "sms_failed", &[FAILURE]),
        (Sms, Mark::Attempted, "sms_attempted", &[FAILURE]),
        (Slack, Mark::Sent, "slack_sent", &[RECIPIENT]),
        (Slack, Mark::Bounced, "slack_failed", &[FAILURE]),
        (Webhook, Mark::Sent, "webhook_sent", &[RECIPIENT]),
        (
            Webhook,
            Mark::Clicked,
            "webhook_clicked",
            &[RECIPIENT, "href", "link_id"],
        ),
        (
            Webhook,
            Mark::Undeliverable,
            "webhook_undeliverable",
            &[FAILURE],
        ),
    ]
};

#[test]
fn every_channel_has_the_fields_of_its_metrics() {
    for (channel, mark, name, fields) in TABLE {
        let to = address("kim@example.org");
        let of = message(SourceKind::Transactional, 9, *channel);
        let mut case = Case::of("d", of, std::slice::from_ref(&to));
        case.delivery.about.subject = said("Hello");
        let start = case.facts.len();
        let receipt = matches!(
            mark,
            Mark::Delivered | Mark::Opened | Mark::Clicked | Mark::Spammed
        );
        if receipt || *mark == Mark::Converted {
            case.fact(to.clone(), Mark::Sent);
        }
        case.refused(to, *mark, "words");
        let event = case.events().pop().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(event.name, *name);
        assert!(event.fact >= start);
        let mut expected = vec![
            "customer_id",
            "delivery_id",
            "identifiers",
            "transactional_message_id",
        ];
        expected.extend(*fields);
        expected.sort_unstable();
        let found: Vec<&str> = event.data.keys().map(String::as_str).collect();
        let mut found = found;
        found.sort_unstable();
        assert_eq!(found, expected, "{name}");
        if fields.contains(&"recipient") {
            assert_eq!(event.data["recipient"], "kim@example.org");
        }
    }
}
