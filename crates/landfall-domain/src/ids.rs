//! Keys of rows. All are dense 32-bit numbers, handed out in order by the store, private to one
//! workspace: the board keeps millions of them in columns, so their width is a budget.
//!
//! Names that the outside world uses (`cio_id`, delivery id, push token) are strings and live on
//! the row that the key points to.

use serde::{Deserialize, Serialize};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
    };
}

key!(
    /// One person or anonymous visitor; never reused, survives changes of every identifier.
    PersonKey
);
key!(
    /// One push token of one platform, whoever owns it.
    DeviceKey
);
key!(
    /// One delivery.
    DeliveryKey
);
key!(
    /// One message as a catalogue entry: source, step, variant and channel
    /// ([`crate::message::MessageRef`]).
    MessageKey
);

key!(
    /// One run: a person's way through a journey.
    RunKey
);
key!(
    /// One journey, by the number of its document.
    JourneyId
);

/// Number of a segment, as the App API shows it.
pub type SegmentId = u32;

/// Position of a target within its delivery, from zero, in order of appearance.
pub type TargetIndex = u16;
