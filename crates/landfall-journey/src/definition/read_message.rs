//! Reading of messages and of reach steps.

use landfall_audience::Condition;
use landfall_audience::definition::{Object, Place};
use landfall_domain::content::Content;
use landfall_domain::naming::MessageName;
use landfall_domain::work::SendTo;

use super::message::{Message, MessageNaming, PolicyOverride, Reach, ReachChannel, Sending};
use super::read::{boolean, each, maybe, must, slug, span_between, text};
use crate::reach::{CHANNELS_MAX, Limits};
use crate::span::Span;

/// The channels that a step can send over.
pub(super) const CHANNELS: [&str; 5] = ["push", "sms", "email", "slack", "webhook"];
/// What a message says beside its content.
pub(super) const MESSAGE_KEYS: [&str; 6] = ["when", "ttl", "sending", "to", "policy", "name"];
/// Longest time to live: FCM keeps messages for four weeks (providers.md 3).
const TTL_MAX: Span = Span::days(28);
/// How long a message is of use unless it says otherwise.
const TTL: Span = Span::days(1);
/// Longest wait for a receipt within a reach step.
const LIMIT_MAX: Span = Span::days(30);

const PUSH: [&str; 17] = [
    "title",
    "subtitle",
    "body",
    "image",
    "link",
    "sound",
    "badge",
    "thread",
    "category",
    "actions",
    "collapse_key",
    "channel_id",
    "interruption_level",
    "priority",
    "silent",
    "data",
    "custom_payload",
];
const EMAIL: [&str; 14] = [
    "from",
    "to",
    "cc",
    "bcc",
    "fake_bcc",
    "reply_to",
    "subject",
    "preheader",
    "body",
    "body_plain",
    "body_amp",
    "headers",
    "attachments",
    "unsubscribe_url",
];
const SMS: [&str; 3] = ["to", "from", "body"];
const SLACK: [&str; 2] = ["text", "blocks"];
const WEBHOOK: [&str; 4] = ["method", "url", "headers", "body"];

/// Reads a message whose content stands under one of [`CHANNELS`].
pub(super) fn message(object: &Object<'_>, channel: &str, below: &Place<'_>) -> Option<Message> {
    let content = content(channel, below);
    let when = maybe(object, "when", Condition::parse);
    let ttl = maybe(object, "ttl", |place| {
        span_between(place, Span::minutes(1), TTL_MAX)
    });
    let sending = maybe(object, "sending", sending);
    let to = maybe(object, "to", |place| send_to(place, channel));
    let policy = maybe(object, "policy", PolicyOverride::parse);
    let name = must(object, "name", naming);
    Some(Message {
        content: content?,
        when: when?,
        ttl: ttl?.unwrap_or(TTL),
        sending: sending?.unwrap_or_default(),
        to: to?.unwrap_or_else(|| usual_target(channel)),
        policy: policy?,
        name: name?,
    })
}

/// One device in a journey, so that nobody is hit on every device (semantics.md 2.1).
fn usual_target(channel: &str) -> SendTo {
    if channel == "push" {
        SendTo::LastUsed
    } else {
        SendTo::All
    }
}

fn content(channel: &str, place: &Place<'_>) -> Option<Content> {
    let known: &[&str] = match channel {
        "push" => &PUSH,
        "email" => &EMAIL,
        "sms" => &SMS,
        "slack" => &SLACK,
        _ => &WEBHOOK,
    };
    let object = place.object(known)?;
    // Which field says something on its own.
    let says: &[&str] = match channel {
        "push" => &["title", "body", "silent", "custom_payload"],
        "email" => &["body", "body_plain", "body_amp"],
        "sms" => &["body"],
        "slack" => &["text", "blocks"],
        _ => &["url"],
    };
    if !says.iter().any(|key| object.has(key)) {
        return place.refuse(
            "this message says nothing",
            format!("add {}", says.join(" or ")),
        );
    }
    // serde passes over keys that it does not know; these objects are closed too.
    if let Some(actions) = object.optional("actions") {
        each(&actions.list()?, |action| {
            action.object(&["id", "title", "link"]).map(|_| ())
        })?;
    }
    if let Some(custom) = object.optional("custom_payload") {
        custom.object(&["ios", "android", "web"])?;
    }
    let mut value = place.value().clone();
    value
        .as_object_mut()?
        .insert("channel".to_owned(), channel.into());
    match serde_json::from_value(value) {
        Ok(content) => Some(content),
        Err(error) => place.refuse(
            format!("this does not read as the content of a message: {error}"),
            "correct the field; texts stand in double quotes",
        ),
    }
}

fn sending(place: &Place<'_>) -> Option<Sending> {
    let names: Vec<&str> = Sending::NAMES.iter().map(|(_, name)| *name).collect();
    place.word(&names, |name| {
        let found = Sending::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(sending, _)| *sending)
    })
}

fn send_to(place: &Place<'_>, channel: &str) -> Option<SendTo> {
    if channel != "push" {
        return place.refuse("only pushes choose among devices", "remove `to` here");
    }
    place.word(&["all", "last_used"], |name| match name {
        "all" => Some(SendTo::All),
        "last_used" => Some(SendTo::LastUsed),
        _ => None,
    })
}

fn naming(place: &Place<'_>) -> Option<MessageNaming> {
    let object = place.object(&["step", "delay", "intent"])?;
    let step = must(&object, "step", part);
    let delay = must(&object, "delay", delay);
    let intent = must(&object, "intent", part);
    Some(MessageNaming {
        step: step?,
        delay: delay?,
        intent: intent?,
    })
}

pub(super) fn part(place: &Place<'_>) -> Option<String> {
    let text = text(place)?;
    if text.contains(landfall_domain::naming::SEPARATOR) {
        return place.refuse("a part of a name cannot hold `|`", "use `/` instead");
    }
    Some(text)
}

fn delay(place: &Place<'_>) -> Option<String> {
    let text = part(place)?;
    let name = MessageName::new(["-", "-", &text, "-"]);
    if name.delay_minutes().is_none() {
        return place.refuse(
            "the delay of a name is not one",
            "write `0`, `now`, or a number with m, h, d or w, such as `30m`",
        );
    }
    Some(text)
}

/// Reads a reach step.
pub(super) fn reach(place: &Place<'_>) -> Option<Reach> {
    let object = place.object(&["channels", "allow_second_exposure"])?;
    let allow = maybe(&object, "allow_second_exposure", boolean);
    let channels = must(&object, "channels", |place| {
        let items = place.items()?;
        if items.len() > CHANNELS_MAX {
            return place.refuse(
                format!("a reach step has at most {CHANNELS_MAX} channels"),
                "remove the last ones",
            );
        }
        each(&items, channel)
    });
    let reach = Reach {
        channels: channels?,
        allow_second_exposure: allow?.unwrap_or(false),
    };
    check_reach(place, &reach)?;
    Some(reach)
}

fn channel(place: &Place<'_>) -> Option<ReachChannel> {
    let mut known = CHANNELS.to_vec();
    known.extend(MESSAGE_KEYS);
    known.extend([
        "id",
        "not_delivered_within",
        "not_opened_within",
        "needs_opt_in",
        "cost",
    ]);
    let object = place.object(&known)?;
    let (channel, below) = object.exactly_one(&CHANNELS)?;
    let id = maybe(&object, "id", slug);
    let limit = |key: &str| {
        maybe(&object, key, |place| {
            span_between(place, Span::minutes(1), LIMIT_MAX)
        })
    };
    let delivered_within = limit("not_delivered_within");
    let opened_within = limit("not_opened_within");
    let needs_opt_in = maybe(&object, "needs_opt_in", boolean);
    let cost = maybe(&object, "cost", cost);
    let message = message(&object, channel, &below);
    Some(ReachChannel {
        id: id?.unwrap_or_else(|| channel.to_owned()),
        message: message?,
        limits: Limits {
            delivered_within: delivered_within?,
            opened_within: opened_within?,
            queued_within: None,
        },
        needs_opt_in: needs_opt_in?.unwrap_or(false),
        cost_micros: cost?.unwrap_or(0),
    })
}

fn cost(place: &Place<'_>) -> Option<u64> {
    match crate::money::micros(place.value()) {
        Some(micros) if micros >= 0 => u64::try_from(micros).ok(),
        _ => place.expected("an amount such as 0.08"),
    }
}

fn check_reach(place: &Place<'_>, reach: &Reach) -> Option<()> {
    let mut sound = Some(());
    for (index, channel) in reach.channels.iter().enumerate() {
        if reach.channels[..index]
            .iter()
            .any(|other| other.id == channel.id)
        {
            sound = place.refuse(
                format!("two channels are called `{}`", channel.id),
                "give one of them an `id`",
            );
        }
        if channel.limits.opened_within.is_some() && !reach.allow_second_exposure {
            sound = place.refuse(
                format!(
                    "`not_opened_within` of `{}` sends again to people who have the message already",
                    channel.id
                ),
                "set `allow_second_exposure` to true, or use `not_delivered_within`",
            );
        }
        if channel.message.sending == Sending::Draft {
            sound = place.refuse(
                format!(
                    "`{}` is a draft: the next channel cannot know whether a human will release it",
                    channel.id
                ),
                "set `sending` to `automatic` or `off`",
            );
        }
        let last = index + 1 == reach.channels.len();
        if last && channel.limits != Limits::default() {
            sound = place.refuse(
                format!(
                    "`{}` is the last channel: nothing follows when its limit passes",
                    channel.id
                ),
                "remove its limit",
            );
        }
    }
    sound
}
