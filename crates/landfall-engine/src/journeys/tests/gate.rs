//! The launch gate at every way to a start.

use landfall_domain::input::Body;
use landfall_domain::message::{NameOf, SourceKind};
use landfall_journey::gate::{BY_MAX, Judged, REASON_MAX, Requirement, Standing, WaiverAction};

use super::*;
use crate::qa;
use crate::qa::record::{RECORDS_KEPT, Record, records};
use crate::qa::tests::{empty, template};
use crate::segments::Builder;
use crate::tests::launch::waiver;

/// A journey with everything, and one test profile.
fn complete() -> Value {
    let mut definition = template("cart-recovery");
    let cases = definition["qa"]["cases"].as_array_mut();
    cases.expect("a list").truncate(1);
    definition
}

const SLUG: &str = "cart-recovery";

async fn apply(house: &House, definition: &Value) -> Result<Applied, JourneyError> {
    let workspace = house.workspace();
    let applied = workspace.apply_journey(definition).await?;
    let built = Builder::new(workspace.clone()).drain().await;
    built.expect("builds");
    Ok(applied)
}

async fn tried(house: &House, definition: &Value) -> Record {
    let report = qa::run(definition, &empty).await.expect("runs");
    let author = Author {
        by: "ann".to_owned(),
        key: Some(1),
    };
    let parsed = Definition::from_json(definition).expect("is valid");
    let workspace = house.workspace();
    let recorded = workspace.record_qa(&parsed, report, author).await;
    recorded.expect("is kept")
}

fn blocking(judged: &[Judged]) -> Vec<Requirement> {
    let blocking = judged.iter().filter(|judged| judged.blocks());
    blocking.map(|judged| judged.requirement).collect()
}

async fn missing(house: &House) -> Vec<Requirement> {
    let gate = house.workspace().gate(SLUG).await.expect("reads");
    blocking(&gate.judged)
}

#[track_caller]
fn blocked<T: std::fmt::Debug>(refused: Result<T, JourneyError>) -> (u32, Vec<Requirement>) {
    match refused {
        Err(JourneyError::Blocked { version, missing }) => (version, blocking(&missing)),
        other => panic!("{other:?}"),
    }
}

fn state(house: &House) -> (JourneyState, u32) {
    let known = named(house.shop.store.as_ref(), SLUG).expect("reads");
    let (_, journey) = known.expect("there is one");
    (journey.state, journey.version)
}

#[tokio::test]
async fn a_journey_starts_when_its_test_profiles_were_green_and_nothing_else_is_missing() {
    let house = House::new();
    let mut definition = complete();
    definition
        .as_object_mut()
        .expect("an object")
        .remove("owner");
    apply(&house, &definition).await.expect("is taken");
    let refused = house.workspace().start_journey(SLUG).await;
    let said = refused.as_ref().map_err(ToString::to_string);
    let said = said.expect_err("it is not fit");
    assert!(said.contains("owner (nobody answers"), "{said}");
    assert_eq!(
        blocked(refused),
        (1, vec![Requirement::Owner, Requirement::Qa])
    );
    assert_eq!(state(&house), (JourneyState::Draft, 1));

    definition["owner"] = "crm@shop.example".into();
    apply(&house, &definition).await.expect("is taken");
    let record = tried(&house, &definition).await;
    assert_eq!((record.version, &record.by[..]), (Some(2), "ann"));
    assert_eq!(missing(&house).await, []);
    let started = house.workspace().start_journey(SLUG).await;
    started.expect("starts");
    assert_eq!(state(&house), (JourneyState::Running, 2));
}

#[tokio::test]
async fn a_green_run_counts_for_the_version_that_was_run_and_a_red_one_takes_it_back() {
    let house = House::new();
    let definition = complete();
    tried(&house, &definition).await;
    // It ran as a draft, and this version says the same.
    apply(&house, &definition).await.expect("is taken");
    assert_eq!(missing(&house).await, []);
    let mut later = complete();
    later["steps"][0]["delay"] = json!("2h");
    apply(&house, &later).await.expect("is taken");
    assert_eq!(missing(&house).await, [Requirement::Qa]);
    let mut red = later.clone();
    red["qa"]["cases"][0]["expect"][0]["is"] = "bounced".into();
    apply(&house, &red).await.expect("is taken");
    tried(&house, &red).await;
    let refused = house.workspace().start_journey(SLUG).await;
    assert_eq!(blocked(refused), (3, vec![Requirement::Qa]));
}

#[tokio::test]
async fn a_running_journey_takes_an_edit_only_when_the_edit_passes_the_gate() {
    let house = House::new();
    let definition = complete();
    apply(&house, &definition).await.expect("is taken");
    tried(&house, &definition).await;
    let workspace = house.workspace();
    workspace.start_journey(SLUG).await.expect("starts");
    let mut later = complete();
    later["steps"][0]["delay"] = json!("2h");
    let refused = apply(&house, &later).await;
    assert_eq!(blocked(refused), (2, vec![Requirement::Qa]));
    assert_eq!(state(&house), (JourneyState::Running, 1), "nothing changed");
    let stored = versions(house.shop.store.as_ref()).expect("reads");
    assert_eq!(stored.len(), 1);
    // A paused journey lets nobody enter: it takes the edit and is asked when it starts again.
    workspace.pause_journey(SLUG).await.expect("pauses");
    apply(&house, &later).await.expect("is taken");
    let refused = house.workspace().start_journey(SLUG).await;
    assert_eq!(blocked(refused), (2, vec![Requirement::Qa]));

    tried(&house, &later).await;
    workspace.start_journey(SLUG).await.expect("starts");
    let mut third = later;
    third["steps"][0]["delay"] = json!("3h");
    tried(&house, &third).await;
    apply(&house, &third).await.expect("was tried before");
    assert_eq!(state(&house), (JourneyState::Running, 3));
}

#[tokio::test]
async fn waivers_stay_in_the_log_with_who_and_why_also_when_they_are_withdrawn() {
    let house = House::new();
    apply(&house, &complete()).await.expect("is taken");
    let workspace = house.workspace().clone();
    let call = waiver(Requirement::Qa, "  the simulators are down  ");
    let (first, _) = workspace.waive(SLUG, &call).await.expect("is taken");
    assert_eq!(missing(&house).await, []);
    let gate = workspace.gate(SLUG).await.expect("reads");
    assert!(gate.is_open());
    let qa = gate.judged.last().expect("the last");
    let Standing::Waived { waiver, lacks } = &qa.standing else {
        panic!("{qa:?}");
    };
    assert_eq!(waiver.reason, "the simulators are down");
    assert_eq!((waiver.by.as_str(), lacks.len()), ("a test", 1));
    workspace.start_journey(SLUG).await.expect("starts");

    house.wait(60).await;
    let withdrawal = WaiverCall {
        action: WaiverAction::Withdraw,
        reason: "they are back".to_owned(),
        ..call
    };
    let withdrawn = workspace.waive(SLUG, &withdrawal).await;
    assert_eq!(withdrawn.expect("is taken").0, first + 1);
    assert_eq!(state(&house).0, JourneyState::Running, "what runs goes on");
    let again = workspace.waive(SLUG, &withdrawal).await;
    assert!(matches!(again, Err(WaiverError::NotWaived(_))), "{again:?}");
    let house = house.again().await;
    let log = house.workspace().waivers(SLUG).await.expect("reads");
    let told: Vec<(&str, &str, Option<u32>)> = log
        .iter()
        .map(|(_, entry)| (entry.action.name(), &entry.reason[..], entry.version))
        .collect();
    assert_eq!(
        told,
        [
            ("waive", "the simulators are down", None),
            ("withdraw", "they are back", None)
        ]
    );
    assert_eq!(log[1].1.at.since(log[0].1.at), 60_000);
    let workspace = house.workspace();
    workspace.pause_journey(SLUG).await.expect("pauses");
    let refused = workspace.start_journey(SLUG).await;
    assert_eq!(blocked(refused), (1, vec![Requirement::Qa]));
}

#[tokio::test]
async fn a_waiver_without_reason_or_for_a_version_that_is_far_off_is_refused() {
    let house = House::new();
    apply(&house, &complete()).await.expect("is taken");
    let workspace = house.workspace();
    let call = || waiver(Requirement::Qa, "there is no time");
    let version = |version| WaiverCall {
        versions: Versions::One(version),
        ..call()
    };
    let by = |by: &str| WaiverCall {
        author: Author {
            by: by.to_owned(),
            key: None,
        },
        ..call()
    };
    for (wrong, at) in [
        (waiver(Requirement::Qa, " \n"), "reason"),
        (
            waiver(Requirement::Qa, &"x".repeat(REASON_MAX + 1)),
            "reason",
        ),
        (by(" "), "by"),
        (by(&"x".repeat(BY_MAX + 1)), "by"),
        (version(0), "version"),
        (version(3), "version"),
    ] {
        match workspace.waive(SLUG, &wrong).await {
            Err(WaiverError::Invalid { field, .. }) => assert_eq!(field, at),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(workspace.waivers(SLUG).await.expect("reads"), []);
    let next = workspace.waive(SLUG, &version(2)).await;
    assert_eq!(next.expect("the next one may come").1.version, Some(2));
    assert_eq!(missing(&house).await, [Requirement::Qa], "not of this one");
    let absent = workspace.waive("nothing", &call()).await;
    let Err(WaiverError::Journey(JourneyError::Missing(_))) = absent else {
        panic!("{absent:?}");
    };
}

#[tokio::test]
async fn a_name_that_a_call_gave_since_is_judged_as_reports_show_it() {
    let house = House::new();
    let applied = apply(&house, &complete()).await.expect("is taken");
    tried(&house, &complete()).await;
    let step_id = applied.journey.numbering.step("remind/push");
    let of = NameOf {
        source: SourceKind::Campaign,
        source_id: u64::from(applied.id.0),
        step_id,
        variant_id: None,
    };
    let names = vec![(of, "push one".to_owned())];
    house.take(vec![input(NOW, Body::Name { names })]).await;
    assert_eq!(missing(&house).await, [Requirement::Naming]);
}

#[tokio::test]
async fn runs_of_drafts_are_forgotten_in_time_but_never_that_of_the_newest_version() {
    let house = House::new();
    apply(&house, &complete()).await.expect("is taken");
    let kept = tried(&house, &complete()).await;
    let workspace = house.workspace();
    for hours in 2..=RECORDS_KEPT + 3 {
        let mut draft = complete();
        draft["steps"][0]["delay"] = format!("{hours}h").into();
        let draft = Definition::from_json(&draft).expect("is valid");
        house.clock.advance(1_000);
        let author = Author {
            by: "ann".to_owned(),
            key: None,
        };
        let recorded = workspace.record_qa(&draft, kept.report.clone(), author);
        assert_eq!(recorded.await.expect("is kept").version, None);
    }
    let records = records(house.shop.store.as_ref(), SLUG).expect("reads");
    assert_eq!(records.len(), RECORDS_KEPT + 1);
    assert_eq!(records[0].1, kept);
    assert_eq!(missing(&house).await, []);
}
