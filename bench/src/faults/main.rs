//! `cargo x bench faults`: every fault of the catalogue planted in simulated shops, and what the
//! diagnosis makes of them. The truth is kept aside and compared afterwards.

mod score;
mod world;

use anyhow::{Context as _, Result, bail};
use landfall_sim::shop::Fault;

use score::{Case, Score};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What was asked for.
struct Wanted {
    faults: Vec<Fault>,
    seeds: u64,
    first: u64,
    clean: u64,
    carts: u32,
    verbose: bool,
}

fn main() -> Result<()> {
    let wanted = wanted()?;
    let mut score = Score::default();
    for fault in &wanted.faults {
        let seeds = match fault {
            Fault::Nothing => wanted.clean,
            _ => wanted.seeds,
        };
        for seed in wanted.first..wanted.first + seeds {
            let case = world::case(*fault, seed, wanted.carts)?;
            if wanted.verbose {
                println!("{}", case.line());
                println!("    {}", case.says);
                let alert = &case.alert;
                let told = alert
                    .after_hours
                    .map(|hours| format!("{hours:.0} h: {}", alert.of));
                println!(
                    "    told after {}; {} incidents in the week, {} false alarms",
                    told.as_deref().unwrap_or("never"),
                    alert.incidents,
                    alert.false_alarms
                );
            }
            score.add(case);
        }
        eprint!(".");
    }
    eprintln!();
    score.print();
    Ok(())
}

fn wanted() -> Result<Wanted> {
    let mut wanted = Wanted {
        faults: Fault::ALL.to_vec(),
        seeds: 5,
        first: 1_000,
        clean: 100,
        carts: 6_000,
        verbose: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut number = || -> Result<u64> {
            let value = arguments
                .next()
                .with_context(|| format!("{name} needs a number"))?;
            value
                .parse()
                .with_context(|| format!("{value} is no number"))
        };
        match name.as_str() {
            "--seeds" => wanted.seeds = number()?,
            "--first" => wanted.first = number()?,
            "--clean" => wanted.clean = number()?,
            "--carts" => wanted.carts = u32::try_from(number()?)?,
            "--verbose" => wanted.verbose = true,
            name => match Fault::named(name) {
                Some(fault) => wanted.faults = vec![fault],
                None => bail!(
                    "{name} is neither a fault nor --seeds, --first, --clean, --carts, --verbose"
                ),
            },
        }
    }
    Ok(wanted)
}

/// Shorter than `{:?}` for a share.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

impl Case {
    fn line(&self) -> String {
        format!(
            "{:<20} seed {:<5} stage {} {:<14} slice {} {:<34} lost {:>9.0} (truth {:>9.0}, {})",
            self.fault.name(),
            self.seed,
            mark(self.stage_right),
            self.stage,
            self.slice_right.map_or("-", mark),
            self.slice,
            self.lost / 100.0,
            self.truth / 100.0,
            percent(self.share)
        )
    }
}

const fn mark(right: bool) -> &'static str {
    if right { "ok" } else { "NO" }
}
