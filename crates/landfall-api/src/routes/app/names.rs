//! Customer.io's names of channels and metrics.

use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;

use super::refusal::Refusal;

/// The channel that the App API calls by this name.
pub(super) fn channel(name: &str) -> Result<Channel, Refusal> {
    let channel = if name == "twilio" {
        Some(Channel::Sms)
    } else {
        Channel::named(name)
    };
    channel.ok_or_else(|| {
        Refusal::bad(format!(
            "type: `{name}` is not email, webhook, twilio, whatsapp, slack, push, in_app, inbox or \
             live_notification"
        ))
    })
}

/// The App API's name of a channel.
pub(super) const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "twilio",
        other => other.name(),
    }
}

/// The mark that the App API calls by this name.
pub(super) fn metric(name: &str) -> Result<Mark, Refusal> {
    let names = [
        Mark::Created,
        Mark::Drafted,
        Mark::Attempted,
        Mark::Sent,
        Mark::Delivered,
        Mark::Opened,
        Mark::Clicked,
        Mark::Converted,
        Mark::Bounced,
        Mark::Spammed,
        Mark::Unsubscribed,
        Mark::Dropped,
        Mark::Failed,
        Mark::Undeliverable,
        Mark::Deferred,
    ];
    let name = if name == "suppressed" {
        "dropped"
    } else {
        name
    };
    names
        .into_iter()
        .find(|mark| mark.name() == name)
        .ok_or_else(|| {
            let known: Vec<&str> = names.iter().map(|mark| mark.name()).collect();
            Refusal::bad(format!(
                "metric: `{name}` is not one of {}",
                known.join(", ")
            ))
        })
}
