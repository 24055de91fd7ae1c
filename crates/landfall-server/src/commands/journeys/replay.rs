//! `landfall replay`.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::Value;

use super::super::ask::show;
use super::super::ask::{Client, Connection};

/// `landfall replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall replay --person ann --journey cart-recovery
  landfall replay --person ann --journey cart-recovery --what-if 'token valid'
  landfall replay --person ann --journey cart-recovery --what-if 'event order_completed did not happen'")]
pub(crate) struct Replay {
    #[command(flatten)]
    connection: Connection,
    /// The person's id.
    #[arg(long, value_name = "ID")]
    person: String,
    /// What the id is: id, email, phone, cio_id or anonymous_id.
    #[arg(long, value_name = "KIND", default_value = "id")]
    id_type: String,
    /// The journey: slug, number or name.
    #[arg(long, value_name = "JOURNEY")]
    journey: String,
    /// A fact that is thought to have been otherwise: 'token valid', 'token invalid', 'permission on',
    /// 'permission off', 'unsubscribed', 'not unsubscribed', 'opened STEP', 'attribute NAME=VALUE', 'event NAME happened [at TIME]', 'event NAME did not happen'.
    #[arg(long, value_name = "FACT")]
    what_if: Vec<String>,
}

/// Lives the person's runs again; fails when one does not come out the same.
pub(crate) fn run(replay: &Replay) -> Result<()> {
    let client = Client::new(&replay.connection)?;
    let parameters = [
        ("id_type".to_owned(), replay.id_type.clone()),
        ("journey".to_owned(), replay.journey.clone()),
    ];
    let person = Client::encoded(&replay.person);
    let runs = client.get(&format!("/landfall/v1/people/{person}/runs"), &parameters)?;
    let runs = runs["runs"].as_array().cloned().unwrap_or_default();
    if runs.is_empty() {
        bail!("{} has not been in {}", replay.person, replay.journey);
    }
    let changes = replay.what_if.iter();
    let changes: Vec<_> = changes
        .map(|words| ("what_if".to_owned(), words.clone()))
        .collect();
    let mut answers = Vec::new();
    for run in &runs {
        let path = format!("/landfall/v1/runs/{}/replay", run["number"]);
        answers.push(client.get(&path, &changes)?);
    }
    if replay.connection.json {
        println!("{:#}", Value::Array(answers.clone()));
    } else {
        answers.iter().for_each(print);
    }
    match answers
        .iter()
        .filter(|answer| answer["same"] != true)
        .count()
    {
        0 => Ok(()),
        others => bail!("{others} of {} runs did not come out the same", runs.len()),
    }
}

fn print(answer: &Value) {
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    let verdict = match answer["same"] == true {
        true => "the same once more, byte for byte",
        false => "not the same once more",
    };
    println!(
        "Run {} of journey {}, version {}: {}; {} rows, {verdict}.",
        answer["run"],
        answer["journey"],
        answer["version"],
        show::plain(&answer["state"]),
        rows.len()
    );
    for row in rows.iter().filter(|row| row["same"] != true) {
        println!("{}", show::time(&row["at_ms"]));
        side_by_side(
            "stored",
            "again",
            &lines(&row["stored"]),
            &lines(&row["again"]),
        );
    }
    let Some(other) = answer["what_if"].as_array() else {
        return;
    };
    if other.is_empty() {
        println!("With that, the person would not have entered.\n");
        return;
    }
    let truth: Vec<String> = rows.iter().flat_map(|row| lines(&row["stored"])).collect();
    let other: Vec<String> = other.iter().flat_map(|row| lines(&row["lines"])).collect();
    side_by_side("in truth", "what if", &truth, &other);
}

/// What each check found, in few words.
fn lines(trace: &Value) -> Vec<String> {
    let lines = trace.as_array().into_iter().flatten();
    lines
        .map(|line| {
            let step = show::plain(&line["step"]);
            let said = format!(
                "{}: {}",
                show::plain(&line["check"]),
                show::plain(&line["verdict"])
            );
            match step.is_empty() {
                true => said,
                false => format!("{step} {said}"),
            }
        })
        .collect()
}

fn side_by_side(left: &str, right: &str, one: &[String], other: &[String]) {
    let mut table = show::table([left, "", right]);
    for (left, right) in aligned(one, other) {
        let sign = match (&left, &right) {
            (Some(_), Some(_)) => "=",
            (Some(_), None) => "<",
            _ => ">",
        };
        table.add_row([
            left.unwrap_or_default(),
            sign.to_owned(),
            right.unwrap_or_default(),
        ]);
    }
    println!("{table}\n");
}

/// Two lists beside each other, with what they have in common on the same lines: a longest common subsequence.
fn aligned(one: &[String], other: &[String]) -> Vec<(Option<String>, Option<String>)> {
    let (rows, columns) = (one.len(), other.len());
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row][column] = if one[row] == other[column] {
                longest[row + 1][column + 1] + 1
            } else {
                longest[row + 1][column].max(longest[row][column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::with_capacity(rows + columns);
    while row < rows || column < columns {
        let both = row < rows && column < columns;
        if both && one[row] == other[column] {
            lines.push((Some(one[row].clone()), Some(other[column].clone())));
            (row, column) = (row + 1, column + 1);
        } else if column == columns
            || (both && longest[row + 1][column] >= longest[row][column + 1])
        {
            lines.push((Some(one[row].clone()), None));
            row += 1;
        } else {
            lines.push((None, Some(other[column].clone())));
            column += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn what_both_ways_have_in_common_stands_on_the_same_line() {
        let list = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let lines = aligned(&list("a b c e"), &list("a x c d e"));
        let shown: Vec<String> = lines
            .iter()
            .map(|(one, other)| {
                let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
                format!("{}{}", side(one), side(other))
            })
            .collect();
        assert_eq!(shown, ["aa", "b-", "-x", "cc", "-d", "ee"]);
    }
}
