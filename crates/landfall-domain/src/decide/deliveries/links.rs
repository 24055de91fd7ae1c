//! What the rules of deliveries ask of the rules of people and devices, and nothing else.

use super::super::Arrival;
use crate::activity::PersonInput;
use crate::channel::Platform;
use crate::ids::{DeliveryKey, DeviceKey, PersonKey};
use crate::input::PersonHandle;
use crate::working_set::WorkingSet;

/// The person of a handle, made known if nobody has any of its identifiers.
pub(super) fn person(
    set: &mut WorkingSet,
    handle: &PersonHandle,
    arrival: Arrival,
) -> Option<PersonKey> {
    set.person_for_handle(handle, arrival)
}

/// The device of a token, made known without an owner if nobody registered it yet. A report that
/// names a platform means the device of that platform; otherwise any device of the token will do.
pub(super) fn device(set: &mut WorkingSet, token: &str, platform: Option<Platform>) -> DeviceKey {
    set.device_for_token("", token, platform)
}

/// Tells the owner's device what its last push came to.
pub(super) fn answered(set: &mut WorkingSet, device: DeviceKey, accepted: bool, arrival: Arrival) {
    set.device_answered(device, accepted, arrival);
}

/// Records that a person opted out of everything through a delivery.
pub(super) fn opted_out(
    set: &mut WorkingSet,
    person: PersonKey,
    delivery: DeliveryKey,
    arrival: Arrival,
) {
    let input = PersonInput::SubscriptionChanged {
        topic: None,
        subscribed: false,
        delivery: Some(delivery),
    };
    set.note(person, input, arrival);
}
