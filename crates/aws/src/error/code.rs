//! The table: every failure, who is at fault, and its code and HTTP status in each protocol.
//!
//! Sources: the errors of botocore's service models for IAM, STS and DynamoDB; "Error Responses" of the S3 API reference; "Common
//! Errors" of the IAM and STS API references. The operator API uses the query protocol's column.

use super::Protocol;

/// Who has to change something before the request can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The client.
    Sender,
    /// The server.
    Receiver,
}

macro_rules! codes {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $fault:ident ($query:literal, $query_status:literal)
            $(s3 ($s3:literal, $s3_status:literal))?
            $(dynamodb ($ddb:literal, $ddb_status:literal))?;
    )*) => {
        /// A failure, whatever its code is called in the client's protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $( $(#[doc = $doc])+ $name, )*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Who is at fault.
            pub fn fault(self) -> Fault {
                match self { $(Self::$name => Fault::$fault,)* }
            }

            fn query(self) -> (&'static str, u16) {
                match self { $(Self::$name => ($query, $query_status),)* }
            }

            #[expect(unreachable_code, reason = "rows without a column of their own fall through to the first")]
            fn s3(self) -> (&'static str, u16) {
                match self { $(Self::$name => { $(return ($s3, $s3_status);)? self.query() })* }
            }

            #[expect(unreachable_code, reason = "rows without a column of their own fall through to the first")]
            fn dynamodb(self) -> (&'static str, u16) {
                match self { $(Self::$name => { $(return ($ddb, $ddb_status);)? self.query() })* }
            }
        }
    };
}

codes! {
    // Who is calling.
    /// Nothing is signed.
    MissingAuthenticationToken Sender ("MissingAuthenticationToken", 403) s3 ("AccessDenied", 403) dynamodb ("MissingAuthenticationTokenException", 400);
    /// The signature cannot be read.
    IncompleteSignature Sender ("IncompleteSignature", 400) s3 ("AuthorizationHeaderMalformed", 400) dynamodb ("IncompleteSignatureException", 400);
    /// The access key id is not known.
    UnknownAccessKey Sender ("InvalidClientTokenId", 403) s3 ("InvalidAccessKeyId", 403) dynamodb ("UnrecognizedClientException", 400);
    /// The session token does not open.
    InvalidSessionToken Sender ("InvalidClientTokenId", 403) s3 ("InvalidToken", 400) dynamodb ("UnrecognizedClientException", 400);
    /// The session has ended or was revoked.
    ExpiredToken Sender ("ExpiredToken", 403) s3 ("ExpiredToken", 400) dynamodb ("ExpiredTokenException", 400);
    /// The signature is another.
    SignatureDoesNotMatch Sender ("SignatureDoesNotMatch", 403) dynamodb ("InvalidSignatureException", 400);
    /// The request's time is out of the window.
    RequestTimeTooSkewed Sender ("SignatureDoesNotMatch", 403) s3 ("RequestTimeTooSkewed", 403) dynamodb ("InvalidSignatureException", 400);
    /// A header that must be signed is not.
    HeadersNotSigned Sender ("SignatureDoesNotMatch", 403) s3 ("AccessDenied", 403) dynamodb ("InvalidSignatureException", 400);
    /// The request has no date.
    MissingDate Sender ("IncompleteSignature", 400) s3 ("AccessDenied", 403) dynamodb ("IncompleteSignatureException", 400);
    /// The body is not the one that was signed.
    ContentSha256Mismatch Sender ("SignatureDoesNotMatch", 403) s3 ("XAmzContentSHA256Mismatch", 400) dynamodb ("InvalidSignatureException", 400);
    /// A way of signing that is not served.
    UnsupportedSignature Sender ("IncompleteSignature", 400) s3 ("NotImplemented", 501) dynamodb ("IncompleteSignatureException", 400);

    // What is asked.
    /// The engine said no.
    AccessDenied Sender ("AccessDenied", 403) dynamodb ("AccessDeniedException", 400);
    /// A member violates its constraint.
    ValidationError Sender ("ValidationError", 400) s3 ("InvalidArgument", 400) dynamodb ("ValidationException", 400);
    /// A value is wrong for a reason beyond its shape.
    InvalidParameterValue Sender ("InvalidParameterValue", 400) s3 ("InvalidArgument", 400) dynamodb ("ValidationException", 400);
    /// Values that exclude each other.
    InvalidParameterCombination Sender ("InvalidParameterCombination", 400) s3 ("InvalidRequest", 400) dynamodb ("ValidationException", 400);
    /// A required value is absent.
    MissingParameter Sender ("MissingParameter", 400) s3 ("InvalidRequest", 400) dynamodb ("ValidationException", 400);
    /// No operation is named.
    MissingAction Sender ("MissingAction", 400) s3 ("InvalidRequest", 400) dynamodb ("UnknownOperationException", 400);
    /// The operation does not exist, or not in this version.
    UnknownOperation Sender ("InvalidAction", 400) s3 ("NotImplemented", 501) dynamodb ("UnknownOperationException", 400);
    /// The body or parameters cannot be read.
    MalformedInput Sender ("MalformedInput", 400) s3 ("InvalidRequest", 400) dynamodb ("SerializationException", 400);
    /// More bytes or members than are read.
    RequestTooLarge Sender ("RequestEntityTooLarge", 413) s3 ("EntityTooLarge", 400) dynamodb ("RequestEntityTooLargeException", 413);
    /// Too many requests of this caller.
    Throttling Sender ("Throttling", 400) s3 ("SlowDown", 503) dynamodb ("ThrottlingException", 400);
    /// A failure of ours.
    InternalFailure Receiver ("InternalFailure", 500) s3 ("InternalError", 500) dynamodb ("InternalServerError", 500);
    /// Try again later.
    ServiceUnavailable Receiver ("ServiceUnavailable", 503) s3 ("SlowDown", 503) dynamodb ("ServiceUnavailableException", 503);

    // STS.
    /// The identity token is no valid one.
    InvalidIdentityToken Sender ("InvalidIdentityToken", 400);
    /// The identity token has expired. Not the code of an expired session.
    ExpiredIdentityToken Sender ("ExpiredTokenException", 400);
    /// The identity provider could not be asked; clients try again.
    IdpCommunicationError Sender ("IDPCommunicationError", 400);
    /// The identity provider said no.
    IdpRejectedClaim Sender ("IDPRejectedClaim", 403);
    /// Session policies and tags do not fit the session token.
    PackedPolicyTooLarge Sender ("PackedPolicyTooLarge", 400);
    /// STS is not active in the region.
    RegionDisabled Sender ("RegionDisabledException", 403);
    /// The encoded authorization message does not open.
    InvalidAuthorizationMessage Sender ("InvalidAuthorizationMessageException", 400);

    // IAM and the operator API.
    /// A policy document is no policy.
    MalformedPolicyDocument Sender ("MalformedPolicyDocument", 400) s3 ("MalformedPolicy", 400);
    /// The named entity does not exist.
    NoSuchEntity Sender ("NoSuchEntity", 404);
    /// The name is taken.
    EntityAlreadyExists Sender ("EntityAlreadyExists", 409);
    /// Something still hangs on it.
    DeleteConflict Sender ("DeleteConflict", 409);
    /// A quota is used up.
    LimitExceeded Sender ("LimitExceeded", 409);
    /// An input that no constraint of shape describes.
    InvalidInput Sender ("InvalidInput", 400);
    /// Somebody else changed it in the meantime.
    ConcurrentModification Sender ("ConcurrentModification", 409);
    /// The entity belongs to a service.
    UnmodifiableEntity Sender ("UnmodifiableEntity", 400);
    /// The entity is being changed.
    EntityTemporarilyUnmodifiable Sender ("EntityTemporarilyUnmodifiable", 409);
    /// The policy is for service-linked roles only.
    PolicyNotAttachable Sender ("PolicyNotAttachable", 400);
    /// The entity is of another kind.
    InvalidUserType Sender ("InvalidUserType", 400);
    /// Policies could not be simulated.
    PolicyEvaluation Receiver ("PolicyEvaluation", 500);
    /// The provider could not be asked.
    OpenIdIdpCommunicationError Sender ("OpenIdIdpCommunicationError", 400);

    // S3.
    /// The bucket does not exist.
    NoSuchBucket Sender ("NoSuchBucket", 404);
    /// The object does not exist.
    NoSuchKey Sender ("NoSuchKey", 404);
    /// Another account has a bucket of this name.
    BucketAlreadyExists Sender ("BucketAlreadyExists", 409);
    /// The caller's account has a bucket of this name.
    BucketAlreadyOwnedByYou Sender ("BucketAlreadyOwnedByYou", 409);
    /// The bucket still holds objects.
    BucketNotEmpty Sender ("BucketNotEmpty", 409);
    /// The name can be no bucket's.
    InvalidBucketName Sender ("InvalidBucketName", 400);
    /// The key has more than 1,024 bytes.
    KeyTooLong Sender ("KeyTooLongError", 400);
    /// An argument of S3's own.
    InvalidArgument Sender ("InvalidArgument", 400);
    /// A request that makes no sense.
    InvalidRequest Sender ("InvalidRequest", 400);
    /// The target cannot be read.
    InvalidUri Sender ("InvalidURI", 400);
    /// The range lies outside of the object.
    InvalidRange Sender ("InvalidRange", 416);
    /// A condition does not hold.
    PreconditionFailed Sender ("PreconditionFailed", 412);
    /// The object is as the client has it.
    NotModified Sender ("NotModified", 304);
    /// The body does not have the checksum that came with it.
    BadDigest Sender ("BadDigest", 400);
    /// The checksum itself is malformed.
    InvalidDigest Sender ("InvalidDigest", 400);
    /// The body ended early, or has more bytes than declared.
    IncompleteBody Sender ("IncompleteBody", 400);
    /// The length is not declared.
    MissingContentLength Sender ("MissingContentLength", 411);
    /// The object is larger than a single put may be.
    EntityTooLarge Sender ("EntityTooLarge", 400);
    /// User metadata exceeds 2 KB.
    MetadataTooLarge Sender ("MetadataTooLarge", 400);
    /// The XML body cannot be read.
    MalformedXml Sender ("MalformedXML", 400);
    /// The trailer of a chunked body is wrong.
    MalformedTrailer Sender ("MalformedTrailerError", 400);
    /// The client stopped sending.
    RequestTimeout Sender ("RequestTimeout", 400);
    /// The method is not for this resource.
    MethodNotAllowed Sender ("MethodNotAllowed", 405);
    /// A function, query key or header that is not served.
    NotImplemented Sender ("NotImplemented", 501) dynamodb ("UnknownOperationException", 400);
    /// The region in the body is no region.
    InvalidLocationConstraint Sender ("InvalidLocationConstraint", 400);
    /// The region in the body is not the one addressed.
    IllegalLocationConstraint Sender ("IllegalLocationConstraintException", 400);
    /// The scope's region is not the bucket's.
    AuthorizationHeaderMalformed Sender ("AuthorizationHeaderMalformed", 400);
    /// A conflicting operation is under way.
    OperationAborted Sender ("OperationAborted", 409);
    /// The storage behind is full.
    InsufficientStorage Receiver ("ServiceUnavailable", 503);

    // DynamoDB.
    /// The table does not exist.
    ResourceNotFound Sender ("ResourceNotFoundException", 400);
    /// The table is being changed.
    ResourceInUse Sender ("ResourceInUseException", 400);
}

impl Code {
    /// Code and HTTP status in a protocol.
    pub(super) fn wire(self, protocol: Protocol) -> (&'static str, u16) {
        match protocol {
            Protocol::Query { .. } | Protocol::Bowline => self.query(),
            Protocol::S3 => self.s3(),
            Protocol::DynamoDb => self.dynamodb(),
        }
    }

    /// The namespace before `#` in DynamoDB's `__type`: its front's, its validator's or its own.
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
