//! What the facts mean. Pure: every rule is a function of the facts and their time.

#[cfg(test)]
mod tests;

use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use landfall_engine::credentials::{Standing, verdict};
use landfall_insight::{Silence, silence};

use super::facts::{CredentialFacts, Facts, Pushes};
use super::{Finding, Level};

/// Due for so long without anything being accepted, sending stands still.
const STANDSTILL_MS: i64 = 5 * MINUTE_MS;
/// Due for so long, a message waits too long, although others go out.
const LATE_MS: i64 = 15 * MINUTE_MS;
/// Refused proofs of identity that are too old, from which on the clock is suspected: single ones
/// come from connections that were slow.
const OLD_PROOFS: u64 = 3;

/// Everything that was looked at, in the order of looking.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![sending(facts)];
    for credential in &facts.credentials {
        findings.push(standing(credential));
        findings.extend(breaker(credential, facts.now));
        findings.extend(mass_guard(credential));
        findings.extend(expiry(credential, facts.now));
        findings.extend(clock(credential));
    }
    findings.extend(routes(facts));
    findings.push(backlog(facts));
    findings.extend(facts.pushes.iter().filter_map(silent));
    findings.extend(facts.damaged.iter().map(damaged));
    findings
}

impl Finding {
    fn ok(check: &'static str, about: &str, message: impl Into<String>) -> Self {
        Self {
            check,
            about: about.to_owned(),
            level: Level::Ok,
            message: message.into(),
            fix: String::new(),
            since_ms: None,
        }
    }

    fn with(self, level: Level, fix: impl Into<String>) -> Self {
        Self {
            level,
            fix: fix.into(),
            ..self
        }
    }

    fn since(self, since: Timestamp) -> Self {
        Self {
            since_ms: Some(since.millis()),
            ..self
        }
    }
}

fn sending(facts: &Facts) -> Finding {
    let found = |message: &str| Finding::ok("sending", "", message);
    if !facts.is_on {
        let found = found("This server records only: due messages are not sent.");
        return found.with(Level::Warning, "Serve without --no-send.");
    }
    match facts.credentials.len() {
        0 => found("Due messages would be sent; there is no credential to send with yet."),
        _ => found("Due messages are sent."),
    }
}

fn damaged((journey, count): &(String, u64)) -> Finding {
    let message = format!(
        "{count} of its runs cannot be read and were set aside; everybody else goes on. `landfall journeys runs` \
         shows them as damaged."
    );
    Finding::ok("runs", journey, message).with(
        Level::Alarm,
        "Look after the disk and restore from a backup, or let these people enter anew.",
    )
}

fn about(credential: &CredentialFacts) -> String {
    format!("{} ({})", credential.name, credential.kind)
}

fn standing(credential: &CredentialFacts) -> Finding {
    let found = |message: &str| Finding::ok("credential", &about(credential), message);
    if let Some(problem) = &credential.unusable {
        let found = found(&format!("It cannot be used: {problem}"));
        return found.with(Level::Alarm, "Replace it: landfall credentials add.");
    }
    let Some((at, answer)) = &credential.health.checked else {
        return found("It was not checked yet.");
    };
    let said = verdict(answer);
    let level = match said.standing {
        Standing::Works | Standing::NotAsked => Level::Ok,
        Standing::NotReached => Level::Warning,
        Standing::Refused => Level::Alarm,
    };
    found(&said.message).with(level, said.fix).since(*at)
}

fn breaker(credential: &CredentialFacts, now: Timestamp) -> Option<Finding> {
    let open = credential.health.open.as_ref()?;
    let message = format!(
        "Sending with it is paused since {}, one message is tried now and then: {}",
        ago(now.since(open.since)),
        open.reason.explanation()
    );
    let found = Finding::ok("breaker", &about(credential), message);
    let found = found.with(Level::Alarm, open.reason.fix());
    Some(found.since(open.since))
}

fn mass_guard(credential: &CredentialFacts) -> Vec<Finding> {
    let guarded = credential.health.guarded.iter().map(|(platform, share)| {
        let of = platform.map_or(String::new(), |platform| format!(" of {platform}"));
        let message = format!(
            "{:.0} % of the last tokens{of} are rejected, far more than usual: none is removed until it \
             is over.",
            share * 100.0
        );
        Finding::ok("mass_guard", &about(credential), message).with(
            Level::Alarm,
            "Compare key, topic or project and environment with the app that is in use.",
        )
    });
    guarded.collect()
}

/// Alarms come 30, 7 and 1 days before the end (providers.md 1.3).
fn expiry(credential: &CredentialFacts, now: Timestamp) -> Option<Finding> {
    let ends = credential.expires?;
    let left = ends.since(now);
    let (level, when) = match left {
        ..0 => (Level::Alarm, "has ended".to_owned()),
        0..=DAY_MS => (Level::Alarm, format!("ends in {}", ago(left))),
        _ if left <= 7 * DAY_MS => (Level::Warning, format!("ends soon, in {}", ago(left))),
        _ if left <= 30 * DAY_MS => (Level::Warning, format!("ends in {}", ago(left))),
        _ => return None,
    };
    let message = format!("Its certificate {when}.");
    let found = Finding::ok("expiry", &about(credential), message);
    let fix = "Renew the certificate, or use a key (.p8), which does not end.";
    Some(found.with(level, fix).since(ends))
}

fn clock(credential: &CredentialFacts) -> Option<Finding> {
    let health = &credential.health;
    let count = health.refused.get(&Reason::ProviderJwtExpired).copied();
    let count = count.filter(|count| *count >= OLD_PROOFS)?;
    let message = format!("The provider found our proof of identity too old {count} times.");
    let found = Finding::ok("clock", &about(credential), message);
    let fix = "Correct the machine's clock: is it kept by NTP?";
    Some(found.with(Level::Warning, fix))
}

/// Messages that nobody carries.
fn routes(facts: &Facts) -> Vec<Finding> {
    let lost = facts.waiting.iter().filter(|way| !way.carried);
    let found = lost.map(|way| {
        let message = format!(
            "{} messages wait, and no credential carries them.",
            way.count
        );
        Finding::ok("route", &way.way, message).with(
            Level::Alarm,
            "Add one: landfall credentials add NAME --provider ...",
        )
    });
    found.collect()
}

fn backlog(facts: &Facts) -> Finding {
    let waiting: usize = facts.waiting.iter().map(|way| way.count).sum();
    let counts = format!("{waiting} wait, {} are being handed over", facts.in_flight);
    let Some(due) = facts.oldest_due.filter(|_| facts.is_on) else {
        return Finding::ok("backlog", "", format!("{counts}."));
    };
    let late = facts.now.since(due);
    let lately = facts.now.plus_millis(-STANDSTILL_MS);
    let healths = facts.credentials.iter().map(|it| &it.health);
    let moving = healths
        .flat_map(|health| health.last_accepted)
        .any(|at| at >= lately);
    let found = Finding::ok(
        "backlog",
        "",
        format!("{counts}; the oldest is due since {}.", ago(late)),
    );
    if late > STANDSTILL_MS && !moving {
        let fix = "Nothing was accepted meanwhile: mend the credentials above, or look at the log.";
        return found.with(Level::Alarm, fix).since(due);
    }
    if late > LATE_MS {
        let fix = "More is due than goes out: raise the credential's rate, or add servers.";
        return found.with(Level::Warning, fix).since(due);
    }
    found
}

fn silent(pushes: &Pushes) -> Option<Finding> {
    match silence(pushes.before, pushes.lately) {
        Silence::TooLittle => None,
        Silence::Heard => Some(Finding::ok(
            "silence",
            &pushes.about,
            format!(
                "Devices report: {} of {} pushes of the last day.",
                pushes.lately.reported, pushes.lately.accepted
            ),
        )),
        Silence::Silent { expected } => {
            let message = format!(
                "The provider took {} pushes in the last day, and {} were reported by devices; at least \
                 {expected:.0} had to be. Everything is green, nothing arrives.",
                pushes.lately.accepted, pushes.lately.reported
            );
            let fix = "Send a test to a phone of your own (landfall send test). Check the app's last release, \
                       its bundle id or project, and that its SDK can reach this server.";
            let found = Finding::ok("silence", &pushes.about, message);
            Some(found.with(Level::Alarm, fix))
        }
    }
}

/// A duration for people.
fn ago(ms: i64) -> String {
    let of = |unit: i64| ms / unit;
    match ms {
        ..MINUTE_MS => format!("{} s", of(SECOND_MS)),
        MINUTE_MS..HOUR_MS => format!("{} min", of(MINUTE_MS)),
        HOUR_MS..DAY_MS => format!("{} h", of(HOUR_MS)),
        _ => format!("{} d", of(DAY_MS)),
    }
}
