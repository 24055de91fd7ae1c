//! What is said to the owner: verdict, size, slice, status breakdown, link.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Incident, State, Tell};

/// Cases by status, for the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The status or reason.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// A message about an incident, for any channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// One line.
    pub title: String,
    /// The verdict as a sentence.
    pub verdict: String,
    /// Pairs of a word and a figure.
    pub facts: Vec<(String, String)>,
    /// What became of the messages, the most frequent first.
    pub breakdown: Vec<Breakdown>,
    /// Where to look further.
    pub link: String,
}

/// What is known of an incident beside its signals, in words for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Where, such as `Cart Recovery, platform ios`.
    pub place: String,
    /// The verdict as a sentence.
    pub verdict: String,
    /// What became of the messages, in any order.
    pub breakdown: Vec<Breakdown>,
    /// What it costs a day, if that is known.
    pub money_a_day: Option<f64>,
    /// What that is counted in, such as `EUR`.
    pub unit: String,
    /// Where to look further.
    pub link: String,
}

/// Statuses that fit a message.
const STATUSES_MAX: usize = 5;

impl Message {
    /// The message for what is to tell.
    pub fn about(incident: &Incident, tell: &Tell, account: Account) -> Self {
        let head = &incident.finding.head;
        let what = match tell {
            Tell::New(_) => "New",
            Tell::Worse(_) => "Worse",
            Tell::Back(_) => "Back again",
            Tell::Still(_) => "Still there",
            Tell::Over(_) => "Over",
        };
        let Account {
            place,
            verdict,
            mut breakdown,
            money_a_day,
            unit,
            link,
        } = account;
        let mut facts = vec![("Where".to_owned(), place.clone())];
        if let Some((rate, expected)) = head.rates() {
            let words = format!("{:.1} % instead of {:.1} %", 100.0 * rate, 100.0 * expected);
            facts.push((head.metric.name().to_owned(), words));
            let missing = if head.metric.falls() {
                "Missing"
            } else {
                "Too many"
            };
            facts.push((missing.to_owned(), format!("{:.0}", head.missing())));
        }
        if let Some(money) = money_a_day {
            facts.push(("Costs".to_owned(), format!("{money:.0} {unit} a day")));
        }
        facts.push((
            "Signals".to_owned(),
            incident.finding.signals.len().to_string(),
        ));
        if let State::Acknowledged { by } = &incident.state {
            facts.push(("Works on it".to_owned(), by.clone()));
        }
        breakdown.sort_by(|a, b| b.count.cmp(&a.count).then(a.name.cmp(&b.name)));
        breakdown.truncate(STATUSES_MAX);
        Self {
            title: format!("{what}: {} on {place}", head.metric.name()),
            verdict,
            facts,
            breakdown,
            link,
        }
    }

    /// As plain text, for e-mail.
    pub fn text(&self) -> String {
        let mut lines = vec![self.verdict.clone(), String::new()];
        lines.extend(
            self.facts
                .iter()
                .map(|(word, figure)| format!("{word}: {figure}")),
        );
        if !self.breakdown.is_empty() {
            lines.push(format!("Status: {}", self.statuses()));
        }
        lines.push(String::new());
        lines.push(self.link.clone());
        lines.join("\n")
    }

    /// As blocks for Slack (Block Kit: a header of up to 150 characters, sections with up to ten fields).
    pub fn slack(&self) -> Value {
        let title: String = self.title.chars().take(150).collect();
        let fields: Vec<Value> = self
            .facts
            .iter()
            .take(10)
            .map(|(word, figure)| {
                json!({"type": "mrkdwn", "text": format!("*{}*\n{}", escaped(word), escaped(figure))})
            })
            .collect();
        let mut blocks = vec![
            json!({"type": "header", "text": {"type": "plain_text", "text": title}}),
            json!({"type": "section", "text": {"type": "mrkdwn", "text": escaped(&self.verdict)}}),
            json!({"type": "section", "fields": fields}),
        ];
        if !self.breakdown.is_empty() {
            let text = format!("Status: {}", escaped(&self.statuses()));
            let element = json!({"type": "mrkdwn", "text": text});
            blocks.push(json!({"type": "context", "elements": [element]}));
        }
        let button = json!({
            "type": "button",
            "text": {"type": "plain_text", "text": "Open"},
            "url": self.link,
        });
        blocks.push(json!({"type": "actions", "elements": [button]}));
        json!({"text": self.title, "blocks": blocks})
    }

    fn statuses(&self) -> String {
        let parts: Vec<String> = self
            .breakdown
            .iter()
            .map(|part| format!("{} {}", part.name, part.count))
            .collect();
        parts.join(", ")
    }
}

/// Text as Slack wants it: three characters have a meaning there.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
