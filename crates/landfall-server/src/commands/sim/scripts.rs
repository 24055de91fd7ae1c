//! A file that says what simulated providers answer.

use std::path::Path;

use anyhow::{Context as _, Result};
use landfall_sim::script::Script;
use landfall_sim::{apns, fcm, slack, sms_gateway, smtp, twilio, web_push};
use serde::Deserialize;

/// One script for each provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Scripts {
    pub(super) apns: Script<apns::ApnsAnswer>,
    pub(super) fcm: Script<fcm::FcmAnswer>,
    pub(super) twilio: Script<twilio::Answer>,
    pub(super) sms: Script<sms_gateway::Answer>,
    pub(super) smtp: Script<smtp::Answer>,
    pub(super) slack: Script<slack::Answer>,
    pub(super) web_push: Script<web_push::Answer>,
}

impl Scripts {
    /// Reads a file; without one all providers are healthy.
    pub(super) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} is no script (docs/sending/simulators.md shows one)",
                path.display()
            )
        })
    }
}
