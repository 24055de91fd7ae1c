use super::*;

fn text(value: &Value<'_>) -> String {
    value.to_text().into_owned()
}

#[test]
fn floats_are_written_as_ruby_writes_them() {
    let cases = [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (0.0001, "0.0001"),
        (0.00001, "1.0e-05"),
        (1e14, "100000000000000.0"),
        (1e15, "1.0e+15"),
        (1e100, "1.0e+100"),
        (123_456_789_012_345.0, "123456789012345.0"),
        (1_234_567_890_123_456.0, "1.234567890123456e+15"),
        (1_234_444_433_334_437.8, "1234444433334437.8"),
        (3_999_999_999_999_985.0 / 4.0, "999999999999996.2"),
        (-2.5, "-2.5"),
        (f64::INFINITY, "Infinity"),
        (f64::NAN, "NaN"),
    ];
    for (float, expected) in cases {
        assert_eq!(text(&Value::Float(float)), expected);
    }
}

#[test]
fn texts_inside_of_lists_are_written_as_ruby_code() {
    let json = serde_json::json!({ "a": ["x\"y", "tab\t", "#{z}", "é", "\u{1}"], "b": null });
    assert_eq!(
        text(&Value::from_json(&json)),
        r#"{"a"=>["x\"y", "tab\t", "\#{z}", "é", "\u0001"], "b"=>nil}"#
    );
}

#[test]
fn whole_numbers_are_read_as_ruby_reads_them() {
    let cases = [
        ("12abc", 12),
        (" -7 ", -7),
        ("1_000", 1000),
        ("1__0", 1),
        ("x", 0),
        ("+3", 3),
    ];
    for (text, expected) in cases {
        assert_eq!(integer_prefix(text), Some(expected), "{text}");
    }
    assert_eq!(integer_prefix(&"9".repeat(40)), None);
    let strict = [
        ("12", Some(12)),
        ("0x1f", Some(31)),
        ("010", Some(8)),
        ("1_0", Some(10)),
    ];
    for (text, expected) in strict {
        assert_eq!(integer_argument(&Value::Str(text)).ok(), expected, "{text}");
    }
    for text in ["", "12abc", "1.5", "1__0", "0x", "--1", "0x-1"] {
        assert!(integer_argument(&Value::Str(text)).is_err(), "{text}");
    }
}

fn count(a: &Value<'_>, operation: Operation, b: &Value<'_>) -> String {
    match Number::of(a).apply(operation, Number::of(b)) {
        Ok(number) => text(&number.to_value()),
        Err(error) => error.message,
    }
}

#[test]
fn decimals_are_counted_exactly() {
    let float = Value::Float;
    let cases = [
        (float(0.1), Operation::Plus, float(0.2), "0.3"),
        (float(1.1), Operation::Times, Value::Int(3), "3.3"),
        (Value::Int(7), Operation::DividedBy, Value::Int(2), "3"),
        (Value::Int(-7), Operation::DividedBy, Value::Int(2), "-4"),
        (Value::Int(-7), Operation::Modulo, Value::Int(3), "2"),
        (Value::Int(7), Operation::DividedBy, float(2.0), "3.5"),
        (
            float(1.0),
            Operation::DividedBy,
            Value::Int(3),
            "0.3333333333333333",
        ),
        (float(-7.5), Operation::Modulo, Value::Int(2), "0.5"),
        (
            Value::Str("3.75"),
            Operation::Minus,
            Value::Str("x"),
            "3.75",
        ),
        (
            Value::Int(1),
            Operation::DividedBy,
            Value::Int(0),
            "divided by 0",
        ),
        (float(1.0), Operation::DividedBy, Value::Int(0), "Infinity"),
    ];
    for (a, operation, b, expected) in cases {
        assert_eq!(
            count(&a, operation, &b),
            expected,
            "{a:?} {operation:?} {b:?}"
        );
    }
}

#[test]
fn numbers_beyond_38_digits_are_refused_or_become_floats() {
    let large = Value::Int(i128::MAX);
    assert!(count(&large, Operation::Times, &large).contains("38 digits"));
    assert_eq!(
        count(&Value::Float(1e300), Operation::Plus, &Value::Float(1e-300)),
        "1.0e+300"
    );
}

#[test]
fn rounding_is_half_away_from_zero() {
    let cases = [
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (2.675, 2, "2.68"),
        (1234.5, -2, "1200"),
        (1250.0, -2, "1300"),
        (-0.04, 1, "-0.0"),
        (5.0, -30, "0"),
    ];
    for (float, digits, expected) in cases {
        let rounded = Number::of(&Value::Float(float))
            .round(digits)
            .expect("finite");
        assert_eq!(text(&rounded.to_value()), expected, "{float} to {digits}");
    }
}
