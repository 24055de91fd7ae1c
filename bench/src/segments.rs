//! `cargo x bench segments`: fifty data-driven segments over a million people: how fast they are built, and
//! how many inputs a second keep them current. Through the engine and its SQLite store, without HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use landfall_bench::figures::{Report, thousands};
use landfall_bench::process::{resident, spent};
use landfall_bench::shop::{Numbers, Shop, ShopClock, identify, input, track, who};
use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Platform;
use landfall_domain::input::{Body, DeviceReport, Input};
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_engine::segments::{Builder, Segment};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// When everything happens: 2026-05-01, noon, universal time.
const NOW: Timestamp = Timestamp::from_seconds(1_777_636_800);
/// Data-driven segments.
const SEGMENTS: u32 = 50;
/// People in one submission while the shop is made.
const AT_ONCE: u64 = 1_000;
/// Callers at the same time, and inputs of one call, while segments are kept current.
const CALLERS: u64 = 32;
const CALL: u64 = 20;
/// Wanted at least.
const PEOPLE_A_SECOND: f64 = 100_000.0;
const INPUTS_A_SECOND: f64 = 20_000.0;

struct Plan {
    work: PathBuf,
    people: u64,
    inputs: u64,
}

impl Plan {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self {
            work: PathBuf::from("bench/work/segments"),
            people: 1_000_000,
            inputs: 1_000_000,
        };
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--work" => plan.work = value.into(),
                "--people" => plan.people = value.parse()?,
                "--inputs" => plan.inputs = value.parse()?,
                _ => bail!("what is {name}? See bench/segments.sh"),
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
    let clock = ShopClock::at(NOW);
    let kept = plan.work.join(format!("people-{}", plan.people));
    let shop = Shop::copy_of(&kept, &clock, |shop| populate(shop, plan.people))?;
    let mut report = Report::default();
    runtime.block_on(build(&plan, &shop, &mut report))?;
    runtime.block_on(keep_current(&plan, &shop, &mut report))?;
    shop.close()?;
    report.finish(&plan.work)
}

/// A person with ten attributes, up to two devices and five events.
fn populate(shop: &Shop, people: u64) -> Result<()> {
    for first in (0..people).step_by(usize::try_from(AT_ONCE)?) {
        let some = first..(first + AT_ONCE).min(people);
        let inputs = some.flat_map(life);
        shop.workspace().submit_blocking(inputs.collect())?;
        if first % 100_000 == 0 {
            eprintln!("    {first} of {people} people");
        }
    }
    Ok(())
}

fn life(person: u64) -> Vec<Input> {
    let mut inputs = vec![identify(person, attributes(person))];
    for device in 0..person % 3 {
        inputs.push(register(person, device));
    }
    let ago = |days: u64| {
        let days = i64::try_from(days * (person % 5 + 1)).unwrap_or(0);
        Some(NOW.plus_millis(-days * DAY_MS))
    };
    for number in 0..5 {
        let name = ["purchase", "viewed", "opened_app"][usize::try_from(number % 3).unwrap_or(0)];
        inputs.push(track(person, name, &shoes(), ago(number * 4)));
    }
    inputs
}

fn shoes() -> Value {
    json!({"category": "shoes", "price": 12.5, "sku": "A1"})
}

fn attributes(person: u64) -> Attributes {
    let countries = ["FR", "DE", "US", "JP", "BR", "IN"];
    let tier = |of: u64| if person % of == 0 { "gold" } else { "free" };
    let joined = NOW.seconds() - i64::try_from(person % 400).unwrap_or(0) * 86_400;
    let attributes = json!({
        "a0": tier(10), "a1": tier(20), "a3": tier(50),
        "country": countries[usize::try_from(person % 6).unwrap_or(0)],
        "signed_up": joined,
        "orders": (person % 9).to_string(),
        "city": "Lyon",
        "vip": person % 50 == 0,
        "name": format!("Ann {person}"),
        "timezone": "Europe/Paris",
    });
    serde_json::from_value(attributes).expect("an object")
}

fn register(person: u64, device: u64) -> Input {
    let attributes = [
        ("app_version", "5.3.1"),
        ("push_enabled", "true"),
        ("device_os", "17.2"),
        ("cio_sdk_version", "3.1"),
    ];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let body = Body::AddDevice {
        who: who(person),
        device: DeviceReport {
            app: "org.example.shop".to_owned(),
            platform: if device == 0 {
                Platform::Ios
            } else {
                Platform::Android
            },
            token: format!("{device}-{person:062x}"),
            last_used: Some(NOW),
            attributes: BTreeMap::from(attributes),
        },
    };
    input(None, body)
}

/// Fifty segments of ten kinds.
fn condition(number: u32) -> Value {
    match number % 10 {
        0 => json!({"attribute": format!("a{}", number % 7), "is": "gold"}),
        1 => json!({"all": [
            {"event": "purchase", "count": {"at_least": number % 4 + 1}, "within": "30d"},
            {"attribute": "country", "in": ["FR", "DE", "US"]}
        ]}),
        2 => {
            json!({"device": {"platform": "ios", "app_version": {"at_least": "5.2"}, "permission": "granted"}})
        }
        3 => json!({"all": [
            {"message": "created", "channel": "push", "within": "7d"},
            {"not": {"message": "delivered", "channel": "push", "within": "7d"}}
        ]}),
        4 => json!({"token": "has"}),
        5 => json!({"all": [
            {"active": {"older_than": "30d"}},
            {"event": "purchase", "last": {"older_than": "60d"}}
        ]}),
        6 => json!({"attribute": "signed_up", "within_last": format!("{}d", number + 3)}),
        7 => json!({"all": [
            {"attribute": "orders", "at_least": number % 5},
            {"consent": "push"},
            {"reachable": "email"}
        ]}),
        8 => json!({
            "event": "viewed", "where": [{"data": "category", "is": "shoes"}],
            "within": "14d", "count": {"at_least": 2}
        }),
        _ => json!({"any": [{"segment": number - 8 + 1}, {"attribute": "vip", "is": true}]}),
    }
}

async fn build(plan: &Plan, shop: &Shop, report: &mut Report) -> Result<()> {
    let workspace = shop.workspace();
    for number in 0..SEGMENTS {
        let name = format!("segment {}", number + 1);
        let segment = Segment::new(&name, "", Some(condition(number)), workspace.now());
        workspace.add_segment(segment).await?;
    }
    let before = spent("self")?.own;
    let begin = Instant::now();
    Builder::new(workspace.clone()).drain().await?;
    shop.settle().await?;
    let seconds = begin.elapsed().as_secs_f64();
    let micros = (spent("self")?.own - before) * 1e6 / plan.people as f64;
    let members = workspace.read(|store| {
        let counts = (1..=SEGMENTS).map(|segment| store.member_count(segment));
        counts.sum::<Result<u64, _>>()
    });
    let members = members.await? as f64 / plan.people as f64;
    ensure!(members > 1.0, "hardly anybody is in a segment");
    let per_second = plan.people as f64 / seconds;
    report.line(
        "full build of 50 segments, counting everybody's history",
        format!(
            "{} people a second, {micros:.1} µs of processor time each; {members:.1} segments a person",
            thousands(per_second)
        ),
        String::new(),
        verdict(per_second, PEOPLE_A_SECOND),
        json!({"per_second": per_second, "micros": micros, "memberships": members}),
    );
    Ok(())
}

/// Sixty of a hundred are events, thirty change an attribute, ten refresh a device.
fn change(numbers: &mut Numbers, people: u64) -> Input {
    let person = numbers.below(people);
    match numbers.below(100) {
        0..20 => track(person, "purchase", &shoes(), None),
        20..45 => track(person, "viewed", &shoes(), None),
        45..60 => track(person, "opened_app", &shoes(), None),
        60..90 => {
            let tier = ["gold", "free"][usize::try_from(numbers.below(2)).unwrap_or(0)];
            let attributes = json!({"a0": tier, "orders": numbers.below(9).to_string()});
            identify(
                person,
                serde_json::from_value(attributes).expect("an object"),
            )
        }
        _ => register(person, numbers.below(2)),
    }
}

async fn keep_current(plan: &Plan, shop: &Shop, report: &mut Report) -> Result<()> {
    let (before, begin) = (spent("self")?.own, Instant::now());
    let taken = Arc::new(AtomicU64::new(0));
    let calls = plan.inputs / CALL;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (workspace, taken) = (shop.workspace().clone(), Arc::clone(&taken));
            let people = plan.people;
            tokio::spawn(async move {
                let mut numbers = Numbers::new(caller + 1);
                while taken.fetch_add(1, Ordering::Relaxed) < calls {
                    let call = (0..CALL).map(|_| change(&mut numbers, people));
                    workspace.submit(call.collect()).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    shop.settle().await?;
    let seconds = begin.elapsed().as_secs_f64();
    let micros = (spent("self")?.own - before) * 1e6 / plan.inputs as f64;
    let per_second = plan.inputs as f64 / seconds;
    report.line(
        "inputs that keep them current",
        format!(
            "{} a second, {micros:.1} µs of processor time each; {} MiB resident",
            thousands(per_second),
            resident()? >> 20
        ),
        String::new(),
        verdict(per_second, INPUTS_A_SECOND),
        json!({"per_second": per_second, "micros": micros}),
    );
    Ok(())
}

fn verdict(figure: f64, least: f64) -> String {
    let met = if figure >= least { "met" } else { "**missed**" };
    format!("at least {}: {met}", thousands(least))
}
