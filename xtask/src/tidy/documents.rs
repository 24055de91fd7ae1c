//! Documents that must agree with the code.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Finding, shown};
use crate::run::root;

/// Relative links in Markdown lead somewhere.
pub(super) fn check_links(path: &Path, text: &str) -> Vec<Finding> {
    if path.extension().is_none_or(|ending| ending != "md") {
        return Vec::new();
    }
    let folder = root()
        .join(path)
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default();
    links(text)
        .into_iter()
        .filter(|link| !folder.join(link).exists())
        .map(|link| {
            Finding::new(
                shown(path),
                format!("links to `{link}`, which is not there"),
            )
        })
        .collect()
}

/// Targets of `[text](target)` that are files of the repository.
fn links(text: &str) -> Vec<String> {
    let files = targets(text).into_iter();
    let files = files.map(|target| target.split('#').next().unwrap_or_default().to_owned());
    files.filter(|file| !file.is_empty()).collect()
}

/// Targets of `[text](target)` that lead to no other host.
fn targets(text: &str) -> Vec<String> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.contains(' '))
        .map(str::to_owned)
        .collect()
}

/// What works in the repository must work in the site, too: pages of `docs` link to files within `docs`, not
/// to folders, and to headings that are there.
pub(super) fn check_site(path: &Path, text: &str) -> Vec<Finding> {
    let inside = path.starts_with("docs") && path.extension().is_some_and(|ending| ending == "md");
    if !inside {
        return Vec::new();
    }
    let folder = path.parent().unwrap_or(path);
    let wrong = targets(text).into_iter().filter_map(|link| {
        let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
        let target = match file {
            "" => path.to_path_buf(),
            file => plain(&folder.join(file)),
        };
        let page = std::fs::read_to_string(root().join(&target)).unwrap_or_default();
        if !target.starts_with("docs") {
            Some(format!(
                "links to `{link}`, which the site does not have: name it in words"
            ))
        } else if root().join(&target).is_dir() {
            Some(format!("links to the folder `{link}`: link to a page"))
        } else if !heading.is_empty() && !anchors(&page).contains(heading) {
            Some(format!("links to `{link}`, and there is no such heading"))
        } else {
            None
        }
    });
    wrong.map(|what| Finding::new(shown(path), what)).collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// Names of a page's headings, as links write them: small letters, hyphens for spaces, other signs left out.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let name = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}

/// `docs/api/reference.md` is what the OpenAPI document says.
pub(super) fn check_reference() -> Result<Vec<Finding>> {
    let says = crate::reference::page()?;
    let written = std::fs::read_to_string(root().join("docs/api/reference.md")).unwrap_or_default();
    let finding = (written != says).then(|| {
        Finding::new(
            "docs/api/reference.md",
            "is not what openapi.json says: run `cargo x openapi`",
        )
    });
    Ok(finding.into_iter().collect())
}

/// `ARCHITECTURE.md` names every crate, and no crate that is not there.
pub(super) fn check_architecture() -> Result<Vec<Finding>> {
    let text =
        std::fs::read_to_string(root().join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let crates: BTreeSet<String> = std::fs::read_dir(root().join("crates"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    Ok(architecture(&text, &crates))
}

fn architecture(text: &str, crates: &BTreeSet<String>) -> Vec<Finding> {
    let plain = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let named: BTreeSet<String> = text
        .split(plain)
        .filter(|word| word.starts_with("landfall-"))
        .map(|word| word.trim_end_matches('-').to_owned())
        .collect();
    let missing = crates
        .difference(&named)
        .map(|name| format!("does not name the crate {name}"));
    let ghosts = named
        .difference(crates)
        .map(|name| format!("names {name}, which is not there"));
    missing
        .chain(ghosts)
        .map(|what| Finding::new("ARCHITECTURE.md", what))
        .collect()
}

/// Every error code of Landfall's API has a page, and every page a code.
pub(super) fn check_codes() -> Result<Vec<Finding>> {
    let source =
        std::fs::read_to_string(root().join("crates/landfall-api/src/landfall/problem.rs"))
            .context("the error codes of landfall-api")?;
    let pages: BTreeSet<String> = std::fs::read_dir(root().join("docs/errors"))
        .context("docs/errors")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .collect();
    Ok(codes(&source, &pages))
}

/// Codes stand in the source as `Self::Name => "code"`.
fn codes(source: &str, pages: &BTreeSet<String>) -> Vec<Finding> {
    let codes: BTreeSet<String> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \""))
        .filter_map(|(_, rest)| rest.split('"').next().map(str::to_owned))
        .collect();
    let unexplained = codes
        .difference(pages)
        .map(|code| format!("{code}.md is missing"));
    let unused = pages
        .difference(&codes)
        .map(|page| format!("{page}.md explains no code"));
    unexplained
        .chain(unused)
        .map(|what| Finding::new("docs/errors", what))
        .collect()
}

/// The table of contents of the site lists every page of `docs`: the site has no others.
pub(super) fn check_contents() -> Result<Vec<Finding>> {
    let docs = root().join("docs");
    let contents = std::fs::read_to_string(docs.join("SUMMARY.md")).context("docs/SUMMARY.md")?;
    let mut pages = BTreeSet::new();
    for folder in ["", "adr", "api", "concepts", "errors", "sending"] {
        let read =
            std::fs::read_dir(docs.join(folder)).with_context(|| format!("docs/{folder}"))?;
        let names = read.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md");
        pages.extend(names.map(|name| match folder {
            "" => name,
            _ => format!("{folder}/{name}"),
        }));
    }
    Ok(unlisted(&contents, &pages))
}

fn unlisted(contents: &str, pages: &BTreeSet<String>) -> Vec<Finding> {
    let listed: BTreeSet<String> = links(contents).into_iter().collect();
    let missing = pages.difference(&listed);
    missing
        .map(|page| Finding::new("docs/SUMMARY.md", format!("does not list {page}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn links_codes_and_crates_that_lead_nowhere_are_found() {
        assert_eq!(links("a [b](c.md#d) [e](https://f) [g](#h)"), ["c.md"]);
        assert_eq!(plain(Path::new("docs/a/../b.md")), Path::new("docs/b.md"));
        let headings = anchors("# A `b` c\ntext\n## `GET /d_e`: f\n");
        assert_eq!(headings, set(&["a-b-c", "get-d_e-f"]));
        let crates = set(&["landfall-a", "landfall-b"]);
        assert_eq!(architecture("`landfall-a`, landfall-b.", &crates), []);
        assert_eq!(architecture("landfall-a landfall-c", &crates).len(), 2);
        let source = "            Self::Busy => \"busy\",\n";
        assert_eq!(codes(source, &set(&["busy"])), []);
        assert_eq!(codes(source, &set(&["gone"])).len(), 2);
        let contents = "- [A](a.md)\n";
        assert_eq!(unlisted(contents, &set(&["a.md"])), []);
        assert_eq!(unlisted(contents, &set(&["a.md", "b/c.md"])).len(), 1);
    }
}
