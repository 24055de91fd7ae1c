//! Which addresses may be called when somebody else named the host: endpoints of browsers and targets
//! of webhooks come from clients, and must not lead into our own network (providers.md 3.2).
//!
//! Two doors need guarding. Names are resolved by [`PublicOnly`], so that the address that was checked
//! is the one that is connected to, and a second answer of the name server changes nothing. Literal
//! addresses never reach a resolver: [`literal`] finds them before the request is made.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Networks of IPv4 that are not the public internet: address and length of the prefix (the IANA
/// registry of special-purpose addresses, RFC 6890, with multicast and the old class E).
const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Global unicast, the only part of IPv6 that is handed out: everything outside (loopback, unique
/// local, link-local, multicast) is refused without a list.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Parts of global unicast that are special nevertheless: protocol assignments with Teredo and
/// ORCHID, and both ranges for documentation.
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// NAT64 (RFC 6052): the last four bytes are an IPv4 address.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
/// 6to4 (RFC 3056): bytes two to five are an IPv4 address.
const SIX_TO_FOUR: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);

/// Whether the address belongs to the public internet. An IPv6 address that stands for one of IPv4
/// (mapped, NAT64, 6to4) is judged by that.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|&(network, length)| {
        let mask = u32::MAX << (u32::BITS - length);
        address.to_bits() & mask == network.to_bits()
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let octets = address.octets();
    let embedded =
        |at: usize| Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]);
    if within_v6(address, NAT64) {
        return is_public_v4(embedded(12));
    }
    if within_v6(address, SIX_TO_FOUR) {
        return is_public_v4(embedded(2));
    }
    within_v6(address, GLOBAL_V6) && !SPECIAL_V6.iter().any(|&part| within_v6(address, part))
}

fn within_v6(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX << (u128::BITS - length);
    address.to_bits() & mask == network.to_bits()
}

/// The address that stands in the URL in place of a name; names give `None`.
pub fn literal(url: &Url) -> Option<IpAddr> {
    // Brackets are part of an IPv6 host's text; the URL parser has turned every spelling of an IPv4
    // address (hexadecimal, one number) into the usual one.
    let host = url.host_str()?;
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

/// A host that must not be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host} leads to an address that is not public; allow private addresses if it is meant to")]
pub struct NotPublic {
    /// Its name or address.
    pub host: String,
}

/// Refuses a URL whose host is a literal address that is not public.
///
/// # Errors
/// The host, when it must not be called.
pub fn check_literal(url: &Url) -> Result<(), NotPublic> {
    match literal(url) {
        Some(address) if !is_public(address) => Err(NotPublic {
            host: address.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Resolves names as the system does and leaves out every address that is not public. For
/// `reqwest::ClientBuilder::dns_resolver`; the client must use no proxy and follow no redirects, or
/// the check is walked around.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(only_public(host, found)?)
        })
    }
}

fn only_public(host: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Addrs, NotPublic> {
    let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        return Err(NotPublic {
            host: host.to_owned(),
        });
    }
    Ok(Box::new(public.into_iter()))
}

/// The refusal of [`PublicOnly`] inside an error of the HTTP client, if it was that.
pub fn refusal<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e NotPublic> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<NotPublic>())
}
