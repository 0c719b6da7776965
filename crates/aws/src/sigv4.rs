//! AWS Signature Version 4: parses, verifies and creates signatures over the parts of a request.
//!
//! Each step returns a proof that the next one requires. [`present`] parses the signature of a
//! request, in its header or its query, without trusting it: an [`UnverifiedRequest`] names the
//! access key id and the scope for which the caller fetches the secret. Only [`verify`] returns a
//! [`VerifiedRequest`], and it always checks the following: `host` and every `x-amz-*` header are
//! signed; `SignedHeaders` is sorted, lower case and without duplicates; no header or parameter
//! that affects the result is repeated; the date of the scope is the date of the request, which is
//! within [`MAX_CLOCK_SKEW`] of now; the payload hash is present where the service requires it.
//! Signatures are compared in constant time.
//!
//! The service in the signature itself determines the canonical path and whether the payload may
//! be unsigned, so that no caller can apply the wrong rules.

mod authorization;
mod canonical;
mod chunks;
mod content;
mod error;
mod key;
mod presigned;
mod request_parts;
mod scope;
mod shown;
mod sign;
mod time;
mod verify;

pub use authorization::{PresentedSignature, UnverifiedRequest, present};
pub use canonical::{canonical_request, string_to_sign};
pub use chunks::ChunkChain;
pub use content::ContentSha256;
pub use error::{AuthorizationError, SignatureError, Unsupported};
pub use key::DerivedKey;
pub use request_parts::RequestParts;
pub use scope::{CredentialScope, InvalidScope, SigningRules};
pub use shown::canonical_request_without_secrets;
pub use sign::{Credentials, SigningPayload, sign};
pub use time::amz_date;
pub use verify::{MAX_CLOCK_SKEW, Payload, VerifiedRequest, verify};

#[cfg(test)]
mod tests;
