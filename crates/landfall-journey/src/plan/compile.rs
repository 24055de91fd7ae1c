//! From the tree of a definition to flat nodes, last step first: whatever a step goes on to exists already.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_audience::definition::Fault;
use landfall_domain::channel::Channel;

use super::{
    At, END, Needs, Node, NodeKind, Numbering, Plan, PlanStep, PlannedMessage, PlannedReach,
    STEPS_MAX, Surroundings, Way, check,
};
use crate::definition::{Definition, Kind, MessageNaming, Reach, ReachChannel, Share, Step};
use crate::reach::{Limits, Rules};
use crate::span::Span;

/// The test and the variant within which a step stands, by number.
type Variant = Option<(u64, u64)>;

struct Compiler<'d> {
    definition: &'d Definition,
    numbering: Numbering,
    nodes: Vec<Node>,
    steps: Vec<PlanStep>,
    /// Slugs of steps that are compiled, with their nodes.
    compiled: BTreeMap<&'d str, At>,
    /// Every slug with the path of its first use.
    slugs: BTreeMap<&'d str, String>,
    faults: Vec<Fault>,
}

pub(super) fn compile(
    definition: &Arc<Definition>,
    version: u32,
    surroundings: &Surroundings,
    numbering: Numbering,
) -> Result<(Plan, Numbering), Vec<Fault>> {
    let mut compiler = Compiler {
        definition,
        numbering,
        nodes: Vec::new(),
        steps: Vec::new(),
        compiled: BTreeMap::new(),
        slugs: BTreeMap::new(),
        faults: Vec::new(),
    };
    compiler.collect(&definition.steps, "steps");
    if compiler.slugs.is_empty() {
        let fix = "add at least one step";
        compiler.fault("steps", "a journey without steps does nothing", fix);
    }
    if compiler.slugs.len() > STEPS_MAX {
        let wrong = format!("a journey has at most {STEPS_MAX} steps");
        return Err(vec![Fault::new(
            "steps",
            wrong,
            "split it into several journeys",
        )]);
    }
    let entry = compiler.list(&definition.steps, "steps", END, None);
    compiler.find_unreachable(entry);
    let Compiler {
        numbering,
        nodes,
        steps,
        mut faults,
        ..
    } = compiler;
    faults.extend(check::faults(definition, &steps, surroundings));
    if !faults.is_empty() {
        faults.sort();
        faults.dedup();
        return Err(faults);
    }
    let journey = numbering.journey;
    let mut plan = Plan {
        journey,
        version,
        definition: Arc::clone(definition),
        entry,
        nodes,
        steps,
        needs: Needs::default(),
    };
    plan.needs = Needs::of(&plan);
    if plan
        .conditions()
        .iter()
        .any(|condition| condition.asks_of_liveness())
    {
        // What is learned changes from day to day, and a run lived again must find what was known then.
        return Err(vec![Fault::new(
            "steps",
            "a condition asks how likely a device is still there, which only segments can",
            "make a segment with this condition and ask about that segment",
        )]);
    }
    Ok((plan, numbering))
}

impl<'d> Compiler<'d> {
    fn fault(&mut self, path: &str, wrong: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(Fault::new(path, wrong, fix));
    }

    /// Finds slugs that are used twice, and knows which there are.
    fn collect(&mut self, steps: &'d [Step], path: &str) {
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(first) = self.slugs.get(step.id.as_str()) {
                let wrong = format!("the id `{}` is used at {first} already", step.id);
                self.fault(
                    &format!("{path}.id"),
                    wrong,
                    "give one of the two steps another id",
                );
            } else {
                self.slugs.insert(&step.id, path.clone());
            }
            for (below, path) in nested(&step.kind, &path) {
                self.collect(below, &path);
            }
        }
    }

    /// Compiles a list of steps, after which the run goes on at `next`; answers where it begins.
    fn list(&mut self, steps: &'d [Step], path: &str, next: At, variant: Variant) -> At {
        let mut next = next;
        for (index, step) in steps.iter().enumerate().rev() {
            let path = format!("{path}[{index}]");
            next = self.step(step, &path, next, variant);
        }
        next
    }

    fn step(&mut self, step: &'d Step, path: &str, next: At, variant: Variant) -> At {
        let mut next = next;
        let kind = match &step.kind {
            Kind::Delay(delay) => NodeKind::Delay(delay.clone()),
            Kind::Window(window) => NodeKind::Window(window.clone()),
            Kind::WaitUntil(wait) => NodeKind::WaitUntil(wait.clone()),
            Kind::Holdout(share) => NodeKind::Holdout(*share),
            Kind::UpdatePerson(changes) => NodeKind::UpdatePerson(changes.clone()),
            Kind::EmitEvent { name, data } => NodeKind::EmitEvent(name.clone(), data.clone()),
            Kind::Segment(edit) => NodeKind::Segment(*edit),
            Kind::Branch(_) | Kind::MultiBranch { .. } => {
                let (ways, otherwise) = self.choices(&step.kind, path, next, variant);
                next = otherwise;
                NodeKind::Choose(ways)
            }
            Kind::Split(shares) => {
                NodeKind::Split(self.ways(step, shares, (path, "split.paths"), next, variant))
            }
            Kind::AbTest(shares) => {
                NodeKind::Split(self.ways(step, shares, (path, "ab_test.variants"), next, variant))
            }
            Kind::Message(message) => {
                let sends = (message.content.channel(), &message.name);
                let place = self.plan_step(step.id.clone(), path, variant, Some(sends));
                let planned = PlannedMessage::new(place, message, false);
                return self.node(step, place, NodeKind::Message(Box::new(planned)), next);
            }
            Kind::Reach(reach) => NodeKind::Reach(Box::new(self.reach(step, reach, path, variant))),
            Kind::Exit => {
                next = END;
                NodeKind::Exit
            }
            Kind::GoTo(target) => {
                next = self.target(target, path);
                NodeKind::GoTo
            }
        };
        let place = self.plan_step(step.id.clone(), path, variant, None);
        self.node(step, place, kind, next)
    }

    /// Later ways first, so that a `go_to` finds what comes after it in the file.
    fn choices(
        &mut self,
        kind: &'d Kind,
        path: &str,
        next: At,
        variant: Variant,
    ) -> (Vec<(landfall_audience::Condition, At)>, At) {
        match kind {
            Kind::Branch(branch) => {
                let otherwise = self.list(
                    &branch.otherwise,
                    &format!("{path}.branch.else"),
                    next,
                    variant,
                );
                let then = self.list(&branch.then, &format!("{path}.branch.then"), next, variant);
                (vec![(branch.condition.clone(), then)], otherwise)
            }
            Kind::MultiBranch { paths, otherwise } => {
                let below = format!("{path}.multi_branch");
                let otherwise = self.list(otherwise, &format!("{below}.else"), next, variant);
                let mut ways = Vec::with_capacity(paths.len());
                for (index, way) in paths.iter().enumerate().rev() {
                    let path = format!("{below}.paths[{index}].steps");
                    let to = self.list(&way.steps, &path, next, variant);
                    ways.push((way.condition.clone(), to));
                }
                ways.reverse();
                (ways, otherwise)
            }
            _ => (Vec::new(), next),
        }
    }

    fn ways(
        &mut self,
        step: &'d Step,
        shares: &'d [Share],
        (path, key): (&str, &str),
        next: At,
        variant: Variant,
    ) -> Vec<Way> {
        let test = matches!(step.kind, Kind::AbTest(_)).then(|| self.numbering.number(&step.id));
        let mut ways = Vec::with_capacity(shares.len());
        for (index, share) in shares.iter().enumerate().rev() {
            let number = self.numbering.number(&format!("{}/{}", step.id, share.id));
            // An inner test says more about its messages than the one around it.
            let variant = test.map(|test| (test, number)).or(variant);
            let path = format!("{path}.{key}[{index}].steps");
            ways.push(Way {
                below: share.hundredths,
                id: share.id.clone(),
                to: self.list(&share.steps, &path, next, variant),
            });
        }
        ways.reverse();
        let mut sum = 0;
        for way in &mut ways {
            sum += way.below;
            way.below = sum;
        }
        ways
    }

    fn reach(
        &mut self,
        step: &'d Step,
        reach: &'d Reach,
        path: &str,
        variant: Variant,
    ) -> PlannedReach {
        let mut channels = Vec::with_capacity(reach.channels.len());
        for (index, channel) in reach.channels.iter().enumerate() {
            let slug = format!("{}/{}", step.id, channel.id);
            let path = format!("{path}.reach.channels[{index}]");
            let message = &channel.message;
            let sends = (message.content.channel(), &message.name);
            let place = self.plan_step(slug, &path, variant, Some(sends));
            channels.push(PlannedMessage::channel_of(place, channel));
        }
        if let (Some(first), Some(last)) = (channels.first(), channels.last()) {
            let intent = (first.step, last.step);
            for channel in &channels {
                self.steps[usize::from(channel.step)].intent = Some(intent);
            }
        }
        PlannedReach {
            rules: Rules {
                channels: reach.channels.iter().map(limits).collect(),
                allow_second_exposure: reach.allow_second_exposure,
            },
            channels,
        }
    }

    fn target(&mut self, target: &str, path: &str) -> At {
        if let Some(at) = self.compiled.get(target) {
            return *at;
        }
        let path = format!("{path}.go_to");
        if self.slugs.contains_key(target) {
            let wrong =
                format!("`{target}` stands before this step: the run would go round for ever");
            self.fault(&path, wrong, "go to a step that comes later in the file");
        } else {
            let known: Vec<&str> = self.slugs.keys().copied().collect();
            let fix = match landfall_audience::definition::nearest(target, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write the id of a step of this journey".to_owned(),
            };
            self.fault(&path, format!("there is no step `{target}`"), fix);
        }
        END
    }

    fn plan_step(
        &mut self,
        slug: String,
        path: &str,
        variant: Variant,
        sends: Option<(Channel, &MessageNaming)>,
    ) -> u16 {
        let journey = self.definition.naming_part();
        self.steps.push(PlanStep {
            number: self.numbering.number(&slug),
            id: slug,
            variant,
            channel: sends.map(|(channel, _)| channel),
            name: sends.map(|(_, name)| name.display(journey).to_string()),
            intent: None,
            path: path.to_owned(),
        });
        // At most STEPS_MAX steps with CHANNELS_MAX channels each.
        u16::try_from(self.steps.len() - 1).unwrap_or(u16::MAX)
    }

    fn node(&mut self, step: &'d Step, place: u16, kind: NodeKind, next: At) -> At {
        // As many as there are steps.
        let at = At::try_from(self.nodes.len()).unwrap_or(END);
        self.nodes.push(Node {
            step: place,
            kind,
            next,
        });
        self.compiled.insert(&step.id, at);
        at
    }

    fn find_unreachable(&mut self, entry: At) {
        let mut reached = vec![false; self.nodes.len()];
        let mut open = vec![entry];
        while let Some(at) = open.pop() {
            let Some(seen) = reached.get_mut(usize::from(at)) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            let node = &self.nodes[usize::from(at)];
            match &node.kind {
                NodeKind::Split(ways) => open.extend(ways.iter().map(|way| way.to)),
                NodeKind::Choose(ways) => {
                    open.push(node.next);
                    open.extend(ways.iter().map(|(_, to)| *to));
                }
                _ => open.push(node.next),
            }
        }
        for (node, _) in self.nodes.iter().zip(reached).filter(|(_, seen)| !seen) {
            let step = &self.steps[usize::from(node.step)];
            self.faults.push(Fault::new(
                step.path.clone(),
                format!("nobody ever reaches the step `{}`", step.id),
                "remove it, or remove the `exit` or `go_to` before it",
            ));
        }
    }
}

/// A message that nobody concluded long after it was of use is taken back.
fn limits(channel: &ReachChannel) -> Limits {
    let beyond = channel.message.ttl.millis() + landfall_domain::time::HOUR_MS;
    Limits {
        queued_within: Some(Span::from_millis(beyond)),
        ..channel.limits
    }
}

/// The lists of steps within a step, with their paths.
pub(crate) fn nested<'d>(kind: &'d Kind, path: &str) -> Vec<(&'d [Step], String)> {
    match kind {
        Kind::Branch(branch) => vec![
            (&branch.then, format!("{path}.branch.then")),
            (&branch.otherwise, format!("{path}.branch.else")),
        ],
        Kind::MultiBranch { paths, otherwise } => {
            let ways = paths.iter().enumerate().map(|(index, way)| {
                (
                    way.steps.as_slice(),
                    format!("{path}.multi_branch.paths[{index}].steps"),
                )
            });
            let otherwise = (otherwise.as_slice(), format!("{path}.multi_branch.else"));
            ways.chain(std::iter::once(otherwise)).collect()
        }
        Kind::Split(shares) | Kind::AbTest(shares) => {
            let key = if matches!(kind, Kind::Split(_)) {
                "split.paths"
            } else {
                "ab_test.variants"
            };
            let ways = shares.iter().enumerate();
            ways.map(|(index, way)| (way.steps.as_slice(), format!("{path}.{key}[{index}].steps")))
                .collect()
        }
        _ => Vec::new(),
    }
}
