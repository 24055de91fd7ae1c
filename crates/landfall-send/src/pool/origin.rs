//! Scheme, host and port of a provider.

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, InvalidUri, PathAndQuery, Scheme};

/// Where a pool connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    authority: Authority,
}

/// An address is of no use as an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL, or one of another scheme.
    #[error("`{0}` is not an address such as https://api.push.apple.com")]
    NotAnAddress(String),
    /// More than scheme, host and port.
    #[error("`{0}` has more than scheme, host and port; leave the rest out")]
    MoreThanOrigin(String),
    /// `http://` where only TLS is allowed.
    #[error("plain http is for simulators on this machine; allow private addresses if it is one")]
    NotEncrypted,
}

impl Origin {
    /// Reads `https://host`, `https://host:port`, or the same with `http`, which means HTTP/2 without
    /// TLS, with prior knowledge (RFC 9113 3.3), to simulators on the same machine.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(base: &str) -> Result<Self, OriginError> {
        let not_an_address = || OriginError::NotAnAddress(base.to_owned());
        let parts = base
            .parse::<Uri>()
            .map_err(|_| not_an_address())?
            .into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(not_an_address());
        };
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP || authority.host().is_empty() {
            return Err(not_an_address());
        }
        let rest = parts
            .path_and_query
            .as_ref()
            .map_or("/", PathAndQuery::as_str);
        if rest != "/" || authority.as_str().contains('@') {
            return Err(OriginError::MoreThanOrigin(base.to_owned()));
        }
        Ok(Self { scheme, authority })
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Name or address of the host; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    /// Port; 443 or 80 when the address names none.
    pub fn port(&self) -> u16 {
        let usual = if self.is_tls() { 443 } else { 80 };
        self.authority.port_u16().unwrap_or(usual)
    }

    /// The URI of a request to it: `path` with its query, from the slash on.
    ///
    /// # Errors
    /// When `path` has characters that a path must not have.
    pub fn uri(&self, path: impl Into<Bytes>) -> Result<Uri, InvalidUri> {
        let path = PathAndQuery::from_maybe_shared(path.into())?;
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Ok(Uri::from_parts(parts).expect("scheme, authority and path make a whole URI"))
    }
}
