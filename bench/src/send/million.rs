//! A broadcast to a million people: memory while it runs, and messages that must not wait for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use landfall_domain::time::{Clock as _, WallClock};
use serde_json::json;

use crate::Plan;
use crate::house::House;
use crate::simulators::{Simulators, URGENT};
use landfall_bench::figures::{Report, percentile, thousands};
use landfall_bench::process::resident;

/// Between two transactional messages.
const BETWEEN: Duration = Duration::from_millis(50);
/// Part of the messages after which memory must have stopped to grow.
const SETTLED: f64 = 0.1;
/// Part of the messages whose memory is compared with that of the rest.
const HALF: f64 = 0.55;
/// By how much it may grow from there.
const GROWTH: f64 = 0.1;
/// Longest time from the call to Apple, 99th percentile, in milliseconds.
const URGENT_MS: i64 = 100;

/// Memory at a moment.
struct Sample {
    messages: u64,
    bytes: u64,
}

/// When a transactional message was submitted, and when that was acknowledged.
struct Submitted {
    at: i64,
    acknowledged: i64,
}

pub(crate) async fn measure(
    plan: &Plan,
    simulators: &mut Simulators,
    report: &mut Report,
) -> Result<()> {
    let house = Arc::new(House::with_people(&plan.work, plan.million)?);
    let dispatcher = house.dispatcher(simulators, "watching")?;
    let begin = Instant::now();
    house.broadcast().await?;
    let submitted: Arc<Mutex<BTreeMap<String, Submitted>>> = Arc::default();
    let urgent = tokio::spawn(submit(Arc::clone(&house), Arc::clone(&submitted)));
    let mut samples = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let (messages, done) = house.progress().await?;
        let bytes = resident()?;
        samples.push(Sample { messages, bytes });
        if samples.len() % 10 == 0 {
            let mebibytes = bytes >> 20;
            eprintln!("    {messages} messages made, {mebibytes} MiB resident");
        }
        let waiting = house.workspace().backlog();
        if done
            && waiting
                .waiting
                .iter()
                .map(|(_, count)| count)
                .sum::<usize>()
                < 100
        {
            break;
        }
    }
    urgent.abort();
    house.until_quiet().await;
    let seconds = begin.elapsed().as_secs_f64();
    dispatcher.stop();
    tell_memory(plan, &samples, seconds, report)?;
    let arrived = simulators.urgent()?;
    tell_urgent(&submitted, &arrived, report)?;
    if let Some(house) = Arc::into_inner(house) {
        house.close()?;
    }
    Ok(())
}

async fn submit(house: Arc<House>, submitted: Arc<Mutex<BTreeMap<String, Submitted>>>) {
    let mut ticks = tokio::time::interval(BETWEEN);
    for number in 0.. {
        ticks.tick().await;
        let (house, submitted) = (Arc::clone(&house), Arc::clone(&submitted));
        // Whoever waits for one must not delay the next.
        tokio::spawn(async move {
            let input = house.urgent(number);
            let at = WallClock.now().millis();
            if house.workspace().submit(vec![input]).await.is_ok() {
                let acknowledged = WallClock.now().millis();
                let id = format!("{URGENT}{number}");
                let mut submitted = submitted.lock().expect("nobody panics with it");
                submitted.insert(id, Submitted { at, acknowledged });
            }
        });
    }
}

fn tell_memory(plan: &Plan, samples: &[Sample], seconds: f64, report: &mut Report) -> Result<()> {
    let share = |sample: &&Sample, from: f64, to: f64| {
        let share = sample.messages as f64 / plan.million as f64;
        (from..to).contains(&share)
    };
    let most = |from: f64, to: f64| {
        let some = samples.iter().filter(|sample| share(sample, from, to));
        some.map(|sample| sample.bytes).max()
    };
    // What waits for the disk goes up and down within seconds: the peaks of both parts are compared.
    let settled = most(SETTLED, HALF).context("the broadcast was too short to be looked at")?;
    let largest = most(HALF, f64::INFINITY).unwrap_or(settled);
    let growth = largest as f64 / settled as f64 - 1.0;
    let mebibytes = |bytes: u64| bytes >> 20;
    report.line(
        &format!(
            "memory of a broadcast to {}",
            thousands(plan.million as f64)
        ),
        format!(
            "{} MiB before; at most {} MiB between a tenth and the half, {} MiB in the second half; {} messages a second",
            samples.first().map_or(0, |sample| mebibytes(sample.bytes)),
            mebibytes(settled),
            mebibytes(largest),
            thousands(plan.million as f64 / seconds)
        ),
        format!("grows by {:.1} %", growth * 100.0),
        verdict("at most 10 %", growth <= GROWTH),
        json!({
            "settled": settled,
            "largest": largest,
            "growth": growth,
            "seconds": seconds,
            "samples": samples.iter().map(|s| (s.messages, s.bytes)).collect::<Vec<_>>(),
        }),
    );
    Ok(())
}

fn tell_urgent(
    submitted: &Mutex<BTreeMap<String, Submitted>>,
    arrived: &[(String, i64)],
    report: &mut Report,
) -> Result<()> {
    let submitted = submitted.lock().expect("nobody panics with it");
    let times = arrived.iter().filter_map(|(id, at)| {
        let sent = submitted.get(id)?;
        Some((at - sent.at, sent.acknowledged - sent.at))
    });
    let (mut left, mut acknowledged): (Vec<i64>, Vec<i64>) = times.unzip();
    left.sort_unstable();
    acknowledged.sort_unstable();
    let (p50, p99) = (percentile(&left, 0.5), percentile(&left, 0.99));
    report.line(
        "transactional push during it: from the call to Apple having it",
        format!(
            "p50 {p50} ms, p99 {p99} ms, longest {} ms, of {} (submitted: {}); acknowledged as stored after p50 {} ms, p99 {} ms",
            left.last().copied().unwrap_or_default(),
            left.len(),
            submitted.len(),
            percentile(&acknowledged, 0.5),
            percentile(&acknowledged, 0.99),
        ),
        String::new(),
        verdict("p99 within 100 ms", p99 <= URGENT_MS && !left.is_empty()),
        json!({"p50_ms": p50, "p99_ms": p99, "count": left.len()}),
    );
    Ok(())
}

fn verdict(wanted: &str, met: bool) -> String {
    match met {
        true => format!("{wanted}: met"),
        false => format!("{wanted}: **missed**"),
    }
}
