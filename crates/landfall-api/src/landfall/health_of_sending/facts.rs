//! What the health of sending is judged by, gathered in one place.

use std::collections::BTreeMap;

use landfall_board::{Condition, Dimension, Filter, Measure, Query, TimeRange, Value};
use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::run::RunState;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_engine::Workspace;
use landfall_engine::dispatch::carriers::Health;
use landfall_insight::Heard;

use super::super::dimension;
use super::super::problem::Problem;
use crate::app::App;

/// Everything that is looked at.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) now: Timestamp,
    /// Whether this server sends what is due.
    pub(super) is_on: bool,
    pub(super) credentials: Vec<CredentialFacts>,
    pub(super) waiting: Vec<WaitingWay>,
    pub(super) in_flight: usize,
    pub(super) oldest_due: Option<Timestamp>,
    /// Pushes by provider and platform.
    pub(super) pushes: Vec<Pushes>,
    /// Journeys by name, with how many of their runs were set aside because they cannot be read.
    pub(super) damaged: Vec<(String, u64)>,
}

/// One credential.
#[derive(Debug)]
pub(super) struct CredentialFacts {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) expires: Option<Timestamp>,
    /// Why it cannot be used at all.
    pub(super) unusable: Option<String>,
    pub(super) health: Health,
}

/// Messages that wait for the same way out.
#[derive(Debug)]
pub(super) struct WaitingWay {
    /// Such as `push to ios (com.shop.app)`.
    pub(super) way: String,
    pub(super) count: usize,
    /// Whether a credential carries them.
    pub(super) carried: bool,
}

/// What pushes of one provider and platform came to.
#[derive(Debug)]
pub(super) struct Pushes {
    /// Such as `apns, ios`.
    pub(super) about: String,
    /// Of the week before the last day.
    pub(super) before: Heard,
    /// Of the last day, older than an hour.
    pub(super) lately: Heard,
}

pub(super) async fn gather(
    app: &App,
    workspace: &Workspace,
    complete: bool,
) -> Result<Facts, Problem> {
    let now = workspace.now();
    let backlog = workspace.backlog();
    let carriers = app.sending.carriers(workspace);
    let mut ways: BTreeMap<String, WaitingWay> = BTreeMap::new();
    for (lane, count) in backlog.waiting {
        let carried = lane.way.is_open() || carriers.over(&lane.way).is_some();
        let way = name_of(&lane.way);
        let entry = ways.entry(way.clone()).or_insert(WaitingWay {
            way,
            count: 0,
            carried,
        });
        entry.count += count;
    }
    Ok(Facts {
        now,
        is_on: app.sending.is_on(),
        credentials: credentials(app, workspace),
        waiting: ways.into_values().collect(),
        in_flight: backlog.claimed,
        oldest_due: backlog.oldest_due,
        damaged: damaged(workspace).await?,
        // A board that is being filled has not heard of everything.
        pushes: match complete {
            true => pushes(workspace, now).await?,
            false => Vec::new(),
        },
    })
}

/// Runs that were set aside, by journey.
async fn damaged(workspace: &Workspace) -> Result<Vec<(String, u64)>, Problem> {
    let counted = workspace.read(|store| {
        let mut found = Vec::new();
        for (id, journey) in landfall_engine::journeys::all(store)? {
            let counts = store.run_counts(id)?.into_iter();
            let damaged = counts.filter(|(_, state, _)| *state == RunState::Damaged);
            match damaged.map(|(.., count)| count).sum() {
                0 => {}
                count => found.push((journey.name, count)),
            }
        }
        Ok(found)
    });
    Ok(counted.await?)
}

fn credentials(app: &App, workspace: &Workspace) -> Vec<CredentialFacts> {
    let carriers = app.sending.carriers(workspace);
    let unusable = app.sending.unusable(workspace);
    let records = app.directory.credentials(workspace).into_iter();
    let facts = records.map(|(name, record)| CredentialFacts {
        kind: record.kind.name(),
        expires: record.expires_ms.map(Timestamp::from_millis),
        unusable: unusable
            .iter()
            .find(|it| it.name == name)
            .map(|it| it.problem.clone()),
        health: carriers
            .named(&name)
            .map(|carrier| carrier.health())
            .unwrap_or_default(),
        name,
    });
    facts.collect()
}

fn name_of(way: &landfall_engine::dispatch::queue::Way) -> String {
    let mut name = way.channel.name().to_owned();
    if let Some(platform) = way.platform {
        name = format!("{name} to {platform}");
    }
    if !way.app.is_empty() {
        name = format!("{name} ({})", way.app);
    }
    name
}

/// Pushes by provider and platform. All of them, whether or not the app is known to report: which
/// apps report is learned from their reports, so those that fell silent would drop out of sight.
async fn pushes(workspace: &Workspace, now: Timestamp) -> Result<Vec<Pushes>, Problem> {
    let day = now.plus_millis(-DAY_MS);
    let before = TimeRange::between(day.plus_millis(-7 * DAY_MS), day);
    let lately = TimeRange::between(day, now.plus_millis(-HOUR_MS));
    let (board, catalogue) = (workspace.clone(), workspace.catalogue());
    let tables = super::super::board(move || {
        [before, lately].map(|range| {
            let query = Query {
                filter: Filter(vec![Condition::In(
                    Dimension::Channel,
                    vec![Value::Channel(Channel::Push)],
                )]),
                group_by: vec![Dimension::Provider, Dimension::Platform],
                range,
                ..Query::all(vec![
                    Measure::Marked(Mark::Sent),
                    Measure::Marked(Mark::Delivered),
                ])
            };
            let view = board.board().view();
            view.query(catalogue.infos(), &query, super::super::threads())
        })
    })
    .await?;
    let [before, lately] = tables;
    let (before, mut lately) = (by_name(&before?), by_name(&lately?));
    let both = before.into_iter().map(|(about, before)| Pushes {
        lately: lately.remove(&about).unwrap_or_default(),
        before,
        about,
    });
    Ok(both.collect())
}

/// Counts by `provider, platform`. An open proves receipt, so the mark *delivered* holds both.
fn by_name(table: &landfall_board::Table) -> BTreeMap<String, Heard> {
    let groups = table.groups.iter().filter_map(|group| {
        let ([provider, platform], [accepted, reported]) =
            (group.key.as_slice(), group.cells.as_slice())
        else {
            return None;
        };
        let about = format!(
            "{}, {}",
            dimension::text(Dimension::Provider, provider),
            dimension::text(Dimension::Platform, platform)
        );
        let heard = Heard {
            accepted: accepted.count(),
            reported: reported.count(),
        };
        Some((about, heard))
    });
    groups.collect()
}
