//! The chain ladder: how counts grow with age, learned from rows that are old enough.
//!
//! Rows are cohorts (the pushes of an hour or a day), columns are delays. A factor says how much the
//! count so far grows over one more delay; the product of the remaining factors says how much is
//! still to come. Standard errors are Mack's (1993); the variance of the last step, of which there is
//! only one case, is taken from a line through the logarithms of the others.

/// Counts of cohorts by delay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triangle {
    /// Cumulative counts of each cohort, oldest first: as many as were observed, the same number or
    /// fewer than in the row above, at least one.
    rows: Vec<Vec<f64>>,
}

/// Why counts are no triangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TriangleError {
    /// No row, or an empty one.
    #[error("a triangle needs rows, each with at least one count")]
    Empty,
    /// A row that is longer than the one above.
    #[error(
        "row {0} is longer than the row above: younger cohorts have been observed for less time"
    )]
    Growing(usize),
    /// A count that is infinite or not a number.
    #[error("row {0} holds something that is not a finite number")]
    NotFinite(usize),
}

impl Triangle {
    /// Takes cumulative counts, oldest cohort first.
    ///
    /// # Errors
    /// [`TriangleError`] says what is wrong with the rows.
    pub fn cumulative(rows: Vec<Vec<f64>>) -> Result<Self, TriangleError> {
        let mut width = usize::MAX;
        for (index, row) in rows.iter().enumerate() {
            if row.is_empty() {
                return Err(TriangleError::Empty);
            }
            if row.len() > width {
                return Err(TriangleError::Growing(index));
            }
            if row.iter().any(|count| !count.is_finite()) {
                return Err(TriangleError::NotFinite(index));
            }
            width = row.len();
        }
        if rows.is_empty() {
            return Err(TriangleError::Empty);
        }
        Ok(Self { rows })
    }

    /// Takes what came at each delay, oldest cohort first.
    ///
    /// # Errors
    /// As [`Triangle::cumulative`].
    pub fn incremental(mut rows: Vec<Vec<f64>>) -> Result<Self, TriangleError> {
        for row in &mut rows {
            let mut sum = 0.0;
            for count in row {
                sum += *count;
                *count = sum;
            }
        }
        Self::cumulative(rows)
    }

    /// Delays that the oldest cohort was observed for.
    pub fn width(&self) -> usize {
        self.rows[0].len()
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// What was known `ago` delays earlier, of the rows that had begun by then.
    fn as_of(&self, ago: usize) -> Option<Self> {
        let rows: Vec<Vec<f64>> = self
            .rows
            .iter()
            .enumerate()
            .filter_map(|(index, row)| {
                let age = self.rows.len() - 1 - index;
                let known = (age + 1).checked_sub(ago)?.min(row.len());
                (known > 0).then(|| row[..known].to_vec())
            })
            .collect();
        (!rows.is_empty()).then_some(Self { rows })
    }

    /// The youngest `count` rows.
    fn latest(&self, count: usize) -> Self {
        let from = self.rows.len().saturating_sub(count);
        Self {
            rows: self.rows[from..].to_vec(),
        }
    }
}

/// What a triangle teaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Growth over each delay; 1 where nothing was seen.
    pub factors: Vec<f64>,
    /// Mack's variance of each factor's cases.
    variances: Vec<f64>,
    /// Counts that each factor was learned from.
    volumes: Vec<f64>,
}

/// Learns the factors, each weighted by volume.
pub fn ladder(triangle: &Triangle) -> Ladder {
    let mut out = Ladder {
        factors: Vec::new(),
        variances: Vec::new(),
        volumes: Vec::new(),
    };
    for delay in 0..triangle.width().saturating_sub(1) {
        let rows: Vec<&Vec<f64>> = triangle
            .rows
            .iter()
            .filter(|row| row.len() > delay + 1)
            .collect();
        let volume: f64 = rows.iter().map(|row| row[delay]).sum();
        let grown: f64 = rows.iter().map(|row| row[delay + 1]).sum();
        let factor = if volume > 0.0 { grown / volume } else { 1.0 };
        let squares = rows.iter().filter(|row| row[delay] > 0.0).map(|row| {
            let off = row[delay + 1] / row[delay] - factor;
            row[delay] * off * off
        });
        let variance = squares.sum::<f64>() / (rows.len().saturating_sub(1)) as f64;
        out.factors.push(factor);
        out.volumes.push(volume);
        out.variances
            .push(if rows.len() > 1 { variance } else { f64::NAN });
    }
    extrapolate(&mut out.variances);
    out
}

/// Fills in the variances of delays with a single case by a line through the logarithms of the
/// standard deviations of the others.
fn extrapolate(variances: &mut [f64]) {
    let known: Vec<(f64, f64)> = variances
        .iter()
        .enumerate()
        .filter(|(_, variance)| **variance > 0.0)
        .map(|(delay, variance)| (delay as f64, variance.ln() / 2.0))
        .collect();
    let count = known.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| known.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = known.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
    let slope = if spread > 0.0 {
        known.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / spread
    } else {
        0.0
    };
    for (delay, variance) in variances.iter_mut().enumerate() {
        if variance.is_nan() {
            *variance = if known.is_empty() {
                0.0
            } else {
                (2.0 * (y + slope * (delay as f64 - x))).exp()
            };
        }
    }
}

impl Ladder {
    /// Share of what will be there in the end that is there after each delay, the last being 1.
    pub fn complete(&self) -> Vec<f64> {
        let mut complete = vec![1.0; self.factors.len() + 1];
        for delay in (0..self.factors.len()).rev() {
            complete[delay] = complete[delay + 1] / self.factors[delay];
        }
        complete
    }

    /// What each row comes to in the end.
    pub fn ultimates(&self, triangle: &Triangle) -> Vec<f64> {
        let grow = |row: &Vec<f64>| {
            let factors = self.factors.iter().skip(row.len() - 1);
            row[row.len() - 1] * factors.product::<f64>()
        };
        triangle.rows.iter().map(grow).collect()
    }

    /// What is still to come over all rows.
    pub fn to_come(&self, triangle: &Triangle) -> f64 {
        let ultimates = self.ultimates(triangle).into_iter();
        let rows = ultimates.zip(&triangle.rows);
        rows.map(|(ultimate, row)| ultimate - row[row.len() - 1])
            .sum()
    }

    /// Mack's standard error of [`Ladder::to_come`].
    pub fn standard_error(&self, triangle: &Triangle) -> f64 {
        let ultimates = self.ultimates(triangle);
        let step = |delay: usize| self.variances[delay] / self.factors[delay].powi(2);
        let mut total = 0.0;
        for (index, row) in triangle.rows.iter().enumerate() {
            let (mut own, mut joint) = (0.0, 0.0);
            let mut here = row[row.len() - 1];
            for delay in row.len() - 1..self.factors.len() {
                own += step(delay) * (1.0 / here + 1.0 / self.volumes[delay]);
                joint += 2.0 * step(delay) / self.volumes[delay];
                here *= self.factors[delay];
            }
            let later: f64 = ultimates[index + 1..].iter().sum();
            if own.is_finite() {
                total += here * here * own + here * later * joint;
            }
        }
        total.sqrt()
    }
}

/// What a young cohort will come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nowcast {
    /// What is there.
    pub seen: f64,
    /// Share of the whole that is usually there at this age.
    pub complete: f64,
    /// What it will come to.
    pub total: f64,
    /// Dispersion of what is to come: its variance is mean + mean^2 x dispersion.
    pub dispersion: f64,
}

impl Nowcast {
    /// What will be there in the end in a share `share` of the cases (0 to 1), by the negative
    /// binomial law of what is to come.
    pub fn quantile(&self, share: f64) -> f64 {
        self.seen + super::law::negative_binomial(self.total - self.seen, self.dispersion, share)
    }
}

/// Nowcasts every row from the youngest `window` rows: `(seen + 1 - F) / F`, which keeps a row that
/// shows nothing yet alive. The dispersion of each age is learned from the errors that the same
/// method made in the past, on rows that are finished by now (diagnosis.md 4.2).
pub fn nowcast(triangle: &Triangle, window: usize) -> Vec<Nowcast> {
    let complete = ladder(&triangle.latest(window)).complete();
    let dispersion = past_errors(triangle, window);
    let row = |row: &Vec<f64>| {
        let age = row.len() - 1;
        let (seen, share) = (row[age], complete.get(age).copied().unwrap_or(1.0));
        Nowcast {
            seen,
            complete: share,
            total: expected_total(seen, share),
            dispersion: dispersion.get(age).copied().unwrap_or(0.0),
        }
    };
    triangle.rows.iter().map(row).collect()
}

/// What a count comes to when `complete` of it is here.
pub(super) fn expected_total(seen: f64, complete: f64) -> f64 {
    (seen + 1.0 - complete) / complete
}

fn past_errors(triangle: &Triangle, window: usize) -> Vec<f64> {
    let width = triangle.width();
    let mut sums = vec![(0.0, 0.0); width];
    for ago in 1..triangle.rows.len() {
        let Some(past) = triangle.as_of(ago) else {
            break;
        };
        let past = past.latest(window);
        if past.rows.len() < 3 || past.width() < width {
            break;
        }
        let complete = ladder(&past).complete();
        let first = triangle.rows.len() - ago - past.rows.len();
        for (index, row) in past.rows.iter().enumerate() {
            let finished = &triangle.rows[first + index];
            let age = row.len() - 1;
            if finished.len() < width || age + 1 >= width {
                continue;
            }
            let expected = expected_total(row[age], complete[age]) - row[age];
            let off = finished[width - 1] - row[age] - expected;
            sums[age].0 += off * off - expected;
            sums[age].1 += expected * expected;
        }
    }
    let dispersion = |(excess, scale): (f64, f64)| {
        if scale > 0.0 {
            (excess / scale).max(0.0)
        } else {
            0.0
        }
    };
    sums.into_iter().map(dispersion).collect()
}
