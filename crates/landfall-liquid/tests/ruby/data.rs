//! Random data of the kinds that templates meet.

use rand::Rng as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Map, Value, json};

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "Ann",
    "Zoë Ñandú",
    "hello world",
    "  padded  text ",
    "<b>bold</b> & \"quoted\"",
    "a,b,,c,",
    "line one\nline two\r\nthree",
    "ÀÉÎ straße",
    "日本語 テキスト",
    "emoji 😀 here",
    "12",
    "3.75",
    "-7",
    " 42 ",
    "12abc",
    "1e3",
    "true",
    "x y z x",
    "tab\there",
    "it's",
    "&amp; &#39; &copy",
    "a+b%20c%2Fd",
    "<!-- c --><script>x()</script>text<style>s</style>",
    "UPPER lower",
    "a\\b",
    "#{x}",
    "0",
    "-0.5",
    "aGVsbG8=",
    "2024-02-29",
    "1709210096",
];

const NUMBERS: &[f64] = &[
    0.5,
    -0.5,
    1.0,
    1.5,
    2.5,
    -2.5,
    3.15149,
    0.1,
    0.2,
    2.675,
    99.99,
    -12.345,
    1000.0,
    1234567.891,
    0.001,
    100000.5,
    7.0,
    1e-5,
    123456789.125,
    1e15,
    12345678901234.5,
];

const WHOLE: &[i64] = &[
    0,
    1,
    2,
    3,
    5,
    7,
    10,
    12,
    42,
    100,
    255,
    1000,
    -1,
    -3,
    -10,
    86400,
    1709210096,
    123456789012,
];

pub(crate) fn text(rng: &mut SmallRng) -> &'static str {
    TEXTS.choose(rng).expect("not empty")
}

pub(crate) fn float(rng: &mut SmallRng) -> f64 {
    *NUMBERS.choose(rng).expect("not empty")
}

pub(crate) fn whole(rng: &mut SmallRng) -> i64 {
    *WHOLE.choose(rng).expect("not empty")
}

/// A value without parts.
pub(crate) fn scalar(rng: &mut SmallRng) -> Value {
    match rng.random_range(0..12) {
        0 => Value::Null,
        1 => json!(rng.random::<bool>()),
        2..=4 => json!(whole(rng)),
        5..=6 => json!(float(rng)),
        _ => json!(text(rng)),
    }
}

fn order(rng: &mut SmallRng) -> Value {
    let mut order = Map::new();
    order.insert("id".into(), json!(rng.random_range(1..6)));
    order.insert("name".into(), json!(text(rng)));
    if rng.random_bool(0.8) {
        order.insert("price".into(), json!(float(rng)));
    }
    if rng.random_bool(0.7) {
        order.insert("vip".into(), json!(rng.random::<bool>()));
    }
    if rng.random_bool(0.5) {
        order.insert("note".into(), Value::Null);
    }
    order.insert("tags".into(), texts(rng));
    Value::Object(order)
}

fn texts(rng: &mut SmallRng) -> Value {
    (0..rng.random_range(0..4)).map(|_| text(rng)).collect()
}

/// What `{{ }}` sees: the names are those that the generator uses.
pub(crate) fn globals(rng: &mut SmallRng) -> Value {
    let mut customer = Map::new();
    for name in ["first_name", "plan", "city", "score", "age"] {
        if rng.random_bool(0.75) {
            customer.insert(name.into(), scalar(rng));
        }
    }
    customer.insert("tags".into(), texts(rng));
    let orders: Value = (0..rng.random_range(0..5)).map(|_| order(rng)).collect();
    customer.insert("orders".into(), orders);
    customer.insert(
        "deep".into(),
        json!({ "a": { "b": scalar(rng), "size": 3 } }),
    );
    let numbers: Value = (0..rng.random_range(0..6)).map(|_| whole(rng)).collect();
    let mixed: Value = (0..rng.random_range(0..5)).map(|_| scalar(rng)).collect();
    let key = ["one", "two", "missing", "size"].choose(rng);
    let index = rng.random_range(-3..4);
    json!({
        "customer": customer,
        "event": { "total": float(rng), "count": whole(rng), "at": whole(rng).abs(), "name": text(rng) },
        "numbers": numbers,
        "mixed": mixed,
        "nested": [[1, [2, scalar(rng)]], [], ["x"]],
        "object": { "one": 1, "two": text(rng), "three": [1, 2.5, null] },
        "empty_list": [],
        "empty_object": {},
        "text": text(rng),
        "float": float(rng),
        "whole": whole(rng),
        "yes": true,
        "no": false,
        "nothing": null,
        "key": key,
        "index": index,
    })
}
