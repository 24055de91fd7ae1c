//! A delivery as the board's rows.

use std::sync::Arc;

use landfall_board::{Currency, DeviceDims, FateCodes, Revenue, RowUpdate, TokenAge};
use landfall_domain::credit::minor_units;
use landfall_domain::delivery::{Delivery, Snapshot, Target};
use landfall_domain::fact::TargetKey;
use landfall_domain::marks::{Mark, Marks, MarksView};
use landfall_domain::reason::Reason;
use landfall_domain::status::{self, Confirmation};
use landfall_domain::time::Timestamp;

/// [`FateCodes::flags`]: the delivered mark was not reported but follows from another mark.
pub const FLAG_DELIVERED_INFERRED: u8 = 1;

/// The board's rows of a delivery: one for each target, or one without a device.
pub fn rows(delivery: &Delivery) -> Vec<RowUpdate> {
    let earner = earner(delivery);
    if delivery.targets.is_empty() {
        return vec![row(delivery, 0, None, earner)];
    }
    let targets = delivery.targets.iter().enumerate();
    targets
        .map(|(index, target)| row(delivery, index, Some(target), earner))
        .collect()
}

fn row(delivery: &Delivery, index: usize, target: Option<&Target>, earner: usize) -> RowUpdate {
    let view = marks(delivery, index, target, earner);
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
        revenue: revenue(delivery).filter(|_| index == earner),
    }
}

/// Marks of a row: the target's; the first row carries the delivery's own marks too, and the row that earned
/// what conversions brought, so that each is counted on exactly one row.
fn marks(delivery: &Delivery, index: usize, target: Option<&Target>, earner: usize) -> MarksView {
    let whole = (index == 0).then_some(&delivery.marks);
    let own = target.map(|target| &target.marks);
    let credited = delivery.credits.marks();
    let credited = (index == earner).then_some(&credited);
    MarksView::of(
        whole.into_iter().chain(credited).chain(own),
        delivery.channel,
        delivery.created_at,
    )
}

/// The target through which the person was reached first, as far as is known: opened before delivered. What
/// a delivery earned is counted where its platform and app version are those of that device.
fn earner(delivery: &Delivery) -> usize {
    if delivery.credits.is_empty() {
        return 0;
    }
    let targets = delivery.targets.iter().enumerate();
    let touches = targets.map(|(index, target)| {
        let view = MarksView::of([&target.marks], delivery.channel, delivery.created_at);
        let when = |mark| view.at(mark).unwrap_or(Timestamp::MAX);
        (when(Mark::Opened), when(Mark::Delivered), index)
    });
    touches.min().map_or(0, |(_, _, index)| index)
}

/// What the last touch earned, refunds netted. People in the holdout got nothing, so what they bought is
/// nobody's revenue.
fn revenue(delivery: &Delivery) -> Option<Revenue> {
    let earned = delivery.credits.earned()?;
    let share = earned.shares.last;
    if earned.holdout || (share.weight == 0 && share.micros == 0) {
        return None;
    }
    let currency = earned.currency.as_deref();
    let currency = currency.map(str::to_ascii_uppercase);
    let letters = currency.as_deref().map(str::as_bytes);
    let letters = letters.filter(|letters| letters.iter().all(u8::is_ascii_uppercase));
    Some(Revenue {
        minor: minor_units(share.micros, currency.as_deref()),
        currency: letters
            .and_then(|letters| letters.try_into().ok())
            .map_or(Currency::NONE, Currency),
    })
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
