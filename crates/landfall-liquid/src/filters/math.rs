//! Filters that count.

use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::value::{Number, Operation, Value};

pub(super) const SPECS: &[Spec] = &[
    spec("abs", 0, 0, |call| {
        Ok(Number::of(&call.input).abs().to_value())
    }),
    spec("at_least", 1, 1, |call| Ok(bounded(call, true))),
    spec("at_most", 1, 1, |call| Ok(bounded(call, false))),
    spec("ceil", 0, 0, |call| {
        Number::of(&call.input).whole(true).map(Value::Int)
    }),
    spec("divided_by", 1, 1, |call| count(call, Operation::DividedBy)),
    spec("floor", 0, 0, |call| {
        Number::of(&call.input).whole(false).map(Value::Int)
    }),
    spec("minus", 1, 1, |call| count(call, Operation::Minus)),
    spec("modulo", 1, 1, |call| count(call, Operation::Modulo)),
    spec("plus", 1, 1, |call| count(call, Operation::Plus)),
    spec("round", 0, 1, round),
    spec("times", 1, 1, |call| count(call, Operation::Times)),
];

fn count<'a>(call: &mut Call<'_, 'a>, operation: Operation) -> Outcome<'a> {
    let result = Number::of(&call.input).apply(operation, Number::of(call.argument(0)))?;
    Ok(result.to_value())
}

fn bounded<'a>(call: &mut Call<'_, 'a>, least: bool) -> Value<'a> {
    let (number, bound) = (Number::of(&call.input), Number::of(call.argument(0)));
    let ordering = bound.compare(number);
    let beyond = match least {
        true => ordering.is_gt(),
        false => ordering.is_lt(),
    };
    if beyond { bound } else { number }.to_value()
}

fn round<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let digits = match call.optional(0) {
        None => 0,
        Some(digits) => match Number::of(digits) {
            Number::Float(float) if !float.is_finite() => {
                return Err(RenderError::argument("round takes a number of digits"));
            }
            Number::Float(float) => float as i128,
            number if Number::Int(0).compare(number).is_gt() => number.whole(true)?,
            number => number.whole(false)?,
        },
    };
    Ok(Number::of(&call.input).round(digits)?.to_value())
}
