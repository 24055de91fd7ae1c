//! What a verdict looks up once there is a suspect.

use landfall_board::{Alike, Bucket, Condition, Dimension, Value};
use landfall_domain::channel::Platform;
use landfall_domain::time::Timestamp;
use landfall_insight::decompose::Shift;
use landfall_insight::decompose::funnel::Factor;
use landfall_insight::verdict::{Adoption, Contrast, Lookup, Place, Point, Ratio, Slice};

use super::attribute::{belongs, conditions};
use super::history::{History, both, by_time, rated};
use super::{Asking, Period, count};

/// The board with what was counted already.
pub(super) struct Ledger<'l> {
    pub(super) asking: &'l Asking<'l>,
    pub(super) history: &'l History,
    pub(super) before: &'l [Alike],
    pub(super) after: &'l [Alike],
}

impl Ledger<'_> {
    /// How many people came in each hour, beside the same hour one period before.
    fn people(&self) -> Vec<Point> {
        let period = both(self.asking);
        let length = self.asking.request.period.length();
        let longer = Period {
            start: period.start.plus_millis(-length),
            end: period.end,
        };
        let rated = super::history::Rated {
            cases: self.asking.pushes(),
            hits: self.asking.pushes(),
            by: landfall_board::CountBy::Delivery,
        };
        let hours = by_time(self.asking, &rated, Bucket::Hour, &[], longer).unwrap_or_default();
        let at = |at: Timestamp| hours.binary_search_by_key(&at, |hour| hour.at).ok();
        let pairs = hours.iter().filter(|hour| hour.at >= period.start);
        pairs
            .filter_map(|hour| {
                let earlier = &hours[at(hour.at.plus_millis(-length))?];
                Some(Point {
                    at: hour.at,
                    n: hour.n + earlier.n,
                    x: hour.n,
                })
            })
            .collect()
    }

    fn ratio(&self, factor: Factor, inside: &dyn Fn(&Alike) -> bool) -> Ratio {
        let sum = |rows: &[Alike]| {
            let cases = rows.iter().filter(|row| inside(row));
            let cases = cases.filter_map(|row| count::case(row, factor));
            cases.fold((0.0, 0.0), |sum, (n, x)| {
                (sum.0 + n as f64, sum.1 + x as f64)
            })
        };
        let ((n0, x0), (n1, x1)) = (sum(self.before), sum(self.after));
        Ratio {
            hits: Shift::new(x0, x1),
            of: Shift::new(n0, n1),
        }
    }
}

impl Lookup for Ledger<'_> {
    fn place(&self, factor: Factor) -> Option<Place> {
        super::localise::place(factor, self.before, self.after, self.asking.messages)
    }

    fn series(&self, factor: Factor, slice: &Slice) -> Vec<Point> {
        if factor == Factor::Qualified {
            return self.people();
        }
        let Some(rated) = rated(self.asking, factor) else {
            return Vec::new();
        };
        let more = conditions(slice);
        let points = by_time(self.asking, &rated, Bucket::Hour, &more, both(self.asking));
        let mut points = points.unwrap_or_default();
        for point in &mut points {
            // A fresh hour is held against what had to be here by now.
            let age = self.asking.now.since(point.at);
            point.n = (point.n * self.history.share_by(factor, age)).max(point.x);
        }
        points
    }

    fn rates(&self, factor: Factor, slice: &Slice) -> Option<Contrast> {
        let messages = self.asking.messages;
        let contrast = Contrast {
            inside: self.ratio(factor, &|row| belongs(row, slice, messages)),
            outside: self.ratio(factor, &|row| !belongs(row, slice, messages)),
        };
        (contrast.inside.of.after > 0.0).then_some(contrast)
    }

    fn adoption(&self, factor: Factor, platform: &str, version: &str) -> Vec<Adoption> {
        let Some(rated) = rated(self.asking, factor) else {
            return Vec::new();
        };
        let Some(platform) = Platform::named(platform) else {
            return Vec::new();
        };
        let on = Condition::In(Dimension::Platform, vec![Value::Platform(platform)]);
        let release = vec![Value::Text(version.into())];
        let days = |of: Condition| {
            let more = [on.clone(), of];
            by_time(
                self.asking,
                &rated,
                Bucket::Day,
                &more,
                self.asking.request.period,
            )
            .unwrap_or_default()
        };
        let own = days(Condition::In(Dimension::AppVersion, release.clone()));
        let others = days(Condition::NotIn(Dimension::AppVersion, release));
        let mut ats: Vec<Timestamp> = own.iter().chain(&others).map(|day| day.at).collect();
        ats.sort_unstable();
        ats.dedup();
        let on_day = |days: &[Point], at: Timestamp| {
            let found = days.iter().find(|day| day.at == at);
            found.map_or((0.0, 0.0), |day| (day.n, day.x))
        };
        ats.into_iter()
            .map(|at| {
                let ((n, x), (other_n, other_x)) = (on_day(&own, at), on_day(&others, at));
                Adoption {
                    n,
                    x,
                    other_n,
                    other_x,
                }
            })
            .collect()
    }
}
