//! What a rendering has used up so far.

use super::{Outcome, Renderer};
use crate::error::{RenderError, RenderErrorKind};
use crate::value::Value;

/// Counters that only grow, but for the depth.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Budget {
    steps: u64,
    iterations: u64,
    depth: u32,
}

impl<'a> Renderer<'a> {
    /// Counts work.
    pub(crate) fn charge(&mut self, steps: u64) -> Outcome {
        self.budget.steps = self.budget.steps.saturating_add(steps);
        if self.budget.steps > self.limits.steps {
            return Err(RenderError::new(
                RenderErrorKind::TooManySteps,
                format!("the template needs more than {} steps", self.limits.steps),
            ));
        }
        Ok(())
    }

    /// Counts the work of copying so many bytes.
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Outcome {
        self.charge(bytes as u64 / 16)
    }

    /// Counts one round of a loop.
    pub(super) fn iterate(&mut self) -> Outcome {
        self.budget.iterations += 1;
        if self.budget.iterations > self.limits.iterations {
            return Err(RenderError::new(
                RenderErrorKind::TooManyIterations,
                format!("loops run more than {} rounds", self.limits.iterations),
            ));
        }
        self.charge(1)
    }

    /// Counts one more level; [`Renderer::leave`] takes it back.
    pub(super) fn enter(&mut self) -> Outcome {
        if self.budget.depth >= self.limits.depth {
            return Err(self.too_deep());
        }
        self.budget.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.budget.depth -= 1;
    }

    fn too_deep(&self) -> RenderError {
        RenderError::new(
            RenderErrorKind::TooDeep,
            format!("nested deeper than {} levels", self.limits.depth),
        )
    }

    /// The longest text that is allowed, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.limits.output_bytes
    }

    /// Refuses a text that is too long.
    pub(crate) fn check_length(&self, bytes: usize) -> Outcome {
        if bytes > self.limits.output_bytes {
            return Err(RenderError::new(
                RenderErrorKind::OutputTooLarge,
                format!("the text is longer than {} bytes", self.limits.output_bytes),
            ));
        }
        Ok(())
    }

    /// Refuses what a filter made when it is too long, too deep or too heavy, and counts it.
    pub(super) fn check_value(&mut self, value: &Value<'a>) -> Outcome {
        if let Some(text) = value.as_str() {
            self.check_length(text.len())?;
        }
        if value.depth() > self.limits.depth {
            return Err(self.too_deep());
        }
        self.charge(value.weight())
    }

    /// The counters, for a renderer inside of this one.
    pub(super) fn budget(&self) -> Budget {
        self.budget
    }

    /// Takes over the counters of a renderer that worked inside of this one.
    pub(super) fn set_budget(&mut self, budget: Budget) {
        self.budget = budget;
    }
}
