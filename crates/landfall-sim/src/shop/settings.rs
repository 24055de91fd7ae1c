//! The numbers of a shop, each with where its range comes from.

use super::rhythm::Rhythm;

/// One number for each platform of phones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platforms {
    /// On iOS.
    pub ios: f64,
    /// On Android.
    pub android: f64,
}

/// The numbers of a shop. Shares are from 0 to 1. Where a source names a range, the value lies in it
/// (calibration.md, "Starting ranges for a D2C shop", unless another line of it is named).
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// People who buy.
    pub customers: u32,
    /// Carts that are left on an average day.
    pub carts_per_day: u32,
    /// Share of people who leave carts that have the app. Of all customers it is 0.25 to 0.45; carts
    /// that can be recovered are mostly those of the app (ours).
    pub app: f64,
    /// Share of apps on iOS.
    pub ios: f64,
    /// Notifications permitted, given the app: 0.50 to 0.65 on iOS, 0.60 to 0.75 on Android.
    pub permission: Platforms,
    /// A token that is valid, given permission: 0.93 to 0.98.
    pub token: f64,
    /// A provider takes the push, given a valid token: 0.94 to 0.99.
    pub accepted: f64,
    /// The same for tokens of half a year and more: 0.70 to 0.90.
    pub accepted_old: f64,
    /// The phone shows it, given that it was taken: 0.80 to 0.95 on iOS, 0.55 to 0.90 on Android.
    pub shown: Platforms,
    /// The app reports what it showed: 0.60 to 0.90 on iOS, 0.90 to 0.98 on Android.
    pub receipt: Platforms,
    /// Opened, given shown: 0.08 to 0.16 for triggered messages.
    pub open: f64,
    /// The second reminder is opened this much less.
    pub second: f64,
    /// Bought, given opened: 0.03 to 0.10.
    pub buy: f64,
    /// Median basket in whole units of the currency, with a log-normal tail.
    pub basket: f64,
    /// Spread of the basket's logarithm.
    pub basket_spread: f64,
    /// Opted out of everything.
    pub unsubscribed: f64,
    /// Over the cap of messages.
    pub capped: f64,
    /// In quiet hours.
    pub quiet: f64,
    /// An e-mail of the fallback is opened. The value follows from "E-mail fallback value", 3.65 a
    /// recipient of an abandoned cart's flow.
    pub mail_open: f64,
    /// Bought, given that the e-mail was opened.
    pub mail_buy: f64,
    /// Days until half of the phones have a new release: 5 to 10.
    pub adoption_half_life: f64,
    /// How busy the days of the week are, from Monday; 1 on average.
    pub weekday: [f64; 7],
    /// How much busier the days around payday are.
    pub payday: f64,
    /// Spread of the logarithm of a day's carts beyond all that.
    pub day_spread: f64,
    /// Bought, given that the push was shown and not opened: the reminder works without a tap.
    pub buy_unopened: f64,
    /// Versions of the app and the days, counted from the opening, on which they ship; rising.
    pub releases: [(&'static str, i32); 3],
    /// When people order without having left a cart. The shop by counts knows carts only.
    pub rhythm: Rhythm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            customers: 200_000,
            carts_per_day: 6_000,
            app: 0.70,
            ios: 0.45,
            permission: Platforms {
                ios: 0.62,
                android: 0.72,
            },
            token: 0.95,
            accepted: 0.98,
            accepted_old: 0.86,
            shown: Platforms {
                ios: 0.92,
                android: 0.80,
            },
            receipt: Platforms {
                ios: 0.80,
                android: 0.95,
            },
            open: 0.12,
            second: 0.75,
            buy: 0.09,
            basket: 52.0,
            basket_spread: 0.55,
            unsubscribed: 0.02,
            capped: 0.03,
            quiet: 0.02,
            mail_open: 0.35,
            mail_buy: 0.012,
            adoption_half_life: 6.0,
            weekday: [0.95, 0.93, 0.95, 0.98, 1.02, 1.08, 1.09],
            payday: 1.15,
            day_spread: 0.03,
            buy_unopened: 0.004,
            releases: [("5.0", -60), ("5.1", 14), ("5.2", 49)],
            rhythm: Rhythm::Carts,
        }
    }
}
