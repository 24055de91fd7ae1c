//! Key pairs for Web Push (RFC 8292): made, and the public key of a private one.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::seal::SealError;

/// A new pair.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The private key: 32 bytes in base64url. Secret.
    pub private_key: String,
    /// The public key as browsers subscribe with it (`applicationServerKey`), base64url.
    pub public_key: String,
}

/// Makes a pair.
///
/// # Errors
/// When the machine gives no randomness.
pub fn generate() -> Result<Pair, SealError> {
    let key = PrivateKey::generate(&ECDH_P256).map_err(|_| SealError)?;
    let private: EcPrivateKeyBin<'_> = key.as_be_bytes().map_err(|_| SealError)?;
    let public = key.compute_public_key().map_err(|_| SealError)?;
    Ok(Pair {
        private_key: URL_SAFE_NO_PAD.encode(private.as_ref()),
        public_key: URL_SAFE_NO_PAD.encode(public.as_ref()),
    })
}

/// The public key that belongs to a private one; `None` when that is no key.
pub fn public_key(private_key: &str) -> Option<String> {
    let text = private_key.trim().trim_end_matches('=');
    let private = URL_SAFE_NO_PAD.decode(text).ok()?;
    let key = PrivateKey::from_private_key(&ECDH_P256, &private).ok()?;
    let public = key.compute_public_key().ok()?;
    Some(URL_SAFE_NO_PAD.encode(public.as_ref()))
}
