//! What each rule of eligibility says.

use landfall_domain::channel::Channel;
use landfall_domain::device::{Device, LastStatus};
use landfall_domain::message::SourceKind;
use landfall_domain::person::Standing;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::{MessageFacts, Rule, Verdict};
use crate::answer::Scene;
use crate::policy::{Cap, Policy, QuietThen};
use crate::profile::RecentSend;
use crate::reach::{address, consent, is_pushed};
use crate::value::date_text;
use crate::zone::Zone;

impl Rule {
    pub(super) fn ask(
        self,
        scene: &Scene<'_>,
        message: &MessageFacts<'_>,
        policy: &Policy,
    ) -> Verdict {
        // Somebody waits for a transactional message: it is not late, not one too many, and as often as
        // it is asked for.
        let spares = matches!(self, Self::Duplicate | Self::Caps | Self::QuietHours);
        if spares && message.source == SourceKind::Transactional {
            return Verdict::Go;
        }
        match self {
            Self::Person => match scene.person.standing {
                Standing::Known => Verdict::Go,
                Standing::Visitor | Standing::Merged(_) | Standing::Deleted => {
                    Verdict::No(Reason::PersonGone)
                }
            },
            Self::Consent => no_if(agreed(scene, message)),
            Self::Address => no_if(reachable(scene, message)),
            Self::Suppression if message.address_suppressed => {
                Verdict::No(Reason::AddressSuppressed)
            }
            Self::Suppression => Verdict::Go,
            Self::Duplicate => match duplicate(scene, message, policy) {
                Some(_) => Verdict::No(Reason::Duplicate),
                None => Verdict::Go,
            },
            Self::Caps => {
                let asked = policy.caps.iter().map(|cap| capped(cap, scene, message));
                asked.fold(Verdict::Go, Verdict::and)
            }
            Self::QuietHours => quiet(scene, policy),
        }
    }

    pub(super) fn saw(
        self,
        scene: &Scene<'_>,
        message: &MessageFacts<'_>,
        policy: &Policy,
    ) -> Value {
        match self {
            Self::Person => match scene.person.standing {
                Standing::Known => "known".into(),
                Standing::Visitor => "a visitor".into(),
                Standing::Merged(_) => "merged into another person".into(),
                Standing::Deleted => "deleted".into(),
            },
            Self::Consent if message.to_unsubscribed => "the message goes to everybody".into(),
            Self::Consent => consent_seen(scene, message),
            Self::Address => address_seen(scene, message),
            Self::Suppression => message.address_suppressed.into(),
            Self::Duplicate => {
                let last = duplicate(scene, message, policy);
                last.map_or(Value::Null, |at| {
                    format!("sent at {}", date_text(at)).into()
                })
            }
            Self::Caps => {
                let about = |cap: &&Cap| cap.is_about(message.channel, message.source);
                let caps = policy.caps.iter().filter(about);
                let seen = caps.map(|cap| {
                    let (sent, _) = cap.room(sends(scene, message), scene.now);
                    json!({ "sent": sent, "max": cap.max })
                });
                seen.collect()
            }
            Self::QuietHours => match &policy.quiet_hours {
                Some(quiet) => {
                    let zone = Zone::of(scene.person, quiet.zone.as_ref().unwrap_or(scene.zone));
                    let local = zone.local(scene.now);
                    json!({ "local_time": local.to_string(), "zone": zone.name() })
                }
                None => Value::Null,
            },
        }
    }
}

fn no_if(allowed: Result<(), Reason>) -> Verdict {
    match allowed {
        Ok(()) => Verdict::Go,
        Err(reason) => Verdict::No(reason),
    }
}

/// Topic and channel must both be subscribed, and the global switch stands above them (semantics.md
/// 6.8). A topic that asks for a yes needs one.
fn agreed(scene: &Scene<'_>, message: &MessageFacts<'_>) -> Result<(), Reason> {
    if message.to_unsubscribed {
        return Ok(());
    }
    consent(scene.person, message.channel)?;
    let Some(topic) = message.topic else {
        return Ok(());
    };
    let choice = scene.person.consent.topics.get(topic);
    let subscribed = choice.map_or(!message.topic_opt_in, |choice| choice.subscribed);
    subscribed.then_some(()).ok_or(Reason::UnsubscribedTopic)
}

fn consent_seen(scene: &Scene<'_>, message: &MessageFacts<'_>) -> Value {
    let consent = &scene.person.consent;
    let word = |choice: Option<bool>| match choice {
        Some(true) => "yes",
        Some(false) => "no",
        None => "never said",
    };
    let channel = consent.channels.get(message.channel.name());
    let mut seen = json!({
        "global": word(consent.global.map(|choice| choice.subscribed)),
        "channel": word(channel.map(|choice| choice.subscribed)),
    });
    if let Some(topic) = message.topic {
        let choice = consent.topics.get(topic);
        seen["topic"] = word(choice.map(|choice| choice.subscribed)).into();
    }
    seen
}

/// An address; of a push, a device that it is meant for, that is not suspended, and whose app may
/// show notifications as far as is known. A device whose last push bounced is tried once more
/// (semantics.md 2.6).
fn reachable(scene: &Scene<'_>, message: &MessageFacts<'_>) -> Result<(), Reason> {
    address(scene.person, message.channel)?;
    if !is_pushed(message.channel) {
        return Ok(());
    }
    let meant = || meant(scene, message);
    if meant().next().is_none() {
        return Err(Reason::NoDevice);
    }
    let usable = |device: &&Device| device.last_status != LastStatus::Suppressed;
    if !meant().any(|device| usable(&device)) {
        return Err(Reason::DevicesSuspended);
    }
    let permitted = |device: &Device| device.permission() != Some(false);
    if !meant().filter(usable).any(permitted) {
        return Err(Reason::PermissionDenied);
    }
    Ok(())
}

fn meant<'a>(
    scene: &Scene<'a>,
    message: &MessageFacts<'a>,
) -> impl Iterator<Item = &'a Device> + use<'a> {
    let (filter, now, profile) = (message.devices, scene.now, scene.profile);
    let devices = scene.person.devices.values();
    devices
        .filter(move |device| filter.is_none_or(|filter| filter.answer(device, profile, now).holds))
}

fn address_seen(scene: &Scene<'_>, message: &MessageFacts<'_>) -> Value {
    let person = scene.person;
    match message.channel {
        Channel::Email => person.email.as_deref().into(),
        Channel::Sms | Channel::WhatsApp => person.phone.as_deref().into(),
        channel if is_pushed(channel) => {
            let devices = meant(scene, message).map(|device| {
                json!({
                    "platform": device.token.platform.name(),
                    "last_status": device.last_status.name(),
                    "permission": device.permission(),
                })
            });
            devices.collect()
        }
        _ => Value::Null,
    }
}

/// What was sent lately and what is on its way.
fn sends<'a>(
    scene: &Scene<'a>,
    message: &MessageFacts<'a>,
) -> impl Iterator<Item = &'a RecentSend> + use<'a> {
    scene.profile.recent_sends().iter().chain(message.in_flight)
}

/// When the same message was sent last, if that was within the policy's time.
fn duplicate(scene: &Scene<'_>, message: &MessageFacts<'_>, policy: &Policy) -> Option<Timestamp> {
    let from = scene.now.plus_millis(-policy.duplicate_within_ms?);
    let same = |send: &&RecentSend| {
        send.at > from
            && send.channel == message.channel
            && send.source == message.source
            && send.source_id == message.source_id
            && send.step_id == message.step_id
    };
    sends(scene, message).filter(same).map(|send| send.at).max()
}

fn capped(cap: &Cap, scene: &Scene<'_>, message: &MessageFacts<'_>) -> Verdict {
    let is_in_app = matches!(message.channel, Channel::InApp | Channel::Inbox);
    if is_in_app || !cap.is_about(message.channel, message.source) {
        return Verdict::Go;
    }
    let (_, free) = cap.room(sends(scene, message), scene.now);
    if free <= scene.now {
        return Verdict::Go;
    }
    let reason = Reason::MessageLimit;
    let last = cap
        .retry_ms
        .map(|retry| message.asked_at.plus_millis(retry));
    match last {
        Some(last) if free <= last => Verdict::Hold {
            until: free,
            reason,
        },
        _ => Verdict::No(reason),
    }
}

fn quiet(scene: &Scene<'_>, policy: &Policy) -> Verdict {
    let Some(quiet) = &policy.quiet_hours else {
        return Verdict::Go;
    };
    let zone = Zone::of(scene.person, quiet.zone.as_ref().unwrap_or(scene.zone));
    if !quiet.hours.is_open(scene.now, &zone) {
        return Verdict::Go;
    }
    let reason = Reason::QuietHours;
    match (quiet.then, quiet.hours.next_closed(scene.now, &zone)) {
        (QuietThen::Hold, Some(until)) => Verdict::Hold { until, reason },
        _ => Verdict::No(reason),
    }
}
