//! Hierarchy first: a parent is tested before its children, and children of a parent that alarmed are
//! tested among themselves only.

use super::discoveries;

/// One series in the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series {
    /// Position of its parent, which must come earlier in the list; `None` for a root.
    pub parent: Option<usize>,
    /// Its e-value: at most 1 in expectation while nothing happens. For a detector with the average
    /// run length L, the statistic divided by L and by the share of L that one look is.
    pub evidence: f64,
}

/// Which series alarm at the rate `rate`.
///
/// Half of the rate goes to going down the tree: roots are tested together, the children of each
/// alarmed parent as a family, at the share of the level that the families with an alarm have among
/// all that were opened (Benjamini and Bogomolov, JRSS B 76, 2014). The other half goes to all series
/// at once, so that a small series that breaks without moving its parent is still found, only later.
pub fn hierarchy(series: &[Series], rate: f64) -> Vec<usize> {
    let half = rate / 2.0;
    let mut alarmed = vec![false; series.len()];
    let roots: Vec<usize> = (0..series.len())
        .filter(|at| series[*at].parent.is_none())
        .collect();
    let mut level = half;
    let mut families = vec![roots];
    while !families.is_empty() {
        let found: Vec<Vec<usize>> = families
            .iter()
            .map(|family| discoveries_among(series, family, level))
            .collect();
        let with_alarm = found.iter().filter(|family| !family.is_empty()).count();
        level *= with_alarm as f64 / families.len() as f64;
        families = Vec::new();
        for at in found.into_iter().flatten() {
            alarmed[at] = true;
            let children: Vec<usize> = (at + 1..series.len())
                .filter(|child| series[*child].parent == Some(at))
                .collect();
            if !children.is_empty() {
                families.push(children);
            }
        }
    }
    let all: Vec<usize> = (0..series.len()).collect();
    for at in discoveries_among(series, &all, half) {
        alarmed[at] = true;
    }
    all.into_iter().filter(|at| alarmed[*at]).collect()
}

/// e-BH within some of the series; answers positions among all.
fn discoveries_among(series: &[Series], family: &[usize], rate: f64) -> Vec<usize> {
    let evidence: Vec<f64> = family.iter().map(|at| series[*at].evidence).collect();
    discoveries(&evidence, rate)
        .into_iter()
        .map(|nth| family[nth])
        .collect()
}
