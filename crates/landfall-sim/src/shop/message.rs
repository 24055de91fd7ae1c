//! The journey about carts that are left: two reminders by push, and an e-mail for whom no push
//! reached.

use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::delivery::{Delivery, Snapshot, Target};
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

use super::chance::{Draw, Lot};
use super::fault::Fault;
use super::rates::Rates;
use super::settings::Settings;
use super::visitor::{Phone, Visitor};
use super::{Money, Planted, Reached, Visit};

/// Number of the journey about carts.
pub const CART: u64 = 1;

/// One message of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the step.
    pub step: u64,
    /// Channel.
    pub channel: Channel,
    /// Name after the convention.
    pub name: &'static str,
    /// How long after the cart was left.
    pub delay_ms: i64,
}

/// The messages; [`Delivery::message`] is the position here.
pub const MESSAGES: [Line; 3] = [
    Line {
        step: 1,
        channel: Channel::Push,
        name: "Cart Recovery | Push 1 | 1h | Remind",
        delay_ms: HOUR_MS,
    },
    Line {
        step: 2,
        channel: Channel::Push,
        name: "Cart Recovery | Push 2 | 1d | Urge",
        delay_ms: DAY_MS,
    },
    Line {
        step: 3,
        channel: Channel::Email,
        name: "Cart Recovery | E-mail 1 | 1d | Remind",
        delay_ms: DAY_MS + HOUR_MS,
    },
];

/// What is the same for all messages of one cart.
#[derive(Clone, Copy)]
struct Cart<'a> {
    settings: &'a Settings,
    planted: Option<Planted>,
    draw: Draw,
    visitor: &'a Visitor,
    first: DeliveryKey,
    left_at: Timestamp,
}

/// How far a message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Nobody was to be sent to, for this reason.
    Refused(Reason),
    Rejected(Reason),
    /// Taken; whether it was shown, opened and led to an order.
    Taken {
        shown: bool,
        opened: bool,
        bought: bool,
    },
}

/// All that a cart leads to.
pub(super) fn visit(
    settings: &Settings,
    planted: Option<Planted>,
    draw: Draw,
    visitor: &Visitor,
    first: DeliveryKey,
    left_at: Timestamp,
) -> Visit {
    let cart = Cart {
        settings,
        planted,
        draw,
        visitor,
        first,
        left_at,
    };
    let qualifies = draw.happens(cart.rates(0).qualifies, Lot::Segment);
    Visit {
        left_at,
        reached: if qualifies {
            cart.messages()
        } else {
            Vec::new()
        },
        worth: cart.worth(),
    }
}

impl Cart<'_> {
    fn at(&self, number: usize) -> Timestamp {
        self.left_at.plus_millis(MESSAGES[number].delay_ms)
    }

    fn healthy(&self, number: usize) -> Rates {
        match MESSAGES[number].channel {
            Channel::Push => Rates::of_push(
                self.settings,
                self.visitor.phone.as_ref(),
                MESSAGES[number].step,
            ),
            _ => Rates::of_mail(self.settings),
        }
    }

    fn rates(&self, number: usize) -> Rates {
        let phone = match MESSAGES[number].channel {
            Channel::Push => self.visitor.phone.as_ref(),
            _ => None,
        };
        let step = MESSAGES[number].step;
        self.healthy(number)
            .with(self.planted, phone, step, self.at(number))
    }

    fn messages(&self) -> Vec<Reached> {
        let mut reached = Vec::with_capacity(MESSAGES.len());
        let mut dead = None;
        let mut taken = false;
        for number in 0..2 {
            let (way, kills) = self.push(number, dead);
            reached.push(self.reached(number, way));
            if matches!(way, Way::Rejected(_)) && kills {
                dead = Some(Reason::DevicesSuspended);
            }
            taken |= matches!(way, Way::Taken { .. });
            if matches!(way, Way::Taken { bought: true, .. }) {
                return reached;
            }
        }
        if !taken {
            reached.push(self.reached(2, walk(&self.rates(2), self.draw.part(2))));
        }
        reached
    }

    fn worth(&self) -> [Money; MESSAGES.len()] {
        let healthy = Cart {
            planted: None,
            ..*self
        };
        let (expected, healthy) = (
            self.expected_of(self.visitor.lost.0),
            healthy.expected_of(0.0),
        );
        [0, 1, 2].map(|number| Money {
            expected: expected[number],
            healthy: healthy[number],
        })
    }

    /// What each message about such a cart brings on average, in the smallest unit, over everything that is
    /// drawn for it, when a fault takes the customer out of reach with probability `lost`.
    fn expected_of(&self, lost: f64) -> [f64; MESSAGES.len()] {
        let [first, second, mail] = [0, 1, 2].map(|number| self.rates(number));
        let reachable = match self.visitor.unreachable {
            Some(_) => 0.0,
            None => 1.0 - lost,
        };
        let rejected = first.allowed() * (1.0 - first.accepted);
        let dead = if first.kills_token { rejected } else { 0.0 };
        let goes_on = 1.0 - dead - first.taken() * first.bought();
        let missed = dead + (1.0 - first.taken() - dead) * (1.0 - second.taken());
        let by_mail = 1.0 - reachable + reachable * missed;
        [
            first.qualifies * reachable * first.worth(self.settings),
            first.qualifies * reachable * goes_on * second.worth(self.settings),
            first.qualifies * by_mail * mail.worth(self.settings),
        ]
    }

    fn push(&self, number: usize, dead: Option<Reason>) -> (Way, bool) {
        let rates = self.rates(number);
        let draw = self.draw.part(number as u64);
        let lost = self.visitor.draw.happens(self.visitor.lost.0, Lot::Faulted);
        let lost = lost.then_some(self.visitor.lost.1);
        let refused = self.visitor.unreachable.or(lost).or(dead);
        let way = refused.map_or_else(|| walk(&rates, draw), Way::Refused);
        (way, rates.kills_token)
    }

    fn reached(&self, number: usize, way: Way) -> Reached {
        let (delivery, minor) = self.delivery(number, way, &self.rates(number));
        Reached { delivery, minor }
    }

    fn delivery(&self, number: usize, way: Way, rates: &Rates) -> (Delivery, i64) {
        let at = self.at(number);
        let key = DeliveryKey(self.first.0 + number as u32);
        let message = MessageKey(number as u32);
        let channel = MESSAGES[number].channel;
        let mut delivery = Delivery::new(key, format!("shop-{}", key.0), message, channel, at);
        delivery.person = Some(PersonKey(self.visitor.person as u32));
        delivery.marks.set(Mark::Created, at);
        let mut minor = 0;
        match way {
            Way::Refused(reason) => {
                delivery.marks.set(Mark::Undeliverable, at);
                delivery.reasons.insert(reason, at);
            }
            Way::Rejected(_) | Way::Taken { .. } => {
                let mut target = self.target(channel, at);
                minor = self.happened(&mut target, way, rates, number, at);
                delivery.targets.push(target);
            }
        }
        (delivery, minor)
    }

    fn target(&self, channel: Channel, at: Timestamp) -> Target {
        match (channel, &self.visitor.phone) {
            (Channel::Push, Some(phone)) => {
                let mut target =
                    Target::new(TargetKey::Device(DeviceKey(self.visitor.person as u32)));
                target.snapshot = Some(snapshot(phone, self.visitor.person, at));
                target
            }
            _ => Target::new(TargetKey::Address(format!(
                "{}@example.org",
                self.visitor.person
            ))),
        }
    }

    /// Marks of a target that was tried; what was bought.
    fn happened(
        &self,
        target: &mut Target,
        way: Way,
        rates: &Rates,
        number: usize,
        at: Timestamp,
    ) -> i64 {
        let draw = self.draw.part(number as u64);
        let answered = at.plus_millis(400);
        let (shown, opened, bought) = match way {
            Way::Taken {
                shown,
                opened,
                bought,
            } => (shown, opened, bought),
            Way::Rejected(reason) | Way::Refused(reason) => {
                target.marks.set(Mark::Bounced, answered);
                target.reasons.insert(reason, answered);
                return 0;
            }
        };
        target.marks.set(Mark::Sent, answered);
        let shown_at = answered.plus_millis(receipt_delay(draw) + self.skew());
        if shown && draw.happens(rates.receipt, Lot::Receipt) {
            target.marks.set(Mark::Delivered, shown_at);
        }
        let opened_at = shown_at.plus_millis(
            draw.exponential(0.8, Lot::OpenDelay)
                .mul_add(HOUR_MS as f64, 1_000.0) as i64,
        );
        if opened {
            target.marks.set(Mark::Opened, opened_at);
        }
        if !bought || !draw.happens(rates.tracked, Lot::Faulted) {
            return 0;
        }
        target
            .marks
            .set(Mark::Converted, opened_at.plus_millis(20 * MINUTE_MS));
        let basket = draw.log_normal(rates.basket, self.settings.basket_spread, Lot::Basket);
        (basket * 100.0).round() as i64
    }

    /// How far the phone's clock is off.
    fn skew(&self) -> i64 {
        let begun = |planted: &Planted| self.left_at >= planted.from;
        match self.planted.filter(begun) {
            Some(planted) if planted.fault == Fault::ClockSkew => {
                -(self.visitor.draw.share(Lot::Faulted) * 6.0 * HOUR_MS as f64) as i64
            }
            _ => 0,
        }
    }
}

/// Draws one message's way; the draws are the same with and without a fault.
fn walk(rates: &Rates, draw: Draw) -> Way {
    for (number, (share, reason)) in (10..).zip(rates.refusals) {
        if draw.part(number).happens(share, Lot::Eligible) {
            return Way::Refused(reason);
        }
    }
    if !draw.happens(rates.accepted, Lot::Accepted) {
        return Way::Rejected(rates.rejected_as);
    }
    let shown = draw.happens(rates.shown, Lot::Shown);
    let opened = shown && draw.happens(rates.open, Lot::Open);
    let buy = if opened {
        rates.buy
    } else {
        rates.buy_unopened
    };
    Way::Taken {
        shown,
        opened,
        bought: shown && draw.happens(buy, Lot::Buy),
    }
}

/// Four of five receipts come at once, the others within hours or a day (diagnosis.md 4.3).
pub(super) fn receipt_delay(draw: Draw) -> i64 {
    let mean = match draw.share(Lot::ReceiptDelay) {
        ..0.80 => MINUTE_MS as f64 / 4.0,
        ..0.92 => 3.0 * HOUR_MS as f64,
        _ => 14.0 * HOUR_MS as f64,
    };
    draw.part(3).exponential(mean, Lot::ReceiptDelay) as i64 + 300
}

fn snapshot(phone: &Phone, person: u64, at: Timestamp) -> Snapshot {
    let (provider, app) = match phone.platform {
        Platform::Ios => (Provider::Apns, "shop.ios"),
        Platform::Android => (Provider::Fcm, "shop.android"),
        Platform::Web => (Provider::WebPush, "shop.web"),
    };
    let age = i64::from(phone.token_age_days) * DAY_MS;
    Snapshot {
        at,
        owner: Some(PersonKey(person as u32)),
        platform: Some(phone.platform),
        provider: Some(provider),
        app: Some(app.to_owned()),
        app_version: Some(phone.version.to_owned()),
        os_version: Some(phone.os.to_owned()),
        sdk_version: Some(format!("4.{}", phone.version.trim_start_matches("5."))),
        device_model: Some(phone.model.to_owned()),
        permission: Some(true),
        token_registered_at: Some(at.plus_millis(-age)),
    }
}
