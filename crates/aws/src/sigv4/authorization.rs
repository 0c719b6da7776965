//! Parses how a request is signed, without verifying it.

use std::borrow::Cow;

use super::{
    error::{AuthorizationError, SignatureError, Unsupported},
    presigned::{self, Presigned},
    request_parts::RequestParts,
    scope::CredentialScope,
};
use crate::{
    credentials::{AccessKeyId, SessionToken},
    hex,
};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The most bytes of the `Authorization` header.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// The most characters of an unknown scheme that an error shows.
const MAX_SHOWN_CHARS: usize = 64;

/// The signature that a request presents.
#[derive(Debug, Clone)]
pub enum PresentedSignature<'a> {
    /// The request has no signature of any kind.
    Unsigned,
    /// The request has an `Authorization` header of Signature Version 4.
    Header(UnverifiedRequest<'a>),
    /// The request is presigned: its query has a signature of Version 4, for a service other than
    /// S3.
    Query(UnverifiedRequest<'a>),
}

/// A request with a well-formed signature that is not verified yet.
///
/// It names the key whose secret [`verify`](super::verify()) needs. Nothing in it is trusted.
#[derive(Debug, Clone)]
pub struct UnverifiedRequest<'a> {
    pub(super) parts: RequestParts<'a>,
    pub(super) access_key_id: AccessKeyId,
    pub(super) scope: CredentialScope,
    /// Sorted lower-case header names, separated by `;`.
    pub(super) signed_headers: Cow<'a, str>,
    /// `None` if it is not 64 lower-case hexadecimal digits: it matches nothing.
    pub(super) signature: Option<[u8; 32]>,
    pub(super) session_token: Option<SessionToken>,
    /// What the query says of the signature, if the request is presigned.
    pub(super) presigned: Option<Box<Presigned>>,
}

impl UnverifiedRequest<'_> {
    /// The parts that the signature covers: of a presigned request, without the signature itself.
    pub(super) fn signed_parts(&self) -> RequestParts<'_> {
        RequestParts {
            query: self
                .presigned
                .as_ref()
                .map_or(self.parts.query, |presigned| &presigned.signed_query),
            ..self.parts
        }
    }

    /// The query string without the parameters of a signature.
    pub fn parameters(&self) -> &str {
        self.presigned
            .as_ref()
            .map_or(self.parts.query, |presigned| &presigned.parameters)
    }

    /// The access key id that the request claims.
    pub fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The scope that the request claims.
    pub fn scope(&self) -> &CredentialScope {
        &self.scope
    }

    /// The token of the header `x-amz-security-token` or of the presigned query, if there is one.
    pub fn session_token(&self) -> Option<&SessionToken> {
        self.session_token.as_ref()
    }
}

/// Parses how a request is signed.
///
/// # Errors
/// A malformed or duplicate header, two signing mechanisms at once, or an unsupported one.
pub fn present<'a>(parts: &RequestParts<'a>) -> Result<PresentedSignature<'a>, SignatureError> {
    let header = parts.single_header("authorization")?;
    match (header, query_mechanism(parts.query)) {
        (None, None) => Ok(PresentedSignature::Unsigned),
        (None, Some(Unsupported::PresignedQuery)) => {
            presigned::parse(parts).map(PresentedSignature::Query)
        }
        (None, Some(unsupported)) => Err(unsupported.into()),
        (Some(_), Some(_)) => Err(SignatureError::SeveralMechanisms),
        (Some(value), None) => {
            let header = Header::parse(value)?;
            let session_token = parts
                .single_header("x-amz-security-token")?
                .map(|value| {
                    std::str::from_utf8(value)
                        .ok()
                        .and_then(|text| SessionToken::new(text).ok())
                })
                .map(|token| token.ok_or(SignatureError::MalformedSessionToken))
                .transpose()?;
            Ok(PresentedSignature::Header(UnverifiedRequest {
                parts: *parts,
                access_key_id: header.access_key_id,
                scope: header.scope,
                signed_headers: Cow::Borrowed(header.signed_headers),
                signature: header.signature,
                session_token,
                presigned: None,
            }))
        }
    }
}

/// The signing mechanism that the query string uses, by its parameter names.
fn query_mechanism(query: &str) -> Option<Unsupported> {
    let mut version2 = (false, false);
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "X-Amz-Algorithm" | "X-Amz-Credential" | "X-Amz-Signature" => {
                return Some(Unsupported::PresignedQuery);
            }
            "AWSAccessKeyId" => version2.0 = true,
            "Signature" => version2.1 = true,
            _ => {}
        }
    }
    (version2 == (true, true)).then_some(Unsupported::Version2Query)
}

/// The fields of `AWS4-HMAC-SHA256 Credential=.., SignedHeaders=.., Signature=..`.
struct Header<'a> {
    access_key_id: AccessKeyId,
    scope: CredentialScope,
    signed_headers: &'a str,
    signature: Option<[u8; 32]>,
}

impl<'a> Header<'a> {
    fn parse(value: &'a [u8]) -> Result<Self, SignatureError> {
        if value.len() > MAX_HEADER_BYTES {
            return Err(AuthorizationError::TooLong.into());
        }
        let text = std::str::from_utf8(value).map_err(|_| AuthorizationError::BadCharacter)?;
        if !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(AuthorizationError::BadCharacter.into());
        }
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        match scheme {
            ALGORITHM => Ok(Self::fields(rest)?),
            "AWS" => Err(Unsupported::Version2Header.into()),
            "AWS4-ECDSA-P256-SHA256" => Err(Unsupported::Version4Asymmetric.into()),
            other => Err(
                AuthorizationError::Scheme(other.chars().take(MAX_SHOWN_CHARS).collect()).into(),
            ),
        }
    }

    fn fields(rest: &'a str) -> Result<Self, AuthorizationError> {
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        let mut unknown = None;
        for part in rest.split(',').map(str::trim) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| AuthorizationError::NotAPair(beginning(part)))?;
            let (slot, name) = match name {
                "Credential" => (&mut credential, "Credential"),
                "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
                "Signature" => (&mut signature, "Signature"),
                other => {
                    unknown = unknown.or(Some(other));
                    continue;
                }
            };
            if slot.replace(value).is_some() {
                return Err(AuthorizationError::DuplicateParameter(name));
            }
        }
        let missing = AuthorizationError::MissingParameter;
        let credential = credential.ok_or(missing("Credential"))?;
        let signed_headers = signed_headers.ok_or(missing("SignedHeaders"))?;
        let signature = signature.ok_or(missing("Signature"))?;
        if let Some(unknown) = unknown {
            return Err(AuthorizationError::UnknownParameter(beginning(unknown)));
        }

        let (access_key_id, scope) = read_credential(credential)?;
        if !are_canonical(signed_headers) {
            return Err(AuthorizationError::SignedHeaders(signed_headers.to_owned()));
        }
        Ok(Self {
            access_key_id,
            scope,
            signed_headers,
            signature: hex::decode32(signature.as_bytes()),
        })
    }
}

/// Reads `keyid/date/region/service/aws4_request`.
pub(super) fn read_credential(
    credential: &str,
) -> Result<(AccessKeyId, CredentialScope), AuthorizationError> {
    let elements: Vec<&str> = credential.split('/').collect();
    let [id, date, region, service, terminal] = *elements else {
        return Err(AuthorizationError::Credential(credential.to_owned()));
    };
    let id = AccessKeyId::claimed(id).ok_or(AuthorizationError::EmptyKeyId)?;
    Ok((id, CredentialScope::read(date, region, service, terminal)?))
}

/// The beginning of a part, for an error: a secret in the wrong position must not appear whole in a
/// response or a log.
fn beginning(part: &str) -> String {
    match part.char_indices().nth(13) {
        Some((end, _)) => format!("{}...", part.get(..end).unwrap_or_default()),
        None => part.to_owned(),
    }
}

/// Whether the names are lower-case header names, sorted and without duplicates, which is the only
/// accepted form.
pub(super) fn are_canonical(names: &str) -> bool {
    let token = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b)
            })
    };
    names.split(';').all(token) && names.split(';').is_sorted_by(|a, b| a < b)
}
