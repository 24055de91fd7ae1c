//! Push-shaped cubes with known causes: platform and provider, app version, step, age of the token,
//! segment.

use landfall_insight::localise::{Attribute, Counts, Cube, Description, Part};

use crate::random::Random;

/// What cubes are like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Messages in the window.
    pub sends: f64,
    /// Steps: twelve make 8,640 leaves, 120 make 86,400.
    pub steps: usize,
    /// Whether there are causes.
    pub broken: bool,
}

/// A cube, and what is wrong in it.
pub struct Case {
    pub cube: Cube,
    pub causes: Vec<Description>,
}

const SHAPES: [(&str, usize); 5] = [
    ("provider", 3),
    ("version", 8),
    ("step", 12),
    ("age", 6),
    ("segment", 5),
];
/// Windows of the baseline.
const WINDOWS: u64 = 7;

/// A cube from a seed. The rate is delivered messages over sent ones.
pub fn generate(shape: Shape, seed: u64) -> Case {
    let mut random = Random::new(seed);
    let sizes: Vec<usize> = SHAPES
        .iter()
        .map(|(name, size)| if *name == "step" { shape.steps } else { *size })
        .collect();
    let mut attributes = vec![attribute("platform", 2)];
    attributes.extend(
        SHAPES
            .iter()
            .zip(&sizes)
            .map(|((name, _), size)| attribute(name, *size)),
    );
    // Popularity of each value and what it does to the rate.
    let popular: Vec<Vec<f64>> = sizes
        .iter()
        .map(|size| (0..*size).map(|_| (0.8 * random.normal()).exp()).collect())
        .collect();
    let effect: Vec<Vec<f64>> = sizes
        .iter()
        .map(|size| (0..*size).map(|_| 0.25 * random.normal()).collect())
        .collect();
    let base = random.between(1.2, 3.0);
    let own = random.between(0.0, 0.25);
    let rho = [0.0, 0.001, 0.005][random.below(3)];
    let leaves: Vec<Vec<u16>> = all(&sizes);
    let mut weights: Vec<f64> = leaves
        .iter()
        .map(|codes| {
            codes[1..]
                .iter()
                .zip(&popular)
                .map(|(code, popular)| popular[usize::from(*code)])
                .product::<f64>()
                * (0.6 * random.normal()).exp()
        })
        .collect();
    let total: f64 = weights.iter().sum();
    weights
        .iter_mut()
        .for_each(|weight| *weight *= shape.sends / total);
    let causes = if shape.broken {
        choose(&mut random, &attributes, &leaves, &weights)
    } else {
        Vec::new()
    };
    let losses: Vec<f64> = causes.iter().map(|_| random.between(0.1, 0.7)).collect();
    let mut cube = Cube::new(attributes);
    for (codes, weight) in leaves.iter().zip(&weights) {
        let odds = base
            + own * random.normal()
            + codes[1..]
                .iter()
                .zip(&effect)
                .map(|(code, effect)| effect[usize::from(*code)])
                .sum::<f64>();
        let rate = 1.0 / (1.0 + (-odds).exp());
        let kept: f64 = causes
            .iter()
            .zip(&losses)
            .filter(|(cause, _)| belongs(codes, cause))
            .map(|(_, loss)| 1.0 - loss)
            .product();
        let n = poisson(&mut random, *weight);
        let x = random.beta_binomial(n, rate * kept, rho);
        let mut counts = Counts { n, x, n0: 0, x0: 0 };
        for _ in 0..WINDOWS {
            let n = poisson(&mut random, *weight);
            counts.n0 += n;
            counts.x0 += random.beta_binomial(n, rate, rho);
        }
        cube.push(codes, counts)
            .expect("codes are drawn from the attributes");
    }
    Case { cube, causes }
}

/// Whether a leaf belongs to an element.
pub fn belongs(codes: &[u16], description: &Description) -> bool {
    description
        .iter()
        .all(|part| part.values.contains(&codes[part.attribute]))
}

fn attribute(name: &str, size: usize) -> Attribute {
    Attribute {
        name: name.to_owned(),
        values: (0..size).map(|value| format!("{name}{value}")).collect(),
    }
}

/// All combinations, the platform following from the provider: the first is one platform's only one.
fn all(sizes: &[usize]) -> Vec<Vec<u16>> {
    let mut rows = vec![Vec::new()];
    for size in sizes {
        rows = rows
            .iter()
            .flat_map(|row: &Vec<u16>| {
                (0..*size as u16).map(move |code| [row.as_slice(), &[code]].concat())
            })
            .collect();
    }
    rows.into_iter()
        .map(|row| [&[u16::from(row[0] > 0)], row.as_slice()].concat())
        .collect()
}

/// One to three elements of one to three attributes, each with at least half a percent of the sends and
/// at most 60, none within another.
fn choose(
    random: &mut Random,
    attributes: &[Attribute],
    leaves: &[Vec<u16>],
    weights: &[f64],
) -> Vec<Description> {
    let total: f64 = weights.iter().sum();
    let wanted = 1 + random.below(3);
    let mut causes: Vec<Description> = Vec::new();
    while causes.len() < wanted {
        let layer = 1 + random.below(3);
        let leaf = &leaves[random.below(leaves.len())];
        let mut parts: Description = Vec::new();
        while parts.len() < layer {
            let attribute = random.below(attributes.len());
            if parts.iter().all(|part| part.attribute != attribute) {
                parts.push(Part {
                    attribute,
                    values: vec![leaf[attribute]],
                });
            }
        }
        parts.sort();
        let inside: Vec<bool> = leaves.iter().map(|leaf| belongs(leaf, &parts)).collect();
        let weight: f64 = weights
            .iter()
            .zip(&inside)
            .filter(|(_, inside)| **inside)
            .map(|(weight, _)| weight)
            .sum();
        let within = |one: &Description, other: &Description| {
            leaves
                .iter()
                .filter(|leaf| belongs(leaf, one))
                .all(|leaf| belongs(leaf, other))
        };
        if (0.005..0.6).contains(&(weight / total))
            && causes
                .iter()
                .all(|other| !within(&parts, other) && !within(other, &parts))
        {
            causes.push(parts);
        }
    }
    causes
}

/// Messages of a leaf in a window; rounded normal beyond 50, where it makes no difference.
fn poisson(random: &mut Random, mean: f64) -> u64 {
    if mean > 50.0 {
        return (mean + mean.sqrt() * random.normal()).round().max(0.0) as u64;
    }
    let (mut product, mut count) = (random.uniform(), 0);
    let least = (-mean).exp();
    while product > least {
        product *= random.uniform();
        count += 1;
    }
    count
}
