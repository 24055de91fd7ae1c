//! How all senders set up TLS: one crypto provider, the public authorities and those that the operator
//! adds, and a client certificate where a provider wants one.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::CredentialError;

/// The name of HTTP/2 in ALPN (RFC 9113 3.2).
pub const ALPN_H2: &[u8] = b"h2";

/// A certificate that the client shows, with its key.
#[derive(Clone, Copy)]
pub struct ClientIdentity<'p> {
    /// The certificate and its chain, PEM, the client's own first.
    pub certificate_pem: &'p str,
    /// The private key, PEM: PKCS #8, PKCS #1 or SEC 1.
    pub key_pem: &'p str,
}

/// Why TLS could not be set up. Never says anything of a key's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The added authorities cannot be read.
    #[error("these are not certificates of authorities in PEM ({0})")]
    Authorities(String),
    /// The client certificate cannot be read.
    #[error("this is not a certificate in PEM ({0})")]
    Certificate(String),
    /// The private key cannot be read.
    #[error("this is not an unencrypted private key in PEM; decrypt it first if it has a password")]
    PrivateKey,
    /// The certificate and the private key do not belong together, or the key is of a kind that is not
    /// supported.
    #[error("certificate and private key do not work together ({0})")]
    Pair(String),
}

impl From<TlsError> for CredentialError {
    fn from(error: TlsError) -> Self {
        let field = match error {
            TlsError::Authorities(_) => "ca_pem",
            TlsError::Certificate(_) => "certificate_pem",
            TlsError::PrivateKey | TlsError::Pair(_) => "certificate_key_pem",
        };
        Self::new(field, error)
    }
}

/// The settings of a TLS client: TLS 1.2 and 1.3, certificates checked against the public authorities
/// and `authorities` (PEM texts, each of one or more certificates). ALPN is left to the caller.
///
/// # Errors
/// When one of the PEM texts cannot be used.
pub fn client_config<'a>(
    authorities: impl IntoIterator<Item = &'a str>,
    identity: Option<ClientIdentity<'_>>,
) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for pem in authorities {
        for certificate in certificates(pem).map_err(TlsError::Authorities)? {
            roots
                .add(certificate)
                .map_err(|error| TlsError::Authorities(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for both versions")
        .with_root_certificates(roots);
    let Some(identity) = identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(identity.certificate_pem).map_err(TlsError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
        .map_err(|_| TlsError::PrivateKey)?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| TlsError::Pair(error.to_string()))
}

/// The certificates of a PEM text; one at least.
pub(crate) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("no certificate in it".to_owned());
    }
    Ok(found)
}
