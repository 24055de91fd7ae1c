//! Generated cubes: with causes, without any, and large ones for time and memory.

use landfall_insight::localise::{Description, Direction, Options, Verdict, localise};

use crate::generate::{Case, Shape, belongs, generate};
use crate::incidents::words;
use crate::score::{Score, ranked, said};
use crate::watch::Watch;

const LARGE: f64 = 2_000_000.0;
const SMALL: f64 = 100_000.0;

/// Cubes of large and of small volume with one to three causes.
pub fn run(seed: u64, cases: u64, verbose: bool) {
    println!("\nGenerated cubes of 8,640 leaves, {cases} of each kind, seed {seed}");
    println!(
        "| kind | exact F1 | leaf-set F1 | right, wrong, missed | overlap of leaves | top 5 | ms mean, most |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, sends) in [("P1: 2,000,000 sends", LARGE), ("P2: 100,000 sends", SMALL)] {
        let (mut exact, mut sets) = (Score::default(), Score::default());
        for number in 0..cases {
            let shape = Shape {
                sends,
                steps: 12,
                broken: true,
            };
            let case = generate(shape, seed * 1_000_003 + number);
            one(&case, number, verbose, &mut exact, &mut sets);
        }
        println!(
            "| {name} | {:.3} | **{:.3}** | {}, {}, {} | **{:.3}** | {} | {:.1}, {:.1} |",
            exact.f1(),
            sets.f1(),
            sets.found,
            sets.wrong,
            sets.missed,
            sets.overlap / cases as f64,
            sets.top[2],
            1e3 * sets.seconds / cases as f64,
            1e3 * sets.slowest
        );
    }
}

fn one(case: &Case, number: u64, verbose: bool, exact: &mut Score, sets: &mut Score) {
    let options = Options {
        direction: Direction::Fall,
        ..Options::default()
    };
    let watch = Watch::start();
    let answer = localise(&case.cube, &options);
    sets.timed(watch.seconds());
    let said = said(&answer);
    exact.count(&said, &case.causes);
    let leaves = |description: &Description| -> Vec<usize> {
        (0..case.cube.len())
            .filter(|row| {
                case.cube.counts(*row).n > 0 && belongs(case.cube.codes(*row), description)
            })
            .collect()
    };
    let said_sets: Vec<Vec<usize>> = said.iter().map(leaves).collect();
    let cause_sets: Vec<Vec<usize>> = case.causes.iter().map(leaves).collect();
    let before = (sets.wrong, sets.missed);
    sets.count(&said_sets, &cause_sets);
    let solved = before == (sets.wrong, sets.missed);
    let in_any =
        |sets: &[Vec<usize>], row: usize| sets.iter().any(|set| set.binary_search(&row).is_ok());
    let (mut both, mut either) = (0, 0);
    for row in 0..case.cube.len() {
        let (a, b) = (in_any(&said_sets, row), in_any(&cause_sets, row));
        let n = case.cube.counts(row).n;
        both += if a && b { n } else { 0 };
        either += if a || b { n } else { 0 };
    }
    sets.overlap += both as f64 / either as f64;
    let places: Vec<Vec<usize>> = ranked(&answer).iter().take(5).map(leaves).collect();
    sets.top[2] += usize::from(cause_sets.iter().any(|set| places.contains(set)));
    if verbose && !solved {
        println!(
            "case {number}: {:?} p {:.1e} dispersion {:.1e}",
            answer.verdict, answer.p_value, answer.dispersion
        );
        for cause in &case.causes {
            let sum = |pick: fn(&landfall_insight::localise::Counts) -> u64| -> u64 {
                leaves(cause)
                    .iter()
                    .map(|row| pick(case.cube.counts(*row)))
                    .sum()
            };
            let (n, x, n0, x0) = (sum(|c| c.n), sum(|c| c.x), sum(|c| c.n0), sum(|c| c.x0));
            println!(
                "   cause {:<45} n {n} rate {:.4} before {:.4}",
                words(&case.cube, cause),
                x as f64 / n as f64,
                x0 as f64 / n0 as f64
            );
        }
        for element in answer
            .elements
            .iter()
            .chain(answer.candidates.iter().take(3))
        {
            println!(
                "   {:<50} evidence {:9.1} llr {:9.1} share {:5.2} rate {:.4} of {:.4}, {} leaves",
                words(&case.cube, &element.description),
                element.evidence,
                element.llr,
                element.share,
                element.observed_rate,
                element.expected_rate,
                element.leaves
            );
        }
    }
}

/// Cubes without a cause: how often anything is said.
pub fn run_null(seed: u64, cases: u64) {
    println!("\nCubes without a cause, {cases} of each kind, level 1 %, seed {seed}");
    println!("| kind | looked for | verdicts | share |");
    println!("|---|---|---|---|");
    for (name, sends) in [
        ("2,000,000 sends", LARGE),
        ("100,000 sends", SMALL),
        ("10,000 sends", 10_000.0),
    ] {
        for (words, direction) in [("fall", Direction::Fall), ("either", Direction::Either)] {
            let mut verdicts = 0;
            for number in 0..cases {
                let shape = Shape {
                    sends,
                    steps: 12,
                    broken: false,
                };
                let case = generate(shape, 7_919 + seed * 2_000_003 + number);
                let answer = localise(
                    &case.cube,
                    &Options {
                        direction,
                        ..Options::default()
                    },
                );
                if answer.verdict != Verdict::NoChange {
                    verdicts += 1;
                }
            }
            println!(
                "| {name} | {words} | {verdicts} | {:.2} % |",
                100.0 * f64::from(verdicts) / cases as f64
            );
        }
    }
}

/// Times for cubes of two sizes, and the memory of the process at its peak.
pub fn run_time(seed: u64) {
    println!("\nTime that the thread had a core, the fastest and the median of runs");
    println!("| leaves | direction | fastest | median |");
    println!("|---|---|---|---|");
    for (steps, runs) in [(12, 9), (120, 5)] {
        let case = generate(
            Shape {
                sends: LARGE * steps as f64 / 12.0,
                steps,
                broken: true,
            },
            seed,
        );
        for (words, direction) in [("fall", Direction::Fall), ("either", Direction::Either)] {
            let mut times: Vec<f64> = (0..runs)
                .map(|_| {
                    let watch = Watch::start();
                    std::hint::black_box(localise(
                        &case.cube,
                        &Options {
                            direction,
                            ..Options::default()
                        },
                    ));
                    watch.seconds()
                })
                .collect();
            times.sort_by(f64::total_cmp);
            println!(
                "| {} | {words} | {:.1} ms | {:.1} ms |",
                case.cube.len(),
                1e3 * times[0],
                1e3 * times[times.len() / 2]
            );
        }
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status")
        && let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM"))
    {
        println!(
            "\nMemory of the process at its peak, its input included: {}",
            peak.trim_start_matches("VmHWM:").trim()
        );
    }
}
