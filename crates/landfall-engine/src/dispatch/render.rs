//! Rendering a message for one person.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use landfall_domain::attempt::Answer;
use landfall_domain::content::Content;
use landfall_domain::decide::dedupe_hash;
use landfall_domain::person::Person;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Assignment, Urgency};
use landfall_liquid::{Limits, ParseError, RenderErrorKind, Scope, Template};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::links::Links;
use crate::snippets::Snippets;

/// Templates that are kept parsed; beyond that the cache begins anew.
const TEMPLATES_MAX: usize = 10_000;

/// Where the person of a message opts out, as templates call it.
const UNSUBSCRIBE_URL: &str = "unsubscribe_url";

type Parsed = Result<Template, ParseError>;

/// Renders what was ordered. Templates are parsed once.
#[derive(Default)]
pub struct Renderer {
    templates: RwLock<FxHashMap<Box<str>, Parsed>>,
    snippets: RwLock<Arc<Snippets>>,
    /// With the id of the workspace.
    links: Option<(Links, String)>,
}

/// For whom and with what a message is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The person: `customer`.
    pub person: Option<&'a Person>,
    /// Data of the call or the event: `trigger`, and `event` too.
    pub data: &'a Value,
    /// Id of the delivery.
    pub delivery_id: &'a str,
    /// What the sender knows of its links: `cio` (see the documentation of `landfall-liquid`).
    pub links: &'a Value,
    /// The present.
    pub now: Timestamp,
}

impl Renderer {
    /// With links of ours, for messages of a workspace.
    pub fn linking(links: Option<Links>, workspace: &str) -> Self {
        Self {
            links: links.map(|links| (links, workspace.to_owned())),
            ..Self::default()
        }
    }

    /// What templates of a delivery see of our links, as [`Occasion::links`] takes it; null without a
    /// public address.
    pub fn links(&self, delivery_id: &str) -> Value {
        let Some((links, workspace)) = &self.links else {
            return Value::Null;
        };
        let url = links.unsubscribe(workspace, delivery_id);
        // The URL has letters of paths only: nothing in it needs to be escaped in HTML.
        let link = format!("<a href=\"{url}\">Unsubscribe</a>");
        serde_json::json!({ "unsubscribe_url": url, "unsubscribe": link })
    }

    /// The content of an assignment for its person.
    ///
    /// # Errors
    /// The answer that the target gets: a template that cannot be rendered, or a value that is missing.
    pub fn render(&self, assignment: &Assignment, now: Timestamp) -> Result<Content, Answer> {
        let order = &assignment.work.order;
        let links = self.links(&assignment.delivery_id);
        let occasion = Occasion {
            person: assignment.person.as_deref(),
            data: &order.data,
            delivery_id: &assignment.delivery_id,
            links: &links,
            now,
        };
        let mut content = order.content.clone();
        self.fill(&mut content, &occasion)?;
        if assignment.work.urgency != Urgency::Transactional {
            offer_opting_out(&mut content, &links);
        }
        Ok(content)
    }

    /// Renders every text of a content.
    ///
    /// # Errors
    /// As [`Renderer::render`]; the answer names field, line and variable.
    pub fn fill(&self, content: &mut Content, occasion: &Occasion<'_>) -> Result<(), Answer> {
        let mut globals = None;
        content.map_texts(&mut |field, text| {
            if !is_template(text) {
                return Ok(text.to_owned());
            }
            let globals = globals.get_or_insert_with(|| globals_of(occasion));
            self.text(field, text, globals, occasion)
        })
    }

    /// Renders one text, such as an address.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn line(&self, field: &str, text: &str, occasion: &Occasion<'_>) -> Result<String, Answer> {
        if !is_template(text) {
            return Ok(text.to_owned());
        }
        self.text(field, text, &globals_of(occasion), occasion)
    }

    /// Puts these snippets in the place of those before.
    pub fn set_snippets(&self, snippets: Arc<Snippets>) {
        {
            let known = self.snippets.read().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&known, &snippets) {
                return;
            }
        }
        *self
            .snippets
            .write()
            .unwrap_or_else(PoisonError::into_inner) = snippets;
    }

    fn text(
        &self,
        field: &str,
        text: &str,
        globals: &Value,
        occasion: &Occasion<'_>,
    ) -> Result<String, Answer> {
        let template = self.template(text).map_err(|error| {
            Answer::refused_saying(Reason::RenderError, &format!("{field}, {error}"))
        })?;
        let snippets = Arc::clone(&self.snippets.read().unwrap_or_else(PoisonError::into_inner));
        let scope = Scope {
            snippets: Some(snippets.parsed()),
            seed: seed(occasion.delivery_id),
            ..Scope::new(globals, occasion.now.millis())
        };
        template
            .render(&scope, &Limits::default())
            .map_err(|error| {
                let reason = match error.kind {
                    RenderErrorKind::MissingValue => Reason::RenderMissingValue,
                    _ => Reason::RenderError,
                };
                Answer::refused_saying(reason, &format!("{field}, {error}"))
            })
    }

    fn template(&self, text: &str) -> Parsed {
        let known = self
            .templates
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = known.get(text) {
            return parsed.clone();
        }
        drop(known);
        let parsed = Template::parse(text);
        let mut templates = self
            .templates
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if templates.len() >= TEMPLATES_MAX {
            templates.clear();
        }
        templates.insert(text.into(), parsed.clone());
        parsed
    }
}

/// What the templates of a content read, such as `customer.first_name`.
///
/// # Errors
/// The first text that is no template, with the field that it is in.
pub fn reads(content: &Content) -> Result<BTreeSet<String>, (String, ParseError)> {
    let mut reads = BTreeSet::new();
    content.clone().map_texts(&mut |field, text| {
        if is_template(text) {
            let template = Template::parse(text).map_err(|error| (field.to_owned(), error))?;
            reads.extend(template.reads());
        }
        Ok(String::new())
    })?;
    Ok(reads)
}

/// Mails that are not transactional say how to opt out (RFC 8058), unless they say it themselves.
fn offer_opting_out(content: &mut Content, links: &Value) {
    let Content::Email(email) = content else {
        return;
    };
    let mut own = email.headers.keys();
    if own.any(|name| name.trim().eq_ignore_ascii_case("list-unsubscribe")) {
        return;
    }
    if email.unsubscribe_url.as_ref().is_none_or(String::is_empty) {
        let url = links.get(UNSUBSCRIBE_URL).and_then(Value::as_str);
        email.unsubscribe_url = url.map(str::to_owned);
    }
}

fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// What templates see.
pub fn globals_of(occasion: &Occasion<'_>) -> Value {
    let mut globals = Map::new();
    if let Some(person) = occasion.person {
        globals.insert("customer".to_owned(), customer(person));
    }
    if !occasion.data.is_null() {
        globals.insert("trigger".to_owned(), occasion.data.clone());
        globals.insert("event".to_owned(), occasion.data.clone());
    }
    // Messages of journeys bring along why the one before failed.
    if let Some(failure) = occasion.data.get("failure") {
        globals.insert("failure".to_owned(), failure.clone());
    }
    if !occasion.links.is_null() {
        globals.insert("cio".to_owned(), occasion.links.clone());
        if let Some(url) = occasion.links.get(UNSUBSCRIBE_URL) {
            globals.insert(UNSUBSCRIBE_URL.to_owned(), url.clone());
        }
    }
    let id = Value::String(occasion.delivery_id.to_owned());
    globals.insert("delivery_id".to_owned(), id);
    Value::Object(globals)
}

/// A person as `customer`.
pub fn customer(person: &Person) -> Value {
    let live = person
        .attributes
        .iter()
        .filter(|(_, attribute)| !attribute.value.is_null());
    let mut customer: Map<String, Value> = live
        .map(|(name, attribute)| (name.clone(), attribute.value.clone()))
        .collect();
    let own = [
        ("id", person.id.as_ref()),
        ("email", person.email.as_ref()),
        ("phone", person.phone.as_ref()),
        ("cio_id", Some(&person.cio_id)),
    ];
    for (name, value) in own {
        if let Some(value) = value {
            customer.insert(name.to_owned(), Value::String(value.clone()));
        }
    }
    customer.insert("unsubscribed".to_owned(), person.is_unsubscribed().into());
    Value::Object(customer)
}

/// The same delivery renders to the same text, however often it is tried.
fn seed(delivery_id: &str) -> u64 {
    let hash = dedupe_hash(delivery_id);
    u64::from_be_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ])
}
