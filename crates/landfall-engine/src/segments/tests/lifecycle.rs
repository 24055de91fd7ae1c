//! Segments change, are deleted, explained and counted; members of both kinds are found.

use landfall_audience::SegmentMembership as _;
use landfall_domain::person::Person;
use landfall_store::person_named;

use super::*;
use crate::tests::shop::HOUR;

fn edit(segment: SegmentId, ids: &[&str], add: bool) -> Input {
    let who = ids.iter().map(|id| who(id)).collect();
    input(NOW, Body::EditSegment { segment, who, add })
}

impl House {
    /// People with an order each.
    async fn buyers(&self, ids: &[&str]) {
        let orders = ids.iter().map(|id| track(NOW - DAY, id, "order_placed"));
        self.take(orders.collect()).await;
    }

    async fn by_hand(&self, name: &str) -> SegmentId {
        let segment = Segment::new(name, "", None, self.clock.now());
        let id = self.opened.workspace.add_segment(segment).await;
        id.expect("is taken")
    }

    async fn delete(&self, segment: SegmentId) -> Result<(), DefineError> {
        self.opened.workspace.delete_segment(segment).await
    }

    fn record(&self, id: &str) -> Person {
        let person = person_named(self.shop.store.as_ref(), &who(id)).expect("reads");
        person.expect("is known")
    }

    fn profile_of(&self, id: &str) -> BTreeSet<SegmentId> {
        of_person(self.shop.store.as_ref(), &self.record(id)).expect("reads")
    }
}

#[tokio::test]
async fn the_last_data_driven_segment_leaves_nothing_behind_when_it_is_deleted() {
    let house = House::new();
    house.buyers(&["ann", "ben"]).await;
    let segment = house.define(bought_in_30_days()).await;
    house
        .opened
        .workspace
        .count_segments()
        .await
        .expect("counts");
    assert_eq!(house.members(segment).len(), 2);
    assert_eq!(house.profile_of("ann"), [segment].into());
    house.delete(segment).await.expect("is deleted");
    assert_eq!(house.members(segment), []);
    assert_eq!(house.profile_of("ann"), [].into());
    let store = house.shop.store.as_ref();
    for kind in [DocumentKind::Segment, DocumentKind::SegmentCounts] {
        assert_eq!(store.documents(kind).expect("reads"), [], "{kind:?}");
    }
    let again = house.delete(segment).await;
    assert!(matches!(again, Err(DefineError::Missing(_))), "{again:?}");
}

#[tokio::test]
async fn timers_of_a_deleted_segment_are_put_away_when_they_are_due() {
    let house = House::new();
    house.buyers(&["ann"]).await;
    let silent = json!({"not": {"event": "order_placed", "within": "30d"}});
    let segment = house.define(silent).await;
    house.delete(segment).await.expect("is deleted");
    let due = |house: &House| house.shop.store.due_profiles(None, seconds(i64::MAX), 10);
    assert_eq!(
        due(&house).expect("reads").len(),
        1,
        "ann would enter later"
    );
    // The last segment is gone, and the program begins anew: the timer is there all the same.
    let house = house.again().await;
    house.clock.advance(30 * DAY * 1_000);
    let keeper = Timekeeper::new(house.opened.workspace.clone());
    let next = keeper.drain(house.clock.now()).await.expect("wakes");
    assert_eq!(next, None);
    assert_eq!(due(&house).expect("reads"), []);
    assert_eq!(house.members(segment), []);
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished_after_the_restart() {
    let house = House::new();
    house.buyers(&["ann", "ben"]).await;
    let data_driven = house.define(bought_in_30_days()).await;
    let manual = house.by_hand("friends").await;
    house.take(vec![edit(manual, &["ann"], true)]).await;
    for (id, segment) in all(house.shop.store.as_ref()).expect("reads") {
        let removed = Segment {
            removed: true,
            ..segment
        };
        let kept = house.opened.workspace.keep_segment(id, &removed).await;
        assert!(kept.expect("is kept"));
    }
    let house = house.again().await;
    assert_eq!(house.members(data_driven).len(), 2, "as the crash left it");
    let builder = Builder::new(house.opened.workspace.clone());
    builder.drain().await.expect("finishes");
    assert_eq!(house.members(data_driven), []);
    assert_eq!(house.members(manual), []);
    assert_eq!(house.profile_of("ann"), [].into());
    let left = house.shop.store.documents(DocumentKind::Segment);
    assert_eq!(left.expect("reads"), []);
}

#[tokio::test]
async fn what_another_segment_asks_about_is_not_deleted() {
    let house = House::new();
    let friends = house.by_hand("friends").await;
    let asking = house.define(json!({"not": {"segment": friends}})).await;
    let refused = house.delete(friends).await.expect_err("is in use");
    let said =
        format!("segment {friends} is used by segment {asking} `buyers`: it cannot be deleted");
    assert_eq!(refused.to_string(), said);
    house.delete(asking).await.expect("is deleted");
    house.delete(friends).await.expect("is deleted now");
}

#[tokio::test]
async fn nobody_is_put_by_hand_into_a_segment_that_follows_a_condition() {
    let house = House::new();
    house.take(vec![identify(NOW, "cleo", [])]).await;
    // Before there is such a segment the number can be used.
    house.take(vec![edit(1, &["cleo"], true)]).await;
    assert_eq!(house.members(1).len(), 1);
    let segment = house.define(bought_in_30_days()).await;
    assert_eq!(segment, 1);
    assert_eq!(house.members(segment), [], "what came before is undone");
    house.take(vec![edit(segment, &["cleo"], true)]).await;
    assert_eq!(house.members(segment), []);
    assert!(house.record("cleo").segments.is_empty());
}

#[tokio::test]
async fn members_of_both_kinds_are_found_among_few_and_many() {
    let house = House::new();
    let ids: Vec<String> = (0..40).map(|n| format!("p{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    house.buyers(&ids).await;
    house.take(vec![identify(NOW, "new", [])]).await;
    let bought = house.define(bought_in_30_days()).await;
    let friends = house.by_hand("friends").await;
    house
        .take(vec![edit(friends, &["p3", "p39", "new"], true)])
        .await;
    let store = house.shop.store.as_ref();
    let few = ["p2", "p3", "p39", "new"].map(|id| house.record(id));
    let memberships = Memberships::read(store, &few, &[bought, friends]).expect("reads");
    let inside = |segment| {
        few.each_ref()
            .map(|one| memberships.is_member(one, segment))
    };
    assert_eq!(inside(bought), [true, true, true, false]);
    assert_eq!(inside(friends), [false, true, true, true]);
    let all = store.people_after(None, 1_000).expect("reads");
    let memberships = Memberships::read(store, &all, &[bought]).expect("reads");
    let members = all.iter().filter(|one| memberships.is_member(one, bought));
    assert_eq!(members.count(), 40);
    let nobody = Memberships::read(store, &[], &[bought]).expect("reads");
    assert!(!nobody.is_member(&few[0], bought));
    assert_eq!(house.profile_of("p3"), [bought, friends].into());
    assert_eq!(house.profile_of("new"), [friends].into());
}

#[tokio::test]
async fn a_person_is_told_why_they_are_in_a_segment_and_until_when() {
    let house = House::new();
    house.buyers(&["ann"]).await;
    house.take(vec![identify(NOW, "cleo", [])]).await;
    let segment = house.define(bought_in_30_days()).await;
    let explain = |id| {
        let person = house.record(id);
        house.opened.workspace.explain_segment(segment, person)
    };
    let ann = explain("ann").await.expect("reads");
    assert!(ann.is_member);
    assert_eq!(ann.since, Some(seconds(NOW)));
    let why = ann.explanation.expect("has a condition");
    assert!(why.holds);
    assert_eq!(why.changes_at, Some(seconds(NOW + 29 * DAY)));
    let cleo = explain("cleo").await.expect("reads");
    assert!(!cleo.is_member);
    assert!(!cleo.explanation.expect("has a condition").holds);
    let friends = house.by_hand("friends").await;
    let person = house.record("cleo");
    let by_hand = house.opened.workspace.explain_segment(friends, person);
    let by_hand = by_hand.await.expect("reads");
    assert_eq!((by_hand.is_member, by_hand.explanation), (false, None));
}

#[tokio::test]
async fn another_name_builds_nothing_anew_and_another_condition_does() {
    let house = House::new();
    house.buyers(&["ann"]).await;
    let segment = house.define(bought_in_30_days()).await;
    let change = async |name: &str, condition| {
        let changed = Segment::new(name, "", condition, house.clock.now());
        house
            .opened
            .workspace
            .change_segment(segment, changed)
            .await
    };
    let stored = || all(house.shop.store.as_ref()).expect("reads")[0].1.clone();
    change("customers", Some(bought_in_30_days()))
        .await
        .expect("changes");
    assert_eq!(stored().name, "customers");
    assert_eq!(stored().build, None);
    change("customers", Some(json!({"event": "refund"})))
        .await
        .expect("changes");
    assert!(stored().build.is_some());
    let by_hand = change("customers", None).await;
    assert!(
        matches!(by_hand, Err(DefineError::OtherKind(_))),
        "{by_hand:?}"
    );
}

#[tokio::test]
async fn members_are_counted_over_time_except_while_a_segment_is_built() {
    let house = House::new();
    house.buyers(&["ann"]).await;
    let friends = house.by_hand("friends").await;
    let workspace = &house.opened.workspace;
    let building = Segment::new("late", "", Some(bought_in_30_days()), house.clock.now());
    let building = workspace.add_segment(building).await.expect("is taken");
    workspace.count_segments().await.expect("counts");
    house.take(vec![edit(friends, &["ann"], true)]).await;
    house.wait(HOUR).await;
    workspace.count_segments().await.expect("counts");
    let counts = |segment| counts_of(house.shop.store.as_ref(), segment).expect("reads");
    let members: Vec<u64> = counts(friends)
        .hours
        .iter()
        .map(|hour| hour.members)
        .collect();
    assert_eq!(members, [0, 1]);
    assert_eq!(counts(friends).days.len(), 1);
    assert_eq!(counts(building).hours, []);
}
