//! Which endpoints may be called. They come from browsers by way of clients, so anybody could name any
//! address (providers.md 3.2).

#[cfg(test)]
mod tests;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use reqwest::Url;

use crate::reach;

/// What an endpoint has to fulfil.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Hosts that are called, with their subdomains, in lower case; empty: every public host.
    pub(crate) hosts: Vec<String>,
    /// Whether plain http, other ports, literal and private addresses are called: a simulator.
    pub(crate) private_allowed: bool,
}

/// Why an endpoint is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointProblem {
    /// Not a URL at all.
    #[error("the token is not the address of a push subscription: send PushSubscription.endpoint")]
    NotAnAddress,
    /// Plain http, or another scheme.
    #[error("the endpoint must begin with https://")]
    NotHttps,
    /// User name or password inside.
    #[error("the endpoint must not contain a user name or password")]
    UserInfo,
    /// A port of its own.
    #[error("the endpoint must use the default port of https")]
    Port,
    /// An address in numbers.
    #[error("the endpoint must have a host name, not an address in numbers")]
    Literal,
    /// Host under `.invalid`: browsers write that when the user took the permission back.
    #[error("the browser gave the subscription up: its host is {0}")]
    GivenUp(String),
    /// A host that the credential does not list.
    #[error("the host {0} is not among the credential's `hosts`: add it if it is a push service")]
    NotListed(String),
}

impl EndpointProblem {
    /// The answer of an attempt that was not made. A host that is not listed is a matter of the
    /// settings, not of the subscription, which keeps its place.
    pub(crate) fn answer(&self) -> Answer {
        let reason = match self {
            Self::GivenUp(_) => Reason::TokenUnregistered,
            Self::NotListed(_) => Reason::ProviderNotConfigured,
            Self::NotAnAddress | Self::NotHttps | Self::UserInfo | Self::Port | Self::Literal => {
                Reason::TokenMalformed
            }
        };
        Answer::refused_saying(reason, &self.to_string())
    }
}

/// Judges an endpoint by its text alone. Whether its name leads to a private address is only known
/// when it is resolved ([`reach::PublicOnly`]).
///
/// # Errors
/// Why it must not be called.
pub(crate) fn accept(endpoint: &str, rules: &Rules) -> Result<Url, EndpointProblem> {
    let url = Url::parse(endpoint).map_err(|_| EndpointProblem::NotAnAddress)?;
    let host = url
        .host_str()
        .map(|host| host.trim_end_matches('.').to_owned())
        .filter(|host| !host.is_empty())
        .ok_or(EndpointProblem::NotAnAddress)?;
    if url.scheme() != "https" && !(rules.private_allowed && url.scheme() == "http") {
        return Err(EndpointProblem::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointProblem::UserInfo);
    }
    if within(&host, "invalid") {
        return Err(EndpointProblem::GivenUp(host));
    }
    if !rules.private_allowed {
        if url.port().is_some() {
            return Err(EndpointProblem::Port);
        }
        if reach::literal(&url).is_some() {
            return Err(EndpointProblem::Literal);
        }
    }
    if !rules.hosts.is_empty() && !rules.hosts.iter().any(|listed| within(&host, listed)) {
        return Err(EndpointProblem::NotListed(host));
    }
    Ok(url)
}

fn within(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
