//! Journeys that are defined here, as campaigns (app-api.md 5). What only reports made known has no definition,
//! and is shown as far as its messages tell.

use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::ids::JourneyId;
use landfall_domain::message::SourceKind;
use landfall_engine::journeys::{self, Journey, JourneyState};
use landfall_journey::definition::Trigger;
use landfall_journey::{Plan, PlanStep};
use serde_json::{Value, json};

use super::names::channel_name;
use super::refusal::Refusal;
use super::sources::Family;
use super::view::View;

/// A journey with its newest version.
pub(super) struct Campaign {
    pub(super) id: JourneyId,
    pub(super) journey: Journey,
    plan: Option<Arc<Plan>>,
}

/// Every journey that is defined here; none for other kinds of sender.
pub(super) fn all(view: &View, family: Family) -> Result<Vec<Campaign>, Refusal> {
    if family.kind != SourceKind::Campaign {
        return Ok(Vec::new());
    }
    let stored = journeys::all(view.store())?.into_iter();
    let campaigns = stored.map(|(id, journey)| Campaign {
        id,
        journey,
        plan: view.workspace.plan_of_journey(id),
    });
    Ok(campaigns.collect())
}

/// The one of that number.
pub(super) fn find(view: &View, family: Family, id: u64) -> Result<Option<Campaign>, Refusal> {
    let mut all = all(view, family)?.into_iter();
    Ok(all.find(|campaign| u64::from(campaign.id.0) == id))
}

impl Campaign {
    /// Says what the definition says over what the messages tell.
    pub(super) fn describe(&self, object: &mut Value) {
        let journey = &self.journey;
        let updated = journey.updated_at.seconds();
        object["deduplicate_id"] = json!(format!("{}:{updated}", self.id.0));
        object["name"] = json!(journey.name);
        object["created"] = json!(journey.created_at.seconds());
        object["updated"] = json!(updated);
        object["active"] = json!(journey.state == JourneyState::Running);
        // There is no word for a pause: nobody enters, and nobody moves on.
        object["state"] = json!(match journey.state {
            JourneyState::Draft => "draft",
            JourneyState::Running => "running",
            JourneyState::Paused | JourneyState::Stopped => "stopped",
        });
        object["first_started"] = json!(journey.started_at.map(|at| at.seconds()));
        let Some(plan) = &self.plan else {
            return;
        };
        let definition = &plan.definition;
        object["description"] = json!(definition.description.as_deref().unwrap_or_default());
        let actions = self
            .messages()
            .map(|(step, channel)| json!({ "id": step.number, "type": channel_name(channel) }));
        object["actions"] = actions.collect();
        let filter = definition.entry.filter.as_ref();
        let filtered = filter.map(landfall_audience::Condition::segments);
        object["filter_segment_ids"] = json!(filtered.unwrap_or_default());
        let (kind, segments) = match &definition.trigger {
            Trigger::Event(event) => {
                object["event_name"] = json!(event.exact_name());
                ("behavioral", Vec::new())
            }
            Trigger::Product(product) => {
                object["event_name"] = json!(product.event.exact_name());
                ("behavioral", Vec::new())
            }
            Trigger::SegmentEntered(segment) | Trigger::SegmentLeft(segment) => {
                ("segment", vec![*segment])
            }
            Trigger::Date(_) => ("date", Vec::new()),
            Trigger::Api => ("api", Vec::new()),
            Trigger::Schedule(_) => ("schedule", Vec::new()),
            Trigger::Webhook(_) => ("webhook", Vec::new()),
        };
        object["type"] = json!(kind);
        object["trigger_segment_ids"] = json!(segments);
    }

    /// The steps that send, in the order of the file.
    fn messages(&self) -> impl Iterator<Item = (&PlanStep, Channel)> {
        let steps = self.plan.iter().flat_map(|plan| plan.steps());
        let sends = steps.filter_map(|step| Some((step, step.channel?)));
        let mut sends: Vec<_> = sends.collect();
        sends.sort_by_cached_key(|(step, _)| place_of(&step.path));
        sends.into_iter()
    }

    /// Its actions.
    pub(super) fn actions(&self) -> Vec<Value> {
        let messages = self.messages();
        messages
            .filter_map(|(step, channel)| self.action(step, channel))
            .collect()
    }

    /// One of them.
    pub(super) fn action_of(&self, number: u64) -> Option<Value> {
        let mut messages = self.messages();
        let (step, channel) = messages.find(|(step, _)| step.number == number)?;
        self.action(step, channel)
    }

    fn action(&self, step: &PlanStep, channel: Channel) -> Option<Value> {
        let (content, sending) = self.plan.as_ref()?.content_of(step)?;
        let (subject, body) = match content {
            Content::Push(push) => (push.title.clone(), push.body.clone()),
            Content::Email(mail) => (mail.subject.clone(), mail.body.clone()),
            Content::Sms(text) => (None, Some(text.body.clone())),
            Content::Slack(_) | Content::Webhook(_) => (None, None),
        };
        let updated = self.journey.updated_at.seconds();
        Some(json!({
            "id": step.number,
            "campaign_id": self.id.0,
            "parent_action_id": step.variant.map(|(test, _)| test),
            "deduplicate_id": format!("{}:{updated}", step.number),
            "name": step.name.as_deref().unwrap_or(&step.id),
            "type": channel_name(channel),
            "created": self.journey.created_at.seconds(),
            "updated": updated,
            "sending_state": sending.name(),
            "language": "",
            "layout": "",
            "subject": subject,
            "body": body,
        }))
    }
}

/// A place in the file by its numbers: `steps[2].reach.channels[0]` is 2, 0.
fn place_of(path: &str) -> Vec<u64> {
    let numbers = path.split(|letter: char| !letter.is_ascii_digit());
    numbers.filter_map(|digits| digits.parse().ok()).collect()
}
