//! Experiments with a simulated past of which the truth is known.

use std::collections::BTreeMap;

use landfall_domain::channel::Platform;
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::input::{DeliveryReport, Input, RecipientReport};
use landfall_domain::marks::Mark;
use landfall_insight::draws::Draws;
use landfall_insight::experiments::{Stage, Step};
use landfall_journey::Run;
use serde_json::{Value, json};

use super::bad_days::did;
use super::house::House;
use crate::experiments::{Known, Settings, VerdictKind};
use crate::tests::shop::{DAY, HOUR, NOW, device_of, person, push, receipt, reported, track, who};

const ID: &str = "cart:text";

/// Two texts of a push, and a purchase within three days of it.
fn journey() -> Value {
    let push = |id: &str, step: &str, body: &str| {
        json!({"id": id, "push": {"body": body}, "to": "all",
            "name": {"step": step, "delay": "0h", "intent": "Remind"}})
    };
    json!({
        "id": "cart",
        "name": "Cart Recovery",
        "trigger": {"event": "cart_updated"},
        "entry": {"frequency": "every_time"},
        "goal": {"event": "order_placed", "within": "3d", "basis": "delivered", "value": "total",
            "currency": "EUR"},
        "steps": [{"id": "text", "ab_test": {"variants": [
            {"id": "plain", "percent": 50, "steps": [push("push-a", "Push A", "Your cart waits")]},
            {"id": "warm", "percent": 50, "steps": [push("push-b", "Push B", "We kept it for you")]}]}}]
    })
}

/// What is true of an arm: how many get it, and how many of those who got it buy.
#[derive(Clone, Copy)]
struct Arm {
    arrives: fn(Platform) -> f64,
    buys: f64,
}

struct Crowd {
    house: House,
    journey: JourneyId,
    names: BTreeMap<PersonKey, String>,
    came: usize,
}

fn platform(number: usize) -> Platform {
    if number.is_multiple_of(2) {
        Platform::Android
    } else {
        Platform::Ios
    }
}

impl Crowd {
    async fn of(people: usize, journey: &Value) -> Self {
        let house = House::new();
        let devices = (0..people).map(|number| {
            let version = [("app_version", "5.2"), ("cio_sdk_version", "3.1")];
            let token = format!("token-{number}");
            let who = who(&format!("p{number}"));
            device_of(platform(number), NOW - DAY, who, &token, &version)
        });
        house.take(devices.collect()).await;
        let names = (0..people).map(|number| {
            let name = format!("p{number}");
            (person(house.shop.store.as_ref(), &name), name)
        });
        let names = names.collect();
        let journey = house.start(journey).await;
        Self {
            house,
            journey,
            names,
            came: 0,
        }
    }

    fn number(&self, person: PersonKey) -> usize {
        let name = &self.names[&person];
        name[1..].parse().expect("a number")
    }

    /// The next people come; answers their arms and deliveries.
    async fn come(&mut self, people: usize) -> Vec<(PersonKey, Option<u16>, String)> {
        let store = &self.house.shop.store;
        let last = store.runs_in(self.journey, None, 10_000).expect("reads");
        let before = last.last().map(|run| run.key);
        let at = self.house.now();
        let next = (self.came..self.came + people)
            .map(|number| track(at, &format!("p{number}"), "cart_updated"));
        self.house.take(next.collect()).await;
        self.came += people;
        let runs = store.runs_in(self.journey, before, 10_000).expect("reads");
        let deliveries = store.deliveries_after(None, 100_000).expect("reads");
        let mut sent: BTreeMap<PersonKey, String> = BTreeMap::new();
        for delivery in deliveries {
            sent.extend(delivery.person.map(|person| (person, delivery.id)));
        }
        let arms = runs.iter().map(|row| {
            let run = Run::decode(&row.body).expect("a run");
            let way = run.arms().first().map(|arm| arm.way);
            (
                row.person,
                way,
                sent.remove(&row.person).unwrap_or_default(),
            )
        });
        arms.collect()
    }

    /// A provider takes a message, or rejects its token.
    fn answered(&self, person: PersonKey, delivery: &str, taken: bool) -> Input {
        let mark = if taken { Mark::Sent } else { Mark::Bounced };
        let number = self.number(person);
        let to = RecipientReport {
            address: format!("token-{number}"),
            platform: Some(platform(number)),
            failure_message: (!taken).then(|| "InvalidProviderToken".to_owned()),
        };
        reported(DeliveryReport {
            recipients: vec![to],
            ..push(delivery, &self.names[&person], &[(mark, self.house.now())])
        })
    }

    /// People come, and what is true of their arm happens to them.
    async fn live(&mut self, people: usize, arms: [Arm; 2], seed: u64) {
        let mut draws = Draws::seeded(seed);
        let came = self.come(people).await;
        let mut now = Vec::new();
        let mut later = Vec::new();
        for (person, way, delivery) in came {
            let arm = arms[usize::from(way.expect("an arm"))];
            now.push(self.answered(person, &delivery, true));
            let number = self.number(person);
            if draws.happens((arm.arrives)(platform(number))) {
                let token = format!("token-{number}");
                let at = self.house.now();
                now.push(receipt(at, &delivery, Mark::Delivered, Some(&token)));
                if draws.happens(arm.buys) {
                    later.push((person, 20.0 + 40.0 * draws.unit()));
                }
            }
        }
        self.house.take(now).await;
        self.house.wait(HOUR).await;
        let at = self.house.now();
        let orders = later.iter().map(|(person, total)| {
            did(
                at,
                &self.names[person],
                "order_placed",
                &json!({"total": total}),
            )
        });
        self.house.take(orders.collect()).await;
    }

    /// Its workspace, with an experiment that goes on after forty messages.
    async fn quickly_resumed(&self) -> crate::Workspace {
        let settings = Settings {
            resume_cases: 40,
            ..Settings::default()
        };
        let workspace = self.house.workspace().clone();
        let set = workspace.set_experiment(ID, settings).await;
        set.expect("is set");
        workspace
    }

    async fn known(&self) -> Known {
        let workspace = self.house.workspace();
        let known = workspace.experiments(Some(ID.to_owned())).await;
        known.expect("is known").remove(0)
    }
}

const ALIKE: fn(Platform) -> f64 = |_| 0.8;

#[tokio::test]
async fn arms_with_a_known_lift_are_told_apart_and_the_interval_holds_the_truth() {
    let mut crowd = Crowd::of(1_600, &journey()).await;
    let nobody = crowd.known().await;
    assert_eq!(nobody.verdict.kind, VerdictKind::NoneYet);
    let arms = [0.10, 0.30].map(|buys| Arm {
        arrives: ALIKE,
        buys,
    });
    crowd.live(1_600, arms, 11).await;
    let known = crowd.known().await;
    assert_eq!(known.counted.people, 1_600);
    for arm in &known.counted.arms {
        assert_eq!(arm.at(Stage::Sent), arm.at(Stage::Assigned));
        assert_eq!(arm.at(Stage::Accepted), arm.at(Stage::Assigned));
        let share = arm.at(Stage::Receipt) as f64 / arm.at(Stage::Sent) as f64;
        assert!((0.75..0.85).contains(&share), "{arm:?}");
        assert!(arm.converted > 0 && arm.revenue.people == arm.at(Stage::Assigned));
        assert_eq!(arm.converted, arm.converted_of_delivered);
    }
    assert_eq!(
        known.verdict.kind,
        VerdictKind::Better,
        "{:?}",
        known.report
    );
    assert_eq!(known.verdict.variant.as_deref(), Some("warm"));
    let variant = &known.report.variants[0];
    let assigned = variant.per_assigned_absolute.expect("an effect");
    assert!(
        assigned.low <= 0.16 && 0.16 <= assigned.high,
        "{assigned:?}"
    );
    let delivered = variant.per_delivered.as_ref().expect("both send");
    let effect = delivered.effect.expect("it is not withheld");
    assert!(effect.low <= 2.0 && 2.0 <= effect.high, "{effect:?}");
    let money = variant.revenue.per_person.expect("money");
    // 16 of 100 more buy for 40 on average.
    assert!(money.low <= 6.4 && 6.4 <= money.high, "{money:?}");
    assert_eq!(known.counted.currency.as_deref(), Some("EUR"));
    let again = Crowd {
        house: crowd.house.again().await,
        ..crowd
    };
    assert_eq!(
        again.known().await.counted,
        known.counted,
        "after a restart"
    );
    again.house.close().await;
}

#[tokio::test]
async fn an_arm_that_loses_receipts_gets_no_verdict_per_delivered_and_the_leak_is_named() {
    let mut crowd = Crowd::of(1_600, &journey()).await;
    let leaks = |platform| {
        if platform == Platform::Android {
            0.4
        } else {
            0.8
        }
    };
    let arms = [
        Arm {
            arrives: ALIKE,
            buys: 0.2,
        },
        Arm {
            arrives: leaks,
            buys: 0.2,
        },
    ];
    crowd.live(1_600, arms, 12).await;
    let known = crowd.known().await;
    assert_eq!(
        known.verdict.kind,
        VerdictKind::Withheld,
        "{:?}",
        known.report
    );
    let variant = &known.report.variants[0];
    let delivered = variant.per_delivered.as_ref().expect("both send");
    assert_eq!(delivered.effect, None);
    let withheld = delivered.withheld.as_ref().expect("it is withheld");
    assert_eq!(withheld.stage, Stage::Receipt);
    let leak = withheld.leak.as_ref().expect("a leak");
    assert!(leak.value.starts_with("android"), "{leak:?}");
    assert!(withheld.reason.contains("android"), "{}", withheld.reason);
    assert!(delivered.bounds.is_some() && delivered.post_stratified.is_some());
    assert!(
        variant.per_assigned.is_some(),
        "what the business gets is told all the same"
    );
    for ratio in known
        .report
        .ratios
        .iter()
        .filter(|r| r.stage < Stage::Receipt)
    {
        assert!(!ratio.mismatch, "{ratio:?}");
    }
    crowd.house.close().await;
}

#[tokio::test]
async fn a_holdout_tells_what_the_messages_bring() {
    let mut holdout = journey();
    let push = holdout["steps"][0]["ab_test"]["variants"][0]["steps"][0].clone();
    holdout["steps"] = json!([{"id": "text", "holdout": 50}, push]);
    let mut crowd = Crowd::of(1_200, &holdout).await;
    let came = crowd.come(1_200).await;
    let mut draws = Draws::seeded(5);
    let at = crowd.house.now();
    let (mut told, mut orders) = (Vec::new(), Vec::new());
    for (person, way, delivery) in came {
        let treated = way == Some(1);
        if treated {
            told.push(crowd.answered(person, &delivery, true));
            told.push(receipt(at, &delivery, Mark::Delivered, None));
        }
        if draws.happens(if treated { 0.35 } else { 0.10 }) {
            orders.push(did(
                at + 60,
                &crowd.names[&person],
                "order_placed",
                &json!({"total": 50}),
            ));
        }
    }
    crowd.house.take(told).await;
    crowd.house.wait(HOUR).await;
    crowd.house.take(orders).await;
    let known = crowd.known().await;
    let (control, treated) = (&known.counted.arms[0], &known.counted.arms[1]);
    assert!(control.silent && control.at(Stage::Sent) == 0 && control.converted > 0);
    let variant = &known.report.variants[0];
    assert!(variant.per_delivered.is_none());
    let incremental = variant.incremental_revenue.expect("money");
    let truth = 0.25 * 50.0 * treated.at(Stage::Assigned) as f64;
    assert!(
        incremental.low <= truth && truth <= incremental.high,
        "{incremental:?}, {truth}"
    );
    assert!(incremental.low > 0.0);
    assert!(variant.complier.is_some_and(|effect| effect.low > 0.0));
    crowd.house.close().await;
}

#[tokio::test]
async fn an_experiment_is_held_while_providers_reject_and_its_people_do_not_count() {
    let mut crowd = Crowd::of(700, &journey()).await;
    let workspace = crowd.quickly_resumed().await;
    let arms = [0.2, 0.2].map(|buys| Arm {
        arrives: ALIKE,
        buys,
    });
    crowd.live(300, arms, 3).await;
    crowd.house.wait(4 * HOUR).await;
    let healthy = workspace.guard_experiments().await.expect("looks");
    assert_eq!(healthy, Vec::new());
    // The key is revoked.
    let came = crowd.come(60).await;
    let bounced = came.iter().map(|(person, way, delivery)| {
        assert!(way.is_some(), "nobody noticed yet");
        crowd.answered(*person, delivery, false)
    });
    crowd.house.take(bounced.collect()).await;
    crowd.house.wait(300).await;
    let held = workspace.guard_experiments().await.expect("looks");
    assert!(
        matches!(&held[..], [one] if matches!(&one.step, Step::Held(why) if why.contains("take")))
    );
    // Whoever comes now gets the control and is not assigned, also after a restart.
    crowd.house.restart().await;
    let workspace = crowd.house.workspace().clone();
    let came = crowd.come(20).await;
    assert!(
        came.iter()
            .all(|(_, way, delivery)| way.is_none() && !delivery.is_empty())
    );
    let run = crowd.house.runs(&crowd.names[&came[0].0])[0].key;
    let replay = workspace.replay(run, Vec::new()).await.expect("reads");
    assert!(
        replay.expect("a run").is_same(),
        "lived again it is held again"
    );
    let known = crowd.known().await;
    assert_eq!(known.state(), "held");
    assert_eq!(known.counted.people, 300);
    assert_eq!(known.counted.excluded, 60);
    // The key is repaired: after an hour and enough messages it goes on.
    crowd.house.wait(3 * HOUR).await;
    for _ in 0..2 {
        let came = crowd.come(60).await;
        assert!(came.iter().all(|(_, way, _)| way.is_none()));
        let at = crowd.house.now();
        let taken = came.iter().flat_map(|(p, _, delivery)| {
            let token = format!("token-{}", crowd.number(*p));
            let arrived = receipt(at, delivery, Mark::Delivered, Some(&token));
            [crowd.answered(*p, delivery, true), arrived]
        });
        crowd.house.take(taken.collect()).await;
        crowd.house.wait(60).await;
        workspace.guard_experiments().await.expect("looks");
        crowd.house.wait(2 * HOUR).await;
    }
    let went_on = workspace.guard_experiments().await.expect("looks");
    assert!(
        went_on.is_empty() || matches!(went_on[0].step, Step::Resumed(_)),
        "{went_on:?}"
    );
    let came = crowd.come(20).await;
    assert!(came.iter().all(|(_, way, _)| way.is_some()), "it goes on");
    let known = crowd.known().await;
    assert_eq!(known.state(), "running");
    assert_eq!(known.report.excluded.len(), 1);
    assert_eq!(known.counted.people, 320);
    crowd.house.close().await;
}
