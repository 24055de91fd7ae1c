//! Tags that neither loop nor call other templates.

use std::fmt::Write as _;

use super::{Outcome, Renderer};
use crate::ast::{Body, Branch, Cycle, Expr, Group, When};
use crate::error::RenderError;
use crate::scope::Strictness;
use crate::value::{Value, integer_argument};

impl<'a> Renderer<'a> {
    pub(super) fn branches(&mut self, branches: &'a [Branch], out: &mut String) -> Outcome {
        for branch in branches {
            let holds = match &branch.condition {
                Some(condition) => self.holds(condition)? != branch.negated,
                None => true,
            };
            if holds {
                return self.body(&branch.body, out);
            }
        }
        Ok(())
    }

    /// Every `when` that holds is printed, once for each of its values that do, as in Ruby's Liquid.
    pub(super) fn case(
        &mut self,
        subject: &'a Expr,
        arms: &'a [When],
        out: &mut String,
    ) -> Outcome {
        let mut otherwise = true;
        for arm in arms {
            let Some(values) = &arm.values else {
                if otherwise {
                    self.body(&arm.body, out)?;
                }
                continue;
            };
            for value in values {
                // Anew each time, as an arm that was printed may have assigned what it reads. On this side
                // `blank` and `empty` are texts.
                let subject = self.evaluate(subject)?;
                let equal = match value {
                    Expr::Blank => subject.is_blank(),
                    Expr::Empty => subject.is_empty().unwrap_or(false),
                    value => subject.equals(&self.evaluate(value)?),
                };
                if equal {
                    otherwise = false;
                    self.body(&arm.body, out)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn cycle(&mut self, cycle: &'a Cycle, out: &mut String) -> Outcome {
        let key = match &cycle.group {
            Group::Same(key) => key.to_string(),
            Group::Named(name) => {
                let name = self.evaluate(name)?;
                let mut key = String::from("named ");
                name.write_inspected(&mut key);
                key
            }
        };
        let known = self
            .locals
            .cycles
            .iter()
            .position(|(known, _)| *known == key);
        let place = known.unwrap_or_else(|| {
            self.locals.cycles.push((key, 0));
            self.locals.cycles.len() - 1
        });
        let at = self.locals.cycles[place].1;
        if let Some(expression) = cycle.values.get(at) {
            let value = self.evaluate(expression)?;
            self.charge(value.weight())?;
            value.write_output(out);
        }
        let next = at + 1;
        self.locals.cycles[place].1 = if next >= cycle.values.len() { 0 } else { next };
        Ok(())
    }

    pub(super) fn count(&mut self, name: &'a str, step: i8, out: &mut String) {
        let counters = &mut self.locals.counters;
        let place = match counters.iter().position(|(known, _)| *known == name) {
            Some(place) => place,
            None => {
                counters.push((name, 0));
                counters.len() - 1
            }
        };
        let before = counters[place].1;
        let after = before.saturating_add(i128::from(step));
        counters[place].1 = after;
        // Writing to a String cannot fail.
        let _ = write!(out, "{}", if step > 0 { before } else { after });
    }

    pub(super) fn if_changed(&mut self, body: &'a Body, out: &mut String) -> Outcome {
        let mut text = String::new();
        self.body(body, &mut text)?;
        self.charge_bytes(text.len())?;
        if self.locals.changed.as_ref() != Some(&text) {
            out.push_str(&text);
            self.locals.changed = Some(text);
        }
        Ok(())
    }

    /// A tag of Customer.io whose value the scope holds.
    pub(super) fn provided(&mut self, name: &'static str, out: &mut String) -> Outcome {
        let value = self.scope.globals.get("cio").and_then(|cio| cio.get(name));
        match value.map(Value::from_json) {
            Some(value) if !value.is_nil() => value.write_output(out),
            _ if self.scope.mode == Strictness::FailOnMissing => {
                return Err(RenderError::missing(&format!("cio.{name}")));
            }
            _ => {}
        }
        Ok(())
    }

    /// `{% random 10 %}`: a whole number from 0 to 9.
    pub(super) fn random(&mut self, bound: &'a Expr, out: &mut String) -> Outcome {
        let bound = self.printed(bound)?;
        let bound = integer_argument(&bound)?;
        let Some(bound) = u64::try_from(bound).ok().filter(|bound| *bound > 0) else {
            return Err(RenderError::argument(
                "random takes a whole number of at least 1",
            ));
        };
        // The high half of the product: even as far as 64 bits can be.
        let drawn = (u128::from(self.draw()) * u128::from(bound)) >> 64;
        let _ = write!(out, "{drawn}");
        Ok(())
    }

    pub(super) fn uuid(&mut self, out: &mut String) {
        let (high, low) = (self.draw(), self.draw());
        let _ = write!(
            out,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        );
    }

    /// The next number of the sequence that the seed begins (SplitMix64).
    fn draw(&mut self) -> u64 {
        self.draws += 1;
        let step = self.draws.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.scope.seed.wrapping_add(step);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
