//! What goes into the board: one [`RowUpdate`] for each target of a delivery.

use std::sync::Arc;

use landfall_domain::channel::{Platform, Provider};
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey, TargetIndex};
use landfall_domain::marks::Marks;
use landfall_domain::time::{DAY_MS, Timestamp};

/// The whole present state of one row. Rows are identified by delivery and target; giving a row
/// again replaces what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowUpdate {
    /// The delivery.
    pub delivery: DeliveryKey,
    /// Which target of the delivery; 0 for a delivery without targets.
    pub target: TargetIndex,
    /// When the delivery was created. Time ranges and buckets of [`crate::Basis::Created`] use it.
    pub created: Timestamp,
    /// The message, a position in the catalogue that queries are given.
    pub message: MessageKey,
    /// To whom, when known.
    pub person: Option<PersonKey>,
    /// To which device; `None` for a delivery without targets.
    pub device: Option<DeviceKey>,
    /// What is known of the device.
    pub dims: DeviceDims,
    /// What happened to this target, with first times.
    pub marks: Marks,
    /// How it ended.
    pub fate: FateCodes,
    /// What the delivery earned. Give it on one row of the delivery only: it is summed over rows.
    pub revenue: Option<Revenue>,
}

/// How a target and its delivery ended, as numbers of closed lists that the caller owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FateCodes {
    /// Outcome of the target.
    pub target_outcome: u8,
    /// Reason for the target's outcome.
    pub target_reason: u16,
    /// The delivery's status.
    pub status: u8,
    /// Outcome of the delivery.
    pub outcome: u8,
    /// Reason for the delivery's outcome.
    pub reason: u16,
    /// Eight yes-or-no facts whose meaning the caller owns.
    pub flags: u8,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revenue {
    /// Amount in the currency's smallest unit.
    pub minor: i64,
    /// In which currency.
    pub currency: Currency,
}

/// A currency by its three letters of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(pub [u8; 3]);

impl Currency {
    /// ISO 4217's code for no currency.
    pub const NONE: Self = Self(*b"XXX");

    /// The letters; `???` when they are not text.
    pub fn letters(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

/// What is known of the device of a row. Empty for a delivery without targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceDims {
    /// Platform.
    pub platform: Option<Platform>,
    /// Who carries messages to it.
    pub provider: Option<Provider>,
    /// Which app it runs: bundle id, package name or origin.
    pub app: Option<Arc<str>>,
    /// Version of the app.
    pub app_version: Option<Arc<str>>,
    /// Version of the operating system.
    pub os_version: Option<Arc<str>>,
    /// Version of the messaging SDK.
    pub sdk_version: Option<Arc<str>>,
    /// Model.
    pub device_model: Option<Arc<str>>,
    /// Age of the token when the delivery was created.
    pub token_age: TokenAge,
    /// Whether notifications are permitted, when known.
    pub permission: Option<bool>,
    /// Whether its app has shown that it reports receipts.
    pub receipt_capable: bool,
}

/// Age of a push token, in buckets. Each bucket holds its lower bound and not its upper one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenAge {
    /// No token, or nobody knows since when.
    #[default]
    Unknown,
    /// Younger than a day.
    UnderDay,
    /// One day to a week.
    UnderWeek,
    /// One week to 30 days.
    UnderMonth,
    /// 30 to 90 days.
    UnderQuarter,
    /// 90 to 180 days.
    UnderHalfYear,
    /// 180 to 365 days.
    UnderYear,
    /// 365 days or more.
    YearOrMore,
}

impl TokenAge {
    /// Every bucket, youngest first after unknown.
    pub const ALL: [Self; 8] = [
        Self::Unknown,
        Self::UnderDay,
        Self::UnderWeek,
        Self::UnderMonth,
        Self::UnderQuarter,
        Self::UnderHalfYear,
        Self::UnderYear,
        Self::YearOrMore,
    ];

    /// The bucket of a token of that age in milliseconds; negative counts as new.
    pub const fn of_millis(age: i64) -> Self {
        match age.div_euclid(DAY_MS) {
            ..1 => Self::UnderDay,
            1..7 => Self::UnderWeek,
            7..30 => Self::UnderMonth,
            30..90 => Self::UnderQuarter,
            90..180 => Self::UnderHalfYear,
            180..365 => Self::UnderYear,
            _ => Self::YearOrMore,
        }
    }

    /// Stable name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::UnderDay => "under_1d",
            Self::UnderWeek => "1d_to_7d",
            Self::UnderMonth => "7d_to_30d",
            Self::UnderQuarter => "30d_to_90d",
            Self::UnderHalfYear => "90d_to_180d",
            Self::UnderYear => "180d_to_365d",
            Self::YearOrMore => "365d_or_more",
        }
    }

    /// The bucket of that name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|age| age.name() == name)
    }
}
