//! Why a signature does not hold, before any protocol has put a code on it ([`crate::error`] does).

use jiff::Timestamp;

/// The way of signing is recognized, and not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// `X-Amz-Algorithm` and friends in the query string.
    #[error("presigned URLs are not supported")]
    PresignedQuery,
    /// `Authorization: AWS key:signature`.
    #[error("signature version 2 is not supported")]
    Version2Header,
    /// `AWSAccessKeyId` and `Signature` in the query string.
    #[error("signature version 2 in the query string is not supported")]
    Version2Query,
    /// `AWS4-ECDSA-P256-SHA256`, which covers several regions.
    #[error("signature version 4A is not supported")]
    Version4Asymmetric,
    /// A payload in chunks that signature version 4A signs: `STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD` and its like.
    #[error("payloads in chunks signed by signature version 4A are not supported")]
    AsymmetricChunks,
}

/// What is wrong with the `Authorization` header itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// Longer than 8 KiB.
    #[error("the authorization header is longer than 8192 bytes")]
    TooLong,
    /// Bytes that are no visible ASCII.
    #[error("the authorization header has a character other than visible ASCII")]
    BadCharacter,
    /// The algorithm is none of AWS's.
    #[error("unsupported authorization scheme `{0}`")]
    Scheme(String),
    /// A part without `=`.
    #[error("`{0}` is not a key=value pair")]
    NotAPair(String),
    /// A part that the algorithm does not know.
    #[error("unknown parameter `{0}`")]
    UnknownParameter(String),
    /// A part that comes twice.
    #[error("parameter `{0}` is given more than once")]
    DuplicateParameter(&'static str),
    /// A part that is not there.
    #[error("parameter `{0}` is missing")]
    MissingParameter(&'static str),
    /// Not `keyid/date/region/service/aws4_request`.
    #[error("credential `{0}` is not keyid/date/region/service/aws4_request")]
    Credential(String),
    /// Not sorted, not lower case, repeated, or empty.
    #[error("signed headers `{0}` are not sorted lower-case names without repeats")]
    SignedHeaders(String),
    /// Not 64 lower-case hexadecimal digits.
    #[error("the signature is not 64 lower-case hexadecimal digits")]
    Signature,
}

/// Why a request's signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The `Authorization` header cannot be read.
    #[error("malformed authorization header")]
    Malformed(#[from] AuthorizationError),
    /// A way of signing that is not served.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A header and a query string that both sign.
    #[error("the request is signed in more than one way")]
    SeveralMechanisms,
    /// A header that decides something comes twice.
    #[error("header `{0}` is given more than once")]
    DuplicateHeader(&'static str),
    /// The session token is empty, too long or no visible ASCII.
    #[error("the session token header is malformed")]
    MalformedSessionToken,
    /// `host` is not among the signed headers.
    #[error("header `host` is not signed")]
    HostNotSigned,
    /// An `x-amz-*` header is present and not signed.
    #[error("header `{0}` is not signed")]
    HeaderNotSigned(String),
    /// A header is signed and not there.
    #[error("signed header `{0}` is absent")]
    SignedHeaderAbsent(String),
    /// A method, target or signed header that would make the canonical request ambiguous.
    #[error("the method, target or a signed header has a control character")]
    ControlCharacter,
    /// The target does not begin with a slash.
    #[error("the request target is not a path")]
    BadTarget,
    /// Neither `x-amz-date` nor `date`.
    #[error("the request has neither `x-amz-date` nor `date`")]
    DateMissing,
    /// The date cannot be read.
    #[error("the request's date cannot be read")]
    DateMalformed,
    /// The scope's date is not that of the request.
    #[error("the credential scope is of `{scope}`, the request of another day")]
    ScopeDate {
        /// The scope's date, as eight digits.
        scope: String,
        /// When the request says it was made.
        requested: Timestamp,
    },
    /// Made more than 15 minutes ago.
    #[error("the signature has expired")]
    Expired {
        /// When the request says it was made.
        requested: Timestamp,
        /// The reading of the clock.
        now: Timestamp,
    },
    /// Made more than 15 minutes ahead.
    #[error("the signature is not yet current")]
    NotYetCurrent {
        /// When the request says it was made.
        requested: Timestamp,
        /// The reading of the clock.
        now: Timestamp,
    },
    /// `x-amz-content-sha256` is required and absent.
    #[error("header `x-amz-content-sha256` is missing")]
    ContentSha256Missing,
    /// `x-amz-content-sha256` is none of its possible values.
    #[error("header `x-amz-content-sha256` is malformed or not allowed here")]
    ContentSha256Malformed,
    /// The body does not have the hash that is declared.
    #[error("the body does not match `x-amz-content-sha256`")]
    ContentSha256Mismatch,
    /// The signature is not the one that the secret makes.
    #[error("the signature does not match")]
    Mismatch,
}
