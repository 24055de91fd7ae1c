//! Rules of one's own: read, kept, tried on history.

use std::collections::BTreeMap;

use landfall_audience::definition::{Fault, parse_duration};
use landfall_board::QueryError;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::alerts::{
    self, Against, AtWork, Backtest, Known, Metric, Point, Rule, SliceOf, State, Windows, backtest,
};
use landfall_store::{DocumentKind, Store, StoreError};
use serde_json::{Value, json};

use super::book::{Book, RuleFile, StoredRule, json as text};
use super::channels::{Destination, FORM, address_of, newest, resolved};
use super::counts::{BUCKET_MS, Counting, settled_until};
use super::{THREADS, slice};
use crate::catalogue::Catalogue;
use crate::diagnosis::Period;
use crate::journeys::{self, JourneyState};
use crate::workspace::Workspace;

/// Most rules of a workspace.
const RULES_MAX: usize = 200;
/// Pushes below which a journey's alert says nothing, when its definition leaves that open.
const LEAST: u64 = 100;
/// Longest id of a rule in bytes.
const ID_BYTES_MAX: usize = 100;

/// How a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleState {
    /// It is kept.
    Kept,
    /// It is broken.
    Broken,
    /// There is too little to tell.
    TooLittle,
    /// It was not judged yet.
    Unknown,
}

impl RuleState {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::TooLittle => "too_little",
            Self::Unknown => "unknown",
        }
    }
}

/// A rule, and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleView {
    /// The rule as JSON.
    pub rule: Value,
    /// How it stands.
    pub state: RuleState,
    /// What it says, while it is broken.
    pub words: Option<String>,
    /// The end of the last window that it was judged by.
    pub judged_at: Option<Timestamp>,
    /// When it was made or changed.
    pub at: Timestamp,
}

/// What a rule would have done, with the figures that it is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What it would have done.
    pub backtest: Backtest,
    /// The quarter hours, oldest first.
    pub points: Vec<Point>,
    /// The rate that it asks for, if that is a number of its own.
    pub threshold: Option<f64>,
}

/// Why a rule was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It has faults.
    #[error("the rule has {} faults", .0.len())]
    Faults(Vec<Fault>),
    /// There is none.
    #[error("there is no rule `{0}`")]
    Missing(String),
    /// The board refused the question.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads one rule, whose journey is written by its number.
pub(super) fn read_one(rule: &Value) -> Result<Rule, Vec<Fault>> {
    let read = alerts::read_rules(&json!({ "rules": [rule] }));
    let rules = read.map_err(|faults| faults.into_iter().map(fault).collect::<Vec<_>>())?;
    let rule = rules.into_iter().next();
    let rule = rule.ok_or_else(|| vec![Fault::new("", "this is no rule", "write one object")])?;
    let mut faults = Vec::new();
    if rule.metric == Metric::Heartbeat {
        let fix = "leave the rule out: an incident opens when a provider refuses a credential";
        faults.push(Fault::new("metric", "credentials are always watched", fix));
    }
    if rule.id.len() > ID_BYTES_MAX || rule.id.contains('/') {
        let fix = format!("write at most {ID_BYTES_MAX} bytes without `/`");
        faults.push(Fault::new("id", "this is no id of a rule", fix));
    }
    if let Err(name) = slice::conditions(&rule.slice) {
        let fix = format!("name values of {}", slice::DIMENSIONS.join(", "));
        faults.push(Fault::new(
            format!("where.{name}"),
            "this names nothing",
            fix,
        ));
    }
    for (nth, to) in rule.notify.iter().enumerate() {
        if Destination::read(to).is_none() {
            faults.push(Fault::new(
                format!("notify[{nth}]"),
                "nobody is there",
                FORM,
            ));
        }
    }
    if faults.is_empty() {
        Ok(rule)
    } else {
        Err(faults)
    }
}

/// The rules that the definitions of running journeys hold as `alert`, by id.
pub(super) fn of_journeys(store: &dyn Store) -> Result<BTreeMap<String, Rule>, StoreError> {
    let definitions = newest(store)?;
    let mut rules = BTreeMap::new();
    for (id, journey) in journeys::all(store)? {
        let alert = definitions.get(&id).map(|definition| &definition["alert"]);
        let Some(alert) = alert.filter(|_| journey.state == JourneyState::Running) else {
            continue;
        };
        let Some(drop) = alert["drop"].as_f64() else {
            continue;
        };
        let to = alert["to"].as_array().into_iter().flatten();
        let to = to.chain(Some(&alert["to"])).filter_map(Value::as_str);
        let window = alert["window"].as_str().and_then(parse_duration);
        let journey_number = format!("campaign:{}", id.0);
        let rule = Rule {
            id: format!("alert of {}", journey.slug),
            metric: Metric::Delivered,
            slice: SliceOf::of([("journey", journey_number.as_str())]),
            condition: alerts::Condition::FellBy(drop / 100.0, Against::WeekBefore),
            window_ms: window.unwrap_or(DAY_MS).clamp(BUCKET_MS, 28 * DAY_MS),
            at_least: alert["least"].as_u64().unwrap_or(LEAST),
            notify: to.filter_map(address_of).collect(),
        };
        rules.insert(rule.id.clone(), rule);
    }
    Ok(rules)
}

/// Faults of rules say in one text what is wrong and what is expected.
fn fault(fault: alerts::Fault) -> Fault {
    let path = fault.at.strip_prefix("rules[0]").unwrap_or(&fault.at);
    Fault::new(
        path.trim_start_matches('.'),
        fault.problem,
        "see docs/concepts/alerts.md",
    )
}

/// A rule with its journey by number, which stays when it is called something else.
fn canonical(
    mut rule: Value,
    store: &dyn Store,
    catalogue: &Catalogue,
) -> Result<Value, RuleError> {
    let Some(journey) = rule["where"]["journey"].as_str() else {
        return Ok(rule);
    };
    match resolved(store, catalogue, journey)? {
        Some(found) => {
            rule["where"]["journey"] = found.into();
            Ok(rule)
        }
        None => {
            let wrong = format!("there is no journey `{journey}`");
            let fix = "write its number, slug or name";
            Err(RuleError::Faults(vec![Fault::new(
                "where.journey",
                wrong,
                fix,
            )]))
        }
    }
}

fn view(file: &RuleFile, at_work: Option<&AtWork>) -> RuleView {
    let state = match at_work {
        None => RuleState::Unknown,
        Some(AtWork {
            broken: Some(_), ..
        }) => RuleState::Broken,
        Some(AtWork {
            too_little: true, ..
        }) => RuleState::TooLittle,
        Some(AtWork {
            judged_at: None, ..
        }) => RuleState::Unknown,
        Some(_) => RuleState::Kept,
    };
    RuleView {
        rule: file.stored.rule.clone(),
        state,
        words: at_work.and_then(|at_work| at_work.words.clone()),
        judged_at: at_work.and_then(|at_work| at_work.judged_at),
        at: file.stored.at,
    }
}

impl Book {
    fn view(&self, id: &str) -> Result<RuleView, RuleError> {
        let file = self.rules.get(id);
        let file = file.ok_or_else(|| RuleError::Missing(id.to_owned()))?;
        Ok(view(file, self.progress.rules.get(id)))
    }
}

impl Workspace {
    /// All rules, by id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn alert_rules(&self) -> Result<Vec<RuleView>, RuleError> {
        self.with_book(|book, _| book.rules.keys().map(|id| book.view(id)).collect())
            .await
    }

    /// One rule.
    ///
    /// # Errors
    /// When there is none; when the store cannot be read.
    pub async fn alert_rule(&self, id: &str) -> Result<RuleView, RuleError> {
        let id = id.to_owned();
        self.with_book(move |book, _| book.view(&id)).await
    }

    /// Makes or replaces the rule of that id. A rule that changed is judged anew.
    ///
    /// # Errors
    /// Every fault of it; or when the store cannot be written.
    pub async fn set_alert_rule(&self, id: &str, mut rule: Value) -> Result<RuleView, RuleError> {
        let (id, now, catalogue) = (id.to_owned(), self.now(), self.catalogue());
        match rule.as_object_mut() {
            Some(map) => {
                map.entry("id").or_insert_with(|| id.clone().into());
            }
            None => return Err(RuleError::Faults(vec![not_an_object()])),
        }
        if rule["id"] != id.as_str() {
            let wrong = format!("the address names the rule `{id}`");
            let fix = "leave `id` out, or write the same";
            return Err(RuleError::Faults(vec![Fault::new("id", wrong, fix)]));
        }
        let set = self.with_book(move |book, store| {
            let stored = StoredRule {
                rule: canonical(rule, store, &catalogue)?,
                at: now,
            };
            let rule = read_one(&stored.rule).map_err(RuleError::Faults)?;
            let known = book.rules.get(&id).map(|file| file.document);
            if known.is_none() && book.rules.len() >= RULES_MAX {
                let fix = format!("keep at most {RULES_MAX}");
                return Err(RuleError::Faults(vec![Fault::new(
                    "",
                    "there are too many rules",
                    fix,
                )]));
            }
            let body = text(&stored)?;
            let document = match known {
                Some(document) => {
                    store.replace_document(DocumentKind::AlertRule, document, &body)?;
                    document
                }
                None => store.insert_document(DocumentKind::AlertRule, &body)?,
            };
            let file = RuleFile {
                document,
                stored,
                rule,
            };
            book.rules.insert(id.clone(), file);
            book.progress.rules.remove(&id);
            book.view(&id)
        });
        let view = set.await?;
        self.shared.monitor_changed.notify_one();
        Ok(view)
    }

    /// Removes a rule. Its incidents end by themselves.
    ///
    /// # Errors
    /// When there is none; when the store cannot be written.
    pub async fn remove_alert_rule(&self, id: &str) -> Result<(), RuleError> {
        let id = id.to_owned();
        self.with_book(move |book, store| {
            let file = book
                .rules
                .get(&id)
                .ok_or_else(|| RuleError::Missing(id.clone()))?;
            store.delete_document(DocumentKind::AlertRule, file.document)?;
            book.rules.remove(&id);
            book.progress.rules.remove(&id);
            Ok(())
        })
        .await
    }

    /// Tries a rule on the days up to now, beside the incidents of that time and those in `known`.
    ///
    /// # Errors
    /// Every fault of the rule; or when the store cannot be read.
    pub async fn try_alert_rule(
        &self,
        mut rule: Value,
        days: u32,
        known: Vec<Known>,
    ) -> Result<Trial, RuleError> {
        let Some(map) = rule.as_object_mut() else {
            return Err(RuleError::Faults(vec![not_an_object()]));
        };
        map.entry("id").or_insert_with(|| "rule".into());
        let (workspace, now) = (self.clone(), self.now());
        let read = self.with_book(move |book, store| {
            let rule = canonical(rule, store, &workspace.catalogue())?;
            let rule = read_one(&rule).map_err(RuleError::Faults)?;
            let mut known = known;
            known.extend(book.desk.incidents.iter().map(|incident| Known {
                id: incident.id.clone(),
                from: incident.finding.since(),
                to: match incident.state {
                    State::Resolved { at, .. } => at,
                    _ => now,
                },
            }));
            Ok::<_, RuleError>((rule, known))
        });
        let (rule, known) = read.await?;
        let workspace = self.clone();
        let tried = tokio::task::spawn_blocking(move || {
            let (board, catalogue) = (workspace.board().view(), workspace.catalogue());
            let counting = Counting {
                board: &board,
                messages: catalogue.infos(),
                threads: THREADS,
            };
            trial(&counting, &rule, days, &known, now)
        });
        tried.await.map_err(StoreError::unavailable)?
    }
}

fn not_an_object() -> Fault {
    Fault::new("", "this is no rule", "write one object")
}

/// Tries a rule on the figures of the board, which the monitor would count in the same way.
pub(super) fn trial(
    counting: &Counting<'_>,
    rule: &Rule,
    days: u32,
    known: &[Known],
    now: Timestamp,
) -> Result<Trial, RuleError> {
    let end = settled_until(rule.metric, now);
    let needed = Windows::over(rule, &[], BUCKET_MS).needed() as i64 - 1;
    let start = end.plus_millis(-i64::from(days) * DAY_MS - needed * BUCKET_MS);
    let conditions = slice::conditions(&rule.slice)
        .map_err(|name| RuleError::Faults(vec![Fault::new(name, "this names nothing", "")]))?;
    let mut points = counting.points(rule.metric, &conditions, Period { start, end })?;
    // Before the first push there was nothing to judge.
    let first = points.iter().position(|point| point.cases > 0);
    points.drain(..first.unwrap_or(points.len()));
    let from = points.first().map_or(end, |point| point.start);
    let known: Vec<Known> = known.iter().filter(|k| k.to >= from).cloned().collect();
    Ok(Trial {
        backtest: backtest(rule, &points, BUCKET_MS, &known),
        points,
        threshold: match rule.condition {
            alerts::Condition::Below(limit) | alerts::Condition::Above(limit) => Some(limit),
            _ => None,
        },
    })
}
