//! The whole path: claimed from the store, rendered, sent, concluded in the ledger.

use anyhow::{Result, ensure};

use crate::Plan;
use crate::alone;
use crate::house::{House, LOOK};
use crate::simulators::Simulators;
use landfall_bench::figures::{Report, Speed, fastest};

/// Messages that wait at the same time: no more than a broadcast makes in advance.
const WAITING: u64 = 20_000;
/// The first message to a device writes its person anew, later ones do not.
const PASSES: usize = 2;

pub(crate) async fn measure(
    plan: &Plan,
    simulators: &Simulators,
    report: &mut Report,
) -> Result<()> {
    let (mut senders, mut broadcasts) = (Vec::new(), Vec::new());
    let mut paths: [Vec<Speed>; PASSES] = Default::default();
    for _ in 0..plan.rounds.min(3) {
        senders.push(alone::apns(simulators, plan.pushes, 1_000).await?);
        path(plan, simulators, &mut paths).await?;
        broadcasts.push(broadcast(plan, simulators).await?);
    }
    let best = |speeds: &[Speed]| fastest(speeds).expect("there is one round at least");
    let sender = best(&senders);
    report.speed("APNs sender alone, beside the path", sender);
    let names = [
        "whole path (claimed, sent, concluded), first push to each device",
        "whole path, to devices that had pushes before",
    ];
    for (name, speeds) in names.into_iter().zip(&paths) {
        let beside = Some(("the sender alone", sender, 0.4));
        report.compared(name, best(speeds), beside);
    }
    report.speed(
        "the first, with making the messages out of a trigger",
        best(&broadcasts),
    );
    Ok(())
}

async fn path(
    plan: &Plan,
    simulators: &Simulators,
    paths: &mut [Vec<Speed>; PASSES],
) -> Result<()> {
    let house = House::with_people(&plan.work, plan.people)?;
    for (pass, speeds) in paths.iter_mut().enumerate() {
        let mut parts = Vec::new();
        for first in (0..plan.people).step_by(usize::try_from(WAITING)?) {
            let people = first..(first + WAITING).min(plan.people);
            let pushes = people.end - people.start;
            house.order(people, pass).await?;
            let speed = alone::timed(simulators, pushes, async {
                let dispatcher = house.dispatcher(simulators, "apns")?;
                house.until_quiet().await;
                dispatcher.stop();
                Ok(())
            });
            parts.push((pushes, speed.await?));
        }
        speeds.push(together(&parts));
        house.settle().await?;
    }
    house.close()
}

/// The speed of all parts of a run.
fn together(parts: &[(u64, Speed)]) -> Speed {
    let all: u64 = parts.iter().map(|(pushes, _)| pushes).sum();
    let mean = |of: fn(&Speed) -> f64| {
        let sum: f64 = parts
            .iter()
            .map(|(pushes, speed)| *pushes as f64 * of(speed))
            .sum();
        sum / all as f64
    };
    Speed {
        per_second: 1.0 / mean(|speed| 1.0 / speed.per_second),
        micros: mean(|speed| speed.micros),
        sim_micros: mean(|speed| speed.sim_micros),
    }
}

async fn broadcast(plan: &Plan, simulators: &Simulators) -> Result<Speed> {
    let house = House::with_people(&plan.work, plan.people)?;
    let speed = alone::timed(simulators, plan.people, async {
        let dispatcher = house.dispatcher(simulators, "apns")?;
        house.broadcast().await?;
        let mut looks = tokio::time::interval(LOOK);
        // Asking for the progress costs the store something; while there is work it is not over.
        while !(house.is_quiet() && house.progress().await?.1 && house.is_quiet()) {
            looks.tick().await;
        }
        ensure!(
            house.progress().await?.0 == plan.people,
            "not everybody got a message"
        );
        dispatcher.stop();
        Ok(())
    });
    let speed = speed.await?;
    house.close()?;
    Ok(speed)
}
