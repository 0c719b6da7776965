//! Signing keys, derived from a secret for one scope.

use std::fmt;

use aws_lc_rs::hmac;

use super::scope::CredentialScope;
use crate::credentials::SecretAccessKey;

/// A signing key, derived from a secret for one day, region and service.
///
/// The derivation takes four HMACs, more than half of the verification of a small request, so a
/// server can cache the key by access key id and scope. Within its scope it is as secret as the
/// secret access key.
#[derive(Clone)]
pub struct DerivedKey {
    key: hmac::Key,
    scope: CredentialScope,
}

impl DerivedKey {
    /// Derives the key ("Signing AWS API requests", step "Calculate the signature").
    pub fn derive(secret: &SecretAccessKey, scope: CredentialScope) -> Self {
        let mut seed = zeroize::Zeroizing::new(Vec::with_capacity(4 + secret.expose().len()));
        seed.extend_from_slice(b"AWS4");
        seed.extend_from_slice(secret.expose().as_bytes());
        let mut tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &seed),
            scope.date().as_bytes(),
        );
        for part in [scope.region(), scope.service(), "aws4_request"] {
            tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref()),
                part.as_bytes(),
            );
        }
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref()),
            scope,
        }
    }

    /// The scope for which the key signs.
    pub fn scope(&self) -> &CredentialScope {
        &self.scope
    }

    /// The signature of a string to sign.
    pub(super) fn sign(&self, string_to_sign: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.key, string_to_sign);
        let mut out = [0; 32];
        // HMAC-SHA-256 has 32 bytes, so all of `out` is written.
        out.iter_mut()
            .zip(tag.as_ref())
            .for_each(|(to, from)| *to = *from);
        out
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerivedKey({}, ..)", self.scope)
    }
}
