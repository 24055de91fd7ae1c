//! Rendering a message for one person.

use landfall_domain::attempt::Answer;
use landfall_domain::content::Content;
use landfall_domain::work::Assignment;

/// Renders what was ordered.
#[derive(Debug, Default)]
pub struct Renderer;

impl Renderer {
    /// The content of an assignment for its person.
    ///
    /// # Errors
    /// The answer that the attempt gets: a template that cannot be rendered, or a value that is missing.
    pub fn render(&self, assignment: &Assignment) -> Result<Content, Answer> {
        Ok(assignment.work.order.content.clone())
    }
}
