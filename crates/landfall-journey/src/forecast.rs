//! Forecast before launch: whom each intent of a journey would reach over which channel, and what its fallback
//! would cost. Pure: counts of people and measured shares come in.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use landfall_domain::channel::{Channel, Platform};

use crate::chance::SHARES;
use crate::definition::{Definition, Kind, Sending, Step};
use crate::plan::{Plan, nested};

/// Parts in which shares of people are told here.
pub const MILLION: u64 = 1_000_000;
/// Fewest messages from which a share is told as measured.
pub const MEASURED_MIN: u64 = 100;

/// One intent: a reach step with its channels in order, or a message of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The step's slug.
    pub step: String,
    /// How many of the people who enter come to it at most, in hundredths of a percent: chance and holdouts
    /// keep the others away.
    pub share: u32,
    /// In order; those that are switched off too.
    pub channels: Vec<IntentChannel>,
}

/// A channel of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentChannel {
    /// Its slug in reports: `step/channel`, or the step's own.
    pub step: String,
    /// Its place in [`Plan::steps`].
    pub place: usize,
    /// What it sends over.
    pub channel: Channel,
    /// What one message costs, in millionths.
    pub price_micros: u64,
    /// Whether the next channel has its turn also when nobody confirms the message in time; otherwise only
    /// when the message fails.
    pub waits: bool,
}

/// The intents of a plan, in the order of its file.
pub fn intents(plan: &Plan) -> Vec<Intent> {
    let mut intents = Vec::new();
    let definition: &Definition = &plan.definition;
    gather(plan, &definition.steps, SHARES, &mut intents);
    intents
}

fn gather(plan: &Plan, steps: &[Step], share: u32, intents: &mut Vec<Intent>) {
    let mut share = share;
    for step in steps {
        let one = |slug: String, channel, price_micros, waits| {
            let place = plan.steps().iter().position(|known| known.id == slug)?;
            Some(IntentChannel {
                step: slug,
                place,
                channel,
                price_micros,
                waits,
            })
        };
        let channels: Vec<Option<IntentChannel>> = match &step.kind {
            Kind::Holdout(held) => {
                share = part(share, SHARES.saturating_sub(*held));
                continue;
            }
            Kind::Message(message) => {
                vec![one(step.id.clone(), message.content.channel(), 0, false)]
            }
            Kind::Reach(reach) => {
                let channels = reach.channels.iter().map(|channel| {
                    let limits = channel.limits;
                    let waits = limits.delivered_within.is_some() || limits.opened_within.is_some();
                    let over = channel.message.content.channel();
                    let slug = format!("{}/{}", step.id, channel.id);
                    let off = channel.message.sending == Sending::Off;
                    one(slug, over, if off { 0 } else { channel.cost_micros }, waits)
                });
                channels.collect()
            }
            Kind::Split(ways) | Kind::AbTest(ways) => {
                for way in ways {
                    gather(plan, &way.steps, part(share, way.hundredths), intents);
                }
                continue;
            }
            kind => {
                for (below, _) in nested(kind, "") {
                    gather(plan, below, share, intents);
                }
                continue;
            }
        };
        intents.push(Intent {
            step: step.id.clone(),
            share,
            // Every step of the definition is in its plan.
            channels: channels.into_iter().flatten().collect(),
        });
    }
}

/// A share of a share, both in hundredths of a percent.
fn part(share: u32, of: u32) -> u32 {
    let product = u64::from(share) * u64::from(of) / u64::from(SHARES);
    u32::try_from(product).unwrap_or(SHARES)
}

/// People who are alike to an intent: on the same platform, with the same channels open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alike {
    /// The platform of the device that a push would go to; `None`: there is none.
    pub platform: Option<Platform>,
    /// Bit by bit, from the lowest: whether each channel of the intent is open to them.
    pub open: u32,
}

impl Alike {
    /// The places of the channels that are open, in order.
    pub fn channels(self) -> impl Iterator<Item = usize> {
        (0..u32::BITS as usize).filter(move |place| self.open & (1 << place) != 0)
    }
}

/// How many people are alike in which way.
pub type Lots = BTreeMap<Alike, u64>;

/// How often a channel passes on to the next, as measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    /// The share of messages that failed or bounced, in millionths.
    pub failed: u64,
    /// The share that nobody confirmed, for whatever reason, in millionths.
    pub unconfirmed: u64,
}

impl Passing {
    /// From counts of messages; `None`: there are too few to tell.
    pub fn measured(attempted: u64, failed: u64, delivered: u64) -> Option<Self> {
        if attempted < MEASURED_MIN {
            return None;
        }
        let share = |part: u64| part.min(attempted) * MILLION / attempted;
        Some(Self {
            failed: share(failed),
            unconfirmed: MILLION - share(delivered),
        })
    }

    const fn of(self, waits: bool) -> u64 {
        // What fails is not confirmed either.
        match waits {
            true if self.unconfirmed > self.failed => self.unconfirmed,
            _ => self.failed,
        }
    }
}

/// Sums of money in millionths of whatever the definition states prices in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// If every message is confirmed in time: only people whose earlier channels are closed cost anything.
    pub least: u64,
    /// As often as channels passed on lately; `None`: it was not measured for a channel that matters.
    pub expected: Option<u64>,
    /// If every message fails: each person gets one over every open channel.
    pub most: u64,
}

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self {
        least: 0,
        expected: Some(0),
        most: 0,
    };

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let expected = self.expected.zip(other.expected);
        Self {
            least: self.least.saturating_add(other.least),
            expected: expected.map(|(one, two)| one.saturating_add(two)),
            most: self.most.saturating_add(other.most),
        }
    }

    /// The cost of so many people of whom `of` cost this much.
    #[must_use]
    pub fn scaled(self, people: u64, of: u64) -> Self {
        let scale = |micros: u64| {
            let product = u128::from(micros) * u128::from(people);
            let scaled = product.checked_div(u128::from(of)).unwrap_or(0);
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        Self {
            least: scale(self.least),
            expected: self.expected.map(scale),
            most: scale(self.most),
        }
    }
}

/// What the fallback of an intent costs: messages over every channel but the first. `passing` tells how often
/// a channel passed on lately, for pushes on a platform.
pub fn fallback_cost(
    intent: &Intent,
    lots: &Lots,
    passing: impl Fn(Channel, Option<Platform>) -> Option<Passing>,
) -> Cost {
    let mut whole = Cost::ZERO;
    for (alike, people) in lots {
        let one = cost_of_one(intent, *alike, &passing);
        let come = |micros: u128| {
            let all = micros * u128::from(*people) * u128::from(intent.share);
            // Money times a million, so that small shares of small prices count.
            u64::try_from(all / u128::from(SHARES) / u128::from(MILLION)).unwrap_or(u64::MAX)
        };
        whole = whole.plus(Cost {
            least: come(one.least),
            expected: one.expected.map(come),
            most: come(one.most),
        });
    }
    whole
}

/// In millionths of millionths.
struct Fine {
    least: u128,
    expected: Option<u128>,
    most: u128,
}

fn cost_of_one(
    intent: &Intent,
    alike: Alike,
    passing: &impl Fn(Channel, Option<Platform>) -> Option<Passing>,
) -> Fine {
    let mut fine = Fine {
        least: 0,
        expected: Some(0),
        most: 0,
    };
    let mut chance = Some(u128::from(MILLION));
    let mut is_first = true;
    for place in alike.channels() {
        let Some(channel) = intent.channels.get(place) else {
            break;
        };
        let price = match place {
            0 => 0,
            _ => u128::from(channel.price_micros),
        };
        fine.most += price * u128::from(MILLION);
        if is_first {
            fine.least += price * u128::from(MILLION);
        }
        is_first = false;
        fine.expected = match (fine.expected, chance) {
            // What costs nothing needs no measure.
            (expected, None) if price == 0 => expected,
            (Some(expected), Some(chance)) => Some(expected + price * chance),
            _ => None,
        };
        let platform = alike.platform.filter(|_| channel.channel == Channel::Push);
        let passes = passing(channel.channel, platform).map(|passing| passing.of(channel.waits));
        chance = chance
            .zip(passes)
            .map(|(chance, passes)| chance * u128::from(passes) / u128::from(MILLION));
    }
    fine
}
