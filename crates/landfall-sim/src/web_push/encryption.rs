//! Opens encrypted messages as a browser does: the `aes128gcm` content coding (RFC 8188) with the keys of
//! Web Push (RFC 8291).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};

#[cfg(test)]
mod tests;

/// Bytes of an uncompressed P-256 point: `0x04`, x, y.
pub const POINT_BYTES: usize = 65;
/// Bytes of the authentication secret of a subscription (RFC 8291 section 3.2).
pub const AUTH_BYTES: usize = 16;
/// Bytes of salt, record size and length of the key id, which begin every body (RFC 8188 section 2.1).
const HEADER_BYTES: usize = 21;
const SALT_BYTES: usize = 16;
/// Bytes that AES-GCM adds to every record.
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
/// The least record size: one byte of text or delimiter beside the tag (RFC 8188 section 2.1).
const LEAST_RECORD: usize = 18;

/// Why a message could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The body ends before its header does, or holds no record.
    #[error("the body is shorter than an aes128gcm header and one record")]
    Short,
    /// The record size of the header is below 18.
    #[error("the record size is below 18")]
    RecordSize,
    /// The key id is not the 65 bytes of the sender's public key (RFC 8291 section 4).
    #[error("the key id is not an uncompressed P-256 point of 65 bytes")]
    KeyId,
    /// A push message must be one record that is smaller than the record size (RFC 8291 section 4).
    #[error("a push message must be a single record, smaller than the record size")]
    Records,
    /// The tag does not fit: another key, another secret, or a changed body.
    #[error("the message does not decrypt with the keys of this subscription")]
    Tag,
    /// The delimiter is not 2 in the last record, or not 1 in the others (RFC 8188 section 2).
    #[error("the padding delimiter is missing or wrong")]
    Delimiter,
    /// The receiver's keys do not have the right form.
    #[error("the keys of the subscription are not a P-256 key and a secret of 16 bytes")]
    Keys,
}

/// The keys with which a browser opens the messages of one subscription.
pub struct ReceiverKeys {
    private: PrivateKey,
    public: Vec<u8>,
    auth: [u8; AUTH_BYTES],
}

impl std::fmt::Debug for ReceiverKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiverKeys").finish_non_exhaustive()
    }
}

impl ReceiverKeys {
    /// New random keys.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn generate() -> Result<Self, Unreadable> {
        let private = PrivateKey::generate(&ECDH_P256).map_err(|_| Unreadable::Keys)?;
        let mut auth = [0; AUTH_BYTES];
        aws_lc_rs::rand::fill(&mut auth).map_err(|_| Unreadable::Keys)?;
        Self::new(private, auth)
    }

    /// Keys made elsewhere: the private key as a number of 32 bytes, and the authentication secret.
    ///
    /// # Errors
    /// [`Unreadable::Keys`] when either has another form.
    pub fn from_parts(private: &[u8], auth: &[u8]) -> Result<Self, Unreadable> {
        let private =
            PrivateKey::from_private_key(&ECDH_P256, private).map_err(|_| Unreadable::Keys)?;
        Self::new(private, auth.try_into().map_err(|_| Unreadable::Keys)?)
    }

    fn new(private: PrivateKey, auth: [u8; AUTH_BYTES]) -> Result<Self, Unreadable> {
        let public = private
            .compute_public_key()
            .map_err(|_| Unreadable::Keys)?
            .as_ref()
            .to_vec();
        Ok(Self {
            private,
            public,
            auth,
        })
    }

    /// The public key as an uncompressed point of 65 bytes: `p256dh` of the subscription.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The authentication secret of 16 bytes: `auth` of the subscription.
    pub const fn auth(&self) -> &[u8; AUTH_BYTES] {
        &self.auth
    }

    /// Opens the body of a push message.
    ///
    /// # Errors
    /// Why a browser would drop it.
    pub fn open(&self, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let coded = Coded::read(body)?;
        if coded.key_id.len() != POINT_BYTES || coded.key_id.first() != Some(&4) {
            return Err(Unreadable::KeyId);
        }
        if coded.record_size <= coded.records.len() {
            return Err(Unreadable::Records);
        }
        let material = self.input_keying_material(coded.key_id)?;
        coded.open(&material)
    }

    /// Section 3.4 of RFC 8291: the shared secret, mixed with the authentication secret and both keys.
    fn input_keying_material(&self, sender: &[u8]) -> Result<[u8; 32], Unreadable> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        agree(&self.private, peer, Unreadable::KeyId, |shared| {
            let info: [&[u8]; 3] = [b"WebPush: info\0", &self.public, sender];
            derive::<32>(&self.auth, shared, &info)
        })
    }
}

/// A body in the `aes128gcm` content coding, taken apart.
struct Coded<'b> {
    salt: &'b [u8],
    record_size: usize,
    key_id: &'b [u8],
    records: &'b [u8],
}

impl<'b> Coded<'b> {
    fn read(body: &'b [u8]) -> Result<Self, Unreadable> {
        let (header, rest) = body
            .split_at_checked(HEADER_BYTES)
            .ok_or(Unreadable::Short)?;
        let (salt, sizes) = header.split_at(SALT_BYTES);
        let [a, b, c, d, key_id_bytes] = sizes else {
            return Err(Unreadable::Short);
        };
        let record_size = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if record_size < LEAST_RECORD {
            return Err(Unreadable::RecordSize);
        }
        let (key_id, records) = rest
            .split_at_checked(usize::from(*key_id_bytes))
            .ok_or(Unreadable::Short)?;
        if records.len() <= TAG_BYTES {
            return Err(Unreadable::Short);
        }
        Ok(Self {
            salt,
            record_size,
            key_id,
            records,
        })
    }

    /// Opens all records with the keying material (RFC 8188 sections 2.2 and 2.3).
    fn open(&self, material: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let key: [u8; 16] = derive(self.salt, material, &[b"Content-Encoding: aes128gcm\0"])?;
        let base: [u8; NONCE_BYTES] = derive(self.salt, material, &[b"Content-Encoding: nonce\0"])?;
        let key =
            LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).map_err(|_| Unreadable::Keys)?);
        let count = self.records.len().div_ceil(self.record_size);
        let mut text = Vec::with_capacity(self.records.len());
        for (number, record) in self.records.chunks(self.record_size).enumerate() {
            let mut record = record.to_vec();
            let opened = key
                .open_in_place(nonce(base, number), Aad::empty(), &mut record)
                .map_err(|_| Unreadable::Tag)?;
            let delimiter = if number + 1 == count { 2 } else { 1 };
            text.extend_from_slice(without_padding(opened, delimiter)?);
        }
        Ok(text)
    }
}

/// The nonce of a record: the base with the record's number mixed into its last bytes.
fn nonce(mut base: [u8; NONCE_BYTES], number: usize) -> Nonce {
    let number = (number as u64).to_be_bytes();
    for (byte, mixed) in base.iter_mut().rev().zip(number.iter().rev()) {
        *byte ^= mixed;
    }
    Nonce::assume_unique_for_key(base)
}

/// A record is text, one delimiter, and zeros.
fn without_padding(record: &[u8], delimiter: u8) -> Result<&[u8], Unreadable> {
    let end = record
        .iter()
        .rposition(|byte| *byte != 0)
        .ok_or(Unreadable::Delimiter)?;
    if record[end] == delimiter {
        Ok(&record[..end])
    } else {
        Err(Unreadable::Delimiter)
    }
}

/// HKDF with SHA-256 in one step.
fn derive<const N: usize>(
    salt: &[u8],
    secret: &[u8],
    info: &[&[u8]],
) -> Result<[u8; N], Unreadable> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = [0; N];
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(secret);
    pseudorandom
        .expand(info, Length(N))
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| Unreadable::Keys)?;
    Ok(out)
}
