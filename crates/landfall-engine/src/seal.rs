//! Sealing of secrets at rest, and hashing of keys.
//!
//! AES-256-GCM with a random nonce in front; the master key lies in its own file beside the data
//! (`master.key`, readable by the owner only), so that a copied data file alone gives nothing away.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Length of the master key in bytes.
pub const MASTER_KEY_BYTES: usize = 32;
/// Length of a signature in bytes: 128 bits, which nobody guesses.
const SIGNATURE_BYTES: usize = 16;

/// The key that seals all secrets of a data folder, that secrets are derived from, and that signs what leaves
/// and comes back.
pub struct MasterKey {
    seal: RandomizedNonceKey,
    derive: hkdf::Prk,
    signing: hmac::Key,
}

/// Something could not be sealed or opened: a wrong master key, or damaged text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret cannot be opened: the master key does not fit or the text is damaged")]
pub struct SealError;

/// Sixteen bytes, as a length.
struct Sixteen;

impl hkdf::KeyType for Sixteen {
    fn len(&self) -> usize {
        16
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

impl MasterKey {
    /// From its bytes.
    ///
    /// # Errors
    /// When the bytes are not [`MASTER_KEY_BYTES`] long.
    pub fn new(bytes: &[u8]) -> Result<Self, SealError> {
        let seal = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| SealError)?;
        let derive = hkdf::Salt::new(hkdf::HKDF_SHA256, b"landfall").extract(bytes);
        // Another key for another purpose, which does not lead back to the first.
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"signing");
        Ok(Self {
            seal,
            derive,
            signing: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
        })
    }

    /// A secret of its own for a purpose, always the same one (HKDF, RFC 5869).
    ///
    /// # Errors
    /// Never in practice: the length is one that the function gives.
    pub fn derive(&self, purpose: &str) -> Result<[u8; 16], SealError> {
        let info = [purpose.as_bytes()];
        let made = self.derive.expand(&info, Sixteen).map_err(|_| SealError)?;
        let mut secret = [0; 16];
        made.fill(&mut secret).map_err(|_| SealError)?;
        Ok(secret)
    }

    /// A signature of `text` for the place named by `context`: 22 letters that can stand in a path. The
    /// same each time.
    pub fn signature(&self, context: &str, text: &str) -> String {
        let mut signed = hmac::Context::with_key(&self.signing);
        // With the length, no other pair of context and text makes the same bytes.
        signed.update(&(context.len() as u64).to_be_bytes());
        signed.update(context.as_bytes());
        signed.update(text.as_bytes());
        URL_SAFE_NO_PAD.encode(&signed.sign().as_ref()[..SIGNATURE_BYTES])
    }

    /// Whether `signature` is that of `text` for the place named by `context`.
    pub fn is_signature(&self, context: &str, text: &str, signature: &str) -> bool {
        let own = self.signature(context, text);
        verify_slices_are_equal(own.as_bytes(), signature.as_bytes()).is_ok()
    }

    /// Seals `secret` for the place named by `context`: text sealed for one place does not open for
    /// another.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn seal(&self, context: &str, secret: &str) -> Result<String, SealError> {
        let mut sealed = secret.as_bytes().to_vec();
        let nonce = self
            .seal
            .seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut sealed)
            .map_err(|_| SealError)?;
        let mut out = nonce.as_ref().to_vec();
        out.append(&mut sealed);
        Ok(STANDARD.encode(out))
    }

    /// Opens what [`MasterKey::seal`] made for the same `context`.
    ///
    /// # Errors
    /// [`SealError`] for anything else.
    pub fn open(&self, context: &str, sealed: &str) -> Result<String, SealError> {
        let mut bytes = STANDARD.decode(sealed).map_err(|_| SealError)?;
        if bytes.len() < NONCE_LEN {
            return Err(SealError);
        }
        let mut body = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| SealError)?;
        let opened = self
            .seal
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut body)
            .map_err(|_| SealError)?;
        String::from_utf8(opened.to_vec()).map_err(|_| SealError)
    }
}

/// SHA-256 of a key, in lower-case hex: what is stored instead of the key. Keys are random and long,
/// so a plain hash is enough.
pub fn key_hash(key: &str) -> String {
    hex(digest::digest(&digest::SHA256, key.as_bytes()).as_ref())
}

/// `bytes` random bytes in lower-case hex.
///
/// # Errors
/// When the machine gives no randomness.
pub fn random_hex(bytes: usize) -> Result<String, SealError> {
    let mut buffer = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut buffer).map_err(|_| SealError)?;
    Ok(hex(&buffer))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_in_its_place_and_with_its_key() {
        let key = MasterKey::new(&[7; MASTER_KEY_BYTES]).expect("32 bytes");
        let sealed = key.seal("source:shop", "whsec_demo").expect("sealed");
        assert!(!sealed.contains("whsec"));
        assert_eq!(
            key.open("source:shop", &sealed).as_deref(),
            Ok("whsec_demo")
        );
        assert_eq!(key.open("source:other", &sealed), Err(SealError));
        let other = MasterKey::new(&[8; MASTER_KEY_BYTES]).expect("32 bytes");
        assert_eq!(other.open("source:shop", &sealed), Err(SealError));
        assert_eq!(key.open("source:shop", "AAAA"), Err(SealError));
    }

    #[test]
    fn hashes_are_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            key_hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
