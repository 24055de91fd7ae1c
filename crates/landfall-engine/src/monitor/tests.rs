//! The monitor over simulated shops, in virtual time.

mod posting;
mod world;

use landfall_domain::channel::Provider;
use landfall_domain::time::{HOUR_MS, MINUTE_MS};
use landfall_insight::alerts::{Known, Metric, SliceOf, State, Tell};
use landfall_sim::shop::{CART, Fault};
use serde_json::json;

use super::counts::{BUCKET_MS, Counting, horizon};
use super::rules::{read_one, trial};
use super::step::Heard;
use super::{Book, Channel};
use crate::credentials::Standing;
use world::{FAULT_DAY, World, day, fault};

/// How long after its beginning a fault is told at most, once the receipts of its first quarter hour are settled.
const SETTLED_MS: i64 = 2 * BUCKET_MS + horizon(Metric::Delivered);

#[test]
fn a_version_that_stops_reporting_is_one_incident_in_its_slice_within_an_hour() {
    let world = World::with(Fault::ReceiptsLost, 11);
    let mut book = world.watched_until(fault());
    assert_eq!(book.desk.incidents, vec![], "nothing is off before");
    let channel = Channel {
        to: "slack:push".to_owned(),
        journeys: Vec::new(),
    };
    book.channels = vec![channel];
    let told = world.live(&mut book, fault(), fault().plus_millis(6 * HOUR_MS));
    assert_eq!(told.len(), 1, "{told:?}");
    let (at, tell) = &told[0];
    assert_eq!(*tell, Tell::New("inc-1".to_owned()));
    let after = at.since(fault());
    assert!(
        after <= SETTLED_MS + HOUR_MS,
        "{} minutes",
        after / MINUTE_MS
    );
    let case = book.case("inc-1").expect("it is there");
    let head = &case.incident.finding.head;
    assert_eq!(head.metric, Metric::Delivered);
    let version = SliceOf::of([("platform", "ios"), ("app_version", "5.2")]);
    assert_eq!(head.slice, version);
    let early = case.incident.finding.since().since(fault()).abs();
    assert!(early <= HOUR_MS, "{early} ms from the truth");
    let particulars = &case.particulars;
    assert!(
        particulars.verdict.contains("platform ios"),
        "{particulars:?}"
    );
    assert_eq!(particulars.journeys, [format!("campaign:{CART}")]);
    assert!(particulars.breakdown.len() >= 2, "{particulars:?}");
    let [post] = &case.posts[..] else {
        panic!("{:?}", case.posts);
    };
    assert_eq!(
        (post.to.as_str(), post.event.as_str()),
        ("slack:push", "new")
    );
    assert!(
        post.message.text().contains("instead of"),
        "{}",
        post.message.text()
    );
}

#[test]
fn tokens_that_a_release_loses_are_one_incident_at_the_provider() {
    let world = World::with(Fault::TokenChurn, 12);
    let mut book = world.watched_until(fault());
    let told = world.live(&mut book, fault(), fault().plus_millis(4 * HOUR_MS));
    let new = told.iter().filter(|(_, tell)| matches!(tell, Tell::New(_)));
    assert_eq!(new.count(), 1, "{told:?}");
    let head = &book.desk.incidents[0].finding.head;
    let version = SliceOf::of([("platform", "ios"), ("app_version", "5.2")]);
    assert_eq!((head.metric, &head.slice), (Metric::Accepted, &version));
}

#[test]
fn a_shop_in_which_nothing_happens_is_quiet() {
    for seed in 21..23 {
        let world = World::with(Fault::Nothing, seed);
        let book = world.watched_until(day(FAULT_DAY + 5));
        assert_eq!(book.desk.incidents, vec![], "seed {seed}");
        assert!(
            book.watch
                .as_ref()
                .is_some_and(|watch| watch.watching() > 20)
        );
    }
}

#[test]
fn a_restart_in_the_middle_of_an_incident_repeats_nothing() {
    let world = World::with(Fault::ReceiptsLost, 11);
    let mut book = world.watched_until(fault());
    let noon = fault().plus_millis(4 * HOUR_MS);
    assert_eq!(world.live(&mut book, fault(), noon).len(), 1);
    let before = book.desk.incidents.clone();
    drop(book);

    let mut again = world.reopened();
    assert_eq!(again.desk.incidents, before);
    let told = world.live(&mut again, noon, noon.plus_millis(6 * HOUR_MS));
    assert_eq!(told, vec![]);
    assert_eq!(again.desk.incidents.len(), 1);
    assert!(again.desk.incidents[0].is_live());
    // Once more in another life: the number of the next incident is known.
    drop(again);
    assert_eq!(world.reopened().desk.opened, 1);
}

#[test]
fn a_rule_is_broken_when_its_trial_says_so() {
    let world = World::with(Fault::ReceiptsLost, 11);
    let rule = json!({"id": "ios", "metric": "delivered", "where": {"platform": "ios"},
        "fell_by": 0.2, "against": "week_before", "over_minutes": 120, "at_least": 50});
    let mut book = Book::default();
    world.set_rule(&mut book, &rule);
    let (start, end) = (
        fault().plus_millis(-6 * HOUR_MS),
        fault().plus_millis(18 * HOUR_MS),
    );
    let told = world.live(&mut book, start, end);
    let live: Vec<_> = told
        .iter()
        .filter(|(_, tell)| matches!(tell, Tell::New(_) | Tell::Back(_)))
        .collect();

    let counting = Counting {
        board: &world.board,
        messages: world.catalogue.infos(),
        threads: 1,
    };
    let truth = Known {
        id: "truth".to_owned(),
        from: fault(),
        to: end,
    };
    let rule = read_one(&rule).expect("a rule");
    let tried = trial(&counting, &rule, 2, &[truth], end)
        .expect("a trial")
        .backtest;
    assert_eq!(tried.misses, Vec::<String>::new());
    assert_eq!(tried.hits.len(), 1);
    let judged = &book.progress.rules["ios"];
    assert_eq!(
        judged.broken.is_some(),
        tried.broken.last() == judged.judged_at.as_ref()
    );
    assert!(judged.broken.is_some(), "{judged:?}");
    // The first message comes when the window of the trial's has settled, or before: series alarm too.
    let first = tried.episodes[0]
        .from
        .plus_millis(horizon(Metric::Delivered) + BUCKET_MS);
    assert!(!live.is_empty() && live[0].0 <= first, "{live:?} {first:?}");
    assert_eq!(
        live.len(),
        1,
        "the rule and the series are one incident: {live:?}"
    );
    assert!(
        book.desk.incidents[0]
            .finding
            .signals
            .iter()
            .any(|s| s.rule.as_deref() == Some("ios"))
    );
}

#[test]
fn a_refused_credential_is_an_incident_until_it_works_again() {
    let world = World::empty();
    let mut book = Book::default();
    let start = fault();
    let heard = |standing, minutes: i64| Heard {
        name: "apns".to_owned(),
        provider: Provider::Apns,
        standing,
        at: start.plus_millis(minutes * MINUTE_MS),
        words: "Apple does not know the key. Make a new one.".to_owned(),
    };
    let mut look = |standing, minutes: i64| {
        let heard = [heard(standing, minutes)];
        let now = start.plus_millis(minutes * MINUTE_MS);
        world.step(&mut book, &heard, now)
    };
    assert_eq!(look(Standing::Works, 0), vec![]);
    assert_eq!(
        look(Standing::NotReached, 10),
        vec![],
        "that may be the network"
    );
    assert_eq!(
        look(Standing::Refused, 20),
        vec![Tell::New("inc-1".to_owned())]
    );
    assert_eq!(look(Standing::NotReached, 30), vec![]);
    assert_eq!(look(Standing::Refused, 40), vec![]);
    assert_eq!(look(Standing::Works, 50), vec![]);
    assert_eq!(
        look(Standing::Works, 105),
        vec![Tell::Over("inc-1".to_owned())]
    );
    let case = book.case("inc-1").expect("it is there");
    assert!(
        case.particulars.verdict.contains("Make a new one."),
        "{case:?}"
    );
    assert!(matches!(
        case.incident.state,
        State::Resolved { by: None, .. }
    ));
}
