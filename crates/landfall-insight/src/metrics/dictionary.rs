//! The metrics, in the order of the funnel.

use landfall_domain::marks::Mark;

use super::{Clock, Dedupe, Metric, Settles, after};

/// A count of deliveries.
const fn count(
    name: &'static str,
    says: &'static str,
    numerator: &'static str,
    settles: Settles,
) -> Metric {
    Metric {
        name,
        says,
        numerator,
        denominator: None,
        clock: Clock::Created,
        dedupe: Dedupe::Delivery,
        settles,
        version: 1,
    }
}

/// A share of deliveries.
const fn share(
    name: &'static str,
    says: &'static str,
    numerator: &'static str,
    denominator: &'static str,
    settles: Settles,
) -> Metric {
    Metric {
        denominator: Some(denominator),
        ..count(name, says, numerator, settles)
    }
}

/// Every metric.
pub const DICTIONARY: &[Metric] = &[
    Metric {
        name: "coverage",
        says: "Active people who can be reached by push.",
        numerator: "active people with at least one valid device that permits notifications",
        denominator: Some("people who did something in the time that is named"),
        clock: Clock::Asked,
        dedupe: Dedupe::Person,
        settles: Settles::AtOnce,
        version: 1,
    },
    count(
        "reached",
        "People who came to a message step: everything else is a part of it.",
        "deliveries, whatever became of them",
        Settles::AtOnce,
    ),
    share(
        "covered",
        "People at a step who have a device that can be reached.",
        "reached, but for those refused before sending for want of a device, token or permission",
        "reached",
        Settles::AtOnce,
    ),
    share(
        "eligible",
        "Covered people whom no rule holds back.",
        "covered, but for those held back by a cap, quiet hours, consent, suppression or a switch",
        "covered",
        Settles::AtOnce,
    ),
    count(
        "sent",
        "Taken by a provider. Not a proof of arrival, and never reach.",
        "deliveries that a provider accepted for at least one device or address",
        after(Mark::Sent),
    ),
    share(
        "sent_rate",
        "People at a step whose message a provider took.",
        "sent",
        "reached",
        after(Mark::Sent),
    ),
    count(
        "delivered",
        "Reported by a device, or proven by an open: a lower bound of what arrived.",
        "deliveries with a receipt, or with an open, tap or reply that implies one",
        after(Mark::Delivered),
    ),
    share(
        "delivered_rate",
        "Delivered, of all that a provider took: too low wherever devices cannot report.",
        "delivered",
        "sent",
        after(Mark::Delivered),
    ),
    Metric {
        dedupe: Dedupe::Target,
        ..share(
            "receipt_rate",
            "Receipts of devices that are able to report.",
            "targets with a reported receipt on devices that have shown that they report",
            "sent targets on such devices",
            after(Mark::Delivered),
        )
    },
    Metric {
        dedupe: Dedupe::Target,
        ..share(
            "capable_share",
            "How much of what was sent is able to report.",
            "sent targets on devices that have shown that they report",
            "sent targets",
            after(Mark::Sent),
        )
    },
    Metric {
        dedupe: Dedupe::Target,
        ..count(
            "unconfirmed",
            "Taken by a provider, and nobody said more: unknown, not failed.",
            "sent targets without a receipt and without anything that implies one",
            after(Mark::Delivered),
        )
    },
    Metric {
        dedupe: Dedupe::Target,
        ..share(
            "delivered_estimate",
            "What probably arrived: receipts, corrected by the share of opens that came without one. A lower bound when people who open also report more.",
            "receipts over the share of opens with a receipt, by platform, app version and SDK",
            "sent targets",
            after(Mark::Opened),
        )
    },
    count(
        "opened",
        "Tapped; for e-mail a loaded pixel or used link, for in-app a display.",
        "deliveries that were opened, by people or machines",
        after(Mark::Opened),
    ),
    share(
        "opened_rate",
        "Opened, of what is known to have arrived.",
        "opened",
        "delivered",
        after(Mark::Opened),
    ),
    count(
        "human_opened",
        "Opened by a person: e-mail without prefetching machines.",
        "deliveries whose open was not a machine's",
        after(Mark::HumanOpened),
    ),
    count(
        "clicked",
        "A tracked link was used.",
        "deliveries with a click",
        after(Mark::Clicked),
    ),
    share(
        "clicked_rate",
        "Clicked, of what is known to have arrived.",
        "clicked",
        "delivered",
        after(Mark::Clicked),
    ),
    count(
        "converted",
        "The journey's goal was met within its window, and this delivery got the credit.",
        "deliveries with the credit for a goal; only delivered or opened ones earn it",
        after(Mark::Converted),
    ),
    share(
        "converted_rate",
        "Converted, of what is known to have arrived.",
        "converted",
        "delivered",
        after(Mark::Converted),
    ),
    Metric {
        dedupe: Dedupe::Order,
        ..count(
            "revenue",
            "What credited orders brought, refunds taken off; by currency, never mixed.",
            "values of orders by last touch, in the currency's smallest unit",
            after(Mark::Converted),
        )
    },
    count(
        "bounced",
        "The provider rejected every address.",
        "deliveries with a rejection and without an acceptance",
        after(Mark::Bounced),
    ),
    count(
        "failed",
        "It never left: rendering, payload, credentials, or retries used up.",
        "deliveries that failed",
        after(Mark::Failed),
    ),
    count(
        "expired",
        "Its time to live passed before a provider took it.",
        "deliveries that expired",
        after(Mark::Expired),
    ),
    count(
        "dropped",
        "Not tried, because the address is suppressed.",
        "deliveries that were dropped",
        after(Mark::Dropped),
    ),
    count(
        "undeliverable",
        "Deliberately not sent; the reason says why.",
        "deliveries that were refused before sending",
        after(Mark::Undeliverable),
    ),
    share(
        "failure_rate",
        "Delivery problems, of what could have been sent. Reach and rules are no failures.",
        "deliveries whose reason is of the kind `delivery`",
        "eligible",
        after(Mark::Bounced),
    ),
];
