//! What is true.

use std::cmp::Ordering;

use super::{Outcome, Renderer};
use crate::ast::{Comparison, Condition, Expr, Joint, Operator};
use crate::error::RenderError;
use crate::value::{Value, compare_whole};

impl<'a> Renderer<'a> {
    /// Whether a condition holds. `a and b or c` is `a and (b or c)`: what is on the right binds first.
    pub(crate) fn holds(&mut self, condition: &'a Condition) -> Outcome<bool> {
        let mut result = self.compares(&condition.first)?;
        for (joint, comparison) in &condition.rest {
            let decided = match joint {
                Joint::And => !result,
                Joint::Or => result,
            };
            if decided {
                break;
            }
            result = self.compares(comparison)?;
        }
        Ok(result)
    }

    /// The value of an expression: of a lone variable its value, of a comparison whether it holds.
    pub(crate) fn condition_value(&mut self, condition: &'a Condition) -> Outcome<Value<'a>> {
        match (&condition.first.right, condition.rest.is_empty()) {
            (None, true) => self.evaluate(&condition.first.left),
            _ => self.holds(condition).map(Value::Bool),
        }
    }

    fn compares(&mut self, comparison: &'a Comparison) -> Outcome<bool> {
        let Some((operator, right)) = &comparison.right else {
            return Ok(match &comparison.left {
                Expr::Blank | Expr::Empty => true,
                left => self.evaluate(left)?.is_true(),
            });
        };
        match operator {
            Operator::Equal => self.equal(&comparison.left, right),
            Operator::NotEqual => self.equal(&comparison.left, right).map(|equal| !equal),
            Operator::Contains => self.contains(&comparison.left, right),
            _ => {
                let is_test = |side: &Expr| matches!(side, Expr::Blank | Expr::Empty);
                if is_test(&comparison.left) || is_test(right) {
                    return Ok(false);
                }
                let left = self.evaluate(&comparison.left)?;
                let right = self.evaluate(right)?;
                order(&left, &right, *operator)
            }
        }
    }

    /// `==`, in which `blank` and `empty` are questions to the other side.
    pub(super) fn equal(&mut self, left: &'a Expr, right: &'a Expr) -> Outcome<bool> {
        let (test, other) = match (left, right) {
            (Expr::Blank | Expr::Empty, Expr::Blank | Expr::Empty) => return Ok(false),
            (test @ (Expr::Blank | Expr::Empty), other)
            | (other, test @ (Expr::Blank | Expr::Empty)) => (test, other),
            _ => {
                let left = self.evaluate(left)?;
                let right = self.evaluate(right)?;
                self.charge(left.weight().min(right.weight()))?;
                return Ok(left.equals(&right));
            }
        };
        let value = self.evaluate(other)?;
        Ok(match test {
            Expr::Blank => value.is_blank(),
            _ => value.is_empty().unwrap_or(false),
        })
    }

    fn contains(&mut self, left: &'a Expr, right: &'a Expr) -> Outcome<bool> {
        if matches!(left, Expr::Blank | Expr::Empty) {
            return Ok(false);
        }
        let whole = self.evaluate(left)?;
        let part = self.evaluate(right)?;
        if !whole.is_true() || !part.is_true() {
            return Ok(false);
        }
        self.charge(whole.weight())?;
        if let Some(text) = whole.as_str() {
            return Ok(text.contains(&*part.to_text()));
        }
        if matches!(right, Expr::Blank | Expr::Empty) {
            return Ok(false);
        }
        if whole.is_object() {
            let key = part.as_str();
            return Ok(key.is_some_and(|key| whole.attribute(key).is_some()));
        }
        if let Value::Range(first, last) = whole {
            return Ok(match part {
                Value::Int(number) => (first..=last).contains(&number),
                Value::Float(number) => {
                    compare_whole(first, number).is_some_and(Ordering::is_le)
                        && compare_whole(last, number).is_some_and(Ordering::is_ge)
                }
                _ => false,
            });
        }
        let Some(items) = whole.items() else {
            return Ok(false);
        };
        Ok((0..items.len()).any(|at| items.get(at).equals(&part)))
    }
}

/// `<` and its kin: numbers with numbers, texts with texts. Nil and lists have no order, which is no failure.
fn order(left: &Value<'_>, right: &Value<'_>, operator: Operator) -> Outcome<bool> {
    let orderable = |value: &Value<'_>| {
        matches!(value, Value::Int(_) | Value::Float(_) | Value::Time(_))
            || value.as_str().is_some()
    };
    if !orderable(left) || !orderable(right) {
        return Ok(false);
    }
    let ordering = match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => compare_whole(*a, *b),
        (Value::Float(a), Value::Int(b)) => compare_whole(*b, *a).map(Ordering::reverse),
        (Value::Time(a), Value::Time(b)) => Some(a.zoned.timestamp().cmp(&b.zoned.timestamp())),
        _ => match (left.as_str(), right.as_str()) {
            (Some(a), Some(b)) => Some(a.cmp(b)),
            _ => return Err(incomparable(left, right)),
        },
    };
    Ok(ordering.is_some_and(|ordering| match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    }))
}

fn incomparable(left: &Value<'_>, right: &Value<'_>) -> RenderError {
    let kind = |value: &Value<'_>| match value {
        Value::Int(_) => "Integer",
        Value::Float(_) => "Float",
        Value::Time(_) => "Time",
        _ => "String",
    };
    let with = match right {
        Value::Int(_) | Value::Float(_) => right.to_text().into_owned(),
        _ => kind(right).to_owned(),
    };
    RenderError::argument(format!("comparison of {} with {with} failed", kind(left)))
}
