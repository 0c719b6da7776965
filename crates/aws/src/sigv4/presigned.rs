//! Parses signatures in the query string: those of presigned requests.
//!
//! A presigned request is valid for [`MAX_CLOCK_SKEW`](super::MAX_CLOCK_SKEW) from its date, as on
//! AWS for every service but S3. `X-Amz-Expires` changes nothing there: `aws eks get-token` writes
//! 60 seconds, and its tokens are used for 14 minutes (aws-iam-authenticator, pkg/token).

use std::borrow::Cow;

use jiff::Timestamp;

use super::{
    authorization::{ALGORITHM, UnverifiedRequest, are_canonical, read_credential},
    error::{AuthorizationError, SignatureError, Unsupported},
    request_parts::RequestParts,
    scope::SigningRules,
    time::basic,
};
use crate::{credentials::SessionToken, hex};

/// The largest `X-Amz-Expires`: a week.
const MAX_EXPIRES_SECONDS: u32 = 604_800;
/// The parameters of a signature.
const NAMES: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    SIGNATURE,
    "X-Amz-SignedHeaders",
];
const SIGNATURE: &str = "X-Amz-Signature";

/// What a presigned request has in its query and not in its headers.
#[derive(Debug, Clone)]
pub(super) struct Presigned {
    /// The time of the request.
    pub(super) requested: Timestamp,
    /// The query that the signature covers: all but the signature.
    pub(super) signed_query: String,
    /// The query without the parameters of the signature.
    pub(super) parameters: String,
}

/// Parses a query that has parameters of a signature.
///
/// # Errors
/// `PresignedQuery` for S3 and without a credential; a parameter that is missing, repeated or
/// malformed.
pub(super) fn parse<'a>(parts: &RequestParts<'a>) -> Result<UnverifiedRequest<'a>, SignatureError> {
    let query = Query::parse(parts.query)?;
    let unsupported = || SignatureError::from(Unsupported::PresignedQuery);
    let credential = query.value("X-Amz-Credential").ok_or_else(unsupported)?;
    let (access_key_id, scope) = read_credential(credential)?;
    match scope.rules() {
        SigningRules::S3 => return Err(unsupported()),
        SigningRules::Standard => {}
    }
    match query.required("X-Amz-Algorithm")? {
        ALGORITHM => {}
        "AWS4-ECDSA-P256-SHA256" => return Err(Unsupported::Version4Asymmetric.into()),
        _ => return Err(AuthorizationError::PresignedAlgorithm.into()),
    }
    if let Some(expires) = query.value("X-Amz-Expires") {
        let seconds = expires.parse::<u32>().ok();
        seconds
            .filter(|seconds| (1..=MAX_EXPIRES_SECONDS).contains(seconds))
            .ok_or(AuthorizationError::PresignedExpires)?;
    }
    let signed_headers = query.required("X-Amz-SignedHeaders")?;
    if !are_canonical(signed_headers) {
        return Err(AuthorizationError::SignedHeaders(signed_headers.to_owned()).into());
    }
    let date = query.required("X-Amz-Date")?;
    let signature = query.required(SIGNATURE)?;
    // A second token could be the one that the signature does not cover.
    if parts.single_header("x-amz-security-token")?.is_some() {
        return Err(SignatureError::SeveralMechanisms);
    }
    let token = query.value("X-Amz-Security-Token");
    let token = token.map(SessionToken::new);
    Ok(UnverifiedRequest {
        parts: *parts,
        access_key_id,
        scope,
        signed_headers: Cow::Owned(signed_headers.to_owned()),
        signature: hex::decode32(signature.as_bytes()),
        session_token: token
            .transpose()
            .map_err(|_| SignatureError::MalformedSessionToken)?,
        presigned: Some(Box::new(Presigned {
            requested: basic(date.as_bytes()).ok_or(SignatureError::DateMalformed)?,
            signed_query: query.without(&[SIGNATURE]),
            parameters: query.without(&NAMES),
        })),
    })
}

/// The pairs of a query: each as it was sent, with its decoded name and value.
struct Query<'a>(Vec<(&'a str, Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    fn parse(query: &'a str) -> Result<Self, AuthorizationError> {
        let mut pairs = Vec::new();
        for raw in query.split('&') {
            if let Some((name, value)) = form_urlencoded::parse(raw.as_bytes()).next() {
                pairs.push((raw, name, value));
            }
        }
        let query = Self(pairs);
        for name in NAMES {
            if query
                .0
                .iter()
                .filter(|(_, found, _)| *found == name)
                .count()
                > 1
            {
                return Err(AuthorizationError::DuplicateParameter(name));
            }
        }
        Ok(query)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(_, found, _)| *found == name)
            .map(|(_, _, value)| &**value)
    }

    fn required(&self, name: &'static str) -> Result<&str, AuthorizationError> {
        self.value(name)
            .ok_or(AuthorizationError::MissingParameter(name))
    }

    /// The pairs as they were sent, without those that have these names.
    fn without(&self, names: &[&str]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(_, name, _)| !names.contains(&&**name));
        kept.map(|(raw, _, _)| *raw).collect::<Vec<_>>().join("&")
    }
}
