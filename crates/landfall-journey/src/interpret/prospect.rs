//! What a journey would be to a person who came to its door now: for forecasts. Nothing happens.

use landfall_domain::reason::Reason;

use super::walk::Walk;
use super::{Occasion, Refusal, Setting, door};
use crate::effect::Ruling;
use crate::plan::{NodeKind, Plan};

/// What a journey would be to a person now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// Whether the person would enter, as far as frequency and filter say. Whether the trigger fits is not
    /// asked.
    pub enters: Result<(), Refusal>,
    /// For each message, by its place in [`Plan::steps`]: whether it might go if the person stood before it
    /// now. What quiet hours or a cap only hold might. Empty: the person would not enter.
    pub messages: Vec<(usize, Result<(), Reason>)>,
}

/// What a journey would be to the person of the setting now. Holdouts and branches are not gone through: each
/// message is looked at by itself.
pub fn prospect(plan: &Plan, setting: &Setting<'_>, occasion: &Occasion) -> Prospect {
    let mut run = door::begin(plan, setting, occasion);
    let mut walk = Walk::new(plan, &mut run, setting);
    let enters = enters(&mut walk, occasion);
    let mut messages = Vec::new();
    if enters.is_ok() {
        for node in &plan.nodes {
            let planned = match &node.kind {
                NodeKind::Message(message) => std::slice::from_ref(message.as_ref()),
                NodeKind::Reach(reach) => reach.channels.as_slice(),
                _ => continue,
            };
            messages.extend(planned.iter().map(|planned| {
                let might = match walk.ruling(planned) {
                    Ruling::Refused(reason) => Err(reason),
                    Ruling::Go | Ruling::Held { .. } | Ruling::Draft => Ok(()),
                };
                (usize::from(planned.step), might)
            }));
        }
    }
    Prospect { enters, messages }
}

fn enters(walk: &mut Walk<'_>, occasion: &Occasion) -> Result<(), Refusal> {
    if !walk.setting.person.is_known() {
        return Err(Refusal::PersonGone);
    }
    walk.may_start(occasion)?;
    if walk.filter_holds() {
        Ok(())
    } else {
        Err(Refusal::FilterUnmet)
    }
}
