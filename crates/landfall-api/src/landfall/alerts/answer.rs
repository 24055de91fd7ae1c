//! Incidents as JSON.

use std::collections::BTreeMap;

use landfall_domain::time::Timestamp;
use landfall_engine::Workspace;
use landfall_engine::monitor::{Case, Moment, Overview, Post};
use landfall_insight::alerts::{Signal, State};
use serde::Serialize;

/// An incident.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentAnswer {
    /// Its id, such as `inc-3`.
    id: String,
    /// `open`, `acknowledged`, `snoozed` or `resolved`.
    state: &'static str,
    /// Who acknowledged, snoozed or resolved it; `null`: nobody, or it ended by itself.
    by: Option<String>,
    /// Until when it waits, when it is snoozed.
    until_ms: Option<i64>,
    /// When it was opened.
    opened_ms: i64,
    /// When the trouble began, by all signs.
    since_ms: i64,
    /// When a signal was seen last.
    seen_ms: i64,
    /// When it was over.
    resolved_ms: Option<i64>,
    /// What is off: `heartbeat`, `coverage`, `eligible`, `accepted`, `bounced`, `delivered`, `opened` or `converted`.
    metric: &'static str,
    /// Where: values of dimensions; empty: everywhere.
    slice: BTreeMap<String, String>,
    /// The same in words.
    #[serde(rename = "where")]
    place: String,
    /// Journeys that it touches, the most affected first.
    journeys: Vec<TouchedJourney>,
    /// In one line.
    title: String,
    /// The verdict, in a sentence or two.
    verdict: String,
    /// Which problem it is by the diagnosis, such as `delivery`; `null`: the diagnosis cannot tell (yet).
    problem: Option<String>,
    /// What lies behind it by the diagnosis, such as `not_received`.
    cause: Option<String>,
    /// The rate; `null` for a credential.
    rate: Option<IncidentRate>,
    /// Hits that are missing (that are too many, where more is worse).
    missing: f64,
    /// Share of the cases that is missing.
    size: f64,
    /// What it costs a day, in `unit`.
    money_a_day: Option<f64>,
    /// What money is counted in: a currency, `orders` or `opens`.
    unit: Option<String>,
    /// Pushes of the slice by status since it began, the most frequent first.
    breakdown: Vec<CountAnswer>,
    /// How many series and rules say so.
    signals: usize,
    /// Rules of one's own among them.
    rules: Vec<String>,
    /// Path of the web application that shows the rows.
    link: String,
}

/// A journey by number and name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TouchedJourney {
    /// Such as `campaign:31`.
    pub(crate) journey: String,
    /// Its name.
    pub(crate) name: Option<String>,
}

/// A rate beside what is usual.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentRate {
    cases: u64,
    hits: u64,
    /// Hits that were to be expected.
    expected: f64,
    /// Hits by cases.
    value: f64,
    /// What is usual.
    usual: f64,
}

/// How often.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CountAnswer {
    name: String,
    count: u64,
}

/// An incident with all that belongs to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentInFull {
    #[serde(flatten)]
    incident: IncidentAnswer,
    /// What happened to it, oldest first.
    timeline: Vec<EntryAnswer>,
    /// Everything that says so.
    evidence: Vec<EvidenceAnswer>,
    /// Messages about it, oldest first.
    messages: Vec<PostAnswer>,
    /// Quarter hours of its slice, from a day before it began on.
    series: Vec<MomentAnswer>,
}

/// One line of a timeline.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EntryAnswer {
    at_ms: i64,
    /// Who; `null`: it happened by itself.
    by: Option<String>,
    text: String,
}

/// One series that is off, or one rule that is broken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EvidenceAnswer {
    metric: &'static str,
    slice: BTreeMap<String, String>,
    /// The slice in words.
    #[serde(rename = "where")]
    place: String,
    since_ms: i64,
    cases: u64,
    hits: u64,
    expected: f64,
    /// The rule; `null` for what is always watched.
    rule: Option<String>,
}

/// A message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PostAnswer {
    id: String,
    /// `new`, `worse`, `back`, `still` or `over`.
    event: String,
    /// Where to.
    to: String,
    /// `waiting`, `handed_over`, `sent`, `unknown` or `given_up`.
    state: String,
    tries: u16,
    at_ms: i64,
    /// When it is tried (again).
    next_ms: Option<i64>,
    /// What was wrong at the last try.
    problem: Option<String>,
}

/// One quarter of an hour.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MomentAnswer {
    at_ms: i64,
    cases: u64,
    hits: u64,
    /// Hits that were to be expected; `null`: too little is known.
    expected: Option<f64>,
}

/// How the monitor is doing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MonitorAnswer {
    /// Series that are watched.
    watching: usize,
    /// Series that were seen and have too little history yet.
    learning: usize,
    /// Everything up to here was looked at.
    seen_until_ms: Option<i64>,
    /// When what is usual was learned last.
    learned_ms: Option<i64>,
    /// When it looked last; `null`: not since the server was started.
    looked_ms: Option<i64>,
    /// Incidents that are not over.
    live: usize,
    /// Why it does not look.
    problem: Option<String>,
}

impl MonitorAnswer {
    /// How it is doing; `complete` says whether the board has caught up.
    pub(crate) fn of(overview: &Overview, complete: bool) -> Self {
        let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
        let problem = if !complete {
            Some("the board is still catching up with the ledger")
        } else if overview.looked_at.is_none() {
            Some("the monitor has not looked since the server was started")
        } else if overview.watching == 0 {
            Some("there is too little history: two days with 1,000 pushes are needed at least")
        } else {
            None
        };
        Self {
            watching: overview.watching,
            learning: overview.learning,
            seen_until_ms: millis(overview.seen_until),
            learned_ms: millis(overview.learned_at),
            looked_ms: millis(overview.looked_at),
            live: overview.live,
            problem: problem.map(str::to_owned),
        }
    }
}

/// A journey with its name.
pub(crate) fn journey(workspace: &Workspace, journey: String) -> TouchedJourney {
    TouchedJourney {
        name: workspace.journey_called(&journey),
        journey,
    }
}

/// Whose it is and until when.
fn standing(state: &State) -> (&'static str, Option<String>, Option<i64>, Option<i64>) {
    match state {
        State::Open => ("open", None, None, None),
        State::Acknowledged { by } => ("acknowledged", Some(by.clone()), None, None),
        State::Snoozed { by, until } => ("snoozed", Some(by.clone()), Some(until.millis()), None),
        State::Resolved { by, at } => ("resolved", by.clone(), None, Some(at.millis())),
    }
}

/// The name of the state of a case.
pub(crate) fn state_of(case: &Case) -> &'static str {
    standing(&case.incident.state).0
}

impl IncidentAnswer {
    /// Of an incident.
    pub(crate) fn of(workspace: &Workspace, case: &Case) -> Self {
        let (incident, particulars) = (&case.incident, &case.particulars);
        let (state, by, until_ms, resolved_ms) = standing(&incident.state);
        let finding = &incident.finding;
        let head = &finding.head;
        let place = workspace.words_of(&head.slice);
        let mut rules: Vec<String> = finding
            .signals
            .iter()
            .filter_map(|s| s.rule.clone())
            .collect();
        rules.sort();
        rules.dedup();
        Self {
            id: incident.id.clone(),
            state,
            by,
            until_ms,
            opened_ms: incident.opened_at.millis(),
            since_ms: finding.since().millis(),
            seen_ms: incident.seen_at.millis(),
            resolved_ms,
            metric: head.metric.name(),
            slice: head.slice.0.clone(),
            title: format!("{} on {place}", head.metric.name()),
            place,
            journeys: particulars
                .journeys
                .iter()
                .map(|one| journey(workspace, one.clone()))
                .collect(),
            verdict: particulars.verdict.clone(),
            problem: particulars.problem.clone(),
            cause: particulars.cause.clone(),
            rate: head.rates().map(|(value, usual)| IncidentRate {
                cases: head.cases,
                hits: head.hits,
                expected: head.expected,
                value,
                usual,
            }),
            missing: head.missing(),
            size: incident.size(),
            money_a_day: particulars.money_a_day,
            unit: particulars.unit.clone(),
            breakdown: particulars
                .breakdown
                .iter()
                .map(|part| CountAnswer {
                    name: part.name.clone(),
                    count: part.count,
                })
                .collect(),
            signals: finding.signals.len(),
            rules,
            link: link(head, finding.since()),
        }
    }
}

/// The log of the slice since the incident began.
fn link(head: &Signal, since: Timestamp) -> String {
    let mut parts: Vec<String> = vec!["channel=push".to_owned()];
    let shown = head
        .slice
        .0
        .iter()
        .filter(|(name, _)| *name != "credential");
    parts.extend(shown.map(|(name, value)| format!("{name}={}", encoded(value))));
    parts.push(format!("range={}..", since.seconds()));
    format!("/log?{}", parts.join("&"))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl IncidentInFull {
    /// Of an incident with the figures of its slice.
    pub(crate) fn of(workspace: &Workspace, case: &Case, series: Vec<Moment>) -> Self {
        let entries = case.incident.timeline.iter();
        let signals = case.incident.finding.signals.iter();
        Self {
            incident: IncidentAnswer::of(workspace, case),
            timeline: entries
                .map(|entry| EntryAnswer {
                    at_ms: entry.at.millis(),
                    by: entry.by.clone(),
                    text: entry.text.clone(),
                })
                .collect(),
            evidence: signals
                .map(|signal| EvidenceAnswer {
                    metric: signal.metric.name(),
                    slice: signal.slice.0.clone(),
                    place: workspace.words_of(&signal.slice),
                    since_ms: signal.since.millis(),
                    cases: signal.cases,
                    hits: signal.hits,
                    expected: signal.expected,
                    rule: signal.rule.clone(),
                })
                .collect(),
            messages: case.posts.iter().map(PostAnswer::of).collect(),
            series: series
                .into_iter()
                .map(|moment| MomentAnswer {
                    at_ms: moment.at.millis(),
                    cases: moment.cases,
                    hits: moment.hits,
                    expected: moment.expected,
                })
                .collect(),
        }
    }
}

impl PostAnswer {
    fn of(post: &Post) -> Self {
        Self {
            id: post.id.clone(),
            event: post.event.clone(),
            to: post.to.clone(),
            state: post.state.name().to_owned(),
            tries: post.tries,
            at_ms: post.at.millis(),
            next_ms: post.next_at.map(Timestamp::millis),
            problem: post.problem.clone(),
        }
    }
}
