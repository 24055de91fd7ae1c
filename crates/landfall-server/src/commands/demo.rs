//! `landfall demo`: a living shop with a planted fault.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use landfall_domain::time::{Clock as _, DAY_MS, MINUTE_MS, Timestamp, WallClock};
use landfall_sim::shop::{Fault, Rhythm, Settings};

use crate::demo::{Keys, Life, Plan, start_before};
use crate::listen::{self, Door};
use crate::serve::stop_signal;

/// Days before the fault begins.
const CLEAN_DAYS: u32 = 49;
/// How often the shop is told of where nobody sees the progress.
const WEEK: u32 = 7;
/// Carts a day for each customer.
const CARTS: f64 = 0.03;

/// `landfall demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Customers, phones and providers are simulated; the server is the real one, and all that it learns comes
through its public APIs. Eight weeks pass as fast as the machine can; then the shop goes on in real time.

Examples:
  landfall demo                                   iOS 5.2 ships and loses tokens in the eighth week
  landfall demo --list                            what else can go wrong
  landfall demo --fault receipts_lost --people 20000
  landfall demo --clean                           a shop in which nothing goes wrong")]
pub(crate) struct Demo {
    /// What goes wrong.
    #[arg(long, value_name = "NAME", default_value = "token_churn")]
    fault: String,
    /// List what can go wrong.
    #[arg(long)]
    list: bool,
    /// Let nothing go wrong.
    #[arg(long, conflicts_with = "fault")]
    clean: bool,
    /// Seed of all chance.
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Customers.
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    people: u32,
    /// Days that pass in fast motion.
    #[arg(long, value_name = "N", default_value_t = 56, value_parser = clap::value_parser!(u32).range(1..=120))]
    days: u32,
    /// Address to serve on. Loopback unless you say otherwise.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7171")]
    listen: SocketAddr,
    /// Folder for the demo's data; it is emptied first when it holds an earlier demo. Otherwise a
    /// temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// End after the fast motion instead of serving.
    #[arg(long)]
    once: bool,
}

/// Runs the command.
pub(crate) fn run(demo: &Demo) -> Result<()> {
    if demo.list {
        for fault in Fault::ALL {
            println!(
                "{:<20} {:<14} {}",
                fault.name(),
                fault.stage().name(),
                fault.says()
            );
        }
        return Ok(());
    }
    let Some(fault) = Fault::named(&demo.fault) else {
        bail!(
            "there is no fault `{}`: `landfall demo --list` names them",
            demo.fault
        );
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let kept = match &demo.data {
        Some(folder) => Kept::Named(folder.clone()),
        None => Kept::Temporary(tempfile::tempdir().context("cannot make a temporary folder")?),
    };
    kept.empty()?;
    runtime.block_on(lead(demo, (!demo.clean).then_some(fault), &kept))
}

/// Where the data lie.
enum Kept {
    Named(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Kept {
    fn path(&self) -> &std::path::Path {
        match self {
            Self::Named(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }

    /// Empties a folder of an earlier demo; any other folder must be empty.
    fn empty(&self) -> Result<()> {
        let Self::Named(path) = self else {
            return Ok(());
        };
        if path.join(MARKER).exists() {
            std::fs::remove_dir_all(path)
                .with_context(|| format!("cannot empty {}", path.display()))?;
        }
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        if std::fs::read_dir(path)?.next().is_some() {
            bail!(
                "{} is not empty and holds no demo: name another folder",
                path.display()
            );
        }
        std::fs::write(
            path.join(MARKER),
            "This folder belongs to `landfall demo`.\n",
        )?;
        Ok(())
    }
}

/// Tells a demo's folder from any other.
const MARKER: &str = "landfall-demo";

async fn lead(demo: &Demo, fault: Option<Fault>, kept: &Kept) -> Result<()> {
    let start = start_before(WallClock.now(), demo.days);
    let plan = plan(demo, fault, start);
    let keys = Keys::random()?;
    // Taken first, so that an address in use is told before minutes have passed.
    let door = Door::plain(demo.listen).await?;
    println!(
        "A shop of {} customers opens. Its people and phones become known ...",
        demo.people
    );
    let mut life = Life::open(plan, kept.path(), keys.clone()).await?;
    if demo.once {
        pass(&mut life, demo, start).await?;
        tokio::task::spawn_blocking(move || life.house.close()).await?;
        return Ok(());
    }
    let address = door.address()?;
    println!("\nIt is open, and can be watched from now on: http://{address}/");
    println!("The app key, to sign in: {}\n", keys.app);
    let serving = listen::serve(vec![door], life.house.router.clone(), stop_signal()?);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(()),
        passed = pass(&mut life, demo, start) => passed?,
    }
    println!("\nThe shop is live. In another terminal:\n");
    println!(
        "  export LANDFALL_URL=http://{address} LANDFALL_APP_KEY={}",
        keys.app
    );
    println!("  landfall incidents");
    println!("  landfall diagnose cart-recovery");
    println!("  landfall metrics --by journey,platform --since 14d");
    let living = tokio::spawn(life.live());
    serving.await;
    living.abort();
    Ok(())
}

/// Lives through the weeks up to now, and says each day what happened.
async fn pass(life: &mut Life, demo: &Demo, start: Timestamp) -> Result<()> {
    let bar = progress(demo.days);
    let mut known = 0;
    for day in 1..=demo.days {
        life.until(start.plus_millis(i64::from(day) * DAY_MS))
            .await?;
        for told in &life.told()[known..] {
            let (day, hour) = moment(told.at, start);
            bar.suspend(|| {
                println!("day {day}, {hour}  {}: {}", told.id, told.title);
                println!("               {}", told.verdict);
            });
        }
        known = life.told().len();
        if bar.is_hidden() && day % WEEK == 0 {
            println!("day {day}: {}", taken(life, day));
        }
        bar.set_message(taken(life, day));
        bar.set_position(u64::from(day));
    }
    bar.finish();
    // The hours of today.
    life.until(WallClock.now()).await?;
    println!(
        "\nMessages about carts of the last seven days are worth {:.2} EUR on average.",
        life.worth() / 100.0
    );
    Ok(())
}

fn plan(demo: &Demo, fault: Option<Fault>, start: Timestamp) -> Plan {
    let day = i64::from(CLEAN_DAYS.min(demo.days * 7 / 8));
    let usual = Settings::default();
    Plan {
        settings: Settings {
            customers: demo.people,
            carts_per_day: (f64::from(demo.people) * CARTS).round() as u32,
            releases: [usual.releases[0], usual.releases[1], ("5.2", day as i32)],
            rhythm: Rhythm::Cdnow,
            ..usual
        },
        seed: demo.seed,
        qa: true,
        start,
        fault: fault.map(|fault| (fault, start.plus_millis(day * DAY_MS))),
    }
}

fn progress(days: u32) -> ProgressBar {
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new(u64::from(days)),
        false => ProgressBar::hidden(),
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} day {pos} of {len}  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The day of the shop, from 1 on, and the time of day.
fn moment(at: Timestamp, start: Timestamp) -> (i64, String) {
    let since = at.since(start);
    let minutes = since.rem_euclid(DAY_MS) / MINUTE_MS;
    let hour = format!("{:02}:{:02}", minutes / 60, minutes % 60);
    (since.div_euclid(DAY_MS) + 1, hour)
}

fn taken(life: &Life, day: u32) -> String {
    let books = life.books();
    let day = books
        .days
        .get(&i64::from(day - 1))
        .copied()
        .unwrap_or_default();
    format!(
        "{} carts, {} messages, {} orders, {:.0} EUR",
        day.carts,
        day.handed,
        day.orders,
        day.minor as f64 / 100.0
    )
}
