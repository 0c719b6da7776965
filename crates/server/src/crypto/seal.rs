//! Authenticated encryption. No other file encrypts or decrypts.
//!
//! A [`SealKey`] seals bytes for one [`Purpose`] and one context, and opens them only for the same.
//! Each purpose has a key of its own, derived with HKDF-SHA-256. The associated data is the
//! purpose, the format, the key id and the context, so a page token never opens as a session. The
//! cipher is AES-256-GCM-SIV with random nonces, which is safe when many replicas use one key.
//!
//! Sealed bytes are `format (1) | key id (4) | nonce (12) | ciphertext | tag (16)`; as text they
//! are base64url without padding.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf, rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The only format, and the first byte. No JSON web token begins with it.
const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const HEADER_LEN: usize = 1 + KEY_ID_LEN;
const TAG_LEN: usize = 16;

/// Bytes that sealing adds.
pub const OVERHEAD: usize = HEADER_LEN + NONCE_LEN + TAG_LEN;

/// Separates these keys from others that are derived from the same secret.
const DERIVATION: &[u8] = b"bowline seal 1";

/// The purpose of sealed bytes. They do not open for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Session tokens.
    SessionToken,
    /// Explanations for denied callers.
    AuthorizationMessage,
    /// Tokens of the instance metadata service.
    ImdsToken,
    /// Page tokens.
    PageToken,
    /// Long-term secrets in the store.
    Envelope,
    /// The keyring in the store.
    Keyring,
    /// Backups.
    Backup,
}

impl Purpose {
    const ALL: [Self; 7] = [
        Self::SessionToken,
        Self::AuthorizationMessage,
        Self::ImdsToken,
        Self::PageToken,
        Self::Envelope,
        Self::Keyring,
        Self::Backup,
    ];

    /// Part of the derivation and of the associated data, so it never changes.
    fn label(self) -> &'static str {
        match self {
            Self::SessionToken => "session-token",
            Self::AuthorizationMessage => "authorization-message",
            Self::ImdsToken => "imds-token",
            Self::PageToken => "page-marker",
            Self::Envelope => "envelope",
            Self::Keyring => "keyring",
            Self::Backup => "backup",
        }
    }
}

/// The id of a sealing key, shown as eight hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KEY_ID_LEN]);

impl KeyId {
    /// A random id.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn random() -> Result<Self, SealError> {
        let mut id = [0; KEY_ID_LEN];
        rand::fill(&mut id).map_err(|_| SealError)?;
        Ok(Self(id))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl std::str::FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match u32::from_str_radix(text, 16) {
            Ok(number) if digits => Ok(Self(number.to_be_bytes())),
            _ => Err(InvalidKeyId),
        }
    }
}

/// The text is no key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key id is not eight hexadecimal digits")]
pub struct InvalidKeyId;

/// Sealing failed: no randomness, or an error of the cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealing failed")]
pub struct SealError;

/// Why sealed bytes do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// They are not sealed bytes at all.
    #[error("the sealed value is malformed")]
    Malformed,
    /// They have an unknown format.
    #[error("the sealed value has format {0}, this version of bowline reads {FORMAT}")]
    UnknownFormat(u8),
    /// The key is unknown, or no longer in use.
    #[error("the sealed value was sealed under key {0}, which is not known")]
    UnknownKey(KeyId),
    /// They were changed, or sealed for another purpose or context.
    #[error("the sealed value is not authentic")]
    NotAuthentic,
}

/// 32 secret bytes that keys are derived from.
pub type KeyMaterial = Zeroizing<[u8; 32]>;

/// 32 random bytes.
///
/// # Errors
/// [`SealError`] without randomness.
pub fn random_key_material() -> Result<KeyMaterial, SealError> {
    let mut material = Zeroizing::new([0; 32]);
    rand::fill(material.as_mut_slice()).map_err(|_| SealError)?;
    Ok(material)
}

/// A key with the keys that derive from it, one for each purpose.
pub struct SealKey {
    id: KeyId,
    by_purpose: [RandomizedNonceKey; Purpose::ALL.len()],
}

impl SealKey {
    /// Derives the keys.
    ///
    /// # Errors
    /// [`SealError`] if the library fails, which is not expected.
    pub fn new(id: KeyId, material: &KeyMaterial) -> Result<Self, SealError> {
        let [session, message, imds, marker, envelope, keyring, backup] = Purpose::ALL;
        let key = |purpose| derive(material, purpose);
        Ok(Self {
            id,
            by_purpose: [
                key(session)?,
                key(message)?,
                key(imds)?,
                key(marker)?,
                key(envelope)?,
                key(keyring)?,
                key(backup)?,
            ],
        })
    }

    /// A key whose id is derived from its material, so that only the material needs to be stored.
    ///
    /// # Errors
    /// [`SealError`] if the library fails, which is not expected.
    pub fn with_derived_id(material: &KeyMaterial) -> Result<Self, SealError> {
        let mut id = [0; KEY_ID_LEN];
        expand(material, "key-id", &mut id)?;
        Self::new(KeyId(id), material)
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Seals `plaintext` for `purpose` and `context`. The context is authenticated but not
    /// contained: opening needs it again.
    ///
    /// # Errors
    /// [`SealError`] without randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let aad = Aad::from(associated(purpose, self.id, context));
        let mut body = Vec::with_capacity(plaintext.len() + TAG_LEN);
        body.extend_from_slice(plaintext);
        let nonce = self
            .key(purpose)
            .seal_in_place_append_tag(aad, &mut body)
            .map_err(|_| SealError)?;
        let mut sealed = Vec::with_capacity(HEADER_LEN + NONCE_LEN + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&self.id.0);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens bytes of [`seal`](Self::seal) with the same purpose and context.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if key_id(sealed)? != self.id {
            return Err(OpenError::UnknownKey(key_id(sealed)?));
        }
        let (nonce, body) = sealed
            .get(HEADER_LEN..)
            .and_then(<[u8]>::split_first_chunk::<NONCE_LEN>)
            .ok_or(OpenError::Malformed)?;
        let mut opened = Zeroizing::new(body.to_vec());
        let aad = Aad::from(associated(purpose, self.id, context));
        let length = self
            .key(purpose)
            .open_in_place(Nonce::from(nonce), aad, &mut opened)
            .map_err(|_| OpenError::NotAuthentic)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }

    fn key(&self, purpose: Purpose) -> &RandomizedNonceKey {
        let [session, message, imds, marker, envelope, keyring, backup] = &self.by_purpose;
        match purpose {
            Purpose::SessionToken => session,
            Purpose::AuthorizationMessage => message,
            Purpose::ImdsToken => imds,
            Purpose::PageToken => marker,
            Purpose::Envelope => envelope,
            Purpose::Keyring => keyring,
            Purpose::Backup => backup,
        }
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The id of the key that sealed these bytes.
///
/// # Errors
/// [`OpenError::Malformed`] and [`OpenError::UnknownFormat`].
pub fn key_id(sealed: &[u8]) -> Result<KeyId, OpenError> {
    let (format, rest) = sealed.split_first().ok_or(OpenError::Malformed)?;
    if *format != FORMAT {
        return Err(OpenError::UnknownFormat(*format));
    }
    let id = rest.first_chunk().ok_or(OpenError::Malformed)?;
    Ok(KeyId(*id))
}

/// Sealed bytes as text.
pub fn to_text(sealed: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sealed)
}

/// The sealed bytes of a text of at most `longest` characters.
///
/// # Errors
/// [`OpenError::Malformed`] if it is longer, or no base64url.
pub fn from_text(text: &str, longest: usize) -> Result<Vec<u8>, OpenError> {
    if text.len() > longest {
        return Err(OpenError::Malformed);
    }
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| OpenError::Malformed)
}

/// How many bytes can be sealed into a text of `longest` characters.
pub const fn room(longest: usize) -> usize {
    (longest * 3 / 4).saturating_sub(OVERHEAD)
}

/// The associated data. The label ends in a zero byte, so that no context can extend it.
fn associated(purpose: Purpose, id: KeyId, context: &[u8]) -> Vec<u8> {
    let label = purpose.label().as_bytes();
    let mut aad = Vec::with_capacity(label.len() + 2 + KEY_ID_LEN + context.len());
    aad.extend_from_slice(label);
    aad.extend_from_slice(&[0, FORMAT]);
    aad.extend_from_slice(&id.0);
    aad.extend_from_slice(context);
    aad
}

fn derive(material: &KeyMaterial, purpose: Purpose) -> Result<RandomizedNonceKey, SealError> {
    let mut key = Zeroizing::new([0; 32]);
    expand(material, purpose.label(), key.as_mut_slice())?;
    RandomizedNonceKey::new(&AES_256_GCM_SIV, key.as_slice()).map_err(|_| SealError)
}

fn expand(material: &KeyMaterial, label: &str, out: &mut [u8]) -> Result<(), SealError> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, DERIVATION).extract(material.as_slice());
    pseudorandom
        .expand(&[label.as_bytes()], Length(out.len()))
        .and_then(|okm| okm.fill(out))
        .map_err(|_| SealError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u8, material: u8) -> SealKey {
        SealKey::new(KeyId([0, 0, 0, id]), &Zeroizing::new([material; 32])).unwrap()
    }

    #[test]
    fn sealed_bytes_open_with_the_same_key_purpose_and_context() {
        let sealed = key(1, 7)
            .seal(Purpose::SessionToken, b"context", b"hello")
            .unwrap();
        assert_eq!(sealed.len(), 5 + OVERHEAD);
        let opened = key(1, 7).open(Purpose::SessionToken, b"context", &sealed);
        assert_eq!(opened.unwrap().as_slice(), b"hello");
    }

    #[test]
    fn nothing_opens_for_another_purpose() {
        let key = key(1, 7);
        for sealed_for in Purpose::ALL {
            let sealed = key.seal(sealed_for, b"", b"hello").unwrap();
            for purpose in Purpose::ALL {
                let opened = key.open(purpose, b"", &sealed);
                assert_eq!(
                    opened.is_ok(),
                    purpose == sealed_for,
                    "{sealed_for:?} as {purpose:?}"
                );
            }
        }
    }

    #[test]
    fn nothing_opens_in_another_context_or_under_another_key() {
        let sealed = key(1, 7).seal(Purpose::Envelope, b"a", b"hello").unwrap();
        let open =
            |key: SealKey, context| key.open(Purpose::Envelope, context, &sealed).unwrap_err();
        assert_eq!(open(key(1, 7), b"b".as_slice()), OpenError::NotAuthentic);
        assert_eq!(open(key(1, 8), b"a"), OpenError::NotAuthentic);
        insta::assert_snapshot!(open(key(2, 7), b"a"), @"the sealed value was sealed under key 00000001, which is not known");
    }

    #[test]
    fn a_changed_bit_is_detected() {
        let key = key(1, 7);
        let sealed = key.seal(Purpose::SessionToken, b"", b"hello").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                key.open(Purpose::SessionToken, b"", &changed).is_err(),
                "bit {bit}"
            );
        }
        for length in 0..sealed.len() {
            assert!(
                key.open(Purpose::SessionToken, b"", &sealed[..length])
                    .is_err()
            );
        }
    }

    #[test]
    fn an_unknown_format_is_named() {
        let key = key(1, 7);
        let mut sealed = key.seal(Purpose::SessionToken, b"", b"hello").unwrap();
        sealed[0] = 2;
        insta::assert_snapshot!(
            key.open(Purpose::SessionToken, b"", &sealed).unwrap_err(),
            @"the sealed value has format 2, this version of bowline reads 1"
        );
    }

    #[test]
    fn the_text_form_is_no_json_web_token() {
        let sealed = key(255, 7)
            .seal(Purpose::SessionToken, b"", &[0; 100])
            .unwrap();
        let text = to_text(&sealed);
        assert!(text.starts_with("AQ"), "{text}");
        assert_eq!(from_text(&text, 4096).unwrap(), sealed);
        assert_eq!(from_text(&text, text.len() - 1), Err(OpenError::Malformed));
    }

    #[test]
    fn room_is_the_longest_plaintext_that_fits() {
        let key = key(1, 7);
        for longest in [320, 4096] {
            let most = key
                .seal(Purpose::PageToken, b"", &vec![0; room(longest)])
                .unwrap();
            assert!(to_text(&most).len() <= longest);
            let more = key
                .seal(Purpose::PageToken, b"", &vec![0; room(longest) + 1])
                .unwrap();
            assert!(to_text(&more).len() > longest);
        }
    }
}
