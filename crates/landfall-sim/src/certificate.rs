//! A certificate authority of our own, for servers that tests trust and for clients that they know.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Names that every server certificate covers beside those that were asked for.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// An authority that lives as long as the process and signs certificates for loopback servers.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key as PEM, ready to be written to files.
#[derive(Clone)]
pub struct Issued {
    /// The certificate that was issued, followed by that of the authority.
    pub certificate_pem: String,
    /// Its private key in PKCS #8.
    pub key_pem: String,
}

/// Which certificates a server asks its clients for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// None.
    Ignored,
    /// One of this authority's, if the client has one.
    Welcome,
}

impl Authority {
    /// Makes an authority with a fresh key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let name = "Landfall simulators, for tests only";
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        let pem = issuer.pem();
        Ok(Self { issuer, pem })
    }

    /// The authority's certificate as PEM, which clients are told to trust.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server certificate for the given names or addresses, and for `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn server(&self, names: &[String]) -> io::Result<Issued> {
        let local = LOCAL.iter().map(|name| (*name).to_owned());
        let all: Vec<String> = names.iter().cloned().chain(local).collect();
        self.issue("simulator", all, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client certificate with a common name, such as the topic that it is for.
    ///
    /// # Errors
    /// When the name cannot stand in a certificate.
    pub fn client(&self, name: &str) -> io::Result<Issued> {
        self.issue(name, Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Settings of a TLS server (1.2 and 1.3) with a new certificate for these names, which offers the
    /// protocols in this order by ALPN, such as `h2` and `http/1.1`.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn server_config(
        &self,
        names: &[String],
        protocols: &[&str],
        clients: ClientCertificates,
    ) -> io::Result<Arc<ServerConfig>> {
        let (chain, key) = self.server(names)?.read()?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = match clients {
            ClientCertificates::Ignored => builder.with_no_client_auth(),
            ClientCertificates::Welcome => {
                let roots = Arc::new(self.roots()?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                    .allow_unauthenticated()
                    .build()
                    .map_err(io::Error::other)?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = protocol_names(protocols);
        Ok(Arc::new(config))
    }

    /// Settings of a TLS client that trusts this authority alone and shows a certificate if it is given
    /// one.
    ///
    /// # Errors
    /// When the certificate or its key cannot be read.
    pub fn client_config(
        &self,
        protocols: &[&str],
        certificate: Option<&Issued>,
    ) -> io::Result<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(self.roots()?);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some(issued) => {
                let (chain, key) = issued.read()?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(io::Error::other)?
            }
        };
        config.alpn_protocols = protocol_names(protocols);
        Ok(config)
    }

    fn roots(&self) -> io::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots
            .add(self.issuer.der().clone())
            .map_err(io::Error::other)?;
        Ok(roots)
    }

    fn issue(
        &self,
        name: &str,
        names: Vec<String>,
        usage: ExtendedKeyUsagePurpose,
    ) -> io::Result<Issued> {
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(io::Error::other)?;
        Ok(Issued {
            certificate_pem: certificate.pem() + &self.pem,
            key_pem: key.serialize_pem(),
        })
    }
}

impl Issued {
    fn read(&self) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = CertificateDer::pem_slice_iter(self.certificate_pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(io::Error::other)?;
        let key =
            PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(io::Error::other)?;
        Ok((chain, key))
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn protocol_names(protocols: &[&str]) -> Vec<Vec<u8>> {
    protocols
        .iter()
        .map(|protocol| protocol.as_bytes().to_vec())
        .collect()
}
