//! Names of messages, given with each query so that renaming a journey touches no row.

use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;

/// What a message key stands for at the time of the query. The catalogue is a slice of these,
/// indexed by [`landfall_domain::ids::MessageKey`]; rows whose key lies beyond its end have no
/// value in any dimension of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageInfo {
    /// What kind of thing sent it.
    pub source: SourceKind,
    /// Number of the journey, broadcast, newsletter or template.
    pub source_id: u64,
    /// Number of the step.
    pub step_id: Option<u64>,
    /// Number of the content variant.
    pub variant_id: Option<u64>,
    /// Over which channel.
    pub channel: Channel,
    /// Name of the journey, broadcast, newsletter or template.
    pub source_name: Option<String>,
    /// Name of the step.
    pub step_name: Option<String>,
    /// Name of the variant.
    pub variant_name: Option<String>,
    /// The name's parts by the naming convention: journey, step, delay, intent.
    pub parts: [Option<String>; 4],
}

impl MessageInfo {
    /// Whether any name contains `needle`, which must be in lower case already.
    pub(crate) fn mentions(&self, needle: &str) -> bool {
        [&self.source_name, &self.step_name, &self.variant_name]
            .into_iter()
            .chain(&self.parts)
            .flatten()
            .any(|name| name.to_lowercase().contains(needle))
    }
}
