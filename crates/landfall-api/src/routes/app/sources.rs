//! Campaigns, broadcasts, newsletters and transactional messages, as reports made them known
//! (app-api.md 5 to 8). They appear by number; names follow when somebody tells them.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::campaigns;
use super::door::Door;
use super::ledger::Wanted;
use super::messages;
use super::names::channel_name;
use super::params::{Params, cursor};
use super::refusal::Refusal;
use super::spans::{Span, span, spans};

use super::view::View;

/// Cursor of the list of newsletters.
const TAG: &str = "n";

/// One of the four kinds of thing that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) kind: SourceKind,
    /// Key of one in an answer.
    pub(super) singular: &'static str,
    /// Key of the list in an answer.
    pub(super) plural: &'static str,
    /// What one is called that has no name yet, before its number.
    title: &'static str,
    /// Months that its list of deliveries looks back.
    months: i64,
}

pub(super) const CAMPAIGNS: Family = Family {
    kind: SourceKind::Campaign,
    singular: "campaign",
    plural: "campaigns",
    title: "Campaign",
    months: 12,
};
pub(super) const BROADCASTS: Family = Family {
    kind: SourceKind::Broadcast,
    singular: "broadcast",
    plural: "broadcasts",
    title: "Broadcast",
    months: 12,
};
pub(super) const NEWSLETTERS: Family = Family {
    kind: SourceKind::Newsletter,
    singular: "newsletter",
    plural: "newsletters",
    title: "Newsletter",
    months: 12,
};
pub(super) const TRANSACTIONAL: Family = Family {
    kind: SourceKind::Transactional,
    singular: "message",
    plural: "messages",
    title: "Transactional message",
    months: 12,
};

impl Family {
    fn name_of(self, id: u64) -> NameOf {
        NameOf {
            source: self.kind,
            source_id: id,
            step_id: None,
            variant_id: None,
        }
    }

    /// Its name, or what it is called until somebody tells the name.
    pub(super) fn title(self, view: &View, id: u64) -> String {
        let name = view.catalogue.name(&self.name_of(id)).map(str::to_owned);
        name.unwrap_or_else(|| format!("{} {id}", self.title))
    }

    /// Numbers of all that are known, in order: that sent, or that somebody named.
    fn ids(self, view: &View) -> Result<BTreeSet<u64>, Refusal> {
        let defined = campaigns::all(view, self)?.into_iter();
        let defined = defined.map(|campaign| u64::from(campaign.id.0));
        let named = view.catalogue.names().map(|(of, _)| of.clone());
        let named = named
            .filter(|of| of.source == self.kind)
            .map(|of| of.source_id);
        let known = named.chain(view.catalogue.sources(self.kind));
        Ok(known.chain(defined).collect())
    }

    /// The one that a path names: by number, or a transactional message also by its name.
    pub(super) fn find(self, view: &View, text: &str) -> Result<u64, Refusal> {
        let ids = self.ids(view)?;
        let found = match text.parse::<u64>() {
            Ok(id) => ids.get(&id).copied(),
            Err(_) if self == TRANSACTIONAL => ids.into_iter().find(|id| {
                let name = view.catalogue.name(&self.name_of(*id));
                name.is_some_and(|name| name.eq_ignore_ascii_case(text))
            }),
            Err(_) => None,
        };
        found.ok_or_else(|| Refusal::missing(format!("no {} with id `{text}`", self.singular)))
    }

    /// Its messages in the catalogue.
    fn messages(self, view: &View, id: u64) -> impl Iterator<Item = &MessageRef> {
        let all = view.catalogue.messages().iter();
        all.filter(move |message| message.source == self.kind && message.source_id == id)
    }

    /// Its steps: the number of each, with a message that belongs to it.
    pub(super) fn steps(self, view: &View, id: u64) -> BTreeMap<u64, &MessageRef> {
        let steps = self.messages(view, id);
        steps
            .filter_map(|message| Some((message.step_id?, message)))
            .collect()
    }

    pub(super) fn variants(self, view: &View, id: u64) -> BTreeMap<u64, &MessageRef> {
        let variants = self.messages(view, id);
        variants
            .filter_map(|message| Some((message.variant_id?, message)))
            .collect()
    }

    fn json(self, view: &View, id: u64, span: Option<Span>) -> Value {
        let mut object = Map::new();
        let mut set = |key: &str, value: Value| {
            object.insert(key.to_owned(), value);
        };
        let created = span.map(|span| span.first.seconds());
        let updated = span.map(|span| span.last.seconds());
        set("id", json!(id));
        set(
            "deduplicate_id",
            json!(format!("{id}:{}", updated.unwrap_or_default())),
        );
        set("name", json!(self.title(view, id)));
        set("tags", json!([]));
        if self == TRANSACTIONAL {
            set("description", json!(""));
            set(
                "trigger_name",
                json!(view.catalogue.name(&self.name_of(id))),
            );
            set("created_at", json!(created));
            set("updated_at", json!(updated));
            return Value::Object(object);
        }
        set("created", json!(created));
        set("updated", json!(updated));
        if self == NEWSLETTERS {
            let variants = self.variants(view, id);
            let channel = self
                .messages(view, id)
                .next()
                .map(|message| message.channel);
            set("content_ids", json!(variants.keys().collect::<Vec<_>>()));
            set("sent_at", json!(created));
            set("type", json!(channel.map(channel_name)));
            set("recipient_segment_ids", json!([]));
            return Value::Object(object);
        }
        let actions: Vec<Value> = self
            .steps(view, id)
            .iter()
            .map(|(step, message)| json!({ "id": step, "type": channel_name(message.channel) }))
            .collect();
        set("active", json!(true));
        set("state", json!("running"));
        set("actions", json!(actions));
        set("first_started", json!(created));
        set("filter_segment_ids", json!([]));
        set("trigger_segment_ids", json!([]));
        Value::Object(object)
    }

    pub(super) fn action(
        self,
        view: &View,
        id: u64,
        step: u64,
        message: &MessageRef,
        span: Option<Span>,
    ) -> Value {
        let name = view.catalogue.step_name(message).map(str::to_owned);
        let updated = span.map(|span| span.last.seconds());
        let mut action = json!({
            "id": step,
            "deduplicate_id": format!("{step}:{}", updated.unwrap_or_default()),
            "name": name.unwrap_or_else(|| format!("Action {step}")),
            "type": channel_name(message.channel),
            "parent_action_id": message.parent_step_id,
            "created": span.map(|span| span.first.seconds()),
            "updated": updated,
            "sending_state": "automatic",
        });
        action[format!("{}_id", self.singular)] = json!(id);
        action
    }

    pub(super) fn content(self, view: &View, id: u64, variant: u64, message: &MessageRef) -> Value {
        let name = view.catalogue.variant_name(message).map(str::to_owned);
        let mut content = json!({
            "id": variant,
            "name": name.unwrap_or_else(|| format!("Content {variant}")),
            "type": channel_name(message.channel),
        });
        content[format!("{}_id", self.singular)] = json!(id);
        content
    }
}

/// `GET /v1/{family}`. Newsletters come in pages, the others at once, as in Customer.io.
pub(super) async fn list(family: Family, door: Door, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let spans = spans(view, family.kind)?;
            let mut ids: Vec<u64> = family.ids(view)?.into_iter().collect();
            let defined = campaigns::all(view, family)?;
            let mut body = Map::new();
            if family == NEWSLETTERS {
                if params.text("sort") == Some("desc") {
                    ids.reverse();
                }
                let (page, next) = page(&ids, &params)?;
                ids = page;
                body.insert("next".to_owned(), json!(next));
            }
            let object = |id: &u64| {
                let mut object = family.json(view, *id, spans.get(id).copied());
                let mut campaigns = defined.iter();
                if let Some(campaign) = campaigns.find(|one| u64::from(one.id.0) == *id) {
                    campaign.describe(&mut object);
                }
                object
            };
            let objects: Vec<Value> = ids.iter().map(object).collect();
            body.insert(family.plural.to_owned(), json!(objects));
            Ok(body)
        })
        .await
}

/// The ids of the page, and the cursor of the next one.
fn page(ids: &[u64], params: &Params) -> Result<(Vec<u64>, String), Refusal> {
    let limit = params.limit(50, 100)?;
    let begin = match params.start::<1>(TAG)? {
        None => 0,
        Some([last]) => {
            let place = ids.iter().position(|id| i64::try_from(*id) == Ok(last));
            place.map_or(ids.len(), |place| place + 1)
        }
    };
    let page: Vec<u64> = ids[begin..].iter().take(limit).copied().collect();
    let more = begin + page.len() < ids.len();
    let last = page
        .last()
        .and_then(|last| i64::try_from(*last).ok())
        .filter(|_| more);
    Ok((
        page,
        last.map_or_else(String::new, |last| cursor(TAG, &[last])),
    ))
}

/// `GET /v1/{family}/{id}`.
pub(super) async fn get(family: Family, door: Door, id: String) -> Answer {
    door.view()
        .answer(move |view| {
            let id = family.find(view, &id)?;
            let span = span(view, &Wanted::of_source(family.kind, id).conditions)?;
            let mut object = family.json(view, id, span);
            if let Some(campaign) = campaigns::find(view, family, id)? {
                campaign.describe(&mut object);
            }
            Ok(BTreeMap::from([(family.singular, object)]))
        })
        .await
}

/// `GET /v1/{family}/{id}/messages`.
pub(super) async fn deliveries(family: Family, door: Door, id: String, params: Params) -> Answer {
    door.view()
        .answer(move |view| {
            let id = family.find(view, &id)?;
            let wanted = Wanted::of_source(family.kind, id).filtered(&params)?;
            messages::page(
                view,
                &wanted.within(&params, view.now, family.months)?,
                &params,
            )
        })
        .await
}
