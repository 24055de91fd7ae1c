//! Push types, with what each demands of the topic and allows in size (providers.md 1.2).

/// A value of `apns-push-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushType {
    Alert,
    Background,
    Voip,
    Complication,
    FileProvider,
    Location,
    LiveActivity,
    PushToTalk,
    Widgets,
    Controls,
    Mdm,
}

/// Name on the wire, and what the topic ends with.
const TABLE: [(PushType, &str, &str); 11] = [
    (PushType::Alert, "alert", ""),
    (PushType::Background, "background", ""),
    (PushType::Voip, "voip", ".voip"),
    (PushType::Complication, "complication", ".complication"),
    (
        PushType::FileProvider,
        "fileprovider",
        ".pushkit.fileprovider",
    ),
    (PushType::Location, "location", ".location-query"),
    (
        PushType::LiveActivity,
        "liveactivity",
        ".push-type.liveactivity",
    ),
    (PushType::PushToTalk, "pushtotalk", ".voip-ptt"),
    (PushType::Widgets, "widgets", ".push-type.widgets"),
    (PushType::Controls, "controls", ".push-type.controls"),
    (PushType::Mdm, "mdm", ""),
];

impl PushType {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = TABLE.iter().find(|(_, known, _)| *known == name);
        found.map(|(push_type, _, _)| *push_type)
    }

    const fn row(self) -> &'static (Self, &'static str, &'static str) {
        &TABLE[self as usize]
    }

    pub(crate) const fn name(self) -> &'static str {
        self.row().1
    }

    pub(crate) const fn topic_suffix(self) -> &'static str {
        self.row().2
    }

    /// Most bytes of a payload.
    pub(crate) const fn payload_bytes_max(self) -> usize {
        match self {
            Self::Voip => 5_120,
            _ => 4_096,
        }
    }

    /// The only priority that APNs takes for it, if there is one.
    pub(crate) const fn fixed_priority(self) -> Option<&'static str> {
        match self {
            Self::Background => Some("5"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_push_type_is_found_by_its_name_and_stands_in_its_own_row() {
        for (push_type, name, suffix) in TABLE {
            assert_eq!(PushType::named(name), Some(push_type));
            assert_eq!(push_type.name(), name);
            assert_eq!(push_type.topic_suffix(), suffix);
        }
        assert_eq!(PushType::named("Alert"), None);
    }
}
