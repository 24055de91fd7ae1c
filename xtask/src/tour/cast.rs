//! A recorded terminal session in the format asciicast v2: a header, then `[seconds, "o", text]` lines.

use serde_json::json;

use super::Figures;

/// Width of the terminal.
const COLUMNS: u32 = 140;

/// The session: the demo, then what is asked.
pub(super) fn session(figures: &Figures) -> String {
    let mut cast = Cast::default();
    cast.lines.push(
        json!({"version": 2, "width": COLUMNS, "height": 40, "title": "landfall demo"}).to_string(),
    );
    cast.command(&format!(
        "landfall demo --people {} --seed {}",
        figures.people, figures.seed
    ));
    cast.line("Eight weeks pass ...");
    for told in &figures.told {
        cast.wait(1.5);
        cast.line(&format!("day {}, {}  {}", told.day, told.time, told.title));
        cast.line(&format!("               {}", told.verdict));
    }
    for asked in &figures.asked {
        cast.wait(2.5);
        cast.command(&asked.command);
        for line in asked.answer.lines() {
            cast.line(line);
        }
    }
    cast.lines.join("\n") + "\n"
}

#[derive(Default)]
struct Cast {
    lines: Vec<String>,
    seconds: f64,
}

impl Cast {
    fn wait(&mut self, seconds: f64) {
        self.seconds += seconds;
    }

    fn out(&mut self, text: &str) {
        let at = (self.seconds * 1000.0).round() / 1000.0;
        self.lines.push(json!([at, "o", text]).to_string());
    }

    /// Typed letter by letter, at the pace of somebody who knows what to type.
    fn command(&mut self, text: &str) {
        self.out("$ ");
        for letter in text.chars() {
            self.wait(0.04);
            self.out(&letter.to_string());
        }
        self.wait(0.4);
        self.out("\r\n");
    }

    fn line(&mut self, text: &str) {
        self.wait(0.03);
        self.out(&format!("{text}\r\n"));
    }
}
