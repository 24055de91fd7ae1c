//! The other way: by words, and what comes of each.

use landfall_audience::Profile;
use landfall_domain::device::LastStatus;
use landfall_domain::marks::Mark;
use landfall_domain::person::Person;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::{Change, Past, SentInTruth, Told, what_if};
use crate::replay::Telling;
use crate::sample::{Stage, minute};
use crate::{Effect, Outcome, Trace};

struct Still<'a>(&'a Stage);

impl Past for Still<'_> {
    fn at(&mut self, _: Timestamp) -> Option<(Person, Profile)> {
        Some((self.0.person.clone(), Profile::default()))
    }
}

/// After an hour push, then mail when the push fails; members get a mail of their own.
fn steps() -> Value {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    json!([
        { "id": "wait", "delay": "1h" },
        { "id": "member", "branch": { "if": { "attribute": "plan", "is": "gold" },
            "then": [{ "id": "thanks", "email": { "subject": "x", "body": "x" }, "name": name }] } },
        { "id": "remind", "reach": { "channels": [
            { "push": { "body": "x" }, "name": name, "not_delivered_within": "15m" },
            { "email": { "subject": "x", "body": "x" }, "name": name }] } }
    ])
}

/// A life in which the push bounced, as rows.
fn truth(stage: &mut Stage) -> Vec<Told> {
    let mut rows: Vec<(Timestamp, usize)> = Vec::new();
    stage.enter();
    rows.push((stage.now, 0));
    let mut note = |stage: &Stage, before: usize| rows.push((stage.now, before));
    let before = stage.effects.len();
    stage.until(minute(60));
    note(stage, before);
    let before = stage.effects.len();
    stage.told_why(
        "remind/push",
        Mark::Bounced,
        Some(Reason::TokenUnregistered),
    );
    note(stage, before);
    let ends: Vec<usize> = rows
        .iter()
        .skip(1)
        .map(|(_, from)| *from)
        .chain([stage.effects.len()])
        .collect();
    let traces = stage
        .traces
        .iter()
        .map(|text| serde_json::from_str(text).unwrap());
    let told = rows.iter().zip(ends).zip(traces);
    told.map(|(((at, from), to), trace)| {
        let outcome = Outcome {
            effects: stage.effects[*from..to].to_vec(),
            ..Outcome::default()
        };
        Told {
            at: *at,
            telling: Telling::of(&trace).unwrap(),
            sent: SentInTruth::of(&outcome),
        }
    })
    .collect()
}

/// Which messages go the other way, and how it ends.
fn other(words: &str) -> (Vec<String>, String) {
    let mut stage = Stage::new(
        steps(),
        json!({ "exit": { "on": { "event": "order_completed" } } }),
    );
    let device = stage.person.devices.values_mut().next().unwrap();
    device.last_status = LastStatus::Bounced;
    let truth = truth(&mut stage);
    let sent = stage
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Send(_)));
    assert_eq!(sent.count(), 2, "push and mail in truth");
    let change = Change::parse(words).unwrap();
    let rows = what_if(
        &stage.plan,
        &stage.setting(),
        &truth,
        &[change],
        &mut Still(&stage),
    );
    let lines: Vec<_> = rows.iter().flat_map(|row| &row.trace.lines).collect();
    let sends = lines
        .iter()
        .filter(|line| line.check == crate::Check::Eligibility);
    let sends = sends.map(|line| format!("{} {}", line.step.as_deref().unwrap(), line.verdict));
    let end = lines.iter().rfind(|line| line.check == crate::Check::Exit);
    (
        sends.collect(),
        end.map(|line| line.verdict.clone()).unwrap_or_default(),
    )
}

#[test]
fn each_changed_fact_shows_its_own_way() {
    let over = "the last step is behind";
    for (words, sends, end) in [
        (
            "event other did not happen",
            vec!["remind/push go", "remind/email go"],
            over,
        ),
        (
            "token valid",
            vec!["remind/push go", "remind/email go"],
            over,
        ),
        ("opened remind/push", vec!["remind/push go"], over),
        (
            "attribute plan=gold",
            vec!["thanks go", "remind/push go", "remind/email go"],
            over,
        ),
        (
            "event order_completed happened at 2026-05-01T12:30:00Z",
            vec![],
            "an event ends it",
        ),
        ("event cart_updated did not happen", vec![], ""),
    ] {
        let (sent, ended) = other(words);
        assert_eq!(
            (sent, ended.as_str()),
            (sends.into_iter().map(str::to_owned).collect(), end),
            "{words}"
        );
    }
}

/// What the rules say about each message, in truth and with a changed fact, when nobody reports anything.
fn ways(edit: fn(&mut Person), words: &str) -> (Vec<String>, Vec<String>) {
    let mut stage = Stage::new(steps(), json!({}));
    edit(&mut stage.person);
    stage.enter();
    let entered = stage.now;
    let began = stage.effects.len();
    stage.until(minute(60));
    let outcomes = [&stage.effects[..began], &stage.effects[began..]];
    let rows = stage.traces.iter().zip([entered, stage.now]).zip(outcomes);
    let truth = rows.map(|((text, at), effects)| {
        let trace = serde_json::from_str(text).unwrap();
        let outcome = Outcome {
            effects: effects.to_vec(),
            ..Outcome::default()
        };
        Told {
            at,
            telling: Telling::of(&trace).unwrap(),
            sent: SentInTruth::of(&outcome),
        }
    });
    let truth: Vec<Told> = truth.collect();
    assert_eq!(truth.len(), stage.traces.len());
    let change = Change::parse(words).unwrap();
    let setting = stage.setting();
    let rows = what_if(&stage.plan, &setting, &truth, &[change], &mut Still(&stage));
    let lived = stage
        .traces
        .iter()
        .map(|text| serde_json::from_str(text).unwrap());
    (
        rulings(lived),
        rulings(rows.into_iter().map(|row| row.trace)),
    )
}

/// Step and ruling of every message that was thought of.
fn rulings(traces: impl Iterator<Item = Trace>) -> Vec<String> {
    let lines = traces.flat_map(|trace| trace.lines);
    let asked = lines.filter(|line| line.check == crate::Check::Eligibility);
    asked
        .map(|line| format!("{} {}", line.step.unwrap(), line.verdict))
        .collect()
}

fn permit(person: &mut Person, enabled: &str) {
    for device in person.devices.values_mut() {
        let said = ("push_enabled".to_owned(), enabled.to_owned());
        device.attributes.extend([said]);
    }
}

fn opt_out(person: &mut Person) {
    person.consent.global = Some(landfall_domain::person::Choice {
        subscribed: false,
        set_at: person.created_at,
    });
}

fn reject(person: &mut Person) {
    for device in person.devices.values_mut() {
        device.last_status = LastStatus::Suppressed;
    }
}

const PUSH: [&str; 1] = ["remind/push go"];

#[test]
fn what_closed_a_channel_in_truth_opens_it_the_other_way() {
    type Edit = fn(&mut Person);
    let cases: [(Edit, &str, &[&str]); 4] = [
        (
            reject,
            "token valid",
            &["remind/push devices_suspended", "remind/email go"],
        ),
        (
            |person| person.devices.clear(),
            "token valid",
            &["remind/push no_device", "remind/email go"],
        ),
        (
            |person| permit(person, "false"),
            "permission on",
            &["remind/push permission_denied", "remind/email go"],
        ),
        (
            opt_out,
            "not unsubscribed",
            &[
                "remind/push unsubscribed_global",
                "remind/email unsubscribed_global",
            ],
        ),
    ];
    for (edit, words, closed) in cases {
        let (lived, other) = ways(edit, words);
        assert_eq!(lived, closed, "{words}");
        assert_eq!(other[..1], PUSH, "{words}");
    }
}

#[test]
fn what_was_open_in_truth_is_closed_the_other_way_and_the_fallback_follows() {
    for (words, closed) in [
        (
            "token invalid",
            ["remind/push devices_suspended", "remind/email go"],
        ),
        (
            "permission off",
            ["remind/push permission_denied", "remind/email go"],
        ),
        (
            "unsubscribed",
            [
                "remind/push unsubscribed_global",
                "remind/email unsubscribed_global",
            ],
        ),
    ] {
        let (lived, other) = ways(|_| {}, words);
        assert_eq!(lived, PUSH, "{words}");
        assert_eq!(other, closed, "{words}");
    }
}

#[test]
fn what_is_no_change_is_refused_with_what_can_be_written() {
    for words in [
        "",
        "token",
        "event",
        "event happened",
        "attribute plan",
        "attribute =1",
        "opened",
    ] {
        let refused = Change::parse(words).unwrap_err().to_string();
        assert!(refused.contains("`token valid`"), "{words}: {refused}");
    }
    assert_eq!(
        Change::parse("attribute n=3"),
        Ok(Change::Attribute("n".to_owned(), json!(3)))
    );
    assert_eq!(
        Change::parse("event a b happened at 1970-01-01T00:00:01Z"),
        Ok(Change::Happened(
            "a b".to_owned(),
            Some(Timestamp::from_seconds(1))
        ))
    );
}
