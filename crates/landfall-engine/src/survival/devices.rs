//! How likely the devices of people are alive.

use std::collections::BTreeMap;

use landfall_domain::device::Device;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::person::Person;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::survival::{Estimate, Kind};
use landfall_store::{Store, StoreError};

use super::Survival;
use super::lives::receipts;
use crate::workspace::Workspace;

/// Deliveries of a person in which a receipt is looked for, newest first.
const DELIVERIES: usize = 200;

/// What is known of whether a device is still there.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceLiveness {
    /// The device.
    pub device: DeviceKey,
    /// Its token.
    pub token: String,
    /// The last sign of life: it was used or registered, or reported a receipt.
    pub last_sign: Timestamp,
    /// Its last receipt, if there was one.
    pub last_receipt: Option<Timestamp>,
    /// Whether its provider takes the token.
    pub valid: bool,
    /// The probability that it is alive; `None`: too little is known, or the provider rejected the token.
    pub alive: Option<Estimate>,
}

/// The last receipt of each device among deliveries.
pub(super) type Receipts = BTreeMap<DeviceKey, Timestamp>;

impl DeviceLiveness {
    pub(super) fn of(
        device: &Device,
        last_receipt: Option<Timestamp>,
        known: Option<&Survival>,
        now: Timestamp,
    ) -> Self {
        let last_sign = device.last_used.max(device.refreshed_at);
        let last_sign = last_receipt.map_or(last_sign, |at| at.max(last_sign));
        let kind = Kind {
            platform: device.token.platform.name().into(),
            reports: last_receipt.is_some(),
            app_version: device
                .attributes
                .get("app_version")
                .map(|version| version.as_str().into()),
        };
        let silent = now.since(last_sign).max(0) as f64 / DAY_MS as f64;
        let valid = device.is_valid();
        let known = known.filter(|_| valid);
        Self {
            device: device.key,
            token: device.token.token.clone(),
            last_sign,
            last_receipt,
            valid,
            alive: known.and_then(|known| known.alive(&kind, silent)),
        }
    }
}

/// The last receipts of a person's devices, as far as the newest deliveries tell.
pub(super) fn last_receipts(store: &dyn Store, person: &Person) -> Result<Receipts, StoreError> {
    let absorbed = person.absorbed.iter().map(|absorbed| absorbed.key);
    let records: Vec<PersonKey> = std::iter::once(person.key).chain(absorbed).collect();
    let page = store.deliveries_of(&records, None, DELIVERIES)?;
    let mut last = Receipts::new();
    for (device, at) in page.deliveries.iter().flat_map(receipts) {
        let known = last.entry(device).or_insert(at);
        *known = at.max(*known);
    }
    Ok(last)
}

impl Workspace {
    /// How likely each device of a person is alive.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn liveness_of(&self, person: Person) -> Result<Vec<DeviceLiveness>, StoreError> {
        let now = self.now();
        self.read(move |store| {
            let known = Survival::read(store)?;
            let receipts = last_receipts(store, &person)?;
            let devices = person.devices.values().map(|device| {
                let receipt = receipts.get(&device.key).copied();
                DeviceLiveness::of(device, receipt, known.as_ref(), now)
            });
            Ok(devices.collect())
        })
        .await
    }
}
