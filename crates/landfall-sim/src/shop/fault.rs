//! The catalogue of faults.

use landfall_domain::channel::Platform;

macro_rules! listed {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $says:literal])+ $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $says])+ $variant),+ }

        impl $name {
            /// Every member.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that commands take and tables show.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// What it is, in a sentence.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => concat!($($says),+).trim_ascii()),+ }
            }

            /// The member of that name, if there is one.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

listed!(
    /// What can be planted.
    Fault {
        /// iOS 5.2 ships and loses tokens: pushes to it are rejected as unregistered.
        TokenChurn = "token_churn",
        /// A release of Android no longer asks for permission.
        PromptRemoved = "prompt_removed",
        /// The key of APNs is revoked.
        KeyRevoked = "key_revoked",
        /// One build of Android registers with another project of FCM.
        SenderMismatch = "sender_mismatch",
        /// FCM expires what was registered long ago.
        ExpiryWave = "expiry_wave",
        /// FCM begins to refuse a key of the second reminder's payload.
        ProviderRules = "provider_rules",
        /// The SDK of iOS 5.2 loses receipts; the messages arrive.
        ReceiptsLost = "receipts_lost",
        /// Phones report everything twice.
        ReceiptsDoubled = "receipts_doubled",
        /// An update of one maker's Android kills apps in the background.
        BatteryKiller = "battery_killer",
        /// The time to live of the first reminder is set to minutes.
        TtlTooShort = "ttl_too_short",
        /// Phones' clocks go wrong by hours.
        ClockSkew = "clock_skew",
        /// Merging people leaves tokens behind.
        MergeStrandsTokens = "merge_strands_tokens",
        /// Phones are registered twice.
        DoubleRegistration = "double_registration",
        /// Quiet hours are set in the wrong zone.
        QuietHoursWrong = "quiet_hours_wrong",
        /// The cap of messages is lowered.
        CapChanged = "cap_changed",
        /// The second reminder's template fails for most carts.
        TemplateAbort = "template_abort",
        /// The trigger's condition loses part of the carts.
        SegmentShrink = "segment_shrink",
        /// The first reminder gets a text that nobody opens.
        WorseCreative = "worse_creative",
        /// The discount gets smaller.
        SmallerDiscount = "smaller_discount",
        /// Baskets get smaller.
        SmallerBaskets = "smaller_baskets",
        /// Part of the products is sold out.
        StockOut = "stock_out",
        /// Orders are no longer reported.
        OrderTracking = "order_tracking",
        /// Everybody buys less for a while, by every channel.
        Seasonality = "seasonality",
        /// Nothing at all.
        Nothing = "nothing",
    }
);

listed!(
    /// Where a fault lies, in the words of a verdict.
    Stage {
        /// Messages do not arrive.
        Delivery = "delivery",
        /// Messages arrive, and their receipts do not.
        Measurement = "measurement",
        /// Fewer people can be reached.
        Coverage = "coverage",
        /// Fewer people qualify or may be sent to.
        Eligibility = "eligibility",
        /// Messages arrive and are opened less.
        Engagement = "engagement",
        /// Messages are opened, and less is bought.
        Offer = "offer",
        /// What is bought is not reported.
        OrderTracking = "order_tracking",
        /// The season, not the journey.
        Seasonality = "seasonality",
        /// Nothing happened.
        Nothing = "nothing",
    }
);

/// Which rows a fault touches, as far as rows tell. All that are given must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Platform of the device.
    pub platform: Option<Platform>,
    /// Version of the app.
    pub app_version: Option<&'static str>,
    /// Model of the device.
    pub model: Option<&'static str>,
    /// Number of the step within the journey about carts.
    pub step: Option<u64>,
    /// Tokens of half a year and more.
    pub old_tokens: bool,
}

impl Slice {
    /// Everything.
    pub const ALL: Self = Self {
        platform: None,
        app_version: None,
        model: None,
        step: None,
        old_tokens: false,
    };

    const fn version(platform: Platform, version: &'static str) -> Self {
        Self {
            platform: Some(platform),
            app_version: Some(version),
            ..Self::ALL
        }
    }

    const fn step(step: u64) -> Self {
        Self {
            step: Some(step),
            ..Self::ALL
        }
    }
}

/// The release with which faults of releases come.
pub(super) const BAD_RELEASE: &str = "5.2";
/// The maker whose update kills apps.
pub(super) const KILLER: &str = "M-12";

impl Fault {
    /// Where a verdict should look for it.
    pub const fn stage(self) -> Stage {
        match self {
            Self::TokenChurn
            | Self::KeyRevoked
            | Self::SenderMismatch
            | Self::ExpiryWave
            | Self::ProviderRules
            | Self::BatteryKiller
            | Self::TtlTooShort
            | Self::TemplateAbort => Stage::Delivery,
            Self::ReceiptsLost => Stage::Measurement,
            Self::PromptRemoved | Self::MergeStrandsTokens => Stage::Coverage,
            Self::QuietHoursWrong | Self::CapChanged | Self::SegmentShrink => Stage::Eligibility,
            Self::WorseCreative => Stage::Engagement,
            Self::SmallerDiscount | Self::SmallerBaskets | Self::StockOut => Stage::Offer,
            Self::OrderTracking => Stage::OrderTracking,
            Self::Seasonality => Stage::Seasonality,
            // Marks are sets: what is reported twice counts once, and a wrong clock is clamped.
            Self::ReceiptsDoubled | Self::ClockSkew | Self::DoubleRegistration | Self::Nothing => {
                Stage::Nothing
            }
        }
    }

    /// Which rows it touches; [`Slice::ALL`] when all, or when rows cannot tell (nobody has a device in
    /// the rows of people who cannot be reached).
    pub const fn slice(self) -> Slice {
        match self {
            Self::TokenChurn | Self::ReceiptsLost => Slice::version(Platform::Ios, BAD_RELEASE),
            Self::SenderMismatch => Slice::version(Platform::Android, BAD_RELEASE),
            Self::KeyRevoked => Slice {
                platform: Some(Platform::Ios),
                ..Slice::ALL
            },
            Self::ExpiryWave => Slice {
                platform: Some(Platform::Android),
                old_tokens: true,
                ..Slice::ALL
            },
            Self::ProviderRules => Slice {
                platform: Some(Platform::Android),
                step: Some(2),
                ..Slice::ALL
            },
            Self::BatteryKiller => Slice {
                platform: Some(Platform::Android),
                model: Some(KILLER),
                ..Slice::ALL
            },
            Self::TtlTooShort | Self::WorseCreative => Slice::step(1),
            Self::TemplateAbort => Slice::step(2),
            _ => Slice::ALL,
        }
    }
}
