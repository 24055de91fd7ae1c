//! Where a target is.

use landfall_domain::channel::Channel;
use landfall_domain::device::Device;
use landfall_domain::fact::TargetKey;
use landfall_domain::work::Assignment;
use landfall_send::Address;

/// The address of an assignment's target; `None` for a device that is not known any more.
pub(super) fn address(assignment: &Assignment) -> Option<Address> {
    match (&assignment.work.target, assignment.work.channel) {
        (Some(TargetKey::Device(_)), _) => assignment.device.as_ref().map(of_device),
        (Some(TargetKey::Address(to)), Channel::Email) => Some(Address::Email(to.clone())),
        (Some(TargetKey::Address(to)), Channel::Sms) => Some(Address::Phone(to.clone())),
        (Some(TargetKey::Address(_)), _) => Some(Address::Configured),
        (None, _) => None,
    }
}

fn of_device(device: &Device) -> Address {
    let key = |name: &str| device.attributes.get(name).cloned();
    Address::Device {
        token: device.token.token.clone(),
        platform: device.token.platform,
        app: device.token.app.clone(),
        keys: key("p256dh").zip(key("auth")),
    }
}
