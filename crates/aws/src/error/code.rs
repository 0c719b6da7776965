//! The table of errors: the kind of each, and its code and HTTP status in each protocol.
//!
//! Sources: the errors of botocore's service models for IAM, STS and DynamoDB; "Error Responses" of
//! the S3 API reference; "Common Errors" of the IAM and STS API references. The operator API uses
//! the column of the query protocol.

use super::protocol::Protocol;

/// The side that must change something before the request can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The client.
    Sender,
    /// The server.
    Receiver,
}

/// The kind of an error. The HTTP status does not determine it: S3 responds with 501 to features
/// that it does not support, which is not a failure of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The server rejects the request: denied, not authenticated, ambiguous, or not supported.
    Rejected,
    /// The request cannot succeed: malformed, its resource is absent, in conflict or in another
    /// state.
    Failed,
    /// The server failed.
    ServerError,
}

macro_rules! codes {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $kind:ident ($query:literal, $query_status:literal)
            $(s3 ($s3:literal, $s3_status:literal))?
            $(dynamodb ($ddb:literal, $ddb_status:literal))?;
    )*) => {
        /// An error, independent of the client's protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $( $(#[doc = $doc])+ $name, )*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The kind of the error.
            pub fn kind(self) -> ErrorKind {
                match self { $(Self::$name => ErrorKind::$kind,)* }
            }

            fn query(self) -> (&'static str, u16) {
                match self { $(Self::$name => ($query, $query_status),)* }
            }

            #[expect(unreachable_code, reason = "rows without a column for the protocol use the first column")]
            fn s3(self) -> (&'static str, u16) {
                match self { $(Self::$name => { $(return ($s3, $s3_status);)? self.query() })* }
            }

            #[expect(unreachable_code, reason = "rows without a column for the protocol use the first column")]
            fn dynamodb(self) -> (&'static str, u16) {
                match self { $(Self::$name => { $(return ($ddb, $ddb_status);)? self.query() })* }
            }
        }
    };
}

codes! {
    // Authentication.
    /// The request is not signed.
    MissingAuthenticationToken Rejected ("MissingAuthenticationToken", 403) s3 ("AccessDenied", 403) dynamodb ("MissingAuthenticationTokenException", 400);
    /// The signature is malformed.
    IncompleteSignature Rejected ("IncompleteSignature", 400) s3 ("AuthorizationHeaderMalformed", 400) dynamodb ("IncompleteSignatureException", 400);
    /// The access key does not exist.
    UnknownAccessKey Rejected ("InvalidClientTokenId", 403) s3 ("InvalidAccessKeyId", 403) dynamodb ("UnrecognizedClientException", 400);
    /// The session token cannot be opened.
    InvalidSessionToken Rejected ("InvalidClientTokenId", 403) s3 ("InvalidToken", 400) dynamodb ("UnrecognizedClientException", 400);
    /// The session has ended or was revoked.
    ExpiredToken Rejected ("ExpiredToken", 403) s3 ("ExpiredToken", 400) dynamodb ("ExpiredTokenException", 400);
    /// The signature does not match.
    SignatureDoesNotMatch Rejected ("SignatureDoesNotMatch", 403) dynamodb ("InvalidSignatureException", 400);
    /// The time of the request differs too much from the server's.
    RequestTimeTooSkewed Rejected ("SignatureDoesNotMatch", 403) s3 ("RequestTimeTooSkewed", 403) dynamodb ("InvalidSignatureException", 400);
    /// A header that must be signed is not signed.
    HeadersNotSigned Rejected ("SignatureDoesNotMatch", 403) s3 ("AccessDenied", 403) dynamodb ("InvalidSignatureException", 400);
    /// The request has no date.
    MissingDate Rejected ("IncompleteSignature", 400) s3 ("AccessDenied", 403) dynamodb ("IncompleteSignatureException", 400);
    /// The body is not the one that was signed.
    ContentSha256Mismatch Rejected ("SignatureDoesNotMatch", 403) s3 ("XAmzContentSHA256Mismatch", 400) dynamodb ("InvalidSignatureException", 400);
    /// The signing mechanism is not supported.
    UnsupportedSignature Rejected ("IncompleteSignature", 400) s3 ("NotImplemented", 501) dynamodb ("IncompleteSignatureException", 400);

    // The request.
    /// The request can be parsed in two ways.
    Ambiguous Rejected ("InvalidRequest", 400);
    /// The policies do not allow the request.
    AccessDenied Rejected ("AccessDenied", 403) dynamodb ("AccessDeniedException", 400);
    /// A member violates its constraint.
    ValidationError Failed ("ValidationError", 400) s3 ("InvalidArgument", 400) dynamodb ("ValidationException", 400);
    /// A value is invalid although it satisfies its constraint.
    InvalidParameterValue Failed ("InvalidParameterValue", 400) s3 ("InvalidArgument", 400) dynamodb ("ValidationException", 400);
    /// Parameters that exclude each other.
    InvalidParameterCombination Failed ("InvalidParameterCombination", 400) s3 ("InvalidRequest", 400) dynamodb ("ValidationException", 400);
    /// A required value is absent.
    MissingParameter Failed ("MissingParameter", 400) s3 ("InvalidRequest", 400) dynamodb ("ValidationException", 400);
    /// The request names no operation.
    MissingAction Failed ("MissingAction", 400) s3 ("InvalidRequest", 400) dynamodb ("UnknownOperationException", 400);
    /// The operation does not exist, or this version does not support it.
    UnknownOperation Rejected ("InvalidAction", 400) s3 ("NotImplemented", 501) dynamodb ("UnknownOperationException", 400);
    /// The body or the parameters are malformed.
    MalformedInput Failed ("MalformedInput", 400) s3 ("InvalidRequest", 400) dynamodb ("SerializationException", 400);
    /// The request has too many bytes or members.
    RequestTooLarge Failed ("RequestEntityTooLarge", 413) s3 ("EntityTooLarge", 400) dynamodb ("RequestEntityTooLargeException", 413);
    /// Too many requests of this client.
    Throttling Rejected ("Throttling", 400) s3 ("SlowDown", 503) dynamodb ("ThrottlingException", 400);
    /// An internal error.
    InternalFailure ServerError ("InternalFailure", 500) s3 ("InternalError", 500) dynamodb ("InternalServerError", 500);
    /// The server is not ready or overloaded.
    ServiceUnavailable ServerError ("ServiceUnavailable", 503) s3 ("SlowDown", 503) dynamodb ("ServiceUnavailableException", 503);

    // STS.
    /// The identity token is not valid.
    InvalidIdentityToken Rejected ("InvalidIdentityToken", 400);
    /// The identity token has expired. Not the code of an expired session.
    ExpiredIdentityToken Rejected ("ExpiredTokenException", 400);
    /// The identity provider did not respond; clients retry.
    IdpCommunicationError Failed ("IDPCommunicationError", 400);
    /// The identity provider rejected the token.
    IdpRejectedClaim Rejected ("IDPRejectedClaim", 403);
    /// Session policies and tags do not fit the session token.
    PackedPolicyTooLarge Failed ("PackedPolicyTooLarge", 400);
    /// STS is not active in the region.
    RegionDisabled Rejected ("RegionDisabledException", 403);
    /// The encoded authorization message cannot be decoded.
    InvalidAuthorizationMessage Rejected ("InvalidAuthorizationMessageException", 400);

    // IAM and the operator API.
    /// The policy document is malformed.
    MalformedPolicyDocument Failed ("MalformedPolicyDocument", 400) s3 ("MalformedPolicy", 400);
    /// The named entity does not exist.
    NoSuchEntity Failed ("NoSuchEntity", 404);
    /// The name is in use.
    EntityAlreadyExists Failed ("EntityAlreadyExists", 409);
    /// The entity still has dependent entities.
    DeleteConflict Failed ("DeleteConflict", 409);
    /// A quota is exhausted.
    LimitExceeded Failed ("LimitExceeded", 409) dynamodb ("LimitExceededException", 400);
    /// The input is invalid although it satisfies its constraints.
    InvalidInput Failed ("InvalidInput", 400);
    /// Another request changed the entity concurrently.
    ConcurrentModification Failed ("ConcurrentModification", 409);
    /// The entity belongs to a service.
    UnmodifiableEntity Failed ("UnmodifiableEntity", 400);
    /// The entity is being changed.
    EntityTemporarilyUnmodifiable Failed ("EntityTemporarilyUnmodifiable", 409);
    /// The policy is for service-linked roles only.
    PolicyNotAttachable Failed ("PolicyNotAttachable", 400);
    /// The entity is of another kind.
    InvalidUserType Failed ("InvalidUserType", 400);
    /// Policies could not be simulated.
    PolicyEvaluation ServerError ("PolicyEvaluation", 500);
    /// The provider did not respond.
    OpenIdIdpCommunicationError Failed ("OpenIdIdpCommunicationError", 400);

    // S3.
    /// The bucket does not exist.
    NoSuchBucket Failed ("NoSuchBucket", 404);
    /// The object does not exist.
    NoSuchKey Failed ("NoSuchKey", 404);
    /// Another account has a bucket of this name.
    BucketAlreadyExists Failed ("BucketAlreadyExists", 409);
    /// The caller's account has a bucket of this name.
    BucketAlreadyOwnedByYou Failed ("BucketAlreadyOwnedByYou", 409);
    /// The account has as many buckets as its quota allows.
    TooManyBuckets Failed ("TooManyBuckets", 400);
    /// The bucket is not empty.
    BucketNotEmpty Failed ("BucketNotEmpty", 409);
    /// The name is not a valid bucket name.
    InvalidBucketName Failed ("InvalidBucketName", 400);
    /// The expected owner of a bucket is no account id.
    InvalidBucketOwner Failed ("InvalidBucketOwnerAWSAccountID", 400);
    /// The key has more than 1,024 bytes.
    KeyTooLong Failed ("KeyTooLongError", 400);
    /// An argument of an S3 request is invalid.
    InvalidArgument Failed ("InvalidArgument", 400);
    /// The request is invalid.
    InvalidRequest Failed ("InvalidRequest", 400);
    /// The request target is malformed.
    InvalidUri Failed ("InvalidURI", 400);
    /// The range is outside of the object.
    InvalidRange Failed ("InvalidRange", 416);
    /// A precondition of the request is not met.
    PreconditionFailed Failed ("PreconditionFailed", 412);
    /// The object has not changed.
    NotModified Failed ("NotModified", 304);
    /// The body does not have the checksum of the request.
    BadDigest Failed ("BadDigest", 400);
    /// The checksum is malformed.
    InvalidDigest Failed ("InvalidDigest", 400);
    /// The body ended early, or has more bytes than declared.
    IncompleteBody Failed ("IncompleteBody", 400);
    /// The request does not declare its length.
    MissingContentLength Failed ("MissingContentLength", 411);
    /// The object exceeds the size of a single put.
    EntityTooLarge Failed ("EntityTooLarge", 400);
    /// User metadata exceeds 2 KB.
    MetadataTooLarge Failed ("MetadataTooLarge", 400);
    /// The XML body is malformed.
    MalformedXml Failed ("MalformedXML", 400);
    /// The trailer of a chunked body is malformed.
    MalformedTrailer Failed ("MalformedTrailerError", 400);
    /// The client sent the body too slowly.
    RequestTimeout Failed ("RequestTimeout", 400);
    /// The resource does not support the method.
    MethodNotAllowed Failed ("MethodNotAllowed", 405);
    /// A feature, query parameter or header is not supported.
    NotImplemented Rejected ("NotImplemented", 501) dynamodb ("UnknownOperationException", 400);
    /// The region in the body does not exist.
    InvalidLocationConstraint Failed ("InvalidLocationConstraint", 400);
    /// The region in the body is not the region of the endpoint.
    IllegalLocationConstraint Failed ("IllegalLocationConstraintException", 400);
    /// The region of the scope is not the bucket's.
    AuthorizationHeaderMalformed Failed ("AuthorizationHeaderMalformed", 400);
    /// A conflicting operation is in progress.
    OperationAborted Failed ("OperationAborted", 409);
    /// The storage is full.
    InsufficientStorage ServerError ("ServiceUnavailable", 503);

    // DynamoDB.
    /// The table does not exist.
    ResourceNotFound Failed ("ResourceNotFoundException", 400);
    /// The table is in transition, or a table with this name exists.
    ResourceInUse Failed ("ResourceInUseException", 400);
    /// The condition of a write is not met.
    ConditionalCheckFailed Failed ("ConditionalCheckFailedException", 400);
    /// The transaction was canceled.
    TransactionCanceled Failed ("TransactionCanceledException", 400);
    /// The token belongs to a different transaction.
    IdempotentParameterMismatch Failed ("IdempotentParameterMismatchException", 400);
    /// The items of one partition and its local indexes are too large.
    ItemCollectionSizeLimitExceeded Failed ("ItemCollectionSizeLimitExceededException", 400);
}

impl Code {
    /// The side at fault.
    pub fn fault(self) -> Fault {
        match self.kind() {
            ErrorKind::Rejected | ErrorKind::Failed => Fault::Sender,
            ErrorKind::ServerError => Fault::Receiver,
        }
    }

    /// Whether the request would have exceeded a quota of an account or of one of its resources.
    pub fn exceeds_quota(self) -> bool {
        matches!(self, Self::LimitExceeded | Self::TooManyBuckets)
    }

    /// The code and HTTP status in a protocol.
    pub(super) fn wire(self, protocol: Protocol) -> (&'static str, u16) {
        match protocol {
            Protocol::Query { .. } | Protocol::Bowline => self.query(),
            Protocol::S3 => self.s3(),
            Protocol::DynamoDb => self.dynamodb(),
        }
    }

    /// The namespace before `#` in DynamoDB's `__type`: that of its front end, its validator or
    /// itself.
    pub(super) fn dynamodb_namespace(self) -> &'static str {
        match self.dynamodb().0 {
            "ValidationException" => "com.amazon.coral.validate",
            "MissingAuthenticationTokenException"
            | "IncompleteSignatureException"
            | "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "InvalidSignatureException"
            | "AccessDeniedException"
            | "UnknownOperationException"
            | "SerializationException"
            | "ThrottlingException"
            | "RequestEntityTooLargeException"
            | "ServiceUnavailableException" => "com.amazon.coral.service",
            _ => "com.amazonaws.dynamodb.v20120810",
        }
    }
}
