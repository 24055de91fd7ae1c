//! How probable each stage of a push is, with and without a fault.

use landfall_domain::channel::Platform;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use super::Planted;
use super::fault::{BAD_RELEASE, Fault, KILLER};
use super::settings::Settings;
use super::visitor::Phone;

/// Tokens from this age on are old.
const OLD_DAYS: u32 = 180;

/// Probabilities of one message, each given the stage before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    /// The cart starts the journey at all.
    pub(super) qualifies: f64,
    /// Refusals by rule, one after the other.
    pub(super) refusals: [(f64, Reason); 4],
    pub(super) accepted: f64,
    pub(super) rejected_as: Reason,
    /// Whether rejections leave the token unusable.
    pub(super) kills_token: bool,
    pub(super) shown: f64,
    pub(super) receipt: f64,
    pub(super) open: f64,
    pub(super) buy: f64,
    pub(super) buy_unopened: f64,
    /// Median basket in whole units.
    pub(super) basket: f64,
    /// What is bought is reported.
    pub(super) tracked: f64,
}

impl Rates {
    /// A push to a phone, without any fault.
    pub(super) fn of_push(settings: &Settings, phone: Option<&Phone>, step: u64) -> Self {
        let platform = phone.map_or(Platform::Android, |phone| phone.platform);
        let old = phone.is_some_and(|phone| phone.token_age_days >= OLD_DAYS);
        Self {
            qualifies: 1.0,
            refusals: [
                (settings.unsubscribed, Reason::UnsubscribedGlobal),
                (settings.capped, Reason::MessageLimit),
                (settings.quiet, Reason::QuietHours),
                (0.0, Reason::RenderMissingValue),
            ],
            accepted: if old {
                settings.accepted_old
            } else {
                settings.accepted
            },
            rejected_as: Reason::TokenUnregistered,
            kills_token: true,
            shown: settings.shown.of(platform),
            receipt: settings.receipt.of(platform),
            open: settings.open * if step == 2 { settings.second } else { 1.0 },
            buy: settings.buy,
            buy_unopened: settings.buy_unopened,
            basket: settings.basket,
            tracked: 1.0,
        }
    }

    /// The same for a push that shows nothing.
    pub(super) const fn unseen(self) -> Self {
        Self { shown: 0.0, ..self }
    }

    /// The e-mail behind it.
    pub(super) fn of_mail(settings: &Settings) -> Self {
        Self {
            accepted: 0.985,
            rejected_as: Reason::RecipientInvalid,
            shown: 0.98,
            receipt: 1.0,
            open: settings.mail_open,
            buy: settings.mail_buy,
            buy_unopened: 0.0,
            ..Self::of_push(settings, None, 0)
        }
    }

    /// No rule refuses it.
    pub(super) fn allowed(&self) -> f64 {
        self.refusals.iter().map(|(share, _)| 1.0 - share).product()
    }

    /// A provider takes it.
    pub(super) fn taken(&self) -> f64 {
        self.allowed() * self.accepted
    }

    /// It leads to an order, given that a provider took it.
    pub(super) fn bought(&self) -> f64 {
        self.shown * (self.open * self.buy + (1.0 - self.open) * self.buy_unopened)
    }

    /// What it brings on average, in the smallest unit, to somebody within reach.
    pub(super) fn worth(&self, settings: &Settings) -> f64 {
        self.taken() * self.bought() * self.mean(settings)
    }

    /// The mean basket, in the smallest unit.
    pub(super) fn mean(&self, settings: &Settings) -> f64 {
        self.basket * (settings.basket_spread.powi(2) / 2.0).exp() * 100.0
    }

    /// The same with a fault, if it has begun.
    pub(super) fn with(
        self,
        planted: Option<Planted>,
        phone: Option<&Phone>,
        step: u64,
        at: Timestamp,
    ) -> Self {
        match planted {
            Some(planted) if at >= planted.from => self
                .for_everybody(planted.fault)
                .for_a_step(planted.fault, step)
                .for_a_phone(planted.fault, phone, step),
            _ => self,
        }
    }

    /// Faults that touch all messages alike.
    fn for_everybody(mut self, fault: Fault) -> Self {
        match fault {
            Fault::SegmentShrink => self.qualifies = 0.7,
            Fault::CapChanged => self.refusals[1].0 = 0.30,
            Fault::QuietHoursWrong => self.refusals[2].0 = 0.35,
            Fault::SmallerDiscount => self.scale_buying(0.65),
            Fault::StockOut => self.scale_buying(0.55),
            Fault::SmallerBaskets => self.basket *= 0.72,
            Fault::OrderTracking => self.tracked = 0.0,
            Fault::Seasonality => {
                self.qualifies = 0.8;
                self.scale_buying(0.85);
            }
            _ => {}
        }
        self
    }

    /// Faults of one step.
    fn for_a_step(mut self, fault: Fault, step: u64) -> Self {
        match (fault, step) {
            (Fault::WorseCreative, 1) => self.open *= 0.55,
            (Fault::TtlTooShort, 1) => self.shown *= 0.55,
            (Fault::TemplateAbort, 2) => self.refusals[3].0 = 0.7,
            _ => {}
        }
        self
    }

    /// Faults of some phones.
    fn for_a_phone(mut self, fault: Fault, phone: Option<&Phone>, step: u64) -> Self {
        let Some(phone) = phone else { return self };
        let ios = phone.platform == Platform::Ios;
        let bad = phone.version == BAD_RELEASE;
        match fault {
            Fault::TokenChurn if ios && bad => self.accepted *= 0.40,
            Fault::ReceiptsLost if ios && bad => self.receipt *= 0.10,
            Fault::KeyRevoked if ios => self.reject(0.0, Reason::ProviderAuth),
            Fault::SenderMismatch if !ios && bad => self.reject(0.05, Reason::WrongProject),
            Fault::ProviderRules if !ios && step == 2 => self.reject(0.1, Reason::PayloadInvalid),
            Fault::ExpiryWave if !ios && phone.token_age_days >= OLD_DAYS => self.accepted *= 0.2,
            Fault::BatteryKiller if !ios && phone.model == KILLER => self.shown *= 0.40,
            _ => {}
        }
        self
    }

    fn reject(&mut self, accepted: f64, reason: Reason) {
        self.accepted = accepted;
        self.rejected_as = reason;
        self.kills_token = false;
    }

    fn scale_buying(&mut self, factor: f64) {
        self.buy *= factor;
        self.buy_unopened *= factor;
    }
}
