//! Who is told: the owner of the journey, the workspace's channels, and whom a rule names.

use std::collections::BTreeMap;

use landfall_domain::ids::JourneyId;
use landfall_store::{Store, StoreError};
use serde_json::Value;

use super::book::Channel;
use super::explain::journey_name;
use crate::catalogue::Catalogue;
use crate::journeys;
use crate::workspace::Workspace;

/// How a destination is written.
pub(super) const FORM: &str = "write `slack:NAME` with the name of a Slack credential, `email:ADDRESS`, or `webhook:https://...`";
/// Most channels of a workspace.
const CHANNELS_MAX: usize = 50;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// By the Slack credential of that name.
    Slack(String),
    /// To an e-mail address.
    Email(String),
    /// To somebody's server.
    Webhook(String),
}

impl Destination {
    /// Reads `slack:push-alerts`, `email:a@b.example`, `webhook:https://...`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let rest = rest.trim();
        match kind {
            "slack" => {
                let name = rest.trim_start_matches('#');
                (!name.is_empty()).then(|| Self::Slack(name.to_owned()))
            }
            // Definitions of journeys write `mail`.
            "email" | "mail" => is_address(rest).then(|| Self::Email(rest.to_owned())),
            "webhook" => {
                let is_url = ["https://", "http://"]
                    .iter()
                    .any(|scheme| rest.starts_with(scheme));
                is_url.then(|| Self::Webhook(rest.to_owned()))
            }
            _ => None,
        }
    }
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(left, right)| !left.is_empty() && right.contains('.'))
        && !text.contains(char::is_whitespace)
}

/// A journey and who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The journey, such as `campaign:31`.
    pub journey: String,
    /// Its name.
    pub name: Option<String>,
    /// Who owns it, as its definition says.
    pub owner: String,
    /// Where messages for the owner go; `None`: what the definition says is no address.
    pub to: Option<String>,
}

/// Why channels were not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// One of them is wrong.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which part.
        field: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newest definitions of all journeys.
pub(super) fn newest(store: &dyn Store) -> Result<BTreeMap<JourneyId, Value>, StoreError> {
    let versions = journeys::versions(store)?.into_iter();
    // In the order in which they were applied: the last one counts.
    Ok(versions
        .map(|version| (version.journey, version.definition))
        .collect())
}

/// Whom the newest definitions of journeys name: their owners, and those in `to` of their alerts.
pub(super) fn owners(store: &dyn Store) -> Result<Vec<Owner>, StoreError> {
    let mut owners = Vec::new();
    for (id, definition) in newest(store)? {
        let alerted = definition["alert"]["to"].as_array().into_iter().flatten();
        let alerted = alerted.chain(Some(&definition["alert"]["to"]));
        let named = Some(&definition["owner"]).into_iter().chain(alerted);
        for owner in named.filter_map(Value::as_str) {
            let found = Owner {
                journey: format!("campaign:{}", id.0),
                name: definition["name"].as_str().map(str::to_owned),
                owner: owner.to_owned(),
                to: address_of(owner),
            };
            if !owners.contains(&found) {
                owners.push(found);
            }
        }
    }
    Ok(owners)
}

/// An owner may be written as a destination, or as an e-mail address.
pub(super) fn address_of(owner: &str) -> Option<String> {
    let owner = owner.trim();
    if let Some(address) = owner.strip_prefix("mail:") {
        return is_address(address).then(|| format!("email:{address}"));
    }
    if Destination::read(owner).is_some() {
        return Some(owner.to_owned());
    }
    is_address(owner).then(|| format!("email:{owner}"))
}

/// Where an event of these journeys goes, each once.
pub(super) fn destinations(
    owners: &[Owner],
    channels: &[Channel],
    journeys: &[String],
    notified: impl Iterator<Item = String>,
) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let owned = owners
        .iter()
        .filter(|owner| journeys.contains(&owner.journey));
    let listening = channels.iter().filter(|channel| {
        channel.journeys.is_empty() || channel.journeys.iter().any(|own| journeys.contains(own))
    });
    let wanted = owned
        .filter_map(|owner| owner.to.clone())
        .chain(listening.map(|channel| channel.to.clone()))
        .chain(notified);
    for to in wanted {
        if !all.contains(&to) {
            all.push(to);
        }
    }
    all
}

impl Workspace {
    /// Where messages about incidents go, beside the owners of journeys; and those owners.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn alert_channels(&self) -> Result<(Vec<Channel>, Vec<Owner>), StoreError> {
        self.with_book(|book, store| Ok((book.channels.clone(), owners(store)?)))
            .await
    }

    /// Replaces the channels. Journeys may be written by number, slug or name.
    ///
    /// # Errors
    /// Which channel is wrong; or when the store cannot be written.
    pub async fn set_alert_channels(&self, channels: Vec<Channel>) -> Result<(), ChannelError> {
        let catalogue = self.catalogue();
        self.with_book(move |book, store| {
            let checked = checked(channels, store, &catalogue)?;
            Ok(book.set_channels(store, checked)?)
        })
        .await
    }
}

fn checked(
    channels: Vec<Channel>,
    store: &dyn Store,
    catalogue: &Catalogue,
) -> Result<Vec<Channel>, ChannelError> {
    let invalid = |field: String, problem: String| ChannelError::Invalid { field, problem };
    if channels.len() > CHANNELS_MAX {
        let problem = format!("keep at most {CHANNELS_MAX}");
        return Err(invalid("channels".to_owned(), problem));
    }
    let mut checked = Vec::with_capacity(channels.len());
    for (nth, channel) in channels.into_iter().enumerate() {
        if Destination::read(&channel.to).is_none() {
            return Err(invalid(format!("channels[{nth}].to"), FORM.to_owned()));
        }
        let mut journeys = Vec::with_capacity(channel.journeys.len());
        for (at, name) in channel.journeys.iter().enumerate() {
            let found = resolved(store, catalogue, name)?;
            journeys.push(found.ok_or_else(|| {
                let field = format!("channels[{nth}].journeys[{at}]");
                invalid(field, format!("there is no journey `{name}`"))
            })?);
        }
        checked.push(Channel {
            to: channel.to,
            journeys,
        });
    }
    Ok(checked)
}

/// A journey as slices write it: `campaign:31` from its number, slug or name.
pub(super) fn resolved(
    store: &dyn Store,
    catalogue: &Catalogue,
    name: &str,
) -> Result<Option<String>, StoreError> {
    if name.contains(':') {
        return Ok(journey_name(name, catalogue)
            .map(|_| name.to_owned())
            .or_else(|| is_source(name).then(|| name.to_owned())));
    }
    if let Some((id, _)) = journeys::named(store, name)? {
        return Ok(Some(format!("campaign:{}", id.0)));
    }
    // Journeys of another sender are known by what it reported.
    let mut reported = catalogue.infos().iter().filter(|info| {
        let named = info.source_name.as_deref();
        named.is_some_and(|own| own.eq_ignore_ascii_case(name))
            || info.source_id.to_string() == name
    });
    Ok(reported
        .next()
        .map(|info| format!("{}:{}", info.source, info.source_id)))
}

fn is_source(name: &str) -> bool {
    let parts = name.split_once(':');
    parts.is_some_and(|(kind, id)| {
        landfall_domain::message::SourceKind::named(kind).is_some() && id.parse::<u64>().is_ok()
    })
}
