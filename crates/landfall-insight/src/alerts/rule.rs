//! Rules of one's own, read from JSON with every fault at once.
//!
//! ```json
//! {"rules": [
//!   {"id": "ios-delivered", "metric": "delivered", "where": {"platform": "ios"},
//!    "below": 0.8, "over_minutes": 60, "at_least": 200, "notify": ["slack:#push"]},
//!   {"id": "cart-opens", "metric": "opened", "where": {"journey": "cart-recovery"},
//!    "fell_by": 0.25, "against": "week_before", "over_minutes": 240, "at_least": 500},
//!   {"id": "apns-alive", "metric": "accepted", "where": {"provider": "apns"},
//!    "absent": true, "over_minutes": 30}
//! ]}
//! ```

use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Metric, Signal, SliceOf};

/// What a rule compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The window that ended an hour ago.
    HourBefore,
    /// The same time of the day before.
    DayBefore,
    /// The same time of the week before.
    WeekBefore,
}

impl Against {
    const NAMES: [(&'static str, Self); 3] = [
        ("hour_before", Self::HourBefore),
        ("day_before", Self::DayBefore),
        ("week_before", Self::WeekBefore),
    ];

    /// How long before, in milliseconds.
    pub const fn millis(self) -> i64 {
        match self {
            Self::HourBefore => HOUR_MS,
            Self::DayBefore => DAY_MS,
            Self::WeekBefore => 7 * DAY_MS,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::HourBefore => "an hour before",
            Self::DayBefore => "the day before",
            Self::WeekBefore => "the week before",
        }
    }
}

/// When a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The rate is below this.
    Below(f64),
    /// The rate is above this.
    Above(f64),
    /// The rate fell by this share.
    FellBy(f64, Against),
    /// The rate rose by this share.
    RoseBy(f64, Against),
    /// Nothing happened at all: no hit.
    Absent,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What it watches.
    pub metric: Metric,
    /// Where.
    #[serde(rename = "where")]
    pub slice: SliceOf,
    /// When it is broken.
    pub condition: Condition,
    /// Milliseconds that it looks back.
    pub window_ms: i64,
    /// Cases below which it says nothing.
    pub at_least: u64,
    /// Whom to tell; the owner of the journey when empty.
    pub notify: Vec<String>,
}

/// One thing that is wrong with the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: `rules[0].below`.
    pub at: String,
    /// What, and what to do.
    pub problem: String,
}

/// What a rule says about counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It is kept.
    Kept,
    /// There is too little to tell.
    TooLittle,
    /// It is broken, in words; with the hits that were expected.
    Broken {
        /// The sentence for the message.
        words: String,
        /// Hits that keep the rule.
        expected: f64,
    },
}

/// Cases and hits.
pub type Counts = (u64, u64);

impl Rule {
    /// Judges the counts (cases, hits) of the window, beside those of the window to compare with.
    pub fn judge(&self, now: Counts, before: Counts) -> Judgement {
        let (cases, hits) = now;
        if self.condition == Condition::Absent {
            return if hits > 0 {
                Judgement::Kept
            } else {
                broken(format!("no {} at all", self.metric.name()), 1.0)
            };
        }
        if cases < self.at_least.max(1) {
            return Judgement::TooLittle;
        }
        let rate = hits as f64 / cases as f64;
        let name = self.metric.name();
        let n = cases as f64;
        let percent = |rate: f64| format!("{:.1} %", 100.0 * rate);
        match self.condition {
            Condition::Below(limit) if rate < limit => broken(
                format!("{name} is {}, below {}", percent(rate), percent(limit)),
                n * limit,
            ),
            Condition::Above(limit) if rate > limit => broken(
                format!("{name} is {}, above {}", percent(rate), percent(limit)),
                n * limit,
            ),
            Condition::FellBy(share, against) | Condition::RoseBy(share, against) => {
                if before.0 < self.at_least.max(1) || before.1 == 0 {
                    return Judgement::TooLittle;
                }
                let usual = before.1 as f64 / before.0 as f64;
                let falls = matches!(self.condition, Condition::FellBy(..));
                let limit = usual * if falls { 1.0 - share } else { 1.0 + share };
                if (falls && rate >= limit) || (!falls && rate <= limit) {
                    return Judgement::Kept;
                }
                if !is_beyond_chance(now, before) {
                    return Judgement::TooLittle;
                }
                let (is, was) = (percent(rate), percent(usual));
                broken(
                    format!("{name} is {is} instead of {was} {}", against.words()),
                    n * usual,
                )
            }
            _ => Judgement::Kept,
        }
    }

    /// How long before the window that it compares with is; `None` when it compares with nothing.
    pub const fn against(&self) -> Option<Against> {
        match self.condition {
            Condition::FellBy(_, against) | Condition::RoseBy(_, against) => Some(against),
            _ => None,
        }
    }
}

/// Standard errors from which two windows count as different. A rule is judged every quarter of an hour, so
/// that the largest of many chance differences is met.
const BEYOND_CHANCE: f64 = 4.0;

/// Whether the rates of two windows differ by more than chance explains.
fn is_beyond_chance(now: Counts, before: Counts) -> bool {
    let (n, m) = (now.0 as f64, before.0 as f64);
    let pooled = (now.1 + before.1) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    (now.1 as f64 / n - before.1 as f64 / m).abs() >= BEYOND_CHANCE * error
}

const fn broken(words: String, expected: f64) -> Judgement {
    Judgement::Broken { words, expected }
}

/// A rule at work: judged again and again, broken until it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AtWork {
    /// What is broken, since when.
    pub broken: Option<Signal>,
    /// What it said last, in words; `None`: it is kept.
    pub words: Option<String>,
    /// Whether there was too little to tell the last time.
    pub too_little: bool,
    /// The end of the last window that it was judged by.
    pub judged_at: Option<Timestamp>,
}

impl AtWork {
    /// Judges the window that ends at `end`, beside the one to compare with. Answers the signal while it is
    /// broken: silence neither breaks a rule nor keeps it.
    pub fn take(
        &mut self,
        rule: &Rule,
        now: Counts,
        before: Counts,
        end: Timestamp,
    ) -> Option<&Signal> {
        self.judged_at = Some(end);
        let judgement = rule.judge(now, before);
        self.too_little = judgement == Judgement::TooLittle;
        match judgement {
            Judgement::TooLittle => {}
            Judgement::Kept => {
                self.broken = None;
                self.words = None;
            }
            Judgement::Broken { words, expected } => {
                let began = end.plus_millis(-rule.window_ms);
                self.broken = Some(Signal {
                    metric: rule.metric,
                    slice: rule.slice.clone(),
                    since: self.broken.as_ref().map_or(began, |broken| broken.since),
                    cases: now.0,
                    hits: now.1,
                    expected,
                    money_a_day: None,
                    rule: Some(rule.id.clone()),
                });
                self.words = Some(words);
            }
        }
        self.broken.as_ref()
    }
}

/// Keys of a rule.
const KEYS: [&str; 12] = [
    "id",
    "metric",
    "where",
    "below",
    "above",
    "fell_by",
    "rose_by",
    "absent",
    "against",
    "over_minutes",
    "at_least",
    "notify",
];

/// Reads a document of rules.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_rules(document: &Value) -> Result<Vec<Rule>, Vec<Fault>> {
    let Some(rules) = document.get("rules").and_then(Value::as_array) else {
        return Err(vec![Fault {
            at: "rules".to_owned(),
            problem: "a list of rules is expected: {\"rules\": [...]}".to_owned(),
        }]);
    };
    let mut reader = Reader::default();
    let read: Vec<Option<Rule>> = rules
        .iter()
        .enumerate()
        .map(|(nth, rule)| reader.rule(nth, rule))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for (nth, rule) in read.iter().enumerate() {
        let Some(rule) = rule else { continue };
        if seen.contains(&rule.id.as_str()) {
            let problem = format!("there is another rule `{}`; ids are unique", rule.id);
            reader.faults.push(Fault {
                at: format!("rules[{nth}].id"),
                problem,
            });
        }
        seen.push(&rule.id);
    }
    if reader.faults.is_empty() {
        Ok(read.into_iter().flatten().collect())
    } else {
        Err(reader.faults)
    }
}

#[derive(Default)]
struct Reader {
    faults: Vec<Fault>,
    at: String,
}

impl Reader {
    fn fault(&mut self, key: &str, problem: impl Into<String>) {
        let at = if key.is_empty() {
            self.at.clone()
        } else {
            format!("{}.{key}", self.at)
        };
        self.faults.push(Fault {
            at,
            problem: problem.into(),
        });
    }

    fn rule(&mut self, nth: usize, value: &Value) -> Option<Rule> {
        self.at = format!("rules[{nth}]");
        let Some(map) = value.as_object() else {
            self.fault("", "a rule is an object");
            return None;
        };
        for key in map.keys() {
            if !KEYS.contains(&key.as_str()) {
                self.fault(key, format!("unknown; a rule has {}", KEYS.join(", ")));
            }
        }
        let id = self.text(map, "id");
        let metric = self.metric(map);
        let slice = self.slice(map);
        let condition = self.condition(map);
        let minutes = self.whole(map, "over_minutes", 60, 1, 7 * 24 * 60);
        let at_least = self.whole(map, "at_least", 100, 1, 1_000_000_000);
        let notify = self.notify(map);
        Some(Rule {
            id: id?,
            metric: metric?,
            slice,
            condition: condition?,
            window_ms: minutes as i64 * MINUTE_MS,
            at_least,
            notify,
        })
    }

    fn text(&mut self, map: &Map<String, Value>, key: &str) -> Option<String> {
        let text = map.get(key).and_then(Value::as_str).map(str::trim);
        if text.is_none_or(str::is_empty) {
            self.fault(key, "a text that is not empty is expected");
            return None;
        }
        text.map(str::to_owned)
    }

    fn metric(&mut self, map: &Map<String, Value>) -> Option<Metric> {
        let name = map
            .get("metric")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let metric = Metric::named(name);
        if metric.is_none() {
            let names: Vec<&str> = Metric::ALL.into_iter().map(Metric::name).collect();
            self.fault("metric", format!("one of {} is expected", names.join(", ")));
        }
        metric
    }

    fn slice(&mut self, map: &Map<String, Value>) -> SliceOf {
        let mut slice = SliceOf::default();
        let Some(value) = map.get("where") else {
            return slice;
        };
        let Some(pairs) = value.as_object() else {
            self.fault("where", "an object of dimensions and values is expected");
            return slice;
        };
        for (key, value) in pairs {
            match value.as_str() {
                Some(value) => {
                    slice.0.insert(key.clone(), value.to_owned());
                }
                None => self.fault(&format!("where.{key}"), "a text is expected"),
            }
        }
        slice
    }

    fn condition(&mut self, map: &Map<String, Value>) -> Option<Condition> {
        const KINDS: [&str; 5] = ["below", "above", "fell_by", "rose_by", "absent"];
        let given: Vec<&str> = KINDS
            .into_iter()
            .filter(|key| map.contains_key(*key))
            .collect();
        let [kind] = given[..] else {
            self.fault(
                "",
                format!("exactly one of {} is expected", KINDS.join(", ")),
            );
            return None;
        };
        let compares = matches!(kind, "fell_by" | "rose_by");
        if map.contains_key("against") && !compares {
            self.fault(
                "against",
                format!("`{kind}` compares with nothing; leave it out"),
            );
        }
        if kind == "absent" {
            if map[kind] != Value::Bool(true) {
                self.fault(kind, "`true` is expected");
                return None;
            }
            return Some(Condition::Absent);
        }
        let share = map[kind].as_f64().unwrap_or(f64::NAN);
        let upper = if kind == "rose_by" { 100.0 } else { 1.0 };
        if !(share > 0.0 && share < upper) {
            self.fault(
                kind,
                format!("a share above 0 and below {upper} is expected; 80 % is 0.8"),
            );
            return None;
        }
        match kind {
            "below" => Some(Condition::Below(share)),
            "above" => Some(Condition::Above(share)),
            "fell_by" => Some(Condition::FellBy(share, self.against(map)?)),
            _ => Some(Condition::RoseBy(share, self.against(map)?)),
        }
    }

    fn against(&mut self, map: &Map<String, Value>) -> Option<Against> {
        let Some(value) = map.get("against") else {
            return Some(Against::WeekBefore);
        };
        let named = |(name, _): &&(&str, Against)| value.as_str() == Some(*name);
        let found = Against::NAMES
            .iter()
            .find(named)
            .map(|(_, against)| *against);
        if found.is_none() {
            self.fault(
                "against",
                "one of hour_before, day_before, week_before is expected",
            );
        }
        found
    }

    fn whole(
        &mut self,
        map: &Map<String, Value>,
        key: &str,
        default: u64,
        low: u64,
        high: u64,
    ) -> u64 {
        let Some(value) = map.get(key) else {
            return default;
        };
        match value
            .as_u64()
            .filter(|number| (low..=high).contains(number))
        {
            Some(number) => number,
            None => {
                self.fault(
                    key,
                    format!("a whole number from {low} to {high} is expected"),
                );
                default
            }
        }
    }

    fn notify(&mut self, map: &Map<String, Value>) -> Vec<String> {
        const WAYS: [&str; 3] = ["slack:", "email:", "webhook:"];
        let Some(value) = map.get("notify") else {
            return Vec::new();
        };
        let ways: Option<Vec<String>> = value
            .as_array()
            .map(|list| {
                list.iter()
                    .map(|way| way.as_str().map(str::to_owned))
                    .collect()
            })
            .unwrap_or_default();
        let known = |way: &String| {
            WAYS.iter()
                .any(|prefix| way.len() > prefix.len() && way.starts_with(prefix))
        };
        match ways {
            Some(ways) if ways.iter().all(known) => ways,
            _ => {
                self.fault("notify", "a list such as [\"slack:#push\", \"email:a@b.example\", \"webhook:https://...\"] is expected");
                Vec::new()
            }
        }
    }
}
