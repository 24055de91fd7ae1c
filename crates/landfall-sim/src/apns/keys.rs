//! Keys that providers sign their tokens with, as Apple knows them.

use std::io;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};

/// One of Apple's two worlds; a token, a key and a certificate belong to one or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// App Store and TestFlight.
    #[default]
    Production,
    /// Builds for development. Answers carry `apns-unique-id`.
    Sandbox,
}

/// The public half of a key for provider tokens (providers.md 1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderKey {
    /// Key id: `kid` of the token's header.
    pub id: String,
    /// Team id: `iss` of the token.
    pub team: String,
    /// Keys that may follow each other on one connection share this name. Keys for a whole team share the
    /// team's.
    pub family: String,
    /// Where the key is valid.
    pub environments: Vec<Environment>,
    /// Topics that the key is for; all of the team's when absent.
    pub topics: Option<Vec<String>>,
    /// P-256 public key as SubjectPublicKeyInfo.
    pub(super) public: Vec<u8>,
}

impl ProviderKey {
    /// A key for a whole team, valid in both environments, from a public key in PEM.
    ///
    /// # Errors
    /// When the text is no public key.
    pub fn from_pem(
        id: impl Into<String>,
        team: impl Into<String>,
        public: &str,
    ) -> io::Result<Self> {
        let public =
            SubjectPublicKeyInfoDer::from_pem_slice(public.as_bytes()).map_err(io::Error::other)?;
        let team = team.into();
        Ok(Self {
            id: id.into(),
            family: team.clone(),
            team,
            environments: vec![Environment::Production, Environment::Sandbox],
            topics: None,
            public: public.as_ref().to_vec(),
        })
    }

    /// Makes a key for a whole team, valid in both environments. The second part is the private half as
    /// Apple hands it out: a `.p8` file, PKCS #8 in PEM.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate(id: impl Into<String>, team: impl Into<String>) -> io::Result<(Self, String)> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let key = Self::from_pem(id, team, &pair.public_key_pem())?;
        Ok((key, pair.serialize_pem()))
    }

    /// The same, valid in one environment only.
    #[must_use]
    pub fn only_in(mut self, environment: Environment) -> Self {
        self.environments = vec![environment];
        self
    }

    /// The same for some topics only. Such a key is its own family unless it is given another.
    #[must_use]
    pub fn only_for(mut self, topics: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.topics = Some(topics.into_iter().map(Into::into).collect());
        self.family = self.id.clone();
        self
    }

    /// The same in another family.
    #[must_use]
    pub fn family(mut self, family: impl Into<String>) -> Self {
        self.family = family.into();
        self
    }
}
