//! A service account with its key, as Google hands it out.

use std::io;

use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

/// A service account that may send for a project.
#[derive(Clone)]
pub struct ServiceAccount {
    /// Project that it belongs to.
    pub project: String,
    /// Its e-mail address: `iss` of assertions.
    pub email: String,
    /// Id of its key: `kid` of assertions.
    pub key_id: String,
    /// Private key, PKCS #8 in PEM.
    pub private_key: String,
    /// Public key in PEM.
    pub(super) public_key: String,
}

impl ServiceAccount {
    /// Makes an account with a fresh RSA key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate(project: &str) -> io::Result<Self> {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).map_err(io::Error::other)?;
        Ok(Self {
            project: project.to_owned(),
            email: format!("sender@{project}.iam.gserviceaccount.com"),
            key_id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            private_key: key.serialize_pem(),
            public_key: key.public_key_pem(),
        })
    }

    /// The file with its key.
    pub fn key_file(&self, token_uri: &str) -> Value {
        json!({
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": self.key_id,
            "private_key": self.private_key,
            "client_email": self.email,
            "client_id": "100000000000000000001",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        })
    }
}
