//! Other products' words (competitors.md A.0; semantics.md 2.1 and 2.8).

use super::Term;

const fn term(
    product: &'static str,
    word: &'static str,
    metric: Option<&'static str>,
    differs: &'static str,
) -> Term {
    Term {
        product,
        word,
        metric,
        differs,
    }
}

/// Every word that is translated, by product.
pub const TERMS: &[Term] = &[
    term(
        "Customer.io",
        "Sent",
        Some("sent"),
        "The same: a provider took it for at least one device.",
    ),
    term(
        "Customer.io",
        "Delivered",
        Some("delivered"),
        "The same report of the SDK. On iOS the extension reports what can be shown, on Android the app what it received; versions without the SDK never report.",
    ),
    term("Customer.io", "Opened", Some("opened"), "The same."),
    term(
        "Customer.io",
        "Converted",
        Some("converted"),
        "There also messages that were only sent may get the credit, by the campaign's setting.",
    ),
    term(
        "Customer.io",
        "Suppressed",
        Some("dropped"),
        "The same; deliveries are called dropped there too.",
    ),
    term(
        "Braze",
        "Sends",
        None,
        "Handed to APNs or FCM, accepted or not: sent and bounced together.",
    ),
    term(
        "Braze",
        "Deliveries",
        Some("sent"),
        "Sends minus bounces, which is what a provider took. No device said anything.",
    ),
    term(
        "Braze",
        "Direct Opens",
        Some("opened"),
        "The same: the push was tapped.",
    ),
    term(
        "Braze",
        "Influenced Opens",
        None,
        "The app was opened some time after a push. It is no proof that anybody saw the push.",
    ),
    term(
        "OneSignal",
        "Delivered",
        Some("sent"),
        "Accepted by the provider.",
    ),
    term(
        "OneSignal",
        "Confirmed",
        Some("delivered"),
        "A receipt of the device; there without those that opens prove.",
    ),
    term(
        "OneSignal",
        "CTR",
        None,
        "Opened over accepted. Here opened is a share of delivered; ask for `opened/sent`.",
    ),
    term(
        "Iterable",
        "Push Sends",
        None,
        "Attempts on every enabled device: one for each target, accepted or not.",
    ),
    term(
        "Iterable",
        "Pushes Delivered",
        Some("sent"),
        "Sent minus bounced; uninstalls that are found later are taken off again.",
    ),
    term(
        "Klaviyo",
        "Received Push",
        Some("sent"),
        "Accepted by the provider.",
    ),
    term(
        "MoEngage",
        "Sent",
        Some("sent"),
        "The same: accepted by the provider.",
    ),
    term(
        "MoEngage",
        "Impressions",
        Some("delivered"),
        "Shown by the SDK. On iOS only when a switch is on; otherwise impressions equal sent.",
    ),
    term(
        "Pushwoosh",
        "Sent",
        None,
        "Attempts on devices with a token, accepted or not.",
    ),
    term(
        "Pushwoosh",
        "Delivered",
        Some("delivered"),
        "A receipt of the SDK; without extra work on iOS it covers Android only.",
    ),
    term(
        "Firebase",
        "Sends",
        Some("sent"),
        "Queued, or handed to APNs.",
    ),
    term(
        "Firebase",
        "Received",
        Some("delivered"),
        "Android with SDK 18.0.1 or newer only, up to a day late.",
    ),
    term(
        "Firebase",
        "Impressions",
        None,
        "Shown while the app was in the background. The mark `displayed` comes closest.",
    ),
    term(
        "Apple",
        "Delivered to device",
        Some("delivered"),
        "APNs' own view, rounded and not by message.",
    ),
    term(
        "Expo",
        "Receipt",
        Some("sent"),
        "APNs or FCM took it: not a receipt of a device.",
    ),
];
