//! The senders without anything around them, in turns with h2load and the clients that others use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use landfall_domain::attempt::Verdict;
use landfall_domain::channel::Platform;
use landfall_domain::content::{Content, PushContent};
use landfall_domain::time::{Clock as _, HOUR_MS, WallClock};
use landfall_send::apns::ApnsSender;
use landfall_send::credential::{ApnsCredential, FcmCredential};
use landfall_send::fcm::FcmSender;
use landfall_send::{Address, Network, Outgoing, Sender};

use crate::Plan;
use crate::peers::{self, Peer};
use crate::simulators::{KEY_ID, Simulators, TEAM_ID, TOPIC};
use landfall_bench::figures::{Report, Speed, fastest};
use landfall_bench::process::spent;

/// Streams of a connection of the simulated APNs, as seen in the wild.
const STREAMS: usize = 1_000;
/// Messages of one call of firebase-admin, at most.
const FCM_AT_ONCE: usize = 500;

/// How the network is seen here: everything is on this machine.
pub(crate) fn network() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

/// The credential for one of the two simulated APNs: `apns` or `watching`.
pub(crate) fn credential(simulators: &Simulators, which: &str) -> ApnsCredential {
    ApnsCredential {
        key_p8: Some(simulators.text("key_p8")),
        key_id: Some(KEY_ID.to_owned()),
        team_id: Some(TEAM_ID.to_owned()),
        topic: TOPIC.to_owned(),
        base_url: Some(format!(
            "https://localhost:{}",
            simulators.text(&format!("{which}_port"))
        )),
        ca_pem: Some(simulators.text(&format!("{which}_ca"))),
        ..ApnsCredential::default()
    }
}

fn google(simulators: &Simulators) -> FcmCredential {
    FcmCredential {
        service_account: simulators.text("fcm_key_file"),
        project_id: None,
        base_url: Some(simulators.text("fcm_base")),
        ca_pem: Some(simulators.text("fcm_ca")),
    }
}

/// A push like those of a broadcast.
pub(crate) fn content() -> Content {
    Content::Push(Box::new(PushContent {
        title: Some("Half price until midnight".to_owned()),
        body: Some("Everything in your basket costs half until twelve.".to_owned()),
        link: Some("shop://basket".to_owned()),
        ..PushContent::default()
    }))
}

fn outgoing(number: u64, platform: Platform) -> Outgoing {
    Outgoing {
        attempt_id: format!("00000000-0000-4000-8000-{number:012x}"),
        delivery_id: format!("b1-19ad5c2f3e8-{number:x}"),
        to: Address::Device {
            token: format!("{number:064x}"),
            platform,
            app: TOPIC.to_owned(),
            keys: None,
        },
        content: content(),
        expires_at: WallClock.now().plus_millis(HOUR_MS),
        dry_run: false,
        analytics_label: None,
    }
}

/// Runs `work` and sees what it took for each of `pushes`.
pub(crate) async fn timed(
    simulators: &Simulators,
    pushes: u64,
    work: impl Future<Output = Result<()>>,
) -> Result<Speed> {
    let (ours, theirs) = (spent("self")?, spent(&simulators.process())?);
    let begin = Instant::now();
    work.await?;
    let seconds = begin.elapsed().as_secs_f64();
    let each = |seconds: f64| seconds * 1e6 / pushes as f64;
    Ok(Speed {
        per_second: pushes as f64 / seconds,
        micros: each(spent("self")?.own - ours.own),
        sim_micros: each(spent(&simulators.process())?.own - theirs.own),
    })
}

/// Sends so many pushes, so many at the same time.
async fn send(
    sender: Arc<dyn Sender>,
    platform: Platform,
    pushes: u64,
    at_once: usize,
) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let (sender, next) = (Arc::clone(&sender), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pushes {
                        return Ok(());
                    }
                    let message = outgoing(number, platform);
                    let answer = sender.send(&message, WallClock.now()).await;
                    ensure!(answer.verdict == Verdict::Accepted, "refused: {answer:?}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// The sender alone against the simulated APNs, new connections each time.
pub(crate) async fn apns(simulators: &Simulators, pushes: u64, at_once: usize) -> Result<Speed> {
    let credential = credential(simulators, "apns");
    let sender: Arc<dyn Sender> = Arc::new(ApnsSender::new(&credential, &network())?);
    let work = send(sender, Platform::Ios, pushes, at_once);
    timed(simulators, pushes, work).await
}

async fn fcm(simulators: &Simulators, pushes: u64) -> Result<Speed> {
    let sender: Arc<dyn Sender> = Arc::new(FcmSender::new(&google(simulators), &network())?);
    let work = send(sender, Platform::Android, pushes, FCM_AT_ONCE);
    timed(simulators, pushes, work).await
}

pub(crate) async fn measure(
    plan: &Plan,
    simulators: &mut Simulators,
    report: &mut Report,
) -> Result<()> {
    let (mut limit, mut ours) = (Vec::new(), Vec::new());
    let (mut limit_many, mut ours_many) = (Vec::new(), Vec::new());
    let mut others = [Vec::new(), Vec::new(), Vec::new()];
    let mut google = Vec::new();
    let before = simulators.pushes()?;
    for round in 0..plan.rounds {
        limit.push(peers::h2load(simulators, plan.pushes, 1, STREAMS).await?);
        ours.push(apns(simulators, plan.pushes, STREAMS).await?);
        limit_many.push(peers::h2load(simulators, plan.pushes, 4, STREAMS).await?);
        ours_many.push(apns(simulators, plan.pushes, 4 * STREAMS).await?);
        google.push(fcm(simulators, plan.pushes / 4).await?);
        if round < 2 {
            for (peer, speeds) in Peer::ALL.iter().zip(&mut others) {
                let at_once = match peer {
                    Peer::Firebase => FCM_AT_ONCE,
                    Peer::NodeApn | Peer::Aioapns => STREAMS,
                };
                speeds.push(peer.run(plan, simulators, at_once).await?);
            }
        }
    }
    ensure!(
        simulators.pushes()? - before >= 4 * plan.pushes * plan.rounds as u64,
        "the simulator took fewer pushes than were sent"
    );
    let none = Speed {
        per_second: f64::NAN,
        micros: f64::NAN,
        sim_micros: f64::NAN,
    };
    let best = |speeds: &[Speed]| fastest(speeds).unwrap_or(none);
    let (limit, ours) = (best(&limit), best(&ours));
    report.speed("h2load, 1 connection of 1,000 streams", limit);
    report.compared(
        "APNs sender alone, the same streams",
        ours,
        Some(("h2load", limit, 0.5)),
    );
    let limit_many = best(&limit_many);
    report.speed("h2load, 4 connections of 1,000 streams", limit_many);
    report.compared(
        "APNs sender alone, 4,000 at once",
        best(&ours_many),
        Some(("h2load", limit_many, 0.5)),
    );
    let [node, aioapns, firebase] = others.map(|speeds| best(&speeds));
    report.speed("@parse/node-apn, 1,000 at once", node);
    report.compared("our sender beside it", ours, Some(("node-apn", node, 8.0)));
    report.speed("aioapns, 1,000 at once", aioapns);
    report.compared("our sender, too", ours, Some(("aioapns", aioapns, 8.0)));
    let google = best(&google);
    report.speed("firebase-admin (Python, send_each_async)", firebase);
    report.compared(
        "FCM sender alone, 500 at once",
        google,
        Some(("firebase-admin", firebase, 1.0)),
    );
    Ok(())
}
