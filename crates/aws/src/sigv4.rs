//! AWS Signature Version 4: reads, verifies and makes signatures over the parts of a request.
//!
//! The steps hand over proofs. [`present`] reads what a request presents, without trusting it: an [`UnverifiedRequest`] names the access key id
//! and scope for which the caller has to fetch the secret. [`verify`] is the only way to a [`VerifiedRequest`].
//! What is checked on the way, whoever calls: `host` and every `x-amz-*` header are signed; `SignedHeaders` is sorted, lower case
//! and without repeats; no header that decides something comes twice; the date of the scope is the date of the request, which lies
//! within 15 minutes of now; the payload hash is present where the service demands it. Signatures compare in constant time.
//!
//! Which canonical path applies and whether the payload may go unsigned follows from the service that the signature itself names, so
//! that no caller can pick the wrong rules.

mod authorization;
mod canonical;
mod chunks;
mod content;
mod error;
mod key;
mod scope;
mod sign;
mod time;
mod verify;

pub use authorization::{PresentedSignature, UnverifiedRequest, present};
pub use canonical::{canonical_request, string_to_sign};
pub use chunks::ChunkChain;
pub use content::ContentSha256;
pub use error::{AuthorizationError, SignatureError, Unsupported};
pub use key::DerivedKey;
pub use scope::{CredentialScope, InvalidScope, SigningRules};
pub use sign::{Credentials, SigningPayload, sign};
pub use time::amz_date;
pub use verify::{MAX_CLOCK_SKEW, Payload, VerifiedRequest, verify};

/// The parts of a request that a signature covers, as they came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method, such as `GET`.
    pub method: &'a str,
    /// The path before the `?`, still percent-encoded: never decoded, normalized or rebuilt.
    pub path: &'a str,
    /// What follows the `?`, still percent-encoded; empty if there is none.
    pub query: &'a str,
    /// Names in any case and values, in the order received.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> RequestParts<'a> {
    /// The values of a header in the order received.
    pub fn header_values(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The value of a header that may come once only.
    ///
    /// # Errors
    /// [`SignatureError::DuplicateHeader`] when it comes again.
    pub fn single_header(&self, name: &'static str) -> Result<Option<&'a [u8]>, SignatureError> {
        let mut values = self.header_values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(SignatureError::DuplicateHeader(name)),
        }
    }
}

#[cfg(test)]
mod tests;
