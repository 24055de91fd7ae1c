//! Whether a channel reaches a person at all: address, permission and consent.

use landfall_domain::channel::Channel;
use landfall_domain::person::{Choice, Person};
use landfall_domain::reason::Reason;

use crate::profile::Profile;

/// Where a person stands with push tokens. Every person is in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// A valid token, and notifications are not known to be off.
    Has,
    /// Valid tokens only where notifications are switched off.
    PermissionOff,
    /// Tokens, all of which were rejected and wait for the app to register again.
    Suspended,
    /// No token: the provider said of the last one that it is gone (the app was removed, as a rule).
    Unregistered,
    /// No token: the last one left by logout, rotation, account switch or call.
    Removed,
    /// There never was one.
    Never,
}

impl TokenState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Has,
        Self::PermissionOff,
        Self::Suspended,
        Self::Unregistered,
        Self::Removed,
        Self::Never,
    ];

    /// The name that conditions use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Has => "has",
            Self::PermissionOff => "permission_off",
            Self::Suspended => "suspended",
            Self::Unregistered => "unregistered",
            Self::Removed => "removed",
            Self::Never => "never",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The state of a person.
    pub fn of(person: &Person, profile: &Profile) -> Self {
        let mut valid = false;
        for device in person.devices.values().filter(|device| device.is_valid()) {
            if device.permission() != Some(false) {
                return Self::Has;
            }
            valid = true;
        }
        match (valid, person.devices.is_empty()) {
            (true, _) => Self::PermissionOff,
            (false, false) => Self::Suspended,
            (false, true) => match profile.lost_by_provider() {
                Some(true) => Self::Unregistered,
                Some(false) => Self::Removed,
                None => Self::Never,
            },
        }
    }
}

/// Whether a channel reaches the person: consent first, then the address, which must be on no suppression
/// list.
///
/// # Errors
/// The reason why it does not.
pub fn reach(person: &Person, profile: &Profile, channel: Channel) -> Result<(), Reason> {
    consent(person, channel)?;
    address(person, channel)?;
    if person.is_suppressed(channel) {
        return Err(Reason::AddressSuppressed);
    }
    if !is_pushed(channel) {
        return Ok(());
    }
    match TokenState::of(person, profile) {
        TokenState::Has => Ok(()),
        TokenState::PermissionOff => Err(Reason::PermissionDenied),
        TokenState::Suspended => Err(Reason::DevicesSuspended),
        TokenState::Unregistered | TokenState::Removed | TokenState::Never => Err(Reason::NoDevice),
    }
}

/// Whether messages of the channel go to devices.
pub(crate) const fn is_pushed(channel: Channel) -> bool {
    matches!(channel, Channel::Push | Channel::LiveNotification)
}

/// Whether the person agreed to the channel: the global switch, which leaves in-app messages and
/// Slack open (semantics.md 6.8), then the channel's own.
pub(crate) fn consent(person: &Person, channel: Channel) -> Result<(), Reason> {
    let open = matches!(channel, Channel::InApp | Channel::Inbox | Channel::Slack);
    if person.is_unsubscribed() && !open {
        return Err(Reason::UnsubscribedGlobal);
    }
    match person.consent.channels.get(channel.name()) {
        Some(Choice {
            subscribed: false, ..
        }) => Err(Reason::UnsubscribedChannel),
        _ => Ok(()),
    }
}

/// Whether the person has the address that the channel needs; devices are looked at elsewhere.
pub(crate) fn address(person: &Person, channel: Channel) -> Result<(), Reason> {
    let there = match channel {
        Channel::Email => person.email.is_some(),
        Channel::Sms | Channel::WhatsApp => person.phone.is_some(),
        Channel::Push
        | Channel::Slack
        | Channel::Webhook
        | Channel::InApp
        | Channel::Inbox
        | Channel::LiveNotification => true,
    };
    there.then_some(()).ok_or(Reason::NoAddress)
}
