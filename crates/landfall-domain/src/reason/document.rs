//! `docs/reasons.md`.

use std::fmt::Write;

use super::Reason;

#[test]
fn the_document_lists_every_reason() {
    crate::drift::assert_current("reasons.md", &document());
}

fn document() -> String {
    let mut text = String::from(
        "# Reasons\n\n\
         Why a message was not sent, not accepted or not received. Generated from\n\
         `landfall-domain`; the numbers and names are stable.\n\n\
         *Kind* says in which figure a reason counts: `delivery` in the failure rate and in alerts,\n\
         `reach` in coverage, `policy` nowhere as a problem (a rule worked as intended).\n\n\
         | code | name | stage | class | kind | token | retry | who |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let _ = writeln!(
            text,
            "| {} | `{reason}` | {} | {} | {} | {} | {} | {} |",
            reason.code(),
            reason.stage(),
            reason.class(),
            reason.kind(),
            reason.token_action(),
            reason.retry(),
            reason.who_fixes(),
        );
    }
    for reason in Reason::ALL {
        let (says, fix) = (reason.explanation(), reason.fix());
        let _ = write!(text, "\n## {reason}\n\n{says}\n\n{fix}\n");
    }
    text
}
