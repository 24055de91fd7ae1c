//! What providers said, for people and for programs.

use comfy_table::{Cell, Color};
use landfall_engine::credentials::{CredentialKind, Standing, Verdict};
use serde_json::{Value, json};

use super::super::ask::show;
use super::Answered;

/// Prints what was said about credentials.
pub(super) fn print(checked: &[(String, CredentialKind, Answered)], as_json: bool) {
    if as_json {
        let rows = checked.iter().map(|(name, kind, said)| {
            let mut row = json(said);
            row["name"] = name.as_str().into();
            row["provider"] = kind.name().into();
            row
        });
        println!("{}", Value::from_iter(rows));
        return;
    }
    let mut table = show::table(["credential", "provider", "", "said"]);
    for (name, kind, said) in checked {
        table.add_row([
            Cell::new(name),
            Cell::new(kind),
            standing(said),
            Cell::new(sentence(said)),
        ]);
    }
    println!("{table}");
}

/// What was said as JSON.
pub(super) fn json(said: &Answered) -> Value {
    match said {
        Ok(said) => json!({
            "standing": said.standing.name(),
            "reason": said.reason.map(landfall_domain::reason::Reason::name),
            "message": said.message, "fix": said.fix,
        }),
        Err(error) => json!({
            "standing": "unusable", "field": error.field, "message": error.problem,
            "fix": "Replace it: landfall credentials add.",
        }),
    }
}

/// What was said and what to do, as text.
pub(super) fn sentence(said: &Answered) -> String {
    match said {
        Ok(Verdict { message, fix, .. }) if fix.is_empty() => message.clone(),
        Ok(Verdict { message, fix, .. }) => format!("{message}\n→ {fix}"),
        Err(error) => format!("It cannot be used: {error}"),
    }
}

fn standing(said: &Answered) -> Cell {
    let (text, colour) = match said {
        Ok(said) => match said.standing {
            Standing::Works => ("works", Color::Green),
            Standing::NotAsked => ("not asked", Color::Green),
            Standing::NotReached => ("not reached", Color::Yellow),
            Standing::Refused => ("REFUSED", Color::Red),
        },
        Err(_) => ("UNUSABLE", Color::Red),
    };
    match show::colours() {
        true => Cell::new(text).fg(colour),
        false => Cell::new(text),
    }
}
