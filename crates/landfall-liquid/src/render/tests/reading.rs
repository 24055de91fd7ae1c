use std::collections::BTreeSet;

use super::snippets;
use crate::Template;

fn reads(source: &str) -> Vec<String> {
    let template = Template::parse(source).expect(source);
    template.reads().into_iter().collect()
}

/// Templates and what they read.
const CASES: &[(&str, &[&str])] = &[
    (
        "Hi {{ customer.first_name | default: customer.nick }}",
        &["customer.first_name", "customer.nick"],
    ),
    (
        "{% for item in event.items %}{{ item.name }}{{ forloop.index }}{% endfor %}",
        &["event.items", "event.items[].name"],
    ),
    (
        "{% assign c = customer %}{{ c.plan }}{{ c }}",
        &["customer", "customer.plan"],
    ),
    (
        "{% assign vip = customer.orders | where: 'vip' | first %}{{ vip.price }}",
        &[
            "customer.orders",
            "customer.orders[].price",
            "customer.orders[].vip",
        ],
    ),
    (
        "{% assign names = event.items | map: 'name' %}{{ names | join: ', ' }}",
        &["event.items", "event.items[].name"],
    ),
    (
        "{% capture x %}{{ customer.a }}{% endcapture %}{{ x }}",
        &["customer.a"],
    ),
    (
        "{% if customer.a == customer.b and event.c %}{{ d }}{% elsif e %}{% endif %}",
        &["customer.a", "customer.b", "d", "e", "event.c"],
    ),
    (
        "{% case a %}{% when b %}{{ c }}{% endcase %}{% cycle d, 'x' %}",
        &["a", "b", "c", "d"],
    ),
    (
        "{{ event.items[0].name }}{{ event.items.first.id }}{{ event.items.size }}",
        &["event.items", "event.items[].id", "event.items[].name"],
    ),
    (
        "{{ customer[\"shoe size\"] }}{{ customer['plan'] }}{{ list[index].x }}",
        &[
            "customer.plan",
            "customer[\"shoe size\"]",
            "index",
            "list[].x",
        ],
    ),
    ("{{ customer.size }}", &["customer.size"]),
    (
        "{% increment n %}{{ n }}{% for i in (1..limit) %}{{ i }}{% endfor %}",
        &["limit"],
    ),
    (
        "{% if a %}{% assign x = b %}{% else %}{% assign x = c.d %}{% endif %}{{ x.y }}",
        &["a", "b", "b.y", "c.d", "c.d.y"],
    ),
    (
        "{{ orders | where_exp: 'o', 'o.total > min' | size }}",
        &["min", "orders", "orders[].total"],
    ),
    (
        "{% unsubscribe_url %}{% cio_link url:customer.link %}{% comment %}{{ no }}{% endcomment %}{% raw %}{{ no }}{% endraw %}",
        &["cio.unsubscribe_url", "customer.link"],
    ),
    (
        "{% tablerow t in ts cols:n %}{{ t.a }}{% endtablerow %}",
        &["n", "ts", "ts[].a"],
    ),
    (
        "{% render 'row', given: a.b %}{{ snippets.footer }}",
        &["a.b", "snippets.footer", "snippets.row"],
    ),
    ("plain text", &[]),
];

#[test]
fn what_a_template_reads_is_listed_by_path() {
    for (source, expected) in CASES {
        assert_eq!(reads(source), *expected, "{source}");
    }
}

#[test]
fn what_snippets_read_can_be_added() {
    let template = Template::parse("{{ snippets.outer }}{{ snippets.loop }}").expect("a template");
    let expected: BTreeSet<String> = [
        "customer.name",
        "event.code",
        "forloop.index",
        "given",
        "local",
        "row.id",
        "snippets.footer",
        "snippets.loop",
        "snippets.outer",
        "snippets.row",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    assert_eq!(template.reads_with(&snippets()), expected);
}
