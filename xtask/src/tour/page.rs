//! What is written about the demo, and whether it is true.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::{FIGURES, Figures, cast, kept, put};
use crate::run::root;
use crate::tidy::Finding;

/// What a reader would ask.
pub(super) const ASKS: &[&[&str]] = &[
    &["incidents"],
    &["diagnose", "cart-recovery"],
    &[
        "metrics",
        "--by",
        "platform,app_version",
        "--where",
        "channel=push",
        "--since",
        "7d",
        "--measures",
        "reached,sent,delivered_rate",
    ],
    &["coverage", "--by", "app_version"],
];
const PAGE: &str = "docs/tour.md";
const CAST: &str = "docs/tour.cast";
const README: &str = "README.md";
const BEGIN: &str = "<!-- tour: written by `cargo x tour` -->\n";
const END: &str = "<!-- tour: end -->\n";
/// Longest table that the page shows of an answer.
const LINES: usize = 30;

/// Writes the page, the README's part and the recorded session.
pub(super) fn write(figures: &Figures) -> Result<()> {
    put(PAGE, &page(figures))?;
    put(CAST, &cast::session(figures))?;
    let readme = read(README)?;
    put(README, &with_part(&readme, &part(figures))?)
}

/// Page, README and session are what the templates make of the figures, and the figures hold what they claim.
pub(crate) fn check() -> Result<Vec<Finding>> {
    if !root().join(FIGURES).exists() {
        // Before the first run there is nothing to compare.
        return Ok(Vec::new());
    }
    let figures = kept()?;
    let readme = read(README)?;
    let wanted = [
        (PAGE, page(&figures)),
        (CAST, cast::session(&figures)),
        (README, with_part(&readme, &part(&figures))?),
    ];
    let mut findings = Vec::new();
    for (path, says) in wanted {
        if read(path)? != says {
            let what = "is not what docs/tour.json says: run `cargo x tour --page`";
            findings.push(Finding::new(path, what));
        }
    }
    let broken = claims(&figures).into_iter();
    findings.extend(broken.map(|claim| Finding::new("docs/tour.json", claim)));
    Ok(findings)
}

/// What the tour claims and its figures do not show.
pub(super) fn claims(figures: &Figures) -> Vec<String> {
    let mut broken = Vec::new();
    let mut claim = |holds: bool, what: &str| {
        if !holds {
            broken.push(format!("does not hold: {what}"));
        }
    };
    let early = figures
        .told
        .iter()
        .any(|told| told.day < figures.release_day);
    claim(
        !early,
        "nothing is said in the seven weeks before the release",
    );
    claim(
        figures.delay_hours().is_some(),
        "the owner is told after the release",
    );
    claim(figures.problem == "delivery", "the verdict is delivery");
    let place = &figures.place;
    claim(
        place.contains("ios") && place.contains("5.2"),
        "the place is iOS 5.2",
    );
    let held = figures.low <= figures.truth && figures.truth <= figures.high;
    claim(
        held,
        "what was really lost lies within the interval of the verdict",
    );
    broken
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

/// The README with its part between the marks replaced.
pub(super) fn with_part(readme: &str, part: &str) -> Result<String> {
    let (before, rest) = readme
        .split_once(BEGIN)
        .context("README.md has no mark of the tour")?;
    let (_, after) = rest
        .split_once(END)
        .context("the tour's part of README.md has no end")?;
    Ok(format!("{before}{BEGIN}{part}{END}{after}"))
}

fn hours(figures: &Figures) -> String {
    match figures.delay_hours() {
        Some(hours) if hours < 48.0 => format!("{hours:.0} hours"),
        Some(hours) => format!("{:.1} days", hours / 24.0),
        None => "not at all".to_owned(),
    }
}

/// The README's part.
pub(super) fn part(figures: &Figures) -> String {
    format!(
        "\n![Home page of the shop after its eighth week](docs/screenshots/tour-home.png)\n\n\
         In a shop of {} people iOS 5.2 shipped on day {}. For seven weeks the monitor had said nothing; {} after the release it \
         told the owner. The diagnosis says *{}*, at {}, and that {:.0} EUR were lost in a week ({:.0} to {:.0}); the simulation \
         knows that it was {:.0}. The [tour](docs/tour.md) goes through it in two minutes.\n\n",
        figures.people,
        figures.release_day,
        hours(figures),
        figures.problem,
        figures.place,
        figures.lost,
        figures.low,
        figures.high,
        figures.truth
    )
}

/// The page.
pub(super) fn page(figures: &Figures) -> String {
    let mut text = String::new();
    opening(&mut text, figures);
    text.push_str("\n## What the owner is told\n\n```text\n");
    for told in figures.told.iter().take(4) {
        let _ = writeln!(text, "day {}, {}  {}", told.day, told.time, told.title);
        let _ = writeln!(text, "    {}", told.verdict);
    }
    let _ = write!(
        text,
        "```\n\nThat is {} after the release. It takes people days to update, and a version that few have loses little: the \
         monitor speaks when what is missing is beyond doubt ([alerts](concepts/alerts.md)).\n\n\
         ![The incident](screenshots/tour-incident.png)\n\n",
        hours(figures)
    );
    let heads = [
        ("What is off", "The same in a terminal:"),
        (
            "Why, where, how much",
            "The diagnosis of the journey ([how](concepts/diagnosis.md)):",
        ),
        (
            "Which version",
            "Taken by the provider, and reported by devices, in the last seven days. The release check asks phones with 5.2 by \
             silent pushes, which no phone reports, so less of 5.2 is delivered on every platform; what is taken tells them apart:",
        ),
        (
            "Who can still be reached",
            "Tokens that died are no longer tried, so what is broken shows as coverage, too:",
        ),
    ];
    for ((head, lead), asked) in heads.iter().zip(&figures.asked) {
        let _ = write!(
            text,
            "## {head}\n\n{lead}\n\n```text\n$ {}\n",
            asked.command
        );
        for line in asked.answer.lines().take(LINES) {
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push_str("```\n\n");
    }
    closing(&mut text, figures);
    text
}

fn opening(text: &mut String, figures: &Figures) {
    let _ = write!(
        text,
        "# The tour\n\n\
         Two minutes with a shop in which something goes wrong. Everything here is written by `cargo x tour`, which lets the shop \
         live and keeps what it saw in [tour.json](tour.json); [tour.cast](tour.cast) is the session for a player of asciicast files.\n\n\
         <!-- not run: weeks take minutes; the demo has tests of its own -->\n\
         ```sh\n\
         landfall demo --people {} --seed {} --fault {}\n\
         ```\n\n\
         Customers, phones and providers are simulated. The server is the real one, and all that it learns comes through its \
         public APIs. When people order by themselves, and for how much, follows a real customer base. {} people live through seven \
         weeks in which nothing is off, and nothing is said. Then iOS 5.2 ships, and its tokens die: most pushes to it are \
         rejected. E-mail is as it was.\n\n\
         ![Home](screenshots/tour-home.png)\n",
        figures.people, figures.seed, figures.fault, figures.people
    );
}

fn closing(text: &mut String, figures: &Figures) {
    let _ = write!(
        text,
        "![The diagnosis](screenshots/tour-diagnosis.png)\n\n\
         ## How true it is\n\n\
         The simulation knows what each message brings on average. The same weeks are lived through once more without the fault: what \
         the messages about carts of the last seven days bring less than there is what the fault costs.\n\n\
         | | |\n|---|---|\n\
         | said in the seven weeks before | {} |\n\
         | told after the release | {} |\n\
         | verdict | {}, {} |\n\
         | lost in a week, says the diagnosis | {:.0} EUR ({:.0} to {:.0}) |\n\
         | lost in a week, really | {:.0} EUR |\n\n\
         The money is {:.0} % off. In a shop of this size a week has few orders, and the interval says so.\n\n\
         ## Repair and proof\n\n\
         The release is stopped, and 5.3 registers its token at every start; as people open it their tokens come back. \
         The incident is acknowledged meanwhile, so that nobody is told twice, and resolves itself when the figures were usual for \
         an hour. Until then people of the slice get the mail behind the push: the journey's fallback is part of \
         [its definition](concepts/journeys.md). The [runbooks](runbooks.md) have the same for every other verdict, and \
         the [catalogue](faults.md) names what else can go wrong.\n",
        figures
            .told
            .iter()
            .filter(|told| told.day < figures.release_day)
            .count(),
        hours(figures),
        figures.problem,
        figures.place,
        figures.lost,
        figures.low,
        figures.high,
        figures.truth,
        figures.money_error() * 100.0
    );
}
