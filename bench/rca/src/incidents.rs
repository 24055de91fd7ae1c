//! Labelled incidents: a minute beside the ten minutes before it.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use landfall_insight::localise::{
    Attribute, Counts, Cube, Description, Direction, Options, Part, localise,
};
use serde_json::Value;

use crate::score::{Score, ranked, said};
use crate::watch::Watch;

/// Minutes of history that make the baseline.
const HISTORY: usize = 10;

/// Localises all incidents of a folder and prints the scores.
pub fn run(data: &Path, verbose: bool, halves: bool) -> Result<()> {
    let labels = data.join("labels.json");
    let text = std::fs::read_to_string(&labels).with_context(|| {
        format!(
            "no labels in {}: give the folder with --data",
            labels.display()
        )
    })?;
    let labels: Vec<Value> = serde_json::from_str(&text)?;
    let mut scores = [Score::default(); 3];
    for (index, label) in labels.iter().enumerate() {
        let name = label["case"].as_str().context("a label names its case")?;
        let minute = label["incident_minute"]
            .as_i64()
            .context("a label has its minute")?;
        let cube = read(&data.join("cases").join(name), minute).with_context(|| name.to_owned())?;
        let causes = causes(&cube, &label["cause"])?;
        let options = Options {
            direction: Direction::Rise,
            ..Options::default()
        };
        let watch = Watch::start();
        let answer = localise(&cube, &options);
        let seconds = watch.seconds();
        let said = said(&answer);
        let places = ranked(&answer);
        let place = causes
            .iter()
            .map(|cause| places.iter().position(|one| one == cause))
            .max_by_key(|place| place.unwrap_or(usize::MAX))
            .flatten();
        for score in [2, index % 2] {
            let score = &mut scores[score];
            score.cases += 1;
            score.count(&said, &causes);
            for (top, most) in score
                .top
                .iter_mut()
                .zip([causes.len(), 3.max(causes.len()), 5])
            {
                *top += usize::from(place.is_some_and(|place| place < most));
            }
            score.timed(seconds);
        }
        let solved = said.len() == causes.len() && causes.iter().all(|cause| said.contains(cause));
        if verbose && !solved {
            println!(
                "{name}: {:?} p {:.1e} dispersion {:.1e}",
                answer.verdict, answer.p_value, answer.dispersion
            );
            println!(
                "   cause {}",
                causes
                    .iter()
                    .map(|cause| words(&cube, cause))
                    .collect::<Vec<_>>()
                    .join(" | ")
            );
            for element in answer
                .elements
                .iter()
                .chain(answer.candidates.iter().take(6))
            {
                println!(
                    "   {:<50} evidence {:9.1} llr {:9.1} share {:5.2} rate {:.4} of {:.4}, {} leaves",
                    words(&cube, &element.description),
                    element.evidence,
                    element.llr,
                    element.share,
                    element.observed_rate,
                    element.expected_rate,
                    element.leaves
                );
            }
        }
    }
    let names = ["even half", "odd half", "all"];
    println!("\nLabelled incidents ({})", data.display());
    println!("| cases | exact F1 | right, wrong, missed | first | top 3 | top 5 | ms mean, most |");
    println!("|---|---|---|---|---|---|---|");
    for (name, score) in names.iter().zip(&scores) {
        if halves || *name == "all" {
            println!(
                "| {} {name} | **{:.3}** | {}, {}, {} | {} | {} | {} | {:.1}, {:.1} |",
                score.cases,
                score.f1(),
                score.found,
                score.wrong,
                score.missed,
                score.top[0],
                score.top[1],
                score.top[2],
                1e3 * score.seconds / score.cases as f64,
                1e3 * score.slowest
            );
        }
    }
    Ok(())
}

/// A cube of the incident's minute and the minutes before it.
fn read(path: &Path, incident: i64) -> Result<Cube> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().context("an empty file")?.split(',').collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|one| *one == name)
            .with_context(|| format!("no column {name}"))
    };
    let (minute, hits, cases) = (column("min")?, column("value")?, column("cnt")?);
    let dimensions: Vec<usize> = (0..header.len())
        .filter(|index| ![minute, hits, cases].contains(index))
        .collect();
    let mut rows = Vec::new();
    let mut minutes = BTreeSet::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        ensure!(
            cells.len() == header.len(),
            "a row has {} cells",
            cells.len()
        );
        let at: i64 = cells[minute].parse()?;
        if at < incident {
            minutes.insert(at);
        }
        rows.push((at, cells));
    }
    let first = minutes
        .iter()
        .rev()
        .nth(HISTORY - 1)
        .or(minutes.first())
        .copied()
        .unwrap_or(incident);
    let mut attributes: Vec<Attribute> = dimensions
        .iter()
        .map(|index| Attribute {
            name: header[*index].to_owned(),
            values: Vec::new(),
        })
        .collect();
    let mut leaves: HashMap<Vec<u16>, Counts> = HashMap::new();
    let mut order = Vec::new();
    for (at, cells) in rows
        .iter()
        .filter(|(at, _)| (first..=incident).contains(at))
    {
        let codes: Vec<u16> = dimensions
            .iter()
            .zip(&mut attributes)
            .map(|(index, attribute)| code(attribute, cells[*index]))
            .collect();
        let (x, n): (u64, u64) = (cells[hits].parse()?, cells[cases].parse()?);
        let counts = leaves.entry(codes.clone()).or_insert_with(|| {
            order.push(codes);
            Counts::default()
        });
        if *at == incident {
            counts.n += n;
            counts.x += x.min(n);
        } else {
            counts.n0 += n;
            counts.x0 += x.min(n);
        }
    }
    let mut cube = Cube::new(attributes);
    for codes in order {
        cube.push(&codes, leaves[&codes])?;
    }
    Ok(cube)
}

fn code(attribute: &mut Attribute, value: &str) -> u16 {
    let known = attribute.values.iter().position(|known| known == value);
    known.unwrap_or_else(|| {
        attribute.values.push(value.to_owned());
        attribute.values.len() - 1
    }) as u16
}

fn causes(cube: &Cube, label: &Value) -> Result<Vec<Description>> {
    let list = label
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![label.clone()]);
    list.iter()
        .map(|cause| {
            let mut parts: Description = Vec::new();
            for (name, value) in cause.as_object().context("a cause is an object")? {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let attribute = cube
                    .attributes()
                    .iter()
                    .position(|one| &one.name == name)
                    .with_context(|| format!("no dimension {name}"))?;
                let code = cube.attributes()[attribute]
                    .values
                    .iter()
                    .position(|one| *one == value);
                parts.push(Part {
                    attribute,
                    values: vec![
                        code.with_context(|| format!("no value {value} of {name}"))? as u16
                    ],
                });
            }
            parts.sort();
            Ok(parts)
        })
        .collect()
}

/// An element in words.
pub fn words(cube: &Cube, description: &Description) -> String {
    description
        .iter()
        .map(|part| {
            let attribute = &cube.attributes()[part.attribute];
            let values: Vec<&str> = part
                .values
                .iter()
                .map(|code| attribute.values[usize::from(*code)].as_str())
                .collect();
            format!("{}={}", attribute.name, values.join("|"))
        })
        .collect::<Vec<_>>()
        .join(" ")
}
