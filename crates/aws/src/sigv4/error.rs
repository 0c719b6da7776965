//! Why a signature is rejected. [`crate::error`] maps the reasons to AWS's codes and messages.

use jiff::Timestamp;

/// A signing mechanism that is recognized but not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// `X-Amz-Algorithm` and friends in the query string.
    /// Services other than S3 have presigned requests, see [`present`](super::present).
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
    /// A chunked payload signed with signature version 4A:
    /// `STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD` and its variants.
    #[error("payloads in chunks signed by signature version 4A are not supported")]
    AsymmetricChunks,
}

/// A problem of the `Authorization` header itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// Longer than 8 KiB.
    #[error("the authorization header is longer than 8192 bytes")]
    TooLong,
    /// Bytes that are not visible ASCII.
    #[error("the authorization header has a character other than visible ASCII")]
    BadCharacter,
    /// An algorithm that is not AWS's.
    #[error("unsupported authorization scheme `{0}`")]
    Scheme(String),
    /// A component without `=`.
    #[error("`{0}` is not a key=value pair")]
    NotAPair(String),
    /// An unknown parameter.
    #[error("unknown parameter `{0}`")]
    UnknownParameter(String),
    /// `X-Amz-Algorithm` of a presigned request is not AWS's.
    #[error("unsupported algorithm in `X-Amz-Algorithm`")]
    PresignedAlgorithm,
    /// `X-Amz-Expires` of a presigned request is not 1 to 604,800.
    #[error("`X-Amz-Expires` is not a number of seconds from 1 to 604800")]
    PresignedExpires,
    /// A duplicate parameter.
    #[error("parameter `{0}` is given more than once")]
    DuplicateParameter(&'static str),
    /// A missing parameter.
    #[error("parameter `{0}` is missing")]
    MissingParameter(&'static str),
    /// Not five elements: `keyid/date/region/service/aws4_request`.
    #[error("credential `{0}` is not keyid/date/region/service/aws4_request")]
    Credential(String),
    /// No access key id.
    #[error("the credential has no access key id")]
    EmptyKeyId,
    /// A date other than eight digits.
    #[error("the date of the credential is `{0}`")]
    Date(String),
    /// No region, or one that is not a name.
    #[error("the region of the credential is `{0}`")]
    Region(String),
    /// No service, or one that is not a name.
    #[error("the service of the credential is `{0}`")]
    Service(String),
    /// Not `aws4_request`.
    #[error("the terminal of the credential is `{0}`")]
    Terminal(String),
    /// Not sorted, not lower case, repeated, or empty.
    #[error("signed headers `{0}` are not sorted lower-case names without repeats")]
    SignedHeaders(String),
}

/// Why the signature of a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The `Authorization` header is malformed.
    #[error("malformed authorization header")]
    Malformed(#[from] AuthorizationError),
    /// The signing mechanism is not supported.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Both a header and the query string carry a signature.
    #[error("the request is signed in more than one way")]
    SeveralMechanisms,
    /// A header that affects the result is repeated.
    #[error("header `{0}` is given more than once")]
    DuplicateHeader(&'static str),
    /// The session token is empty, too long or not visible ASCII.
    #[error("the session token header is malformed")]
    MalformedSessionToken,
    /// `host` is not among the signed headers.
    #[error("header `host` is not signed")]
    HostNotSigned,
    /// An `x-amz-*` header is present and not signed.
    #[error("header `{0}` is not signed")]
    HeaderNotSigned(String),
    /// A signed header is absent.
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
    /// The date is malformed.
    #[error("the request's date cannot be read")]
    DateMalformed,
    /// The date of the scope is not the date of the request.
    #[error("the credential scope is of `{scope}`, the request of another day")]
    ScopeDate {
        /// The date of the scope, as eight digits.
        scope: String,
        /// The time of the request, by its date header.
        requested: Timestamp,
    },
    /// The request is more than 15 minutes old.
    #[error("the signature has expired")]
    Expired {
        /// The time of the request, by its date header.
        requested: Timestamp,
        /// The time of the server.
        now: Timestamp,
    },
    /// The request is more than 15 minutes in the future.
    #[error("the signature is not yet current")]
    NotYetCurrent {
        /// The time of the request, by its date header.
        requested: Timestamp,
        /// The time of the server.
        now: Timestamp,
    },
    /// `x-amz-content-sha256` is required and absent.
    #[error("header `x-amz-content-sha256` is missing")]
    ContentSha256Missing,
    /// `x-amz-content-sha256` has a value that is malformed or not allowed for the service.
    #[error("header `x-amz-content-sha256` is malformed or not allowed here")]
    ContentSha256Malformed,
    /// The body does not have the declared hash.
    #[error("the body does not match `x-amz-content-sha256`")]
    ContentSha256Mismatch,
    /// The signature is not the one that the secret produces.
    #[error("the signature does not match")]
    Mismatch,
}
