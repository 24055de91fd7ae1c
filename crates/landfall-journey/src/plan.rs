//! Plans: definitions compiled into flat nodes, with numbers that stay the same across versions.

mod check;
mod compile;
mod needs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall_audience::definition::Fault;
use landfall_audience::{Condition, EventFilter};
use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::ids::{JourneyId, SegmentId};
use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use serde::{Deserialize, Serialize};

use crate::definition::{
    Change, Definition, Delay, GoalOn, Message, ReachChannel, SegmentEdit, Sending, Trigger,
    WaitUntil, Window,
};
use crate::reach::Rules;
use crate::run::Run;

pub(crate) use compile::nested;
pub(crate) use needs::Needs;

/// Most steps of a journey, nested ones included.
pub const STEPS_MAX: usize = 500;

/// The numbers of a journey and its steps, by slug. Kept with the journey: what had a number once has it
/// for ever, also when it is gone for some versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering {
    /// The journey.
    pub journey: JourneyId,
    next: u64,
    steps: BTreeMap<String, u64>,
}

impl Numbering {
    /// A journey without steps.
    pub const fn new(journey: JourneyId) -> Self {
        Self {
            journey,
            next: 1,
            steps: BTreeMap::new(),
        }
    }

    /// The number of a step, if it ever had one. Channels of a reach step are `step/channel`, ways of a
    /// split and variants of a test `step/way`.
    pub fn step(&self, slug: &str) -> Option<u64> {
        self.steps.get(slug).copied()
    }

    /// Gives a step the number of another one: how a renamed step keeps its statistics. Nothing happens
    /// when the old slug has no number or the new one has.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        if self.steps.contains_key(to) {
            return false;
        }
        let Some(number) = self.steps.get(from).copied() else {
            return false;
        };
        self.steps.insert(to.to_owned(), number);
        true
    }

    fn number(&mut self, slug: &str) -> u64 {
        if let Some(number) = self.steps.get(slug) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        self.steps.insert(slug.to_owned(), number);
        number
    }
}

/// What is around a journey, for checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Every segment.
    pub segments: BTreeSet<SegmentId>,
    /// Those that are kept by hand.
    pub manual_segments: BTreeSet<SegmentId>,
    /// The subscription topics; `None`: not known, so not checked.
    pub topics: Option<BTreeSet<String>>,
}

/// A compiled journey: one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which journey.
    pub journey: JourneyId,
    /// Which version of it.
    pub version: u32,
    /// What it was compiled from.
    pub definition: Arc<Definition>,
    pub(crate) entry: At,
    pub(crate) nodes: Vec<Node>,
    pub(crate) steps: Vec<PlanStep>,
    pub(crate) needs: Needs,
}

/// Place of a node in a plan.
pub(crate) type At = u16;
/// Where a run is past its last step.
pub(crate) const END: At = At::MAX;

/// A step in statistics: a step of the definition, or a channel of a reach step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// Its slug; a channel of a reach step as `step/channel`.
    pub id: String,
    /// Its number, for ever.
    pub number: u64,
    /// The test that it is a variant of, and the variant, by number.
    pub variant: Option<(u64, u64)>,
    /// Over which channel it sends, if it does.
    pub channel: Option<Channel>,
    /// Its name by the convention, if it sends.
    pub name: Option<String>,
    /// Places of the first and the last channel of its reach step in [`Plan::steps`].
    pub(crate) intent: Option<(u16, u16)>,
    /// Where it stands in the file, such as `steps[2].branch.then[0]`.
    pub path: String,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Which step, by its place in [`Plan::steps`].
    pub(crate) step: u16,
    /// What it does.
    pub(crate) kind: NodeKind,
    /// Where the run goes on.
    pub(crate) next: At,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NodeKind {
    Delay(Delay),
    Window(Window),
    WaitUntil(WaitUntil),
    /// The first condition that holds; `next` where none does.
    Choose(Vec<(Condition, At)>),
    /// Up to which share of [`crate::chance::SHARES`] which way, with its slug.
    Split(Vec<Way>),
    Holdout(u32),
    Message(Box<PlannedMessage>),
    Reach(Box<PlannedReach>),
    UpdatePerson(BTreeMap<String, Change>),
    EmitEvent(String, BTreeMap<String, Change>),
    Segment(SegmentEdit),
    Exit,
    GoTo,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Way {
    pub(crate) below: u32,
    pub(crate) id: String,
    pub(crate) to: At,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedMessage {
    /// Which step, by its place in [`Plan::steps`].
    pub(crate) step: u16,
    pub(crate) message: Message,
    pub(crate) content: Arc<Content>,
    /// Whether the person must have opted in to the channel.
    pub(crate) needs_opt_in: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedReach {
    pub(crate) rules: Rules,
    pub(crate) channels: Vec<PlannedMessage>,
}

impl PlannedMessage {
    pub(crate) fn new(step: u16, message: &Message, needs_opt_in: bool) -> Self {
        Self {
            step,
            content: Arc::new(message.content.clone()),
            message: message.clone(),
            needs_opt_in,
        }
    }

    pub(crate) fn channel_of(step: u16, channel: &ReachChannel) -> Self {
        Self::new(step, &channel.message, channel.needs_opt_in)
    }
}

impl Plan {
    /// Compiles a definition. Numbers are taken from `numbering`, and new slugs get new ones.
    ///
    /// # Errors
    /// Every fault of the steps together: slugs that are used twice, cycles, steps that nobody reaches,
    /// segments and topics that do not exist, settings that contradict each other.
    pub fn compile(
        definition: &Arc<Definition>,
        version: u32,
        surroundings: &Surroundings,
        numbering: Numbering,
    ) -> Result<(Self, Numbering), Vec<Fault>> {
        compile::compile(definition, version, surroundings, numbering)
    }

    /// Every step and every channel of a reach step, with numbers and names.
    pub fn steps(&self) -> &[PlanStep] {
        &self.steps
    }

    /// The step of a slug.
    pub fn step(&self, slug: &str) -> Option<&PlanStep> {
        self.steps.iter().find(|step| step.id == slug)
    }

    /// The step in which a run of this version stands; `None`: it waits before the first one, or is over.
    pub fn where_stands(&self, run: &Run) -> Option<&PlanStep> {
        let node = self.nodes.get(usize::from(run.at()?))?;
        self.steps.get(usize::from(node.step))
    }

    /// The message of a step, as the catalogue knows it; `None`: it does not send.
    pub fn message_of(&self, step: &PlanStep) -> Option<MessageRef> {
        Some(MessageRef {
            source: SourceKind::Campaign,
            source_id: u64::from(self.journey.0),
            step_id: Some(step.number),
            parent_step_id: step.variant.map(|(test, _)| test),
            variant_id: step.variant.map(|(_, variant)| variant),
            channel: step.channel?,
        })
    }

    /// What the message of a step says, with templates in it, and whether it leaves by itself; `None`: it does not
    /// send.
    pub fn content_of(&self, step: &PlanStep) -> Option<(&Content, Sending)> {
        let messages = self.nodes.iter().flat_map(|node| match &node.kind {
            NodeKind::Message(message) => std::slice::from_ref(&**message),
            NodeKind::Reach(reach) => &reach.channels,
            _ => &[],
        });
        let place = self.steps.iter().position(|known| known.id == step.id)?;
        let found = messages
            .into_iter()
            .find(|message| usize::from(message.step) == place)?;
        Some((&found.content, found.message.sending))
    }

    /// What the journey and its messages are called, for the catalogue of names.
    pub fn names(&self) -> Vec<(NameOf, String)> {
        let source_id = u64::from(self.journey.0);
        let of = |step_id: Option<u64>| NameOf {
            source: SourceKind::Campaign,
            source_id,
            step_id,
            variant_id: None,
        };
        let named = self.steps.iter().filter_map(|step| {
            let name = step.name.clone()?;
            Some((of(Some(step.number)), name))
        });
        std::iter::once((of(None), self.definition.name.clone()))
            .chain(named)
            .collect()
    }

    /// Every condition in it: profiles must count their patterns, and changes of what they need wake the
    /// runs.
    pub fn conditions(&self) -> Vec<&Condition> {
        needs::conditions(self)
    }

    /// The events that runs of this plan have to be told of: exits, goals and refunds. Waits for conditions
    /// are told of by [`landfall_audience::Condition::needs`].
    pub fn listens_to(&self) -> Vec<&EventFilter> {
        let definition = &self.definition;
        let exits = definition.exit.on.iter().map(|exit| &exit.event);
        let goal = definition.goal.as_ref();
        let goals = goal.and_then(|goal| match &goal.on {
            GoalOn::Event(event) => Some(event),
            _ => None,
        });
        let refunds = goal.and_then(|goal| goal.refund.as_ref());
        exits
            .chain(goals)
            .chain(refunds.map(|refund| &refund.event))
            .collect()
    }

    /// Whether a message has rules of sending of its own.
    pub fn overrides_policy(&self) -> bool {
        let own = |message: &PlannedMessage| message.message.policy.is_some();
        let any = self.nodes.iter().any(|node| match &node.kind {
            NodeKind::Message(message) => own(message),
            NodeKind::Reach(reach) => reach.channels.iter().any(own),
            _ => false,
        });
        any || self.definition.policy.is_some()
    }

    /// The event that starts runs, if an event of the person does.
    pub fn started_by(&self) -> Option<&EventFilter> {
        match &self.definition.trigger {
            Trigger::Event(event) => Some(event),
            _ => None,
        }
    }
}
