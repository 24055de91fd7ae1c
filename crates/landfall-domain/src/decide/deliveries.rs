//! Rules of deliveries: reports by whoever sent them, receipts by devices, names.

use super::{Arrival, Taken};
use crate::input::{DeliveryReport, Input};
use crate::message::NameOf;
use crate::working_set::WorkingSet;

pub(super) fn receipt(_: &mut WorkingSet, _: &Input, _: Arrival) -> Taken {
    Taken::Ignored
}

pub(super) fn report(_: &mut WorkingSet, _: &DeliveryReport, _: Arrival) -> Taken {
    Taken::Ignored
}

pub(super) fn name(_: &mut WorkingSet, _: &[(NameOf, String)]) -> Taken {
    Taken::Ignored
}
