//! Where a page of activities begins.

use landfall_board::Position;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::time::Timestamp;

use super::{Item, Origin};
use crate::routes::app::params::{Params, cursor};
use crate::routes::app::refusal::Refusal;

/// Cursor of lists of activities.
const TAG: &str = "a";

/// Where the page begins: stored activities are below `number`; deliveries come after `position`,
/// and of the one at `position` only the marks below `mark`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) number: Option<u64>,
    pub(super) position: Option<Position>,
    pub(super) mark: usize,
}

/// The position that `position` itself comes after.
pub(super) fn just_before(position: Position) -> Position {
    match position.delivery.0.checked_add(1) {
        Some(key) => Position {
            delivery: DeliveryKey(key),
            ..position
        },
        None => Position {
            created: position.created.plus_millis(1),
            delivery: DeliveryKey(0),
        },
    }
}

impl Place {
    /// What the query's cursor says; without one, the beginning.
    pub(super) fn of(params: &Params) -> Result<Self, Refusal> {
        let beginning = Self {
            number: None,
            position: None,
            mark: usize::MAX,
        };
        params.start(TAG)?.map_or(Ok(beginning), Self::read)
    }

    fn read([number, created, delivery, mark]: [i64; 4]) -> Result<Self, Refusal> {
        let foreign = |_| Refusal::bad("start: not a cursor of this list");
        let delivery = u32::try_from(delivery).map_err(foreign)?;
        let created = Timestamp::from_millis(created);
        let position = Position {
            created,
            delivery: DeliveryKey(delivery),
        };
        Ok(Self {
            number: u64::try_from(number).ok(),
            position: (mark >= 0).then_some(position),
            mark: usize::try_from(mark).unwrap_or(usize::MAX),
        })
    }

    /// Behind the shown items.
    pub(super) fn after(self, items: &[Item]) -> Self {
        items.iter().fold(self, |place, item| match item.origin {
            Origin::Stored(number) => Self {
                number: Some(number),
                ..place
            },
            Origin::Delivery(position, mark) => Self {
                position: Some(position),
                mark,
                ..place
            },
        })
    }

    pub(super) fn text(self) -> String {
        let number = self
            .number
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(-1);
        let (created, delivery, mark) = match self.position {
            Some(position) => {
                let mark = i64::try_from(self.mark).unwrap_or(i64::MAX);
                (
                    position.created.millis(),
                    i64::from(position.delivery.0),
                    mark,
                )
            }
            None => (0, 0, -1),
        };
        cursor(TAG, &[number, created, delivery, mark])
    }
}
