//! One look: counts in, what is to be told out.

use landfall_board::{Board, QueryError};
use landfall_domain::channel::Provider;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_insight::alerts::{
    AtWork, Memory, Metric, Rule, Settings, Signal, SliceOf, Tell, Watch, Windows, group,
};
use landfall_store::Store;

use super::book::Book;
use super::counts::{BUCKET_MS, COUNTED, Counting, settled_until};
use super::{Monitor, MonitorError, THREADS, explain, post, rules, slice};
use crate::catalogue::Catalogue;
use crate::credentials::verdict::{Standing, verdict};
use crate::diagnosis::Period;
use crate::links::Links;

/// How far back what is usual is learned from.
const LEARNED_MS: i64 = 28 * DAY_MS;
/// Evidence older than this is not gathered again after a start.
const REPLAYED_MS: i64 = 2 * DAY_MS;
/// What happened while the program was off for longer than this is not looked at any more.
const CAUGHT_UP_MS: i64 = DAY_MS;
/// A live incident is explained again after this time: more is known by then.
const EXPLAINED_MS: i64 = HOUR_MS;

/// How a credential stands.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) name: String,
    pub(super) provider: Provider,
    pub(super) standing: Standing,
    /// When it was asked about last.
    pub(super) at: Timestamp,
    /// What is wrong, and what to do.
    pub(super) words: String,
}

impl Monitor {
    /// What the last checks of the credentials said.
    pub(super) fn standings(&self) -> Vec<Heard> {
        let carriers = self.carriers.all();
        let heard = carriers.iter().filter_map(|carrier| {
            let (at, answer) = carrier.health().checked?;
            let verdict = verdict(&answer);
            Some(Heard {
                name: carrier.name.clone(),
                provider: carrier.provider(),
                standing: verdict.standing,
                at,
                words: format!("{} {}", verdict.message, verdict.fix)
                    .trim()
                    .to_owned(),
            })
        });
        heard.collect()
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Sight<'b> {
    pub(super) board: &'b Board,
    pub(super) catalogue: &'b Catalogue,
    pub(super) store: &'b dyn Store,
    pub(super) standings: &'b [Heard],
    pub(super) links: Option<&'b Links>,
    pub(super) now: Timestamp,
}

/// Looks, stores what was found, and answers what is told.
pub(super) fn step(book: &mut Book, sight: Sight<'_>) -> Result<Vec<Tell>, MonitorError> {
    let Sight { store, now, .. } = sight;
    let counting = Counting {
        board: sight.board,
        messages: sight.catalogue.infos(),
        threads: THREADS,
    };
    watch(book, &counting, now)?;
    judge_rules(book, &counting, sight)?;
    let mut signals = watched(book);
    let broken = book.progress.rules.values();
    signals.extend(broken.filter_map(|rule| rule.broken.clone()));
    signals.extend(heartbeats(book, sight.standings));
    let told = book.desk.take(group(&signals), now);
    for tell in &told {
        let id = tell.incident().to_owned();
        book.files.entry(id).or_default().untold.push(tell.clone());
    }
    book.looked_at = Some(now);
    // An event that is stored is told, now or after a restart.
    book.write(store)?;
    let explaining = explain::Explaining {
        counting: &counting,
        catalogue: sight.catalogue,
        store,
        standings: sight.standings,
        now,
    };
    explain_all(book, &explaining)?;
    post::put_down(book, &explaining, sight.links)?;
    book.forget(store, now)?;
    book.write(store)?;
    Ok(told)
}

/// Lets the watch take what has settled since, and learn what is usual where a day has gone by.
pub(super) fn watch(
    book: &mut Book,
    counting: &Counting<'_>,
    now: Timestamp,
) -> Result<(), QueryError> {
    learn(book, counting, now)?;
    observe(book, counting, now)
}

/// Signals of what the watch finds off now.
pub(super) fn watched(book: &mut Book) -> Vec<Signal> {
    book.watch.as_mut().map(Watch::signals).unwrap_or_default()
}

/// Learns what is usual, at the first look and then every day.
fn learn(book: &mut Book, counting: &Counting<'_>, now: Timestamp) -> Result<(), QueryError> {
    let day = |at: Timestamp| at.millis().div_euclid(DAY_MS);
    if book.learned_at.is_some_and(|at| day(at) == day(now)) && book.watch.is_some() {
        return Ok(());
    }
    let memory: Memory = match &book.watch {
        Some(watch) => watch.memory(),
        None => book.progress.memory.clone(),
    };
    let mut watch = Watch::new(Settings::default(), memory);
    for metric in COUNTED {
        let until = settled_until(metric, now);
        let oldest = until.plus_millis(-CAUGHT_UP_MS);
        // Without a past, nothing that is over by now is told.
        let end = book.seen(metric).unwrap_or(until).max(oldest);
        let start = end.plus_millis(-LEARNED_MS);
        let history = counting.settled(metric, Period { start, end })?;
        watch.learn(metric, &history);
        let replayed = end.plus_millis(-REPLAYED_MS);
        for settled in history.iter().filter(|settled| settled.start >= replayed) {
            watch.replay(settled);
        }
        book.progress.seen.insert(metric.name().to_owned(), end);
    }
    book.watch = Some(watch);
    book.learned_at = Some(now);
    Ok(())
}

/// Gives the watch the buckets that have settled since.
fn observe(book: &mut Book, counting: &Counting<'_>, now: Timestamp) -> Result<(), QueryError> {
    for metric in COUNTED {
        let end = settled_until(metric, now);
        let Some(start) = book.seen(metric).filter(|start| *start < end) else {
            continue;
        };
        let settled = counting.settled(metric, Period { start, end })?;
        if let Some(watch) = &mut book.watch {
            settled.iter().for_each(|bucket| watch.observe(bucket));
        }
        book.progress.seen.insert(metric.name().to_owned(), end);
    }
    Ok(())
}

/// Judges the rules by the windows that have settled since.
fn judge_rules(
    book: &mut Book,
    counting: &Counting<'_>,
    sight: Sight<'_>,
) -> Result<(), MonitorError> {
    let quarter = settled_until(Metric::Accepted, sight.now);
    if book.of_journeys_at != Some(quarter) {
        book.of_journeys = rules::of_journeys(sight.store)?;
        book.of_journeys_at = Some(quarter);
    }
    let (own, of_journeys) = (&book.rules, &book.of_journeys);
    let is_there = |id: &String| own.contains_key(id) || of_journeys.contains_key(id);
    book.progress.rules.retain(|id, _| is_there(id));
    let own = own.values().map(|file| &file.rule);
    for rule in own.chain(of_journeys.values()) {
        let at_work = book.progress.rules.entry(rule.id.clone()).or_default();
        judge(rule, at_work, counting, sight.now)?;
    }
    Ok(())
}

fn judge(
    rule: &Rule,
    at_work: &mut AtWork,
    counting: &Counting<'_>,
    now: Timestamp,
) -> Result<(), MonitorError> {
    let end = settled_until(rule.metric, now);
    let oldest = end.plus_millis(-CAUGHT_UP_MS);
    // A new rule is judged by the present, not by the past.
    let last = end.plus_millis(-BUCKET_MS);
    let from = at_work.judged_at.unwrap_or(last).max(oldest);
    let Ok(conditions) = slice::conditions(&rule.slice) else {
        return Ok(());
    };
    if from >= end {
        return Ok(());
    }
    let needed = Windows::over(rule, &[], BUCKET_MS).needed() as i64 - 1;
    let start = from.plus_millis(-needed * BUCKET_MS);
    let points = counting.points(rule.metric, &conditions, Period { start, end })?;
    let windows = Windows::over(rule, &points, BUCKET_MS);
    for (nth, point) in points.iter().enumerate() {
        if let Some((now, before)) = windows.ending_with(nth) {
            at_work.take(rule, now, before, point.start.plus_millis(BUCKET_MS));
        }
    }
    Ok(())
}

/// Signals of credentials that do not work. Who could not be asked is as before.
fn heartbeats(book: &mut Book, standings: &[Heard]) -> Vec<Signal> {
    let known = &mut book.progress.credentials;
    known.retain(|name, _| standings.iter().any(|heard| heard.name == *name));
    for heard in standings {
        match heard.standing {
            Standing::Works | Standing::NotAsked => {
                known.remove(&heard.name);
            }
            Standing::NotReached => {}
            Standing::Refused => {
                known
                    .entry(heard.name.clone())
                    .or_insert_with(|| refused(heard));
            }
        }
    }
    known.values().cloned().collect()
}

fn refused(heard: &Heard) -> Signal {
    let mut slice = SliceOf::of([
        ("credential", heard.name.as_str()),
        ("provider", heard.provider.name()),
    ]);
    let platform = match heard.provider {
        Provider::Apns => Some("ios"),
        Provider::Fcm => Some("android"),
        Provider::WebPush => Some("web"),
        _ => None,
    };
    if let Some(platform) = platform {
        slice.0.insert("platform".to_owned(), platform.to_owned());
    }
    Signal {
        metric: Metric::Heartbeat,
        slice,
        since: heard.at,
        cases: 0,
        hits: 0,
        expected: 1.0,
        money_a_day: None,
        rule: None,
    }
}

/// Explains incidents that are told, and live ones from time to time.
fn explain_all(book: &mut Book, explaining: &explain::Explaining<'_>) -> Result<(), MonitorError> {
    for incident in &book.desk.incidents {
        let file = book.files.entry(incident.id.clone()).or_default();
        let old = explaining.now.plus_millis(-EXPLAINED_MS);
        let is_old = file.particulars.at.is_none_or(|at| at <= old);
        let is_news = file
            .untold
            .iter()
            .any(|tell| !matches!(tell, Tell::Over(_)));
        if incident.is_live() && (is_news || is_old) {
            file.particulars = explaining.particulars(incident)?;
        }
    }
    Ok(())
}
