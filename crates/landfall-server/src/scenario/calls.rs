//! Calls of the SDKs as inputs, as the doors make them.

use std::collections::BTreeMap;

use landfall_domain::input::{Body, DeviceReport, Input, Source};
use landfall_domain::marks::Mark;
use landfall_sim::phones::{Happening, Registration, What};

use super::calendar::who;

/// A call as the input that the Pipelines API, or the one for receipts, makes of it.
pub(super) fn input(call: &Happening) -> Input {
    let token = call.token.to_string();
    let receipt = |delivery_id: &str, mark| Body::Receipt {
        delivery_id: delivery_id.to_owned(),
        mark,
        recipient: Some(token.clone()),
        reason: None,
        href: None,
    };
    let body = match &call.what {
        What::Registered(device) => registered(call, device),
        What::Deleted { person } => who(*person).map(|who| Body::DeleteDevice {
            who,
            token: token.clone(),
            platform: Some(call.platform),
        }),
        What::Delivered { delivery_id } => Some(receipt(delivery_id, Mark::Delivered)),
        What::Opened { delivery_id } => Some(receipt(delivery_id, Mark::Opened)),
    };
    Input {
        source: match call.stated_at {
            Some(_) => Source::Sdk,
            None => Source::Receipt,
        },
        at: call.stated_at,
        sent_at: call.sent_at,
        dedupe_key: None,
        // Names of people are never blank, so that there always is one.
        body: body.unwrap_or_else(|| receipt("", Mark::Delivered)),
    }
}

fn registered(call: &Happening, device: &Registration) -> Option<Body> {
    let attributes = [
        ("app_version", device.app_version.as_str()),
        ("cio_sdk_version", &device.sdk_version),
        ("device_os", device.os),
        ("device_model", device.model),
        (
            "push_enabled",
            if device.permission { "true" } else { "false" },
        ),
    ];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Body::AddDevice {
        who: who(device.person)?,
        device: DeviceReport {
            app: String::new(),
            platform: call.platform,
            token: call.token.to_string(),
            last_used: call.stated_at,
            attributes: BTreeMap::from(attributes),
        },
    })
}
