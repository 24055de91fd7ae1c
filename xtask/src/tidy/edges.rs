//! The dependency table: which crate may use which, and what it must never see.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use super::Finding;
use crate::run::{cargo, output};

/// Allowed edges. A new edge is a decision: add it here in the same commit, and say why.
const ALLOWED: &[(&str, &[&str])] = &[
    ("landfall-domain", &[]),
    ("landfall-audience", &["landfall-domain"]),
    ("landfall-insight", &["landfall-domain"]),
    (
        "landfall-journey",
        &["landfall-domain", "landfall-audience"],
    ),
    ("landfall-board", &["landfall-domain"]),
    ("landfall-liquid", &[]),
    ("landfall-send", &["landfall-domain"]),
    ("landfall-store", &["landfall-domain"]),
    (
        "landfall-store-sqlite",
        &["landfall-domain", "landfall-store"],
    ),
    (
        "landfall-store-cluster",
        &["landfall-domain", "landfall-store"],
    ),
    (
        "landfall-engine",
        &[
            "landfall-domain",
            "landfall-audience",
            "landfall-board",
            "landfall-insight",
            "landfall-journey",
            "landfall-liquid",
            "landfall-send",
            "landfall-store",
        ],
    ),
    // Simulated providers know the protocols, not our senders: two hands that could err alike would
    // prove nothing.
    ("landfall-sim", &["landfall-domain"]),
    // Doors submit inputs to the engine and read through it (ADR 0006).
    (
        "landfall-api",
        &[
            "landfall-domain",
            "landfall-audience",
            "landfall-board",
            "landfall-engine",
            "landfall-insight",
            "landfall-journey",
            "landfall-store",
        ],
    ),
    // The page is files: it knows the API by its document alone.
    ("landfall-ui", &[]),
    (
        "landfall-server",
        &[
            "landfall-domain",
            "landfall-audience",
            "landfall-api",
            "landfall-board",
            "landfall-engine",
            "landfall-insight",
            "landfall-journey",
            "landfall-sim",
            "landfall-store",
            "landfall-store-cluster",
            "landfall-store-sqlite",
            "landfall-ui",
        ],
    ),
    ("xtask", &[]),
];

/// Edges that tests may have beside those: the store that tests run on, and the conformance suite.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[
    (
        "landfall-engine",
        &["landfall-store-sqlite", "landfall-sim"],
    ),
    ("landfall-api", &["landfall-store-sqlite", "landfall-sim"]),
    ("landfall-send", &["landfall-sim"]),
    ("landfall-store-sqlite", &["landfall-store"]),
    ("landfall-store-cluster", &["landfall-store"]),
];

/// What a crate must never see, directly.
const NEVER: &[(&str, &[&str])] = &[
    (
        "landfall-domain",
        &[
            "tokio", "axum", "hyper", "rusqlite", "postgres", "ureq", "tracing", "jiff",
        ],
    ),
    (
        "landfall-audience",
        &["tokio", "axum", "hyper", "rusqlite", "postgres"],
    ),
    (
        "landfall-insight",
        &["tokio", "axum", "hyper", "rusqlite", "postgres"],
    ),
    (
        "landfall-journey",
        &["tokio", "axum", "hyper", "rusqlite", "postgres"],
    ),
    (
        "landfall-board",
        &["tokio", "axum", "hyper", "rusqlite", "postgres"],
    ),
    (
        "landfall-liquid",
        &["tokio", "axum", "hyper", "rusqlite", "postgres"],
    ),
    ("landfall-send", &["axum", "rusqlite", "postgres"]),
    ("landfall-sim", &["axum", "rusqlite", "postgres"]),
    ("landfall-store", &["tokio", "axum", "rusqlite", "postgres"]),
    ("landfall-store-sqlite", &["tokio", "axum", "postgres"]),
    ("landfall-store-cluster", &["axum", "rusqlite"]),
    (
        "landfall-engine",
        &["axum", "hyper", "rusqlite", "postgres", "ureq"],
    ),
    ("landfall-api", &["rusqlite", "postgres", "ureq"]),
];

pub(super) fn check() -> Result<Vec<Finding>> {
    let metadata = output(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    Ok(findings(&serde_json::from_str(&metadata)?))
}

fn findings(metadata: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        if package["license"] != "Apache-2.0" {
            findings.push(Finding::new(
                name,
                "has no licence: add `license.workspace = true`",
            ));
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            findings.push(Finding::new(
                name,
                "is not in the dependency table (xtask/src/tidy/edges.rs)",
            ));
            continue;
        };
        let in_tests: BTreeSet<&str> = entry(ALLOWED_IN_TESTS, name).collect();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let test = dependency["kind"] == "dev";
            let own = used.starts_with("landfall-");
            if own && !allowed.contains(&used) && !(test && in_tests.contains(used)) {
                let what = format!("must not use {used}: the edge is not in the dependency table");
                findings.push(Finding::new(name, what));
            }
            if !test && entry(NEVER, name).any(|banned| banned == used) {
                findings.push(Finding::new(name, format!("must never see {used}")));
            }
        }
    }
    findings
}

fn entry<'t>(table: &'t [(&str, &'t [&'t str])], name: &str) -> impl Iterator<Item = &'t str> {
    let found = table.iter().find(|(known, _)| *known == name);
    found
        .into_iter()
        .flat_map(|(_, entries)| entries.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependency: &str, kind: Option<&str>) -> Value {
        json!({"packages": [{"name": name, "license": "Apache-2.0",
            "dependencies": [{"name": dependency, "kind": kind}]}]})
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_found() {
        assert!(findings(&package("landfall-board", "landfall-domain", None)).is_empty());
        assert_eq!(
            findings(&package("landfall-board", "landfall-store", None)).len(),
            1
        );
        assert_eq!(
            findings(&package("landfall-domain", "tokio", None)).len(),
            1
        );
        assert!(findings(&package("landfall-domain", "tokio", Some("dev"))).is_empty());
        assert!(
            findings(&package(
                "landfall-api",
                "landfall-store-sqlite",
                Some("dev")
            ))
            .is_empty()
        );
        assert_eq!(
            findings(&package("landfall-api", "landfall-store-sqlite", None)).len(),
            1
        );
        assert_eq!(findings(&package("landfall-new", "serde", None)).len(), 1);
    }
}
