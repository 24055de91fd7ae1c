//! When customers order by themselves, and for how much: every customer of the shop has the history of a
//! customer of a real shop (`data/cdnow`), begun at a time of her own.

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use landfall_domain::time::{DAY_MS, Timestamp};

use super::chance::Lot;
use super::fault::Fault;
use super::visitor::PEOPLE;
use super::{Shop, hour};

/// See `data/cdnow/README.md` for origin and licence.
const ORDERS: &str = include_str!("../../data/cdnow/orders.txt");
/// So many days of every history lie after the shop's opening.
const AHEAD_DAYS: u64 = 120;
/// Whoever orders by herself within this time is not the one who leaves a cart: longer than the three days
/// that a reminder has to bring an order.
const RESOLVED_MS: i64 = 4 * DAY_MS;
/// How often another owner is looked for.
const OWNERS: u64 = 16;

/// When customers order without having left a cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// Never: all orders follow from carts.
    #[default]
    Carts,
    /// As the customers of CDNOW did in 1997 and 1998; amounts are scaled to the shop's median basket.
    Cdnow,
}

/// An order that nobody was reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub customer: u64,
    /// A number that no cart has.
    pub number: u64,
    /// Of how much, in the smallest unit of the currency.
    pub minor: i64,
}

/// The orders of one real customer.
#[derive(Debug)]
pub(super) struct History {
    /// Days from the first order to the end of the record.
    pub(super) observed: u64,
    /// Days since the first order, and cents.
    pub(super) orders: Vec<(u64, u64)>,
}

/// All histories, and the median order in cents.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) histories: Vec<History>,
    pub(super) median: u64,
}

/// The sample, read once.
pub(super) fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let histories: Vec<History> = ORDERS.lines().filter_map(read).collect();
        let orders = histories.iter().flat_map(|history| &history.orders);
        let mut cents: Vec<u64> = orders.map(|(_, cents)| *cents).collect();
        cents.sort_unstable();
        let median = cents.get(cents.len() / 2).copied().unwrap_or(1);
        Sample { histories, median }
    })
}

fn read(line: &str) -> Option<History> {
    let mut words = line.split_whitespace();
    let observed = words.next()?.parse().ok()?;
    let orders = words.map(|word| {
        let (day, cents) = word.split_once(':')?;
        Some((day.parse().ok()?, cents.parse().ok()?))
    });
    let orders = orders.collect::<Option<Vec<_>>>()?;
    Some(History { observed, orders })
}

impl Shop {
    /// The orders of a customer, by rising time, before and after the opening. None with [`Rhythm::Carts`].
    pub fn history(&self, number: u64) -> Vec<Purchase> {
        let Some((history, age)) = self.drawn(number) else {
            return Vec::new();
        };
        let orders = history.orders.iter();
        orders
            .filter_map(|(day, cents)| self.purchase(number, *day, age, *cents))
            .collect()
    }

    /// The orders of a day that follow from no cart, in no particular order.
    pub fn purchases(&self, day: u32) -> Vec<Purchase> {
        if self.settings.rhythm == Rhythm::Carts {
            return Vec::new();
        }
        let on = |number: u64| {
            let (history, age) = self.drawn(number)?;
            let day = u64::from(day) + age;
            let at = history.orders.binary_search_by_key(&day, |(day, _)| *day);
            self.purchase(number, day, age, history.orders[at.ok()?].1)
        };
        let all = (0..self.customers()).filter_map(on);
        all.filter(|purchase| self.is_made(purchase)).collect()
    }

    /// Who leaves a cart: nobody who orders by herself soon.
    pub(super) fn owner(&self, draw: super::chance::Draw, at: Timestamp) -> u64 {
        let first = draw.below(self.customers(), Lot::Who);
        let others =
            (0..OWNERS).map(|again| draw.part(500 + again).below(self.customers(), Lot::Who));
        let mut owners = std::iter::once(first).chain(others);
        owners
            .find(|owner| !self.orders_soon(*owner, at))
            .unwrap_or(first)
    }

    fn orders_soon(&self, number: u64, at: Timestamp) -> bool {
        let soon = at.plus_millis(RESOLVED_MS);
        let history = self.history(number);
        history.iter().any(|one| one.at >= at && one.at < soon)
    }

    /// The history that a customer has, and how many days before the opening it began.
    fn drawn(&self, number: u64) -> Option<(&'static History, u64)> {
        if self.settings.rhythm == Rhythm::Carts {
            return None;
        }
        let histories = &sample().histories;
        let draw = self.draws.of(PEOPLE, number);
        let history = histories.get(draw.below(histories.len() as u64, Lot::History) as usize)?;
        let ages = history.observed.saturating_sub(AHEAD_DAYS).max(1);
        Some((history, draw.below(ages, Lot::Joined)))
    }

    fn purchase(&self, customer: u64, day: u64, age: u64, cents: u64) -> Option<Purchase> {
        let share = self.draws.of(PEOPLE, customer).part(day).share(Lot::Hour);
        let since = (day as i64 - age as i64) * DAY_MS + hour(share);
        let scale = self.settings.basket * 100.0 / sample().median as f64;
        // The sample has a few orders of nothing.
        (cents > 0).then(|| Purchase {
            at: self.start.plus_millis(since),
            customer,
            number: 1 << 52 | customer << 12 | day,
            minor: (cents as f64 * scale).round() as i64,
        })
    }

    /// In a bad season fewer are made.
    fn is_made(&self, purchase: &Purchase) -> bool {
        let planted = self.fault.filter(|planted| purchase.at >= planted.from);
        if planted.is_none_or(|planted| planted.fault != Fault::Seasonality) {
            return true;
        }
        let rates = self.rates(None, 1, true, purchase.at);
        let healthy = super::rates::Rates::of_push(&self.settings, None, 1);
        let left = rates.qualifies * rates.buy / healthy.buy;
        self.draws
            .of(PEOPLE, purchase.customer)
            .part(purchase.number)
            .happens(left, Lot::Faulted)
    }
}
