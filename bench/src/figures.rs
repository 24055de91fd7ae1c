//! The figures of a run: as a table for people and as JSON for programs.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

/// How fast something ran.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Pushes a second.
    pub per_second: f64,
    /// Processor time of the sending side for each push, in microseconds.
    pub micros: f64,
    /// Processor time of the simulators for each push, in microseconds.
    pub sim_micros: f64,
}

/// The fastest of several runs: the one that the machine's other work disturbed least.
pub fn fastest(speeds: &[Speed]) -> Option<Speed> {
    let mut speeds = speeds.to_vec();
    speeds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let least = |of: fn(&Speed) -> f64| speeds.iter().map(of).fold(f64::INFINITY, f64::min);
    Some(Speed {
        per_second: speeds.last()?.per_second,
        micros: least(|speed| speed.micros),
        sim_micros: least(|speed| speed.sim_micros),
    })
}

struct Line {
    name: String,
    figure: String,
    ratio: String,
    wanted: String,
    json: Value,
}

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// A speed, with nothing wanted of it.
    pub fn speed(&mut self, name: &str, speed: Speed) {
        self.compared(name, speed, None);
    }

    /// A speed beside another: who that is, its speed, and what the ratio must be at least.
    pub fn compared(&mut self, name: &str, speed: Speed, beside: Option<(&str, Speed, f64)>) {
        let ratio =
            beside.map(|(peer, other, least)| (peer, speed.per_second / other.per_second, least));
        let met = |(_, ratio, least): (&str, f64, f64)| match ratio >= least {
            true => format!("at least {least}: met"),
            false => format!("at least {least}: **missed**"),
        };
        let figure = format!(
            "{} a second; {:.1} µs of processor time each, the simulator's {:.1} µs",
            thousands(speed.per_second),
            speed.micros,
            speed.sim_micros
        );
        self.line(
            name,
            figure,
            ratio.map_or_else(String::new, |(peer, ratio, _)| {
                format!("**{ratio:.2}** of {peer}")
            }),
            ratio.map_or_else(String::new, met),
            json!({
                "per_second": speed.per_second,
                "micros": speed.micros,
                "simulator_micros": speed.sim_micros,
                "ratio": ratio.map(|(_, ratio, _)| ratio),
            }),
        );
    }

    /// Anything else.
    pub fn line(&mut self, name: &str, figure: String, ratio: String, wanted: String, json: Value) {
        eprintln!("    {name}: {figure} {ratio} {wanted}");
        self.lines.push(Line {
            name: name.to_owned(),
            figure,
            ratio,
            wanted,
            json,
        });
    }

    /// Prints the table and writes the JSON.
    pub fn finish(self, folder: &Path) -> Result<()> {
        println!("\n{}\n", crate::process::machine());
        println!("| | figure | ratio | wanted |\n|---|---|---|---|");
        for line in &self.lines {
            println!(
                "| {} | {} | {} | {} |",
                line.name, line.figure, line.ratio, line.wanted
            );
        }
        let lines = self.lines.into_iter();
        let json: serde_json::Map<String, Value> =
            lines.map(|line| (line.name, line.json)).collect();
        let path = folder.join("figures.json");
        std::fs::write(&path, serde_json::to_string_pretty(&json)?)?;
        println!("\nThe same as JSON: {}", path.display());
        Ok(())
    }
}

/// A whole number with commas.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The value below which a share of the sorted values lies.
pub fn percentile(sorted: &[i64], share: f64) -> i64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(place.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}
