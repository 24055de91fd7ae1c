//! What a launch lacks of each requirement.

use landfall_audience::definition::Fault;
use landfall_domain::channel::Channel;
use landfall_domain::content::Content;

use super::{Launch, Requirement};
use crate::definition::{Definition, Kind, Message, Reach, Sending, Step};
use crate::names;
use crate::plan::nested;

/// Everything that is wrong, each with what to do about it; empty: the requirement is met.
pub(super) fn lacks(launch: &Launch<'_>, requirement: Requirement) -> Vec<Fault> {
    let definition = launch.definition;
    match requirement {
        Requirement::Naming => naming(launch),
        Requirement::Goal => unless(
            definition.goal.is_some(),
            "goal",
            "nobody can say whether the journey works",
            "add `goal` with an event, `within` and `basis`",
        ),
        Requirement::Fallback => each_intent(definition, fallback),
        Requirement::Consent if definition.topic.is_some() => Vec::new(),
        Requirement::Consent => each_intent(definition, consent),
        Requirement::Owner => unless(
            definition.owner.is_some(),
            "owner",
            "nobody answers for the journey",
            "add `owner` with somebody's address",
        ),
        Requirement::Alert => unless(
            definition.alert.is_some(),
            "alert",
            "nobody is told when deliveries drop",
            "add `alert` with `to` and `drop`",
        ),
        Requirement::Qa => qa(launch),
    }
}

fn unless(there: bool, path: &str, wrong: &str, fix: &str) -> Vec<Fault> {
    if there {
        return Vec::new();
    }
    vec![Fault::new(path, wrong, fix)]
}

fn naming(launch: &Launch<'_>) -> Vec<Fault> {
    let journey = launch.definition.naming_part();
    let findings = launch.names.iter().filter_map(|message| {
        let finding = names::lint(&message.name, Some(journey))?;
        let breaches: Vec<String> = finding.breaches.iter().map(ToString::to_string).collect();
        let wrong = format!("`{}`: {}", finding.name, breaches.join("; "));
        let fix = if finding.unknown.is_empty() {
            format!("it probably means `{}`", finding.repair)
        } else {
            format!("fill in what stands as `-` in `{}`", finding.repair)
        };
        Some(Fault::new(format!("{}.name", message.path), wrong, fix))
    });
    findings.collect()
}

/// One intent: a message of its own, or the channels of a reach step.
enum Intent<'d> {
    Message(&'d Message),
    Reach(&'d Reach),
}

fn each_intent(definition: &Definition, look: fn(&Intent<'_>, &str) -> Vec<Fault>) -> Vec<Fault> {
    fn below(
        steps: &[Step],
        path: &str,
        look: fn(&Intent<'_>, &str) -> Vec<Fault>,
        lacks: &mut Vec<Fault>,
    ) {
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match &step.kind {
                Kind::Message(message) => lacks.extend(look(&Intent::Message(message), &path)),
                Kind::Reach(reach) => lacks.extend(look(&Intent::Reach(reach), &path)),
                _ => {}
            }
            for (steps, path) in nested(&step.kind, &path) {
                below(steps, &path, look, lacks);
            }
        }
    }
    let mut lacks = Vec::new();
    below(&definition.steps, "steps", look, &mut lacks);
    lacks
}

/// A push that somebody is to see needs a channel beside it that wants no device (product.md 11). What is
/// silent works in the background and concerns nobody who has no app.
fn fallback(intent: &Intent<'_>, path: &str) -> Vec<Fault> {
    let wrong = "whoever has no device gets nothing here";
    match intent {
        Intent::Message(message) if is_shown_push(message) => {
            let fix = "make it a `reach` step with `sms` or `email` after the push";
            vec![Fault::new(path, wrong, fix)]
        }
        Intent::Message(_) => Vec::new(),
        Intent::Reach(reach) => {
            let messages = || reach.channels.iter().map(|channel| &channel.message);
            let has_other = messages().any(|message| {
                message.sending != Sending::Off
                    && matches!(
                        message.content.channel(),
                        Channel::Sms | Channel::Email | Channel::WhatsApp | Channel::Webhook
                    )
            });
            if has_other || !messages().any(is_shown_push) {
                return Vec::new();
            }
            let fix = "add `sms` or `email` to the channels, and switch it on";
            vec![Fault::new(format!("{path}.reach"), wrong, fix)]
        }
    }
}

fn is_shown_push(message: &Message) -> bool {
    let shown = matches!(&message.content, Content::Push(push) if !push.silent);
    shown && message.sending != Sending::Off
}

/// Opting out is honoured by every message; a text message needs a yes beside that, to the channel or to a
/// topic.
fn consent(intent: &Intent<'_>, path: &str) -> Vec<Fault> {
    let wrong = "people get text messages here who never said yes to them";
    let needs_yes = |message: &Message| {
        let texts = matches!(message.content.channel(), Channel::Sms | Channel::WhatsApp);
        texts && message.sending != Sending::Off
    };
    match intent {
        Intent::Message(message) if needs_yes(message) => {
            let fix = "give the journey a `topic`, or make it a `reach` step whose channel says \
                       `needs_opt_in`";
            vec![Fault::new(path, wrong, fix)]
        }
        Intent::Message(_) => Vec::new(),
        Intent::Reach(reach) => {
            let channels = reach.channels.iter().enumerate();
            let careless = channels
                .filter(|(_, channel)| needs_yes(&channel.message) && !channel.needs_opt_in);
            let faults = careless.map(|(index, _)| {
                let fix = "add `\"needs_opt_in\": true`, or give the journey a `topic`";
                Fault::new(format!("{path}.reach.channels[{index}]"), wrong, fix)
            });
            faults.collect()
        }
    }
}

fn qa(launch: &Launch<'_>) -> Vec<Fault> {
    let journey = &launch.definition.id;
    if launch.definition.qa.is_empty() {
        let fix = "add `qa` with a case for each kind of person, and run them";
        return unless(false, "qa", "there are no test profiles", fix);
    }
    match launch.qa {
        None => {
            let wrong = "the test profiles of this version have not run here";
            let fix = format!("run them: `landfall qa run --journey {journey}`");
            vec![Fault::new("qa", wrong, fix)]
        }
        Some(result) if result.red.is_empty() => Vec::new(),
        Some(result) => {
            let (red, all) = (result.red.len(), result.profiles);
            let wrong = format!(
                "{red} of {all} test profiles did not do what was expected: {}",
                result.red.join(", ")
            );
            let fix = format!(
                "`landfall qa run --journey {journey}` says what they did; mend the journey or what is expected"
            );
            vec![Fault::new("qa", wrong, fix)]
        }
    }
}
