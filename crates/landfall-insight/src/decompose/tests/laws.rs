//! What holds for every funnel (diagnosis.md 2.5, DEC-1).

use crate::decompose::{Cell, DecomposeError, Product, Shift, attribute};
use crate::draws::Draws;

/// A funnel with zeros, refunds and cells that appear; 1 to 9 factors beside the share.
fn random(draws: &mut Draws, cells: usize, factors: usize) -> Product {
    let mut pick = |low: f64, high: f64| low + (high - low) * draws.unit();
    let mut raw: Vec<(f64, f64)> = Vec::new();
    for cell in 0..cells {
        let appears = cell > 0 && pick(0.0, 1.0) < 0.2;
        let before = if appears { 0.0 } else { pick(0.1, 1.0) };
        raw.push((before, pick(0.1, 1.0)));
    }
    let sums = raw.iter().fold((0.0, 0.0), |s, r| (s.0 + r.0, s.1 + r.1));
    let mut cell = |(before, after): (f64, f64)| {
        let mut factor = |k: usize| {
            let zero = pick(0.0, 1.0) < 0.05;
            let scale = if k + 1 == factors { 60.0 } else { 1.0 };
            let low = if k + 1 == factors { -0.3 } else { 0.0 };
            let before = if zero { 0.0 } else { scale * pick(low, 1.0) };
            Shift::new(before, scale * pick(low, 1.0))
        };
        Cell {
            share: Shift::new(before / sums.0, after / sums.1),
            factors: (0..factors).map(&mut factor).collect(),
        }
    };
    let cells = raw.into_iter().map(&mut cell).collect();
    let whole = if factors == 9 {
        vec![]
    } else {
        vec![Shift::new(pick(1e2, 1e5), pick(1e2, 1e5))]
    };
    Product { whole, cells }
}

fn everything(product: &Product) -> (f64, f64, f64) {
    let parts = attribute(product).expect("a sound product");
    let inner: f64 = parts.factors.iter().flatten().sum();
    let sum = parts.whole.iter().sum::<f64>() + parts.mix.iter().sum::<f64>() + inner;
    let size = parts.total.before.abs() + parts.total.after.abs();
    (sum, parts.total.change(), size)
}

#[test]
fn contributions_add_up_to_the_change() {
    let mut draws = Draws::seeded(1);
    for round in 0..2_000 {
        let cells = 1 + round % 40;
        let product = random(&mut draws, cells, 1 + round % 9);
        let (sum, change, size) = everything(&product);
        assert!(
            (sum - change).abs() <= 1e-9 * size.max(1.0),
            "round {round}"
        );
    }
}

#[test]
fn time_reversed_contributions_change_their_sign() {
    let mut draws = Draws::seeded(2);
    let back = |shift: &Shift| Shift::new(shift.after, shift.before);
    for round in 0..500 {
        let product = random(&mut draws, 1 + round % 7, 1 + round % 8);
        let reversed = Product {
            whole: product.whole.iter().map(back).collect(),
            cells: product
                .cells
                .iter()
                .map(|cell| Cell {
                    share: back(&cell.share),
                    factors: cell.factors.iter().map(back).collect(),
                })
                .collect(),
        };
        let (there, back) = (
            attribute(&product).expect("sound"),
            attribute(&reversed).expect("sound"),
        );
        let size = there.total.before.abs() + there.total.after.abs() + 1.0;
        let pairs = there
            .factors
            .iter()
            .flatten()
            .zip(back.factors.iter().flatten());
        let mix = there.mix.iter().zip(&back.mix);
        for (one, other) in pairs.chain(mix) {
            assert!((one + other).abs() < 1e-9 * size, "round {round}");
        }
    }
}

/// Shapley's value by definition: the mean over all orderings of what a factor adds when it moves.
fn shapley(product: &Product) -> Vec<f64> {
    let factors = product.cells[0].factors.len();
    let players = 2 + factors;
    let value = |moved: &dyn Fn(usize) -> bool| {
        let at = |shift: &Shift, player: usize| {
            if moved(player) {
                shift.after
            } else {
                shift.before
            }
        };
        let cells = product.cells.iter().map(|cell| {
            let inner = cell.factors.iter().enumerate();
            at(&cell.share, 1) * inner.map(|(k, f)| at(f, k + 2)).product::<f64>()
        });
        at(&product.whole[0], 0) * cells.sum::<f64>()
    };
    let mut sums = vec![0.0; players];
    let mut order: Vec<usize> = (0..players).collect();
    let mut count = 0.0;
    permute(&mut order, 0, &mut |order| {
        for (place, player) in order.iter().enumerate() {
            let with = value(&|p| order[..=place].contains(&p));
            sums[*player] += with - value(&|p| order[..place].contains(&p));
        }
        count += 1.0;
    });
    sums.iter().map(|sum| sum / count).collect()
}

fn permute(order: &mut Vec<usize>, from: usize, visit: &mut dyn FnMut(&[usize])) {
    if from == order.len() {
        visit(order);
        return;
    }
    for at in from..order.len() {
        order.swap(from, at);
        permute(order, from + 1, visit);
        order.swap(from, at);
    }
}

#[test]
fn contributions_are_the_shapley_values() {
    let mut draws = Draws::seeded(3);
    for factors in 1..=4 {
        for round in 0..6 {
            let product = random(&mut draws, 1 + round, factors);
            let (parts, wanted) = (attribute(&product).expect("sound"), shapley(&product));
            let mut got = vec![parts.whole[0], parts.mix.iter().sum()];
            got.extend((0..factors).map(|k| parts.factors.iter().map(|c| c[k]).sum::<f64>()));
            let size = parts.total.before.abs() + parts.total.after.abs() + 1.0;
            for (got, wanted) in got.iter().zip(&wanted) {
                assert!((got - wanted).abs() < 1e-9 * size, "{got} is not {wanted}");
            }
        }
    }
}

#[test]
fn relabelled_factors_get_the_same_contributions() {
    let mut draws = Draws::seeded(4);
    let product = random(&mut draws, 5, 6);
    let mut turned = product.clone();
    for cell in &mut turned.cells {
        cell.factors.rotate_left(2);
    }
    let (one, other) = (
        attribute(&product).expect("sound"),
        attribute(&turned).expect("sound"),
    );
    for (first, second) in one.factors.iter().zip(&other.factors) {
        for k in 0..6 {
            assert!((first[(k + 2) % 6] - second[k]).abs() < 1e-6);
        }
    }
}

#[test]
fn two_factors_are_kitagawas_split() {
    let cells = [(0.3, 0.6, 0.10, 0.16), (0.7, 0.4, 0.30, 0.22)];
    let product = Product {
        whole: vec![],
        cells: cells
            .iter()
            .map(|(s0, s1, r0, r1)| Cell {
                share: Shift::new(*s0, *s1),
                factors: vec![Shift::new(*r0, *r1)],
            })
            .collect(),
    };
    let parts = attribute(&product).expect("sound");
    let rate: f64 = cells
        .iter()
        .map(|(s0, s1, r0, r1)| (s0 + s1) / 2.0 * (r1 - r0))
        .sum();
    let mix: f64 = cells
        .iter()
        .map(|(s0, s1, r0, r1)| (r0 + r1) / 2.0 * (s1 - s0))
        .sum();
    assert!((parts.factors.iter().flatten().sum::<f64>() - rate).abs() < 1e-15);
    assert!((parts.mix.iter().sum::<f64>() - mix).abs() < 1e-15);
}

#[test]
fn what_cannot_be_decomposed_exactly_is_refused() {
    let cell = |share: f64, factors: usize| Cell {
        share: Shift::new(1.0, share),
        factors: vec![Shift::new(1.0, 2.0); factors],
    };
    let refuse = |cells: Vec<Cell>| {
        let product = Product {
            whole: vec![Shift::new(1.0, 1.0)],
            cells,
        };
        attribute(&product).expect_err("refused")
    };
    assert_eq!(
        refuse(vec![cell(1.0, 9)]),
        DecomposeError::TooManyFactors(11)
    );
    assert_eq!(refuse(vec![cell(0.4, 1)]), DecomposeError::Shares);
    let uneven = vec![cell(1.0, 1), cell(1.0, 2)];
    assert_eq!(refuse(uneven), DecomposeError::UnevenCells);
    let mut infinite = cell(1.0, 1);
    infinite.factors[0].after = f64::NAN;
    assert_eq!(refuse(vec![infinite]), DecomposeError::NotFinite);
}
