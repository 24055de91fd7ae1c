//! The shop for whoever runs a real engine on it: who the customers are, which carts they leave, and
//! what becomes of each message that is handed over.

use landfall_domain::channel::Platform;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

use super::chance::{Draw, Lot};
use super::fault::Fault;
use super::message::receipt_delay;
use super::rates::Rates;
use super::visitor::{self, Phone, Visitor};
use super::{Shop, hour};

/// A customer as the shop knows her at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Customer {
    /// Her number, from zero.
    pub number: u64,
    /// Her phone, if the app is on it.
    pub phone: Option<Phone>,
    /// Whether the app may show notifications.
    pub permitted: bool,
    /// Whether she opted out of everything.
    pub unsubscribed: bool,
    /// Whether a fault has parted her from her phone's token.
    pub stranded: bool,
}

/// A cart that is left.
#[derive(Clone, Copy, Debug)]
pub struct Cart {
    /// Its number, of all days.
    pub number: u64,
    /// When it is left.
    pub at: Timestamp,
    /// By whom.
    pub customer: u64,
    /// What lies in it, in the smallest unit of the currency.
    pub minor: i64,
}

/// A message that is handed over to a provider.
#[derive(Clone, Copy, Debug)]
pub struct Handed {
    /// To whom.
    pub customer: u64,
    /// The cart that it is about.
    pub cart: u64,
    /// Which reminder it is: 1, 2, ...; 0 for a push that nobody sees, which is neither reported nor followed by
    /// anything.
    pub reminder: u64,
    /// Whether it goes to the phone; otherwise it is a mail.
    pub push: bool,
    /// When.
    pub at: Timestamp,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// The provider refuses it.
    Rejected {
        /// Why.
        reason: Reason,
        /// Since when the token is dead, where it is.
        dead_since: Option<Timestamp>,
    },
    /// The provider takes it.
    Taken(Way),
}

/// What happens to a message that was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Way {
    /// When the app reports that it arrived.
    pub receipt_at: Option<Timestamp>,
    /// When it is opened.
    pub opened_at: Option<Timestamp>,
    /// When an order follows from it, and of how much, in the smallest unit.
    pub order: Option<(Timestamp, i64)>,
}

impl Shop {
    /// A customer at a moment.
    pub fn customer(&self, number: u64, at: Timestamp) -> Customer {
        let visitor = self.visitor(number, at);
        let lost = visitor.draw.happens(visitor.lost.0, Lot::Faulted);
        let lost = lost.then_some(visitor.lost.1);
        let denied = Some(Reason::PermissionDenied);
        Customer {
            number,
            phone: visitor.phone,
            permitted: visitor.unreachable != denied && lost != denied,
            unsubscribed: visitor
                .draw
                .happens(self.settings.unsubscribed, Lot::Eligible),
            stranded: lost == Some(Reason::NoDevice),
        }
    }

    /// How many customers there are.
    pub fn customers(&self) -> u64 {
        u64::from(self.settings.customers)
    }

    /// When each release reaches a customer's phone, in order; those that it has from the beginning are
    /// left out.
    pub fn updates(&self, number: u64) -> Vec<Timestamp> {
        let draw = self.draws.of(visitor::PEOPLE, number);
        let arrivals = visitor::arrivals(&self.settings, draw, self.start);
        arrivals
            .map(|(at, _)| at)
            .filter(|at| *at > self.start)
            .collect()
    }

    /// The carts of a day, counted from the opening, by rising time. With a fault that makes fewer people
    /// leave carts, fewer.
    pub fn carts(&self, day: u32) -> Vec<Cart> {
        let mut carts: Vec<Cart> = (0..self.visits(day))
            .filter_map(|number| self.cart(day, number))
            .collect();
        carts.sort_by_key(|cart| (cart.at, cart.number));
        carts
    }

    fn cart(&self, day: u32, number: u32) -> Option<Cart> {
        let draw = self.draws.of(u64::from(day) + 1, u64::from(number));
        let midnight = self.start.plus_millis(i64::from(day) * DAY_MS);
        let at = midnight.plus_millis(hour(draw.share(Lot::Hour)));
        let share = match self.fault.filter(|planted| at >= planted.from) {
            // What the trigger's condition does is the engine's business; the season is the shop's.
            Some(planted) if planted.fault == Fault::Seasonality => {
                self.rates(None, 1, true, at).qualifies
            }
            _ => 1.0,
        };
        let basket = draw.log_normal(
            self.settings.basket,
            self.settings.basket_spread,
            Lot::Basket,
        );
        draw.happens(share, Lot::Segment).then(|| Cart {
            number: (u64::from(day) << 20) | u64::from(number),
            at,
            customer: self.owner(draw, at),
            minor: (basket * 100.0).round() as i64,
        })
    }

    /// What becomes of a message. The same message has the same fate in a shop without the fault, unless
    /// the fault is what it meets.
    pub fn fate(&self, handed: &Handed) -> Fate {
        let visitor = self.visitor(handed.customer, handed.at);
        let draw = self.draws.of(
            handed.cart | 1 << 50,
            handed.reminder * 2 + u64::from(handed.push),
        );
        let phone = visitor.phone.as_ref();
        let rates = self.rates(phone, handed.reminder, handed.push, handed.at);
        let dead = handed.push && visitor.unreachable == Some(Reason::DevicesSuspended);
        if dead || (handed.push && phone.is_none()) {
            return rejected(Reason::TokenUnregistered, handed.at);
        }
        if !draw.happens(rates.accepted, Lot::Accepted) {
            let reason = rates.rejected_as;
            return rejected(reason, handed.at);
        }
        Fate::Taken(self.way(&rates, draw, handed.at))
    }

    fn way(&self, rates: &Rates, draw: Draw, at: Timestamp) -> Way {
        let shown = draw.happens(rates.shown, Lot::Shown);
        let opened = shown && draw.happens(rates.open, Lot::Open);
        let buy = if opened {
            rates.buy
        } else {
            rates.buy_unopened
        };
        let bought = shown && draw.happens(buy, Lot::Buy);
        let reported = draw.happens(rates.receipt, Lot::Receipt);
        let shown_at = at.plus_millis(400 + receipt_delay(draw));
        let thought = draw.exponential(0.8 * HOUR_MS as f64, Lot::OpenDelay) as i64;
        let opened_at = shown_at.plus_millis(1_000 + thought);
        let basket = draw.log_normal(rates.basket, self.settings.basket_spread, Lot::Basket);
        Way {
            receipt_at: (shown && reported).then_some(shown_at),
            opened_at: opened.then_some(opened_at),
            order: bought.then(|| {
                (
                    opened_at.plus_millis(20 * MINUTE_MS),
                    (basket * 100.0).round() as i64,
                )
            }),
        }
    }

    /// What a message brings on average as it is handed over, in the smallest unit: over whether the
    /// provider takes it and all that follows.
    pub fn expected(&self, handed: &Handed) -> f64 {
        let visitor = self.visitor(handed.customer, handed.at);
        let phone = visitor.phone.as_ref();
        if handed.push && (phone.is_none() || visitor.unreachable.is_some()) {
            return 0.0;
        }
        let rates = self.rates(phone, handed.reminder, handed.push, handed.at);
        rates.accepted * rates.bought() * rates.mean(&self.settings)
    }

    /// Whether orders are reported at a moment.
    pub fn reports_orders(&self, at: Timestamp) -> bool {
        self.rates(None, 1, true, at).tracked > 0.0
    }

    pub(super) fn rates(
        &self,
        phone: Option<&Phone>,
        reminder: u64,
        push: bool,
        at: Timestamp,
    ) -> Rates {
        let step = if push { reminder.min(2) } else { 3 };
        let healthy = match push {
            true if reminder == 0 => Rates::of_push(&self.settings, phone, step).unseen(),
            true => Rates::of_push(&self.settings, phone, step),
            false => Rates::of_mail(&self.settings),
        };
        healthy.with(self.fault, phone, step, at)
    }

    fn visitor(&self, number: u64, at: Timestamp) -> Visitor {
        Visitor::of(
            &self.settings,
            self.draws,
            number,
            at,
            self.start,
            self.fault,
        )
    }
}

fn rejected(reason: Reason, at: Timestamp) -> Fate {
    let dead = reason == Reason::TokenUnregistered;
    Fate::Rejected {
        reason,
        dead_since: dead.then(|| at.plus_millis(-HOUR_MS)),
    }
}

impl Phone {
    /// The token that its app registers; it tells whose phone it is.
    pub fn token(&self, customer: u64) -> String {
        let platform = match self.platform {
            Platform::Ios => "ios",
            Platform::Android | Platform::Web => "android",
        };
        format!("{platform}-{customer:08}")
    }

    /// Whose phone a token belongs to.
    pub fn owner_of(token: &str) -> Option<u64> {
        token.split_once('-')?.1.parse().ok()
    }
}
