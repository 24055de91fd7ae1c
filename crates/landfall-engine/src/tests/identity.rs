//! Each kind of problem with a case that is one and cases that only look like it; repairs and their undoing.

mod repairs;

use std::sync::Arc;

use landfall_domain::activity::EventKind;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::Identifier;
use landfall_domain::input::{Body, Claims, Input};
use landfall_insight::coverage::Kind;

use super::faults::Faulty;
use super::shop::{
    DAY, HOUR, NOW, Shop, anonymous, device, identify, input, merge, start, track, who,
};
use crate::identity::{Decision, Evidence, Finding, Look, Remedy};
use crate::{Opened, Workspace};

pub(super) const PHONE: [(&str, &str); 4] = [
    ("device_model", "iPhone15,2"),
    ("device_os", "19.1"),
    ("app_version", "5.2"),
    ("device_locale", "de-DE"),
];

/// Something that a known person did, told with an anonymous id.
fn both(at: i64, id: &str, anonymous_id: &str) -> Input {
    let body = Body::Track {
        who: Some(who(id)),
        anonymous_id: Some(anonymous_id.to_owned()),
        event: EventKind::Screen,
        name: "cart".to_owned(),
        id: None,
        data: EventData::NONE,
    };
    input(at, body)
}

/// Something that was done under an anonymous id.
fn nameless(at: i64, anonymous_id: &str) -> Input {
    let body = Body::Track {
        who: None,
        anonymous_id: Some(anonymous_id.to_owned()),
        event: EventKind::Screen,
        name: "start".to_owned(),
        id: None,
        data: EventData::NONE,
    };
    input(at, body)
}

/// A login: the person is named together with the anonymous id.
fn login(at: i64, id: &str, anonymous_id: &str) -> Input {
    let body = Body::Identify {
        who: who(id),
        claims: Claims {
            anonymous_id: Some(anonymous_id.to_owned()),
            ..Claims::default()
        },
        attributes: landfall_domain::attributes::Attributes::default(),
        update_only: false,
    };
    input(at, body)
}

fn removed(at: i64, who: Identifier, token: &str) -> Input {
    let body = Body::DeleteDevice {
        who,
        token: token.to_owned(),
        platform: None,
    };
    input(at, body)
}

async fn opened(inputs: Vec<Input>) -> (Shop, Opened) {
    let shop = Shop::new();
    let opened = shop.open();
    for input in inputs {
        opened.workspace.submit(vec![input]).await.unwrap();
    }
    (shop, opened)
}

async fn look(workspace: &Workspace) -> std::sync::Arc<Look> {
    workspace.identity(0).await.unwrap().unwrap()
}

/// What is found after these inputs.
async fn findings(inputs: Vec<Input>) -> Vec<Finding> {
    let (_shop, opened) = opened(inputs).await;
    let found = look(&opened.workspace).await;
    assert!(found.complete);
    tokio::task::spawn_blocking(|| opened.stop()).await.unwrap();
    found.findings.clone()
}

#[track_caller]
fn only(findings: &[Finding]) -> &Finding {
    match findings {
        [one] => one,
        others => panic!("not one finding: {others:#?}"),
    }
}

#[track_caller]
fn decision(finding: &Finding) -> Decision {
    match finding.remedy {
        Remedy::Decide(decision) => decision,
        Remedy::Move { .. } => panic!("it is clear: {finding:#?}"),
    }
}

#[track_caller]
fn moved(finding: &Finding) -> (Option<&str>, Option<&str>) {
    let Remedy::Move { from, to } = &finding.remedy else {
        panic!("it is not clear: {finding:#?}");
    };
    let name = |who: &Option<crate::identity::Who>| who.as_ref().map(|who| who.key);
    let called = |key| match Some(key) {
        key if key == name(&Some(finding.person.clone())) => "person",
        key if key == name(&finding.other.clone()) => "other",
        _ => "somebody",
    };
    (name(from).map(called), name(to).map(called))
}

/// A phone whose app never says who it is, though its events do.
fn stranded(number: usize) -> Vec<Input> {
    let (id, x) = (format!("ann{number}"), format!("x{number}"));
    vec![
        identify(NOW - 9 * DAY, &id, []),
        device(NOW - 8 * DAY, anonymous(&x), &format!("t{number}"), &PHONE),
        both(NOW - 2 * DAY, &id, &x),
    ]
}

#[tokio::test]
async fn a_token_is_stranded_when_events_name_its_anonymous_id_and_a_person() {
    let found = findings(stranded(1)).await;
    let found = only(&found);
    assert_eq!(found.kind, Kind::StrandedToken);
    assert_eq!(
        (
            found.person.name.as_str(),
            found.device.token.token.as_str()
        ),
        ("ann1", "t1")
    );
    assert!(matches!(found.evidence, Evidence::SeenTogether { .. }));
    assert_eq!(moved(found), (Some("other"), Some("person")));
    assert_eq!(
        found.out_of_reach,
        [found.person.key],
        "there is no other device"
    );
}

#[tokio::test]
async fn whoever_has_another_good_device_is_not_out_of_reach() {
    let mut inputs = stranded(1);
    inputs.push(device(NOW - DAY, who("ann1"), "tablet", &[]));
    let found = findings(inputs).await;
    assert!(only(&found).out_of_reach.is_empty());
    let mut inputs = stranded(1);
    inputs.push(identify(NOW - DAY, "ann1", [("unsubscribed", true.into())]));
    assert!(only(&findings(inputs).await).out_of_reach.is_empty());
}

#[tokio::test]
async fn tokens_of_visitors_whom_nobody_knows_are_not_stranded() {
    // A visitor like any other, and one whose person was on the phone before the token came: perhaps a logout.
    let found = findings(vec![
        device(NOW - 8 * DAY, anonymous("x"), "t1", &PHONE),
        nameless(NOW - 7 * DAY, "x"),
        identify(NOW - 9 * DAY, "ann", []),
        both(NOW - 6 * DAY, "ann", "y"),
        device(NOW - 5 * DAY, anonymous("y"), "t2", &PHONE),
    ])
    .await;
    assert_eq!(found, []);
}

#[tokio::test]
async fn a_logout_strands_nothing() {
    let found = findings(vec![
        device(NOW - 9 * DAY, who("ann"), "t1", &PHONE),
        removed(NOW - 8 * DAY, who("ann"), "t1"),
        device(NOW - 8 * DAY + 1, anonymous("x"), "t1", &PHONE),
        track(NOW - DAY, "ann", "ordered on the web"),
    ])
    .await;
    assert_eq!(found, []);
}

#[tokio::test]
async fn a_token_that_was_taken_without_a_logout_is_for_a_person_to_decide() {
    let taken = |seen: i64| {
        vec![
            device(NOW - 9 * DAY, who("ann"), "t1", &PHONE),
            device(NOW - 8 * DAY, anonymous("x"), "t1", &PHONE),
            track(seen, "ann", "ordered"),
        ]
    };
    let found = findings(taken(NOW - DAY)).await;
    assert_eq!(decision(only(&found)), Decision::PerhapsLogout);
    assert_eq!(
        findings(taken(NOW - 8 * DAY - HOUR)).await,
        [],
        "not seen since"
    );
}

#[tokio::test]
async fn two_people_or_days_without_a_name_make_it_unclear_whose_a_token_is() {
    let mut two = stranded(1);
    two.push(both(NOW - DAY, "ben", "x1"));
    assert_eq!(
        decision(only(&findings(two).await)),
        Decision::SeveralPeople
    );
    let mut later = stranded(1);
    later.push(nameless(NOW - 2 * DAY + HOUR, "x1"));
    assert_eq!(
        moved(only(&findings(later.clone()).await)),
        (Some("other"), Some("person"))
    );
    later.push(nameless(NOW - HOUR, "x1"));
    assert_eq!(
        decision(only(&findings(later).await)),
        Decision::PerhapsLogout
    );
}

#[tokio::test]
async fn one_installation_of_the_app_is_one_phone() {
    let installed = |id: &'static str| [("installation_id", id), ("device_model", "iPhone15,2")];
    let phones = |second: &'static str| {
        vec![
            device(NOW - 9 * DAY, who("ann"), "t1", &installed("6f9619ff-8b86")),
            device(NOW - 8 * DAY, anonymous("x"), "t2", &installed(second)),
        ]
    };
    let found = findings(phones("6f9619ff-8b86")).await;
    assert_eq!(only(&found).kind, Kind::StrandedToken);
    assert_eq!(moved(only(&found)), (Some("other"), Some("person")));
    assert_eq!(findings(phones("6f9619ff-0000")).await, []);
    let zeros = vec![
        device(NOW - 9 * DAY, who("ann"), "t1", &installed("00000000-0000")),
        device(
            NOW - 8 * DAY,
            anonymous("x"),
            "t2",
            &installed("00000000-0000"),
        ),
    ];
    assert_eq!(findings(zeros).await, [], "that is no id");
}

/// A server that removes the token of a visitor, merges it, and registers the token nowhere.
fn lost(number: usize) -> Vec<Input> {
    let (id, x, token) = (
        format!("cid{number}"),
        format!("y{number}"),
        format!("l{number}"),
    );
    vec![
        identify(NOW - 9 * DAY, &id, []),
        device(NOW - 8 * DAY, anonymous(&x), &token, &PHONE),
        removed(NOW - 4 * DAY, anonymous(&x), &token),
        login(NOW - 4 * DAY + 60, &id, &x),
    ]
}

#[tokio::test]
async fn a_merge_lost_the_token_that_was_removed_just_before() {
    let found = findings(lost(1)).await;
    let found = only(&found);
    assert_eq!(found.kind, Kind::MergeLostToken);
    assert_eq!(moved(found), (None, Some("person")));
    assert_eq!(found.device.attributes["app_version"], "5.2", "as it was");
    assert_eq!(found.out_of_reach, [found.person.key]);
}

#[tokio::test]
async fn logouts_rotations_and_merges_that_bring_tokens_lose_none() {
    let found = findings(vec![
        // The merge brings it.
        device(NOW - 8 * DAY, anonymous("a"), "t1", &PHONE),
        login(NOW - 7 * DAY, "ann", "a"),
        // Removed long before the merge.
        device(NOW - 8 * DAY, anonymous("b"), "t2", &PHONE),
        removed(NOW - 7 * DAY, anonymous("b"), "t2"),
        login(NOW - 6 * DAY, "ben", "b"),
        // Registered again by the app.
        device(NOW - 8 * DAY, anonymous("c"), "t3", &PHONE),
        removed(NOW - 7 * DAY, anonymous("c"), "t3"),
        login(NOW - 7 * DAY + 60, "cid", "c"),
        device(NOW - 7 * DAY + 90, who("cid"), "t3", &PHONE),
        // Another token of the same phone came instead.
        device(NOW - 8 * DAY, anonymous("d"), "t4", &PHONE),
        removed(NOW - 7 * DAY, anonymous("d"), "t4"),
        login(NOW - 7 * DAY + 60, "dan", "d"),
        device(NOW - 7 * DAY + 90, who("dan"), "t4.2", &PHONE),
        // A logout on the phone, and a login on the web.
        device(NOW - 8 * DAY, who("eve"), "t5", &PHONE),
        nameless(NOW - 8 * DAY, "e"),
        removed(NOW - 7 * DAY, who("eve"), "t5"),
        login(NOW - 7 * DAY + 60, "eve", "e"),
    ])
    .await;
    assert_eq!(found, []);
}

#[tokio::test]
async fn a_token_that_vanished_near_a_merge_of_people_is_for_a_person_to_decide() {
    let found = findings(vec![
        device(NOW - 8 * DAY, who("old"), "t1", &PHONE),
        identify(NOW - 9 * DAY, "ann", []),
        removed(NOW - 7 * DAY, who("old"), "t1"),
        merge(NOW - 7 * DAY + 60, who("ann"), who("old")),
    ])
    .await;
    assert_eq!(only(&found).kind, Kind::MergeLostToken);
    assert_eq!(decision(only(&found)), Decision::PerhapsLogout);
    let found = findings(vec![
        device(NOW - 8 * DAY, anonymous("x"), "t1", &PHONE),
        login(NOW - 7 * DAY, "ann", "x"),
        removed(NOW - 7 * DAY + 60, who("ann"), "t1"),
    ])
    .await;
    assert!(matches!(
        only(&found).evidence,
        Evidence::RemovedAfterMerge { .. }
    ));
    assert_eq!(decision(only(&found)), Decision::PerhapsLogout);
}

#[tokio::test]
async fn a_token_that_goes_to_and_fro_without_logouts_has_two_owners() {
    let takes = |people: &[&str]| {
        let all = people.iter().zip(1..);
        all.map(|(id, day)| device(NOW - 20 * DAY + day * DAY, who(id), "t1", &PHONE))
            .collect::<Vec<_>>()
    };
    let found = findings(takes(&["ann", "ben", "ann", "ben"])).await;
    let found = only(&found);
    assert_eq!(found.kind, Kind::TwoOwners);
    assert_eq!(found.evidence, Evidence::TakenInTurn { times: 3 });
    assert_eq!(decision(found), Decision::OneOrTwo);
    assert_eq!(found.person.name, "ben");
    let other = found.other.clone().unwrap();
    assert_eq!(
        (other.name.as_str(), found.out_of_reach.as_slice()),
        ("ann", &[other.key][..])
    );
    // A phone that was lent, and one that was sold on.
    assert_eq!(findings(takes(&["ann", "ben", "ann"])).await, []);
    assert_eq!(findings(takes(&["ann", "ben", "cid", "dan"])).await, []);
    // They turned out to be one.
    let mut merged = takes(&["ann", "ben", "ann", "ben"]);
    merged.push(merge(NOW - DAY, who("ben"), who("ann")));
    assert_eq!(findings(merged).await, []);
    // With logouts.
    let shared = (0..4).flat_map(|turn| {
        let (id, at) = (
            ["ann", "ben"][turn as usize % 2],
            NOW - 20 * DAY + turn * DAY,
        );
        [
            device(at, who(id), "t1", &PHONE),
            removed(at + HOUR, who(id), "t1"),
        ]
    });
    assert_eq!(findings(shared.collect()).await, []);
}

/// An app that registers two tokens whenever it starts.
fn doubled(number: usize) -> Vec<Input> {
    let id = format!("dan{number}");
    let starts = [NOW - 6 * DAY, NOW - 3 * DAY];
    let tokens = |at| {
        let one = device(at, who(&id), &format!("d{number}"), &PHONE);
        [
            one,
            device(at + 1, who(&id), &format!("d{number}.2"), &PHONE),
        ]
    };
    starts.into_iter().flat_map(tokens).collect()
}

#[tokio::test]
async fn tokens_that_always_come_together_are_of_one_device() {
    let found = findings(doubled(1)).await;
    let found = only(&found);
    assert_eq!(found.kind, Kind::DoubleRegistration);
    assert_eq!(found.evidence, Evidence::RegisteredTogether);
    assert_eq!(
        found.device.token.token, "d1",
        "the one that comes last is kept"
    );
    assert_eq!(moved(found), (Some("person"), None));
    assert!(found.out_of_reach.is_empty());
    let installed = [("installation_id", "6f9619ff-8b86")];
    let one = vec![
        device(NOW - 9 * DAY, who("ann"), "t1", &installed),
        device(NOW - 3 * DAY, who("ann"), "t2", &installed),
    ];
    let found = findings(one).await;
    assert!(matches!(
        only(&found).evidence,
        Evidence::OneInstallation { .. }
    ));
    assert_eq!(only(&found).device.token.token, "t1");
}

#[tokio::test]
async fn two_phones_of_one_model_are_two_phones() {
    let found = findings(vec![
        // Opened in the same minute, once.
        device(NOW - 9 * DAY, who("ann"), "t1", &PHONE),
        device(NOW - 5 * DAY, who("ann"), "t2", &PHONE),
        device(NOW - 3 * DAY, who("ann"), "t1", &PHONE),
        device(NOW - 3 * DAY + 20, who("ann"), "t2", &PHONE),
        // Each used by itself.
        device(NOW - 9 * DAY, who("ben"), "t3", &PHONE),
        device(NOW - 5 * DAY, who("ben"), "t4", &PHONE),
        device(NOW - 3 * DAY, who("ben"), "t3", &PHONE),
        // Two installations.
        device(
            NOW - 9 * DAY,
            who("cid"),
            "t5",
            &[("idfv", "6f9619ff-8b86")],
        ),
        device(
            NOW - 9 * DAY,
            who("cid"),
            "t6",
            &[("idfv", "6f9619ff-0000")],
        ),
        // Another model.
        device(NOW - 9 * DAY, who("eve"), "t7", &PHONE),
        device(
            NOW - 9 * DAY,
            who("eve"),
            "t8",
            &[("device_model", "iPad14,3")],
        ),
    ])
    .await;
    assert_eq!(found, []);
}

#[tokio::test]
async fn a_token_that_fell_silent_when_the_next_began_may_be_an_old_phone() {
    let found = findings(vec![
        device(NOW - 9 * DAY, who("ann"), "t1", &PHONE),
        device(NOW - 7 * DAY, who("ann"), "t2", &PHONE),
        device(NOW - 3 * DAY, who("ann"), "t2", &PHONE),
    ])
    .await;
    assert_eq!(only(&found).evidence, Evidence::Superseded);
    assert_eq!(decision(only(&found)), Decision::PerhapsTwoPhones);
}

#[tokio::test]
async fn what_is_not_whole_yet_is_not_looked_at() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let keeper = store.page_gate.close();
    let opened = start(store, None);
    keeper.wait();
    assert_eq!(opened.workspace.identity(0).await.unwrap(), None);
    drop(keeper);
    let opened = opened.filled();
    let found = look(&opened.workspace).await;
    assert_eq!((found.people, found.findings.len()), (0, 0));
    assert_eq!(opened.workspace.identity_progress(), None);
    tokio::task::spawn_blocking(|| opened.stop()).await.unwrap();
}
