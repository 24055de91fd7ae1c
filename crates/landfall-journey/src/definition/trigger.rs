//! What starts a run (semantics.md 6.1).

use landfall_audience::{EventFilter, TimeOfDay};
use landfall_domain::identifier::IdentifierKind;
use landfall_domain::ids::SegmentId;

use super::step::Zone;
use crate::span::Span;

/// What starts a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// The person does something.
    Event(EventFilter),
    /// The person enters a segment.
    SegmentEntered(SegmentId),
    /// The person leaves a segment.
    SegmentLeft(SegmentId),
    /// A date that an attribute holds comes, or comes near.
    Date(DateTrigger),
    /// An event about a product reaches the people who showed interest in it: back in stock, price drop.
    Product(ProductTrigger),
    /// A call of the API starts it for an audience.
    Api,
    /// A moment comes.
    Schedule(Schedule),
    /// Somebody's server calls.
    Webhook(WebhookTrigger),
}

/// How often a date comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Only at the date itself.
    Once,
    /// On its day of each month; the last day of months that are too short.
    Monthly,
    /// On its day of each year; 28 February for 29 February in years that have none.
    Yearly,
}

/// A date that an attribute holds.
#[derive(Clone, Debug, PartialEq)]
pub struct DateTrigger {
    /// Path of the attribute.
    pub attribute: String,
    /// How many whole days before (negative) or after the date.
    pub offset_days: i32,
    /// At which time of that day.
    pub at: TimeOfDay,
    /// In which zone.
    pub zone: Zone,
    /// How often.
    pub repeat: Repeat,
}

/// An event about a product, and how people show interest in one.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductTrigger {
    /// The event about the product. It belongs to nobody, or to whoever tells about the inventory.
    pub event: EventFilter,
    /// Path of the product's id in that event's data.
    pub product: String,
    /// The price must have dropped.
    pub drop: Option<PriceDrop>,
    /// How people show interest.
    pub interest: Vec<Interest>,
    /// How long an interest lasts.
    pub within: Span,
}

/// A price and what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceDrop {
    /// Path of the price now.
    pub price: String,
    /// Path of the price before.
    pub was: String,
    /// By at least this much, in percent of the price before.
    pub percent: f64,
}

/// A sign that somebody is interested in a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interest {
    /// An event of the person names it.
    Event {
        /// Name of the event.
        name: String,
        /// Path of the product's id, or of a list of ids, in the event's data.
        product: String,
    },
    /// An attribute of the person names it: a wishlist. Such an interest does not age.
    Attribute {
        /// Path of the id or list of ids.
        path: String,
    },
}

/// How a call of somebody's server becomes a person at the door. Paths lead into the call's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookTrigger {
    /// What kind of name the person is called by.
    pub kind: IdentifierKind,
    /// Where the name stands.
    pub person: String,
    /// Where the data stand that conditions and templates see as the event's; `None`: all of the body.
    pub data: Option<String>,
    /// Where the id of the call stands: of two calls with one id, the second does nothing. `None`: only a
    /// header says it.
    pub key: Option<String>,
    /// What becomes of a call about somebody who is not known.
    pub unknown: Unknown,
}

/// What becomes of a call about somebody who is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It is refused.
    Refuse,
    /// The person becomes known.
    Create,
}

impl Default for WebhookTrigger {
    /// The person by `id`, the data all of the body; who is not known is refused.
    fn default() -> Self {
        Self {
            kind: IdentifierKind::Id,
            person: "id".to_owned(),
            data: None,
            key: None,
            unknown: Unknown::Refuse,
        }
    }
}

/// A moment at which a broadcast begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Date and time by the wall, `2026-12-01T09:00`.
    pub at: String,
    /// In which zone; each person's own spreads the start over a day.
    pub zone: Zone,
    /// To whom: a segment; `None`: everybody who passes the filter.
    pub segment: Option<SegmentId>,
    /// At most so many people for each span.
    pub rate: Option<(u32, Span)>,
}
