//! The template language as Customer.io's users know it: Liquid with the results of Ruby's Liquid 5.4, and the
//! tags and filters that Customer.io adds.
//!
//! A [`Template`] is parsed once and rendered any number of times with a [`Scope`] (data, time, snippets)
//! within [`Limits`]. The crate has no clock, no randomness and does no input or output: the same template,
//! scope and limits always give the same text or the same error.
//!
//! ```
//! use landfall_liquid::{Limits, Scope, Template};
//!
//! let template = Template::parse("Hi {{ customer.first_name | default: 'there' }}!").expect("a template");
//! let person = serde_json::json!({ "customer": { "first_name": "Ann" } });
//! let text = template.render(&Scope::new(&person, 0), &Limits::default());
//! assert_eq!(text.as_deref(), Ok("Hi Ann!"));
//! assert!(template.reads().contains("customer.first_name"));
//! ```
//!
//! # Two ways to render
//!
//! [`Template::render`] is for messages that go out: the first failure ends it, and no text with an error in it
//! ever comes out. [`Template::preview`] is for editors: it prints failures in place, the way Ruby's
//! Liquid does (`Liquid error: divided by 0`), goes on, and lists what it stumbled over.
//!
//! # Tags whose values the sender provides
//!
//! Some tags of Customer.io print what only the sender of a message knows. They take it from the object
//! `cio` among the globals: `{% unsubscribe_url %}` prints `cio.unsubscribe_url`, and so do `unsubscribe`,
//! `view_in_browser`, `view_in_browser_url`, `manage_subscription_preferences_url`, `tracking_consent_url`,
//! `cio_link_id` and `subscription_topic_name`. Where the value is not there, the tag counts as a missing
//! value. `{% cio_link url:... %}` prints its URL; to track it is the sender's part. `{% random 10 %}` and
//! `{% generate_uuid %}` are computed from [`Scope::seed`].
//!
//! What is supported, and where it differs from Ruby's Liquid, is listed in `docs/concepts/liquid.md`.

mod ast;
mod error;
mod filters;
mod parse;
mod reads;
mod render;
mod scope;
mod time;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use error::{ParseError, ParseErrorKind, RenderError, RenderErrorKind};
pub use scope::{Limits, Scope, Strictness};

use render::Renderer;

/// A parsed template. Cloning shares it.
#[derive(Clone)]
pub struct Template(Arc<ast::Body>);

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.0.nodes.len();
        f.debug_struct("Template").field("nodes", &nodes).finish()
    }
}

/// What [`Template::preview`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The text, with failures in place as Ruby's Liquid prints them; missing values print nothing. When a
    /// limit was reached, the text up to there.
    pub text: String,
    /// What went wrong, in the order in which it happened. Empty when [`Template::render`] succeeds.
    pub problems: Vec<RenderError>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// The first mistake with its line. Ruby's Liquid guesses at what it cannot read; this does not.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        parse::template(source).map(|body| Self(Arc::new(body)))
    }

    /// Renders a message.
    ///
    /// # Errors
    ///
    /// The first failure with line and variable: a missing value (unless [`Strictness::Lax`]), a filter that
    /// does not exist or cannot use what it is given, or a limit.
    pub fn render(&self, scope: &Scope<'_>, limits: &Limits) -> Result<String, RenderError> {
        let mut out = String::new();
        Renderer::new(scope, limits, false).run(&self.0, &mut out)?;
        Ok(out)
    }

    /// Renders as far as possible, for somebody who looks at it.
    pub fn preview(&self, scope: &Scope<'_>, limits: &Limits) -> Preview {
        let mut text = String::new();
        let mut renderer = Renderer::new(scope, limits, true);
        let end = renderer.run(&self.0, &mut text);
        let mut problems = renderer.into_problems();
        problems.extend(end.err());
        Preview { text, problems }
    }

    /// The variables that the template reads from outside, as dotted paths: `customer.first_name`, and for the
    /// items of a list `event.items[].name`. A list that is looped over is listed as well. Variables of
    /// loops and assignments are not; what is read through them is. Branches count whether they are taken or not.
    pub fn reads(&self) -> BTreeSet<String> {
        reads::Reader::read(&self.0)
    }

    /// As [`Template::reads`], with what the snippets read that the template uses, and the snippets that
    /// these use. The snippets themselves stay in the list, as `snippets.name`.
    pub fn reads_with(&self, snippets: &BTreeMap<String, Template>) -> BTreeSet<String> {
        let mut reads = self.reads();
        let mut open: Vec<String> = reads.iter().cloned().collect();
        while let Some(path) = open.pop() {
            let Some(rest) = path.strip_prefix("snippets") else {
                continue;
            };
            let name = rest.strip_prefix('.').or_else(|| {
                let quoted = rest.strip_prefix("[\"")?;
                quoted.strip_suffix("\"]")
            });
            if let Some(snippet) = name.and_then(|name| snippets.get(name)) {
                let more = snippet.reads().into_iter();
                open.extend(more.filter(|path| reads.insert(path.clone())));
            }
        }
        reads
    }

    pub(crate) fn body(&self) -> &ast::Body {
        &self.0
    }
}
