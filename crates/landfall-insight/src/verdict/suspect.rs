//! The suspect: which stage lost most beyond chance, and what that means.

use landfall_domain::reason::{Class, Kind, Reason, Stage};

use super::arrival::{Arrival, judge_arrival};
use super::recent::{self, Recent};
use super::{Beside, Cause, Picture, Problem, Ratio, ReasonCount, StageLine, onset};
use crate::decompose::Shift;
use crate::decompose::funnel::{Decomposition, Factor, Platform, Steps};
use crate::decompose::uncertain::{Span, Uncertainty};

/// Standard errors from which a change counts. Ten stages are looked at: chance alone passes one of
/// them in fewer than one in a hundred diagnoses.
pub(super) const CLEAR: f64 = 3.2;
/// Share of revenue from which a loss is worth a verdict.
const WORTH: f64 = 0.015;
/// Fewer people by less than this is how weeks are.
const QUIETER: f64 = 0.10;
/// Standard errors of the orders of all channels from which fewer people count as the season. Between
/// a season that takes a sixth of the orders and none at all, with some hundreds of orders.
const SEASON: f64 = 1.2;
/// Standard errors that are asked for beyond [`CLEAR`] when each of seven days may be the beginning.
const BEGINNINGS: f64 = 0.5;
/// Rate of orders, over what it was, below which they are not reported any more.
const VANISHED: f64 = 0.15;

/// What is judged.
pub(super) struct Case<'c> {
    pub(super) picture: &'c Picture,
    pub(super) decomposition: &'c Decomposition,
    pub(super) uncertainty: &'c Uncertainty,
}

/// Which problem it seems to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Suspicion {
    pub(super) problem: Problem,
    pub(super) cause: Cause,
    pub(super) reason: Option<Reason>,
    /// The stage that shows it.
    pub(super) factor: Option<Factor>,
    /// Stages whose losses belong to it.
    pub(super) factors: Vec<Factor>,
    /// How clear it is.
    pub(super) z: f64,
    /// What opens say about receipts.
    pub(super) arrival: Option<Arrival>,
}

impl Case<'_> {
    /// Hits and cases of a factor in both periods.
    pub(super) fn ratio(&self, factor: Factor) -> Ratio {
        let side = |after| self.picture.funnel.ratio(factor, after).unwrap_or_default();
        let ((hits0, of0), (hits1, of1)) = (side(false), side(true));
        Ratio {
            hits: Shift::new(hits0, hits1),
            of: Shift::new(of0, of1),
        }
    }

    fn dispersion(&self, factor: Factor) -> f64 {
        self.picture.noise.dispersion[factor.index()].max(1.0)
    }

    /// How clear the change of a factor is, in standard errors. Rates of platforms are compared within
    /// each platform, so that people who moved between platforms do not look like a change.
    pub(super) fn z(&self, factor: Factor) -> f64 {
        match factor {
            Factor::Qualified => self.qualified_z(),
            Factor::Value => self.value_z(),
            Factor::Devices => devices_z(&self.ratio(factor), self.dispersion(factor)),
            Factor::Mix => {
                let span = self.uncertainty.factors[factor.index()];
                let error = (span.high - span.low) / 3.92;
                if error > 0.0 {
                    self.decomposition.of(factor) / error
                } else {
                    0.0
                }
            }
            Factor::Coverage | Factor::Eligible => self.ratio(factor).z(self.dispersion(factor)),
            Factor::Converted => {
                let own = self.stratified(factor);
                // The clearest of several beginnings is clear by chance more often than one is.
                let recent = self.recent(factor).map_or(0.0, |recent| recent.z);
                // Fewer orders for each message that arrived may also be fewer opens.
                let opened = self.stratified(Factor::Opened) > -CLEAR;
                if own > -CLEAR && opened && recent <= -CLEAR - BEGINNINGS {
                    recent
                } else {
                    own
                }
            }
            _ => self.stratified(factor),
        }
    }

    fn stratified(&self, factor: Factor) -> f64 {
        let complete = self.picture.noise.complete[factor.index()].clamp(0.01, 1.0);
        let (mut sum, mut variance) = (0.0, 0.0);
        let platforms = self.picture.funnel.platforms.iter();
        for ratio in platforms.flat_map(|platform| strata(platform, factor)) {
            let (n0, n1) = (ratio.of.before, ratio.of.after);
            let Some(rate) = ratio.rate() else { continue };
            let weight = n0 * n1 / (n0 + n1);
            let p = ((ratio.hits.before + ratio.hits.after) / (n0 + n1)).clamp(0.0, 1.0);
            sum += weight * rate.change();
            // What is still to come is expected from fewer reports than there will be.
            variance += weight * weight * p * (1.0 - p) * (1.0 / n0 + 1.0 / (n1 * complete));
            variance +=
                (weight * rate.after * self.picture.noise.complete_error[factor.index()]).powi(2);
        }
        let variance = variance * self.dispersion(factor);
        if variance > 0.0 {
            sum / variance.sqrt()
        } else {
            0.0
        }
    }

    fn value_z(&self) -> f64 {
        let ratio = self.ratio(Factor::Value);
        let Some(mean) = ratio.rate() else { return 0.0 };
        let spread = self.picture.noise.value_variation * (mean.before + mean.after).abs() / 2.0;
        let error = spread * (1.0 / ratio.of.before + 1.0 / ratio.of.after).sqrt();
        if error > 0.0 {
            mean.change() / error
        } else {
            0.0
        }
    }

    /// The latest days beside the weeks before.
    pub(super) fn recent(&self, factor: Factor) -> Option<Recent> {
        let (picture, start) = (self.picture, self.picture.start);
        match factor {
            Factor::Qualified => recent::of_count(&picture.people_by_day, start),
            Factor::Converted => {
                recent::of_rate(&picture.orders_by_day, start, self.dispersion(factor))
            }
            _ => None,
        }
    }

    /// Numbers of people vary from week to week far more than coins do: what earlier days or periods
    /// did says how much, and a tenth is how weeks are.
    fn qualified_z(&self) -> f64 {
        match self.recent(Factor::Qualified) {
            Some(recent) if recent.ratio <= 1.0 - QUIETER => recent.z,
            Some(_) => 0.0,
            None => self.qualified_z_of_periods(),
        }
    }

    fn qualified_z_of_periods(&self) -> f64 {
        let ratio = self.ratio(Factor::Qualified).hits;
        if ratio.before <= 0.0 || ratio.after <= 0.0 {
            return if ratio.before > 30.0 { -9.0 } else { 0.0 };
        }
        let steps: Vec<f64> = self
            .picture
            .qualified_before
            .windows(2)
            .filter(|pair| pair[0] > 0.0 && pair[1] > 0.0)
            .map(|pair| (pair[1] / pair[0]).ln())
            .collect();
        let squares: f64 = steps.iter().map(|step| step * step).sum();
        let usual = if steps.is_empty() {
            0.0
        } else {
            squares / steps.len() as f64
        };
        let chance = 1.0 / ratio.before + 1.0 / ratio.after;
        let floor = (QUIETER / CLEAR).powi(2);
        (ratio.after / ratio.before).ln() / usual.max(chance).max(floor).sqrt()
    }

    /// What a factor contributed, with its interval.
    pub(super) fn money(&self, factor: Factor) -> (f64, Span) {
        let at = factor.index();
        (self.decomposition.of(factor), self.uncertainty.factors[at])
    }

    pub(super) fn line(&self, factor: Factor) -> StageLine {
        let (money, interval) = self.money(factor);
        let rows = match factor {
            Factor::Sent => self.picture.rows.clone().and("has", "sent"),
            Factor::Delivered => self.picture.rows.clone().and("has", "delivered"),
            Factor::Opened => self.picture.rows.clone().and("has", "opened"),
            Factor::Converted | Factor::Value => self.picture.rows.clone().and("has", "converted"),
            _ => self.picture.rows.clone(),
        };
        StageLine {
            factor,
            ratio: self.ratio(factor),
            money,
            interval,
            distinguishable: self.z(factor).abs() >= CLEAR,
            complete: self.picture.noise.complete[factor.index()],
            rows,
        }
    }

    /// Whether the share of any platform changed beyond chance. Which messages are due changes with the
    /// time of day and is nobody's moving.
    fn platforms_moved(&self) -> bool {
        let funnel = &self.picture.funnel;
        let all = Shift::new(funnel.steps(false).devices, funnel.steps(true).devices);
        funnel.platforms.iter().any(|platform| {
            let (before, after) = sides(platform, None);
            let ratio = Ratio {
                hits: Shift::new(before.devices, after.devices),
                of: all,
            };
            ratio.z(self.dispersion(Factor::Mix)).abs() >= CLEAR
        })
    }

    fn is_loss(&self, factor: Factor) -> bool {
        if factor == Factor::Mix && !self.platforms_moved() {
            return false;
        }
        let worth = WORTH * self.decomposition.revenue.before.abs();
        self.z(factor) <= -CLEAR && self.loss(factor) >= worth
    }

    /// What a factor lost: beside the period before, or beside the weeks before where those tell more.
    pub(super) fn loss(&self, factor: Factor) -> f64 {
        let recent = self
            .recent(factor)
            .filter(|recent| self.z(factor) == recent.z);
        let undone = recent.map_or(1.0, |recent| recent.undone);
        let lately = self.decomposition.revenue.after * (undone - 1.0);
        (-self.decomposition.of(factor)).max(lately)
    }

    /// The problem with the greatest loss.
    pub(super) fn suspect(&self) -> Suspicion {
        let (arrival, z) = self.arrival();
        let unreported = arrival == Some(Arrival::Stayed);
        let mut losses: Vec<Factor> = Factor::ALL
            .into_iter()
            .filter(|factor| self.is_loss(*factor))
            // Where only receipts were lost, what delivered lost opened gained.
            .filter(|factor| !unreported || *factor != Factor::Delivered)
            .collect();
        losses.sort_by(|a, b| self.loss(*b).total_cmp(&self.loss(*a)));
        let Some(first) = losses.first().copied() else {
            return if unreported {
                lost_receipts(z)
            } else {
                nothing()
            };
        };
        let worst = self.loss(first);
        if unreported && worst < 3.0 * WORTH * self.decomposition.revenue.before.abs() {
            return lost_receipts(z);
        }
        let mut suspicion = self.explain(first);
        suspicion.z = self.z(first);
        suspicion.arrival = arrival.filter(|_| first == Factor::Delivered);
        self.join_token_losses(&mut suspicion, &losses);
        suspicion
    }

    /// Rejected tokens are suspended, and at the next step their people are out of reach: one problem,
    /// not two.
    fn join_token_losses(&self, suspicion: &mut Suspicion, losses: &[Factor]) {
        let sent =
            losses.contains(&Factor::Sent) && self.explain(Factor::Sent).cause == Cause::TokenChurn;
        let covered = self.grown(Factor::Coverage) == Some(Reason::DevicesSuspended);
        let either = matches!(suspicion.factor, Some(Factor::Sent | Factor::Coverage));
        if sent && covered && either {
            let z = self.z(Factor::Sent);
            *suspicion = self.explain(Factor::Sent);
            suspicion.factors.push(Factor::Coverage);
            suspicion.z = z;
        }
    }

    /// What a loss at a stage means.
    fn explain(&self, factor: Factor) -> Suspicion {
        let grown = self.grown(factor);
        let by_reason = |problem: Problem, otherwise: Cause| {
            let cause = grown.map_or(otherwise, cause_of);
            (problem, cause)
        };
        let (problem, cause) = match factor {
            Factor::Qualified => self.fewer_people(),
            Factor::Coverage => by_reason(Problem::Coverage, Cause::TokensMissing),
            Factor::Eligible => by_reason(Problem::Eligibility, Cause::Unknown),
            Factor::Devices if grown.is_some() => by_reason(Problem::Delivery, Cause::Payload),
            Factor::Devices => (Problem::Coverage, Cause::TokensMissing),
            Factor::Mix => (Problem::Eligibility, Cause::Mix),
            Factor::Sent => by_reason(Problem::Delivery, Cause::Unknown),
            Factor::Delivered => by_reason(Problem::Delivery, Cause::NotReceived),
            Factor::Opened => (Problem::Engagement, Cause::Creative),
            Factor::Converted => self.fewer_orders(),
            Factor::Value => (Problem::Offer, Cause::OrderValue),
        };
        let factors = match problem {
            Problem::Seasonality => vec![Factor::Qualified, Factor::Converted],
            // Devices are lost to one message more than to another; that those which are left are
            // spread otherwise over messages belongs to it.
            _ if factor == Factor::Devices => vec![factor, Factor::Mix],
            _ => vec![factor],
        };
        Suspicion {
            problem,
            cause,
            reason: grown,
            factor: Some(factor),
            factors,
            z: 0.0,
            arrival: None,
        }
    }

    /// The reason whose share grew most among those that belong to a stage.
    fn grown(&self, factor: Factor) -> Option<Reason> {
        let belongs = |reason: Reason| {
            let before_sending = reason.stage() == Stage::PreSend;
            match factor {
                Factor::Coverage => before_sending && reason.kind() == Kind::Reach,
                Factor::Eligible => before_sending && reason.kind() == Kind::Policy,
                Factor::Devices => before_sending && reason.kind() == Kind::Delivery,
                Factor::Sent => {
                    matches!(reason.stage(), Stage::Transport | Stage::ProviderRejected)
                        || (before_sending && reason.kind() == Kind::Delivery)
                }
                Factor::Delivered => matches!(reason.stage(), Stage::AfterAcceptance),
                _ => false,
            }
        };
        let of = self.ratio(factor).of;
        let growth = |line: &ReasonCount| {
            let ratio = Ratio {
                hits: line.count,
                of,
            };
            (ratio.z(1.0), ratio.rate().map_or(0.0, Shift::change))
        };
        let lines = self.picture.reasons.iter();
        let grown = lines
            .filter(|line| belongs(line.reason))
            .map(|line| (line.reason, growth(line)))
            .filter(|(_, (z, _))| *z > CLEAR);
        grown
            .max_by(|a, b| a.1.1.total_cmp(&b.1.1))
            .map(|(reason, _)| reason)
    }

    /// Fewer people: everywhere (the season), or only here.
    fn fewer_people(&self) -> (Problem, Cause) {
        let change = |shift: Shift| (shift.after.max(1.0) / shift.before.max(1.0)).ln();
        let own = change(self.ratio(Factor::Qualified).hits);
        let season = match &self.picture.others {
            Some(others) if others.qualified.before >= 100.0 => {
                change(others.qualified) <= own / 2.0
            }
            _ => match self.recent(Factor::Converted) {
                Some(recent) => recent.z <= -SEASON - BEGINNINGS,
                None => self.all_orders().z(1.0) <= -SEASON,
            },
        };
        if season {
            (Problem::Seasonality, Cause::Season)
        } else {
            (Problem::Eligibility, Cause::AudienceShrink)
        }
    }

    /// Fewer orders: none at all by any channel, fewer of everything, or the offer.
    fn fewer_orders(&self) -> (Problem, Cause) {
        let elsewhere = self.picture.others.as_ref().and_then(orders_kept);
        let split = onset::onset(&self.picture.orders, 1.0, 4.0);
        let vanished = split.is_some_and(|split| split.after < VANISHED * split.before);
        if vanished && elsewhere.is_none_or(|kept| kept < 0.5) {
            return (Problem::OrderTracking, Cause::OrdersUnreported);
        }
        let quieter = self.qualified_z() <= -CLEAR;
        if quieter && self.fewer_people().0 == Problem::Seasonality {
            return (Problem::Seasonality, Cause::Season);
        }
        (Problem::Offer, Cause::Conversion)
    }

    /// Orders among sent messages of all channels.
    pub(super) fn all_orders(&self) -> Ratio {
        let (before, after) = (
            self.picture.funnel.steps(false),
            self.picture.funnel.steps(true),
        );
        let mut ratio = Ratio {
            hits: Shift::new(before.converted(), after.converted()),
            of: Shift::new(before.sent, after.sent),
        };
        for channel in &self.picture.channels {
            ratio.hits.before += channel.converted.before;
            ratio.hits.after += channel.converted.after;
            ratio.of.before += channel.sent.before;
            ratio.of.after += channel.sent.after;
        }
        ratio
    }

    /// Whether receipts fell, and if so what opens say about it, where they fell most.
    fn arrival(&self) -> (Option<Arrival>, f64) {
        let at = Factor::OF_PLATFORM
            .iter()
            .position(|factor| *factor == Factor::Delivered)
            .unwrap_or(0);
        let parts = &self.decomposition.platforms;
        let worst = parts
            .iter()
            .min_by(|a, b| a.factors[at].total_cmp(&b.factors[at]));
        let Some(part) = worst.filter(|_| self.z(Factor::Delivered) <= -CLEAR) else {
            return (None, 0.0);
        };
        let platforms = &self.picture.funnel.platforms;
        let Some(platform) = platforms.iter().find(|p| p.name == part.platform) else {
            return (None, 0.0);
        };
        let owner = self.decomposition.owner(&part.platform, Factor::Delivered);
        let (before, after) = sides(platform, owner.map(|owner| owner.0));
        let of = Shift::new(before.sent, after.sent);
        let delivered = Ratio {
            hits: Shift::new(before.delivered, after.delivered),
            of,
        };
        let opened = Ratio {
            hits: Shift::new(before.opened, after.opened),
            of,
        };
        let dispersion = self.dispersion(Factor::Opened);
        let arrival = judge_arrival(&delivered, &opened, dispersion);
        (
            Some(arrival),
            delivered.z(self.dispersion(Factor::Delivered)),
        )
    }
}

/// A version against itself before, or against its platform when it is new.
fn sides(platform: &Platform, version: Option<&str>) -> (Steps, Steps) {
    let versions = platform.versions();
    let all = |after: bool| {
        versions
            .iter()
            .map(|v| if after { &v.after } else { &v.before })
            .fold(Steps::default(), |sum, steps| sum.plus(steps))
    };
    let found = versions.iter().find(|v| Some(v.name.as_str()) == version);
    match found {
        Some(version) if version.before.sent >= 200.0 => (version.before, version.after),
        Some(version) => (all(false), version.after),
        None => (all(false), all(true)),
    }
}

/// A factor of one platform in both periods.
pub(super) fn platform_ratio(platform: &Platform, factor: Factor) -> Option<Ratio> {
    let (before, after) = sides(platform, None);
    let ((hits0, of0), (hits1, of1)) = (before.ratio(factor)?, after.ratio(factor)?);
    Some(Ratio {
        hits: Shift::new(hits0, hits1),
        of: Shift::new(of0, of1),
    })
}

/// Orders and messages of one way to an order.
type Way = fn(&Steps) -> (f64, f64);

/// The rates of a factor that are compared each by itself: orders by the way that they came, so that
/// fewer opens do not look like fewer orders.
fn strata(platform: &Platform, factor: Factor) -> Vec<Ratio> {
    if factor != Factor::Converted {
        return platform_ratio(platform, factor).into_iter().collect();
    }
    let (before, after) = sides(platform, None);
    let ways: [Way; 3] = [
        |s| (s.converted_opened, s.opened),
        |s| (s.converted_unopened, s.delivered - s.opened),
        |s| (s.converted_unconfirmed, s.sent - s.delivered),
    ];
    let ratio = |way: Way| {
        let ((hits0, of0), (hits1, of1)) = (way(&before), way(&after));
        Ratio {
            hits: Shift::new(hits0, hits1),
            of: Shift::new(of0, of1),
        }
    };
    ways.into_iter().map(ratio).collect()
}

/// Devices for each person are no share: somebody may have two.
fn devices_z(ratio: &Ratio, dispersion: f64) -> f64 {
    let Some(rate) = ratio.rate() else { return 0.0 };
    let mean = (rate.before + rate.after) / 2.0;
    let variance = (mean * (1.0 - mean).abs()).max(0.01 * mean) * dispersion;
    let error = (variance * (1.0 / ratio.of.before + 1.0 / ratio.of.after)).sqrt();
    if error > 0.0 {
        rate.change() / error
    } else {
        0.0
    }
}

/// Orders for each sent message over what they were before; nothing when there were few.
fn orders_kept(beside: &Beside) -> Option<f64> {
    let enough = beside.converted.before >= 20.0 && beside.sent.after > 0.0;
    enough.then(|| {
        (beside.converted.after / beside.sent.after)
            / (beside.converted.before / beside.sent.before.max(1.0))
    })
}

fn nothing() -> Suspicion {
    Suspicion {
        problem: Problem::Nothing,
        cause: Cause::Unknown,
        reason: None,
        factor: None,
        factors: Vec::new(),
        z: 0.0,
        arrival: None,
    }
}

fn lost_receipts(z: f64) -> Suspicion {
    Suspicion {
        problem: Problem::Measurement,
        cause: Cause::ReceiptsLost,
        factor: Some(Factor::Delivered),
        arrival: Some(Arrival::Stayed),
        z,
        ..nothing()
    }
}

/// What a reason that grew points to.
pub(super) fn cause_of(reason: Reason) -> Cause {
    match reason {
        Reason::DevicesSuspended => return Cause::TokenChurn,
        Reason::MessageLimit => return Cause::Cap,
        Reason::QuietHours => return Cause::QuietHours,
        _ => {}
    }
    match reason.class() {
        Class::NoTarget => Cause::TokensMissing,
        Class::Suppressed | Class::OptedOut | Class::Complaint => Cause::Consent,
        Class::PermissionDenied => Cause::PermissionChange,
        Class::InvalidToken | Class::Unregistered | Class::RecipientInvalid => Cause::TokenChurn,
        Class::WrongEnvironment | Class::Config => Cause::Configuration,
        Class::Credentials => Cause::Credential,
        Class::Payload | Class::ContentFiltered => Cause::Payload,
        Class::Quota | Class::DeviceRate | Class::ProviderOutage | Class::Transport => {
            Cause::Provider
        }
        Class::ExpiredTtl => Cause::TimeToLive,
        Class::Superseded | Class::DeviceUnreachable | Class::DevicePolicy | Class::MailboxFull => {
            Cause::NotReceived
        }
        Class::Cancelled => Cause::AudienceShrink,
        Class::Unknown => Cause::Unknown,
    }
}
