//! `docs/runbooks.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::{FLOW, first_aid};
use crate::verdict::Cause;

/// Causes that help at once is known for.
const CAUSES: [Cause; 9] = [
    Cause::TokenChurn,
    Cause::Credential,
    Cause::NotReceived,
    Cause::PermissionChange,
    Cause::Cap,
    Cause::QuietHours,
    Cause::AudienceShrink,
    Cause::ReceiptsLost,
    Cause::OrdersUnreported,
];

#[test]
fn the_page_of_runbooks_is_what_the_flow_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks.md");
    let says = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, says).expect("docs/ is writable");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == says,
        "docs/runbooks.md is not what the code says: run UPDATE_DOCS=1 cargo test -p landfall-insight"
    );
}

fn word(value: impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().unwrap_or_default().to_owned()
}

fn document() -> String {
    let mut text = String::from(
        "# Runbooks\n\n\
         What to check first, second, third when a journey brings less. `landfall diagnose JOURNEY --markdown` prints it with\n\
         the journey's own figures filled in, what the verdict points to first; the page of the journey shows the same with\n\
         boxes to tick off. Generated from `landfall-insight`.\n",
    );
    for (number, entry) in (1..).zip(FLOW) {
        let problem = word(entry.problem);
        let _ = write!(
            text,
            "\n## {number}. {}\n\nVerdict when it fails: `{problem}`.\n\n",
            entry.asks
        );
        for step in entry.steps {
            let _ = writeln!(text, "- {step}");
        }
    }
    text.push_str(
        "\n## What helps at once\n\n\
         Where a verdict names its cause, this stands first; where it names a [reason](reasons.md), what the reason asks for.\n\n\
         | cause | do |\n|---|---|\n",
    );
    for cause in CAUSES {
        let help = first_aid(cause).expect("help for a cause that is listed");
        let _ = writeln!(text, "| `{}` | {help} |", word(cause));
    }
    text.push_str(
        "\nTrouble of the server itself: [operating](operating.md#when-something-is-wrong).\n",
    );
    text
}
