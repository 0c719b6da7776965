//! Verifies an [`UnverifiedRequest`]; the only source of [`VerifiedRequest`]s.

use aws_lc_rs::{constant_time, digest};
use jiff::{SignedDuration, Timestamp};

use super::{
    authorization::UnverifiedRequest,
    canonical::{canonical_request, string_to_sign},
    chunks::ChunkChain,
    content::ContentSha256,
    error::SignatureError,
    key::DerivedKey,
    scope::{CredentialScope, SigningRules},
    time::{amz_date, request_time},
};
use crate::credentials::AccessKeyId;

/// The most that the time of a request can differ from the server's, in either direction.
pub const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// The part of the body that is available when the signature is verified.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The whole body, which is hashed and compared.
    Whole(&'a [u8]),
    /// Nothing yet: the caller verifies the body as [`VerifiedRequest::content`] requires while it
    /// reads it.
    Declared,
}

/// A request whose signature was created with the secret of its access key id. Only [`verify`]
/// returns one.
#[derive(Debug, Clone)]
pub struct VerifiedRequest {
    access_key_id: AccessKeyId,
    scope: CredentialScope,
    signed_headers: Box<str>,
    requested: Timestamp,
    content: ContentSha256,
    chunk_chain: Option<ChunkChain>,
}

impl VerifiedRequest {
    /// The access key id whose secret created the signature.
    pub fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The day, region and service of the request.
    pub fn scope(&self) -> &CredentialScope {
        &self.scope
    }

    /// Whether the signature covers the header with this lower-case name.
    pub fn signs(&self, name: &str) -> bool {
        signs(&self.signed_headers, name)
    }

    /// The time of the request, by the clock of its signer.
    pub fn requested(&self) -> Timestamp {
        self.requested
    }

    /// How the signature covers the body.
    pub fn content(&self) -> ContentSha256 {
        self.content
    }

    /// The chain that verifies the chunks of the body, if they are signed.
    pub fn chunk_chain(&self) -> Option<&ChunkChain> {
        self.chunk_chain.as_ref()
    }
}

/// Verifies a request with the signing key of its access key id and scope. A key of another scope
/// never verifies it.
///
/// # Errors
/// The first rule of [`sigv4`](super) that the request violates. The signature itself is compared
/// last.
pub fn verify(
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    key: &DerivedKey,
    now: Timestamp,
) -> Result<VerifiedRequest, SignatureError> {
    let rules = request.scope.rules();
    check_headers(request)?;
    let requested = check_time(request, now)?;
    let content = content(request, payload, rules)?;
    let canonical = canonical_request(
        &request.signed_parts(),
        &request.signed_headers,
        &content.to_value(),
        rules,
    )?;
    let to_sign = string_to_sign(&amz_date(requested), &request.scope, &canonical);
    let expected = key.sign(to_sign.as_bytes());
    let signature = request.signature.ok_or(SignatureError::Mismatch)?;
    let same = constant_time::verify_slices_are_equal(&expected, &signature).is_ok();
    if !same || *key.scope() != request.scope {
        return Err(SignatureError::Mismatch);
    }
    Ok(VerifiedRequest {
        access_key_id: request.access_key_id.clone(),
        scope: request.scope.clone(),
        signed_headers: (*request.signed_headers).into(),
        requested,
        content,
        chunk_chain: match content {
            ContentSha256::SignedChunks | ContentSha256::SignedChunksTrailer => {
                Some(ChunkChain::new(key, requested, signature))
            }
            ContentSha256::Hash(_) | ContentSha256::Unsigned | ContentSha256::UnsignedTrailer => {
                None
            }
        },
    })
}

/// The headers that bind a call of `GetCallerIdentity` to the cluster or server which it is for. The
/// verifier adds them to what its client signed, so they mean nothing unless they are signed.
const BINDING_HEADERS: [&str; 2] = ["x-k8s-aws-id", "x-vault-aws-iam-server-id"];

/// Checks that `host` is present once and signed, and that every `x-amz-*` header is signed:
/// otherwise a proxy could add headers that change the meaning of the request. Headers such as
/// `Accept` and `User-Agent` need no signature.
fn check_headers(request: &UnverifiedRequest<'_>) -> Result<(), SignatureError> {
    if !signs(&request.signed_headers, "host") {
        return Err(SignatureError::HostNotSigned);
    }
    request.parts.single_header("host")?;
    for (name, _) in request.parts.headers {
        let amazon = name
            .get(..6)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-amz-"));
        let binding = || {
            BINDING_HEADERS
                .iter()
                .any(|binding| binding.eq_ignore_ascii_case(name))
        };
        if (amazon || binding())
            && !request
                .signed_headers
                .split(';')
                .any(|signed| signed.eq_ignore_ascii_case(name))
        {
            return Err(SignatureError::HeaderNotSigned(name.to_ascii_lowercase()));
        }
    }
    Ok(())
}

fn check_time(
    request: &UnverifiedRequest<'_>,
    now: Timestamp,
) -> Result<Timestamp, SignatureError> {
    let requested = match &request.presigned {
        Some(presigned) => presigned.requested,
        None => request_time(&request.parts)?,
    };
    if now.duration_since(requested) > MAX_CLOCK_SKEW {
        return Err(SignatureError::Expired { requested, now });
    }
    if requested.duration_since(now) > MAX_CLOCK_SKEW {
        return Err(SignatureError::NotYetCurrent { requested, now });
    }
    if !amz_date(requested).starts_with(request.scope.date()) {
        return Err(SignatureError::ScopeDate {
            scope: request.scope.date().to_owned(),
            requested,
        });
    }
    Ok(requested)
}

/// Checks the declared payload against the service and the available body. Returns the last line of
/// the canonical request.
pub(super) fn content(
    request: &UnverifiedRequest<'_>,
    payload: Payload<'_>,
    rules: SigningRules,
) -> Result<ContentSha256, SignatureError> {
    let declared = ContentSha256::of_request(&request.parts)?;
    let actual = match payload {
        Payload::Whole(body) => sha256(body),
        Payload::Declared => None,
    };
    match (rules, declared, actual) {
        (SigningRules::S3, None, _) | (SigningRules::Standard, None, None) => {
            Err(SignatureError::ContentSha256Missing)
        }
        // Only S3 lets a body go unsigned, or come in chunks.
        (
            SigningRules::Standard,
            Some(
                ContentSha256::Unsigned
                | ContentSha256::UnsignedTrailer
                | ContentSha256::SignedChunks
                | ContentSha256::SignedChunksTrailer,
            ),
            _,
        ) => Err(SignatureError::ContentSha256Malformed),
        (SigningRules::Standard, None, Some(actual)) => Ok(ContentSha256::Hash(actual)),
        (
            SigningRules::S3 | SigningRules::Standard,
            Some(ContentSha256::Hash(declared)),
            Some(actual),
        ) if declared != actual => Err(SignatureError::ContentSha256Mismatch),
        (SigningRules::S3 | SigningRules::Standard, Some(declared), _) => Ok(declared),
    }
}

fn sha256(body: &[u8]) -> Option<[u8; 32]> {
    digest::digest(&digest::SHA256, body)
        .as_ref()
        .try_into()
        .ok()
}

fn signs(signed_headers: &str, name: &str) -> bool {
    signed_headers.split(';').any(|signed| signed == name)
}
