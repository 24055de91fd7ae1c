//! A delivery as the board's rows.

use std::sync::Arc;

use landfall_board::{DeviceDims, FateCodes, RowUpdate, TokenAge};
use landfall_domain::delivery::{Delivery, Snapshot, Target};
use landfall_domain::fact::TargetKey;
use landfall_domain::marks::{Mark, Marks, MarksView};
use landfall_domain::reason::Reason;
use landfall_domain::status::{self, Confirmation};

/// [`FateCodes::flags`]: the delivered mark was not reported but follows from another mark.
pub const FLAG_DELIVERED_INFERRED: u8 = 1;

/// The board's rows of a delivery: one for each target, or one without a device.
pub fn rows(delivery: &Delivery) -> Vec<RowUpdate> {
    if delivery.targets.is_empty() {
        return vec![row(delivery, 0, None)];
    }
    let targets = delivery.targets.iter().enumerate();
    targets
        .map(|(index, target)| row(delivery, index, Some(target)))
        .collect()
}

fn row(delivery: &Delivery, index: usize, target: Option<&Target>) -> RowUpdate {
    let view = marks(delivery, index, target);
    let mut shown: Marks = view.iter().map(|mark| (mark.mark, mark.at)).collect();
    shown.set(Mark::Created, delivery.created_at);
    let snapshot = target.and_then(|target| target.snapshot.as_ref());
    let device = target.and_then(|target| match target.key {
        TargetKey::Device(device) => Some(device),
        TargetKey::Address(_) => None,
    });
    let reported = view.has(Mark::Delivered) && !view.is_inferred(Mark::Delivered);
    let inferred = view.has(Mark::Delivered) && !reported;
    let target_outcome = target.map_or_else(
        || status::outcome(delivery),
        |t| status::target_outcome(delivery, t),
    );
    let target_reason = target.map_or_else(
        || status::reason(delivery),
        |t| status::target_reason(delivery, t),
    );
    RowUpdate {
        delivery: delivery.key,
        target: u16::try_from(index).unwrap_or(u16::MAX),
        created: delivery.created_at,
        message: delivery.message,
        person: delivery.person,
        device,
        dims: dims(snapshot, reported),
        marks: shown,
        fate: FateCodes {
            target_outcome: target_outcome.code(),
            target_reason: target_reason.map_or(0, Reason::code),
            status: status::landfall_status(delivery, Confirmation::Awaited).code(),
            outcome: status::outcome(delivery).code(),
            reason: status::reason(delivery).map_or(0, Reason::code),
            flags: if inferred { FLAG_DELIVERED_INFERRED } else { 0 },
        },
        revenue: None,
    }
}

/// Marks of a row: the target's; the first row carries the delivery's own marks too, so that each is
/// counted on exactly one row.
fn marks(delivery: &Delivery, index: usize, target: Option<&Target>) -> MarksView {
    let whole = (index == 0).then_some(&delivery.marks);
    let own = target.map(|target| &target.marks);
    MarksView::of(
        whole.into_iter().chain(own),
        delivery.channel,
        delivery.created_at,
    )
}

fn dims(snapshot: Option<&Snapshot>, reported: bool) -> DeviceDims {
    let Some(snapshot) = snapshot else {
        return DeviceDims {
            receipt_capable: reported,
            ..DeviceDims::default()
        };
    };
    let text = |value: &Option<String>| value.as_deref().map(Arc::from);
    let registered = snapshot.token_registered_at;
    DeviceDims {
        platform: snapshot.platform,
        provider: snapshot.provider,
        app: text(&snapshot.app),
        app_version: text(&snapshot.app_version),
        os_version: text(&snapshot.os_version),
        sdk_version: text(&snapshot.sdk_version),
        device_model: text(&snapshot.device_model),
        token_age: registered.map_or(TokenAge::Unknown, |at| {
            TokenAge::of_millis(snapshot.at.since(at))
        }),
        permission: snapshot.permission,
        receipt_capable: reported || snapshot.sdk_version.is_some(),
    }
}
