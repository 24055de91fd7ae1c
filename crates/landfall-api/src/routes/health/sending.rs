//! Sending, in figures for Prometheus.

use std::fmt::Write as _;

use landfall_domain::work::Urgency;
use landfall_engine::Workspace;
use landfall_engine::credentials::{Standing, verdict};

use crate::app::App;

const HEADERS: &str = "\
# HELP landfall_messages_waiting Messages that wait to be sent, due or not.
# TYPE landfall_messages_waiting gauge
# HELP landfall_messages_in_flight Messages that are being handed over.
# TYPE landfall_messages_in_flight gauge
# HELP landfall_oldest_due_seconds How long the oldest waiting message is due.
# TYPE landfall_oldest_due_seconds gauge
# HELP landfall_messages_accepted_total Messages that providers took, since the credential was connected.
# TYPE landfall_messages_accepted_total counter
# HELP landfall_messages_refused_total Attempts that failed, by reason.
# TYPE landfall_messages_refused_total counter
# HELP landfall_breaker_open Whether a credential is paused after repeated failures.
# TYPE landfall_breaker_open gauge
# HELP landfall_mass_guard_tripped Whether so many tokens are rejected that none is removed.
# TYPE landfall_mass_guard_tripped gauge
# HELP landfall_credential_refused Whether the provider refused the credential when asked last.
# TYPE landfall_credential_refused gauge
# HELP landfall_credential_unusable Stored credentials that cannot be used.
# TYPE landfall_credential_unusable gauge
";

/// Appends the figures of all workspaces.
pub(super) fn write(text: &mut String, app: &App) {
    text.push_str(HEADERS);
    for workspace in app.directory.workspaces() {
        backlog(text, &workspace);
        credentials(text, app, &workspace);
    }
}

fn backlog(text: &mut String, workspace: &Workspace) {
    let (id, backlog) = (workspace.id(), workspace.backlog());
    for urgency in Urgency::ALL {
        let mine = backlog.waiting.iter();
        let mine = mine.filter(|(lane, _)| lane.urgency == *urgency);
        let waiting: usize = mine.map(|(_, count)| count).sum();
        let _ = writeln!(
            text,
            "landfall_messages_waiting{{workspace=\"{id}\",urgency=\"{urgency}\"}} {waiting}"
        );
    }
    let due = backlog.oldest_due;
    let late = due.map_or(0, |due| workspace.now().since(due).max(0) / 1_000);
    let _ = writeln!(
        text,
        "landfall_messages_in_flight{{workspace=\"{id}\"}} {}\n\
         landfall_oldest_due_seconds{{workspace=\"{id}\"}} {late}",
        backlog.claimed
    );
}

/// Names of credentials need no escaping: they are letters, digits, `-`, `_` and `.`.
fn credentials(text: &mut String, app: &App, workspace: &Workspace) {
    let id = workspace.id();
    let unusable = app.sending.unusable(workspace).len();
    let _ = writeln!(
        text,
        "landfall_credential_unusable{{workspace=\"{id}\"}} {unusable}"
    );
    for carrier in app.sending.carriers(workspace).all() {
        let health = carrier.health();
        let labels = format!(
            "workspace=\"{id}\",credential=\"{}\",provider=\"{}\"",
            carrier.name,
            carrier.provider()
        );
        for (reason, count) in &health.refused {
            let reason = reason.name();
            let _ = writeln!(
                text,
                "landfall_messages_refused_total{{{labels},reason=\"{reason}\"}} {count}"
            );
        }
        let refused = health.checked.as_ref();
        let refused = refused.map(|(_, answer)| verdict(answer).standing);
        let _ = writeln!(
            text,
            "landfall_messages_accepted_total{{{labels}}} {}\n\
             landfall_breaker_open{{{labels}}} {}\n\
             landfall_mass_guard_tripped{{{labels}}} {}\n\
             landfall_credential_refused{{{labels}}} {}",
            health.accepted,
            u8::from(health.open.is_some()),
            u8::from(!health.guarded.is_empty()),
            u8::from(refused == Some(Standing::Refused)),
        );
    }
}
