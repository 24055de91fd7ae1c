//! Coverage, counted by hand.

use landfall_domain::channel::Platform;
use landfall_domain::input::{Body, DeliveryReport, Input, RecipientReport};
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use serde_json::json;

use super::shop::{
    DAY, HOUR, NOW, Shop, anonymous, device, device_of, identify, input, merge, person, push,
    recipient, reported, seconds, submit, track, who,
};
use crate::roster::{Coverage, Reach};
use crate::{Roster, Workspace};

const ON: &[(&str, &str)] = &[("push_enabled", "true")];
const OFF: &[(&str, &str)] = &[("push_enabled", "false")];
const SILENT: &[(&str, &str)] = &[];

/// A week is active.
fn coverage(workspace: &Workspace, platform: Option<Platform>) -> Coverage {
    workspace.with_roster(|roster| roster.coverage(seconds(NOW - 7 * DAY), platform))
}

/// Covered, no device, token invalid, permission off, unsubscribed; confirmed.
fn figures(coverage: Coverage) -> ([u64; 5], u64) {
    let groups = Reach::ALL.map(|reach| coverage.of(reach));
    assert_eq!(groups.iter().sum::<u64>(), coverage.active, "groups add up");
    (groups, coverage.confirmed)
}

/// The provider rejected the last push to a token.
fn bounce(platform: Platform, token: &str, person: &str) -> Input {
    let to = RecipientReport {
        platform: Some(platform),
        ..recipient(token, Some("Unregistered"))
    };
    reported(DeliveryReport {
        recipients: vec![to],
        ..push(&format!("to {token}"), person, &[(Mark::Sent, NOW - HOUR)])
    })
}

/// Eleven people in known states.
fn people() -> Vec<Input> {
    let android = |id, token, facts| device_of(Platform::Android, NOW - DAY, who(id), token, facts);
    let ios = |id, token, facts| device(NOW - DAY, who(id), token, facts);
    let at = NOW - DAY;
    let mut inputs: Vec<Input> = (1..=11)
        .map(|number| identify(at, &format!("p{number}"), []))
        .chain([
            // Covered: permission on; never said; one good device of two.
            ios("p1", "i1", ON),
            android("p2", "a2", SILENT),
            ios("p3", "i3", OFF),
            android("p3", "a3", ON),
            // p4 has no device; p5 had one.
            ios("p5", "i5", ON),
            // The only token is invalid; one is, and the other may not show anything.
            android("p6", "a6", ON),
            ios("p7", "i7", ON),
            android("p7", "a7", OFF),
            // Notifications are off.
            ios("p8", "i8", OFF),
            // Unsubscribed from everything, and from push. p4 and p11 are, too, but other groups come
            // first: p4 has no device, and p11's token is invalid.
            ios("p9", "i9", ON),
            android("p10", "a10", SILENT),
            identify(at, "p9", [("unsubscribed", json!(true))]),
            identify(
                at,
                "p10",
                [("cio_subscription_preferences.channels.push", json!(false))],
            ),
            identify(at, "p4", [("unsubscribed", json!(true))]),
            ios("p11", "i11", ON),
            identify(at, "p11", [("unsubscribed", json!(true))]),
        ])
        .collect();
    let gone = Body::DeleteDevice {
        who: who("p5"),
        token: "i5".to_owned(),
        platform: None,
    };
    inputs.push(input(NOW - HOUR, gone));
    inputs.extend([
        bounce(Platform::Android, "a6", "p6"),
        bounce(Platform::Ios, "i7", "p7"),
        bounce(Platform::Ios, "i11", "p11"),
    ]);
    inputs
}

#[test]
fn each_active_person_is_in_the_first_group_that_applies() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    submit(workspace, people());
    // p1 p2 p3 | p4 p5 | p6 p11 | p7 p8 | p9 p10; permission was confirmed by p1 and p3.
    assert_eq!(figures(coverage(workspace, None)), ([3, 2, 2, 2, 2], 2));
    // p1 | - | p7 p11 | p3 p8 | p9
    assert_eq!(
        figures(coverage(workspace, Some(Platform::Ios))),
        ([1, 0, 2, 2, 1], 1)
    );
    // p2 p3 | - | p6 | p7 | p10
    assert_eq!(
        figures(coverage(workspace, Some(Platform::Android))),
        ([2, 0, 1, 1, 1], 1)
    );
    assert_eq!(
        figures(coverage(workspace, Some(Platform::Web))),
        ([0; 5], 0)
    );
    assert_eq!(workspace.with_roster(Roster::listed), 11);
    opened.stop();
    // The same from the store.
    let opened = shop.open();
    assert_eq!(
        figures(coverage(&opened.workspace, None)),
        ([3, 2, 2, 2, 2], 2)
    );
    opened.stop();
}

#[test]
fn people_move_between_groups() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let group = |workspace| {
        let (groups, _) = figures(coverage(workspace, None));
        let place = groups.iter().position(|people| *people == 1);
        Reach::ALL[place.unwrap()].name()
    };
    submit(workspace, vec![identify(NOW - 2 * DAY, "ann", [])]);
    assert_eq!(group(workspace), "no_device");
    submit(
        workspace,
        vec![device(NOW - 2 * DAY, who("ann"), "t1", OFF)],
    );
    assert_eq!(group(workspace), "permission_off");
    submit(workspace, vec![device(NOW - DAY, who("ann"), "t1", ON)]);
    assert_eq!(group(workspace), "covered");
    submit(workspace, vec![bounce(Platform::Ios, "t1", "ann")]);
    assert_eq!(group(workspace), "token_invalid");
    submit(workspace, vec![device(NOW, who("ann"), "t1", ON)]);
    assert_eq!(group(workspace), "covered", "it registered again");
    submit(
        workspace,
        vec![identify(NOW, "ann", [("unsubscribed", json!(true))])],
    );
    assert_eq!(group(workspace), "unsubscribed");
    submit(
        workspace,
        vec![identify(NOW, "ann", [("unsubscribed", json!(false))])],
    );
    assert_eq!(group(workspace), "covered");
    // Somebody else logs in on the phone.
    submit(workspace, vec![device(NOW, who("ben"), "t1", ON)]);
    let (groups, confirmed) = figures(coverage(workspace, None));
    assert_eq!((groups, confirmed), ([1, 1, 0, 0, 0], 1));
    opened.stop();
}

#[test]
fn visitors_the_merged_and_the_deleted_do_not_count() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let inputs = ["ann", "ben", "eve"].map(|id| identify(NOW, id, []));
    submit(workspace, inputs.to_vec());
    submit(workspace, vec![device(NOW, anonymous("a1"), "t1", ON)]);
    assert_eq!(figures(coverage(workspace, None)), ([0, 3, 0, 0, 0], 0));
    assert_eq!(workspace.with_roster(Roster::listed), 3);
    submit(workspace, vec![merge(NOW, who("ann"), who("ben"))]);
    submit(
        workspace,
        vec![input(NOW, Body::Delete { who: who("eve") })],
    );
    assert_eq!(figures(coverage(workspace, None)), ([0, 1, 0, 0, 0], 0));
    let ann = person(shop.store.as_ref(), "ann");
    workspace.with_roster(|roster| {
        assert_eq!(roster.listed(), 1);
        assert!(roster.is_listed(ann));
        let others = (0..10).filter(|key| *key != ann.0);
        assert!(
            others
                .into_iter()
                .all(|key| !roster.is_listed(landfall_domain::ids::PersonKey(key)))
        );
    });
    // The visitor's phone comes with the login.
    submit(workspace, vec![merge(NOW, who("ann"), anonymous("a1"))]);
    assert_eq!(figures(coverage(workspace, None)), ([1, 0, 0, 0, 0], 1));
    opened.stop();
}

/// Whole hours: who was active in the hour of `since` counts.
#[test]
fn activity_is_known_by_the_hour() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    // NOW is half past one.
    let hour = NOW - 1_800;
    submit(
        workspace,
        vec![
            track(hour - 1, "before", "viewed"),
            track(hour, "at one", "viewed"),
            track(NOW - 60, "now", "viewed"),
            identify(NOW - 9 * DAY, "long ago", []),
        ],
    );
    let active =
        |since: Timestamp| workspace.with_roster(|roster| roster.coverage(since, None).active);
    for (since, people) in [
        (hour - HOUR, 3),
        (hour - 1, 3),
        (hour, 2),
        (hour + 3_599, 2),
        (hour + HOUR, 0),
        (NOW - 10 * DAY, 4),
        (-DAY, 4),
    ] {
        assert_eq!(active(seconds(since)), people, "since {}", since - hour);
    }
    assert_eq!(active(Timestamp::from_millis(i64::MIN)), 4);
    assert_eq!(active(Timestamp::from_millis(i64::MAX)), 0);
    opened.stop();
}
