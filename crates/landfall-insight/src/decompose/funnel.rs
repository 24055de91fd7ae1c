//! The funnel of a journey's pushes: qualified, covered, eligible, devices, sent, delivered, opened,
//! converted, value; with conversions that came without an open, or without any receipt.
//!
//! What a person is counted by before a device is chosen has no platform: coverage and eligibility are
//! factors of the whole. From the device on there are platforms and versions. Money comes by three
//! ways, which share their first stages: after an open, after a receipt without an open, and after
//! neither (devices that cannot report). Each way is a funnel of its own, and their contributions
//! are added by stage.

use serde::Serialize;

use super::nested::{self, Group, GroupPart, Member, Nested, Split, Tally};
use super::{DecomposeError, Shift};

/// A factor of revenue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// How many reached the message steps.
    Qualified,
    /// Share of them with a device that can be reached.
    Coverage,
    /// Share of those that no rule holds back.
    Eligible,
    /// Devices for each of those.
    Devices,
    /// How devices are spread over platforms and messages.
    Mix,
    /// Share of devices whose push a provider took.
    Sent,
    /// Share of those that reported it.
    Delivered,
    /// Share of those that were opened.
    Opened,
    /// Orders for each message, by the way that it went.
    Converted,
    /// Money for each order.
    Value,
}

impl Factor {
    /// Every factor, in the order of the funnel.
    pub const ALL: [Self; 10] = [
        Self::Qualified,
        Self::Coverage,
        Self::Eligible,
        Self::Devices,
        Self::Mix,
        Self::Sent,
        Self::Delivered,
        Self::Opened,
        Self::Converted,
        Self::Value,
    ];

    /// The factors that each platform has, in order.
    pub const OF_PLATFORM: [Self; 5] = [
        Self::Sent,
        Self::Delivered,
        Self::Opened,
        Self::Converted,
        Self::Value,
    ];

    /// Stable name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::Coverage => "coverage",
            Self::Eligible => "eligible",
            Self::Devices => "devices",
            Self::Mix => "mix",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Converted => "converted",
            Self::Value => "value",
        }
    }

    /// Position in [`Factor::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What people came to before devices were chosen, in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Entrance {
    /// Deliveries that were meant: people who reached the message steps.
    pub qualified: f64,
    /// Those with a device that can be reached.
    pub covered: f64,
    /// Those of them that no rule held back.
    pub eligible: f64,
}

/// Pushes to the devices of one version of a platform in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Steps {
    /// Devices that a push was meant for.
    pub devices: f64,
    /// Taken by the provider.
    pub sent: f64,
    /// Reported by the device, or opened.
    pub delivered: f64,
    /// Opened.
    pub opened: f64,
    /// Orders after an open.
    pub converted_opened: f64,
    /// Orders after a receipt without an open.
    pub converted_unopened: f64,
    /// Orders after neither.
    pub converted_unconfirmed: f64,
    /// Money of orders after an open.
    pub value_opened: f64,
    /// Money of orders after a receipt without an open.
    pub value_unopened: f64,
    /// Money of orders after neither.
    pub value_unconfirmed: f64,
}

impl Steps {
    /// Orders.
    pub fn converted(&self) -> f64 {
        self.converted_opened + self.converted_unopened + self.converted_unconfirmed
    }

    /// Money.
    pub fn value(&self) -> f64 {
        self.value_opened + self.value_unopened + self.value_unconfirmed
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            devices: self.devices + other.devices,
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            opened: self.opened + other.opened,
            converted_opened: self.converted_opened + other.converted_opened,
            converted_unopened: self.converted_unopened + other.converted_unopened,
            converted_unconfirmed: self.converted_unconfirmed + other.converted_unconfirmed,
            value_opened: self.value_opened + other.value_opened,
            value_unopened: self.value_unopened + other.value_unopened,
            value_unconfirmed: self.value_unconfirmed + other.value_unconfirmed,
        }
    }

    /// Numerator and denominator of a factor of a platform; nothing for the others.
    pub fn ratio(&self, factor: Factor) -> Option<(f64, f64)> {
        match factor {
            Factor::Sent => Some((self.sent, self.devices)),
            Factor::Delivered => Some((self.delivered, self.sent)),
            Factor::Opened => Some((self.opened, self.delivered)),
            Factor::Converted => Some((self.converted(), self.delivered)),
            Factor::Value => Some((self.value(), self.converted())),
            _ => None,
        }
    }
}

/// A version in both periods.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Version {
    /// Its name; empty when devices did not say it.
    pub name: String,
    /// In the period to compare with.
    pub before: Steps,
    /// In the period that is looked at.
    pub after: Steps,
}

/// One message step on a platform. Steps differ in how often they are opened and lead to an order, so
/// each is a cell of its own: a second reminder that is not sent costs what second reminders bring.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// Name or number of the step.
    pub name: String,
    /// The versions that it was meant for.
    pub versions: Vec<Version>,
}

/// A platform with its messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Its messages.
    pub messages: Vec<Message>,
}

impl Platform {
    /// A platform whose messages are not told apart.
    pub fn of_versions(name: impl Into<String>, versions: Vec<Version>) -> Self {
        let message = Message {
            name: String::new(),
            versions,
        };
        Self {
            name: name.into(),
            messages: vec![message],
        }
    }

    /// Its versions, each over all messages, in the order in which they are first named.
    pub fn versions(&self) -> Vec<Version> {
        let mut versions: Vec<Version> = Vec::new();
        for version in self.messages.iter().flat_map(|message| &message.versions) {
            match versions.iter_mut().find(|known| known.name == version.name) {
                Some(known) => {
                    known.before = known.before.plus(&version.before);
                    known.after = known.after.plus(&version.after);
                }
                None => versions.push(version.clone()),
            }
        }
        versions
    }
}

/// The funnel in both periods.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Funnel {
    /// People in the period to compare with.
    pub before: Entrance,
    /// People in the period that is looked at.
    pub after: Entrance,
    /// Devices.
    pub platforms: Vec<Platform>,
}

impl Funnel {
    /// Everything about devices in one period.
    pub fn steps(&self, after: bool) -> Steps {
        let messages = self.platforms.iter().flat_map(|p| &p.messages);
        let versions = messages.flat_map(|message| &message.versions);
        versions.fold(Steps::default(), |sum, version| {
            sum.plus(if after {
                &version.after
            } else {
                &version.before
            })
        })
    }

    /// Numerator and denominator of a factor in one period; a denominator of 1 for what is a number
    /// and not a rate. Nothing for the mix.
    pub fn ratio(&self, factor: Factor, after: bool) -> Option<(f64, f64)> {
        let entrance = if after { &self.after } else { &self.before };
        match factor {
            Factor::Qualified => Some((entrance.qualified, 1.0)),
            Factor::Coverage => Some((entrance.covered, entrance.qualified)),
            Factor::Eligible => Some((entrance.eligible, entrance.covered)),
            Factor::Devices => Some((self.steps(after).devices, entrance.eligible)),
            _ => self.steps(after).ratio(factor),
        }
    }
}

/// What a version contributed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VersionPart {
    /// The version.
    pub version: String,
    /// In the order of [`Factor::OF_PLATFORM`].
    pub factors: Vec<Split>,
}

/// What a platform contributed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlatformPart {
    /// The platform.
    pub platform: String,
    /// What its share contributed.
    pub mix: f64,
    /// In the order of [`Factor::OF_PLATFORM`].
    pub factors: Vec<f64>,
    /// Its versions.
    pub versions: Vec<VersionPart>,
}

/// The change of revenue, split up. Factors add up to the change, platforms to the factors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decomposition {
    /// Revenue in both periods.
    pub revenue: Shift,
    /// Contributions in the order of [`Factor::ALL`].
    pub factors: Vec<f64>,
    /// The part of [`Factor::Converted`] that lies in orders after neither receipt nor open. It falls
    /// with what arrives, too, for who received without a report is among those.
    pub unconfirmed: f64,
    /// Contributions of the platforms.
    pub platforms: Vec<PlatformPart>,
}

impl Decomposition {
    /// What a factor contributed.
    pub fn of(&self, factor: Factor) -> f64 {
        self.factors[factor.index()]
    }

    /// The version of a platform that contributed most to a factor, in the direction of what the
    /// platform contributed, with its amount.
    pub fn owner(&self, platform: &str, factor: Factor) -> Option<(&str, f64)> {
        let at = Factor::OF_PLATFORM.iter().position(|f| *f == factor)?;
        let part = self.platforms.iter().find(|p| p.platform == platform)?;
        let direction = part.factors[at].signum();
        let versions = part.versions.iter();
        versions
            .map(|version| (version.version.as_str(), version.factors[at].sum()))
            .max_by(|a, b| (a.1 * direction).total_cmp(&(b.1 * direction)))
            .filter(|(_, money)| money * direction > 0.0)
    }
}

/// A way to an order: what its stages count.
type Way = fn(&Steps) -> Tally;

/// The three ways. The complement of a rate stands where a way needs that something did not happen.
const WAYS: [(Way, &[Factor]); 3] = [
    (
        opened,
        &[
            Factor::Sent,
            Factor::Delivered,
            Factor::Opened,
            Factor::Converted,
            Factor::Value,
        ],
    ),
    (
        unopened,
        &[
            Factor::Sent,
            Factor::Delivered,
            Factor::Opened,
            Factor::Converted,
            Factor::Value,
        ],
    ),
    (
        unconfirmed,
        &[
            Factor::Sent,
            Factor::Delivered,
            Factor::Converted,
            Factor::Value,
        ],
    ),
];

fn opened(steps: &Steps) -> Tally {
    Tally {
        stages: vec![
            steps.devices,
            steps.sent,
            steps.delivered,
            steps.opened,
            steps.converted_opened,
        ],
        value: steps.value_opened,
    }
}

fn unopened(steps: &Steps) -> Tally {
    Tally {
        stages: vec![
            steps.devices,
            steps.sent,
            steps.delivered,
            steps.delivered - steps.opened,
            steps.converted_unopened,
        ],
        value: steps.value_unopened,
    }
}

fn unconfirmed(steps: &Steps) -> Tally {
    Tally {
        stages: vec![
            steps.devices,
            steps.sent,
            steps.sent - steps.delivered,
            steps.converted_unconfirmed,
        ],
        value: steps.value_unconfirmed,
    }
}

/// Decomposes the change of a funnel's revenue.
///
/// # Errors
/// [`DecomposeError::NotFinite`] for counts that are no numbers; the others cannot happen.
pub fn decompose(funnel: &Funnel) -> Result<Decomposition, DecomposeError> {
    let whole = whole(funnel);
    let mut out = Decomposition {
        revenue: Shift::default(),
        factors: vec![0.0; Factor::ALL.len()],
        unconfirmed: 0.0,
        platforms: Vec::new(),
    };
    for platform in &funnel.platforms {
        let blank = |version: Version| VersionPart {
            version: version.name,
            factors: vec![Split::default(); Factor::OF_PLATFORM.len()],
        };
        out.platforms.push(PlatformPart {
            platform: platform.name.clone(),
            mix: 0.0,
            factors: vec![0.0; Factor::OF_PLATFORM.len()],
            versions: platform.versions().into_iter().map(blank).collect(),
        });
    }
    for (way, factors) in WAYS {
        let parts = nested::decompose(&whole, &groups(funnel, way))?;
        let known = out.of(Factor::Converted);
        out.add(funnel, &parts, factors);
        // The way of orders after neither is the last one.
        out.unconfirmed = out.of(Factor::Converted) - known;
    }
    Ok(out)
}

impl Decomposition {
    /// Adds the contributions of one way, whose groups are those of [`groups`], in that order.
    fn add(&mut self, funnel: &Funnel, parts: &Nested, factors: &[Factor]) {
        self.revenue.before += parts.total.before;
        self.revenue.after += parts.total.after;
        for (sum, part) in self.factors.iter_mut().zip(&parts.whole) {
            *sum += part;
        }
        let mut groups = parts.groups.iter();
        for (platform, counted) in self.platforms.iter_mut().zip(&funnel.platforms) {
            for part in groups.by_ref().take(counted.messages.len()) {
                platform.add(part, factors);
                self.factors[Factor::Mix.index()] += part.mix;
                for (stage, factor) in factors.iter().enumerate() {
                    self.factors[factor.index()] += part.stages[stage];
                }
            }
        }
    }
}

impl PlatformPart {
    /// Adds the contributions of one message by one way.
    fn add(&mut self, part: &GroupPart, factors: &[Factor]) {
        self.mix += part.mix;
        for (stage, factor) in factors.iter().enumerate() {
            let at = factor.index() - Factor::Sent.index();
            self.factors[at] += part.stages[stage];
            for member in &part.members {
                let mut versions = self.versions.iter_mut();
                if let Some(version) = versions.find(|known| known.version == member.name) {
                    version.factors[at].within += member.stages[stage].within;
                    version.factors[at].mix += member.stages[stage].mix;
                }
            }
        }
    }
}

/// The factors before devices: qualified, coverage, eligible, devices for each person.
fn whole(funnel: &Funnel) -> Vec<Shift> {
    let rate = |factor: Factor| {
        let side = |after: bool| {
            let (hits, of) = funnel.ratio(factor, after).unwrap_or_default();
            (of != 0.0).then(|| hits / of)
        };
        let (before, after) = (side(false), side(true));
        let carry = |own: Option<f64>, other: Option<f64>| own.or(other).unwrap_or(0.0);
        Shift::new(carry(before, after), carry(after, before))
    };
    [
        Factor::Qualified,
        Factor::Coverage,
        Factor::Eligible,
        Factor::Devices,
    ]
    .map(rate)
    .to_vec()
}

/// A group for each message of each platform.
fn groups(funnel: &Funnel, way: Way) -> Vec<Group> {
    let member = |version: &Version| Member {
        name: version.name.clone(),
        before: way(&version.before),
        after: way(&version.after),
    };
    let of_platform = |platform: &Platform| {
        let messages = platform.messages.iter();
        messages
            .map(|message| Group {
                name: platform.name.clone(),
                members: message.versions.iter().map(member).collect(),
            })
            .collect::<Vec<_>>()
    };
    funnel.platforms.iter().flat_map(of_platform).collect()
}
