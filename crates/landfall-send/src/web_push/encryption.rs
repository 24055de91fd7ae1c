//! Encryption of a push for one browser: RFC 8291 over the `aes128gcm` coding of RFC 8188.
//!
//! What must be fresh for every message, the sender's key pair and the salt, is an argument, so that
//! the RFC's example can be repeated byte for byte.

#[cfg(test)]
mod tests;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// An uncompressed point of P-256: the byte 4, then both coordinates.
pub(crate) const POINT_BYTES: usize = 65;
/// The authentication secret of a subscription.
const AUTH_BYTES: usize = 16;
const SALT_BYTES: usize = 16;
/// Record size, in the header of the body; there is only one record, so it is the limit of the body.
const RECORD_BYTES: u32 = 4_096;
/// Salt, record size, length of the key id, and the sender's public key as key id.
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + POINT_BYTES;
const TAG_BYTES: usize = 16;
/// Ends the last record (RFC 8188 2); no padding follows.
const LAST_RECORD: u8 = 2;
/// Longest plaintext that fits a body of 4,096 bytes, which is what every push service must take
/// (RFC 8291 4).
pub(crate) const PLAINTEXT_BYTES_MAX: usize = RECORD_BYTES as usize - HEADER_BYTES - TAG_BYTES - 1;
const _: () = assert!(PLAINTEXT_BYTES_MAX == 3_993);

/// Base64url as browsers write it, without padding; padding is accepted because libraries add it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The keys of a subscription, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionKeys {
    point: [u8; POINT_BYTES],
    auth: [u8; AUTH_BYTES],
}

/// Keys that nothing can be encrypted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyProblem {
    /// Not a point.
    #[error(
        "the subscription's p256dh is not a public key of P-256 (65 bytes, uncompressed, base64url): \
         send it as the browser's PushSubscription.toJSON() gives it"
    )]
    Point,
    /// Not a secret.
    #[error(
        "the subscription's auth is not a secret of 16 bytes in base64url: send it as the browser's \
         PushSubscription.toJSON() gives it"
    )]
    Auth,
}

impl SubscriptionKeys {
    /// From the text of both keys. The standard alphabet is taken as well as the one for URLs.
    ///
    /// # Errors
    /// Which key is unusable. Whether the point lies on the curve shows at [`encrypt`].
    pub(crate) fn parse(p256dh: &str, auth: &str) -> Result<Self, KeyProblem> {
        let point: [u8; POINT_BYTES] = decode(p256dh)
            .and_then(|bytes| bytes.try_into().ok())
            .filter(|point: &[u8; POINT_BYTES]| point[0] == 4)
            .ok_or(KeyProblem::Point)?;
        let auth = decode(auth)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(KeyProblem::Auth)?;
        Ok(Self { point, auth })
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let url_safe: String = text
        .trim()
        .chars()
        .map(|letter| match letter {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    LENIENT.decode(url_safe).ok()
}

/// What is used for one message and never again.
pub(crate) struct Fresh {
    key: PrivateKey,
    salt: [u8; SALT_BYTES],
}

impl Fresh {
    /// From the machine's source of randomness.
    ///
    /// # Errors
    /// When the source fails.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt)?;
        Ok(Self {
            key: PrivateKey::generate(&ECDH_P256)?,
            salt,
        })
    }

    /// From a private key (32 bytes, big-endian) and a salt.
    #[cfg(test)]
    pub(crate) fn from_parts(private_key: &[u8], salt: [u8; SALT_BYTES]) -> Self {
        Self {
            key: PrivateKey::from_private_key(&ECDH_P256, private_key).expect("a scalar of P-256"),
            salt,
        }
    }
}

/// A push that could not be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncryptionError {
    /// The subscription's public key is not on the curve.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// Too long for one record.
    #[error(
        "the payload has {0} bytes; browsers get at most {PLAINTEXT_BYTES_MAX} \
         (4,096 when encrypted): shorten text, link or data"
    )]
    TooLarge(usize),
    /// The cryptographic library failed, which it does not for these inputs.
    #[error("encryption failed inside the cryptographic library")]
    Library,
}

/// The body of the request: header and one encrypted record.
///
/// # Errors
/// A key that is not on the curve, or a plaintext of more than [`PLAINTEXT_BYTES_MAX`] bytes.
pub(crate) fn encrypt(
    plaintext: &[u8],
    keys: &SubscriptionKeys,
    fresh: &Fresh,
) -> Result<Vec<u8>, EncryptionError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(EncryptionError::TooLarge(plaintext.len()));
    }
    let sender_point = fresh
        .key
        .compute_public_key()
        .map_err(|Unspecified| EncryptionError::Library)?;
    let secret = agree(
        &fresh.key,
        UnparsedPublicKey::new(&ECDH_P256, keys.point),
        KeyProblem::Point,
        |secret| Ok(input_key(secret, keys, sender_point.as_ref())),
    )?
    .map_err(|Unspecified| EncryptionError::Library)?;
    seal(plaintext, &secret, &fresh.salt, sender_point.as_ref())
        .map_err(|Unspecified| EncryptionError::Library)
}

/// Combines the shared secret with the subscription's (RFC 8291 3.3 and 3.4).
fn input_key(
    shared: &[u8],
    keys: &SubscriptionKeys,
    sender_point: &[u8],
) -> Result<[u8; 32], Unspecified> {
    let info = [b"WebPush: info\0".as_slice(), &keys.point, sender_point];
    derive(&keys.auth, shared, &info)
}

fn derive<const N: usize>(
    salt: &[u8],
    secret: &[u8],
    info: &[&[u8]],
) -> Result<[u8; N], Unspecified> {
    let mut derived = [0; N];
    hkdf::Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(info, Length(N))?
        .fill(&mut derived)?;
    Ok(derived)
}

/// How many bytes to derive.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Writes the header and the record (RFC 8188 2).
fn seal(
    plaintext: &[u8],
    input_key: &[u8; 32],
    salt: &[u8; SALT_BYTES],
    sender_point: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let key: [u8; 16] = derive(salt, input_key, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; NONCE_LEN] = derive(salt, input_key, &[b"Content-Encoding: nonce\0"])?;
    let mut body = Vec::with_capacity(HEADER_BYTES + plaintext.len() + 1 + TAG_BYTES);
    body.extend_from_slice(salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(u8::try_from(sender_point.len()).map_err(|_| Unspecified)?);
    body.extend_from_slice(sender_point);
    let mut record = Vec::with_capacity(plaintext.len() + 1 + TAG_BYTES);
    record.extend_from_slice(plaintext);
    record.push(LAST_RECORD);
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;
    body.append(&mut record);
    Ok(body)
}
