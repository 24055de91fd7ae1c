//! `cargo x bench log`: how soon the log and the home page answer with twenty million deliveries.
//!
//! Fills a workspace through the engine: half a million people, each with a device, and four weeks of messages of
//! twelve journeys. Then asks the real server what the page asks when a filter is set: the list, the histogram
//! and the counts beside it, at the same time, by as many connections as a browser opens.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use landfall_bench::ledger::{APP_KEY, Arguments, Ledger, Server, token, told};
use landfall_bench::shop::{Numbers, identify, input, who};
use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Platform;
use landfall_domain::input::{Body, DeviceReport, Input};
use landfall_domain::marks::Mark;
use landfall_domain::message::{NameOf, SourceKind};
use landfall_domain::time::{Clock as _, DAY_MS, Timestamp, WallClock};
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// People that the deliveries go to.
const PEOPLE: u64 = 500_000;
/// Days over which they are spread.
const DAYS: i64 = 28;
/// How often each question is asked after the first time.
const TIMES: usize = 15;
/// Connections that a browser opens to one host.
const CONNECTIONS: usize = 6;
/// Pages that are read one after the other.
const PAGES: usize = 40;
/// Wanted: a filter answers within this.
const FILTER: Duration = Duration::from_millis(200);

/// What somebody may look for, as parameters of the log.
const LOOKS: &[(&str, &str)] = &[
    ("nothing but the last week", "range=7d"),
    ("all four weeks", "range=28d"),
    ("one journey", "range=28d&journey=campaign:3"),
    (
        "what bounced on iOS",
        "range=28d&platform=ios&status=bounced",
    ),
    (
        "a reason in one version",
        "range=28d&app_version=5.2.0&reason=token_unregistered",
    ),
    ("free text in names", "range=28d&q=win-back"),
    (
        "delivered and not opened, a weekday",
        "range=3d&has=delivered&lacks=opened",
    ),
    (
        "opened, oldest system",
        "range=28d&has=opened&os_version=15",
    ),
    ("what nobody has", "range=28d&reason=quiet_hours"),
];

/// Dimensions with counts beside the log.
const FACETS: [&str; 10] = [
    "status",
    "journey",
    "step,journey",
    "channel",
    "platform",
    "app_version",
    "reason",
    "provider",
    "permission",
    "token_age",
];

fn main() -> Result<()> {
    let Arguments {
        landfall,
        data,
        deliveries,
    } = Arguments::read("log", 20_000_000)?;
    if !data.exists() {
        fill(&landfall, &data, deliveries)?;
    }
    let server = Server::start(&landfall, &data)?;
    server.complete()?;
    println!("{deliveries} deliveries; {}", server.resident()?);
    println!(
        "| log | messages | list, first time | list, median | whole page, first time | median | worst |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut met = true;
    for (what, look) in LOOKS {
        let list = vec![format!("/landfall/v1/deliveries?limit=50&{look}")];
        let page = page_of(look);
        let (list_first, list) = asked(&server, &list)?;
        let (first, page) = asked(&server, &page)?;
        let worst = page.last().copied().unwrap_or(first);
        met &= middle(&page) <= FILTER;
        println!(
            "| {what} | {} | {} | {} | {} | **{}** | {} |",
            found(&server, look)?,
            shown(list_first),
            shown(middle(&list)),
            shown(first),
            shown(middle(&page)),
            shown(worst)
        );
    }
    println!(
        "Wanted: a filter answers within {}: {}",
        shown(FILTER),
        if met { "met" } else { "missed" }
    );
    scroll(&server)?;
    let home = home()?;
    let (first, again) = asked(&server, &home)?;
    println!(
        "What the home page asks, first time {}, median {}",
        shown(first),
        shown(middle(&again))
    );
    for question in &home {
        let (first, again) = asked(&server, std::slice::from_ref(question))?;
        println!(
            "  {} then {}  {question}",
            shown(first),
            shown(middle(&again))
        );
    }
    println!("Afterwards {}", server.resident()?);
    browse(&server)?;
    server.stop("TERM")
}

/// What the page of the log asks: the list, the histogram, and the counts of each dimension.
fn page_of(look: &str) -> Vec<String> {
    let counts = |by: &str| format!("/landfall/v1/metrics?measures=reached&by={by}&{look}");
    let mut asked = vec![format!("/landfall/v1/deliveries?limit=50&{look}")];
    asked.push(counts("day,outcome"));
    asked.extend(FACETS.iter().map(|facet| counts(facet)));
    asked
}

/// How many messages a look finds.
fn found(server: &Server, look: &str) -> Result<u64> {
    let counted = server.body(&format!("/landfall/v1/metrics?measures=reached&{look}"))?;
    let counted: Value = serde_json::from_str(&counted)?;
    Ok(counted["rows"][0]["counts"]["reached"]
        .as_u64()
        .unwrap_or(0))
}

/// What the home page asks.
fn home() -> Result<Vec<String>> {
    let day = |back: i64| -> Result<String> {
        let at = jiff::Timestamp::from_millisecond(
            WallClock.now().plus_millis(-back * DAY_MS).millis(),
        )?;
        Ok(at.strftime("%Y-%m-%d").to_string())
    };
    let (end, middle, start) = (day(0)?, day(7)?, day(14)?);
    let measures = "reached,sent,delivered,opened,converted,sent/reached,delivered/sent,opened/delivered,converted/delivered,revenue";
    let mut asked = vec![format!(
        "/landfall/v1/verdicts?from={middle}&to={end}&against={start}..{middle}"
    )];
    for by in ["journey", "journey,platform"] {
        for range in [format!("{middle}..{end}"), format!("{start}..{middle}")] {
            asked.push(format!(
                "/landfall/v1/metrics?measures={measures}&by={by}&range={range}"
            ));
        }
    }
    asked.push(format!(
        "/landfall/v1/metrics?measures=delivered/sent&by=journey,day&range={start}..{end}"
    ));
    asked.push("/landfall/v1/coverage?since=30d".to_owned());
    asked.push("/landfall/v1/incidents?state=live&limit=100".to_owned());
    Ok(asked)
}

/// How long it takes until all questions are answered: the first time, and the other times in order.
fn asked(server: &Server, questions: &[String]) -> Result<(Duration, Vec<Duration>)> {
    let once = || -> Result<Duration> {
        let begin = Instant::now();
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..CONNECTIONS.min(questions.len()))
                .map(|_| {
                    scope.spawn(|| -> Result<()> {
                        while let Some(question) =
                            questions.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                        {
                            server.body(question)?;
                        }
                        Ok(())
                    })
                })
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().expect("does not panic"))
        })?;
        Ok(begin.elapsed())
    };
    let first = once()?;
    let mut times = (0..TIMES).map(|_| once()).collect::<Result<Vec<_>>>()?;
    times.sort_unstable();
    Ok((first, times))
}

/// Reads page after page, as somebody does who scrolls.
fn scroll(server: &Server) -> Result<()> {
    let mut after = String::new();
    let mut times = Vec::new();
    for _ in 0..PAGES {
        let begin = Instant::now();
        let page: Value = serde_json::from_str(&server.body(&format!(
            "/landfall/v1/deliveries?range=28d&platform=ios&limit=50{after}"
        ))?)?;
        times.push(begin.elapsed());
        let rows = page["deliveries"].as_array().map_or(0, Vec::len);
        ensure!(rows == 50, "a page of {rows} rows");
        after = format!("&after={}", page["next"].as_str().context("a next page")?);
    }
    times.sort_unstable();
    println!(
        "Scrolling, {PAGES} pages of 50: median {}, worst {}",
        shown(middle(&times)),
        shown(times.last().copied().unwrap_or_default())
    );
    Ok(())
}

/// The same in a browser, where the script that starts this names one.
fn browse(server: &Server) -> Result<()> {
    if std::env::var_os("LANDFALL_CHROMIUM").is_none() {
        println!("No browser: set LANDFALL_CHROMIUM to measure the pages themselves.");
        return Ok(());
    }
    let done = Command::new("node")
        .arg("bench/peers/log_page.mjs")
        .arg(format!("http://{}", server.address()))
        .arg(APP_KEY)
        .status()?;
    ensure!(done.success(), "the browser's part failed");
    Ok(())
}

fn middle(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn shown(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1_000.0)
}

fn fill(landfall: &std::path::Path, data: &std::path::Path, deliveries: u64) -> Result<()> {
    let ledger = Ledger::create(landfall, data)?;
    ledger.take(PEOPLE, "people", |person| {
        identify(person, Attributes::default())
    })?;
    ledger.take(PEOPLE, "devices", device)?;
    ledger.take(1, "names", |_| names())?;
    let begin = WallClock.now().plus_millis(-DAYS * DAY_MS);
    let apart = DAYS * DAY_MS / i64::try_from(deliveries.max(1))?;
    let speed = ledger.take(deliveries, "deliveries", |number| {
        let at = begin.plus_millis(i64::try_from(number).unwrap_or(0) * apart);
        delivery(number, at)
    })?;
    println!("Filled through the engine: {speed:.0} deliveries a second");
    ledger.close();
    Ok(())
}

/// The platform of a person's device.
const fn platform(person: u64) -> Platform {
    if person % 3 == 0 {
        Platform::Android
    } else {
        Platform::Ios
    }
}

fn device(person: u64) -> Input {
    let attributes = [
        ("app_version", format!("5.{}.0", person % 7)),
        ("push_enabled", (person % 10 != 0).to_string()),
        ("device_os", (15 + person % 4).to_string()),
        ("cio_sdk_version", "3.1".to_owned()),
    ];
    let device = DeviceReport {
        app: String::new(),
        platform: platform(person),
        token: token(person),
        last_used: None,
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    };
    input(
        None,
        Body::AddDevice {
            who: who(person),
            device,
        },
    )
}

fn names() -> Input {
    let intents = [
        "cart-recovery",
        "back-in-stock",
        "win-back",
        "replenishment",
    ];
    let names = (0..12_u64).map(|journey| {
        let intent = intents[usize::try_from(journey % 4).unwrap_or(0)];
        let of = NameOf {
            source: SourceKind::Campaign,
            source_id: journey,
            step_id: None,
            variant_id: None,
        };
        (of, format!("{intent} {journey}"))
    });
    input(
        None,
        Body::Name {
            names: names.collect(),
        },
    )
}

/// A delivery with its end known, as a webhook archive tells it.
fn delivery(number: u64, begin: Timestamp) -> Input {
    let mut chance = Numbers::new(number);
    let person = chance.below(PEOPLE);
    let at = |seconds: i64| begin.plus_millis(seconds * 1_000);
    let mut marks = vec![(Mark::Created, at(0))];
    let bounced = chance.below(50) == 0;
    if bounced {
        marks.push((Mark::Bounced, at(1)));
    } else {
        marks.push((Mark::Sent, at(1)));
        if chance.below(10) < 7 {
            marks.push((Mark::Delivered, at(3)));
            if chance.below(20) == 0 {
                marks.push((Mark::Opened, at(300)));
            }
        }
    }
    let failure = bounced.then_some("Unregistered");
    told(number, person, platform(person), (at(3), marks), failure)
}
