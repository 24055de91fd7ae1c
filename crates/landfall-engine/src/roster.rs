//! The roster: some twenty bytes about each person, so that coverage is a scan in memory.
//!
//! Coverage is the share of active people with at least one valid, permitted device (product.md).
//! The roster is a projection of people's states: rebuilt at start, updated after each commit.

mod slices;

pub use slices::By;

use landfall_domain::channel::Platform;
use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::{HOUR_MS, Timestamp};
use landfall_insight::coverage::{Place, Step};

/// What the roster keeps about a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    /// Hours since the epoch when the person was last active.
    active_hour: u32,
    /// The same of the last evidence of life of a device that could be reached; 0 without any.
    alive_hour: u32,
    /// The same of the beginning of the record.
    created_hour: u32,
    flags: u32,
    /// Numbers of texts: platform and app version of the device used last, and the country.
    version: u16,
    country: u16,
}

const LISTED: u32 = 1;
const UNSUBSCRIBED: u32 = 1 << 1;
const PUSH_OFF: u32 = 1 << 2;
/// Was sent something, as the board knows it; not part of the person's state.
const DELIVERIES: u32 = 1 << 3;
/// Has or had a device, as far as is known; not part of the person's state.
const HAD_DEVICE: u32 = 1 << 4;
/// Has an id of the application: an account. Others are known by an address only.
const ACCOUNT: u32 = 1 << 5;
/// Per platform: has any device; has a valid one; has a valid one that may show notifications
/// (permission on, or never said); has one whose permission was said to be on.
const DEVICE: u32 = 1 << 8;
const VALID: u32 = 1 << 12;
const PERMITTED: u32 = 1 << 16;
const CONFIRMED: u32 = 1 << 20;
const PLATFORMS: u32 = 0b111;

/// Why an active person cannot be reached by push, or that she can. Each active person is in
/// exactly one group; the first that applies in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// A valid device whose app may show notifications.
    Covered,
    /// Never registered a device, or lost all of them.
    NoDevice,
    /// Only devices whose token the provider rejected last time.
    TokenInvalid,
    /// Valid devices, but notifications are off on all of them.
    PermissionOff,
    /// Unsubscribed from everything or from push, though a device would do.
    Unsubscribed,
}

impl Reach {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Covered,
        Self::NoDevice,
        Self::TokenInvalid,
        Self::PermissionOff,
        Self::Unsubscribed,
    ];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::NoDevice => "no_device",
            Self::TokenInvalid => "token_invalid",
            Self::PermissionOff => "permission_off",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// Coverage of one group of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Active people, the denominator.
    pub active: u64,
    /// People by [`Reach::ALL`]; they add up to `active`.
    pub by_reach: [u64; Reach::ALL.len()],
    /// Covered people whose app said that permission is on (the rest never said).
    pub confirmed: u64,
}

impl Coverage {
    /// People in one group.
    pub const fn of(&self, reach: Reach) -> u64 {
        self.by_reach[reach as usize]
    }
}

/// All people of a workspace in compact form, indexed by key.
#[derive(Debug, Default)]
pub struct Roster {
    lines: Vec<Line>,
    texts: slices::Texts,
}

impl Roster {
    /// Takes a person's present state.
    pub fn set(&mut self, person: &Person) {
        let mut fresh = line(person);
        (fresh.version, fresh.country) = self.texts.of(person);
        let known = self.line_mut(person.key);
        fresh.flags |= known.flags & (DELIVERIES | HAD_DEVICE);
        *known = fresh;
    }

    /// Remembers that a person had a device once.
    pub(crate) fn note_device(&mut self, person: PersonKey) {
        self.line_mut(person).flags |= HAD_DEVICE;
    }

    /// People who have or had a device, at most so many, evenly spread over everybody.
    pub(crate) fn had_devices(&self, at_most: usize) -> Vec<PersonKey> {
        let had = |line: &Line| line.flags & HAD_DEVICE != 0;
        let all = self.lines.iter().filter(|line| had(line)).count();
        let every = all.div_ceil(at_most.max(1)).max(1);
        let keys = (0..).map(PersonKey).zip(&self.lines);
        let had = keys.filter(|(_, line)| had(line)).map(|(key, _)| key);
        had.step_by(every).collect()
    }

    /// Anonymous profiles that hold a device, and how many records there are in all. Merged and deleted ones
    /// hold none.
    pub(crate) fn visitors_with_devices(&self) -> (Vec<PersonKey>, u64) {
        let anonymous =
            |line: &Line| line.flags & LISTED == 0 && line.flags & (DEVICE * PLATFORMS) != 0;
        let keys = (0..).map(PersonKey).zip(&self.lines);
        let visitors = keys.filter(|(_, line)| anonymous(line)).map(|(key, _)| key);
        (visitors.collect(), self.lines.len() as u64)
    }

    /// Where everybody is, by key and as the place in [`Place::all`]: among people who were active at or after
    /// `since`, those whose devices gave no sign of life since `stale` are silent for too long.
    pub fn places(&self, since: Timestamp, stale: Timestamp) -> Vec<u8> {
        let (since, stale) = (hour(since), hour(stale));
        let number = |line: &Line| match place(line, PLATFORMS, since, stale) {
            Place::Outside => 0,
            Place::LostAt(step) => 1 + step as u8,
            Place::Reachable => 7,
        };
        self.lines.iter().map(number).collect()
    }

    /// Remembers that there are deliveries to a person.
    pub(crate) fn note_delivery(&mut self, person: PersonKey) {
        self.line_mut(person).flags |= DELIVERIES;
    }

    /// Whether there were ever deliveries to a person; after a merge, they are the survivor's.
    pub(crate) fn has_deliveries(&self, person: PersonKey) -> bool {
        let line = self.lines.get(person.0 as usize);
        line.is_some_and(|line| line.flags & DELIVERIES != 0)
    }

    fn line_mut(&mut self, person: PersonKey) -> &mut Line {
        let index = person.0 as usize;
        if index >= self.lines.len() {
            self.lines.resize(index + 1, Line::default());
        }
        &mut self.lines[index]
    }

    /// People in lists: known ones, without visitors, merged and deleted.
    pub fn listed(&self) -> u64 {
        self.lines
            .iter()
            .filter(|line| line.flags & LISTED != 0)
            .count() as u64
    }

    /// Whether a person is listed.
    pub fn is_listed(&self, person: PersonKey) -> bool {
        self.lines
            .get(person.0 as usize)
            .is_some_and(|line| line.flags & LISTED != 0)
    }

    /// Coverage of people who were active at or after `since`, on any platform or on one. With a
    /// platform, the people counted are those with a device of that platform now, and everybody
    /// without any device is left out.
    pub fn coverage(&self, since: Timestamp, platform: Option<Platform>) -> Coverage {
        let since_hour = hour(since);
        let mask = platform.map_or(PLATFORMS, |platform| 1 << platform as u32);
        let mut coverage = Coverage::default();
        for line in &self.lines {
            if line.flags & LISTED == 0 || line.active_hour < since_hour {
                continue;
            }
            if platform.is_some() && line.flags & (DEVICE * mask) == 0 {
                continue;
            }
            let reach = reach(line.flags, mask);
            coverage.active += 1;
            coverage.by_reach[reach as usize] += 1;
            if reach == Reach::Covered && line.flags & (CONFIRMED * mask) != 0 {
                coverage.confirmed += 1;
            }
        }
        coverage
    }
}

/// Where a person is. An app without a token is not recorded, so who never had a device is lost at the first
/// step, and nobody at the second.
fn place(line: &Line, mask: u32, since_hour: u32, stale_hour: u32) -> Place {
    if line.flags & LISTED == 0 || line.active_hour < since_hour {
        return Place::Outside;
    }
    let lacks = |flag: u32| line.flags & (flag * mask) == 0;
    let lost = if lacks(DEVICE) && line.flags & HAD_DEVICE == 0 {
        Step::AppKnown
    } else if lacks(VALID) {
        Step::Valid
    } else if lacks(PERMITTED) {
        Step::Permission
    } else if line.flags & (UNSUBSCRIBED | PUSH_OFF) != 0 {
        Step::Consent
    } else if line.alive_hour < stale_hour {
        Step::NotStale
    } else {
        return Place::Reachable;
    };
    Place::LostAt(lost)
}

fn reach(flags: u32, mask: u32) -> Reach {
    if flags & (DEVICE * mask) == 0 {
        Reach::NoDevice
    } else if flags & (VALID * mask) == 0 {
        Reach::TokenInvalid
    } else if flags & (PERMITTED * mask) == 0 {
        Reach::PermissionOff
    } else if flags & (UNSUBSCRIBED | PUSH_OFF) != 0 {
        Reach::Unsubscribed
    } else {
        Reach::Covered
    }
}

fn line(person: &Person) -> Line {
    let mut flags = 0;
    if person.standing == Standing::Known {
        flags |= LISTED;
    }
    if person.is_unsubscribed() {
        flags |= UNSUBSCRIBED;
    }
    if person
        .consent
        .channels
        .get("push")
        .is_some_and(|choice| !choice.subscribed)
    {
        flags |= PUSH_OFF;
    }
    if person.id.is_some() {
        flags |= ACCOUNT;
    }
    let mut alive = Timestamp::EPOCH;
    for device in person.devices.values() {
        flags |= HAD_DEVICE;
        if device.is_valid() && device.permission() != Some(false) {
            alive = alive.max(device.last_used).max(device.refreshed_at);
        }
        let bit = 1 << device.token.platform as u32;
        flags |= DEVICE * bit;
        if device.is_valid() {
            flags |= VALID * bit;
            match device.permission() {
                Some(true) => flags |= (PERMITTED | CONFIRMED) * bit,
                None => flags |= PERMITTED * bit,
                Some(false) => {}
            }
        }
    }
    Line {
        active_hour: hour(person.active_at),
        alive_hour: hour(alive),
        created_hour: hour(person.created_at),
        flags,
        ..Line::default()
    }
}

/// Hours since the epoch, from the epoch to the last hour that fits.
fn hour(at: Timestamp) -> u32 {
    let hour = at.millis().div_euclid(HOUR_MS);
    u32::try_from(hour.max(0)).unwrap_or(u32::MAX)
}
