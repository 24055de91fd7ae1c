mod limits;
mod missing;
mod reading;
mod tags;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::{Limits, Preview, RenderError, Scope, Strictness, Template};

fn data() -> Json {
    json!({
        "customer": {
            "name": "Ann", "plan": null, "empty": "", "tags": ["a", "b"], "deep": { "x": 1 },
            "stored": "Hi {{ customer.name }}{{ local }}!",
        },
        "items": [{ "id": 1 }, { "id": 2 }, { "id": 3 }],
        "cio": { "unsubscribe_url": "https://u.example/1" },
    })
}

fn snippets() -> BTreeMap<String, Template> {
    [
        ("footer", "-- {{ customer.name }}{{ local }}"),
        ("row", "<{{ row.id }}{{ forloop.index }}{{ given }}>"),
        ("bad", "one\n{{ customer.nope }}"),
        ("loop", "{{ snippets.loop }}"),
        (
            "outer",
            "{{ snippets.footer }}{{ event.code }}{% render 'row' %}",
        ),
        ("sets", "{% assign local = 'set' %}{% increment count %}"),
        ("main address", "Main St"),
        ("includes", "{% include 'row' %}"),
    ]
    .into_iter()
    .map(|(name, source)| (name.to_owned(), Template::parse(source).expect(source)))
    .collect()
}

fn rendered_in(mode: Strictness, source: &str, limits: &Limits) -> Result<String, RenderError> {
    let (data, snippets) = (data(), snippets());
    let scope = Scope {
        mode,
        snippets: Some(&snippets),
        seed: 7,
        ..Scope::new(&data, 0)
    };
    Template::parse(source)
        .expect(source)
        .render(&scope, limits)
}

fn lax(source: &str) -> String {
    rendered_in(Strictness::Lax, source, &Limits::default()).expect(source)
}

fn strict(source: &str) -> Result<String, RenderError> {
    rendered_in(Strictness::FailOnMissing, source, &Limits::default())
}

fn previewed(mode: Strictness, source: &str) -> Preview {
    let (data, snippets) = (data(), snippets());
    let scope = Scope {
        mode,
        snippets: Some(&snippets),
        ..Scope::new(&data, 0)
    };
    let template = Template::parse(source).expect(source);
    template.preview(&scope, &Limits::default())
}

#[test]
fn a_template_is_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Template>();
    let template = Template::parse("{{ customer.name }}").expect("a template");
    let copy = template.clone();
    let text = std::thread::spawn(move || copy.render(&Scope::new(&data(), 0), &Limits::default()));
    assert_eq!(text.join().expect("no panic").as_deref(), Ok("Ann"));
    assert!(template.reads().contains("customer.name"));
}
