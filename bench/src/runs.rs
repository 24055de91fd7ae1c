//! `cargo x bench runs`: a million runs of a journey wait with timers. How many steps a second the engine and
//! its SQLite store do, how late timers ring at the wanted load, what a waiting run costs in memory, and
//! whether a year of daily timers makes the store slower.
//!
//! A step is a timer that rings, a run that goes on to its next wait, and both stored with the trace.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use landfall_bench::figures::{Report, percentile, thousands};
use landfall_bench::process::{resident, spent};
use landfall_bench::shop::{Shop, ShopClock, identify, remove, track};
use landfall_domain::ids::JourneyId;
use landfall_domain::time::{Clock as _, DAY_MS, SECOND_MS, Timestamp};
use landfall_engine::journeys::{Author, Versions, WaiverCall};
use landfall_engine::segments::Builder;
use landfall_engine::{Timekeeper, Workspace};
use landfall_journey::gate::WaiverAction;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// When the first run starts: 2026-05-01, noon, universal time.
const START: Timestamp = Timestamp::from_seconds(1_777_636_800);
/// Waits of a run, a day each.
const DAYS: u32 = 366;
/// Days of the long run, and of each part of it that is timed.
const YEAR: u32 = 365;
const PART: u32 = 73;
/// Runs that start at the same moment.
const AT_ONCE: u64 = 2_000;
/// Between looks how late the timers are.
const LOOK: Duration = Duration::from_millis(5);
/// Wanted.
const STEPS_A_SECOND: f64 = 40_000.0;
const LATE_MS: i64 = 1_000;
const BYTES: f64 = 1_024.0;
/// How much slower the end of a year may be than its beginning.
const SLOWER: f64 = 1.1;

struct Plan {
    work: PathBuf,
    runs: u64,
    /// Timers that come due in a second.
    rate: u64,
    /// Runs of the year of daily timers.
    year: u64,
}

impl Plan {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self {
            work: PathBuf::from("bench/work/runs"),
            runs: 1_000_000,
            rate: 40_000,
            year: 10_000,
        };
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--work" => plan.work = value.into(),
                "--runs" => plan.runs = value.parse()?,
                "--rate" => plan.rate = value.parse()?,
                "--year" => plan.year = value.parse()?,
                _ => bail!("what is {name}? See bench/runs.sh"),
            }
        }
        Ok(plan)
    }
}

fn main() -> Result<()> {
    let plan = Plan::parse(std::env::args().skip(1))?;
    std::fs::create_dir_all(&plan.work)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut report = Report::default();
    if plan.runs > 0 {
        let clock = ShopClock::at(START);
        let empty = plan.work.join("empty");
        remove(&empty)?;
        let shop = Shop::open(&empty, &clock)?;
        let before = resident()?;
        shop.close()?;
        let kept = plan.work.join(format!("runs-{}-{}", plan.runs, plan.rate));
        let shop = Shop::copy_of(&kept, &clock, |shop| {
            runtime.block_on(populate(shop, &clock, plan.runs, plan.rate))
        })?;
        runtime.block_on(shop.settle())?;
        tell_memory(&plan, before, &mut report)?;
        runtime.block_on(at_the_rate(&plan, &shop, &clock, &mut report))?;
        runtime.block_on(at_full_speed(&plan, &shop, &clock, &mut report))?;
        shop.close()?;
    }
    if plan.year > 0 {
        runtime.block_on(year(&plan, &mut report))?;
    }
    report.finish(&plan.work)
}

/// A journey that waits a day, again and again.
fn journey() -> Value {
    let steps: Vec<Value> = (0..DAYS)
        .map(|day| json!({"id": format!("day-{day}"), "delay": "1d"}))
        .collect();
    json!({
        "id": "daily", "name": "Daily", "owner": "bench@shop.example",
        "trigger": {"event": "began"},
        "steps": steps,
    })
}

/// Waives what a journey that only waits lacks for a launch.
async fn open_gate(workspace: &Workspace) -> Result<()> {
    let gate = workspace.gate("daily").await?;
    for judged in gate.judged.iter().filter(|judged| judged.blocks()) {
        let call = WaiverCall {
            requirement: judged.requirement,
            action: WaiverAction::Waive,
            versions: Versions::All,
            reason: "a benchmark sends nothing".to_owned(),
            author: Author {
                by: "bench@shop.example".to_owned(),
                key: None,
            },
        };
        workspace.waive("daily", &call).await?;
    }
    Ok(())
}

/// Everybody starts a run: `rate` of them in each second.
async fn populate(shop: &Shop, clock: &ShopClock, runs: u64, rate: u64) -> Result<()> {
    clock.stand_at(START);
    let workspace = shop.workspace();
    workspace.apply_journey(&journey()).await?;
    Builder::new(workspace.clone()).drain().await?;
    open_gate(workspace).await?;
    workspace.start_journey("daily").await?;
    for first in (0..runs).step_by(usize::try_from(AT_ONCE)?) {
        clock.stand_at(START.plus_millis(i64::try_from(first * 1_000 / rate)?));
        let some = first..(first + AT_ONCE).min(runs);
        let attributes = json!({"first_name": "Ann", "plan": "pro", "country": "FR"});
        let attributes: landfall_domain::attributes::Attributes =
            serde_json::from_value(attributes)?;
        let inputs = some.flat_map(|person| {
            [
                identify(person, attributes.clone()),
                track(person, "began", &json!({"cart": 12}), None),
            ]
        });
        workspace.submit(inputs.collect()).await?;
        if first % 100_000 == 0 {
            eprintln!("    {first} of {runs} runs");
        }
    }
    Ok(())
}

fn tell_memory(plan: &Plan, before: u64, report: &mut Report) -> Result<()> {
    let bytes = resident()?.saturating_sub(before);
    let each = bytes as f64 / plan.runs as f64;
    report.line(
        &format!("memory of {} waiting runs", thousands(plan.runs as f64)),
        format!("{} MiB, {each:.0} bytes each", bytes >> 20),
        String::new(),
        verdict(each <= BYTES, "at most 1 KiB each"),
        json!({"bytes": bytes, "each": each}),
    );
    Ok(())
}

/// Timers come due at the wanted rate, and the machine's clock goes on meanwhile.
async fn at_the_rate(
    plan: &Plan,
    shop: &Shop,
    clock: &ShopClock,
    report: &mut Report,
) -> Result<()> {
    let workspace = shop.workspace();
    let length = i64::try_from(plan.runs * 1_000 / plan.rate)?;
    let first = START.plus_millis(DAY_MS);
    let before = spent("self")?.own;
    clock.go_from(first.plus_millis(-SECOND_MS));
    let keeper = Timekeeper::new(workspace.clone());
    let ringing = tokio::spawn(keeper.clone().run());
    let mut late = Vec::new();
    let mut looks = tokio::time::interval(LOOK);
    // Until the last has rung; what does not keep up is let be after four times as long.
    let (last, end) = (first.plus_millis(length), first.plus_millis(4 * length));
    let mut done = end;
    while clock.now() < end {
        looks.tick().await;
        let now = clock.now();
        let next = workspace.next_timer().context("no timer")?;
        if now >= first && now < last {
            late.push(now.since(next).max(0));
        }
        if next > last.plus_millis(SECOND_MS) {
            done = now;
            break;
        }
    }
    keeper.stop();
    ringing.await?;
    let micros = (spent("self")?.own - before) * 1e6 / plan.runs as f64;
    late.sort_unstable();
    let (p50, p99) = (percentile(&late, 0.5), percentile(&late, 0.99));
    let seconds = done.since(first) as f64 / 1e3;
    report.line(
        &format!("timers that come due at {} a second", thousands(plan.rate as f64)),
        format!(
            "the one that waits longest is {p50} ms late at the median, {p99} ms at the 99th percentile, {} ms at most; all rung after {seconds:.1} s of {:.1} s; {micros:.1} µs of processor time each",
            late.last().copied().unwrap_or_default(),
            length as f64 / 1e3,
        ),
        String::new(),
        verdict(p99 < LATE_MS && done < end, "p99 below 1 s"),
        json!({"p50_ms": p50, "p99_ms": p99, "seconds": seconds, "micros": micros}),
    );
    Ok(())
}

/// Everything is due at once.
async fn at_full_speed(
    plan: &Plan,
    shop: &Shop,
    clock: &ShopClock,
    report: &mut Report,
) -> Result<()> {
    clock.stand_at(START.plus_millis(4 * DAY_MS));
    let (seconds, micros) = drained(shop, clock, plan.runs).await?;
    let per_second = plan.runs as f64 / seconds;
    report.line(
        &format!(
            "steps of {} runs that are all due",
            thousands(plan.runs as f64)
        ),
        format!(
            "{} a second, {micros:.1} µs of processor time each; {} MiB resident",
            thousands(per_second),
            resident()? >> 20
        ),
        String::new(),
        verdict(per_second >= STEPS_A_SECOND, "at least 40,000"),
        json!({"per_second": per_second, "micros": micros}),
    );
    Ok(())
}

/// Wakes everything that is due now; returns the seconds, and microseconds of processor time a step.
async fn drained(shop: &Shop, clock: &ShopClock, steps: u64) -> Result<(f64, f64)> {
    let (before, begin) = (spent("self")?.own, Instant::now());
    Timekeeper::new(shop.workspace().clone())
        .drain(clock.now())
        .await?;
    let seconds = begin.elapsed().as_secs_f64();
    Ok((seconds, (spent("self")?.own - before) * 1e6 / steps as f64))
}

/// A year of daily timers, and whether its end is as fast as its beginning.
async fn year(plan: &Plan, report: &mut Report) -> Result<()> {
    let clock = ShopClock::at(START);
    let folder = plan.work.join("year");
    remove(&folder)?;
    let shop = tokio::task::block_in_place(|| Shop::open(&folder, &clock))?;
    populate(&shop, &clock, plan.year, AT_ONCE * 1_000).await?;
    let mut parts = Vec::new();
    let (mut seconds, mut micros) = (0.0, 0.0);
    for day in 1..=YEAR {
        clock.stand_at(START.plus_millis((i64::from(day) + 1) * DAY_MS - SECOND_MS));
        let (took, cost) = drained(&shop, &clock, plan.year).await?;
        (seconds, micros) = (seconds + took, micros + cost);
        if day % PART == 0 {
            let steps = f64::from(PART) * plan.year as f64;
            parts.push((steps / seconds, micros / f64::from(PART)));
            eprintln!(
                "    day {day}: {} steps a second",
                thousands(steps / seconds)
            );
            (seconds, micros) = (0.0, 0.0);
        }
    }
    let runs = shop
        .workspace()
        .read(|store| store.runs_in(JourneyId(1), None, 1));
    let run = runs.await?.pop().context("no run")?;
    let went_on = run.due.context("the run is over")?.since(run.started_at) / DAY_MS;
    ensure!(went_on >= i64::from(YEAR), "runs are at day {went_on} only");
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        bail!("the year has no parts");
    };
    let slower = last.1 / first.1;
    let each: Vec<String> = parts.iter().map(|(speed, _)| thousands(*speed)).collect();
    report.line(
        &format!("a year of daily timers of {} runs", thousands(plan.year as f64)),
        format!(
            "{} steps a second in each fifth of the year; {:.1} µs of processor time each in the first, {:.1} µs in the last",
            each.join(", "),
            first.1,
            last.1
        ),
        format!("**{slower:.2}** of the first"),
        verdict(slower <= SLOWER, "at most 1.1"),
        json!({"parts": parts, "slower": slower}),
    );
    tokio::task::block_in_place(|| shop.close())
}

fn verdict(met: bool, wanted: &str) -> String {
    format!("{wanted}: {}", if met { "met" } else { "**missed**" })
}
