use super::*;

/// A cube of platform and provider (which follow from each other for ios), version, and step, with the
/// same volume everywhere and exactly the rates that `rate` gives.
fn cube(n: u64, before: f64, rate: impl Fn(&[u16]) -> f64) -> Cube {
    let attribute = |name: &str, size: usize| Attribute {
        name: name.to_owned(),
        values: (0..size).map(|value| format!("{name} {value}")).collect(),
    };
    let mut cube = Cube::new(vec![
        attribute("platform", 2),
        attribute("provider", 3),
        attribute("version", 5),
        attribute("step", 4),
    ]);
    for provider in 0..3_u16 {
        for version in 0..5_u16 {
            for step in 0..4_u16 {
                let codes = [u16::from(provider > 0), provider, version, step];
                let counts = Counts {
                    n,
                    x: (n as f64 * rate(&codes)).round() as u64,
                    n0: 7 * n,
                    x0: (7.0 * n as f64 * before).round() as u64,
                };
                cube.push(&codes, counts).expect("codes fit");
            }
        }
    }
    cube
}

fn part(attribute: usize, values: &[u16]) -> Part {
    Part {
        attribute,
        values: values.to_vec(),
    }
}

fn fall() -> Options {
    Options {
        direction: Direction::Fall,
        ..Options::default()
    }
}

fn descriptions(answer: &Localisation) -> Vec<Description> {
    answer
        .elements
        .iter()
        .map(|element| element.description.clone())
        .collect()
}

#[test]
fn a_version_that_delivers_less_is_named_with_its_figures() {
    let cube = cube(200, 0.93, |codes| if codes[2] == 3 { 0.58 } else { 0.93 });
    let answer = localise(&cube, &fall());
    assert_eq!(answer.verdict, Verdict::Elements);
    assert_eq!(answer.direction, Direction::Fall);
    assert_eq!(descriptions(&answer), [vec![part(2, &[3])]]);
    let element = &answer.elements[0];
    assert_eq!((element.leaves, element.n, element.x), (12, 2_400, 1_392));
    assert!((element.expected_rate - 0.93).abs() < 1e-3);
    assert!((element.excess - (1_392.0 - 0.93 * 2_400.0)).abs() < 2.0);
    assert!((element.share - 1.0).abs() < 0.01);
    assert!(element.p_value < 1e-6 && answer.p_value < 1e-6);
}

#[test]
fn a_cause_is_found_whichever_way_the_rate_went() {
    let cube = cube(200, 0.02, |codes| if codes[3] == 1 { 0.10 } else { 0.02 });
    let either = localise(&cube, &Options::default());
    assert_eq!(either.direction, Direction::Rise);
    assert_eq!(descriptions(&either), [vec![part(3, &[1])]]);
    assert!(either.elements[0].excess > 0.0);
    let against = localise(&cube, &fall());
    assert_eq!(against.verdict, Verdict::NoChange);
    assert_eq!(against.direction, Direction::Fall);
}

#[test]
fn the_same_leaves_under_two_names_are_one_element_with_both_names() {
    let cube = cube(200, 0.9, |codes| if codes[0] == 0 { 0.6 } else { 0.9 });
    let answer = localise(&cube, &fall());
    assert_eq!(descriptions(&answer), [vec![part(0, &[0])]]);
    assert_eq!(
        answer.elements[0].equivalents,
        [vec![part(1, &[0])], vec![part(0, &[0]), part(1, &[0])]]
    );
}

#[test]
fn siblings_become_a_set_of_values() {
    let cube = cube(300, 0.9, |codes| {
        let broken = [1, 2].contains(&codes[2]) && codes[0] == 1;
        if broken { 0.5 } else { 0.9 }
    });
    let answer = localise(&cube, &fall());
    assert_eq!(
        descriptions(&answer),
        [vec![part(0, &[1]), part(2, &[1, 2])]]
    );
    assert_eq!(answer.elements[0].leaves, 16);
}

#[test]
fn two_causes_are_told_apart() {
    let cube = cube(400, 0.9, |codes| match (codes[2], codes[3]) {
        (4, _) => 0.6,
        (_, 0) if codes[0] == 0 => 0.7,
        _ => 0.9,
    });
    let answer = localise(&cube, &fall());
    assert_eq!(
        descriptions(&answer),
        [vec![part(2, &[4])], vec![part(0, &[0]), part(3, &[0])]]
    );
}

#[test]
fn a_change_everywhere_is_global() {
    let cube = cube(400, 0.9, |_| 0.8);
    let answer = localise(&cube, &fall());
    assert_eq!(answer.verdict, Verdict::Global);
    assert!(answer.elements.is_empty());
    let total = answer.total.expect("there are cases");
    assert!((total.observed_rate - 0.8).abs() < 1e-9);
}

#[test]
fn scattered_losses_lie_outside_what_is_recorded() {
    // Leaves are hit by something that no attribute tells: those of an arithmetic pattern.
    let cube = cube(2_000, 0.9, |codes| {
        let number = u32::from(codes[1]) * 20 + u32::from(codes[2]) * 4 + u32::from(codes[3]);
        if number * 37 % 11 % 2 == 0 { 0.5 } else { 0.9 }
    });
    let answer = localise(&cube, &fall());
    assert_eq!(answer.verdict, Verdict::OutsideRecorded);
}

#[test]
fn nothing_is_said_without_cases_or_without_change() {
    let empty = Cube::new(Vec::new());
    assert!(empty.is_empty());
    let answer = localise(&empty, &Options::default());
    assert_eq!(answer.verdict, Verdict::NoChange);
    assert_eq!(answer.total, None);
    let same = cube(100, 0.9, |_| 0.9);
    let answer = localise(&same, &Options::default());
    assert_eq!(answer.verdict, Verdict::NoChange);
    assert_eq!(answer.direction, Direction::Either);
    assert!(answer.elements.is_empty());
}

#[test]
fn a_baseline_without_cases_accuses_nobody() {
    let mut cube = Cube::new(vec![Attribute {
        name: "version".to_owned(),
        values: vec!["1".to_owned(), "2".to_owned()],
    }]);
    for code in 0..2 {
        let counts = Counts {
            n: 1_000,
            x: 900 - 500 * u64::from(code),
            n0: 0,
            x0: 0,
        };
        cube.push(&[code], counts).expect("codes fit");
    }
    let answer = localise(&cube, &Options::default());
    assert_eq!(answer.verdict, Verdict::NoChange);
}

#[test]
fn the_seed_of_the_hashes_changes_nothing() {
    let cube = cube(150, 0.9, |codes| if codes[2] == 0 { 0.7 } else { 0.9 });
    let one = localise(&cube, &Options { seed: 1, ..fall() });
    let two = localise(&cube, &Options { seed: 2, ..fall() });
    assert_eq!(one, two);
}

#[test]
fn leaves_that_do_not_fit_are_refused() {
    let mut cube = cube(10, 0.9, |_| 0.9);
    let before = cube.len();
    let counts = Counts::default();
    assert_eq!(
        cube.push(&[0, 0, 0], counts),
        Err(CubeError::Codes { wanted: 4, got: 3 })
    );
    assert_eq!(
        cube.push(&[0, 0, 5, 0], counts),
        Err(CubeError::Value {
            attribute: 2,
            code: 5
        })
    );
    let more = Counts { x: 1, ..counts };
    assert_eq!(cube.push(&[0, 0, 0, 0], more), Err(CubeError::Hits));
    assert_eq!(cube.len(), before);
}

/// A stream of numbers between 0 and 1 from a seed.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    }

    fn binomial(&mut self, n: u64, p: f64) -> u64 {
        (0..n).filter(|_| self.next() < p).count() as u64
    }
}

/// The cube of the other tests with counts by chance, the rates of leaves varying between windows as `wobble` says.
fn by_chance(seed: u64, n: u64, wobble: f64) -> Cube {
    let mut stream = Stream(seed);
    let template = cube(n, 0.9, |_| 0.9);
    let mut cube = Cube::new(template.attributes().to_vec());
    for leaf in 0..template.len() {
        let rate = 0.85 + 0.1 * stream.next();
        let mut window = |n: u64| {
            let moved = rate + wobble * (stream.next() + stream.next() - 1.0);
            stream.binomial(n, moved.min(1.0))
        };
        let x = window(n);
        let x0 = (0..4).map(|_| window(n)).sum();
        let counts = Counts {
            n,
            x,
            n0: 4 * n,
            x0,
        };
        cube.push(template.codes(leaf), counts).expect("codes fit");
    }
    cube
}

#[test]
fn chance_alone_is_silent_at_the_stated_level() {
    // 300 cubes at 1 %: more than 8 verdicts would be unlikely (below 0.4 %) even at the full level.
    let spoken = (0..300)
        .filter(|seed| {
            let sizes = [4, 30, 200];
            let wobble = [0.0, 0.03][*seed as usize % 2];
            let cube = by_chance(*seed, sizes[*seed as usize % 3], wobble);
            localise(&cube, &Options::default()).verdict != Verdict::NoChange
        })
        .count();
    assert!(spoken <= 8, "{spoken} of 300 cubes of chance had a verdict");
}

#[test]
fn the_dispersion_is_told_from_sampling_noise() {
    let calm = localise(&by_chance(5, 400, 0.0), &Options::default());
    let wild = localise(&by_chance(5, 400, 0.05), &Options::default());
    // A sum of two uniform numbers has a variance of 1/6: 0.05^2 / 6 * (1 + 1/4) over p (1 - p) = 0.09.
    assert!(calm.dispersion < 1e-3, "{}", calm.dispersion);
    assert!(
        (0.002..0.012).contains(&wild.dispersion),
        "{}",
        wild.dispersion
    );
}

#[test]
fn the_beta_binomial_sums_to_one_and_gamma_is_right() {
    use super::special::{ln_beta_binomial, ln_rising};
    // ln(20!) and ln(1.5 * 2.5 * ... * 10.5), by hand.
    assert!((ln_rising(1.0, 20) - 42.335_616_460_753_48).abs() < 1e-8);
    let product: f64 = (0..10).map(|step| (1.5 + f64::from(step)).ln()).sum();
    assert!((ln_rising(1.5, 10) - product).abs() < 1e-8);
    let n = 12;
    let mut choose = 1.0;
    let mut total = 0.0;
    for x in 0..=n {
        total += choose * ln_beta_binomial(n, x, 0.3, 2.5).exp();
        choose *= (n - x) as f64 / (x + 1) as f64;
    }
    assert!((total - 1.0).abs() < 1e-9);
}
